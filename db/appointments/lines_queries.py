"""What appointments say elsewhere: my work, the search box, a dealer's page, the timeline of a customer, exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, true
from sqlalchemy.orm import Session

from db.appointments.flow import FLOW
from db.appointments.queries import KIND_LABELS, agenda, count_missed, missed
from db.appointments.record import BOOKED
from db.appointments.tables import Appointment, AppointmentTouch
from db.core.actor import Actor, Scope
from db.core.area import CAP, CustomerLine, DealerLine, SearchResult, WorkCount, WorkLine
from db.core.export_files import ExportColumn
from db.core.labels import local_day, moment_label, plural
from db.core.permissions import Permission, Role
from db.dealers.tables import Dealer
from db.leads.tables import Lead

PAGE = "pages/crm/appointments.py"
NEWS = timedelta(days=30)


def _is_worker(actor: Actor) -> bool:
    return actor.can(Permission.APPOINTMENTS_WORK) and actor.role in (Role.DEALER_STAFF, Role.DEALER_MANAGER)


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """What waits for people of a dealer: their own of today, calls to confirm, and customers to win back."""
    if not _is_worker(actor):
        return []
    found: dict[int, WorkLine] = {}
    today = local_day(now, actor.zone)
    for row in agenda(session, first=today, days=2, actor=actor, now=now):
        is_own = row.host_id == actor.user_id or (row.host_id is None and actor.role is Role.DEALER_MANAGER)
        if row.status not in BOOKED or not (is_own or (row.confirm_due and row.host_id is None)):
            continue
        if not row.confirm_due and local_day(row.starts_at, row.zone) != today:
            continue
        why = "Call to confirm" if row.confirm_due else "Host"
        found[row.id] = _line(row, due_at=row.starts_at, why=why)
    for lost in missed(session, actor=actor, now=now, limit=limit):
        if actor.role is Role.DEALER_MANAGER or lost.row.host_id == actor.user_id:
            found[lost.row.id] = _line(lost.row, due_at=lost.missed_at + timedelta(hours=1), why="Call: did not come")
    return sorted(found.values(), key=lambda line: (line.due_at or now, line.item_id))[:limit]


def _line(row: Any, *, due_at: datetime, why: str) -> WorkLine:
    return WorkLine(
        item_type="appointment", item_id=row.id, number=row.number,
        title=" · ".join(p for p in (row.customer_name, row.kind_label, row.wants) if p), status=row.status_label,
        tone=row.tone, due_at=due_at, why=why, page=PAGE, query={"appointment": str(row.id)}, dealer=row.dealer_name,
    )  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """Customers to win back, for everybody who works appointments."""
    if not actor.can(Permission.APPOINTMENTS_WORK):
        return []
    count = count_missed(session, actor=actor)
    return [WorkCount(label="No-shows to win back", count=count, overdue=0, page=PAGE, query={"appt_view": "No-shows"})]


def found_appointments(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Search hits as lines, in the order of `ids`; those out of scope are left out."""
    rows = session.execute(
        select(Appointment.id, Appointment.number, Appointment.kind, Appointment.status, Appointment.starts_at,
               Dealer.name, Dealer.zone)
        .join(Dealer, Dealer.id == Appointment.dealer_id)
        .where(Appointment.id.in_(list(ids)), actor.scope.where(Appointment.dealer_id, Appointment.region))
    )  # fmt: skip
    found = {
        row.id: SearchResult(
            kind="appointment", item_id=row.id, title=f"{row.number} {KIND_LABELS[row.kind]}",
            subtitle=" · ".join((moment_label(row.starts_at, row.zone), FLOW.state(row.status).label, row.name)),
            page=PAGE, query={"appointment": str(row.id)},
        )
        for row in rows
    }  # fmt: skip
    return [found[i] for i in dict.fromkeys(ids) if i in found]


def customer_lines(session: Session, *, customer_id: int, actor: Actor, limit: int) -> list[CustomerLine]:
    """The appointments of one customer the caller may see, newest first."""
    rows = session.execute(
        select(Appointment, Dealer.zone)
        .join(Dealer, Dealer.id == Appointment.dealer_id)
        .where(
            or_(
                Appointment.customer_id == customer_id,
                Appointment.lead_id.in_(select(Lead.id).where(Lead.customer_id == customer_id)),
            ),
            actor.scope.where(Appointment.dealer_id, Appointment.region),
        )
        .order_by(Appointment.starts_at.desc(), Appointment.id.desc())
        .limit(limit)
    ).all()  # fmt: skip
    return [
        CustomerLine(
            at=item.starts_at,
            title=f"Appointment {item.number}: {KIND_LABELS[item.kind].lower()}",
            by=item.updated_by,
            note=item.note,
            icon=":material/event:",
            badges=((FLOW.state(item.status).label, FLOW.state(item.status).tone),),
            page=PAGE,
            query={"appointment": str(item.id)},
        )
        for item, _zone in rows
    ]


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """Of one dealer: customers to win back, calls to confirm that wait, appointments of the next week, no-shows."""
    query = {"appt_dealer": str(dealer_id)}
    lines = []
    lost = count_missed(session, actor=actor, dealer_id=dealer_id)
    if lost:
        words = "customer who did not come" if lost == 1 else "customers who did not come"
        lines.append(
            DealerLine(
                kind="overdue", title=f"{min(lost, CAP)} {words} to win back", page=PAGE,
                query={**query, "appt_view": "No-shows"},
            )
        )  # fmt: skip
    week = _count(session, actor.scope, dealer_id, Appointment.status.in_(BOOKED), Appointment.starts_at >= now,
                  Appointment.starts_at < now + timedelta(days=7))  # fmt: skip
    if week:
        lines.append(
            DealerLine(
                kind="open", title=f"{plural(week, 'appointment')} in the next seven days", page=PAGE, query=query
            )
        )
    begin = since if since is not None else now - NEWS
    missed_since = _count(
        session, actor.scope, dealer_id, Appointment.status == "no_show", Appointment.missed_at > begin
    )
    if missed_since:
        lines.append(
            DealerLine(kind="changed", title=plural(missed_since, "no-show"), at=begin, page=PAGE, query=query)
        )
    return lines


def _count(session: Session, scope: Scope, dealer_id: int, *conditions: Any) -> int:
    some = (
        select(Appointment.id)
        .where(Appointment.dealer_id == dealer_id, scope.where(Appointment.dealer_id, Appointment.region), *conditions)
        .limit(CAP + 1)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0


def calls_waiting(session: Session, *, actor: Actor, now: datetime) -> int:
    """How many confirmations wait for a call now."""
    some = (
        select(AppointmentTouch.id)
        .where(
            AppointmentTouch.is_open == true(), AppointmentTouch.channel == "call", AppointmentTouch.due_at <= now,
            actor.scope.where(AppointmentTouch.dealer_id, AppointmentTouch.region),
        )
        .limit(CAP + 1)
        .subquery()
    )  # fmt: skip
    return session.scalar(select(func.count()).select_from(some)) or 0


# ---- export --------------------------------------------------------------------------------------------------------
COLUMNS: tuple[ExportColumn, ...] = tuple(
    ExportColumn(name=name, label=label)
    for name, label in (
        ("number", "Appointment"), ("kind", "Kind"), ("status", "Status"), ("starts", "Starts (dealer's time)"),
        ("ends", "Ends (dealer's time)"), ("zone", "Zone"), ("dealer_code", "Dealer code"), ("dealer", "Dealer"),
        ("host", "Host"), ("bay", "Bay"), ("lead", "Lead"),
        ("confirmed_by", "Confirmed by touch"), ("reason", "Reason"),
    )
)  # fmt: skip


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:  # fmt: skip
    """Every appointment of the scope by time; `filters` may have dealer_id. No personal data of customers."""
    from db.people.tables import Person

    query = (
        select(Appointment, Dealer.code, Dealer.name, Dealer.zone, Person.name.label("host"), Lead.number.label("lead"))
        .join(Dealer, Dealer.id == Appointment.dealer_id)
        .outerjoin(Person, Person.id == Appointment.assignee_id)
        .outerjoin(Lead, Lead.id == Appointment.lead_id)
        .where(scope.where(Appointment.dealer_id, Appointment.region))
        .order_by(Appointment.starts_at, Appointment.id)
    )
    wanted = str(filters.get("dealer_id") or "")
    if wanted.isdecimal():
        query = query.where(Appointment.dealer_id == int(wanted))
    for item, code, name, zone, host, lead in session.execute(query.execution_options(yield_per=500)):
        yield (
            item.number, KIND_LABELS[item.kind], FLOW.state(item.status).label, moment_label(item.starts_at, zone),
            moment_label(item.ends_at, zone), zone, code, name, host or "", item.bay, lead or "", item.confirmed_touch,
            item.reason,
        )  # fmt: skip
