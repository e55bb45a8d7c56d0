"""How reviewers differ on the same responses, for whoever looks after the checklist (decision 0038)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from db.core.actor import Actor
from db.core.permissions import Permission
from db.quality.tables import QualityReview

LEAST_PAIRS = 5


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How one reviewer scores the same responses as others: mean points above (+) or below (−) the other reviewer."""

    reviewer: str
    pairs: int
    mean: float | None
    by_others: float | None
    difference: float | None


def drift(session: Session, *, actor: Actor, limit: int = 40) -> list[Drift]:
    """Reviewers on responses two of them scored; figures only from five pairs on. Needs quality.manage."""
    actor.require(Permission.QUALITY_MANAGE)
    other = aliased(QualityReview)
    rows = session.execute(
        select(
            QualityReview.reviewer_id, func.max(QualityReview.reviewer_name).label("name"), func.count().label("n"),
            func.sum(QualityReview.score).label("own"), func.sum(other.score).label("others"),
        )
        .join(other, and_(other.lead_id == QualityReview.lead_id, other.round != QualityReview.round))
        .where(
            QualityReview.status == "reviewed", other.status == "reviewed", QualityReview.reviewer_id.is_not(None),
            actor.scope.where(QualityReview.dealer_id, QualityReview.region),
            or_(QualityReview.round == 2, other.round == 2), QualityReview.form_id == other.form_id,
        )
        .group_by(QualityReview.reviewer_id)
        .limit(limit)
    ).all()  # fmt: skip
    found = []
    for r in rows:
        enough = r.n >= LEAST_PAIRS
        found.append(
            Drift(
                reviewer=r.name, pairs=r.n, mean=r.own / r.n if enough else None,
                by_others=r.others / r.n if enough else None, difference=(r.own - r.others) / r.n if enough else None,
            )
        )  # fmt: skip
    return sorted(found, key=lambda d: d.reviewer)
