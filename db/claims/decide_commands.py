"""A person decides on a claim: line by line, within the authority of the role, never twice in a row (2.0, 2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.claims.clock_rules import pay_by
from db.claims.flow import FLOW
from db.claims.policy_queries import policy_on
from db.claims.policy_rules import Policy
from db.claims.reasons import REASON_CODES
from db.claims.record import charges_of, dealer_of, decided, end_of_day, move_claim, note_entry, tell_decided
from db.claims.tables import Claim, ClaimCharge
from db.core import events
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.people.queries import names_of, people_to_tell
from db.workflow.engine import begin_step

LONGEST_NOTE = 2_000


@dataclass(frozen=True, kw_only=True)
class LineDecision:
    """What was decided for one charge: its amount, and why where that is less than claimed."""

    position: int
    cents: int
    reason_code: str = ""
    note: str = ""


def highest_level(policy: Policy, actor: Actor) -> int:
    """The highest level of authority this person may sign; 0 for none."""
    levels = [a.level for a in policy.authority if actor.can(Permission(a.permission))]
    return max(levels, default=0)


def approve(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> str:
    """Approve as the rules suggest, line by line; gives the state it came to.

    Above the actor's authority this is a signature: the claim goes on to the next level and stays in review.
    """
    claim = begin_step(session, FLOW, "approve", item_id=item_id, seen_version=seen_version, actor=actor)
    lines = [
        LineDecision(
            position=c.position, cents=c.claimed_cents if c.suggested_cents is None else c.suggested_cents,
            reason_code=c.reason_code, note=c.reason_note,
        )
        for c in charges_of(session, claim.id)
    ]  # fmt: skip
    return _approve(session, claim, lines, note=note, actor=actor, now=now)


def decide_lines(
    session: Session, *, item_id: int, seen_version: int, lines: Sequence[LineDecision], actor: Actor, now: datetime,
    note: str = "",
) -> str:  # fmt: skip
    """Approve with an amount for each charge; a line below its claim needs a reason. Gives the state it came to."""
    claim = begin_step(session, FLOW, "approve", item_id=item_id, seen_version=seen_version, actor=actor)
    return _approve(session, claim, lines, note=note, actor=actor, now=now)


def _approve(
    session: Session, claim: Claim, lines: Sequence[LineDecision], *, note: str, actor: Actor, now: datetime
) -> str:  # fmt: skip
    note = _note(note)
    charges = {c.position: c for c in charges_of(session, claim.id)}
    _check(charges, lines)
    total = sum(line.cents for line in lines)
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    today = local_day(now, dealer.zone)
    policy = policy_on(session, today)
    needed, mine = policy.level_for(total), highest_level(policy, actor)
    top = policy.authority[-1].level
    # The last level is a second signature: whoever may sign it still needs somebody else's before.
    level = min(mine, needed) if needed < top or claim.signed_level >= top - 1 else min(mine, top - 1)
    kept = [{"position": x.position, "cents": x.cents, "reason_code": x.reason_code, "note": x.note} for x in lines]
    for line in lines:
        charge = charges[line.position]
        charge.suggested_cents = line.cents
        charge.reason_code, charge.reason_note = line.reason_code, line.note
    if level < needed:
        decided(
            session, claim, kind="recommend", how="person", actor=actor, now=now, level=level, approved_cents=total,
            note=note, lines=kept,
        )  # fmt: skip
        changed = move_claim(
            session, "approve", claim, actor=actor, now=now, target=claim.status, signed_by=actor.username,
            signed_level=level, level=level + 1, suggested_cents=total, assignee_id=None,
        )  # fmt: skip
        note_entry(session, "approve", claim, f"signed at level {level}; level {needed} decides.", actor=actor, now=now,
                   reason=note, **changed)  # fmt: skip
        return str(claim.status)
    for line in lines:
        charge = charges[line.position]
        charge.approved_cents = line.cents
        less = line.cents < charge.claimed_cents
        charge.decision = "reject" if less and line.cents == 0 else "reduce" if less else "approve"
    target = "approved" if total == claim.claimed_cents else "partially_approved"
    settle(session, claim, "approve", target, cents=total, how="person", actor=actor, now=now, note=note, level=level,
           lines=kept, zone=dealer.zone, policy=policy)  # fmt: skip
    return target


def settle(
    session: Session, claim: Claim, step: str, target: str, *, cents: int, how: str, actor: Actor, now: datetime,
    policy: Policy, zone: str, note: str = "", reason_code: str = "", level: int = 0,
    lines: Sequence[Mapping[str, Any]] = (),
) -> None:  # fmt: skip
    """Close the decision: amounts, clock, decision, entry, and what follows. Lines are already written."""
    by = pay_by(local_day(now, zone), policy.clock(claim.state)) if target != "denied" else None
    kinds = {"approved": "approve", "partially_approved": "partial", "denied": "deny"}
    session.flush()
    decided(
        session, claim, kind="deemed" if how == "deemed" else kinds[target], how=how, actor=actor, now=now, level=level,
        approved_cents=cents, reason_code=reason_code, note=note, lines=lines,
    )  # fmt: skip
    changed = move_claim(
        session, step, claim, actor=actor, now=now, target=target, approved_cents=cents, decided_at=now,
        decided_by=actor.name, decided_kind=how, first_decided_at=claim.first_decided_at or now, pay_by=by,
        due_at=end_of_day(by, zone) if by else None, reason_code=reason_code, reason_note=note, level=0,
        signed_by=actor.username if how == "person" else "", signed_level=level,
    )  # fmt: skip
    label = FLOW.state(target).label.lower()
    note_entry(session, step, claim, f"{label}.", actor=actor, now=now, reason=note, **changed)
    tell_decided(session, [claim], actor=actor, now=now)


def deny(
    session: Session, *, item_id: int, seen_version: int, reason_code: str, note: str, actor: Actor, now: datetime
) -> None:
    """Deny the whole claim with a reason the dealer reads; it may be appealed."""
    claim = begin_step(session, FLOW, "deny", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _reason(reason_code, note)
    for charge in charges_of(session, claim.id):
        charge.approved_cents = 0
        charge.decision, charge.reason_code, charge.reason_note = "reject", reason_code, note
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    policy = policy_on(session, local_day(now, dealer.zone))
    settle(session, claim, "deny", "denied", cents=0, how="person", actor=actor, now=now, note=note,
           reason_code=reason_code, policy=policy, zone=dealer.zone)  # fmt: skip


def send_back(
    session: Session, *, item_id: int, seen_version: int, reason_code: str, note: str, actor: Actor, now: datetime
) -> None:
    """Return the claim to the dealer, who corrects it and sends it again."""
    claim = begin_step(session, FLOW, "send_back", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _reason(reason_code, note)
    decided(session, claim, kind="return", how="person", actor=actor, now=now, reason_code=reason_code, note=note)
    changed = move_claim(
        session, "send_back", claim, actor=actor, now=now, due_at=None, returns=claim.returns + 1,
        reason_code=reason_code, reason_note=note, signed_by="", signed_level=0,
    )  # fmt: skip
    note_entry(session, "send_back", claim, "returned to the dealer.", actor=actor, now=now, reason=note, **changed)


def await_part(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """Ask for the old part before deciding; the clock of the law goes on."""
    _wait(session, "await_part", "waits for the old part.", item_id=item_id, seen_version=seen_version, note=note,
          actor=actor, now=now)  # fmt: skip


def ask_engineering(
    session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """Ask engineering before deciding; the clock of the law goes on."""
    _wait(session, "ask_engineering", "engineering was asked.", item_id=item_id, seen_version=seen_version, note=note,
          actor=actor, now=now)  # fmt: skip


def _wait(
    session: Session, step: str, said: str, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime
) -> None:
    claim = begin_step(session, FLOW, step, item_id=item_id, seen_version=seen_version, actor=actor)
    note = _note(note, required=True)
    changed = move_claim(session, step, claim, actor=actor, now=now, reason_note=note)
    note_entry(session, step, claim, said, actor=actor, now=now, reason=note, **changed)


def resume(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Go on with a claim that waited; an appealed one is an appeal again."""
    claim = begin_step(session, FLOW, "resume", item_id=item_id, seen_version=seen_version, actor=actor)
    target = "appealed" if claim.appeals and claim.appeal_note else "in_review"
    changed = move_claim(session, "resume", claim, actor=actor, now=now, target=target)
    note_entry(session, "resume", claim, "goes on.", actor=actor, now=now, reason=_note(note), **changed)


def hand_over(
    session: Session, *, item_id: int, seen_version: int, assignee_id: int, actor: Actor, now: datetime
) -> None:
    """Give the claim to a person of the manufacturer who may decide."""
    claim = begin_step(session, FLOW, "hand_over", item_id=item_id, seen_version=seen_version, actor=actor)
    if assignee_id not in people_to_tell(
        session, dealer_id=claim.dealer_id, region=claim.region, permission=Permission.CLAIMS_DECIDE
    ):
        raise Refused(Problem(code="unknown_person", message="Choose a person who may decide.", field="assignee_id"))
    name = names_of(session, person_ids=[assignee_id])[assignee_id]
    changed = move_claim(
        session, "hand_over", claim, actor=actor, now=now, target=claim.status, assignee_id=assignee_id
    )
    note_entry(session, "hand_over", claim, f"given to {name}.", actor=actor, now=now, **changed)


def appeal(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """The dealer disagrees with a denial or a reduction: another person decides. Capped by the policy (once)."""
    claim = begin_step(session, FLOW, "appeal", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _note(note, required=True)
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    policy = policy_on(session, local_day(now, dealer.zone))
    if claim.appeals >= policy.appeals:
        raise Refused(
            Problem(
                code="appeals_used", field="note", rule="domain-rules 2.1 C",
                message=f"{claim.number} was appealed already; {policy.appeals} appeal is the most a claim may have.",
            )
        )  # fmt: skip
    decided(session, claim, kind="appeal", how="person", actor=actor, now=now, note=note)
    changed = move_claim(
        session, "appeal", claim, actor=actor, now=now, appeals=claim.appeals + 1, appeal_note=note, pay_by=None,
        due_at=claim.decide_by, level=policy.level_for(claim.claimed_cents), signed_level=0,
    )  # fmt: skip
    note_entry(session, "appeal", claim, "appealed.", actor=actor, now=now, reason=note, **changed)
    session.flush()
    told = events.Event(name="claims.reopened", item_type="claim", item_ids=(claim.id,))
    events.tell(session, told, actor=actor, now=now)


def _check(charges: Mapping[int, ClaimCharge], lines: Sequence[LineDecision]) -> None:
    problems = Problems()
    if sorted(x.position for x in lines) != sorted(charges):
        problems.add("lines", "incomplete", "Each charge needs a decision.")
        problems.refuse_if_any()
    for line in lines:
        charge = charges[line.position]
        low, high = (0, charge.claimed_cents) if charge.claimed_cents >= 0 else (charge.claimed_cents, 0)
        if charge.kind != "deductible" and not low <= line.cents <= high:
            problems.add("lines", "above_claim", f"Line {line.position}: not more than claimed can be approved.",
                         rule="domain-rules 2.1 E")  # fmt: skip
        elif line.cents < charge.claimed_cents and line.reason_code not in REASON_CODES:
            problems.add("lines", "reason", f"Line {line.position}: less than claimed needs a reason.")
    problems.refuse_if_any()


def _note(note: str, *, required: bool = False) -> str:
    problems = Problems()
    if required:
        note = problems.require(note, "note", "The reason", longest=LONGEST_NOTE)
    elif len(note) > LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {LONGEST_NOTE:,} characters fit.")
    problems.refuse_if_any()
    return note.strip()


def _reason(reason_code: str, note: str) -> str:
    problems = Problems()
    if reason_code not in REASON_CODES:
        problems.add("reason_code", "unknown_reason", "Choose a reason.")
    note = problems.require(note, "note", "The reason", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    return note
