"""Single values of an ADF document made comparable: dates, money, years, odometers, enumerations (3.1, Q8-Q10, Q20)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

TRUSTED_WITHIN: Final = timedelta(days=7)

INTERESTS: Final = {
    "buy": "buy purchase buying new used sale forsale own interested inquiry enquiry",
    "lease": "lease leasing",
    "sell": "sell selling sellmycar sellmyvehicle",
    "trade-in": "tradein trade trading tradeinvehicle tradevehicle traded partexchange px exchange appraisal",
    "test-drive": "testdrive testride drive demo testdriving",
}
STATUSES: Final = {
    "new": "new brandnew n",
    "used": "used preowned cpo certified certifiedpreowned certifiedused secondhand u demo",
}
PHONE_KINDS: Final = {
    "voice": "voice phone telephone tel home house residence work business office day daytime evening main primary "
    "landline other",
    "cellphone": "cellphone cell mobile mobilephone cellular sms text whatsapp",
    "fax": "fax",
    "pager": "pager beeper",
}
PHONE_PLACES: Final = {"home": "home house residence", "work": "work business office"}
PHONE_TIMES: Final = {
    "morning": "morning am",
    "afternoon": "afternoon pm",
    "evening": "evening night",
    "day": "day daytime",
    "nopreference": "nopreference any anytime none",
}
ODOMETER_UNITS: Final = {"mi": "mi mile miles m", "km": "km kms kilometer kilometers kilometre kilometres k"}
CONDITIONS: Final = {
    "excellent": "excellent extraclean likenew outstanding",
    "good": "good verygood clean",
    "fair": "fair average",
    "poor": "poor rough bad",
    "unknown": "unknown",
}
METHODS: Final = {"cash": "cash", "finance": "finance financing loan retail credit", "lease": "lease leasing"}
COUNTRIES: Final = {
    "US": "us usa unitedstates unitedstatesofamerica america",
    "CA": "ca can canada",
    "MX": "mx mex mexico méxico",
    "PR": "pr pri puertorico",
    "GB": "gb gbr uk unitedkingdom greatbritain england",
    "AR": "ar arg argentina",
    "DE": "de deu germany deutschland",
    "FR": "fr fra france",
    "ES": "es esp spain españa",
    "AU": "au aus australia",
    "NZ": "nz nzl newzealand",
    "IE": "ie irl ireland",
    "PY": "py pry paraguay",
    "BR": "br bra brazil brasil",
}


def _words(table: dict[str, str]) -> dict[str, str]:
    return {word: name for name, synonyms in table.items() for word in synonyms.split()}


_TABLES: Final = {
    id(table): _words(table)
    for table in (
        INTERESTS, STATUSES, PHONE_KINDS, PHONE_PLACES, PHONE_TIMES, ODOMETER_UNITS, CONDITIONS, METHODS, COUNTRIES,
    )
}  # fmt: skip


def word_of(text: str | None, table: dict[str, str]) -> str | None:
    """The standard word for `text` in one of the tables above, or None; case, spaces and punctuation do not matter."""
    squeezed = "".join(letter for letter in (text or "").casefold() if letter.isalnum())
    return _TABLES[id(table)].get(squeezed)


def year_of(text: str, *, today: date) -> int | None:
    """A model year from 1900 to two years ahead; `08` and `'08` are read as 2008, `99` as 1999."""
    found = re.fullmatch(r"(?i)(?:my\s?)?['’]?(\d{4}|\d{2})(?:\.[05]0?)?", text.strip())
    if found is None:
        return None
    year = int(found[1])
    if len(found[1]) == 2:
        year += 2000 if year <= (today.year + 2) % 100 else 1900
    return year if 1900 <= year <= today.year + 2 else None


def cents_of(text: str) -> int | None:
    """Whole cents, rounded half up: `$26,995`, `26 995,00`, `26.995,50`, `27k`, `USD 26995.00`; None for words."""
    bare = re.sub(r"(?i)(?:usd|cad|eur|mxn|ars|gbp|[$€£\s\u00a0'’])", "", text[:60])
    thousands = re.fullmatch(r"(?i)([\d.,]+)k", bare)
    bare = thousands[1] if thousands else bare
    if re.fullmatch(r"[+-]?[\d.,]*\d[\d.,]*", bare) is None:
        return None
    last = max(bare.rfind("."), bare.rfind(","))
    decimals = len(bare) - last - 1
    separators = bare.count(".") + bare.count(",")
    if last >= 0 and (decimals != 3 or (separators == 1 and (bare[last] == "." and thousands))):
        bare = re.sub(r"[.,]", "", bare[:last]) + "." + bare[last + 1 :]
    else:
        bare = re.sub(r"[.,]", "", bare)
    try:
        amount = Decimal(bare or "x") * (1000 if thousands else 1)
    except InvalidOperation:
        return None
    return int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)) if abs(amount) < 10**10 else None


def odometer_of(text: str) -> tuple[int | None, str | None]:
    """Distance and unit of `13,200`, `12.5k miles` or `90000 km`; None where it cannot be told."""
    found = re.fullmatch(
        r"(?i)(?:approx\.?|about|~|ca\.?)?\s*([\d.,\s]*\d)\s*(k(?!m))?\s*([a-z]+)?\.?", text.strip()[:60]
    )
    if found is None:
        return None, None
    number = found[1].replace(" ", "")
    if found[2] and re.fullmatch(r"\d{1,3}(?:[.,]\d)?", number):
        distance = round(Decimal(number.replace(",", ".")) * 1000)
    else:
        number = re.sub(r"[.,]\d{1,2}$", "", number) if not found[2] else number
        digits = re.sub(r"[.,]", "", number)
        distance = int(digits) if digits else -1
    return (distance if 0 <= distance < 3_000_000 else None), word_of(found[3], ODOMETER_UNITS)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A request date as understood: `at` in UTC or None; `doubts` are codes of what is uncertain about it (Q20)."""

    at: datetime | None
    doubts: tuple[str, ...] = ()


_ISO: Final = re.compile(
    r"(?P<y>\d{4})(?P<sep>[-/.]?)(?P<a>\d{1,2})(?P=sep)(?P<b>\d{1,2})"
    r"(?:[T\s]\s*(?P<h>\d{1,2})(?::?(?P<mi>\d{2}))?(?::?(?P<s>\d{2}))?(?:[.,](?P<f>\d{1,9}))?)?"
    r"\s*(?P<ampm>[ap]\.?m\.?)?\s*(?P<zone>.*)",
    re.IGNORECASE | re.ASCII,
)
_SLASHED: Final = re.compile(
    r"(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2})"
    r"(?:[T,\s]\s*(?P<h>\d{1,2})(?::(?P<mi>\d{2}))?(?::(?P<s>\d{2}))?(?:[.,](?P<f>\d{1,9}))?)?"
    r"\s*(?P<ampm>[ap]\.?m\.?)?\s*(?P<zone>.*)",
    re.IGNORECASE | re.ASCII,
)
_WORDED: Final = re.compile(
    r"(?:[a-z]{3,9}\.?,?\s+)?(?:(?P<d1>\d{1,2})\s+(?P<m1>[a-z]{3,9})\.?|(?P<m2>[a-z]{3,9})\.?\s+(?P<d2>\d{1,2})),?"
    r"\s+(?P<y>\d{4})(?:[T,\s]\s*(?:at\s+)?(?P<h>\d{1,2}):(?P<mi>\d{2})(?::(?P<s>\d{2}))?(?P<f>(?!))?)?"
    r"\s*(?P<ampm>[ap]\.?m\.?)?\s*(?P<zone>.*)",
    re.IGNORECASE | re.ASCII,
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_OFFSET: Final = re.compile(
    r"(?:GMT|UTC)?\s*([+\-−])\s*(\d{1,2})(?::?(\d{1,2}))?(?:\s*\([^)]*\))?", re.IGNORECASE | re.ASCII
)
_ZONES: Final = {
    "z": 0, "gmt": 0, "utc": 0, "ut": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7,
    "akst": -9, "akdt": -8, "hst": -10, "ast": -4, "adt": -3,
}  # fmt: skip


def moment_of(text: str, *, received_at: datetime) -> Moment:
    """Read a request date in the spec's four forms and the forms real feeds use (Q20).

    Without an offset UTC is assumed (`no_offset`). Where day and month can be swapped, the reading within 7 days of
    `received_at` wins (`swapped`), else the American one for slashes and the ISO one otherwise (`ambiguous`).
    """
    squeezed = " ".join(text.split())[:80]
    found = _ISO.fullmatch(squeezed)
    is_iso = found is not None
    found = found or _SLASHED.fullmatch(squeezed) or _WORDED.fullmatch(squeezed)
    if found is None:
        return Moment(at=None, doubts=("unreadable",))
    parts = found.groupdict()
    offset, doubts = _offset_of(parts["zone"] or "", has_time=parts["h"] is not None)
    readings = [at for month, day in _month_and_day(parts) if (at := _built(parts, month, day, offset)) is not None]
    if not readings:
        return Moment(at=None, doubts=("unreadable",))
    at = readings[0]
    if len(readings) > 1 and readings[1] != at:
        follows_spec = is_iso and parts["sep"] in ("-", "") and "T" in squeezed.upper() and not doubts
        if not follows_spec and abs(at - received_at) > TRUSTED_WITHIN >= abs(readings[1] - received_at):
            at = readings[1]
            doubts.append("swapped")
        elif not is_iso:
            doubts.append("ambiguous")
    elif is_iso and int(parts["a"]) > 12:
        doubts.append("swapped")
    if abs(at - received_at) > TRUSTED_WITHIN:
        doubts.append("far")
    return Moment(at=at, doubts=tuple(doubts))


def _month_and_day(parts: dict[str, str | None]) -> Iterable[tuple[int, int]]:
    if parts.get("a"):
        first, second = int(parts["a"] or 0), int(parts["b"] or 0)
        return (first, second), (second, first)
    name = (parts.get("m1") or parts.get("m2") or "")[:3].lower()
    day = int(parts.get("d1") or parts.get("d2") or 0)
    return ((_MONTHS.index(name) + 1, day),) if name in _MONTHS else ()


def _built(parts: dict[str, str | None], month: int, day: int, offset: timedelta) -> datetime | None:
    year, hour = int(parts["y"] or 0), int(parts["h"] or 0)
    year += 2000 if len(parts["y"] or "") == 2 else 0
    if parts["ampm"] and hour <= 12:
        hour = hour % 12 + (12 if parts["ampm"].lower().startswith("p") else 0)
    micro = int((parts.get("f") or "0")[:6].ljust(6, "0"))
    try:
        local = datetime(
            year, month, day, hour, int(parts["mi"] or 0), min(int(parts["s"] or 0), 59), micro, timezone(offset)
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _offset_of(text: str, *, has_time: bool) -> tuple[timedelta, list[str]]:
    bare = text.strip().strip("[]")
    if not bare:
        return timedelta(0), ["no_offset"] if has_time else ["no_time"]
    if (hours := _ZONES.get(bare.lower())) is not None:
        return timedelta(hours=hours), []
    found = _OFFSET.fullmatch(bare)
    if found is None:
        return timedelta(0), ["bad_offset"]
    compact = found[3] is None and len(found[2]) > 2
    hours, minutes = int(found[2]), int(found[3] or 0)
    if compact or hours > 14 or minutes > 59:
        return timedelta(0), ["bad_offset"]
    size = timedelta(hours=hours, minutes=minutes)
    doubts = [] if found[3] is None or len(found[3]) == 2 else ["odd_offset"]
    return (size if found[1] == "+" else -size), doubts


def day_of(text: str, *, received_at: datetime) -> str | None:
    """The local day of a date as ISO text (`2026-12-01`), or None; used for the time frame."""
    iso = re.match(r"(\d{4})-?(\d{2})-?(\d{2})(?!\d)", text.strip(), re.ASCII)
    if iso is not None:
        try:
            return date(int(iso[1]), int(iso[2]), int(iso[3])).isoformat()
        except ValueError:
            pass
    at = moment_of(text, received_at=received_at).at
    return at.date().isoformat() if at else None
