"""Giving the open leads of one person to a colleague at the same dealer, inside a command of another area."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.timeline import Item
from db.leads.appointment_commands import LeadMove
from db.leads.flow import FLOW
from db.leads.stamps import moved
from db.leads.tables import Lead
from db.workflow.engine import get_item, move

MOST_AT_ONCE = 500


def hand_over_leads(
    session: Session, *, dealer_id: int, from_id: int, to_id: int, lead_ids: Sequence[int] | None, actor: Actor,
    now: datetime,
) -> list[LeadMove]:  # fmt: skip
    """Make `to_id` the person of open leads of `from_id` at a dealer: those named, or all; at most 500 at once.

    Promises, stamps and states stay as they are (decision 0014). What is not of this person any more, closed, or out of
    the actor's scope is left out. The caller has checked both people and records the one timeline entry.
    """
    actor.require(Permission.TASKS_HAND_OVER)
    query = select(Lead.id).where(
        Lead.assignee_id == from_id, Lead.dealer_id == dealer_id, Lead.is_open == true(),
        actor.scope.where(Lead.dealer_id, Lead.region),
    )  # fmt: skip
    if lead_ids is not None:
        query = query.where(Lead.id.in_(sorted(set(lead_ids))[:MOST_AT_ONCE]))
    made = []
    # In the order of ids, so that two people who hand over at once wait for each other instead of deadlocking.
    for lead_id in session.scalars(query.order_by(Lead.id).limit(MOST_AT_ONCE)).all():
        lead = get_item(session, FLOW, item_id=lead_id, actor=actor)
        if lead.assignee_id != from_id or not lead.is_open:
            continue
        changed = move(session, FLOW, lead, target=lead.status, actor=actor, now=now, assignee_id=to_id)
        moved(session, "hand_over", lead, actor=actor, now=now, **changed)
        made.append(
            LeadMove(
                number=lead.number, item=Item("lead", lead.id, dealer_id), before=changed["before"],
                after=changed["after"],
            )
        )  # fmt: skip
    return made
