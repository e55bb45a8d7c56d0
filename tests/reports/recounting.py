"""Metrics held against the rows as they are stored: the whole and each region, counted one by one in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from statistics import mean
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db import catalog
from db.core.actor import EVERYTHING
from db.core.session import reading
from tests.reports.told import World

Parts = tuple[Any, Any, Any]
Told = Callable[[list[Any]], Parts]


def stored(engine: Engine, table: Any) -> list[Any]:
    with reading(engine) as session:
        found = list(session.scalars(select(table).order_by(table.id)))
        session.expunge_all()
    return found


def ask(engine: Engine, world: World, name: str, *by: str) -> list[dict[str, Any]]:
    with reading(engine) as session:
        return catalog.metric(name).compute(
            session, scope=EVERYTHING, by=by, filters={"from": world.first, "to": world.last}, now=world.now
        )


def hold(
    engine: Engine, world: World, name: str, rows: Iterable[Any], say: Told,
    month: Callable[[Any], date] | None = None,
) -> None:  # fmt: skip
    """The whole, each region and, where a day is named, each `month` are what `say` makes of the rows."""
    rows = list(rows)
    (whole,) = ask(engine, world, name)
    assert_parts(name, "all", whole, say(rows))
    assert rows, f"{name}: nothing to recount"
    regions = defaultdict(list)
    for row in rows:
        regions[row.region or ""].append(row)
    found = {row["region"]: row for row in ask(engine, world, name, "region")}
    for region, some in regions.items():
        assert_parts(name, region, found[region], say(some))
    if month is None:
        return
    months = defaultdict(list)
    for row in rows:
        months[f"{month(row):%Y-%m}"].append(row)
    found = {row["month"]: row for row in ask(engine, world, name, "month")}
    assert {m for m, row in found.items() if row["numerator"] or row["denominator"]} <= set(months), name
    for key, some in months.items():
        assert_parts(name, key, found[key], say(some))


def assert_parts(name: str, where: str, row: dict[str, Any], expected: Parts) -> None:
    for part, value in zip(("numerator", "denominator", "value"), expected, strict=True):
        assert row[part] == (pytest.approx(value) if isinstance(value, float) else value), (name, where, part)


def share(hit: Callable[[Any], bool]) -> Told:
    def parts(rows: list[Any]) -> Parts:
        n = sum(1 for row in rows if hit(row))
        return n, len(rows), n / len(rows)

    return parts


def number(rows: list[Any]) -> Parts:
    return len(rows), None, len(rows)


def mean_of(of: Callable[[Any], float]) -> Told:
    return lambda rows: (sum(of(r) for r in rows), len(rows), mean(of(r) for r in rows))


def ratio(top: int, bottom: float) -> Parts:
    return top, bottom, top / bottom if bottom else None
