"""What a sale leaves behind at the customer and the vehicle: written and taken back within the command of the sale.

These are parts of commands: who calls them asks the permission and writes the one timeline entry (decision 0041).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.problems import NotFound, Refused
from db.core.vin import clean, has_shape
from db.customers import vehicle_record
from db.customers.tables import Customer
from db.customers.vehicle_commands import Booked, book_purchase
from db.customers.vehicle_tables import Ownership, Purchase, Vehicle


def book_sale(
    session: Session, *, dealer_id: int | None, customer_id: int, vin: str, vin_reason: str = "", delivered_on: date,
    condition: str, price_cents: int | None, reference: str, facts: Mapping[str, Any] | None = None, actor: Actor,
    now: datetime,
) -> Booked:  # fmt: skip
    """The purchase, the vehicle and its owner from the day of delivery (the dealer's own day); refused as a purchase.

    A purchase of this sale somebody wrote down by hand is matched, never doubled, whatever day they wrote.
    """
    changes.touch(session, "customers")
    known = _by_reference(session, customer_id=customer_id, reference=reference)
    if known is not None:
        return Booked(
            vehicle=session.get_one(Vehicle, known.vehicle_id), owner=session.get_one(Customer, known.customer_id),
            dealer_id=known.dealer_id, is_new=False, after={},
        )  # fmt: skip
    return book_purchase(
        session, dealer_id=dealer_id, customer_id=customer_id, vin=vin, vin_reason=vin_reason, bought_on=delivered_on,
        condition=condition, price_cents=price_cents, reference=reference, facts=facts, actor=actor, now=now,
    )  # fmt: skip


def try_sale(
    session: Session, *, dealer_id: int | None, customer_id: int, vin: str, delivered_on: date, condition: str,
    price_cents: int | None, reference: str, facts: Mapping[str, Any] | None = None, actor: Actor, now: datetime,
) -> Booked | None:  # fmt: skip
    """The same where everything needed is known, None where a person has to say more: a delivery never waits for it.

    Whether it is new is never guessed, but a vehicle that had an owner is used.
    """
    if not condition and has_shape(clean(vin)) and _had_owner(session, clean(vin)):
        condition = "used"
    try:
        with session.begin_nested():
            return book_sale(
                session, dealer_id=dealer_id, customer_id=customer_id, vin=vin, delivered_on=delivered_on,
                condition=condition, price_cents=price_cents, reference=reference, facts=facts, actor=actor, now=now,
            )  # fmt: skip
    except (NotFound, Refused):
        return None


def take_back_sale(
    session: Session, *, customer_id: int, reference: str, actor: Actor, now: datetime
) -> Vehicle | None:
    """A sale that fell through: its purchase goes, the owner before owns again, a warranty it began is open again.

    Gives the vehicle, None where no purchase of this sale was on record.
    """
    found = _by_reference(session, customer_id=customer_id, reference=reference)
    if found is None:
        return None
    vehicle = session.scalars(select(Vehicle).where(Vehicle.id == found.vehicle_id).with_for_update()).one()
    periods = vehicle_record.periods_of(session, vehicle.id)
    mine = next((p for p in periods if p.customer_id == customer_id and p.since == found.bought_on), None)
    if mine is not None:
        before = [p for p in periods if p.until == mine.since]
        is_last = mine.until is None
        session.delete(mine)
        session.flush()
        if is_last and before:
            before[-1].until = None
    if found.condition == "new" and vehicle.in_service_on == found.bought_on:
        vehicle.in_service_on = None
        vehicle.sources = {name: source for name, source in vehicle.sources.items() if name != "in_service_on"}
    session.delete(found)
    vehicle_record.touched(vehicle, actor=actor, now=now)
    session.flush()
    vehicle_record.reindex(session, vehicle)
    changes.touch(session, "customers")
    return vehicle


def _by_reference(session: Session, *, customer_id: int, reference: str) -> Purchase | None:
    return session.scalars(
        select(Purchase)
        .where(Purchase.customer_id == customer_id, Purchase.reference == reference)
        .order_by(Purchase.id)
        .limit(1)
    ).first()


def _had_owner(session: Session, vin: str) -> bool:
    query = select(Ownership.id).join(Vehicle, Vehicle.id == Ownership.vehicle_id).where(Vehicle.vin == vin).limit(1)
    return session.scalar(query) is not None
