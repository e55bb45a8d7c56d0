"""One text cell as a typed value: strict about what it means, so a wrong number never comes in silently (U14, U15)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from db.imports.mapping_dates import DateFinding, both_readings, iso_moment, named_moment, parse
from db.imports.mapping_spec import ColumnRule, FieldKind, OnAmbiguousDate, TargetField

_MOST_DIGITS = 18
"""Eighteen digits always fit a 64-bit column."""
_LONGEST_VALUE = 320
"""Longer than any number, date, phone number or e-mail address; keeps the patterns below from long searches."""
_NUMBER = {
    ".": re.compile(r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.(?P<part>[0-9]*))?"),
    ",": re.compile(r"(?P<whole>[0-9]{1,3}(?:[. \u00a0\u202f'][0-9]{3})+|[0-9]+)?(?:,(?P<part>[0-9]*))?"),
}
_CURRENCY = re.compile(r"(?:US\$|CA\$|[$€£¥]|USD|EUR|GBP|CAD|MXN|JPY|AUD)", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>\"(),;:\\\[\]]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")
_EXTENSION = re.compile(r"(?:\s*(?:#|x|ext\.?|extension)\s*:?\s*[0-9]{1,6})$", re.IGNORECASE)
_PHONE = re.compile(r"\+?[0-9()\[\].\-/\s\u00a0\u2010-\u2015]+")
_YES = frozenset({"true", "yes", "y", "t", "1", "x", "on"})
_NO = frozenset({"false", "no", "n", "f", "0", "off"})


class UnreadableError(Exception):
    """A cell that cannot be the value its field needs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Reading:
    """How the cells of one field are read: its rule, its zone, and what the dates of its column prove."""

    target: TargetField
    rule: ColumnRule
    zone: str = ""
    on_ambiguous_date: OnAmbiguousDate = "ask"
    dates: DateFinding | None = None


def read_value(text: str, reading: Reading) -> Any:
    """The typed value of a cell that is not blank; raises `UnreadableError` with a code and half a sentence."""
    kind = reading.target.kind
    if len(text) > _LONGEST_VALUE and kind not in {"text", "choice"}:
        raise UnreadableError("too_long", f'"{shorten(text)}" is too long to be right')
    return _READERS[kind](text, reading)


def shorten(text: str, length: int = 60) -> str:
    """A value as a message may quote it: one line, not long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def _text(text: str, _: Reading) -> str:
    return text


def _number(text: str, reading: Reading) -> Decimal:
    mark = reading.rule.decimal_mark
    plain = text.strip().replace("\u2212", "-")
    negative = plain.startswith("(") and plain.endswith(")")
    if negative:
        plain = plain[1:-1].strip()
    sign = plain[:1] if plain[:1] in {"+", "-"} else ""
    plain = plain.removeprefix(sign).strip()
    match = _NUMBER[mark].fullmatch(plain)
    if not match or not (match["whole"] or match["part"]) or (negative and sign):
        other = "," if mark == "." else "."
        hint = f' (the decimal mark here is "{mark}")' if other in plain else ""
        raise UnreadableError("not_a_number", f'"{shorten(text)}" is not a number{hint}')
    whole = re.sub(r"[^0-9]", "", match["whole"] or "0").lstrip("0") or "0"
    part = match["part"] or ""
    if len(whole) > _MOST_DIGITS or len(part) > 30:
        raise UnreadableError("too_large", f'"{shorten(text)}" has more digits than can be stored')
    number = Decimal(f"{whole}.{part}" if part else whole)
    return -number if negative or sign == "-" else number


def _integer(text: str, reading: Reading) -> int:
    number = _number(text, reading)
    if number != number.to_integral_value():
        raise UnreadableError("not_whole", f'"{shorten(text)}" is not a whole number')
    return int(number)


def _money(text: str, reading: Reading) -> int:
    """Cents, rounded half up away from zero; one currency sign or code before or after the number is passed over."""
    plain = _CURRENCY.sub("", text, count=1).strip()
    number = _number(plain, reading) if plain else _number(text, reading)
    cents = int((number * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if abs(cents) >= 10**_MOST_DIGITS:
        raise UnreadableError("too_large", f'"{shorten(text)}" has more digits than can be stored')
    return cents


def _email(text: str, _: Reading) -> str:
    address = text.removeprefix("mailto:").strip()
    if len(address) > 254 or not _EMAIL.fullmatch(address) or ".." in address:
        raise UnreadableError("not_an_email", f'"{shorten(text)}" is not an e-mail address')
    return address


def _phone(text: str, _: Reading) -> str:
    number = text.removeprefix("tel:").strip()
    main = _EXTENSION.sub("", number)
    digits = sum(ch.isdigit() for ch in main)
    if not _PHONE.fullmatch(main) or not 7 <= digits <= 15:
        raise UnreadableError("not_a_phone", f'"{shorten(text)}" is not a phone number')
    return number


def _choice(text: str, reading: Reading) -> str:
    choices = reading.target.choices
    if text in choices:
        return text
    alike = [choice for choice in choices if choice.casefold() == text.casefold()]
    if len(alike) == 1:
        return alike[0]
    known = ", ".join(choices[:8]) + (" …" if len(choices) > 8 else "")
    raise UnreadableError("not_a_choice", f'"{shorten(text)}" is none of: {known}')


def _bool(text: str, _: Reading) -> bool:
    word = text.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise UnreadableError("not_yes_or_no", f'"{shorten(text)}" is neither yes nor no')


def _date(text: str, reading: Reading) -> Any:
    return _moment(text, reading).date()


def _datetime(text: str, reading: Reading) -> datetime:
    moment = _moment(text, reading)
    if moment.tzinfo is None:
        if not reading.zone:
            raise UnreadableError("zone_needed", f'"{shorten(text)}" has no time zone and the mapping names none')
        moment = moment.replace(tzinfo=zone(reading.zone))
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise UnreadableError("not_a_date", f'"{shorten(text)}" is not a date that can be stored') from error


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name; raises `UnreadableError` for a name that is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UnreadableError("unknown_zone", f'"{shorten(name)}" is not a time zone') from error


def _moment(text: str, reading: Reading) -> datetime:
    if reading.rule.formats:
        return _by_formats(text, reading.rule.formats)
    found = iso_moment(text) or named_moment(text)
    if found:
        return found
    both = both_readings(text)
    if both is None:
        raise UnreadableError("not_a_date", f'"{shorten(text)}" is not a date that can be read without a format')
    if both.day_first == both.month_first and both.day_first:
        return both.day_first
    verdict = reading.dates.verdict if reading.dates else "ambiguous"
    order = verdict if verdict in {"day_first", "month_first"} else reading.on_ambiguous_date
    if order == "ask":
        if both.day_first is None or both.month_first is None:
            # A column that contradicts itself has no order, but a value that reads only one way is still certain.
            return both.day_first or both.month_first  # type: ignore[return-value]
        one, other = (f"{moment.day} {moment:%B %Y}" for moment in (both.day_first, both.month_first))
        raise UnreadableError("ambiguous_date", f'"{shorten(text)}" could be {one} or {other}; say which comes first')
    chosen = both.day_first if order == "day_first" else both.month_first
    if chosen is None:
        raise UnreadableError("not_a_date", f'"{shorten(text)}" is no date with the {order.split("_")[0]} first')
    return chosen


def _by_formats(text: str, formats: tuple[str, ...]) -> datetime:
    found = {moment for moment in (parse(text, template) for template in formats) if moment}
    if len(found) > 1:
        raise UnreadableError("ambiguous_date", f'"{shorten(text)}" fits several formats of the mapping differently')
    if found:
        return found.pop()
    # A workbook hands over real dates as ISO text, whatever the same column looks like in a text file.
    plain = iso_moment(text) if not any(template.startswith("%Y") for template in formats) else None
    if plain:
        return plain
    raise UnreadableError("not_a_date", f'"{shorten(text)}" is not in the format {" or ".join(formats)}')


_READERS: dict[FieldKind, Callable[[str, Reading], Any]] = {
    "text": _text,
    "integer": _integer,
    "decimal": _number,
    "money": _money,
    "date": _date,
    "datetime": _datetime,
    "email": _email,
    "phone": _phone,
    "choice": _choice,
    "bool": _bool,
}
