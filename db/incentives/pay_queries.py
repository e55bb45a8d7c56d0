"""What is payable, and what the next payment would pay: per dealer, program and period (2.4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, literal_column, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.timeline import TimelineEntry, TimelineLink
from db.dealers.tables import Dealer
from db.incentives import pay_rules as rules
from db.incentives.payment_tables import IncentiveMemo
from db.incentives.record import AREA
from db.incentives.tables import IncentiveClaim, IncentiveEntry, IncentiveProgram

PAGE = 50
Entry = IncentiveEntry


def read_owed(session: Session, *, actor: Actor, dealer_ids: Collection[int] = ()) -> list[rules.Owed]:
    """What is owed for each claim within the actor's scope, not zero: approved less taken back less paid.

    The entries of claims with something owed are summed up, however many were settled before (`owed_cents` finds them).
    """
    found = (
        select(
            IncentiveClaim.id, IncentiveClaim.number, IncentiveClaim.signed_by, IncentiveClaim.program_id,
            IncentiveClaim.dealer_id, IncentiveClaim.period, Dealer.status,
        )
        .join(Dealer, Dealer.id == IncentiveClaim.dealer_id)
        .where(
            IncentiveClaim.owed_cents != literal_column("0"),
            actor.scope.where(IncentiveClaim.dealer_id, IncentiveClaim.region),
        )
        .order_by(IncentiveClaim.dealer_id, IncentiveClaim.id)  # as the index has them
    )  # fmt: skip
    if dealer_ids:
        found = found.where(IncentiveClaim.dealer_id.in_(sorted(dealer_ids)))
    rows = session.execute(found).all()
    sums = _sums(session, [r.id for r in rows], actor)
    rows = sorted((r for r in rows if r.id in sums), key=lambda r: r.id)
    signed = _signed_by(session, [r.id for r in rows], actor)
    return [
        rules.Owed(
            claim_id=r.id, number=r.number, program_id=r.program_id, dealer_id=r.dealer_id, period=r.period,
            cents=int(sums[r.id].cents), dealer_status=r.status, since=sums[r.id].since,
            payments=int(sums[r.id].payments),
            is_signed=bool(sums[r.id].mine) or r.signed_by == actor.username or r.id in signed,
        )
        for r in rows
    ]  # fmt: skip


def _sums(session: Session, claim_ids: Sequence[int], actor: Actor) -> dict[int, Any]:
    """What the ledger says of these claims, where it is not zero: cents, first entry, payments, own approvals."""
    is_paid = Entry.book == "paid"
    owed = func.sum(case((is_paid, -Entry.cents), else_=Entry.cents))
    mine = case(((Entry.kind == "approval") & (Entry.username == actor.username), 1), else_=0)
    query = (
        select(
            Entry.claim_id, owed.label("cents"), func.min(Entry.at).label("since"),
            func.sum(case((is_paid, 1), else_=0)).label("payments"), func.max(mine).label("mine"),
        )
        .where(Entry.book.in_(("approved", "paid")))
        .group_by(Entry.claim_id)
        .having(owed != 0)
    )  # fmt: skip
    found: dict[int, Any] = {}
    for start in range(0, len(claim_ids), 500):
        some = claim_ids[start : start + 500]
        found |= {r.claim_id: r for r in session.execute(query.where(Entry.claim_id.in_(some)))}
    return found


def _signed_by(session: Session, claim_ids: Sequence[int], actor: Actor) -> set[int]:
    """Claims of which this person gave a signature, even the first of two; asked of people who may decide only."""
    found: set[int] = set()
    if not actor.can(Permission.INCENTIVES_DECIDE):
        return found
    for start in range(0, len(claim_ids), 500):
        found |= set(
            session.scalars(
                select(TimelineLink.item_id)
                .join(TimelineEntry, TimelineEntry.seq == TimelineLink.seq)
                .where(
                    TimelineLink.item_type == "incentive_claim",
                    TimelineLink.item_id.in_(claim_ids[start : start + 500]), TimelineEntry.command == "approve",
                    TimelineEntry.area == AREA, TimelineEntry.actor == actor.username,
                )
            )
        )  # fmt: skip
    return found


# ---- payable ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class PayableRow:
    """One account with money to pay or to set off: cents owed, the claims behind it, and what is held and why."""

    program_id: int
    program: str
    program_name: str
    dealer_id: int
    dealer: str
    code: str
    period: str
    claims: int
    cents: int
    payable_cents: int
    since: datetime
    why: str
    """Why nothing or not all of it can be paid by this person; empty when it can."""

    @property
    def key(self) -> rules.Key:
        """The account."""
        return self.program_id, self.dealer_id, self.period


def list_payable(session: Session, *, actor: Actor, dealer_id: int | None = None) -> list[PayableRow]:
    """Accounts (dealer, program, period) with money to pay or to set off, the oldest first. Needs incentives.payments.

    All of them: an account is paid once a period, so there are never more than dealers times programs.
    """
    actor.require(Permission.INCENTIVES_PAYMENTS)
    return _accounts(session, read_owed(session, actor=actor, dealer_ids=() if dealer_id is None else (dealer_id,)))


def _accounts(session: Session, owed: Sequence[rules.Owed]) -> list[PayableRow]:
    dealers, programs = _names(session, {o.dealer_id for o in owed}), _programs(session)
    grouped: dict[rules.Key, list[rules.Owed]] = {}
    for one in owed:
        grouped.setdefault(one.key, []).append(one)
    payable = rules.payable_of(owed)
    rows = []
    for key, own in grouped.items():
        code, name = programs[key[0]]
        dealer, dealer_code = dealers[key[1]]
        whys = [rules.LEFT_OUT[w] for o in own if (w := rules.why_not(o))]
        rows.append(
            PayableRow(
                program_id=key[0], program=code, program_name=name, dealer_id=key[1], dealer=dealer, code=dealer_code,
                period=key[2], claims=len(own), cents=sum(o.cents for o in own), payable_cents=payable.get(key, 0),
                since=min(o.since for o in own), why=whys[0] if whys else "",
            )
        )  # fmt: skip
    return sorted(rows, key=lambda r: (r.since, r.key))


def _names(session: Session, dealer_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    rows = session.execute(select(Dealer.id, Dealer.name, Dealer.code).where(Dealer.id.in_(sorted(dealer_ids))))
    return {dealer_id: (name, code) for dealer_id, name, code in rows}


def _programs(session: Session) -> dict[int, tuple[str, str]]:
    rows = session.execute(select(IncentiveProgram.id, IncentiveProgram.code, IncentiveProgram.name))
    return {program_id: (code, name) for program_id, code, name in rows}


@dataclass(frozen=True, kw_only=True)
class PayFigures:
    """What is owed now; `carried_cents` is what dealers owe us, `held_cents` what may not be paid now."""

    payable_cents: int
    accounts: int
    held_cents: int
    carried_cents: int
    oldest: datetime | None
    paid_cents: int
    memos: int


def pay_figures(session: Session, *, actor: Actor, dealer_id: int | None = None) -> PayFigures:
    """The tiles over the payable list. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    owed = read_owed(session, actor=actor, dealer_ids=() if dealer_id is None else (dealer_id,))
    plan = rules.plan(owed)
    paid = select(func.coalesce(func.sum(IncentiveMemo.cents), 0), func.count()).where(
        actor.scope.where(IncentiveMemo.dealer_id, IncentiveMemo.region)
    )
    if dealer_id is not None:
        paid = paid.where(IncentiveMemo.dealer_id == dealer_id)
    cents, memos = session.execute(paid).one()
    return PayFigures(
        payable_cents=plan.cents, accounts=len({line.owed.key for m in plan.memos for line in m.lines}),
        held_cents=sum(x.cents for x in plan.left_out if x.why in (*rules.STOPPED, "signed")),
        carried_cents=-sum(x.cents for x in plan.left_out if x.why == "negative"),
        oldest=min((line.owed.since for m in plan.memos for line in m.lines), default=None), paid_cents=int(cents),
        memos=memos,
    )  # fmt: skip


# ---- preview ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class PreviewMemo:
    """What one dealer would be credited with."""

    dealer_id: int
    dealer: str
    code: str
    claims: int
    cents: int


@dataclass(frozen=True, kw_only=True)
class LeftRow:
    """What a payment leaves, and the sentence why."""

    claim_id: int
    number: str
    dealer: str
    cents: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A payment as it would be made now; `lines` and `cents` go to the command, which refuses another sum."""

    rows: tuple[PayableRow, ...]
    memos: tuple[PreviewMemo, ...]
    left_out: tuple[LeftRow, ...]
    lines: int
    cents: int


def preview_payment(
    session: Session, *, actor: Actor, dealer_ids: Collection[int] = (), amounts: Mapping[rules.Key, int] | None = None
) -> Preview:
    """What a payment by this actor would pay and leave. Needs incentives.pay."""
    actor.require(Permission.INCENTIVES_PAY)
    owed = read_owed(session, actor=actor, dealer_ids=dealer_ids)
    known = {o.key for o in owed}
    planned = rules.plan(owed, amounts={k: c for k, c in (amounts or {}).items() if k in known})
    names = _names(session, {o.dealer_id for o in owed})
    return Preview(
        rows=tuple(_accounts(session, owed)), lines=planned.lines, cents=planned.cents,
        memos=tuple(
            PreviewMemo(
                dealer_id=m.dealer_id, dealer=names[m.dealer_id][0], code=names[m.dealer_id][1], claims=len(m.lines),
                cents=m.cents,
            )
            for m in planned.memos
        ),
        left_out=tuple(
            LeftRow(
                claim_id=x.owed.claim_id, number=x.owed.number, dealer=names[x.owed.dealer_id][0], cents=x.cents,
                why=rules.LEFT_OUT[x.why],
            )
            for x in planned.left_out
        ),
    )  # fmt: skip
