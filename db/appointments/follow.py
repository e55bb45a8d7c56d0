"""What appointments do when their lead moves (decision 0035). A follower: own rows only, no timeline entry.

A visit logged on the lead checks its appointment of that day in. A lead that ends calls its appointments off with the
reason of that step, never silently. A merge takes them along, its undo gives them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.appointments import notices, record
from db.appointments.flow import FLOW
from db.appointments.rules import end_by_lead, may_check_in
from db.appointments.tables import Appointment
from db.core import changes
from db.core.actor import Actor
from db.core.events import Event, Follower
from db.dealers.tables import Dealer
from db.leads.flow import BAD_REASONS, LOST_REASONS
from db.leads.tables import Lead
from db.workflow.engine import move

ENDED = ("lost", "bad", "expired")
REASONS = dict(LOST_REASONS) | dict(BAD_REASONS) | {"expired": "idle for 90 days"}


def follow_lead(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """React to one step of one lead; cheap where the lead has no appointment."""
    after: Mapping[str, Any] = event.facts["after"]
    before: Mapping[str, Any] = event.facts["before"]
    step = event.facts["step"]
    (lead_id,) = event.item_ids
    if step == "merge":
        _go_along(session, lead_id, after.get("duplicate_of_id"))
        return
    if step == "unmerge":
        _come_back(session, lead_id)
        return
    status = after.get("status", "")
    if status in ENDED:
        words = REASONS.get(str(after.get("close_reason", "")), "")
        why = f"Lead {status}" + (f": {words.lower()}" if words else "")
        _end(session, lead_id, status=status, why=why, actor=actor, now=now)
    elif "dealer_id" in after and before.get("dealer_id") is not None:
        _end(session, lead_id, status="moved", why="The lead was given to another dealer", actor=actor, now=now)
    elif after.get("appointment_shown_at") is not None or status == "appointment_shown":
        _check_in(session, lead_id, at=after.get("appointment_shown_at") or now, actor=actor, now=now)


def _booked(session: Session, lead_id: int) -> list[Appointment]:
    """Locked one after the other, in the order of time."""
    return list(
        session.scalars(
            select(Appointment)
            .where(Appointment.lead_id == lead_id, Appointment.status.in_(record.BOOKED))
            .order_by(Appointment.starts_at, Appointment.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def _check_in(session: Session, lead_id: int, *, at: datetime, actor: Actor, now: datetime) -> None:
    for item in _booked(session, lead_id):
        dealer = session.get_one(Dealer, item.dealer_id)
        if may_check_in(item.starts_at, now=at, zone=dealer.zone):
            before = item.status
            move(session, FLOW, item, target="shown", actor=actor, now=now, shown_at=at)
            record.close_touches(session, item.id)
            record.tell(session, item, before=before, after="shown", actor=actor, now=now)
            return


def _end(session: Session, lead_id: int, *, status: str, why: str, actor: Actor, now: datetime) -> None:
    for item in _booked(session, lead_id):
        target = end_by_lead(status, starts_at=item.starts_at, now=now)
        before = item.status
        stamp = "missed_at" if target == "no_show" else "cancelled_at"
        move(
            session, FLOW, item, target=target, actor=actor, now=now, reason=why, recovery_ended_at=now, **{stamp: now}
        )
        record.close_touches(session, item.id)
        if target == "cancelled":
            notices.call_off(session, item, session.get_one(Dealer, item.dealer_id), now=now)
        record.tell(session, item, before=before, after=target, actor=actor, now=now)
    missed = session.scalars(
        select(Appointment).where(
            Appointment.lead_id == lead_id, Appointment.status == "no_show", Appointment.recovery_ended_at.is_(None)
        )
    ).all()  # fmt: skip
    for item in missed:
        move(session, FLOW, item, target="no_show", actor=actor, now=now, recovery_ended_at=now)
        changes.touch(session, "appointments")


def _go_along(session: Session, lead_id: int, survivor_id: int | None) -> None:
    """Every appointment of a duplicate belongs to the lead it was merged into, and remembers where it came from."""
    if survivor_id is None:
        return
    for item in session.scalars(select(Appointment).where(Appointment.lead_id == lead_id)):
        if item.merged_from_id is None:
            item.merged_from_id = lead_id
        item.lead_id = survivor_id
        item.customer_id = session.get_one(Lead, survivor_id).customer_id
        item.version += 1
        changes.touch(session, "appointments")
    session.flush()


def _come_back(session: Session, lead_id: int) -> None:
    for item in session.scalars(select(Appointment).where(Appointment.merged_from_id == lead_id)):
        item.lead_id, item.merged_from_id = lead_id, None
        item.customer_id = session.get_one(Lead, lead_id).customer_id
        item.version += 1
        changes.touch(session, "appointments")
    session.flush()


FOLLOWERS = (Follower(name="appointments of a lead", on=("leads.moved",), react=follow_lead),)
