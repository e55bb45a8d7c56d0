"""The one registry of metrics: those of every area, asked in one way, with the same filters in and names out (0066)."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.among import several
from db.core.area import Area, Metric
from db.core.problems import Problem, Refused
from db.dealers.tables import Dealer

NOBODY: Final = -1
"""The id of a dealer there is not: a code nobody has matches nothing (0 stands for leads without a dealer)."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A metric with the area that counts it; its `compute` takes the common filters."""

    metric: Metric
    area: str
    area_title: str


_entries: dict[str, Entry] = {}


def register(areas: Iterable[Area]) -> dict[str, Metric]:
    """Make the metrics of the areas known and give them by name; the catalogue calls this once when it is loaded."""
    for area in areas:
        for metric in area.metrics:
            alike = replace(metric, compute=partial(ask, metric))
            _entries[metric.definition.name] = Entry(metric=alike, area=area.name, area_title=area.title)
    return {name: entry.metric for name, entry in _entries.items()}


def _known() -> dict[str, Entry]:
    if not _entries:
        # Named as text, because an area may not import the catalogue that lists it; loading it calls `register`.
        importlib.import_module("db.catalog")
    return _entries


def entries() -> tuple[Entry, ...]:
    """Every metric with its area, in the order of the areas."""
    return tuple(_known().values())


def find(name: str) -> Metric | None:
    """The metric of this name, None when there is none."""
    entry = _known().get(name)
    return entry.metric if entry else None


def area_of(name: str) -> str:
    """The name of the area that counts a metric that is known."""
    return _known()[name].area


def monthly() -> tuple[Metric, ...]:
    """The metrics that say what a month was: those a month can be frozen of."""
    return tuple(entry.metric for entry in entries() if "month" in entry.metric.dims)


def ask(
    metric: Metric, session: Session, *, scope: Scope, by: Sequence[str] = (),
    filters: Mapping[str, Any] | None = None, now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value} of one metric for the common filters, and its own beside them.

    A month comes as "2026-11", a dealer as `dealer` (code), `dealer_id` and `dealer_name`. Refused: days nobody can
    read, a first day after the last, dimensions the metric has not or not together.
    """
    _check_dims(metric, by)
    rows = metric.compute(session, scope=scope, by=tuple(by), filters=tidy(session, metric, filters or {}), now=now)
    return [_alike(row) for row in rows]


def _check_dims(metric: Metric, by: Sequence[str]) -> None:
    title = metric.definition.title
    if unknown := [dim for dim in by if dim not in metric.dims]:
        known = ", ".join(metric.dims) or "nothing"
        message = f"{title} cannot be split by {', '.join(unknown)}; it can by {known}."
        raise Refused(Problem(code="unknown_dimension", field="by", message=message))
    if len(by) > metric.most_dims:
        message = f"{title} is split by at most {metric.most_dims} dimension at a time."
        raise Refused(Problem(code="too_many_dimensions", field="by", message=message))


def tidy(session: Session, metric: Metric, filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters in the one shape areas take: days as `date`s, regions and ids of dealers as tuples, empty ones gone.

    Days are left out where the metric tells what stands now.
    """
    found: dict[str, Any] = {}
    for name, value in filters.items():
        if value is None or value == "" or (isinstance(value, list | tuple | set | frozenset) and not value):
            continue
        if name in ("from", "to"):
            if metric.period != "now":
                found[name] = _day(name, value)
        elif name == "region":
            found[name] = tuple(str(one) for one in several(value))
        elif name == "dealer":
            found[name] = _dealers(session, several(value))
        else:
            found[name] = value
    if "from" in found and "to" in found and found["from"] > found["to"]:
        raise Refused(Problem(code="reversed", field="from", message="The first day is not after the last."))
    return found


def _day(name: str, value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()  # whoever names a moment means the day written in it, whatever its zone
    if isinstance(value, date):
        return value
    text = str(value)
    try:
        if len(text) == 7:
            month = date.fromisoformat(f"{text}-01")
            return month if name == "from" else _last_of(month)
        return date.fromisoformat(text)
    except ValueError:
        message = f"“{text}” is no day: write it as 2026-01-31."
        raise Refused(Problem(code="bad_day", field=name, message=message)) from None


def _last_of(month: date) -> date:
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def _dealers(session: Session, values: Sequence[Any]) -> tuple[int, ...]:
    """Ids of dealers from their codes (text; leading zeros count) or ids (numbers); nobody's where none is known."""
    ids = [value for value in values if isinstance(value, int)]
    if codes := [str(value) for value in values if not isinstance(value, int)]:
        ids += session.scalars(select(Dealer.id).where(Dealer.code.in_(codes)).order_by(Dealer.id))
    return tuple(dict.fromkeys(ids)) or (NOBODY,)


def _alike(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its month as "2026-11", and its numbers as whole ones or floats, whatever the database sums with."""
    if Decimal in map(type, row.values()):
        row = {name: _number(value) if isinstance(value, Decimal) else value for name, value in row.items()}
    if isinstance(month := row.get("month"), date):
        row = {**row, "month": f"{month:%Y-%m}"}
    return row


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
