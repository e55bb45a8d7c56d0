"""Deciding on requests: a pre-approval reserves its amount, in full or in part (domain-rules 2.3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from db.coop import claim_rules, ledger, payable_rules, standing, ways
from db.coop.flow import FLOW, REASONS
from db.coop.notices import tell_decided
from db.coop.queue_tables import CoopRequest
from db.coop.record import LONGEST_NOTE, REQUEST, fund_of, note, refuse_closed, today_of, too_long
from db.coop.say_rules import day, money
from db.core import timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.workflow.engine import begin_step, end_step


def approve(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, amount_cents: int | None = None,
    note: str = "", override_reason: str = "",
) -> None:  # fmt: skip
    """Approve what is payable now, or less with a note, and reserve it.

    More than the fund has needs coop.override and a reason; more than the other bounds allow is refused. Problems:
    amount_cents (`available`, `out_of_range`), note, starts_on.
    """
    request: CoopRequest = begin_step(
        session, FLOW, "approve", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    text, override = too_long(note, "note"), too_long(override_reason, "override_reason")
    if override:
        actor.require(Permission.COOP_OVERRIDE)
    fund = fund_of(session, request.fund_id, actor=actor)
    refuse_closed(fund)
    ledger.expire(session, fund, actor=actor, now=now)
    programme = standing.programme_of(session, fund, request)
    found = standing.of_request(
        session, fund, programme, standing.terms_of(request), now=now, request_id=request.id
    )  # fmt: skip
    most = min(b.cents for b in found.bounds if b.name != "available") if override else found.cents
    cents = most if amount_cents is None else amount_cents
    _check(request, cents, most, found, asked=amount_cents is not None, note=text)
    today = today_of(fund, now)
    until = claim_rules.valid_until(today, programme)
    if request.starts_on > until:
        message = f"An approval of today holds until {day(until)}; the activity begins later. Return it."
        raise Refused(Problem(code="too_early", message=message, rule="domain-rules 2.3"))
    wanted = min(b.cents for b in found.bounds if b.name != "available")
    full = cents >= wanted
    changed = end_step(
        session, FLOW, "approve", request, actor=actor, now=now,
        target="approved" if full else "partially_approved", approved_cents=cents, reserved_cents=cents,
        approved_on=today, valid_until=until, lapses_on=claim_rules.claim_by(request.ends_on, programme),
        calculation=payable_rules.kept(found), payable_cents=found.cents, decided_at=now, decided_by=actor.username,
        decision_note=text, override_reason=override, due_at=None,
    )  # fmt: skip
    ways.keep(session, request, command="approve", now=now)
    ledger.reserve(session, fund, request, cents, actor=actor, now=now, override_reason=override)
    said = f"{money(cents)} of {request.number} approved and reserved"
    said += f", beyond what is available: {override}." if override else "."
    _note(session, "approve", said, request, actor=actor, now=now, reason=text or override, **changed)
    body = f"{money(cents)} approved. {found.because if not full else ''} {text}".replace("  ", " ").strip()
    tell_decided(session, request, by=actor, body=body, now=now)


def _check(
    request: CoopRequest, cents: int, most: int, found: payable_rules.Payable, *, asked: bool, note: str
) -> None:
    problems = Problems()
    if cents > most:
        said = f"At most {money(most)} can be approved: {found.because[:1].lower()}{found.because[1:]}."
        only_funds = next((b for b in found.bounds if b.decides), None)
        code = "available" if only_funds is not None and only_funds.name == "available" else "out_of_range"
        problems.add("amount_cents", code, said, rule="domain-rules 2.3")
    elif cents <= 0:
        said = f"Nothing is payable: {found.because[:1].lower()}{found.because[1:]}. Return or deny it."
        problems.add("amount_cents", "available", said, rule="domain-rules 2.3")
    elif asked and cents < most and not note:
        problems.add("note", "required", f"{money(most)} is payable; say why less is approved.")
    problems.refuse_if_any()


def send_back(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """Return a request to the dealer, to be completed. Problems: note."""
    request: CoopRequest = begin_step(
        session, FLOW, "send_back", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    problems = Problems()
    note = problems.require(note, "note", "What is open", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    changed = end_step(session, FLOW, "send_back", request, actor=actor, now=now, decision_note=note, due_at=None)
    _note(session, "send_back", f"Returned {request.number}.", request, actor=actor, now=now, reason=note, **changed)
    tell_decided(session, request, by=actor, body=note, now=now)


def deny(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason_code: str, note: str
) -> None:
    """Deny a request with a reason. Problems: reason_code, note."""
    request: CoopRequest = begin_step(
        session, FLOW, "deny", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    problems = Problems()
    if reason_code not in REASONS:
        problems.add("reason_code", "required", "Choose a reason.")
    note = problems.require(note, "note", "Why", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    changed = end_step(
        session, FLOW, "deny", request, actor=actor, now=now, reason_code=reason_code, decision_note=note, due_at=None,
        decided_at=now, decided_by=actor.username,
    )  # fmt: skip
    ways.keep(session, request, command="deny", now=now)
    said = f"Denied {request.number}: {REASONS[reason_code].lower()}."
    _note(session, "deny", said, request, actor=actor, now=now, reason=note, **changed)
    tell_decided(session, request, by=actor, body=f"{REASONS[reason_code]}: {note}", now=now)


def settle(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Close a request whose claim is approved; the approval of the claim calls it and records the entry."""
    request: CoopRequest = begin_step(
        session, FLOW, "settle", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    end_step(
        session, FLOW, "settle", request, actor=actor, now=now, reserved_cents=0, lapses_on=None, due_at=None
    )  # fmt: skip


def _note(
    session: Session, command: str, said: str, request: CoopRequest, *, actor: Actor, now: datetime, reason: str = "",
    before: object = None, after: object = None,
) -> None:  # fmt: skip
    note(
        session, command, said, [timeline.Item(REQUEST, request.id, request.dealer_id)], actor=actor, now=now,
        reason=reason, before=before, after=after,  # type: ignore[arg-type]
    )  # fmt: skip
