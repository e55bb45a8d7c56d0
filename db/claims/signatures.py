"""Whose signature counts on a claim: the levels a person holds, and what was signed so far."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.claims.appeals import is_appeal, who_decided_before
from db.claims.decision_rules import LineDecision
from db.claims.policy_rules import Policy
from db.claims.tables import Claim, ClaimDecision
from db.core.actor import Actor
from db.core.permissions import Permission
from db.people.queries import people_to_tell
from db.people.tables import Person


def highest_level(policy: Policy, actor: Actor) -> int:
    """The highest level of authority this person may sign; 0 for none."""
    return max((a.level for a in policy.authority if actor.can(Permission(a.permission))), default=0)


def own_levels(policy: Policy, actor: Actor) -> tuple[int, ...]:
    """The levels that wait for this person: those of the highest permission held; a manager's are not a coordinator's.

    Level 0 (nothing to sign was found) belongs to the first.
    """
    held = [a for a in policy.authority if actor.can(Permission(a.permission))]
    if not held:
        return ()
    mine = tuple(a.level for a in held if a.permission == held[-1].permission)
    return (0, *mine) if policy.authority[0].level in mine else mine


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


def may_decide(session: Session, claim: Claim) -> list[int]:
    """Ids of the people who may take the next step on a claim the caller may see.

    Whoever sent it, signed the level before, or made the decision that is appealed is none of them.
    """
    permission = Permission.CLAIMS_AUTHORIZE if claim.signed_level else Permission.CLAIMS_DECIDE
    ids = people_to_tell(session, dealer_id=claim.dealer_id, region=claim.region, permission=permission)
    barred = {claim.submitted_by, claim.signed_by, who_decided_before(session, claim) if is_appeal(claim) else ""}
    return list(session.scalars(_OTHERS, {"ids": ids, "barred": sorted(barred)}))


_OTHERS = (
    select(Person.id)
    .where(Person.id.in_(bindparam("ids", expanding=True)), Person.username.not_in(bindparam("barred", expanding=True)))
    .order_by(Person.name, Person.id)
)
