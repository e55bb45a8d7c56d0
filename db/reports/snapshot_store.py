"""Counting a month, metric by metric, and keeping what was counted as a new version of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db.core.actor import EVERYTHING, Actor
from db.core.area import Metric
from db.dealers.tables import Dealer
from db.reports.catalogue import monthly
from db.reports.snapshot_rules import BY_DEALER, DEALER, NETWORK, REGION, days_of, month_key
from db.reports.snapshot_tables import MonthFigure, MonthFreeze, as_values

Tell = Callable[[float, str], None]
"""Told how far the work is, as a share of 1, and what it is at."""
BATCH: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of a month as it is counted now; money in cents, a share of 1."""

    metric: str
    level: str
    place: str
    numerator: float | None
    denominator: float | None
    value: float | None
    dealer_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A month as it was counted at one moment."""

    month: date
    at: datetime
    metrics: tuple[str, ...]
    figures: tuple[Figure, ...]


def count_month(
    session: Session, *, month: date, now: datetime, tell: Tell | None = None, by_dealer: bool = True
) -> Counted:
    """Every monthly metric for the network and each region, some for each dealer too; the whole network, no scope."""
    metrics = monthly()
    dealers: dict[str, int] = {}
    if by_dealer:
        dealers = dict(session.execute(select(Dealer.code, Dealer.id)).all())
    found: list[Figure] = []
    for number, metric in enumerate(metrics):
        if tell is not None:
            tell(number / len(metrics), metric.definition.title)
        found += figures_of(session, metric, NETWORK, month=month, now=now)
        if "region" in metric.dims:
            found += figures_of(session, metric, REGION, month=month, now=now)
        if by_dealer and metric.definition.name in BY_DEALER and "dealer" in metric.dims:
            found += figures_of(session, metric, DEALER, month=month, now=now, dealers=dealers)
    names = tuple(metric.definition.name for metric in metrics)
    return Counted(month=month, at=now, metrics=names, figures=tuple(found))


def figures_of(
    session: Session, metric: Metric, level: str, *, month: date, now: datetime, dealers: dict[str, int] | None = None
) -> Iterator[Figure]:
    """One metric of one month at one level; what belongs to no dealer is left out of the level of dealers."""
    first, last = days_of(month)
    by = () if level == NETWORK else (level,)
    rows = metric.compute(session, scope=EVERYTHING, by=by, filters={"from": first, "to": last}, now=now)
    seen = set()
    for row in rows:
        place = str(row.get(level) or "") if by else ""
        dealer_id = (dealers or {}).get(place)
        if place in seen or (level == DEALER and dealer_id is None):
            continue
        seen.add(place)
        yield Figure(
            metric=metric.definition.name, level=level, place=place, dealer_id=dealer_id,
            numerator=_number(row.get("numerator")), denominator=_number(row.get("denominator")),
            value=_number(row.get("value")),
        )  # fmt: skip


def newest_version(session: Session, month: date) -> int:
    """The number of a month's newest version, 0 when it was never frozen."""
    found = session.scalar(select(func.max(MonthFreeze.version)).where(MonthFreeze.month == month_key(month)))
    return found or 0


def keep(
    session: Session, counted: Counted, *, version: int, reason: str, form_key: str | None, actor: Actor
) -> MonthFreeze:
    """Store a month as this version of it; the caller holds the lock and has asked which version is next."""
    freeze = MonthFreeze(
        month=month_key(counted.month), version=version, reason=reason, frozen_at=counted.at, username=actor.username,
        by=actor.name, figures=len(counted.figures), metrics=list(counted.metrics), form_key=form_key,
    )  # fmt: skip
    session.add(freeze)
    session.flush()
    for start in range(0, len(counted.figures), BATCH):
        session.execute(insert(MonthFigure), _rows(freeze, counted.figures[start : start + BATCH]))
    return freeze


def _rows(freeze: MonthFreeze, figures: Sequence[Figure]) -> list[dict[str, Any]]:
    return [{"freeze_id": freeze.id, "month": freeze.month, **as_values(figure)} for figure in figures]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
