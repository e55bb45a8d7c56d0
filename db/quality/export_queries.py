"""Reviews as a table to take out: who, when, how many points; no words about customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.export_files import ExportColumn
from db.quality.flow import FLOW
from db.quality.people import seen_reviews
from db.quality.tables import Dealer, Lead, QualityForm, QualityReview, QualitySample

COLUMNS = (
    ExportColumn(name="number", label="Review"),
    ExportColumn(name="status", label="Status"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="person", label="Person"),
    ExportColumn(name="lead", label="Lead"),
    ExportColumn(name="responded_at", label="Responded", kind="datetime"),
    ExportColumn(name="score", label="Score", kind="integer"),
    ExportColumn(name="raw_score", label="Score without critical items", kind="integer"),
    ExportColumn(name="counts", label="In the score"),
    ExportColumn(name="form", label="Version", kind="integer"),
    ExportColumn(name="reviewer", label="Reviewer"),
    ExportColumn(name="reviewed_at", label="Reviewed", kind="datetime"),
    ExportColumn(name="draw", label="Draw"),
    ExportColumn(name="seed", label="Seed", kind="integer"),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a review in the order of `COLUMNS`, oldest first; what the actor may not open is left out."""
    rows = session.execute(
        select(QualityReview, Dealer.name, Lead.number, QualityForm.number, QualitySample.number, QualitySample.seed)
        .join(Dealer, Dealer.id == QualityReview.dealer_id)
        .join(Lead, Lead.id == QualityReview.lead_id)
        .outerjoin(QualityForm, QualityForm.id == QualityReview.form_id)
        .outerjoin(QualitySample, QualitySample.id == QualityReview.sample_id)
        .where(seen_reviews(QualityReview, actor), scope.where(QualityReview.dealer_id, QualityReview.region))
        .order_by(QualityReview.id)
    ).yield_per(500)
    for r, dealer, lead, form, sample, seed in rows:
        yield (
            r.number, FLOW.state(r.status).label, dealer, r.person_name, lead, r.responded_at, r.score, r.raw_score,
            "yes" if r.counts else "no", form, r.reviewer_name, r.reviewed_at, sample or "", seed,
        )  # fmt: skip
