"""Funds with their balances, and the statement of one on any day (domain-rules 2.3). Money is cents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.coop import balance_rules, standing
from db.coop.balance_rules import Balance, Entry, Line
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.tables import CoopEntry, CoopFund, CoopLot, CoopProgramme
from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.export_files import ExportColumn
from db.core.keyset import beyond
from db.core.labels import local_day
from db.core.problems import NotFound
from db.dealers.tables import Dealer

PAGE = 50
Cursor = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class FundRow:
    """One fund as the list shows it; columns are those of balance_rules.Balance."""

    id: int
    dealer_id: int
    dealer: str
    dealer_code: str
    region: str
    period: str
    programme_id: int
    programme: str
    available_cents: int
    accrued_cents: int
    allocated_cents: int
    adjusted_cents: int
    transferred_cents: int
    reserved_cents: int
    approved_cents: int
    reversed_cents: int
    expired_cents: int
    forfeited_cents: int
    paid_cents: int
    closed_at: datetime | None

    @property
    def in_cents(self) -> int:
        """Everything that came in."""
        return self.accrued_cents + self.allocated_cents + self.adjusted_cents + self.transferred_cents

    @property
    def used_cents(self) -> int:
        """What was approved and not taken back."""
        return self.approved_cents - self.reversed_cents


@dataclass(frozen=True, kw_only=True)
class FundFilters:
    """What the list of funds is narrowed to."""

    period: str = ""
    region: str = ""
    dealer_id: int | None = None


_NAMES = tuple(n for n in FundRow.__dataclass_fields__ if n not in ("dealer", "dealer_code", "programme"))


def _rows(scope: Scope, filters: FundFilters) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            *(getattr(CoopFund, name) for name in _NAMES), Dealer.name.label("dealer"),
            Dealer.code.label("dealer_code"), CoopProgramme.code.label("programme"),
        )
        .join(Dealer, Dealer.id == CoopFund.dealer_id)
        .join(CoopProgramme, CoopProgramme.id == CoopFund.programme_id)
        .where(scope.where(CoopFund.dealer_id, CoopFund.region))
    )  # fmt: skip
    if filters.period:
        query = query.where(CoopFund.period == filters.period)
    if filters.region:
        query = query.where(CoopFund.region == filters.region)
    if filters.dealer_id is not None:
        query = query.where(CoopFund.dealer_id == filters.dealer_id)
    return query


def list_funds(
    session: Session, *, scope: Scope, filters: FundFilters | None = None, after: Cursor | None = None,
    limit: int = PAGE,
) -> tuple[list[FundRow], Cursor | None]:  # fmt: skip
    """One page by the dealer's code, and the cursor of the next."""
    query = _rows(scope, filters or FundFilters())
    if after is not None:
        query = query.where(beyond((Dealer.code, CoopFund.id), after))
    found = [FundRow(**r._mapping) for r in session.execute(query.order_by(Dealer.code, CoopFund.id).limit(limit + 1))]
    return found[:limit], (found[limit - 1].dealer_code, found[limit - 1].id) if len(found) > limit else None


def count_funds(session: Session, *, scope: Scope, filters: FundFilters | None = None) -> int:
    """How many there are, counted up to `CAP` + 1."""
    some = _rows(scope, filters or FundFilters()).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def fund_totals(session: Session, *, scope: Scope, filters: FundFilters | None = None) -> Balance:
    """The sums of every fund the filters leave."""
    some = _rows(scope, filters or FundFilters()).subquery()
    names = tuple(Balance.__dataclass_fields__)
    row = session.execute(select(*(func.coalesce(func.sum(some.c[f"{n}_cents"]), 0).label(n) for n in names))).one()
    return Balance(**{name: int(getattr(row, name)) for name in names})


def list_periods(session: Session, *, scope: Scope) -> list[str]:
    """The years funds are there for, newest first."""
    query = select(CoopFund.period).where(scope.where(CoopFund.dealer_id, CoopFund.region)).distinct()
    return list(session.scalars(query.order_by(CoopFund.period.desc())))


@dataclass(frozen=True, kw_only=True)
class LotLine:
    """A lot as it is now; what expires and when."""

    earned_on: date
    expires_on: date
    cents: int
    left_cents: int
    held_cents: int
    used_cents: int
    expired_cents: int


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A fund on a day: every entry up to it with the running balance, the balance of the day, the lots as of now."""

    fund: FundRow
    on: date
    lines: tuple[Line, ...]
    balance: Balance
    lots: tuple[LotLine, ...]


def statement(session: Session, *, fund_id: int, on: date, scope: Scope) -> Statement:
    """The statement of a fund at the end of a day in the dealer's zone; raises `NotFound`."""
    found = session.execute(_rows(scope, FundFilters()).where(CoopFund.id == fund_id)).one_or_none()
    if found is None:
        raise NotFound("This fund")
    rows = session.execute(
        select(
            CoopEntry.id, CoopEntry.at, CoopEntry.on.label("day"), CoopEntry.kind, CoopEntry.cents,
            CoopEntry.reserve_cents, CoopEntry.of_kind, CoopEntry.by, CoopEntry.reason,
            func.coalesce(CoopClaim.number, CoopRequest.number, "").label("number"),
        )
        .outerjoin(CoopClaim, CoopClaim.id == CoopEntry.claim_id)
        .outerjoin(CoopRequest, CoopRequest.id == CoopEntry.request_id)
        .where(CoopEntry.fund_id == fund_id, CoopEntry.on <= on)
        .order_by(CoopEntry.at, CoopEntry.id)
    )  # fmt: skip
    lines, balance = balance_rules.statement((Entry(**r._mapping) for r in rows), until=on)
    names = tuple(LotLine.__dataclass_fields__)
    lots = session.execute(
        select(*(getattr(CoopLot, n) for n in names))
        .where(CoopLot.fund_id == fund_id)
        .order_by(CoopLot.expires_on, CoopLot.id)
    )
    return Statement(
        fund=FundRow(**found._mapping), on=on, lines=lines, balance=balance,
        lots=tuple(LotLine(**r._mapping) for r in lots),
    )  # fmt: skip


def dealer_balance(
    session: Session, *, dealer_id: int, programme_id: int, actor: Actor, now: datetime
) -> tuple[int, tuple[LotLine, ...]]:
    """What a dealer can ask for now, and the lots that still hold something, first what expires first."""
    fund = session.scalars(
        select(CoopFund).where(
            CoopFund.dealer_id == dealer_id, CoopFund.programme_id == programme_id,
            actor.scope.where(CoopFund.dealer_id, CoopFund.region),
        )
    ).one_or_none()  # fmt: skip
    if fund is None:
        return 0, ()
    names = tuple(LotLine.__dataclass_fields__)
    today = local_day(now, fund.dealer.zone)
    lots = session.execute(
        select(*(getattr(CoopLot, n) for n in names))
        .where(CoopLot.fund_id == fund.id, CoopLot.left_cents > 0, CoopLot.expires_on >= today)
        .order_by(CoopLot.expires_on, CoopLot.id)
        .limit(PAGE)
    )
    return standing.available_now(session, fund, now), tuple(LotLine(**r._mapping) for r in lots)


# ---- the export ------------------------------------------------------------------------------------------------------
COLUMNS = (
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"),
    ExportColumn(name="programme", label="Programme"),
    ExportColumn(name="period", label="Year"),
    ExportColumn(name="accrued", label="Accrued", kind="money"),
    ExportColumn(name="allocated", label="Allocated", kind="money"),
    ExportColumn(name="adjusted", label="Adjusted", kind="money"),
    ExportColumn(name="transferred", label="Transferred", kind="money"),
    ExportColumn(name="reserved", label="Reserved", kind="money"),
    ExportColumn(name="approved", label="Approved", kind="money"),
    ExportColumn(name="reversed", label="Reversed", kind="money"),
    ExportColumn(name="expired", label="Expired", kind="money"),
    ExportColumn(name="forfeited", label="Forfeited", kind="money"),
    ExportColumn(name="paid", label="Paid", kind="money"),
    ExportColumn(name="available", label="Available", kind="money"),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """The funds that the filters of the page leave, by dealer."""
    chosen = FundFilters(period=str(filters.get("period") or ""), region=str(filters.get("region") or ""))
    after: Cursor | None = None
    while True:
        rows, after = list_funds(session, scope=scope, filters=replace(chosen), after=after, limit=500)
        for r in rows:
            yield (
                r.dealer_code, r.dealer, r.region, r.programme, r.period, r.accrued_cents, r.allocated_cents,
                r.adjusted_cents, r.transferred_cents, r.reserved_cents, r.approved_cents, r.reversed_cents,
                r.expired_cents, r.forfeited_cents, r.paid_cents, r.available_cents,
            )  # fmt: skip
        if after is None:
            return
