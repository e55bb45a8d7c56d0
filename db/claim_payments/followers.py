"""How the ledger answers decisions on claims, in the same transaction (decision 0049)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claim_payments.notices import tell_charged_back
from db.claim_payments.record import family_sums, lock_family, post, post_decisions
from db.claim_payments.rules import money_label
from db.claim_payments.tables import ClaimEntry
from db.claims.record import claims_by_id
from db.claims.tables import Claim
from db.core import changes
from db.core.actor import Actor
from db.core.events import Event, Follower
from db.core.problems import Problem, Refused


def _claims(session: Session, event: Event) -> list[Claim]:
    return claims_by_id(session, event.item_ids)


def claims_decided(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """Post what was approved, net of what was posted before: an appeal posts the difference, a denial takes it back."""
    claims = _claims(session, event)
    debits = [c for c in claims if c.claim_type == "debit" and (c.approved_cents or 0) < 0]
    worth: dict[int, int] = {}
    for claim in debits:
        lock_family(session, claim.family_id)
        worth[claim.id], _ = family_sums(session, claim.family_id)
    post_decisions(session, claims, actor=actor, now=now)
    for claim in debits:
        if family_sums(session, claim.family_id)[0] < 0:
            raise Refused(_above_worth(claim, worth[claim.id]))


def _above_worth(claim: Claim, cents: int) -> Problem:
    """What was charged back or debited while this debit waited is not taken back a second time."""
    left = money_label(max(cents, 0), claim.currency)
    message = f"All versions of {claim.number} are worth {left} now; take back no more than that, or deny the debit."
    return Problem(code="above_worth", field="lines", rule="domain-rules 2.1 E", message=message)


def claims_reopened(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """An appealed claim is not payable while it is decided again (its state says so); one taken back owes nothing."""
    changes.touch(session, "claim_payments")
    void = [c for c in _claims(session, event) if c.status == "void"]
    if void:
        post_decisions(session, void, actor=actor, now=now)


def claim_charged_back(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """Take back what was paid; refused above what all versions of the claim were paid."""
    (claim,) = _claims(session, event)
    cents = int(event.facts["cents"])
    lock_family(session, claim.family_id)
    _, paid = family_sums(session, claim.family_id)
    if cents > paid:
        raise Refused(
            Problem(
                code="above_paid", field="amount_cents", rule="domain-rules 2.1 H",
                message=f"All versions of {claim.number} were paid {money_label(max(paid, 0), claim.currency)} only.",
            )
        )  # fmt: skip
    post(
        session, claim, key=f"charge_back:{claim.id}", kind="charge_back", cents=-cents, actor=actor, now=now,
        reason_code=event.facts["reason_code"], reason=event.facts["note"],
    )  # fmt: skip
    tell_charged_back(session, claim, cents=cents, now=now)


def claims_removed(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """The ledger forgets nothing: a claim money was posted for cannot be removed."""
    for start in range(0, len(event.item_ids), 500):
        posted = session.execute(
            select(Claim.number, ClaimEntry.cents, ClaimEntry.currency)
            .join(Claim, Claim.id == ClaimEntry.claim_id)
            .where(ClaimEntry.claim_id.in_(event.item_ids[start : start + 500]))
            .order_by(ClaimEntry.claim_id, ClaimEntry.id)
            .limit(1)
        ).one_or_none()
        if posted is not None:
            text = (
                f"{money_label(posted.cents, posted.currency)} was posted for {posted.number}, and the ledger forgets"
                " nothing; the batch stays. Correct that claim with a debit."
            )
            raise Refused(Problem(code="money_posted", message=text, rule="domain-rules 2.1 E"))


FOLLOWERS = (
    Follower(name="ledger of decided claims", on=("claims.decided",), react=claims_decided),
    Follower(name="ledger of reopened claims", on=("claims.reopened",), react=claims_reopened),
    Follower(name="ledger of removed claims", on=("claims.removed",), react=claims_removed),
    Follower(name="ledger of charge-backs", on=("claims.charged_back",), react=claim_charged_back),
)
