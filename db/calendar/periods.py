"""Conditions that read a period from sums: its whole months from those of months, the days left over by the day."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from db.calendar.months import DAY, add_months, month_of, partial_months


def whole_months(month: Any, first: date | None, last: date | None) -> list[ColumnElement[bool]]:
    """Conditions for the months that lie in first..last as a whole; no day means without a bound on that side."""
    found: list[ColumnElement[bool]] = []
    if first is not None:
        found.append(month >= month_of(first))
    if last is not None:
        found.append(month <= last)
    if some := partial_months(first, last):
        found.append(month.not_in(some))
    return found


def stretches(first: date | None, last: date | None) -> list[tuple[date, date, date]]:
    """The days of first..last that fill no month, as (month, first day, day after the last)."""
    return [
        (
            month, month if first is None else max(month, first),
            add_months(month, 1) if last is None else min(add_months(month, 1), last + DAY),
        )
        for month in partial_months(first, last)
    ]  # fmt: skip


def left_over(day: Any, first: date | None, last: date | None) -> ColumnElement[bool] | None:
    """The condition for the days of first..last that fill no month; None where there are none."""
    some = [and_(day >= start, day < end) for _, start, end in stretches(first, last)]
    return or_(*some) if some else None
