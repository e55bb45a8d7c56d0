"""The steps of a claim by name (db/claims/flow.py); each is one command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.claims.appeal_commands import appeal
from db.claims.assign_commands import hand_over, take
from db.claims.decide_commands import approve, ask_engineering, await_part, deny, resume, send_back
from db.claims.flow import FLOW
from db.claims.preauth import await_preauth
from db.claims.record import move_claim, note_entry
from db.claims.settle_commands import adjust, charge_back, deem_approved, pay
from db.claims.submit_commands import submit
from db.claims.tables import ClaimJob
from db.core import events
from db.core.actor import Actor
from db.core.problems import Problems
from db.workflow.engine import begin_step


def void(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """Take a claim back before it was decided; its repair order may be claimed again."""
    claim = begin_step(session, FLOW, "void", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "The reason")
    problems.refuse_if_any()
    session.execute(update(ClaimJob).where(ClaimJob.claim_id == claim.id).values(ro_key=None))
    changed = move_claim(session, "void", claim, actor=actor, now=now, due_at=None, reason_note=note)
    note_entry(session, "void", claim, "taken back.", actor=actor, now=now, reason=note, **changed)
    if claim.first_decided_at is not None:  # appealed, returned, then taken back: what was posted for it is not owed
        session.flush()
        told = events.Event(name="claims.reopened", item_type="claim", item_ids=(claim.id,))
        events.tell(session, told, actor=actor, now=now)


COMMANDS: dict[str, Callable[..., Any]] = {
    "submit": submit, "void": void, "approve": approve, "deny": deny, "send_back": send_back, "await_part": await_part,
    "ask_engineering": ask_engineering, "resume": resume, "hand_over": hand_over, "take": take, "appeal": appeal,
    "await_preauth": await_preauth,
    "deem_approved": deem_approved, "pay": pay, "charge_back": charge_back, "adjust": adjust,
}  # fmt: skip
__all__ = ["COMMANDS", "void"]
