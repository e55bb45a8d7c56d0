"""Further versions of a settled claim: a supplement for what was missed, a debit to take back (domain-rules 2.1 E)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.claims.draft_commands import known_draft, locked_claim, new_claim
from db.claims.model import ChargeDraft, ClaimDraft
from db.claims.record import charges_of, draft_of, note_entry
from db.claims.tables import Claim
from db.core import locks
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import Problem, Refused

SETTLED = ("approved", "partially_approved", "paid", "adjusted")
ENDED = (*SETTLED, "denied", "void", "charged_back")


def begin_supplement(session: Session, *, claim_id: int, form_key: str, actor: Actor, now: datetime) -> int:
    """Begin the next version of a settled claim for lines that were missed; gives the id of its draft.

    Vehicle, repair order and jobs are those of the claim; lines are to be entered.
    """
    return _begin(session, claim_id, "add_credit", form_key=form_key, actor=actor, now=now)


def begin_debit(session: Session, *, claim_id: int, form_key: str, actor: Actor, now: datetime) -> int:
    """Begin the next version of a settled claim that takes back what was approved; gives the id of its draft.

    Each approved line stands in it with the amount reversed; what is to stay is taken out.
    """
    return _begin(session, claim_id, "debit", form_key=form_key, actor=actor, now=now)


def _begin(session: Session, claim_id: int, claim_type: str, *, form_key: str, actor: Actor, now: datetime) -> int:
    actor.require(Permission.CLAIMS_ENTER)
    claim = locked_claim(session, claim_id, actor=actor)
    known = known_draft(session, form_key, actor=actor)
    if known is not None:
        return known
    locks.hold(session, f"claim-family:{claim.family_id}")
    family = session.execute(
        select(Claim.status, Claim.number, Claim.approved_cents)
        .where(Claim.family_id == claim.family_id)
        .order_by(Claim.series_version)
    ).all()
    if claim.status not in SETTLED:
        message = f"{claim.number} is not settled; only what was approved gets a further version."
        raise Refused(Problem(code="wrong_state", message=message, rule="domain-rules 2.1 E"))
    waiting = [one.number for one in family if one.status not in ENDED]
    if waiting:
        message = f"{waiting[0]} is still being worked on; finish or take it back first."
        raise Refused(Problem(code="version_open", message=message))
    net = sum(one.approved_cents or 0 for one in family if one.status in SETTLED)
    if claim_type == "debit" and net <= 0:
        raise Refused(Problem(code="nothing_left", message="Nothing is left to take back: all of it was reversed."))
    newest = session.scalar(select(func.max(Claim.series_version)).where(Claim.family_id == claim.family_id)) or 1
    said = draft_of(session, claim)
    lines = reversed_lines(session, claim) if claim_type == "debit" else ()
    draft = replace(said, claim_type=claim_type, charges=tuple(lines), late_reason="", note="")
    made = new_claim(
        session, _without_original(draft), dealer_id=claim.dealer_id or 0, form_key=form_key, actor=actor, now=now,
        of=claim, series_version=newest + 1,
    )  # fmt: skip
    word = "supplement" if claim_type == "add_credit" else "debit"
    note_entry(session, f"begin_{word}", made, f"{word} to {claim.number} begun.", actor=actor, now=now)
    return made.id


def _without_original(draft: ClaimDraft) -> ClaimDraft:
    return replace(draft, original_number="")


def reversed_lines(session: Session, claim: Claim) -> Sequence[ChargeDraft]:
    """The approved lines of a claim as those of its debit, one amount each; a deductible comes with the rest."""
    found: list[ChargeDraft] = []
    for one in charges_of(session, claim.id):
        cents = one.approved_cents or 0
        if cents > 0:
            found.append(
                ChargeDraft(
                    position=len(found) + 1, kind=one.kind, job=one.job, code=one.code, description=one.description,
                    quantity=1_00, unit_cents=-cents,
                )
            )  # fmt: skip
    return found
