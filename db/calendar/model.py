"""What a working calendar is: a zone, a weekly pattern, holidays, and exceptions that replace the pattern."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from db.core.problems import Problem

MINUTES_PER_DAY = 1440
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNNAMED_HOLIDAY = "Holiday"

Holidays = Mapping[date, str] | frozenset[date] | tuple[tuple[date, str], ...]


class NeverOpen(ValueError):  # noqa: N818 - named for what is wrong, as Refused is
    """A calendar whose open hours cannot hold the time asked for within the horizon, so that no walk is endless."""


class ClockStopped(ValueError):  # noqa: N818 - named for what is wrong, as Refused is
    """There is no due time: a pause without an end began before the target was used up (see `rules.state`)."""


@dataclass(frozen=True)
class Hours:
    """One stretch of opening time, in minutes after local midnight; the end is outside and may be 1440 (midnight)."""

    start_minute: int
    end_minute: int

    def __str__(self) -> str:
        return f"{_hhmm(self.start_minute)}–{_hhmm(self.end_minute)}"


@dataclass(frozen=True, kw_only=True)
class DayException:
    """Days, `last` included, on which `intervals` replace the weekly pattern and any holiday; empty means closed.

    Where exceptions lie inside one another the shorter one counts: a closed day in the middle of summer hours.
    """

    first: date
    last: date
    intervals: tuple[Hours, ...] = ()
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class DayPlan:
    """The opening hours of one date and where they come from; `name` is the holiday's or the exception's."""

    hours: tuple[Hours, ...]
    origin: Literal["weekly", "holiday", "exception"]
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Working time of a desk or a dealer in its own IANA zone; exception beats holiday beats weekly pattern (2.2 B).

    `weekly` holds the hours of Monday to Sunday. `holidays` may be given as a mapping of date to name or as a set of
    dates, and is kept as sorted pairs so that calendars can be compared, hashed and pickled.
    """

    name: str
    zone: str
    weekly: tuple[tuple[Hours, ...], ...]
    holidays: Holidays = ()
    exceptions: tuple[DayException, ...] = ()

    def __post_init__(self) -> None:
        if len(self.weekly) != len(WEEKDAYS):
            raise ValueError(f"a weekly pattern has 7 days, Monday first, not {len(self.weekly)}")
        given = self.holidays
        named = dict.fromkeys(given, UNNAMED_HOLIDAY) if isinstance(given, frozenset | set) else dict(given)
        if any(isinstance(day, datetime) for day in named):
            raise TypeError("holidays are dates, not datetimes")
        object.__setattr__(self, "holidays", tuple(sorted(named.items())))
        object.__setattr__(self, "weekly", tuple(tuple(hours) for hours in self.weekly))
        object.__setattr__(self, "exceptions", tuple(self.exceptions))

    def __hash__(self) -> int:
        # Every due time looks its calendar up in a cache, and hashing a year of holidays each time would cost more
        # than the arithmetic.
        found: int | None = self.__dict__.get("_hash")
        if found is None:
            found = hash((self.name, self.zone, self.weekly, self.holidays, self.exceptions))
            object.__setattr__(self, "_hash", found)
        return found

    def __getstate__(self) -> dict[str, Any]:
        # Hashes of text differ from process to process, so the remembered one must not travel in a pickle.
        return {key: value for key, value in self.__dict__.items() if key != "_hash"}

    @property
    def named_holidays(self) -> dict[date, str]:
        """The holidays by date, in order."""
        return dict(self.holidays)  # type: ignore[arg-type]  # pairs since __post_init__

    def holiday_on(self, day: date) -> str | None:
        """Return the name of the holiday on `day`, or None."""
        pairs: tuple[tuple[date, str], ...] = self.holidays  # type: ignore[assignment]  # since __post_init__
        at = bisect_left(pairs, (day, ""))
        return pairs[at][1] if at < len(pairs) and pairs[at][0] == day else None

    def plan_on(self, day: date) -> DayPlan:
        """Return the opening hours that hold on `day`."""
        covering = [exception for exception in self.exceptions if exception.first <= day <= exception.last]
        if covering:
            chosen = min(covering, key=lambda exception: exception.last - exception.first)
            return DayPlan(hours=chosen.intervals, origin="exception", name=chosen.name)
        holiday = self.holiday_on(day)
        if holiday is not None:
            return DayPlan(hours=(), origin="holiday", name=holiday)
        return DayPlan(hours=self.weekly[day.weekday()], origin="weekly")


def problems_with(calendar: Calendar) -> list[Problem]:
    """Return every reason why `calendar` should not be saved, each tied to name, zone, weekly or exceptions."""
    return list(_problems(calendar))


def _problems(calendar: Calendar) -> Iterator[Problem]:
    if not calendar.name.strip():
        yield Problem(code="required", field="name", message="The calendar needs a name.")
    if not is_zone(calendar.zone):
        sentence = f"“{calendar.zone}” is not a time zone. Use a name such as America/Chicago."
        yield Problem(code="unknown_zone", field="zone", message=sentence)
    for weekday, hours in zip(WEEKDAYS, calendar.weekly, strict=True):
        yield from _problems_in_day(hours, field="weekly", label=weekday)
    for position, exception in enumerate(calendar.exceptions):
        label = _exception_label(exception)
        if exception.last < exception.first:
            sentence = f"{label}: the last day is before the first day."
            yield Problem(code="empty_range", field="exceptions", message=sentence)
        yield from _problems_in_day(exception.intervals, field="exceptions", label=label)
        for other in calendar.exceptions[:position]:
            if _is_ambiguous(exception, other):
                sentence = f"{label} and {_exception_label(other)} cover the same days; neither lies inside the other."
                yield Problem(code="overlap", field="exceptions", message=sentence)
    if not has_hours(calendar):
        sentence = "The calendar is never open, so nothing could ever fall due. Give at least one day opening hours."
        yield Problem(code="never_open", field="weekly", message=sentence)


def _problems_in_day(hours: tuple[Hours, ...], *, field: str, label: str) -> Iterator[Problem]:
    latest: Hours | None = None
    for span in sorted(hours, key=lambda span: (span.start_minute, span.end_minute)):
        if not (0 <= span.start_minute <= MINUTES_PER_DAY and 0 <= span.end_minute <= MINUTES_PER_DAY):
            sentence = f"{label}: {span} reaches outside the day. Give hours past midnight to the next day."
            yield Problem(code="outside_day", field=field, message=sentence)
        if span.end_minute <= span.start_minute:
            sentence = f"{label}: {span} is empty; closing must be later than opening."
            yield Problem(code="empty_interval", field=field, message=sentence)
            continue
        if latest is not None and span.start_minute < latest.end_minute:
            yield Problem(code="overlap", field=field, message=f"{label}: {span} overlaps {latest}.")
        if latest is None or span.end_minute > latest.end_minute:
            latest = span


def _is_ambiguous(one: DayException, other: DayException) -> bool:
    if one.last < other.first or other.last < one.first:
        return False
    if (one.first, one.last) == (other.first, other.last):
        return True
    inside = one.first <= other.first and other.last <= one.last
    around = other.first <= one.first and one.last <= other.last
    return not (inside or around)


def _exception_label(exception: DayException) -> str:
    days = exception.first.isoformat()
    if exception.last != exception.first:
        days += f" to {exception.last.isoformat()}"
    return f"{exception.name} ({days})" if exception.name else days


def has_hours(calendar: Calendar) -> bool:
    """Tell whether any weekday or exception of `calendar` has opening hours at all."""
    days = (*calendar.weekly, *(e.intervals for e in calendar.exceptions if e.first <= e.last))
    return any(max(h.start_minute, 0) < min(h.end_minute, MINUTES_PER_DAY) for hours in days for h in hours)


def is_zone(key: str) -> bool:
    """Tell whether `key` names a time zone this machine knows."""
    try:
        ZoneInfo(key)
    except (KeyError, ValueError, OSError):  # unknown name, path-like name, folder such as "America"
        return False
    return True


def _hhmm(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
