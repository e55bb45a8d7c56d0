"""Posting to the ledger of a fund: one entry, one guarded UPDATE of the balance, and the lots that pay (decision 0062).

Every function works on a fund `record.fund_of` has locked. What expired is posted before anything is spent, so that a
lot whose last day is over never pays, whether or not the sweep has passed. Money is cents.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from db.coop import lot_rules
from db.coop.balance_rules import Balance, effect
from db.coop.queue_tables import CoopClaim, CoopDraw, CoopRequest
from db.coop.record import today_of
from db.coop.say_rules import money
from db.coop.tables import CoopEntry, CoopFund, CoopLot
from db.core import changes
from db.core.actor import Actor
from db.core.insert import rows_changed
from db.core.problems import Problem, Refused

COLUMNS = tuple(f.name for f in fields(Balance))


def balance(fund: CoopFund) -> Balance:
    """The columns of a fund as they are in hand."""
    return Balance(**{name: getattr(fund, f"{name}_cents") for name in COLUMNS})


def _post(
    session: Session, fund: CoopFund, *, kind: str, cents: int, key: str, actor: Actor, now: datetime,
    reserve_cents: int = 0, of_kind: str = "", reverses_id: int | None = None, request_id: int | None = None,
    claim_id: int | None = None, medium: str = "", reason: str = "", override: bool = False,
) -> CoopEntry:  # fmt: skip
    """Move the balance with the limit in the WHERE, and add the entry; its unique key refuses it a second time."""
    change = effect(kind, cents, reserve_cents=reserve_cents, of_kind=of_kind)
    delta = change.available
    after = CoopFund.available_cents + delta
    statement = update(CoopFund).where(CoopFund.id == fund.id)
    moved = {
        f"{name}_cents": getattr(CoopFund, f"{name}_cents") + getattr(change, name)
        for name in COLUMNS
        if getattr(change, name)
    }
    values = {**moved, "available_cents": after}
    if delta < 0 and not override:
        statement = statement.where(after >= 0)
    elif delta:
        values["overdraft_cents"] = case((after < 0, -after), else_=0)
    if rows_changed(session, statement.values(values).execution_options(synchronize_session=False)) != 1:
        session.refresh(fund)
        message = f"Only {money(max(fund.available_cents, 0))} is available; {money(-delta)} is asked for."
        raise Refused(Problem(code="available", field="amount_cents", message=message, rule="domain-rules 2.3"))
    entry = CoopEntry(
        entry_key=key, fund_id=fund.id, dealer_id=fund.dealer_id, region=fund.region, kind=kind, of_kind=of_kind,
        cents=cents, reserve_cents=reserve_cents, reverses_id=reverses_id, request_id=request_id, claim_id=claim_id,
        medium=medium, at=now, on=today_of(fund, now), username=actor.username, by=actor.name, reason=reason,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    session.refresh(fund)
    changes.touch(session, "coop")
    return entry


# ---- lots ------------------------------------------------------------------------------------------------------------
def _lots(session: Session, fund: CoopFund) -> dict[int, CoopLot]:
    rows = session.scalars(select(CoopLot).where(CoopLot.fund_id == fund.id, CoopLot.left_cents > 0))
    return {lot.id: lot for lot in rows}


def _facts(lots: dict[int, CoopLot]) -> list[lot_rules.Lot]:
    return [lot_rules.Lot(id=i, expires_on=lot.expires_on, left=lot.left_cents) for i, lot in lots.items()]


def _new_lot(
    session: Session, fund: CoopFund, entry: CoopEntry, *, cents: int, earned_on: date, expires_on: date, covered: int
) -> None:
    """A lot of what came in; as much as pays off an overdraft is used at once."""
    session.add(
        CoopLot(
            fund_id=fund.id, dealer_id=fund.dealer_id, region=fund.region, entry_id=entry.id, earned_on=earned_on,
            expires_on=expires_on, cents=cents, left_cents=cents - covered, held_cents=0, used_cents=covered,
            removed_cents=0, expired_cents=0,
        )
    )  # fmt: skip
    session.flush()


def _spend(session: Session, fund: CoopFund, cents: int, column: str) -> list[tuple[CoopLot, int]]:
    """Take an amount out of the lots in FIFO order, as far as they reach; gives (lot, cents)."""
    lots = _lots(session, fund)
    parts, _ = lot_rules.take(_facts(lots), cents)
    for lot_id, part in parts:
        lots[lot_id].left_cents -= part
        setattr(lots[lot_id], column, getattr(lots[lot_id], column) + part)
    session.flush()
    return [(lots[i], part) for i, part in parts]


def _draws(session: Session, *, request_id: int | None = None, claim_id: int | None = None) -> list[CoopDraw]:
    mine = CoopDraw.request_id == request_id if request_id is not None else CoopDraw.claim_id == claim_id
    found = session.scalars(
        select(CoopDraw).join(CoopLot, CoopLot.id == CoopDraw.lot_id).where(mine, CoopDraw.cents > 0)
        .order_by(CoopLot.expires_on, CoopLot.id)
    )  # fmt: skip
    return list(found)


def _return(
    session: Session, fund: CoopFund, entry: CoopEntry, draws: list[CoopDraw], column: str, *, cents: int, before: int,
    months: int,
) -> None:  # fmt: skip
    """Give back what draws had taken of their lots, as far as it is not needed to pay off an overdraft."""
    back = lot_rules.give_back([(d.lot_id, d.cents) for d in draws], cents=cents, before=before)
    by_lot = {d.lot_id: d.lot for d in draws}
    for lot_id, part in back.freed:
        lot = by_lot[lot_id]
        setattr(lot, column, getattr(lot, column) - part)
        lot.left_cents += part
    for lot_id, part in back.covering:
        lot = by_lot[lot_id]
        setattr(lot, column, getattr(lot, column) - part)
        lot.used_cents += part
    for draw in draws:
        draw.cents = 0
    session.flush()
    if back.new:
        on = entry.on
        _new_lot(
            session, fund, entry, cents=back.new, earned_on=on, expires_on=lot_rules.expires_on(on, months), covered=0
        )


# ---- money in --------------------------------------------------------------------------------------------------------
def money_in(
    session: Session, fund: CoopFund, *, kind: str, cents: int, key: str, earned_on: date, expires_on: date,
    actor: Actor, now: datetime, reason: str = "",
) -> CoopEntry:  # fmt: skip
    """An accrual, allocation, adjustment or transfer that comes in, as a lot that expires on its day."""
    before = fund.available_cents
    entry = _post(session, fund, kind=kind, cents=cents, key=key, actor=actor, now=now, reason=reason)
    _new_lot(
        session,
        fund,
        entry,
        cents=cents,
        earned_on=earned_on,
        expires_on=expires_on,
        covered=min(cents, max(-before, 0)),
    )
    return entry


def money_out(
    session: Session, fund: CoopFund, *, kind: str, cents: int, key: str, actor: Actor, now: datetime,
    reason: str = "", override: bool = False,
) -> tuple[CoopEntry, list[tuple[CoopLot, int]]]:  # fmt: skip
    """Take money away (a negative accrual or adjustment, a transfer, what is forfeited); gives the lots it came from.

    `cents` is positive; the entry of an accrual or adjustment says it with a minus.
    """
    expire(session, fund, actor=actor, now=now)
    signed = -cents if kind in ("accrual", "adjustment") else cents
    entry = _post(
        session, fund, kind=kind, cents=signed, key=key, actor=actor, now=now, reason=reason, override=override
    )
    return entry, _spend(session, fund, cents, "removed_cents")


# ---- a request holds, a claim uses -----------------------------------------------------------------------------------
def reserve(
    session: Session, fund: CoopFund, request: CoopRequest, cents: int, *, actor: Actor, now: datetime,
    override_reason: str = "",
) -> None:  # fmt: skip
    """Hold an amount for a request, out of the lots that expire first; `override_reason` lets it exceed the fund."""
    expire(session, fund, actor=actor, now=now)
    _post(
        session, fund, kind="reserve", cents=cents, key=f"reserve:{request.id}", actor=actor, now=now,
        request_id=request.id, medium=request.medium, reason=override_reason, override=bool(override_reason),
    )  # fmt: skip
    for lot, part in _spend(session, fund, cents, "held_cents"):
        session.add(CoopDraw(lot_id=lot.id, request_id=request.id, claim_id=None, cents=part))
    session.flush()


def release(
    session: Session, fund: CoopFund, request: CoopRequest, cents: int, *, months: int, actor: Actor, now: datetime,
    reason: str = "",
) -> None:  # fmt: skip
    """Give back what a request still holds; its key lets this happen once. What expired meanwhile expires now."""
    if cents <= 0:
        return
    before = fund.available_cents
    entry = _post(
        session, fund, kind="release", cents=cents, key=f"release:{request.id}", actor=actor, now=now,
        request_id=request.id, medium=request.medium, reason=reason,
    )  # fmt: skip
    draws = _draws(session, request_id=request.id)
    _return(session, fund, entry, draws, "held_cents", cents=cents, before=before, months=months)
    _end_what_came_back(session, fund, actor=actor, now=now)


def use(
    session: Session, fund: CoopFund, claim: CoopClaim, cents: int, *, held: int, actor: Actor, now: datetime,
    override_reason: str = "",
) -> None:  # fmt: skip
    """Pay an approved claim: `held` out of the reserve of its request, the rest out of what is available."""
    expire(session, fund, actor=actor, now=now)
    _post(
        session, fund, kind="claim", cents=cents, reserve_cents=held, key=f"claim:{claim.id}", actor=actor, now=now,
        request_id=claim.request_id, claim_id=claim.id, medium=claim.medium, reason=override_reason,
    )  # fmt: skip
    used: dict[int, int] = {}
    rest = held
    for draw in _draws(session, request_id=claim.request_id) if held and claim.request_id else ():
        part = min(draw.cents, rest)
        rest -= part
        draw.cents -= part
        draw.lot.held_cents -= part
        draw.lot.used_cents += part
        used[draw.lot_id] = used.get(draw.lot_id, 0) + part
    session.flush()
    for lot, part in _spend(session, fund, cents - held, "used_cents"):
        used[lot.id] = used.get(lot.id, 0) + part
    for lot_id, part in used.items():
        if part:
            session.add(CoopDraw(lot_id=lot_id, request_id=None, claim_id=claim.id, cents=part))
    session.flush()


def reverse_claim(
    session: Session, fund: CoopFund, claim: CoopClaim, *, months: int, actor: Actor, now: datetime, reason: str
) -> None:
    """Take an approved claim back: the money returns to its lots, and what is over there expires at once."""
    earlier = session.scalars(select(CoopEntry).where(CoopEntry.entry_key == f"claim:{claim.id}")).one()
    before = fund.available_cents
    entry = _post(
        session, fund, kind="reversal", of_kind="claim", cents=earlier.cents, key=f"reversal:{earlier.id}",
        reverses_id=earlier.id, claim_id=claim.id, medium=claim.medium, actor=actor, now=now, reason=reason,
    )  # fmt: skip
    draws = _draws(session, claim_id=claim.id)
    _return(session, fund, entry, draws, "used_cents", cents=earlier.cents, before=before, months=months)
    _end_what_came_back(session, fund, actor=actor, now=now)


def reverse_accrual(
    session: Session, fund: CoopFund, entry: CoopEntry, *, earned_on: date, expires_on: date, actor: Actor,
    now: datetime, reason: str,
) -> None:  # fmt: skip
    """Take an accrual back (the undo of an import): its untouched lot is emptied; a credit's money becomes a new lot.

    Refused with `in_use` when anything of the lot was held, spent, moved or has expired.
    """
    lot = session.scalars(
        select(CoopLot).where(CoopLot.entry_id == entry.id).execution_options(populate_existing=True)
    ).one_or_none()
    if lot is not None and lot.left_cents != lot.cents:
        message = f"Of the {money(lot.cents)} earned with {entry.reason.split(':')[0]} something was used."
        raise Refused(Problem(code="in_use", message=message))
    before = fund.available_cents
    made = _post(
        session, fund, kind="reversal", of_kind="accrual", cents=entry.cents, key=f"reversal:{entry.id}",
        reverses_id=entry.id, actor=actor, now=now, reason=reason,
    )  # fmt: skip
    if lot is not None:
        lot.removed_cents, lot.left_cents = lot.cents, 0
        session.flush()
    elif entry.cents < 0:
        _undo_credit(session, fund, made, before=before, earned_on=earned_on, expires_on=expires_on)


def _undo_credit(
    session: Session, fund: CoopFund, made: CoopEntry, *, before: int, earned_on: date, expires_on: date
) -> None:
    """Money a credit had taken away returns to the lots it can have come from, what none can take to one of its own."""
    rest = max(before - made.cents, 0) - max(before, 0)
    query = select(CoopLot).where(CoopLot.fund_id == fund.id, CoopLot.removed_cents > 0)
    for lot in session.scalars(query.order_by(CoopLot.expires_on, CoopLot.id)):
        part = min(lot.removed_cents, rest)
        rest -= part
        lot.removed_cents -= part
        lot.left_cents += part
    session.flush()
    if rest:
        _new_lot(session, fund, made, cents=rest, earned_on=earned_on, expires_on=expires_on, covered=0)


def pay(
    session: Session, fund: CoopFund, *, claim_id: int, cents: int, key: str, medium: str, actor: Actor, now: datetime,
    reason: str,
) -> CoopEntry:  # fmt: skip
    """Write a payment down (negative: set off); it leaves what is available alone."""
    return _post(
        session, fund, kind="payment", cents=cents, key=key, claim_id=claim_id, medium=medium, actor=actor, now=now,
        reason=reason,
    )  # fmt: skip


# ---- the end of a lot ------------------------------------------------------------------------------------------------
def expire(session: Session, fund: CoopFund, *, actor: Actor, now: datetime) -> int:
    """Post what is unspent of lots whose last day is over, each cent once; gives the sum."""
    lots = _lots(session, fund)
    total = 0
    for lot_id, cents in lot_rules.due(_facts(lots), today_of(fund, now)):
        lot = lots[lot_id]
        _post(
            session, fund, kind="expiry", cents=cents, key=f"expiry:{lot_id}:{lot.expired_cents}", actor=actor, now=now,
            reason=f"Of {lot.earned_on:%b %Y}, to be spent by {lot.expires_on.day} {lot.expires_on:%b %Y}",
        )  # fmt: skip
        lot.left_cents -= cents
        lot.expired_cents += cents
        total += cents
    session.flush()
    return total


def forfeit(session: Session, fund: CoopFund, *, actor: Actor, now: datetime, reason: str) -> int:
    """Take what is available away for good (domain-rules 2.3: not payable on termination); gives the sum."""
    expire(session, fund, actor=actor, now=now)
    cents = fund.available_cents
    if cents > 0:
        key = f"forfeit:{fund.id}:{fund.forfeited_cents}"
        money_out(session, fund, kind="forfeit", cents=cents, key=key, actor=actor, now=now, reason=reason)
    return max(cents, 0)


def _end_what_came_back(session: Session, fund: CoopFund, *, actor: Actor, now: datetime) -> None:
    expire(session, fund, actor=actor, now=now)
    if fund.closed_at is not None:
        forfeit(session, fund, actor=actor, now=now, reason="Came back to a closed fund")
