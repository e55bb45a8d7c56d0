"""Towns outside every dealer's postal area, so that leads show what routing does without an owner of the area."""

from __future__ import annotations

from typing import NamedTuple


class Town(NamedTuple):
    """A place customers live in: postal prefixes without a dealer of their own, and its telephone area code."""

    city: str
    state: str
    zone: str
    area_code: str
    prefixes: tuple[str, ...]


# Within reach of a dealer: the nearest one gets the lead.
NEAR = (
    Town("Des Moines", "IA", "America/Chicago", "515", ("503",)),
    Town("Toledo", "OH", "America/New_York", "419", ("436",)),
    Town("Cleveland", "OH", "America/New_York", "216", ("441",)),
    Town("Louisville", "KY", "America/New_York", "502", ("402",)),
    Town("Richmond", "VA", "America/New_York", "804", ("232",)),
    Town("San Diego", "CA", "America/Los_Angeles", "619", ("921",)),
    Town("Sacramento", "CA", "America/Los_Angeles", "916", ("958",)),
    Town("Colorado Springs", "CO", "America/Denver", "719", ("809",)),
    Town("Rochester", "NY", "America/New_York", "585", ("146",)),
    Town("Jacksonville", "FL", "America/New_York", "904", ("322",)),
    # The dealers of these areas are not open for business yet or any more.
    Town("Milwaukee", "WI", "America/Chicago", "414", ("531", "532")),
    Town("Albany", "NY", "America/New_York", "518", ("121", "122")),
    Town("Norfolk", "VA", "America/New_York", "757", ("234", "235")),
)
# Too far from everybody who may take it: the fallback queue.
FAR = (
    Town("Oklahoma City", "OK", "America/Chicago", "405", ("730", "731")),
    Town("Salt Lake City", "UT", "America/Denver", "801", ("841",)),
    Town("Boise", "ID", "America/Boise", "208", ("837",)),
    Town("Billings", "MT", "America/Denver", "406", ("591",)),
    Town("Anchorage", "AK", "America/Anchorage", "907", ("995",)),
    Town("Spokane", "WA", "America/Los_Angeles", "509", ("992",)),
)
AREA_CODES = {
    "00101": "617", "00104": "508", "00112": "603", "00118": "207", "00123": "860", "00131": "518", "00137": "718",
    "00202": "973", "00207": "215", "00211": "412", "00219": "410", "00226": "703", "00234": "757", "00301": "704",
    "00305": "919", "00313": "404", "00320": "843", "00327": "407", "00331": "305", "00338": "813", "00344": "615",
    "00402": "312", "00409": "630", "00415": "313", "00421": "614", "00428": "216", "00433": "317", "00440": "952",
    "00446": "414", "00501": "214", "00507": "713", "00512": "210", "00519": "512", "00524": "504", "00530": "405",
    "00603": "303", "00608": "602", "00614": "650", "00617": "310", "00623": "503", "00628": "425", "00635": "801",
}  # fmt: skip
