"""Two leads that are one: everything of both is on the survivor, and undoing gives both back exactly (2.2 D, U10)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.core import timeline
from db.core.actor import EVERYTHING
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.customers.tables import CustomerKey
from db.leads.commands import COMMANDS
from db.leads.duplicate_queries import possible_duplicates
from db.leads.flow import FLOW
from db.leads.merge import merge, unmerge
from db.leads.rollup import differences
from db.leads.tables import Lead, LeadActivity, LeadContact, LeadKey, LeadVehicle
from db.workflow.checks import problems_with
from tests.leads.factories import make_network
from tests.leads.intake_examples import CLI, later, lead_of, make_dealers, take_one

CHILDREN = (LeadContact, LeadVehicle, LeadKey, LeadActivity)


def pair(engine: Engine, **second: Any) -> tuple[Lead, Lead]:
    """Jane at work and Jane at home: nothing shared that a rule could see."""
    make_dealers(engine)
    one = take_one(engine, vendor_id="00101", number="1", vehicle="")
    other = {"vendor_id": "00101", "number": "2", "email": "jd@home.net", "phone": "212-555-0177", "postal": "10002",
             "name": "J. Doe", "trade": "2015|Honda|Civic", "comments": "Call me at home", **second}  # fmt: skip
    two = take_one(engine, now=later(minutes=5), **other)
    return lead_of(engine, one), lead_of(engine, two)


def do(engine: Engine, command: Any, lead: Lead, **inputs: Any) -> None:
    arguments = {"actor": CLI, "now": later(minutes=30), "seen_version": lead.version, "note": "Same person", **inputs}
    run(command, bind=engine, item_id=lead.id, **arguments)


def snapshot(engine: Engine) -> dict[str, list[str]]:
    """Both leads and everything on them, but for who changed them last."""
    with reading(engine) as session:
        columns = [c for c in Lead.__table__.c if c.name not in ("version", "updated_at", "updated_by")]
        found = {"lead": sorted(map(repr, session.execute(select(*columns)).all()))}
        for table in (*CHILDREN, CustomerKey):
            found[table.__tablename__] = sorted(map(repr, session.execute(select(*table.__table__.c)).all()))
        return found


def test_the_flow_has_its_commands():
    assert problems_with(FLOW, COMMANDS) == []


def test_the_survivor_shows_everything(engine: Engine):
    survivor, duplicate = pair(engine)
    do(engine, merge, duplicate, into_id=survivor.number)
    after, gone = lead_of(engine, survivor.id), lead_of(engine, duplicate.id)
    assert (gone.status, gone.is_open, gone.duplicate_of_id, gone.due_at) == ("duplicate", False, survivor.id, None)
    assert (after.status, after.due_at, after.clock_started_at) == (
        "assigned",
        survivor.due_at,
        survivor.clock_started_at,
    )
    assert (after.wants, after.comments, after.touches) == ("2026 Toyota Camry", "Call me at home", 2)
    assert after.customer_name == "Jane Doe"
    with reading(engine) as session:
        for table, number in ((LeadContact, 4), (LeadVehicle, 2), (LeadKey, 4)):
            owners = session.scalars(select(table.lead_id)).all()
            assert (set(owners), len(owners)) == ({survivor.id}, number), table
        entry = session.scalars(select(timeline.TimelineEntry).order_by(timeline.TimelineEntry.seq.desc())).first()
        assert entry is not None
        links = session.scalars(select(timeline.TimelineLink.item_id).where(timeline.TimelineLink.seq == entry.seq))
        assert set(links) == {survivor.id, duplicate.id}
        assert differences(session) == []


def test_undoing_gives_both_back_exactly(engine: Engine):
    survivor, duplicate = pair(engine)
    before = snapshot(engine)
    do(engine, merge, duplicate, into_id=survivor.id)
    assert snapshot(engine) != before
    do(engine, unmerge, lead_of(engine, duplicate.id))
    assert snapshot(engine) == before
    with reading(engine) as session:
        assert timeline.verify(session).first_bad is None
        assert differences(session) == []


def test_what_came_after_the_merge_stays_with_the_survivor(engine: Engine):
    survivor, duplicate = pair(engine)
    do(engine, merge, duplicate, into_id=survivor.id)
    merged = lead_of(engine, survivor.id)
    run(
        COMMANDS["log_activity"], bind=engine, item_id=merged.id, seen_version=merged.version, kind="call",
        outcome="reached", actor=CLI, now=later(minutes=40),
    )  # fmt: skip
    do(engine, unmerge, lead_of(engine, duplicate.id), now=later(minutes=50))
    after = lead_of(engine, survivor.id)
    assert (after.status, after.attempts, after.first_action_at) == ("contacted", 1, later(minutes=40))
    assert (after.comments, after.wants) == ("", "")
    assert lead_of(engine, duplicate.id).first_action_at is None


def test_an_earlier_answer_counts_for_both(engine: Engine):
    survivor, duplicate = pair(engine)
    run(
        COMMANDS["log_activity"], bind=engine, item_id=duplicate.id, seen_version=duplicate.version, kind="call",
        outcome="reached", actor=CLI, now=later(minutes=7),
    )  # fmt: skip
    do(engine, merge, lead_of(engine, duplicate.id), into_id=survivor.id)
    after = lead_of(engine, survivor.id)
    assert (after.first_action_at, after.contacted_at, after.attempts) == (later(minutes=7), later(minutes=7), 1)
    assert after.due_at != survivor.due_at


def test_a_document_for_the_duplicate_finds_the_survivor(engine: Engine):
    survivor, duplicate = pair(engine)
    do(engine, merge, duplicate, into_id=survivor.id)
    again = take_one(
        engine, vendor_id="00101", number="", email="jd@home.net", phone="", provider="Edmunds", name="J. Doe",
        now=later(hours=2),
    )  # fmt: skip
    assert (again.outcome, again.item_id) == ("duplicate", survivor.id)


def test_the_drawer_offers_the_same_person(engine: Engine):
    make_dealers(engine)
    one = take_one(engine, vendor_id="00101")
    two = take_one(engine, vendor_id="00101", vehicle="2026|Toyota|RAV4", now=later(minutes=5))
    with reading(engine) as session:
        found = possible_duplicates(session, lead_id=lead_of(engine, one).id, scope=EVERYTHING)
    assert [(line.lead_id, line.wants) for line in found] == [(two.item_id, "2026 Toyota RAV4")]
    assert "same e-mail" in found[0].why


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("into itself", {}, {"into_id": "self"}, "same_lead"),
    ("into nothing", {}, {"into_id": ""}, "required"),
    ("into words", {}, {"into_id": "the other one"}, "required"),
    ("into a lead that is not there", {}, {"into_id": 99_999}, "not_found"),
    ("without a note", {}, {"note": " "}, "required"),
    ("a lead of another dealer", {"vendor_id": "00201"}, {}, "other_dealer"),
]


@pytest.mark.parametrize(("second", "inputs", "code"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(sqlite_engine: Engine, second: dict[str, Any], inputs: dict[str, Any], code: str):
    survivor, duplicate = pair(sqlite_engine, **second)
    before = snapshot(sqlite_engine)
    if inputs.get("into_id") == "self":
        inputs = {"into_id": duplicate.number}
    with pytest.raises(Refused) as refused:
        do(sqlite_engine, merge, duplicate, **{"into_id": survivor.id, **inputs})
    assert refused.value.code == code
    assert snapshot(sqlite_engine) == before


def test_a_stale_screen_and_a_stranger_are_refused(sqlite_engine: Engine):
    people = make_network(sqlite_engine)
    survivor = lead_of(sqlite_engine, take_one(sqlite_engine, vendor_id="00102"))
    duplicate = lead_of(
        sqlite_engine, take_one(sqlite_engine, vendor_id="00102", email="x@home.net", phone="", name="X Y", postal="")
    )
    assert survivor.dealer_id == duplicate.dealer_id == people.south
    with pytest.raises(Stale):
        do(sqlite_engine, merge, duplicate, into_id=survivor.id, seen_version=duplicate.version + 1)
    with pytest.raises(NotFound):
        do(sqlite_engine, merge, duplicate, into_id=survivor.id, actor=people.dealer_manager)
    with pytest.raises(Refused) as refused:
        do(sqlite_engine, merge, duplicate, into_id=survivor.id, actor=people.south_staff)
    assert refused.value.code == "not_allowed"
