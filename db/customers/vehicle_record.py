"""A vehicle within a command: which dealers may see it, held while it changes, found by search, noted.

A dealer sees a vehicle when a customer of theirs owns or owned it, or when they serviced or sold it, and never because
they know its VIN (decision 0031).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, insert, or_, select, true
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor, Scope
from db.core.masking import mask_vin
from db.core.problems import NotFound, Problem, Refused, Stale
from db.core.search import SearchWord, words_of
from db.customers.ownership_rules import Period, take_over
from db.customers.tables import Customer
from db.customers.vehicle_tables import Ownership, Purchase, ServiceVisit, Vehicle

LAST = 8


def number(vehicle_id: int) -> str:
    """How a vehicle is called where its VIN must not stand."""
    return f"V-{vehicle_id:06}"


def seen_by(scope: Scope, vehicle_id: Any = Vehicle.id) -> ColumnElement[bool]:
    """The SQL condition for vehicles of a scope."""
    if scope.is_all:
        return true()
    return or_(
        exists()
        .where(Ownership.vehicle_id == vehicle_id, Customer.id == Ownership.customer_id)
        .where(scope.where(Customer.dealer_id, Customer.region)),
        exists().where(
            ServiceVisit.vehicle_id == vehicle_id, scope.where(ServiceVisit.dealer_id, ServiceVisit.region)
        ),
        exists().where(Purchase.vehicle_id == vehicle_id, scope.where(Purchase.dealer_id, Purchase.region)),
    )  # fmt: skip


def held(session: Session, vehicle_id: int | None, *, actor: Actor, seen_version: int | None = None) -> Vehicle:
    """The vehicle, locked until the command ends; raises `NotFound`, or `Stale` when it is not the version seen."""
    vehicle = session.scalars(
        select(Vehicle).where(Vehicle.id == (vehicle_id or 0), seen_by(actor.scope)).with_for_update(of=Vehicle)
    ).one_or_none()
    if vehicle is None:
        raise NotFound("This vehicle")
    if seen_version is not None and vehicle.version != seen_version:
        raise Stale(what=number(vehicle.id), changed_by=vehicle.updated_by, changed_at=vehicle.updated_at)
    return vehicle


def touched(vehicle: Vehicle, *, actor: Actor, now: datetime) -> None:
    """Note on the vehicle who changed it last."""
    vehicle.version += 1
    vehicle.updated_at, vehicle.updated_by = now, actor.name


def periods_of(session: Session, vehicle_id: int) -> list[Ownership]:
    """Every ownership of a vehicle, whoever's it is, oldest first; the caller holds the vehicle."""
    return list(session.scalars(select(Ownership).where(Ownership.vehicle_id == vehicle_id).order_by(Ownership.since)))


def give_to(
    session: Session, vehicle: Vehicle, customer: Customer, *, since: Any, until: Any, actor: Actor, now: datetime,
    batch_id: int | None = None, by_purchase: bool = False,
) -> tuple[Ownership, bool]:  # fmt: skip
    """Make a customer the owner from a day on; (the period, whether it is new). Refused (`overlap`) where it cannot be.

    The vehicle must be held: that is what keeps two people from writing periods that overlap. The sentence never says
    who owns it: that may be a customer of another dealer, whose period only a purchase or the desk can end.
    """
    existing = periods_of(session, vehicle.id)
    for one in existing:
        if one.customer_id == customer.id and one.since == since:
            return one, False
    mine = next((p for p in existing if p.customer_id == customer.id and p.until is None and p.since < since), None)
    if mine is not None and until is None:
        return mine, False
    if until is not None and until <= since:
        sentence = "The last day lies before the first."
        raise Refused(Problem(code="bad_days", field="until", message=sentence))
    taking = take_over([Period(since=p.since, until=p.until, ref=p.id) for p in existing], since=since, until=until)
    is_in_the_way = taking.conflict is not None
    if taking.closes is not None and not by_purchase:
        former = next(p for p in existing if p.id == taking.closes.ref)
        is_in_the_way = is_in_the_way or not _may_end(session, former, actor)
    if is_in_the_way:
        sentence = "The vehicle has another owner on record for some of these days. Record a purchase, or ask the desk."
        raise Refused(Problem(code="overlap", field="since", message=sentence))
    if taking.closes is not None:
        ends = next(p for p in existing if p.id == taking.closes.ref)
        ends.until = since
        session.flush()  # before the new one is open: only one open period is allowed at any moment
    period = Ownership(
        vehicle_id=vehicle.id, customer_id=customer.id, since=since, until=taking.until, created_at=now,
        created_by=actor.name, batch_id=batch_id,
    )  # fmt: skip
    session.add(period)
    session.flush()
    return period, True


def _may_end(session: Session, period: Ownership, actor: Actor) -> bool:
    owner = session.get_one(Customer, period.customer_id)
    return actor.scope.allows(dealer_id=owner.dealer_id, region=owner.region)


def reindex(session: Session, vehicle: Vehicle) -> None:
    """The search words: once for each dealer that may see the vehicle, and once for people who see every dealer."""
    places: set[tuple[int | None, str | None]] = {(None, None)}
    for query in (
        select(Customer.dealer_id, Customer.region)
        .join(Ownership, Ownership.customer_id == Customer.id)
        .where(Ownership.vehicle_id == vehicle.id),
        select(ServiceVisit.dealer_id, ServiceVisit.region).where(ServiceVisit.vehicle_id == vehicle.id),
        select(Purchase.dealer_id, Purchase.region).where(Purchase.vehicle_id == vehicle.id),
    ):
        places |= {(dealer_id, region) for dealer_id, region in session.execute(query.distinct())}
    texts = [number(vehicle.id), vehicle.vin, vehicle.vin[-LAST:], vehicle.make, vehicle.model]
    words = words_of(*texts)
    session.execute(delete(SearchWord).where(SearchWord.kind == "vehicle", SearchWord.item_id == vehicle.id))
    rows = [
        {"word": word, "kind": "vehicle", "item_id": vehicle.id, "dealer_id": dealer_id, "region": region}
        for dealer_id, region in sorted(places, key=lambda p: (p[0] or 0, p[1] or ""))
        for word in words
    ]
    session.execute(insert(SearchWord), rows)


def has_history(session: Session, customer_id: int) -> bool:
    """Whether anything of vehicles hangs on a customer: then their dealer keeps its record of them."""
    return any(
        session.scalar(select(table.id).where(table.customer_id == customer_id).limit(1)) is not None
        for table in (Ownership, Purchase, ServiceVisit)
    )


def note(
    session: Session, command: str, summary: str, vehicle: Vehicle, *, dealer_id: int | None,
    customers: Sequence[Customer] = (), actor: Actor, now: datetime, before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None, reason: str = "", visit_id: int | None = None,
) -> None:  # fmt: skip
    """Raise the counter and write the one entry, which belongs to the dealer it happened at."""
    changes.touch(session, "customers")
    items = [timeline.Item("vehicle", vehicle.id, dealer_id)]
    items += [timeline.Item("customer", one.id, one.dealer_id) for one in customers]
    if visit_id is not None:
        items.append(timeline.Item("service_visit", visit_id, dealer_id))
    timeline.record(
        session, actor=actor, now=now, area="customers", command=command, summary=f"{number(vehicle.id)}: {summary}",
        items=items, before=before, after=after, reason=reason, extra={"vin": mask_vin(vehicle.vin)},
    )  # fmt: skip
