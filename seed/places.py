# ruff: noqa: E501 - a table of places reads best with a place a line
"""The demo network's places: forty-eight invented dealers of an invented make, in real towns of every region."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """One dealer: where it stands, its stage of life, its share of leads and the postal prefixes it owns."""

    code: str
    name: str
    city: str
    state: str
    postal_code: str
    latitude: float
    longitude: float
    region: str
    status: str
    weight: int
    hours: str
    territories: tuple[str, ...]


NE, MA, SE, MW, SC, WE = "Northeast", "Mid-Atlantic", "Southeast", "Midwest", "South Central", "West"
REGIONS = (NE, MA, SE, MW, SC, WE)

PLACES: tuple[Place, ...] = (
    Place("00101", "Harbor Halden", "Boston", "MA", "02128", 42.37, -71.03, NE, "active", 3, "long", ("021", "022", "024")),
    Place("00104", "Halden of Worcester", "Worcester", "MA", "01604", 42.25, -71.77, NE, "active", 2, "usual", ("015", "016")),
    Place("00112", "Granite State Halden", "Manchester", "NH", "03103", 42.97, -71.45, NE, "active", 1, "usual", ("030", "031")),
    Place("00118", "Casco Bay Halden", "Portland", "ME", "04102", 43.66, -70.29, NE, "active", 1, "short", ("040", "041")),
    Place("00123", "Nutmeg Halden", "Hartford", "CT", "06120", 41.78, -72.67, NE, "active", 2, "usual", ("060", "061")),
    Place("00131", "Empire Halden", "Albany", "NY", "12205", 42.71, -73.81, NE, "onboarding", 1, "usual", ("120", "121", "122")),
    Place("00137", "Five Boroughs Halden", "Queens", "NY", "11101", 40.75, -73.94, NE, "active", 4, "long", ("100", "104", "111", "112", "113")),
    Place("00202", "Garden State Halden", "Newark", "NJ", "07114", 40.71, -74.17, MA, "active", 3, "long", ("070", "071", "072")),
    Place("00207", "Liberty Halden", "Philadelphia", "PA", "19153", 39.90, -75.23, MA, "active", 3, "long", ("190", "191")),
    Place("00211", "Three Rivers Halden", "Pittsburgh", "PA", "15205", 40.44, -80.06, MA, "active", 2, "usual", ("150", "151", "152")),
    Place("00219", "Chesapeake Halden", "Baltimore", "MD", "21224", 39.28, -76.55, MA, "active", 2, "usual", ("210", "211", "212")),
    Place("00226", "Capital Halden", "Alexandria", "VA", "22304", 38.81, -77.12, MA, "active", 3, "long", ("200", "220", "221", "222", "223")),
    Place("00234", "Tidewater Halden", "Norfolk", "VA", "23502", 36.86, -76.21, MA, "suspended", 1, "usual", ("234", "235")),
    Place("00301", "Queen City Halden", "Charlotte", "NC", "28208", 35.24, -80.90, SE, "active", 2, "usual", ("280", "281", "282")),
    Place("00305", "Triangle Halden", "Raleigh", "NC", "27616", 35.86, -78.55, SE, "active", 2, "usual", ("275", "276", "277")),
    Place("00313", "Peachtree Halden", "Atlanta", "GA", "30341", 33.89, -84.29, SE, "active", 4, "long", ("300", "303", "311")),
    Place("00320", "Low Country Halden", "Charleston", "SC", "29406", 32.93, -80.03, SE, "active", 1, "usual", ("294",)),
    Place("00327", "Sunshine Halden", "Orlando", "FL", "32809", 28.46, -81.39, SE, "active", 3, "long", ("327", "328", "347")),
    Place("00331", "Biscayne Halden", "Miami", "FL", "33142", 25.81, -80.24, SE, "active", 4, "long", ("330", "331", "332")),
    Place("00338", "Gulf Coast Halden", "Tampa", "FL", "33619", 27.94, -82.38, SE, "active", 2, "usual", ("335", "336", "346")),
    Place("00344", "Music City Halden", "Nashville", "TN", "37211", 36.07, -86.72, SE, "active", 2, "usual", ("370", "371", "372")),
    Place("00402", "Lakefront Halden", "Chicago", "IL", "60632", 41.81, -87.71, MW, "active", 4, "long", ("600", "604", "606")),
    Place("00409", "Prairie Halden", "Naperville", "IL", "60563", 41.79, -88.16, MW, "active", 2, "usual", ("605",)),
    Place("00415", "Motor City Halden", "Dearborn", "MI", "48126", 42.33, -83.18, MW, "active", 3, "usual", ("481", "482", "483")),
    Place("00421", "Buckeye Halden", "Columbus", "OH", "43219", 40.00, -82.93, MW, "active", 2, "usual", ("430", "432")),
    Place("00428", "Cuyahoga Halden", "Cleveland", "OH", "44135", 41.43, -81.82, MW, "terminated", 1, "usual", ()),
    Place("00433", "Crossroads Halden", "Indianapolis", "IN", "46254", 39.85, -86.27, MW, "active", 2, "usual", ("460", "461", "462")),
    Place("00440", "Twin Cities Halden", "Bloomington", "MN", "55425", 44.84, -93.24, MW, "active", 2, "usual", ("551", "553", "554")),
    Place("00446", "Badger Halden", "Milwaukee", "WI", "53207", 42.98, -87.90, MW, "onboarding", 1, "short", ("531", "532")),
    Place("00501", "Lone Star Halden", "Dallas", "TX", "75220", 32.87, -96.86, SC, "active", 4, "long", ("750", "752", "753")),
    Place("00507", "Bayou City Halden", "Houston", "TX", "77034", 29.63, -95.22, SC, "active", 4, "long", ("770", "773", "775")),
    Place("00512", "Alamo Halden", "San Antonio", "TX", "78216", 29.54, -98.49, SC, "active", 2, "usual", ("780", "782")),
    Place("00519", "Hill Country Halden", "Austin", "TX", "78744", 30.18, -97.73, SC, "active", 2, "usual", ("786", "787")),
    Place("00524", "Crescent City Halden", "Metairie", "LA", "70003", 29.99, -90.21, SC, "active", 1, "usual", ("700", "701")),
    Place("00530", "Sooner Halden", "Oklahoma City", "OK", "73108", 35.44, -97.56, SC, "suspended", 1, "short", ("730", "731")),
    Place("00603", "Mile High Halden", "Denver", "CO", "80239", 39.79, -104.84, WE, "active", 2, "usual", ("800", "802")),
    Place("00608", "Valley of the Sun Halden", "Phoenix", "AZ", "85040", 33.40, -112.03, WE, "active", 3, "long", ("850", "852", "853")),
    Place("00614", "Golden Gate Halden", "San Mateo", "CA", "94403", 37.54, -122.30, WE, "active", 3, "long", ("940", "941", "944")),
    Place("00617", "South Bay Halden", "Torrance", "CA", "90505", 33.81, -118.35, WE, "active", 4, "long", ("900", "902", "905", "907")),
    Place("00623", "Rose City Halden", "Portland", "OR", "97220", 45.55, -122.56, WE, "active", 1, "usual", ("970", "972")),
    Place("00628", "Puget Sound Halden", "Renton", "WA", "98057", 47.47, -122.22, WE, "active", 2, "usual", ("980", "981")),
    Place("00635", "Wasatch Halden", "Sandy", "UT", "84070", 40.58, -111.89, WE, "prospect", 1, "usual", ()),
    # Who joins later stands at the end, so that the habits and people of the others stay as they are.
    Place("00241", "Old Dominion Halden", "Richmond", "VA", "23230", 37.59, -77.50, MA, "onboarding", 1, "usual", ("230", "231", "232")),
    Place("00352", "Bluegrass Halden", "Lexington", "KY", "40505", 38.06, -84.45, SE, "onboarding", 1, "usual", ("405",)),
    Place("00359", "First Coast Halden", "Jacksonville", "FL", "32256", 30.21, -81.56, SE, "prospect", 1, "usual", ()),
    Place("00452", "Gateway Halden", "St. Louis", "MO", "63132", 38.67, -90.37, MW, "onboarding", 2, "usual", ("630", "631")),
    Place("00536", "Natural State Halden", "Little Rock", "AR", "72209", 34.67, -92.35, SC, "onboarding", 1, "usual", ("720", "721", "722")),
    Place("00641", "Treasure Valley Halden", "Boise", "ID", "83704", 43.63, -116.29, WE, "onboarding", 1, "usual", ("836", "837")),
)  # fmt: skip

# Monday first; minutes after local midnight.
NINE_TO_SIX, NINE_TO_EIGHT, EIGHT_TO_FIVE = [[540, 1080]], [[540, 1200]], [[480, 720], [780, 1020]]
HOURS: dict[str, tuple[str, list[list[list[int]]]]] = {
    "usual": ("Showroom, Monday to Saturday", [*[NINE_TO_SIX] * 5, [[600, 960]], []]),
    "long": ("City showroom, late and Sunday", [*[NINE_TO_EIGHT] * 5, [[540, 1080]], [[660, 1020]]]),
    "short": ("Small town, closed at noon", [*[EIGHT_TO_FIVE] * 5, [[540, 780]], []]),
}
LINES: tuple[tuple[str, tuple[str, ...], int, int], ...] = (
    # product line, models, lowest and highest price in dollars
    ("Lyra", ("Lyra", "Lyra Sport"), 22_900, 29_500),
    ("Orion", ("Orion", "Orion Hybrid"), 28_400, 38_900),
    ("Vega", ("Vega", "Vega Touring", "Vega XL"), 31_200, 46_800),
    ("Atlas", ("Atlas 1500", "Atlas 2500"), 36_500, 62_000),
    ("Nova EV", ("Nova EV", "Nova EV Long Range"), 41_900, 58_400),
    ("Carrier", ("Carrier", "Carrier High Roof"), 39_800, 54_200),
)
MAKE = "Halden"
