"""Paying: one batch of everything payable, one credit memo a dealer, each entry exactly once (decision 0049)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.claim_payments import record, rules
from db.claim_payments.notices import tell_paid
from db.claim_payments.payable_queries import read_unpaid
from db.claim_payments.tables import ClaimEntry, CreditMemo, PaymentBatch
from db.claims.settle_commands import adjusted, paid
from db.core import changes, locks, search, timeline
from db.core.actor import Actor
from db.core.insert import rows_changed
from db.core.labels import local_day, plural
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import Problem, Refused


def make_batch(
    session: Session, *, due_until: date | None = None, dealer_ids: Collection[int] = (),
    seen_entries: int | None = None, seen_cents: int | None = None, form_key: str | None = None, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Pay everything payable (due by a day, of some dealers) and give the batch's id; `form_key` again gives the first.

    `seen_entries` and `seen_cents` are what the preview said; another sum is refused with `changed`. What is left out,
    and why, is kept with the batch. Needs claims.pay; whoever signed a claim does not pay it.
    """
    actor.require(Permission.CLAIMS_PAY)
    known = session.scalar(select(PaymentBatch.id).where(PaymentBatch.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    locked = record.lock_claims(session, record.claims_waiting(session, actor=actor, dealer_ids=dealer_ids))
    # Whoever waits here sees afterwards what the other batch has paid already.
    locks.hold(session, "claim-payments")
    entries = read_unpaid(session, actor=actor, dealer_ids=dealer_ids, claim_ids=list(locked))
    plan = rules.plan(entries, due_until=due_until)
    if not plan.memos:
        raise Refused(Problem(code="nothing", message="There is nothing to pay."))
    if (seen_entries, seen_cents) not in ((None, None), (plan.entries, plan.cents)):
        raise Refused(
            Problem(
                code="changed",
                message=f"Since you looked, what is payable changed to {rules.money_label(plan.cents)} for "
                f"{plural(plan.claims, 'claim')}. Look again, then pay.",
            )
        )  # fmt: skip
    batch = _store_batch(session, plan, due_until=due_until, form_key=form_key, actor=actor, now=now)
    memos = _store_memos(session, batch, plan, actor=actor, now=now)
    settled = _settle(session, plan, locked, actor=actor, now=now)
    for memo in memos:
        tell_paid(session, memo, now=now)
    changes.touch(session, "claim_payments", "claims")
    items = [timeline.Item("payment_batch", batch.id)]
    items += [timeline.Item("credit_memo", m.id, m.dealer_id) for m in memos]
    items += [timeline.Item("claim", c.id, c.dealer_id) for c in settled]
    timeline.record(
        session, actor=actor, now=now, area="claim_payments", command="make_batch",
        summary=f"{batch.number}: {rules.money_label(batch.cents)} paid with {plural(batch.memos, 'credit memo')} for "
        f"{plural(batch.claims, 'claim')}",
        items=items, after={"cents": batch.cents, "memos": [m.number for m in memos], "due_until": due_until},
    )  # fmt: skip
    return batch.id


def _store_batch(
    session: Session, plan: rules.Plan, *, due_until: date | None, form_key: str | None, actor: Actor, now: datetime
) -> PaymentBatch:
    (batch_id,) = next_ids(session, PaymentBatch, item_type="payment_batch", count=1)
    batch = PaymentBatch(
        id=batch_id, number=f"PB-{batch_id:06}", made_at=now, made_by=actor.name, username=actor.username,
        due_until=due_until, memos=len(plan.memos), claims=plan.claims, entries=plan.entries, cents=plan.cents,
        left_out=[
            {"claim_id": x.claim_id, "number": x.number, "dealer_id": x.dealer_id, "cents": x.cents, "why": x.why}
            for x in plan.left_out
        ],
        form_key=form_key,
    )  # fmt: skip
    session.add(batch)
    session.flush()
    return batch


def _store_memos(
    session: Session, batch: PaymentBatch, plan: rules.Plan, *, actor: Actor, now: datetime
) -> list[CreditMemo]:  # fmt: skip
    places = record.places_of(session, [m.dealer_id for m in plan.memos])
    ids = next_ids(session, CreditMemo, item_type="credit_memo", count=len(plan.memos))
    memos = []
    for memo_id, one in zip(ids, plan.memos, strict=True):
        name, region, zone = places[one.dealer_id]
        memo = CreditMemo(
            id=memo_id, number=f"CM-{memo_id:06}", batch_id=batch.id, dealer_id=one.dealer_id, region=region,
            issued_at=now, issued_on=local_day(now, zone), issued_by=actor.name, cents=one.cents,
            entries=len(one.entry_ids), claims=len(one.claim_ids),
        )  # fmt: skip
        session.add(memo)
        session.flush()
        _stamp(session, memo, one.entry_ids)
        search.index(
            session, kind="credit_memo", item_id=memo_id, texts=[memo.number, name], dealer_id=one.dealer_id,
            region=region, is_new=True,
        )  # fmt: skip
        memos.append(memo)
    return memos


def _stamp(session: Session, memo: CreditMemo, entry_ids: tuple[int, ...]) -> None:
    """Mark the entries as paid by a memo; refused as a whole when another batch was faster with a single one."""
    done = 0
    for i in range(0, len(entry_ids), record.AT_ONCE):
        done += rows_changed(
            session,
            update(ClaimEntry)
            .where(ClaimEntry.id.in_(entry_ids[i : i + record.AT_ONCE]), ClaimEntry.memo_id.is_(None))
            .values(memo_id=memo.id)
            .execution_options(synchronize_session=False),
        )
    if done != len(entry_ids):
        raise Refused(Problem(code="changed", message="Another batch paid some of these claims meanwhile. Look again."))


def _settle(
    session: Session, plan: rules.Plan, locked: Mapping[int, Any], *, actor: Actor, now: datetime
) -> list[Any]:  # fmt: skip
    """Mark the claims as paid, then the claims their supplements and debits changed; gives those that moved."""
    claims = [locked[i] for m in plan.memos for i in m.claim_ids]
    moved = [c for c in claims if c.status in rules.TO_PAY]
    for claim in moved:
        paid(session, claim, actor=actor, now=now)
    for claim in list(moved):
        original = locked.get(claim.original_id) if claim.claim_type in rules.NATURAL else None
        if original is not None and adjusted(session, original, actor=actor, now=now) and original not in moved:
            moved.append(original)
    return moved
