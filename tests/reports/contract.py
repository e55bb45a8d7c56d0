"""What every metric promises of its filters and dimensions (decision 0064), as sentences about what is broken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import EVERYTHING, Scope
from db.core.area import Metric
from db.dealers.tables import Dealer

PARTS = ("numerator", "denominator", "value")
STOCKS = {"incentive_open"}
"""What stands on the last day of the period: days do not add up."""
SERVED = {"claim_cost_per_unit", "claims_per_100"}
"""They are counted over the vehicles in service, which last longer than a period."""
DAY = timedelta(days=1)


class Asked:
    """One metric on one database, asked as often as needed."""

    def __init__(self, session: Session, metric: Metric, *, now: datetime, span: tuple[date, date]) -> None:
        self.session, self.metric, self.now = session, metric, now
        self.days = {"from": span[0], "to": span[1]}
        self.span = span

    def rows(self, *by: str, scope: Scope = EVERYTHING, **filters: Any) -> list[dict[str, Any]]:
        """Rows by dimensions within the span, or the days among the filters."""
        given = {**self.days, **{name.rstrip("_"): value for name, value in filters.items()}}
        return self.metric.compute(self.session, scope=scope, by=by, filters=given, now=self.now)

    def whole(self, **filters: Any) -> tuple[Any, ...]:
        """Numerator, denominator and value of everything the filters leave."""
        rows = self.rows(**filters)
        assert len(rows) <= 1, f"{self.metric.definition.name} has {len(rows)} rows for the whole"
        return tuple(_round(rows[0][part]) for part in PARTS) if rows else (0, 0, None)

    def total(self, **filters: Any) -> float:
        """The value as a number, nothing as 0."""
        return self.whole(**filters)[2] or 0


def _round(value: Any) -> Any:
    return round(value, 9) if isinstance(value, float) else value


def _nothing(parts: tuple[Any, ...]) -> bool:
    return not any(parts)


def broken(
    session: Session, metric: Metric, *, now: datetime, span: tuple[date, date], days: Sequence[date] = ()
) -> Iterator[str]:
    """Sentences about what a metric does not keep; none for a sound one. `days` are looked at one by one."""
    asked = Asked(session, metric, now=now, span=span)
    name = metric.definition.name
    dealers: dict[int, tuple[str, str]] = {
        i: (code, region) for i, code, region in session.execute(select(Dealer.id, Dealer.code, Dealer.region))
    }
    for sentence in (
        *_dimensions(asked, dealers), *_narrowed(asked, "region", sorted({r for _, r in dealers.values()})),
        *_narrowed(asked, "dealer", sorted(code for code, _ in dealers.values())), *_period(asked, days),
        *_scoped(asked, dealers),
    ):  # fmt: skip
        yield f"{name}: {sentence}"


def _dimensions(asked: Asked, dealers: dict[int, tuple[str, str]]) -> Iterator[str]:
    metric, whole = asked.metric, asked.whole()
    for dim in metric.dims:
        rows = asked.rows(dim)
        keys = [row.get(f"{dim}_id", row[dim]) for row in rows]
        if len(set(keys)) != len(keys):
            yield f"by {dim} some rows are there twice"
        if missing := [part for row in rows for part in PARTS if part not in row]:
            yield f"by {dim} a row has no {missing[0]}"
        if dim == "dealer":
            for row in rows:
                known = dealers.get(row["dealer_id"], ("", ""))[0] if row["dealer_id"] else ""
                if row["dealer"] != known or not row["dealer_name"]:
                    yield f"a dealer is told as {row['dealer']!r}, {row['dealer_id']!r}, {row['dealer_name']!r}"
        if dim == "month" and (wrong := [key for key in keys if not re.fullmatch(r"\d{4}-\d{2}", str(key))]):
            yield f"a month is told as {wrong[0]!r}"
        if metric.is_sum and dim not in metric.overlaps:
            total = sum(row["value"] or 0 for row in rows)
            if total != (whole[2] or 0):
                yield f"by {dim} the parts are {total}, the whole is {whole[2]}"


def _narrowed(asked: Asked, dim: str, known: Sequence[str]) -> Iterator[str]:
    """A filter leaves what the row of that region or dealer says; several leave the sum; an unknown one nothing."""
    found = {value: asked.whole(**{dim: value}) for value in known}
    if dim in asked.metric.dims:
        by = {row[dim]: tuple(_round(row[part]) for part in PARTS) for row in asked.rows(dim)}
        for value, parts in found.items():
            told = by.get(value)
            if told is None and not _nothing(parts):
                yield f"{dim} {value} is {parts} as a filter and has no row"
            elif told is not None and told != parts and not (_nothing(told) and _nothing(parts)):
                yield f"{dim} {value} is {parts} as a filter, {told} as a row"
    some = [value for value in known if not _nothing(found[value])][:2] or list(known[:1])
    for value in some[:1]:
        for shape in ([value], frozenset([value])):
            if asked.whole(**{dim: shape}) != found[value]:
                yield f"{dim} {value} in a {type(shape).__name__} is not {value} alone"
    if asked.metric.is_sum and len(some) == 2:
        both, each = asked.total(**{dim: some}), sum(found[value][2] or 0 for value in some)
        if both != each:
            yield f"{dim} {some} together are {both}, one by one {each}"
    if not _nothing(unknown := asked.whole(**{dim: "no such place"})):
        yield f"an unknown {dim} leaves {unknown}"


def _period(asked: Asked, days: Sequence[date]) -> Iterator[str]:
    first, last = asked.span
    whole = asked.whole()
    if asked.whole(from_=first.isoformat(), to=last.isoformat()) != whole:
        yield "days as text are other days"
    early = {"from_": date(2001, 3, 5), "to": date(2001, 3, 20)}
    if asked.metric.period == "now":
        if asked.whole(**early) != whole or asked.whole(from_=None, to=None) != whole:
            yield "it stands now, but days change it"
        return
    if not _nothing(asked.whole(**early)):
        yield f"a time before everything has {asked.whole(**early)}"
    top, bottom, _ = asked.whole(from_=date(2101, 3, 5), to=date(2101, 3, 20))
    if asked.metric.definition.name not in STOCKS and (top or (bottom and asked.metric.definition.name not in SERVED)):
        yield f"a time after everything has {top} of {bottom}"
    if asked.metric.period == "months":
        end = (last.replace(day=1) + timedelta(days=32)).replace(day=1) - DAY
        if asked.whole(from_=first.replace(day=1), to=end) != whole:
            yield "it counts months, but not the whole months that the days touch"
        return
    if asked.metric.is_sum and asked.metric.definition.name not in STOCKS:
        each = sum(asked.total(from_=day, to=day) for day in days)
        if days and each != asked.total(from_=days[0], to=days[-1]):
            yield f"day by day it is {each}, the same days together {asked.total(from_=days[0], to=days[-1])}"


def _scoped(asked: Asked, dealers: dict[int, tuple[str, str]]) -> Iterator[str]:
    for dealer_id, (code, region) in list(dealers.items())[:2]:
        scope = Scope("dealers", dealer_ids=frozenset([dealer_id]))
        if "dealer" in asked.metric.dims:
            others = {row["dealer_id"] for row in asked.rows("dealer", scope=scope)} - {dealer_id}
            if others:
                yield f"people of {code} see dealers {sorted(map(str, others))}"
        if "region" in asked.metric.dims:
            seen = {row["region"] for row in asked.rows("region", scope=scope)} - {region}
            if seen:
                yield f"people of {code} see regions {sorted(map(str, seen))}"
