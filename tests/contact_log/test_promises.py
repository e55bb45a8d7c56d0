"""Promises from the word given to the word kept: every step, every refusal, and how both sides are measured."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from db import catalog
from db.contact_log import rules
from db.contact_log.checks import check_contacts
from db.contact_log.commands import COMMANDS
from db.contact_log.jobs import run_reminders
from db.contact_log.queries import PromiseFilters, count_promises, dealer_reliability, list_promises, owner_choices
from db.contact_log.tables import Promise
from db.core.actor import EVERYTHING
from db.core.permissions import GRANTED, Permission, Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading
from db.people.tables import Notification
from tests.contact_log.examples import NOW, TODAY, last_entry, log, make_network, promise, seen_promise, step
from tests.support.contents import contents
from tests.support.core import at_once

LATER = NOW + timedelta(days=2)


def test_a_promise_is_kept_with_what_was_done(engine):
    network = make_network(engine)
    item = promise(engine, network, form_key="p")
    assert promise(engine, network, form_key="p") == item  # a double click
    step(engine, "keep", item, by=network.manager, now=LATER, note="Sent by mail")
    row = seen_promise(engine, item, network.coordinator)
    assert (row.status, row.closing_note, row.kept_on, row.is_open) == ("kept", "Sent by mail", date(2026, 7, 1), False)
    assert last_entry(engine).summary == "PR-000001 “Send the price list”: kept"
    with reading(engine) as session:
        found = dealer_reliability(session, dealer_id=network.north, scope=EVERYTHING, now=LATER)
        assert found == {"us": rules.Reliability(kept_on_time=1, due=1), "dealer": rules.Reliability()}
        assert check_contacts(session) == []


def test_every_day_given_up_is_kept_and_counted(engine):
    network = make_network(engine)
    item = promise(engine, network)
    for number, reason in enumerate(("Waits for allocation", "Office closed"), start=1):
        step(
            engine, "postpone", item, by=network.coordinator, now=LATER, reason_text=reason,
            due_day=TODAY + timedelta(days=3 + 7 * number),
        )  # fmt: skip
    row = seen_promise(engine, item, network.coordinator, LATER)
    assert (row.status, row.postponed, row.first_due_day, row.due_day) == (
        "open",
        2,
        date(2026, 7, 2),
        date(2026, 7, 16),
    )
    assert [(e.day, e.reason, e.by) for e in row.earlier] == [
        (date(2026, 7, 2), "Waits for allocation", "Cora Coordinator"),
        (date(2026, 7, 9), "Office closed", "Cora Coordinator"),
    ]
    assert last_entry(engine).reason == "Office closed"
    # Kept by the new day, but not by the first one.
    step(engine, "keep", item, by=network.coordinator, now=NOW + timedelta(days=12), note="Done")
    with reading(engine) as session:
        found = dealer_reliability(session, dealer_id=network.north, scope=EVERYTHING, now=NOW + timedelta(days=12))
        assert found["us"] == rules.Reliability(kept_on_time=0, due=1)


def test_a_promise_is_handed_over_and_its_new_owner_told(engine, only):
    only("contact_log")
    network = make_network(engine)
    item = promise(engine, network)
    step(engine, "hand_over", item, by=network.coordinator, assignee_id=network.manager.user_id)
    assert last_entry(engine).summary == "PR-000001 “Send the price list”: handed over to Max Manager"
    with reading(engine) as session:
        told = session.execute(select(Notification.person_id, Notification.kind, Notification.item_type)).all()
        assert [tuple(row) for row in told] == [(network.manager.user_id, "promise_given", "promise")]
        assert [w.number for w in catalog.work_lines(session, actor=network.manager, now=NOW)] == ["PR-000001"]
        assert catalog.work_lines(session, actor=network.coordinator, now=NOW) == []


def test_a_withdrawn_promise_counts_for_neither_side(engine):
    network = make_network(engine)
    item = promise(engine, network, made_by="dealer")
    step(engine, "withdraw", item, by=network.coordinator, now=NOW + timedelta(days=30), reason_text="Solved itself")
    with reading(engine) as session:
        found = dealer_reliability(session, dealer_id=network.north, scope=EVERYTHING, now=NOW + timedelta(days=40))
        assert found["dealer"] == rules.Reliability()
        assert check_contacts(session) == []


WRONG: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("nothing was done", "keep", {"note": " "}, "note", "required"),
    ("done tomorrow", "keep", {"note": "x", "kept_on": TODAY + timedelta(days=1)}, "kept_on", "in_future"),
    ("done years ago", "keep", {"note": "x", "kept_on": date(2020, 1, 1)}, "kept_on", "too_old"),
    ("no new day", "postpone", {"due_day": None, "reason_text": "x"}, "due_day", "required"),
    ("the same day", "postpone", {"due_day": date(2026, 7, 2), "reason_text": "x"}, "due_day", "not_later"),
    ("a day before", "postpone", {"due_day": date(2026, 7, 1), "reason_text": "x"}, "due_day", "not_later"),
    ("no reason", "postpone", {"due_day": date(2026, 7, 9), "reason_text": ""}, "reason_text", "required"),
    ("to nobody", "hand_over", {"assignee_id": None}, "assignee_id", "required"),
    ("to whom it is with", "hand_over", {"assignee_id": 3}, "assignee_id", "same_person"),
    ("to somebody of the dealer", "hand_over", {"assignee_id": 7}, "assignee_id", "unknown_person"),
    ("no reason to withdraw", "withdraw", {"reason_text": "\u200b"}, "reason_text", "required"),
]


@pytest.mark.parametrize(("name", "inputs", "field", "code"), [c[1:] for c in WRONG], ids=[c[0] for c in WRONG])
def test_a_refused_step_says_where_and_changes_nothing(sqlite_engine, name, inputs, field, code):
    network = make_network(sqlite_engine)
    assert (network.coordinator.user_id, network.dealer_manager.user_id) == (3, 7)
    item = promise(sqlite_engine, network)
    before = contents(sqlite_engine)
    with pytest.raises(Refused) as refusal:
        step(sqlite_engine, name, item, by=network.coordinator, **inputs)
    assert [(p.field, p.code) for p in refusal.value.problems] == [(field, code)]
    assert contents(sqlite_engine) == before


INPUTS: dict[str, dict[str, Any]] = {
    "keep": {"note": "Done"}, "postpone": {"due_day": date(2026, 7, 9), "reason_text": "Later"},
    "hand_over": {"assignee_id": 2}, "withdraw": {"reason_text": "No longer wanted"},
}  # fmt: skip


@pytest.mark.parametrize("name", list(COMMANDS))
def test_each_step_asks_for_version_state_right_and_scope(sqlite_engine, name):
    network = make_network(sqlite_engine)
    item = promise(sqlite_engine, network, dealer_id=network.west)
    with pytest.raises(Stale):
        step(sqlite_engine, name, item, by=network.coordinator, seen=9, **INPUTS[name])
    with pytest.raises(NotFound):
        step(sqlite_engine, name, item, by=network.east_coordinator, **INPUTS[name])
    with pytest.raises(Refused) as refusal:
        step(sqlite_engine, name, item, by=network.finance, **INPUTS[name])
    assert refusal.value.code == "not_allowed"
    step(sqlite_engine, "withdraw", item, by=network.coordinator, reason_text="Gone")
    with pytest.raises(Refused) as refusal:
        step(sqlite_engine, name, item, by=network.coordinator, **INPUTS[name])
    assert refusal.value.code == "wrong_state"


@pytest.mark.parametrize("role", list(Role))
def test_who_may_make_a_promise(sqlite_engine, role):
    network = make_network(sqlite_engine)
    if Permission.CONTACTS_LOG in GRANTED[role]:
        assert promise(sqlite_engine, network, by=network.as_role(role))
        return
    with pytest.raises(Refused) as refusal:
        promise(sqlite_engine, network, by=network.as_role(role))
    assert refusal.value.code == "not_allowed"


def test_a_promise_belongs_to_a_contact_of_its_dealer(sqlite_engine):
    network = make_network(sqlite_engine)
    report_id = log(sqlite_engine, network, dealer_id=network.south)
    with pytest.raises(NotFound):
        promise(sqlite_engine, network, contact_report_id=report_id)
    assert promise(sqlite_engine, network, contact_report_id=report_id, dealer_id=network.south)


def test_of_two_who_close_it_at_once_the_second_is_told(engine):
    network = make_network(engine)
    item = promise(engine, network)

    def attempt(number):
        try:
            step(engine, "keep", item, by=network.coordinator, seen=1, note=f"Done by {number}")
        except Refused as refusal:
            return refusal.code
        return "ok"

    answers = at_once(attempt, threads=3)
    assert sorted(answers) == ["ok", "stale", "stale"]


def test_the_dealers_people_do_not_read_a_promise(sqlite_engine):
    network = make_network(sqlite_engine)
    item = promise(sqlite_engine, network)
    with pytest.raises(Refused):
        seen_promise(sqlite_engine, item, network.dealer_manager)
    with pytest.raises(NotFound):
        seen_promise(sqlite_engine, promise(sqlite_engine, network, dealer_id=network.west), network.east_coordinator)


# ---- the queue
def test_the_queue_is_due_first_page_by_page_and_within_scope(engine):
    network = make_network(engine)
    for number in range(5):
        promise(engine, network, due_day=TODAY + timedelta(days=5 - number), made_by="us" if number % 2 else "dealer")
    promise(engine, network, dealer_id=network.west, due_day=TODAY)
    with reading(engine) as session:
        seen, after = [], None
        while True:
            rows, after = list_promises(session, scope=EVERYTHING, now=NOW, after=after, limit=2)
            seen += [row.number for row in rows]
            if after is None:
                break
        assert seen == ["PR-000006", "PR-000005", "PR-000004", "PR-000003", "PR-000002", "PR-000001"]
        east = network.east_coordinator.scope
        assert count_promises(session, scope=east, now=NOW) == 5
        ours = PromiseFilters(made_by="us")
        assert {r.made_by for r in list_promises(session, scope=east, now=NOW, filters=ours)[0]} == {"us"}
        late = NOW + timedelta(days=3)
        overdue = PromiseFilters(overdue=True)
        assert [r.overdue_days for r in list_promises(session, scope=east, now=late, filters=overdue)[0]] == [2, 1]
        nobody = network.dealer_manager.scope
        assert {r.dealer_id for r in list_promises(session, scope=nobody, now=NOW)[0]} == {network.north}
        row = list_promises(session, scope=east, now=NOW)[0][0]
        names = [name for _, name in owner_choices(session, promise=row)]
        assert names == ["Ada Admin", "Eve East", "Leo Leader", "Max Manager"]


def test_my_work_has_my_promises_and_how_many_are_late(sqlite_engine, only):
    only("contact_log")
    network = make_network(sqlite_engine)
    promise(sqlite_engine, network)
    promise(sqlite_engine, network, due_day=TODAY, made_by="dealer")
    promise(sqlite_engine, network, by=network.manager)
    with reading(sqlite_engine) as session:
        late = NOW + timedelta(days=1)
        lines = catalog.work_lines(session, actor=network.coordinator, now=late)
        assert [(line.number, line.status, line.why) for line in lines] == [
            ("PR-000002", "Overdue", "Ask for it"), ("PR-000001", "We promised", "Keep it"),
        ]  # fmt: skip
        counts = {
            c.label: (c.count, c.overdue) for c in catalog.work_counts(session, actor=network.coordinator, now=late)
        }
        assert counts["My promises"] == (2, 1)
        assert "My promises" not in {c.label for c in catalog.work_counts(session, actor=network.finance, now=late)}


# ---- reminders
def test_the_owner_is_reminded_once_before_and_once_after_each_day(engine):
    network = make_network(engine)
    item = promise(engine, network)  # due 2 July, New York

    def told():
        with reading(engine) as session:
            rows = session.execute(select(Notification.kind, Notification.title).order_by(Notification.id)).all()
            return [tuple(row) for row in rows]

    assert run_reminders(engine, now=NOW) == 0
    eve = NOW + timedelta(days=2)
    assert run_reminders(engine, now=eve) == 1
    assert run_reminders(engine, now=eve + timedelta(hours=2)) == 0
    assert run_reminders(engine, now=NOW + timedelta(days=3)) == 0  # its own day: it is neither tomorrow nor over
    over = NOW + timedelta(days=3, hours=15)
    assert at_once(lambda _n: run_reminders(engine, now=over), threads=2) in ([0, 1], [1, 0])
    assert told() == [
        ("promise_due", "Our promise to North Motors is due tomorrow"),
        ("promise_overdue", "Our promise to North Motors was due 2 Jul"),
    ]
    step(engine, "postpone", item, by=network.coordinator, now=over, due_day=date(2026, 7, 9), reason_text="Later")
    assert run_reminders(engine, now=over) == 0
    assert run_reminders(engine, now=NOW + timedelta(days=9)) == 1  # the new day has its own reminder
    step(engine, "keep", item, by=network.coordinator, now=over, note="Done")
    assert run_reminders(engine, now=NOW + timedelta(days=11)) == 0


def test_tomorrow_is_the_dealers(sqlite_engine):
    network = make_network(sqlite_engine)
    promise(sqlite_engine, network, dealer_id=network.west, due_day=TODAY + timedelta(days=1))
    assert run_reminders(sqlite_engine, now=NOW.replace(hour=6)) == 0  # in California it is still the 28th
    assert run_reminders(sqlite_engine, now=NOW.replace(hour=7)) == 1


# ---- reliability
def test_the_metric_by_side_and_dealer_within_scope(engine):
    network = make_network(engine)
    first, second = promise(engine, network), promise(engine, network, made_by="dealer", dealer_id=network.west)
    promise(engine, network, due_day=TODAY)
    step(engine, "keep", first, by=network.coordinator, note="Done")
    step(engine, "keep", second, by=network.coordinator, note="Done", now=NOW + timedelta(days=9))
    metric = catalog.metric("promise_reliability")
    late = NOW + timedelta(days=9)
    with reading(engine) as session:
        assert metric.compute(session, scope=EVERYTHING, by=("made_by",), filters={}, now=late) == [
            {"made_by": "dealer", "numerator": 0, "denominator": 1, "value": 0.0},
            {"made_by": "us", "numerator": 1, "denominator": 2, "value": 0.5},
        ]
        (row,) = metric.compute(session, scope=network.east_coordinator.scope, by=("dealer",), filters={}, now=late)
        assert (row["dealer"], row["dealer_name"], row["value"]) == ("00101", "North Motors", 0.5)
        (whole,) = metric.compute(session, scope=network.south_staff.scope, by=(), filters={}, now=late)
        assert (whole["denominator"], whole["value"]) == (0, None)
        with pytest.raises(Refused):
            metric.compute(session, scope=EVERYTHING, by=("colour",), filters={}, now=late)


_STATES = st.tuples(st.sampled_from(["open", "kept", "withdrawn"]), st.integers(-20, 20), st.integers(-20, 20))


@given(st.lists(_STATES, max_size=12))
def test_reliability_never_counts_more_kept_than_due(states):
    kept = due = 0
    for status, day, done in states:
        first = TODAY + timedelta(days=day)
        kept_on = TODAY + timedelta(days=done) if status == "kept" else None
        is_due = rules.was_due(status=status, first_due_at=rules.end_of_day(first, "UTC"), now=NOW)
        on_time = rules.was_on_time(status=status, first_due_day=first, kept_on=kept_on)
        assert is_due or not on_time
        due += is_due
        kept += on_time
    assert 0 <= kept <= due


def test_what_sql_counts_is_what_the_rules_say(sqlite_engine):
    """Every kind of promise there can be, counted by the query and by the pure rules."""
    network = make_network(sqlite_engine)
    for number in range(4):
        promise(sqlite_engine, network, due_day=TODAY + timedelta(days=number))
    step(sqlite_engine, "keep", 1, by=network.coordinator, note="Done")
    step(sqlite_engine, "postpone", 2, by=network.coordinator, due_day=TODAY + timedelta(days=20), reason_text="x")
    step(sqlite_engine, "withdraw", 3, by=network.coordinator, reason_text="x")
    for days in (0, 1, 2, 3, 4, 30):
        now = NOW + timedelta(days=days)
        with reading(sqlite_engine) as session:
            rows = session.execute(select(Promise.status, Promise.first_due_at, Promise.first_due_day, Promise.kept_on))
            due = [r for r in rows if rules.was_due(status=r.status, first_due_at=r.first_due_at, now=now)]
            kept = [
                r for r in due
                if rules.was_on_time(status=r.status, first_due_day=r.first_due_day, kept_on=r.kept_on)
            ]  # fmt: skip
            found = dealer_reliability(session, dealer_id=network.north, scope=EVERYTHING, now=now)["us"]
        assert found == rules.Reliability(kept_on_time=len(kept), due=len(due)), days
