"""The story of one account: earned, approved and paid of a dealer with a program in a period, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.incentives import pay_rules as rules
from db.incentives.tables import IncentiveClaim, IncentiveEntry, IncentiveProgram

Entry = IncentiveEntry


@dataclass(frozen=True, kw_only=True)
class AccountEntry:
    """One entry of the ledger in the story of an account."""

    at: datetime
    book: str
    kind: str
    claim: str
    cents: int
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AccountView:
    """Earned, approved and paid of one dealer, program and period, with every entry that made it so."""

    program: str
    program_name: str
    dealer: str
    zone: str
    period: str
    earned_cents: int
    approved_cents: int
    paid_cents: int
    entries: tuple[AccountEntry, ...]


def account_view(session: Session, *, key: rules.Key, actor: Actor) -> AccountView:
    """One account with its entries, the latest first (at most 500); raises `NotFound`. Needs incentives.payments."""
    actor.require(Permission.INCENTIVES_PAYMENTS)
    within = (
        Entry.program_id == key[0], Entry.dealer_id == key[1], Entry.period == key[2],
        actor.scope.where(Entry.dealer_id, Entry.region),
    )  # fmt: skip
    sums = {
        book: int(cents)
        for book, cents in session.execute(
            select(Entry.book, func.sum(Entry.cents)).where(*within).group_by(Entry.book)
        )
    }
    if not sums:
        raise NotFound("This account")
    rows = session.execute(
        select(
            Entry.at, Entry.book, Entry.kind, func.coalesce(IncentiveClaim.number, "").label("claim"), Entry.cents,
            Entry.by, Entry.reason,
        )
        .outerjoin(IncentiveClaim, IncentiveClaim.id == Entry.claim_id)
        .where(*within)
        .order_by(Entry.id.desc())
        .limit(500)
    )  # fmt: skip
    program = session.get_one(IncentiveProgram, key[0])
    dealer = session.get_one(Dealer, key[1])
    return AccountView(
        program=program.code, program_name=program.name, dealer=dealer.name, zone=dealer.zone, period=key[2],
        earned_cents=sums.get("earned", 0), approved_cents=sums.get("approved", 0), paid_cents=sums.get("paid", 0),
        entries=tuple(AccountEntry(**r._asdict()) for r in rows),
    )  # fmt: skip
