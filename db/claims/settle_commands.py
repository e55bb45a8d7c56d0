"""What money does to a claim: approved by silence, paid, charged back, adjusted. Areas of money call these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims.clock_notices import tell_deemed
from db.claims.clock_rules import silence_may_approve
from db.claims.decide_commands import settle
from db.claims.flow import FLOW
from db.claims.policy_queries import policy_on
from db.claims.reason_rules import REASON_CODES
from db.claims.record import charges_of, dealer_of, decided, move_claim, note_entry
from db.claims.tables import Claim, ClaimDecision
from db.core import events
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.problems import Problem, Problems, Refused
from db.workflow.engine import begin_step

SIGNED: Final = ("recommend", "approve", "partial")
"""Kinds of decisions that are a signature under an approval."""


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


def adjusted(session: Session, claim: Claim, *, actor: Actor, now: datetime) -> bool:
    """Mark a claim as changed by a supplement or debit that was paid; the batch has the entry.

    False where there is nothing to mark: not paid yet, marked already, or charged back since.
    """
    if claim.status != "paid":
        return False
    move_claim(session, "adjust", claim, actor=actor, now=now)
    return True


def pay(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Refused: money leaves with a batch and its credit memo only, so that the ledger knows (decision 0049)."""
    claim = begin_step(session, FLOW, "pay", item_id=item_id, seen_version=seen_version, actor=actor)
    raise Refused(Problem(code="batch_only", message=f"{claim.number} is paid with a batch, on the page of payments."))


def adjust(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Refused: a claim is adjusted by the batch that pays its supplement or debit only (decision 0049)."""
    claim = begin_step(session, FLOW, "adjust", item_id=item_id, seen_version=seen_version, actor=actor)
    message = f"{claim.number} is adjusted when a supplement or debit to it is paid, with a batch."
    raise Refused(Problem(code="batch_only", message=message))


@dataclass(frozen=True, kw_only=True)
class LineBack:
    """How much of one charge is taken back, in positive cents."""

    position: int
    cents: int


def charge_back(
    session: Session, *, item_id: int, seen_version: int, amount_cents: int, reason_code: str, note: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Take back a paid claim, in whole or part, after an audit; not more than all its versions were paid.

    Within the audit window of the dealer's state; after it only for a finding of a false claim (domain-rules 2.1 H).
    Whoever signed the approval may not. The ledger (claim_payments) follows and refuses more than was paid.
    """
    claim = begin_step(session, FLOW, "charge_back", item_id=item_id, seen_version=seen_version, actor=actor)
    _charge_back(session, claim, amount_cents, (), reason_code=reason_code, note=note, actor=actor, now=now)


def charge_back_lines(
    session: Session, *, item_id: int, seen_version: int, lines: Sequence[LineBack], reason_code: str, note: str,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Take back some charges of a paid claim, each at most what was approved for it. Problems: lines."""
    claim = begin_step(session, FLOW, "charge_back", item_id=item_id, seen_version=seen_version, actor=actor)
    approved = {c.position: c.approved_cents or 0 for c in charges_of(session, claim.id)}
    problems = Problems()
    if not lines or len({one.position for one in lines}) != len(lines):
        problems.add("lines", "required", "Choose what is taken back, each line once.")
    for one in lines:
        if one.position not in approved:
            problems.add("lines", "unknown_line", f"There is no line {one.position}.")
        elif not 0 < one.cents <= approved[one.position]:
            problems.add("lines", "amount", f"Line {one.position}: more than nothing, not more than was approved.")
    problems.refuse_if_any()
    total = sum(x.cents for x in lines)
    _charge_back(session, claim, total, lines, reason_code=reason_code, note=note, actor=actor, now=now)


def _charge_back(
    session: Session, claim: Claim, cents: int, lines: Sequence[LineBack], *, reason_code: str, note: str,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    problems = Problems()
    if cents <= 0:
        problems.add("amount_cents", "amount", "More than nothing is needed.")
    if reason_code not in REASON_CODES:
        problems.add("reason_code", "unknown_reason", "Choose a reason.")
    note = problems.require(note, "note", "The reason", longest=2_000)
    window = policy_on(session, local_day(now, dealer.zone)).clock(claim.state).audit_days
    if claim.paid_at is not None and window is not None and reason_code != "AUDIT_FINDING":
        last = local_day(claim.paid_at, dealer.zone) + timedelta(days=window)
        if local_day(now, dealer.zone) > last:
            problems.add(
                "reason_code", "window_closed", f"The audit window of {claim.state} ended on {last:%Y-%m-%d}; later "
                "only a finding of a false claim may be charged back.", rule="domain-rules 2.1 H",
            )  # fmt: skip
    problems.refuse_if_any()
    if has_signed(session, claim.id, actor.username):
        raise Refused(
            Problem(
                code="own_signature", rule="domain-rules 2.0",
                message=f"You signed {claim.number} yourself; another person has to charge it back.",
            )
        )  # fmt: skip
    decided(
        session, claim, kind="charge_back", how="person", actor=actor, now=now, approved_cents=-cents,
        reason_code=reason_code, note=note, lines=[{"position": x.position, "cents": -x.cents} for x in lines],
    )  # fmt: skip
    changed = move_claim(session, "charge_back", claim, actor=actor, now=now)
    note_entry(
        session, "charge_back", claim, f"{cents // 100:,}.{cents % 100:02} charged back.", actor=actor, now=now,
        reason=note, **changed,
    )  # fmt: skip
    session.flush()
    told = events.Event(
        name="claims.charged_back", item_type="claim", item_ids=(claim.id,),
        facts={"cents": cents, "reason_code": reason_code, "note": note},
    )  # fmt: skip
    events.tell(session, told, actor=actor, now=now)


def has_signed(session: Session, claim_id: int, username: str) -> bool:
    """Whether somebody signed an approval of this claim (2.0: whoever approves does not pay and does not audit)."""
    found = select(ClaimDecision.id).where(
        ClaimDecision.claim_id == claim_id, ClaimDecision.username == username, ClaimDecision.how == "person",
        ClaimDecision.kind.in_(SIGNED),
    )  # fmt: skip
    return session.scalar(found.limit(1)) is not None
