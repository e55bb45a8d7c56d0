"""A person decides on a claim: line by line, within the authority of the role, never twice in a row (2.0, 2.1).

Everything that can be in the way is asked before the first row is written, so that many can be approved at once and
those that cannot be are left as they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.claims import notices
from db.claims.appeals import is_appeal, lines_before, who_decided_before
from db.claims.clock_rules import pay_by
from db.claims.decision_rules import (
    Line,
    LineDecision,
    Signature,
    check_lines,
    counted_level,
    decision_word,
    signature,
    suggested_lines,
)
from db.claims.flow import FLOW
from db.claims.policy_queries import policy_on
from db.claims.policy_rules import Policy
from db.claims.reason_rules import REASON_CODES
from db.claims.record import charges_of, dealer_of, decided, end_of_day, move_claim, note_entry, tell_decided
from db.claims.signatures import highest_level, recommended_lines
from db.claims.tables import Claim, ClaimCharge
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.problems import Differing, Problem, Problems, Refused
from db.workflow.engine import begin_step

LONGEST_NOTE = 2_000
_KINDS = {"approved": "approve", "partially_approved": "partial", "denied": "deny"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A decision that may be carried out: nothing is in its way and nothing was written yet."""

    claim: Claim
    charges: Sequence[ClaimCharge]
    lines: Sequence[Line]
    decisions: Sequence[LineDecision]
    signature: Signature
    policy: Policy
    zone: str
    note: str

    @property
    def cents(self) -> int:
        """What would be approved in all."""
        return sum(d.cents for d in self.decisions)


def approve(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> str:
    """Approve as suggested: by the last signature when there is one, else by the rules; gives the state it came to.

    Above the actor's authority this is a signature: the claim goes on to the next level and stays in review.
    """
    claim = begin_step(session, FLOW, "approve", item_id=item_id, seen_version=seen_version, actor=actor)
    return _carry_out(session, plan_of(session, claim, None, note=note, actor=actor, now=now), actor=actor, now=now)


def decide_lines(
    session: Session, *, item_id: int, seen_version: int, lines: Sequence[LineDecision], actor: Actor, now: datetime,
    note: str = "",
) -> str:  # fmt: skip
    """Approve with an amount for each charge; a line below its claim needs a reason. Gives the state it came to."""
    claim = begin_step(
        session, FLOW, "approve", item_id=item_id, seen_version=seen_version, actor=actor,
        differs=lambda now_stored: _other_amounts(session, now_stored, lines),
    )  # fmt: skip
    return _carry_out(session, plan_of(session, claim, lines, note=note, actor=actor, now=now), actor=actor, now=now)


def _other_amounts(session: Session, claim: Claim, typed: Sequence[LineDecision]) -> list[Differing]:
    """The lines decided otherwise meanwhile: what is approved now (or not decided), and what this person typed."""
    mine = {d.position: d.cents for d in typed}
    return [
        Differing(
            label=f"Line {c.position}", typed=f"{mine[c.position] / 100:,.2f}",
            stored="not decided" if c.approved_cents is None else f"{c.approved_cents / 100:,.2f}",
        )
        for c in charges_of(session, claim.id)
        if c.position in mine and c.approved_cents != mine[c.position]
    ]  # fmt: skip


def plan_of(
    session: Session, claim: Claim, decisions: Sequence[LineDecision] | None, *, note: str, actor: Actor, now: datetime
) -> Plan:  # fmt: skip
    """What approving would do; `decisions` None takes what is suggested. Refused when it may not be. Writes nothing."""
    note = _note(note)
    _other_than_before(session, claim, actor)
    charges = charges_of(session, claim.id)
    before = lines_before(session, claim)
    lines = lines_of(charges, before)
    if decisions is None:
        decisions = suggestion_of(session, claim, charges, lines)
    check_lines(lines, decisions)
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    policy = policy_on(session, local_day(now, dealer.zone))
    sign = _signed(policy, claim, actor, cents=sum(d.cents for d in decisions))
    return Plan(
        claim=claim, charges=charges, lines=lines, decisions=tuple(sorted(decisions, key=lambda d: d.position)),
        signature=sign, policy=policy, zone=dealer.zone, note=note,
    )  # fmt: skip


def lines_of(charges: Sequence[ClaimCharge], before: Mapping[int, int]) -> list[Line]:
    """Stored charges as the rules of deciding know them."""
    return [
        Line(
            position=c.position, job=c.job, kind=c.kind, claimed_cents=c.claimed_cents, before=before.get(c.position)
        )
        for c in charges
    ]  # fmt: skip


def suggestion_of(
    session: Session, claim: Claim, charges: Sequence[ClaimCharge], lines: Sequence[Line]
) -> list[LineDecision]:
    """What is on the table: the last signature's amounts, else those of the rules, within what may be approved."""
    signed = recommended_lines(session, claim)
    if signed:
        return suggested_lines(lines, signed)
    by_rules = (
        LineDecision(
            position=c.position, cents=c.claimed_cents if c.suggested_cents is None else c.suggested_cents,
            reason_code=c.reason_code, note=c.reason_note,
        )
        for c in charges
    )  # fmt: skip
    return suggested_lines(lines, by_rules)


def _carry_out(session: Session, plan: Plan, *, actor: Actor, now: datetime) -> str:
    """Write a planned approval: a signature for the next level, or the decision itself."""
    if not plan.signature.decides:
        return _recommend(session, plan, actor=actor, now=now)
    target, changed = settle_plan(session, plan, actor=actor, now=now)
    _say_settled(session, plan.claim, "approve", target, note=plan.note, actor=actor, now=now, changed=changed)
    return target


def _target(plan: Plan) -> str:
    full = all(decision_word(x, d.cents) == "approve" for x, d in zip(plan.lines, plan.decisions, strict=True))
    return "approved" if full and plan.cents == plan.claim.claimed_cents else "partially_approved"


def settle_plan(session: Session, plan: Plan, *, actor: Actor, now: datetime) -> tuple[str, dict[str, Any]]:
    """Write a decision without its entry; gives the state and {"before", "after"}. The caller tells of it."""
    target = _target(plan)
    of = {x.position: x for x in plan.lines}
    charges = {c.position: c for c in plan.charges}
    for decision in plan.decisions:
        charge = charges[decision.position]
        charge.approved_cents = decision.cents
        charge.decision = decision_word(of[decision.position], decision.cents)
        charge.reason_code, charge.reason_note = decision.reason_code, decision.note
    main = next((d.reason_code for d in plan.decisions if d.reason_code), "") if target != "approved" else ""
    return target, _close(
        session, plan.claim, "approve", target, cents=plan.cents, how="person", actor=actor, now=now,
        policy=plan.policy, zone=plan.zone, note=plan.note, reason_code=main, level=plan.signature.level,
        lines=[asdict(d) for d in plan.decisions],
    )  # fmt: skip


def _recommend(session: Session, plan: Plan, *, actor: Actor, now: datetime) -> str:
    """Sign below the level needed: who signed what stays visible, and the next level finds it in its queue."""
    claim, sign = plan.claim, plan.signature
    target = "appealed" if is_appeal(claim) else "in_review"
    decided(
        session, claim, kind="recommend", how="person", actor=actor, now=now, level=sign.level,
        approved_cents=plan.cents, note=plan.note, lines=[asdict(d) for d in plan.decisions],
    )  # fmt: skip
    changed = move_claim(
        session, "approve", claim, actor=actor, now=now, target=target, signed_by=actor.username,
        signed_level=sign.level, level=sign.following, assignee_id=None,
    )  # fmt: skip
    said = f"signed at level {sign.level}; level {sign.following} signs next."
    note_entry(session, "approve", claim, said, actor=actor, now=now, reason=plan.note, **changed)
    permission = next(a.permission for a in plan.policy.authority if a.level == sign.following)
    notices.tell_next_level(session, claim, permission=permission, cents=plan.cents, by=actor, note=plan.note, now=now)
    return target


def settle(
    session: Session, claim: Claim, step: str, target: str, *, cents: int, how: str, actor: Actor, now: datetime,
    policy: Policy, zone: str, note: str = "", reason_code: str = "", level: int = 0,
    lines: Sequence[Mapping[str, Any]] = (),
) -> None:  # fmt: skip
    """Close the decision: amounts, clock, decision, entry, and what follows. Lines are already written."""
    changed = _close(
        session, claim, step, target, cents=cents, how=how, actor=actor, now=now, policy=policy, zone=zone, note=note,
        reason_code=reason_code, level=level, lines=lines,
    )  # fmt: skip
    _say_settled(session, claim, step, target, note=note, actor=actor, now=now, changed=changed)


def _close(
    session: Session, claim: Claim, step: str, target: str, *, cents: int, how: str, actor: Actor, now: datetime,
    policy: Policy, zone: str, note: str, reason_code: str, level: int, lines: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    by = pay_by(local_day(now, zone), policy.clock(claim.state)) if target != "denied" else None
    session.flush()
    decided(
        session, claim, kind="deemed" if how == "deemed" else _KINDS[target], how=how, actor=actor, now=now,
        level=level, approved_cents=cents, reason_code=reason_code, note=note, lines=lines,
    )  # fmt: skip
    return move_claim(
        session, step, claim, actor=actor, now=now, target=target, approved_cents=cents, decided_at=now,
        decided_by=actor.name, decided_kind=how, first_decided_at=claim.first_decided_at or now, pay_by=by,
        due_at=end_of_day(by, zone) if by else None, reason_code=reason_code, reason_note=note, level=0,
        signed_by=actor.username if how == "person" else "", signed_level=level,
    )  # fmt: skip


def _say_settled(
    session: Session, claim: Claim, step: str, target: str, *, note: str, actor: Actor, now: datetime,
    changed: Mapping[str, Any],
) -> None:  # fmt: skip
    label = FLOW.state(target).label.lower()
    note_entry(session, step, claim, f"{label}.", actor=actor, now=now, reason=note, **changed)
    tell_decided(session, [claim], actor=actor, now=now)
    notices.tell_dealer(session, [claim], by=actor, note=note, now=now)


def deny(
    session: Session, *, item_id: int, seen_version: int, reason_code: str, note: str, actor: Actor, now: datetime
) -> str:
    """Deny the whole claim with a reason the dealer reads; it may be appealed. Gives the state it came to.

    Everybody who may decide may deny, whatever the amount: nothing is spent, and an appeal goes to another person. A
    signature can be overruled from above only. Denying the appeal of a claim that was approved in part leaves that
    part as it was (decision 0047).
    """
    claim = begin_step(session, FLOW, "deny", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _reason(reason_code, note)
    _other_than_before(session, claim, actor)
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    policy = policy_on(session, local_day(now, dealer.zone))
    level = _signed(policy, claim, actor, cents=0).level
    before = lines_before(session, claim)
    target = "partially_approved" if before else "denied"  # a debit in part stands, too
    for charge in charges_of(session, claim.id):
        kept = before.get(charge.position, 0) if target == "partially_approved" else 0
        if target == "denied" or kept != charge.approved_cents:
            charge.approved_cents = kept
            charge.decision, charge.reason_code, charge.reason_note = "reject", reason_code, note[:500]
    cents = sum(before.values()) if target == "partially_approved" else 0
    settle(session, claim, "deny", target, cents=cents, how="person", actor=actor, now=now, note=note,
           reason_code=reason_code, policy=policy, zone=dealer.zone, level=level)  # fmt: skip
    return target


def send_back(
    session: Session, *, item_id: int, seen_version: int, reason_code: str, note: str, actor: Actor, now: datetime
) -> None:
    """Return the claim to the dealer, who corrects it and sends it again; signatures so far are void."""
    claim = begin_step(session, FLOW, "send_back", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _reason(reason_code, note)
    if is_appeal(claim):
        raise Refused(
            Problem(
                code="is_appeal", rule="domain-rules 2.1 C",
                message=f"{claim.number} was appealed; an appeal is decided, not returned.",
            )
        )  # fmt: skip
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    policy = policy_on(session, local_day(now, dealer.zone))
    if highest_level(policy, actor) < counted_level(policy, claim.signed_level):
        raise Refused(_below(claim))
    decided(session, claim, kind="return", how="person", actor=actor, now=now, reason_code=reason_code, note=note)
    changed = move_claim(
        session, "send_back", claim, actor=actor, now=now, due_at=None, returns=claim.returns + 1,
        reason_code=reason_code, reason_note=note, signed_by="", signed_level=0, assignee_id=None,
    )  # fmt: skip
    note_entry(session, "send_back", claim, "returned to the dealer.", actor=actor, now=now, reason=note, **changed)
    notices.tell_dealer(session, [claim], by=actor, note=note, now=now)


def await_part(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """Ask for the old part before deciding; the clock of the law goes on and the dealer is told."""
    claim = _wait(session, "await_part", "waits for the old part.", item_id=item_id, seen_version=seen_version,
                  note=note, actor=actor, now=now)  # fmt: skip
    notices.tell_dealer(session, [claim], by=actor, note=claim.reason_note, now=now)


def ask_engineering(
    session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """Ask engineering before deciding; the clock of the law goes on."""
    _wait(session, "ask_engineering", "engineering was asked.", item_id=item_id, seen_version=seen_version, note=note,
          actor=actor, now=now)  # fmt: skip


def _wait(
    session: Session, step: str, said: str, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime
) -> Claim:
    claim: Claim = begin_step(session, FLOW, step, item_id=item_id, seen_version=seen_version, actor=actor)
    note = _note(note, required=True)
    changed = move_claim(session, step, claim, actor=actor, now=now, reason_note=note)
    note_entry(session, step, claim, said, actor=actor, now=now, reason=note, **changed)
    return claim


def resume(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Go on with a claim that waited; an appealed one is an appeal again."""
    claim = begin_step(session, FLOW, "resume", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _note(note)
    target = "appealed" if is_appeal(claim) else "in_review"
    changed = move_claim(session, "resume", claim, actor=actor, now=now, target=target, reason_note=note)
    note_entry(session, "resume", claim, "goes on.", actor=actor, now=now, reason=note, **changed)


# ---- what every decision asks ----------------------------------------------------------------------------------------
def _other_than_before(session: Session, claim: Claim, actor: Actor) -> None:
    """Whoever made the decision that is appealed may not sign again, at any level (four eyes across the appeal)."""
    if is_appeal(claim) and who_decided_before(session, claim) == actor.username:
        raise Refused(
            Problem(
                code="own_signature", rule="domain-rules 2.1 C",
                message=f"You made the decision that is appealed on {claim.number}; another person has to decide.",
            )
        )  # fmt: skip


def _signed(policy: Policy, claim: Claim, actor: Actor, *, cents: int) -> Signature:
    found = signature(
        policy, highest=highest_level(policy, actor), cents=cents, signed_level=claim.signed_level
    )  # fmt: skip
    if found.problem == "no_authority":
        raise Refused(
            Problem(code="no_authority", message="Your role has no authority in the claim policy.", rule="2.1 D")
        )
    if found.problem:
        raise Refused(_below(claim))
    return found


def _below(claim: Claim) -> Problem:
    return Problem(
        code="below_signature", rule="domain-rules 2.0",
        message=f"{claim.number} was signed at level {claim.signed_level}; level {claim.level} has to take this step.",
    )  # fmt: skip


def _note(note: str, *, required: bool = False) -> str:
    problems = Problems()
    if required:
        note = problems.require(note, "note", "The reason", longest=LONGEST_NOTE)
    elif len(note or "") > LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {LONGEST_NOTE:,} characters fit.")
    problems.refuse_if_any()
    return (note or "").strip()


def _reason(reason_code: str, note: str) -> str:
    problems = Problems()
    if reason_code not in REASON_CODES:
        problems.add("reason_code", "unknown_reason", "Choose a reason.")
    note = problems.require(note, "note", "The reason", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    return note
