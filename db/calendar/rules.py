"""Working time: a promise runs only while its calendar is open and nobody has paused it (domain-rules 2.2 B, 2.10).

An opening instant is inside, a closing instant outside: 60 minutes from 17:00 end at 18:00, and one minute from 18:00
ends at 09:01 the next day. Pauses take away exactly the opening time they cover, however often they overlap; a pause
that begins after the deadline changes nothing. Sub-minute times are kept, so nothing is rounded before the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from db.calendar.explain import Explanation, Span, describe, label
from db.calendar.model import (
    Calendar,
    ClockStopped,
    DayException,
    DayPlan,
    Hours,
    NeverOpen,
    problems_with,
)
from db.calendar.windows import FOREVER, MINUTE, SECOND, Pause, Window, days_of, running, to_us, to_utc, to_windows

__all__ = [
    "Calendar",
    "ClockState",
    "ClockStopped",
    "DayException",
    "DayPlan",
    "Explanation",
    "Hours",
    "NeverOpen",
    "OpenInterval",
    "Pause",
    "Span",
    "due_after_seconds",
    "due_at",
    "elapsed_minutes",
    "elapsed_seconds",
    "explain",
    "intervals",
    "is_open",
    "next_opening",
    "problems_with",
    "state",
]


class OpenInterval(NamedTuple):
    """An open stretch in UTC with its local label, such as `Mon 29 Jun 09:00–12:00` or `… (Holiday hours)`."""

    start: datetime
    end: datetime
    label: str


@dataclass(frozen=True, kw_only=True)
class ClockState:
    """Where a promise stands at one moment; seconds are working time, datetimes UTC.

    A pause shows as paused even while the calendar is closed, so nobody reads a holiday as a running clock (U24).
    `due_at` is None while a pause without an end holds the clock; `due_if_resumed_at` is the due time if every open
    pause ended at `at`. `resumes_at` is the next opening of a closed clock, None
    when its calendar has none left.
    """

    at: datetime
    status: Literal["running", "closed", "paused"]
    elapsed_seconds: int
    target_seconds: int
    due_at: datetime | None
    due_if_resumed_at: datetime
    resumes_at: datetime | None

    @property
    def remaining_seconds(self) -> int:
        """Working time left; negative is how much it failed by."""
        return self.target_seconds - self.elapsed_seconds

    @property
    def share(self) -> float:
        """Part of the target used up: 0.8 is where a warning is due, 1.0 and above is a breach."""
        return self.elapsed_seconds / self.target_seconds if self.target_seconds else 1.0


def due_at(calendar: Calendar, start: datetime, minutes: int, *, paused: Sequence[Pause] = ()) -> datetime:
    """Return the UTC moment at which `minutes` of working time since `start` are used up.

    Zero minutes give the moment the clock starts: `start` itself, or the next opening outside hours and pauses.
    Raises ClockStopped when an open pause comes first, NeverOpen when ten years do not hold the minutes, ValueError
    for negative minutes and times without a zone.
    """
    return due_after_seconds(calendar, start, minutes * 60, paused=paused)


def due_after_seconds(calendar: Calendar, start: datetime, seconds: int, *, paused: Sequence[Pause] = ()) -> datetime:
    """Do what `due_at` does for a target in seconds, such as half of 15 minutes for the first warning."""
    if seconds < 0:
        raise ValueError(f"a target of {seconds} seconds is negative")
    return to_utc(_due(calendar, to_us(start), seconds * SECOND, to_windows(paused)))


def elapsed_minutes(calendar: Calendar, start: datetime, end: datetime, *, paused: Sequence[Pause] = ()) -> int:
    """Return the whole minutes of working time in start..end, rounded down; 0 when `end` is not after `start`."""
    return _elapsed(calendar, to_us(start), to_us(end), to_windows(paused)) // MINUTE


def elapsed_seconds(calendar: Calendar, start: datetime, end: datetime, *, paused: Sequence[Pause] = ()) -> int:
    """Return the whole seconds of working time in start..end, rounded down; 0 when `end` is not after `start`."""
    return _elapsed(calendar, to_us(start), to_us(end), to_windows(paused)) // SECOND


def intervals(calendar: Calendar, start: datetime, end: datetime) -> list[OpenInterval]:
    """Return the open stretches of start..end in order, cut to it, one or more per local day."""
    days, low, high = days_of(calendar), to_us(start), to_us(end)
    found = []
    for opening, closing in running(days, low, (), until=high):
        if opening >= high:
            break
        span = (to_utc(opening), to_utc(min(closing, high)))
        plan = calendar.plan_on(date.fromordinal(days.day_of(opening)))
        found.append(OpenInterval(*span, label(*span, days.zone, plan.name)))
    return found


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Tell whether `calendar` is open at `at`; the closing instant is closed."""
    days, moment = days_of(calendar), to_us(at)
    return any(low <= moment < high for low, high in days.open_windows(days.day_of(moment)))


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """Return the first open moment (UTC) from `at` on, which is `at` itself while open; raises NeverOpen."""
    return to_utc(_due(calendar, to_us(at), 0, ()))


def state(
    calendar: Calendar, start: datetime, minutes: int, at: datetime, *, paused: Sequence[Pause] = ()
) -> ClockState:
    """Return where a promise of `minutes` since `start` stands at `at`; raises as `due_at`, but never ClockStopped."""
    if minutes < 0:
        raise ValueError(f"a target of {minutes} minutes is negative")
    begun, now, target, pauses = to_us(start), to_us(at), minutes * MINUTE, to_windows(paused)
    resumed = tuple((low, max(low, now) if high == FOREVER else high) for low, high in pauses)
    due_if_resumed = _due(calendar, begun, target, resumed)
    due: int | None = due_if_resumed
    if resumed != pauses:
        try:
            due = _due(calendar, begun, target, pauses)
        except ClockStopped:
            due = None
    status: Literal["running", "closed", "paused"] = "closed"
    resumes_at = None
    if any(low <= now < high for low, high in pauses):
        status = "paused"
    elif is_open(calendar, at):
        status = "running"
    else:
        # A record decided long ago may outlive its calendar's last opening hours and still has a state to show.
        with suppress(NeverOpen):
            resumes_at = next_opening(calendar, at)
    return ClockState(
        at=to_utc(now),
        status=status,
        elapsed_seconds=_elapsed(calendar, begun, now, pauses) // SECOND,
        target_seconds=minutes * 60,
        due_at=None if due is None else to_utc(due),
        due_if_resumed_at=to_utc(due_if_resumed),
        resumes_at=resumes_at,
    )


def explain(calendar: Calendar, start: datetime, until: int | datetime, *, paused: Sequence[Pause] = ()) -> Explanation:
    """Return why a deadline is when it is (`until` in minutes) or how much of start..until counted (a datetime).

    Every moment in between is in exactly one span with its reason. Raises as `due_at`.
    """
    days, low, pauses = days_of(calendar), to_us(start), to_windows(paused)
    if isinstance(until, datetime):
        return describe(days, low, to_us(until), pauses, target_seconds=None)
    if until < 0:
        raise ValueError(f"a target of {until} minutes is negative")
    return describe(days, low, _due(calendar, low, until * MINUTE, pauses), pauses, target_seconds=until * 60)


def _due(calendar: Calendar, start: int, target: int, pauses: tuple[Window, ...]) -> int:
    days = days_of(calendar)
    if days.is_ever_open:
        left = target
        for low, high in running(days, start, pauses):
            if left <= high - low:
                return low + left
            left -= high - low
        if pauses and pauses[-1][1] == FOREVER:
            raise ClockStopped(f"{calendar.name}: paused since {to_utc(pauses[-1][0]).isoformat()} without an end")
    raise NeverOpen(f"{calendar.name}: too few open hours in the ten years from {to_utc(start).isoformat()}")


def _elapsed(calendar: Calendar, start: int, end: int, pauses: tuple[Window, ...]) -> int:
    if end <= start:
        return 0
    days, total = days_of(calendar), 0
    first, last = days.day_of(start), days.day_of(end)
    if not pauses and last - first > 4:
        # A board asks for records of months ago: the days in between count whole. Two at each end are looked at, as
        # where clocks are set back over midnight the hours of two dates lie among each other.
        for day in (first, first + 1, last - 1, last):
            total += sum(max(0, min(high, end) - max(low, start)) for low, high in days.open_windows(day))
        return total + days.open_between(first + 2, last - 1)
    for low, high in running(days, start, pauses, until=end):
        if low >= end:
            break
        total += min(high, end) - low
    return total
