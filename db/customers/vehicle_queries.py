"""One vehicle as this person may see it: its facts, owners and visits of their dealers, and its odometer as a whole.

The odometer is everybody's who may see the vehicle: without the readings of other dealers no fall would show. Of those
only day and value are told, never the dealer, the order or the customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import vin as vins
from db.core.actor import Actor, Scope
from db.core.area import SearchResult
from db.core.masking import mask_name, mask_vin
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.timeline import TimelineEntry, TimelineLink
from db.customers import vehicle_record
from db.customers.odometer_rules import Finding, Reading, Unit, findings
from db.customers.ownership_rules import Period
from db.customers.tables import Customer
from db.customers.vehicle_tables import OdometerReading, Ownership, Purchase, ServiceVisit, Vehicle
from db.customers.vin_rules import REASONS, doubts
from db.dealers.tables import Dealer

PAGE_FILE = "pages/crm/vehicle.py"
ELSEWHERE = "Another dealer"
MOST_LINES = 200
T = TypeVar("T", Purchase, ServiceVisit, OdometerReading)


@dataclass(frozen=True, kw_only=True)
class OwnerLine:
    """One period. A customer of another dealer has no id and no name here."""

    ownership_id: int
    customer_id: int | None
    name: str
    dealer: str
    period: Period


@dataclass(frozen=True, kw_only=True)
class VisitLine:
    """One service visit of this person's dealers."""

    visit_id: int
    version: int
    dealer_id: int
    dealer: str
    ro_number: str
    opened_on: date
    closed_on: date | None
    odometer_in: int
    odometer_out: int | None
    unit: str
    complaint: str
    customer_id: int | None
    vehicle_id: int
    vehicle: str


@dataclass(frozen=True, kw_only=True)
class PurchaseLine:
    """One purchase at this person's dealers."""

    vehicle_id: int
    vehicle: str
    dealer: str
    customer_id: int
    bought_on: date
    condition: str
    price_cents: int | None
    odometer: int | None
    unit: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class VehiclePage:
    """One vehicle; `vin` is masked for roles without personal data, `warnings` are those of its number."""

    id: int
    number: str
    version: int
    vin: str
    is_regular: bool
    vin_reason: str
    warnings: tuple[str, ...]
    year: int | None
    make: str
    model: str
    trim: str
    sources: dict[str, str]
    in_service_on: date | None
    plate: str
    owners: tuple[OwnerLine, ...]
    visits: tuple[VisitLine, ...]
    purchases: tuple[PurchaseLine, ...]
    readings: tuple[Reading, ...]
    findings: tuple[Finding, ...]
    is_masked: bool

    @property
    def title(self) -> str:
        """ "2026 Honda Accord", else what it is called by."""
        return title_of(self.year, self.make, self.model) or self.number


@dataclass(frozen=True, kw_only=True)
class OwnedLine:
    """A vehicle of a customer, owned now or once."""

    vehicle_id: int
    number: str
    title: str
    vin: str
    period: Period
    in_service_on: date | None


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happened to a vehicle at this person's dealers."""

    at: datetime
    by: str
    title: str
    note: str


def title_of(year: int | None, make: str, model: str) -> str:
    """ "2026 Honda Accord"."""
    return " ".join(str(part) for part in (year, make, model) if part)


def _vehicle(session: Session, vehicle_id: int, scope: Scope) -> Vehicle:
    vehicle = session.scalars(
        select(Vehicle).where(Vehicle.id == vehicle_id, vehicle_record.seen_by(scope))
    ).one_or_none()
    if vehicle is None:
        raise NotFound("This vehicle")
    return vehicle


def get_vehicle(session: Session, *, vehicle_id: int, actor: Actor) -> VehiclePage:
    """One vehicle; raises `NotFound` for one that none of this person's dealers has to do with, whatever its VIN."""
    actor.require(Permission.CUSTOMERS_VIEW)
    vehicle = _vehicle(session, vehicle_id, actor.scope)
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    owners = _owners(session, vehicle.id, actor=actor)
    readings = _readings(session, vehicle.id, scope=actor.scope)
    warnings = doubts(vehicle.vin, vehicle.year) if personal and vehicle.is_regular else ()
    is_ours = any(o.customer_id is not None and o.period.until is None for o in owners) or actor.scope.is_all
    return VehiclePage(
        id=vehicle.id, number=vehicle_record.number(vehicle.id), version=vehicle.version,
        vin=vehicle.vin if personal else mask_vin(vehicle.vin), is_regular=vehicle.is_regular,
        vin_reason=REASONS.get(vehicle.vin_reason, ""), warnings=warnings,
        year=vehicle.year, make=vehicle.make, model=vehicle.model, trim=vehicle.trim,
        sources={name: str(source) for name, source in vehicle.sources.items()}, in_service_on=vehicle.in_service_on,
        plate=vehicle.plate if personal and is_ours else "", owners=owners,
        visits=tuple(list_visits(session, actor=actor, vehicle_id=vehicle.id)),
        purchases=tuple(list_purchases(session, actor=actor, vehicle_id=vehicle.id)), readings=readings,
        findings=tuple(findings(readings)), is_masked=not personal,
    )  # fmt: skip


def _owners(session: Session, vehicle_id: int, *, actor: Actor) -> tuple[OwnerLine, ...]:
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    rows = session.execute(
        select(Ownership, Customer, Dealer.name)
        .join(Customer, Customer.id == Ownership.customer_id)
        .outerjoin(Dealer, Dealer.id == Customer.dealer_id)
        .where(Ownership.vehicle_id == vehicle_id)
        .order_by(Ownership.since.desc())
        .limit(MOST_LINES)
    )
    lines = []
    for owned, customer, dealer in rows:
        ours = actor.scope.allows(dealer_id=customer.dealer_id, region=customer.region)
        name = customer.name if personal else mask_name(customer.name)
        lines.append(
            OwnerLine(
                ownership_id=owned.id if ours else 0, customer_id=customer.id if ours else None,
                name=name if ours else "An owner of another dealer", dealer=(dealer or "") if ours else ELSEWHERE,
                period=Period(since=owned.since, until=owned.until, ref=owned.id),
            )
        )  # fmt: skip
    return tuple(lines)


def list_visits(
    session: Session, *, actor: Actor, vehicle_id: int | None = None, customer_id: int | None = None
) -> list[VisitLine]:
    """Visits of this person's dealers, newest first, of one vehicle or one customer."""
    query = (
        select(ServiceVisit, Dealer.name, Vehicle)
        .join(Dealer, Dealer.id == ServiceVisit.dealer_id)
        .join(Vehicle, Vehicle.id == ServiceVisit.vehicle_id)
        .where(actor.scope.where(ServiceVisit.dealer_id, ServiceVisit.region))
    )
    if vehicle_id is not None:
        query = query.where(ServiceVisit.vehicle_id == vehicle_id)
    if customer_id is not None:
        query = query.where(ServiceVisit.customer_id == customer_id)
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    rows = session.execute(query.order_by(ServiceVisit.opened_on.desc(), ServiceVisit.id.desc()).limit(MOST_LINES))
    return [
        VisitLine(
            visit_id=v.id, version=v.version, dealer_id=v.dealer_id, dealer=dealer, ro_number=v.ro_number,
            opened_on=v.opened_on, closed_on=v.closed_on, odometer_in=v.odometer_in, odometer_out=v.odometer_out,
            unit=v.unit, complaint=v.complaint if personal else "", customer_id=v.customer_id, vehicle_id=vehicle.id,
            vehicle=title_of(vehicle.year, vehicle.make, vehicle.model) or vehicle_record.number(vehicle.id),
        )
        for v, dealer, vehicle in rows
    ]  # fmt: skip


def list_purchases(
    session: Session, *, actor: Actor, vehicle_id: int | None = None, customer_id: int | None = None
) -> list[PurchaseLine]:
    """Purchases at this person's dealers, newest first, of one vehicle or one customer."""
    query = (
        select(Purchase, Dealer.name, Vehicle)
        .join(Dealer, Dealer.id == Purchase.dealer_id)
        .join(Vehicle, Vehicle.id == Purchase.vehicle_id)
        .where(actor.scope.where(Purchase.dealer_id, Purchase.region))
    )
    if vehicle_id is not None:
        query = query.where(Purchase.vehicle_id == vehicle_id)
    if customer_id is not None:
        query = query.where(Purchase.customer_id == customer_id)
    rows = session.execute(query.order_by(Purchase.bought_on.desc(), Purchase.id.desc()).limit(MOST_LINES))
    return [
        PurchaseLine(
            vehicle_id=vehicle.id, dealer=dealer, customer_id=p.customer_id, bought_on=p.bought_on,
            vehicle=title_of(vehicle.year, vehicle.make, vehicle.model) or vehicle_record.number(vehicle.id),
            condition=p.condition, price_cents=p.price_cents, odometer=p.odometer, unit=p.unit, reference=p.reference,
        )
        for p, dealer, vehicle in rows
    ]  # fmt: skip


def _readings(session: Session, vehicle_id: int, *, scope: Scope) -> tuple[Reading, ...]:
    """Every reading of a vehicle, of all dealers, oldest first; places and orders of other dealers are left out."""
    found: list[tuple[date, int, Reading]] = []

    def place(row: Purchase | ServiceVisit | OdometerReading, what: str, dealer: str) -> str:
        return f"{what}, {dealer}" if scope.allows(dealer_id=row.dealer_id, region=row.region) else ELSEWHERE

    for bought, dealer in _of(session, Purchase, vehicle_id):
        if bought.odometer is not None:
            where = place(bought, "Purchase", dealer)
            found.append((bought.bought_on, 0, _reading(bought.bought_on, bought.odometer, bought.unit, where)))
    for visit, dealer in _of(session, ServiceVisit, vehicle_id):
        where = place(visit, "Service", dealer)
        ref = "" if where == ELSEWHERE else f"visit:{visit.id}"
        found.append((visit.opened_on, 1, _reading(visit.opened_on, visit.odometer_in, visit.unit, where, ref=ref)))
        if visit.odometer_out is not None:
            day = visit.closed_on or visit.opened_on
            found.append((day, 2, _reading(day, visit.odometer_out, visit.unit, where, ref=ref)))
    for read, dealer in _of(session, OdometerReading, vehicle_id):
        where = place(read, "New odometer" if read.starts_anew else "Reading", dealer)
        one = _reading(read.read_on, read.value, read.unit, where, starts_anew=read.starts_anew)
        found.append((read.read_on, 3, one))
    return tuple(reading for _, _, reading in sorted(found, key=lambda f: (f[0], f[1])))


def _reading(on: date, value: int, unit: str, place: str, *, ref: str = "", starts_anew: bool = False) -> Reading:
    return Reading(on=on, value=value, unit=cast("Unit", unit), place=place, ref=ref, starts_anew=starts_anew)


def _of(session: Session, table: type[T], vehicle_id: int) -> list[tuple[T, str]]:
    """Every row of a vehicle with its dealer's name, in the order they were entered."""
    columns: Any = table
    rows = session.execute(
        select(table, Dealer.name)
        .join(Dealer, Dealer.id == columns.dealer_id)
        .where(columns.vehicle_id == vehicle_id)
        .order_by(columns.id)
    )
    return [(row[0], row[1]) for row in rows]


def odometer_findings(session: Session, *, vehicle_id: int, scope: Scope) -> list[Finding]:
    """What cannot be right in the odometer series of a vehicle, for claim rules (W04, W08); raises `NotFound`."""
    vehicle = _vehicle(session, vehicle_id, scope)
    return findings(_readings(session, vehicle.id, scope=scope))


def odometer_series(session: Session, *, vehicle_id: int, scope: Scope) -> tuple[Reading, ...]:
    """Every reading, oldest first; raises `NotFound`."""
    return _readings(session, _vehicle(session, vehicle_id, scope).id, scope=scope)


def vehicles_of(session: Session, *, customer_id: int, actor: Actor) -> list[OwnedLine]:
    """What a customer owns or owned, the present first; nothing for a customer out of scope."""
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    rows = session.execute(
        select(Ownership, Vehicle)
        .join(Vehicle, Vehicle.id == Ownership.vehicle_id)
        .join(Customer, Customer.id == Ownership.customer_id)
        .where(Ownership.customer_id == customer_id, actor.scope.where(Customer.dealer_id, Customer.region))
        .order_by(Ownership.until.is_not(None), Ownership.since.desc())
        .limit(MOST_LINES)
    )
    return [
        OwnedLine(
            vehicle_id=v.id, number=vehicle_record.number(v.id),
            title=title_of(v.year, v.make, v.model) or vehicle_record.number(v.id),
            vin=v.vin if personal else mask_vin(v.vin), period=Period(since=o.since, until=o.until, ref=o.id),
            in_service_on=v.in_service_on,
        )
        for o, v in rows
    ]  # fmt: skip


def find_by_vin(session: Session, *, vin: str, actor: Actor) -> int | None:
    """The id of the vehicle of a whole VIN, if this person may see it; a vehicle of others answers as none at all."""
    actor.require(Permission.CUSTOMERS_VIEW)
    return session.scalar(select(Vehicle.id).where(Vehicle.vin == vins.clean(vin), vehicle_record.seen_by(actor.scope)))


def vehicle_history(session: Session, *, vehicle_id: int, actor: Actor, limit: int = 60) -> list[Event]:
    """What was done to a vehicle at this person's dealers, newest first; the desk sees all of it."""
    _vehicle(session, vehicle_id, actor.scope)
    link = (
        select(TimelineLink.seq)
        .where(TimelineLink.item_type == "vehicle", TimelineLink.item_id == vehicle_id)
        .order_by(TimelineLink.seq.desc())
        .limit(limit)
    )
    if actor.scope.kind == "dealers":
        link = link.where(TimelineLink.dealer_id.in_(sorted(actor.scope.dealer_ids)))
    elif actor.scope.kind == "regions":
        ours = select(Dealer.id).where(Dealer.region.in_(sorted(actor.scope.regions)))
        link = link.where(TimelineLink.dealer_id.in_(ours))
    entries = session.scalars(
        select(TimelineEntry).where(TimelineEntry.seq.in_(link.subquery().select())).order_by(TimelineEntry.seq.desc())
    )
    return [Event(at=e.at, by=e.actor_name, title=e.summary, note=e.reason) for e in entries]


def found_vehicles(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Vehicles the search box found, in the order of `ids`; those of others are left out."""
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    rows = session.scalars(select(Vehicle).where(Vehicle.id.in_(list(ids)), vehicle_record.seen_by(actor.scope)))
    found = {
        v.id: SearchResult(
            kind="vehicle", item_id=v.id,
            title=title_of(v.year, v.make, v.model) or vehicle_record.number(v.id),
            subtitle=" · ".join((v.vin if personal else mask_vin(v.vin), vehicle_record.number(v.id))),
            page=PAGE_FILE, query={"vehicle": str(v.id)},
        )
        for v in rows
    }  # fmt: skip
    return [found[i] for i in dict.fromkeys(ids) if i in found]
