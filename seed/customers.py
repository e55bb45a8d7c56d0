"""People who ask for a vehicle: where they live, how they are reached, what they write."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from db.core.geo import STATES
from seed.elsewhere import AREA_CODES, FAR, NEAR, Town
from seed.people_names import EMPLOYERS, FIRST_NAMES, LAST_NAMES, MAIL_HOSTS, STREETS
from seed.places import PLACES, Place

# The 100 numbers of every area code that are kept free for fiction.
_FICTIONAL = tuple(f"555-01{number:02d}" for number in range(100))


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """One person; `home` is the dealer whose postal area they live in, None elsewhere."""

    first: str
    last: str
    email: str
    phone: str
    street: str
    city: str
    state: str
    postal_code: str
    zone: str
    home: Place | None
    employer: str = ""

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


class Buyers:
    """Makes people, no two with the same address or number."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._emails: set[str] = set()
        self._numbers: dict[str, list[str]] = {}

    def near(self, dealer: Place) -> Buyer:
        """Somebody from a dealer's postal area."""
        prefix = self._rng.choice(dealer.territories) if dealer.territories else dealer.postal_code[:3]
        town = Town(dealer.city, dealer.state, STATES[dealer.state].zone, AREA_CODES[dealer.code], (prefix,))
        return self._make(town, home=dealer)

    def elsewhere(self, *, far: bool) -> Buyer:
        """Somebody whom no dealer is responsible for, within reach of one or far from all."""
        return self._make(self._rng.choice(FAR if far else NEAR), home=None)

    def _make(self, town: Town, *, home: Place | None) -> Buyer:
        rng = self._rng
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        return Buyer(
            first=first, last=last, email=self._email(first, last), phone=self._phone(town.area_code), home=home,
            street=f"{rng.randint(2, 4800)} {rng.choice(STREETS)}", city=town.city, state=town.state, zone=town.zone,
            postal_code=f"{rng.choice(town.prefixes)}{rng.randint(1, 60):02d}",
            employer=rng.choice(EMPLOYERS) if rng.random() < 0.04 else "",
        )  # fmt: skip

    def _email(self, first: str, last: str) -> str:
        rng = self._rng
        shapes = (f"{first}.{last}", f"{first[0]}{last}", f"{last}.{first}", f"{first}{last}{rng.randint(60, 99)}")
        email = f"{rng.choice(shapes)}@{rng.choice(MAIL_HOSTS)}".lower()
        while email in self._emails:
            email = f"{first}.{last}{rng.randint(100, 99_999)}@{rng.choice(MAIL_HOSTS)}".lower()
        self._emails.add(email)
        return email

    def _phone(self, area_code: str) -> str:
        free = self._numbers.get(area_code)
        if free is None:
            free = self._numbers[area_code] = self._rng.sample(_FICTIONAL, len(_FICTIONAL))
        return f"({area_code}) {free.pop()}" if free else ""


def sharing(rng: Random) -> Place:
    """A dealer that can get leads, larger ones more often."""
    open_ones = [place for place in PLACES if place.status == "active"]
    return rng.choices(open_ones, [place.weight for place in open_ones])[0]
