"""Which claim policy holds on a day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims.policy_rules import DEFAULT, Policy
from db.claims.snapshots import policy_from_json
from db.claims.tables import ClaimPolicy


def policy_on(session: Session, day: date) -> Policy:
    """The newest version in force on a day; the default where nobody has decided. Rules are for all."""
    row = session.execute(
        select(ClaimPolicy.body)
        .where(ClaimPolicy.effective_from <= day)
        .order_by(ClaimPolicy.effective_from.desc(), ClaimPolicy.number.desc())
        .limit(1)
    ).scalar_one_or_none()
    return DEFAULT if row is None else policy_from_json(row)
