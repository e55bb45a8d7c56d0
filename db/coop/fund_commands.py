"""Money of a fund by hand: a purchase, an allocation, an adjustment, a transfer, the end of a fund."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.coop import ledger, lot_rules
from db.coop.accrual import Purchase, earn, known_purchase
from db.coop.record import (
    AREA,
    CLOSED_DEALERS,
    dealer_of,
    fund_item,
    fund_of,
    in_force,
    note,
    open_fund,
    programme_row,
    refuse_closed,
    today_of,
)
from db.coop.say_rules import money
from db.coop.tables import CoopEntry, CoopFund, CoopPurchase
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused

MOST_CENTS = 100_000_000_00


def accrue(session: Session, *, dealer_id: int | None, purchase: Purchase, actor: Actor, now: datetime) -> int:
    """Take one purchase; gives its id. The same invoice and model again, with the same amount, gives the first.

    Problems: those of `accrual.earn`; `other_content` for a known invoice with another amount or day.
    """
    actor.require(Permission.COOP_IMPORT)
    dealer = dealer_of(session, dealer_id, actor=actor)
    there = known_purchase(session, dealer.id, purchase)
    if there is not None:
        if (there.cents, there.invoiced_on) != (purchase.cents, purchase.invoiced_on):
            message = f"Invoice {there.invoice_number} is there already with another amount or day."
            raise Refused(Problem(code="other_content", field="invoice_number", message=message))
        timeline.repeated(session)
        return there.id
    made = earn(session, purchase, dealer, batch_id=None, actor=actor, now=now)
    note(
        session, "accrue", f"{dealer.code}: {money(made.accrued_cents)} earned with {made.invoice_number}.",
        [timeline.Item("coop_fund", made.fund_id, dealer.id)], actor=actor, now=now,
        after={"purchase": made.cents, "accrued": made.accrued_cents},
    )  # fmt: skip
    return made.id


def _repeated(session: Session, key: str, cents: int | None) -> int | None:
    """The fund an entry with this key was posted to; another amount under the same key is refused (R03)."""
    entry = session.scalars(select(CoopEntry).where(CoopEntry.entry_key == key)).one_or_none()
    if entry is None:
        return None
    if cents is not None and abs(entry.cents) != abs(cents):
        message = "This form was sent before with another amount; open it anew."
        raise Refused(Problem(code="other_content", field="cents", message=message))
    timeline.repeated(session)
    return entry.fund_id


def _amount(cents: int | None, problems: Problems, *, signed: bool = False) -> int:
    if not cents or abs(cents) > MOST_CENTS or (cents < 0 and not signed):
        problems.add("cents", "out_of_range", "Give an amount above $0 and at most $100,000,000.")
    return cents or 0


def allocate(
    session: Session, *, programme_id: int | None, dealer_id: int | None, cents: int | None, reason: str,
    form_key: str, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Give a dealer money of the manufacturer's budget beside what it earns; gives the fund's id.

    It expires like money earned today. Problems: dealer_id, cents, reason.
    """
    actor.require(Permission.COOP_MANAGE)
    dealer = dealer_of(session, dealer_id, actor=actor)
    row = programme_row(session, programme_id)
    fund = open_fund(session, row, dealer, actor=actor, now=now)
    key = f"allocation:{form_key}"
    known = _repeated(session, key, cents)
    if known is not None:
        return known
    problems = Problems()
    amount = _amount(cents, problems)
    reason = problems.require(reason, "reason", "The reason", longest=1_000)
    if dealer.status in CLOSED_DEALERS:
        problems.add("dealer_id", "closed", f"{dealer.name} is {dealer.status}.")
    problems.refuse_if_any()
    refuse_closed(fund)
    today = today_of(fund, now)
    _, programme = in_force(session, row.id, today)
    before = fund.available_cents
    ledger.money_in(
        session, fund, kind="allocation", cents=amount, key=key, earned_on=today,
        expires_on=lot_rules.expires_on(today, programme.lot_months), actor=actor, now=now, reason=reason,
    )  # fmt: skip
    _note_move(
        session,
        "allocate",
        f"{money(amount)} allocated to {dealer.code}.",
        fund,
        before=before,
        reason=reason,
        actor=actor,
        now=now,
    )
    return fund.id


def adjust(
    session: Session, *, fund_id: int, cents: int | None, reason: str, form_key: str, override_reason: str = "",
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Correct a fund up or down; gives its id. `override_reason` (coop.override) lets it fall below zero.

    Problems: cents, reason, override_reason; `available` when too little is left.
    """
    actor.require(Permission.COOP_MANAGE)
    fund = fund_of(session, fund_id, actor=actor)
    key = f"adjustment:{form_key}"
    known = _repeated(session, key, cents)
    if known is not None:
        return known
    problems = Problems()
    amount = _amount(cents, problems, signed=True)
    reason = problems.require(reason, "reason", "The reason", longest=1_000)
    problems.refuse_if_any()
    refuse_closed(fund)
    override_reason = override_reason.strip()
    if override_reason:
        actor.require(Permission.COOP_OVERRIDE)
    before, today = fund.available_cents, today_of(fund, now)
    if amount > 0:
        _, programme = in_force(session, fund.programme_id, today)
        ledger.money_in(
            session, fund, kind="adjustment", cents=amount, key=key, earned_on=today,
            expires_on=lot_rules.expires_on(today, programme.lot_months), actor=actor, now=now, reason=reason,
        )  # fmt: skip
    else:
        ledger.money_out(
            session, fund, kind="adjustment", cents=-amount, key=key, actor=actor, now=now,
            reason=f"{reason} {override_reason}".strip(), override=bool(override_reason),
        )  # fmt: skip
    said = f"Fund of {fund.dealer.code} adjusted by {money(amount)}."
    _note_move(
        session, "adjust", said, fund, before=before, reason=f"{reason} {override_reason}".strip(), actor=actor, now=now
    )
    return fund.id


def transfer(
    session: Session, *, fund_id: int, to_dealer_id: int | None, cents: int | None, reason: str, form_key: str,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Move money to another dealer's fund of the same programme; it keeps its days of expiry. Gives the other fund.

    Problems: to_dealer_id, cents, reason; `available` when too little is left.
    """
    actor.require(Permission.COOP_MANAGE)
    seen = session.get(CoopFund, fund_id)
    if seen is None or not actor.scope.allows(dealer_id=seen.dealer_id, region=seen.region):
        raise NotFound("This fund")
    dealer = dealer_of(session, to_dealer_id, actor=actor)
    problems = Problems()
    amount = _amount(cents, problems)
    reason = problems.require(reason, "reason", "The reason", longest=1_000)
    if dealer.id == seen.dealer_id:
        problems.add("to_dealer_id", "same", "Choose another dealer.")
    if dealer.status in CLOSED_DEALERS:
        problems.add("to_dealer_id", "closed", f"{dealer.name} is {dealer.status}.")
    problems.refuse_if_any()
    # Both funds are locked in the order of their ids, so that two transfers against each other cannot block.
    target_id = session.scalar(
        select(CoopFund.id).where(CoopFund.programme_id == seen.programme_id, CoopFund.dealer_id == dealer.id)
    )
    row = programme_row(session, seen.programme_id)
    if target_id is None:
        target_id = open_fund(session, row, dealer, actor=actor, now=now).id
    locked = {i: fund_of(session, i, actor=actor) for i in sorted((fund_id, target_id))}
    fund, target = locked[fund_id], locked[target_id]
    known = _repeated(session, f"transfer_in:{form_key}:0", None)
    if known is not None:
        return known
    refuse_closed(fund)
    refuse_closed(target)
    before = fund.available_cents
    _, parts = ledger.money_out(
        session, fund, kind="transfer_out", cents=amount, key=f"transfer_out:{form_key}", actor=actor, now=now,
        reason=f"To {dealer.code}: {reason}",
    )  # fmt: skip
    for number, (lot, part) in enumerate(parts):
        ledger.money_in(
            session, target, kind="transfer_in", cents=part, key=f"transfer_in:{form_key}:{number}",
            earned_on=lot.earned_on, expires_on=lot.expires_on, actor=actor, now=now,
            reason=f"From {fund.dealer.code}: {reason}",
        )  # fmt: skip
    changes.touch(session, AREA)
    note(
        session, "transfer", f"{money(amount)} moved from {fund.dealer.code} to {dealer.code}.",
        [fund_item(fund), fund_item(target)], actor=actor, now=now, reason=reason, before={"available": before},
        after={"available": fund.available_cents},
    )  # fmt: skip
    return target.id


def forfeit(session: Session, *, fund_id: int, reason: str, actor: Actor, now: datetime) -> int:
    """Close a fund: what is available is lost to the dealer, and so is what comes back later. Gives the sum.

    Open requests and claims keep what they hold; they are decided as usual. Problems: reason.
    """
    actor.require(Permission.COOP_MANAGE)
    fund = fund_of(session, fund_id, actor=actor)
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=1_000)
    problems.refuse_if_any()
    refuse_closed(fund)
    before = fund.available_cents
    cents = ledger.forfeit(session, fund, actor=actor, now=now, reason=reason)
    fund.closed_at = now
    session.flush()
    said = f"Fund of {fund.dealer.code} closed, {money(cents)} forfeited."
    _note_move(session, "forfeit", said, fund, before=before, reason=reason, actor=actor, now=now)
    return cents


def _note_move(
    session: Session, command: str, said: str, fund: CoopFund, *, before: int, reason: str, actor: Actor, now: datetime
) -> None:
    note(
        session, command, said, [fund_item(fund)], actor=actor, now=now, reason=reason, before={"available": before},
        after={"available": fund.available_cents},
    )  # fmt: skip


__all__ = ["CoopPurchase", "Purchase", "accrue", "adjust", "allocate", "forfeit", "transfer"]
