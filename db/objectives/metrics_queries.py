"""Sales against what was agreed, and against what the market held (sales effectiveness, domain-rules 2.8, SE1-SE4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from db.calendar.months import month_of
from db.core.actor import Actor, Scope
from db.core.area import ExportKind, Metric, MetricDefinition
from db.core.export_files import ExportColumn
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.dealers.tables import Dealer
from db.incentives.sum_tables import SaleDealerMonth
from db.objectives.rules import WHOLE, effectiveness, expected
from db.objectives.sum_tables import ObjectiveDealerMonth
from db.objectives.tables import SalesObjective

DIMS = ("month", "region", "dealer")
FILTERS = ("from", "to", "region", "dealer")
OWNER = "Sales leadership"
ACTUAL = "New vehicles the dealer delivered in those months and has not unwound, by the dealer's day"
LEFT_OUT = "Months of a dealer nobody gave registrations for; used and demo vehicles"
DEFINITIONS: dict[str, MetricDefinition] = {
    d.name: d
    for d in (
        MetricDefinition(
            name="sales_effectiveness", title="Sales effectiveness", formula="Delivered ÷ expected",
            numerator=ACTUAL,
            denominator="Sum over segments of the brand's share in the benchmark area × registrations in the dealer's "
            "market; benchmark and version of the territory are in the export",
            excluded=LEFT_OUT, unit="percent", rule="2.8", owner=OWNER,
        ),
        MetricDefinition(
            name="objective_attainment", title="Objective reached", formula="Delivered ÷ agreed", numerator=ACTUAL,
            denominator="Vehicles agreed with the dealer, in months where something was agreed", excluded=LEFT_OUT,
            unit="percent", rule="P5", owner=OWNER,
        ),
        MetricDefinition(
            name="objective_units", title="Objective", formula="Sum of what was agreed",
            numerator="Vehicles agreed with the dealers for the months", excluded="Months without an agreement",
            unit="count", rule="P5", better="none", owner=OWNER,
        ),
    )
}  # fmt: skip


def _asked(filters: Mapping[str, Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in (filters or {}).items():
        if name not in FILTERS:
            message = f"Objectives are narrowed by {', '.join(FILTERS)}, not by {name}."
            raise Refused(Problem(code="unknown_filter", field=name, message=message))
        if value in (None, "") or (isinstance(value, list | tuple | set | frozenset) and not value):
            continue
        if name in ("from", "to"):
            found[name] = value if isinstance(value, date) else date.fromisoformat(str(value))
        else:
            found[name] = [value] if isinstance(value, str | int) else sorted(value)
    return found


def _where(scope: Scope, asked: Mapping[str, Any], table: Any) -> list[ColumnElement[bool]]:
    """Conditions for a table of dealers and months that is joined to its dealers."""
    parts = [scope.where(table.dealer_id, Dealer.region)]
    if "from" in asked:
        parts.append(table.month >= month_of(asked["from"]))
    if "to" in asked:
        parts.append(table.month <= asked["to"])
    if "region" in asked:
        parts.append(Dealer.region.in_(asked["region"]))
    if "dealer" in asked:
        ids = [d for d in asked["dealer"] if isinstance(d, int)]
        codes = [d for d in asked["dealer"] if isinstance(d, str)]
        named = table.dealer_id.in_(select(Dealer.id).where(Dealer.code.in_(codes)))
        parts.append(table.dealer_id.in_(ids) | named if codes else table.dealer_id.in_(ids))
    return parts


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value}; one statement. The months that `from` and `to` touch count.

    A dealer comes as `dealer` (code), `dealer_id` and `dealer_name`, a month as "2026-05".
    """
    if unknown := [dim for dim in by if dim not in DIMS]:
        message = f"Objectives are counted by {', '.join(DIMS)}, not by {unknown[0]}."
        raise Refused(Problem(code="unknown_dimension", field="by", message=message))
    asked = _asked(filters)
    goals, sales = ObjectiveDealerMonth, SaleDealerMonth
    sold = func.coalesce(sales.sold, 0)
    is_agreed = goals.agreed_segments > 0
    columns: dict[str, Any] = {
        "month": goals.month, "region": Dealer.region, "dealer": goals.dealer_id,
    }  # fmt: skip
    keys = [columns[dim].label(f"by_{dim}") for dim in by]
    if "dealer" in by:
        keys += [Dealer.code.label("code"), Dealer.name.label("name")]
    query = (
        select(
            *keys, func.sum(sold).label("sold"), func.sum(goals.parts).label("parts"),
            # Where nobody agreed on anything there is nothing, not zero.
            func.sum(case((is_agreed, goals.agreed))).label("agreed"),
            func.sum(case((is_agreed, sold), else_=0)).label("sold_agreed"),
        )
        .select_from(goals)
        .outerjoin(sales, (sales.dealer_id == goals.dealer_id) & (sales.month == goals.month))
        .where(goals.segments > 0, *_where(scope, asked, goals))
    )  # fmt: skip
    if set(by) & {"region", "dealer"} or "region" in asked or scope.kind == "regions":
        query = query.join(Dealer, Dealer.id == goals.dealer_id)
    if keys:
        query = query.group_by(*(columns[dim] for dim in by), *([Dealer.code, Dealer.name] if "dealer" in by else []))
    rows = []
    for row in session.execute(query):
        found: dict[str, Any] = {dim: getattr(row, f"by_{dim}") for dim in by}
        if "month" in by:
            found["month"] = f"{row.by_month:%Y-%m}"
        if "dealer" in by:
            found |= {"dealer": row.code, "dealer_id": row.by_dealer, "dealer_name": row.name}
        rows.append(found | _value(name, row))
    return sorted(rows, key=lambda row: tuple(str(row[dim]) for dim in by))


def _value(name: str, row: Any) -> dict[str, Any]:
    agreed = int(row.agreed) if row.agreed is not None else None
    if name == "objective_units":
        return {"numerator": agreed or 0, "denominator": None, "value": agreed or 0}
    top, bottom = int(row.sold or 0), int(row.parts or 0) / WHOLE
    if name == "objective_attainment":
        top, bottom = int(row.sold_agreed or 0), float(agreed or 0)
    return {"numerator": top, "denominator": bottom, "value": effectiveness(top, bottom)}


METRICS: tuple[Metric, ...] = tuple(
    Metric(
        definition=found, dims=DIMS, compute=partial(compute, name=found.name), permission=Permission.PERFORMANCE_VIEW,
        period="months",
    )
    for found in DEFINITIONS.values()
)  # fmt: skip

# ---- export: the method, disclosed on request ------------------------------------------------------------------------
COLUMNS = (
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"),
    ExportColumn(name="month", label="Month", kind="date"),
    ExportColumn(name="segment", label="Segment"),
    ExportColumn(name="registrations", label="Registrations", kind="integer"),
    ExportColumn(name="share", label="Benchmark share", kind="percent"),
    ExportColumn(name="expected", label="Expected", kind="decimal"),
    ExportColumn(name="objective", label="Objective", kind="integer"),
    ExportColumn(name="benchmark", label="Benchmark area"),
    ExportColumn(name="territory", label="Territory version"),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a dealer, month and segment in the order of `COLUMNS`; filters as the metrics have them."""
    query = (
        select(SalesObjective, Dealer.code, Dealer.name)
        .join(Dealer, Dealer.id == SalesObjective.dealer_id)
        .where(*_where(scope, _asked(filters), SalesObjective))
        .order_by(Dealer.code, SalesObjective.month, SalesObjective.segment)
    )
    for one, code, name in session.execute(query):
        yield (
            code, name, one.region, one.month, one.segment, one.registrations, one.share / WHOLE,
            expected([(one.share, one.registrations)]), one.objective, one.benchmark, one.territory,
        )  # fmt: skip


EXPORT = ExportKind(
    name="sales_objectives", title="Sales objectives and registrations", permission=Permission.PERFORMANCE_VIEW,
    columns=COLUMNS, rows=export_rows,
)  # fmt: skip
