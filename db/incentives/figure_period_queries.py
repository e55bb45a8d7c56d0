"""Sums of two periods at once, the one asked for and the one before: what a look at the figures is made of (0088).

Each statement is made once for each shape of question (figure_shape.py) and reads both periods. The months of the
period before all lie before those of the other one, so that a month says by itself which of them it belongs to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Date, Integer, String, bindparam, case, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from db.calendar.months import DAY, month_of
from db.core.actor import Scope
from db.core.among import unwalked
from db.core.shapes import made_once
from db.dealers.tables import Dealer
from db.incentives import figure_queries as figures
from db.incentives.figure_cells import DECIDED, Span, taken
from db.incentives.figure_filters import Asked
from db.incentives.figure_shape import Shape, shape_of, values_of
from db.incentives.sum_tables import (
    IncentiveDay,
    IncentiveDecidedDay,
    IncentiveDecidedMonth,
    IncentiveMonth,
    IncentivePayoutDay,
    IncentivePayoutMonth,
    IncentiveUnitDay,
    IncentiveUnitDealer,
    IncentiveUnitMonth,
)
from db.incentives.tables import IncentiveClaim, IncentiveUnit

Rows = list[dict[str, Any]]
FACTS: Final[dict[str, tuple[Any, Any, tuple[str, ...]]]] = {
    "money": (IncentiveMonth, IncentiveDay, ("entries", "earned", "approved", "paid")),
    "units": (IncentiveUnitMonth, IncentiveUnitDay, ("units", "claimed")),
    "paid": (IncentivePayoutMonth, IncentivePayoutDay, ("accounts", "units", "cents")),
    "decided": (IncentiveDecidedMonth, IncentiveDecidedDay, ("decided", "denied", "by_checks")),
}
"""Month and day of each fact, and its measures; the first one says whether there is anything at all."""
_WIDTH: Final = 4
_FACTS: Final = tuple(FACTS)
_REST: Final = len(FACTS)
Cell = dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Period:
    """What both books and facts hold for the days asked for: cells by fact, month and program.

    `open_cents` is approved less paid of all time up to the last day, by each program with an entry until then.
    """

    cells: Mapping[str, Mapping[tuple[date, int], Cell]]
    open_cents: Mapping[int, int]

    def total(self, fact: str, *names: str) -> Cell:
        """Measures of a fact over all of it."""
        found = dict.fromkeys(names, 0)
        for cell in self.cells[fact].values():
            for name in names:
                found[name] += cell[name]
        return found

    def by(self, fact: str, way: str, *names: str) -> dict[Any, Cell]:
        """The same by month or by program."""
        at = 0 if way == "month" else 1
        found: dict[Any, Cell] = {}
        for key, cell in self.cells[fact].items():
            one = found.setdefault(key[at], dict.fromkeys(names, 0))
            for name in names:
                one[name] += cell[name]
        return found


def periods(session: Session, *, scope: Scope, asked: Asked) -> tuple[Period, Period]:
    """The days asked for and those before: one statement, or the sums of dealers where dealers are told apart."""
    if shape_of(scope, asked).of_dealers:
        return _of_dealers(session, scope, asked), _of_dealers(session, scope, asked.before)
    return _of_network(session, scope, asked)


# ---- sums of the network ---------------------------------------------------------------------------------------------
def _of_network(session: Session, scope: Scope, asked: Asked) -> tuple[Period, Period]:
    both = (asked, asked.before)
    windows = [taken(one.first, one.last) for one in both]
    # What is open counts from the beginning: months before the last one, and that one up to the last day.
    windows += [taken(month_of(one.last), one.last) for one in both]
    months = sorted({month for whole, _ in windows for month in whole})
    days = sorted({day for _, spans in windows for span in spans for day in _days(span)})
    values = {
        "months": months, "days": days, "until": month_of(asked.last), "until_before": month_of(asked.before.last),
    } | values_of(scope, asked)  # fmt: skip
    read: dict[tuple[int, int, date, int], list[int]] = {}
    rest: dict[int, list[int]] = {}
    statement = _network(shape_of(scope, asked), has_days=bool(days))
    for fact, is_day, day, program, *sums in session.connection().execute(statement, values):
        if fact == _REST:
            rest[program] = list(map(int, sums))
        else:
            read[fact, is_day, day, program] = list(map(int, sums))
    programs = sorted({key[3] for key in read})
    made = []
    for number, (window, ending) in enumerate(zip(windows[:2], windows[2:], strict=True)):
        cells = {name: _window(fact, window, read, programs) for fact, name in enumerate(_FACTS)}
        ends = _window(_FACTS.index("money"), ending, read, programs)
        made.append(Period(cells=cells, open_cents=_open(ends, rest, number)))
    return made[0], made[1]


def _days(span: Span) -> Iterable[date]:
    return (span.first + n * DAY for n in range((span.last - span.first).days + 1))


def _window(
    fact: int, window: tuple[list[date], list[Span]], read: Mapping[tuple[int, int, date, int], list[int]],
    programs: Sequence[int],
) -> dict[tuple[date, int], Cell]:  # fmt: skip
    """Cells by month and program of whole months, with single days added or taken off."""
    whole, spans = window
    found = {
        (month, program): list(read[fact, 0, month, program])
        for month in whole for program in programs if (fact, 0, month, program) in read
    }  # fmt: skip
    for span in spans:
        for day in _days(span):
            for program in programs:
                sums = read.get((fact, 1, day, program))
                if sums is not None:
                    cell = found.setdefault((span.month, program), [0] * _WIDTH)
                    for n, value in enumerate(sums):
                        cell[n] += span.sign * value
    names = FACTS[_FACTS[fact]][2]
    return {key: dict(zip(names, cell, strict=False)) for key, cell in found.items() if cell[0] > 0}


def _open(ends: Mapping[tuple[date, int], Cell], rest: Mapping[int, list[int]], number: int) -> dict[int, int]:
    entries: dict[int, int] = defaultdict(int)
    cents: dict[int, int] = defaultdict(int)
    for program, sums in rest.items():
        entries[program] += sums[2 * number]
        cents[program] += sums[2 * number + 1]
    for (_, program), cell in ends.items():
        entries[program] += cell["entries"]
        cents[program] += cell["approved"] - cell["paid"]
    return {program: cents[program] for program, posted in entries.items() if posted > 0}


@made_once
def _network(shape: Shape, *, has_days: bool) -> Any:
    """Rows of (fact, whether of a day, month or day, program, up to four sums), and of what was before."""
    parts = []
    for number, (month, day, names) in enumerate(FACTS.values()):
        for is_day, table in ((0, month), (1, day)) if has_days else ((0, month),):
            at = table.on_day if is_day else table.month
            sums: list[Any] = [func.sum(getattr(table, name)) for name in names]
            sums += [literal(0)] * (_WIDTH - len(sums))
            listed = bindparam("days" if is_day else "months", expanding=True, type_=Date())
            parts.append(
                select(literal(number), literal(is_day), at, table.program_id, *sums)
                .where(
                    at.in_(listed),
                    *shape.where(program=table.program_id, region=table.region),
                )
                .group_by(at, table.program_id)
            )
    table = IncentiveMonth
    sums = []
    for until in ("until", "until_before"):
        is_before = table.month < bindparam(until, type_=Date())
        sums += [
            func.sum(case((is_before, table.entries), else_=0)),
            func.sum(case((is_before, table.approved - table.paid), else_=0)),
        ]
    parts.append(
        select(literal(_REST), literal(0), func.min(table.month), table.program_id, *sums)
        .where(
            table.month < bindparam("until", type_=Date()),
            *shape.where(program=table.program_id, region=table.region),
        )
        .group_by(table.program_id)
    )
    return union_all(*parts)


# ---- sums of dealers -------------------------------------------------------------------------------------------------
def _of_dealers(session: Session, scope: Scope, asked: Asked) -> Period:
    by = ("month", "program")
    cells: dict[str, dict[tuple[date, int], Cell]] = {}
    for name, source in (
        ("units", figures.claimed_sales), ("paid", figures.paid_units), ("decided", figures.decided),
        ("money", figures.money),
    ):  # fmt: skip
        rows = source(session, scope=scope, asked=asked, by=by)
        cells[name] = {(row["month"], row["program"]): row for row in rows}
    cells["units"] = {key: {"units": row["eligible"], **row} for key, row in cells["units"].items()}
    ever = figures.money(session, scope=scope, asked=asked, by=("program",))
    return Period(cells=cells, open_cents={row["program"]: row["open"] for row in ever})


# ---- dealers with an earning sale ------------------------------------------------------------------------------------
def earning(
    session: Session, *, scope: Scope, asked: Asked
) -> tuple[dict[int, frozenset[int]], dict[int, frozenset[int]]]:
    """The dealers with an earning sale by program, of the days asked for and of those before. One statement."""
    both = [taken(one.first, one.last) for one in (asked, asked.before)]
    spans = [span for _, some in both for span in some]
    values = {"months": [m for whole, _ in both for m in whole], "cut": month_of(asked.first)}
    for n, span in enumerate(spans):
        values |= {f"sign{n}": span.sign, f"first{n}": span.first, f"last{n}": span.last}
    statement = _earning(shape_of(scope, asked), len(spans))
    found: tuple[dict[int, frozenset[int]], dict[int, frozenset[int]]] = ({}, {})
    for is_before, program, listed in session.connection().execute(statement, values | values_of(scope, asked)):
        found[is_before][program] = frozenset(map(int, listed.split(",")))
    return found


@made_once
def _earning(shape: Shape, spans: int) -> Any:
    """Rows of (whether of the period before, program, ids of dealers): one long word is a tenth of the rows' price."""
    table, unit = IncentiveUnitDealer, IncentiveUnit
    cut = bindparam("cut", type_=Date())
    parts = [
        select(
            case((table.month < cut, 1), else_=0).label("part"), table.program_id.label("program"),
            table.dealer_id.label("dealer"), table.earning.label("earning"),
        ).where(
            table.month.in_(bindparam("months", expanding=True, type_=Date())), table.earning > 0,
            *_within(shape, table),
        )
    ]  # fmt: skip
    parts += [
        select(
            case((unit.delivered_on < cut, 1), else_=0), unit.program_id, unit.dealer_id,
            bindparam(f"sign{n}", type_=Integer()),
        ).where(
            unit.delivered_on >= bindparam(f"first{n}", type_=Date()),
            unit.delivered_on <= bindparam(f"last{n}", type_=Date()),
            unit.is_counted.is_(True), unit.is_earning.is_(True),
            *shape.where(
                program=func.coalesce(unit.program_id, 0), region=unwalked(unit.region), dealer=unit.dealer_id
            ),
        )
        for n in range(spans)
    ]  # fmt: skip
    cell = union_all(*parts).subquery()
    keys = (cell.c.part, cell.c.program, cell.c.dealer)
    pair = select(*keys).group_by(*keys).having(func.sum(cell.c.earning) > 0).subquery()
    ids = func.aggregate_strings(cast(pair.c.dealer, String), ",")
    return select(pair.c.part, pair.c.program, ids).group_by(pair.c.part, pair.c.program)


def _within(shape: Shape, table: Any) -> list[Any]:
    """Conditions for sums of dealers: a region is that of their dealers, whose sums are sought one by one."""
    found = shape.where(program=table.program_id, dealer=table.dealer_id)
    places = shape.where(region=Dealer.region)
    return [*found, table.dealer_id.in_(select(Dealer.id).where(*places))] if places else found


# ---- minutes ---------------------------------------------------------------------------------------------------------
Histogram = list[tuple[float, int]]


def minutes(
    session: Session, *, scope: Scope, asked: Asked, people: tuple[int, int]
) -> tuple[Histogram, Histogram]:  # fmt: skip
    """`figures.minutes` of the days asked for and of those before; `people` is how many decisions people made in each.

    One statement, unless there are more than `MOST_TIMED` of them.
    """
    both = (asked, asked.before)
    if max(people) > figures.MOST_TIMED:
        made = [figures.minutes(session, scope=scope, asked=one).get((), []) for one in both]
        return made[0], made[1]
    values = values_of(scope, asked)
    for n, one in enumerate(both):
        values |= {f"first{n}": one.first, f"last{n}": one.last}
    found: tuple[Histogram, Histogram] = ([], [])
    for part, listed in session.connection().execute(_minutes(shape_of(scope, asked)), values):
        if listed:
            found[part].extend(sorted(Counter(map(int, listed.split(","))).items()))
    return found


@made_once
def _minutes(shape: Shape) -> Any:
    claim = IncentiveClaim
    parts = [
        select(literal(n), func.aggregate_strings(cast(claim.worked_minutes, String), ",")).where(
            claim.decided_on >= bindparam(f"first{n}", type_=Date()),
            claim.decided_on <= bindparam(f"last{n}", type_=Date()), unwalked(claim.status).in_(DECIDED),
            claim.decided_kind == "person", claim.worked_minutes.is_not(None),
            *shape.where(program=func.coalesce(claim.program_id, 0), region=claim.region, dealer=claim.dealer_id),
        )
        for n in range(2)
    ]  # fmt: skip
    return union_all(*parts)
