"""What a sale makes of a customer and a vehicle: at delivery, afterwards when the VIN comes later, and not at all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Refused, Stale
from db.customers.sale_commands import book_sale, take_back_sale, try_sale
from db.leads.sale_queries import vin_of
from db.leads.tables import Lead


def delivered_vehicle(session: Session, lead: Lead, *, actor: Actor, now: datetime) -> list[timeline.Item]:
    """Part of `deliver`: write down what was bought where it is known; gives whom the entry has to name too.

    At delivery and not at sale: until then a sale may fall through, and the warranty of a new vehicle begins with it.
    """
    wanted = vin_of(session, lead.id)
    if wanted is None or lead.dealer_id is None:
        return []
    zone = calendar_for_dealer(session, lead.dealer_id).zone
    booked = try_sale(
        session, dealer_id=lead.dealer_id, customer_id=lead.customer_id, vin=wanted.vin, condition=wanted.condition,
        delivered_on=local_day(now, zone), price_cents=lead.value_cents, reference=lead.number, facts=wanted.facts,
        actor=actor, now=now,
    )  # fmt: skip
    if booked is None:
        return []
    return _items(booked.vehicle.id, booked.owner.id, booked.dealer_id)


def complete_sale(
    session: Session, *, item_id: int, seen_version: int, vin: str, condition: str, vin_reason: str = "", actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Write down which vehicle a delivered lead was about, as of its delivery; gives the vehicle's id.

    Again with nothing new it changes nothing. Problems: vin, vin_reason, condition.
    """
    actor.require(Permission.LEADS_WORK)
    lead = session.scalars(select(Lead).where(Lead.id == item_id).with_for_update()).one_or_none()
    if lead is None or not actor.scope.allows(dealer_id=lead.dealer_id, region=lead.region):
        raise NotFound("This lead")
    if lead.version != seen_version:
        raise Stale(what=lead.number, changed_by=lead.updated_by, changed_at=lead.updated_at)
    if lead.status != "delivered" or lead.delivered_at is None:
        raise Refused(Problem(code="not_delivered", message="Nothing was delivered on this lead."))
    zone = calendar_for_dealer(session, lead.dealer_id).zone
    booked = book_sale(
        session, dealer_id=lead.dealer_id, customer_id=lead.customer_id, vin=vin, vin_reason=vin_reason,
        delivered_on=local_day(lead.delivered_at, zone), condition=condition, price_cents=lead.value_cents,
        reference=lead.number, actor=actor, now=now,
    )  # fmt: skip
    if not booked.is_new:
        timeline.repeated(session)
        return booked.vehicle.id
    changes.touch(session, "leads")
    timeline.record(
        session, actor=actor, now=now, area="leads", command="complete_sale", after=booked.after,
        summary=f"{lead.number}: the vehicle that was delivered is V-{booked.vehicle.id:06}",
        items=[
            timeline.Item("lead", lead.id, lead.dealer_id),
            *_items(booked.vehicle.id, booked.owner.id, booked.dealer_id),
        ],
    )  # fmt: skip
    return booked.vehicle.id


def fell_through(session: Session, lead: Lead, *, actor: Actor, now: datetime) -> list[timeline.Item]:
    """Part of `lose` after a sale: the purchase somebody wrote down for it ahead of delivery is no purchase."""
    vehicle = take_back_sale(
        session, customer_id=lead.customer_id, reference=lead.number, actor=actor, now=now
    )  # fmt: skip
    if vehicle is None or lead.dealer_id is None:
        return []
    return _items(vehicle.id, lead.customer_id, lead.dealer_id)


def _items(vehicle_id: int, customer_id: int, dealer_id: int) -> list[timeline.Item]:
    return [timeline.Item("vehicle", vehicle_id, dealer_id), timeline.Item("customer", customer_id, dealer_id)]
