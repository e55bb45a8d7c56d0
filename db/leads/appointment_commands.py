"""What an appointment does to its lead: steps of a lead taken inside a command of the appointments area.

Each checks permission, scope, version and state as the lead's own steps do, moves the lead, tells its followers, and
gives back a `LeadMove`; the caller's command records the one timeline entry and names the lead in it (decision 0003).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import Calendar
from db.core.actor import Actor
from db.core.timeline import Item
from db.leads.flow import FLOW
from db.leads.stamps import action_stamps, moved, once, promise_values, quality_stamps
from db.leads.tables import Lead
from db.workflow.checks import require_step
from db.workflow.engine import get_item, move

CALL_BACK = timedelta(minutes=60)  # a customer who did not come is called within the hour (domain-rules 2.2 G)


@dataclass(frozen=True, kw_only=True)
class LeadMove:
    """A lead that moved with an appointment: for the caller's timeline entry."""

    number: str
    item: Item
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def lead_for_appointment(session: Session, *, lead_id: int, actor: Actor) -> Lead:
    """The lead, locked, or `NotFound` when it is absent or out of scope."""
    found: Lead = get_item(session, FLOW, item_id=lead_id, actor=actor)
    return found


def appointment_agreed(
    session: Session, *, lead_id: int, appointment_at: datetime, actor: Actor, now: datetime
) -> LeadMove:
    """The lead has an appointment at `appointment_at` (UTC) and is due then; also when a time is moved."""
    lead = lead_for_appointment(session, lead_id=lead_id, actor=actor)
    actor.require(FLOW.step("set_appointment").permission)
    if lead.status != "appointment_set":
        require_step(FLOW, "set_appointment", status=lead.status, submitted_by=lead.submitted_by, actor=actor)
    calendar = calendar_for_dealer(session, lead.dealer_id)
    values = once(lead, at=now, appointment_set_at=True, contacted_at=True)
    values = {**action_stamps(lead, at=now, by=actor.name, calendar=calendar), **values}
    return _move(
        session, "set_appointment", lead, target="appointment_set", values=values, appointment_at=appointment_at,
        calendar=calendar, actor=actor, now=now,
    )  # fmt: skip


def appointment_confirmed(session: Session, *, lead_id: int, actor: Actor, now: datetime) -> LeadMove:
    """The customer said they will come: a rung of the funnel, the state of the lead stays (2.2 F)."""
    lead = lead_for_appointment(session, lead_id=lead_id, actor=actor)
    values = once(lead, at=now, appointment_confirmed_at=True)
    return _move(session, "confirm_appointment", lead, target=lead.status, values=values, actor=actor, now=now)


def appointment_shown(session: Session, *, lead_id: int, at: datetime, actor: Actor, now: datetime) -> LeadMove:
    """The customer came at `at`: contact and a substantive answer at once; a lead further on keeps its state."""
    lead = lead_for_appointment(session, lead_id=lead_id, actor=actor)
    actor.require(FLOW.step("show_appointment").permission)
    calendar = calendar_for_dealer(session, lead.dealer_id)
    values = once(lead, at=at, appointment_shown_at=True, contacted_at=True)
    values = {
        **action_stamps(lead, at=at, by=actor.name, calendar=calendar),
        **quality_stamps(lead, at=at, calendar=calendar), **values,
    }  # fmt: skip
    target = "appointment_shown" if lead.status == "appointment_set" else lead.status
    return _move(
        session, "show_appointment", lead, target=target, values=values, calendar=calendar, actor=actor, now=now
    )


def appointment_fell_through(
    session: Session,
    *,
    lead_id: int,
    why: str,
    call_back: bool,
    forget_shown: bool = False,
    actor: Actor,
    now: datetime,
) -> LeadMove:
    """The customer did not come, or called it off: the lead goes back to where it stood before and waits for a call.

    With `call_back` it is due within the hour. `why` is its next step ("Call back: did not come"). `forget_shown` takes
    back a visit that was entered in error. A lead in another state than Appointment set keeps it.
    """
    lead = lead_for_appointment(session, lead_id=lead_id, actor=actor)
    target = lead.status
    if lead.status == "appointment_set" or (forget_shown and lead.status == "appointment_shown"):
        target = "qualified" if lead.qualified_at is not None else "contacted"
    values: dict[str, Any] = {}
    if target != lead.status or lead.status in ("contacted", "qualified"):
        values = {"next_step": why, "due_at": now + CALL_BACK if call_back else None}
    if forget_shown:
        values["appointment_shown_at"] = None
    return _move(session, "miss_appointment", lead, target=target, values=values, actor=actor, now=now)


def _move(
    session: Session, step: str, lead: Lead, *, target: str, values: Mapping[str, Any], actor: Actor, now: datetime,
    appointment_at: datetime | None = None, calendar: Calendar | None = None,
) -> LeadMove:  # fmt: skip
    calendar = calendar or calendar_for_dealer(session, lead.dealer_id)
    wanted = {"last_activity_at": max(now, lead.last_activity_at), **values}
    promise = promise_values(lead, wanted, status=target, calendar=calendar, now=now, appointment_at=appointment_at)
    changed = move(session, FLOW, lead, target=target, actor=actor, now=now, **{**promise, **wanted})
    moved(session, step, lead, actor=actor, now=now, **changed)
    return LeadMove(
        number=lead.number, item=Item("lead", lead.id, lead.dealer_id), before=changed["before"], after=changed["after"]
    )
