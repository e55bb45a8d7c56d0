"""The ledger itself: posting an entry, and the sums that say what is owed. Nothing else writes entries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from db.claim_payments.rules import difference, entry_kind
from db.claim_payments.tables import ClaimEntry
from db.claims.tables import Claim
from db.core import changes, locks
from db.core.actor import Actor
from db.dealers.tables import Dealer

AT_ONCE = 500

BY_DECISION: ColumnElement[bool] = or_(
    ClaimEntry.kind.in_(("approval", "supplement", "debit")),
    and_(ClaimEntry.kind == "reversal", ClaimEntry.reverses_id.is_(None)),
)
"""Entries that follow from decisions: their sum is what was approved."""


def lock_family(session: Session, family_id: int) -> None:
    """Wait until nobody else takes money back from the versions of this claim."""
    locks.hold(session, f"claim-ledger:{family_id}")


def post(
    session: Session, claim: Claim, *, key: str, kind: str, cents: int, actor: Actor, now: datetime,
    reason_code: str = "", reason: str = "", reverses_id: int | None = None,
) -> ClaimEntry:  # fmt: skip
    """Add one entry; the unique `key` refuses it a second time."""
    entry = ClaimEntry(
        entry_key=key, claim_id=claim.id, family_id=claim.family_id, dealer_id=claim.dealer_id, region=claim.region,
        kind=kind, cents=cents, currency=claim.currency, at=now, username=actor.username, by=actor.name,
        reason_code=reason_code, reason=reason, reverses_id=reverses_id,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    changes.touch(session, "claim_payments")
    return entry


def posted(session: Session, claim_ids: Sequence[int]) -> dict[int, int]:
    """What decisions posted for claims so far, in cents; claims without such an entry are absent."""
    return {claim_id: int(cents) for claim_id, cents in session.execute(_POSTED, {"ids": claim_ids})}


_POSTED = (
    select(ClaimEntry.claim_id, func.sum(ClaimEntry.cents))
    .where(ClaimEntry.claim_id.in_(bindparam("ids", expanding=True)), BY_DECISION)
    .group_by(ClaimEntry.claim_id)
)


def post_decisions(session: Session, claims: Sequence[Claim], *, actor: Actor, now: datetime) -> int:
    """Post for each claim what is missing between the ledger and its decision; gives how many entries."""
    known = posted(session, [c.id for c in claims])
    done = 0
    for claim in claims:
        if claim.dealer_id is None:
            continue
        change = difference(
            claim_type=claim.claim_type, status=claim.status, approved_cents=claim.approved_cents,
            posted_cents=known.get(claim.id, 0), has_entries=claim.id in known,
        )  # fmt: skip
        if change is None:
            continue
        post(
            session, claim, key=f"decision:{claim.id}:{claim.version}", kind=entry_kind(claim.claim_type, change),
            cents=change, actor=actor, now=now, reason_code=claim.reason_code, reason=claim.reason_note,
        )  # fmt: skip
        done += 1
    return done


def family_sums(session: Session, family_id: int) -> tuple[int, int]:
    """(net of everything posted, net paid and still with the dealer) over all versions of a claim, in cents.

    The second is what may be taken back: what memos paid, less what is taken back already and not yet set off.
    """
    is_paid: Any = ClaimEntry.memo_id.is_not(None)
    taken = or_(ClaimEntry.kind.in_(("charge_back", "part_debit", "debit")), ClaimEntry.reverses_id.is_not(None))
    total, paid = session.execute(
        select(
            func.coalesce(func.sum(ClaimEntry.cents), 0),
            func.coalesce(func.sum(case((or_(is_paid, taken), ClaimEntry.cents), else_=0)), 0),
        ).where(ClaimEntry.family_id == family_id)
    ).one()
    return int(total), int(paid)


def claims_waiting(session: Session, *, actor: Actor, dealer_ids: Collection[int]) -> list[int]:
    """Ids of claims with entries no memo has paid, and of the claims those supplement; in order, to be locked so."""
    query = (
        select(Claim.id, Claim.original_id)
        .distinct()
        .join(ClaimEntry, ClaimEntry.claim_id == Claim.id)
        .where(ClaimEntry.memo_id.is_(None), actor.scope.where(ClaimEntry.dealer_id, ClaimEntry.region))
    )
    if dealer_ids:
        query = query.where(ClaimEntry.dealer_id.in_(sorted(dealer_ids)))
    return sorted({i for pair in session.execute(query) for i in pair if i is not None})


def lock_claims(session: Session, claim_ids: Sequence[int]) -> dict[int, Claim]:
    """Claims as they are now, locked in the order of their ids (PostgreSQL), so that nothing is decided meanwhile."""
    found: dict[int, Claim] = {}
    for i in range(0, len(claim_ids), AT_ONCE):
        rows = session.scalars(
            select(Claim)
            .where(Claim.id.in_(claim_ids[i : i + AT_ONCE]))
            .order_by(Claim.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found |= {c.id: c for c in rows}
    return found


def places_of(session: Session, dealer_ids: Collection[int]) -> dict[int, tuple[str, str, str]]:
    """(name, region, zone) of dealers by id; the caller has asked for their scope."""
    rows = session.execute(select(Dealer.id, Dealer.name, Dealer.region, Dealer.zone).where(Dealer.id.in_(dealer_ids)))
    return {dealer_id: (name, region, zone) for dealer_id, name, region, zone in rows}


def entry_of(session: Session, entry_id: int) -> tuple[ClaimEntry, Claim] | None:
    """An entry with its claim, the claim locked."""
    entry = session.get(ClaimEntry, entry_id)
    if entry is None:
        return None
    return entry, lock_claims(session, [entry.claim_id])[entry.claim_id]


def is_reversed(session: Session, entry_id: int) -> bool:
    """Whether an entry was taken back."""
    return session.scalar(select(ClaimEntry.id).where(ClaimEntry.reverses_id == entry_id)) is not None
