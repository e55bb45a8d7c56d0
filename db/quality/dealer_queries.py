"""What response quality says of a dealer: lines for Dealer 360 and its brief, signals for the whole network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import DealerLine, Signal
from db.core.labels import plural
from db.core.permissions import Permission
from db.quality import rules
from db.quality.coaching_queries import PAGE_FILE, list_notes
from db.quality.people import own_only
from db.quality.review_queries import scores
from db.quality.tables import QualityReview

WINDOW = timedelta(days=90)
LOW, VERY_LOW = 60, 40
MOST = 10


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """Coaching follow-ups that are due (for whoever coaches), and the sampled score of the last 90 days."""
    lines: list[DealerLine] = []
    if actor.can(Permission.QUALITY_COACH):
        notes, _ = list_notes(session, actor=actor, now=now, dealer_id=dealer_id, limit=MOST)
        lines += [
            DealerLine(
                kind="overdue" if n.is_due else "open", title=f"Coaching of {n.person}: follow up",
                detail=f"{n.number} · {n.coach}", at=n.due_at, page=PAGE_FILE, query={"note": str(n.id)},
            )
            for n in notes
        ]  # fmt: skip
    if not own_only(actor):
        for line in scores(session, actor=actor, since=now - WINDOW, dealer_id=dealer_id):
            if line.estimate.n:
                lines.append(
                    DealerLine(
                        kind="open", title=f"Response quality {line.estimate.words} of 100",
                        detail=f"{plural(line.estimate.n, 'response')} of the last 90 days, drawn at random"
                        + ("" if line.estimate.can_rank else "; too few to compare"),
                        page=PAGE_FILE, query={"quality_view": "scores", "quality_dealer": str(dealer_id)},
                    )
                )  # fmt: skip
    return lines


def dealer_signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, Sequence[Signal]]:
    """Dealers whose sampled score of 90 days is low with ten reviews or more; one statement."""
    rows = session.execute(
        select(QualityReview.dealer_id, func.count(), func.sum(QualityReview.score))
        .where(
            QualityReview.counts == true(), QualityReview.responded_at >= now - WINDOW,
            scope.where(QualityReview.dealer_id, QualityReview.region),
        )
        .group_by(QualityReview.dealer_id)
        .having(func.count() >= rules.LEAST_TO_RANK, func.sum(QualityReview.score) < LOW * func.count())
    )  # fmt: skip
    return {
        dealer_id: [
            Signal(
                level="risk" if int(total or 0) < VERY_LOW * n else "watch",
                sentence=f"Response quality {int(total or 0) / n:.0f} of 100 over {n} reviews",
            )
        ]
        for dealer_id, n, total in rows
        if dealer_id is not None
    }
