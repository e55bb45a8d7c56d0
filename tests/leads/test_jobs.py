"""The sweep: warned before, acted on once, idle leads expire; safe when it runs twice or at once (2.2 B, C, E)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.core.outbox import OutboxMail
from db.core.problems import Refused
from db.core.session import make_engine, reading, run, writing
from db.core.timeline import TimelineEntry, verify
from db.leads import jobs
from db.leads.tables import Dealer, RoutingPolicy
from db.people.tables import Notification
from tests.leads.factories import NOW, SYSTEM, Network, lead_at, load, make_network, minutes, receive, step


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def titles(engine: Engine, actor: Any) -> list[tuple[str, str]]:
    with reading(engine) as session:
        query = select(Notification.kind, Notification.title).where(Notification.person_id == actor.user_id)
        return [(kind, title) for kind, title in session.execute(query.order_by(Notification.id))]


def kinds(engine: Engine, actor: Any) -> list[str]:
    return [kind for kind, _ in titles(engine, actor)]


def commands(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.scalars(select(TimelineEntry.command).order_by(TimelineEntry.seq)))


def reroute_policy(engine: Engine, **other: Any) -> None:
    with writing(engine, keeps_timeline=False) as session:
        content = {"breach_action": "reroute", "without_place": "share", **other}
        session.add(RoutingPolicy(version=1, is_active=True, content=content, created_at=NOW, created_by="Max"))


# ---- missed promises -----------------------------------------------------------------------------------------------
def test_a_missed_promise_is_escalated_once(engine: Engine, network: Network):
    item_id = receive(engine, dealer_id=network.north, received_at=NOW - minutes(30))
    assert jobs.run_breaches(engine, now=NOW) == 1
    assert jobs.run_breaches(engine, now=NOW + minutes(1)) == 0
    lead = load(engine, item_id)
    assert (lead.breach_handled_at, lead.breach_outcome, lead.dealer_id) == (NOW, "escalated", network.north)
    assert lead.version == 1, "an open drawer must not become stale because the desk was told"
    assert commands(engine) == ["handle_breach"]
    for actor in (network.dealer_manager, network.coordinator, network.staff):
        assert kinds(engine, actor) == ["breached"], actor.name
    for actor in (network.south_staff, network.sales_leader, network.manager):
        assert kinds(engine, actor) == [], actor.name
    with reading(engine) as session:
        assert verify(session).first_bad is None
        bodies = list(session.scalars(select(OutboxMail.body)))
    assert bodies
    assert not any("Jane" in body for body in bodies), "mails carry no personal data"


CALLED = ("log_activity", {"kind": "call", "outcome": "voicemail"})
NOT_MISSED = [
    ("its time is not up", {"received_at": NOW - minutes(14)}, None),
    ("somebody acted in time", {"received_at": NOW - minutes(30)}, CALLED),
    ("it is held", {"received_at": NOW - minutes(30), "status": "held"}, None),
    ("it is closed", {"received_at": NOW - minutes(30)}, ("lose", {"reason": "price"})),
]  # fmt: skip


@pytest.mark.parametrize(("why", "arrival", "taken"), NOT_MISSED, ids=[c[0] for c in NOT_MISSED])
def test_nothing_happens_when_no_promise_was_missed(sqlite_engine: Engine, why, arrival, taken):
    network = make_network(sqlite_engine)
    item_id = receive(sqlite_engine, dealer_id=network.north, **arrival)
    if taken:
        step(sqlite_engine, taken[0], item_id, actor=network.staff, now=NOW - minutes(20), **taken[1])
    assert jobs.run_breaches(sqlite_engine, now=NOW) == 0
    assert load(sqlite_engine, item_id).breach_handled_at is None


def test_a_missed_promise_goes_to_the_next_dealer_once(engine: Engine, network: Network):
    reroute_policy(engine)
    item_id = receive(engine, dealer_id=network.north, received_at=NOW - minutes(30), assignee_id=network.staff.user_id)
    before = load(engine, item_id)
    assert jobs.run_breaches(engine, now=NOW) == 1
    lead = load(engine, item_id)
    assert lead.breach_outcome == "rerouted"
    assert lead.dealer_id in (network.south, network.west)
    assert (lead.status, lead.assignee_id) == ("assigned", None)
    assert lead.first_action_due_at == before.first_action_due_at, "the missed promise stays missed"
    assert lead.due_at is not None
    assert lead.due_at > NOW
    moved = lead.routing["reassignments"][-1]
    assert moved["from"] == network.north
    assert "Not answered in time by 00101 North Motors" in moved["why"]
    assert commands(engine) == ["handle_breach"]
    assert "breached" in kinds(engine, network.dealer_manager)
    assert jobs.run_breaches(engine, now=NOW + timedelta(hours=5)) == 0
    assert load(engine, item_id).dealer_id == lead.dealer_id


def test_without_another_dealer_it_is_escalated(engine: Engine, network: Network):
    reroute_policy(engine)
    with writing(engine, keeps_timeline=False) as session:
        for dealer_id in (network.south, network.west):
            session.get_one(Dealer, dealer_id).takes_leads = False
    item_id = receive(engine, dealer_id=network.north, received_at=NOW - minutes(30))
    assert jobs.run_breaches(engine, now=NOW) == 1
    lead = load(engine, item_id)
    assert (lead.breach_outcome, lead.dealer_id) == ("escalated", network.north)


def test_a_lead_nobody_routed_is_escalated_to_the_desk(engine: Engine, network: Network):
    reroute_policy(engine)
    item_id = receive(engine, received_at=NOW - minutes(30))
    assert jobs.run_breaches(engine, now=NOW) == 1
    assert load(engine, item_id).breach_outcome == "escalated"
    assert kinds(engine, network.coordinator) == ["breached"]
    step(engine, "assign", item_id, actor=network.coordinator, now=NOW, dealer_id=network.north, note="Late")
    assert load(engine, item_id).breach_handled_at is None, "the dealer's own promise starts with the dealer"
    assert jobs.run_breaches(engine, now=NOW + minutes(16)) == 1


def test_an_answer_that_comes_first_wins(engine: Engine, network: Network):
    item_id = receive(engine, dealer_id=network.north, received_at=NOW - minutes(30))
    step(engine, "log_activity", item_id, actor=network.staff, now=NOW, kind="call", outcome="reached")
    with pytest.raises(Refused) as refused:
        run(jobs.handle_breach, bind=engine, item_id=item_id, actor=SYSTEM, now=NOW)
    assert refused.value.code == "already_handled"
    assert commands(engine) == ["log_activity"]


def test_two_sweeps_at_once_act_once(database_url: str):
    first = make_engine(database_url)
    network = make_network(first)
    leads = [receive(first, dealer_id=network.north, received_at=NOW - minutes(30 + n)) for n in range(12)]
    engines = [make_engine(database_url) for _ in range(3)]
    done: list[int] = []
    gate = threading.Barrier(len(engines))

    def sweep(bind: Engine) -> None:
        gate.wait()
        done.append(jobs.run_breaches(bind, now=NOW))

    threads = [threading.Thread(target=sweep, args=(bind,)) for bind in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == len(leads)
    assert commands(first) == ["handle_breach"] * len(leads)
    assert kinds(first, network.dealer_manager) == ["breached"] * len(leads)
    for bind in (first, *engines):
        bind.dispose()


# ---- warnings ------------------------------------------------------------------------------------------------------
def test_people_are_warned_at_half_and_at_four_fifths_once_each(engine: Engine, network: Network):
    item_id = receive(engine, dealer_id=network.north, assignee_id=network.staff.user_id)
    told = {}
    for at in (0, 7, 8, 9, 12, 13, 14, 15):
        told[at] = jobs.run_warnings(engine, now=NOW + minutes(at))
    assert told == {0: 0, 7: 0, 8: 1, 9: 0, 12: 2, 13: 0, 14: 0, 15: 0}
    number = load(engine, item_id).number
    assert titles(engine, network.staff) == [
        ("about_to_breach", f"{number} waits for an answer, 7 working minutes left"),
        ("about_to_breach", f"{number} waits for an answer, 3 working minutes left"),
    ]
    assert len(kinds(engine, network.dealer_manager)) == 1
    assert kinds(engine, network.colleague) == []
    assert commands(engine) == [], "telling people changes no record"


def test_the_night_does_not_warn(engine: Engine, network: Network):
    receive(engine, dealer_id=network.north, received_at=NOW + timedelta(hours=12))  # 22:00
    for hours in (13, 20, 22):
        assert jobs.run_warnings(engine, now=NOW + timedelta(hours=hours)) == 0
    assert jobs.run_warnings(engine, now=NOW + timedelta(hours=23, minutes=8)) > 0  # Tuesday 09:08


def test_an_answered_lead_is_not_warned_about(engine: Engine, network: Network):
    item_id = receive(engine, dealer_id=network.north)
    step(engine, "log_activity", item_id, actor=network.staff, now=NOW + minutes(2), kind="email", outcome="sent")
    assert jobs.run_warnings(engine, now=NOW + minutes(13)) == 0


# ---- idle leads ----------------------------------------------------------------------------------------------------
def test_idle_leads_expire_and_others_do_not(engine: Engine, network: Network):
    old = NOW - timedelta(days=91)
    idle = receive(engine, dealer_id=network.north, received_at=old)
    touched = receive(engine, dealer_id=network.north, received_at=old)
    step(
        engine,
        "log_activity",
        touched,
        actor=network.staff,
        now=NOW - timedelta(days=3),
        kind="call",
        outcome="reached",
    )
    held = receive(engine, dealer_id=network.north, received_at=old, status="held")
    parked = lead_at(engine, "nurture", network, now=old)
    sold = lead_at(engine, "sold", network, now=old)
    assert jobs.run_expiry(engine, now=NOW) == 2
    assert jobs.run_expiry(engine, now=NOW) == 0
    assert {load(engine, i).status for i in (idle, parked)} == {"expired"}
    assert [load(engine, i).status for i in (touched, held, sold)] == ["contacted", "held", "sold"]
    assert commands(engine).count("expire") == 2


def test_the_sweep_of_an_empty_desk_does_nothing(engine: Engine):
    assert [job.run(engine, now=NOW) for job in jobs.JOBS] == [0, 0, 0]
