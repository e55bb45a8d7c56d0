"""What is approved and not paid, and the credit memos that were made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from db.coop.pay_rules import Owed
from db.coop.payment_tables import CoopBatch, CoopMemo, CoopMemoLine
from db.coop.queue_tables import CoopClaim
from db.coop.tables import CoopEntry
from db.core.actor import Actor, Scope
from db.core.problems import NotFound
from db.dealers.tables import Dealer

PAGE = 50
WAITING_DEALERS = {"suspended": "The dealer is suspended."}


def read_owed(session: Session, *, actor: Actor, dealer_ids: Collection[int] = ()) -> list[Owed]:
    """What is owed by claim, as the ledger says; `blocked` where this actor or the dealer's state is in the way."""
    entry = CoopEntry
    approved = func.sum(case((entry.kind == "claim", entry.cents), (entry.kind == "reversal", -entry.cents), else_=0))
    paid = func.sum(case((entry.kind == "payment", entry.cents), else_=0))
    payments = func.sum(case((entry.kind == "payment", 1), else_=0))
    wanted = [entry.claim_id.is_not(None), actor.scope.where(entry.dealer_id, entry.region)]
    if dealer_ids:
        wanted.append(entry.dealer_id.in_(sorted(dealer_ids)))
    rows = session.execute(
        select(
            CoopClaim.id, CoopClaim.number, CoopClaim.fund_id, CoopClaim.dealer_id, CoopClaim.medium,
            CoopClaim.decided_by, Dealer.name, Dealer.status, (approved - paid).label("owed"),
            payments.label("payments"),
        )
        .join(CoopClaim, CoopClaim.id == entry.claim_id)
        .join(Dealer, Dealer.id == CoopClaim.dealer_id)
        .where(*wanted)
        .group_by(
            CoopClaim.id, CoopClaim.number, CoopClaim.fund_id, CoopClaim.dealer_id, CoopClaim.medium,
            CoopClaim.decided_by, Dealer.name, Dealer.status,
        )
        .having(approved != paid)
        .order_by(CoopClaim.id)
    )  # fmt: skip
    return [
        Owed(
            claim_id=r.id, number=r.number, fund_id=r.fund_id, dealer_id=r.dealer_id, dealer=r.name, medium=r.medium,
            cents=int(r.owed), payments=int(r.payments),
            blocked="You approved it; somebody else pays it." if r.decided_by == actor.username
            else WAITING_DEALERS.get(r.status, ""),
        )
        for r in rows
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class MemoRow:
    """One credit memo; the day is the dealer's."""

    id: int
    number: str
    dealer: str
    dealer_code: str
    issued_on: date
    issued_at: datetime
    issued_by: str
    cents: int
    lines: int
    batch: str


def list_memos(
    session: Session, *, scope: Scope, after: int | None = None, limit: int = PAGE
) -> tuple[list[MemoRow], int | None]:
    """One page, newest first, and the cursor of the next."""
    query = (
        select(
            CoopMemo.id, CoopMemo.number, Dealer.name.label("dealer"), Dealer.code.label("dealer_code"),
            CoopMemo.issued_on, CoopMemo.issued_at, CoopMemo.issued_by, CoopMemo.cents, CoopMemo.lines,
            CoopBatch.number.label("batch"),
        )
        .join(Dealer, Dealer.id == CoopMemo.dealer_id)
        .join(CoopBatch, CoopBatch.id == CoopMemo.batch_id)
        .where(scope.where(CoopMemo.dealer_id, CoopMemo.region))
    )  # fmt: skip
    if after is not None:
        query = query.where(CoopMemo.id < after)
    found = [MemoRow(**r._mapping) for r in session.execute(query.order_by(CoopMemo.id.desc()).limit(limit + 1))]
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def memo_lines(session: Session, *, memo_id: int, scope: Scope) -> Sequence[tuple[str, str, int]]:
    """(claim, activity, cents) of a memo; `NotFound` when absent or out of scope."""
    rows = session.execute(
        select(CoopClaim.number, CoopClaim.activity, CoopMemoLine.cents)
        .join(CoopClaim, CoopClaim.id == CoopMemoLine.claim_id)
        .where(CoopMemoLine.memo_id == memo_id, scope.where(CoopMemoLine.dealer_id, CoopMemoLine.region))
        .order_by(CoopMemoLine.id)
    ).all()
    if not rows:
        raise NotFound("This credit memo")
    return [(r.number, r.activity, r.cents) for r in rows]
