"""Rules of warranty data: kinds, what a period must be, how periods of one code follow each other, what is left of one.

Days are whole days of the list itself; hours are hundredths; distance is in the unit of the plan.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Final

from db.core.problems import Problems

PLAN_KINDS: Final[dict[str, str]] = {
    "basic": "Basic", "powertrain": "Powertrain", "emissions": "Emissions", "corrosion": "Corrosion", "parts": "Parts",
    "contract": "Service contract",
}  # fmt: skip
OPERATION_KINDS: Final[dict[str, str]] = {"flat": "Flat rate", "straight": "Straight time", "other": "Other time"}
CAMPAIGN_KINDS: Final[dict[str, str]] = {"recall": "Recall", "service": "Service campaign"}
BLOCK_KINDS: Final[dict[str, str]] = {"blocked": "Blocked", "void": "Void"}
AUTH_CLASSES: Final[dict[str, str]] = {
    "assembly": "Assembly", "paint": "Paint", "corrosion": "Corrosion", "trim": "Trim, glass", "tires": "Tires",
}  # fmt: skip
MOST_HOURS: Final = 200_00
MOST_CENTS: Final = 1_000_000_00
MOST_MONTHS: Final = 240
EARLIEST: Final = date(1980, 1, 1)
LATEST: Final = date(2100, 1, 1)
DAY = timedelta(days=1)
EXPIRES_SOON: Final = timedelta(days=60)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a new period lies among those of its code: `ends` is the day the one before it ends, if it has to."""

    ends: date | None
    until: date | None


def place(periods: Sequence[tuple[date, date | None]], first: date, last: date | None) -> Place:
    """Where a period from `first` (to `last`, when it says so) lies among `periods` in the order of their first days.

    The one before ends the day before, the new one at the latest the day before the next begins: they never overlap.
    A period of the same first day is the caller's to change, not to place.
    """
    before = [p for p in periods if p[0] < first]
    after = [p for p in periods if p[0] > first]
    ends = first - DAY if before and (before[-1][1] is None or before[-1][1] >= first) else None
    limit = after[0][0] - DAY if after else None
    known = [day for day in (last, limit) if day is not None]
    return Place(ends=ends, until=min(known) if known else None)


def overlaps(periods: Sequence[tuple[date, date | None]]) -> list[tuple[date, date]]:
    """The first days of neighbouring periods that overlap."""
    ordered = sorted(periods, key=lambda p: p[0])
    return [(a[0], b[0]) for a, b in pairwise(ordered) if a[1] is None or a[1] >= b[0]]


def hundredths(value: Decimal) -> int:
    """2.5 is 250, rounded half up."""
    return int((value * 100).to_integral_value(ROUND_HALF_UP))


def check_days(problems: Problems, first: date | None, last: date | None, *, field: str, last_field: str) -> None:
    """Both days within sense, and in order."""
    for day, name in ((first, field), (last, last_field)):
        if day is not None and not EARLIEST <= day <= LATEST:
            problems.add(name, "implausible", f"{day.isoformat()} is not a day warranty data can be about.")
    if first is not None and last is not None and last < first:
        problems.add(last_field, "before_start", "The last day lies before the first.")


def add_months(day: date, months: int) -> date:
    """The same day so many months later; 31 January and one month is the last day of February."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True, kw_only=True)
class Left:
    """What a plan has left on a day: its last day, days from today on (0: over) and distance (None: without limit)."""

    ends_on: date
    days: int
    distance: int | None

    @property
    def is_over(self) -> bool:
        """Whether time or distance has run out, whichever came first (W06)."""
        return self.days <= 0 or (self.distance is not None and self.distance <= 0)


def left_of(*, starts_on: date, months: int, distance: int, odometer: int | None, on: date) -> Left:
    """Days and distance left on a day. The plan covers `starts_on` and every day before `starts_on` + `months`.

    `odometer` is the newest reading in the unit of the plan; without one the whole distance counts as left.
    """
    end = add_months(starts_on, months)
    return Left(
        ends_on=end - DAY, days=max(0, (end - on).days),
        distance=None if distance == 0 else max(0, distance - (odometer or 0)),
    )  # fmt: skip


def skill_state(certified_on: date, expires_on: date | None, on: date) -> str:
    """ "valid", "soon" (within 60 days of its end), "expired" or "later"."""
    if certified_on > on:
        return "later"
    if expires_on is None:
        return "valid"
    if expires_on < on:
        return "expired"
    return "soon" if expires_on <= on + EXPIRES_SOON else "valid"
