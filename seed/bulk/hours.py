"""Opening hours as sorted numbers: the same answers as db.calendar.rules, a hundred times as fast over two years."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from db.calendar.rules import Calendar, intervals
from seed.bulk.sink import epoch


class Hours:
    """The open stretches of a calendar between two moments, in seconds since 1970."""

    def __init__(self, calendar: Calendar, start: datetime, end: datetime) -> None:
        self.calendar = calendar
        found = intervals(calendar, start, end)
        self._opens = [epoch(i.start) for i in found]
        self._closes = [epoch(i.end) for i in found]
        self._before: list[int] = []
        total = 0
        for opens, closes in zip(self._opens, self._closes, strict=True):
            self._before.append(total)
            total += closes - opens
        self._before.append(total)

    def worked(self, at: int) -> int:
        """Seconds of opening hours from the beginning up to a moment."""
        i = bisect_right(self._opens, at) - 1
        return 0 if i < 0 else self._before[i] + min(at, self._closes[i]) - self._opens[i]

    def minutes(self, start: int, end: int) -> int:
        """Whole working minutes between two moments."""
        return max(0, self.worked(end) - self.worked(start)) // 60

    def after(self, start: int, seconds: int) -> int:
        """The moment so many working seconds after another."""
        wanted = self.worked(start) + seconds
        if seconds == 0:
            i = bisect_right(self._opens, start) - 1
            if i >= 0 and start < self._closes[i]:
                return start
            return self._opens[i + 1]
        i = bisect_left(self._before, wanted) - 1
        return self._opens[i] + wanted - self._before[i]


class Days:
    """Local days of a zone between two moments: the midnight of each, in seconds since 1970."""

    def __init__(self, zone: str, start: date, end: date) -> None:
        info = ZoneInfo(zone)
        count = (end - start).days + 2
        self.days = [start + timedelta(days=n) for n in range(count)]
        self.iso = [day.isoformat() for day in self.days]
        self.month = [iso[:8] + "01" for iso in self.iso]
        self.midnights = [epoch(datetime(d.year, d.month, d.day, tzinfo=info)) for d in self.days]

    def index(self, at: int) -> int:
        """Which of the days a moment lies in."""
        return bisect_right(self.midnights, at) - 1
