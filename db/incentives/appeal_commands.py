"""The dealer disagrees with a denial: once, in time, with a reason; another person than the one who denied decides."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.labels import local_day
from db.core.problems import NotFound, Problem, Problems, Refused
from db.incentives import period_store
from db.incentives.appeal_rules import refusal
from db.incentives.clock import decide_by
from db.incentives.decide_commands import LONGEST_NOTE
from db.incentives.flow import FLOW
from db.incentives.model import program_from_json
from db.incentives.notices import tell_appealed
from db.incentives.record import dealer_of, item_of_claim, sale_of
from db.incentives.record import note as note_entry
from db.incentives.tables import IncentiveClaim, IncentiveVersion
from db.workflow.engine import begin_step, end_step


def appeal(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """Ask for another decision on a denied claim; the thirty days begin anew. Problems: note.

    `signed_by` keeps who denied it, so that the step is not offered to that person again.
    """
    claim: IncentiveClaim = begin_step(session, FLOW, "appeal", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    why = problems.require(note, "note", "Why", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    program = program_from_json(session.get_one(IncentiveVersion, claim.version_id).body)
    found = refusal(
        number=claim.number, appeals=claim.appeals, program=program, today=local_day(now, dealer.zone),
        decided_on=local_day(claim.decided_at or claim.updated_at, dealer.zone),
    )  # fmt: skip
    if found is not None:
        raise Refused(Problem(code=found[0], field="note", message=found[1], rule="domain-rules 2.1 C"))
    key = _key(session, claim, actor=actor)
    changed = end_step(
        session, FLOW, "appeal", claim, actor=actor, now=now, appeals=claim.appeals + 1, appeal_note=why,
        appealed_by=actor.username, appealed_at=now, claim_key=key, due_at=decide_by(now),
        signed_by=claim.denied_by, signed_cents=None, decided_at=None, decided_on=None, decided_by="", decided_kind="",
        worked_minutes=None,
    )  # fmt: skip
    note_entry(
        session, "appeal", f"{claim.number} appealed.", [item_of_claim(claim)], actor=actor, now=now, reason=why,
        **changed,
    )  # fmt: skip
    tell_appealed(session, claim, by=actor, now=now)


def _key(session: Session, claim: IncentiveClaim, *, actor: Actor) -> str:
    """What the claim claims is claimed again; refused when another claim has it meanwhile, or the sale is unwound."""
    if claim.sale_id is not None:
        sale = sale_of(session, claim.sale_id, actor=actor)
        if sale.unwound_on is not None:
            raise Refused(Problem(code="wrong_state", message=f"{sale.number} was unwound.", rule="I13"))
        key = f"p{claim.program_id}:s{sale.id}"
    else:
        dealer = dealer_of(session, claim.dealer_id, actor=actor)
        period = period_store.period_of_dealer(
            session, program_id=claim.program_id, dealer=dealer, period=claim.period
        )  # fmt: skip
        if period is None:
            raise NotFound("This period")
        key = period_store.key_of(period)
    other = session.scalar(select(IncentiveClaim.number).where(IncentiveClaim.claim_key == key))
    if other is not None:
        raise Refused(Problem(code="duplicate", message=f"{other} claims the same meanwhile.", rule="I02"))
    return key
