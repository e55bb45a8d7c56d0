"""Counts of leads by the month they were received, from the rollups wherever those have the grain (2.2 F).

The rollup holds what can be added up (performance.md 0.4). What moves by itself with the clock, leads that are not due
yet, is counted live over an index: there are as few of them as the promise is short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, func, literal_column, null, select, true
from sqlalchemy.orm import Session

from db.calendar.months import months_between
from db.core.actor import Scope
from db.core.problems import Problem, Refused
from db.core.shapes import made_once
from db.leads.rollup import MEASURES
from db.leads.tables import Dealer, Lead, LeadDealerMonth, LeadMonth, LeadRegionMonth

DIMS = ("month", "region", "state", "source", "product", "dealer", "person")
FILTERS = ("from", "to", "region", "state", "source", "product", "dealer", "person")
DUE, IN = "due", "in"
ALL = (*MEASURES, DUE)
UNASSIGNED = 0
FEW_DEALERS = 5
MOST_LIVE = 20_000
"""People are in no rollup: so many leads are counted one by one, more only for a dealer or a person."""


@dataclass(frozen=True, kw_only=True)
class Grain:
    """A table of counts and the columns its dimensions stand in."""

    name: str
    columns: Mapping[str, Any]
    measures: Mapping[str, ColumnElement[Any]]


# fixed SQL: the expressions of the rollup, written in this program and holding no value from outside
def measure_sql(name: str) -> ColumnElement[bool]:
    """The condition a lead has to meet to count for a measure of the rollup."""
    return literal_column(f"({MEASURES[name].format(r='lead')})")


_REGION_MONTH = Grain(
    name="lead_region_month",
    columns={
        "month": LeadRegionMonth.received_month, "region": LeadRegionMonth.region, "source": LeadRegionMonth.source,
        "product": LeadRegionMonth.product,
    },
    measures={m: func.sum(getattr(LeadRegionMonth, m)) for m in MEASURES},
)  # fmt: skip
_MONTH = Grain(
    name="lead_month",
    columns={
        "month": LeadMonth.received_month, "region": LeadMonth.region, "state": LeadMonth.state,
        "source": LeadMonth.source, "product": LeadMonth.product,
    },
    measures={m: func.sum(getattr(LeadMonth, m)) for m in MEASURES},
)  # fmt: skip
_DEALER_MONTH = Grain(
    name="lead_dealer_month",
    columns={
        "month": LeadDealerMonth.received_month, "source": LeadDealerMonth.source,
        "dealer": LeadDealerMonth.dealer_id, "region": func.coalesce(Dealer.region, ""),
    },
    measures={m: func.sum(getattr(LeadDealerMonth, m)) for m in MEASURES},
)  # fmt: skip
_LEADS = Grain(
    name="lead",
    columns={
        "month": Lead.received_month, "region": func.coalesce(Lead.region, ""), "state": Lead.state,
        "source": Lead.source, "product": Lead.product, "dealer": func.coalesce(Lead.dealer_id, UNASSIGNED),
        "person": func.coalesce(Lead.assignee_id, UNASSIGNED),
    },
    measures={m: func.sum(case((measure_sql(m), 1), else_=0)) for m in MEASURES},
)  # fmt: skip


def check(by: Sequence[str], filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters in one shape: months as first days, everything else as a tuple of values; refuses unknown names."""
    for dim in by:
        if dim not in DIMS:
            raise _refused("by", f"Leads are not counted by “{dim}”; choose from {', '.join(DIMS)}.")
    tidy: dict[str, Any] = {}
    for name, value in filters.items():
        if name not in FILTERS:
            raise _refused("filters", f"Leads are not filtered by “{name}”; choose from {', '.join(FILTERS)}.")
        if value is None or value == "" or (isinstance(value, list | tuple | set | frozenset) and not value):
            continue
        if name in ("from", "to"):
            tidy[name] = _month(value, name)
        else:
            many = value if isinstance(value, list | tuple | set | frozenset) else (value,)
            tidy[name] = tuple(int(v) if name in ("dealer", "person") else str(v) for v in many)
    return tidy


def _refused(field: str, message: str) -> Refused:
    return Refused(Problem(code="unknown_dimension", field=field, message=message))


def _month(value: Any, name: str) -> date:
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date):
        try:
            value = date.fromisoformat(str(value) if len(str(value)) > 7 else f"{value}-01")
        except ValueError:
            raise _refused(name, f"“{value}” is not a month; write it as 2026-06.") from None
    return date(value.year, value.month, 1)


def _grain(scope: Scope, dims: set[str]) -> Grain:
    """The smallest table that knows all these dimensions and tells the actor's dealers apart.

    Leads themselves are counted only where one or a few dealers limit them, or where a dealer is crossed with a
    dimension no rollup holds.
    """
    if "person" in dims:
        return _LEADS
    if scope.kind == "dealers" or "dealer" in dims:
        return _DEALER_MONTH if not dims & {"state", "product"} else _LEADS
    return _MONTH if "state" in dims else _REGION_MONTH


def _of_dealers(scope: Scope, filters: Mapping[str, Any]) -> bool:
    """Whether only dealers named one by one are asked for."""
    return scope.kind == "dealers" or "dealer" in filters


def _is_narrow(scope: Scope, filters: Mapping[str, Any]) -> bool:
    """Whether dealers or regions are named, by which cells are in order within a month."""
    return not scope.is_all or "dealer" in filters or "region" in filters


def _narrowed(grain: Grain, scope: Scope, filters: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """What scope and filters ask of a table: dimension, how it is compared, and with what."""
    found: list[tuple[str, str, Any]] = []
    if scope.kind == "regions":
        found.append(("region", IN, sorted(scope.regions)))
    elif scope.kind == "dealers":
        found.append(("dealer", IN, sorted(scope.dealer_ids)))
    if grain is not _LEADS and _is_narrow(scope, filters) and "from" in filters and "to" in filters:
        # Cells of a dealer or region in each month are sought; a range of months would be read with all that is in it.
        found.append(("month", IN, months_between(filters["from"], filters["to"])))
    else:
        found += [("month", how, filters[name]) for name, how in (("from", ">="), ("to", "<=")) if name in filters]
    return found + [(name, IN, filters[name]) for name in FILTERS[2:] if name in filters]


def _compared(column: Any, how: str, value: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.in_(value) if how == IN else column >= value if how == ">=" else column <= value
    return found


def _where(grain: Grain, scope: Scope, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    columns = dict(grain.columns)
    if grain is _LEADS and UNASSIGNED not in filters.get("dealer", ()):
        columns["dealer"] = Lead.dealer_id  # bare, so that the index on dealer and month limits what is read
    if grain is _LEADS and UNASSIGNED not in filters.get("person", ()):
        columns["person"] = Lead.assignee_id  # likewise
    return [_compared(columns[name], how, value) for name, how, value in _narrowed(grain, scope, filters)]


@made_once
def _of_rollup(name: str, by: tuple[str, ...], measures: tuple[str, ...], asked: tuple[tuple[str, str], ...]) -> Any:
    """The statement of one shape of question, its values bound as v0, v1 ...: making it costs as much as its read."""
    grain = next(one for one in (_MONTH, _REGION_MONTH, _DEALER_MONTH) if one.name == name)
    where = [
        _compared(grain.columns[dim], how, bindparam(f"v{n}", type_=grain.columns[dim].type, expanding=how == IN))
        for n, (dim, how) in enumerate(asked)
    ]
    query = _summed(grain, by, measures).where(*where)
    if grain is _DEALER_MONTH:
        query = query.select_from(LeadDealerMonth).outerjoin(Dealer, Dealer.id == LeadDealerMonth.dealer_id)
    return query


def _summed(grain: Grain, by: Sequence[str], measures: Sequence[str]) -> Select[Any]:
    keys = [grain.columns[dim].label(f"by_{dim}") for dim in by]
    query = select(*keys, *(grain.measures[m].label(m) for m in measures))
    return query.group_by(*(grain.columns[dim] for dim in by)) if keys else query


def sums(
    session: Session, *, scope: Scope, by: Sequence[str], filters: Mapping[str, Any],
    measures: Sequence[str] = tuple(MEASURES),
) -> dict[tuple[Any, ...], dict[str, int]]:  # fmt: skip
    """Measures of the rollup by these dimensions, also where all are 0; `()` is there even without leads."""
    return _sums(session, scope=scope, by=by, wanted=check(by, filters), measures=measures)


def _sums(
    session: Session, *, scope: Scope, by: Sequence[str], wanted: Mapping[str, Any],
    measures: Sequence[str] = tuple(MEASURES),
) -> dict[tuple[Any, ...], dict[str, int]]:  # fmt: skip
    if "person" in by:
        _refuse_too_many(session, scope=scope, wanted=wanted)
    grain = _grain(scope, {*by, *(set(wanted) - {"from", "to"})})
    if grain is _LEADS:
        found = session.connection().execute(_summed(grain, by, measures).where(*_where(grain, scope, wanted)))
    else:
        asked = _narrowed(grain, scope, wanted)
        query = _of_rollup(grain.name, tuple(by), tuple(measures), tuple((dim, how) for dim, how, _ in asked))
        found = session.connection().execute(query, {f"v{n}": value for n, (_, _, value) in enumerate(asked)})
    width = len(by)
    return {
        row[:width]: dict(zip(measures, row[width:] if width else [value or 0 for value in row], strict=True))
        for row in found.all()
    }


def _refuse_too_many(session: Session, *, scope: Scope, wanted: Mapping[str, Any]) -> None:
    """Refuse to count people over more leads than can be read at once; a dealer or a person limits them by an index."""
    if scope.kind == "dealers" or "dealer" in wanted or "person" in wanted:
        return
    months = {name: wanted[name] for name in ("from", "to", "region") if name in wanted}
    held = _sums(session, scope=scope, by=(), wanted=months, measures=("received",)).get((), {}).get("received", 0)
    if held > MOST_LIVE:
        raise _refused(
            "by",
            f"People are counted lead by lead, and {held:,} leads are too many for that: choose a dealer, or months "
            f"with at most {MOST_LIVE:,} leads.",
        )


def counts(
    session: Session, *, scope: Scope, by: Sequence[str], filters: Mapping[str, Any], now: datetime,
    measures: Sequence[str] = ALL,
) -> list[dict[str, Any]]:  # fmt: skip
    """Measures of the rollup by these dimensions, and `due`: promised leads that were answered or are late.

    With `measures` at least those; each costs a read its share. One row even where nothing was counted when `by` is
    empty. `dealer` is the dealer's id, 0 for leads without one.
    """
    wanted = check(by, filters)
    # What is counted at all was received, so that says whether a cell holds anything.
    asked = dict.fromkeys(("received", *(m for m in measures if m != DUE), *(("promised",) if DUE in measures else ())))
    rows = _sums(session, scope=scope, by=by, wanted=wanted, measures=tuple(asked))
    if DUE in measures:
        pending = _pending(session, scope=scope, by=by, filters=wanted, now=now)
        for key, row in rows.items():
            row[DUE] = max(row["promised"] - pending.get(key, 0), 0)
    # A cell whose leads all moved elsewhere keeps a row of zeros in the rollup; nobody asked to see it.
    shown = [key for key, row in rows.items() if not by or row["received"]]
    return [dict(zip(by, key, strict=True)) | rows[key] for key in sorted(shown)]


def _pending(
    session: Session, *, scope: Scope, by: Sequence[str], filters: Mapping[str, Any], now: datetime
) -> dict[tuple[Any, ...], int]:
    """Valid leads nobody answered whose promise is not up yet, by the same dimensions."""
    columns = dict(_LEADS.columns)
    breach: ColumnElement[Any] = Lead.breach_handled_at.expression
    if _of_dealers(scope, filters) and len(filters.get("dealer", scope.dealer_ids)) <= FEW_DEALERS:
        # Behind a function, so that the index of the dealer's open leads is taken, which are as few as it can work on:
        # by month a dealer's leads are as many as ever came, and by due time those that wait are the whole network's.
        # Of many dealers the open leads are more than those that wait anywhere.
        breach, columns["month"] = func.coalesce(breach, null()), func.coalesce(Lead.received_month, null())
    keys = [columns[dim].label(f"by_{dim}") for dim in by]
    where = _where(_LEADS, scope, {name: value for name, value in filters.items() if name not in ("from", "to")})
    where += [columns["month"] >= filters["from"]] if "from" in filters else []
    where += [columns["month"] <= filters["to"]] if "to" in filters else []
    query = select(*keys, func.count().label("n")).where(
        *where,
        Lead.is_open == true(),
        breach.is_(None),
        Lead.first_action_due_at >= now,
        Lead.first_action_at.is_(None),
        measure_sql("valid"),
    )
    if keys:
        query = query.group_by(*(columns[dim] for dim in by))
    return {row[:-1]: row.n for row in session.execute(query)}


def response_minutes(
    session: Session, *, scope: Scope, by: Sequence[str], filters: Mapping[str, Any]
) -> dict[tuple[Any, ...], list[tuple[int, int]]]:
    """How many valid leads were first answered after how many working minutes, by dimensions: what a median needs.

    Read from the leads themselves: a median cannot be added up from months.
    """
    wanted = check(by, filters)
    keys = [_LEADS.columns[dim].label(f"by_{dim}") for dim in by]
    columns = [_LEADS.columns[dim] for dim in by]
    query = (
        select(*keys, Lead.first_action_minutes.label("minutes"), func.count().label("n"))
        .where(*_where(_LEADS, scope, wanted), measure_sql("valid"), Lead.first_action_minutes.is_not(None))
        .group_by(*columns, Lead.first_action_minutes)
        .order_by(Lead.first_action_minutes)
    )
    found: dict[tuple[Any, ...], list[tuple[int, int]]] = {}
    for row in session.execute(query):
        found.setdefault(tuple(getattr(row, f"by_{dim}") for dim in by), []).append((row.minutes, row.n))
    return dict(sorted(found.items()))


def lead_conditions(scope: Scope, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The same filters and scope on the leads themselves, for the list behind a bar."""
    return _where(_LEADS, scope, check((), filters))


def median_of(histogram: Sequence[tuple[int, int]]) -> float | None:
    """The exact median of values given as (value, how often) in order; None for nothing."""
    total = sum(n for _, n in histogram)
    if not total:
        return None

    def nth(position: int) -> int:
        passed = 0
        for value, n in histogram:
            passed += n
            if position < passed:
                return value
        raise AssertionError("unreachable")

    return (nth((total - 1) // 2) + nth(total // 2)) / 2
