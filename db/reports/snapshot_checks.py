"""What `python -m db check` verifies about frozen months: each version whole and in its turn, none missing."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.area import Check
from db.reports.snapshot_rules import NETWORK, gaps
from db.reports.snapshot_tables import MonthFigure, MonthFreeze

MOST = 50


def months_are_whole(session: Session) -> list[str]:
    """No month is frozen twice in a version, no version and no month between two is missing, every metric is there."""
    found: list[str] = []
    versions: dict[str, list[int]] = defaultdict(list)
    freezes = session.scalars(select(MonthFreeze).order_by(MonthFreeze.month, MonthFreeze.version)).all()
    for freeze in freezes:
        versions[freeze.month].append(freeze.version)
    for month, numbers in versions.items():
        if numbers != list(range(1, len(numbers) + 1)):
            found.append(f"{month} has the versions {', '.join(map(str, numbers))}")
    found += [f"{month} was never frozen, though months before and after it were" for month in gaps(set(versions))]
    counts = dict(session.execute(select(MonthFigure.freeze_id, func.count()).group_by(MonthFigure.freeze_id)).all())
    network: dict[int, set[str]] = defaultdict(set)
    for freeze_id, metric in session.execute(
        select(MonthFigure.freeze_id, MonthFigure.metric).where(MonthFigure.level == NETWORK)
    ):
        network[freeze_id].add(metric)
    for freeze in freezes:
        name = f"{freeze.month}, version {freeze.version}"
        if counts.get(freeze.id, 0) != freeze.figures:
            found.append(f"{name} has {counts.get(freeze.id, 0)} figures, {freeze.figures} were frozen")
        missing = sorted(set(freeze.metrics) - network[freeze.id])
        if missing:
            found.append(f"{name} has no figure of {', '.join(missing)}")
        if freeze.version > 1 and not freeze.reason.strip():
            found.append(f"{name} is a restatement without a reason")
    wrong = session.execute(
        select(MonthFigure.id, MonthFigure.month, MonthFreeze.month)
        .join(MonthFreeze, MonthFreeze.id == MonthFigure.freeze_id)
        .where(MonthFigure.month != MonthFreeze.month)
        .limit(MOST)
    )
    found += [f"figure {number} says {month}, its version {other}" for number, month, other in wrong]
    return found[:MOST]


CHECKS = (Check(name="Frozen months are whole", run=months_are_whole),)
