"""Sums of claims over any days: whole months from the rollups, what is left of a month from days or from the claims.

A period that ends within a month takes the month whole and subtracts the days it has too many, or adds those it has,
whichever are fewer: at most half a month at each end is read beside the months (decision 0070). Everything is one
statement, so that one moment is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, String, case, cast, func, literal_column, select, union_all
from sqlalchemy.orm import Session

from db.claims import rollup, rollup_measures
from db.claims.figure_rules import NOT_CLAIMS, UNPAID_TYPES
from db.claims.figure_tables import ClaimCell, ClaimDealerMonth, ClaimTook
from db.claims.tables import Claim
from db.core.actor import Scope
from db.core.among import among

ATTRIBUTES: Final = frozenset({"type", "component", "model", "part"})
DAYS: Final = ("month", "week")
MOST_MONTHS: Final = 60
COLUMNS: Final[dict[str, Any]] = {
    "region": Claim.region, "dealer": Claim.dealer_id, "type": Claim.claim_type, "component": Claim.component,
    "model": Claim.model, "part": Claim.causal_part,
}  # fmt: skip
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two days a claim counts on, with what it counts for and the types it leaves out unless asked for."""

    day: Any
    measures: Mapping[str, tuple[str, str]]
    left_out: tuple[str, ...]
    parts: bool


SENT: Final = Side(day=Claim.submitted_on, measures=rollup_measures.SENT, left_out=NOT_CLAIMS, parts=True)
DECIDED: Final = Side(day=Claim.first_decided_on, measures=rollup_measures.DECIDED, left_out=UNPAID_TYPES, parts=False)


# ---- months and what is left of them -------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Days from..to, added or (`sign` -1) taken away; None is open."""

    first: date | None = None
    last: date | None = None
    sign: int = 1


@dataclass(frozen=True, kw_only=True)
class Period:
    """Whole months from..to, by their first days (None is open), and the days beside them; no months at all: days."""

    months: Stretch | None
    days: tuple[Stretch, ...]


def following(month: date) -> date:
    """The first day of the next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def period(first: date | None, last: date | None) -> Period:
    """A period as whole months and the fewest days added or taken away."""
    if first is not None and last is not None and first > last:
        return Period(months=None, days=())
    low, days = None, []
    if first is not None:
        low = first.replace(day=1)
        over = (first - low).days
        end = following(low) - _DAY
        if last is not None and last < end:  # within one month
            short = (end - last).days
            if (last - first).days + 1 <= over + short:
                return Period(months=None, days=(Stretch(first=first, last=last),))
        elif over > (end - first).days + 1:
            days.append(Stretch(first=first, last=end))
            low = following(low)
            over = 0
        if over:
            days.append(Stretch(first=first.replace(day=1), last=first - _DAY, sign=-1))
    high = None
    if last is not None:
        high = last.replace(day=1)
        end = following(high) - _DAY
        within = first is not None and first.replace(day=1) == high
        if (end - last).days > last.day and not within:
            days.append(Stretch(first=high, last=last))
            high = (high - _DAY).replace(day=1)
        elif last != end:
            days.append(Stretch(first=last + _DAY, last=end, sign=-1))
    if low is not None and high is not None and low > high:
        return Period(months=None, days=tuple(days))
    return Period(months=Stretch(first=low, last=high), days=tuple(days))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Whose claims, by which dimensions, narrowed by which filters (`figure_filters.checked`)."""

    scope: Scope
    by: Sequence[str] = ()
    wanted: Mapping[str, Any]

    @property
    def names(self) -> frozenset[str]:
        """Every dimension and filter."""
        return frozenset({*self.by, *self.wanted})

    @property
    def days(self) -> Stretch:
        """The days of the filters."""
        return Stretch(first=self.wanted.get("from"), last=self.wanted.get("to"))

    @property
    def period(self) -> Period:
        """The same as months and days."""
        return period(self.wanted.get("from"), self.wanted.get("to"))


# ---- where sums stand ----------------------------------------------------------------------------------------------
def _within(column: Any, stretch: Stretch) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if stretch.first is not None:
        parts.append(column >= stretch.first)
    if stretch.last is not None:
        parts.append(column <= stretch.last)
    return parts


def _of_months(stretch: Stretch) -> list[ColumnElement[bool]]:
    """The months named one by one, so that the index of the dealers' months finds a dealer within each."""
    if stretch.first is not None and stretch.last is not None:
        found: list[date] = []
        month = stretch.first
        while month <= stretch.last and len(found) <= MOST_MONTHS:
            found.append(month)
            month = following(month)
        if len(found) <= MOST_MONTHS:
            return [ClaimDealerMonth.on_day.in_(found)]
    known = select(ClaimCell.on_day).where(ClaimCell.slice == rollup.TYPE.name, *_within(ClaimCell.on_day, stretch))
    return [ClaimDealerMonth.on_day.in_(known.distinct())]


def _types(column: Any, wanted: Mapping[str, Any], left_out: Sequence[str]) -> ColumnElement[bool]:
    return among(column, wanted["type"]) if "type" in wanted else column.not_in(left_out)


def _of_cells(
    table: Any, cut: rollup.Slice, stretch: Stretch, asked: Asked, left_out: Sequence[str]
) -> list[ColumnElement[bool]]:
    """Conditions on the cells of one cut; the scope is of regions or of everybody."""
    wanted = asked.wanted
    parts = [table.slice == cut.name, *_within(table.on_day, stretch), asked.scope.where(None, table.place)]
    if "region" in wanted:
        parts.append(among(table.place, wanted["region"]))
    if cut.typed:
        parts.append(_types(table.value, wanted, left_out))
    elif cut.name in wanted:
        parts.append(among(table.value, wanted[cut.name]))
    elif cut.name not in ATTRIBUTES:
        parts.append(table.value == "")
    return parts


def _of_claims(day: Any, stretch: Stretch, asked: Asked, left_out: Sequence[str]) -> list[ColumnElement[bool]]:
    wanted = asked.wanted
    parts = [day.is_not(None), *_within(day, stretch), asked.scope.where(Claim.dealer_id, Claim.region)]
    parts += [among(column, wanted[name]) for name, column in COLUMNS.items() if name in wanted and name != "type"]
    return [*parts, _types(Claim.claim_type, wanted, left_out)]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The cuts that hold a question: of months and of days; None reads the claims. `dealers` are months of dealers."""

    months: rollup.Slice | None = None
    days: rollup.Slice | None = None
    dealers: bool = False


_CUTS: Final = {
    "type": (rollup.TYPE, rollup.DAY_TYPE), "component": (rollup.COMPONENT, None), "model": (rollup.MODEL, None),
    "part": (rollup.PART, None),
}  # fmt: skip


def plan(asked: Asked, *, parts: bool) -> Plan:
    """The smallest tables that know every dimension and filter and tell the actor's dealers apart."""
    attributes = set(asked.names & ATTRIBUTES)
    if asked.scope.kind == "dealers" or "dealer" in asked.names:
        return Plan(dealers=not attributes and "week" not in asked.by)
    if len(attributes) > 1 or ("part" in attributes and not parts):
        return Plan()
    if attributes:
        months, days = _CUTS[attributes.pop()]
    else:
        months, days = rollup.TYPE, rollup.DAY
    return Plan(months=None if "week" in asked.by else months, days=days)


def _text(day: Any) -> Any:
    """A month as "2026-01", on both databases."""
    return func.substr(cast(day, String), 1, 7)


def _dim_columns(by: Sequence[str], day: Any, columns: Mapping[str, Any]) -> list[Any]:
    """The columns of the dimensions; days come last, once: as a month, or as the day a week is folded out of."""
    found = [columns[dim].label(dim) for dim in by if dim not in DAYS]
    if "week" in by:
        return [*found, day.label("day")]
    return [*found, _text(day).label("day")] if "month" in by else found


def _claim_dims(by: Sequence[str], day: Any) -> list[Any]:
    columns = COLUMNS | {"region": func.coalesce(Claim.region, ""), "dealer": func.coalesce(Claim.dealer_id, 0)}
    return _dim_columns(by, day, columns)


def rows(session: Session, side: Side, asked: Asked, *, measures: Sequence[str], having: str) -> list[Any]:
    """Rows of (dims in order without days..., the day or month where asked, measures...), those with `having` not 0.

    A region nobody named comes as "" and a claim of no dealer as dealer 0.
    """
    query = query_of(side, asked, measures=[*dict.fromkeys([*measures, having])])
    if query is None:
        return []
    inner = query.subquery()
    keys = [c for c in inner.c if c.name not in side.measures]
    outer = select(*keys, *(func.sum(inner.c[name]) for name in measures))
    if keys:
        outer = outer.group_by(*keys).having(func.sum(inner.c[having]) != 0)
    return list(session.execute(outer))


def query_of(side: Side, asked: Asked, *, measures: Sequence[str]) -> Any:
    """Rows to add up, from wherever each part of the period stands; None where the period is empty."""
    found = plan(asked, parts=side.parts)
    whole = found.months is None and not found.dealers
    days = Period(months=None, days=(asked.days,)) if whole else asked.period
    parts: list[Select[Any]] = []
    if days.months is not None:
        if found.months is not None:
            parts.append(_cells(found.months, days.months, side, asked, measures))
        else:
            parts.append(_dealer_months(days.months, asked, measures))
    for stretch in days.days:
        if found.days is not None:
            parts.append(_cells(found.days, stretch, side, asked, measures))
        else:
            parts.append(_claims(stretch, side, asked, measures))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else union_all(*parts)


def _signed(columns: Sequence[Any], names: Sequence[str], sign: int) -> list[Any]:
    return [(c if sign > 0 else -c).label(n) for c, n in zip(columns, names, strict=True)]


def _cells(cut: rollup.Slice, stretch: Stretch, side: Side, asked: Asked, measures: Sequence[str]) -> Select[Any]:
    columns = {"region": ClaimCell.place, **dict.fromkeys(ATTRIBUTES, ClaimCell.value)}
    sums = _signed([getattr(ClaimCell, name) for name in measures], measures, stretch.sign)
    where = _of_cells(ClaimCell, cut, stretch, asked, side.left_out)
    return select(*_dim_columns(asked.by, ClaimCell.on_day, columns), *sums).where(*where)


def _dealer_months(stretch: Stretch, asked: Asked, measures: Sequence[str]) -> Select[Any]:
    table, wanted = ClaimDealerMonth, asked.wanted
    where = [*_of_months(stretch), asked.scope.where(table.dealer_id, table.place)]
    if "region" in wanted:
        where.append(among(table.place, wanted["region"]))
    if "dealer" in wanted:
        where += [among(table.dealer_id, wanted["dealer"]), table.dealer_id != 0]
    sums = _signed([getattr(table, name) for name in measures], measures, stretch.sign)
    columns = {"region": table.place, "dealer": table.dealer_id}
    return select(*_dim_columns(asked.by, table.on_day, columns), *sums).where(*where)


def _claims(stretch: Stretch, side: Side, asked: Asked, measures: Sequence[str]) -> Select[Any]:
    minus = "-" if stretch.sign < 0 else ""
    # fixed SQL: the expressions of the rollup, written in this program and holding no value from outside
    sums = [
        literal_column(rollup.measure_sql(*side.measures[name], "claim", minus), Integer()).label(name)
        for name in measures
    ]
    where = _of_claims(side.day, stretch, asked, side.left_out)
    return select(*_claim_dims(asked.by, side.day), *sums).where(*where)


def gained(session: Session, asked: Asked) -> list[tuple[int, int, date]]:
    """(dealer, approved cents, first day of the month of the first approval) of dealers with any, over a closed period.

    Of the first and the last month only whether there is an approval within the days counts: days may be taken away
    from them.
    """
    query = query_of(DECIDED, replace(asked, by=("dealer", "month")), measures=("gains", "gained"))
    if query is None:
        return []
    inner = query.subquery()
    first, last = asked.wanted["from"].replace(day=1), asked.wanted["to"].replace(day=1)
    at_first = func.sum(case((inner.c.day == f"{first:%Y-%m}", inner.c.gains), else_=0))
    between = (inner.c.day > f"{first:%Y-%m}") & (inner.c.day < f"{last:%Y-%m}") & (inner.c.gains > 0)
    rows = session.execute(
        select(inner.c.dealer, func.sum(inner.c.gained), at_first, func.min(case((between, inner.c.day))))
        .group_by(inner.c.dealer)
        .having(func.sum(inner.c.gains) != 0)
    )
    return [
        (dealer, int(cents), first if early else date.fromisoformat(f"{month}-01") if month else last)
        for dealer, cents, early, month in rows
    ]


def known(session: Session, name: str, scope: Scope) -> list[str]:
    """The components or models of claims in scope that were sent, in order; of a dealer's people from its claims."""
    if scope.kind == "dealers":
        column = COLUMNS[name]
        query = select(column).where(scope.where(Claim.dealer_id, Claim.region), Claim.submitted_on.is_not(None))
    else:
        column = ClaimCell.value
        query = select(column).where(
            ClaimCell.slice == name, ClaimCell.sent > 0, scope.where(None, ClaimCell.place)
        )  # fmt: skip
    return list(session.scalars(query.where(column != "").distinct().order_by(column)))


# ---- how long decisions took -----------------------------------------------------------------------------------------
TIMED: Final[dict[str, Any]] = {"turnaround": Claim.turnaround_minutes, "business": Claim.business_minutes}


def has_histogram(asked: Asked) -> bool:
    """Whether the rollup of buckets knows every dimension and filter, and tells the actor's dealers apart."""
    found = plan(asked, parts=False)
    return found.months is not None or ("week" in asked.by and found.days is rollup.DAY)


def buckets(session: Session, what: str, asked: Asked) -> list[Any]:
    """Rows of (dims as in `rows`..., lower border in minutes, decisions); where `has_histogram` says so."""
    attributes = set(asked.names & ATTRIBUTES)
    month, day = rollup.MONTH, None if attributes else rollup.DAY
    if attributes:
        month = _CUTS[attributes.pop()][0]
    days = Period(months=None, days=(asked.days,)) if "week" in asked.by else asked.period
    parts: list[Select[Any]] = []
    columns = {"region": ClaimTook.place, **dict.fromkeys(ATTRIBUTES, ClaimTook.value)}
    stretches = [(month, days.months)] if days.months is not None else []
    for cut, stretch in [*stretches, *((day, one) for one in days.days)]:
        if cut is not None:
            where = [ClaimTook.what == what, *_of_cells(ClaimTook, cut, stretch, asked, NOT_CLAIMS)]
            keys = [*_dim_columns(asked.by, ClaimTook.on_day, columns), ClaimTook.bucket.label("bucket")]
            parts.append(select(*keys, *_signed([ClaimTook.n], ["n"], stretch.sign)).where(*where))
        else:
            # fixed SQL: the buckets of the rollup
            bucket = literal_column(rollup.bucket_sql(rollup_measures.TOOK[what].format(r="claim")), Integer())
            where = [
                *_of_claims(Claim.first_decided_on, stretch, asked, NOT_CLAIMS), TIMED[what].is_not(None),
                Claim.status != "void",
            ]  # fmt: skip
            keys = [*_claim_dims(asked.by, Claim.first_decided_on), bucket.label("bucket")]
            parts.append(select(*keys, literal_column(str(stretch.sign), Integer()).label("n")).where(*where))
    if not parts:
        return []
    inner = (parts[0] if len(parts) == 1 else union_all(*parts)).subquery()
    keys = [c for c in inner.c if c.name != "n"]
    total = func.sum(inner.c.n)
    return list(session.execute(select(*keys, total).group_by(*keys).having(total != 0)))


def values(session: Session, what: str, asked: Asked, *, within: Sequence[tuple[int, int]] = ()) -> list[Any]:
    """Rows of (dims as in `rows`..., minutes, decisions) of the claims themselves, all or those within some minutes.

    Within some minutes they are found by these: the day stands in the index and is not searched by.
    """
    took = TIMED[what]
    day = func.coalesce(Claim.first_decided_on, Claim.first_decided_on) if within else Claim.first_decided_on
    keys = [*_claim_dims(asked.by, Claim.first_decided_on), took.label("took")]
    where = [*_of_claims(day, asked.days, asked, NOT_CLAIMS), Claim.status != "void"]
    found = []
    for first, last in within or ((None, None),):
        span = [took.is_not(None)] if first is None else [took >= first, took <= last]
        found.append(select(*keys, func.count().label("n")).where(*where, *span).group_by(*keys))
    return list(session.execute(found[0] if len(found) == 1 else union_all(*found)))
