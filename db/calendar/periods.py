"""Conditions that read a period from sums: its whole months from those of months, the days left over by the day.

Those that are `named` leave the days open, for a statement that is made once and asked with the days of `named_days`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, bindparam, or_

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


def named_months(month: Any, prefix: str = "") -> list[ColumnElement[bool]]:
    """`whole_months` of days that are given when it is asked, under names after a prefix."""
    return [
        month >= bindparam(f"{prefix}first", type_=Date), month <= bindparam(f"{prefix}last", type_=Date),
        month.not_in(bindparam(f"{prefix}partial", expanding=True)),
    ]  # fmt: skip


def named_stretch(day: Any, number: int, prefix: str = "") -> list[ColumnElement[bool]]:
    """Conditions for one of the stretches of days that fill no month, which are given when it is asked."""
    return [
        day >= bindparam(f"{prefix}from{number}", type_=Date), day < bindparam(f"{prefix}until{number}", type_=Date)
    ]  # fmt: skip


def named_days(first: date | None, last: date | None) -> dict[str, Any]:
    """The days that `named_months` and `named_stretch` leave open, and the month of each stretch as `month0`, `month1`.

    No day means without a bound on that side.
    """
    found: dict[str, Any] = {
        "first": date.min if first is None else month_of(first), "last": date.max if last is None else last,
        "partial": partial_months(first, last),
    }  # fmt: skip
    for number, (month, start, end) in enumerate(stretches(first, last)):
        found |= {f"month{number}": month, f"from{number}": start, f"until{number}": end}
    return found
