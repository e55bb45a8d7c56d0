"""Every figure of incentives beside the period before, and the table of programs, dealers, regions or months."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from db.claims.overview_queries import Beside
from db.core.actor import Actor, Scope
from db.incentives import figure_queries as figures
from db.incentives import figure_reason_queries
from db.incentives.figure_baseline_queries import program_of
from db.incentives.figure_budget_queries import BurnLine, burns
from db.incentives.figure_filters import Asked, check_dims, checked
from db.incentives.figure_metrics_queries import BASELINE, FIGURES, TIMED, timed_value
from db.incentives.model import Growth

BY: Final[dict[str, str]] = {"program": "Program", "dealer": "Dealer", "region": "Region", "month": "Month"}
MOST_ROWS: Final = 200


def overview(session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime) -> dict[str, Beside]:
    """Every figure of the days asked for beside the same figure of the period before; each source is read twice."""
    asked = checked(session, filters, now=now)
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


@dataclass(frozen=True, kw_only=True)
class Line:
    """One program, dealer, region or month with its figures by name; `key` is what narrows the page to it."""

    key: str
    code: str
    name: str
    figures: Mapping[str, Mapping[str, Any]]

    def value(self, name: str) -> float | None:
        """A figure of this line; None where it has none, or is not split this way."""
        found = self.figures.get(name)
        return None if found is None else found["value"]

    def parts(self, name: str) -> tuple[int, int]:
        """Numerator and denominator of a figure; 0 of 0 where there is none."""
        found = self.figures.get(name)
        return (0, 0) if found is None else (found["numerator"] or 0, found["denominator"] or 0)


def lines(session: Session, *, scope: Scope, filters: Mapping[str, Any], by: str, now: datetime) -> list[Line]:
    """The figures split one way: months in their order, everything else by what it cost, dearest first."""
    check_dims((by,), tuple(BY))
    asked = checked(session, filters, now=now)
    cells: dict[Any, dict[str, dict[str, Any]]] = defaultdict(dict)
    if by == "month":
        cells |= {month: {} for month in asked.months}
    for source in _sources(by):
        for row in source(session, scope=scope, asked=asked, by=(by,)):
            for name, figure in FIGURES.items():
                if figure.source is source and by in figure.dims:
                    cells[row[by]][name] = figure.value_of(row)
    made = _named(session, cells, by, scope)
    if by == "month":
        return made
    return sorted(made, key=lambda x: (-(x.value("incentive_earned") or 0), x.code, x.name))


def _sources(by: str) -> list[Callable[..., Any]]:
    return list(dict.fromkeys(f.source for f in FIGURES.values() if by in f.dims))


def _named(session: Session, cells: Mapping[Any, Mapping[str, Any]], by: str, scope: Scope) -> list[Line]:
    if by == "month":
        return [Line(key=f"{m:%Y-%m}", code="", name=f"{m:%b %Y}", figures=cells[m]) for m in sorted(cells)]
    if by == "region":
        return [Line(key=region, code="", name=region or "No region", figures=some) for region, some in cells.items()]
    rows = figures.named(session, [{by: key, "figures": some} for key, some in cells.items()], (by,), scope=scope)
    return [Line(key=str(r[f"{by}_id"]), code=r[by], name=r[f"{by}_name"], figures=r["figures"]) for r in rows]


# ---- for the page ----------------------------------------------------------------------------------------------------
def why(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], kind: str, now: datetime
) -> list[figure_reason_queries.Reason]:
    """Reasons of returns and denials of the days asked for; `kind` is of `figure_reason_queries.KINDS`."""
    asked = checked(session, filters, now=now)
    return figure_reason_queries.reasons(session, scope=scope, asked=asked, kind=kind)


def budgets(session: Session, *, actor: Actor, filters: Mapping[str, Any], now: datetime) -> list[BurnLine]:
    """Budgets of the programs that run on one of the days asked for; none for people of a dealership."""
    return burns(session, actor=actor, asked=checked(session, filters, now=now))


def baseline_words(session: Session, *, actor: Actor, filters: Mapping[str, Any], now: datetime) -> str:
    """What units are measured against, for the program asked for or for all of them."""
    asked = checked(session, filters, now=now)
    program = program_of(session, asked=asked, actor=actor)
    if program is None:
        return f"Baseline of stair-step and growth programs: {BASELINE[0].lower()}{BASELINE[1:]}."
    if not program.is_volume:
        return "This program pays by the vehicle and has no baseline: nothing says which units are incremental."
    if isinstance(program.rule, Growth) and program.rule.baseline == "target":
        return "Baseline: the target of each dealer; while the period runs, its part up to today."
    return "Baseline: what the same dealers delivered of its vehicles on the same days of the year before."
