"""What a dealer record must be: its code, its name, its status and where it may go next, its share of leads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from db.core.problems import Problems

STATUSES: dict[str, str] = {
    "prospect": "Prospect",
    "onboarding": "Onboarding",
    "active": "Active",
    "suspended": "Suspended",
    "terminated": "Terminated",
}
# By hand (a person or a file), and by its onboarding: only that leads to active the first time (decision 0027).
NEXT_STATUSES: dict[str, tuple[str, ...]] = {
    "prospect": ("terminated",),
    "onboarding": (),
    "active": ("suspended", "terminated"),
    "suspended": ("active", "terminated"),
    "terminated": (),
}
BY_ONBOARDING: dict[str, tuple[str, ...]] = {
    "prospect": ("onboarding",),
    "onboarding": ("active", "prospect", "terminated"),
    "terminated": ("onboarding",),
}
NO_REGION = "No region"
LONGEST = {
    "code": 20, "name": 160, "legal_name": 160, "group": 120, "url": 300, "region": 40, "street": 160, "city": 80,
    "postal_code": 12,
}  # fmt: skip
MOST_SHARE = 100
MOST_BULK = 2_000
BULK_FIELDS = ("region", "group", "takes_leads", "lead_weight", "lead_cap", "daily_quota", "brands", "calendar_id")
"""What may be changed for many dealers at once; a status never is, for each step of a dealer's life has its reason."""
_LEGAL = frozenset({"inc", "llc", "ltd", "co", "corp", "corporation", "incorporated", "company", "lp", "llp"})
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/-]*[A-Za-z0-9])?")
_PREFIX = re.compile(r"[A-Z0-9]{1,7}")


@lru_cache(maxsize=8_192)
def name_key(text: str) -> str:
    """A name as it is compared: lower case, without accents, signs and legal forms; "&" is "and".

    Routing compares the vendor a lead names with it (domain-rules 2.2 C 1). Empty only for a text without any letter
    or digit.
    """
    # Decomposed first: only then has a letter of another alphabet of signs a lower case.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold().replace("&", " and "))
    bare = "".join(ch for ch in folded if not unicodedata.combining(ch))
    words = re.sub(r"[^\w\s]|_", " ", re.sub(r"['’.]", "", bare)).split()
    while len(words) > 1 and words[-1] in _LEGAL:
        words.pop()
    return " ".join(words)[:160]


def region_name(text: str) -> str:
    """A region as it is shown: a bare number becomes "Region 15", nothing becomes "No region"."""
    text = " ".join(text.split())
    if not text:
        return NO_REGION
    return f"Region {text}" if re.fullmatch(r"\d{1,4}", text) else text


def can_become(status: str, target: str) -> bool:
    """Whether a dealer of one status may be given another by hand; onboarding is begun and ended by its own steps."""
    return target in NEXT_STATUSES.get(status, ())


def check_status_step(status: str, target: str, problems: Problems) -> None:
    """A change of status by hand; where the onboarding has to do it, the sentence says where that is done."""
    if status == target or can_become(status, target) or target not in STATUSES or status not in STATUSES:
        return
    if status == "onboarding" and target == "active":
        say = "It goes active when its onboarding is passed: decide it on the page Onboarding."
    elif status == "onboarding":
        say = "Withdraw or decline its onboarding first, on the page Onboarding."
    elif status in BY_ONBOARDING and target in ("onboarding", "active"):
        say = "Start its onboarding, on the page Onboarding; going live is decided there."
    else:
        allowed = " or ".join(STATUSES[name].lower() for name in NEXT_STATUSES[status]) or "nothing"
        say = f"By hand it can become {allowed} next."
    sentence = f"A dealer that is {STATUSES[status].lower()} cannot be made {STATUSES[target].lower()} by hand. {say}"
    problems.add("status", "not_allowed_now", sentence)


def split_list(text: str) -> tuple[str, ...]:
    """The entries of a cell that holds several, divided by comma, semicolon, bar or line break; doubles left out."""
    return tuple(dict.fromkeys(part.strip() for part in re.split(r"[,;|\n]", text) if part.strip()))


def check_code(code: str, problems: Problems) -> str:
    """The dealer code as text, leading zeros kept; a problem when it is empty, too long or has other signs."""
    code = problems.require(code, "code", "The dealer code", longest=LONGEST["code"])
    if code and len(code) <= LONGEST["code"] and not _CODE.fullmatch(code):
        sentence = (
            "A dealer code has letters, digits, spaces and . _ / - only, and starts and ends with a letter or digit."
        )
        problems.add("code", "bad_code", sentence)
    return code


def check_name(name: str, problems: Problems) -> str:
    """The name with single spaces; a problem when it is empty, too long or has no letter or digit."""
    name = problems.require(" ".join(name.split()), "name", "The trade name", longest=LONGEST["name"])
    if name and not name_key(name):
        problems.add("name", "bad_name", "The trade name has no letter or digit.")
    return name


def check_group(name: str, problems: Problems) -> str:
    """The name of a group with single spaces, or empty; a problem when it is too long or has no letter or digit."""
    name = check_length(name, "group", "The name of the group", problems)
    if name and not name_key(name):
        problems.add("group", "bad_name", "The name of the group has no letter or digit.")
    return name


def check_url(url: str, problems: Problems) -> str:
    """A web address with its scheme (https when none is given), or empty; a problem for anything else."""
    url = url.strip()
    if not url:
        return ""
    if "://" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and not re.search(r"\s", url)
    except ValueError:
        is_good = False
    if not is_good:
        problems.add("url", "bad_url", "The web address must look like https://www.example.com.")
    check_length(url, "url", "The web address", problems)
    return url


def check_length(text: str, field: str, label: str, problems: Problems) -> str:
    """The text with single spaces; a problem when it does not fit."""
    text = " ".join(text.split())
    if len(text) > LONGEST[field]:
        sentence = f"{label} has {len(text):,} characters; at most {LONGEST[field]} fit."
        problems.add(field, "too_long", sentence)
    return text


def check_position(latitude: float | None, longitude: float | None, problems: Problems) -> None:
    """A position has both numbers, lies on the globe, and is not 0, 0, which stands for "unknown" in most systems."""
    if (latitude is None) != (longitude is None):
        missing = "latitude" if latitude is None else "longitude"
        problems.add(missing, "incomplete", "A position needs both latitude and longitude.")
    if latitude is not None and not -90 <= latitude <= 90:
        problems.add("latitude", "out_of_range", "A latitude lies between -90 and 90 degrees.")
    if longitude is not None and not -180 <= longitude <= 180:
        problems.add("longitude", "out_of_range", "A longitude lies between -180 and 180 degrees.")
    if latitude == 0 and longitude == 0:
        problems.add("latitude", "null_island", "0, 0 lies in the ocean; leave the position empty when it is unknown.")


def check_share(*, lead_weight: int, lead_cap: int, daily_quota: int, problems: Problems) -> None:
    """Share weight 1 to 100; cap of open leads and daily quota 0 or more, where 0 is no limit (domain-rules 2.2 C)."""
    if not 1 <= lead_weight <= MOST_SHARE:
        problems.add("lead_weight", "out_of_range", f"The share of leads is a whole number from 1 to {MOST_SHARE}.")
    for field, label, number in (
        ("lead_cap", "The cap of open leads", lead_cap), ("daily_quota", "The daily quota", daily_quota),
    ):  # fmt: skip
        if not 0 <= number <= 100_000:
            problems.add(field, "out_of_range", f"{label} is 0 (no limit) or more, at most 100,000.")


def check_status(status: str, problems: Problems) -> str:
    """One of the five states of life."""
    if status not in STATUSES:
        problems.add("status", "unknown_status", f"The status is one of {', '.join(STATUSES)}.")
    return status


def check_brands(brands: Iterable[str], problems: Problems) -> tuple[str, ...]:
    """Makes the dealer may sell, sorted, each once whatever its case; none means every make."""
    found: dict[str, str] = {}
    for brand in brands:
        name = " ".join(brand.split())
        if len(name) > 40:
            problems.add("brands", "too_long", "The name of a make has at most 40 characters.")
        elif name:
            found.setdefault(name.casefold(), name)
    return tuple(sorted(found.values(), key=str.casefold))


def check_territories(prefixes: Iterable[str], problems: Problems) -> tuple[str, ...]:
    """Postal prefixes of the dealer's territory, sorted: 1 to 5 digits of a ZIP, or the start of a Canadian code."""
    found = set()
    for prefix in prefixes:
        plain = re.sub(r"[\s-]", "", prefix).upper()
        if plain and not _PREFIX.fullmatch(plain):
            problems.add("territories", "bad_prefix", f'"{prefix.strip()}" is not the start of a postal code.')
        elif plain:
            found.add(plain)
    return tuple(sorted(found))
