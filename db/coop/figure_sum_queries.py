"""Cells of money posted to the ledger of co-op: whole months from their sums, the days left over from theirs.

What asks for media or programmes of dealers reads entries, through an index that holds all they are summed up by
(decision 0071).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, literal, select, union_all

from db.calendar.periods import left_over, whole_months
from db.coop.figure_filters import Asked
from db.coop.sum_tables import CoopDay, CoopDealerMonth, CoopMonth
from db.coop.tables import CoopEntry, CoopFund
from db.core.actor import Scope
from db.core.among import among
from db.dealers.tables import Dealer

MEASURES: Final = ("accrued", "reserved", "released", "approved", "paid", "expired", "forfeited")


def cells(*, scope: Scope, asked: Asked, by: Sequence[str], medium: bool) -> Any:
    """Rows of {dims..., accrued, reserved, ...}, several for one cell; a month is "2026-11".

    Without `medium` the filter for it is left out: what came in has none.
    """
    of_dealers = scope.kind == "dealers" or bool(asked.dealer) or "dealer" in by
    of_funds = asked.programme is not None or "programme" in by or "medium" in by or (medium and bool(asked.medium))
    if of_dealers and of_funds:
        days = [CoopEntry.on >= asked.first, CoopEntry.on <= asked.last]
        return union_all(_entries(scope, asked, by, days, medium=medium))
    parts = [
        _dealer_months(scope, asked, by) if of_dealers
        else _sums(
            CoopMonth, CoopMonth.month, scope, asked, by=by, medium=medium,
            when=whole_months(CoopMonth.month, asked.first, asked.last),
        )
    ]  # fmt: skip
    rest = left_over(CoopEntry.on if of_dealers else CoopDay.on_day, asked.first, asked.last)
    if rest is not None:
        parts.append(
            _entries(scope, asked, by, [rest], medium=medium) if of_dealers
            else _sums(CoopDay, CoopDay.on_day, scope, asked, by=by, when=[rest], medium=medium)
        )  # fmt: skip
    return union_all(*parts)


def _columns(by: Sequence[str], day: Any, of: dict[str, Any]) -> list[Any]:
    keys = {**of, "month": func.substr(cast(day, String), 1, 7)}
    return [keys[dim].label(dim) for dim in by]


# ---- sources ---------------------------------------------------------------------------------------------------------
def _sums(
    table: Any, day: Any, scope: Scope, asked: Asked, *, by: Sequence[str], when: Sequence[ColumnElement[bool]],
    medium: bool,
) -> Select[Any]:  # fmt: skip
    """Of regions, programmes and media, by month or by day."""
    of = {"region": table.region, "medium": table.medium, "programme": table.programme_id}
    narrowed = [among(table.region, asked.region)] if asked.region else []
    if asked.medium and medium:
        narrowed.append(table.medium == asked.medium)
    if asked.programme is not None:
        narrowed.append(table.programme_id == asked.programme)
    return select(*_columns(by, day, of), *(getattr(table, name).label(name) for name in MEASURES)).where(
        *when, scope.where(literal(None), table.region), *narrowed
    )


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
