"""What every step of a lead has in common: write-once stamps, the next promise, and one timeline entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import Calendar
from db.core import changes, events, timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.leads.clock import worked_minutes
from db.leads.flow import FLOW
from db.leads.rules import earliest, next_promise
from db.leads.tables import Lead
from db.workflow.engine import begin_step, end_step


def begin(session: Session, step: str, *, item_id: int, seen_version: int, actor: Actor) -> Lead:
    """The lead, locked and checked for this step; raises NotFound, Stale or Refused (workflow engine)."""
    found: Lead = begin_step(session, FLOW, step, item_id=item_id, seen_version=seen_version, actor=actor)
    return found


def action_stamps(lead: Lead, *, at: datetime, by: str, calendar: Calendar) -> dict[str, Any]:
    """The columns of the first action at a genuine moment; empty when an earlier one is known (2.2 A)."""
    if earliest(lead.first_action_at, at) == lead.first_action_at:
        return {}
    minutes = worked_minutes(calendar, lead.clock_started_at, at)
    return {"first_action_at": at, "first_action_by": by, "first_action_minutes": minutes}


def quality_stamps(lead: Lead, *, at: datetime, calendar: Calendar) -> dict[str, Any]:
    """The columns of the first quality response; empty when an earlier one is known."""
    if earliest(lead.first_quality_at, at) == lead.first_quality_at:
        return {}
    return {
        "first_quality_at": at,
        "first_quality_minutes": worked_minutes(calendar, lead.clock_started_at, at),
    }


def once(lead: Lead, *, at: datetime, **names: bool) -> dict[str, Any]:
    """Funnel stamps that are still empty and wanted: `once(lead, at=now, contacted_at=True)`."""
    return {name: at for name, wanted in names.items() if wanted and getattr(lead, name) is None}


def promise_values(
    lead: Lead, changed: Mapping[str, Any], *, status: str, calendar: Calendar, now: datetime,
    appointment_at: datetime | None = None,
) -> dict[str, Any]:  # fmt: skip
    """`due_at` and `next_step` of the lead as it will be after a step."""

    def fact(name: str) -> Any:
        return changed.get(name, getattr(lead, name))

    if appointment_at is None and status == lead.status == "appointment_set":
        appointment_at = lead.due_at
    promise = next_promise(
        status=status, first_action_at=fact("first_action_at"), first_action_due_at=fact("first_action_due_at"),
        first_quality_at=fact("first_quality_at"), first_quality_due_at=fact("first_quality_due_at"),
        contacted_at=fact("contacted_at"), clock_started_at=fact("clock_started_at"), appointment_at=appointment_at,
        calendar=calendar, now=now,
    )  # fmt: skip
    return {"due_at": promise.due_at, "next_step": promise.next_step}


def complete(
    session: Session,
    step: str,
    lead: Lead,
    *,
    actor: Actor,
    now: datetime,
    target: str = "",
    summary: str,
    reason: str = "",
    values: Mapping[str, Any] | None = None,
    appointment_at: datetime | None = None,
    extra: Mapping[str, Any] | None = None,
    disposition: bool = True,
    calendar: Calendar | None = None,
    also: Sequence[timeline.Item] = (),
) -> None:
    """Write one step: state, stamps, next promise, version, change counter and the one timeline entry.

    A `disposition` is something a person decided about the lead; it is an answer to the first clock (2.2 A).
    """
    calendar = calendar or calendar_for_dealer(session, lead.dealer_id)
    wanted = dict(values or {})
    declared = FLOW.step(step).targets
    status = target or (declared[0] if len(declared) == 1 else lead.status)
    if disposition:
        wanted = {**action_stamps(lead, at=now, by=actor.name, calendar=calendar), **wanted}
    wanted.setdefault("last_activity_at", max(now, lead.last_activity_at))
    wanted = {
        **promise_values(lead, wanted, status=status, calendar=calendar, now=now, appointment_at=appointment_at),
        **wanted,
    }
    if status == "lost" and wanted.get("closed_at"):
        wanted["decided_on"] = local_day(wanted["closed_at"], calendar.zone)
    elif wanted.get("sold_at"):
        wanted["decided_on"] = local_day(wanted["sold_at"], calendar.zone)
    changed = end_step(session, FLOW, step, lead, actor=actor, now=now, target=status, **wanted)
    note(session, step, lead, actor=actor, now=now, summary=summary, reason=reason, extra=extra, also=also, **changed)


def note(
    session: Session,
    step: str,
    lead: Lead,
    *,
    actor: Actor,
    now: datetime,
    summary: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    reason: str = "",
    extra: Mapping[str, Any] | None = None,
    also: Sequence[timeline.Item] = (),
) -> None:
    """Raise the change counter of leads and queue the timeline entry of one lead; it is told of `also` too."""
    moved(session, step, lead, before=before, after=after, actor=actor, now=now)
    dealers = {lead.dealer_id, before.get("dealer_id", lead.dealer_id)}
    timeline.record(
        session, actor=actor, now=now, area="leads", command=step, summary=f"{lead.number}: {summary}", reason=reason,
        before=before, after=after, extra=extra,
        items=[timeline.Item("lead", lead.id, d) for d in sorted(dealers, key=lambda d: (d is None, d or 0))]
        + list(also),
    )  # fmt: skip


def moved(
    session: Session, step: str, lead: Lead, *, before: Mapping[str, Any], after: Mapping[str, Any], actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Raise the change counter of leads and tell those who follow them that a step was taken."""
    changes.touch(session, "leads")
    facts = {"step": step, "before": dict(before), "after": dict(after)}
    event = events.Event(name="leads.moved", item_type="lead", item_ids=(lead.id,), facts=facts)
    events.tell(session, event, actor=actor, now=now)
