"""US federal holidays by rule (5 U.S.C. 6103), with the weekday on which offices keep one that falls on a weekend."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

MON, THU, SAT, SUN = 0, 3, 5, 6
FIRST_YEAR = 1971  # the Uniform Monday Holiday Act moved most holidays from then on; earlier years had other rules


def federal_holidays(year: int) -> dict[date, str]:
    """Return the federal holidays whose date lies in `year`, in order, by name.

    A holiday on Saturday is kept the Friday before, one on Sunday the Monday after; that day is its own entry, named
    `… (observed)`, beside the holiday itself. New Year's Day can therefore give 31 December of the year before.
    Inauguration Day is left out: it is kept around Washington only. Raises ValueError for years before 1971.
    """
    if year < FIRST_YEAR:
        raise ValueError(f"federal holidays are known from {FIRST_YEAR} on, not for {year}")
    days: dict[date, str] = {}
    for of_year in (year, year + 1):
        for day, name in _holidays(of_year):
            days[day] = name
            kept = observed(day)
            if kept != day:
                days[kept] = f"{name} (observed)"
    return {day: days[day] for day in sorted(days) if day.year == year}


def federal_holidays_between(first: date, last: date) -> dict[date, str]:
    """Return the federal holidays from `first` to `last`, both included, as `federal_holidays` does for a year."""
    years = range(first.year, last.year + 1)
    return {day: name for year in years for day, name in federal_holidays(year).items() if first <= day <= last}


def observed(day: date) -> date:
    """Return the weekday on which a holiday of `day` is kept: Friday for Saturday, Monday for Sunday."""
    return day + timedelta(days={SAT: -1, SUN: 1}.get(day.weekday(), 0))


def _holidays(year: int) -> Iterator[tuple[date, str]]:
    yield date(year, 1, 1), "New Year's Day"
    if year >= 1986:
        yield _nth(year, 1, MON, 3), "Martin Luther King Jr. Day"
    yield _nth(year, 2, MON, 3), "Washington's Birthday"
    yield _last(year, 5, MON), "Memorial Day"
    if year >= 2021:
        yield date(year, 6, 19), "Juneteenth National Independence Day"
    yield date(year, 7, 4), "Independence Day"
    yield _nth(year, 9, MON, 1), "Labor Day"
    yield _nth(year, 10, MON, 2), "Columbus Day"
    yield date(year, 11, 11) if year >= 1978 else _nth(year, 10, MON, 4), "Veterans Day"
    yield _nth(year, 11, THU, 4), "Thanksgiving Day"
    yield date(year, 12, 25), "Christmas Day"


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _last(year: int, month: int, weekday: int) -> date:
    following = _nth(year, month, weekday, 4)
    later = following + timedelta(days=7)
    return later if later.month == month else following
