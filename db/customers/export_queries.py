"""Customers and service visits as rows to take away: masked for roles without need, a purpose asked where not (P26)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.export_files import ExportColumn
from db.core.masking import HIDDEN, mask_email, mask_name, mask_phone, mask_vin
from db.core.permissions import Permission
from db.customers import record, vehicle_record
from db.customers.consent_rules import ConsentFact, may_contact
from db.customers.customer_queries import CustomerFilters, list_customers
from db.customers.tables import Consent, Customer
from db.customers.vehicle_tables import ServiceVisit, Vehicle
from db.customers.ways import first_ways
from db.dealers.tables import Dealer

CUSTOMER_COLUMNS = (
    ExportColumn(name="number", label="Customer"),
    ExportColumn(name="name", label="Name"),
    ExportColumn(name="is_business", label="Business", kind="bool"),
    ExportColumn(name="phone", label="Phone"),
    ExportColumn(name="email", label="E-mail"),
    ExportColumn(name="street", label="Street"),
    ExportColumn(name="city", label="City"),
    ExportColumn(name="state", label="State"),
    ExportColumn(name="postal_code", label="Postal code"),
    ExportColumn(name="may_text", label="May be texted", kind="bool"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="since", label="Known since", kind="datetime"),
)
VISIT_COLUMNS = (
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="ro_number", label="Repair order"),
    ExportColumn(name="vin", label="VIN"),
    ExportColumn(name="vehicle", label="Vehicle"),
    ExportColumn(name="opened_on", label="Opened", kind="date"),
    ExportColumn(name="closed_on", label="Closed", kind="date"),
    ExportColumn(name="odometer_in", label="Odometer in", kind="integer"),
    ExportColumn(name="odometer_out", label="Odometer out", kind="integer"),
    ExportColumn(name="unit", label="Unit"),
    ExportColumn(name="customer", label="Customer"),
    ExportColumn(name="complaint", label="Complaint"),
)


def export_customers(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a customer in the order of `CUSTOMER_COLUMNS`, newest first."""
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    chosen = CustomerFilters(
        text=str(filters.get("text") or ""), kind=str(filters.get("kind") or ""),
        dealer_id=int(filters["dealer_id"]) if filters.get("dealer_id") else None,
    )  # fmt: skip
    after = None
    while True:
        rows, after = list_customers(session, actor=actor, filters=chosen, after=after, limit=500)
        ids = [row.customer_id for row in rows]
        people = {c.id: c for c in session.scalars(select(Customer).where(Customer.id.in_(ids)))}
        ways, texted = first_ways(session, ids), _texted(session, ids)
        for row in rows:
            one = people[row.customer_id]
            phone, email = ways.get((one.id, "phone"), ""), ways.get((one.id, "email"), "")
            yield (
                record.number(one.id), one.name if personal else mask_name(one.name), one.is_business,
                phone if personal or not phone else mask_phone(phone),
                email if personal or not email else mask_email(email),
                one.street if personal or not one.street else HIDDEN, one.city, one.state,
                one.postal_code if personal else one.postal_code[:3], one.id in texted, row.dealer, one.created_at,
            )  # fmt: skip
        if after is None:
            return


def _texted(session: Session, ids: Sequence[int]) -> set[int]:
    """Who may be texted."""
    said: dict[int, list[ConsentFact]] = {}
    rows = session.execute(
        select(Consent.customer_id, Consent.is_given, Consent.at).where(
            Consent.customer_id.in_(ids), Consent.channel == "sms"
        )
    )
    for customer_id, is_given, at in rows:
        said.setdefault(customer_id, []).append(ConsentFact(channel="sms", is_given=is_given, at=at))
    return {customer_id for customer_id, facts in said.items() if may_contact("sms", facts).ok}


def export_visits(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a visit in the order of `VISIT_COLUMNS`, oldest first."""
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    query = (
        select(ServiceVisit, Vehicle, Dealer.code)
        .join(Vehicle, Vehicle.id == ServiceVisit.vehicle_id)
        .join(Dealer, Dealer.id == ServiceVisit.dealer_id)
        .where(scope.where(ServiceVisit.dealer_id, ServiceVisit.region))
    )
    if filters.get("dealer_id"):
        query = query.where(ServiceVisit.dealer_id == int(filters["dealer_id"]))
    for visit, vehicle, code in session.execute(query.order_by(ServiceVisit.id)):
        title = " ".join(str(p) for p in (vehicle.year, vehicle.make, vehicle.model) if p)
        yield (
            code, visit.ro_number, vehicle.vin if personal else mask_vin(vehicle.vin),
            title or vehicle_record.number(vehicle.id), visit.opened_on, visit.closed_on, visit.odometer_in,
            visit.odometer_out, visit.unit, record.number(visit.customer_id) if visit.customer_id else "",
            visit.complaint if personal else "",
        )  # fmt: skip
