"""Telling a report of one's own: each number comes from its metric, totals too; nothing is summed up here.

Every query takes the actor: metrics their role may not see are left out, rows stay within their scope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.calendar.months import months_between
from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor
from db.core.area import MetricDefinition
from db.core.labels import local_day
from db.core.problems import Problem, Problems, Refused
from db.dealers.tables import Dealer
from db.reports.builder_figures import all_figures, figures_of, metric_of
from db.reports.builder_rules import (
    MOST_CELLS,
    TIMES,
    Figure,
    Part,
    Row,
    Spec,
    check,
    days_of,
    label_of,
    ordered,
)

Keys = tuple[str, ...]
NOTHING: Final[Keys] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report as it was told. `totals` has, by (dimensions, keys), what the metrics say of the whole of them.

    `untold` names what could not be told and why; `left_out` the figures that are not for this reader's role.
    """

    spec: Spec
    figures: tuple[Figure, ...]
    definitions: tuple[MetricDefinition, ...]
    rows: tuple[Row, ...]
    totals: Mapping[tuple[Keys, Keys], tuple[Part | None, ...]] = field(default_factory=dict)
    first: date
    last: date
    untold: tuple[str, ...] = ()
    left_out: int = 0


def figures_for(actor: Actor) -> dict[str, Figure]:
    """The figures this actor may put into a report, by name, in the order of the areas."""
    return figures_of(actor)


def run_report(session: Session, spec: Spec, *, actor: Actor, now: datetime, totals: bool = True) -> Report:
    """Tell a report as this actor may see it. Problems: metrics, by, since, dealers (`too_many_cells`).

    Days are the desk's. A metric that refuses the question is told of in `untold`, the others stand.
    """
    first, last = days_of(spec, local_day(now, DESK_ZONE))
    figures = figures_of(actor)
    everything = all_figures()
    mine = tuple(name for name in spec.metrics if name in figures)
    left_out = sum(1 for name in spec.metrics if name in everything and name not in figures)
    if left_out and not mine:
        raise Refused(Problem(code="not_allowed", field="metrics", message="These figures are not for your role."))
    asked = Spec(**{**spec.__dict__, "metrics": (*mine, *(m for m in spec.metrics if m not in everything))})
    if problems := check(asked, figures):
        raise Refused(*problems)
    _refuse_too_many(session, asked, actor, months=len(months_between(first, last)))
    told = _Told(session, asked, actor, now, {"from": first, "to": last, **_narrowed(spec)})
    rows = told.rows(spec.by)
    wanted: list[Keys] = [NOTHING] if totals else []
    if totals and len(spec.by) == 2:
        wanted += [(spec.by[0],), (spec.by[1],)]
    sums = {(dims, row.keys): row.parts for dims in wanted if spec.by for row in told.rows(dims)}
    return Report(
        spec=asked, figures=tuple(figures[m] for m in mine),
        definitions=tuple(metric_of(m).definition for m in mine),
        rows=tuple(ordered(rows, spec.by)), totals=sums, first=first, last=last,
        untold=tuple(dict.fromkeys(told.untold)), left_out=left_out,
    )  # fmt: skip


def _narrowed(spec: Spec) -> dict[str, Any]:
    """Region and dealer (code) as metrics take them: one value, or several."""
    found = {"region": spec.regions, "dealer": spec.dealers}
    return {name: values[0] if len(values) == 1 else list(values) for name, values in found.items() if values}


def _refuse_too_many(session: Session, spec: Spec, actor: Actor, *, months: int) -> None:
    """A dealer for each month of years is nothing a person reads, and too much for a page to fetch."""
    if "dealer" not in spec.by:
        return
    query = select(func.count()).select_from(Dealer).where(actor.scope.where(Dealer.id, Dealer.region))
    if spec.regions:
        query = query.where(Dealer.region.in_(spec.regions))
    if spec.dealers:
        query = query.where(Dealer.code.in_(spec.dealers))
    dealers = session.scalar(query) or 0
    others = [dim for dim in spec.by if dim != "dealer"]
    across = max(1, months) if any(dim in TIMES for dim in others) else 10 if others else 1
    cells = dealers * across * len(spec.metrics)
    if cells > MOST_CELLS:
        problems = Problems()
        problems.add(
            "dealers", "too_many_cells",
            f"{dealers:,} dealers would make about {cells:,} cells; at most {MOST_CELLS:,} are told. "
            "Choose a region, fewer months or fewer figures.",
        )  # fmt: skip
        problems.refuse_if_any()


class _Told:
    """The metrics of one report, asked by one set of dimensions after the other."""

    def __init__(self, session: Session, spec: Spec, actor: Actor, now: datetime, filters: Mapping[str, Any]) -> None:
        self.session, self.spec, self.actor, self.now, self.filters = session, spec, actor, now, filters
        self.untold: list[str] = []

    def rows(self, by: Sequence[str]) -> list[Row]:
        """One row for each combination that any of the metrics knows."""
        labels: dict[Keys, Keys] = {}
        parts: dict[Keys, list[Part | None]] = {}
        for place, name in enumerate(self.spec.metrics):
            for row in self._compute(name, by):
                keys = tuple(_key(dim, row.get(dim)) for dim in by)
                labels.setdefault(keys, tuple(_label(dim, key, row) for dim, key in zip(by, keys, strict=True)))
                line = parts.setdefault(keys, [None] * len(self.spec.metrics))
                line[place] = Part(_number(row["numerator"]), _number(row["denominator"]), _number(row["value"]))
        return [Row(keys, labels[keys], tuple(line)) for keys, line in parts.items()]

    def _compute(self, name: str, by: Sequence[str]) -> list[dict[str, Any]]:
        metric = metric_of(name)
        try:
            return metric.compute(
                self.session, scope=self.actor.scope, by=list(by), filters=dict(self.filters), now=self.now
            )
        except Refused as refusal:
            self.untold.append(f"{metric.definition.title}: {refusal}")
            return []


def _key(dim: str, value: Any) -> str:
    if isinstance(value, date):
        return f"{value:%Y-%m}" if dim == "month" else value.isoformat()
    return "" if value is None else str(value)


def _label(dim: str, key: str, row: Mapping[str, Any]) -> str:
    name = row.get(f"{dim}_name")
    return f"{name} ({key})" if name and key and dim == "dealer" else str(name or label_of(dim, key))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
