"""A sale makes a purchase: at delivery where it is known, by a form where not, and not where it falls through."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

import db.catalog  # noqa: F401 - registers who follows
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.core.timeline import TimelineLink
from db.customers.vehicle_commands import record_purchase
from db.customers.vehicle_tables import Ownership, Purchase, Vehicle
from db.leads.sale_commands import complete_sale
from db.leads.sale_queries import sale_of_lead
from db.leads.tables import LeadVehicle
from tests.leads.factories import NOW, Network, lead_at, load, make_network, step, version_of

VIN = "1HGCM82633A004352"
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def sold(engine: Engine, network: Network, *, vin: str | None = VIN, condition: str = "new") -> int:
    lead = lead_at(engine, "sold", network)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(LeadVehicle).where(LeadVehicle.lead_id == lead).values(vin=vin, condition=condition))
    return lead


def deliver(engine: Engine, network: Network, lead: int, *, at=LATER) -> None:
    step(engine, "deliver", lead, actor=network.staff, now=at)


def bought(engine: Engine) -> list[Purchase]:
    with reading(engine) as session:
        found = list(session.scalars(select(Purchase).order_by(Purchase.id)))
        session.expunge_all()
        return found


def complete(engine: Engine, network: Network, lead: int, **other):
    values: dict[str, Any] = {
        "vin": VIN,
        "condition": "new",
        "actor": network.staff,
        "seen_version": version_of(engine, lead),
    } | other
    return run(complete_sale, bind=engine, item_id=lead, now=LATER, **values)


def test_a_delivery_writes_vehicle_owner_and_purchase(engine, network):
    lead = sold(engine, network)
    assert bought(engine) == []  # a sale alone is no purchase: it may still fall through
    late = NOW.replace(hour=2, minute=30) + timedelta(days=1)  # 22:30 of the same day at the dealer in New York
    deliver(engine, network, lead, at=late)
    (one,) = bought(engine)
    record = load(engine, lead)
    assert (one.dealer_id, one.customer_id, one.reference) == (network.north, record.customer_id, record.number)
    assert (one.condition, one.price_cents, one.bought_on) == ("new", 3_450_000, NOW.date())
    with reading(engine) as session:
        vehicle = session.get_one(Vehicle, one.vehicle_id)
        owner = session.scalars(select(Ownership)).one()
        assert (vehicle.vin, vehicle.in_service_on) == (VIN, NOW.date())
        assert (owner.customer_id, owner.since, owner.until) == (record.customer_id, NOW.date(), None)
        entry = session.scalar(select(func.max(TimelineLink.seq)).where(TimelineLink.item_type == "lead"))
        named = session.scalars(select(TimelineLink.item_type).where(TimelineLink.seq == entry))
        assert sorted(named) == ["customer", "lead", "vehicle"]


def test_a_used_vehicle_starts_no_warranty(engine, network):
    deliver(engine, network, sold(engine, network, condition="used"))
    with reading(engine) as session:
        assert session.scalars(select(Vehicle)).one().in_service_on is None


MISSING = [
    pytest.param(None, "new", "Enter the VIN of what was sold.", id="no VIN"),
    pytest.param(VIN, "", "New or used was not said.", id="no condition"),
    pytest.param("1HG", "new", "The VIN on the lead could not be taken over.", id="half a VIN"),
]


@pytest.mark.parametrize("vin, condition, why", MISSING)
def test_what_is_not_known_is_asked_for_after_the_delivery(engine, network, vin, condition, why):
    lead = sold(engine, network, vin=vin, condition=condition)
    deliver(engine, network, lead)
    assert load(engine, lead).status == "delivered"
    assert bought(engine) == []
    with reading(engine) as session:
        sale = sale_of_lead(session, lead_id=lead, actor=network.staff)
        assert sale is not None
        assert sale.why == why
        assert sale_of_lead(session, lead_id=lead, actor=network.south_staff) is None
    vehicle = complete(engine, network, lead)
    assert complete(engine, network, lead) == vehicle  # a double click
    (one,) = bought(engine)
    assert one.vehicle_id == vehicle
    with reading(engine) as session:
        sale = sale_of_lead(session, lead_id=lead, actor=network.staff)
        assert sale is not None
        assert sale.vehicle_id == vehicle


def test_a_vehicle_with_an_owner_is_used_and_changes_hands(engine, network):
    first = sold(engine, network)
    deliver(engine, network, first)
    second = sold(engine, network, condition="")
    deliver(engine, network, second, at=LATER + timedelta(days=3))
    one, two = bought(engine)
    assert (one.vehicle_id, two.condition) == (two.vehicle_id, "used")
    with reading(engine) as session:
        periods = list(session.scalars(select(Ownership).order_by(Ownership.since)))
        assert [p.until for p in periods] == [two.bought_on, None]


def test_a_purchase_entered_by_hand_is_matched_not_doubled(engine, network):
    lead = sold(engine, network)
    record = load(engine, lead)
    given: dict[str, Any] = {"vin": VIN, "bought_on": NOW.date(), "condition": "new", "reference": record.number}
    run(
        record_purchase, bind=engine, dealer_id=network.north, customer_id=record.customer_id, actor=network.staff,
        now=NOW, **given,
    )  # fmt: skip
    deliver(engine, network, lead, at=LATER + timedelta(days=2))
    assert len(bought(engine)) == 1


def test_a_sale_that_falls_through_takes_the_purchase_back(engine, network):
    before = sold(engine, network, condition="used")
    deliver(engine, network, before)
    lead = sold(engine, network)
    record = load(engine, lead)
    day = LATER + timedelta(days=2)
    given: dict[str, Any] = {"vin": VIN, "bought_on": day.date(), "condition": "new", "reference": record.number}
    run(
        record_purchase, bind=engine, dealer_id=network.north, customer_id=record.customer_id, actor=network.staff,
        now=day, **given,
    )  # fmt: skip
    with reading(engine) as session:
        assert session.scalars(select(Vehicle)).one().in_service_on == day.date()
    step(engine, "lose", lead, actor=network.dealer_manager, now=day, reason="finance")
    assert [p.reference for p in bought(engine)] == [load(engine, before).number]
    with reading(engine) as session:
        (period,) = session.scalars(select(Ownership))
        assert (period.customer_id, period.until) == (load(engine, before).customer_id, None)
        assert session.scalars(select(Vehicle)).one().in_service_on is None


WRONG = [({"vin": ""}, "vin"), ({"vin": "1HG"}, "vin"), ({"condition": ""}, "condition")]


@pytest.mark.parametrize("wrong, field", WRONG)
def test_a_form_that_is_refused_says_where_and_keeps_nothing(engine, network, wrong, field):
    lead = sold(engine, network, vin=None)
    deliver(engine, network, lead)
    with pytest.raises(Refused) as refusal:
        complete(engine, network, lead, **wrong)
    assert field in [p.field for p in refusal.value.problems]
    assert bought(engine) == []


def test_who_may_not_and_what_is_stale(engine, network):
    lead = sold(engine, network, vin=None)
    with pytest.raises(Refused, match="Nothing was delivered"):
        complete(engine, network, lead)
    deliver(engine, network, lead)
    with pytest.raises(NotFound):
        complete(engine, network, lead, actor=network.south_staff)
    with pytest.raises(Stale):
        complete(engine, network, lead, seen_version=1)
    with pytest.raises(Refused):
        complete(engine, network, lead, actor=network.finance)
    assert bought(engine) == []
