"""Reading appointments: the agenda of some days, one appointment, whom to win back, and the times of a lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select, true
from sqlalchemy.orm import Session

from db.appointments.flow import FLOW
from db.appointments.invitation import write_invitation
from db.appointments.record import BOOKED, invitation_of
from db.appointments.rules import KINDS, TOUCHES
from db.appointments.tables import Appointment, AppointmentTouch
from db.core.actor import Actor
from db.core.area import CAP
from db.core.labels import local_day
from db.core.masking import mask_name
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.customers.tables import Customer
from db.dealers.tables import Dealer
from db.leads.queries import people_of_dealer
from db.leads.tables import Lead, LeadActivity
from db.people.tables import Person

MOST_IN_A_WEEK = 1000
PAGE = 50
KIND_LABELS = dict(KINDS)


@dataclass(frozen=True, kw_only=True)
class AgendaRow:
    """One appointment in a list; times in UTC, `zone` is the dealer's. `confirm_due` marks a call that waits."""

    id: int
    number: str
    version: int
    kind: str
    kind_label: str
    status: str
    status_label: str
    tone: str
    is_open: bool
    starts_at: datetime
    ends_at: datetime
    zone: str
    dealer_id: int
    dealer_name: str
    host_id: int | None
    host_name: str
    bay: str
    customer_name: str
    wants: str
    lead_id: int | None
    lead_number: str
    outside_hours: bool
    confirm_due: bool


@dataclass(frozen=True, kw_only=True)
class TouchLine:
    """One planned confirmation of an appointment."""

    id: int
    kind: str
    label: str
    channel: str
    due_at: datetime
    is_open: bool
    sent_at: datetime | None
    outcome: str
    by: str


@dataclass(frozen=True, kw_only=True)
class ChainLine:
    """Another time of the same chain."""

    id: int
    number: str
    starts_at: datetime
    status_label: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class AppointmentPage:
    """An appointment with everything on it; `version` goes back with the step that is taken."""

    row: AgendaRow
    submitted_by: str
    note: str
    reason: str
    customer_id: int
    value_cents: int | None
    confirmed_at: datetime | None
    confirmed_by: str
    confirmed_touch: str
    shown_at: datetime | None
    missed_at: datetime | None
    recovery_ended_at: datetime | None
    touches: tuple[TouchLine, ...]
    chain: tuple[ChainLine, ...]
    suggested_step: str

    @property
    def id(self) -> int:
        """The drawer asks for the record's own names."""
        return self.row.id

    @property
    def number(self) -> str:
        """As above."""
        return self.row.number

    @property
    def status(self) -> str:
        """As above."""
        return self.row.status

    @property
    def version(self) -> int:
        """As above."""
        return self.row.version


@dataclass(frozen=True, kw_only=True)
class MissedRow:
    """A customer who did not come and is to be won back; value in cents where the lead has one."""

    row: AgendaRow
    missed_at: datetime
    value_cents: int | None
    last_attempt_at: datetime | None
    attempts_since: int


def day_bounds(first: date, days: int, zone: str) -> tuple[datetime, datetime]:
    """Start of the first day and end of the last in a zone, as moments."""
    start = datetime.combine(first, time(0), ZoneInfo(zone))
    return start, datetime.combine(first + timedelta(days=days), time(0), ZoneInfo(zone))


def _rows(actor: Actor, *, now: datetime) -> Any:
    waiting = (
        select(AppointmentTouch.id)
        .where(
            AppointmentTouch.appointment_id == Appointment.id, AppointmentTouch.is_open == true(),
            AppointmentTouch.channel == "call", AppointmentTouch.due_at <= now,
        )
        .exists()
    )  # fmt: skip
    return (
        select(
            Appointment.id, Appointment.number, Appointment.version, Appointment.kind, Appointment.status,
            Appointment.is_open, Appointment.starts_at, Appointment.ends_at, Appointment.dealer_id,
            Appointment.assignee_id, Appointment.bay, Appointment.lead_id, Appointment.outside_hours,
            Dealer.zone, Dealer.name.label("dealer_name"), Person.name.label("host_name"),
            Customer.name.label("customer_name"), Lead.number.label("lead_number"), Lead.wants, Lead.value_cents,
            waiting.label("confirm_due"), Appointment.missed_at,
        )
        .join(Dealer, Dealer.id == Appointment.dealer_id)
        .join(Customer, Customer.id == Appointment.customer_id)
        .outerjoin(Person, Person.id == Appointment.assignee_id)
        .outerjoin(Lead, Lead.id == Appointment.lead_id)
        .where(actor.scope.where(Appointment.dealer_id, Appointment.region))
    )  # fmt: skip


def _row(row: Any, actor: Actor) -> AgendaRow:
    state = FLOW.state(row.status)
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    return AgendaRow(
        id=row.id, number=row.number, version=row.version, kind=row.kind, kind_label=KIND_LABELS[row.kind],
        status=row.status, status_label=state.label, tone=state.tone, is_open=row.is_open, starts_at=row.starts_at,
        ends_at=row.ends_at, zone=row.zone, dealer_id=row.dealer_id, dealer_name=row.dealer_name,
        host_id=row.assignee_id, host_name=row.host_name or "", bay=row.bay,
        customer_name=row.customer_name if personal else mask_name(row.customer_name), wants=row.wants or "",
        lead_id=row.lead_id, lead_number=row.lead_number or "", outside_hours=row.outside_hours,
        confirm_due=bool(row.confirm_due) and row.status == "scheduled",
    )  # fmt: skip


def agenda(
    session: Session, *, first: date, days: int, actor: Actor, now: datetime, dealer_id: int | None = None,
    with_moved: bool = False,
) -> list[AgendaRow]:  # fmt: skip
    """The appointments of some days from `first` on, each day in its own dealer's zone; in the order of time.

    Moved, cancelled and wrongly entered ones are left out unless `with_moved`. At most `MOST_IN_A_WEEK` rows.
    """
    actor.require(Permission.APPOINTMENTS_VIEW)
    # Zones of the network lie within a day of each other: read generously, then ask each row its own day.
    start, end = day_bounds(first, days, "UTC")
    query = _rows(actor, now=now).where(
        Appointment.starts_at >= start - timedelta(hours=14), Appointment.starts_at < end + timedelta(hours=14)
    )
    if dealer_id is not None:
        query = query.where(Appointment.dealer_id == dealer_id)
    if not with_moved:
        query = query.where(Appointment.status.not_in(("rescheduled", "cancelled", "cancelled_in_error")))
    last = first + timedelta(days=days - 1)
    rows = session.execute(query.order_by(Appointment.starts_at, Appointment.id).limit(MOST_IN_A_WEEK))
    return [_row(row, actor) for row in rows if first <= local_day(row.starts_at, row.zone) <= last]


def get_appointment(session: Session, *, item_id: int, actor: Actor, now: datetime) -> AppointmentPage:
    """One appointment; `NotFound` when it is absent or out of scope. Needs appointments.view."""
    actor.require(Permission.APPOINTMENTS_VIEW)
    found = session.execute(_rows(actor, now=now).where(Appointment.id == item_id)).first()
    if found is None:
        raise NotFound("This appointment")
    item = session.get_one(Appointment, item_id, populate_existing=True)
    touches = session.scalars(
        select(AppointmentTouch).where(AppointmentTouch.appointment_id == item_id).order_by(AppointmentTouch.due_at)
    ).all()
    chain = session.execute(
        select(Appointment.id, Appointment.number, Appointment.starts_at, Appointment.status)
        .where(
            Appointment.uid == item.uid, Appointment.id != item.id,
            actor.scope.where(Appointment.dealer_id, Appointment.region),
        )
        .order_by(Appointment.sequence)
        .limit(PAGE)
    ).all()  # fmt: skip
    return AppointmentPage(
        row=_row(found, actor), submitted_by=item.submitted_by, note=item.note, reason=item.reason,
        customer_id=item.customer_id, value_cents=found.value_cents, confirmed_at=item.confirmed_at,
        confirmed_by=item.confirmed_by, confirmed_touch=TOUCHES.get(item.confirmed_touch, ""), shown_at=item.shown_at,
        missed_at=item.missed_at, recovery_ended_at=item.recovery_ended_at,
        touches=tuple(
            TouchLine(
                id=t.id, kind=t.kind, label=TOUCHES[t.kind], channel=t.channel, due_at=t.due_at, is_open=t.is_open,
                sent_at=t.sent_at, outcome=t.outcome, by=t.by,
            )
            for t in touches
        ),
        chain=tuple(
            ChainLine(
                id=one.id, number=one.number, starts_at=one.starts_at, status_label=FLOW.state(one.status).label,
                tone=FLOW.state(one.status).tone,
            )
            for one in chain
        ),
        suggested_step=_likely(item.status, item.starts_at, now),
    )  # fmt: skip


def _likely(status: str, starts_at: datetime, now: datetime) -> str:
    if status == "scheduled":
        return "confirm" if starts_at - now > timedelta(hours=3) else "check_in"
    return {"confirmed": "check_in", "shown": "complete", "no_show": "rebook"}.get(status, "")


def invitation(session: Session, *, item_id: int, actor: Actor, now: datetime) -> str:
    """The .ics text of an appointment, for the customer's own calendar; cancelled ones take theirs out of it."""
    actor.require(Permission.APPOINTMENTS_VIEW)
    item = session.get(Appointment, item_id)
    if item is None or not actor.scope.allows(dealer_id=item.dealer_id, region=item.region):
        raise NotFound("This appointment")
    is_off = item.status in ("cancelled", "cancelled_in_error")
    made = invitation_of(
        item, session.get_one(Dealer, item.dealer_id), sequence=item.sequence + 1 if is_off else item.sequence
    )
    return write_invitation(made, method="CANCEL" if is_off else "REQUEST", now=now)


def missed(
    session: Session, *, actor: Actor, now: datetime, dealer_id: int | None = None, limit: int = PAGE
) -> list[MissedRow]:  # fmt: skip
    """Who did not come and is to be won back: the most valuable first, then who waits longest."""
    actor.require(Permission.APPOINTMENTS_VIEW)
    query = _rows(actor, now=now).where(Appointment.status == "no_show", Appointment.recovery_ended_at.is_(None))
    if dealer_id is not None:
        query = query.where(Appointment.dealer_id == dealer_id)
    value = func.coalesce(Lead.value_cents, 0)
    rows = session.execute(query.order_by(value.desc(), Appointment.missed_at, Appointment.id).limit(limit)).all()
    tries = _tries(session, [row.id for row in rows])
    return [
        MissedRow(
            row=_row(row, actor),
            missed_at=row.missed_at,
            value_cents=row.value_cents,
            last_attempt_at=tries.get(row.id, (None, 0))[0],
            attempts_since=tries.get(row.id, (None, 0))[1],
        )
        for row in rows
    ]


def _tries(session: Session, ids: Sequence[int]) -> dict[int, tuple[datetime | None, int]]:
    """(last, number) of the contacts with the customers since they were missed."""
    rows = session.execute(
        select(Appointment.id, func.max(LeadActivity.at), func.count())
        .join(LeadActivity, and_(LeadActivity.lead_id == Appointment.lead_id, LeadActivity.at >= Appointment.missed_at))
        .where(
            Appointment.id.in_(list(ids)), LeadActivity.kind.in_(("call", "email", "text")),
            LeadActivity.outcome != "template",
        )
        .group_by(Appointment.id)
    )  # fmt: skip
    return {row[0]: (row[1], row[2]) for row in rows}


def count_missed(session: Session, *, actor: Actor, dealer_id: int | None = None) -> int:
    """How many wait to be won back, up to the cap."""
    query = select(Appointment.id).where(
        Appointment.status == "no_show", Appointment.recovery_ended_at.is_(None),
        actor.scope.where(Appointment.dealer_id, Appointment.region),
    )  # fmt: skip
    if dealer_id is not None:
        query = query.where(Appointment.dealer_id == dealer_id)
    return session.scalar(select(func.count()).select_from(query.limit(CAP + 1).subquery())) or 0


def appointments_of_lead(session: Session, *, lead_id: int, actor: Actor, now: datetime) -> list[AgendaRow]:
    """Every time of a lead, the newest first; nothing for who may not see appointments."""
    if not actor.can(Permission.APPOINTMENTS_VIEW):
        return []
    rows = session.execute(
        _rows(actor, now=now)
        .where(Appointment.lead_id == lead_id)
        .order_by(Appointment.starts_at.desc(), Appointment.id.desc())
        .limit(PAGE)
    )
    return [_row(row, actor) for row in rows]


def host_choices(session: Session, *, dealer_id: int, actor: Actor) -> list[tuple[int, str]]:
    """(id, name) of the people who may host at a dealer."""
    return people_of_dealer(session, dealer_id=dealer_id, actor=actor)


def bookable(session: Session, *, text: str, dealer_id: int, actor: Actor) -> list[tuple[str, str]]:
    """Whom to book for at a dealer: ("lead:12", words) of open leads and ("customer:7", words) of customers.

    Found by the beginning of a name or a number; the newest first, at most twenty. Needs personal_data.view to find
    people by name; without it, leads are found by number.
    """
    actor.require(Permission.APPOINTMENTS_WORK)
    typed = " ".join(text.split())
    if not typed:
        return []
    pattern = f"%{typed.replace('%', '').replace('_', '').lower()}%"
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    by_number = func.lower(Lead.number).like(pattern)
    leads = session.execute(
        select(Lead.id, Lead.number, Lead.customer_name, Lead.wants, Lead.status)
        .where(
            Lead.dealer_id == dealer_id, Lead.is_open == true(), actor.scope.where(Lead.dealer_id, Lead.region),
            (by_number | func.lower(Lead.customer_name).like(pattern)) if personal else by_number,
        )
        .order_by(Lead.received_at.desc())
        .limit(12)
    ).all()  # fmt: skip
    found = [
        (
            f"lead:{row.id}",
            " · ".join(
                p for p in (row.customer_name if personal else mask_name(row.customer_name), row.number, row.wants) if p
            ),
        )
        for row in leads
    ]
    if not personal:
        return found
    customers = session.execute(
        select(Customer.id, Customer.name, Customer.city)
        .where(
            Customer.dealer_id == dealer_id, Customer.merged_into_id.is_(None), Customer.purged_at.is_(None),
            actor.scope.where(Customer.dealer_id, Customer.region), func.lower(Customer.name).like(pattern),
        )
        .order_by(Customer.id.desc())
        .limit(8)
    )  # fmt: skip
    return found + [
        (f"customer:{row.id}", " · ".join(p for p in (row.name, f"C-{row.id:06}", row.city, "no lead") if p))
        for row in customers
    ]


__all__ = [
    "BOOKED", "AgendaRow", "AppointmentPage", "MissedRow", "agenda", "appointments_of_lead", "bookable",
    "count_missed", "day_bounds", "get_appointment", "host_choices", "invitation", "missed",
]  # fmt: skip
