"""R15: 10,000 random clocks (4,000 in the suite) over clock changes, a leap day and odd zones equal a plain walk."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from db.calendar.holidays_us import federal_holidays
from db.calendar.rules import (
    Calendar,
    ClockStopped,
    DayException,
    Hours,
    Pause,
    due_at,
    elapsed_minutes,
    elapsed_seconds,
    explain,
    intervals,
    is_open,
    next_opening,
)
from db.calendar.windows import SECOND, days_of, running, to_utc
from tests.calendar.examples import DESK, ONE_MINUTE, Walker
from tests.support.tier import figure, sized

# A zone and the first day of a ten-day era in which something happens to its clocks or its calendar.
ERAS = [
    ("America/Chicago", date(2026, 3, 4), "clocks go forward"),
    ("America/Chicago", date(2026, 10, 28), "clocks go back"),
    ("America/New_York", date(2028, 2, 25), "leap day"),
    ("America/Los_Angeles", date(2027, 12, 22), "observed Christmas and New Year"),
    ("America/Phoenix", date(2026, 3, 4), "a zone without summer time"),
    ("America/St_Johns", date(2026, 3, 4), "half-hour zone, clocks go forward"),
    ("America/St_Johns", date(2026, 10, 28), "half-hour zone, clocks go back"),
    ("Asia/Kolkata", date(2026, 7, 1), "half-hour zone"),
    ("Asia/Kathmandu", date(2028, 2, 25), "quarter-hour zone, leap day"),
    ("Australia/Lord_Howe", date(2026, 4, 1), "clocks go back by half an hour"),
    ("Australia/Lord_Howe", date(2026, 9, 30), "clocks go forward by half an hour"),
    ("Pacific/Chatham", date(2026, 4, 1), "zone of 12:45"),
    ("America/Havana", date(2026, 3, 4), "midnight does not exist"),
    ("America/Havana", date(2026, 10, 28), "midnight comes twice"),
    ("Africa/Cairo", date(2026, 4, 20), "midnight does not exist"),
    ("America/Santiago", date(2026, 4, 1), "the last hour of a day comes twice"),
    ("Europe/London", date(2026, 3, 25), "clocks go forward from UTC"),
    ("Pacific/Apia", date(2011, 12, 26), "a whole day is skipped"),
    ("UTC", date(2026, 7, 1), "no offset at all"),
    ("Pacific/Honolulu", date(2026, 7, 1), "no summer time, far west"),
]
CALENDARS_PER_ERA = sized(fast=4, long=10)
CLOCKS_PER_CALENDAR = 50
DAYS = 12


def _hours(dice: random.Random) -> tuple[Hours, ...]:
    """Return 0 to 3 intervals; some touch or overlap, some reach midnight, some lie in the hour of the change."""
    kind = dice.random()
    if kind < 0.15:
        return ()
    if kind < 0.25:
        return (Hours(0, 1440),)
    if kind < 0.4:
        start = dice.randrange(0, 200)
        return (Hours(start, start + dice.randrange(1, 150)), Hours(1200, 1440))
    if kind < 0.5:
        return (Hours(540, 780), Hours(720, 1020), Hours(1020, 1080))
    edges = sorted(dice.sample(range(0, 1441, dice.choice([1, 5, 15, 30])), 2 * dice.randrange(1, 4)))
    return tuple(Hours(low, high) for low, high in zip(edges[::2], edges[1::2], strict=True))


def _calendar(dice: random.Random, zone: str, first: date) -> Calendar:
    exceptions = []
    for number in range(dice.randrange(0, 4)):
        begins = first + timedelta(days=dice.randrange(0, DAYS))
        ends = begins + timedelta(days=number)  # of different lengths, so that the narrower one is always known
        exceptions.append(DayException(first=begins, last=ends, intervals=_hours(dice), name=f"exception {number}"))
    return Calendar(
        name="random",
        zone=zone,
        weekly=tuple(_hours(dice) for _ in range(7)),
        holidays=federal_holidays(first.year),
        exceptions=tuple(exceptions),
    )


@pytest.mark.parametrize("zone, first, why", ERAS, ids=[f"{zone}: {why}" for zone, _, why in ERAS])
def test_random_clocks_of_an_era_equal_the_walk_minute_by_minute(zone, first, why):
    dice = random.Random(f"{zone} {first}")
    era = datetime(first.year, first.month, first.day, tzinfo=UTC)
    decided, tried, wrong = 0, 0, []
    for _ in range(CALENDARS_PER_ERA):
        calendar = _calendar(dice, zone, first)
        walker = Walker(calendar, era, DAYS)
        for _ in range(CLOCKS_PER_CALENDAR):
            start = era + dice.randrange(0, 9 * 1440) * ONE_MINUTE
            end = start + dice.randrange(-60, 3 * 1440) * ONE_MINUTE
            minutes = dice.choice([0, 1, dice.randrange(0, 120), dice.randrange(0, 1500)])
            paused: list[Pause] = []
            for _ in range(dice.choice([0, 0, 1, 2, 3])):
                begins = start + dice.randrange(-600, 2000) * ONE_MINUTE
                paused.append((begins, begins + dice.randrange(0, 1500) * ONE_MINUTE))
            if dice.random() < 0.1:
                paused.append((start + dice.randrange(0, 2000) * ONE_MINUTE, None))
            case = (calendar, start, end, minutes, paused)

            counts = walker.counts(paused)
            expected_elapsed = walker.elapsed(start, end, counts)
            opening = walker.due(start, 0, walker.is_open)
            open_minutes = sum((i.end - i.start) // ONE_MINUTE for i in intervals(calendar, start, end))
            told = explain(calendar, start, end, paused=paused)
            expected_due = walker.due(start, minutes, counts)
            tried += 1
            if not (
                elapsed_minutes(calendar, start, end, paused=paused) == expected_elapsed
                and is_open(calendar, start) == bool(walker.is_open[walker.number(start)])
                and (opening is None or next_opening(calendar, start) == opening)
                and open_minutes == walker.elapsed(start, end, walker.is_open)
                and told.counted_seconds == expected_elapsed * 60
                and sum(span.seconds for span in told.spans) == told.wall_seconds
                and (expected_due is None or due_at(calendar, start, minutes, paused=paused) == expected_due)
            ):
                wrong.append(case)
            if expected_due is not None:
                decided += 1
            elif any(end is None for _, end in paused) and any(calendar.weekly):
                with pytest.raises(ClockStopped):
                    due_at(calendar, start, minutes, paused=paused)
                decided += 1
    figure("R15", "intervals compared", tried)
    figure("R15", "intervals that differ", len(wrong))
    assert not wrong, wrong[0]
    assert decided > CALENDARS_PER_ERA * CLOCKS_PER_CALENDAR // 2, "the era is too short to decide most of its clocks"


@pytest.mark.parametrize("zone", ["America/Chicago", "America/Havana", "Atlantic/Azores", "UTC"])
def test_long_times_count_as_when_each_day_is_walked(zone: str):
    dice = random.Random(zone)
    days = days_of(replace(DESK, zone=zone))
    for _ in range(500):
        start = dice.randrange(0, 2 * 10**15)
        end = start + dice.randrange(0, 10 ** dice.choice([12, 13, 14]))
        walked = sum(max(0, min(high, end) - low) for low, high in running(days, start, (), until=end))
        assert elapsed_seconds(days.calendar, to_utc(start), to_utc(end)) == walked // SECOND


def test_the_eras_hold_10_000_clocks_in_the_long_tier():
    assert len(ERAS) * CALENDARS_PER_ERA * CLOCKS_PER_CALENDAR >= sized(fast=4_000, long=10_000)
