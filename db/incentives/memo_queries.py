"""What was paid: payments and credit memos of incentives with their lines, each within the actor's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.incentives import pay_rules as rules
from db.incentives.pay_queries import LeftRow
from db.incentives.payment_tables import IncentiveBatch, IncentiveMemo, IncentiveMemoLine
from db.incentives.tables import IncentiveClaim, IncentiveProgram, SaleReport

PAGE = 50


def _of_memo(scope: Scope) -> ColumnElement[bool]:
    return scope.where(IncentiveMemo.dealer_id, IncentiveMemo.region)


def _counted(session: Session, some: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(some.limit(CAP + 1).subquery())) or 0


@dataclass(frozen=True, kw_only=True)
class BatchRow:
    """One payment; its sums are those of the memos the reader may see."""

    id: int
    number: str
    made_at: datetime
    made_by: str
    memos: int
    lines: int
    cents: int
    left_out: tuple[LeftRow, ...] = ()


def _batches(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            IncentiveBatch.id, IncentiveBatch.number, IncentiveBatch.made_at, IncentiveBatch.made_by,
            func.count(IncentiveMemo.id).label("memos"), func.sum(IncentiveMemo.lines).label("lines"),
            func.sum(IncentiveMemo.cents).label("cents"),
        )
        .join(IncentiveMemo, IncentiveMemo.batch_id == IncentiveBatch.id)
        .where(_of_memo(scope))
        .group_by(IncentiveBatch.id)
    )  # fmt: skip


def _batch(row: Any, left: tuple[LeftRow, ...] = ()) -> BatchRow:
    values = row._asdict()
    return BatchRow(**{**values, "lines": int(values["lines"]), "cents": int(values["cents"])}, left_out=left)


def list_batches(
    session: Session, *, actor: Actor, after: int | None = None, limit: int = PAGE
) -> tuple[list[BatchRow], int | None]:
    """Payments with a memo in scope, the latest first, and the cursor of the next page. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    some = select(IncentiveBatch.id).where(
        exists().where(IncentiveMemo.batch_id == IncentiveBatch.id, _of_memo(actor.scope))
    )
    if after is not None:
        some = some.where(IncentiveBatch.id < after)
    ids = list(session.scalars(some.order_by(IncentiveBatch.id.desc()).limit(limit + 1)))
    query = _batches(actor.scope).where(IncentiveBatch.id.in_(ids[:limit])).order_by(IncentiveBatch.id.desc())
    rows = [_batch(r) for r in session.execute(query)]
    return rows, rows[-1].id if len(ids) > limit else None


def count_batches(session: Session, *, actor: Actor) -> int:
    """How many payments with a memo in scope there are, counted up to `CAP` + 1. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    found = exists().where(IncentiveMemo.batch_id == IncentiveBatch.id, _of_memo(actor.scope))
    return _counted(session, select(IncentiveBatch.id).where(found))


def get_batch(session: Session, *, batch_id: int, actor: Actor) -> BatchRow:
    """One payment with what it left, of dealers in scope only; raises `NotFound`. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    row = session.execute(_batches(actor.scope).where(IncentiveBatch.id == batch_id)).one_or_none()
    if row is None:
        raise NotFound("This payment")
    kept = session.scalar(select(IncentiveBatch.left_out).where(IncentiveBatch.id == batch_id)) or []
    seen = session.execute(
        select(Dealer.id, Dealer.name).where(
            Dealer.id.in_(sorted({x["dealer_id"] for x in kept})), actor.scope.where(Dealer.id, Dealer.region)
        )
    )
    names = {row.id: row.name for row in seen}
    why = rules.LEFT_OUT | {"signed": "Whoever made the payment approved this claim"}
    return _batch(
        row,
        tuple(
            LeftRow(
                claim_id=x["claim_id"], number=x["number"], dealer=names[x["dealer_id"]], cents=x["cents"],
                why=why.get(x["why"], x["why"]),
            )
            for x in kept
            if x["dealer_id"] in names
        ),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """One line of a memo; `owed_cents` is what was owed then."""

    claim_id: int
    claim: str
    program: str
    period: str
    vin: str
    owed_cents: int
    cents: int
    memo_id: int


@dataclass(frozen=True, kw_only=True)
class MemoRow:
    """One credit memo; `lines` are filled for the drawer. `issued_on` is the dealer's day."""

    id: int
    number: str
    batch_id: int
    batch: str
    dealer_id: int
    dealer: str
    code: str
    region: str
    issued_at: datetime
    issued_on: date
    issued_by: str
    currency: str
    cents: int
    claims: int
    lines: tuple[LineRow, ...] = ()


def _memos(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            IncentiveMemo.id, IncentiveMemo.number, IncentiveMemo.batch_id, IncentiveBatch.number.label("batch"),
            IncentiveMemo.dealer_id, Dealer.name.label("dealer"), Dealer.code, IncentiveMemo.region,
            IncentiveMemo.issued_at, IncentiveMemo.issued_on, IncentiveMemo.issued_by, IncentiveMemo.currency,
            IncentiveMemo.cents, IncentiveMemo.lines.label("claims"),
        )
        .join(IncentiveBatch, IncentiveBatch.id == IncentiveMemo.batch_id)
        .join(Dealer, Dealer.id == IncentiveMemo.dealer_id)
        .where(_of_memo(scope))
    )  # fmt: skip


def _narrowed(dealer_id: int | None, batch_id: int | None) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if dealer_id is not None:
        parts.append(IncentiveMemo.dealer_id == dealer_id)
    if batch_id is not None:
        parts.append(IncentiveMemo.batch_id == batch_id)
    return parts


def list_memos(
    session: Session, *, actor: Actor, dealer_id: int | None = None, batch_id: int | None = None,
    after: int | None = None, limit: int = PAGE,
) -> tuple[list[MemoRow], int | None]:  # fmt: skip
    """Credit memos in scope, the latest first, and the cursor of the next page. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    query = _memos(actor.scope).where(*_narrowed(dealer_id, batch_id))
    if after is not None:
        query = query.where(IncentiveMemo.id < after)
    found = [MemoRow(**r._asdict()) for r in session.execute(query.order_by(IncentiveMemo.id.desc()).limit(limit + 1))]
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def count_memos(session: Session, *, actor: Actor, dealer_id: int | None = None, batch_id: int | None = None) -> int:
    """How many credit memos there are, counted up to `CAP` + 1. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    return _counted(session, select(IncentiveMemo.id).where(_of_memo(actor.scope), *_narrowed(dealer_id, batch_id)))


def memos_by_id(session: Session, *, ids: Sequence[int], actor: Actor) -> list[MemoRow]:
    """Some credit memos by id without those out of scope; for search. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    query = _memos(actor.scope).where(IncentiveMemo.id.in_(list(ids))).order_by(IncentiveMemo.id.desc())
    return [MemoRow(**r._asdict()) for r in session.execute(query)]


def get_memo(session: Session, *, memo_id: int, actor: Actor) -> MemoRow:
    """One credit memo with its lines; raises `NotFound`. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    row = session.execute(_memos(actor.scope).where(IncentiveMemo.id == memo_id)).one_or_none()
    if row is None:
        raise NotFound("This credit memo")
    return MemoRow(**row._asdict(), lines=lines_of(session, memo_ids=[memo_id], actor=actor).get(memo_id, ()))


def lines_of(session: Session, *, memo_ids: Sequence[int], actor: Actor) -> dict[int, tuple[LineRow, ...]]:
    """The lines of some credit memos in scope by memo, by program, period and claim. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    line = IncentiveMemoLine
    rows = session.execute(
        select(
            line.claim_id, IncentiveClaim.number.label("claim"), IncentiveProgram.code.label("program"), line.period,
            func.coalesce(SaleReport.vin, "").label("vin"), line.owed_cents, line.cents, line.memo_id,
        )
        .join(IncentiveClaim, IncentiveClaim.id == line.claim_id)
        .join(IncentiveProgram, IncentiveProgram.id == line.program_id)
        .outerjoin(SaleReport, SaleReport.id == IncentiveClaim.sale_id)
        .where(line.memo_id.in_(list(memo_ids)), actor.scope.where(line.dealer_id, line.region))
        .order_by(IncentiveProgram.code, line.period, line.id)
    )  # fmt: skip
    found: dict[int, list[LineRow]] = {}
    for row in rows:
        found.setdefault(row.memo_id, []).append(LineRow(**row._asdict()))
    return {memo_id: tuple(lines) for memo_id, lines in found.items()}
