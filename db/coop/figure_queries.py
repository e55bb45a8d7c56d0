"""Co-op counted for figures: postings of the ledger, lots that expire, decisions of requests and claims, payments.

Each question is a bounded number of statements whatever the number of rows. Postings count on the day of their dealer,
decisions and payments of claims on the desk's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import String, case, cast, func, select
from sqlalchemy.orm import Session

from db.calendar.months import add_months, bounds_of, month_of
from db.calendar.queries import DESK_ZONE
from db.coop.figure_filters import Asked
from db.coop.figure_rules import Moved, Way, minutes_between, way_of
from db.coop.figure_sum_queries import MEASURES, cells
from db.coop.payment_tables import CoopMemo, CoopMemoLine
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.record import AREA, CLAIM, REQUEST
from db.coop.tables import CoopFund, CoopLot, CoopProgramme
from db.core.actor import Scope
from db.core.labels import local_day
from db.core.timeline import TimelineEntry, TimelineLink
from db.dealers.tables import Dealer

DIMS: Final = ("month", "region", "dealer", "medium", "programme")
Rows = list[dict[str, Any]]
WITHIN: Final = (30, 60, 90)
LEDGER: Final = MEASURES


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


def _filled(found: Mapping[tuple[Any, ...], Mapping[str, Any]], by: Sequence[str], names: Sequence[str]) -> Rows:
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
    return _filled(found, by, LEDGER)


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
    return _filled(found, by, tuple(values))


# ---- decisions -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Decided:
    """A request or claim decided in the days asked for, with its way there. `took` is minutes since it was sent last;
    None where the rules decided at once."""

    id: int
    number: str
    kind: str
    status: str
    dealer_id: int
    region: str
    medium: str
    programme_id: int
    fund_id: int
    activity: str
    cost_cents: int
    approved_cents: int
    reason_code: str
    decided_at: datetime
    took: int | None
    way: Way
    paid_at: datetime | None = None

    @property
    def is_denied(self) -> bool:
        """Whether nothing was granted."""
        return self.status == "denied"

    def cell(self, dim: str) -> Any:
        """The value of a dimension; months are those of the desk."""
        if dim == "month":
            return month_of(local_day(self.decided_at, DESK_ZONE))
        return {
            "region": self.region, "dealer": self.dealer_id, "medium": self.medium, "programme": self.programme_id,
        }[dim]  # fmt: skip


def decided(session: Session, *, scope: Scope, asked: Asked, kind: str) -> list[Decided]:
    """The requests or claims (`kind` of record.REQUEST, CLAIM) decided in the days asked for. Three statements."""
    table: Any = CoopRequest if kind == REQUEST else CoopClaim
    wanted = [
        scope.where(table.dealer_id, table.region), *asked.moments(table.decided_at), *asked.narrowed(table),
    ]  # fmt: skip
    names = (
        "id", "number", "status", "dealer_id", "region", "medium", "fund_id", "activity", "cost_cents",
        "approved_cents", "reason_code", "decided_at", "submitted_at", "decided_by",
    )  # fmt: skip
    rows = session.execute(
        select(*(getattr(table, n) for n in names), CoopFund.programme_id)
        .join(CoopFund, CoopFund.id == table.fund_id)
        .where(*wanted)
        .order_by(table.decided_at, table.id)
    ).all()
    if not rows:
        return []
    moves: dict[int, list[Moved]] = defaultdict(list)
    entries = session.execute(
        select(TimelineLink.item_id, TimelineEntry.at, TimelineEntry.command, TimelineEntry.detail)
        .join(TimelineEntry, TimelineEntry.seq == TimelineLink.seq)
        .join(table, table.id == TimelineLink.item_id)
        .join(CoopFund, CoopFund.id == table.fund_id)
        .where(TimelineLink.item_type == kind, TimelineEntry.area == AREA, *wanted)
        .order_by(TimelineLink.seq)
    )
    for item_id, at, command, detail in entries:
        status = (detail.get("after") or {}).get("status", "")
        moves[item_id].append(Moved(at=at, command=command, status=str(status or "")))
    paid = _first_paid(session, wanted) if kind == CLAIM else {}
    found = []
    for r in rows:
        known = dict(r._mapping)
        sent, by = known.pop("submitted_at"), known.pop("decided_by")
        took = None if by == "rules" or sent is None else minutes_between(sent, r.decided_at)
        known["approved_cents"] = r.approved_cents or 0
        found.append(
            Decided(**known, kind=kind, took=took, way=way_of(moves[r.id], until=r.decided_at), paid_at=paid.get(r.id))
        )
    return found


def _first_paid(session: Session, wanted: Sequence[Any]) -> dict[int, datetime]:
    rows = session.execute(
        select(CoopMemoLine.claim_id, func.min(CoopMemo.issued_at))
        .join(CoopMemo, CoopMemo.id == CoopMemoLine.memo_id)
        .join(CoopClaim, CoopClaim.id == CoopMemoLine.claim_id)
        .join(CoopFund, CoopFund.id == CoopClaim.fund_id)
        .where(CoopMemoLine.cents > 0, *wanted)
        .group_by(CoopMemoLine.claim_id)
    )
    return {r[0]: r[1] for r in rows}


def _counted(items: Sequence[Decided], by: Sequence[str], values: Mapping[str, Callable[[Decided], int]]) -> Rows:
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    for item in items:
        cell = found.setdefault(tuple(item.cell(d) for d in by), dict.fromkeys(values, 0))
        for name, value in values.items():
            cell[name] += value(item)
    return _filled(found, by, tuple(values))


def _denials(session: Session, scope: Scope, asked: Asked, by: Sequence[str], *, table: Any) -> Rows:
    """{dims..., decided, denied} counted by the database, through an index that holds all they are counted by."""
    months = asked.months
    ends = bounds_of([add_months(m, 1) for m in months], DESK_ZONE)
    number = case(*((table.decided_at < end, n) for n, end in enumerate(ends)), else_=len(ends) - 1)
    of = {
        "month": number, "region": table.region, "dealer": table.dealer_id, "medium": table.medium,
        "programme": CoopFund.programme_id,
    }  # fmt: skip
    keys = [of[dim] for dim in by]
    query = select(
        *keys, func.count().label("decided"),
        func.coalesce(func.sum(case((table.status == "denied", 1), else_=0)), 0).label("denied"),
    ).where(
        scope.where(table.dealer_id, table.region), *asked.moments(table.decided_at), *asked.narrowed(table)
    )  # fmt: skip
    if "programme" in by or asked.programme is not None:
        query = query.join(CoopFund, CoopFund.id == table.fund_id)
    found = {}
    for row in session.execute(query.group_by(*keys) if keys else query):
        key = tuple(months[v] if dim == "month" else v for dim, v in zip(by, row, strict=False))
        found[key] = {"decided": int(row.decided), "denied": int(row.denied)}
    return _filled(found, by, ("decided", "denied"))


def requests_denied(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """Requests decided and denied; their way there is not looked at."""
    return _denials(session, scope, asked, by, table=CoopRequest)


def claims_denied(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """Claims decided and denied; their way there is not looked at."""
    return _denials(session, scope, asked, by, table=CoopClaim)


def requests(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """Requests decided, denied, and touched more than once."""
    items = decided(session, scope=scope, asked=asked, kind=REQUEST)
    return _counted(
        items, by,
        {
            "decided": lambda x: 1, "denied": lambda x: int(x.is_denied),
            "again": lambda x: int(x.way.is_touched_again),
        },
    )  # fmt: skip


def claims(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """Claims decided, denied, returned at least once, and touched more than once."""
    items = decided(session, scope=scope, asked=asked, kind=CLAIM)
    return _counted(
        items, by,
        {
            "decided": lambda x: 1, "denied": lambda x: int(x.is_denied),
            "returned": lambda x: int(x.way.returned > 0), "again": lambda x: int(x.way.is_touched_again),
        },
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Held:
    """Who held the claims of a group: their number and minutes in all, by holder."""

    claims: int = 0
    minutes: Mapping[str, int] = field(default_factory=dict)


def held(session: Session, *, scope: Scope, asked: Asked) -> Held:
    """Who held the claims paid first in the days asked for, from the first sending to the payment.

    The dealer what came back, the desk what was in review, finance from the approval on. Four statements.
    """
    items = paid_claims(session, scope=scope, asked=asked)
    total = {"dealer": 0, "desk": 0, "finance": 0}
    for item in items:
        assert item.paid_at is not None
        total["dealer"] += item.way.dealer
        total["desk"] += item.way.desk
        total["finance"] += minutes_between(item.decided_at, item.paid_at)
    return Held(claims=len(items), minutes=total)


def paid_claims(session: Session, *, scope: Scope, asked: Asked) -> list[Decided]:
    """Claims paid for the first time in the days asked for, whenever they were decided."""
    first = (
        select(CoopMemoLine.claim_id.label("claim_id"), func.min(CoopMemo.issued_at).label("at"))
        .join(CoopMemo, CoopMemo.id == CoopMemoLine.memo_id)
        .where(CoopMemoLine.cents > 0, scope.where(CoopMemoLine.dealer_id, CoopMemoLine.region))
        .group_by(CoopMemoLine.claim_id)
        .having(func.min(CoopMemo.issued_at) >= asked.starts, func.min(CoopMemo.issued_at) < asked.ends)
        .subquery()
    )
    since = session.scalar(select(func.min(CoopClaim.decided_at)).join(first, first.c.claim_id == CoopClaim.id))
    if since is None:
        return []
    wide = _Since(since=since, base=asked)
    items = decided(session, scope=scope, asked=wide, kind=CLAIM)  # type: ignore[arg-type]
    return [x for x in items if x.paid_at is not None and asked.starts <= x.paid_at < asked.ends]


@dataclass(frozen=True, kw_only=True)
class _Since:
    """A question whose decisions may be older than its days."""

    since: datetime
    base: Asked

    def moments(self, column: Any) -> list[Any]:
        return [column >= self.since, column < self.base.ends]

    def narrowed(self, table: Any, *, medium: bool = True) -> list[Any]:
        return self.base.narrowed(table, medium=medium)


def minutes(
    session: Session, *, scope: Scope, asked: Asked, what: str, by: Sequence[str] = ()
) -> dict[tuple[Any, ...], list[int]]:
    """Minutes by key: `request` and `claim` from the last sending to a person's decision, `pay` from a claim's decision
    to its first payment, `whole` from its first sending to that payment."""
    found: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    if what in ("request", "claim"):
        for item in decided(session, scope=scope, asked=asked, kind=REQUEST if what == "request" else CLAIM):
            if item.took is not None:
                found[tuple(item.cell(d) for d in by)].append(item.took)
        return found
    for item in paid_claims(session, scope=scope, asked=asked):
        assert item.paid_at is not None
        start = item.decided_at if what == "pay" else item.way.first_sent or item.decided_at
        key = tuple(month_of(local_day(item.paid_at, DESK_ZONE)) if d == "month" else item.cell(d) for d in by)
        found[key].append(minutes_between(start, item.paid_at))
    return found


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
