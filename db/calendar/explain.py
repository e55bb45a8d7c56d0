"""Why this deadline: every moment between start and end with the reason it counted or not, for people to read (U4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from db.calendar.model import MINUTES_PER_DAY, DayPlan, Hours
from db.calendar.windows import SECOND, Days, Window, cut, to_us, to_utc

Kind = Literal["counted", "paused", "closed"]

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LUNCH_FROM, _LUNCH_UNTIL = 11 * 60, 14 * 60 + 30  # a gap that lies in these minutes of the day is called lunch


@dataclass(frozen=True, kw_only=True)
class Span:
    """One stretch of time (UTC) inside one local `day`; `is_open` tells what a pause took away from.

    `reason` is why it did not count (`lunch`, `after closing`, `holiday Labor Day`), or the exception whose hours it
    follows. `is_whole_day` marks a date without any opening hours.
    """

    kind: Kind
    start: datetime
    end: datetime
    day: date
    reason: str
    is_open: bool
    is_whole_day: bool

    @property
    def seconds(self) -> int:
        """Length in whole seconds."""
        return (to_us(self.end) - to_us(self.start)) // SECOND


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """How working time from `start` to `end` (UTC) adds up; `spans` leave no gap and never overlap.

    `target_seconds` is set where `end` is a deadline, None where it is just a moment looked at.
    """

    calendar_name: str
    zone: str
    start: datetime
    end: datetime
    target_seconds: int | None
    spans: tuple[Span, ...]

    @property
    def counted(self) -> tuple[Span, ...]:
        """The stretches that counted."""
        return tuple(span for span in self.spans if span.kind == "counted")

    @property
    def skipped(self) -> tuple[Span, ...]:
        """The stretches that did not count, each with its reason."""
        return tuple(span for span in self.spans if span.kind != "counted")

    @property
    def counted_seconds(self) -> int:
        """Working time that counted, in whole seconds."""
        return _total(self.spans, kind="counted")

    @property
    def paused_seconds(self) -> int:
        """Working time taken away by pauses, in whole seconds; closed hours inside a pause are not in it."""
        return _total(self.spans, kind="paused", only_open=True)

    @property
    def wall_seconds(self) -> int:
        """Time on the wall clock from start to end, in whole seconds: the age shown beside the working time."""
        return max(0, (to_us(self.end) - to_us(self.start)) // SECOND)

    def sentences(self, *, most: int = 60) -> list[str]:
        """Return the explanation line by line in the calendar's local time.

        Where it would take more than `most` stretches, ordinary days are summed up to the next holiday, exception or
        pause, so that a long explanation still hides none of them and still adds up.
        """
        zone = ZoneInfo(self.zone)
        with_year = self.start.astimezone(zone).year != self.end.astimezone(zone).year
        lines = list(_lines(self.spans, zone, with_year))
        if len(lines) > most:
            lines = list(_condensed_lines(self.spans, zone, with_year))
        return [*_opening_lines(self, zone, with_year), *lines, *_closing_lines(self, zone, with_year)]


def describe(days: Days, start: int, end: int, pauses: Sequence[Window], *, target_seconds: int | None) -> Explanation:
    """Build the explanation of start..end (microseconds) for a calendar and its merged pauses."""
    return Explanation(
        calendar_name=days.calendar.name,
        zone=days.calendar.zone,
        start=to_utc(start),
        end=to_utc(end),
        target_seconds=target_seconds,
        spans=tuple(_spans(days, start, end, pauses)),
    )


def _spans(days: Days, start: int, end: int, pauses: Sequence[Window]) -> Iterator[Span]:
    if end <= start:
        return
    for day in range(days.day_of(start), days.day_of(end) + 1):
        plan = days.calendar.plan_on(date.fromordinal(day))
        windows = days.open_windows(day)
        for day_low, day_high in days.place(day, (Hours(0, MINUTES_PER_DAY),)):
            for low, high, is_open, reason in _pieces(days, day_low, day_high, windows, plan):
                for piece_low, piece_high, is_paused in cut(max(low, start), min(high, end), pauses):
                    yield Span(
                        kind="paused" if is_paused else "counted" if is_open else "closed",
                        start=to_utc(piece_low),
                        end=to_utc(piece_high),
                        day=date.fromordinal(day),
                        reason=reason,
                        is_open=is_open,
                        is_whole_day=not windows,
                    )


def _pieces(
    days: Days, low: int, high: int, windows: Sequence[Window], plan: DayPlan
) -> Iterator[tuple[int, int, bool, str]]:
    """Cut one local day into open and closed pieces: (start, end, is open, reason)."""
    own_hours = plan.name if plan.origin == "exception" else ""
    for piece_low, piece_high, is_open in cut(low, high, windows):
        if is_open:
            reason = own_hours
        elif not windows:
            reason = _reason_for_closed_day(plan)
        elif piece_high <= windows[0][0]:
            reason = "before opening"
        elif piece_low >= windows[-1][1]:
            reason = "after closing"
        else:
            reason = _reason_for_gap(days, piece_low, piece_high)
        yield piece_low, piece_high, is_open, reason


def _reason_for_closed_day(plan: DayPlan) -> str:
    if plan.origin == "holiday":
        return "holiday" if plan.name == "Holiday" else f"holiday {plan.name}"
    return f"closed, {plan.name}" if plan.name else "closed"


def _reason_for_gap(days: Days, low: int, high: int) -> str:
    first, last = (to_utc(us).astimezone(days.zone) for us in (low, high))
    starts, ends = first.hour * 60 + first.minute, last.hour * 60 + last.minute
    return "lunch" if starts >= _LUNCH_FROM and ends <= _LUNCH_UNTIL else "break"


def _total(spans: Sequence[Span], *, kind: Kind, only_open: bool = False) -> int:
    chosen = (span for span in spans if span.kind == kind and (span.is_open or not only_open))
    return sum(to_us(span.end) - to_us(span.start) for span in chosen) // SECOND


def _opening_lines(explanation: Explanation, zone: ZoneInfo, with_year: bool) -> Iterator[str]:
    yield f"Times are local to {explanation.zone}; opening hours of “{explanation.calendar_name}”."
    begun = at(explanation.start, zone, with_year=with_year)
    first = explanation.spans[0] if explanation.spans else None
    if first is None or first.kind == "counted":
        yield f"The clock starts {begun}."
        return
    why = "while paused" if first.kind == "paused" else f"outside opening hours ({first.reason})"
    running = next((span.start for span in explanation.spans if span.kind == "counted"), None)
    if running is None and explanation.target_seconds is not None:
        running = explanation.end
    if running is None:
        yield f"Begins {begun}, {why}; the clock has not started yet."
    else:
        yield f"Begins {begun}, {why}; the clock starts {at(running, zone, with_year=with_year)}."


def _lines(spans: Sequence[Span], zone: ZoneInfo, with_year: bool) -> Iterator[str]:
    """One line per counted stretch, per pause, and per closed stretch that a reader might expect to count."""
    for _, group in groupby(spans, key=_line_key):
        run = list(group)
        head, tail = run[0], run[-1]
        if head.kind == "counted":
            for span in run:
                yield f"{label(span.start, span.end, zone, span.reason, with_year)} counts {duration(span.seconds)}."
        elif head.kind == "paused":
            lost = _total(run, kind="paused", only_open=True)
            took = f"{duration(lost)} of opening hours do not count" if lost else "no opening hours are lost"
            yield f"{label(head.start, tail.end, zone, '', with_year)}: paused, {took}."
        elif head.is_whole_day:
            days = on(head.day, with_year=with_year)
            if tail.day != head.day:
                days += f" – {on(tail.day, with_year=with_year)}"
            yield f"{days}: {head.reason}."
        elif head.reason in {"lunch", "break"}:
            yield f"{label(head.start, tail.end, zone, '', with_year)}: {head.reason}."


def _condensed_lines(spans: Sequence[Span], zone: ZoneInfo, with_year: bool) -> Iterator[str]:
    for is_ordinary, group in groupby(spans, key=_is_ordinary):
        run = list(group)
        counted = [span for span in run if span.kind == "counted"]
        if not is_ordinary:
            yield from _lines(run, zone, with_year)
        elif counted:
            stretch = label(counted[0].start, counted[-1].end, zone, "", with_year)
            yield f"{stretch} counts {duration(_total(counted, kind='counted'))} in ordinary opening hours."


def _is_ordinary(span: Span) -> bool:
    if span.kind == "paused":
        return False
    return not span.reason if span.kind == "counted" else not span.is_whole_day or span.reason == "closed"


def _line_key(span: Span) -> tuple[object, ...]:
    if span.kind == "paused":
        return ("paused",)
    return (span.kind, span.is_whole_day, span.reason, None if span.is_whole_day else span.start)


def _closing_lines(explanation: Explanation, zone: ZoneInfo, with_year: bool) -> Iterator[str]:
    start, end = explanation.start.astimezone(zone), explanation.end.astimezone(zone)
    if start.utcoffset() != end.utcoffset():
        yield f"The clocks changed in between, from {start.tzname()} to {end.tzname()}."
    counted, wall = duration(explanation.counted_seconds), duration(explanation.wall_seconds)
    if explanation.target_seconds is None:
        yield f"Together {counted} of working time; {wall} on the wall clock."
    else:
        due = f"{at(explanation.end, zone, with_year=with_year)} {end.tzname()}"
        yield f"Due {due}: {counted} of working time, {wall} on the wall clock."


def on(day: date, *, with_year: bool = False) -> str:
    """Return a date as people read it, `Fri 3 Jul`, in the same words on every machine."""
    year = f" {day.year}" if with_year else ""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}{year}"


def at(moment: datetime, zone: ZoneInfo, *, with_year: bool = False) -> str:
    """Return a moment in local time, `Fri 3 Jul 09:30`."""
    local = moment.astimezone(zone)
    return f"{on(local.date(), with_year=with_year)} {_clock(local)}"


def label(start: datetime, end: datetime, zone: ZoneInfo, name: str = "", with_year: bool = False) -> str:
    """Return a stretch in local time, `Mon 29 Jun 09:00–12:00`, with `name` in brackets where there is one."""
    low, high = start.astimezone(zone), end.astimezone(zone)
    ends_at_midnight = (high.date() - low.date()).days == 1 and (high.hour, high.minute, high.second) == (0, 0, 0)
    if ends_at_midnight:
        text = f"{at(start, zone, with_year=with_year)}–24:00"
    elif high.date() == low.date():
        text = f"{at(start, zone, with_year=with_year)}–{_clock(high)}"
    else:
        text = f"{at(start, zone, with_year=with_year)} – {at(end, zone, with_year=with_year)}"
    return f"{text} ({name})" if name else text


def duration(seconds: int) -> str:
    """Return a length of time as people say it: `45 min`, `2 h 30 min`, `40 s`."""
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    return " ".join(f"{amount:,} {unit}" for amount, unit in parts if amount) or "0 min"


def _clock(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
