"""Frozen months: which there are, their figures, and what changed since they were frozen.

A figure of the network is for people who see the whole network, one of a region for those who see all of it, one of a
dealer for those who see the dealer; each only with the right to see its metric.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.permissions import Permission
from db.dealers.tables import Dealer
from db.reports.catalogue import monthly
from db.reports.snapshot_rules import DEALER, NETWORK, REGION, differs, month_from, month_key
from db.reports.snapshot_store import figures_of
from db.reports.snapshot_tables import MonthFigure, MonthFreeze


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a month; `reason` is why it was counted again."""

    month: date
    version: int
    frozen_at: datetime
    by: str
    reason: str
    figures: int


@dataclass(frozen=True, kw_only=True)
class FrozenFigure:
    """A figure as it was frozen."""

    month: date
    metric: str
    place: str
    numerator: float | None
    denominator: float | None
    value: float | None
    version: int
    dealer_id: int | None = None
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A figure that is another one now than when its month was frozen; `versions` are all it was frozen as."""

    metric: str
    title: str
    unit: str
    better: str
    level: str
    place: str
    frozen: float | None
    live: float | None
    frozen_numerator: float | None
    live_numerator: float | None
    versions: tuple[float | None, ...] = ()


def frozen_months(session: Session, *, actor: Actor) -> dict[date, int]:
    """Every frozen month with its newest version, newest month first. Needs pack.view."""
    actor.require(Permission.PACK_VIEW)
    rows = session.execute(
        select(MonthFreeze.month, func.max(MonthFreeze.version))
        .group_by(MonthFreeze.month)
        .order_by(MonthFreeze.month.desc())
    )
    return {month_from(month): version for month, version in rows}


def versions(session: Session, *, month: date, actor: Actor) -> list[Version]:
    """Every version of a month, the first one first. Needs pack.view."""
    actor.require(Permission.PACK_VIEW)
    rows = session.scalars(
        select(MonthFreeze).where(MonthFreeze.month == month_key(month)).order_by(MonthFreeze.version)
    )
    return [
        Version(
            month=month, version=row.version, frozen_at=row.frozen_at, by=row.by, reason=row.reason, figures=row.figures
        )
        for row in rows
    ]


def frozen_figures(
    session: Session, *, months: Sequence[date], level: str, place: str | None = None,
    metrics: Collection[str] | None = None, dealers_in: str = "", all_versions: bool = False, actor: Actor,
) -> list[FrozenFigure]:  # fmt: skip
    """Figures of frozen months the actor may see, of their newest version or of all; by month, metric, place, version.

    `place` is the region or the dealer's code; None for all of the level. `dealers_in` leaves the dealers that are in a
    region today.
    """
    actor.require(Permission.PACK_VIEW)
    names = _allowed(actor, metrics)
    if not months or not names:
        return []
    query = (
        select(MonthFigure, MonthFreeze.version, Dealer.name)
        .join(MonthFreeze, MonthFreeze.id == MonthFigure.freeze_id)
        .outerjoin(Dealer, Dealer.id == MonthFigure.dealer_id)
        .where(
            MonthFigure.month.in_([month_key(month) for month in months]), MonthFigure.level == level,
            MonthFigure.metric.in_(names), _seen(actor.scope),
        )
        .order_by(MonthFigure.month, MonthFigure.metric, MonthFigure.place, MonthFreeze.version)
    )  # fmt: skip
    if place is not None:
        query = query.where(MonthFigure.place == place)
    if dealers_in:
        query = query.where(Dealer.region == dealers_in)
    if not all_versions:
        newest = select(func.max(MonthFreeze.id)).group_by(MonthFreeze.month)
        query = query.where(MonthFigure.freeze_id.in_(newest))
    return [
        FrozenFigure(
            month=month_from(row.month), metric=row.metric, place=row.place, numerator=row.numerator,
            denominator=row.denominator, value=row.value, version=version, dealer_id=row.dealer_id, name=name or "",
        )
        for row, version, name in session.execute(query)
    ]  # fmt: skip


def changed_since(
    session: Session, *, month: date, actor: Actor, now: datetime, metrics: Collection[str] | None = None,
    place: str | None = None,
) -> list[Change]:  # fmt: skip
    """What of a frozen month is another number now, by metric, the network first, then its regions.

    Counts the month again, so it takes about as long as freezing it; `metrics` and `place` narrow that. A month that
    was never frozen gives nothing.
    """
    known: dict[tuple[str, str, str], list[FrozenFigure]] = defaultdict(list)
    for level in (NETWORK, REGION):
        for figure in frozen_figures(
            session, months=[month], level=level, metrics=metrics, all_versions=True, actor=actor
        ):
            known[figure.metric, level, figure.place].append(figure)
    found = []
    names = {metric for metric, _, _ in known}
    for metric in monthly():
        what = metric.definition
        if what.name not in names:
            continue
        for level in (NETWORK, REGION):
            if place is not None and (level == NETWORK) != (place == ""):
                continue
            if not any(key[:2] == (what.name, level) for key in known) and not actor.scope.is_all:
                continue
            if level == REGION and "region" not in metric.dims:
                continue
            live = {f.place: f for f in figures_of(session, metric, level, month=month, now=now)}
            then = {key[2]: rows for key, rows in known.items() if key[:2] == (what.name, level)}
            for where in sorted({*live, *then}):
                if (place is not None and where != place) or not _may_see(actor.scope, level, where):
                    continue
                old, new = then.get(where, []), live.get(where)
                was, is_now = old[-1].value if old else None, new.value if new else None
                if not old and new is not None and not new.value:
                    continue  # nothing then, and a zero now
                if differs(was, is_now):
                    found.append(
                        Change(
                            metric=what.name, title=what.title, unit=what.unit, better=what.better, level=level,
                            place=where, frozen=was, live=is_now,
                            frozen_numerator=old[-1].numerator if old else None,
                            live_numerator=new.numerator if new else None, versions=tuple(f.value for f in old),
                        )
                    )  # fmt: skip
    return found


def _allowed(actor: Actor, metrics: Collection[str] | None) -> list[str]:
    return [
        metric.definition.name
        for metric in monthly()
        if actor.can(metric.permission) and (metrics is None or metric.definition.name in metrics)
    ]


def _seen(scope: Scope) -> ColumnElement[bool]:
    dealers = and_(MonthFigure.level == DEALER, scope.where(Dealer.id, Dealer.region))
    if scope.is_all:
        return MonthFigure.id.is_not(None)
    if scope.kind == "regions":
        return or_(dealers, and_(MonthFigure.level == REGION, MonthFigure.place.in_(sorted(scope.regions))))
    return dealers


def _may_see(scope: Scope, level: str, place: str) -> bool:
    return scope.is_all or (level == REGION and scope.kind == "regions" and place in scope.regions)
