"""Months of figures: their first days, how many there are, and what a span of them is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

MOST_MONTHS: Final = 36
"""More months than this are not drawn side by side."""
DAY: Final = timedelta(days=1)


def month_of(day: date) -> date:
    """The first day of a month."""
    return day.replace(day=1)


def add_months(month: date, number: int) -> date:
    """The first day of the month so many months later, or earlier with a minus."""
    index = month.year * 12 + month.month - 1 + number
    return date(index // 12, index % 12 + 1, 1)


def months_between(first: date, last: date) -> list[date]:
    """The first days of the months that hold the days first..last, oldest first."""
    found, month = [], month_of(first)
    while month <= last:
        found.append(month)
        month = add_months(month, 1)
    return found


def partial_months(first: date | None, last: date | None) -> list[date]:
    """The first days of the months of which first..last holds only some days: none, one or two, oldest first.

    No day means without a bound on that side.
    """
    found = [] if first is None or first.day == 1 else [month_of(first)]
    if last is not None and (last + DAY).day != 1 and month_of(last) not in found:
        found.append(month_of(last))
    return found


def days_before(first: date, last: date) -> tuple[date, date]:
    """The days a span of months is compared with: as many months earlier, cut at the same day of the month.

    A span that ends with its month is compared with whole months.
    """
    number = len(months_between(first, last))
    ends = add_months(month_of(last), 1) - DAY
    month = add_months(month_of(last), -number)
    final = add_months(month, 1) - DAY
    until = final if last == ends else month.replace(day=min(last.day, final.day))
    begin = add_months(month_of(first), -number)
    return begin.replace(day=min(first.day, (add_months(begin, 1) - DAY).day)), until


def bounds_of(months: Sequence[date], zone: str) -> list[datetime]:
    """The first moment of each month by the clock of a zone."""
    return [datetime(m.year, m.month, 1, tzinfo=ZoneInfo(zone)) for m in months]


def start_of(day: date, zone: str) -> datetime:
    """The first moment of a day by the clock of a zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
