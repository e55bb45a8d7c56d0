"""What money does to a claim: approved by silence, paid, charged back, adjusted. Areas of money call these."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.claims.clock_notices import tell_deemed
from db.claims.clock_rules import silence_may_approve
from db.claims.decide_commands import settle
from db.claims.flow import FLOW
from db.claims.policy_queries import policy_on
from db.claims.reasons import REASON_CODES
from db.claims.record import charges_of, dealer_of, decided, move_claim, note_entry
from db.claims.tables import Claim
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.problems import Problem, Problems, Refused
from db.workflow.engine import begin_step


def deem_approved(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Silence approves what was claimed once the legal clock has run out (domain-rules 2.1 H); for the sweep.

    Refused (`not_due`) before the clock is out, and where silence approves nothing: no such law, or a claim that was
    decided before and is an appeal now. Those who may decide are told that they were too late.
    """
    claim = begin_step(session, FLOW, "deem_approved", item_id=item_id, seen_version=seen_version, actor=actor)
    may = silence_may_approve(deemed_on=claim.deemed_on, first_decided_at=claim.first_decided_at)
    if not may or claim.decide_by is None or now < claim.decide_by:
        raise Refused(
            Problem(
                code="not_due", rule="domain-rules 2.1 H",
                message=f"The clock of {claim.number} has not run out."
                if may
                else f"Silence does not approve {claim.number}.",
            )
        )  # fmt: skip
    assert claim.deemed_on is not None
    for charge in charges_of(session, claim.id):
        charge.approved_cents, charge.decision = charge.claimed_cents, "approve"
        charge.reason_code = charge.reason_note = ""
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    policy = policy_on(session, local_day(now, dealer.zone))
    law = policy.clock(claim.state).source or f"the law of {claim.state}"
    note = f"Nobody decided by {claim.deemed_on.day} {claim.deemed_on:%B %Y}; silence approves it ({law})."
    settle(
        session, claim, "deem_approved", "approved", cents=claim.claimed_cents, how="deemed", actor=actor, now=now,
        note=note, zone=dealer.zone, policy=policy,
    )  # fmt: skip
    tell_deemed(session, claim, note, now=now)


def paid(session: Session, claim: Claim, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """Mark a claim as paid within a payment batch; the batch has the entry. Gives {"before", "after"}."""
    return move_claim(session, "pay", claim, actor=actor, now=now, paid_at=now, due_at=None)


def pay(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Mark one claim as paid."""
    claim = begin_step(session, FLOW, "pay", item_id=item_id, seen_version=seen_version, actor=actor)
    changed = paid(session, claim, actor=actor, now=now)
    note_entry(session, "pay", claim, "paid.", actor=actor, now=now, **changed)


def adjust(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Mark a paid claim as changed by a later version of itself."""
    claim = begin_step(session, FLOW, "adjust", item_id=item_id, seen_version=seen_version, actor=actor)
    changed = move_claim(session, "adjust", claim, actor=actor, now=now)
    note_entry(session, "adjust", claim, "adjusted by a later version.", actor=actor, now=now, **changed)


def charge_back(
    session: Session, *, item_id: int, seen_version: int, amount_cents: int, reason_code: str, note: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Take back a paid claim, in whole or part, after an audit; not more than was approved."""
    claim = begin_step(session, FLOW, "charge_back", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    if not 0 < amount_cents <= (claim.approved_cents or 0):
        problems.add("amount_cents", "amount", "More than nothing and not more than was approved.")
    if reason_code not in REASON_CODES:
        problems.add("reason_code", "unknown_reason", "Choose a reason.")
    note = problems.require(note, "note", "The reason")
    problems.refuse_if_any()
    decided(session, claim, kind="charge_back", how="person", actor=actor, now=now, approved_cents=-amount_cents,
            reason_code=reason_code, note=note)  # fmt: skip
    changed = move_claim(session, "charge_back", claim, actor=actor, now=now)
    note_entry(session, "charge_back", claim, "charged back.", actor=actor, now=now, reason=note, **changed)
