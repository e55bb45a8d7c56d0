"""A lead on a plan, from its arrival to its end, through the commands of leads; what the sweep does; adherence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from db.cadence import adherence_queries as asked
from db.cadence import commands, rules
from db.cadence.checks import check_cadence
from db.cadence.jobs import keep_up, run_days
from db.cadence.tables import CadenceRun, CadenceTask, LeadActivity
from db.core import events
from db.core.actor import EVERYTHING, Scope
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from tests.leads.factories import NOW, SYSTEM, make_network, minutes, receive, step, version_of

DAY = timedelta(days=1)
CALL = {"kind": "call", "outcome": "voicemail"}


def arrive(engine: Any, network: Any, *, at: Any = NOW, **more: Any) -> int:
    """A lead that came in at the dealer north, told to who follows as the intake tells it."""
    item_id = receive(engine, dealer_id=network.north, received_at=at, status="assigned", **more)
    with writing(engine, keeps_timeline=False) as session:
        event = events.Event(name="leads.arrived", item_type="lead", item_ids=(item_id,))
        events.tell(session, event, actor=SYSTEM, now=at)
    return item_id


def tasks(engine: Any, lead_id: int) -> list[CadenceTask]:
    with reading(engine) as session:
        found = session.scalars(
            select(CadenceTask)
            .where(CadenceTask.lead_id == lead_id)
            .order_by(CadenceTask.run_id, CadenceTask.day, CadenceTask.position)
        ).all()
        session.expunge_all()
        return list(found)


def runs(engine: Any, lead_id: int) -> list[CadenceRun]:
    with reading(engine) as session:
        found = session.scalars(select(CadenceRun).where(CadenceRun.lead_id == lead_id).order_by(CadenceRun.id)).all()
        session.expunge_all()
        return list(found)


def said(engine: Any, lead_id: int) -> list[tuple[int, str, str]]:
    return [(t.day, t.kind, t.state) for t in tasks(engine, lead_id)]


def sound(engine: Any) -> None:
    with reading(engine) as session:
        assert check_cadence(session) == []


def test_a_new_lead_begins_the_plan_and_a_call_does_the_first_call(engine):
    network = make_network(engine)
    lead = arrive(engine, network)
    assert said(engine, lead) == [
        (0, "call", "open"),
        (0, "email", "open"),
        (0, "text", "skipped"),
        (0, "call", "open"),
    ]
    assert [t.due_at - NOW for t in tasks(engine, lead)] == [minutes(m) for m in (15, 60, 60, 240)]
    step(engine, "log_activity", lead, actor=network.staff, now=NOW + minutes(5), **CALL)
    first = tasks(engine, lead)[0]
    assert (first.state, first.outcome, first.done_by, first.version) == ("done", "voicemail", network.staff.name, 2)
    with reading(engine) as session:
        assert session.get_one(LeadActivity, first.activity_id).lead_id == lead
    sound(engine)


DOES_NOT = [("note", "note"), ("call", "inbound"), ("email", "template"), ("text", "inbound")]


@pytest.mark.parametrize("kind, outcome", DOES_NOT)
def test_what_is_no_attempt_does_no_task(sqlite_engine, kind, outcome):
    network = make_network(sqlite_engine)
    lead = arrive(sqlite_engine, network)
    step(
        sqlite_engine,
        "log_activity",
        lead,
        actor=network.staff,
        now=NOW + minutes(5),
        kind=kind,
        outcome=outcome,
        note="x",
    )
    assert "done" not in [t.state for t in tasks(sqlite_engine, lead)]


def test_reaching_the_customer_ends_it_and_what_was_not_due_is_not_counted(engine):
    network = make_network(engine)
    lead = arrive(engine, network)
    step(engine, "log_activity", lead, actor=network.staff, now=NOW + minutes(90), kind="call", outcome="reached")
    assert said(engine, lead) == [
        (0, "call", "done"),
        (0, "email", "missed"),
        (0, "text", "skipped"),
        (0, "call", "cancelled"),
    ]
    (ended,) = runs(engine, lead)
    assert (ended.is_open, ended.end_reason, ended.attempts, ended.contact_day) == (False, "reached", 1, 0)
    with reading(engine) as session:
        found = asked.adherence_by(session, scope=EVERYTHING, now=NOW + minutes(91))
        months = asked.adherence_by(session, scope=EVERYTHING, by=("month",), now=NOW + minutes(91))
        assert months == {(f"{NOW:%Y-%m}",): found[()]}
    assert found == {(): rules.Adherence(on_time=0, late=1, missed=1)}
    sound(engine)


ENDINGS = [
    ("lose", {"reason": "price"}, "closed"), ("nurture", {"note": "In spring"}, "parked"),
    ("hold", {"note": "Nobody to contact"}, "held"), ("mark_bad", {"reason": "test", "note": "Says test"}, "closed"),
]  # fmt: skip


@pytest.mark.parametrize("name, inputs, reason", ENDINGS, ids=[e[0] for e in ENDINGS])
def test_a_lead_that_ends_takes_its_tasks_along(sqlite_engine, name, inputs, reason):
    network = make_network(sqlite_engine)
    # Only a lead nobody worked on is held.
    lead = arrive(sqlite_engine, network)
    if name == "hold":
        with writing(sqlite_engine, keeps_timeline=False) as session:
            from db.leads.tables import Lead

            session.execute(update(Lead).where(Lead.id == lead).values(status="new"))
    step(
        sqlite_engine,
        name,
        lead,
        actor=SYSTEM if name == "hold" else network.coordinator,
        now=NOW + minutes(5),
        **inputs,
    )
    assert {t.state for t in tasks(sqlite_engine, lead)} == {"cancelled", "skipped"}
    assert runs(sqlite_engine, lead)[0].end_reason == reason
    sound(sqlite_engine)


def test_a_lead_that_is_taken_up_again_starts_anew(sqlite_engine):
    network = make_network(sqlite_engine)
    lead = arrive(sqlite_engine, network)
    step(sqlite_engine, "lose", lead, actor=network.coordinator, now=NOW + minutes(5), reason="price")
    step(sqlite_engine, "reopen", lead, actor=network.coordinator, now=NOW + DAY, note="Called back")
    first, second = runs(sqlite_engine, lead)
    assert (first.is_open, second.is_open, second.started_at) == (False, True, NOW + DAY)
    sound(sqlite_engine)


def test_days_come_one_by_one_and_a_day_that_is_over_is_missed_once(engine):
    network = make_network(engine)
    lead = arrive(engine, network)
    assert run_days(engine, now=NOW + minutes(30)) == 0
    assert run_days(engine, now=NOW + DAY) == 4  # three missed, one made
    assert run_days(engine, now=NOW + DAY) == 0
    assert said(engine, lead)[-1] == (1, "any", "open")
    assert [t.state for t in tasks(engine, lead)[:4]] == ["missed", "missed", "skipped", "missed"]
    run_days(engine, now=NOW + 40 * DAY)
    assert [t.day for t in tasks(engine, lead)[4:]] == [1, 2, 3, 5, 7, 10, 14, 21, 30]
    assert {t.state for t in tasks(engine, lead)[4:]} == {"missed"}
    (over,) = runs(engine, lead)
    assert (over.end_reason, over.next_at) == ("completed", None)
    sound(engine)


def test_two_sweeps_at_once_do_it_once(engine):
    network = make_network(engine)
    lead = arrive(engine, network)
    run_id = runs(engine, lead)[0].id
    changed = [run(keep_up, bind=engine, keeps_timeline=False, run_ids=[run_id], now=NOW + DAY) for _ in range(2)]
    assert changed == [4, 0]
    assert len(tasks(engine, lead)) == 5


def test_a_call_of_the_next_day_finds_its_task_without_the_sweep(sqlite_engine):
    network = make_network(sqlite_engine)
    lead = arrive(sqlite_engine, network)
    step(sqlite_engine, "log_activity", lead, actor=network.staff, now=NOW + DAY, **CALL)
    assert said(sqlite_engine, lead)[-1] == (1, "any", "done")


def test_a_call_on_a_day_the_plan_asks_nothing_does_no_later_task(sqlite_engine):
    network = make_network(sqlite_engine)
    lead = arrive(sqlite_engine, network)
    for days in (1, 2, 3, 4):
        step(sqlite_engine, "log_activity", lead, actor=network.staff, now=NOW + days * DAY, **CALL)
    assert [t.day for t in tasks(sqlite_engine, lead) if t.state == "done"] == [1, 2, 3]


def test_the_run_goes_with_its_lead_to_another_dealer(sqlite_engine):
    network = make_network(sqlite_engine)
    lead = arrive(sqlite_engine, network)
    step(
        sqlite_engine,
        "assign",
        lead,
        actor=network.coordinator,
        now=NOW + minutes(2),
        dealer_id=network.west,
        note="Moved",
    )
    assert {(t.dealer_id, t.region) for t in tasks(sqlite_engine, lead) if t.is_open} == {(network.west, "West")}
    assert runs(sqlite_engine, lead)[0].dealer_id == network.west
    sound(sqlite_engine)


def test_a_lead_without_a_dealer_begins_when_it_gets_one(sqlite_engine):
    network = make_network(sqlite_engine)
    lead = receive(sqlite_engine, dealer_id=None, received_at=NOW)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        events.tell(
            session, events.Event(name="leads.arrived", item_type="lead", item_ids=(lead,)), actor=SYSTEM, now=NOW
        )
    assert runs(sqlite_engine, lead) == []
    step(
        sqlite_engine,
        "assign",
        lead,
        actor=network.coordinator,
        now=NOW + minutes(9),
        dealer_id=network.north,
        note="Closest",
    )
    assert len(runs(sqlite_engine, lead)) == 1


def test_no_show_begins_the_recovery_and_a_new_appointment_ends_it(engine):
    network = make_network(engine)
    lead = arrive(engine, network)
    step(engine, "log_activity", lead, actor=network.staff, now=NOW + minutes(5), kind="call", outcome="reached")
    for after, at in (("no_show", NOW + DAY), ("scheduled", NOW + DAY + minutes(40))):
        with writing(engine, keeps_timeline=False) as session:
            facts = {"lead_id": lead, "customer_id": 1, "before": "confirmed", "after": after}
            event = events.Event(name="appointments.moved", item_type="appointment", item_ids=(1,), facts=facts)
            events.tell(session, event, actor=SYSTEM, now=at)
        recovery = runs(engine, lead)[-1]
        assert recovery.plan == "no_show"
        assert recovery.is_open == (after == "no_show")
        if after == "no_show":
            call = tasks(engine, lead)[-1]
            assert (call.kind, call.due_at, call.rank) == ("call", at + minutes(60), 0)
    assert recovery.end_reason == "appointment"
    sound(engine)


# ---- commands ------------------------------------------------------------------------------------------------------
def close(engine: Any, lead: int, which: int = 0, **more: Any) -> Any:
    one = tasks(engine, lead)[which]
    values: dict[str, Any] = {"task_id": one.id, "seen_version": one.version, "lead_version": version_of(engine, lead)}
    return run(commands.close_task, bind=engine, **({"now": NOW + minutes(5)} | values | more))


def test_a_task_is_closed_by_its_outcome_and_logs_one_contact(engine):
    network = make_network(engine)
    lead = arrive(engine, network)
    one = tasks(engine, lead)[0]
    args: dict[str, Any] = {"actor": network.staff, "outcome": "voicemail", "form_key": "k1"}
    sent: dict[str, Any] = {
        "task_id": one.id,
        "seen_version": 1,
        "lead_version": version_of(engine, lead),
        "now": NOW + minutes(5),
    }
    assert close(engine, lead, **args) == "done"
    assert run(commands.close_task, bind=engine, **sent, **args) == "done"  # a double click
    with reading(engine) as session:
        assert len(session.scalars(select(LeadActivity).where(LeadActivity.lead_id == lead)).all()) == 1
        assert [e.command for e in session.scalars(select(TimelineEntry))] == ["log_activity"]


REFUSED = [
    ({"outcome": ""}, "outcome", "required"), ({"outcome": "sent"}, "outcome", "required"),
    ({"kind": "email", "outcome": "sent"}, "kind", "other_kind"),
]  # fmt: skip


@pytest.mark.parametrize("inputs, field, code", REFUSED, ids=range(len(REFUSED)))
def test_a_task_without_an_outcome_is_refused_and_nothing_is_stored(sqlite_engine, inputs, field, code):
    network = make_network(sqlite_engine)
    lead = arrive(sqlite_engine, network)
    with pytest.raises(Refused) as refusal:
        close(sqlite_engine, lead, actor=network.staff, **inputs)
    assert [(p.field, p.code) for p in refusal.value.problems] == [(field, code)]
    assert tasks(sqlite_engine, lead)[0].state == "open"
    with reading(sqlite_engine) as session:
        assert session.scalars(select(LeadActivity)).all() == []


def test_stale_closed_and_foreign_tasks_are_refused(sqlite_engine):
    network = make_network(sqlite_engine)
    lead = arrive(sqlite_engine, network)
    with pytest.raises(NotFound):
        close(sqlite_engine, lead, actor=network.south_staff, outcome="voicemail")
    with pytest.raises(Stale):
        close(sqlite_engine, lead, actor=network.staff, outcome="voicemail", seen_version=7)
    close(sqlite_engine, lead, actor=network.staff, outcome="voicemail")
    with pytest.raises(Refused, match="done already"):
        close(sqlite_engine, lead, actor=network.staff, outcome="voicemail")
    with pytest.raises(Refused, match="may not"):
        close(sqlite_engine, lead, 1, actor=network.finance, outcome="sent")


def test_only_an_optional_task_is_skipped_and_with_a_reason(sqlite_engine):
    network = make_network(sqlite_engine)
    lead = arrive(sqlite_engine, network)
    one = tasks(sqlite_engine, lead)[0]

    def skip(reason: str) -> None:
        run(
            commands.skip_task, bind=sqlite_engine, task_id=one.id, seen_version=1, reason=reason, actor=network.staff,
            now=NOW + minutes(1),
        )  # fmt: skip

    with pytest.raises(Refused, match="required"):
        skip("No time")
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(update(CadenceTask).where(CadenceTask.id == one.id).values(required=False))
    with pytest.raises(Refused) as refusal:
        skip(" ")
    assert refusal.value.problems[0].field == "reason"
    skip("Wrote by post")
    assert (tasks(sqlite_engine, lead)[0].state, tasks(sqlite_engine, lead)[0].reason) == ("skipped", "Wrote by post")


def test_the_database_itself_refuses_a_task_done_without_a_contact(engine):
    network = make_network(engine)
    lead = arrive(engine, network)
    with pytest.raises(IntegrityError), writing(engine, keeps_timeline=False) as session:
        session.execute(
            update(CadenceTask).where(CadenceTask.lead_id == lead).values(state="done", is_open=False, done_at=NOW)
        )


# ---- properties ----------------------------------------------------------------------------------------------------
ACTS = st.sampled_from(["call", "email", "text", "inbound", "sweep", "sweep", "nurture", "reopen", "reached"])


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(st.tuples(ACTS, st.integers(1, 3000)), max_size=9))
def test_whatever_happens_states_are_sound_and_sql_counts_as_the_rule(sqlite_engine, acts):
    from db.leads.tables import Lead

    with reading(sqlite_engine) as session:
        known = session.scalar(select(Lead.dealer_id).limit(1))
    network = _network(sqlite_engine, known)
    lead, at = arrive(sqlite_engine, network), NOW
    for act, later in acts:
        at += minutes(later)
        if act == "sweep":
            run_days(sqlite_engine, now=at)
            continue
        outcome = {"call": "no_answer", "email": "sent", "text": "sent", "inbound": "inbound", "reached": "reached"}
        try:
            if act in ("nurture", "reopen"):
                step(sqlite_engine, act, lead, actor=network.coordinator, now=at, note="x")
            else:
                kind = "call" if act in ("inbound", "reached") else act
                step(sqlite_engine, "log_activity", lead, actor=network.staff, now=at, kind=kind, outcome=outcome[act])
        except Refused:
            continue
    sound(sqlite_engine)
    found = tasks(sqlite_engine, lead)
    assert all(t.opens_at <= t.done_at < t.ends_at for t in found if t.done_at is not None)
    assert len({t.activity_id for t in found if t.activity_id}) == sum(t.state == "done" for t in found)
    with reading(sqlite_engine) as session:
        every = session.scalars(select(CadenceTask)).all()
        facts = [rules.TaskFact(state=t.state, required=t.required, due_at=t.due_at, done_at=t.done_at) for t in every]
        expected = rules.adherence(facts, now=at)
        counted = asked.adherence_by(session, scope=EVERYTHING, now=at).get((), rules.Adherence())
        rows, _ = asked.list_tasks(session, actor=network.coordinator, now=at, limit=10_000)
    assert counted == expected
    assert len(rows) == expected.due


_kept: dict[str, Any] = {}


def _network(engine: Any, known: Any) -> Any:
    """The network of this database: each example of a property finds the one of the first."""
    url = str(engine.url)
    if url not in _kept:
        _kept[url] = make_network(engine)
    return _kept[url]


def test_a_dealer_counts_only_its_own(sqlite_engine):
    network = make_network(sqlite_engine)
    arrive(sqlite_engine, network)
    run_days(sqlite_engine, now=NOW + DAY)
    with reading(sqlite_engine) as session:
        for scope, due in ((Scope(dealer_ids=frozenset({network.south})), 0), (network.staff.scope, 3)):
            found = asked.adherence_by(session, scope=scope, now=NOW + minutes(600) + DAY / 2)
            assert sum(v.due for v in found.values()) == due
        assert asked.list_tasks(session, actor=network.south_staff, now=NOW + DAY)[0] == []
        for metric in asked.METRICS:
            for by in ((), metric.dims[:1]):
                metric.compute(session, scope=EVERYTHING, by=by, filters={}, now=NOW + DAY)
