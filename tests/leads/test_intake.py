"""A prospect becomes a routed lead with a score, a clock and a customer, and every word of it is kept."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from db.core import timeline
from db.core.actor import EVERYTHING
from db.core.permissions import Role
from db.core.search import find
from db.core.session import make_engine, reading, writing
from db.customers.tables import Customer, CustomerKey
from db.leads.rollup import differences
from db.leads.tables import (
    Lead,
    LeadActivity,
    LeadContact,
    LeadKey,
    LeadMonth,
    LeadVehicle,
    ProductLine,
    RoutingPointer,
)  # fmt: skip
from db.people.tables import Notification
from tests.leads.factories import make_person
from tests.leads.intake_examples import count, later, lead_of, make_dealers, prospect, take, take_one
from tests.support.databases import SqliteTemplates


def test_one_prospect_becomes_a_routed_lead(engine: Engine):
    dealers = make_dealers(engine)
    with writing(engine, keeps_timeline=False) as session:
        session.add(ProductLine(name="Camry", brand="Toyota", models=["Camry"]))
        staff = make_person(session, "sam", "Sam", Role.DEALER_STAFF, _own(dealers["00102"]))
    outcome = take_one(
        engine, vendor_id="00102", number="A-1", trade="2015|Honda|Civic", vin="4T1B11HK5JU000001",
        comments="Is it still there?",
    )  # fmt: skip
    lead = lead_of(engine, outcome)
    assert (outcome.outcome, outcome.code, lead.status) == ("created", "", "assigned")
    assert (lead.dealer_id, lead.region, lead.number) == (dealers["00102"], "East", f"L-{lead.id:06d}")
    assert (lead.source, lead.provider, lead.product, lead.brand) == ("Cars.com", "Cars.com", "Camry", "Toyota")
    assert (lead.wants, lead.state, lead.postal_code) == ("2026 Toyota Camry", "NY", "10001")
    assert lead.requested_at == datetime(2026, 11, 20, 16, 58, tzinfo=UTC)
    assert (lead.received_on, lead.received_month) == (date(2026, 11, 20), date(2026, 11, 1))
    assert lead.clock_started_at == lead.routed_at == later()
    assert lead.due_at == lead.first_action_due_at == later(minutes=15)
    assert (lead.first_quality_due_at, lead.wall_due_at) == (later(minutes=60), later(hours=24))
    assert lead.score == 15 + 5 + 15 + 10 + 5
    assert sum(part["points"] for part in lead.score_parts) == lead.score
    assert lead.routing["rule"] == "preferred_dealer"
    assert {c["dealer_code"] for c in lead.routing["candidates"]} == set(dealers)
    with reading(engine) as session:
        vehicles = session.execute(select(LeadVehicle.role, LeadVehicle.model).order_by(LeadVehicle.position)).all()
        assert [tuple(v) for v in vehicles] == [("wanted", "Camry"), ("trade_in", "Civic")]
        contacts = session.execute(select(LeadContact.raw, LeadContact.normal).order_by(LeadContact.position)).all()
        assert [tuple(c) for c in contacts] == [("jane.doe@mail.com",) * 2, ("212-555-0143", "+12125550143")]
        keys = {(k.kind, k.source, k.external_id) for k in session.scalars(select(LeadKey))}
        assert ("external", "Cars", "A-1") in keys
        customer = session.scalars(select(Customer)).one()
        assert (customer.name, customer.dealer_id, lead.customer_id) == ("Jane Doe", dealers["00102"], customer.id)
        told = session.scalars(select(Notification)).one()
        assert (told.person_id, told.kind, told.item_id) == (staff.user_id, "assigned", lead.id)
        for words in ("jane", "a-1", lead.number, "4T1B11HK5JU000001", "2125550143"):
            assert [h.item_id for h in find(session, words, kinds=["lead"], scope=EVERYTHING)] == [lead.id], words
        assert timeline.verify(session).first_bad is None
        assert differences(session) == []


def _own(dealer_id: int):
    from db.core.actor import Scope

    return Scope(dealer_ids=frozenset({dealer_id}))


NAMED = [
    ("the code, leading zeros and all", {"vendor_id": "00101"}, "00101"),
    ("without its zeros it is no code", {"vendor_id": "102", "postal": "75201"}, "00201"),
    ("the name in other case, without article and legal form", {"vendor": "TOYOTA OF MIDTOWN"}, "00101"),
    ("the name as the dealer writes it", {"vendor": "The Toyota of Midtown Inc"}, "00101"),
    ("a suspended dealer is passed over", {"vendor": "Closed Toyota", "postal": "75201"}, "00201"),
    ("the owner of the postal area", {"postal": "75201-1234"}, "00201"),
    ("a name nobody has", {"vendor": "Acura of Bellevue", "postal": "75201"}, "00201"),
]


@pytest.mark.parametrize(("facts", "code"), [case[1:] for case in NAMED], ids=[case[0] for case in NAMED])
def test_the_dealer_it_goes_to(sqlite_engine: Engine, facts: dict[str, Any], code: str):
    dealers = make_dealers(sqlite_engine)
    lead = lead_of(sqlite_engine, take_one(sqlite_engine, **facts))
    assert lead.dealer_id == dealers[code], lead.routing["why"]


def test_nobody_can_take_it_and_the_desk_is_told(engine: Engine):
    with writing(engine, keeps_timeline=False) as session:
        boss = make_person(session, "cora", "Cora", Role.COORDINATOR, EVERYTHING)
    lead = lead_of(engine, take_one(engine))
    assert (lead.status, lead.dealer_id, lead.region) == ("new", None, None)
    assert lead.routing["rule"] == "fallback"
    assert lead.due_at == later(minutes=15)  # the clock of the desk runs: nobody's lead is still a promise
    with reading(engine) as session:
        told = session.scalars(select(Notification)).one()
        assert (told.person_id, told.kind) == (boss.user_id, "unassigned")
        assert "There are no dealers yet." in told.body


HELD = [
    ("a name alone is held", {"email": "", "phone": ""}, "held"),
    ("an unusable e-mail alone is held", {"email": "emailaddress", "phone": ""}, "held"),
    ("an unusable e-mail beside a phone is fine", {"email": "emailaddress"}, "assigned"),
    ("a number nobody can dial as written, but read", {"email": "", "phone": "555-0143"}, "assigned"),
]


@pytest.mark.parametrize(("facts", "status"), [case[1:] for case in HELD], ids=[case[0] for case in HELD])
def test_held_or_not(sqlite_engine: Engine, facts: dict[str, Any], status: str):
    make_dealers(sqlite_engine)
    lead = lead_of(sqlite_engine, take_one(sqlite_engine, vendor_id="00101", **facts))
    assert lead.status == status
    if status == "held":
        assert (lead.dealer_id, lead.clock_started_at, lead.due_at, lead.routing) == (None, None, None, {})
    again = take_one(sqlite_engine, vendor_id="00101", **facts)
    assert (again.outcome, again.code) == ("duplicate", "identical")


def test_nobody_at_all_is_rejected(sqlite_engine: Engine):
    result = take(sqlite_engine, prospect(name="", email="", phone=""), prospect())
    assert [(o.outcome, o.code) for o in result.outcomes] == [("rejected", "no_contact"), ("created", "unassigned")]
    assert (result.read, result.created, result.rejected) == (2, 1, 1)
    assert count(sqlite_engine, Lead) == 1


def test_a_held_lead_that_gets_an_address_is_routed(engine: Engine):
    dealers = make_dealers(engine)
    held = take_one(engine, number="9", email="", phone="", postal="75201")
    outcome = take_one(engine, number="9", phone="", postal="75201", status="resend", now=later(days=2))
    lead = lead_of(engine, held)
    assert (outcome.outcome, outcome.item_id) == ("updated", held.item_id)
    assert (lead.status, lead.dealer_id) == ("assigned", dealers["00201"])
    assert lead.clock_started_at == later(days=2)
    with reading(engine) as session:
        assert session.scalars(select(Customer.dealer_id)).all() == [dealers["00201"]]


def test_a_resend_fills_blanks_and_never_restarts_the_clock(engine: Engine):
    make_dealers(engine)
    first = take_one(engine, number="77", phone="", vehicle="")
    before = lead_of(engine, first)
    again = take_one(engine, number="77", trade="2015|Honda|Civic", now=later(hours=3))
    after = lead_of(engine, first)
    assert (again.outcome, again.item_id) == ("updated", first.item_id)
    assert (after.clock_started_at, after.due_at, after.received_at) == (
        before.clock_started_at, before.due_at, before.received_at,
    )  # fmt: skip
    assert (after.wants, after.brand, after.touches) == ("2026 Toyota Camry", "Toyota", 1)
    assert after.version > before.version
    assert (count(engine, Lead), count(engine, LeadVehicle), count(engine, LeadContact)) == (1, 2, 2)
    assert take_one(engine, number="77", trade="2015|Honda|Civic").code == "identical"


def test_the_same_wish_from_another_source_is_credited_to_both(engine: Engine):
    make_dealers(engine)
    first = take_one(engine)
    again = take_one(engine, provider="Edmunds", email="JANE.DOE+cars@mail.com", now=later(days=2))
    lead = lead_of(engine, first)
    assert (again.outcome, again.code, again.item_id) == ("duplicate", "same_person_same_vehicle", first.item_id)
    assert (lead.source, lead.touches, lead.due_at) == ("Cars.com", 2, later(minutes=15))
    assert ("Came from several sources", 5) in {(p["label"], p["points"]) for p in lead.score_parts}
    with reading(engine) as session:
        touch = session.scalars(select(LeadActivity)).one()
        assert (touch.kind, touch.direction, touch.source, touch.is_first_action) == ("touch", "in", "Edmunds", False)


def test_another_wish_of_the_same_person_stays_with_the_dealer(engine: Engine):
    make_dealers(engine)
    first = lead_of(engine, take_one(engine, vendor_id="00201"))
    second = lead_of(engine, take_one(engine, vehicle="2026|Toyota|RAV4", now=later(days=1)))
    assert (second.previous_lead_id, second.customer_id) == (first.id, first.customer_id)
    assert second.dealer_id == first.dealer_id  # though the customer lives in Manhattan
    assert "earlier lead" in second.routing["why"]


def test_after_close_there_is_a_new_lead_of_the_same_customer(engine: Engine):
    make_dealers(engine)
    first = lead_of(engine, take_one(engine))
    _set(engine, first.id, status="sold", is_open=False, sold_at=later(days=1), closed_at=later(days=1))
    second = lead_of(engine, take_one(engine, now=later(days=5), comments="Another one for my son"))
    assert (second.previous_lead_id, second.customer_id) == (first.id, first.customer_id)
    assert ("Bought before", 10) in {(p["label"], p["points"]) for p in second.score_parts}


def _set(engine: Engine, lead_id: int, **values: object) -> None:
    with writing(engine, keeps_timeline=False) as session:
        lead = session.get_one(Lead, lead_id)
        for name, value in values.items():
            setattr(lead, name, value)


def test_two_dealers_asked_by_one_person_are_two_leads_of_two_customers(engine: Engine):
    from db.leads.duplicate_queries import possible_duplicates, shopped_by

    dealers = make_dealers(engine)
    one = lead_of(engine, take_one(engine, vendor_id="00101"))
    two = lead_of(engine, take_one(engine, vendor_id="00201"))
    assert one.customer_id != two.customer_id
    assert (two.previous_lead_id, two.dealer_id) == (None, dealers["00201"])
    with reading(engine) as session:
        assert shopped_by(session, lead_id=one.id, scope=EVERYTHING) == 2
        assert shopped_by(session, lead_id=one.id, scope=_own(dealers["00101"])) is None
        assert possible_duplicates(session, lead_id=one.id, scope=EVERYTHING) == []


def test_one_number_for_two_people_is_no_resend(sqlite_engine: Engine):
    make_dealers(sqlite_engine)
    take_one(sqlite_engine, number="1")
    other = take_one(sqlite_engine, number="1", name="Bob Roe", email="bob@mail.com", phone="212-555-0199")
    lead = lead_of(sqlite_engine, other)
    assert other.outcome == "created"
    assert "id_collision" in {warning["code"] for warning in lead.warnings}


def test_a_thousand_identical_prospects_are_one_lead(sqlite_engine: Engine):
    make_dealers(sqlite_engine)
    result = take(sqlite_engine, *([prospect()] * 1000))
    assert (result.created, result.duplicates, count(sqlite_engine, Lead)) == (1, 999, 1)
    assert count(sqlite_engine, LeadActivity) == 0


def test_a_file_of_many_is_as_many_leads_fairly_shared(engine: Engine):
    make_dealers(engine)
    many = [
        prospect(number=str(n), name=f"Pat {n}", email=f"pat{n}@mail.com", phone=f"212-555-{1000 + n}")
        for n in range(200)
    ]
    result = take(engine, *many)
    assert (result.created, result.rejected) == (200, 0)
    assert take(engine, *many).duplicates == 200
    with reading(engine) as session:
        shares: dict[int | None, int] = {}
        for dealer_id in session.scalars(select(Lead.dealer_id)):
            shares[dealer_id] = shares.get(dealer_id, 0) + 1
        assert sorted(shares.values()) == [100, 100]
        assert sum(session.scalars(select(RoutingPointer.credit))) == 0
        assert len(session.scalars(select(RoutingPointer)).all()) == 2
        assert sum(session.scalars(select(LeadMonth.received))) == 200
        assert differences(session) == []
        assert timeline.verify(session).entries == 2


def test_turns_survive_a_restart(engine: Engine):
    make_dealers(engine)
    got = []
    for n in range(4):
        facts: dict[str, Any] = {"name": f"Pat {n}", "email": f"pat{n}@mail.com", "phone": f"212-555-100{n}"}
        got.append(lead_of(engine, take_one(engine, **facts)).dealer_id)
    assert got[0] == got[2] != got[1] == got[3]


ASKED = [
    ("not yet history", 6, "assigned", True),
    ("older than a week is history", 8, "assigned", False),
]


@pytest.mark.parametrize(("_case", "days", "status", "has_clock"), ASKED)
def test_an_old_lead_is_a_record_of_the_past(
    sqlite_engine: Engine, _case: str, days: int, status: str, has_clock: bool
):
    from tests.leads.test_intake_table import take_rows

    make_dealers(sqlite_engine)
    received = later(days=-days)
    result = take_rows(
        sqlite_engine, ["name", "email", "dealer code", "received"],
        ["Jane Doe", "jane@mail.com", "00101", received.strftime("%Y-%m-%dT%H:%M:%S+00:00")],
    )  # fmt: skip
    lead = lead_of(sqlite_engine, result.outcomes[0])
    assert (lead.status, lead.received_at) == (status, received)
    assert (lead.clock_started_at is not None) is has_clock
    assert ("historic" in {w["code"] for w in lead.warnings}) is not has_clock


def test_customers_keep_every_way_to_recognise_them(sqlite_engine: Engine):
    make_dealers(sqlite_engine)
    take_one(sqlite_engine, email="Jane.Doe+x@GMail.com")
    with reading(sqlite_engine) as session:
        keys = {(k.kind, k.value) for k in session.scalars(select(CustomerKey))}
    assert keys == {("email", "janedoe@gmail.com"), ("phone", "+12125550143"), ("name_postal", "jane doe|10001")}


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), max_size=12), st.randoms())
def test_importing_again_creates_nothing(
    sqlite_templates: SqliteTemplates, tmp_path_factory, people, rng: random.Random
):
    """Whatever a file holds and in whatever order it comes again, the second time creates no lead."""
    from tests.support.databases import migrate

    url = sqlite_templates.copy("migrated", migrate, to=tmp_path_factory.mktemp("again") / "dealer.db")
    engine = make_engine(url)
    make_dealers(engine)
    cars = ("2026|Toyota|Camry", "2026|Toyota|RAV4", "")
    prospects = [
        prospect(
            name=f"Pat {who}", email=f"pat{who}@mail.com" if who else "", phone="",
            number=str(number) if number else "",
            vehicle=cars[car],
        )
        for who, number, car in people
    ]  # fmt: skip
    first = take(engine, *prospects) if prospects else None
    assert first is None or first.read == len(prospects)
    leads = count(engine, Lead)
    rng.shuffle(prospects)
    if prospects:
        again = take(engine, *prospects, now=later(hours=1))
        assert (again.created, again.updated) == (0, 0)
    assert count(engine, Lead) == leads
    engine.dispose()
