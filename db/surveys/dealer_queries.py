"""What surveys say of a dealer: lines for Dealer 360 and its brief, signals for the health of the whole network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import DealerLine, Signal
from db.core.labels import local_day, plural
from db.surveys import rules
from db.surveys.alert_queries import AlertFilters, list_alerts
from db.surveys.figure_sum_queries import FigureFilters, Pair, figures_by
from db.surveys.flow import FLOW
from db.surveys.survey_queries import PAGE_FILE
from db.surveys.tables import SurveyAlert

MOST = 10
WINDOW = timedelta(days=90)
LOW, FALL = 70.0, 5.0
"""An index under 70 points, or 5 points less than in the 90 days before, is worth a word (decision 0039)."""


def _windows(now: datetime, kind: str, dealer_id: int | None = None) -> tuple[FigureFilters, FigureFilters]:
    today = local_day(now, "UTC")  # windows of 90 days of a whole network have no zone of their own
    return (
        FigureFilters(kind=kind, since=today - WINDOW, dealer_id=dealer_id),
        FigureFilters(
            kind=kind, since=today - 2 * WINDOW, until=today - WINDOW - timedelta(days=1), dealer_id=dealer_id
        ),
    )


def _said(kind: str, now_pair: Pair | None, before_pair: Pair | None) -> str:
    """A sentence when an index of enough surveys is low or fell; empty otherwise."""
    if now_pair is None or not now_pair.counted.is_rankable or now_pair.counted.index is None:
        return ""
    index, n = now_pair.counted.index, now_pair.counted.indexed
    before = before_pair.counted if before_pair else None
    if before is not None and before.is_rankable and before.index is not None and before.index - index >= FALL:
        return f"{kind.upper()} fell from {before.index:.1f} to {index:.1f} in 90 days ({n} surveys)"
    return f"{kind.upper()} is {index:.1f} over 90 days ({n} surveys)" if index < LOW else ""


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """Unhappy customers still to be called or settled, and an index that is low or falls."""
    rows, _ = list_alerts(session, actor=actor, filters=AlertFilters(dealer_id=dealer_id), now=now, limit=MOST)
    lines = [
        DealerLine(
            kind="overdue" if row.is_overdue(now) else "open",
            title=f"Unhappy customer ({row.kind.upper()}): {FLOW.state(row.status).label.lower()}",
            detail=" · ".join(row.reasons[:2]), at=row.due_at, page=PAGE_FILE, query={"alert": str(row.id)},
        )
        for row in rows
    ]  # fmt: skip
    for kind in rules.KINDS:
        recent, earlier = (
            figures_by(session, scope=actor.scope, filters=window).get(()) for window in _windows(now, kind, dealer_id)
        )
        sentence = _said(kind, recent, earlier)
        if sentence:
            lines.append(
                DealerLine(
                    kind="open", title=sentence, detail="Surveys of its customers", page=PAGE_FILE,
                    query={"svy_kind": kind, "svy_dealer": str(dealer_id)},
                )
            )  # fmt: skip
    return lines


def dealer_signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, Sequence[Signal]]:
    """Dealers whose index is low or falls with ten surveys or more, and customers nobody called in time."""
    found: dict[int, list[Signal]] = {}
    for kind in rules.KINDS:
        recent, earlier = (figures_by(session, scope=scope, filters=w, by=("dealer",)) for w in _windows(now, kind))
        for key, pair in recent.items():
            sentence = _said(kind, pair, earlier.get(key))
            if sentence:
                level = "risk" if (pair.counted.index or 0) < LOW else "watch"
                found.setdefault(key[0], []).append(Signal(level=level, sentence=sentence))  # type: ignore[arg-type]
    late = session.execute(
        select(SurveyAlert.dealer_id, func.count())
        .where(
            SurveyAlert.is_open == true(), SurveyAlert.due_at < now, SurveyAlert.status == "open",
            scope.where(SurveyAlert.dealer_id, SurveyAlert.region),
        )
        .group_by(SurveyAlert.dealer_id)
    )  # fmt: skip
    for dealer_id, number in late:
        words = f"{plural(number, 'unhappy customer')} not called within 24 hours"
        if dealer_id is not None:
            found.setdefault(dealer_id, []).append(Signal(level="watch" if number < 3 else "risk", sentence=words))
    return found
