"""Open windows of a calendar on the UTC line, day by day, and pauses cut out of them; all in whole microseconds.

A moment is open when the wall clock of the zone shows an opening hour. Each day is therefore laid over the stretches of
constant UTC offset it touches: an hour that the clocks skip never opens, and an hour they repeat opens twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from db.calendar.model import MINUTES_PER_DAY, Calendar, Hours, has_hours

Pause = tuple[datetime, datetime | None]
Window = tuple[int, int]

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
HORIZON_DAYS = 3_653  # ten years: longer than any promise, short enough that a closed calendar answers at once
FOREVER = 2**62  # the end of a pause that has not ended

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_LAST_DAY = date.max.toordinal() - 2
_WIDEST_OFFSET = 16 * 60 * MINUTE
_MICROSECOND = timedelta(microseconds=1)
_DAYS_REMEMBERED = 10_000
_BLOCK = 32
_BLOCKS_REMEMBERED = 1_000


def to_us(moment: datetime) -> int:
    """Return microseconds since 1970 in UTC; raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return (moment - _EPOCH) // _MICROSECOND


def to_utc(us: int) -> datetime:
    """Return the UTC datetime of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=us)


class Days:
    """The open windows of one calendar; each day is worked out once and remembered."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.zone = ZoneInfo(calendar.zone)
        self.is_ever_open = has_hours(calendar)
        self._found: dict[int, tuple[Window, ...]] = {}
        self._sums: dict[int, tuple[int, ...]] = {}

    def day_of(self, us: int) -> int:
        """Return the ordinal of the local date at `us`."""
        return to_utc(us).astimezone(self.zone).toordinal()

    def open_windows(self, day: int) -> tuple[Window, ...]:
        """Return the open windows of the local date with ordinal `day`, in order and apart."""
        found = self._found.get(day)
        if found is None:
            if len(self._found) >= _DAYS_REMEMBERED:
                self._found.clear()
            found = self._found[day] = self.place(day, self.calendar.plan_on(date.fromordinal(day)).hours)
        return found

    def open_between(self, first: int, last: int) -> int:
        """Return how long the days from `first` up to, not with, `last` are open, without walking through them."""
        if last <= first:
            return 0
        block, at = divmod(first, _BLOCK)
        final, end = divmod(last, _BLOCK)
        if block == final:
            return self._sum(block)[end] - self._sum(block)[at]
        whole = sum(self._sum(between)[-1] for between in range(block + 1, final))
        return self._sum(block)[-1] - self._sum(block)[at] + whole + self._sum(final)[end]

    def _sum(self, block: int) -> tuple[int, ...]:
        """How long each day of a block and those before it are open: nothing, the first day, the first two ..."""
        found = self._sums.get(block)
        if found is None:
            if len(self._sums) >= _BLOCKS_REMEMBERED:
                self._sums.clear()
            days = range(block * _BLOCK, (block + 1) * _BLOCK)
            known = (self.open_windows(day) if 1 <= day <= _LAST_DAY else () for day in days)
            open_for = (sum(high - low for low, high in windows) for windows in known)
            found = self._sums[block] = tuple(accumulate(open_for, initial=0))
        return found

    def place(self, day: int, hours: Iterable[Hours]) -> tuple[Window, ...]:
        """Return where `hours` of the local date with ordinal `day` lie on the UTC line."""
        midnight = (day - _EPOCH_DAY) * DAY
        pieces = []
        for low, high, offset in self._offsets(midnight - _WIDEST_OFFSET, midnight + DAY + _WIDEST_OFFSET):
            for span in hours:
                start = max(low, midnight + max(span.start_minute, 0) * MINUTE - offset)
                end = min(high, midnight + min(span.end_minute, MINUTES_PER_DAY) * MINUTE - offset)
                if start < end:
                    pieces.append((start, end))
        return merged(pieces)

    def _offsets(self, low: int, high: int) -> list[tuple[int, int, int]]:
        """Cut low..high where the zone's UTC offset changes; at most one change fits between two dates."""
        before, after = self._offset(low), self._offset(high)
        if before == after:
            return [(low, high, before)]
        last, first = low, high
        while first - last > SECOND:
            middle = (last + first) // (2 * SECOND) * SECOND
            if self._offset(middle) == before:
                last = middle
            else:
                first = middle
        return [(low, first, before), (first, high, after)]

    def _offset(self, us: int) -> int:
        offset = to_utc(us).astimezone(self.zone).utcoffset()
        assert offset is not None  # an aware datetime always has one
        return offset // _MICROSECOND


@lru_cache(maxsize=256)
def days_of(calendar: Calendar) -> Days:
    """Return the remembered windows of `calendar`, shared by equal calendars."""
    return Days(calendar)


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Return `windows` in order, with those that overlap or touch joined, and without empty ones."""
    joined: list[Window] = []
    for low, high in sorted(windows):
        if low >= high:
            continue
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return tuple(joined)


def to_windows(pauses: Sequence[Pause]) -> tuple[Window, ...]:
    """Return pauses joined and in order; one without an end lasts FOREVER; raises ValueError when one ends early."""
    if not pauses:
        return ()
    windows = [(to_us(start), FOREVER if end is None else to_us(end)) for start, end in pauses]
    for low, high in windows:
        if high < low:
            raise ValueError(f"a pause from {to_utc(low).isoformat()} ends before it begins")
    return merged(windows)


def cut(low: int, high: int, pauses: Sequence[Window]) -> Iterator[tuple[int, int, bool]]:
    """Split low..high at the pauses into (start, end, is paused), in order and without gaps."""
    if low >= high:
        return
    for start, end in pauses:
        if end <= low:
            continue
        if start >= high:
            break
        if start > low:
            yield low, start, False
        stop = min(end, high)
        yield max(low, start), stop, True
        low = stop
    if low < high:
        yield low, high, False


def running(days: Days, start: int, pauses: Sequence[Window], *, until: int | None = None) -> Iterator[Window]:
    """Yield the stretches from `start` on in which the clock runs: open and not paused, in order.

    Ends after the day of `until`; without it, after HORIZON_DAYS or where a pause without an end begins.
    """
    day = days.day_of(start)
    last = min(day + HORIZON_DAYS if until is None else days.day_of(until), _LAST_DAY)
    stopped = pauses[-1][0] if pauses and pauses[-1][1] == FOREVER else FOREVER
    while day <= last:
        for low, high in days.open_windows(day):
            if high <= start:
                continue
            if low >= stopped:
                return
            if not pauses:
                yield max(low, start), high
                continue
            for piece_low, piece_high, is_paused in cut(max(low, start), high, pauses):
                if not is_paused:
                    yield piece_low, piece_high
        day += 1
