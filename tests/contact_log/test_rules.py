"""The rules of contacts, gaps and promises as tables of cases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.contact_log import rules
from db.core.labels import local_day
from db.core.problems import Problems

NOW = datetime(2026, 6, 29, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)

COUNTS = [("reached", True), ("met", True), ("left_message", False), ("no_answer", False), ("", False)]


@pytest.mark.parametrize(("outcome", "counts"), COUNTS)
def test_only_who_was_reached_was_contacted(outcome, counts):
    assert rules.counts_as_contact(outcome) is counts


def test_every_outcome_was_decided():
    assert {outcome for outcome, _ in COUNTS} - {""} == set(rules.OUTCOMES)


GOOD = {"channel": "call", "direction": "out", "outcome": "reached", "at": NOW, "topics": ()}
CASES = [
    ("a call that reached somebody", {}, None),
    ("a call nobody answered", {"outcome": "no_answer"}, None),
    ("a call cannot be met", {"outcome": "met"}, ("outcome", "impossible_outcome")),
    ("a visit is met", {"channel": "visit", "outcome": "met"}, None),
    ("a visit is not reached", {"channel": "visit", "outcome": "reached"}, ("outcome", "impossible_outcome")),
    ("nobody there on a visit", {"channel": "visit", "outcome": "no_answer"}, None),
    ("an e-mail has no busy line", {"channel": "email", "outcome": "no_answer"}, ("outcome", "impossible_outcome")),
    ("an e-mail without an answer yet", {"channel": "email", "outcome": "left_message"}, None),
    ("who calls us had an answer", {"direction": "in", "outcome": "no_answer"}, ("outcome", "impossible_outcome")),
    ("who calls us may leave a message", {"direction": "in", "outcome": "left_message"}, None),
    ("any ending is possible otherwise", {"channel": "other", "outcome": "met"}, None),
    ("a channel nobody knows", {"channel": "fax"}, ("channel", "unknown_channel")),
    ("a direction nobody knows", {"direction": "up"}, ("direction", "unknown_direction")),
    ("an outcome nobody knows", {"outcome": "maybe"}, ("outcome", "unknown_outcome")),
    ("a topic nobody knows", {"topics": ("weather",)}, ("topics", "unknown_topic")),
    ("this very moment", {"at": NOW}, None),
    ("a minute ahead", {"at": NOW + timedelta(minutes=1)}, ("at", "in_future")),
    ("a year ago", {"at": NOW - timedelta(days=366)}, None),
    ("more than a year ago", {"at": NOW - timedelta(days=367)}, ("at", "too_old")),
    ("no moment", {"at": None}, ("at", "required")),
]


@pytest.mark.parametrize(("changed", "problem"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_a_contact_can_be(changed, problem):
    problems = Problems()
    rules.check_contact(**(GOOD | changed), now=NOW, problems=problems)
    assert [(p.field, p.code) for p in problems.found] == ([problem] if problem else [])


@pytest.mark.parametrize("channel", list(rules.CHANNELS))
@pytest.mark.parametrize("direction", list(rules.DIRECTIONS))
def test_the_first_possible_outcome_is_a_contact(channel, direction):
    """What a form fills in by itself is that somebody was reached."""
    assert rules.counts_as_contact(rules.possible_outcomes(channel, direction)[0])


CORRECT = [
    ("the author at once", {}, True),
    ("the author after 23:59 h", {"now": NOW + DAY - timedelta(minutes=1)}, True),
    ("the author after 24 h", {"now": NOW + DAY}, False),
    ("somebody else at once", {"username": "max"}, False),
    ("the author of a voided one", {"is_void": True}, False),
]


@pytest.mark.parametrize(("changed", "may"), [c[1:] for c in CORRECT], ids=[c[0] for c in CORRECT])
def test_who_may_correct_and_for_how_long(changed, may):
    facts = {"by_username": "cora", "username": "cora", "created_at": NOW, "now": NOW, "is_void": False}
    assert rules.may_correct(**(facts | changed)) is may


GAPS = [
    (None, None, ""), (timedelta(0), 0, ""), (timedelta(hours=23), 0, ""), (timedelta(days=29, hours=23), 29, ""),
    (44 * DAY, 44, ""), (45 * DAY, 45, "watch"), (89 * DAY, 89, "watch"), (90 * DAY, 90, "risk"), (-DAY, 0, ""),
]  # fmt: skip


@pytest.mark.parametrize(("ago", "days", "level"), GAPS)
def test_silence_in_days_and_how_worrying_it_is(ago, days, level):
    found = rules.gap_days(None if ago is None else NOW - ago, NOW)
    assert (found, rules.gap_level(found)) == (days, level)


PRIORITIES = [
    ("half the volume, 40 days", 40, 50, 100, 2000.0),
    ("a tenth of it, 100 days", 100, 10, 100, 1000.0),
    ("no volume", 300, 0, 100, 0.0),
    ("nobody has volume", 300, 0, 0, 0.0),
    ("never contacted", None, 10, 100, 3650.0),
]


@pytest.mark.parametrize(("days", "volume", "total", "priority"), [c[1:] for c in PRIORITIES])
def test_priority_is_days_times_share(days, volume, total, priority):
    assert rules.gap_priority(days, volume, total) == pytest.approx(priority)


def test_never_contacted_comes_first_then_priority_then_days():
    gaps = [(31, 5.0), (None, 0.0), (90, 0.0), (40, 5.0), (None, 9.0), (300, 0.0)]
    ordered = sorted(gaps, key=lambda gap: rules.gap_rank(*gap))
    assert ordered == [(None, 9.0), (None, 0.0), (40, 5.0), (31, 5.0), (300, 0.0), (90, 0.0)]


def test_a_sale_weighs_as_five_leads_and_nothing_is_negative():
    assert [rules.volume_of(*v) for v in ((10, 0), (10, 2), (0, 0), (-3, -1))] == [10, 20, 0, 0]


ENDS = [
    ("an ordinary day in New York", date(2026, 6, 29), "America/New_York", datetime(2026, 6, 30, 4, 0, tzinfo=UTC)),
    ("the day the clocks go forward", date(2026, 3, 8), "America/New_York", datetime(2026, 3, 9, 4, 0, tzinfo=UTC)),
    ("the day they go back", date(2026, 11, 1), "America/New_York", datetime(2026, 11, 2, 5, 0, tzinfo=UTC)),
    ("later in the west", date(2026, 6, 29), "America/Los_Angeles", datetime(2026, 6, 30, 7, 0, tzinfo=UTC)),
]


@pytest.mark.parametrize(("day", "zone", "end"), [c[1:] for c in ENDS], ids=[c[0] for c in ENDS])
def test_a_day_ends_where_the_dealer_is(day, zone, end):
    assert rules.end_of_day(day, zone) == end


@given(
    st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    st.sampled_from(["America/New_York", "America/Phoenix", "Pacific/Honolulu", "America/St_Johns", "UTC"]),
)
def test_a_promise_is_in_time_through_its_whole_day_and_late_from_the_next_moment(day, zone):
    end = rules.end_of_day(day, zone)
    assert local_day(end - timedelta(microseconds=1), zone) == day
    assert local_day(end, zone) == day + DAY
    assert rules.overdue_days(day, local_day(end, zone)) == 1


DUE = [
    (None, "required"), (date(2026, 6, 28), "past"), (date(2026, 6, 29), None), (date(2027, 6, 30), None),
    (date(2027, 7, 1), "too_far"),
]  # fmt: skip


@pytest.mark.parametrize(("day", "code"), DUE)
def test_by_when_something_can_be_promised(day, code):
    problems = Problems()
    rules.check_due_day(day, today=date(2026, 6, 29), field="due_day", problems=problems)
    assert [p.code for p in problems.found] == ([code] if code else [])


FIRST = datetime(2026, 7, 2, 4, 0, tzinfo=UTC)
MEASURED = [
    # (status, now, kept on, was it due, was it on time); the first day given is 1 July
    ("open before its day", "open", FIRST - DAY, None, False, False),
    ("open on the last moment", "open", FIRST - timedelta(seconds=1), None, False, False),
    ("open and over", "open", FIRST, None, True, False),
    ("kept early", "kept", FIRST - 3 * DAY, date(2026, 6, 28), True, True),
    ("kept on its day", "kept", FIRST, date(2026, 7, 1), True, True),
    ("kept a day late", "kept", FIRST + DAY, date(2026, 7, 2), True, False),
    ("withdrawn after its day", "withdrawn", FIRST + DAY, None, False, False),
]


@pytest.mark.parametrize(
    ("status", "now", "kept_on", "due", "on_time"), [c[1:] for c in MEASURED], ids=[c[0] for c in MEASURED]
)
def test_a_promise_is_measured_against_its_first_day(status, now, kept_on, due, on_time):
    assert rules.was_due(status=status, first_due_at=FIRST, now=now) is due
    assert rules.was_on_time(status=status, first_due_day=date(2026, 7, 1), kept_on=kept_on) is on_time


@pytest.mark.parametrize(("days", "level"), [(1, "watch"), (14, "watch"), (15, "risk"), (100, "risk")])
def test_how_worrying_an_overdue_promise_is(days, level):
    assert rules.overdue_level(days) == level


def test_reliability_has_no_share_while_nothing_was_due():
    assert rules.Reliability().share is None
    assert rules.Reliability(kept_on_time=3, due=4).share == 0.75
