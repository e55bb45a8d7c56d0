"""Who owns the demo's dealers: groups of several rooftops, legal names, streets and telephone numbers."""

from __future__ import annotations

from typing import Any

from seed.places import Place

GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    # group: its code, and the codes of its rooftops
    "Brightwater Automotive Group": ("BWA", ("00101", "00104", "00112", "00118")),
    "Castellan Motor Holdings": ("CMH", ("00313", "00327", "00331", "00338")),
    "Prairie & Lake Partners": ("PLP", ("00402", "00409", "00446")),
    "Sierra Vista Dealers": ("SVD", ("00608", "00614", "00617")),
}
STREETS = ("Auto Mall Drive", "Commerce Parkway", "Main Street", "Industrial Boulevard", "Route 9", "Market Street")
NO_ADDRESS = ("00623", "00635")


def owner_of(place: Place) -> dict[str, Any]:
    """The facts about a dealer's owner and address, as `add_dealer` takes them."""
    group = next((name for name, (_, codes) in GROUPS.items() if place.code in codes), "")
    number = int(place.code)
    legal = f"{place.name} {'Holdings LLC' if group else ('Inc.', 'LLC', 'Motor Company Inc.')[number % 3]}"
    known: dict[str, Any] = {"legal_name": legal, "group": group}
    if place.code not in NO_ADDRESS:
        slug = place.name.lower().replace(" ", "")
        known |= {
            "street": f"{100 + 37 * (number % 90)} {STREETS[number % len(STREETS)]}",
            "phone": f"({200 + number % 700}) 555-0{100 + number % 100}",
            "email": f"office@{slug}.example",
        }
    return known
