"""Which of day and month comes first in a column: proved from its values or asked for, never guessed (R19)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal

from db.imports.tabular_types import Sheet

_LONGEST_DATE = 64
Verdict = Literal["blank", "clear", "day_first", "month_first", "ambiguous", "contradictory", "unreadable"]

_NUMERIC = re.compile(
    r"(?P<a>[0-9]{1,2})(?P<mark>[-/.])(?P<b>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4})"
    r"(?:(?P<gap>[ T]|, )(?P<clock>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?P<fraction>\.[0-9]{1,6})?)?)"
    r"(?P<half> ?[AaPp][Mm])?)?"
)
_ISO = re.compile(
    r"[0-9]{4}(?P<mark>[-/])[0-9]{1,2}(?P=mark)[0-9]{1,2}"
    r"(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?: ?(?:Z|z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_ISO_COMPACT = re.compile(r"[0-9]{8}T[0-9]{6}(?:Z|[+-][0-9]{4})?")
_NAMED = (
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d/%b/%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%B %d %Y",
    "%d %b %Y %H:%M",
    "%d %b %Y %H:%M:%S",
    "%d-%b-%Y %H:%M",
    "%d-%b-%Y %H:%M:%S",
    "%b %d, %Y %H:%M",
    "%b %d, %Y %I:%M %p",
    "%B %d, %Y %I:%M %p",
    "%a, %d %b %Y %H:%M:%S %z",
)


@dataclass(frozen=True, kw_only=True)
class DateFinding:
    """What the values of a column prove. `total` counts the values that are not blank; the other counts add up to it.

    `ambiguous` values read as d/m and as m/d alike (`same_either_way` of them give the same day, such as 05-05-2018).
    `formats` are the proved strptime formats, empty unless `verdict` is day_first or month_first; `clear` means that
    no value depends on the order. `example` is the first ambiguous value, for the question on the page.
    """

    column: str
    total: int
    iso: int
    ambiguous: int
    same_either_way: int
    only_day_first: int
    only_month_first: int
    named_month: int
    unreadable: int
    verdict: Verdict
    formats: tuple[str, ...]
    day_first_formats: tuple[str, ...]
    month_first_formats: tuple[str, ...]
    example: str = ""

    @property
    def must_ask(self) -> bool:
        """True when a person has to say which comes first."""
        return self.verdict in ("ambiguous", "contradictory")


def ambiguous_dates(sheet: Sheet, column: str, *, blank: Iterable[str] = ()) -> DateFinding:
    """What the values of `column` prove about the order of day and month; `blank` lists texts that mean "nothing".

    One value that reads only one way proves the order when no other value contradicts it. Rows with problems do not
    count, for their cells may stand in the wrong column.
    """
    nothing = {text.strip() for text in blank}
    return date_finding(column, (row.cells.get(column, "") for row in sheet.rows if not row.problems), nothing)


def date_finding(column: str, values: Iterable[str], blank: Iterable[str] = ()) -> DateFinding:
    """The same for any values."""
    nothing = set(blank)
    total = iso = both = same = only_day = only_month = named = unreadable = 0
    day_formats: dict[str, None] = {}
    month_formats: dict[str, None] = {}
    example = ""
    for value in values:
        text = value.strip()
        if not text or text in nothing:
            continue
        total += 1
        if iso_moment(text):
            iso += 1
            continue
        reading = both_readings(text)
        if reading is None:
            if named_moment(text):
                named += 1
            else:
                unreadable += 1
            continue
        if reading.day_first and reading.month_first:
            both += 1
            same += reading.day_first == reading.month_first
            if not example and reading.day_first != reading.month_first:
                example = text
        elif reading.day_first:
            only_day += 1
        else:
            only_month += 1
        day_formats[reading.day_first_format] = None
        month_formats[reading.month_first_format] = None
    if only_day or only_month:
        verdict: Verdict = "contradictory" if only_day and only_month else ("day_first" if only_day else "month_first")
    elif both > same:
        verdict = "ambiguous"
    elif iso or named or same:
        verdict = "clear"
    else:
        verdict = "unreadable" if total else "blank"
    proved = {"day_first": tuple(day_formats), "month_first": tuple(month_formats)}.get(verdict, ())
    return DateFinding(
        column=column,
        total=total,
        iso=iso,
        ambiguous=both,
        same_either_way=same,
        only_day_first=only_day,
        only_month_first=only_month,
        named_month=named,
        unreadable=unreadable,
        verdict=verdict,
        formats=proved,
        day_first_formats=tuple(day_formats),
        month_first_formats=tuple(month_formats),
        example=example,
    )


@dataclass(frozen=True)
class Readings:
    """The moments a numeric date can mean, and the formats that read it so; at least one of the two is there."""

    day_first: datetime | None
    month_first: datetime | None
    day_first_format: str
    month_first_format: str


def both_readings(text: str) -> Readings | None:
    """Both readings of a date such as 03/04/2018 14:05, or None when it is no such date.

    A year of two digits is not read: then even the year could be meant by any of the three numbers.
    """
    return _both_readings(text) if len(text) <= _LONGEST_DATE else None


@lru_cache(maxsize=65_536)
def _both_readings(text: str) -> Readings | None:
    match = _NUMERIC.fullmatch(text)
    if not match:
        return None
    mark = match["mark"]
    tail = ""
    if match["clock"]:
        seconds = ":%S" if match["clock"].count(":") == 2 else ""
        fraction = ".%f" if match["fraction"] else ""
        half = match["half"]
        hour = "%I" if half else "%H"
        tail = (
            match["gap"]
            + f"{hour}:%M{seconds}{fraction}"
            + ((" " if half.startswith(" ") else "") + "%p" if half else "")
        )
    day_format = f"%d{mark}%m{mark}%Y{tail}"
    month_format = f"%m{mark}%d{mark}%Y{tail}"
    day_first, month_first = parse(text, day_format), parse(text, month_format)
    if not day_first and not month_first:
        return None
    return Readings(day_first, month_first, day_format, month_format)


def iso_moment(text: str) -> datetime | None:
    """The moment of a year-first date or time, with its offset if it has one; None when the text is no such thing."""
    if _ISO_COMPACT.fullmatch(text):
        return _from_iso(text)
    match = _ISO.fullmatch(text)
    if not match:
        return None
    day, rest = re.split(r"[ T]", text, maxsplit=1) if re.search(r"[ T]", text) else (text, "")
    year, month, number = day.split(match["mark"])
    rest = rest.replace(",", ".").replace("UTC", "Z").replace("z", "Z").replace(" ", "")
    clock = re.match(r"[0-9:.]*", rest)
    offset = rest[clock.end() :] if clock else ""
    hours = clock.group() if clock else ""
    if hours:
        hours = hours.rjust(len(hours) + (hours.index(":") == 1), "0")
        hours, dot, fraction = hours.partition(".")
        hours += f".{fraction[:6].ljust(6, '0')}" if dot else ""
    stamp = f"{year}-{month.zfill(2)}-{number.zfill(2)}" + (f"T{hours}{offset}" if hours else "")
    return _from_iso(stamp)


def _from_iso(stamp: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return None


def named_moment(text: str) -> datetime | None:
    """The moment of a date whose month is a word (3 Apr 2018), which leaves no doubt; None for anything else."""
    return _named_moment(text) if len(text) <= _LONGEST_DATE else None


@lru_cache(maxsize=65_536)
def _named_moment(text: str) -> datetime | None:
    if not re.search("[A-Za-z]{3}", text):
        return None
    for template in _NAMED:
        found = parse(text, template)
        if found:
            return found
    return None


def parse(text: str, template: str) -> datetime | None:
    """strptime without an exception; the result has an offset only when the text has one."""
    try:
        return datetime.strptime(text, template)  # noqa: DTZ007 - the zone is the mapping's to say
    except (ValueError, OverflowError, re.error, IndexError):
        return None


def is_date_format(template: str) -> bool:
    """True when `template` is a strptime format that tells day, month and year of any date."""
    probe = datetime(2023, 11, 22, 13, 45, 59, tzinfo=UTC)
    try:
        found = datetime.strptime(probe.strftime(template), template)  # noqa: DTZ007
    except (ValueError, re.error, IndexError):
        return False
    return found.date() == date(2023, 11, 22)
