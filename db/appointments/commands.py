"""Every step of an appointment's life by name, for the drawer, the job and the tests that walk the flow (2.2 G)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from db.appointments import notices, record
from db.appointments.booking_commands import book, book_for_lead, open_of, rebook, reschedule, seen
from db.appointments.flow import FLOW
from db.appointments.rules import CANCEL_REASONS, may_check_in
from db.appointments.tables import Appointment
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.leads.appointment_commands import (
    LeadMove,
    appointment_agreed,
    appointment_confirmed,
    appointment_fell_through,
    appointment_shown,
    lead_for_appointment,
)
from db.leads.commands import show_appointment as show_lead
from db.workflow.engine import begin_step, end_step

LONGEST_REASON = 4000


def confirm(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = ""
) -> None:  # fmt: skip
    """The customer said they will come, without being asked by a planned confirmation."""
    set_confirmed(
        session, item_id=item_id, seen_version=seen_version, touch="hand", note=note, actor=actor, now=now
    )  # fmt: skip


def set_confirmed(
    session: Session, *, item_id: int, seen_version: int, touch: str, note: str, actor: Actor, now: datetime
) -> None:
    """Confirm by one of `rules.TOUCHES`; the state of the lead stays, its rung of the funnel is reached."""
    item = begin_step(session, FLOW, "confirm", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _short(note)
    if item.starts_at <= now:
        raise Refused(Problem(code="past", message="Its time has come: check the customer in, or enter the no-show."))
    changed = end_step(
        session, FLOW, "confirm", item, actor=actor, now=now, confirmed_at=now, confirmed_by=actor.name,
        confirmed_touch=touch,
    )  # fmt: skip
    move = None
    if _lead_is_open(session, item, actor=actor):
        move = appointment_confirmed(session, lead_id=_lead(item), actor=actor, now=now)
    record.tell(session, item, before="scheduled", after="confirmed", actor=actor, now=now)
    record.note(session, "confirm", item, "confirmed", actor=actor, now=now, reason=note, lead=move, **changed)


def check_in(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = ""
) -> None:  # fmt: skip
    """The customer is there; the lead moves to Appointment shown."""
    item = begin_step(session, FLOW, "check_in", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _short(note)
    dealer = record.dealer_of(session, _dealer(item), actor=actor)
    if not may_check_in(item.starts_at, now=now, zone=dealer.zone):
        raise Refused(
            Problem(code="too_early", message="The appointment is on a later day. Move it to now, then check in.")
        )
    _show(session, "check_in", item, at=now, said="the customer came", reason=note, actor=actor, now=now)


def check_in_lead(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = ""
) -> None:
    """The lead's own step "Customer showed": checks in its appointment, or the lead itself where none was booked."""
    actor.require(Permission.APPOINTMENTS_WORK)
    lead = lead_for_appointment(session, lead_id=item_id, actor=actor)
    booked = open_of(session, lead.id)
    if booked is None:
        show_lead(session, item_id=item_id, seen_version=seen_version, actor=actor, now=now, note=note)
        return
    seen(lead, seen_version)
    check_in(session, item_id=booked.id, seen_version=booked.version, actor=actor, now=now, note=note)


def came_late(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason: str) -> None:
    """A no-show that was none: the customer came after all. Needs a reason (2.2 G)."""
    item = begin_step(session, FLOW, "came_late", item_id=item_id, seen_version=seen_version, actor=actor)
    reason = _why(reason)
    said = "came after all, the no-show is taken back"
    _show(session, "came_late", item, at=now, said=said, reason=reason, actor=actor, now=now)


def _show(
    session: Session, step: str, item: Appointment, *, at: datetime, said: str, reason: str, actor: Actor, now: datetime
) -> None:
    before = item.status
    changed = end_step(
        session, FLOW, step, item, actor=actor, now=now, shown_at=at, missed_at=None, recovery_ended_at=None,
        reason=reason if step == "came_late" else item.reason,
    )  # fmt: skip
    record.close_touches(session, item.id)
    move: LeadMove | None = None
    if _lead_is_open(session, item, actor=actor):
        lead = lead_for_appointment(session, lead_id=_lead(item), actor=actor)
        if step == "came_late" and lead.status in ("contacted", "qualified"):
            # The no-show had put the lead back; it goes the way it would have gone.
            move = appointment_agreed(session, lead_id=lead.id, appointment_at=item.starts_at, actor=actor, now=now)
        shown = appointment_shown(session, lead_id=lead.id, at=at, actor=actor, now=now)
        move = replace(shown, before={**shown.before, **move.before}) if move else shown
    record.tell(session, item, before=before, after="shown", actor=actor, now=now)
    record.note(session, step, item, said, actor=actor, now=now, reason=reason, lead=move, **changed)


def take_back(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason: str) -> None:
    """A check-in that was none: the customer was not here, so it is a no-show. Needs a reason."""
    item = begin_step(session, FLOW, "take_back", item_id=item_id, seen_version=seen_version, actor=actor)
    reason = _why(reason)
    if item.starts_at > now:
        raise Refused(Problem(code="too_early", message="Its time is still to come, so nobody has missed it."))
    forget = _is_only_visit(session, item)
    _miss(session, "take_back", item, said="was not here, the check-in is taken back", reason=reason, forget=forget,
          actor=actor, now=now)  # fmt: skip


def miss(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = ""
) -> None:  # fmt: skip
    """The customer did not come: the lead waits for a call within the hour. By hand from its start, by job after the
    grace."""
    item = begin_step(session, FLOW, "miss", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _short(note)
    if item.starts_at > now:
        sentence = "Its time is still to come. Cancel or move it if the customer called it off."
        raise Refused(Problem(code="too_early", message=sentence))
    _miss(session, "miss", item, said="the customer did not come", reason=note, forget=False, actor=actor, now=now)


def _miss(
    session: Session, step: str, item: Appointment, *, said: str, reason: str, forget: bool, actor: Actor, now: datetime
) -> None:
    before = item.status
    # The lead is locked before the dealer everywhere, so that two commands cannot wait for each other.
    is_open = _lead_is_open(session, item, actor=actor)
    dealer = record.dealer_of(session, _dealer(item), actor=actor)
    changed = end_step(
        session, FLOW, step, item, actor=actor, now=now, missed_at=now, shown_at=None, reason=reason,
        recovery_ended_at=None if is_open or item.lead_id is None else now,
    )  # fmt: skip
    record.close_touches(session, item.id)
    move = None
    if is_open:
        move = _fell_through(
            session, item, why="Call back: did not come", call_back=True, forget=forget, actor=actor, now=now
        )
    record.tell(session, item, before=before, after="no_show", actor=actor, now=now)
    notices.tell_missed(session, item, dealer, by=actor.user_id, now=now)
    record.note(session, step, item, said, actor=actor, now=now, reason=reason, lead=move, **changed)


def complete(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = ""
) -> None:  # fmt: skip
    """The visit is over."""
    item = begin_step(session, FLOW, "complete", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _short(note)
    changed = end_step(session, FLOW, "complete", item, actor=actor, now=now, completed_at=now)
    record.tell(session, item, before="shown", after="completed", actor=actor, now=now)
    record.note(session, "complete", item, "completed", actor=actor, now=now, reason=note, **changed)


def cancel(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason: str, note: str = ""
) -> None:
    """The customer called it off before its time; who simply does not come is a no-show (DC2)."""
    item = begin_step(session, FLOW, "cancel", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    labels = dict(CANCEL_REASONS)
    if reason not in labels:
        problems.add("reason", "required", "Choose why it was called off.", rule="2.2 G")
    if item.starts_at <= now:
        problems.add("reason", "over", "Its time is over: a customer who did not come is a no-show.", rule="2.2 G")
    problems.refuse_if_any()
    note = _short(note)
    words = labels[reason] + (f": {note}" if note else "")
    _call_off(session, "cancel", item, said=f"cancelled, {labels[reason].lower()}", reason=words, actor=actor, now=now)


def set_in_error(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason: str
) -> None:
    """It should never have existed, and is left out of the show rate. Needs a reason (2.2 G)."""
    item = begin_step(session, FLOW, "set_in_error", item_id=item_id, seen_version=seen_version, actor=actor)
    reason = _why(reason)
    _call_off(session, "set_in_error", item, said="was set in error", reason=reason, actor=actor, now=now)


def _call_off(
    session: Session, step: str, item: Appointment, *, said: str, reason: str, actor: Actor, now: datetime
) -> None:
    before = item.status
    is_open = _lead_is_open(session, item, actor=actor)
    dealer = record.dealer_of(session, _dealer(item), actor=actor)
    changed = end_step(
        session, FLOW, step, item, actor=actor, now=now, cancelled_at=now, reason=reason, recovery_ended_at=now
    )
    record.close_touches(session, item.id)
    notices.call_off(session, item, dealer, now=now)
    move = None
    if is_open and before in record.BOOKED:
        move = _fell_through(
            session, item, why="Call back: appointment called off", call_back=step == "cancel", forget=False,
            actor=actor, now=now,
        )  # fmt: skip
    record.tell(session, item, before=before, after=item.status, actor=actor, now=now)
    record.note(session, step, item, said, actor=actor, now=now, reason=reason, lead=move, **changed)


def end_recovery(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason: str
) -> None:
    """Nobody calls this customer about the missed time any more. Needs a reason."""
    item = begin_step(session, FLOW, "end_recovery", item_id=item_id, seen_version=seen_version, actor=actor)
    reason = _why(reason)
    if item.recovery_ended_at is not None:
        raise Refused(Problem(code="recovered", message="Nobody has to call this customer any more."))
    changed = end_step(session, FLOW, "end_recovery", item, actor=actor, now=now, recovery_ended_at=now, reason=reason)
    record.note(session, "end_recovery", item, "is not called any more", actor=actor, now=now, reason=reason, **changed)


def _fell_through(
    session: Session, item: Appointment, *, why: str, call_back: bool, forget: bool, actor: Actor, now: datetime
) -> LeadMove:
    return appointment_fell_through(
        session, lead_id=_lead(item), why=why, call_back=call_back, forget_shown=forget, actor=actor, now=now
    )


def _lead_is_open(session: Session, item: Appointment, *, actor: Actor) -> bool:
    """Whether there is a lead that can still move: it is locked from here on. A closed one is left as it is."""
    if item.lead_id is None:
        return False
    lead = lead_for_appointment(session, lead_id=item.lead_id, actor=actor)
    return lead.is_open and lead.dealer_id == item.dealer_id


def _is_only_visit(session: Session, item: Appointment) -> bool:
    """Whether the lead's visit is this one and no other of its appointments was kept."""
    if item.lead_id is None:
        return False
    other = select(
        exists().where(
            Appointment.lead_id == item.lead_id, Appointment.id != item.id,
            Appointment.status.in_(("shown", "completed")),
        )
    )  # fmt: skip
    return not session.scalar(other)


def _lead(item: Appointment) -> int:
    assert item.lead_id is not None
    return item.lead_id


def _dealer(item: Appointment) -> int:
    assert item.dealer_id is not None
    return item.dealer_id


def _short(note: str | None) -> str:
    text = (note or "").strip()
    if len(text) > record.LONGEST_NOTE:
        raise Refused(
            Problem(code="too_long", field="note", message=f"At most {record.LONGEST_NOTE:,} characters fit.")
        )
    return text


def _why(reason: str | None) -> str:
    problems = Problems()
    text = problems.require(reason, "reason", "A reason", longest=LONGEST_REASON)
    problems.refuse_if_any()
    return text


COMMANDS: dict[str, Callable[..., Any]] = {
    "check_in": check_in,
    "confirm": confirm,
    "reschedule": reschedule,
    "miss": miss,
    "cancel": cancel,
    "complete": complete,
    "rebook": rebook,
    "came_late": came_late,
    "end_recovery": end_recovery,
    "take_back": take_back,
    "set_in_error": set_in_error,
}

__all__ = [
    "COMMANDS", "book", "book_for_lead", "came_late", "cancel", "check_in", "check_in_lead", "complete", "confirm",
    "end_recovery", "miss", "rebook", "reschedule", "set_confirmed", "set_in_error", "take_back",
]  # fmt: skip
