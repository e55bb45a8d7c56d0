"""Booking a time for a lead or for a customer without one, moving it, and booking again after a no-show (2.2 G)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.appointments import notices, record
from db.appointments.flow import FLOW
from db.appointments.policy_queries import policy_of
from db.appointments.rules import KINDS, check_time
from db.appointments.tables import Appointment
from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import is_open
from db.core import timeline
from db.core.actor import Actor
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused, Stale
from db.leads.appointment_commands import LeadMove, appointment_agreed, lead_for_appointment
from db.workflow.engine import begin_step, end_step

LINKED_ONLY = ("appointment_shown", "sold")
"""A lead that is further on keeps its state: a second visit, the delivery of what was sold."""
FIELDS = ("host_id", "bay", "starts_at")


def book(
    session: Session, *, kind: str, starts_at: datetime | None, lead_id: int | None = None,
    customer_id: int | None = None, minutes: int | None = None, host_id: int | None = None, bay: str = "",
    note: str = "", outside_hours: bool = False, form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Book a time (UTC) for a lead, which moves with it, or for a customer; gives the appointment's id.

    Takes the length its kind has at the dealer unless `minutes` says otherwise. A time outside opening hours is refused
    (`outside_hours`) until that is confirmed. A person or bay that is taken is refused. A missed appointment of the
    lead that waits to be won back becomes the parent. The same `form_key` again gives the first.
    """
    actor.require(Permission.APPOINTMENTS_WORK)
    if (known := _known(session, form_key, actor)) is not None:
        return known
    problems = Problems()
    if lead_id is None and customer_id is None:
        problems.add("customer_id", "required", "Choose whom the appointment is for.")
        problems.refuse_if_any()
    lead = lead_for_appointment(session, lead_id=lead_id, actor=actor) if lead_id is not None else None
    customer = record.customer_of(session, lead.customer_id if lead else int(customer_id or 0), actor=actor)
    dealer_id = lead.dealer_id if lead else customer.dealer_id
    if dealer_id is None:
        what = "lead" if lead else "customer"
        sentence = f"This {what} has no dealer yet; assign one first."
        raise Refused(Problem(code="no_dealer", field=f"{what}_id", message=sentence))
    earlier = open_of(session, lead.id) if lead else None
    if lead is not None and earlier is not None:
        zone = calendar_for_dealer(session, dealer_id).zone
        at = moment_label(earlier.starts_at, zone, now=now)
        problems.add("lead_id", "has_one", f"{lead.number} has the appointment {earlier.number} on {at}; move that.")
    parent = _missed_of(session, lead.id) if lead else None
    item = _store(
        session, problems, dealer_id=dealer_id, kind=kind, starts_at=starts_at, minutes=minutes, host_id=host_id,
        bay=bay, note=note, outside_hours=outside_hours, lead_id=lead.id if lead else None, customer_id=customer.id,
        parent=parent, form_key=form_key, actor=actor, now=now, fields=FIELDS,
    )  # fmt: skip
    if parent is not None:
        parent.recovery_ended_at = now
    move = _agreed(session, item, status=lead.status if lead else "", actor=actor, now=now)
    _told(session, "book", item, f"{{}}{' again' if parent else ''}", move=move, actor=actor, now=now)
    return item.id


def book_for_lead(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, appointment_at: datetime | None,
    kind: str = "sales", host_id: int | None = None, outside_hours: bool = False, note: str = "",
) -> int:  # fmt: skip
    """The lead's own step "Set appointment" as a real appointment: for its drawer and page.

    `seen_version` is the lead's. Without a host it is the lead's person, where they are free; a person who was chosen
    and is taken is refused. The same click twice books once.
    """
    actor.require(Permission.APPOINTMENTS_WORK)
    form_key = f"lead:{item_id}:{seen_version}"
    if (known := _known(session, form_key, actor)) is not None:
        return known
    lead = lead_for_appointment(session, lead_id=item_id, actor=actor)
    seen(lead, seen_version)
    values: dict[str, Any] = {
        "kind": kind or "sales", "starts_at": appointment_at, "lead_id": item_id, "note": note,
        "outside_hours": outside_hours, "form_key": form_key, "actor": actor, "now": now,
    }  # fmt: skip
    try:
        try:
            return book(session, host_id=host_id or lead.assignee_id, **values)
        except Refused as refusal:
            is_taken = all(p.code == "double_booked" for p in refusal.problems)
            if host_id is not None or not is_taken:
                raise
        return book(session, host_id=None, **values)
    except Refused as refusal:
        names = {"starts_at": "appointment_at"}
        raise Refused(
            *(
                Problem(code=p.code, message=p.message, rule=p.rule, field=names.get(p.field, p.field))
                for p in refusal.problems
            )
        ) from refusal


def reschedule(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, starts_at: datetime | None,
    outside_hours: bool = False, note: str = "",
) -> int:  # fmt: skip
    """Move to another time: a new appointment follows from this one, with the same host, bay and length; its id."""
    item = begin_step(session, FLOW, "reschedule", item_id=item_id, seen_version=seen_version, actor=actor)
    return _follow(
        session, "reschedule", item, starts_at=starts_at, outside_hours=outside_hours, note=note, actor=actor, now=now
    )


def rebook(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, starts_at: datetime | None,
    outside_hours: bool = False, note: str = "",
) -> int:  # fmt: skip
    """Book again for somebody who did not come: the no-show stays one, the new appointment follows from it; its id."""
    item = begin_step(session, FLOW, "rebook", item_id=item_id, seen_version=seen_version, actor=actor)
    if item.recovery_ended_at is not None:
        raise Refused(Problem(code="recovered", message="This customer was won back, or is not called any more."))
    earlier = open_of(session, item.lead_id) if item.lead_id is not None else None
    if earlier is not None:
        sentence = f"The lead has another appointment already, {earlier.number}; move that."
        raise Refused(Problem(code="has_one", message=sentence))
    return _follow(
        session, "rebook", item, starts_at=starts_at, outside_hours=outside_hours, note=note, actor=actor, now=now
    )


def _follow(
    session: Session, step: str, item: Appointment, *, starts_at: datetime | None, outside_hours: bool, note: str,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    assert item.dealer_id is not None
    # A lead is locked before its dealer everywhere, so that two commands cannot wait for each other.
    lead = lead_for_appointment(session, lead_id=item.lead_id, actor=actor) if item.lead_id is not None else None
    minutes = record.minutes_between(item.starts_at, item.ends_at)
    is_move = step == "reschedule"
    child = _store(
        session, Problems(), dealer_id=item.dealer_id, kind=item.kind, starts_at=starts_at, minutes=minutes,
        host_id=item.assignee_id, bay=item.bay, note=note or item.note, outside_hours=outside_hours,
        lead_id=item.lead_id, customer_id=item.customer_id, parent=item, form_key=None, actor=actor, now=now,
        fields=("starts_at", "starts_at", "starts_at"), but=item.id if is_move else None,
    )  # fmt: skip
    values: dict[str, Any] = {"rescheduled_at": now} if is_move else {"recovery_ended_at": now}
    end_step(session, FLOW, step, item, actor=actor, now=now, **values)
    record.close_touches(session, item.id)
    move = _agreed(session, child, status=lead.status if lead else "", actor=actor, now=now)
    if is_move:
        record.tell(session, item, before="scheduled", after="rescheduled", actor=actor, now=now)
    summary = f"moved to {child.number}, {{}}" if is_move else f"did not come, booked again as {child.number}, {{}}"
    _told(session, step, child, summary, move=move, actor=actor, now=now, first=item)
    return child.id


def _store(
    session: Session, problems: Problems, *, dealer_id: int, kind: str, starts_at: datetime | None,
    minutes: int | None, host_id: int | None, bay: str, note: str, outside_hours: bool, lead_id: int | None,
    customer_id: int, parent: Appointment | None, form_key: str | None, actor: Actor, now: datetime,
    fields: tuple[str, str, str], but: int | None = None,
) -> Appointment:  # fmt: skip
    dealer = record.dealer_of(session, dealer_id, actor=actor)
    policy = policy_of(session, dealer_id)
    at_field = fields[2]
    problems.found += check_time(starts_at, now=now, field_name=at_field)
    note = (note or "").strip()
    bay = " ".join((bay or "").split())
    if kind not in dict(KINDS):
        problems.add("kind", "required", "Choose what the appointment is for.")
    if len(note) > record.LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {record.LONGEST_NOTE:,} characters fit.")
    if minutes is not None and not 5 <= minutes <= 12 * 60:
        problems.add("minutes", "out_of_range", "An appointment takes between 5 minutes and 12 hours.")
    if bay and bay not in policy.bays and (parent is None or bay != parent.bay):
        problems.add("bay", "unknown", f"{dealer.name} has no bay of that name.")
    if host_id is not None and host_id not in _hosts(session, dealer_id, actor):
        if parent is not None and host_id == parent.assignee_id:
            host_id = None  # the host of the first time has left; the new time has none until somebody takes it
        else:
            problems.add("host_id", "unknown", "This person does not work at the dealer.")
    problems.refuse_if_any()
    assert starts_at is not None
    length = timedelta(minutes=minutes) if minutes is not None else policy.length_of(kind)
    ends_at = starts_at + length
    if host_id is not None:
        record.lock_host(session, host_id)
    record.refuse_double(
        session, problems, dealer=dealer, host_id=host_id, bay=bay, starts_at=starts_at, ends_at=ends_at, but=but,
        now=now, fields=fields,
    )  # fmt: skip
    calendar = calendar_for_dealer(session, dealer_id)
    is_outside = not is_open(calendar, starts_at) or not is_open(calendar, ends_at - timedelta(minutes=1))
    if is_outside and not outside_hours:
        problems.add(
            at_field, "outside_hours",
            f"{moment_label(starts_at, dealer.zone, now=now)} ({dealer.zone}) is outside the opening hours. "
            "Tick “Also outside opening hours” to book it all the same.",
        )  # fmt: skip
    problems.refuse_if_any()
    return record.store(
        session, dealer=dealer, lead_id=lead_id, customer_id=customer_id, kind=kind, starts_at=starts_at,
        ends_at=ends_at, host_id=host_id, bay=bay, note=note, outside_hours=is_outside, parent=parent,
        form_key=form_key, actor=actor, now=now,
    )  # fmt: skip


def _hosts(session: Session, dealer_id: int, actor: Actor) -> set[int]:
    return notices.hosts_at(session, dealer_id, actor=actor)


def _agreed(session: Session, item: Appointment, *, status: str, actor: Actor, now: datetime) -> LeadMove | None:
    """Let the lead move to Appointment set, unless it is further on already."""
    if item.lead_id is None or status in LINKED_ONLY:
        return None
    return appointment_agreed(
        session, lead_id=item.lead_id, appointment_at=item.starts_at, actor=actor, now=now
    )  # fmt: skip


def _told(
    session: Session, command: str, item: Appointment, summary: str, *, move: LeadMove | None, actor: Actor,
    now: datetime, first: Appointment | None = None,
) -> None:  # fmt: skip
    assert item.dealer_id is not None
    dealer = record.dealer_of(session, item.dealer_id, actor=actor)
    notices.invite(session, item, dealer, is_new=item.parent_id is None, now=now)
    record.tell(session, item, before="", after="scheduled", actor=actor, now=now)
    notices.tell_host(session, item, dealer, by=actor.user_id, now=now)
    words = summary.format(record.when(item, dealer.zone, now))
    record.note(
        session, command, first or item, words, actor=actor, now=now, reason=item.note, lead=move,
        after={"starts_at": item.starts_at, "ends_at": item.ends_at, "kind": item.kind, "host_id": item.assignee_id,
               "bay": item.bay, "outside_hours": item.outside_hours},
        before={"starts_at": first.starts_at} if first is not None else None, also=(item,) if first is not None else (),
    )  # fmt: skip


def _known(session: Session, form_key: str | None, actor: Actor) -> int | None:
    """The appointment this very form has booked before."""
    if not form_key:
        return None
    if len(form_key) > 64:
        raise Refused(Problem(code="too_long", field="form_key", message="This form cannot be told apart; reload it."))
    found = session.execute(
        select(Appointment.id, Appointment.submitted_by).where(Appointment.form_key == form_key)
    ).first()
    if found is None:
        return None
    if found.submitted_by != actor.username:
        return None if form_key.startswith("lead:") else _used()
    timeline.repeated(session)
    return int(found.id)


def _used() -> int:
    sentence = "This form was sent before by somebody else. Nothing was saved; reload the page."
    raise Refused(Problem(code="form_used", field="form_key", message=sentence))


def seen(lead: Any, seen_version: int) -> None:
    if lead.version != seen_version:
        raise Stale(what=f"Lead {lead.number}", changed_by=lead.updated_by, changed_at=lead.updated_at)


def open_of(session: Session, lead_id: int) -> Appointment | None:
    """The time a lead's customer is expected at, the next first; the lead is locked already."""
    return session.scalars(
        select(Appointment)
        .where(Appointment.lead_id == lead_id, Appointment.status.in_(record.BOOKED))
        .order_by(Appointment.starts_at)
        .execution_options(populate_existing=True)
    ).first()


def _missed_of(session: Session, lead_id: int) -> Appointment | None:
    """The newest missed appointment of a lead that still waits to be won back."""
    return session.scalars(
        select(Appointment)
        .where(Appointment.lead_id == lead_id, Appointment.status == "no_show", Appointment.recovery_ended_at.is_(None))
        .order_by(Appointment.starts_at.desc())
    ).first()
