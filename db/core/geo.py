"""Where things are in North America: states and provinces, their time zones, their postal codes, and distances."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

EARTH_RADIUS_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class State:
    """A US state or territory, or a Canadian province.

    `code` is its postal abbreviation, `fips` the two digits maps use (empty in Canada), `zone` the IANA zone most of it
    keeps. `latitude` and `longitude` are its middle, `bounds` is (south, west, north, east), all in degrees. `postal`
    holds ranges of the first three digits of its ZIP codes, or the first letters of its Canadian postal codes.
    """

    code: str
    name: str
    country: str
    fips: str
    zone: str
    latitude: float
    longitude: float
    bounds: tuple[float, float, float, float]
    postal: tuple[str, ...]


_US = """
AL|Alabama|01|America/Chicago|32.79|-86.83|30.2 -88.5 35.0 -84.9|350-352 354-369
AK|Alaska|02|America/Anchorage|64.20|-152.22|51.2 -180.0 71.5 -129.9|995-999
AZ|Arizona|04|America/Phoenix|34.29|-111.66|31.3 -114.8 37.0 -109.0|850-853 855-857 859-860 863-865
AR|Arkansas|05|America/Chicago|34.90|-92.44|33.0 -94.6 36.5 -89.7|716-729
CA|California|06|America/Los_Angeles|37.25|-119.61|32.5 -124.4 42.0 -114.1|900-908 910-928 930-961
CO|Colorado|08|America/Denver|39.00|-105.55|37.0 -109.1 41.0 -102.0|800-816
CT|Connecticut|09|America/New_York|41.62|-72.73|41.0 -73.7 42.1 -71.8|060-069
DE|Delaware|10|America/New_York|38.99|-75.50|38.5 -75.8 39.8 -75.0|197-199
DC|District of Columbia|11|America/New_York|38.90|-77.02|38.8 -77.1 39.0 -76.9|200 202-205 569
FL|Florida|12|America/New_York|28.62|-82.50|24.5 -87.6 31.0 -80.0|320-339 341-342 344 346-347 349
GA|Georgia|13|America/New_York|32.65|-83.45|30.4 -85.6 35.0 -80.8|300-319 398-399
HI|Hawaii|15|Pacific/Honolulu|20.25|-156.35|18.9 -160.3 22.3 -154.8|967-968
ID|Idaho|16|America/Boise|44.39|-114.66|42.0 -117.2 49.0 -111.0|832-838
IL|Illinois|17|America/Chicago|40.07|-89.20|37.0 -91.5 42.5 -87.5|600-620 622-629
IN|Indiana|18|America/Indiana/Indianapolis|39.91|-86.28|37.8 -88.1 41.8 -84.8|460-479
IA|Iowa|19|America/Chicago|42.07|-93.50|40.4 -96.6 43.5 -90.1|500-516 520-528
KS|Kansas|20|America/Chicago|38.48|-98.38|37.0 -102.1 40.0 -94.6|660-662 664-679
KY|Kentucky|21|America/New_York|37.53|-85.29|36.5 -89.6 39.1 -82.0|400-418 420-427
LA|Louisiana|22|America/Chicago|31.05|-91.97|28.9 -94.0 33.0 -88.8|700-701 703-708 710-714
ME|Maine|23|America/New_York|45.36|-69.22|43.1 -71.1 47.5 -67.0|039-049
MD|Maryland|24|America/New_York|39.03|-76.77|37.9 -79.5 39.7 -75.0|206-212 214-219
MA|Massachusetts|25|America/New_York|42.25|-71.80|41.2 -73.5 42.9 -69.9|010-027 055
MI|Michigan|26|America/Detroit|44.35|-85.44|41.7 -90.4 48.2 -82.4|480-499
MN|Minnesota|27|America/Chicago|46.32|-94.31|43.5 -97.2 49.4 -89.5|550-551 553-567
MS|Mississippi|28|America/Chicago|32.75|-89.66|30.2 -91.6 35.0 -88.1|386-397
MO|Missouri|29|America/Chicago|38.37|-92.48|36.0 -95.8 40.6 -89.1|630-631 633-641 644-658
MT|Montana|30|America/Denver|47.03|-109.64|44.4 -116.1 49.0 -104.0|590-599
NE|Nebraska|31|America/Chicago|41.53|-99.81|40.0 -104.1 43.0 -95.3|680-681 683-693
NV|Nevada|32|America/Los_Angeles|39.36|-116.66|35.0 -120.0 42.0 -114.0|889-891 893-895 897-898
NH|New Hampshire|33|America/New_York|43.69|-71.58|42.7 -72.6 45.3 -70.6|030-038
NJ|New Jersey|34|America/New_York|40.18|-74.66|38.9 -75.6 41.4 -73.9|070-089
NM|New Mexico|35|America/Denver|34.42|-106.11|31.3 -109.1 37.0 -103.0|870-871 873-875 877-884
NY|New York|36|America/New_York|42.94|-75.50|40.5 -79.8 45.0 -71.9|005 100-149
NC|North Carolina|37|America/New_York|35.54|-79.36|33.8 -84.3 36.6 -75.5|270-289
ND|North Dakota|38|America/Chicago|47.45|-100.47|45.9 -104.1 49.0 -96.6|580-588
OH|Ohio|39|America/New_York|40.29|-82.79|38.4 -84.8 42.0 -80.5|430-459
OK|Oklahoma|40|America/Chicago|35.58|-97.51|33.6 -103.0 37.0 -94.4|730-731 734-741 743-749
OR|Oregon|41|America/Los_Angeles|43.94|-120.56|42.0 -124.6 46.3 -116.5|970-979
PA|Pennsylvania|42|America/New_York|40.87|-77.80|39.7 -80.5 42.3 -74.7|150-196
RI|Rhode Island|44|America/New_York|41.68|-71.55|41.1 -71.9 42.0 -71.1|028-029
SC|South Carolina|45|America/New_York|33.91|-80.90|32.0 -83.4 35.2 -78.5|290-299
SD|South Dakota|46|America/Chicago|44.44|-100.23|42.5 -104.1 45.9 -96.4|570-577
TN|Tennessee|47|America/Chicago|35.84|-86.34|35.0 -90.3 36.7 -81.6|370-385
TX|Texas|48|America/Chicago|31.48|-99.35|25.8 -106.6 36.5 -93.5|733 750-770 772-799 885
UT|Utah|49|America/Denver|39.32|-111.68|37.0 -114.1 42.0 -109.0|840-847
VT|Vermont|50|America/New_York|44.07|-72.66|42.7 -73.4 45.0 -71.5|050-054 056-059
VA|Virginia|51|America/New_York|37.52|-78.81|36.5 -83.7 39.5 -75.2|201 220-246
WA|Washington|53|America/Los_Angeles|47.38|-120.45|45.5 -124.8 49.0 -116.9|980-986 988-994
WV|West Virginia|54|America/New_York|38.64|-80.62|37.2 -82.6 40.6 -77.7|247-268
WI|Wisconsin|55|America/Chicago|44.64|-90.01|42.5 -92.9 47.1 -86.8|530-532 534-535 537-549
WY|Wyoming|56|America/Denver|43.00|-107.55|41.0 -111.1 45.0 -104.1|820-831
AS|American Samoa|60|Pacific/Pago_Pago|-14.28|-170.41|-14.6 -171.1 -11.0 -168.1|
GU|Guam|66|Pacific/Guam|13.44|144.77|13.2 144.6 13.7 145.0|969
MP|Northern Mariana Islands|69|Pacific/Saipan|15.68|145.62|14.1 145.1 20.6 146.1|
PR|Puerto Rico|72|America/Puerto_Rico|18.22|-66.46|17.9 -68.0 18.6 -65.2|006-007 009
VI|US Virgin Islands|78|America/St_Thomas|18.01|-64.82|17.6 -65.1 18.5 -64.5|008
"""
_CANADA = """
AB|Alberta||America/Edmonton|55.00|-115.00|49.0 -120.0 60.0 -110.0|T
BC|British Columbia||America/Vancouver|54.00|-125.00|48.2 -139.1 60.0 -114.0|V
MB|Manitoba||America/Winnipeg|55.00|-97.00|49.0 -102.1 60.0 -88.9|R
NB|New Brunswick||America/Moncton|46.60|-66.40|44.5 -69.1 48.1 -63.7|E
NL|Newfoundland and Labrador||America/St_Johns|53.00|-60.00|46.6 -67.9 60.4 -52.6|A
NS|Nova Scotia||America/Halifax|45.20|-63.10|43.4 -66.4 47.1 -59.6|B
NT|Northwest Territories||America/Yellowknife|64.50|-119.00|60.0 -136.5 78.8 -101.9|X
NU|Nunavut||America/Iqaluit|66.00|-95.00|51.6 -120.7 83.2 -61.2|X0A X0B X0C
ON|Ontario||America/Toronto|50.00|-86.00|41.6 -95.2 56.9 -74.3|K L M N P
PE|Prince Edward Island||America/Halifax|46.40|-63.20|45.9 -64.5 47.1 -61.9|C
QC|Quebec||America/Toronto|52.00|-72.00|44.9 -79.8 62.6 -57.1|G H J
SK|Saskatchewan||America/Regina|54.40|-105.90|49.0 -110.0 60.0 -101.3|S
YT|Yukon||America/Whitehorse|63.60|-135.80|60.0 -141.1 69.7 -123.8|Y
"""


def _read(table: str, country: str) -> dict[str, State]:
    found = {}
    for line in table.strip().splitlines():
        code, name, fips, zone, latitude, longitude, bounds, postal = line.split("|")
        south, west, north, east = map(float, bounds.split())
        found[code] = State(
            code, name, country, fips, zone, float(latitude), float(longitude), (south, west, north, east),
            tuple(postal.split()),
        )  # fmt: skip
    return found


STATES: dict[str, State] = _read(_US, "US") | _read(_CANADA, "CA")

# Parts of states that keep another time than most of the state, as boxes (south, west, north, east) that hold the towns
# there and no town on the other side of the line.
_OTHER_TIME: tuple[tuple[str, tuple[float, float, float, float], str], ...] = (
    ("FL", (29.9, -87.7, 31.1, -85.2), "America/Chicago"),
    ("TX", (30.5, -106.7, 32.1, -104.95), "America/Denver"),
    ("TN", (35.6, -84.85, 36.7, -81.6), "America/New_York"),
    ("TN", (34.9, -85.45, 35.4, -84.2), "America/New_York"),
    ("KY", (36.4, -89.6, 38.0, -86.3), "America/Chicago"),
    ("IN", (40.9, -87.6, 41.8, -86.75), "America/Chicago"),
    ("IN", (37.7, -88.1, 38.4, -86.95), "America/Chicago"),
    ("KS", (37.7, -102.1, 39.6, -101.5), "America/Denver"),
    ("NE", (40.0, -104.1, 43.0, -101.4), "America/Denver"),
    ("SD", (42.9, -104.1, 45.95, -101.3), "America/Denver"),
    ("ND", (45.9, -104.1, 47.4, -102.2), "America/Denver"),
    ("ID", (45.6, -117.3, 49.0, -114.0), "America/Los_Angeles"),
    ("OR", (42.5, -117.6, 44.3, -116.8), "America/Boise"),
    ("MI", (45.0, -88.2, 46.0, -87.5), "America/Chicago"),
    ("MI", (46.2, -90.5, 46.7, -89.7), "America/Chicago"),
    ("BC", (48.9, -117.0, 51.8, -114.5), "America/Edmonton"),
)
_US_ZIP = re.compile(r"\s*(\d{5})(?:[- ]?\d{4})?\s*")
_CA_CODE = re.compile(r"\s*([ABCEGHJ-NPRSTVXY]\d[A-Z])[ -]?\d[A-Z]\d\s*", re.IGNORECASE)


def state_code(text: str) -> str | None:
    """The postal abbreviation of a state or province given by abbreviation or name; None when there is no such one."""
    folded = re.sub(r"[^a-z]+", " ", text.lower()).strip()
    return folded.upper() if folded.upper() in STATES else _by_name().get(folded)


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    names = {re.sub(r"[^a-z]+", " ", state.name.lower()).strip(): state.code for state in STATES.values()}
    return names | {
        "washington dc": "DC",
        "washington d c": "DC",
        "d c": "DC",
        "virgin islands": "VI",
        "newfoundland": "NL",
        "labrador": "NL",
        "yukon territory": "YT",
        "commonwealth of the northern mariana islands": "MP",
        "united states virgin islands": "VI",
    }


def normal_postal_code(text: str) -> str:
    """A US ZIP as five digits, a Canadian code as "K1A 0B1"; any other text upper-case with single spaces."""
    if zip_code := _US_ZIP.fullmatch(text):
        return zip_code[1]
    if _CA_CODE.fullmatch(text):
        plain = re.sub(r"[^A-Za-z0-9]", "", text).upper()
        return f"{plain[:3]} {plain[3:]}"
    return " ".join(text.upper().split())


def state_of_postal(postal_code: str) -> str | None:
    """The state or province a US or Canadian postal code lies in; None when the code has no such shape or prefix."""
    if zip_code := _US_ZIP.fullmatch(postal_code):
        return _by_zip3().get(zip_code[1][:3])
    if code := _CA_CODE.fullmatch(postal_code):
        prefix = code[1].upper()
        return _by_letter().get(prefix) or _by_letter().get(prefix[0])
    return None


@lru_cache(maxsize=1)
def _by_zip3() -> dict[str, str]:
    found = {}
    for state in STATES.values():
        for span in state.postal if state.country == "US" else ():
            first, _, last = span.partition("-")
            for number in range(int(first), int(last or first) + 1):
                found[f"{number:03d}"] = state.code
    return found


@lru_cache(maxsize=1)
def _by_letter() -> dict[str, str]:
    return {prefix: state.code for state in STATES.values() if state.country == "CA" for prefix in state.postal}


def zone_of(state: str, *, latitude: float | None = None, longitude: float | None = None) -> str | None:
    """The IANA zone clocks show in a state, or at a place in it where the state keeps two times; None if unknown."""
    found = STATES.get(state)
    if found is None:
        return None
    if latitude is not None and longitude is not None:
        for code, (south, west, north, east), zone in _OTHER_TIME:
            if code == state and south <= latitude <= north and west <= longitude <= east:
                return zone
    return found.zone


def great_circle_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The distance over the ground between two places in kilometres (haversine); arguments in degrees."""
    first, second = math.radians(latitude), math.radians(other_latitude)
    north = second - first
    east = math.radians(other_longitude - longitude)
    half = math.sin(north / 2) ** 2 + math.cos(first) * math.cos(second) * math.sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))


def km_outside(state: str, latitude: float, longitude: float) -> float | None:
    """How far a place lies outside the box around a state, in kilometres; 0.0 inside, None for an unknown state."""
    found = STATES.get(state)
    if found is None:
        return None
    south, west, north, east = found.bounds
    nearest_latitude = min(max(latitude, south), north)
    if west <= longitude <= east:
        nearest_longitude = longitude
    else:
        nearest_longitude = min((west, east), key=lambda edge: abs((longitude - edge + 180) % 360 - 180))
    return great_circle_km(latitude, longitude, nearest_latitude, nearest_longitude)
