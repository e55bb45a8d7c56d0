"""Places as routing and maps need them: states and provinces with their zones and centres, postal codes, distance.

Centres and the anchors in geo_postal.py are rounded to a tenth of a degree (about 10 km): enough to find the nearest
dealers, not an address.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from db.core.geo_postal import CANADA_ANCHORS, US_ANCHORS, ZIP3_STATES

EARTH_RADIUS_KM: Final = 6371.0088


@dataclass(frozen=True, kw_only=True)
class State:
    """A US state or territory, a military address block, or a Canadian province; `fips` is empty outside the map.

    `zone` is the IANA zone most of its people live in; `latitude` and `longitude` are degrees, None for APO/FPO mail.
    """

    code: str
    name: str
    country: Literal["US", "CA"]
    fips: str
    zone: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where somebody is as far as it can be told: `precision` is postal (about 30 km) or state."""

    state: str
    latitude: float
    longitude: float
    precision: Literal["postal", "state"]
    key: str


_STATES = """
AL|Alabama|01|America/Chicago|32.8|-86.8
AK|Alaska|02|America/Anchorage|64.1|-152.3
AZ|Arizona|04|America/Phoenix|34.3|-111.7
AR|Arkansas|05|America/Chicago|34.9|-92.4
CA|California|06|America/Los_Angeles|37.2|-119.5
CO|Colorado|08|America/Denver|39.0|-105.5
CT|Connecticut|09|America/New_York|41.6|-72.7
DE|Delaware|10|America/New_York|39.0|-75.5
DC|District of Columbia|11|America/New_York|38.9|-77.0
FL|Florida|12|America/New_York|28.5|-82.5
GA|Georgia|13|America/New_York|32.7|-83.4
HI|Hawaii|15|Pacific/Honolulu|20.8|-157.0
ID|Idaho|16|America/Boise|44.4|-114.6
IL|Illinois|17|America/Chicago|40.0|-89.2
IN|Indiana|18|America/Indiana/Indianapolis|39.9|-86.3
IA|Iowa|19|America/Chicago|42.1|-93.5
KS|Kansas|20|America/Chicago|38.5|-98.4
KY|Kentucky|21|America/New_York|37.5|-85.3
LA|Louisiana|22|America/Chicago|31.1|-92.0
ME|Maine|23|America/New_York|45.4|-69.2
MD|Maryland|24|America/New_York|39.1|-76.8
MA|Massachusetts|25|America/New_York|42.3|-71.8
MI|Michigan|26|America/Detroit|44.3|-85.4
MN|Minnesota|27|America/Chicago|46.3|-94.3
MS|Mississippi|28|America/Chicago|32.7|-89.7
MO|Missouri|29|America/Chicago|38.4|-92.5
MT|Montana|30|America/Denver|47.0|-109.6
NE|Nebraska|31|America/Chicago|41.5|-99.8
NV|Nevada|32|America/Los_Angeles|39.3|-116.6
NH|New Hampshire|33|America/New_York|43.7|-71.6
NJ|New Jersey|34|America/New_York|40.2|-74.7
NM|New Mexico|35|America/Denver|34.4|-106.1
NY|New York|36|America/New_York|42.9|-75.5
NC|North Carolina|37|America/New_York|35.5|-79.4
ND|North Dakota|38|America/Chicago|47.4|-100.5
OH|Ohio|39|America/New_York|40.3|-82.8
OK|Oklahoma|40|America/Chicago|35.6|-97.5
OR|Oregon|41|America/Los_Angeles|43.9|-120.6
PA|Pennsylvania|42|America/New_York|40.9|-77.8
RI|Rhode Island|44|America/New_York|41.7|-71.6
SC|South Carolina|45|America/New_York|33.9|-80.9
SD|South Dakota|46|America/Chicago|44.4|-100.2
TN|Tennessee|47|America/Chicago|35.9|-86.4
TX|Texas|48|America/Chicago|31.5|-99.3
UT|Utah|49|America/Denver|39.3|-111.7
VT|Vermont|50|America/New_York|44.1|-72.7
VA|Virginia|51|America/New_York|37.5|-78.9
WA|Washington|53|America/Los_Angeles|47.4|-120.4
WV|West Virginia|54|America/New_York|38.6|-80.6
WI|Wisconsin|55|America/Chicago|44.6|-90.0
WY|Wyoming|56|America/Denver|43.0|-107.6
AS|American Samoa|60|Pacific/Pago_Pago|-14.3|-170.7
GU|Guam|66|Pacific/Guam|13.4|144.8
MP|Northern Mariana Islands|69|Pacific/Saipan|15.2|145.7
PR|Puerto Rico|72|America/Puerto_Rico|18.2|-66.4
VI|U.S. Virgin Islands|78|America/St_Thomas|18.0|-64.8
AA|Armed Forces Americas||America/New_York||
AE|Armed Forces Europe||Europe/Berlin||
AP|Armed Forces Pacific||Asia/Tokyo||
""".strip()

_PROVINCES = """
AB|Alberta|America/Edmonton|53.9|-116.6
BC|British Columbia|America/Vancouver|53.7|-127.6
MB|Manitoba|America/Winnipeg|53.8|-98.8
NB|New Brunswick|America/Moncton|46.6|-66.5
NL|Newfoundland and Labrador|America/St_Johns|53.1|-57.7
NS|Nova Scotia|America/Halifax|45.0|-63.0
NT|Northwest Territories|America/Yellowknife|64.8|-124.8
NU|Nunavut|America/Iqaluit|70.3|-83.1
ON|Ontario|America/Toronto|51.3|-85.3
PE|Prince Edward Island|America/Halifax|46.5|-63.4
QC|Quebec|America/Toronto|52.9|-73.5
SK|Saskatchewan|America/Regina|52.9|-106.5
YT|Yukon|America/Whitehorse|64.3|-135.0
""".strip()


def _read_states() -> dict[str, State]:
    found: dict[str, State] = {}
    for line in _STATES.splitlines():
        code, name, fips, zone, lat, lon = line.split("|")
        latitude, longitude = (float(lat), float(lon)) if lat else (None, None)
        found[code] = State(
            code=code, name=name, country="US", fips=fips, zone=zone, latitude=latitude, longitude=longitude
        )
    for line in _PROVINCES.splitlines():
        code, name, zone, lat, lon = line.split("|")
        found[code] = State(
            code=code, name=name, country="CA", fips="", zone=zone, latitude=float(lat), longitude=float(lon)
        )
    return found


STATES: Final = _read_states()
BY_FIPS: Final = {state.fips: state for state in STATES.values() if state.fips}
_NAMES: Final = {
    **{state.name.casefold(): code for code, state in STATES.items()},
    "virgin islands": "VI", "washington dc": "DC", "washington d.c.": "DC",
    "commonwealth of the northern mariana islands": "MP",
    "united states virgin islands": "VI", "newfoundland": "NL", "québec": "QC", "yukon territory": "YT", "pq": "QC",
}  # fmt: skip


@lru_cache(maxsize=4096)
def state_code(text: str | None) -> str:
    """The two-letter code of a state or province written as code, name or `US-TX`; empty text when it is none."""
    bare = " ".join((text or "").split()).casefold()
    bare = re.sub(r"^(us|usa|ca)[-–/. ]+(?=[a-z]{2}$)", "", bare)
    if bare.upper() in STATES:
        return bare.upper()
    return _NAMES.get(bare, _NAMES.get(bare.replace(".", ""), ""))


def zip3(postal: str | None) -> str:
    """The first three digits of a ZIP or ZIP+4; empty text for anything else."""
    found = re.fullmatch(r"(\d{3})\d{2}(?:[-–\s]?\d{4})?", (postal or "").strip())
    return found[1] if found else ""


def forward_sortation(postal: str | None) -> str:
    """The first three characters of a Canadian postal code (`K1A`); empty text for anything else."""
    found = re.fullmatch(r"([ABCEGHJ-NPRSTVXY]\d[A-Z])(?:[\s-]?\d[A-Z]\d)?", (postal or "").strip().upper())
    return found[1] if found else ""


_ISLANDS: Final = {"96799": "AS", "96950": "MP", "96951": "MP", "96952": "MP"}
_CANADA: Final = {
    "A": "NL", "B": "NS", "C": "PE", "E": "NB", "G": "QC", "H": "QC", "J": "QC", "K": "ON", "L": "ON", "M": "ON",
    "N": "ON", "P": "ON", "R": "MB", "S": "SK", "T": "AB", "V": "BC", "Y": "YT",
}  # fmt: skip


@lru_cache(maxsize=4096)
def state_of_postal(postal: str | None) -> str:
    """The state or province a postal code lies in; empty text when it cannot be told."""
    if prefix := zip3(postal):
        # The Pacific islands share their first three digits with Hawaii and Guam.
        if (whole := (postal or "").strip()[:5]) in _ISLANDS:
            return _ISLANDS[whole]
        return ZIP3_STATES.get(prefix, "")
    if area := forward_sortation(postal):
        return ("NU" if area in ("X0A", "X0B", "X0C") else "NT") if area[0] == "X" else _CANADA[area[0]]
    return ""


@lru_cache(maxsize=4096)
def place_of(postal: str, state: str, country: str = "") -> Place | None:
    """Where a postal code, or else a state, lies; None when neither says. A postal code beats a state beside it.

    With a `country` other than US or Canada nothing is guessed: foreign postal codes look like ZIP codes.
    """
    if country and country.upper() not in ("US", "CA", "PR", "VI", "GU", "AS", "MP"):
        return None
    code = state_code(state)
    postal_state = state_of_postal(postal)
    prefix = zip3(postal) or forward_sortation(postal)
    if postal_state and prefix:
        anchor = _anchor(prefix, postal_state)
        if anchor is not None:
            return Place(state=postal_state, latitude=anchor[0], longitude=anchor[1], precision="postal", key=prefix)
    known = STATES.get(postal_state or code)
    if known is None or known.latitude is None or known.longitude is None:
        return None
    return Place(
        state=known.code, latitude=known.latitude, longitude=known.longitude, precision="state", key=known.code
    )


def _anchor(prefix: str, state: str) -> tuple[float, float] | None:
    """The anchor of a postal prefix, or of the numerically nearest one in the same state: neighbours lie close."""
    if not prefix.isdigit():
        return CANADA_ANCHORS.get(prefix[:2]) or CANADA_ANCHORS.get(prefix[0])
    number = int(prefix)
    near = [(abs(int(z) - number), z) for z in US_ANCHORS if ZIP3_STATES.get(z) == state]
    return US_ANCHORS[min(near)[1]] if near else None


Point = tuple[float, float, float]
"""A place as distances are worked out: latitude in radians, its cosine, and the longitude in degrees."""


def points(places: Iterable[tuple[float, float]]) -> list[Point]:
    """Places (latitude, longitude in degrees) made ready for `distances_km`."""
    return [(radians := math.radians(latitude), math.cos(radians), longitude) for latitude, longitude in places]


def distances_km(latitude: float, longitude: float, to: Iterable[Point]) -> list[float]:
    """Great-circle distances in kilometres from one place to many (haversine on the mean Earth radius)."""
    a = math.radians(latitude)
    cos_a, sin, asin, sqrt, radians = math.cos(a), math.sin, math.asin, math.sqrt, math.radians
    found = []
    for b, cos_b, other in to:
        half = sin((b - a) / 2) ** 2 + cos_a * cos_b * sin(radians(other - longitude) / 2) ** 2
        found.append(2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half))))
    return found


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance in kilometres between two points in degrees (haversine on the mean Earth radius)."""
    return distances_km(lat1, lon1, points([(lat2, lon2)]))[0]
