"""The clock of a lead: where it starts, when it is due, and an explanation that adds up (2.2 A, B; U4, U7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from db.calendar.queries import usual_calendar
from db.calendar.rules import Calendar, elapsed_minutes, is_open
from db.core.session import reading, run, writing
from db.leads import rules
from db.leads.clock import explain_clock, start_clock
from db.leads.tables import Lead, RoutingPolicy
from tests.leads.factories import NOW, load, make_network, minutes, receive, step

MONDAY = NOW  # 10:00 in New York
NIGHT = datetime(2026, 6, 30, 2, 47, tzinfo=UTC)  # Monday 22:47 in New York
HOLIDAY_EVE = datetime(2026, 7, 2, 21, 50, tzinfo=UTC)  # Thursday 17:50; Friday 3 July is a holiday
SATURDAY_END = datetime(2026, 6, 27, 19, 55, tzinfo=UTC)  # 15:55, five minutes before closing

# What happens, when it was routed, its score, when the first action is due, when the answer.
STARTS = [
    ("in opening hours", MONDAY, 50, "2026-06-29T10:15", "2026-06-29T11:00"),
    ("a hot lead cannot wait as long", MONDAY, 70, "2026-06-29T10:05", "2026-06-29T11:00"),
    ("at night it starts at the next opening", NIGHT, 50, "2026-06-30T09:15", "2026-06-30T10:00"),
    # The fourth of July 2026 is a Saturday, kept on Friday too: the clock of that eve runs on Monday.
    ("two holidays do not count", HOLIDAY_EVE, 50, "2026-07-06T09:05", "2026-07-06T09:50"),
    ("a weekend is skipped", SATURDAY_END, 50, "2026-06-29T09:10", "2026-06-29T09:55"),
]


@pytest.mark.parametrize(("why", "at", "score", "action", "quality"), STARTS, ids=[c[0] for c in STARTS])
def test_where_the_clock_starts(sqlite_engine: Engine, why, at, score, action, quality):
    network = make_network(sqlite_engine)
    with reading(sqlite_engine) as session:
        found = start_clock(
            session, dealer_id=network.north, score=score, started_at=at, received_at=at - timedelta(hours=1)
        )
    zone = "-04:00"
    assert found["first_action_due_at"] == datetime.fromisoformat(action + zone)
    assert found["first_quality_due_at"] == datetime.fromisoformat(quality + zone)
    assert found["wall_due_at"] == at + timedelta(hours=23)
    assert found["first_action_target"] == (5 if score >= 70 else 15)


def test_the_targets_are_those_of_the_policy_in_force(engine: Engine):
    network = make_network(engine)
    with writing(engine, keeps_timeline=False) as session:
        session.add(
            RoutingPolicy(
                version=1, is_active=True, content={"first_action_minutes": 30, "first_quality_minutes": 120},
                created_at=NOW, created_by="Max",
            )
        )  # fmt: skip
    item_id = receive(engine, dealer_id=network.north)
    lead = load(engine, item_id)
    assert lead.due_at == NOW + minutes(30)
    with reading(engine) as session:
        clock = explain_clock(session, session.get_one(Lead, item_id), now=NOW + minutes(10), zone="America/New_York")
    assert [p.target_minutes for p in clock.promises] == [30, 120, 24 * 60]


def test_the_explanation_adds_up_and_names_each_target(engine: Engine):
    network = make_network(engine)
    item_id = receive(engine, dealer_id=network.north, received_at=NIGHT)
    opening = datetime(2026, 6, 30, 13, 0, tzinfo=UTC)  # Tuesday 09:00 in New York
    with reading(engine) as session:
        asleep = explain_clock(session, session.get_one(Lead, item_id), now=NIGHT + minutes(60), zone="America/Chicago")
    assert (asleep.status, asleep.resumes_at) == ("closed", opening)
    assert "08:00" in asleep.status_label  # the viewer sits in Chicago
    assert (asleep.wall_minutes, asleep.worked_minutes) == (60, 0)
    assert [p.state.status for p in asleep.promises] == ["on_track", "on_track", "on_track"]

    step(
        engine, "log_activity", item_id, actor=network.staff, now=opening + minutes(20), kind="call",
        outcome="voicemail",
    )  # fmt: skip
    with reading(engine) as session:
        clock = explain_clock(
            session, session.get_one(Lead, item_id), now=opening + minutes(50), zone="America/New_York"
        )
    first, quality, day = clock.promises
    assert (clock.status, clock.worked_minutes) == ("stopped", 20)
    assert (first.state.status, first.used_minutes, first.state.failed_by_minutes) == ("missed", 20, 5)
    assert (quality.state.status, quality.used_minutes, quality.state.used_percent) == ("at_risk", 50, 83)
    assert (day.state.status, day.used_minutes) == ("met", 10 * 60 + 33)
    assert first.met_by == "Sam Staff"
    assert first.explanation is not None
    assert first.explanation.counted_seconds == 15 * 60
    assert first.explanation.end == opening + minutes(15)
    assert any("closed" in s for s in clock.sentences)
    assert any("09:00" in s for s in first.why)


def test_the_deadline_explained_is_the_one_that_was_promised(engine: Engine):
    """The dealer's hours changed after the promise: the due time stays, and its sentences still end there."""
    from db.calendar.commands import save_calendar
    from db.core import changes
    from db.leads.tables import Dealer

    network = make_network(engine)
    item_id = receive(engine, dealer_id=network.north)
    calendar_id = run(
        save_calendar, bind=engine, calendar_id=None, seen_version=0, name="Late", zone="America/New_York",
        weekly=[[[14 * 60, 20 * 60]]] * 7, holiday_list_id=None, actor=network.manager, now=NOW,
    )  # fmt: skip
    with writing(engine, keeps_timeline=False) as session:
        session.get_one(Dealer, network.north).calendar_id = calendar_id
        changes.touch(session, "dealers")
    with reading(engine) as session:
        clock = explain_clock(session, session.get_one(Lead, item_id), now=NOW + minutes(1), zone="America/New_York")
    first = clock.promises[0]
    assert first.due_at == NOW + minutes(15)
    assert first.explanation is not None
    assert first.explanation.end == first.due_at


def test_a_held_lead_has_no_clock(engine: Engine):
    network = make_network(engine)
    item_id = receive(engine, dealer_id=network.north, status="held", email="", phone="")
    with reading(engine) as session:
        clock = explain_clock(session, session.get_one(Lead, item_id), now=NOW, zone="America/New_York")
    assert (clock.status, clock.promises, clock.worked_minutes) == ("not_started", (), None)
    assert "No clock runs yet." in clock.sentences


# ---- the rules behind it -------------------------------------------------------------------------------------------
MOMENTS = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(first=MOMENTS, second=MOMENTS)
def test_the_earlier_of_two_genuine_moments_wins_in_any_order(first, second):
    assert rules.earliest(rules.earliest(None, first), second) == rules.earliest(rules.earliest(None, second), first)
    assert rules.earliest(rules.earliest(None, first), second) == min(first, second)


@given(started=MOMENTS, waited=st.integers(min_value=0, max_value=29))
def test_the_cadence_asks_in_opening_hours_and_never_in_the_past(started, waited):
    calendar = usual_calendar("America/Chicago")
    # Days of the customer's own clock: 29 days of 24 hours end on the 30th day where the clocks are put forward.
    now = (started.astimezone(ZoneInfo("America/Chicago")) + timedelta(days=waited)).astimezone(UTC)
    due = rules.cadence_due_at(calendar, started_at=started, now=now)
    assert due is not None
    assert due > now
    assert is_open(calendar, due - timedelta(minutes=1))
    assert elapsed_minutes(calendar, due, due + timedelta(minutes=1)) == 0  # the last minute of that day


def test_the_cadence_ends_after_its_last_day():
    assert rules.cadence_due_at(usual_calendar(), started_at=NOW, now=NOW + timedelta(days=30)) is None


def test_a_calendar_that_is_never_open_promises_nothing():
    never = Calendar(name="Never", zone="UTC", weekly=((),) * 7)
    assert rules.cadence_due_at(never, started_at=NOW, now=NOW) is None


@pytest.mark.parametrize(
    ("score", "word"), [(0, "cold"), (39, "cold"), (40, "warm"), (69, "warm"), (70, "hot"), (100, "hot")]
)
def test_the_words_for_a_score(score, word):
    assert rules.temperature(score) == word
