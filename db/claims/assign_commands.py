"""Who decides a claim: somebody takes it, or gives it to another person who may."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from db.claims import notices
from db.claims.flow import FLOW
from db.claims.record import move_claim, note_entry
from db.claims.signatures import may_decide
from db.core.actor import Actor
from db.core.problems import Problem, Refused
from db.people.queries import names_of
from db.workflow.engine import begin_step


def take(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Take a claim to decide it; others see that and leave it alone."""
    claim = begin_step(session, FLOW, "take", item_id=item_id, seen_version=seen_version, actor=actor)
    if claim.assignee_id == actor.user_id:
        raise Refused(Problem(code="yours", message=f"{claim.number} is yours already."))
    changed = move_claim(
        session, "take", claim, actor=actor, now=now, target=claim.status, assignee_id=actor.user_id
    )  # fmt: skip
    note_entry(session, "take", claim, f"taken by {actor.name}.", actor=actor, now=now, **changed)


def hand_over(
    session: Session, *, item_id: int, seen_version: int, assignee_id: int, actor: Actor, now: datetime
) -> None:
    """Give the claim to a person who may decide it: of the manufacturer, not who sent it, not who signed last."""
    claim = begin_step(session, FLOW, "hand_over", item_id=item_id, seen_version=seen_version, actor=actor)
    if assignee_id not in may_decide(session, claim):
        raise Refused(
            Problem(code="unknown_person", message="Choose a person who may decide this claim.", field="assignee_id")
        )
    name = names_of(session, person_ids=[assignee_id])[assignee_id]
    changed = move_claim(
        session, "hand_over", claim, actor=actor, now=now, target=claim.status, assignee_id=assignee_id
    )
    note_entry(session, "hand_over", claim, f"given to {name}.", actor=actor, now=now, **changed)
    notices.tell_handed_over(session, claim, person_id=assignee_id, by=actor, now=now)
