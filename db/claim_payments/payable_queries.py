"""What is payable: the entries no memo has paid, what the next batch would pay, and how old it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from db.claim_payments import rules
from db.claim_payments.tables import ClaimEntry
from db.claims.model import CLAIM_TYPES
from db.claims.settle_commands import SIGNED
from db.claims.tables import Claim, ClaimDecision
from db.core.actor import Actor, Scope
from db.core.keyset import beyond
from db.core.labels import local_day
from db.core.permissions import Permission
from db.dealers.tables import Dealer

AT_ONCE = 500


def read_unpaid(
    session: Session, *, actor: Actor, dealer_ids: Collection[int] = (), claim_ids: Sequence[int] | None = None
) -> list[rules.Unpaid]:
    """Every entry no memo has paid within the actor's scope (of some dealers, of some claims), for `rules.plan`."""
    query = (
        select(
            ClaimEntry.id, ClaimEntry.claim_id, Claim.number, ClaimEntry.dealer_id, ClaimEntry.cents,
            Claim.status, Dealer.status.label("dealer_status"), Claim.pay_by,
        )
        .join(Claim, Claim.id == ClaimEntry.claim_id)
        .join(Dealer, Dealer.id == ClaimEntry.dealer_id)
        .where(ClaimEntry.memo_id.is_(None), actor.scope.where(ClaimEntry.dealer_id, ClaimEntry.region))
        .order_by(ClaimEntry.id)
    )  # fmt: skip
    if dealer_ids:
        query = query.where(ClaimEntry.dealer_id.in_(sorted(dealer_ids)))
    rows = list(session.execute(query))
    if claim_ids is not None:
        wanted = set(claim_ids)
        rows = [r for r in rows if r.claim_id in wanted]
    signed = _signed(session, sorted({r.claim_id for r in rows}), actor.username)
    return [
        rules.Unpaid(
            entry_id=r.id, claim_id=r.claim_id, number=r.number, dealer_id=r.dealer_id, cents=r.cents,
            claim_status=r.status, dealer_status=r.dealer_status, pay_by=r.pay_by, is_signed=r.claim_id in signed,
        )
        for r in rows
    ]  # fmt: skip


def _signed(session: Session, claim_ids: Sequence[int], username: str) -> set[int]:
    found: set[int] = set()
    for i in range(0, len(claim_ids), AT_ONCE):
        found |= set(
            session.scalars(
                select(ClaimDecision.claim_id).where(
                    ClaimDecision.claim_id.in_(claim_ids[i : i + AT_ONCE]), ClaimDecision.username == username,
                    ClaimDecision.how == "person", ClaimDecision.kind.in_(SIGNED),
                )
            )
        )  # fmt: skip
    return found


# ---- preview ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class PreviewMemo:
    """What one dealer would be credited with."""

    dealer_id: int
    dealer: str
    code: str
    claims: int
    cents: int
    first_due: date | None


@dataclass(frozen=True, kw_only=True)
class PreviewLeft:
    """A claim a batch would leave out, and the sentence why."""

    claim_id: int
    number: str
    dealer: str
    cents: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A batch as it would be made now; `entries` and `cents` are given to the command, which refuses another sum."""

    memos: tuple[PreviewMemo, ...]
    left_out: tuple[PreviewLeft, ...]
    claims: int
    entries: int
    cents: int


def preview_batch(
    session: Session, *, actor: Actor, due_until: date | None = None, dealer_ids: Collection[int] = ()
) -> Preview:
    """What a batch made by this actor would pay and leave out. Needs claims.pay."""
    actor.require(Permission.CLAIMS_PAY)
    entries = read_unpaid(session, actor=actor, dealer_ids=dealer_ids)
    planned = rules.plan(entries, due_until=due_until)
    names = dealer_names(session, {e.dealer_id for e in entries}, scope=actor.scope)
    due = {e.claim_id: e.pay_by for e in entries}
    memos = [
        PreviewMemo(
            dealer_id=m.dealer_id, dealer=names[m.dealer_id][0], code=names[m.dealer_id][1], claims=len(m.claim_ids),
            cents=m.cents, first_due=min((d for c in m.claim_ids if (d := due[c]) is not None), default=None),
        )
        for m in planned.memos
    ]  # fmt: skip
    left = [
        PreviewLeft(
            claim_id=x.claim_id, number=x.number, dealer=names[x.dealer_id][0], cents=x.cents,
            why=rules.LEFT_OUT[x.why],
        )
        for x in planned.left_out
    ]  # fmt: skip
    return Preview(
        memos=tuple(sorted(memos, key=lambda m: (m.first_due or date.max, m.dealer))), left_out=tuple(left),
        claims=planned.claims, entries=planned.entries, cents=planned.cents,
    )  # fmt: skip


def dealer_names(session: Session, dealer_ids: Collection[int], *, scope: Scope) -> dict[int, tuple[str, str]]:
    """(name, code) of dealers within the scope by id."""
    rows = session.execute(
        select(Dealer.id, Dealer.name, Dealer.code).where(
            Dealer.id.in_(sorted(dealer_ids)), scope.where(Dealer.id, Dealer.region)
        )
    )
    return {dealer_id: (name, code) for dealer_id, name, code in rows}


# ---- figures ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class PayableFigures:
    """What is owed now. `payable` may be paid, `held` is being decided again; `by_age` is by days since the decision.

    `days_to_pay` is the mean from the decision to the memo over the last 90 days, None when nothing was paid.
    """

    payable_cents: int
    payable_claims: int
    overdue_cents: int
    overdue_claims: int
    held_cents: int
    debt_cents: int
    by_age: tuple[tuple[str, int, int], ...]  # label, claims, cents
    days_to_pay: float | None
    paid_claims: int
    paid_late: int


def _owed(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            ClaimEntry.claim_id, ClaimEntry.dealer_id, func.sum(ClaimEntry.cents).label("cents"),
            func.max(Claim.status).label("status"), func.max(Claim.decided_at).label("decided_at"),
            func.max(Claim.pay_by).label("pay_by"), func.max(Dealer.zone).label("zone"),
        )
        .join(Claim, Claim.id == ClaimEntry.claim_id)
        .join(Dealer, Dealer.id == ClaimEntry.dealer_id)
        .where(ClaimEntry.memo_id.is_(None), scope.where(ClaimEntry.dealer_id, ClaimEntry.region))
        .group_by(ClaimEntry.claim_id, ClaimEntry.dealer_id)
    )  # fmt: skip


def payable_figures(session: Session, *, actor: Actor, now: datetime, dealer_id: int | None = None) -> PayableFigures:
    """The tiles over the payable list. Needs claims.payments. Overdue is counted by the dealer's day."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    query = _owed(actor.scope)
    if dealer_id is not None:
        query = query.where(ClaimEntry.dealer_id == dealer_id)
    ages = {label: [0, 0] for _, _, label in rules.BUCKETS}
    payable = [0, 0]
    overdue = [0, 0]
    held, balance = 0, dict[int, int]()
    for row in session.execute(query):
        cents = int(row.cents)
        if row.status not in rules.DECIDED:
            held += cents
            continue
        balance[row.dealer_id] = balance.get(row.dealer_id, 0) + cents
        if row.status not in rules.TO_PAY and cents <= 0:
            continue
        payable[0], payable[1] = payable[0] + cents, payable[1] + 1
        today = local_day(now, row.zone)
        if row.pay_by is not None and row.pay_by < today:
            overdue[0], overdue[1] = overdue[0] + cents, overdue[1] + 1
        if row.decided_at is not None:
            age = ages[rules.bucket((today - local_day(row.decided_at, row.zone)).days)]
            age[0], age[1] = age[0] + 1, age[1] + cents
    days, paid, late = _paid_lately(session, actor=actor, now=now, dealer_id=dealer_id)
    return PayableFigures(
        payable_cents=payable[0], payable_claims=payable[1], overdue_cents=overdue[0], overdue_claims=overdue[1],
        held_cents=held, debt_cents=-sum(c for c in balance.values() if c < 0),
        by_age=tuple((label, n, cents) for label, (n, cents) in ages.items()), days_to_pay=days, paid_claims=paid,
        paid_late=late,
    )  # fmt: skip


def _paid_lately(
    session: Session, *, actor: Actor, now: datetime, dealer_id: int | None
) -> tuple[float | None, int, int]:  # fmt: skip
    wanted: list[ColumnElement[bool]] = [
        # COALESCE keeps SQLite from starting with all claims that were ever paid; it should start with the newest days.
        actor.scope.where(Claim.dealer_id, Claim.region),
        func.coalesce(Claim.status, "").in_(("paid", "adjusted", "charged_back")),
        Claim.paid_at >= now - timedelta(days=90), Claim.decided_at.is_not(None),
    ]  # fmt: skip
    if dealer_id is not None:
        wanted.append(Claim.dealer_id == dealer_id)
    rows = session.execute(
        select(Claim.decided_at, Claim.paid_at, Claim.pay_by, Dealer.zone)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(*wanted)
        .order_by(Claim.paid_at.desc(), Claim.id.desc())
        .limit(5_000)
    ).all()
    days = [(paid - decided) / timedelta(days=1) for decided, paid, _, _ in rows if decided and paid]
    late = sum(1 for _, paid, by, zone in rows if by is not None and paid and local_day(paid, zone) > by)
    return (sum(days) / len(days) if days else None), len(days), late


# ---- the list --------------------------------------------------------------------------------------------------------
PAGE = 50
Cursor = tuple[date, int]


@dataclass(frozen=True, kw_only=True)
class PayableRow:
    """One claim with money no memo has paid yet."""

    claim_id: int
    number: str
    dealer_id: int
    dealer: str
    claim_type: str
    status: str
    cents: int
    decided_at: datetime | None
    pay_by: date | None
    sort_on: date
    zone: str
    currency: str

    @property
    def type_label(self) -> str:
        """The type in words."""
        return CLAIM_TYPES.get(self.claim_type, self.claim_type)


FAR = date(9999, 12, 31)


def list_payable(
    session: Session, *, actor: Actor, dealer_id: int | None = None, after: Cursor | None = None, limit: int = PAGE
) -> tuple[list[PayableRow], Cursor | None]:
    """Claims with money to pay or to set off, the first due first, and the cursor of the next page."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    due = func.coalesce(Claim.pay_by, FAR)
    query = (
        select(
            Claim.id.label("claim_id"), Claim.number, ClaimEntry.dealer_id, Dealer.name.label("dealer"),
            Claim.claim_type, Claim.status, func.sum(ClaimEntry.cents).label("cents"), Claim.decided_at, Claim.pay_by,
            due.label("sort_on"), Dealer.zone, Claim.currency,
        )
        .join(Claim, Claim.id == ClaimEntry.claim_id)
        .join(Dealer, Dealer.id == ClaimEntry.dealer_id)
        .where(ClaimEntry.memo_id.is_(None), actor.scope.where(ClaimEntry.dealer_id, ClaimEntry.region))
        .group_by(Claim.id, ClaimEntry.dealer_id, Dealer.name, Dealer.zone)
        .order_by(due, Claim.id)
    )  # fmt: skip
    if dealer_id is not None:
        query = query.where(ClaimEntry.dealer_id == dealer_id)
    if after is not None:
        query = query.where(beyond((due, Claim.id), after))
    rows = [PayableRow(**{**r._asdict(), "cents": int(r.cents)}) for r in session.execute(query.limit(limit + 1))]
    following = (rows[limit - 1].sort_on, rows[limit - 1].claim_id) if len(rows) > limit else None
    return rows[:limit], following


def overdue_by_dealer(session: Session, *, actor: Actor, now: datetime) -> list[tuple[int, str, int, int, date]]:
    """(dealer, name, claims, cents, first day that was due) of dealers with money past its day, longest first."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    # A day is over everywhere when it is over in the last zone of the day.
    rows = session.execute(
        select(
            ClaimEntry.dealer_id, Dealer.name, func.count(func.distinct(Claim.id)),
            func.sum(ClaimEntry.cents), func.min(Claim.pay_by), func.max(Dealer.zone),
        )
        .join(Claim, Claim.id == ClaimEntry.claim_id)
        .join(Dealer, Dealer.id == ClaimEntry.dealer_id)
        .where(
            ClaimEntry.memo_id.is_(None), actor.scope.where(ClaimEntry.dealer_id, ClaimEntry.region),
            Claim.status.in_(rules.TO_PAY), Claim.pay_by < local_day(now, "Pacific/Kiritimati"),
        )
        .group_by(ClaimEntry.dealer_id, Dealer.name)
        .order_by(func.min(Claim.pay_by), ClaimEntry.dealer_id)
    )  # fmt: skip
    return [
        (dealer_id, name, n, int(cents), first)
        for dealer_id, name, n, cents, first, zone in rows
        if first is not None and first < local_day(now, zone) and cents > 0
    ]


def unpaid_by_dealer(session: Session, *, scope: Scope) -> dict[int, int]:
    """The sum of entries no memo has paid by dealer, whatever the state of their claims; may be negative."""
    rows = session.execute(
        select(ClaimEntry.dealer_id, func.sum(case((ClaimEntry.memo_id.is_(None), ClaimEntry.cents), else_=0)))
        .where(ClaimEntry.memo_id.is_(None), scope.where(ClaimEntry.dealer_id, ClaimEntry.region))
        .group_by(ClaimEntry.dealer_id)
    )
    return {dealer_id: int(cents) for dealer_id, cents in rows}
