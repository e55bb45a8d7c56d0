"""What response quality keeps of customers: words of reviewers and coaches, which may name one (domain-rules 2.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select, true, update
from sqlalchemy.orm import Session

from db.core.area import PersonalData
from db.people.notifications import forget
from db.quality.tables import CoachingNote, Lead, QualityReview

REMOVED = "Removed with the customer's data"


def _facts(session: Session, *, customer_ids: Sequence[int]) -> Mapping[int, tuple[int, datetime | None]]:
    """Open coaching about a lead keeps its customer; reviews do not, for scoring a response is no dealing with them."""
    rows = session.execute(
        select(Lead.customer_id, func.count())
        .join(CoachingNote, CoachingNote.lead_id == Lead.id)
        .where(Lead.customer_id.in_(list(customer_ids)), CoachingNote.is_open == true())
        .group_by(Lead.customer_id)
    )
    return {customer_id: (count, None) for customer_id, count in rows}


def _keeps(customer_id: Any, *, cutoff: datetime) -> ColumnElement[bool]:
    return exists().where(
        Lead.customer_id == customer_id, CoachingNote.lead_id == Lead.id, CoachingNote.is_open == true()
    )  # fmt: skip


def _anonymise(session: Session, *, customer_ids: Sequence[int], now: datetime) -> None:
    """Words go; answers, scores and figures stay, for they say nothing of the customer."""
    quiet = {"synchronize_session": False}
    leads = select(Lead.id).where(Lead.customer_id.in_(list(customer_ids)))
    reviews = session.scalars(select(QualityReview.id).where(QualityReview.lead_id.in_(leads))).all()
    notes = session.scalars(
        select(CoachingNote.id).where(or_(CoachingNote.lead_id.in_(leads), CoachingNote.review_id.in_(reviews)))
    ).all()
    session.execute(
        update(QualityReview)
        .where(QualityReview.id.in_(reviews))
        .values(comments={}, note="", skip_reason="", version=QualityReview.version + 1, updated_at=now)
        .execution_options(**quiet)
    )
    session.execute(
        update(CoachingNote)
        .where(CoachingNote.id.in_(notes))
        .values(
            note=REMOVED, agreed=REMOVED, result_note="", version=CoachingNote.version + 1, updated_at=now
        )
        .execution_options(**quiet)
    )  # fmt: skip
    forget(session, "quality_review", reviews)
    forget(session, "coaching_note", notes)


HELD = PersonalData(name="quality", facts=_facts, keeps=_keeps, anonymise=_anonymise)
