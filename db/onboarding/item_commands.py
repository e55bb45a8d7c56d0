"""What people do to the items of an onboarding: complete, open again, waive, and fail a gate.

Who may: the dealer's manager completes the dealer's own items, our people every item (its owner role is information).
Opening again and failing are for who manages onboardings; waiving a gate, and only that, is for who decides.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.checklist.items import Evidence, Moving
from db.checklist.tables import Checklist, ChecklistItem
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.onboarding import notices, rules, summary
from db.onboarding.commands import note_step
from db.onboarding.evidence_queries import is_of_dealer
from db.onboarding.flow import FLOW
from db.onboarding.tables import Onboarding
from db.workflow.engine import get_item


def complete_item(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, evidence_note: str = "",
    evidence_on: date | None = None, evidence_number: str = "", evidence_document_id: int | None = None,
) -> None:  # fmt: skip
    """Do an item, or pass a gate, with its evidence. Refused while it waits on something: the chain is named.

    Problems: evidence_note, evidence_on, evidence_number, evidence_document_id.
    """
    case, moving = _begin(session, item_id, seen_version, Permission.ONBOARDING_WORK, actor=actor)
    row = moving.row
    why = rules.why_not_item(owner=row.owner, is_gate=row.is_gate, is_dealer=actor.role.is_dealer)
    if why:
        raise Refused(Problem(code="not_allowed", message=why, rule="domain-rules 2.7"))
    _check_starter(case, row, actor)
    if evidence_document_id is not None and not is_of_dealer(
        session, document_id=evidence_document_id, dealer_id=row.dealer_id, actor=actor, now=now
    ):
        raise Refused(Problem(code="not_found", field="evidence_document_id", message="This document was not found."))
    today = summary.day_at(session, case.dealer_id, now)
    problems = Problems()
    if evidence_on is not None and evidence_on > today and row.evidence == "date":
        problems.add("evidence_on", "future", "The day lies ahead; write it down once it has come.")
    problems.refuse_if_any()
    given = Evidence(note=evidence_note, day=evidence_on, number=evidence_number, document_id=evidence_document_id)
    changed = moving.complete(given, today=today, actor=actor, now=now)
    verb = "passed" if row.is_gate else "done"
    _end(session, "complete_item", case, moving, f"“{row.title}” {verb}", today=today, actor=actor, now=now, **changed)


def reopen_item(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason: str
) -> None:  # fmt: skip
    """Open an item again, with a reason; refused while done items stand on it, which are named. Problems: reason."""
    case, moving = _begin(session, item_id, seen_version, Permission.ONBOARDING_MANAGE, actor=actor)
    today = summary.day_at(session, case.dealer_id, now)
    changed = moving.reopen(reason, today=today, actor=actor, now=now)
    said = f"“{moving.row.title}” opened again"
    _end(session, "reopen_item", case, moving, said, today=today, actor=actor, now=now, **changed)


def waive_item(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason: str
) -> None:  # fmt: skip
    """Say that this dealer does not need an item, with a reason; a gate only by who decides. Problems: reason."""
    case, moving = _begin(session, item_id, seen_version, Permission.ONBOARDING_MANAGE, actor=actor)
    if moving.row.is_gate:
        actor.require(Permission.ONBOARDING_DECIDE)
        _check_starter(case, moving.row, actor)
    today = summary.day_at(session, case.dealer_id, now)
    changed = moving.waive(reason, today=today, actor=actor, now=now)
    said = f"“{moving.row.title}” waived"
    _end(session, "waive_item", case, moving, said, today=today, actor=actor, now=now, reason=reason.strip(), **changed)


def fail_gate(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason: str
) -> None:  # fmt: skip
    """A gate did not pass: activation stops until it is opened again and passed, or waived. Problems: reason."""
    case, moving = _begin(session, item_id, seen_version, Permission.ONBOARDING_MANAGE, actor=actor)
    _check_starter(case, moving.row, actor)
    today = summary.day_at(session, case.dealer_id, now)
    changed = moving.fail(reason, today=today, actor=actor, now=now)
    title, why = moving.row.title, reason.strip()
    _end(
        session,
        "fail_gate",
        case,
        moving,
        f"“{title}” failed",
        today=today,
        actor=actor,
        now=now,
        reason=why,
        **changed,
    )
    notices.tell_failed_gate(session, case, title=title, reason=why, by=actor.user_id, now=now)


def _begin(
    session: Session, item_id: int, seen_version: int, permission: Permission, *, actor: Actor
) -> tuple[Onboarding, Moving]:  # fmt: skip
    """The case (locked first, then its checklist), open and in scope, and the item about to be moved."""
    actor.require(permission)
    case_id = session.scalar(
        select(Checklist.subject_id)
        .join(ChecklistItem, ChecklistItem.checklist_id == Checklist.id)
        .where(ChecklistItem.id == item_id, Checklist.subject_type == "onboarding")
    )
    if case_id is None:
        raise NotFound("This item")
    try:
        case: Onboarding = get_item(session, FLOW, item_id=case_id, actor=actor)
    except NotFound:
        raise NotFound("This item") from None
    if not case.is_open:
        sentence = f"{case.number} is {FLOW.state(case.status).label.lower()}; its items stay as they are."
        raise Refused(Problem(code="wrong_state", message=sentence))
    return case, Moving(session, item_id=item_id, seen_version=seen_version)


def _check_starter(case: Onboarding, row: ChecklistItem, actor: Actor) -> None:
    """Whoever put the case forward cannot also pass the review that asks for a second person (domain-rules 2.0)."""
    if row.second_person and case.submitted_by == actor.username:
        sentence = f"You put {case.number} forward yourself; another person has to review it."
        raise Refused(Problem(code="own_request", message=sentence, rule="domain-rules 2.0"))


def _end(
    session: Session, command: str, case: Onboarding, moving: Moving, said: str, *, today: date, actor: Actor,
    now: datetime, **changed: Any,
) -> None:  # fmt: skip
    summary.refresh(session, case, today=today)
    note_step(session, command, case, said, actor=actor, now=now, extra={"item": moving.row.code}, **changed)
