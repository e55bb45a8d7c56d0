"""Vehicles, and who bought and owns them, as rows to take away: VINs and plates masked for roles without need (P26)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.export_files import ExportColumn
from db.core.masking import HIDDEN, mask_name, mask_vin
from db.core.permissions import Permission
from db.customers import record, vehicle_record
from db.customers.tables import Customer
from db.customers.vehicle_tables import Ownership, Purchase, Vehicle
from db.dealers.tables import Dealer

VEHICLE_COLUMNS = (
    ExportColumn(name="number", label="Vehicle"),
    ExportColumn(name="vin", label="VIN"),
    ExportColumn(name="year", label="Model year", kind="integer"),
    ExportColumn(name="make", label="Make"),
    ExportColumn(name="model", label="Model"),
    ExportColumn(name="trim", label="Trim"),
    ExportColumn(name="in_service_on", label="Warranty starts", kind="date"),
    ExportColumn(name="plate", label="Plate"),
)
OWNERSHIP_COLUMNS = (
    ExportColumn(name="vehicle", label="Vehicle"),
    ExportColumn(name="vin", label="VIN"),
    ExportColumn(name="customer", label="Customer"),
    ExportColumn(name="name", label="Name"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="since", label="Owns since", kind="date"),
    ExportColumn(name="until", label="Until", kind="date"),
    ExportColumn(name="bought_on", label="Bought", kind="date"),
    ExportColumn(name="condition", label="New or used"),
    ExportColumn(name="price", label="Price", kind="money"),
    ExportColumn(name="reference", label="Reference"),
)


def export_vehicles(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a vehicle this person may see, in the order of `VEHICLE_COLUMNS`; with `dealer_id` those of one."""
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    query = select(Vehicle).where(vehicle_record.seen_by(scope))
    if filters.get("dealer_id"):
        at = Scope("dealers", dealer_ids=frozenset({int(filters["dealer_id"])}))
        query = query.where(vehicle_record.seen_by(at))
    for v in session.scalars(query.order_by(Vehicle.id)):
        yield (
            vehicle_record.number(v.id), v.vin if personal else mask_vin(v.vin), v.year, v.make, v.model, v.trim,
            v.in_service_on, v.plate if personal or not v.plate else HIDDEN,
        )  # fmt: skip


def export_ownerships(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a period of ownership of customers in scope, with the purchase it began with, oldest first."""
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    query = (
        select(Ownership, Vehicle, Customer, Dealer.code, Purchase)
        .join(Vehicle, Vehicle.id == Ownership.vehicle_id)
        .join(Customer, Customer.id == Ownership.customer_id)
        .outerjoin(Dealer, Dealer.id == Customer.dealer_id)
        .outerjoin(
            Purchase,
            and_(
                Purchase.vehicle_id == Ownership.vehicle_id, Purchase.customer_id == Ownership.customer_id,
                Purchase.bought_on == Ownership.since,
                or_(Purchase.dealer_id == Customer.dealer_id, scope.where(Purchase.dealer_id, Purchase.region)),
            ),
        )
        .where(scope.where(Customer.dealer_id, Customer.region))
    )  # fmt: skip
    if filters.get("dealer_id"):
        query = query.where(Customer.dealer_id == int(filters["dealer_id"]))
    for own, v, customer, code, found in session.execute(query.order_by(Ownership.id)):
        bought: Purchase | None = found  # an outer join, so it may be missing
        yield (
            vehicle_record.number(v.id), v.vin if personal else mask_vin(v.vin), record.number(customer.id),
            customer.name if personal else mask_name(customer.name), code or "", own.since, own.until,
            bought.bought_on if bought is not None else None, bought.condition if bought is not None else "",
            bought.price_cents if bought is not None else None, bought.reference if bought is not None else "",
        )  # fmt: skip
