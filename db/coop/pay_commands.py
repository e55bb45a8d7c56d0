"""Paying approved claims: one credit memo a dealer, each cent once, by other hands than those that approved."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.coop import ledger, ways
from db.coop import pay_rules as rules
from db.coop.notices import tell_paid
from db.coop.pay_queries import read_owed
from db.coop.payment_tables import CoopBatch, CoopMemo, CoopMemoLine
from db.coop.record import BATCH, CLAIM, MEMO, dealer_of, fund_of, index_words, note
from db.coop.say_rules import money
from db.core import locks, timeline
from db.core.actor import Actor
from db.core.labels import local_day, plural
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import Problem, Refused


def make_payment(
    session: Session, *, dealer_ids: Collection[int] = (), seen_lines: int | None = None, seen_cents: int | None = None,
    form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Pay what is payable (of some dealers) and give the batch's id; `form_key` again gives the first.

    `seen_lines` and `seen_cents` are what the preview said; another sum is refused with `changed`.
    """
    actor.require(Permission.COOP_PAY)
    known = session.scalar(select(CoopBatch.id).where(CoopBatch.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    # Funds are locked in the order of their ids, so that a claim approved or reversed meanwhile waits or is seen.
    locks.hold(session, "coop-payments")
    for fund_id in sorted({o.fund_id for o in read_owed(session, actor=actor, dealer_ids=dealer_ids)}):
        fund_of(session, fund_id, actor=actor)
    plan = rules.plan(read_owed(session, actor=actor, dealer_ids=dealer_ids))
    if not plan.memos:
        raise Refused(Problem(code="nothing", message="There is nothing to pay."))
    if (seen_lines, seen_cents) not in ((None, None), (plan.lines, plan.cents)):
        message = (
            f"Since you looked, what is payable changed to {money(plan.cents)} for {plural(plan.lines, 'claim')}. "
            "Look again, then pay."
        )
        raise Refused(Problem(code="changed", message=message))
    (batch_id,) = next_ids(session, CoopBatch, item_type=BATCH, count=1)
    batch = CoopBatch(
        id=batch_id, number=f"FB-{batch_id:06}", made_at=now, made_by=actor.name, username=actor.username,
        memos=len(plan.memos), lines=plan.lines, cents=plan.cents, form_key=form_key,
        left_out=[
            {"claim_id": o.claim_id, "number": o.number, "dealer_id": o.dealer_id, "cents": o.cents, "why": why}
            for o, why in plan.left_out
        ],
    )  # fmt: skip
    session.add(batch)
    session.flush()
    memos = [_store_memo(session, batch, one, actor=actor, now=now) for one in plan.memos]
    for memo in memos:
        tell_paid(session, memo, now=now)
    items = [timeline.Item(BATCH, batch.id), *(timeline.Item(MEMO, m.id, m.dealer_id) for m in memos)]
    items += [timeline.Item(CLAIM, line.claim_id, one.dealer_id) for one in plan.memos for line in one.lines]
    note(
        session, "make_payment",
        f"{batch.number}: {money(batch.cents)} of co-op paid with {plural(batch.memos, 'credit memo')}.", items,
        actor=actor, now=now, after={"cents": batch.cents, "memos": [m.number for m in memos]},
    )  # fmt: skip
    return batch.id


def _store_memo(
    session: Session, batch: CoopBatch, one: rules.MemoPlan, *, actor: Actor, now: datetime
) -> CoopMemo:  # fmt: skip
    dealer = dealer_of(session, one.dealer_id, actor=actor)
    (memo_id,) = next_ids(session, CoopMemo, item_type=MEMO, count=1)
    memo = CoopMemo(
        id=memo_id, number=f"FM-{memo_id:06}", batch_id=batch.id, dealer_id=dealer.id, region=dealer.region,
        issued_at=now, issued_on=local_day(now, dealer.zone), issued_by=actor.name, cents=one.cents,
        lines=len(one.lines),
    )  # fmt: skip
    session.add(memo)
    session.flush()
    # Debts first, fund by fund: nobody has been paid more than was approved at any moment in between.
    for line in sorted(one.lines, key=lambda o: (o.fund_id, o.cents)):
        fund = fund_of(session, line.fund_id, actor=actor)
        entry = ledger.pay(
            session, fund, claim_id=line.claim_id, cents=line.cents, medium=line.medium,
            key=rules.entry_key(line.claim_id, line.payments), actor=actor, now=now, reason=memo.number,
        )  # fmt: skip
        session.add(
            CoopMemoLine(
                memo_id=memo.id, entry_id=entry.id, claim_id=line.claim_id, dealer_id=dealer.id, region=dealer.region,
                cents=line.cents,
            )
        )  # fmt: skip
        if line.cents > 0:
            ways.keep_paid(session, line.claim_id, now=now)
    session.flush()
    index_words(session, MEMO, memo, [dealer.code, dealer.name], is_new=True)
    return memo
