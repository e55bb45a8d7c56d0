"""Leads given to dealers and people, one or many, and held ones released (domain-rules 2.2 A, C, D)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from db.core.actor import Scope
from db.core.problems import NotFound, Refused
from db.core.search import find
from db.core.session import reading, run
from db.core.timeline import TimelineLink
from db.customers.tables import Customer
from db.leads import commands
from db.leads.tables import LeadContact
from tests.leads.factories import (
    NOW,
    Network,
    lead_at,
    load,
    make_network,
    minutes,
    receive,
    step,
    version_of,
)
from tests.leads.looks import entries, inbox, log, snapshot
from tests.support.again import begun


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


@pytest.fixture
@begun
def lite(sqlite_engine: Engine) -> tuple[Engine, Network]:
    return sqlite_engine, make_network(sqlite_engine)


def test_the_first_assignment_starts_the_dealers_clock(engine: Engine, network: Network):
    item_id = receive(engine)
    later = NOW + timedelta(hours=2)
    step(
        engine, "assign", item_id, actor=network.coordinator, now=later, dealer_id=network.north,
        assignee_id=network.staff.user_id, note="Closest",
    )  # fmt: skip
    lead = load(engine, item_id)
    assert (lead.status, lead.dealer_id, lead.region) == ("assigned", network.north, "East")
    assert lead.routed_at == lead.clock_started_at == later
    assert lead.due_at == lead.first_action_due_at == later + minutes(15)
    assert lead.wall_due_at == NOW + timedelta(hours=24)
    assert lead.routing["reassignments"][0]["why"] == "Closest"
    with reading(engine) as session:
        assert session.get_one(Customer, lead.customer_id).dealer_id == network.north
        assert [h.item_id for h in find(session, "jane", kinds=["lead"], scope=network.staff.scope)] == [item_id]
    assert inbox(engine, network.staff) == [f"{lead.number} was assigned to you"]
    assert inbox(engine, network.colleague) == []


def test_handing_over_keeps_the_first_promise(engine: Engine, network: Network):
    item_id = lead_at(engine, "attempted", network)
    before = load(engine, item_id)
    step(engine, "assign", item_id, actor=network.coordinator, now=NOW, dealer_id=network.south, note="Asked for it")
    after = load(engine, item_id)
    assert (after.status, after.dealer_id) == ("assigned", network.south)
    for name in ("clock_started_at", "first_action_due_at", "first_action_at", "first_quality_due_at", "routed_at"):
        assert getattr(after, name) == getattr(before, name), name
    moved = after.routing["reassignments"][-1]
    assert (moved["from"], moved["to"]) == (network.north, network.south)
    assert len(inbox(engine, network.south_staff)) == 1
    with reading(engine) as session:
        links = session.scalars(select(TimelineLink.dealer_id).where(TimelineLink.item_id == item_id)).all()
    assert {network.north, network.south} <= set(links)
    with pytest.raises(NotFound):
        log(engine, item_id, network.staff, NOW, "call", "reached")


def test_a_colleague_takes_over_without_losing_the_state(engine: Engine, network: Network):
    item_id = lead_at(engine, "qualified", network)
    step(
        engine, "assign", item_id, actor=network.dealer_manager, now=NOW, dealer_id=network.north,
        assignee_id=network.colleague.user_id, note="Holiday",
    )  # fmt: skip
    lead = load(engine, item_id)
    assert (lead.status, lead.assignee_id) == ("qualified", network.colleague.user_id)


def test_a_customer_with_other_leads_stays_with_the_former_dealer(engine: Engine, network: Network):
    first = lead_at(engine, "contacted", network)
    customer_id = load(engine, first).customer_id
    second = receive(engine, dealer_id=network.north, customer_id=customer_id)
    step(engine, "assign", second, actor=network.coordinator, now=NOW, dealer_id=network.west, note="Moved away")
    moved = load(engine, second)
    assert moved.customer_id != customer_id
    with reading(engine) as session:
        assert session.get_one(Customer, customer_id).dealer_id == network.north
        assert session.get_one(Customer, moved.customer_id).dealer_id == network.west
        west = Scope(dealer_ids=frozenset({network.west}))
        assert [h.item_id for h in find(session, "jane", kinds=["customer"], scope=west)] == [moved.customer_id]


NOT_TO = [
    ("people of a dealer hand leads only to each other", "dealer_manager", "south", None),
    ("a regional coordinator stays in the region", "east_coordinator", "west", None),
    ("a terminated dealer gets no leads", "coordinator", "closed", None),
    ("a person of another dealer is no assignee", "coordinator", "north", "south_staff"),
    ("somebody who works no leads is no assignee", "coordinator", "north", "finance"),
]


@pytest.mark.parametrize(("why", "who", "dealer", "person"), NOT_TO, ids=[c[0] for c in NOT_TO])
def test_whom_a_lead_cannot_be_given_to(lite, why, who, dealer, person):
    engine, network = lite
    item_id = lead_at(engine, "assigned", network)
    before = snapshot(engine, item_id)
    given = {
        "dealer_id": getattr(network, dealer),
        "note": "x",
        "assignee_id": person and getattr(network, person).user_id,
    }
    with pytest.raises(Refused) as refused:
        step(engine, "assign", item_id, actor=getattr(network, who), now=NOW, **given)
    assert refused.value.problems[0].field == ("assignee_id" if person else "dealer_id")
    assert snapshot(engine, item_id) == before


def test_assigning_many_is_one_entry_and_tells_what_was_skipped(engine: Engine, network: Network):
    good = [receive(engine) for _ in range(3)]
    stale = receive(engine)
    closed = lead_at(engine, "lost", network)
    already = len(entries(engine))
    items = [*((i, 1) for i in good), (stale, 7), (closed, version_of(engine, closed)), (9999, 1)]
    result = run(
        commands.bulk_assign, bind=engine, items=items, dealer_id=network.south, assignee_id=None, note="Backlog",
        actor=network.coordinator, now=NOW,
    )  # fmt: skip
    assert result.assigned == tuple(good)
    assert [s.item_id for s in result.skipped] == [stale, closed, 9999]
    assert "was changed by" in result.skipped[0].why
    assert {load(engine, i).dealer_id for i in good} == {network.south}
    assert load(engine, stale).dealer_id is None
    (entry,) = entries(engine)[already:]
    assert entry.command == "bulk_assign"
    with reading(engine) as session:
        linked = session.scalars(select(TimelineLink.item_id).where(TimelineLink.seq == entry.seq)).all()
    assert sorted(linked) == good
    assert inbox(engine, network.south_staff) == ["3 leads were assigned to you"]


def test_assigning_many_stores_nothing_when_all_are_skipped(engine: Engine, network: Network):
    item_id = receive(engine)
    before = snapshot(engine, item_id)
    with pytest.raises(Refused, match="was changed by"):
        run(
            commands.bulk_assign, bind=engine, items=[(item_id, 9)], dealer_id=network.south, assignee_id=None,
            note="x", actor=network.coordinator, now=NOW,
        )  # fmt: skip
    assert snapshot(engine, item_id) == before


def test_a_held_lead_is_released_by_a_contact_and_its_clock_starts_then(engine: Engine, network: Network):
    item_id = receive(engine, status="held", dealer_id=network.north, email="", phone="", score=0)
    assert load(engine, item_id).clock_started_at is None
    later = NOW + timedelta(hours=1)
    step(
        engine,
        "release",
        item_id,
        actor=network.coordinator,
        now=later,
        email="Jane <JANE@mail.test>",
        phone="212 555 0143",
    )
    lead = load(engine, item_id)
    assert (lead.status, lead.clock_started_at, lead.score) == ("assigned", later, 0)  # +15 +5 −20 for .test
    assert lead.due_at == later + minutes(15)
    with reading(engine) as session:
        contacts = session.execute(
            select(LeadContact.kind, LeadContact.normal)
            .where(LeadContact.lead_id == item_id)
            .order_by(LeadContact.kind)
        ).all()
        assert [tuple(c) for c in contacts] == [("email", "jane@mail.test"), ("phone", "+12125550143")]
        for typed in ("2125550143", "(212) 555-0143", "+1 2125550143", "jane@mail.test"):
            hits = find(session, typed, kinds=["lead"], scope=network.staff.scope)
            assert [h.item_id for h in hits] == [item_id], typed


def test_a_released_lead_without_a_dealer_is_never_silently_unassigned(engine: Engine, network: Network):
    item_id = receive(engine, status="held", email="", phone="")
    step(engine, "release", item_id, actor=network.coordinator, now=NOW, phone="(212) 555-0143")
    lead = load(engine, item_id)
    if lead.dealer_id is None:
        assert lead.status == "new"
        assert f"{lead.number} has no dealer yet" in inbox(engine, network.coordinator)
    else:
        assert lead.status == "assigned"
    assert lead.routing["why"]
