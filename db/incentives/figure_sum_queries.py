"""Cells of money posted to the ledger of incentives: whole months from their sums, the days left over from theirs.

What asks for programs of dealers reads entries, through an index that holds all they are summed up by (decision 0071).
What asks for the network is a statement made once for each shape of question (decisions 0088 and 0092).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, Select, and_, bindparam, case, false, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from db.calendar.months import DAY, add_months, month_of, partial_months
from db.calendar.periods import named_days, named_months, named_stretch, stretches, whole_months
from db.core.actor import Scope
from db.core.shapes import made_once
from db.dealers.tables import Dealer
from db.incentives.figure_filters import Asked, month_number
from db.incentives.figure_shape import Shape, shape_of, values_of
from db.incentives.sum_tables import IncentiveDay, IncentiveDealerMonth, IncentiveMonth
from db.incentives.tables import IncentiveEntry

MEASURES: Final = ("earned", "approved", "paid", "taken_back")


def totals(cell: Any, keys: Mapping[str, Any], *, ever: bool) -> Select[Any]:
    """{keys..., earned, approved, paid, taken_back, open} of cells; with `ever` what is open is that of all time."""

    def total(name: str, *, inside: bool = True) -> Any:
        column = cell.c[name]
        return func.coalesce(func.sum(case((cell.c.inside == 1, column), else_=0) if inside else column), 0)

    values = {name: total(name) for name in MEASURES}
    values["open"] = total("approved", inside=not ever) - total("paid", inside=not ever)
    query = select(*(column.label(dim) for dim, column in keys.items()), *(v.label(n) for n, v in values.items()))
    return query.group_by(*keys.values()) if keys else query


def network(
    session: Session, *, scope: Scope, asked: Asked, by: Sequence[str], ever: bool
) -> list[dict[str, Any]] | None:  # fmt: skip
    """The rows of `totals` where no dealer is told apart; None where one is. A month comes as its first day."""
    shape = shape_of(scope, asked)
    if shape.of_dealers or "dealer" in by:
        return None
    days = named_days(asked.first, asked.last)
    if ever and month_of(asked.first) in days["partial"]:
        days["from0"] = month_of(asked.first)  # what was posted before, in a month that is read by the day
    statement = _network(shape, tuple(by), ever, len(stretches(asked.first, asked.last)))
    values = values_of(scope, asked) | days | {"start": asked.first}
    return [dict(r._mapping) for r in session.execute(statement, values)]


@made_once
def _network(shape: Shape, by: tuple[str, ...], ever: bool, many: int) -> Select[Any]:
    """The statement of every such question of a shape, with so many stretches of days beside whole months."""
    months, days = IncentiveMonth, IncentiveDay
    of: dict[str, Any] = {"region": months.region, "program": months.program_id, "month": months.month}
    whole = named_months(months.month)[1 if ever else 0 :]  # without its first day a period is all time until its last
    parts = [_named(months, months.month, shape, [of[dim].label(dim) for dim in by]).where(*whole)]
    for number in range(many):
        of = {"region": days.region, "program": days.program_id, "month": bindparam(f"month{number}", type_=Date)}
        part = _named(days, days.on_day, shape, [of[dim].label(dim) for dim in by])
        parts.append(part.where(*named_stretch(days.on_day, number)))
    cell = union_all(*parts).subquery()
    return totals(cell, {dim: cell.c[dim] for dim in by}, ever=ever)


def _named(table: Any, day: Any, shape: Shape, keys: Sequence[Any]) -> Select[Any]:
    inside = case((day >= bindparam("start", type_=Date), 1), else_=0).label("inside")
    return select(*keys, inside, *(getattr(table, name).label(name) for name in MEASURES)).where(
        table.entries > 0, *shape.where(program=table.program_id, region=table.region)
    )


def cells(*, scope: Scope, asked: Asked, by: Sequence[str], ever: bool) -> Any:
    """Rows of {dims..., inside, earned, approved, paid, taken_back}, several for one cell; a month is its number.

    `ever` brings what was posted before the first day, too; `inside` is 1 for what was posted on the days asked for.
    """
    of_dealers = scope.kind == "dealers" or bool(asked.dealer) or "dealer" in by
    of_programs = asked.program is not None or "program" in by
    if of_dealers and of_programs:
        days: list[ColumnElement[bool]] = [IncentiveEntry.on_day <= asked.last]
        return union_all(_entries(scope, asked, by, days if ever else [*days, IncentiveEntry.on_day >= asked.first]))
    parts = [
        _dealer_months(scope, asked, by, ever) if of_dealers
        else _sums(
            IncentiveMonth, IncentiveMonth.month, scope, asked, by=by, when=_months(asked, IncentiveMonth.month, ever)
        )
    ]  # fmt: skip
    if partial_months(asked.first, asked.last):
        if of_dealers:
            parts.append(_entries(scope, asked, by, _days(asked, IncentiveEntry.on_day, ever)))
        else:
            when = _days(asked, IncentiveDay.on_day, ever)
            parts.append(_sums(IncentiveDay, IncentiveDay.on_day, scope, asked, by=by, when=when))
    return union_all(*parts)


# ---- days ------------------------------------------------------------------------------------------------------------
def _months(asked: Asked, month: Any, ever: bool) -> list[ColumnElement[bool]]:
    """Conditions for the months that count as a whole."""
    if not ever:
        return whole_months(month, asked.first, asked.last)
    return [*whole_months(month, None, asked.last), month.not_in(partial_months(asked.first, asked.last) or [date.min])]


def _days(asked: Asked, day: Any, ever: bool) -> list[ColumnElement[bool]]:
    """Conditions for the days that fill no month; with `ever` from the first day of theirs."""
    some = partial_months(asked.first, asked.last)
    first = month_of(asked.first) if ever and month_of(asked.first) in some else asked.first
    found = [and_(day >= max(m, first), day < min(add_months(m, 1), asked.last + DAY)) for m in some]
    return [or_(false(), *found)]


def _columns(asked: Asked, by: Sequence[str], day: Any, of: dict[str, Any]) -> list[Any]:
    keys = {**of, "month": month_number(asked, day, is_moment=False)}
    inside = case((day >= asked.first, 1), else_=0)
    return [*(keys[dim].label(dim) for dim in by), inside.label("inside")]


# ---- sources ---------------------------------------------------------------------------------------------------------
def _sums(
    table: Any, day: Any, scope: Scope, asked: Asked, *, by: Sequence[str], when: Sequence[ColumnElement[bool]]
) -> Select[Any]:  # fmt: skip
    """Of regions and programs, by month or by day."""
    of = {"region": table.region, "program": table.program_id}
    return select(*_columns(asked, by, day, of), *(getattr(table, name).label(name) for name in MEASURES)).where(
        table.entries > 0, *when, scope.where(literal(None), table.region),
        *asked.narrowed(program=table.program_id, region=table.region, dealer=literal(None)),
    )  # fmt: skip


def _dealer_months(scope: Scope, asked: Asked, by: Sequence[str], ever: bool) -> Select[Any]:
    """Of dealers, by month; their region is the one they are in, as it is in their entries."""
    table = IncentiveDealerMonth
    of = {"dealer": table.dealer_id, "region": Dealer.region}
    query = select(
        *_columns(asked, by, table.month, of), *(getattr(table, name).label(name) for name in MEASURES)
    ).where(
        table.entries > 0, *_months(asked, table.month, ever), scope.where(table.dealer_id, Dealer.region),
        *asked.narrowed(region=Dealer.region, dealer=table.dealer_id),
    )  # fmt: skip
    if "region" in by or scope.kind == "regions" or asked.region:
        query = query.join(Dealer, Dealer.id == table.dealer_id)
    return query


def _entries(scope: Scope, asked: Asked, by: Sequence[str], when: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Of entries themselves."""
    entry = IncentiveEntry
    of = {"dealer": entry.dealer_id, "region": entry.region, "program": entry.program_id}
    back = entry.kind.in_(("charge_back", "unwind"))
    values = {
        "earned": case((entry.kind == "calculation", entry.cents), else_=0),
        "approved": case((or_(entry.kind == "approval", back), entry.cents), else_=0),
        "paid": case((entry.kind.in_(("payment", "correction")), entry.cents), else_=0),
        "taken_back": case((back, -entry.cents), else_=0),
    }
    return select(*_columns(asked, by, entry.on_day, of), *(v.label(n) for n, v in values.items())).where(
        *when, scope.where(entry.dealer_id, entry.region),
        *asked.narrowed(program=entry.program_id, region=entry.region, dealer=entry.dealer_id),
    )  # fmt: skip
