"""Explanations people can check by hand: which hours counted, which did not, and why (U4)."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime

import pytest

from db.calendar.rules import Calendar, DayException, Hours, explain
from tests.calendar.examples import DESK, MORNING, local

INTRO = "Times are local to America/Chicago; opening hours of “Chicago desk”."

STORIES = [
    (
        "lunch is named",
        ("2026-06-29 11:30", 60, []),
        [
            "The clock starts Mon 29 Jun 11:30.",
            "Mon 29 Jun 11:30–12:00 counts 30 min.",
            "Mon 29 Jun 12:00–13:00: lunch.",
            "Mon 29 Jun 13:00–13:30 counts 30 min.",
            "Due Mon 29 Jun 13:30 CDT: 1 h of working time, 2 h on the wall clock.",
        ],
    ),
    (
        "a holiday and an after-hours start are named",
        ("2026-07-02 22:47", 390, []),
        [
            "Begins Thu 2 Jul 22:47, outside opening hours (after closing); the clock starts Sat 4 Jul 10:00.",
            "Fri 3 Jul: holiday Independence Day (observed).",
            "Sat 4 Jul 10:00–16:00 counts 6 h.",
            "Sun 5 Jul: closed.",
            "Mon 6 Jul 09:00–09:30 counts 30 min.",
            "Due Mon 6 Jul 09:30 CDT: 6 h 30 min of working time, 82 h 43 min on the wall clock.",
        ],
    ),
    (
        "a pause is one line with the opening time it took",
        ("2026-06-26 16:00", 240, [("2026-06-26 17:00", "2026-06-29 09:00")]),
        [
            "The clock starts Fri 26 Jun 16:00.",
            "Fri 26 Jun 16:00–17:00 counts 1 h.",
            "Fri 26 Jun 17:00 – Mon 29 Jun 09:00: paused, 7 h of opening hours do not count.",
            "Mon 29 Jun 09:00–12:00 counts 3 h.",
            "Due Mon 29 Jun 12:00 CDT: 4 h of working time, 68 h on the wall clock.",
        ],
    ),
    (
        "a pause on a holiday looks paused and takes nothing",
        ("2026-07-02 17:30", 60, [("2026-07-02 18:00", "2026-07-04 10:00")]),
        [
            "The clock starts Thu 2 Jul 17:30.",
            "Thu 2 Jul 17:30–18:00 counts 30 min.",
            "Thu 2 Jul 18:00 – Sat 4 Jul 10:00: paused, no opening hours are lost.",
            "Sat 4 Jul 10:00–10:30 counts 30 min.",
            "Due Sat 4 Jul 10:30 CDT: 1 h of working time, 41 h on the wall clock.",
        ],
    ),
    (
        "a change of the clocks is told",
        ("2026-03-06 17:00", 480, []),
        [
            "The clock starts Fri 6 Mar 17:00.",
            "Fri 6 Mar 17:00–18:00 counts 1 h.",
            "Sat 7 Mar 10:00–16:00 counts 6 h.",
            "Sun 8 Mar: closed.",
            "Mon 9 Mar 09:00–10:00 counts 1 h.",
            "The clocks changed in between, from CST to CDT.",
            "Due Mon 9 Mar 10:00 CDT: 8 h of working time, 64 h on the wall clock.",
        ],
    ),
    (
        "the year is shown where it changes, and seconds where there are any",
        ("2026-12-31 17:59:40", 1, []),
        [
            "The clock starts Thu 31 Dec 2026 17:59:40.",
            "Thu 31 Dec 2026 17:59:40–18:00 counts 20 s.",
            "Fri 1 Jan 2027 09:00–09:00:40 counts 40 s.",
            "Due Fri 1 Jan 2027 09:00:40 CST: 1 min of working time, 15 h 1 min on the wall clock.",
        ],
    ),
    (
        "nothing to do is due at the opening",
        ("2026-07-05 08:00", 0, []),
        [
            "Begins Sun 5 Jul 08:00, outside opening hours (closed); the clock starts Mon 6 Jul 09:00.",
            "Sun 5 Jul: closed.",
            "Due Mon 6 Jul 09:00 CDT: 0 min of working time, 25 h on the wall clock.",
        ],
    ),
]


@pytest.mark.parametrize("why, question, expected", STORIES, ids=[story[0] for story in STORIES])
def test_a_deadline_explained(why, question, expected):
    start, minutes, pauses = question
    told = explain(DESK, local(start), minutes, paused=[(local(low), local(high)) for low, high in pauses])
    assert told.sentences() == [INTRO, *expected], why


def test_time_so_far_explained():
    told = explain(DESK, local("2026-07-03 08:00"), local("2026-07-03 12:00"))
    assert told.target_seconds is None
    assert told.counted == ()
    assert told.sentences()[1:] == [
        "Begins Fri 3 Jul 08:00, outside opening hours (holiday Independence Day (observed)); "
        "the clock has not started yet.",
        "Fri 3 Jul: holiday Independence Day (observed).",
        "Together 0 min of working time; 4 h on the wall clock.",
    ]


def test_a_paused_clock_explained_up_to_now():
    told = explain(
        DESK, local("2026-06-29 09:00"), local("2026-06-29 11:00"), paused=[(local("2026-06-29 09:30"), None)]
    )
    assert told.sentences()[2:4] == [
        "Mon 29 Jun 09:00–09:30 counts 30 min.",
        "Mon 29 Jun 09:30–11:00: paused, 1 h 30 min of opening hours do not count.",
    ]


def test_exceptions_are_named_whether_they_open_or_close():
    calendar = dataclasses.replace(
        DESK,
        exceptions=(
            DayException(first=date(2026, 7, 5), last=date(2026, 7, 5), intervals=(MORNING,), name="Open Sunday"),
            DayException(first=date(2026, 7, 6), last=date(2026, 7, 7), name="Stocktaking"),
        ),
    )
    told = explain(calendar, local("2026-07-05 09:00"), 240)
    assert told.sentences()[2:5] == [
        "Sun 5 Jul 09:00–12:00 (Open Sunday) counts 3 h.",
        "Mon 6 Jul – Tue 7 Jul: closed, Stocktaking.",
        "Wed 8 Jul 09:00–10:00 counts 1 h.",
    ]


def test_a_gap_away_from_noon_is_a_break():
    split = Calendar(name="Shifts", zone="UTC", weekly=((Hours(360, 840), Hours(900, 1320)),) * 7)
    told = explain(split, datetime(2026, 6, 29, 13, tzinfo=UTC), 61)
    assert told.sentences()[3] == "Mon 29 Jun 14:00–15:00: break."


def test_every_skipped_stretch_has_a_reason():
    told = explain(DESK, local("2026-06-29 00:00"), local("2026-07-07 00:00"))
    reasons = {span.reason for span in told.skipped}
    assert reasons == {"before opening", "lunch", "after closing", "closed", "holiday Independence Day (observed)"}
    assert all(span.reason == "" for span in told.counted)


def test_a_long_explanation_sums_ordinary_days_and_hides_no_holiday():
    told = explain(
        DESK,
        local("2026-06-01 09:00"),
        local("2026-08-01 00:00"),
        paused=[(local("2026-07-20 10:00"), local("2026-07-20 11:00"))],
    )
    assert told.sentences(most=20)[2:] == [
        "Mon 1 Jun 09:00 – Thu 2 Jul 18:00 counts 216 h in ordinary opening hours.",
        "Fri 3 Jul: holiday Independence Day (observed).",
        "Sat 4 Jul 10:00 – Mon 20 Jul 10:00 counts 99 h in ordinary opening hours.",
        "Mon 20 Jul 10:00–11:00: paused, 1 h of opening hours do not count.",
        "Mon 20 Jul 11:00 – Fri 31 Jul 18:00 counts 84 h in ordinary opening hours.",
        "Together 399 h of working time; 1,455 h on the wall clock.",
    ]
    assert len(told.sentences(most=10_000)) > 100
