"""Leads to take away: a line a lead for spreadsheets, a document a lead for JSON lines (issue 2, "Done shows" 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.export_files import ExportColumn
from db.core.masking import HIDDEN, mask_email, mask_name, mask_phone, mask_vin
from db.core.permissions import Permission
from db.leads.board_queries import BoardFilters, conditions
from db.leads.cohorts import lead_conditions
from db.leads.flow import FLOW
from db.leads.lead_queries import REASONS
from db.leads.rules import temperature
from db.leads.tables import Dealer, Lead, LeadContact, LeadKey, LeadVehicle, Person

CHUNK = 500
COHORT_FILTERS = ("from", "to", "state", "dealer")
BOARD_FILTERS = ("view", "status", "region", "source", "product", "temperature", "overdue", "text")

COLUMNS = (
    ExportColumn(name="number", label="Lead"),
    ExportColumn(name="status", label="Status"),
    ExportColumn(name="received_at", label="Received", kind="datetime"),
    ExportColumn(name="requested_at", label="Requested", kind="datetime"),
    ExportColumn(name="customer_name", label="Customer"),
    ExportColumn(name="email", label="E-mail"),
    ExportColumn(name="phone", label="Telephone"),
    ExportColumn(name="city_state", label="State"),
    ExportColumn(name="postal_code", label="Postal code"),
    ExportColumn(name="wants", label="Wants"),
    ExportColumn(name="product", label="Product"),
    ExportColumn(name="source", label="Source"),
    ExportColumn(name="provider", label="Provider"),
    ExportColumn(name="region", label="Region"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer_name", label="Dealer"),
    ExportColumn(name="assignee", label="Person"),
    ExportColumn(name="score", label="Score", kind="integer"),
    ExportColumn(name="temperature", label="Temperature"),
    ExportColumn(name="first_action_due_at", label="First action due", kind="datetime"),
    ExportColumn(name="first_action_at", label="First action", kind="datetime"),
    ExportColumn(name="first_action_minutes", label="First action, working minutes", kind="integer"),
    ExportColumn(name="first_quality_at", label="Quality response", kind="datetime"),
    ExportColumn(name="contacted_at", label="Contact", kind="datetime"),
    ExportColumn(name="qualified_at", label="Qualified", kind="datetime"),
    ExportColumn(name="appointment_set_at", label="Appointment set", kind="datetime"),
    ExportColumn(name="appointment_shown_at", label="Appointment shown", kind="datetime"),
    ExportColumn(name="sold_at", label="Sold", kind="datetime"),
    ExportColumn(name="delivered_at", label="Delivered", kind="datetime"),
    ExportColumn(name="closed_at", label="Closed", kind="datetime"),
    ExportColumn(name="close_reason", label="Reason"),
    ExportColumn(name="value", label="Price", kind="money"),
    ExportColumn(name="attempts", label="Attempts", kind="integer"),
    ExportColumn(name="touches", label="Touches", kind="integer"),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a lead in the order of `COLUMNS`, oldest first; read in pieces, so any number fits in memory.

    Without personal_data.view the customer is masked, as on the screens.
    """
    actor.require(Permission.EXPORT_RUN)
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    for leads in _chunks(session, scope, filters, now, personal=personal):
        contacts = _by_lead(session, LeadContact, [r.Lead.id for r in leads])
        for row in leads:
            yield _row(row, contacts.get(row.Lead.id, []), personal=personal)


def _row(row: Any, contacts: Sequence[LeadContact], *, personal: bool) -> tuple[Any, ...]:
    lead: Lead = row.Lead

    def first(kind: str) -> str:
        raw = next((c.raw for c in contacts if c.kind == kind), "")
        if personal or not raw:
            return raw
        return mask_email(raw) if kind == "email" else mask_phone(raw)

    return (
        lead.number, FLOW.state(lead.status).label, lead.received_at, lead.requested_at,
        lead.customer_name if personal else mask_name(lead.customer_name), first("email"), first("phone"), lead.state,
        lead.postal_code if personal else "", lead.wants, lead.product, lead.source, lead.provider, lead.region or "",
        row.code or "", row.dealer_name or "", row.assignee or "", lead.score, temperature(lead.score),
        lead.first_action_due_at, lead.first_action_at, lead.first_action_minutes, lead.first_quality_at,
        lead.contacted_at, lead.qualified_at, lead.appointment_set_at, lead.appointment_shown_at, lead.sold_at,
        lead.delivered_at, lead.closed_at, REASONS.get(lead.close_reason, lead.close_reason), lead.value_cents,
        lead.attempts, lead.touches,
    )  # fmt: skip


def export_documents(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[dict[str, Any]]:
    """One document a lead, oldest first, with everything that was read; moments are ISO 8601 in UTC."""
    actor.require(Permission.EXPORT_RUN)
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    for leads in _chunks(session, scope, filters, now, personal=personal):
        ids = [r.Lead.id for r in leads]
        contacts, vehicles, keys = (_by_lead(session, table, ids) for table in (LeadContact, LeadVehicle, LeadKey))
        for row in leads:
            lead_id = row.Lead.id
            yield _document(
                row, contacts.get(lead_id, []), vehicles.get(lead_id, []), keys.get(lead_id, []), personal=personal
            )


def _document(
    row: Any, contacts: Sequence[LeadContact], vehicles: Sequence[LeadVehicle], keys: Sequence[LeadKey], *,
    personal: bool,
) -> dict[str, Any]:  # fmt: skip
    lead: Lead = row.Lead

    def shown(contact: LeadContact) -> str:
        if personal:
            return contact.raw
        return mask_email(contact.raw) if contact.kind == "email" else mask_phone(contact.raw)

    def text(value: str) -> str:
        return value if personal or not value else HIDDEN

    wanted = next((v for v in vehicles if v.role == "wanted"), None)
    traded = next((v for v in vehicles if v.role == "trade_in"), None)
    return {
        "number": lead.number,
        "external_ids": [
            {"source": key.source or None, "value": key.external_id} for key in keys if key.kind == "external"
        ],
        "status": lead.status,
        "received_at": _iso(lead.received_at),
        "requested_at": _iso(lead.requested_at),
        "requested_raw": lead.requested_raw,
        "customer_name": lead.customer_name if personal else mask_name(lead.customer_name),
        "emails": [shown(c) for c in contacts if c.kind == "email"],
        "phones": [shown(c) for c in contacts if c.kind == "phone"],
        "phones_e164": [c.normal for c in contacts if c.kind == "phone" and c.normal] if personal else [],
        "preferred_contact": lead.preferred_contact,
        "dealer_code": row.code or None,
        "vendor": lead.vendor_name or None,
        "vehicle": _vehicle(wanted, personal=personal) if wanted else None,
        "trade_in": _vehicle(traded, personal=personal) if traded else None,
        "vehicles": [_vehicle(v, personal=personal) | _as_written(v) | {"role": v.role} for v in vehicles],
        "comments": text(lead.comments),
        "provider": lead.provider or None,
        "source": lead.source,
        "product": lead.product,
        "score": lead.score,
        "first_action_due_at": _iso(lead.first_action_due_at),
        "first_action_at": _iso(lead.first_action_at),
        "close_reason": lead.close_reason or None,
        "warnings": list(lead.warnings) if personal else [],
    }


def _as_written(vehicle: LeadVehicle) -> dict[str, Any]:
    """What the document said of a vehicle where it was understood otherwise, such as a model that was cut off."""
    written = vehicle.details.get("as_written")
    if not isinstance(written, dict):
        return {}
    year = written.get("year_raw") or written.get("year")
    return {
        "interest": written.get("interest") or vehicle.interest, "year": str(year) if year else None,
        "make": written.get("make"), "model": written.get("model"), "trim": written.get("trim"),
    }  # fmt: skip


def _vehicle(vehicle: LeadVehicle, *, personal: bool) -> dict[str, Any]:
    return {
        "interest": vehicle.interest, "condition": vehicle.condition or None, "year": vehicle.year,
        "make": vehicle.make, "model": vehicle.model, "trim": vehicle.trim,
        "vin": vehicle.vin if personal or not vehicle.vin else mask_vin(vehicle.vin), "stock": vehicle.stock,
        "odometer": vehicle.odometer, "odometer_units": vehicle.odometer_units or None,
        "price_cents": vehicle.price_cents,
    }  # fmt: skip


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _where(
    session: Session, scope: Scope, filters: Mapping[str, Any], now: datetime, *, personal: bool
) -> list[ColumnElement[bool]]:
    """The filters of the board and of the performance page both work here; without a view every lead is taken."""
    board: dict[str, Any] = {name: filters[name] for name in BOARD_FILTERS if filters.get(name)}
    if filters.get("assignee_id"):
        board["assignee_id"] = int(filters["assignee_id"])
    if filters.get("dealer_id"):
        board["dealer_id"] = int(filters["dealer_id"])
    lists: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in board.items()}
    wanted = BoardFilters(**({"view": "all"} | lists))
    cohort = {name: filters[name] for name in COHORT_FILTERS if filters.get(name)}
    return [
        *conditions(session, scope=scope, filters=wanted, now=now, personal=personal),
        *lead_conditions(scope, cohort),
    ]


def _chunks(
    session: Session, scope: Scope, filters: Mapping[str, Any], now: datetime, *, personal: bool
) -> Iterator[list[Any]]:
    where = _where(session, scope, filters, now, personal=personal)
    query = (
        select(Lead, Dealer.code, Dealer.name.label("dealer_name"), Person.name.label("assignee"))
        .outerjoin(Dealer, Dealer.id == Lead.dealer_id)
        .outerjoin(Person, Person.id == Lead.assignee_id)
        .where(*where)
        .order_by(Lead.id)
        .limit(CHUNK)
    )
    last = 0
    while True:
        found = list(session.execute(query.where(Lead.id > last)))
        if not found:
            return
        last = found[-1].Lead.id
        yield found
        # The identity map would otherwise hold every lead of a large export.
        session.expunge_all()


def _by_lead(session: Session, table: Any, ids: Sequence[int]) -> dict[int, list[Any]]:
    order = getattr(table, "position", table.id)
    found: dict[int, list[Any]] = {}
    for row in session.scalars(select(table).where(table.lead_id.in_(ids)).order_by(table.lead_id, order, table.id)):
        found.setdefault(row.lead_id, []).append(row)
    return found
