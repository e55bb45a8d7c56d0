"""Where a dealer stands: the box around each state, and the parts of states that keep another time than the rest."""

from __future__ import annotations

from functools import lru_cache

from db.core.geo import STATES, distance_km

FAR_KM = 60.0
"""A place this far outside of the box around its state cannot be a border town with a rounded position."""

# South, west, north and east edge in degrees, each rounded outwards to a tenth.
_BOXES = """
AL 30.2 -88.5 35.0 -84.9; AK 51.2 -180.0 71.5 -129.9; AZ 31.3 -114.8 37.0 -109.0;
AR 33.0 -94.6 36.5 -89.7; CA 32.5 -124.4 42.0 -114.1; CO 37.0 -109.1 41.0 -102.0;
CT 41.0 -73.7 42.1 -71.8; DE 38.5 -75.8 39.8 -75.0; DC 38.8 -77.1 39.0 -76.9;
FL 24.5 -87.6 31.0 -80.0; GA 30.4 -85.6 35.0 -80.8; HI 18.9 -160.3 22.3 -154.8;
ID 42.0 -117.2 49.0 -111.0; IL 37.0 -91.5 42.5 -87.5; IN 37.8 -88.1 41.8 -84.8;
IA 40.4 -96.6 43.5 -90.1; KS 37.0 -102.1 40.0 -94.6; KY 36.5 -89.6 39.1 -82.0;
LA 28.9 -94.0 33.0 -88.8; ME 43.1 -71.1 47.5 -67.0; MD 37.9 -79.5 39.7 -75.0;
MA 41.2 -73.5 42.9 -69.9; MI 41.7 -90.4 48.2 -82.4; MN 43.5 -97.2 49.4 -89.5;
MS 30.2 -91.6 35.0 -88.1; MO 36.0 -95.8 40.6 -89.1; MT 44.4 -116.1 49.0 -104.0;
NE 40.0 -104.1 43.0 -95.3; NV 35.0 -120.0 42.0 -114.0; NH 42.7 -72.6 45.3 -70.6;
NJ 38.9 -75.6 41.4 -73.9; NM 31.3 -109.1 37.0 -103.0; NY 40.5 -79.8 45.0 -71.9;
NC 33.8 -84.3 36.6 -75.5; ND 45.9 -104.1 49.0 -96.6; OH 38.4 -84.8 42.0 -80.5;
OK 33.6 -103.0 37.0 -94.4; OR 42.0 -124.6 46.3 -116.5; PA 39.7 -80.5 42.3 -74.7;
RI 41.1 -71.9 42.0 -71.1; SC 32.0 -83.4 35.2 -78.5; SD 42.5 -104.1 45.9 -96.4;
TN 35.0 -90.3 36.7 -81.6; TX 25.8 -106.6 36.5 -93.5; UT 37.0 -114.1 42.0 -109.0;
VT 42.7 -73.4 45.0 -71.5; VA 36.5 -83.7 39.5 -75.2; WA 45.5 -124.8 49.0 -116.9;
WV 37.2 -82.6 40.6 -77.7; WI 42.5 -92.9 47.1 -86.8; WY 41.0 -111.1 45.0 -104.1;
AS -14.6 -171.1 -11.0 -168.1; GU 13.2 144.6 13.7 145.0; MP 14.1 145.1 20.6 146.1;
PR 17.9 -68.0 18.6 -65.2; VI 17.6 -65.1 18.5 -64.5; AB 49.0 -120.0 60.0 -110.0;
BC 48.2 -139.1 60.0 -114.0; MB 49.0 -102.1 60.0 -88.9; NB 44.5 -69.1 48.1 -63.7;
NL 46.6 -67.9 60.4 -52.6; NS 43.4 -66.4 47.1 -59.6; NT 60.0 -136.5 78.8 -101.9;
NU 51.6 -120.7 83.2 -61.2; ON 41.6 -95.2 56.9 -74.3; PE 45.9 -64.5 47.1 -61.9;
QC 44.9 -79.8 62.6 -57.1; SK 49.0 -110.0 60.0 -101.3; YT 60.0 -141.1 69.7 -123.8
"""

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


@lru_cache(maxsize=1)
def _boxes() -> dict[str, tuple[float, float, float, float]]:
    found = {}
    for part in _BOXES.replace("\n", " ").split(";"):
        code, *edges = part.split()
        south, west, north, east = map(float, edges)
        found[code] = (south, west, north, east)
    return found


def zone_of(state: str, latitude: float | None = None, longitude: float | None = None) -> str | None:
    """The IANA zone clocks show in a state, or at a place in it where the state keeps two times; None if unknown."""
    found = STATES.get(state)
    if found is None:
        return None
    if latitude is not None and longitude is not None:
        for code, (south, west, north, east), zone in _OTHER_TIME:
            if code == state and south <= latitude <= north and west <= longitude <= east:
                return zone
    return found.zone


def km_outside(state: str, latitude: float, longitude: float) -> float | None:
    """How far a place lies outside of the box around a state, in kilometres; 0.0 inside, None for an unknown state."""
    box = _boxes().get(state)
    if box is None:
        return None
    south, west, north, east = box
    nearest_latitude = min(max(latitude, south), north)
    nearest_longitude = longitude
    if not west <= longitude <= east:
        nearest_longitude = min((west, east), key=lambda edge: abs((longitude - edge + 180) % 360 - 180))
    return distance_km(latitude, longitude, nearest_latitude, nearest_longitude)


def position_warning(state: str, latitude: float | None, longitude: float | None) -> str:
    """A sentence when state and position plainly disagree, for a person to look at; empty when they agree."""
    if latitude is None or longitude is None:
        return ""
    away = km_outside(state, latitude, longitude)
    if away is None or away < FAR_KM:
        return ""
    return (
        f"The position {latitude:.4f}, {longitude:.4f} lies {away:,.0f} km outside of {STATES[state].name}. "
        "Nothing was changed; check which of the two is right."
    )
