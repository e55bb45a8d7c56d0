"""What decisions on claims mean for the old parts, in the same transaction (decision 0053). Each may be told twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.claim_payments.record import family_sums
from db.claims.record import claims_by_id
from db.claims.tables import Claim, ClaimCharge, ClaimFinding, ClaimJob
from db.core import changes
from db.core.actor import Actor, system_actor
from db.core.events import Event, Follower
from db.part_returns import notices, record, rules
from db.part_returns.flow import FLOW
from db.part_returns.making import Job, make_rows
from db.part_returns.tables import PartReturn
from db.workflow.engine import move

APPROVED = ("approved", "partially_approved")
WITH_US = ("shipped", "received", "inspected")
GONE = ("kept", "scrapped")
DENIED = "The claim was denied; the part is the dealer's."
TAKEN_BACK = "Everything paid for the claim was taken back."


def _claims(session: Session, event: Event) -> list[Claim]:
    return claims_by_id(session, event.item_ids)


def _rows(session: Session, claim_ids: Sequence[int]) -> dict[int, list[PartReturn]]:
    found: dict[int, list[PartReturn]] = {}
    for row in session.scalars(_ROWS, {"ids": claim_ids}):
        found.setdefault(row.claim_id, []).append(row)
    return found


# Made once: every decision on a claim asks them.
_IDS: Any = bindparam("ids", expanding=True)
_LOCKED = select(PartReturn).order_by(PartReturn.id).with_for_update().execution_options(populate_existing=True)
_ROWS = _LOCKED.where(PartReturn.claim_id.in_(_IDS))
_MISSING = _LOCKED.where(
    PartReturn.claim_id.in_(select(Claim.id).where(Claim.family_id.in_(_IDS))), PartReturn.status == "missing"
)
_CHARGES = select(ClaimCharge).where(ClaimCharge.claim_id.in_(_IDS), ClaimCharge.job > 0)
_JOBS = (
    select(ClaimJob)
    .where(ClaimJob.claim_id.in_(_IDS), ClaimJob.causal_part != "")
    .order_by(ClaimJob.claim_id, ClaimJob.position)
)
_FAILED = select(ClaimFinding.claim_id, ClaimFinding.rule).where(
    ClaimFinding.claim_id.in_(_IDS), ClaimFinding.rule.in_((*rules.COMEBACK, *rules.UNUSUAL))
)


def _move(session: Session, row: PartReturn, target: str, *, actor: Actor, now: datetime, **values: Any) -> None:
    """Set what differs; nothing where nothing does."""
    if target != row.status or any(getattr(row, k) != v for k, v in values.items()):
        if FLOW.state(target).final and target != row.status:
            values |= {"closed_at": now, "due_at": now}
        move(session, FLOW, row, target=target, actor=actor, now=now, **values)
        changes.touch(session, record.AREA)


# ---- decided ---------------------------------------------------------------------------------------------------------
def decided(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """Approved claims get a line for each old part; what is there already follows the decision."""
    desk = system_actor(actor.source)
    claims = [c for c in _claims(session, event) if c.dealer_id is not None]
    own = [c for c in claims if c.claim_type not in rules.NO_PART]
    if own:
        ids = [c.id for c in own]
        jobs, findings = jobs_of(session, ids), failed_rules(session, ids)
        known = _rows(session, ids)
        new: list[tuple[Claim, Job]] = []
        for claim in own:
            there = {r.job: r for r in known.get(claim.id, ())}
            for job in jobs.get(claim.id, ()):
                if job.position in there:
                    _follow(session, claim, there[job.position], job, actor=desk, now=now)
                elif claim.status in APPROVED:
                    new.append((claim, job))
        made = make_rows(session, new, findings, actor=desk, now=now)
        notices.tell_asked(session, [r for r in made if r.status == "requested"], now=now)
    _correct_family(session, claims, reason="The claim was decided again.", actor=desk, now=now)


def jobs_of(session: Session, claim_ids: Sequence[int]) -> dict[int, list[Job]]:
    """The jobs of claims that leave an old part, with what was approved for it and the reasons of its lines."""
    charges: dict[tuple[int, int], list[ClaimCharge]] = {}
    for c in session.scalars(_CHARGES, {"ids": claim_ids}):
        charges.setdefault((c.claim_id, c.job), []).append(c)
    found: dict[int, list[Job]] = {}
    for j in session.scalars(_JOBS, {"ids": claim_ids}):
        lines = charges.get((j.claim_id, j.position), [])
        parts = [c for c in lines if c.kind == "parts" and c.code == j.causal_part]
        if rules.is_replaced(j.action, j.causal_part, [c.code for c in parts]):
            found.setdefault(j.claim_id, []).append(
                Job(
                    position=j.position, part_number=j.causal_part, component=j.component, serial=j.failed_serial,
                    part_name=next((c.description for c in parts if c.description), ""),
                    part_cents=max(0, sum(c.approved_cents or 0 for c in parts)),
                    reasons=tuple(c.reason_code for c in lines if c.reason_code),
                )
            )  # fmt: skip
    return found


def failed_rules(session: Session, claim_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """Those of the rules an old part depends on that a claim failed in its latest run."""
    found: dict[int, set[str]] = {}
    for claim_id, rule in session.execute(_FAILED, {"ids": claim_ids}):
        found.setdefault(claim_id, set()).add(rule)
    return {claim_id: frozenset(names) for claim_id, names in found.items()}


def _follow(session: Session, claim: Claim, row: PartReturn, job: Job, *, actor: Actor, now: datetime) -> None:
    """Let a part that is known already follow a decision; the charge of a missing one is corrected afterwards."""
    if claim.status == "denied":
        _denied(session, claim, row, job, actor=actor, now=now)
        return
    values: dict[str, Any] = {"part_cents": job.part_cents, "back_owed": False}
    if row.status == "requested" and row.due_at is not None and row.due_at <= now:
        # It was decided while the day passed: the dealer could not know whether the part still mattered.
        values |= record.asked(session, zone=record.zone_of(session, row), now=now)
    _move(session, row, row.status, actor=actor, now=now, **values)


def _denied(session: Session, claim: Claim, row: PartReturn, job: Job, *, actor: Actor, now: datetime) -> None:
    if row.status in rules.AT_DEALER:
        back = record.correct_charge(
            session, row, claim, status="cancelled", part_cents=0, reason=DENIED, actor=actor, now=now
        )
        _move(session, row, "cancelled", actor=actor, now=now, note=DENIED, part_cents=0, **back)
        notices.tell_changed(session, row, "no longer asked for", DENIED, now=now)
        return
    owed = rules.is_back_owed(claim_status=claim.status, reasons=(claim.reason_code, *job.reasons))
    if row.status in WITH_US:
        late = {"due_at": record.to_settle(now)} if owed and row.status == "inspected" and not row.back_owed else {}
        _move(session, row, row.status, actor=actor, now=now, back_owed=owed, part_cents=0, **late)
    elif owed and row.status in GONE and row.credit_entry_id is None:
        gone = "We scrapped it, so it can only be paid for." if row.status == "scrapped" else "We kept it."
        _move(
            session, row, "inspected", actor=actor, now=now, back_owed=True, note=gone, part_cents=0, closed_at=None,
            due_at=record.to_settle(now),
        )  # fmt: skip
    if owed and row.back_owed and row.status == "inspected":
        notices.tell_back_owed(session, row, claim, now=now)


def _correct_family(session: Session, claims: Sequence[Claim], *, reason: str, actor: Actor, now: datetime) -> None:
    """Make the charges of missing parts fit again: of these claims and of all versions of them (supplement, debit)."""
    families = sorted({c.family_id for c in claims})
    rows = session.scalars(_MISSING, {"ids": families}).all()
    for row in rows:
        claim = record.claim_of(session, row)
        values = record.correct_charge(
            session, row, claim, status="missing", part_cents=row.part_cents, reason=reason, actor=actor, now=now
        )
        target = "cancelled" if claim.status in ("denied", "void") else "missing"
        _move(session, row, target, actor=actor, now=now, **values)


# ---- taken back ------------------------------------------------------------------------------------------------------
def reopened(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """An appeal stops the clocks (the sweep asks the claim's state) and keeps the request; a void claim ends it."""
    changes.touch(session, record.AREA)
    void = [c for c in _claims(session, event) if c.status == "void"]
    if not void:
        return
    desk = system_actor(actor.source)
    for some in _rows(session, [c.id for c in void]).values():
        for row in some:
            if row.status in rules.AT_DEALER:
                _move(session, row, "cancelled", actor=desk, now=now, note="The claim was taken back.")
    _correct_family(session, void, reason="The claim was taken back.", actor=desk, now=now)


def charged_back(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """Once everything paid was taken back, nothing is asked for any more and no late arrival gives money back."""
    desk = system_actor(actor.source)
    for claim in _claims(session, event):
        net, _ = family_sums(session, claim.family_id)
        if net > 0:
            continue
        for row in _rows(session, [claim.id]).get(claim.id, ()):
            if row.status in (*rules.AT_DEALER, "missing"):
                _move(session, row, "cancelled", actor=desk, now=now, note=TAKEN_BACK)
                notices.tell_changed(session, row, "no longer asked for", TAKEN_BACK, now=now)


# ---- recovered from the supplier -------------------------------------------------------------------------------------
def recovered(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """A claim against a supplier needs the part as evidence: what the dealer still keeps is asked for."""
    claims = [c for c in _claims(session, event) if c.claim_type == "supplier_recovery" and c.original_id is not None]
    if not claims:
        return
    desk = system_actor(actor.source)
    by_original = {c.original_id: c.number for c in claims}
    moved = []
    for some in _rows(session, [i for i in by_original if i is not None]).values():
        for row in some:
            if row.status == "held":
                why = f"{by_original[row.claim_id]} recovers it from the supplier, who asks for the part."
                values = record.asked(session, zone=record.zone_of(session, row), now=now)
                _move(
                    session, row, "requested", actor=desk, now=now, disposition="return", why=why,
                    requested_by=desk.name, **values,
                )  # fmt: skip
                moved.append(row)
    notices.tell_asked(session, moved, now=now)


FOLLOWERS = (
    Follower(name="old parts of decided claims", on=("claims.decided",), react=decided),
    Follower(name="old parts of reopened claims", on=("claims.reopened",), react=reopened),
    Follower(name="old parts of charged-back claims", on=("claims.charged_back",), react=charged_back),
    Follower(name="old parts for suppliers", on=("claims.submitted",), react=recovered),
)
