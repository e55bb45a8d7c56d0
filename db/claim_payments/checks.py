"""What must hold between claims, ledger and memos (`python -m db check`)."""

from __future__ import annotations

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from db.claim_payments import rules
from db.claim_payments.record import BY_DECISION
from db.claim_payments.tables import ClaimEntry, CreditMemo, PaymentBatch
from db.claims.tables import Claim
from db.core.area import Check

MOST = 50


def ledger_is_what_was_decided(session: Session) -> list[str]:
    """The decisions' entries of a claim sum up to what was approved; a pre-authorization has none."""
    sums = (
        select(
            Claim.number, Claim.status, Claim.claim_type, Claim.approved_cents,
            func.coalesce(func.sum(case((BY_DECISION, ClaimEntry.cents), else_=0)), 0).label("posted"),
            func.count(ClaimEntry.id).label("entries"),
        )
        .outerjoin(ClaimEntry, ClaimEntry.claim_id == Claim.id)
        .where((Claim.approved_cents.is_not(None) & Claim.status.in_(rules.DECIDED)) | (Claim.status == "void"))
        .group_by(Claim.id)
    )  # fmt: skip
    found = []
    for row in session.execute(sums):
        change = rules.difference(
            claim_type=row.claim_type, status=row.status, approved_cents=row.approved_cents,
            posted_cents=int(row.posted), has_entries=row.entries > 0,
        )  # fmt: skip
        if change is not None:
            found.append(f"claim {row.number} is off by {change} cents in the ledger")
        elif row.claim_type in rules.NEVER_PAYABLE and row.entries:
            found.append(f"claim {row.number} can never be paid, but has entries in the ledger")
    unpaid = (
        select(Claim.number)
        .join(ClaimEntry, ClaimEntry.claim_id == Claim.id)
        .where(Claim.status.in_(("paid", "adjusted")), BY_DECISION, ClaimEntry.memo_id.is_(None))
        .distinct()
    )
    found += [f"claim {n} is paid, but an entry of its decision is on no memo" for n in session.scalars(unpaid)]
    over = (
        select(func.min(Claim.number))
        .join(ClaimEntry, ClaimEntry.claim_id == Claim.id)
        .group_by(ClaimEntry.family_id)
        .having(func.sum(ClaimEntry.cents) < 0)
    )
    found += [f"more was taken back for the versions of claim {n} than was paid" for n in session.scalars(over)]
    return found[:MOST]


def memos_are_their_entries(session: Session) -> list[str]:
    """Each memo is the sum of its entries, all of its dealer; each batch the sum of its memos."""
    rows = session.execute(
        select(
            CreditMemo.number, CreditMemo.cents, CreditMemo.entries,
            func.coalesce(func.sum(ClaimEntry.cents), 0), func.count(ClaimEntry.id),
            func.coalesce(func.sum(case((ClaimEntry.dealer_id != CreditMemo.dealer_id, 1), else_=0)), 0),
        )
        .outerjoin(ClaimEntry, ClaimEntry.memo_id == CreditMemo.id)
        .group_by(CreditMemo.id)
    )  # fmt: skip
    found = []
    for number, cents, entries, posted, count, strangers in rows:
        if (cents, entries) != (int(posted), count):
            found.append(f"credit memo {number} is not the sum of its entries")
        if strangers:
            found.append(f"credit memo {number} pays entries of another dealer")
    batches = session.execute(
        select(PaymentBatch.number, PaymentBatch.cents, func.coalesce(func.sum(CreditMemo.cents), 0))
        .outerjoin(CreditMemo, CreditMemo.batch_id == PaymentBatch.id)
        .group_by(PaymentBatch.id)
    )
    found += [f"batch {number} is not the sum of its memos" for number, cents, memos in batches if cents != int(memos)]
    return found[:MOST]


CHECKS = (
    Check(name="The claim ledger is what was decided", run=ledger_is_what_was_decided),
    Check(name="Credit memos are their entries", run=memos_are_their_entries),
)
