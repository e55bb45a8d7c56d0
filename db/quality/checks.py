"""What must hold of reviews, draws and coaching notes (`python -m db check`)."""

from __future__ import annotations

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from db.core.area import Check
from db.dealers.strays import in_another_region
from db.quality import rules
from db.quality.flow import COACHING, FLOW
from db.quality.sample_queries import repeats, strata_of
from db.quality.tables import CoachingNote, QualityForm, QualityReview, QualitySample

MOST = 50


def check_quality(session: Session) -> list[str]:
    """Scores that their answers do not give, reviews and notes that contradict their state, draws that do not repeat;
    at most 50 sentences a kind.
    """
    found: list[str] = []
    forms = {f.id: rules.items_of(f.items) for f in session.scalars(select(QualityForm))}
    rows = session.execute(
        select(
            QualityReview.number, QualityReview.form_id, QualityReview.answers, QualityReview.score,
            QualityReview.raw_score,
        ).where(QualityReview.status == "reviewed")
    ).yield_per(1_000)  # fmt: skip
    for row in rows:
        score = rules.score_of(forms.get(row.form_id, ()), row.answers)
        if len(found) < MOST and (score is None or (score.value, score.raw) != (row.score, row.raw_score)):
            found.append(f"review {row.number}: its answers do not give its score")
    active = session.scalar(select(func.count()).select_from(QualityForm).where(QualityForm.status == "active")) or 0
    if forms and active != 1:
        found.append(f"{active} versions of the response checklist are in use instead of one")
    bad = or_(
        (QualityReview.status == "reviewed") & or_(QualityReview.score.is_(None), QualityReview.form_id.is_(None)),
        (QualityReview.status != "reviewed") & or_(QualityReview.score.is_not(None), QualityReview.counts),
        (QualityReview.status == "skipped") & (QualityReview.reviewed_at.is_(None)),
        QualityReview.counts & or_(~QualityReview.is_random, QualityReview.round != 1),
        QualityReview.status.in_(FLOW.open_states) != QualityReview.is_open,
        QualityReview.reviewer_id == QualityReview.person_id,
    )
    found += [
        f"review {n} contradicts itself" for n in session.scalars(select(QualityReview.number).where(bad).limit(MOST))
    ]
    bad = or_(
        CoachingNote.status.in_(COACHING.open_states) != CoachingNote.is_open,
        (CoachingNote.status == "followed_up") & (CoachingNote.result == ""),
        CoachingNote.is_open & CoachingNote.closed_at.is_not(None),
        (CoachingNote.status == "acknowledged") & CoachingNote.acknowledged_at.is_(None),
    )
    found += [
        f"coaching note {n} contradicts itself"
        for n in session.scalars(select(CoachingNote.number).where(bad).limit(MOST))
    ]
    for sample in session.scalars(select(QualitySample)).yield_per(200):
        if not repeats(strata_of(sample.strata), seed=sample.seed, per_person=sample.per_person):
            found.append(f"draw {sample.number} does not repeat from its seed")
    for table in (QualityReview, CoachingNote):
        strays = in_another_region(session, table, most=MOST)
        found += [f"{number} lies in another region than its dealer" for number in strays]
    return found


CHECKS = (Check(name="Response reviews agree with their answers", run=check_quality),)
