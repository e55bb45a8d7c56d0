"""Co-op counted for figures: postings of the ledger, lots that expire, decisions of requests and claims, payments.

Each question is a bounded number of statements whatever the number of rows. Postings count on the day of their dealer,
decisions and payments of claims on the desk's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Select, String, case, cast, func, null, or_, select
from sqlalchemy.orm import Session

from db.calendar.months import add_months, bounds_of
from db.calendar.queries import DESK_ZONE
from db.coop.figure_filters import Asked
from db.coop.figure_sum_queries import MEASURES, cells
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.tables import CoopFund, CoopLot, CoopProgramme
from db.core.actor import Scope
from db.dealers.tables import Dealer

DIMS: Final = ("month", "region", "dealer", "medium", "programme")
Rows = list[dict[str, Any]]
WITHIN: Final = (30, 60, 90)
LEDGER: Final = MEASURES
LEFT: Final = ("left", *(f"within_{n}" for n in WITHIN))
DECIDED: Final = ("decided", "denied", "returned", "again")


def _keys(table: Any, by: Sequence[str], day: Any) -> list[Any]:
    of = {
        "month": func.substr(cast(day, String), 1, 7) if day is not None else None, "region": table.region,
        "dealer": table.dealer_id, "medium": getattr(table, "medium", None), "programme": CoopFund.programme_id,
    }  # fmt: skip
    return [of[dim] for dim in by]


def _cells(by: Sequence[str], key: Sequence[Any]) -> dict[str, Any]:
    return {
        dim: date.fromisoformat(f"{value}-01") if dim == "month" else value for dim, value in zip(by, key, strict=True)
    }


def filled(found: Mapping[tuple[Any, ...], Mapping[str, Any]], by: Sequence[str], names: Sequence[str]) -> Rows:
    """Rows in the order of their keys; a question without dimensions always has its one row."""
    known = dict(found) or ({} if by else {(): {}})
    return [
        {**dict(zip(by, key, strict=True)), **{n: known[key].get(n, 0) for n in names}}
        for key in sorted(known, key=lambda k: tuple(str(part) for part in k))
    ]


def _ledger(session: Session, scope: Scope, asked: Asked, by: Sequence[str], *, medium: bool) -> Any:
    cell = cells(scope=scope, asked=asked, by=by, medium=medium).subquery()
    keys = [cell.c[dim] for dim in by]
    query = select(*keys, *(func.coalesce(func.sum(cell.c[name]), 0).label(name) for name in LEDGER))
    return session.execute(query.group_by(*keys) if keys else query)


def money(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """What was posted in the days asked for, in cents. A medium narrows what was reserved, approved and paid; what
    came in or expired has none, and is that of the whole fund. Two statements at most."""
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    own = ("reserved", "released", "approved", "paid")
    whole = [d for d in by if d != "medium"]
    asks = ((own, True), (("accrued", "expired", "forfeited"), False))
    for names, medium in asks if asked.medium or "medium" in by else ((LEDGER, False),):
        if not medium and "medium" in by:
            continue  # nothing that came in has a medium
        for row in _ledger(session, scope, asked, by if medium else whole, medium=medium):
            cells = _cells(by, row[: len(by)])
            values = {name: int(getattr(row, name)) for name in names}
            if any(values.values()):
                found.setdefault(tuple(cells[d] for d in by), {}).update(values)
    return filled(found, by, LEDGER)


def expiring(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """What is left now in lots and expires in the next 30, 60 and 90 days, counted from today whatever days are asked
    for; by month that of all lots that still hold something."""
    days: dict[str, Any] = {
        f"within_{n}": func.coalesce(
            func.sum(case((CoopLot.expires_on <= asked.today + timedelta(days=n), CoopLot.left_cents), else_=0)), 0
        )
        for n in WITHIN
    }
    values = {"left": func.coalesce(func.sum(CoopLot.left_cents), 0), **days}
    keys = _keys(CoopLot, by, CoopLot.expires_on)
    query = (
        select(*keys, *(value.label(name) for name, value in values.items()))
        .join(CoopFund, CoopFund.id == CoopLot.fund_id)
        .where(
            scope.where(CoopLot.dealer_id, CoopLot.region), CoopLot.left_cents > 0, CoopLot.expires_on >= asked.today,
            CoopFund.closed_at.is_(None), *asked.narrowed(CoopLot, medium=False),
        )
    )  # fmt: skip
    found = {}
    for row in session.execute(query.group_by(*keys) if keys else query):
        cells = _cells(by, row[: len(by)])
        found[tuple(cells[d] for d in by)] = {name: int(getattr(row, name)) for name in values}
    return filled(found, by, tuple(values))


# ---- decisions -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Group:
    """What is counted together: a table, the moment that says when, and the minutes its decisions or payments took."""

    table: Any
    at: Any
    took: Any


GROUPS: Final[dict[str, Group]] = {
    "request": Group(table=CoopRequest, at=CoopRequest.decided_at, took=CoopRequest.took_minutes),
    "claim": Group(table=CoopClaim, at=CoopClaim.decided_at, took=CoopClaim.took_minutes),
    "pay": Group(table=CoopClaim, at=CoopClaim.first_paid_at, took=CoopClaim.pay_minutes),
}


def _of_group(group: Group, scope: Scope, asked: Asked, by: Sequence[str], values: Sequence[Any]) -> Select[Any]:
    """The keys as k0, k1 ..., a month as its number among those asked for, and values of what fell into the days."""
    table, months = group.table, asked.months
    ends = bounds_of([add_months(m, 1) for m in months], DESK_ZONE)
    number = case(*((group.at < end, n) for n, end in enumerate(ends)), else_=len(ends) - 1)
    of = {
        "month": number, "region": table.region, "dealer": table.dealer_id, "medium": table.medium,
        "programme": CoopFund.programme_id,
    }  # fmt: skip
    query = select(*(of[dim].label(f"k{n}") for n, dim in enumerate(by)), *values).where(
        scope.where(table.dealer_id, table.region), *asked.moments(group.at), *asked.narrowed(table)
    )  # fmt: skip
    if "programme" in by or asked.programme is not None:
        query = query.join(CoopFund, CoopFund.id == table.fund_id)
    return query


def _key(asked: Asked, by: Sequence[str], row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(asked.months[value] if dim == "month" else value for dim, value in zip(by, row, strict=False))


def _decisions(session: Session, scope: Scope, asked: Asked, by: Sequence[str], *, what: str) -> Rows:
    """{dims..., decided, denied, returned, again} counted by the database, through an index that holds all of it."""
    group = GROUPS[what]
    table = group.table
    again = or_(table.times_sent > 1, table.times_returned > 0)
    cell = _of_group(
        group, scope, asked, by,
        [
            case((table.status == "denied", 1), else_=0).label("denied"),
            case((table.times_returned > 0, 1), else_=0).label("returned"), case((again, 1), else_=0).label("again"),
        ],
    ).subquery()  # fmt: skip
    keys = [cell.c[f"k{n}"] for n in range(len(by))]
    names = ("denied", "returned", "again")
    query = select(
        *keys, func.count().label("decided"), *(func.coalesce(func.sum(cell.c[n]), 0).label(n) for n in names)
    ).select_from(cell)
    found = {
        _key(asked, by, row): {n: int(getattr(row, n)) for n in ("decided", *names)}
        for row in session.execute(query.group_by(*keys) if keys else query)
    }
    return filled(found, by, ("decided", *names))


def requests(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """Requests decided, denied, returned at least once, and touched more than once. One statement."""
    return _decisions(session, scope, asked, by, what="request")


def claims(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """Claims decided, denied, returned at least once, and touched more than once. One statement."""
    return _decisions(session, scope, asked, by, what="claim")


@dataclass(frozen=True, kw_only=True)
class Held:
    """Who held the claims of a group: their number and minutes in all, by holder."""

    claims: int = 0
    minutes: Mapping[str, int] = field(default_factory=dict)


def held(session: Session, *, scope: Scope, asked: Asked) -> Held:
    """Who held the claims paid first in the days asked for, from the first sending to the payment.

    The dealer what came back, the desk what was in review, finance from the approval on. One statement.
    """
    claim = CoopClaim
    values = {"dealer": claim.dealer_minutes, "desk": claim.desk_minutes, "finance": claim.pay_minutes}
    cell = _of_group(GROUPS["pay"], scope, asked, (), [v.label(n) for n, v in values.items()]).subquery()
    row = session.execute(
        select(func.count().label("n"), *(func.coalesce(func.sum(cell.c[n]), 0).label(n) for n in values))
        .select_from(cell)
    ).one()  # fmt: skip
    return Held(claims=row.n, minutes={name: int(getattr(row, name)) for name in values})


@dataclass(frozen=True, kw_only=True)
class Took:
    """How many there were, the two values in the middle and the one nine in ten are not above, in minutes."""

    n: int = 0
    middle: tuple[int, int] = (0, 0)
    ninth: int = 0

    def value(self, share: float) -> float | None:
        """The middle value of a half, else what nine in ten are not above; None of nothing."""
        if not self.n:
            return None
        return sum(self.middle) / 2 if share == 0.5 else self.ninth


def minutes(
    session: Session, *, scope: Scope, asked: Asked, what: str, by: Sequence[str] = ()
) -> dict[tuple[Any, ...], Took]:
    """Minutes by key: `request` and `claim` from the last sending to a person's decision, `pay` from a claim's decision
    to its first payment. The database puts them in order and gives three of each key. One statement."""
    group = GROUPS[what]
    cell = _of_group(group, scope, asked, by, [group.took.label("took")]).where(group.took.is_not(None)).subquery()
    keys = [cell.c[f"k{n}"] for n in range(len(by))]
    ranked = select(
        *keys, cell.c.took, func.row_number().over(partition_by=keys or None, order_by=cell.c.took).label("rank"),
        func.count().over(partition_by=keys or None).label("n"),
    ).subquery()  # fmt: skip
    low, high, ninth = (ranked.c.n + 1) // 2, ranked.c.n // 2 + 1, (ranked.c.n * 9 + 9) // 10
    found: dict[tuple[Any, ...], dict[int, int]] = defaultdict(dict)
    sizes: dict[tuple[Any, ...], int] = {}
    for *key, took, rank, n in session.execute(select(ranked).where(ranked.c.rank.in_([low, high, ninth]))):
        cell_key = _key(asked, by, key)
        found[cell_key][rank], sizes[cell_key] = took, n
    return {
        key: Took(
            n=n, middle=(found[key][(n + 1) // 2], found[key][n // 2 + 1]), ninth=found[key][(n * 9 + 9) // 10]
        )
        for key, n in sizes.items()
    }  # fmt: skip


# ---- the records themselves ------------------------------------------------------------------------------------------
KEPT: Final[dict[str, Callable[[Any], Any]]] = {
    "denied": lambda table: table.status == "denied",
    "again": lambda table: or_(table.times_sent > 1, table.times_returned > 0),
    "returned": lambda table: table.times_returned > 0,
}


def newest(session: Session, *, scope: Scope, asked: Asked, what: str, only: str, limit: int) -> tuple[list[Any], int]:
    """The requests or claims a figure counts, last decided first, with the name of their dealer, and how many."""
    group = GROUPS[what]
    table = group.table
    kept = [KEPT[only](table)] if only in KEPT else []
    paid = CoopClaim.first_paid_at if table is CoopClaim else null()
    columns = [
        table.id, table.number, Dealer.name.label("dealer"), table.medium, table.activity, table.status,
        table.cost_cents, table.approved_cents, table.took_minutes, table.decided_at, paid.label("paid_at"),
    ]  # fmt: skip
    query = _of_group(group, scope, asked, (), columns).join(Dealer, Dealer.id == table.dealer_id).where(*kept)
    rows = session.execute(query.order_by(table.decided_at.desc(), table.id.desc()).limit(limit)).all()
    counted = _of_group(group, scope, asked, (), [table.id]).where(*kept).subquery()
    return list(rows), session.scalar(select(func.count()).select_from(counted)) or 0


# ---- names -----------------------------------------------------------------------------------------------------------
def named(session: Session, rows: Rows, by: Sequence[str], *, scope: Scope) -> Rows:
    """Rows with code and name of their dealers and programmes, for dealers of the scope. At most two statements."""
    if "dealer" in by and rows:
        query = select(Dealer.id, Dealer.code, Dealer.name).where(scope.where(Dealer.id, Dealer.region))
        dealers = {i: (code, said) for i, code, said in session.execute(query)}
        for row in rows:
            code, said = dealers.get(row["dealer"], ("", "Another dealer"))
            row |= {"dealer": code, "dealer_id": row["dealer"], "dealer_name": said}
    if "programme" in by and rows:
        known = session.execute(select(CoopProgramme.id, CoopProgramme.code, CoopProgramme.name))
        programmes = {i: (code, said) for i, code, said in known}
        for row in rows:
            code, said = programmes.get(row["programme"], ("", ""))
            row |= {"programme": code, "programme_id": row["programme"], "programme_name": said}
    return rows


def programme_choices(session: Session, *, scope: Scope) -> dict[int, str]:
    """The programmes a reader's dealers have funds in, newest year first."""
    rows = session.execute(
        select(CoopProgramme.id, CoopProgramme.code, CoopProgramme.name, CoopProgramme.year)
        .join(CoopFund, CoopFund.programme_id == CoopProgramme.id)
        .where(scope.where(CoopFund.dealer_id, CoopFund.region))
        .distinct()
        .order_by(CoopProgramme.year.desc(), CoopProgramme.id)
    )
    return {i: f"{code} {name}" for i, code, name, _ in rows}
