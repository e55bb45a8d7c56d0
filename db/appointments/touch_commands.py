"""Asking a customer whether they will come, and what came of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.appointments import record
from db.appointments.commands import set_confirmed
from db.appointments.flow import FLOW
from db.appointments.rules import OUTCOMES, TOUCHES
from db.appointments.tables import Appointment, AppointmentTouch
from db.core import timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.workflow.engine import get_item


def log_touch(
    session: Session, *, touch_id: int, seen_version: int, outcome: str, note: str = "", actor: Actor, now: datetime
) -> None:
    """What came of a planned confirmation: they come, nobody was reached, or they want another time.

    `confirmed` confirms the appointment by this touch. `nobody` leaves it to the next one. `seen_version` is the
    appointment's. The same outcome of a touch that has it does nothing.
    """
    actor.require(Permission.APPOINTMENTS_WORK)
    touch = session.get(AppointmentTouch, touch_id)
    if touch is None:
        raise NotFound("This confirmation")
    item: Appointment = get_item(session, FLOW, item_id=touch.appointment_id, actor=actor)
    session.refresh(touch)
    if touch.outcome == outcome and not touch.is_open:
        timeline.repeated(session)
        return
    problems = Problems()
    if outcome not in dict(OUTCOMES):
        problems.add("outcome", "required", "Choose what came of it.")
    if len(note) > record.LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {record.LONGEST_NOTE:,} characters fit.")
    problems.refuse_if_any()
    if item.status not in record.BOOKED or (not touch.is_open and touch.outcome):
        raise Refused(Problem(code="settled", message=f"{item.number} needs no confirmation any more."))
    touch.is_open, touch.outcome, touch.outcome_at, touch.by = False, outcome, now, actor.name
    session.flush()
    words = dict(OUTCOMES)[outcome].lower()
    if outcome == "confirmed" and item.status == "scheduled":
        set_confirmed(
            session, item_id=item.id, seen_version=seen_version, touch=touch.kind, note=note, actor=actor, now=now
        )
        return
    record.note(
        session, "log_touch", item, f"confirmation {TOUCHES[touch.kind].lower()}: {words}", actor=actor, now=now,
        reason=note, before={"outcome": ""}, after={"touch": touch.kind, "outcome": outcome},
    )  # fmt: skip


def confirm_next(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """One click on the agenda: they will come. It counts for the confirmation that was due last, sent or called."""
    actor.require(Permission.APPOINTMENTS_WORK)
    item: Appointment = get_item(session, FLOW, item_id=item_id, actor=actor)
    touch = session.scalars(
        select(AppointmentTouch)
        .where(
            AppointmentTouch.appointment_id == item.id, AppointmentTouch.due_at <= now, AppointmentTouch.outcome == ""
        )
        .order_by(AppointmentTouch.due_at.desc(), AppointmentTouch.id.desc())
        .limit(1)
    ).first()
    if touch is None:
        set_confirmed(
            session, item_id=item_id, seen_version=seen_version, touch="hand", note="", actor=actor, now=now
        )  # fmt: skip
        return
    log_touch(session, touch_id=touch.id, seen_version=seen_version, outcome="confirmed", actor=actor, now=now)
