"""What was paid: batches, credit memos with their lines, and the ledger of claims; each within the actor's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from db.claim_payments import rules
from db.claim_payments.payable_queries import PreviewLeft, dealer_names
from db.claim_payments.tables import ClaimEntry, CreditMemo, PaymentBatch
from db.claims.tables import Claim
from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer

PAGE = 50


def _of_memo(scope: Scope) -> ColumnElement[bool]:
    return scope.where(CreditMemo.dealer_id, CreditMemo.region)


def _counted(session: Session, some: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(some.limit(CAP + 1).subquery())) or 0


# ---- batches ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class BatchRow:
    """One batch; its sums are those of the memos the reader may see."""

    id: int
    number: str
    made_at: datetime
    made_by: str
    due_until: date | None
    memos: int
    claims: int
    cents: int
    left_out: tuple[PreviewLeft, ...] = ()
    """Claims that were not paid and why; filled for one batch only."""


def _batches(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            PaymentBatch.id, PaymentBatch.number, PaymentBatch.made_at, PaymentBatch.made_by, PaymentBatch.due_until,
            func.count(CreditMemo.id).label("memos"), func.sum(CreditMemo.claims).label("claims"),
            func.sum(CreditMemo.cents).label("cents"),
        )
        .join(CreditMemo, CreditMemo.batch_id == PaymentBatch.id)
        .where(_of_memo(scope))
        .group_by(PaymentBatch.id)
    )  # fmt: skip


def _batch(row: Any, left: tuple[PreviewLeft, ...] = ()) -> BatchRow:
    values = row._asdict()
    return BatchRow(**{**values, "claims": int(values["claims"]), "cents": int(values["cents"])}, left_out=left)


def list_batches(
    session: Session, *, actor: Actor, after: int | None = None, limit: int = PAGE
) -> tuple[list[BatchRow], int | None]:
    """Batches with a memo in scope, the latest first, and the cursor of the next page. Needs claims.payments."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    some = select(PaymentBatch.id).where(exists().where(CreditMemo.batch_id == PaymentBatch.id, _of_memo(actor.scope)))
    if after is not None:
        some = some.where(PaymentBatch.id < after)
    ids = list(session.scalars(some.order_by(PaymentBatch.id.desc()).limit(limit + 1)))
    query = _batches(actor.scope).where(PaymentBatch.id.in_(ids[:limit])).order_by(PaymentBatch.id.desc())
    rows = [_batch(r) for r in session.execute(query)]
    return rows, rows[-1].id if len(ids) > limit else None


def get_batch(session: Session, *, batch_id: int, actor: Actor) -> BatchRow:
    """One batch with what it left out, of dealers in scope only; raises `NotFound`. Needs claims.payments."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    row = session.execute(_batches(actor.scope).where(PaymentBatch.id == batch_id)).one_or_none()
    if row is None:
        raise NotFound("This batch")
    kept = session.scalar(select(PaymentBatch.left_out).where(PaymentBatch.id == batch_id)) or []
    names = dealer_names(session, {x["dealer_id"] for x in kept}, scope=actor.scope)
    why = rules.LEFT_OUT | {"signed": "Whoever made the batch signed this claim"}
    return _batch(
        row,
        tuple(
            PreviewLeft(
                claim_id=x["claim_id"], number=x["number"], dealer=names[x["dealer_id"]][0], cents=x["cents"],
                why=why.get(x["why"], x["why"]),
            )
            for x in kept
            if x["dealer_id"] in names
        ),
    )  # fmt: skip


# ---- credit memos ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class EntryRow:
    """One line of the ledger. `memo` is empty while no memo has paid it; `is_reversed` says it was taken back."""

    id: int
    at: datetime
    claim_id: int
    claim: str
    dealer_id: int
    dealer: str
    zone: str
    kind: str
    cents: int
    currency: str
    username: str
    by: str
    reason: str
    memo_id: int | None
    memo: str
    is_reversed: bool = False

    @property
    def label(self) -> str:
        """The kind in words."""
        return rules.KINDS.get(self.kind, self.kind)


@dataclass(frozen=True, kw_only=True)
class MemoRow:
    """One credit memo; `lines` are filled for the drawer and the printed page. `issued_on` is the dealer's day."""

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
    lines: tuple[EntryRow, ...] = ()


def _memos(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            CreditMemo.id, CreditMemo.number, CreditMemo.batch_id, PaymentBatch.number.label("batch"),
            CreditMemo.dealer_id, Dealer.name.label("dealer"), Dealer.code, CreditMemo.region, CreditMemo.issued_at,
            CreditMemo.issued_on, CreditMemo.issued_by, CreditMemo.currency, CreditMemo.cents, CreditMemo.claims,
        )
        .join(PaymentBatch, PaymentBatch.id == CreditMemo.batch_id)
        .join(Dealer, Dealer.id == CreditMemo.dealer_id)
        .where(_of_memo(scope))
    )  # fmt: skip


def _narrowed(dealer_id: int | None, batch_id: int | None) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if dealer_id is not None:
        parts.append(CreditMemo.dealer_id == dealer_id)
    if batch_id is not None:
        parts.append(CreditMemo.batch_id == batch_id)
    return parts


def list_memos(
    session: Session, *, actor: Actor, dealer_id: int | None = None, batch_id: int | None = None,
    after: int | None = None, limit: int = PAGE,
) -> tuple[list[MemoRow], int | None]:  # fmt: skip
    """Credit memos in scope, the latest first, and the cursor of the next page. Needs claims.payments."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    query = _memos(actor.scope).where(*_narrowed(dealer_id, batch_id))
    if after is not None:
        query = query.where(CreditMemo.id < after)
    found = [MemoRow(**r._asdict()) for r in session.execute(query.order_by(CreditMemo.id.desc()).limit(limit + 1))]
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def count_memos(session: Session, *, actor: Actor, dealer_id: int | None = None, batch_id: int | None = None) -> int:
    """How many credit memos there are, counted up to `CAP` + 1. Needs claims.payments."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    return _counted(
        session, select(CreditMemo.id).where(_of_memo(actor.scope), *_narrowed(dealer_id, batch_id))
    )  # fmt: skip


def memos_by_id(session: Session, *, ids: Sequence[int], actor: Actor) -> list[MemoRow]:
    """Some credit memos by id without those out of scope; for search. Needs claims.payments."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    query = _memos(actor.scope).where(CreditMemo.id.in_(list(ids))).order_by(CreditMemo.id.desc())
    return [MemoRow(**r._asdict()) for r in session.execute(query)]


def get_memo(session: Session, *, memo_id: int, actor: Actor) -> MemoRow:
    """One credit memo with its lines in the order of claims; raises `NotFound`. Needs claims.payments."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    row = session.execute(_memos(actor.scope).where(CreditMemo.id == memo_id)).one_or_none()
    if row is None:
        raise NotFound("This credit memo")
    return MemoRow(**row._asdict(), lines=lines_of(session, memo_ids=[memo_id], actor=actor).get(memo_id, ()))


def lines_of(session: Session, *, memo_ids: Sequence[int], actor: Actor) -> dict[int, tuple[EntryRow, ...]]:
    """The lines of some credit memos in scope by memo, in the order of claims. Needs claims.payments."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    found: dict[int, list[EntryRow]] = {}
    query = _entries(actor.scope).where(ClaimEntry.memo_id.in_(list(memo_ids)))
    for row in session.execute(query.order_by(Claim.number, ClaimEntry.id)):
        found.setdefault(row.memo_id, []).append(EntryRow(**row._asdict()))
    return {memo_id: tuple(lines) for memo_id, lines in found.items()}


# ---- the ledger ------------------------------------------------------------------------------------------------------
def _entries(scope: Scope) -> Select[*tuple[Any, ...]]:
    taken_back = aliased(ClaimEntry)
    return (
        select(
            ClaimEntry.id, ClaimEntry.at, ClaimEntry.claim_id, Claim.number.label("claim"), ClaimEntry.dealer_id,
            Dealer.name.label("dealer"), Dealer.zone, ClaimEntry.kind, ClaimEntry.cents, ClaimEntry.currency,
            ClaimEntry.username, ClaimEntry.by, ClaimEntry.reason, ClaimEntry.memo_id,
            func.coalesce(CreditMemo.number, "").label("memo"),
            exists().where(taken_back.reverses_id == ClaimEntry.id).label("is_reversed"),
        )
        .join(Claim, Claim.id == ClaimEntry.claim_id)
        .join(Dealer, Dealer.id == ClaimEntry.dealer_id)
        .outerjoin(CreditMemo, CreditMemo.id == ClaimEntry.memo_id)
        .where(scope.where(ClaimEntry.dealer_id, ClaimEntry.region))
    )  # fmt: skip


def _of_ledger(dealer_id: int | None, claim: str) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if dealer_id is not None:
        parts.append(ClaimEntry.dealer_id == dealer_id)
    if claim:
        # All versions of the claim: a debit of its supplement belongs to its story (domain-rules 2.1 E).
        family = select(Claim.family_id).where(Claim.number == claim.strip().upper()).scalar_subquery()
        parts.append(ClaimEntry.family_id == family)
    return parts


def list_ledger(
    session: Session, *, actor: Actor, dealer_id: int | None = None, claim: str = "", after: int | None = None,
    limit: int = PAGE,
) -> tuple[list[EntryRow], int | None]:  # fmt: skip
    """Entries in scope, of one dealer or of all versions of a claim (its number), the latest first, and the cursor.

    Needs claims.payments.
    """
    actor.require(Permission.CLAIMS_PAYMENTS)
    query = _entries(actor.scope).where(*_of_ledger(dealer_id, claim))
    if after is not None:
        query = query.where(ClaimEntry.id < after)
    found = [EntryRow(**r._asdict()) for r in session.execute(query.order_by(ClaimEntry.id.desc()).limit(limit + 1))]
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def ledger_sums(session: Session, *, actor: Actor, dealer_id: int | None = None, claim: str = "") -> tuple[int, int]:
    """(cents posted, cents of them no memo has paid) of the ledger narrowed so. Needs claims.payments."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    within = (actor.scope.where(ClaimEntry.dealer_id, ClaimEntry.region), *_of_ledger(dealer_id, claim))
    total = session.scalar(select(func.coalesce(func.sum(ClaimEntry.cents), 0)).where(*within))
    unpaid = session.scalar(
        select(func.coalesce(func.sum(ClaimEntry.cents), 0)).where(*within, ClaimEntry.memo_id.is_(None))
    )
    return int(total or 0), int(unpaid or 0)


def count_ledger(session: Session, *, actor: Actor, dealer_id: int | None = None, claim: str = "") -> int:
    """How many entries there are, counted up to `CAP` + 1. Needs claims.payments."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    within = (actor.scope.where(ClaimEntry.dealer_id, ClaimEntry.region), *_of_ledger(dealer_id, claim))
    return _counted(session, select(ClaimEntry.id).where(*within))


def count_batches(session: Session, *, actor: Actor) -> int:
    """How many batches with a memo in scope there are, counted up to `CAP` + 1. Needs claims.payments."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    found = exists().where(CreditMemo.batch_id == PaymentBatch.id, _of_memo(actor.scope))
    return _counted(session, select(PaymentBatch.id).where(found))


def count_unpaid_claims(session: Session, *, actor: Actor, dealer_id: int | None = None) -> int:
    """How many claims have entries no memo has paid, counted up to `CAP` + 1. Needs claims.payments."""
    actor.require(Permission.CLAIMS_PAYMENTS)
    some = select(ClaimEntry.claim_id).distinct()
    some = some.where(ClaimEntry.memo_id.is_(None), actor.scope.where(ClaimEntry.dealer_id, ClaimEntry.region))
    if dealer_id is not None:
        some = some.where(ClaimEntry.dealer_id == dealer_id)
    return _counted(session, some)
