"""A person decides on an incentive claim: in full or in part, within authority and budget, never the own (2.0, 2.4).

All checks run again under lock before anything is approved: what was in order when it was sent may no longer be.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.core import locks
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.incentives import books, claim_store, period_store
from db.incentives.authority_rules import is_final, next_level_sentence
from db.incentives.claim_rules import judge_period
from db.incentives.facts import Verdict
from db.incentives.flow import FLOW, REASONS
from db.incentives.notices import tell_decided, tell_next_level
from db.incentives.record import commit_budget, dealer_of, item_of_claim, post, sale_of
from db.incentives.record import note as note_entry
from db.incentives.say_rules import money
from db.incentives.tables import IncentiveClaim, IncentiveVersion
from db.workflow.engine import begin_step, end_step

LONGEST_NOTE = 1_000


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What a signature came to: the state, the cents, what changed, and whether it was final."""

    claim: IncentiveClaim
    target: str
    cents: int
    changed: dict[str, Any]
    is_final: bool


def approve(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, amount_cents: int | None = None,
    note: str = "",
) -> str:  # fmt: skip
    """Approve what the program pays, or less with a note; gives the state it came to. Problems: amount_cents, note.

    Above the actor's authority this is a signature and the claim waits for the next level. The budget is taken by the
    final signature.
    """
    done = decide_one(
        session, item_id=item_id, seen_version=seen_version, actor=actor, now=now, amount_cents=amount_cents, note=note
    )
    claim, cents = done.claim, done.cents
    if done.is_final:
        said = f"{claim.number}: {money(cents)} of {money(claim.claimed_cents or 0)} approved."
    else:
        said = f"{claim.number}: {actor.name} would approve {money(cents)}. {next_level_sentence(cents)}"
    note_entry(
        session, "approve", said, [item_of_claim(claim)], actor=actor, now=now, reason=note.strip(), **done.changed
    )
    if done.is_final:
        tell_decided(session, claim, by=actor, now=now)
    else:
        tell_next_level(session, claim, by=actor, body=said, now=now)
    return done.target


def decide_one(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, amount_cents: int | None = None,
    note: str = "", only_final: bool = False,
) -> Decided:  # fmt: skip
    """The decision of `approve` without its entry and its notices. `only_final` refuses what is only a signature."""
    claim: IncentiveClaim = begin_step(
        session, FLOW, "approve", item_id=item_id, seen_version=seen_version, actor=actor
    )
    _refuse_own_denial(claim, actor)
    locks.hold(session, f"incentive-cap:{claim.program_id}:{claim.dealer_id}:{claim.period}")
    verdict, facts = _judge(session, claim, actor=actor, now=now)
    if verdict.outcome != "valid":
        first = verdict.first
        message = f"{first.sentence if first else 'It is no longer in order.'} Check again, return it or deny it."
        raise Refused(Problem(code="not_valid", message=message, rule=first.rule if first else ""))
    most = min(verdict.entitled_cents, claim.claimed_cents or 0)
    cents = amount_cents if amount_cents is not None else (claim.signed_cents or most)
    problems = Problems()
    if not 0 < cents <= most:
        problems.add("amount_cents", "out_of_range", f"Between $0.01 and {money(most)} can be approved.", rule="I11")
    if cents < most and not note.strip() and claim.signed_cents != cents:
        problems.add("note", "required", "Say why it is less than the program pays.")
    if len(note) > LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {LONGEST_NOTE:,} characters fit.")
    problems.refuse_if_any()
    claim_store.keep_run(session, claim, verdict, facts, run=claim.run + 1, actor=actor, now=now)
    values: dict[str, Any] = {"run": claim.run + 1, "entitled_cents": verdict.entitled_cents, "reason_code": ""}
    if not is_final(cents, can_authorize=actor.can(Permission.INCENTIVES_AUTHORIZE)):
        if only_final:
            message = f"{next_level_sentence(cents)} Open it to sign."
            raise Refused(Problem(code="above_authority", message=message))
        return _sign(session, claim, cents, note.strip(), values, actor=actor, now=now)
    target = "approved" if cents >= (claim.claimed_cents or 0) else "partially_approved"
    commit_budget(session, claim.program_id, cents)
    values |= {
        "approved_cents": cents, **claim_store.decided(claim, now=now, by=actor.name, kind="person"), "due_at": None,
        "reason_note": note.strip() or claim.reason_note, "signed_by": actor.username, "signed_cents": None,
    }  # fmt: skip
    if claim.sale_id is None:
        values["claim_key"] = None  # what is earned later in the period can be claimed anew
    changed = end_step(session, FLOW, "approve", claim, actor=actor, now=now, target=target, **values)
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    post(
        session, key=f"approval:{claim.id}", book="approved", kind="approval", program_id=claim.program_id,
        dealer=dealer, period=claim.period, cents=cents, actor=actor, now=now, sale_id=claim.sale_id,
        claim_id=claim.id, reason=note.strip(),
    )  # fmt: skip
    return Decided(claim=claim, target=target, cents=cents, changed=changed, is_final=True)


def deny(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason_code: str, note: str
) -> None:
    """Pay nothing, with a reason the dealer reads. Problems: reason_code, note."""
    claim = begin_step(session, FLOW, "deny", item_id=item_id, seen_version=seen_version, actor=actor)
    _refuse_own_denial(claim, actor)
    why = _reason(reason_code, note)
    changed = end_step(
        session, FLOW, "deny", claim, actor=actor, now=now, claim_key=None, due_at=None, reason_code=reason_code,
        reason_note=why, denied_by=actor.username, signed_cents=None,
        **claim_store.decided(claim, now=now, by=actor.name, kind="person"),
    )  # fmt: skip
    said = f"{claim.number}: denied, {REASONS[reason_code].lower()}."
    note_entry(session, "deny", said, [item_of_claim(claim)], actor=actor, now=now, reason=why, **changed)
    tell_decided(session, claim, by=actor, now=now)


def send_back(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason_code: str, note: str
) -> None:
    """Return it to the dealer to be completed. Problems: reason_code, note."""
    claim = begin_step(session, FLOW, "send_back", item_id=item_id, seen_version=seen_version, actor=actor)
    why = _reason(reason_code, note)
    changed = end_step(
        session, FLOW, "send_back", claim, actor=actor, now=now, due_at=None, reason_code=reason_code,
        reason_note=why, signed_by="", signed_cents=None,
    )  # fmt: skip
    said = f"{claim.number}: returned, {REASONS[reason_code].lower()}."
    note_entry(session, "send_back", said, [item_of_claim(claim)], actor=actor, now=now, reason=why, **changed)
    tell_decided(session, claim, by=actor, now=now)


def validate(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> str:
    """Run all checks again with the sale as it is now; decides nothing. Gives the outcome."""
    claim = begin_step(session, FLOW, "validate", item_id=item_id, seen_version=seen_version, actor=actor)
    verdict, facts = _judge(session, claim, actor=actor, now=now)
    claim_store.keep_run(session, claim, verdict, facts, run=claim.run + 1, actor=actor, now=now)
    first = verdict.first
    changed = end_step(
        session, FLOW, "validate", claim, actor=actor, now=now, run=claim.run + 1, outcome=verdict.outcome,
        entitled_cents=verdict.entitled_cents, reason_note=first.sentence if first else "",
    )  # fmt: skip
    said = f"{claim.number} checked again: {verdict.outcome.replace('_', ' ')}."
    note_entry(session, "validate", said, [item_of_claim(claim)], actor=actor, now=now, **changed)
    return verdict.outcome


def reverse(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Close the claims of an unwound sale; the unwinding itself does it, this is for what was left behind."""
    claim = begin_step(session, FLOW, "reverse", item_id=item_id, seen_version=seen_version, actor=actor)
    sale = sale_of(session, claim.sale_id, actor=actor)
    if sale.unwound_on is None:
        raise Refused(Problem(code="wrong_state", message=f"{sale.number} stands; unwind it first.", rule="I13"))
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    closed = claim_store.reverse_all(session, sale, dealer, reason=sale.unwound_reason, actor=actor, now=now)
    note_entry(
        session, "reverse", f"{sale.number} is unwound; its claims are closed.", [item_of_claim(c) for c in closed],
        actor=actor, now=now,
    )  # fmt: skip


def _judge(session: Session, claim: IncentiveClaim, *, actor: Actor, now: datetime) -> tuple[Verdict, dict[str, Any]]:
    """All checks as of the day the claim was sent: that it waited for us costs the dealer nothing (I10)."""
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    sent = local_day(claim.submitted_at or now, dealer.zone)
    if claim.sale_id is not None:
        sale = sale_of(session, claim.sale_id, actor=actor)
        return claim_store.judge_stored(session, claim, sale, today=sent)
    found = period_store.period_of_dealer(session, program_id=claim.program_id, dealer=dealer, period=claim.period)
    if found is None:
        raise NotFound("This period")
    facts = period_store.facts_of(found, claim.claimed_cents, claim.checked, today=sent, status=dealer.status)
    program = books.plan_of_row(session.get_one(IncentiveVersion, claim.version_id)).program
    return judge_period(facts, program), period_store.kept(facts)


def _sign(
    session: Session, claim: IncentiveClaim, cents: int, why: str, values: dict[str, Any], *, actor: Actor,
    now: datetime,
) -> Decided:  # fmt: skip
    values |= {"signed_by": actor.username, "signed_cents": cents, "reason_note": why}
    changed = end_step(session, FLOW, "approve", claim, actor=actor, now=now, target=claim.status, **values)
    return Decided(claim=claim, target=claim.status, cents=cents, changed=changed, is_final=False)


def _refuse_own_denial(claim: IncentiveClaim, actor: Actor) -> None:
    """Who denied a claim decides nothing on its appeal, however many have signed in between (2.0)."""
    if claim.status == "appealed" and claim.appealed_by == actor.username:
        message = f"You appealed {claim.number} yourself; another person decides it."
        raise Refused(Problem(code="own_request", message=message, rule="domain-rules 2.0"))
    if claim.status == "appealed" and claim.denied_by == actor.username:
        message = f"You denied {claim.number}; another person decides its appeal."
        raise Refused(Problem(code="own_denial", message=message, rule="domain-rules 2.0"))


def _reason(reason_code: str, note: str) -> str:
    problems = Problems()
    if reason_code not in REASONS:
        problems.add("reason_code", "required", "Choose a reason.")
    why = problems.require(note, "note", "Why", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    return why
