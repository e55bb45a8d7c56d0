"""Signing a request level by level, rejecting it, and the end of an approval (domain-rules 2.0, 2.5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.problems import Problem, Problems, Refused
from db.people.queries import actor_for
from db.pricing import record
from db.pricing.approvers import level_of, right_of, signatures_of
from db.pricing.flow import FLOW
from db.pricing.notices import tell_decided, tell_expired, tell_waiting
from db.pricing.request_commands import LONGEST_NOTE
from db.pricing.sign_rules import SENTENCES, Right, missing
from db.pricing.tables import PriceRequest, PriceSignature
from db.workflow.engine import begin_step, end_step


def approve(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Sign the level the request waits at; the last missing signature of the last level approves it.

    Refused: `own_request`, `own_signature`, `no_authority`, and `budget` when the last signature would exceed it.
    """
    request: PriceRequest = begin_step(
        session, FLOW, "approve", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    note = (note or "").strip()
    if len(note) > LONGEST_NOTE:
        raise Refused(Problem(field="note", code="too_long", message=f"At most {LONGEST_NOTE:,} characters fit."))
    level, right = level_of(request), _right(session, request, actor=actor, now=now)
    assert level is not None
    instead = actor_for(session, username=right.for_username) if right.for_username else None
    session.add(
        PriceSignature(
            request_id=request.id, terms_version=request.terms_version, dealer_id=request.dealer_id,
            region=request.region, level=level.level, permission=right.permission, username=actor.username,
            name=actor.name, for_username=right.for_username, for_name=instead.name if instead else "", note=note,
            at=now,
        )
    )  # fmt: skip
    session.flush()
    rest = missing(level, signatures_of(session, request))
    values: dict[str, Any] = {"signed_by": actor.username}
    target = "in_review"
    if not rest and request.level < request.needed:
        values |= {"level": request.level + 1, **record.clock_of(session, now)}
    elif not rest:
        target = "approved"
        budget_id = record.commit_budget(session, region=request.region, cents=request.total_cents, now=now)
        values |= {
            **record.NO_CLOCK, "approved_at": now, "approved_cents": request.total_cents, "budget_id": budget_id,
            "expires_at": now + timedelta(days=request.valid_days), "decision_note": note,
        }  # fmt: skip
        record.close_version(session, request, "approved", now=now, note=note)
    changed = end_step(session, FLOW, "approve", request, actor=actor, now=now, target=target, **values)
    whose = f" for {instead.name}" if instead else ""
    ends = "approved" if target == "approved" else f"level {request.level} still has to sign"
    record.entry(
        session, "approve", f"Signed {request.number} at level {level.level}{whose}: {ends}.", request, actor=actor,
        now=now, reason=note, **changed,
    )  # fmt: skip
    if target == "approved":
        tell_decided(session, request, by=actor, note=note, now=now)
    elif not rest:
        tell_waiting(session, request, by=actor, now=now)


def reject(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """Whoever may sign the level says no; who asked reads why and may send other terms. Problems: note."""
    request: PriceRequest = begin_step(
        session, FLOW, "reject", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    problems = Problems()
    note = problems.require(note, "note", "A reason", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    _right(session, request, actor=actor, now=now)
    at = request.level
    end_step(session, FLOW, "reject", request, actor=actor, now=now, decision_note=note, **record.NO_CLOCK)
    record.close_version(session, request, "rejected", now=now, note=note)
    record.entry(
        session, "reject", f"Rejected {request.number} at level {at}.", request, actor=actor, now=now, reason=note,
        before={"status": "in_review"}, after={"status": request.status},
    )  # fmt: skip
    tell_decided(session, request, by=actor, note=note, now=now)


def expire(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """End an approval whose days are over; what it took of the budget stays taken, for it may have been used.

    Refused (code `not_yet`) before its last moment.
    """
    request: PriceRequest = begin_step(
        session, FLOW, "expire", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    if request.expires_at is None or now < request.expires_at:
        raise Refused(Problem(code="not_yet", message="The approval still holds."))
    end_step(session, FLOW, "expire", request, actor=actor, now=now)
    record.close_version(session, request, "expired", now=request.expires_at)
    record.entry(
        session, "expire", f"The approval of {request.number} expired.", request, actor=actor, now=now,
        before={"status": "approved"}, after={"status": request.status},
    )  # fmt: skip
    tell_expired(session, request, now=now)


def _right(session: Session, request: PriceRequest, *, actor: Actor, now: datetime) -> Right:
    """How this person may sign now; refused with the reason when not."""
    right = right_of(session, request, actor=actor, now=now)
    if right.problem:
        raise Refused(Problem(code=right.problem, message=SENTENCES[right.problem], rule="domain-rules 2.0"))
    return right
