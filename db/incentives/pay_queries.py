"""What is payable, what the next payment would pay, and what was paid: per dealer, program and period (2.4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.timeline import TimelineEntry, TimelineLink
from db.dealers.tables import Dealer
from db.incentives import pay_rules as rules
from db.incentives.payment_tables import IncentiveBatch, IncentiveMemo, IncentiveMemoLine
from db.incentives.record import AREA
from db.incentives.tables import IncentiveClaim, IncentiveEntry, IncentiveProgram, SaleReport

PAGE = 50
Entry = IncentiveEntry


def read_owed(session: Session, *, actor: Actor, dealer_ids: Collection[int] = ()) -> list[rules.Owed]:
    """What is owed for each claim within the actor's scope, not zero: approved less taken back less paid."""
    is_paid = Entry.book == "paid"
    owed = func.sum(case((is_paid, -Entry.cents), else_=Entry.cents))
    mine = case(((Entry.kind == "approval") & (Entry.username == actor.username), 1), else_=0)
    query = (
        select(
            Entry.claim_id, IncentiveClaim.number, Entry.program_id, Entry.dealer_id, Entry.period,
            owed.label("cents"), Dealer.status, func.min(Entry.at).label("since"),
            func.sum(case((is_paid, 1), else_=0)).label("payments"), func.max(mine).label("mine"),
            IncentiveClaim.signed_by,
        )
        .join(IncentiveClaim, IncentiveClaim.id == Entry.claim_id)
        .join(Dealer, Dealer.id == Entry.dealer_id)
        .where(Entry.book.in_(("approved", "paid")), actor.scope.where(Entry.dealer_id, Entry.region))
        .group_by(
            Entry.claim_id, IncentiveClaim.number, Entry.program_id, Entry.dealer_id, Entry.period, Dealer.status,
            IncentiveClaim.signed_by,
        )
        .having(owed != 0)
        .order_by(Entry.claim_id)
    )  # fmt: skip
    if dealer_ids:
        query = query.where(Entry.dealer_id.in_(sorted(dealer_ids)))
    rows = session.execute(query).all()
    signed = _signed_by(session, [r.claim_id for r in rows], actor)
    return [
        rules.Owed(
            claim_id=r.claim_id, number=r.number, program_id=r.program_id, dealer_id=r.dealer_id, period=r.period,
            cents=int(r.cents), dealer_status=r.status, since=r.since, payments=int(r.payments),
            is_signed=bool(r.mine) or r.signed_by == actor.username or r.claim_id in signed,
        )
        for r in rows
    ]  # fmt: skip


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
    paid = select(func.coalesce(func.sum(IncentiveMemo.cents), 0), func.count()).where(_of_memo(actor.scope))
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


# ---- what was paid ---------------------------------------------------------------------------------------------------
def _of_memo(scope: Scope) -> ColumnElement[bool]:
    return scope.where(IncentiveMemo.dealer_id, IncentiveMemo.region)


def _counted(session: Session, some: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(some.limit(CAP + 1).subquery())) or 0


@dataclass(frozen=True, kw_only=True)
class BatchRow:
    """One payment; its sums are those of the memos the reader may see."""

    id: int
    number: str
    made_at: datetime
    made_by: str
    memos: int
    lines: int
    cents: int
    left_out: tuple[LeftRow, ...] = ()


def _batches(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            IncentiveBatch.id, IncentiveBatch.number, IncentiveBatch.made_at, IncentiveBatch.made_by,
            func.count(IncentiveMemo.id).label("memos"), func.sum(IncentiveMemo.lines).label("lines"),
            func.sum(IncentiveMemo.cents).label("cents"),
        )
        .join(IncentiveMemo, IncentiveMemo.batch_id == IncentiveBatch.id)
        .where(_of_memo(scope))
        .group_by(IncentiveBatch.id)
    )  # fmt: skip


def _batch(row: Any, left: tuple[LeftRow, ...] = ()) -> BatchRow:
    values = row._asdict()
    return BatchRow(**{**values, "lines": int(values["lines"]), "cents": int(values["cents"])}, left_out=left)


def list_batches(
    session: Session, *, actor: Actor, after: int | None = None, limit: int = PAGE
) -> tuple[list[BatchRow], int | None]:
    """Payments with a memo in scope, the latest first, and the cursor of the next page. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    some = select(IncentiveBatch.id).where(
        exists().where(IncentiveMemo.batch_id == IncentiveBatch.id, _of_memo(actor.scope))
    )
    if after is not None:
        some = some.where(IncentiveBatch.id < after)
    ids = list(session.scalars(some.order_by(IncentiveBatch.id.desc()).limit(limit + 1)))
    query = _batches(actor.scope).where(IncentiveBatch.id.in_(ids[:limit])).order_by(IncentiveBatch.id.desc())
    rows = [_batch(r) for r in session.execute(query)]
    return rows, rows[-1].id if len(ids) > limit else None


def count_batches(session: Session, *, actor: Actor) -> int:
    """How many payments with a memo in scope there are, counted up to `CAP` + 1. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    found = exists().where(IncentiveMemo.batch_id == IncentiveBatch.id, _of_memo(actor.scope))
    return _counted(session, select(IncentiveBatch.id).where(found))


def get_batch(session: Session, *, batch_id: int, actor: Actor) -> BatchRow:
    """One payment with what it left, of dealers in scope only; raises `NotFound`. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    row = session.execute(_batches(actor.scope).where(IncentiveBatch.id == batch_id)).one_or_none()
    if row is None:
        raise NotFound("This payment")
    kept = session.scalar(select(IncentiveBatch.left_out).where(IncentiveBatch.id == batch_id)) or []
    seen = session.execute(
        select(Dealer.id, Dealer.name).where(
            Dealer.id.in_(sorted({x["dealer_id"] for x in kept})), actor.scope.where(Dealer.id, Dealer.region)
        )
    )
    names = {row.id: row.name for row in seen}
    why = rules.LEFT_OUT | {"signed": "Whoever made the payment approved this claim"}
    return _batch(
        row,
        tuple(
            LeftRow(
                claim_id=x["claim_id"], number=x["number"], dealer=names[x["dealer_id"]], cents=x["cents"],
                why=why.get(x["why"], x["why"]),
            )
            for x in kept
            if x["dealer_id"] in names
        ),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """One line of a memo; `owed_cents` is what was owed then."""

    claim_id: int
    claim: str
    program: str
    period: str
    vin: str
    owed_cents: int
    cents: int
    memo_id: int


@dataclass(frozen=True, kw_only=True)
class MemoRow:
    """One credit memo; `lines` are filled for the drawer. `issued_on` is the dealer's day."""

    id: int
    number: str
    batch_id: int
    batch: str
    dealer_id: int
    dealer: str
    code: str
    region: str
    issued_at: datetime
    issued_on: date
    issued_by: str
    currency: str
    cents: int
    claims: int
    lines: tuple[LineRow, ...] = ()


def _memos(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            IncentiveMemo.id, IncentiveMemo.number, IncentiveMemo.batch_id, IncentiveBatch.number.label("batch"),
            IncentiveMemo.dealer_id, Dealer.name.label("dealer"), Dealer.code, IncentiveMemo.region,
            IncentiveMemo.issued_at, IncentiveMemo.issued_on, IncentiveMemo.issued_by, IncentiveMemo.currency,
            IncentiveMemo.cents, IncentiveMemo.lines.label("claims"),
        )
        .join(IncentiveBatch, IncentiveBatch.id == IncentiveMemo.batch_id)
        .join(Dealer, Dealer.id == IncentiveMemo.dealer_id)
        .where(_of_memo(scope))
    )  # fmt: skip


def _narrowed(dealer_id: int | None, batch_id: int | None) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if dealer_id is not None:
        parts.append(IncentiveMemo.dealer_id == dealer_id)
    if batch_id is not None:
        parts.append(IncentiveMemo.batch_id == batch_id)
    return parts


def list_memos(
    session: Session, *, actor: Actor, dealer_id: int | None = None, batch_id: int | None = None,
    after: int | None = None, limit: int = PAGE,
) -> tuple[list[MemoRow], int | None]:  # fmt: skip
    """Credit memos in scope, the latest first, and the cursor of the next page. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    query = _memos(actor.scope).where(*_narrowed(dealer_id, batch_id))
    if after is not None:
        query = query.where(IncentiveMemo.id < after)
    found = [MemoRow(**r._asdict()) for r in session.execute(query.order_by(IncentiveMemo.id.desc()).limit(limit + 1))]
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def count_memos(session: Session, *, actor: Actor, dealer_id: int | None = None, batch_id: int | None = None) -> int:
    """How many credit memos there are, counted up to `CAP` + 1. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    return _counted(session, select(IncentiveMemo.id).where(_of_memo(actor.scope), *_narrowed(dealer_id, batch_id)))


def memos_by_id(session: Session, *, ids: Sequence[int], actor: Actor) -> list[MemoRow]:
    """Some credit memos by id without those out of scope; for search. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    query = _memos(actor.scope).where(IncentiveMemo.id.in_(list(ids))).order_by(IncentiveMemo.id.desc())
    return [MemoRow(**r._asdict()) for r in session.execute(query)]


def get_memo(session: Session, *, memo_id: int, actor: Actor) -> MemoRow:
    """One credit memo with its lines; raises `NotFound`. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    row = session.execute(_memos(actor.scope).where(IncentiveMemo.id == memo_id)).one_or_none()
    if row is None:
        raise NotFound("This credit memo")
    return MemoRow(**row._asdict(), lines=lines_of(session, memo_ids=[memo_id], actor=actor).get(memo_id, ()))


def lines_of(session: Session, *, memo_ids: Sequence[int], actor: Actor) -> dict[int, tuple[LineRow, ...]]:
    """The lines of some credit memos in scope by memo, by program, period and claim. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    line = IncentiveMemoLine
    rows = session.execute(
        select(
            line.claim_id, IncentiveClaim.number.label("claim"), IncentiveProgram.code.label("program"), line.period,
            func.coalesce(SaleReport.vin, "").label("vin"), line.owed_cents, line.cents, line.memo_id,
        )
        .join(IncentiveClaim, IncentiveClaim.id == line.claim_id)
        .join(IncentiveProgram, IncentiveProgram.id == line.program_id)
        .outerjoin(SaleReport, SaleReport.id == IncentiveClaim.sale_id)
        .where(line.memo_id.in_(list(memo_ids)), actor.scope.where(line.dealer_id, line.region))
        .order_by(IncentiveProgram.code, line.period, line.id)
    )  # fmt: skip
    found: dict[int, list[LineRow]] = {}
    for row in rows:
        found.setdefault(row.memo_id, []).append(LineRow(**row._asdict()))
    return {memo_id: tuple(lines) for memo_id, lines in found.items()}
