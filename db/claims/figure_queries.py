"""Claims counted for figures: by the day of the first decision, by the day they were sent, and as they stand now.

Sums come from the rollups (figure_sums.py, decision 0070), what stands now from a few claims. Days are those of the
desk. Void claims, pre-authorizations and supplier recoveries are left out; debits lower the cost and are no claims.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from db.claims import figure_filters
from db.claims import figure_sums as sums
from db.claims.figure_rules import (
    AGES,
    AWAITING,
    FEWEST_PEERS,
    NINE_IN_TEN,
    NOT_CLAIMS,
    SERVICE_MONTHS,
    UNPAID_TYPES,
    bucket_last,
    median,
    middle,
    percentile,
)
from db.claims.tables import Claim
from db.core.actor import Actor, Scope
from db.core.among import among, several
from db.core.problems import Problem, Refused
from db.customers.vehicle_tables import Purchase, ServiceVisit, Vehicle
from db.dealers.tables import Dealer

DIMS: Final = ("month", "week", "region", "dealer", "type", "component", "model")
COLUMNS = sums.COLUMNS
DAY = timedelta(days=1)
checked = figure_filters.checked


def month_of(day: date) -> date:
    """The first day of a month."""
    return day.replace(day=1)


def week_of(day: date) -> date:
    """The Monday of a week."""
    return day - timedelta(days=day.weekday())


FOLDED: Final[dict[str, Callable[[date], date]]] = {"month": month_of, "week": week_of}


def conditions(
    scope: Scope, wanted: Mapping[str, Any], *, types: Sequence[str] = NOT_CLAIMS
) -> list[ColumnElement[bool]]:
    """Scope, the filters but the days, and the types that are left out unless one is asked for."""
    parts = [scope.where(Claim.dealer_id, Claim.region)]
    parts += [among(column, wanted[name]) for name, column in COLUMNS.items() if name in wanted]
    if "type" not in wanted:
        parts.append(Claim.claim_type.not_in(types))
    return parts


def _sum(when: ColumnElement[bool], value: Any = 1) -> Any:
    return func.coalesce(func.sum(case((when, value), else_=0)), 0)


DENIED = or_(Claim.status == "denied", and_(Claim.approved_cents == 0, Claim.claimed_cents > 0))
COUNTED: Final = tuple(name for name in sums.DECIDED.measures if name not in ("entries", "gains", "gained"))
"""What `counts` counts: claims and debits of the first decision (`rollup_measures.DECIDED` says how)."""


def _check_by(by: Sequence[str], allowed: Sequence[str] = DIMS) -> None:
    unknown = [dim for dim in by if dim not in allowed]
    if unknown:
        message = f"Claims are counted by {', '.join(allowed)}, not by {', '.join(unknown)}."
        raise Refused(Problem(code="unknown_dimension", field="by", message=message))


def _folded(
    found: Sequence[Any], by: Sequence[str], values: Sequence[str], *, always: bool = True
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows as dictionaries in order; a week is folded out of its days, which is exact: a claim counts on one day.

    Where `by` is empty there is one row even of nothing. A month comes as its text, unless a week is asked with it.
    """
    plain = [dim for dim in by if dim not in FOLDED]
    folded = [dim for dim in by if dim in FOLDED]
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    if not by and always:
        lines[()] = dict.fromkeys(values, 0)
    for row in found:
        known = {dim: _value(dim, one) for dim, one in zip(plain, row, strict=False)}
        if folded:
            known |= {dim: _day_of(dim, row[len(plain)]) for dim in folded}
        key = tuple(known[dim] for dim in by)
        cell = lines.setdefault(key, {dim: known[dim] for dim in by} | dict.fromkeys(values, 0))
        for name, value in zip(values, row[len(plain) + bool(folded) :], strict=True):
            cell[name] += int(value or 0)
    return [lines[key] for key in sorted(lines, key=lambda one: tuple((part is None, str(part)) for part in one))]


def _value(dim: str, value: Any) -> Any:
    """A region nobody named and the dealer of no claim are None."""
    return None if dim in ("region", "dealer") and value in ("", 0) else value


def _day_of(dim: str, day: Any) -> date:
    return FOLDED[dim](day if isinstance(day, date) else date.fromisoformat(f"{day}-01"))


@figure_filters.once
def counts(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    measures: Sequence[str] = COUNTED,
) -> list[dict[str, Any]]:  # fmt: skip
    """What was decided first in from..to: {dims..., one number for each of `measures`}, one row where `by` is empty."""
    _check_by(by)
    asked = sums.Asked(scope=scope, by=by, wanted=checked(session, filters))
    found = sums.rows(session, sums.DECIDED, asked, measures=measures, having="entries")
    return _folded(found, by, measures)


@figure_filters.once
def sent(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """What was sent first in from..to: {dims..., sent, sent_cents}; also by "part"."""
    _check_by(by, (*DIMS, "part"))
    names = ("sent", "sent_cents")
    asked = sums.Asked(scope=scope, by=by, wanted=checked(session, filters))
    found = sums.rows(session, sums.SENT, asked, measures=names, having="sent")
    return _folded(found, by, names)


@figure_filters.once
def repeats(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Claims sent in from..to whose last run found a repeat repair (W18): {dims..., repeats}."""
    _check_by(by)
    names = ("repeats",)
    asked = sums.Asked(scope=scope, by=by, wanted=checked(session, filters))
    found = sums.rows(session, sums.SENT, asked, measures=names, having="repeats")
    return _folded(found, by, names)


# ---- how long it took ----------------------------------------------------------------------------------------------
TIMED: Final[dict[str, Any]] = sums.TIMED
MOST_BUCKETS: Final = 12
"""A question whose middle values lie in more buckets than these is answered from the claims."""
Key = tuple[Any, ...]
Histogram = list[tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class Took:
    """How long decisions took: how many there were, and the minutes asked for, by the share that is not above them."""

    n: int = 0
    minutes: Mapping[float, float] = field(default_factory=dict)


def _histograms(found: Sequence[Any], by: Sequence[str]) -> dict[Key, Histogram]:
    """Rows of (dims..., minutes, n) as ascending (minutes, n) by dimension; weeks and months folded out of days."""
    plain = [dim for dim in by if dim not in FOLDED]
    cells: dict[Key, dict[int, int]] = {}
    for *row, took, n in found:
        known = {dim: _value(dim, one) for dim, one in zip(plain, row, strict=False)}
        known |= {dim: _day_of(dim, row[-1]) for dim in by if dim in FOLDED}
        cell = cells.setdefault(tuple(known[dim] for dim in by), {})
        cell[took] = cell.get(took, 0) + int(n)
    return {
        key: sorted((took, n) for took, n in cell.items() if n) for key, cell in cells.items() if any(cell.values())
    }


@figure_filters.once
def spread(
    session: Session, *, scope: Scope, what: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None
) -> dict[Key, Histogram]:
    """How long first decisions took, as ascending (minutes, claims) by dimension; `what` is a name of `TIMED`.

    Minutes are the lower border of a bucket of `figure_rules.STEPS`: enough for spans of days, not for a median.
    """
    _check_by(by)
    asked = sums.Asked(scope=scope, by=by, wanted=checked(session, filters))
    ask = sums.buckets if sums.has_histogram(asked) else sums.values
    return _histograms(ask(session, what, asked), by)


@figure_filters.once
def timed(
    session: Session, *, scope: Scope, what: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    shares: Sequence[float] = (0.5, NINE_IN_TEN),
) -> dict[Key, Took]:  # fmt: skip
    """How long first decisions took, to the minute, by dimension: the middle one, or what a share is not above.

    Buckets say in which of them the value lies; the claims of those buckets say which it is.
    """
    _check_by(by)
    asked = sums.Asked(scope=scope, by=by, wanted=checked(session, filters))
    found: dict[Key, Histogram] = {}
    needed: set[int] = set()
    if known := sums.has_histogram(asked):
        found = _histograms(sums.buckets(session, what, asked), by)
        needed = set().union(*(middles(histogram, shares) for histogram in found.values()))
    if not known or len(needed) > MOST_BUCKETS:
        whole = _histograms(sums.values(session, what, asked), by)
        return {key: _took(histogram, shares) for key, histogram in whole.items()}
    within = {b: bucket_last(b) for b in sorted(needed) if bucket_last(b) > b}
    exact = _histograms(sums.values(session, what, asked, within=tuple(within.items())), by) if within else {}
    return {key: _took(histogram, shares, within, exact.get(key, [])) for key, histogram in found.items()}


def middles(histogram: Histogram, shares: Sequence[float]) -> set[int]:
    """The buckets in which the values lie that `_took` tells."""
    two = middle(histogram) if 0.5 in shares else None
    others = (percentile(histogram, share) for share in shares if share != 0.5)
    return {int(one) for one in (*(two or ()), *others) if one is not None}


def _took(
    histogram: Histogram, shares: Sequence[float], opened: Collection[int] = (), exact: Sequence[tuple[int, int]] = ()
) -> Took:
    """What a histogram tells once the buckets that were opened are replaced by the claims in them."""
    whole = sorted([*((took, n) for took, n in histogram if took not in opened), *exact])
    found = {share: median(whole) if share == 0.5 else percentile(whole, share) for share in shares}
    return Took(
        n=sum(n for _, n in histogram), minutes={share: one for share, one in found.items() if one is not None}
    )  # fmt: skip


# ---- as they stand now ---------------------------------------------------------------------------------------------
@figure_filters.once
def standing(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None, now: datetime
) -> list[dict[str, Any]]:
    """Claims that wait for a decision: {dims..., open, overdue, cents, one number for each of `AGES`}; days are
    ignored: what is open is open."""
    _check_by(by, DIMS[2:])
    wanted = checked(session, filters)
    where = [Claim.status.in_(AWAITING), Claim.received_at.is_not(None), *conditions(scope, wanted)]
    values: dict[str, Any] = {
        "open": func.count(), "overdue": _sum(Claim.decide_by < now),
        "cents": func.coalesce(func.sum(Claim.claimed_cents), 0),
    }  # fmt: skip
    values |= {name: _sum(of_age(name, now)) for name, _, _ in AGES}
    keys = [COLUMNS[dim] for dim in by]
    query = select(*keys, *(value.label(name) for name, value in values.items())).where(*where)
    return _folded(session.execute(query.group_by(*keys) if keys else query).all(), by, tuple(values))


def of_age(name: str, now: datetime) -> ColumnElement[bool]:
    """The condition of a bucket of `AGES`."""
    first, last = next((low, high) for bucket, low, high in AGES if bucket == name)
    parts = [Claim.received_at <= now - first * DAY] if first else []
    if last is not None:
        parts.append(Claim.received_at > now - (last + 1) * DAY)
    return and_(*parts)


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What a dealer waits to be paid, and what was approved for it in up to twelve months."""

    dealer_id: int
    unpaid_cents: int = 0
    approved_cents: int = 0
    months: int = 1


@figure_filters.once
def owed(session: Session, *, scope: Scope, filters: Mapping[str, Any] | None = None, today: date) -> dict[int, Owed]:
    """Unpaid approved amounts and the year of approved amounts before today, for each dealer with either.

    `months` runs from the first approval within the year, so that a new dealer is measured by what it has.
    """
    wanted = {k: v for k, v in checked(session, filters).items() if k in ("region", "dealer")}
    where = conditions(scope, wanted, types=UNPAID_TYPES)
    # Grouped by a sum, so that SQLite reads the few unpaid ones and not all claims in the order of their dealers.
    whose = Claim.dealer_id + 0
    unpaid = dict(
        session.execute(
            select(whose, func.sum(Claim.approved_cents))
            .where(Claim.status.in_(("approved", "partially_approved")), *where)
            .group_by(whose)
        ).all()
    )  # fmt: skip
    year = today - timedelta(days=365)
    asked = sums.Asked(scope=scope, by=("dealer",), wanted=wanted | {"from": year + DAY, "to": today})
    approved = {dealer: (cents, first) for dealer, cents, first in sums.gained(session, asked) if dealer}
    found: dict[int, Owed] = {}
    for dealer in sorted(d for d in {*unpaid, *approved} if d is not None):
        cents, first = approved.get(dealer, (0, today))
        months = (today.year - first.year) * 12 + today.month - first.month + 1
        found[dealer] = Owed(
            dealer_id=dealer, unpaid_cents=int(unpaid.get(dealer) or 0), approved_cents=cents,
            months=min(12, max(1, months)),
        )  # fmt: skip
    return found


@figure_filters.once
def in_service(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None, today: date
) -> dict[Any, int]:
    """Vehicles whose warranty began within 36 months before the end of the period, by nothing, region, dealer or model.

    The whole network has every vehicle known; a dealer those it sold or had in its workshop (domain-rules 2.1 I).
    """
    _check_by(by, ("region", "dealer", "model"))
    wanted = checked(session, filters)
    last = min(wanted.get("to", today), today)
    first = _months_earlier(last, SERVICE_MONTHS)
    where: list[ColumnElement[bool]] = [Vehicle.in_service_on > first, Vehicle.in_service_on <= last]
    if "model" in wanted:
        where.append(among(Vehicle.model, wanted["model"]))
    dim = by[0] if by else ""
    narrow = not scope.is_all or "region" in wanted or "dealer" in wanted or dim in ("region", "dealer")
    if not narrow:
        if dim == "model":
            rows = session.execute(select(Vehicle.model, func.count()).where(*where).group_by(Vehicle.model))
            return dict(rows.all())
        return {"": session.scalar(select(func.count()).select_from(Vehicle).where(*where)) or 0}
    halves = []
    for table in (Purchase, ServiceVisit):
        half = select(table.vehicle_id, table.dealer_id, table.region).where(
            scope.where(table.dealer_id, table.region),
            *([among(table.region, wanted["region"])] if "region" in wanted else []),
            *([among(table.dealer_id, wanted["dealer"])] if "dealer" in wanted else []),
        )
        halves.append(half)
    linked = halves[0].union(halves[1]).subquery()
    key = {"region": linked.c.region, "dealer": linked.c.dealer_id, "model": Vehicle.model}.get(dim)
    number = func.count(linked.c.vehicle_id.distinct())
    query = select(*([key] if key is not None else []), number).join(Vehicle, Vehicle.id == linked.c.vehicle_id)
    query = query.where(*where)
    if key is None:
        return {"": session.scalar(query) or 0}
    return {row[0]: int(row[1]) for row in session.execute(query.group_by(key))}


def _months_earlier(day: date, months: int) -> date:
    """The same day so many months before; the last of its month where there is none."""
    index = day.year * 12 + day.month - 1 - months
    year, month = index // 12, index % 12 + 1
    for number in range(day.day, 27, -1):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    return date(year, month, min(day.day, 28))


# ---- peers ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Peers:
    """Other dealers as an average of many: their counts, each dealer by itself and without its name."""

    label: str
    rows: tuple[Mapping[str, int], ...] = field(default=())


def peers(session: Session, *, scope: Scope, filters: Mapping[str, Any] | None = None) -> Peers | None:
    """The dealers somebody is measured against: the others of their regions, else of the network; None for too few.

    It looks beyond the scope on purpose: only averages of at least `FEWEST_PEERS` dealers are made of it
    (`metrics_queries.peer_value`), and the rows carry no dealer. None for people who see the dealers by name.
    """
    wanted = checked(session, filters)
    own = (
        set(several(wanted["dealer"]))
        if "dealer" in wanted
        else set(scope.dealer_ids if scope.kind == "dealers" else ())
    )
    own &= set(scope.dealer_ids) if scope.kind == "dealers" else own
    if not own:
        return None
    regions = set(session.scalars(select(Dealer.region).where(Dealer.id.in_(sorted(own)))))
    everybody = {k: v for k, v in wanted.items() if k not in ("dealer", "region")}

    def others(**narrowed: Any) -> list[dict[str, Any]]:
        rows = counts(session, scope=Scope("all"), by=("region", "dealer"), filters=everybody | narrowed)
        return [row for row in rows if row["dealer"] is not None and row["dealer"] not in own and row["decided"]]

    near = others(region=tuple(sorted(regions))) if regions else []
    chosen = near if len(near) >= FEWEST_PEERS else others()
    if len(chosen) < FEWEST_PEERS:
        return None
    place = f"in {', '.join(sorted(regions))}" if chosen is near else "in the network"
    bare = tuple({name: row[name] for name in COUNTED} for row in chosen)
    return Peers(label=f"{len(chosen)} dealers {place}", rows=bare)


def choices(session: Session, *, scope: Scope) -> dict[str, list[str]]:
    """Components and models that claims in scope have, for filters; at most 200 of each."""
    return {name: sums.known(session, name, scope)[:200] for name in ("component", "model")}


def peer_average(
    session: Session, *, dealer_id: int, filters: Mapping[str, Any] | None = None, actor: Actor
) -> float | None:
    """The mean first-pass yield of at least five other dealers, None for fewer or a dealer out of the actor's scope."""
    region = session.scalar(select(Dealer.region).where(Dealer.id == dealer_id))
    if not actor.scope.allows(dealer_id=dealer_id, region=region):
        return None
    found = peers(session, scope=actor.scope, filters={**(filters or {}), "dealer": dealer_id})
    shares = [row["first_pass"] / row["decided"] for row in found.rows] if found else []
    return sum(shares) / len(shares) if len(shares) >= FEWEST_PEERS else None
