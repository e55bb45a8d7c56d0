"""Cells of money posted to the ledger of co-op: whole months from their sums, the days left over from theirs.

What asks for media or programmes of dealers reads entries, through an index that holds all they are summed up by
(decision 0071).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, select, union_all
from sqlalchemy.orm import Session

from db.calendar.periods import left_over, named_months, whole_months
from db.coop.figure_filters import Asked
from db.coop.figure_shapes import Shape, shape_of, values_of
from db.coop.sum_tables import CoopDay, CoopDealerMonth, CoopMonth
from db.coop.tables import CoopEntry, CoopFund
from db.core.actor import Scope
from db.core.among import among
from db.core.shapes import made_once
from db.dealers.tables import Dealer

MEASURES: Final = ("accrued", "reserved", "released", "approved", "paid", "expired", "forfeited")


def ledger(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str], medium: bool) -> Any:
    """Rows of (dims..., accrued, reserved, ...); a month is "2026-11".

    Without `medium` the filter for it is left out: what came in has none.
    """
    if scope.kind == "dealers" or asked.dealer or "dealer" in by:
        return session.execute(_totals(by, _of_dealers(scope, asked, by, medium=medium)))
    shape = shape_of(scope, asked)
    wanted = shape if medium else replace(shape, has_medium=False)
    return session.execute(_of_regions(wanted, tuple(by)), values_of(scope, asked))


def _totals(by: Sequence[str], rows: Any) -> Any:
    cell = rows.subquery()
    keys = [cell.c[dim] for dim in by]
    query = select(*keys, *(func.coalesce(func.sum(cell.c[name]), 0).label(name) for name in MEASURES))
    return query.group_by(*keys) if keys else query


@made_once
def _of_regions(shape: Shape, by: tuple[str, ...]) -> Any:
    """Of regions, programmes and media: whole months from their sums, the days left over from theirs."""
    parts = [_sums(CoopMonth, CoopMonth.month, by).where(*named_months(CoopMonth.month), *shape.narrowed(CoopMonth))]
    for when in shape.days(CoopDay.on_day):
        parts.append(_sums(CoopDay, CoopDay.on_day, by).where(*when, *shape.narrowed(CoopDay)))
    return _totals(by, union_all(*parts))


def _of_dealers(scope: Scope, asked: Asked, by: Sequence[str], *, medium: bool) -> Any:
    """Of dealers: whole months from their sums; media and programmes of theirs, and days, from entries."""
    if asked.programme is not None or "programme" in by or "medium" in by or (medium and bool(asked.medium)):
        days = [CoopEntry.on >= asked.first, CoopEntry.on <= asked.last]
        return union_all(_entries(scope, asked, by, days, medium=medium))
    parts = [_dealer_months(scope, asked, by)]
    rest = left_over(CoopEntry.on, asked.first, asked.last)
    if rest is not None:
        parts.append(_entries(scope, asked, by, [rest], medium=medium))
    return union_all(*parts)


def _columns(by: Sequence[str], day: Any, of: dict[str, Any]) -> list[Any]:
    keys = {**of, "month": func.substr(cast(day, String), 1, 7)}
    return [keys[dim].label(dim) for dim in by]


# ---- sources ---------------------------------------------------------------------------------------------------------
def _sums(table: Any, day: Any, by: Sequence[str]) -> Select[Any]:
    """Of regions, programmes and media, by month or by day."""
    of = {"region": table.region, "medium": table.medium, "programme": table.programme_id}
    return select(*_columns(by, day, of), *(getattr(table, name).label(name) for name in MEASURES))


def _dealer_months(scope: Scope, asked: Asked, by: Sequence[str]) -> Select[Any]:
    """Of dealers, by month; their region is the one they are in, as it is in their entries."""
    table = CoopDealerMonth
    of = {"dealer": table.dealer_id, "region": Dealer.region}
    narrowed = [among(table.dealer_id, asked.dealer)] if asked.dealer else []
    if asked.region:
        narrowed.append(among(Dealer.region, asked.region))
    query = select(*_columns(by, table.month, of), *(getattr(table, name).label(name) for name in MEASURES)).where(
        *whole_months(table.month, asked.first, asked.last), scope.where(table.dealer_id, Dealer.region), *narrowed
    )
    if "region" in by or scope.kind == "regions" or asked.region:
        query = query.join(Dealer, Dealer.id == table.dealer_id)
    return query


def _entries(
    scope: Scope, asked: Asked, by: Sequence[str], when: Sequence[ColumnElement[bool]], *, medium: bool
) -> Select[Any]:  # fmt: skip
    """Of entries themselves."""
    entry = CoopEntry
    of = {
        "region": entry.region, "dealer": entry.dealer_id, "medium": entry.medium, "programme": CoopFund.programme_id,
    }  # fmt: skip

    def posted(kind: str, *, reverses: bool = False) -> Any:
        back = [(and_(entry.kind == "reversal", entry.of_kind == kind), -entry.cents)] if reverses else []
        return case((entry.kind == kind, entry.cents), *back, else_=0)

    values = {
        "accrued": posted("accrual", reverses=True), "reserved": posted("reserve"), "released": posted("release"),
        "approved": posted("claim", reverses=True), "paid": posted("payment"), "expired": posted("expiry"),
        "forfeited": posted("forfeit"),
    }  # fmt: skip
    query = select(*_columns(by, entry.on, of), *(v.label(n) for n, v in values.items())).where(
        *when, scope.where(entry.dealer_id, entry.region), *asked.narrowed(entry, medium=medium)
    )
    if "programme" in by or asked.programme is not None:
        query = query.join(CoopFund, CoopFund.id == entry.fund_id)
    return query
