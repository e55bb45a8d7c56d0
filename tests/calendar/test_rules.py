"""Working time as domain-rules 2.2 B and 2.10 tell it, case by case."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from db.calendar.rules import (
    Calendar,
    ClockStopped,
    DayException,
    Hours,
    NeverOpen,
    due_after_seconds,
    due_at,
    elapsed_minutes,
    elapsed_seconds,
    intervals,
    is_open,
    next_opening,
    problems_with,
    state,
)
from tests.calendar.examples import ALWAYS, CHICAGO, DESK, MORNING, NEVER, local, vectors

DUE = [
    ("2026-06-29 10:00", 60, "2026-06-29 11:00", "inside the morning"),
    ("2026-06-29 11:30", 60, "2026-06-29 13:30", "lunch is skipped"),
    ("2026-06-29 12:15", 15, "2026-06-29 13:15", "a start at lunch waits for the afternoon"),
    ("2026-06-29 17:45", 60, "2026-06-30 09:45", "the rest is used the next day"),
    ("2026-06-29 18:00", 1, "2026-06-30 09:01", "the closing instant is outside"),
    ("2026-06-29 22:47", 30, "2026-06-30 09:30", "after hours the clock starts at the next opening"),
    ("2026-07-02 17:30", 60, "2026-07-04 10:30", "the holiday on Friday is skipped"),
    ("2026-07-04 15:30", 60, "2026-07-06 09:30", "Sunday is skipped"),
    ("2026-07-05 12:00", 30, "2026-07-06 09:30", "a start on a closed day waits for the next"),
    ("2026-03-06 17:00", 480, "2026-03-09 10:00", "eight hours across the change of the clocks"),
    ("2026-06-29 09:00", 480, "2026-06-29 18:00", "a day used up ends at its closing instant"),
    ("2026-06-29 09:00", 180, "2026-06-29 12:00", "a morning used up ends at noon, not after lunch"),
    ("2026-06-29 09:00", 181, "2026-06-29 13:01", "one minute more ends after lunch"),
    ("2026-06-29 10:00", 0, "2026-06-29 10:00", "nothing to do in opening hours is due at once"),
    ("2026-06-29 12:30", 0, "2026-06-29 13:00", "nothing to do outside opening hours is due at the opening"),
    ("2026-06-29 18:00", 0, "2026-06-30 09:00", "the closing instant with nothing to do waits for the opening"),
    ("2026-06-29 08:59:30", 1, "2026-06-29 09:01", "seconds before the opening do not count"),
    ("2026-06-29 11:59:30", 1, "2026-06-29 13:00:30", "seconds on both sides of lunch add up"),
]

ELAPSED = [
    ("2026-06-29 11:30", "2026-06-29 13:30", 60, "lunch does not count"),
    ("2026-06-26 17:00", "2026-06-29 09:30", 450, "Saturday counts, Sunday does not"),
    ("2026-07-02 17:00", "2026-07-06 10:00", 480, "the holiday does not count"),
    ("2026-06-28 01:00", "2026-06-28 23:00", 0, "a closed day has no minutes"),
    ("2026-06-29 10:00", "2026-06-29 10:00", 0, "no time at all"),
    ("2026-06-29 11:00", "2026-06-29 10:00", 0, "an end before the start counts as nothing"),
    ("2026-03-07 15:00", "2026-03-09 10:00", 120, "across the change of the clocks"),
    ("2026-06-29 10:00:01", "2026-06-29 11:00:00", 59, "a minute that is not full is not counted"),
    ("2026-06-29 18:00", "2026-06-30 09:00", 0, "closing instant to opening instant is closed"),
]


@pytest.mark.parametrize("start, minutes, due, why", DUE, ids=[case[-1] for case in DUE])
def test_a_deadline(start, minutes, due, why):
    assert due_at(DESK, local(start), minutes) == local(due), why


@pytest.mark.parametrize("start, end, minutes, why", ELAPSED, ids=[case[-1] for case in ELAPSED])
def test_elapsed_working_time(start, end, minutes, why):
    assert elapsed_minutes(DESK, local(start), local(end)) == minutes, why


def test_the_shared_vectors_hold():
    given = vectors()
    weekly = {
        name: tuple(Hours(_minute(low), _minute(high)) for low, high in given["weekly"][name])
        for name in given["weekly"]
    }
    calendar = Calendar(
        name="vectors",
        zone=given["zone"],
        weekly=(weekly["mon-fri"],) * 5 + (weekly["sat"], ()),
        holidays=frozenset(date.fromisoformat(day) for day in given["holidays"]),
    )
    zone = ZoneInfo(given["zone"])
    for start, minutes, due in given["due"]:
        assert due_at(calendar, local(start, zone), minutes) == local(due, zone), (start, minutes)
    for start, end, minutes in given["elapsed"]:
        assert elapsed_minutes(calendar, local(start, zone), local(end, zone)) == minutes, (start, end)
    for row in given["pause"]:
        low, high = (local(text, zone) for text in row["paused"])
        assert elapsed_minutes(calendar, low, high) == row["paused_minutes"]
        assert due_at(calendar, local(row["open"], zone), row["target"], paused=[(low, high)]) == local(
            row["due"], zone
        )
    assert [len(given[kind]) for kind in ("due", "elapsed", "pause")] == [10, 5, 2]


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


PAUSES = [
    ("2026-06-29 09:00", 480, [("2026-06-29 15:00", "2026-06-30 10:00")], "2026-06-30 14:00", "overnight: 240 minutes"),
    ("2026-06-26 16:00", 240, [("2026-06-26 17:00", "2026-06-29 09:00")], "2026-06-29 12:00", "weekend: 420 minutes"),
    (
        "2026-06-29 09:00",
        480,
        [("2026-06-29 15:00", "2026-06-29 17:00"), ("2026-06-29 16:00", "2026-06-30 10:00")],
        "2026-06-30 14:00",
        "overlapping pauses are counted once",
    ),
    (
        "2026-06-29 09:00",
        480,
        [("2026-06-29 17:00", "2026-06-30 10:00"), ("2026-06-29 15:00", "2026-06-29 17:00")],
        "2026-06-30 14:00",
        "pauses may come in any order and touch",
    ),
    (
        "2026-06-29 09:00",
        60,
        [("2026-06-29 12:00", "2026-06-29 13:00")],
        "2026-06-29 10:00",
        "a pause after it is moot",
    ),
    ("2026-06-29 09:00", 60, [("2026-06-29 10:00", None)], "2026-06-29 10:00", "an open pause after it is moot"),
    (
        "2026-06-29 09:00",
        240,
        [("2026-06-29 12:00", "2026-06-29 13:00")],
        "2026-06-29 14:00",
        "a pause over lunch is free",
    ),
    (
        "2026-07-02 17:30",
        60,
        [("2026-07-02 18:00", "2026-07-04 09:00")],
        "2026-07-04 10:30",
        "a pause on a holiday is free",
    ),
    ("2026-06-29 10:00", 60, [("2026-06-29 08:00", "2026-06-29 10:30")], "2026-06-29 11:30", "begun before the clock"),
    ("2026-06-29 10:00", 0, [("2026-06-29 09:00", "2026-06-29 10:30")], "2026-06-29 10:30", "a paused start waits"),
    (
        "2026-06-29 10:00",
        60,
        [("2026-06-29 10:30", "2026-06-29 10:30")],
        "2026-06-29 11:00",
        "an empty pause is nothing",
    ),
]


@pytest.mark.parametrize("start, minutes, pauses, due, why", PAUSES, ids=[case[-1] for case in PAUSES])
def test_a_pause_adds_the_opening_time_it_covers(start, minutes, pauses, due, why):
    paused = [(local(low), local(high) if high else None) for low, high in pauses]
    assert due_at(DESK, local(start), minutes, paused=paused) == local(due), why
    assert elapsed_minutes(DESK, local(start), local(due), paused=paused) == minutes, why


def test_an_open_pause_leaves_no_deadline():
    with pytest.raises(ClockStopped, match="Chicago desk: paused since 2026-06-29T14:30"):
        due_at(DESK, local("2026-06-29 09:00"), 60, paused=[(local("2026-06-29 09:30"), None)])


def test_exceptions_beat_holidays_and_holidays_beat_the_week():
    calendar = dataclasses.replace(
        DESK,
        exceptions=(
            DayException(
                first=date(2026, 7, 3), last=date(2026, 7, 3), intervals=(Hours(600, 660),), name="Stocktaking"
            ),
            DayException(first=date(2026, 7, 4), last=date(2026, 7, 6), name="Company trip"),
            DayException(first=date(2026, 7, 6), last=date(2026, 7, 6), intervals=(MORNING,), name="Back at work"),
        ),
    )
    found = [row.label for row in intervals(calendar, local("2026-07-02 17:00"), local("2026-07-07 10:00"))]
    assert found == [
        "Thu 2 Jul 17:00–18:00",
        "Fri 3 Jul 10:00–11:00 (Stocktaking)",
        "Mon 6 Jul 09:00–12:00 (Back at work)",
        "Tue 7 Jul 09:00–10:00",
    ]


# On 8 March 2026 Chicago goes from 02:00 to 03:00; on 1 November 02:00 comes back as 01:00.
CLOCK_CHANGES = [
    (date(2026, 3, 8), Hours(0, 1440), 23 * 60, "the day the clocks go forward has 23 hours"),
    (date(2026, 11, 1), Hours(0, 1440), 25 * 60, "the day they go back has 25"),
    (date(2026, 3, 8), Hours(60, 150), 60, "an end in the skipped hour ends where it is skipped"),
    (date(2026, 3, 8), Hours(150, 240), 60, "a start in the skipped hour starts where it ends"),
    (date(2026, 3, 8), Hours(125, 170), 0, "hours that are skipped whole never open"),
    (date(2026, 11, 1), Hours(60, 120), 120, "the repeated hour opens twice"),
    (date(2026, 11, 1), Hours(60, 90), 60, "half of the repeated hour opens twice, with a gap between"),
    (date(2026, 11, 1), Hours(540, 1080), 540, "hours away from the change are not touched"),
]


@pytest.mark.parametrize("day, hours, minutes, why", CLOCK_CHANGES, ids=[case[-1] for case in CLOCK_CHANGES])
def test_days_on_which_the_clocks_change(day, hours, minutes, why):
    exception = DayException(first=day, last=day, intervals=(hours,))
    calendar = Calendar(name="night desk", zone="America/Chicago", weekly=NEVER, exceptions=(exception,))
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=CHICAGO)
    assert elapsed_minutes(calendar, noon - timedelta(days=2), noon + timedelta(days=2)) == minutes, why


def test_the_same_wall_time_before_and_after_the_clocks_go_back_are_two_moments():
    calendar = Calendar(name="always", zone="America/Chicago", weekly=ALWAYS)
    first = local("2026-11-01 01:30")
    assert due_at(calendar, first, 60) == first.replace(fold=1).astimezone(UTC)
    assert elapsed_minutes(calendar, first, first.replace(fold=1)) == 60


def test_a_leap_day_is_a_day():
    assert due_at(DESK, local("2028-02-28 17:00"), 120) == local("2028-02-29 10:00")


def test_answers_are_in_utc_whatever_zone_the_question_is_in():
    asked_in_delhi = local("2026-06-29 10:00").astimezone(ZoneInfo("Asia/Kolkata"))
    due = due_at(DESK, asked_in_delhi, 60)
    assert due == local("2026-06-29 11:00")
    assert due.tzinfo is UTC
    assert next_opening(DESK, asked_in_delhi).tzinfo is UTC


def test_opening_and_closing_instants():
    assert is_open(DESK, local("2026-06-29 09:00"))
    assert not is_open(DESK, local("2026-06-29 12:00"))
    assert not is_open(DESK, local("2026-07-03 10:00"))
    assert next_opening(DESK, local("2026-06-29 10:30")) == local("2026-06-29 10:30")
    assert next_opening(DESK, local("2026-07-02 18:00")) == local("2026-07-04 10:00")


def test_targets_in_seconds_serve_early_warnings():
    start = local("2026-06-29 11:55")
    assert due_after_seconds(DESK, start, 450) == local("2026-06-29 13:02:30")
    assert elapsed_seconds(DESK, start, local("2026-06-29 13:02:30.900000")) == 450


NEVER_OPEN = [
    (Calendar(name="no hours", zone="UTC", weekly=NEVER), "no hours at all"),
    (Calendar(name="empty", zone="UTC", weekly=((Hours(600, 600), Hours(700, 650)),) * 7), "only empty intervals"),
    (
        Calendar(
            name="past",
            zone="UTC",
            weekly=NEVER,
            exceptions=(DayException(first=date(2020, 1, 6), last=date(2020, 1, 6), intervals=(MORNING,)),),
        ),
        "its only open day is over",
    ),
    (
        Calendar(
            name="shut",
            zone="UTC",
            weekly=ALWAYS,
            exceptions=(DayException(first=date(2026, 1, 1), last=date.max),),
        ),
        "closed for good",
    ),
]


@pytest.mark.parametrize("calendar, why", NEVER_OPEN, ids=[case[-1] for case in NEVER_OPEN])
def test_a_calendar_that_never_opens_is_refused_instead_of_searched_for_ever(calendar, why):
    for ask in (
        lambda: due_at(calendar, local("2026-06-29 10:00"), 1),
        lambda: next_opening(calendar, local("2026-06-29 10:00")),
    ):
        with pytest.raises(NeverOpen, match="too few open hours"):
            ask()
    assert elapsed_minutes(calendar, local("2026-06-29 10:00"), local("2026-07-29 10:00")) == 0, why


def test_a_target_beyond_ten_years_is_refused():
    with pytest.raises(NeverOpen):
        due_at(DESK, local("2026-06-29 10:00"), 10**9)


def test_time_that_makes_no_sense_is_refused():
    aware, naive = local("2026-06-29 10:00"), datetime(2026, 6, 29, 10)  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="no time zone"):
        due_at(DESK, naive, 60)
    with pytest.raises(ValueError, match="no time zone"):
        elapsed_minutes(DESK, aware, naive)
    with pytest.raises(ValueError, match="no time zone"):
        due_at(DESK, aware, 60, paused=[(naive, None)])
    with pytest.raises(ValueError, match="ends before it begins"):
        due_at(DESK, aware, 60, paused=[(aware, aware - timedelta(minutes=1))])
    with pytest.raises(ValueError, match="negative"):
        due_at(DESK, aware, -1)
    with pytest.raises(ValueError, match="7 days"):
        Calendar(name="short week", zone="UTC", weekly=((MORNING,),) * 5)
    with pytest.raises(TypeError, match="holidays are dates"):
        Calendar(name="times", zone="UTC", weekly=ALWAYS, holidays={aware: "Not a date"})


def test_the_state_of_a_running_clock():
    found = state(DESK, local("2026-06-29 11:30"), 60, local("2026-06-29 13:18"))
    assert (found.status, found.elapsed_seconds, found.remaining_seconds) == ("running", 48 * 60, 12 * 60)
    assert found.due_at == found.due_if_resumed_at == local("2026-06-29 13:30")
    assert found.share == pytest.approx(0.8)
    assert found.resumes_at is None


def test_the_state_of_a_clock_outside_opening_hours_tells_when_it_goes_on():
    found = state(DESK, local("2026-07-02 17:30"), 60, local("2026-07-03 11:00"))
    assert (found.status, found.elapsed_seconds) == ("closed", 30 * 60)
    assert found.resumes_at == local("2026-07-04 10:00")


def test_a_pause_on_a_holiday_looks_paused():
    pause = (local("2026-07-02 17:45"), None)
    found = state(DESK, local("2026-07-02 17:30"), 60, local("2026-07-03 11:00"), paused=[pause])
    assert (found.status, found.elapsed_seconds, found.due_at) == ("paused", 15 * 60, None)
    assert found.due_if_resumed_at == local("2026-07-04 10:45")
    assert found.resumes_at is None


def test_an_overdue_clock_tells_by_how_much_working_time_it_failed():
    found = state(DESK, local("2026-06-29 17:30"), 60, local("2026-06-30 10:00"))
    assert (found.remaining_seconds, found.due_at) == (-30 * 60, local("2026-06-30 09:30"))
    assert found.share == pytest.approx(1.5)


def test_a_deadline_missed_before_the_pause_stays_missed():
    pause = (local("2026-06-29 11:00"), None)
    found = state(DESK, local("2026-06-29 09:00"), 60, local("2026-06-29 15:00"), paused=[pause])
    assert (found.status, found.due_at, found.remaining_seconds) == ("paused", local("2026-06-29 10:00"), -60 * 60)


def test_the_state_of_a_clock_whose_calendar_has_closed_for_good_can_still_be_read():
    last_day = DayException(first=date(2020, 1, 6), last=date(2020, 1, 6), intervals=(MORNING,))
    calendar = Calendar(name="closed desk", zone="UTC", weekly=NEVER, exceptions=(last_day,))
    found = state(calendar, datetime(2020, 1, 6, 9, tzinfo=UTC), 60, datetime(2026, 6, 29, tzinfo=UTC))
    assert (found.status, found.elapsed_seconds, found.resumes_at) == ("closed", 3 * 3600, None)


def test_calendars_with_the_same_content_are_the_same_calendar():
    twin = copy.deepcopy(DESK)
    assert twin == DESK
    assert hash(twin) == hash(DESK)
    assert pickle.loads(pickle.dumps(DESK)) == DESK
    assert dataclasses.replace(DESK, holidays=frozenset({date(2026, 7, 3)})) != DESK
    assert dataclasses.asdict(DESK)["holidays"] == ((date(2026, 7, 3), "Independence Day (observed)"),)


def test_a_calendar_pickled_by_another_process_is_found_in_a_set_of_this_one():
    program = (
        "import sys, pickle; from tests.calendar.examples import DESK; hash(DESK); "
        "sys.stdout.buffer.write(pickle.dumps(DESK))"
    )
    sent = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    assert pickle.loads(sent) in {DESK}


ODD = Hours(600, 600)
PROBLEMS = [
    ({}, [], "a good calendar has no problems"),
    ({"name": "  "}, [("name", "required")], "it needs a name"),
    ({"zone": "America/Chigaco"}, [("zone", "unknown_zone")], "a misspelt zone"),
    ({"zone": "America"}, [("zone", "unknown_zone")], "a folder of zones is not a zone"),
    ({"zone": "../etc/passwd"}, [("zone", "unknown_zone")], "a path is not a zone"),
    ({"zone": ""}, [("zone", "unknown_zone")], "no zone"),
    ({"weekly": ((MORNING, Hours(700, 800)),) + ((),) * 6}, [("weekly", "overlap")], "overlapping hours"),
    ({"weekly": ((Hours(700, 800), Hours(540, 900)),) + ((),) * 6}, [("weekly", "overlap")], "hours inside others"),
    ({"weekly": ((MORNING, Hours(720, 800)),) + ((),) * 6}, [], "hours that touch are fine"),
    ({"weekly": ((MORNING, ODD),) + ((),) * 6}, [("weekly", "empty_interval")], "empty hours"),
    ({"weekly": ((Hours(1320, 1560),),) + ((),) * 6}, [("weekly", "outside_day")], "hours past midnight"),
    ({"weekly": NEVER}, [("weekly", "never_open")], "a calendar without hours"),
    (
        {"exceptions": (DayException(first=date(2026, 7, 2), last=date(2026, 7, 1)),)},
        [("exceptions", "empty_range")],
        "an exception that ends before it begins",
    ),
    (
        {"exceptions": (DayException(first=date(2026, 7, 1), last=date(2026, 7, 1), intervals=(ODD,)),)},
        [("exceptions", "empty_interval")],
        "an exception with empty hours",
    ),
    (
        {
            "exceptions": (
                DayException(first=date(2026, 7, 1), last=date(2026, 7, 4)),
                DayException(first=date(2026, 7, 4), last=date(2026, 7, 6)),
            )
        },
        [("exceptions", "overlap")],
        "exceptions that cross",
    ),
    (
        {
            "exceptions": (
                DayException(first=date(2026, 7, 1), last=date(2026, 7, 1)),
                DayException(first=date(2026, 7, 1), last=date(2026, 7, 1), intervals=(MORNING,)),
            )
        },
        [("exceptions", "overlap")],
        "two exceptions for the same day",
    ),
    (
        {
            "exceptions": (
                DayException(first=date(2026, 6, 1), last=date(2026, 8, 31), intervals=(MORNING,)),
                DayException(first=date(2026, 7, 1), last=date(2026, 7, 1)),
            )
        },
        [],
        "an exception inside another is fine",
    ),
]


@pytest.mark.parametrize("change, expected, why", PROBLEMS, ids=[case[-1] for case in PROBLEMS])
def test_problems_are_tied_to_their_field(change, expected, why):
    found = problems_with(dataclasses.replace(DESK, **change))
    assert [(problem.field, problem.code) for problem in found] == expected, why
    assert all(problem.message.endswith(".") for problem in found)


def test_all_problems_are_told_at_once():
    calendar = Calendar(name="", zone="Nowhere", weekly=((ODD,),) + ((),) * 6)
    assert {problem.field for problem in problems_with(calendar)} == {"name", "zone", "weekly"}
    assert "Monday: 10:00–10:00 is empty" in " ".join(problem.message for problem in problems_with(calendar))


def test_a_pause_that_begins_later_does_not_touch_the_state_before_it():
    later = (local("2026-06-29 11:00"), None)
    found = state(DESK, local("2026-06-29 09:00"), 480, local("2026-06-29 10:00"), paused=[later])
    assert (found.status, found.elapsed_seconds, found.due_at) == ("running", 3600, None)
    assert found.due_if_resumed_at == local("2026-06-29 18:00")
