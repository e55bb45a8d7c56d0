"""The rows of every figure for a look at them: whole, by month and by program, and whole of the period before (0088).

The same rows that each source of `figure_metrics_queries.FIGURES` gives, read for all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.incentives import figure_queries as figures
from db.incentives.figure_filters import Asked
from db.incentives.figure_members import Field, field_of, plans_asked
from db.incentives.figure_metrics_queries import extra_units
from db.incentives.figure_period_queries import Histogram, Period, earning, minutes, periods
from db.incentives.figure_volume_queries import volumes

Way = tuple[str, ...]
Rows = list[dict[str, Any]]
Told = dict[Callable[..., Any], Rows]
"""The rows of each source, split one way."""
WHOLE: Final[Way] = ()
WAYS: Final[tuple[Way, ...]] = (WHOLE, ("month",), ("program",))
_MONEY: Final = ("earned", "approved", "paid")
_EXTRA: Final = ("units", "baseline", "cents", "new")
Earning = dict[int, frozenset[int]]


@dataclass(frozen=True, kw_only=True)
class Both:
    """The rows of the days asked for by way, those of the period before, and the minutes of decisions of both."""

    told: dict[Way, Told]
    prior: Told
    minutes: Histogram
    minutes_before: Histogram


def both_told(
    session: Session, *, scope: Scope, asked: Asked, known: Callable[[date], Field] | None = None
) -> Both:  # fmt: skip
    """Everything a look asks. `known` gives the dealers of the scope on a day where somebody keeps them."""
    known = known or (lambda on: field_of(session, scope, on))
    two = (asked, asked.before)
    fields = (known(asked.tiers_on), known(asked.before.tiers_on))
    found, earned = periods(session, scope=scope, asked=asked), earning(session, scope=scope, asked=asked)
    extra = volumes(session, scope=scope, asked=asked, fields=fields)
    people = [one.total("decided", "decided", "by_checks") for one in found]
    took, before = minutes(
        session, scope=scope, asked=asked,
        people=(people[0]["decided"] - people[0]["by_checks"], people[1]["decided"] - people[1]["by_checks"]),
    )  # fmt: skip
    told: dict[Way, Told] = {way: _sums(found[0], way) | {extra_units: _extra(extra[0], way)} for way in WAYS}
    prior = _sums(found[1], WHOLE) | {extra_units: _extra(extra[1], WHOLE)}
    for number, (one, wholes) in enumerate(zip(two, (told[WHOLE], prior), strict=True)):
        rows, whole = _taking_part(session, one, fields[number], earned[number])
        wholes[figures.taking_part] = [whole]
        if not number:
            told[("program",)][figures.taking_part] = rows
    return Both(told=told, prior=prior, minutes=took, minutes_before=before)


def _sums(period: Period, way: Way) -> Told:
    """Rows of what adds up; by program there is one for each that has an entry of any time."""
    facts: tuple[tuple[Callable[..., Any], str, tuple[str, ...], dict[str, str]], ...] = (
        (figures.paid_units, "paid", ("units", "cents"), {}),
        (figures.claimed_sales, "units", ("units", "claimed"), {"units": "eligible"}),
        (figures.decided, "decided", ("decided", "denied"), {}),
    )
    made: Told = {}
    for source, fact, names, called in facts:
        cells = {None: period.total(fact, *names)} if way == WHOLE else period.by(fact, way[0], *names)
        made[source] = [
            _key(way, key) | {called.get(name, name): value for name, value in cell.items()}
            for key, cell in cells.items()
        ]
    made[figures.money] = _money(period, way)
    return made


def _money(period: Period, way: Way) -> Rows:
    if way == WHOLE:
        return [period.total("money", *_MONEY) | {"open": sum(period.open_cents.values())}]
    cells = period.by("money", way[0], *_MONEY)
    if way == ("month",):
        return [{"month": key, **cell, "open": cell["approved"] - cell["paid"]} for key, cell in cells.items()]
    nothing = dict.fromkeys(_MONEY, 0)
    return [
        {"program": program, **cells.get(program, nothing), "open": cents}
        for program, cents in period.open_cents.items()
    ]  # fmt: skip


def _extra(rows: Rows, way: Way) -> Rows:
    cells: dict[Any, dict[str, int]] = {None: dict.fromkeys(_EXTRA, 0)} if way == WHOLE else {}
    for row in rows:
        cell = cells.setdefault(row[way[0]] if way else None, dict.fromkeys(_EXTRA, 0))
        for name in _EXTRA:
            cell[name] += row[name]
    return [_key(way, key) | cell | {"extra": cell["units"] - cell["baseline"]} for key, cell in cells.items()]


def _key(way: Way, key: Any) -> dict[str, Any]:
    return {way[0]: key} if way else {}


def _taking_part(session: Session, asked: Asked, field: Field, earned: Earning) -> tuple[Rows, dict[str, int]]:
    """`figures.taking_part` by program, and whole: a dealer of two programs counts once."""
    ids = field.ids(asked)
    rows, all_eligible, all_earning = [], set[int](), set[int]()
    for program_id, plans in plans_asked(session, asked).items():
        has_earned = earned.get(program_id, frozenset()) & ids
        eligible = (field.taken_by(plans[-1].program) & ids) | has_earned
        if eligible:
            rows.append({"program": program_id, "eligible": len(eligible), "earning": len(has_earned)})
        all_eligible |= eligible
        all_earning |= has_earned
    return rows, {"eligible": len(all_eligible), "earning": len(all_earning)}
