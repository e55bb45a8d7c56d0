"""Deciding on claims: what is approved consumes its reserve first and releases the rest (domain-rules 2.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.coop import claim_rules, decide_commands, ledger, payable_rules, standing, ways
from db.coop.claim_flow import FLOW
from db.coop.flow import FLOW as REQUESTS
from db.coop.flow import HOLDS, REASONS
from db.coop.notices import tell_decided
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.record import CLAIM, LONGEST_NOTE, REQUEST, fund_of, note, too_long
from db.coop.say_rules import money
from db.core import timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.workflow.engine import begin_step, end_step, get_item


def approve(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, amount_cents: int | None = None,
    note: str = "", override_reason: str = "",
) -> None:  # fmt: skip
    """Approve what is payable now, or less with a note; the reserve is consumed first, its rest released.

    A missing pre-approval needs coop.override and a reason. Problems: amount_cents, note, override_reason; whatever
    check does not hold any more.
    """
    claim: CoopClaim = begin_step(session, FLOW, "approve", item_id=item_id, seen_version=seen_version, actor=actor)
    text, override = too_long(note, "note"), too_long(override_reason, "override_reason")
    if override:
        actor.require(Permission.COOP_OVERRIDE)
    request: CoopRequest | None = None
    if claim.request_id is not None:
        request = get_item(session, REQUESTS, item_id=claim.request_id, actor=actor)
        if request.status not in HOLDS:
            request = None  # lapsed or released meanwhile: nothing is held, the approval of its amount is gone
    fund = fund_of(session, claim.fund_id, actor=actor)
    ledger.expire(session, fund, actor=actor, now=now)
    programme = standing.programme_of(session, fund, claim)
    found = standing.of_claim(session, fund, programme, standing.terms_of(claim), request=request, now=now)
    checks = standing.checks_of(session, claim, programme, found, request=request, now=now)
    cents = found.cents if amount_cents is None else amount_cents
    _check(checks, cents, found, asked=amount_cents is not None, note=text, override=override)
    held, _, released = payable_rules.split(cents, reserved=request.reserved_cents if request else 0)
    wanted = min(b.cents for b in found.bounds if b.name not in ("available", "request"))
    changed = end_step(
        session, FLOW, "approve", claim, actor=actor, now=now,
        target="approved" if cents >= wanted else "partially_approved", approved_cents=cents, reserve_cents=held,
        calculation=payable_rules.kept(found), payable_cents=found.cents, checks=claim_rules.kept(checks),
        decided_at=now, decided_by=actor.username, decision_note=text, override_reason=override, due_at=None,
    )  # fmt: skip
    ways.keep(session, claim, command="approve", now=now)
    ledger.use(session, fund, claim, cents, held=held, actor=actor, now=now, override_reason=override)
    if request is not None:
        decide_commands.settle(session, item_id=request.id, seen_version=request.version, actor=actor, now=now)
        ledger.release(
            session, fund, request, released, months=programme.lot_months, actor=actor, now=now,
            reason=f"Left over by {claim.number}",
        )  # fmt: skip
    rest = f", {money(released)} of the reserve released" if released else ""
    said = f"{money(cents)} of {claim.number} approved{rest}."
    _note(session, "approve", said, claim, actor=actor, now=now, reason=text or override, **changed)
    body = f"{money(cents)} of {money(claim.cost_cents)} approved: {found.because}. {text}".strip()
    tell_decided(session, claim, by=actor, body=body, now=now)


def _check(
    checks: tuple[claim_rules.Check, ...], cents: int, found: payable_rules.Payable, *, asked: bool, note: str,
    override: str,
) -> None:  # fmt: skip
    problems = Problems()
    for one in checks:
        if one.outcome == "exception":
            if not override:
                said = f"{one.sentence} Approving it is an exception and needs a reason and the right to make one."
                problems.add("override_reason", "exception", said, rule="domain-rules 2.3")
        elif not one.ok and one.code != "C07":
            problems.add("", "check", one.sentence, rule=f"domain-rules 2.3, {one.code}")
    if cents > found.cents:
        said = f"At most {money(found.cents)} is payable: {found.because[:1].lower()}{found.because[1:]}."
        name = next((b.name for b in found.bounds if b.decides), "")
        code = "available" if name == "available" else "out_of_range"
        problems.add("amount_cents", code, said, rule="domain-rules 2.3")
    elif cents <= 0:
        said = f"Nothing is payable: {found.because[:1].lower()}{found.because[1:]}. Return or deny it."
        problems.add("amount_cents", "available", said, rule="domain-rules 2.3")
    elif asked and cents < found.cents and not note:
        problems.add("note", "required", f"{money(found.cents)} is payable; say why less is approved.")
    problems.refuse_if_any()


def send_back(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """Return a claim to the dealer, to be completed. Problems: note."""
    claim: CoopClaim = begin_step(session, FLOW, "send_back", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "What is open", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    changed = end_step(session, FLOW, "send_back", claim, actor=actor, now=now, decision_note=note, due_at=None)
    _note(session, "send_back", f"Returned {claim.number}.", claim, actor=actor, now=now, reason=note, **changed)
    tell_decided(session, claim, by=actor, body=note, now=now)


def deny(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason_code: str, note: str
) -> None:
    """Deny a claim with a reason; its invoice can be claimed again. Problems: reason_code, note."""
    claim: CoopClaim = begin_step(session, FLOW, "deny", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    if reason_code not in REASONS:
        problems.add("reason_code", "required", "Choose a reason.")
    note = problems.require(note, "note", "Why", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    changed = end_step(
        session, FLOW, "deny", claim, actor=actor, now=now, reason_code=reason_code, decision_note=note, due_at=None,
        claim_key=None, decided_at=now, decided_by=actor.username,
    )  # fmt: skip
    ways.keep(session, claim, command="deny", now=now)
    said = f"Denied {claim.number}: {REASONS[reason_code].lower()}."
    _note(session, "deny", said, claim, actor=actor, now=now, reason=note, **changed)
    tell_decided(session, claim, by=actor, body=f"{REASONS[reason_code]}: {note}", now=now)


def reverse(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """Take an approved claim back: its money returns to the fund, what was paid is set off. Problems: note."""
    claim: CoopClaim = begin_step(session, FLOW, "reverse", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "Why", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    fund = fund_of(session, claim.fund_id, actor=actor)
    programme = standing.programme_of(session, fund, claim)
    cents = claim.approved_cents or 0
    if not cents:
        raise Refused(Problem(code="nothing", message="Nothing of it was approved."))
    changed = end_step(session, FLOW, "reverse", claim, actor=actor, now=now, decision_note=note, claim_key=None)
    ledger.reverse_claim(session, fund, claim, months=programme.lot_months, actor=actor, now=now, reason=note)
    said = f"{money(cents)} of {claim.number} taken back."
    _note(session, "reverse", said, claim, actor=actor, now=now, reason=note, **changed)
    tell_decided(session, claim, by=actor, body=note, now=now)


def _note(
    session: Session, command: str, said: str, claim: CoopClaim, *, actor: Actor, now: datetime, reason: str = "",
    before: Any = None, after: Any = None,
) -> None:  # fmt: skip
    items = [timeline.Item(CLAIM, claim.id, claim.dealer_id)]
    if claim.request_id is not None:
        items.append(timeline.Item(REQUEST, claim.request_id, claim.dealer_id))
    note(session, command, said, items, actor=actor, now=now, reason=reason, before=before, after=after)
