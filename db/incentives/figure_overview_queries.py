"""Every figure of incentives beside the period before, and the table of programs, dealers, regions or months."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from db.claims.overview_queries import Beside
from db.core.actor import Actor, Scope
from db.incentives import figure_queries as figures
from db.incentives import figure_reason_queries
from db.incentives.figure_baseline_queries import program_of
from db.incentives.figure_budget_queries import BurnLine, burns
from db.incentives.figure_filters import Asked, check_dims, checked
from db.incentives.figure_members import Field, Member, field_of, members_of
from db.incentives.figure_metrics_queries import BASELINE, FIGURES, TIMED, extra_units, timed_value
from db.incentives.figure_period_queries import Histogram
from db.incentives.figure_told_queries import Told, Way, both_told
from db.incentives.model import Growth

BY: Final[dict[str, str]] = {"program": "Program", "dealer": "Dealer", "region": "Region", "month": "Month"}
MOST_ROWS: Final = 200
Rows = list[dict[str, Any]]


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


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the page draws first: every figure beside the period before, by month and by program."""

    figures: Mapping[str, Beside]
    months: Sequence[Line]
    lines: Sequence[Line]


def overview(session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime) -> dict[str, Beside]:
    """Every figure of the days asked for beside the same figure of the period before; each source is read twice."""
    asked = checked(session, filters, now=now)
    return _beside(
        _told(session, scope, asked, ((),))[()], _told(session, scope, asked.before, ((),))[()],
        figures.minutes(session, scope=scope, asked=asked).get((), []),
        figures.minutes(session, scope=scope, asked=asked.before).get((), []),
    )  # fmt: skip


def look(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime,
    known: Callable[[date], Field] | None = None,
) -> Look:  # fmt: skip
    """`overview`, and `lines` by month and by program, everything read once and the period before with it.

    `known` gives the active dealers of the scope on a day where somebody keeps them.
    """
    asked = checked(session, filters, now=now)
    both = both_told(session, scope=scope, asked=asked, known=known)
    return Look(
        figures=_beside(both.told[()], both.prior, both.minutes, both.minutes_before),
        months=_lines(session, scope, asked, "month", both.told[("month",)]),
        lines=_lines(session, scope, asked, "program", both.told[("program",)]),
    )  # fmt: skip


def dealers_on(session: Session, *, scope: Scope, on: date) -> Field:
    """The active dealers of a scope with their tiers on a day: what a page keeps and gives to `look`."""
    return field_of(session, scope, on)


def lines(session: Session, *, scope: Scope, filters: Mapping[str, Any], by: str, now: datetime) -> list[Line]:
    """The figures split one way: months in their order, everything else by what it cost, dearest first."""
    check_dims((by,), tuple(BY))
    asked = checked(session, filters, now=now)
    return _lines(session, scope, asked, by, _told(session, scope, asked, ((by,),))[(by,)])


# ---- rows of every source --------------------------------------------------------------------------------------------
def _told(session: Session, scope: Scope, asked: Asked, ways: Sequence[Way]) -> dict[Way, Told]:
    """The rows of every source split these ways; what adds up is read once, by all dimensions of the ways."""
    found: dict[Way, Told] = {way: {} for way in ways}
    members = members_of(session, scope, asked)
    for source in dict.fromkeys(f.source for f in FIGURES.values()):
        wanted = [way for way in ways if any(set(way) <= set(f.dims) for f in FIGURES.values() if f.source is source)]
        for way, rows in _rows(session, source, scope, asked, wanted, members=members).items():
            found[way][source] = rows
    return found


def _rows(
    session: Session, source: Callable[..., Rows], scope: Scope, asked: Asked, ways: Sequence[Way], *,
    members: Mapping[int, Member],
) -> dict[Way, Rows]:  # fmt: skip
    if source is figures.taking_part:  # a dealer of two programs counts once: it does not add up
        split = figures.taking_part_by(session, scope=scope, asked=asked, ways=ways, members=members)
        return dict(zip(ways, split, strict=True))
    count, names = source, COUNTED[source]
    if source is extra_units:
        count = partial(source, members=members)
    if source is figures.money:  # what is open by month is that of the month, elsewhere that of all time
        others = [way for way in ways if way != ("month",)]
        months = [way for way in ways if way == ("month",)]
        found = _added(session, count, scope, asked, others, names=names)
        return found | _added(session, count, scope, asked, months, names=names)
    return _added(session, count, scope, asked, ways, names=names)


def _added(
    session: Session, source: Callable[..., Rows], scope: Scope, asked: Asked, ways: Sequence[Way], *,
    names: Sequence[str],
) -> dict[Way, Rows]:  # fmt: skip
    """Rows by all dimensions of the ways at once, added up for each of them."""
    if not ways:
        return {}
    by = tuple(dict.fromkeys(dim for way in ways for dim in way))
    rows = source(session, scope=scope, asked=asked, by=by)
    return {way: rows if way == by else _sum(rows, by, way, names) for way in ways}


def _sum(rows: Rows, by: Way, way: Way, names: Sequence[str]) -> Rows:
    cells: dict[Way, dict[str, int]] = {} if way else {(): dict.fromkeys(names, 0)}
    for row in rows:
        cell = cells.setdefault(tuple(row[dim] for dim in way), dict.fromkeys(names, 0))
        for name in names:
            cell[name] += row[name]
    return [{**dict(zip(way, key, strict=True)), **cell} for key, cell in cells.items()]


COUNTED: Final[dict[Callable[..., Any], tuple[str, ...]]] = {
    source: tuple(
        dict.fromkeys(name for f in FIGURES.values() if f.source is source for name in (f.top, f.bottom) if name)
    )
    for source in dict.fromkeys(f.source for f in FIGURES.values())
}
"""What the figures are made of, by the source that counts it."""


def _beside(told: Told, prior: Told, took: Histogram, before: Histogram) -> dict[str, Beside]:
    found = {}
    for name, figure in FIGURES.items():
        (row,), (earlier,) = told[figure.source], prior[figure.source]
        found[name] = Beside(name=name, **figure.value_of(row), prior=figure.value_of(earlier)["value"])
    for name, (_, share) in TIMED.items():
        found[name] = Beside(
            name=name, value=timed_value(took, share), numerator=None, denominator=sum(n for _, n in took),
            prior=timed_value(before, share),
        )  # fmt: skip
    return found


# ---- lines -----------------------------------------------------------------------------------------------------------
def _lines(session: Session, scope: Scope, asked: Asked, by: str, told: Told) -> list[Line]:
    cells: dict[Any, dict[str, dict[str, Any]]] = defaultdict(dict)
    if by == "month":
        cells |= {month: {} for month in asked.months}
    for source, rows in told.items():
        for row in rows:
            for name, figure in FIGURES.items():
                if figure.source is source and by in figure.dims:
                    cells[row[by]][name] = figure.value_of(row)
    made = _named(session, cells, by, scope)
    if by == "month":
        return made
    return sorted(made, key=lambda x: (-(x.value("incentive_earned") or 0), x.code, x.name))


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
