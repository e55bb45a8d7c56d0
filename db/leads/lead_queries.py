"""One lead with everything that hangs on it, as its drawer and its page show it (issue 2, "Lead page")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select, union
from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.core.actor import Actor
from db.core.masking import HIDDEN, mask_email, mask_name, mask_phone, mask_vin
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.shapes import ScopeShape, shape_of, values_of, within
from db.core.timeline import TimelineEntry, TimelineLink
from db.customers.tables import Consent, Customer, CustomerKey
from db.leads.activities import contact_label
from db.leads.clock import ClockLine, explain_clock
from db.leads.flow import BAD_REASONS, FLOW, LOST_REASONS
from db.leads.rules import check_unresponsive, meaning_of, suggested_step, temperature
from db.leads.tables import Dealer, Lead, LeadActivity, LeadContact, LeadKey, LeadVehicle, Person

REASONS = dict(LOST_REASONS) | dict(BAD_REASONS) | {"expired": "Idle for 90 days"}
MOST_EVENTS = 500
# These entries are told by the contact they stored.
TOLD_BY_ACTIVITY = ("log_activity",)


@dataclass(frozen=True, kw_only=True)
class ContactLine:
    """A way to reach the customer; `shown` is the address or number, masked where the actor has no need of it."""

    kind: str
    shown: str
    normal: str | None
    label: str
    best_time: str
    is_preferred: bool


@dataclass(frozen=True, kw_only=True)
class VehicleLine:
    """A vehicle of the lead; `title` is year, make, model and trim in one line."""

    role: str
    interest: str
    condition: str
    title: str
    year: str
    make: str
    model: str
    trim: str
    vin: str
    stock: str
    odometer: int | None
    odometer_units: str
    price_cents: int | None
    details: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of the lead's history: a contact or a step. `counted` says which clocks it stopped, or why none."""

    at: datetime
    kind: str
    title: str
    body: str
    by: str
    direction: str = ""
    counted: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class LinkedLead:
    """Another lead this one has to do with, and how."""

    id: int
    number: str
    status: str
    status_label: str
    received_at: datetime
    wants: str
    relation: str


@dataclass(frozen=True, kw_only=True)
class LeadPage:
    """A lead with everything on it; `version` goes back with the step that is taken. Frozen: nothing here is a row."""

    id: int
    number: str
    status: str
    status_label: str
    tone: str
    version: int
    is_open: bool
    submitted_by: str
    updated_at: datetime
    updated_by: str
    due_at: datetime | None
    next_step: str
    suggested_step: str
    dealer_id: int | None
    dealer_code: str
    dealer_name: str
    region: str
    assignee_id: int | None
    assignee_name: str
    received_at: datetime
    requested_at: datetime | None
    requested_raw: str
    channel: str
    provider: str
    source: str
    product: str
    vendor_name: str
    external_ids: tuple[tuple[str, str], ...]
    touches: int
    customer_id: int
    customer_name: str
    is_business: bool
    address: str
    preferred_contact: str
    contacts: tuple[ContactLine, ...]
    consents: tuple[tuple[str, bool, datetime], ...]
    comments: str
    question: str
    timeframe: str
    vehicles: tuple[VehicleLine, ...]
    details: Mapping[str, Any]
    warnings: tuple[str, ...]
    score: int
    temperature: str
    score_parts: tuple[Mapping[str, Any], ...]
    routing: Mapping[str, Any]
    routed_at: datetime | None
    clock: ClockLine
    breach_handled_at: datetime | None
    breach_outcome: str
    attempts: int
    may_close_unresponsive: str
    first_action_at: datetime | None
    first_quality_at: datetime | None
    contacted_at: datetime | None
    appointment_at: datetime | None
    sold_at: datetime | None
    closed_at: datetime | None
    close_reason: str
    close_note: str
    value_cents: int | None
    history: tuple[Event, ...]
    linked: tuple[LinkedLead, ...]
    shopped_by: int
    is_masked: bool

    @property
    def wanted(self) -> VehicleLine | None:
        """The vehicle of interest: the first wanted one."""
        return next((v for v in self.vehicles if v.role == "wanted"), None)

    @property
    def trade_in(self) -> VehicleLine | None:
        """The vehicle the customer wants to give in payment."""
        return next((v for v in self.vehicles if v.role == "trade_in"), None)


def get_lead(session: Session, *, item_id: int, actor: Actor, now: datetime) -> LeadPage:
    """The lead as this actor may see it; `NotFound` when it is absent or out of scope. Needs leads.view.

    Without personal_data.view the customer is masked. `shopped_by` counts the dealers where the same person has asked
    and is 0 for people of a dealer (2.2 D).
    """
    actor.require(Permission.LEADS_VIEW)
    asked = {"lead_id": item_id, **values_of(actor.scope)}
    found = session.execute(_one(shape_of(actor.scope)), asked).first()
    if found is None:
        raise NotFound("This lead")
    lead, dealer_code, dealer_name, assignee = found
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    customer = session.get_one(Customer, lead.customer_id)
    calendar = calendar_for_dealer(session, lead.dealer_id)
    activities = session.scalars(_ACTIVITIES, {"lead_id": lead.id}).all()
    tried = [a.at for a in activities if meaning_of(a.kind, a.outcome).is_attempt]
    early = check_unresponsive(tried, zone=calendar.zone)
    state = FLOW.state(lead.status)
    return LeadPage(
        id=lead.id, number=lead.number, status=lead.status, status_label=state.label, tone=state.tone,
        version=lead.version, is_open=lead.is_open, submitted_by=lead.submitted_by, updated_at=lead.updated_at,
        updated_by=lead.updated_by, due_at=lead.due_at, next_step=lead.next_step,
        suggested_step=suggested_step(lead.status), dealer_id=lead.dealer_id, dealer_code=dealer_code or "",
        dealer_name=dealer_name or "", region=lead.region or "", assignee_id=lead.assignee_id,
        assignee_name=assignee or "", received_at=lead.received_at, requested_at=lead.requested_at,
        requested_raw=lead.requested_raw, channel=lead.channel, provider=lead.provider, source=lead.source,
        product=lead.product, vendor_name=lead.vendor_name, external_ids=_external_ids(session, lead.id),
        touches=lead.touches, customer_id=customer.id,
        customer_name=lead.customer_name if personal else mask_name(lead.customer_name),
        is_business=customer.is_business, address=_address(customer, personal=personal),
        preferred_contact=lead.preferred_contact, contacts=_contacts(session, lead.id, personal=personal),
        consents=_consents(session, customer.id), comments=_text(lead.comments, personal),
        question=_text(lead.question, personal), timeframe=lead.timeframe,
        vehicles=_vehicles(session, lead.id, personal=personal), details=dict(lead.details) if personal else {},
        warnings=tuple(_warning(w) for w in lead.warnings) if personal else (), score=lead.score,
        temperature=temperature(lead.score), score_parts=_score_parts(lead.score_parts, personal),
        routing=dict(lead.routing), routed_at=lead.routed_at,
        clock=explain_clock(session, lead, now=now, zone=actor.zone, calendar=calendar),
        breach_handled_at=lead.breach_handled_at, breach_outcome=lead.breach_outcome, attempts=lead.attempts,
        may_close_unresponsive=early[0].message if early else "", first_action_at=lead.first_action_at,
        first_quality_at=lead.first_quality_at, contacted_at=lead.contacted_at,
        appointment_at=lead.due_at if lead.status == "appointment_set" else None, sold_at=lead.sold_at,
        closed_at=lead.closed_at, close_reason=REASONS.get(lead.close_reason, lead.close_reason),
        close_note=_text(lead.close_note, personal), value_cents=lead.value_cents,
        history=_history(session, lead, activities, personal=personal),
        linked=_linked(session, lead, actor=actor),
        shopped_by=0 if actor.role.is_dealer else _shopped_by(session, lead, actor=actor), is_masked=not personal,
    )  # fmt: skip


@lru_cache(maxsize=4)
def _one(scope: ScopeShape) -> Select[Lead, str, str, str]:
    return (
        select(Lead, Dealer.code, Dealer.name, Person.name)
        .outerjoin(Dealer, Dealer.id == Lead.dealer_id)
        .outerjoin(Person, Person.id == Lead.assignee_id)
        .where(Lead.id == _LEAD, within(scope, Lead.dealer_id, Lead.region))
    )


# Made once: a drawer asks them each time it is drawn.
_LEAD: Any = bindparam("lead_id")
_ACTIVITIES = (
    select(LeadActivity).where(LeadActivity.lead_id == _LEAD).order_by(LeadActivity.at.desc()).limit(MOST_EVENTS)
)
_KEYS = (
    select(LeadKey.source, LeadKey.external_id)
    .where(LeadKey.lead_id == _LEAD, LeadKey.kind == "external")
    .order_by(LeadKey.id)
)
_CONTACTS = select(LeadContact).where(LeadContact.lead_id == _LEAD).order_by(LeadContact.position)
_VEHICLES = select(LeadVehicle).where(LeadVehicle.lead_id == _LEAD).order_by(LeadVehicle.position)
_CONSENTS = (
    select(Consent.channel, Consent.is_given, Consent.at)
    .where(Consent.customer_id == bindparam("customer_id"))
    .order_by(Consent.at.desc(), Consent.id.desc())
)


def _text(text: str, personal: bool) -> str:
    return text if personal or not text else HIDDEN


def _warning(warning: Any) -> str:
    if isinstance(warning, Mapping):
        return str(warning.get("message") or warning.get("code") or warning)
    return str(warning)


def _score_parts(parts: Sequence[Mapping[str, Any]], personal: bool) -> tuple[Mapping[str, Any], ...]:
    return tuple(dict(part) if personal else {**part, "why": ""} for part in parts)


def _external_ids(session: Session, lead_id: int) -> tuple[tuple[str, str], ...]:
    return tuple((source, external_id) for source, external_id in session.execute(_KEYS, {"lead_id": lead_id}))


def _address(customer: Customer, *, personal: bool) -> str:
    street = customer.street if personal else ""
    place = " ".join(part for part in (customer.state, customer.postal_code if personal else "") if part)
    return ", ".join(part for part in (street, customer.city, place, customer.country) if part)


def _contacts(session: Session, lead_id: int, *, personal: bool) -> tuple[ContactLine, ...]:
    def shown(contact: LeadContact) -> str:
        if personal:
            return contact.raw
        return mask_email(contact.raw) if contact.kind == "email" else mask_phone(contact.raw)

    rows = session.scalars(_CONTACTS, {"lead_id": lead_id})
    return tuple(
        ContactLine(
            kind=c.kind, shown=shown(c), normal=c.normal if personal else None, label=c.label, best_time=c.best_time,
            is_preferred=c.is_preferred,
        )
        for c in rows
    )  # fmt: skip


def _consents(session: Session, customer_id: int) -> tuple[tuple[str, bool, datetime], ...]:
    rows = session.execute(_CONSENTS, {"customer_id": customer_id})
    newest: dict[str, tuple[str, bool, datetime]] = {}
    for channel, is_given, at in rows:
        newest.setdefault(channel, (channel, is_given, at))
    return tuple(newest.values())


def _vehicles(session: Session, lead_id: int, *, personal: bool) -> tuple[VehicleLine, ...]:
    rows = session.scalars(_VEHICLES, {"lead_id": lead_id})
    return tuple(
        VehicleLine(
            role=v.role, interest=v.interest, condition=v.condition,
            title=" ".join(part for part in (v.year, v.make, v.model, v.trim) if part), year=v.year or "",
            make=v.make or "", model=v.model or "", trim=v.trim or "",
            vin=(v.vin or "") if personal else mask_vin(v.vin or ""), stock=v.stock or "", odometer=v.odometer,
            odometer_units=v.odometer_units, price_cents=v.price_cents, details=dict(v.details) if personal else {},
        )
        for v in rows
    )  # fmt: skip


def _history(session: Session, lead: Lead, activities: Sequence[LeadActivity], *, personal: bool) -> tuple[Event, ...]:
    events = [
        Event(
            at=a.at, kind=a.kind, title=contact_label(a.kind, a.outcome), body=_text(a.note, personal), by=a.by,
            direction=a.direction, counted=_counted(a),
        )
        for a in activities
    ]  # fmt: skip
    entries = session.scalars(
        select(TimelineEntry)
        .where(
            TimelineEntry.seq.in_(
                select(TimelineLink.seq).where(TimelineLink.item_type == "lead", TimelineLink.item_id == lead.id)
            ),
            TimelineEntry.command.not_in(TOLD_BY_ACTIVITY),
        )
        .order_by(TimelineEntry.seq.desc())
        .limit(MOST_EVENTS)
    )
    events += [
        Event(
            at=e.at, kind=e.command, title=_step_title(e, lead), body=_text(e.reason, personal),
            by=e.actor_name, before=e.detail.get("before") if personal else None,
            after=e.detail.get("after") if personal else None,
        )
        for e in entries
    ]  # fmt: skip
    return tuple(sorted(events, key=lambda event: event.at, reverse=True)[:MOST_EVENTS])


def _step_title(entry: TimelineEntry, lead: Lead) -> str:
    """A step in words; an import tells its own counts, which are not about this lead."""
    if entry.area == "imports":
        return "Import undone" if entry.command == "undo_import" else "Arrived with an import"
    return entry.summary.removeprefix(f"{lead.number}: ")


def _counted(activity: LeadActivity) -> str:
    words = []
    if activity.is_first_action:
        words.append("First action")
    if activity.is_quality:
        words.append("First quality response")
    if words:
        return " and ".join([words[0], *(w.lower() for w in words[1:])])
    return meaning_of(activity.kind, activity.outcome).why_not


def _linked(session: Session, lead: Lead, *, actor: Actor) -> tuple[LinkedLead, ...]:
    """Leads merged into this one, the one it was merged into or follows, and others of the same customer."""
    # A question each, for a search by any of three columns would read every lead there is.
    ways = [Lead.duplicate_of_id == lead.id, Lead.previous_lead_id == lead.id, Lead.customer_id == lead.customer_id]
    ways += [Lead.id == other for other in (lead.duplicate_of_id, lead.previous_lead_id) if other is not None]
    related = union(*(select(Lead.id).where(way) for way in ways))
    rows = session.execute(
        select(
            Lead.id, Lead.number, Lead.status, Lead.received_at, Lead.wants, Lead.duplicate_of_id, Lead.previous_lead_id
        )
        .where(Lead.id.in_(related), Lead.id != lead.id, actor.scope.where(Lead.dealer_id, Lead.region))
        .order_by(Lead.received_at.desc(), Lead.id.desc())
        .limit(20)
    )

    def relation(row: Any) -> str:
        if row.id == lead.duplicate_of_id:
            return "Merged into"
        if row.duplicate_of_id == lead.id:
            return "Merged into this one"
        if row.id == lead.previous_lead_id:
            return "Earlier lead"
        return "Later lead" if row.previous_lead_id == lead.id else "Same customer"

    return tuple(
        LinkedLead(
            id=row.id, number=row.number, status=row.status, status_label=FLOW.state(row.status).label,
            received_at=row.received_at, wants=row.wants, relation=relation(row),
        )
        for row in rows
    )  # fmt: skip


def _shopped_by(session: Session, lead: Lead, *, actor: Actor) -> int:
    """At how many dealers, this one included, the same e-mail address or telephone number has asked; 0 for one only."""
    keys = session.execute(
        select(CustomerKey.kind, CustomerKey.value).where(
            CustomerKey.customer_id == lead.customer_id, CustomerKey.kind.in_(("email", "phone"))
        )
    ).all()
    if not keys:
        return 0
    same = or_(*(and_(CustomerKey.kind == kind, CustomerKey.value == value) for kind, value in keys))
    dealers = session.scalar(
        select(func.count(Customer.dealer_id.distinct()))
        .join(CustomerKey, CustomerKey.customer_id == Customer.id)
        .where(same, Customer.dealer_id.is_not(None), actor.scope.where(Customer.dealer_id, Customer.region))
    )
    return int(dealers or 0) if (dealers or 0) > 1 else 0
