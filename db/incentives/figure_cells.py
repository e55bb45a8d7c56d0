"""Cells of what triggers sum up by month, day and dealer: units, payouts, decisions (decision 0081).

A month that lies in the days asked for as a whole, or of which few days do not, comes from its sum, less those days;
of every other month the days themselves are added up. So a figure costs the same whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, Select, case, func, literal, select, union_all

from db.calendar.months import DAY, add_months, months_between
from db.core.actor import Scope
from db.core.among import unwalked
from db.dealers.tables import Dealer
from db.incentives.figure_filters import Asked
from db.incentives.sum_tables import (
    IncentiveDecidedDay,
    IncentiveDecidedDealer,
    IncentiveDecidedMonth,
    IncentivePayout,
    IncentivePayoutDay,
    IncentivePayoutDealer,
    IncentivePayoutMonth,
    IncentiveUnitDay,
    IncentiveUnitDealer,
    IncentiveUnitMonth,
)
from db.incentives.tables import IncentiveClaim, IncentiveUnit

DECIDED: Final = ("approved", "partially_approved", "denied")
"""States of claims that were decided and stand."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that is summed up: its three tables of sums, and the rows they are made of with their day.

    `measures` are those of the rows by name; the first one says whether a cell holds any row.
    """

    month: Any
    day: Any
    dealer: Any
    row: Any
    row_day: Any
    measures: Mapping[str, Any]
    only: Sequence[ColumnElement[bool]]


def _one_if(condition: Any) -> Any:
    return case((condition, 1), else_=0)


UNITS: Final = Fact(
    month=IncentiveUnitMonth, day=IncentiveUnitDay, dealer=IncentiveUnitDealer, row=IncentiveUnit,
    row_day=IncentiveUnit.delivered_on, only=(IncentiveUnit.is_counted.is_(True),),
    measures={
        "units": literal(1), "claimed": _one_if(IncentiveUnit.is_claimed.is_(True)),
        "earning": _one_if(IncentiveUnit.is_earning.is_(True)),
    },
)  # fmt: skip
PAID: Final = Fact(
    month=IncentivePayoutMonth, day=IncentivePayoutDay, dealer=IncentivePayoutDealer, row=IncentivePayout,
    row_day=IncentivePayout.first_on, only=(IncentivePayout.cents > 0,),
    measures={"accounts": literal(1), "units": IncentivePayout.units, "cents": IncentivePayout.cents},
)  # fmt: skip
DECISIONS: Final = Fact(
    month=IncentiveDecidedMonth, day=IncentiveDecidedDay, dealer=IncentiveDecidedDealer, row=IncentiveClaim,
    row_day=IncentiveClaim.decided_on, only=(unwalked(IncentiveClaim.status).in_(DECIDED),),
    measures={
        "decided": literal(1), "denied": _one_if(IncentiveClaim.status == "denied"),
        "by_checks": _one_if(IncentiveClaim.decided_kind == "checks"),
    },
)  # fmt: skip


def summed(fact: Fact, *, scope: Scope, asked: Asked, by: Sequence[str]) -> Select[Any]:
    """One row for each cell that holds any: {dims..., measures...}; by nothing the one row there is."""
    whole, spans = taken(asked.first, asked.last)
    of_dealers = scope.kind == "dealers" or bool(asked.dealer) or "dealer" in by
    table = fact.dealer if of_dealers else fact.month
    parts = [_months(fact, table, scope, asked, by).where(table.month.in_(whole))]
    parts += [_days(fact, scope, asked, by, span, of_dealers=of_dealers) for span in spans]
    cell = union_all(*parts).subquery()
    sums = {name: func.coalesce(func.sum(cell.c[name]), 0) for name in fact.measures}
    query = select(*(cell.c[dim] for dim in by), *(value.label(name) for name, value in sums.items()))
    if by:
        query = query.group_by(*(cell.c[dim] for dim in by)).having(next(iter(sums.values())) > 0)
    return query


def earning_dealers(*, scope: Scope, asked: Asked) -> Select[Any]:
    """(program, dealer) of the dealers with a sale on the days asked for that earned something."""
    whole, spans = taken(asked.first, asked.last)
    by = ("program", "dealer")
    table = IncentiveUnitDealer
    parts = [_months(UNITS, table, scope, asked, by).where(table.month.in_(whole))]
    parts += [_days(UNITS, scope, asked, by, span, of_dealers=True) for span in spans]
    cell = union_all(*parts).subquery()
    columns = (cell.c.program, cell.c.dealer)
    return select(*columns).group_by(*columns).having(func.sum(cell.c.earning) > 0)


@dataclass(frozen=True, kw_only=True)
class Span:
    """Days of a month that are added to what is taken of it (`sign` 1), or taken off (-1); both days included."""

    month: date
    first: date
    last: date
    sign: int


def taken(first: date, last: date) -> tuple[list[date], list[Span]]:
    """The months whose sums are taken, and the days that are added or taken off, so that it comes to first..last."""
    whole, spans = [], []
    for month in months_between(first, last):
        ends = add_months(month, 1) - DAY
        begin, until = max(month, first), min(ends, last)
        if 2 * ((until - begin).days + 1) <= (ends - month).days + 1:
            spans.append(Span(month=month, first=begin, last=until, sign=1))
            continue
        whole.append(month)
        if begin > month:
            spans.append(Span(month=month, first=month, last=begin - DAY, sign=-1))
        if until < ends:
            spans.append(Span(month=month, first=until + DAY, last=ends, sign=-1))
    return whole, spans


# ---- sources ---------------------------------------------------------------------------------------------------------
def _columns(by: Sequence[str], of: Mapping[str, Any]) -> list[Any]:
    return [of[dim].label(dim) for dim in by]


def _months(fact: Fact, table: Any, scope: Scope, asked: Asked, by: Sequence[str]) -> Select[Any]:
    """Sums by month, of regions or of dealers; a dealer's region is the one it is in, as it is in its rows."""
    of_dealers = table is fact.dealer
    region = Dealer.region if of_dealers else table.region
    dealer = table.dealer_id if of_dealers else literal(None)
    of = {"month": table.month, "program": table.program_id, "region": region, "dealer": dealer}
    query = select(*_columns(by, of), *(getattr(table, name).label(name) for name in fact.measures)).where(
        scope.where(dealer, region), *asked.narrowed(program=table.program_id, region=region, dealer=dealer)
    )
    if of_dealers and ("region" in by or scope.kind == "regions" or asked.region):
        query = query.join(Dealer, Dealer.id == table.dealer_id)
    return query


def _days(
    fact: Fact, scope: Scope, asked: Asked, by: Sequence[str], span: Span, *, of_dealers: bool
) -> Select[Any]:  # fmt: skip
    """Days of one month: their sums, or of dealers the rows themselves."""
    table = fact.row if of_dealers else fact.day
    day = fact.row_day if of_dealers else table.on_day
    dealer = table.dealer_id if of_dealers else literal(None)
    of = {"month": literal(span.month, Date()), "program": table.program_id, "region": table.region, "dealer": dealer}
    found = fact.measures if of_dealers else {name: getattr(table, name) for name in fact.measures}
    return select(*_columns(by, of), *((span.sign * value).label(name) for name, value in found.items())).where(
        day >= span.first, day <= span.last, *(fact.only if of_dealers else ()), scope.where(dealer, table.region),
        *asked.narrowed(program=table.program_id, region=table.region, dealer=dealer),
    )  # fmt: skip
