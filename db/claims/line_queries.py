"""Claims on a customer's vehicles as lines of the customer's one timeline (decision 31)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims.flow import FLOW
from db.claims.model import CLAIM_TYPES
from db.claims.tables import Claim
from db.core.actor import Actor
from db.core.area import CustomerLine


def customer_lines(session: Session, *, customer_id: int, actor: Actor, limit: int) -> list[CustomerLine]:
    """When a claim for this customer was sent, within the actor's scope, newest first; drafts are nobody's business."""
    rows = session.execute(
        select(Claim.id, Claim.number, Claim.claim_type, Claim.status, Claim.submitted_at, Claim.ro_number)
        .where(
            Claim.customer_id == customer_id, Claim.submitted_at.is_not(None),
            actor.scope.where(Claim.dealer_id, Claim.region),
        )
        .order_by(Claim.submitted_at.desc(), Claim.id.desc())
        .limit(limit)
    ).all()  # fmt: skip
    return [
        CustomerLine(
            at=row.submitted_at, title=f"Claim {row.number}: {CLAIM_TYPES[row.claim_type].lower()}",
            note=f"Repair order {row.ro_number}" if row.ro_number else "", icon=":material/assignment:",
            badges=((FLOW.state(row.status).label, FLOW.state(row.status).tone),), page="pages/claims/claim.py",
            query={"claim": str(row.id)},
        )
        for row in rows
        if row.submitted_at is not None
    ]  # fmt: skip
