"""What `python -m db check` verifies about co-op: every balance is its ledger, every lot what was drawn of it."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from db.coop import ways
from db.coop.balance_rules import Balance, effect
from db.coop.flow import HOLDS
from db.coop.ledger import balance
from db.coop.paper_tables import CoopPaper
from db.coop.payment_tables import CoopBatch, CoopMemo, CoopMemoLine
from db.coop.queue_tables import CoopClaim, CoopDraw, CoopProof, CoopRequest
from db.coop.sums import LOTS, SUMS, WAYS
from db.coop.tables import CoopEntry, CoopFund, CoopLot
from db.core.area import Check
from db.core.rollups import sums_check

MOST = 50


def balances_are_their_ledger(session: Session) -> list[str]:
    """Each column of each fund is what its entries add up to, and its lots hold what is available."""
    sums: dict[int, Balance] = defaultdict(Balance)
    rows = session.execute(
        select(
            CoopEntry.fund_id, CoopEntry.kind, CoopEntry.of_kind, func.sum(CoopEntry.cents),
            func.sum(CoopEntry.reserve_cents),
        ).group_by(CoopEntry.fund_id, CoopEntry.kind, CoopEntry.of_kind)
    )  # fmt: skip
    for fund_id, kind, of_kind, cents, held in rows:
        sums[fund_id] += effect(kind, int(cents), reserve_cents=int(held), of_kind=of_kind)
    left = dict(session.execute(select(CoopLot.fund_id, func.sum(CoopLot.left_cents)).group_by(CoopLot.fund_id)).all())
    found = []
    for fund in session.scalars(select(CoopFund).order_by(CoopFund.id)):
        if balance(fund) != sums[fund.id]:
            found.append(f"fund {fund.id} says {balance(fund)}, its ledger {sums[fund.id]}")
        if fund.available_cents != sums[fund.id].available:
            found.append(
                f"fund {fund.id} has {fund.available_cents} cents available, its ledger {sums[fund.id].available}"
            )
        if int(left.get(fund.id) or 0) != max(fund.available_cents, 0):
            found.append(
                f"the lots of fund {fund.id} hold {left.get(fund.id) or 0} cents, {fund.available_cents} are available"
            )
    return found[:MOST]


def reserves_are_requests(session: Session) -> list[str]:
    """What a fund has reserved is what its requests hold; only approved requests hold; each draw is in its lot."""
    held = (
        select(CoopRequest.fund_id, func.sum(CoopRequest.reserved_cents).label("cents"))
        .group_by(CoopRequest.fund_id)
        .subquery()
    )
    rows = session.execute(
        select(CoopFund.id, CoopFund.reserved_cents, func.coalesce(held.c.cents, 0)).outerjoin(
            held, held.c.fund_id == CoopFund.id
        )
    )
    found = [f"fund {i} has {a} cents reserved, its requests hold {int(b)}" for i, a, b in rows if a != int(b)]
    wrong = session.scalars(
        select(CoopRequest.number).where(CoopRequest.status.not_in(HOLDS), CoopRequest.reserved_cents != 0)
    )
    found += [f"{number} holds a reserve and is not approved" for number in wrong]
    draws = (
        select(
            CoopDraw.lot_id,
            func.sum(case((CoopDraw.request_id.is_not(None), CoopDraw.cents), else_=0)).label("held"),
            func.sum(case((CoopDraw.claim_id.is_not(None), CoopDraw.cents), else_=0)).label("used"),
        )
        .group_by(CoopDraw.lot_id)
        .subquery()
    )
    lots = session.scalars(
        select(CoopLot.id)
        .outerjoin(draws, draws.c.lot_id == CoopLot.id)
        .where(
            or_(
                CoopLot.held_cents != func.coalesce(draws.c.held, 0),
                CoopLot.used_cents < func.coalesce(draws.c.used, 0),
            )
        )
    )
    found += [f"lot {i} is not what was drawn of it" for i in lots]
    return found[:MOST]


def claims_are_in_the_ledger(session: Session) -> list[str]:
    """Each approved claim is one entry, each reversed one nothing; nothing was paid that was not approved."""
    entry = CoopEntry
    gross = func.sum(case((entry.kind == "claim", entry.cents), else_=0))
    back = func.sum(case((entry.kind == "reversal", entry.cents), else_=0))
    paid = func.sum(case((entry.kind == "payment", entry.cents), else_=0))
    sums = (
        select(entry.claim_id, gross.label("gross"), back.label("back"), paid.label("paid"))
        .where(entry.claim_id.is_not(None))
        .group_by(entry.claim_id)
        .subquery()
    )
    rows = session.execute(
        select(
            CoopClaim.number, CoopClaim.status, CoopClaim.approved_cents, func.coalesce(sums.c.gross, 0),
            func.coalesce(sums.c.back, 0), func.coalesce(sums.c.paid, 0),
        ).outerjoin(sums, sums.c.claim_id == CoopClaim.id)
    )  # fmt: skip
    found = []
    for number, status, approved, g, b, p in rows:
        wanted = (approved or 0, (approved or 0) if status == "reversed" else 0)
        if (int(g), int(b)) != wanted:
            found.append(f"{number} is {status} with {approved or 0} cents, the ledger says {int(g)} less {int(b)}")
        if not 0 <= int(p) <= int(g):
            found.append(f"{number}: {int(p)} cents paid, {int(g)} approved")
    return found[:MOST]


def payments_are_memos(session: Session) -> list[str]:
    """Each payment is one line of a memo of its dealer, each memo its lines, each batch its memos."""
    line, memo, entry = CoopMemoLine, CoopMemo, CoopEntry
    lost = session.scalars(
        select(entry.id).outerjoin(line, line.entry_id == entry.id).where(entry.kind == "payment", line.id.is_(None))
    )
    found = [f"payment {i} is on no credit memo" for i in lost]
    wrong = (line.cents != entry.cents) | (line.claim_id != entry.claim_id) | (line.dealer_id != memo.dealer_id)
    rows = session.execute(
        select(memo.number, line.id)
        .join(memo, memo.id == line.memo_id)
        .join(entry, entry.id == line.entry_id)
        .where(wrong)
    )
    found += [f"line {i} of {number} is not what its entry says" for number, i in rows]
    memos = session.execute(
        select(memo.number, memo.cents, memo.lines, func.coalesce(func.sum(line.cents), 0), func.count(line.id))
        .outerjoin(line, line.memo_id == memo.id)
        .group_by(memo.id, memo.number, memo.cents, memo.lines)
    )
    found += [f"{n} is not the sum of its lines" for n, c, k, s, many in memos if (c, k) != (int(s), many)]
    batches = session.execute(
        select(CoopBatch.number, CoopBatch.cents, func.coalesce(func.sum(memo.cents), 0))
        .outerjoin(memo, memo.batch_id == CoopBatch.id)
        .group_by(CoopBatch.id, CoopBatch.number, CoopBatch.cents)
    )
    found += [f"{n} is not the sum of its memos" for n, cents, total in batches if cents != int(total)]
    return found[:MOST]


def papers_are_proofs(session: Session) -> list[str]:
    """Each file of a claim is a proof the claim has, and each file is of one claim or request, of its own dealer."""
    paper, claim, request = CoopPaper, CoopClaim, CoopRequest
    rows = session.execute(
        select(paper.id, paper.file_name, claim.number)
        .join(claim, claim.id == paper.claim_id)
        .outerjoin(CoopProof, (CoopProof.claim_id == paper.claim_id) & (CoopProof.kind == paper.kind))
        .where(paper.removed_at.is_(None), CoopProof.id.is_(None))
        .order_by(paper.id)
    )
    found = [f"file {i} ({name}) of {number} is no proof of it" for i, name, number in rows]
    strays = session.scalars(
        select(paper.id)
        .outerjoin(claim, claim.id == paper.claim_id)
        .outerjoin(request, request.id == paper.request_id)
        .where(
            or_(
                paper.claim_id.is_(None) == paper.request_id.is_(None),
                paper.dealer_id != func.coalesce(claim.dealer_id, request.dealer_id),
            )
        )
        .order_by(paper.id)
    )
    found += [f"file {i} is not of one claim or request of its dealer" for i in strays]
    return found[:MOST]


CHECKS = (
    Check(name="Co-op balances are their ledger", run=balances_are_their_ledger),
    Check(name="Co-op reserves are what requests hold", run=reserves_are_requests),
    Check(name="Approved co-op claims are in the ledger", run=claims_are_in_the_ledger),
    Check(name="Co-op payments are credit memos", run=payments_are_memos),
    Check(name="Co-op files are proofs", run=papers_are_proofs),
    Check(name="Ways of co-op requests and claims are in the timeline", run=ways.differences, rebuild=ways.repair),
    sums_check("Sums of co-op agree with the ledger", SUMS),
    *(sums_check(f"Sums in {', '.join(kept.grains)} agree with their rows", kept) for kept in (*WAYS, LOTS)),
)
