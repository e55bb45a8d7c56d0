"""Whose signature counts on a claim: the levels a person holds, and what was signed so far."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims.decision_rules import LineDecision
from db.claims.policy_rules import Policy
from db.claims.tables import Claim, ClaimDecision
from db.core.actor import Actor
from db.core.permissions import Permission


def highest_level(policy: Policy, actor: Actor) -> int:
    """The highest level of authority this person may sign; 0 for none."""
    return max((a.level for a in policy.authority if actor.can(Permission(a.permission))), default=0)


def recommended_lines(session: Session, claim: Claim) -> list[LineDecision]:
    """The amounts of the last signature that still counts; empty when nobody has signed."""
    if not claim.signed_level:
        return []
    row = session.scalars(
        select(ClaimDecision)
        .where(ClaimDecision.claim_id == claim.id, ClaimDecision.kind == "recommend")
        .order_by(ClaimDecision.id.desc())
        .limit(1)
    ).one_or_none()
    return [LineDecision(**line) for line in row.lines] if row is not None else []
