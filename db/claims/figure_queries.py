"""Claims counted for figures: by the day of the first decision, by the day they were sent, and as they stand now.

Each question is one pass over a covering index (`ix_claim_figures`, `ix_claim_sent`; decision 0050). Days are those of
the desk. Void claims, pre-authorizations and supplier recoveries are left out; debits lower the cost and are no claims.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, String, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from db.claims import figure_filters
from db.claims.figure_rules import AGES, AWAITING, FEWEST_PEERS, NOT_CLAIMS, SERVICE_MONTHS, UNPAID_TYPES
from db.claims.tables import Claim, ClaimFinding
from db.core.actor import Actor, Scope
from db.core.among import among, several
from db.core.problems import Problem, Refused
from db.customers.vehicle_tables import Purchase, ServiceVisit, Vehicle
from db.dealers.tables import Dealer

DIMS: Final = ("month", "week", "region", "dealer", "type", "component", "model")
COLUMNS: Final[dict[str, Any]] = {
    "region": Claim.region, "dealer": Claim.dealer_id, "type": Claim.claim_type, "component": Claim.component,
    "model": Claim.model, "part": Claim.causal_part,
}  # fmt: skip
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


def _between(column: Any, wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = [column.is_not(None)]
    if "from" in wanted:
        parts.append(column >= wanted["from"])
    if "to" in wanted:
        parts.append(column <= wanted["to"])
    return parts


def _sum(when: ColumnElement[bool], value: Any = 1) -> Any:
    return func.coalesce(func.sum(case((when, value), else_=0)), 0)


IS_CLAIM = Claim.claim_type != "debit"
PAID_SOMETHING = func.coalesce(Claim.approved_cents, 0) > 0
DENIED = or_(Claim.status == "denied", and_(Claim.approved_cents == 0, Claim.claimed_cents > 0))
MEASURES: dict[str, ColumnElement[bool]] = {
    "decided": IS_CLAIM,
    "touchless": and_(IS_CLAIM, Claim.decided_kind == "auto", Claim.appeals == 0, PAID_SOMETHING),
    "first_pass": and_(IS_CLAIM, Claim.returns == 0, Claim.appeals == 0, PAID_SOMETHING),
    "denied": and_(IS_CLAIM, DENIED),
    "appealed": and_(IS_CLAIM, Claim.appeals > 0),
    "appeal_decided": and_(IS_CLAIM, Claim.appeal_result.in_(("upheld", "overturned"))),
    "overturned": and_(IS_CLAIM, Claim.appeal_result == "overturned"),
    "deemed": and_(IS_CLAIM, Claim.decided_kind == "deemed"),
    "paid": and_(IS_CLAIM, Claim.pay_days.is_not(None)),
}
_SETTLED = and_(IS_CLAIM, Claim.approved_cents.is_not(None))
SUMS: dict[str, tuple[ColumnElement[bool], Any]] = {
    "returns": (IS_CLAIM, Claim.returns),
    "claimed": (_SETTLED, Claim.claimed_cents),
    "approved": (_SETTLED, Claim.approved_cents),
    "cost": (Claim.claim_type.not_in(UNPAID_TYPES), func.coalesce(Claim.approved_cents, 0)),
    "pay_days": (and_(IS_CLAIM, Claim.pay_days.is_not(None)), Claim.pay_days),
    "turnaround": (IS_CLAIM, Claim.turnaround_minutes),
    "business": (IS_CLAIM, Claim.business_minutes),
}
COUNTED = (*MEASURES, *SUMS)


def _check_by(by: Sequence[str], allowed: Sequence[str] = DIMS) -> None:
    unknown = [dim for dim in by if dim not in allowed]
    if unknown:
        message = f"Claims are counted by {', '.join(allowed)}, not by {', '.join(unknown)}."
        raise Refused(Problem(code="unknown_dimension", field="by", message=message))


def _grouped(
    session: Session, day: Any, by: Sequence[str], values: Mapping[str, Any], where: Sequence[ColumnElement[bool]]
) -> list[dict[str, Any]]:
    """Sums by dimensions; a month or week is folded out of days, which is exact: a claim counts on one day only.

    Months alone are folded by the database, from the text of the day, so that some hundred rows are read and not all
    days of all keys.
    """
    folded = [dim for dim in by if dim in FOLDED]
    plain = [dim for dim in by if dim not in FOLDED]
    by_text = folded == ["month"]
    if by_text:
        day = func.substr(cast(day, String), 1, 7)
    keys = [*(COLUMNS[dim] for dim in plain), *([day] if folded else [])]
    query = select(*keys, *(value.label(name) for name, value in values.items())).where(*where)
    rows = session.execute(query.group_by(*keys) if keys else query)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        at = date.fromisoformat(f"{row[len(plain)]}-01") if by_text else row[len(plain)] if folded else None
        known = dict(zip(plain, row, strict=False)) | {dim: FOLDED[dim](at) for dim in folded if at is not None}
        key = tuple(known[dim] for dim in by)
        cell = found.setdefault(key, {dim: known[dim] for dim in by} | dict.fromkeys(values, 0))
        for name, value in zip(values, row[len(keys) :], strict=True):
            cell[name] += int(value or 0)
    return [found[key] for key in sorted(found, key=lambda one: tuple((part is None, str(part)) for part in one))]


@figure_filters.once
def counts(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """What was decided first in from..to: {dims..., one number for each of `COUNTED`}, one row where `by` is empty."""
    _check_by(by)
    wanted = checked(session, filters)
    types = UNPAID_TYPES  # debits are read for the cost
    where = [*_between(Claim.first_decided_on, wanted), Claim.status != "void", *conditions(scope, wanted, types=types)]
    values = {name: _sum(when) for name, when in MEASURES.items()}
    values |= {name: _sum(when, value) for name, (when, value) in SUMS.items()}
    return _grouped(session, Claim.first_decided_on, by, values, where)


@figure_filters.once
def sent(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """What was sent first in from..to: {dims..., sent, sent_cents}; also by "part"."""
    _check_by(by, (*DIMS, "part"))
    wanted = checked(session, filters)
    where = [*_between(Claim.submitted_on, wanted), Claim.status != "void", *conditions(scope, wanted)]
    values = {"sent": func.count(), "sent_cents": func.coalesce(func.sum(Claim.claimed_cents), 0)}
    return _grouped(session, Claim.submitted_on, by, values, where)


@figure_filters.once
def repeats(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Claims sent in from..to whose last run found a repeat repair (W18): {dims..., repeats}."""
    _check_by(by)
    wanted = checked(session, filters)
    came_back = select(ClaimFinding.claim_id).where(ClaimFinding.rule == "W18")
    if "from" in wanted:
        # A claim has its findings when it is sent, or later: earlier ones belong to no claim of the period. The day
        # more is for zones.
        first = datetime(wanted["from"].year, wanted["from"].month, wanted["from"].day, tzinfo=UTC) - DAY
        came_back = came_back.where(ClaimFinding.found_at >= first)
    where = [
        *_between(Claim.submitted_on, wanted), Claim.status != "void", Claim.id.in_(came_back),
        *conditions(scope, wanted),
    ]  # fmt: skip
    return _grouped(session, Claim.submitted_on, by, {"repeats": func.count()}, where)


TIMED: Final[dict[str, Any]] = {"turnaround": Claim.turnaround_minutes, "business": Claim.business_minutes}


@figure_filters.once
def minutes(
    session: Session, *, scope: Scope, what: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None
) -> dict[tuple[Any, ...], list[tuple[float, int]]]:
    """How long first decisions took, as ascending (minutes, claims) by dimension; `what` is a name of `TIMED`."""
    _check_by(by)
    wanted = checked(session, filters)
    value = TIMED[what]
    where = [
        *_between(Claim.first_decided_on, wanted), Claim.status != "void", value.is_not(None),
        *conditions(scope, wanted),
    ]  # fmt: skip
    folded = any(dim in FOLDED for dim in by)
    keys = [COLUMNS[dim] for dim in by if dim not in FOLDED] + ([Claim.first_decided_on] if folded else [])
    found: dict[tuple[Any, ...], dict[float, int]] = {}
    for *key, took, n in session.execute(select(*keys, value, func.count()).where(*where).group_by(*keys, value)):
        plain = iter(key)
        day: Any = key[-1] if folded else None
        cell = found.setdefault(tuple(FOLDED[d](day) if d in FOLDED else next(plain) for d in by), {})
        cell[took] = cell.get(took, 0) + n
    return {key: sorted(histogram.items()) for key, histogram in found.items()}


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
    return _grouped(session, Claim.submitted_on, by, values, where)


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
    approved: dict[int | None, tuple[int, date]] = {
        dealer: (int(cents or 0), first or today)
        for dealer, cents, first in session.execute(
            select(Claim.dealer_id, func.sum(Claim.approved_cents), func.min(Claim.first_decided_on))
            .where(Claim.first_decided_on > year, Claim.first_decided_on <= today, Claim.approved_cents > 0, *where)
            .group_by(Claim.dealer_id)
        )
    }  # fmt: skip
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
    rows = counts(session, scope=Scope("all"), by=("region", "dealer"), filters=everybody)
    others = [row for row in rows if row["dealer"] is not None and row["dealer"] not in own and row["decided"]]
    near = [row for row in others if row["region"] in regions]
    chosen = near if len(near) >= FEWEST_PEERS else others
    if len(chosen) < FEWEST_PEERS:
        return None
    place = f"in {', '.join(sorted(regions))}" if chosen is near else "in the network"
    bare = tuple({name: row[name] for name in COUNTED} for row in chosen)
    return Peers(label=f"{len(chosen)} dealers {place}", rows=bare)


def choices(session: Session, *, scope: Scope) -> dict[str, list[str]]:
    """Components and models that claims in scope have, for filters; at most 200 of each."""
    found = {}
    for name, column in (("component", Claim.component), ("model", Claim.model)):
        rows = session.scalars(
            select(column)
            .where(scope.where(Claim.dealer_id, Claim.region), Claim.submitted_on.is_not(None), column != "")
            .distinct()
            .order_by(column)
            .limit(200)
        )
        found[name] = list(rows)
    return found


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
