"""What an appeal stands on: the decision before it, who made it, and which amounts it may not take away."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims.flow import DEALERS_TURN
from db.claims.tables import Claim, ClaimCharge, ClaimDecision

_DECISIONS = ("approve", "partial", "deny", "deemed")


def is_appeal(claim: Claim) -> bool:
    """Whether an open claim is one that was decided and appealed; an appeal is never returned, so it stays one."""
    return claim.appeals > 0 and claim.status not in DEALERS_TURN


def who_decided_before(session: Session, claim: Claim) -> str:
    """The user name behind the last decision (system: the rules or silence); empty when there was none."""
    return (
        session.scalar(
            select(ClaimDecision.username)
            .where(ClaimDecision.claim_id == claim.id, ClaimDecision.kind.in_(_DECISIONS))
            .order_by(ClaimDecision.id.desc())
            .limit(1)
        )
        or ""
    )


def lines_before(session: Session, claim: Claim) -> dict[int, int]:
    """What stood approved for each line when it was appealed, by position; empty when nothing did (decision 0047)."""
    if not is_appeal(claim) or not claim.approved_cents:
        return {}
    rows = session.execute(
        select(ClaimCharge.position, ClaimCharge.approved_cents).where(
            ClaimCharge.claim_id == claim.id, ClaimCharge.approved_cents.is_not(None)
        )
    )
    return {position: cents for position, cents in rows if cents is not None}
