"""A claim that names a pre-authorization still open waits for it, and goes on by itself when that is decided."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims import notices
from db.claims.flow import FLOW, NEVER_PAID
from db.claims.record import claims_by_id, move_claim, note_entry
from db.claims.tables import Claim
from db.core import changes
from db.core.actor import Actor
from db.core.events import Event, Follower
from db.core.problems import Problem, Refused
from db.workflow.engine import begin_step

UNDECIDED = ("draft", "returned", "rejected", "in_review", "pending_part", "with_engineering", "appealed")


def open_preauth(session: Session, claim: Claim) -> Claim | None:
    """The pre-authorization of the same dealer this claim names, while nobody has decided it."""
    if not claim.pre_auth_number:
        return None
    return session.scalars(
        select(Claim).where(
            Claim.number == claim.pre_auth_number.strip().upper(), Claim.dealer_id == claim.dealer_id,
            Claim.claim_type == NEVER_PAID, Claim.status.in_(UNDECIDED),
        )
    ).one_or_none()  # fmt: skip


def await_preauth(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Let a claim wait for the pre-authorization it names."""
    claim = begin_step(session, FLOW, "await_preauth", item_id=item_id, seen_version=seen_version, actor=actor)
    if open_preauth(session, claim) is None:
        raise Refused(Problem(code="no_open_preauth", message=f"{claim.number} names no open pre-authorization."))
    changed = move_claim(session, "await_preauth", claim, actor=actor, now=now)
    note_entry(session, "await_preauth", claim, "waits for its pre-authorization.", actor=actor, now=now, **changed)


def react(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """Sent: wait where the pre-authorization is still open. Decided: what waited for it goes on to review."""
    for claim in claims_by_id(session, event.item_ids):
        if event.name == "claims.submitted" and claim.status == "in_review" and open_preauth(session, claim):
            move_claim(session, "await_preauth", claim, actor=actor, now=now)
        elif event.name == "claims.decided" and claim.claim_type == NEVER_PAID:
            _go_on(session, claim, actor=actor, now=now)
    changes.touch(session, "claims")


def _go_on(session: Session, preauth: Claim, *, actor: Actor, now: datetime) -> None:
    waiting = session.scalars(
        select(Claim)
        .where(
            Claim.dealer_id == preauth.dealer_id, Claim.status == "pending_preauth",
            Claim.pre_auth_number == preauth.number,
        )
        .order_by(Claim.id)
    ).all()  # fmt: skip
    became = FLOW.state(preauth.status).label.lower()
    for claim in waiting:
        why = f"Pre-authorization {preauth.number} was {became}."
        move_claim(session, "resume", claim, actor=actor, now=now, target="in_review", reason_note=why)
        notices.tell_goes_on(session, claim, why=why, now=now)


FOLLOWER = Follower(name="claims_preauth", on=("claims.submitted", "claims.decided"), react=react)
