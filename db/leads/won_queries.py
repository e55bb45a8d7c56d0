"""Won business by the day it was sold, unlike the funnel, which counts by the month a lead was received (2.2 F, 0040).

Days are local ones: where the dealer is, or the desk's for leads without a dealer. Sums of months come from those that
triggers keep (won_sums.py); the rest is read from one partial index that holds won and lost leads only
(`ix_lead_decided`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from statistics import mean, median
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.area import Metric, MetricDefinition
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.leads import cohorts
from db.leads.metrics_queries import named_rows, quarter_of
from db.leads.tables import Dealer, Lead
from db.leads.won_tables import LeadWonDealerMonth, LeadWonMonth
from db.people.queries import names_of

DIMS = ("quarter", "month", "region", "source", "product", "dealer", "person")
NOBODY = "Nobody named"
_IS_WON = and_(Lead.sold_at.is_not(None), Lead.status.not_in(("bad", "duplicate", "held")))
_IS_LOST = and_(Lead.sold_at.is_(None), Lead.status == "lost")
_COLUMNS: dict[str, Any] = {
    "region": Lead.region, "source": Lead.source, "product": Lead.product, "dealer": Lead.dealer_id,
    "person": Lead.assignee_id,
}  # fmt: skip


def _define(name: str, title: str, formula: str, numerator: str, denominator: str = "", **other: Any) -> Any:
    values = {
        "unit": "count", "excluded": "Sales that fell through, duplicates and bad leads", "rule": "2.2 F",
        "owner": "Sales leadership",
    } | other  # fmt: skip
    return MetricDefinition(
        name=name, title=title, formula=formula, numerator=numerator, denominator=denominator, **values
    )


BY_SALE = "by the day of the sale, not the month the lead was received"
DEFINITIONS: dict[str, MetricDefinition] = {
    d.name: d
    for d in (
        _define("won", "Won", f"Leads that were sold, {BY_SALE}", "Leads with a sale, delivered or not yet"),
        _define(
            "won_value", "Won value", f"Sum of what was agreed for sold leads, {BY_SALE}", "The values of won leads",
            unit="money", excluded="Won leads without a value: they are counted, never guessed",
        ),
        _define(
            "win_rate", "Win rate", "Won ÷ (won + lost), by the day it was won or lost", "Leads that were sold",
            "Leads that were sold or lost", unit="percent",
            excluded="Open leads; expired, bad and duplicate ones, which nobody lost",
        ),
        _define(
            "days_to_win", "Days to win", f"Middle of the days from receipt to sale, {BY_SALE}",
            "Days between the receipt of a lead and its sale", "Won leads", unit="days", better="down",
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class WonRow:
    """Won and lost leads of one cell; `without_value` of the won ones have no value and add nothing to `cents`."""

    keys: Mapping[str, Any]
    won: int
    lost: int
    cents: int
    without_value: int

    @property
    def win_rate(self) -> float | None:
        """Won out of won and lost; None where nothing was decided."""
        decided = self.won + self.lost
        return self.won / decided if decided else None


def _tidy(filters: Mapping[str, Any]) -> dict[str, Any]:
    tidy = cohorts.check((), filters)
    if "state" in tidy:
        raise Refused(
            Problem(code="unknown_dimension", field="filters", message="Won business is not filtered by state.")
        )
    return tidy


def _where(scope: Scope, tidy: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Lead.decided_on.is_not(None), scope.where(Lead.dealer_id, Lead.region)]
    if "from" in tidy:
        found.append(Lead.decided_on >= tidy["from"])
    if "to" in tidy:
        found.append(Lead.decided_on < (tidy["to"] + timedelta(days=32)).replace(day=1))
    for name, column in _COLUMNS.items():
        if name in tidy:
            nothing = {"region": "", "dealer": cohorts.UNASSIGNED, "person": cohorts.UNASSIGNED}.get(name)
            is_among = func.coalesce(column, nothing) if nothing in tidy[name] else column
            found.append(is_among.in_(tidy[name]))
    return found


def _summed_in(scope: Scope, used: set[str]) -> tuple[Any, dict[str, Any]] | None:
    """The sums that know all these dimensions, and their columns; None where only the leads themselves do."""
    of_dealers = "dealer" in used or scope.kind == "dealers"
    if "person" in used or (of_dealers and used & {"source", "product"}):
        return None
    if of_dealers:
        dealers = LeadWonDealerMonth
        return dealers, {"dealer": func.nullif(dealers.dealer_id, cohorts.UNASSIGNED), "region": dealers.place}
    months = LeadWonMonth
    return months, {"region": months.region, "source": months.source, "product": months.product}


def _where_summed(
    scope: Scope, tidy: Mapping[str, Any], table: Any, of: Mapping[str, Any]
) -> list[ColumnElement[bool]]:  # fmt: skip
    found = [scope.where(getattr(table, "dealer_id", None), of["region"])]
    if "from" in tidy:
        found.append(table.month >= tidy["from"])
    if "to" in tidy:
        found.append(table.month <= tidy["to"])
    for name in of:
        if name in tidy:
            found.append((table.dealer_id if name == "dealer" else of[name]).in_(tidy[name]))
    return found


def won_rows(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None
) -> list[WonRow]:
    """Won and lost leads by dimensions, in their order; one row even where nothing was decided when `by` is empty.

    `from` and `to` of the filters are months of the sale or loss. A person is whoever has the lead here, else the
    sales person the other system named; `dealer` comes as code, `dealer_id` and `dealer_name`.
    """
    for dim in by:
        if dim not in DIMS:
            known = ", ".join(DIMS)
            message = f"Won business is not counted by “{dim}”; choose from {known}."
            raise Refused(Problem(code="unknown_dimension", field="by", message=message))
    tidy = _tidy(filters or {})
    table = _summed_in(scope, {*by, *tidy})
    of: dict[str, Any] = _COLUMNS if table is None else table[1]
    in_time = [dim for dim in by if dim in ("quarter", "month")]
    columns: dict[str, Any] = {dim: of[dim] for dim in by if dim in of}
    if "person" in columns:
        columns["agent"] = case((Lead.assignee_id.is_(None), Lead.agent), else_="")
    if in_time:
        columns["day"] = Lead.decided_on if table is None else table[0].month
    query = select(*(column.label(f"by_{name}") for name, column in columns.items()))
    if table is None:
        query = query.add_columns(
            func.sum(case((_IS_WON, 1), else_=0)).label("won"),
            func.sum(case((_IS_LOST, 1), else_=0)).label("lost"),
            func.sum(case((_IS_WON, func.coalesce(Lead.value_cents, 0)), else_=0)).label("cents"),
            func.sum(case((and_(_IS_WON, Lead.value_cents.is_(None)), 1), else_=0)).label("without_value"),
        ).where(*_where(scope, tidy))
    else:
        query = query.add_columns(
            *(func.sum(getattr(table[0], name)).label(name) for name in ("won", "lost", "cents", "without_value"))
        ).where(*_where_summed(scope, tidy, *table))
    if columns:
        query = query.group_by(*columns.values())
    cells: dict[tuple[Any, ...], list[int]] = {}
    found = session.execute(query).all()
    people = names_of(session, person_ids={r.by_person for r in found if r.by_person}) if "person" in by else {}
    for row in found:
        key = tuple(_key(dim, row, people) for dim in by)
        cell = cells.setdefault(key, [0, 0, 0, 0])
        for place, value in enumerate((row.won, row.lost, row.cents, row.without_value)):
            cell[place] += int(value or 0)
    rows = [
        WonRow(keys=dict(zip(by, key, strict=True)), won=won, lost=lost, cents=cents, without_value=without)
        for key, (won, lost, cents, without) in sorted(cells.items(), key=lambda pair: tuple(map(str, pair[0])))
        if not by or won or lost
    ]
    return _with_dealers(session, rows) if "dealer" in by else rows


def _key(dim: str, row: Any, people: Mapping[int, str]) -> Any:
    if dim == "quarter":
        return quarter_of(row.by_day)
    if dim == "month":
        return row.by_day.replace(day=1)
    if dim == "person":
        return people.get(row.by_person, "") or row.by_agent or NOBODY
    value = getattr(row, f"by_{dim}")
    return (value or "") if dim == "region" else value


def _with_dealers(session: Session, rows: Sequence[WonRow]) -> list[WonRow]:
    ids = {row.keys["dealer"] for row in rows if row.keys["dealer"]}
    known = {
        i: (code, name)
        for i, code, name in session.execute(select(Dealer.id, Dealer.code, Dealer.name).where(Dealer.id.in_(ids)))
    }
    found = []
    for row in rows:
        code, name = known.get(row.keys["dealer"], ("", "No dealer"))
        keys = {**row.keys, "dealer": code, "dealer_id": row.keys["dealer"], "dealer_name": name}
        found.append(WonRow(keys=keys, won=row.won, lost=row.lost, cents=row.cents, without_value=row.without_value))
    return found


@dataclass(frozen=True, kw_only=True)
class DaysToWin:
    """Days from receipt to sale of `n` won leads; None where nothing was won. A sale before the receipt is negative."""

    n: int
    mean: float | None
    median: float | None


def days_to_win(session: Session, *, scope: Scope, filters: Mapping[str, Any] | None = None) -> DaysToWin:
    """How long the sales of these months took: a median cannot be added up, so each won lead is read."""
    rows = session.execute(select(Lead.received_at, Lead.sold_at).where(_IS_WON, *_where(scope, _tidy(filters or {}))))
    days = [(sold - received) / timedelta(days=1) for received, sold in rows if sold is not None]
    return DaysToWin(n=len(days), mean=mean(days) if days else None, median=median(days) if days else None)


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value} of won, won_value (cents), win_rate or days_to_win."""
    if name == "days_to_win":
        return _days_by(session, scope=scope, by=by, filters=filters)
    rows = won_rows(session, scope=scope, by=by, filters=filters)
    values = {
        "won": lambda row: (row.won, None, row.won),
        "won_value": lambda row: (row.cents, row.won - row.without_value, row.cents),
        "win_rate": lambda row: (row.won, row.won + row.lost, row.win_rate),
    }[name]
    return [{**row.keys, **dict(zip(("numerator", "denominator", "value"), values(row), strict=True))} for row in rows]


DAYS_DIMS = ("quarter", "month", "region", "source", "product", "dealer")


def _days_by(
    session: Session, *, scope: Scope, by: Sequence[str], filters: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Rows of the median days from receipt to sale by dimensions; each won lead is read, as for `days_to_win`."""
    columns = {dim: _COLUMNS[dim] for dim in by if dim in _COLUMNS} | {"day": Lead.decided_on}
    query = select(
        *(column.label(f"by_{name}") for name, column in columns.items()), Lead.received_at, Lead.sold_at
    ).where(_IS_WON, *_where(scope, _tidy(filters or {})))
    found: dict[tuple[Any, ...], list[float]] = {} if by else {(): []}
    for row in session.execute(query):
        days = (row.sold_at - row.received_at) / timedelta(days=1)
        found.setdefault(tuple(_key(dim, row, {}) for dim in by), []).append(days)
    rows = [
        {
            **dict(zip(by, key, strict=True)), "numerator": None, "denominator": len(days),
            "value": median(days) if days else None,
        }
        for key, days in sorted(found.items(), key=lambda pair: tuple(map(str, pair[0])))
    ]  # fmt: skip
    return named_rows(session, rows, by)


def won_conditions(scope: Scope, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The won leads behind a number, for a list of them."""
    return [_IS_WON, *_where(scope, _tidy(filters))]


def first_sale(session: Session, *, scope: Scope) -> date | None:
    """The local day of the first sale in scope."""
    found: date | None = session.scalar(select(func.min(Lead.decided_on)).where(*won_conditions(scope, {})))
    return found


METRICS: tuple[Metric, ...] = tuple(
    Metric(
        definition=found, dims=DAYS_DIMS if found.name == "days_to_win" else DIMS,
        compute=partial(compute, name=found.name), permission=Permission.FUNNEL_VIEW, period="months",
    )
    for found in DEFINITIONS.values()
)  # fmt: skip
