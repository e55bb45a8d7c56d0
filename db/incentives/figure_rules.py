"""Working time of many spans at once, and where a budget stands: what figures are made of."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from db.calendar.months import DAY
from db.calendar.rules import Calendar, intervals

WORKDAY_MINUTES: Final = 8 * 60
"""Minutes of a business day, as everywhere figures are told in business days."""


# ---- working time ----------------------------------------------------------------------------------------------------
def worked_minutes(calendar: Calendar, spans: Iterable[tuple[datetime, datetime]]) -> list[int]:
    """Whole working minutes of each span, rounded down: what `elapsed_minutes` says of each, in one pass for all."""
    wanted = list(spans)
    if not wanted:
        return []
    opened = intervals(calendar, min(s for s, _ in wanted), max(max(s, e) for s, e in wanted))
    starts = [one.start for one in opened]
    before = [timedelta()]
    for one in opened:
        before.append(before[-1] + (one.end - one.start))

    def until(moment: datetime) -> timedelta:
        at = bisect_right(starts, moment)
        if not at:
            return timedelta()
        return before[at - 1] + min(moment, opened[at - 1].end) - opened[at - 1].start

    return [max(0, (until(end) - until(start)) // timedelta(minutes=1)) for start, end in wanted]


# ---- budgets ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Burn:
    """Where a budget stands on a day. `expected_cents` is the straight line from the first day to the last.

    `ends_on` is the day on which it is used up at the pace so far: never later than the program's last; None: it lasts,
    or nothing has been committed yet. `left_cents` is what the pace leaves on the last day.
    """

    expected_cents: int
    ends_on: date | None
    left_cents: int
    state: Literal["coming", "unused", "used_up", "short", "lasts", "ended"]


def burn(*, budget_cents: int, committed_cents: int, first: date, last: date, today: date) -> Burn:
    """Budget against time: the straight line today (rounded half up), and the day the pace so far empties it."""
    total = (last - first).days + 1
    elapsed = min(total, max(0, (today - first).days + 1))
    expected = (2 * budget_cents * elapsed + total) // (2 * total)
    left = budget_cents - committed_cents
    if committed_cents >= budget_cents:
        return Burn(expected_cents=expected, ends_on=None, left_cents=0, state="used_up")
    if not elapsed:
        return Burn(expected_cents=expected, ends_on=None, left_cents=left, state="coming")
    if today > last:
        return Burn(expected_cents=expected, ends_on=None, left_cents=left, state="ended")
    if committed_cents <= 0:
        return Burn(expected_cents=expected, ends_on=None, left_cents=left, state="unused")
    needed = -(-budget_cents * elapsed // committed_cents)
    if needed <= total:
        return Burn(expected_cents=expected, ends_on=first + (needed - 1) * DAY, left_cents=0, state="short")
    projected = max(0, budget_cents - committed_cents * total // elapsed)
    return Burn(expected_cents=expected, ends_on=None, left_cents=projected, state="lasts")


def pro_rata(target: int, *, elapsed: int, total: int) -> int:
    """The part of a target that belongs to the days so far, rounded half up."""
    return (2 * target * min(elapsed, total) + total) // (2 * total)
