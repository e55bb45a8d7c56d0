"""Figures of the metric catalogue side by side: a period beside the one before and a year ago, by month, by dealer.

No fact is counted here: every number is what its metric computes. A region, dealer, brand or tier narrows the scope, so
that each metric sees the dealers asked for and no others (decision 0064).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from db.calendar.months import add_months, month_of
from db.claims.figure_filters import remembered
from db.core.actor import Scope
from db.core.area import Metric, MetricDefinition
from db.core.problems import Problem, Refused
from db.dealers.queries import DealerChoice, DealerFilters, dealer_choices, matching_ids
from db.reports.catalogue import area_of, find
from db.reports.peer_rules import is_small
from db.reports.period_rules import Span, before, may_compare, year_before
from db.terms.queries import tiers_on

_BY_MONTH: Final = frozenset({"leads", "marketing", "objectives"})
"""Areas whose metrics count whole months: the days asked for stand for the months they touch."""
_NOT_CASES: Final = frozenset({"coop_utilisation", "claim_approved_ratio"})
"""Money over money: a denominator of nine cents is not nine cases."""
_SUMS: Final = frozenset(
    {
        "received", "response_sla", "close_rate", "won_value", "win_rate", "claims_sent", "claim_first_pass",
        "incentive_paid", "coop_utilisation", "coop_paid",
    }
)  # fmt: skip
"""Metrics of which whole months are the sum of each: a period among months that are known is not asked for again."""
AREAS: Final = (
    "leads", "appointments", "cadence", "quality", "surveys", "marketing", "claims", "claim_payments", "parts",
    "incentives", "coop", "objectives", "dealers", "terms",
)  # fmt: skip
"""What changes these figures: the counters of every cache key."""
MOST_DEALERS: Final = 5_000


# ---- what is asked for -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """What figures are narrowed to; empty means everything. Hashable: part of cache keys."""

    region: str = ""
    dealer_id: int = 0
    brand: str = ""
    tier: str = ""


def metric(name: str) -> Metric:
    """The metric of this name; raises `Refused` where no metric of dealers is called so."""
    found = find(name)
    if found is None or "dealer" not in found.dims:
        message = f"There is no metric “{name}” that knows dealers."
        raise Refused(Problem(code="unknown_metric", field="metric", message=message))
    return found


def definition(name: str) -> MetricDefinition:
    """The definition of a metric."""
    return metric(name).definition


def narrowed_scope(session: Session, *, scope: Scope, chosen: Narrowed, on: date) -> Scope:
    """The part of a scope that is asked for: never more than the scope itself; at most two statements.

    A brand means dealers who may sell it, those without any named brand too, as routing reads it; the tier is that of
    the day `on`. A region alone keeps leads that wait there for a dealer.
    """
    if not (chosen.dealer_id or chosen.brand or chosen.tier):
        if not chosen.region:
            return scope
        if scope.kind == "all":
            return Scope("regions", frozenset({chosen.region}))
        if scope.kind == "regions":
            return Scope("regions", scope.regions & {chosen.region})
    found = set(
        matching_ids(
            session, scope=scope, limit=MOST_DEALERS,
            filters=DealerFilters(regions=(chosen.region,) if chosen.region else (), brand=chosen.brand),
        )
    )  # fmt: skip
    if chosen.dealer_id:
        found &= {chosen.dealer_id}
    if chosen.tier:
        found &= {i for i, tier in tiers_on(session, scope=scope, on=on).items() if tier == chosen.tier}
    return Scope("dealers", frozenset(), frozenset(found))


# ---- figures ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Part:
    """A figure with its two numbers; a share is a share of 1, money is cents."""

    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure of a period beside the period before and the same days a year ago.

    `months` are (first day, figure), oldest first, the last one may still run. `is_fair` says whether the period may be
    compared: a sum of whole months is not, while its last month is still running.
    """

    name: str
    now: Part
    prior: Part
    year: Part
    is_fair: bool
    months: tuple[tuple[date, Part], ...] = ()

    @property
    def small(self) -> bool:
        """Whether it is of fewer than ten cases."""
        return is_few(self.name, self.now)

    @property
    def change(self) -> float | None:
        """How much it moved since the period before; None where that is unknown, unfair or says nothing."""
        return self._moved(self.prior)

    @property
    def year_change(self) -> float | None:
        """How much it moved since a year ago."""
        return self._moved(self.year)

    def _moved(self, other: Part) -> float | None:
        if not self.is_fair or self.now.value is None or other.value is None:
            return None
        return None if self.small or is_few(self.name, other) else self.now.value - other.value


def is_few(name: str, part: Part) -> bool:
    """Whether a figure is of fewer than ten cases, and is told as its two numbers."""
    return is_small(part.denominator, counts_cases=bool(definition(name).denominator) and name not in _NOT_CASES)


def _ask(
    session: Session, name: str, *, scope: Scope, by: Sequence[str] = (), span: Span, now: datetime
) -> list[dict[str, Any]]:
    filters = {"from": span.first, "to": span.last}
    return metric(name).compute(session, scope=scope, by=tuple(by), filters=filters, now=now)


def _part(row: Mapping[str, Any]) -> Part:
    return Part(value=row["value"], numerator=row["numerator"], denominator=row["denominator"])


def _whole(session: Session, name: str, *, scope: Scope, span: Span, now: datetime) -> Part:
    rows = _ask(session, name, scope=scope, span=span, now=now)
    if rows:
        return _part(rows[0])
    return Part() if definition(name).denominator else Part(value=0, numerator=0)


def overview(
    session: Session, *, scope: Scope, span: Span, names: Sequence[str], months: int = 24, until: date | None = None,
    now: datetime,
) -> dict[str, Figure]:  # fmt: skip
    """Each metric of the period, beside the one before and a year ago, with its months; a set number of statements.

    The months end with `until`, or with the period.
    """
    found: dict[str, Figure] = {}
    last = until or span.last
    with remembered(session):
        for name in names:
            ask: dict[str, Any] = {"scope": scope, "now": now}
            known = _months(session, name, last=last, months=months, **ask)
            current, prior, year = (
                _added(name, known, part, last=last) or _whole(session, name, span=part, **ask)
                for part in (span, before(span), year_before(span))
            )
            found[name] = Figure(
                name=name, now=current, prior=prior, year=year, months=known,
                is_fair=may_compare(
                    span, counts_months=area_of(name) in _BY_MONTH, is_sum=not definition(name).denominator
                ),
            )  # fmt: skip
    return found


def _added(name: str, months: Sequence[tuple[date, Part]], span: Span, *, last: date) -> Part | None:
    """The figure of a period out of its months; None where they do not hold exactly its days, or do not add up."""
    if name not in _SUMS or not months or span.first < months[0][0] or span.first.day != 1:
        return None
    if span.last != last and not (span.is_whole and span.last < last):
        return None
    parts = [part for month, part in months if span.first <= month <= span.last]
    numerator, denominator, value = (
        sum(numbers) if (numbers := [n for n in column if n is not None]) else None
        for column in zip(*((p.numerator, p.denominator, p.value) for p in parts), strict=True)
    )
    if definition(name).unit == "percent":
        value = (numerator or 0) / denominator if denominator else None
    return Part(value=value, numerator=numerator, denominator=denominator)


def _months(
    session: Session, name: str, *, scope: Scope, last: date, months: int, now: datetime
) -> tuple[tuple[date, Part], ...]:
    if "month" not in metric(name).dims:
        return ()
    newest = month_of(last)
    span = Span(first=add_months(newest, 1 - months), last=last)
    rows = {
        str(row["month"])[:7]: _part(row) for row in _ask(session, name, scope=scope, by=("month",), span=span, now=now)
    }
    nothing = Part() if definition(name).denominator else Part(value=0, numerator=0)
    listed = [add_months(span.first, n) for n in range(months)]
    return tuple((month, rows.get(f"{month:%Y-%m}", nothing)) for month in listed)


def by_region(session: Session, *, scope: Scope, span: Span, name: str, now: datetime) -> list[tuple[str, Part]]:
    """A metric by region, as its metric orders them; regions nothing is known of are left out."""
    rows = _ask(session, name, scope=scope, by=("region",), span=span, now=now)
    return [(str(row["region"]), _part(row)) for row in rows if row["region"] and row["value"] is not None]


def by_dealer(
    session: Session, *, scope: Scope, span: Span, names: Sequence[str], now: datetime
) -> dict[str, dict[int, Part]]:
    """Metrics by dealer id, one question for each metric."""
    found: dict[str, dict[int, Part]] = {}
    with remembered(session):
        for name in names:
            rows = _ask(session, name, scope=scope, by=("dealer",), span=span, now=now)
            found[name] = {int(row["dealer_id"]): _part(row) for row in rows if row.get("dealer_id")}
    return found


@dataclass(frozen=True, kw_only=True)
class Line:
    """One dealer with its figures, by name of the metric; a metric that knows nothing of it is left out."""

    dealer_id: int
    code: str
    name: str
    region: str
    parts: Mapping[str, Part]


@dataclass(frozen=True, kw_only=True)
class Leading:
    """The first dealers by a metric, and of how many dealers."""

    lines: tuple[Line, ...]
    among: int


def leading(
    session: Session, *, scope: Scope, span: Span, names: Sequence[str], by: str, most: int, now: datetime
) -> Leading:
    """The first dealers of a scope by a metric, best first, with all figures of these and of no others.

    In a large network one metric says who they are; the others are asked of them alone.
    """
    dealers = dealer_choices(session, scope)
    if len(dealers) > most:
        ranks = by_dealer(session, scope=scope, span=span, names=(by,), now=now)[by]
        ranked = ordered([_line(one, {by: ranks}) for one in dealers if _says(ranks.get(one.dealer_id))], by)[:most]
        if len(ranked) == most:
            few = Scope("dealers", frozenset(), frozenset(line.dealer_id for line in ranked))
            others = tuple(name for name in names if name != by)
            found = {by: ranks, **by_dealer(session, scope=few, span=span, names=others, now=now)}
            asked = {name: found[name] for name in names}
            return Leading(lines=tuple(_line(line, asked) for line in ranked), among=len(dealers))
    every = ordered(_lines(session, dealers, scope=scope, span=span, names=names, now=now), by)
    return Leading(lines=tuple(every[:most]), among=len(every))


def ordered(rows: Iterable[Line], name: str) -> list[Line]:
    """Dealers by a metric, the best first; those with too few cases to rank come last (domain-rules 2.2b)."""
    falling = metric(name).definition.better != "down"

    def place(line: Line) -> tuple[int, float, str]:
        part = line.parts.get(name, Part())
        rank = 2 if part.value is None else 1 if is_few(name, part) else 0
        value = part.value or 0
        return (rank, -value if falling else value, line.name)

    return sorted(rows, key=place)


def lines(session: Session, *, scope: Scope, span: Span, names: Sequence[str], now: datetime) -> list[Line]:
    """Every dealer of the scope something is known of, by name."""
    return _lines(session, dealer_choices(session, scope), scope=scope, span=span, names=names, now=now)


def _lines(
    session: Session, dealers: Sequence[DealerChoice], *, scope: Scope, span: Span, names: Sequence[str], now: datetime
) -> list[Line]:
    found = by_dealer(session, scope=scope, span=span, names=names, now=now)
    made = (_line(dealer, found) for dealer in dealers)
    return [line for line in made if any(_says(part) for part in line.parts.values())]


def _line(dealer: DealerChoice | Line, found: Mapping[str, Mapping[int, Part]]) -> Line:
    parts = {name: parts[dealer.dealer_id] for name, parts in found.items() if dealer.dealer_id in parts}
    return Line(dealer_id=dealer.dealer_id, code=dealer.code, name=dealer.name, region=dealer.region, parts=parts)


def _says(part: Part | None) -> bool:
    return part is not None and part.value is not None
