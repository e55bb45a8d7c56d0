"""The figures of price requests with their definitions, beside the period before and split (issue 6, P16)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from db.claims.overview_queries import Beside
from db.core.actor import Actor, Scope
from db.core.area import ExportKind, Metric, MetricDefinition
from db.core.export_files import ExportColumn
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.incentives.figure_filters import Asked, check_dims, checked
from db.incentives.figure_metrics_queries import Figure, timed_value
from db.incentives.figure_overview_queries import Line
from db.incentives.figure_queries import named
from db.pricing import figure_queries as figures

DIMS = figures.DIMS
BY: Final[dict[str, str]] = {"dealer": "Dealer", "region": "Region", "month": "Month"}
PRICING: Final = "Pricing (dealer relations)"
GONE: Final = "Approvals withdrawn, or void because the terms were changed"
Rows = list[dict[str, Any]]


def _define(name: str, title: str, formula: str, numerator: str, denominator: str = "", **other: Any) -> Any:
    values = {"rule": "2.5", "unit": "count", "better": "none", "owner": PRICING} | other
    return MetricDefinition(
        name=name, title=title, formula=formula, numerator=numerator, denominator=denominator, **values
    )


FIGURES: Final[dict[str, Figure]] = {
    one.definition.name: one
    for one in (
        Figure(
            definition=_define(
                "price_requests", "Requests", "Requests sent in the period",
                "Requests by the day they were sent first, whatever became of them",
                excluded="Changed terms of a request: they are versions of it",
            ),
            source=figures.requested, top="requests", dims=DIMS,
        ),
        Figure(
            definition=_define(
                "price_exceptions", "Exceptions", "Approvals given in the period",
                "Requests by the day of their approval, also those the bands let through by themselves",
                excluded=GONE,
            ),
            source=figures.exceptions, top="exceptions", dims=DIMS,
        ),
        Figure(
            definition=_define(
                "price_cost", "Given away", "Discount × units of what was approved",
                "Amounts of the approvals given in the period", unit="money", better="down", owner="Finance",
                excluded=GONE,
            ),
            source=figures.exceptions, top="cents", dims=DIMS,
        ),
        Figure(
            definition=_define(
                "price_per_exception", "Mean exception", "Given away ÷ exceptions",
                "Amounts of the approvals given in the period", "Approvals given in the period", unit="money",
                better="down", excluded=GONE,
            ),
            source=figures.exceptions, top="cents", bottom="exceptions", dims=DIMS,
        ),
        Figure(
            definition=_define(
                "price_repeats", "“One-time” that came back", "Repeated ÷ “one-time” exceptions",
                "“One-time” exceptions after another one of the same dealer for the same thing within a year",
                "“One-time” exceptions approved in the period", unit="percent", better="down",
                excluded=f"{GONE}; programs, which are meant to repeat",
            ),
            source=figures.exceptions, top="repeated", bottom="one_time", dims=DIMS,
        ),
    )
}  # fmt: skip
TIMED: Final[dict[str, tuple[MetricDefinition, float]]] = {
    name: (
        _define(
            name, title, f"Last signature − sent, {words}, in business days of eight hours",
            "Minutes our desk was open from sending the terms to the signature that approved them",
            "Requests approved in the period by a signature", unit="days", better="down",
            excluded=f"{GONE}; what the bands let through without a signature",
        ),
        share,
    )
    for name, title, words, share in (
        ("price_approval_time", "Approval time of prices", "middle value", 0.5),
        ("price_approval_p90", "Approval time of prices, 90% within", "nine in ten are not above", 0.9),
    )
}  # fmt: skip


def definition(name: str) -> MetricDefinition:
    """The definition of a figure; KeyError when there is none of that name."""
    return FIGURES[name].definition if name in FIGURES else TIMED[name][0]


def _asked(session: Session, filters: Mapping[str, Any] | None, *, now: datetime) -> Asked:
    """Filters as they are asked with; a program is none of theirs and is left out."""
    given = {k: v for k, v in (filters or {}).items() if k != "program"}
    return replace(checked(session, given, now=now), program=None)


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> Rows:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value}; shares of 1, cents, business days. Refused: unknown names."""
    asked = _asked(session, filters, now=now)
    check_dims(by, DIMS)
    if name in FIGURES:
        counted = FIGURES[name].source(session, scope=scope, asked=asked, by=by)
        rows = [{**{dim: row[dim] for dim in by}, **FIGURES[name].value_of(row)} for row in counted]
    elif name in TIMED:
        found = figures.minutes(session, scope=scope, asked=asked, by=by) or ({} if by else {(): []})
        rows = [
            {
                **dict(zip(by, key, strict=True)), "numerator": None, "denominator": sum(n for _, n in histogram),
                "value": timed_value(histogram, TIMED[name][1]),
            }
            for key, histogram in sorted(found.items(), key=lambda one: tuple(map(str, one[0])))
        ]  # fmt: skip
    else:
        raise Refused(Problem(code="unknown_metric", field="name", message=f"There is no metric “{name}”."))
    return named(session, rows, by, scope=scope)


METRICS: tuple[Metric, ...] = tuple(
    Metric(definition=found, dims=DIMS, compute=partial(compute, name=found.name), permission=Permission.PRICING_VIEW)
    for found in (*(f.definition for f in FIGURES.values()), *(d for d, _ in TIMED.values()))
)


def overview(session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime) -> dict[str, Beside]:
    """Every figure of the days asked for beside the same figure of the period before; each source is read twice."""
    asked = _asked(session, filters, now=now)
    sources = list(dict.fromkeys(f.source for f in FIGURES.values()))
    rows = {source: _one(source, session, scope, asked) for source in sources}
    prior = {source: _one(source, session, scope, asked.before) for source in sources}
    found = {}
    for name, figure in FIGURES.items():
        before = figure.value_of(prior[figure.source])["value"]
        found[name] = Beside(name=name, **figure.value_of(rows[figure.source]), prior=before)
    took = figures.minutes(session, scope=scope, asked=asked).get((), [])
    earlier = figures.minutes(session, scope=scope, asked=asked.before).get((), [])
    for name, (_, share) in TIMED.items():
        found[name] = Beside(
            name=name, value=timed_value(took, share), numerator=None, denominator=sum(n for _, n in took),
            prior=timed_value(earlier, share),
        )  # fmt: skip
    return found


def _one(source: Callable[..., Any], session: Session, scope: Scope, asked: Asked) -> dict[str, Any]:
    (row,) = source(session, scope=scope, asked=asked)
    return dict(row)


def lines(session: Session, *, scope: Scope, filters: Mapping[str, Any], by: str, now: datetime) -> list[Line]:
    """The figures split one way: months in their order, everything else by what was given away, dearest first."""
    check_dims((by,), tuple(BY))
    asked = _asked(session, filters, now=now)
    cells: dict[Any, dict[str, dict[str, Any]]] = defaultdict(dict)
    if by == "month":
        cells |= {month: {} for month in asked.months}
    for source in dict.fromkeys(f.source for f in FIGURES.values()):
        for row in source(session, scope=scope, asked=asked, by=(by,)):
            for name, figure in FIGURES.items():
                if figure.source is source:
                    cells[row[by]][name] = figure.value_of(row)
    if by == "month":
        return [Line(key=f"{m:%Y-%m}", code="", name=f"{m:%b %Y}", figures=cells[m]) for m in sorted(cells)]
    if by == "region":
        made = [Line(key=region, code="", name=region or "No region", figures=some) for region, some in cells.items()]
    else:
        rows = named(session, [{by: key, "figures": some} for key, some in cells.items()], (by,), scope=scope)
        made = [
            Line(key=str(r["dealer_id"]), code=r["dealer"], name=r["dealer_name"], figures=r["figures"]) for r in rows
        ]
    return sorted(made, key=lambda x: (-(x.value("price_cost") or 0), x.code, x.name))


def figure_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a dealer, region or month, as `by` says; dealers where it says nothing."""
    by = str(filters.get("by") or "dealer")
    given = {k: v for k, v in filters.items() if k != "by"}
    for x in lines(session, scope=scope, filters=given, by=by if by in BY else "dealer", now=now):
        repeated, one_time = x.parts("price_repeats")
        yield (
            x.code, x.name, *(x.value(f"price_{n}") or 0 for n in ("requests", "exceptions", "cost")),
            x.value("price_per_exception"), one_time, repeated,
        )  # fmt: skip


EXPORTS = (
    ExportKind(
        name="price_figures", title="Figures of price requests", permission=Permission.PRICING_VIEW, rows=figure_rows,
        columns=(
            ExportColumn(name="code", label="Code"), ExportColumn(name="name", label="Name"),
            ExportColumn(name="requests", label="Requests", kind="integer"),
            ExportColumn(name="exceptions", label="Exceptions", kind="integer"),
            ExportColumn(name="cost", label="Given away", kind="money"),
            ExportColumn(name="mean", label="Mean exception", kind="money"),
            ExportColumn(name="one_time", label="One-time exceptions", kind="integer"),
            ExportColumn(name="repeated", label="One-time that came back", kind="integer"),
        ),
    ),
)  # fmt: skip


def came_back(session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime) -> list[figures.Repeat]:
    """“One-time” exceptions of the days asked for that were not the first, newest first."""
    return figures.repeats(session, scope=scope, asked=_asked(session, filters, now=now))
