"""The two figures coaching is measured by, for one person in a span of time; computed, never typed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, case, exists, func, or_, select, true
from sqlalchemy.orm import Session

from db.leads.cohorts import measure_sql
from db.quality.tables import Lead, LeadActivity, Person, QualityReview

QUICK_MINUTES = 15


def figure(
    session: Session, *, metric: str, person_id: int, dealer_id: int, since: datetime, until: datetime
) -> tuple[int | None, int]:
    """(points of 100, of how many) in since <= moment < until; None where there is nothing to measure.

    `score`: the mean of random first reviews of responses given then. `in_15`: of valid leads received then that this
    person acted on first (or that wait for them), those acted on within 15 working minutes.
    """
    if metric == "score":
        n, total = session.execute(
            select(func.count(), func.sum(QualityReview.score)).where(
                QualityReview.person_id == person_id, QualityReview.dealer_id == dealer_id,
                QualityReview.counts == true(), QualityReview.responded_at >= since, QualityReview.responded_at < until,
            )
        ).one()  # fmt: skip
        return (None, 0) if not n else ((2 * int(total or 0) + n) // (2 * n), n)
    username = select(Person.username).where(Person.id == person_id).scalar_subquery()
    acted = exists().where(
        LeadActivity.lead_id == Lead.id, LeadActivity.is_first_action, LeadActivity.by_username == username
    )
    own = or_(
        and_(Lead.first_action_at.is_not(None), acted),
        and_(Lead.first_action_at.is_(None), Lead.assignee_id == person_id, Lead.wall_due_at < until),
    )
    n, quick = session.execute(
        select(func.count(), func.sum(case((Lead.first_action_minutes <= QUICK_MINUTES, 1), else_=0))).where(
            Lead.dealer_id == dealer_id, Lead.received_at >= since, Lead.received_at < until,
            Lead.received_month >= since.date().replace(day=1), measure_sql("promised"), own,
        )
    ).one()  # fmt: skip
    return (None, 0) if not n else ((200 * int(quick or 0) + n) // (2 * n), n)
