"""The leads that stand in a pipeline now, counted over one index that holds open leads only (decision 0029).

Ages are whole days of 24 hours in the present stage, counted by the second and by nobody's calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, func, literal, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction

from db.core.actor import Scope
from db.core.types import UtcDateTime
from db.leads import cohorts
from db.leads.cohorts import median_of
from db.leads.pipeline_rules import (
    BUCKET_BY_NAME,
    BUCKETS,
    PARKED,
    STAGE_OF,
    STAGES,
    WON,
    Stage,
    bucket_of,
    entered_before,
)
from db.leads.tables import Lead

MANY = 300


class whole_days_since(GenericFunction[int]):  # noqa: N801 - the name of an SQL function
    """Days of 86,400 seconds from a moment (first argument) to a second of the epoch (second argument)."""

    type = BigInteger()
    inherit_cache = True


@compiles(whole_days_since, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    moment, second = (compiler.process(part, **more) for part in element.clauses)
    return f"(({second} - CAST(strftime('%s', {moment}) AS INTEGER)) / 86400)"


@compiles(whole_days_since, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **more: Any) -> str:
    moment, second = (compiler.process(part, **more) for part in element.clauses)
    return f"(({second} - FLOOR(EXTRACT(EPOCH FROM {moment}))::bigint) / 86400)"


def where(scope: Scope, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """Open leads of a scope under the filters region, dealer, source and product; refuses other names."""
    wanted = cohorts.check((), {name: value for name, value in filters.items() if name not in ("from", "to")})
    # A lead of which nobody knows since when it stands there has no age and is in no number; `db check` names it.
    found: list[ColumnElement[bool]] = [Lead.is_open == true(), Lead.stage_entered_at.is_not(None)]
    found.append(scope.where(Lead.dealer_id, Lead.region))
    for name, column in (
        ("region", Lead.region), ("dealer", Lead.dealer_id), ("source", Lead.source), ("product", Lead.product),
        ("state", Lead.state),
    ):  # fmt: skip
        if name in wanted:
            found.append(column.in_(wanted[name]))
    return found


def in_bucket(bucket: str, now: datetime) -> list[ColumnElement[bool]]:
    """Leads that stand in their stage for a span of days."""
    span = BUCKET_BY_NAME[bucket]
    found: list[ColumnElement[bool]] = [Lead.stage_entered_at < entered_before(span.first, now)] if span.first else []
    if span.last is not None:
        found.append(Lead.stage_entered_at >= entered_before(span.last + 1, now))
    return found


def is_stale(now: datetime) -> ColumnElement[bool]:
    """Whether a lead stands in its stage for longer than the stage allows."""
    limits = [(Lead.status.in_(stage.statuses), entered_before(stage.stale_days, now)) for stage in STAGES]
    return Lead.stage_entered_at < case(*((which, literal(limit, UtcDateTime())) for which, limit in limits))


@dataclass(kw_only=True)
class Standing:
    """What stands in one stage. `ages` is (days, how many) in order; `value_cents` sums the known values only."""

    stage: Stage
    count: int = 0
    value_cents: int = 0
    unvalued: int = 0
    ages: list[tuple[int, int]]

    @property
    def median_days(self) -> float | None:
        """The middle of the days in this stage."""
        return median_of(self.ages)

    @property
    def stale(self) -> int:
        """How many stand here for too long."""
        return sum(n for days, n in self.ages if days >= self.stage.stale_days)

    @property
    def by_bucket(self) -> dict[str, int]:
        """How many stand here for each span of days."""
        found = {bucket.name: 0 for bucket in BUCKETS}
        for days, n in self.ages:
            found[bucket_of(days).name] += n
        return found


def standing(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> tuple[dict[str, Standing], dict[str, int]]:
    """What stands in each stage, and how many open leads are parked outside of the pipeline. One statement."""
    found = _by_key(session, scope=scope, filters=filters, now=now, key=None)
    stages, parked = found.get(None, (_empty(), dict.fromkeys(PARKED, 0)))
    return stages, parked


def standing_by_dealer(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime, dealer_ids: Sequence[int]
) -> dict[int, dict[str, Standing]]:
    """The same for each of these dealers, in one statement bounded by their open leads."""
    asked = set(dealer_ids)
    if filters.get("dealer"):
        asked &= set(cohorts.check((), {"dealer": filters["dealer"]})["dealer"])
    if not asked:
        return {}
    narrowed = {**filters, "dealer": tuple(sorted(asked))}
    return standing_by(session, scope=scope, filters=narrowed, now=now, key=Lead.dealer_id)


def standing_by(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime, key: Any
) -> dict[Any, dict[str, Standing]]:
    """The same by the values of a column of `Lead`."""
    found = _by_key(session, scope=scope, filters=filters, now=now, key=key)
    return {value: stages for value, (stages, _) in found.items()}


def _empty() -> dict[str, Standing]:
    return {stage.name: Standing(stage=stage, ages=[]) for stage in STAGES}


def _by_key(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime, key: Any
) -> dict[Any, tuple[dict[str, Standing], dict[str, int]]]:
    days = whole_days_since(Lead.stage_entered_at, int(now.timestamp())).label("days")
    columns = [] if key is None else [key.label("key")]
    query = (
        select(
            *columns, Lead.status, days, func.count().label("n"), func.sum(Lead.value_cents).label("value"),
            func.count(Lead.value_cents).label("valued"),
        )
        .where(*where(scope, filters), Lead.status.in_((*STAGE_OF, *PARKED)))
        .group_by(*([] if key is None else [key]), Lead.status, days)
    )  # fmt: skip
    found: dict[Any, tuple[dict[str, Standing], dict[str, int]]] = {}
    ages: dict[tuple[Any, str], dict[int, int]] = {}
    for row in session.execute(query):
        at = None if key is None else row.key
        stages, parked = found.setdefault(at, (_empty(), dict.fromkeys(PARKED, 0)))
        if row.status in parked:
            parked[row.status] += row.n
            continue
        one = stages[STAGE_OF[row.status].name]
        one.count += row.n
        one.value_cents += int(row.value or 0)
        one.unvalued += row.n - row.valued
        spread = ages.setdefault((at, one.stage.name), {})
        age = max(0, int(row.days))
        spread[age] = spread.get(age, 0) + row.n
    for (at, name), spread in ages.items():
        found[at][0][name].ages = sorted(spread.items())
    return found


@dataclass(frozen=True, kw_only=True)
class DealerTotals:
    """What one dealer has by stage, as (leads, value in cents, leads without value); stale ones before the sale."""

    dealer_id: int
    stages: Mapping[str, tuple[int, int, int]]
    stale: int


def totals_by_dealer(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[DealerTotals]:
    """Every dealer of a scope that has leads in its pipeline; one statement over the index of open leads."""
    query = (
        select(
            Lead.dealer_id, Lead.status, func.count().label("n"), func.sum(Lead.value_cents).label("value"),
            func.count(Lead.value_cents).label("valued"), func.sum(case((is_stale(now), 1), else_=0)).label("stale"),
        )
        .where(*where(scope, filters), Lead.dealer_id.is_not(None), Lead.status.in_(tuple(STAGE_OF)))
        .group_by(Lead.dealer_id, Lead.status)
        .order_by(Lead.dealer_id)
    )  # fmt: skip
    dealer_id, stages, stale = 0, dict[str, tuple[int, int, int]](), 0
    for at, status, count, value, valued, late in session.execute(query):
        if at != dealer_id:
            if stages:
                yield DealerTotals(dealer_id=dealer_id, stages=stages, stale=stale)
            dealer_id, stages, stale = at, {}, 0
        name = STAGE_OF[status].name
        before = stages.get(name, (0, 0, 0))
        stages[name] = (before[0] + count, before[1] + int(value or 0), before[2] + count - valued)
        stale += int(late or 0) if name != WON else 0
    if stages:
        yield DealerTotals(dealer_id=dealer_id, stages=stages, stale=stale)


def medians_by_dealer(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime, dealer_ids: Sequence[int]
) -> dict[int, float | None]:
    """The middle of the days the open leads of these dealers stand in their stages, what is sold left out."""
    if not dealer_ids:
        return {}
    days = whole_days_since(Lead.stage_entered_at, int(now.timestamp())).label("days")
    working = [status for status, stage in STAGE_OF.items() if stage.name != WON]
    wanted = [*where(scope, filters), Lead.status.in_(working)]
    if len(dealer_ids) <= MANY:  # a list of very many is longer to look through than the open leads of all dealers
        wanted.append(Lead.dealer_id.in_(sorted(dealer_ids)))
    spread: dict[int, dict[int, int]] = {}
    wanted.append(Lead.dealer_id.is_not(None))
    query = select(Lead.dealer_id, days, func.count()).where(*wanted).group_by(Lead.dealer_id, days)
    for dealer_id, found, count in session.execute(query):
        of_dealer, age = spread.setdefault(int(dealer_id or 0), {}), max(0, int(found))
        of_dealer[age] = of_dealer.get(age, 0) + count
    return {dealer_id: median_of(sorted(spread.get(dealer_id, {}).items())) for dealer_id in dealer_ids}


def merged_ages(stages: Iterable[Standing]) -> list[tuple[int, int]]:
    """The ages of several stages together, in order."""
    spread: dict[int, int] = {}
    for one in stages:
        for days, n in one.ages:
            spread[days] = spread.get(days, 0) + n
    return sorted(spread.items())
