"""Which credit memos paid a claim, for whoever may see the claim; the ledger itself needs claims.payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.claim_payments.tables import ClaimEntry, CreditMemo
from db.core.actor import Actor
from db.core.permissions import Permission


@dataclass(frozen=True, kw_only=True)
class PaidLine:
    """What one credit memo paid for one claim, in cents; below nothing where it took back."""

    claim_id: int
    memo: str
    issued_on: date
    cents: int


def paid_of(session: Session, *, claim_ids: Sequence[int], actor: Actor) -> tuple[PaidLine, ...]:
    """The credit memos of some claims of the actor's scope, the oldest first; claims out of scope are left out."""
    actor.require(Permission.CLAIMS_VIEW)
    rows = session.execute(
        select(ClaimEntry.claim_id, CreditMemo.number, CreditMemo.issued_on, func.sum(ClaimEntry.cents))
        .join(CreditMemo, CreditMemo.id == ClaimEntry.memo_id)
        .where(ClaimEntry.claim_id.in_(list(claim_ids)), actor.scope.where(ClaimEntry.dealer_id, ClaimEntry.region))
        .group_by(ClaimEntry.claim_id, CreditMemo.id, CreditMemo.number, CreditMemo.issued_on)
        .order_by(CreditMemo.issued_on, CreditMemo.id, ClaimEntry.claim_id)
    )
    return tuple(PaidLine(claim_id=c, memo=m, issued_on=on, cents=int(cents)) for c, m, on, cents in rows)
