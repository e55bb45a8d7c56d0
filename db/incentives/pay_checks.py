"""What must hold between the book `paid`, the credit memos and reconciliations (`python -m db check`)."""

from __future__ import annotations

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from db.core.area import Check
from db.incentives.payment_tables import IncentiveBatch, IncentiveMemo, IncentiveMemoLine
from db.incentives.recon_tables import Reconciliation, ReconciliationLine, ReconciliationMatch
from db.incentives.tables import IncentiveClaim, IncentiveEntry

MOST = 50


def paid_is_what_memos_say(session: Session) -> list[str]:
    """Each entry of the book `paid` is one line of a memo of its dealer, each memo its lines, each batch its memos."""
    line, memo, entry = IncentiveMemoLine, IncentiveMemo, IncentiveEntry
    lost = session.scalars(
        select(entry.id).outerjoin(line, line.entry_id == entry.id).where(entry.book == "paid", line.id.is_(None))
    )
    found = [f"entry {i} of the book paid is on no credit memo" for i in lost]
    wrong = (
        (line.cents != entry.cents) | (entry.book != "paid") | (line.dealer_id != entry.dealer_id)
        | (line.claim_id != entry.claim_id) | (line.program_id != entry.program_id) | (line.period != entry.period)
        | (memo.dealer_id != line.dealer_id)
    )  # fmt: skip
    rows = session.execute(
        select(memo.number, line.id)
        .join(memo, memo.id == line.memo_id)
        .join(entry, entry.id == line.entry_id)
        .where(wrong)
    )
    found += [f"line {i} of credit memo {number} is not what its entry says" for number, i in rows]
    memos = session.execute(
        select(memo.number, memo.cents, memo.lines, func.coalesce(func.sum(line.cents), 0), func.count(line.id))
        .outerjoin(line, line.memo_id == memo.id)
        .group_by(memo.id)
    )
    found += [f"credit memo {n} is not the sum of its lines" for n, c, k, s, many in memos if (c, k) != (int(s), many)]
    batches = session.execute(
        select(IncentiveBatch.number, IncentiveBatch.cents, func.coalesce(func.sum(memo.cents), 0))
        .outerjoin(memo, memo.batch_id == IncentiveBatch.id)
        .group_by(IncentiveBatch.id)
    )
    found += [f"payment {n} is not the sum of its memos" for n, cents, total in batches if cents != int(total)]
    return found[:MOST]


def nothing_is_paid_unapproved(session: Session) -> list[str]:
    """No claim was paid more than was approved at some time, and approvals belong to claims."""
    entry = IncentiveEntry
    approved = func.sum(case((entry.kind == "approval", entry.cents), else_=0))
    paid = func.sum(case((entry.book == "paid", entry.cents), else_=0))
    rows = session.execute(
        select(IncentiveClaim.number, approved, paid)
        .join(IncentiveClaim, IncentiveClaim.id == entry.claim_id)
        .group_by(IncentiveClaim.number)
        .having(paid > approved)
    )
    found = [f"{number}: {int(c)} cents paid, {int(a)} approved" for number, a, c in rows]
    lost = session.scalars(select(entry.id).where(entry.book != "earned", entry.claim_id.is_(None)))
    return (found + [f"entry {i} belongs to no claim and can never be paid" for i in lost])[:MOST]


def owed_is_the_balance(session: Session) -> list[str]:
    """What is kept as owed for each claim is what its entries come to: approved less taken back less paid."""
    entry = IncentiveEntry
    cents = case((entry.book == "paid", -entry.cents), else_=entry.cents)
    sums = (
        select(entry.claim_id, func.sum(cents).label("cents"))
        .where(entry.claim_id.is_not(None))
        .group_by(entry.claim_id)
        .subquery()
    )
    posted = func.coalesce(sums.c.cents, 0)
    rows = session.execute(
        select(IncentiveClaim.number, IncentiveClaim.owed_cents, posted)
        .outerjoin(sums, sums.c.claim_id == IncentiveClaim.id)
        .where(IncentiveClaim.owed_cents != posted)
        .order_by(IncentiveClaim.id)
        .limit(MOST)
    )
    return [f"{number}: {kept} cents are kept as owed, the ledger says {int(c)}" for number, kept, c in rows]


def closed_is_explained(session: Session) -> list[str]:
    """A closed reconciliation has no open difference; each match is the sum of its lines."""
    match, line = ReconciliationMatch, ReconciliationLine
    rows = session.execute(
        select(Reconciliation.number, func.count())
        .join(match, match.reconciliation_id == Reconciliation.id)
        .where(Reconciliation.open_key.is_(None), match.is_open.is_(True))
        .group_by(Reconciliation.number)
    )
    found = [f"{number} is closed with {n} differences nobody explained" for number, n in rows]
    sums = session.execute(
        select(match.id, match.paid_cents, func.sum(IncentiveMemoLine.cents))
        .join(line, line.match_id == match.id)
        .join(IncentiveMemoLine, IncentiveMemoLine.id == line.memo_line_id)
        .group_by(match.id)
    )
    found += [f"difference {i} is not the sum of its lines" for i, cents, total in sums if cents != int(total)]
    return found[:MOST]


CHECKS = (
    Check(name="Incentives paid are credit memos", run=paid_is_what_memos_say),
    Check(name="Incentives paid were approved", run=nothing_is_paid_unapproved),
    Check(name="Incentives owed are in the ledger", run=owed_is_the_balance),
    Check(name="Closed reconciliations are explained", run=closed_is_explained),
)
