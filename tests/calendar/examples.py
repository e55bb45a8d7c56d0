"""The desk of domain-rules 2.2 B, the shared vectors, and a walker that counts working time minute by minute."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from db.calendar.rules import Calendar, DayException, Hours

MORNING, AFTERNOON, SATURDAY = Hours(540, 720), Hours(780, 1080), Hours(600, 960)
CHICAGO = ZoneInfo("America/Chicago")
ONE_MINUTE = timedelta(minutes=1)

DESK = Calendar(
    name="Chicago desk",
    zone="America/Chicago",
    weekly=((MORNING, AFTERNOON),) * 5 + ((SATURDAY,), ()),
    holidays={date(2026, 7, 3): "Independence Day (observed)"},
)
ALWAYS = ((Hours(0, 1440),),) * 7
NEVER: tuple[tuple[Hours, ...], ...] = ((),) * 7


def local(text: str, zone: ZoneInfo = CHICAGO) -> datetime:
    """Return `2026-06-29 10:00` as a moment in `zone`."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def shared_data(*parts: str) -> Path:
    """Return a file of the shared data; skips the test where it is absent."""
    root = Path(os.environ.get("SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} is not there; set SHARED_DATA to the folder of the shared data")
    return path


def vectors() -> dict[str, Any]:
    """Return rule_vectors.json."""
    found: dict[str, Any] = json.loads(shared_data("rule_vectors.json").read_text())
    return found


class Walker:
    """Decides for each minute of an era whether it counts by looking at the clock on the wall, and counts them up.

    It shares no code with the calendar: it knows only the raw pattern, holidays and exceptions.
    """

    def __init__(self, calendar: Calendar, first: datetime, days: int) -> None:
        self.first = first.astimezone(UTC)
        zone = ZoneInfo(calendar.zone)
        holidays = set(calendar.named_holidays)
        rules: dict[date, Sequence[Hours]] = {}
        self.is_open = bytearray()
        for number in range(days * 1440):
            wall = (self.first + number * ONE_MINUTE).astimezone(zone)
            day = wall.date()
            if day not in rules:
                rules[day] = self._hours(day, calendar.weekly, holidays, calendar.exceptions)
            minute = wall.hour * 60 + wall.minute
            self.is_open.append(any(h.start_minute <= minute < h.end_minute for h in rules[day]))

    @staticmethod
    def _hours(
        day: date, weekly: Sequence[Sequence[Hours]], holidays: set[date], exceptions: Sequence[DayException]
    ) -> Sequence[Hours]:
        narrowest: DayException | None = None
        for exception in exceptions:
            if exception.first <= day <= exception.last and (
                narrowest is None or exception.last - exception.first < narrowest.last - narrowest.first
            ):
                narrowest = exception
        if narrowest is not None:
            return narrowest.intervals
        return () if day in holidays else weekly[day.weekday()]

    def number(self, moment: datetime) -> int:
        """Return the number of the minute of `moment` in the era."""
        return (moment - self.first) // ONE_MINUTE

    def counts(self, pauses: Sequence[tuple[datetime, datetime | None]]) -> bytearray:
        """Return for each minute whether it counts, pauses taken out."""
        counts = bytearray(self.is_open)
        for start, end in pauses:
            low = max(self.number(start), 0)
            high = len(counts) if end is None else min(self.number(end), len(counts))
            for number in range(low, high):
                counts[number] = 0
        return counts

    def due(self, start: datetime, minutes: int, counts: bytearray) -> datetime | None:
        """Return when `minutes` are used up, or None when the era is too short."""
        number = self.number(start)
        left = minutes
        while number < len(counts):
            if counts[number]:
                if left == 0:
                    return self.first + number * ONE_MINUTE
                left -= 1
                if left == 0:
                    return self.first + (number + 1) * ONE_MINUTE
            number += 1
        return None

    def elapsed(self, start: datetime, end: datetime, counts: bytearray) -> int:
        """Return the counting minutes of start..end."""
        total = 0
        for number in range(self.number(start), self.number(end)):
            total += counts[number]
        return total
