"""The figures of parts with their definitions (domain-rules 2.11): fill, backorders and their age, promises kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Select, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import Scope
from db.core.area import Metric, MetricDefinition
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.parts import fill_queries as fill
from db.parts import rules
from db.parts.fill_filters import check_by, checked
from db.parts.tables import Dealer, Part, PartsOrderLine

OWNER: Final = "Parts operations"
RULE: Final = "2.11, decision 0051"
UNKNOWN: Final = "Lines without any stock figure at their order"
NOW_DIMS: Final = ("region", "dealer", "component", "kind", "part")
_WAITS: Final = "Lines with open units without a promise, or whose first promised day has passed, now"
_WEIGHTS: Final = ", ".join(
    f"{rules.KINDS[kind].lower()} {weight}" for kind, weight in rules.WEIGHTS.items()
)  # fmt: skip


def _fill(name: str, title: str, what: str, where: str, over: str) -> MetricDefinition:
    return MetricDefinition(
        name=name, title=title, formula=f"{over} covered ÷ {over.lower()} ordered, from {where}",
        numerator=f"{what} that the free stock of {where} covered at the moment of the order",
        denominator=f"{over} of orders of the period, by the dealer's day; target {rules.FILL_TARGET[0]} to "
        f"{rules.FILL_TARGET[1]}%", excluded=UNKNOWN, unit="percent", rule=RULE, better="up", owner=OWNER,
    )  # fmt: skip


_LINES, _UNITS = "Lines, whole ones only,", "Units"
_FACING: Final = "the dealer's own warehouse"
FILLS: Final[dict[str, tuple[MetricDefinition, fill.Source, str, str]]] = {
    "parts_line_fill": (
        _fill("parts_line_fill", "Line fill", _LINES, "the network", "Lines"), "network", "filled_lines", "lines",
    ),
    "parts_unit_fill": (
        _fill("parts_unit_fill", "Unit fill", _UNITS, "the network", "Units"), "network", "filled_units", "units",
    ),
    "parts_line_fill_facing": (
        _fill("parts_line_fill_facing", "Line fill, facing", _LINES, _FACING, "Lines"), "facing", "filled_lines",
        "lines",
    ),
    "parts_unit_fill_facing": (
        _fill("parts_unit_fill_facing", "Unit fill, facing", _UNITS, _FACING, "Units"), "facing", "filled_units",
        "units",
    ),
}  # fmt: skip

STANDING: Final[dict[str, tuple[MetricDefinition, str, str]]] = {
    "parts_backorders": (
        MetricDefinition(
            name="parts_backorders", title="Backorders", formula="Lines on backorder now", numerator=_WAITS,
            rule=RULE, better="down", owner=OWNER,
        ), "lines", "",
    ),
    "parts_vehicles_down": (
        MetricDefinition(
            name="parts_vehicles_down", title="Vehicles down on backorder", formula="Vehicle-down lines on backorder",
            numerator="Backorders of orders of the kind vehicle down", denominator=_WAITS, rule=RULE, better="down",
            owner=OWNER,
        ), "vehicles_down", "lines",
    ),
    "parts_backorder_weight": (
        MetricDefinition(
            name="parts_backorder_weight", title="Weighted backorders", formula=f"Backorders times weight: {_WEIGHTS}",
            numerator=_WAITS, rule=RULE, better="down", owner=OWNER,
        ), "weighted", "",
    ),
    "parts_backorder_age": (
        MetricDefinition(
            name="parts_backorder_age", title="Age of backorders", unit="days",
            formula="Sum of weight × days since the order ÷ sum of weights",
            numerator=f"Days since the order of every backorder, times its weight: {_WEIGHTS}",
            denominator="Weights of the same backorders", rule=RULE, better="down", owner=OWNER,
        ), "weighted_days", "weighted",
    ),
}  # fmt: skip

KEPT: Final = MetricDefinition(
    name="parts_promise_kept", title="Promises kept", unit="percent",
    formula="Lines shipped whole by their first promised day ÷ lines whose first promised day fell in the period",
    numerator="Lines of which everything was shipped on or before the first day a dealer was told",
    denominator="Lines whose first promised day lies in the period and has passed",
    excluded="Lines that were cancelled in whole or in part; a later promise makes no line punctual", rule=RULE,
    better="up", owner=OWNER,
)  # fmt: skip


def definition(name: str) -> MetricDefinition:
    """The definition of a figure; KeyError when there is none of that name."""
    if name in FILLS:
        return FILLS[name][0]
    return KEPT if name == KEPT.name else STANDING[name][0]


Rows = list[dict[str, Any]]


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> Rows:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value}; shares of 1, days. Refused: unknown names, dims and filters.

    A dealer comes as `dealer` (code), `dealer_id` and `dealer_name`; a part as its number.
    """
    if name in FILLS:
        _, source, top, bottom = FILLS[name]
        rows = fill.counts(session, scope=scope, by=by, filters=filters, source=source)
    elif name in STANDING:
        _, top, bottom = STANDING[name]
        rows = _standing(session, scope=scope, by=by, filters=filters, now=now)
    elif name == KEPT.name:
        top, bottom = "kept", "lines"
        rows = _kept(session, scope=scope, by=by, filters=filters, now=now)
    else:
        raise Refused(Problem(code="unknown_metric", field="name", message=f"There is no metric “{name}”."))
    return _named(session, [{**{dim: row[dim] for dim in by}, **_value(row, top, bottom, name)} for row in rows], by)


def _value(row: Mapping[str, Any], top: str, bottom: str, name: str) -> dict[str, Any]:
    over = row[bottom] if bottom else None
    if name == "parts_vehicles_down" or not bottom:
        return {"numerator": row[top], "denominator": over, "value": row[top]}
    return {"numerator": row[top], "denominator": over, "value": row[top] / over if over else None}


def _standing(
    session: Session, *, scope: Scope, by: Sequence[str], filters: Mapping[str, Any] | None, now: datetime
) -> Rows:
    """What is on backorder now; days of the filters are ignored. Ages are folded out of days, which is exact."""
    check_by(by, NOW_DIMS)
    wanted, line = checked(session, filters), PartsOrderLine
    today = local_day(now, DESK_ZONE)
    late = and_(line.is_open == true(), or_(line.first_promised_on.is_(None), line.first_promised_on < today))
    keys = [Part.component if dim == "component" else _DIM[dim] for dim in by]
    query: Select[*tuple[Any, ...]] = select(
        *keys, line.ordered_on, line.rank, func.count().label("lines")
    ).where(late, *fill.narrowed(scope, wanted))  # fmt: skip
    if "component" in by or "component" in wanted:
        query = query.join(Part, Part.id == line.part_id)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    empty = dict.fromkeys(("lines", "vehicles_down", "weighted", "weighted_days"), 0)
    if not by:
        found[()] = dict(empty)
    for row in session.execute(query.group_by(*keys, line.ordered_on, line.rank)):
        key = tuple(rules.KIND_OF_RANK[value] if dim == "kind" else value for dim, value in zip(by, row, strict=False))
        cell = found.setdefault(key, dict(zip(by, key, strict=True)) | empty)
        kind = rules.KIND_OF_RANK[row.rank]
        weight = rules.WEIGHTS[kind] * row.lines
        cell["lines"] += row.lines
        cell["vehicles_down"] += row.lines if kind == "vehicle_down" else 0
        cell["weighted"] += weight
        cell["weighted_days"] += weight * max(0, (today - row.ordered_on).days)
    return [found[key] for key in sorted(found, key=lambda one: tuple(str(part) for part in one))]


_DIM: Final[dict[str, Any]] = {
    "region": PartsOrderLine.region, "dealer": PartsOrderLine.dealer_id, "kind": PartsOrderLine.rank,
    "part": PartsOrderLine.part_id,
}  # fmt: skip


def _kept(
    session: Session, *, scope: Scope, by: Sequence[str], filters: Mapping[str, Any] | None, now: datetime
) -> Rows:
    """Lines by whether everything was shipped by the first promised day; a month is that of the promise."""
    check_by(by, fill.DIMS)
    wanted, line = checked(session, filters), PartsOrderLine
    last = local_day(now, DESK_ZONE)
    due = line.first_promised_on
    where = [due < last, line.cancelled == 0, *fill.narrowed(scope, wanted)]
    if "from" in wanted:
        where.append(due >= wanted["from"])
    if "to" in wanted:
        where.append(due <= wanted["to"])
    columns = {**_DIM, "component": Part.component, "month": due}
    keys = [columns[dim] for dim in by]
    kept = and_(line.shipped >= line.ordered, line.shipped_on <= due)
    query: Select[*tuple[Any, ...]] = select(
        *keys, func.count().label("lines"), func.coalesce(func.sum(case((kept, 1), else_=0)), 0).label("kept")
    ).where(*where)  # fmt: skip
    if "component" in by or "component" in wanted:
        query = query.join(Part, Part.id == line.part_id)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in session.execute(query.group_by(*keys) if keys else query):
        key = tuple(
            value.replace(day=1) if dim == "month" else rules.KIND_OF_RANK[value] if dim == "kind" else value
            for dim, value in zip(by, row, strict=False)
        )
        cell = found.setdefault(key, dict(zip(by, key, strict=True)) | {"lines": 0, "kept": 0})
        cell["lines"] += int(row.lines)
        cell["kept"] += int(row.kept)
    return [found[key] for key in sorted(found, key=lambda one: tuple(str(part) for part in one))]


def _named(session: Session, rows: Rows, by: Sequence[str]) -> Rows:
    """Rows with code and name of their dealers and the numbers of their parts; they were asked for with a scope."""
    for dim, table, code in (("dealer", Dealer, Dealer.code), ("part", Part, Part.number)):
        if dim not in by or not rows:
            continue
        ids = sorted({row[dim] for row in rows})
        known: dict[int, tuple[str, str]] = {}
        for start in range(0, len(ids), 500):
            some = session.execute(select(table.id, code, table.name).where(table.id.in_(ids[start : start + 500])))
            known |= {row[0]: (row[1], row[2]) for row in some}
        for row in rows:
            said, name = known[row[dim]]
            if dim == "dealer":
                row |= {"dealer_id": row["dealer"], "dealer_name": name}
            row[dim] = said
    return rows


METRICS: tuple[Metric, ...] = tuple(
    Metric(
        definition=found, dims=dims, compute=partial(compute, name=found.name), permission=Permission.PARTS_VIEW,
        period="now" if found.name in STANDING else "days",
    )
    for found, dims in (
        *((one[0], fill.DIMS) for one in FILLS.values()), *((one[0], NOW_DIMS) for one in STANDING.values()),
        (KEPT, fill.DIMS),
    )
)  # fmt: skip
