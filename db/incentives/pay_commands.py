"""Paying incentives: one credit memo a dealer, in full or as far as authorized, each cent once (decision 0056)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core import changes, locks, search, timeline
from db.core.actor import Actor
from db.core.labels import local_day, plural
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.incentives import pay_rules as rules
from db.incentives.notices import tell_paid
from db.incentives.pay_queries import read_owed
from db.incentives.payment_tables import IncentiveBatch, IncentiveMemo, IncentiveMemoLine
from db.incentives.record import AREA, dealer_of, owe
from db.incentives.say_rules import money
from db.incentives.tables import IncentiveEntry


def make_payment(
    session: Session, *, dealer_ids: Collection[int] = (), amounts: Mapping[rules.Key, int] | None = None,
    seen_lines: int | None = None, seen_cents: int | None = None, form_key: str | None = None, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Pay what is payable (of some dealers; of some accounts less, the rest later) and give the batch's id.

    `form_key` again gives the first. `seen_lines` and `seen_cents` are what the preview said; another sum is refused
    with `changed`. Needs incentives.pay; whoever approved a claim does not pay it. Problems: amounts.
    """
    actor.require(Permission.INCENTIVES_PAY)
    known = session.scalar(select(IncentiveBatch.id).where(IncentiveBatch.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    # Whoever waits here sees afterwards what the other payment has paid already; the entry's key refuses the rest.
    locks.hold(session, "incentive-payments")
    owed = read_owed(session, actor=actor, dealer_ids=dealer_ids)
    chosen = dict(amounts or {})
    over = rules.too_much(owed, chosen)
    if over is not None:
        message = f"Between $0 and {money(max(0, over[1]))} can be authorized for period {over[0][2]}."
        raise Refused(Problem(code="out_of_range", field="amounts", message=message))
    plan = rules.plan(owed, amounts=chosen)
    if not plan.memos:
        raise Refused(Problem(code="nothing", message="There is nothing to pay."))
    if (seen_lines, seen_cents) not in ((None, None), (plan.lines, plan.cents)):
        message = (
            f"Since you looked, what is payable changed to {money(plan.cents)} for {plural(plan.lines, 'claim')}. "
            "Look again, then pay."
        )
        raise Refused(Problem(code="changed", message=message))
    batch = _store_batch(session, plan, form_key=form_key, actor=actor, now=now)
    memos = [_store_memo(session, batch, one, actor=actor, now=now) for one in plan.memos]
    for memo in memos:
        tell_paid(session, memo, now=now)
    changes.touch(session, AREA)
    items = [timeline.Item("incentive_batch", batch.id)]
    items += [timeline.Item("incentive_memo", m.id, m.dealer_id) for m in memos]
    items += [
        timeline.Item("incentive_claim", line.owed.claim_id, one.dealer_id) for one in plan.memos for line in one.lines
    ]
    timeline.record(
        session, actor=actor, now=now, area=AREA, command="make_payment",
        summary=f"{batch.number}: {money(batch.cents)} of incentives paid with {plural(batch.memos, 'credit memo')}",
        items=items, after={"cents": batch.cents, "memos": [m.number for m in memos]},
    )  # fmt: skip
    return batch.id


def _store_batch(
    session: Session, plan: rules.Plan, *, form_key: str | None, actor: Actor, now: datetime
) -> IncentiveBatch:  # fmt: skip
    (batch_id,) = next_ids(session, IncentiveBatch, item_type="incentive_batch", count=1)
    batch = IncentiveBatch(
        id=batch_id, number=f"IB-{batch_id:06}", made_at=now, made_by=actor.name, username=actor.username,
        memos=len(plan.memos), lines=plan.lines, cents=plan.cents, form_key=form_key,
        left_out=[
            {
                "claim_id": x.owed.claim_id, "number": x.owed.number, "dealer_id": x.owed.dealer_id, "cents": x.cents,
                "why": x.why,
            }
            for x in plan.left_out
        ],
    )  # fmt: skip
    session.add(batch)
    session.flush()
    return batch


def _store_memo(
    session: Session, batch: IncentiveBatch, one: rules.MemoPlan, *, actor: Actor, now: datetime
) -> IncentiveMemo:  # fmt: skip
    dealer = dealer_of(session, one.dealer_id, actor=actor)
    (memo_id,) = next_ids(session, IncentiveMemo, item_type="incentive_memo", count=1)
    memo = IncentiveMemo(
        id=memo_id, number=f"IM-{memo_id:06}", batch_id=batch.id, dealer_id=dealer.id, region=dealer.region,
        issued_at=now, issued_on=local_day(now, dealer.zone), issued_by=actor.name, cents=one.cents,
        lines=len(one.lines),
    )  # fmt: skip
    session.add(memo)
    entries = [
        IncentiveEntry(
            entry_key=rules.entry_key(line.owed.claim_id, line.owed.payments), book="paid", kind="payment",
            program_id=line.owed.program_id, dealer_id=dealer.id, region=dealer.region, period=line.owed.period,
            claim_id=line.owed.claim_id, cents=line.cents, at=now, on_day=local_day(now, DESK_ZONE),
            username=actor.username, by=actor.name, reason=memo.number,
        )
        for line in one.lines
    ]  # fmt: skip
    session.add_all(entries)
    session.flush()
    owe(session, {line.owed.claim_id: -line.cents for line in one.lines})
    session.add_all(
        IncentiveMemoLine(
            memo_id=memo.id, entry_id=entry.id, claim_id=line.owed.claim_id, program_id=line.owed.program_id,
            dealer_id=dealer.id, region=dealer.region, period=line.owed.period, owed_cents=line.owed.cents,
            cents=line.cents,
        )
        for entry, line in zip(entries, one.lines, strict=True)
    )  # fmt: skip
    session.flush()
    search.index(
        session, kind="incentive_memo", item_id=memo.id, texts=[memo.number, dealer.name], dealer_id=dealer.id,
        region=dealer.region, is_new=True,
    )  # fmt: skip
    return memo
