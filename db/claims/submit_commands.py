"""Sending a claim: the rules run, the outcome holds at once, every result is kept (domain-rules 2.1 C, D)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from db.claims import links
from db.claims.adjudicate_rules import adjudicate
from db.claims.clock_rules import decide_by, pay_by
from db.claims.facts_queries import facts_of
from db.claims.flow import DEALERS_TURN, FLOW
from db.claims.model import OUTCOMES, ClaimDraft, ClaimFacts, Outcome, Result, Verdict
from db.claims.policy_queries import policy_on
from db.claims.record import (
    COUNTED_ONCE,
    dealer_of,
    decided,
    draft_of,
    end_of_day,
    jobs_of,
    move_claim,
    note_entry,
    tell_decided,
)
from db.claims.snapshots import facts_to_json, results_to_json
from db.claims.tables import Claim, ClaimAttachment, ClaimCharge, ClaimFinding, ClaimJob, ClaimRun
from db.core import events, locks
from db.core.actor import Actor, system_actor
from db.core.labels import local_day
from db.core.problems import Problem, Refused
from db.customers.visit_commands import VisitFacts, note_visit
from db.workflow.engine import begin_step

TARGETS = {
    "rejected": "rejected", "returned": "returned", "pay": "approved", "pay_changed": "partially_approved",
    "denied": "denied", "review": "in_review",
}  # fmt: skip
OF_A_VISIT = ("standard", "goodwill", "service_contract", "recall", "parts_warranty")
"""Types whose repair order is a visit of a customer's vehicle at this dealer; a supplement's is on record already."""
COUNTS_NO_MORE = (*DEALERS_TURN, "void")
"""States in which a claim does not keep others from claiming its repair order."""


def submit(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> str:
    """Send a claim; gives the state it came to. Refused only when nothing was entered at all."""
    claim: Claim = begin_step(session, FLOW, "submit", item_id=item_id, seen_version=seen_version, actor=actor)
    target, outcome, changed = send(session, claim, actor=actor, now=now)
    note_entry(session, "submit", claim, f"sent; {OUTCOMES[outcome].lower()}.", actor=actor, now=now, **changed)
    return target


def send(session: Session, claim: Claim, *, actor: Actor, now: datetime) -> tuple[str, Outcome, dict[str, Any]]:
    """Judge a claim and take the outcome at once, without an entry: for the step, and for imports with one entry.

    Gives the state it came to, the outcome of the rules, and {"before", "after"} of the claim.
    """
    draft = draft_of(session, claim)
    if not draft.jobs and not draft.charges:
        raise Refused(Problem(code="empty", message="There is no job and no charge yet.", field="jobs"))
    # Two claims of one repair order wait for each other here, so that the second sees the first (W16).
    locks.hold(session, f"claim-ro:{claim.dealer_id}:{claim.ro_number.strip().upper()}")
    # And two of one vehicle, wherever it was repaired: the same work is paid once (W17).
    if draft.vin:
        locks.hold(session, f"claim-vin:{draft.vin.strip().upper()}")
    links.link(session, claim)
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    today = local_day(now, dealer.zone)
    policy = policy_on(session, today)
    kinds = tuple(
        session.scalars(
            select(ClaimAttachment.kind)
            .where(ClaimAttachment.claim_id == claim.id, ClaimAttachment.removed_at.is_(None))
            .order_by(ClaimAttachment.id)
        )
    )
    facts = facts_of(
        session, draft, dealer_id=dealer.id, actor=actor, today=today, claim_id=claim.id, attachments=kinds
    )
    verdict = adjudicate(facts, policy)
    keep_run(session, claim, facts, verdict, actor=actor, now=now)
    target = TARGETS[verdict.outcome]
    clock = policy.clock(dealer.state)
    due = decide_by(now, clock, zone=dealer.zone)
    values = {
        "claimed_cents": verdict.claimed_cents, "suggested_cents": verdict.suggested_cents, "state": dealer.state,
        "outcome": verdict.outcome, "run": claim.run + 1, "received_at": now, "submitted_by": actor.username,
        "submitted_at": claim.submitted_at or now, "decide_by": due.decide_by, "deemed_on": due.deemed_on,
        "due_at": due.decide_by if target == "in_review" else None, "level": verdict.level_needed,
        "signed_by": "", "signed_level": 0, "warned_percent": 0, "approved_cents": None, "decided_at": None,
        "decided_by": "", "decided_kind": "", "reason_code": "", "reason_note": "", "pay_by": None,
    }  # fmt: skip
    desk = system_actor(actor.source)
    if target in ("approved", "partially_approved", "denied"):
        paid = verdict.suggested_cents if target != "denied" else 0
        by = pay_by(local_day(now, dealer.zone), clock) if target != "denied" else None
        values |= {
            "approved_cents": paid, "decided_at": now, "decided_by": desk.name, "decided_kind": "auto",
            "first_decided_at": claim.first_decided_at or now, "pay_by": by,
            "due_at": end_of_day(by, dealer.zone) if by else None,
        }  # fmt: skip
        _settle_lines(session, claim, verdict, denied=target == "denied")
    elif target in ("returned", "rejected"):
        values["returns"] = claim.returns + 1
    weightiest = _weightiest(verdict)
    if target not in ("in_review", "approved") and weightiest is not None:
        values |= {"reason_code": weightiest.reason_code, "reason_note": weightiest.sentence}
    if claim.claim_type in COUNTED_ONCE and target not in ("returned", "rejected"):
        _count_once(session, claim)
    changed = move_claim(session, "submit", claim, actor=actor, now=now, target=target, **values)
    visit_id = _note_visit(session, claim, facts.claim, target=target, actor=actor, now=now)
    if visit_id is not None:
        changed["after"] = {**changed["after"], "service_visit": visit_id}
    if target != "in_review":
        kind = {"approved": "approve", "partially_approved": "partial", "denied": "deny", "returned": "return"}
        decided(
            session, claim, kind=kind.get(target, "reject"), how="auto", actor=desk, now=now,
            approved_cents=claim.approved_cents, reason_code=claim.reason_code, note=claim.reason_note,
        )  # fmt: skip
    told = events.Event(name="claims.submitted", item_type="claim", item_ids=(claim.id,), facts={"target": target})
    events.tell(session, told, actor=actor, now=now)
    if values["decided_at"]:
        tell_decided(session, [claim], actor=actor, now=now)
    return target, verdict.outcome, changed


def _weightiest(verdict: Verdict) -> Result | None:
    """The finding the outcome stands on: the first of its reasons, not the first in the order of the rules."""
    failed = verdict.failed
    named = (r for sentence in verdict.why for r in failed if r.sentence == sentence)
    return next(named, failed[0] if failed else None)


def _note_visit(
    session: Session, claim: Claim, draft: ClaimDraft, *, target: str, actor: Actor, now: datetime
) -> int | None:
    """The repair order of a claim that was taken in as a service visit of its vehicle, once whatever is sent again.

    What came back is not on record yet: vehicle, days or odometer may still be wrong. Gives the visit's id.
    """
    if claim.vehicle_id is None or claim.claim_type not in OF_A_VISIT or target in ("rejected", "returned"):
        return None
    told = VisitFacts(
        ro_number=draft.ro_number, opened_on=draft.ro_opened_on, closed_on=draft.ro_closed_on,
        odometer_in=draft.odometer_in, odometer_out=draft.odometer_out, unit=draft.unit,
        complaint="\n".join(j.complaint for j in draft.jobs if j.complaint),
    )  # fmt: skip
    return note_visit(
        session, vehicle_id=claim.vehicle_id, dealer_id=claim.dealer_id or 0, facts=told,
        customer_id=claim.customer_id, actor=actor, now=now,
    )  # fmt: skip


def keep_run(
    session: Session, claim: Claim, facts: ClaimFacts, verdict: Verdict, *, actor: Actor, now: datetime
) -> None:
    """Keep a run of the rules with its facts, and replace the findings of the run before."""
    whose = {"claim_id": claim.id, "dealer_id": claim.dealer_id, "region": claim.region, "run": claim.run + 1}
    session.execute(
        insert(ClaimRun),
        [
            {
                **whose, "made_at": now, "made_by": actor.name, "policy_version": verdict.policy_version,
                "outcome": verdict.outcome, "why": list(verdict.why), "facts": facts_to_json(facts),
                "results": results_to_json(verdict.results), "claimed_cents": verdict.claimed_cents,
                "suggested_cents": verdict.suggested_cents, "level_needed": verdict.level_needed,
            }
        ],
    )  # fmt: skip
    session.execute(delete(ClaimFinding).where(ClaimFinding.claim_id == claim.id))
    rows = [
        {**whose, "found_at": now, **{k: v for k, v in asdict(r).items() if k not in ("passed", "limit")},
         "limit_text": r.limit}
        for r in verdict.failed
    ]  # fmt: skip
    if rows:
        session.execute(insert(ClaimFinding), rows)
    for one in verdict.charges:
        session.execute(
            update(ClaimCharge)
            .where(ClaimCharge.claim_id == claim.id, ClaimCharge.position == one.position)
            .values(
                suggested_cents=one.suggested_cents, reason_code=one.reason_code, reason_note=one.sentence,
                approved_cents=None, decision="",
            )
        )  # fmt: skip


def _settle_lines(session: Session, claim: Claim, verdict: Verdict, *, denied: bool) -> None:
    for one in verdict.charges:
        paid = 0 if denied else one.suggested_cents
        word = "reject" if paid == 0 and one.claimed_cents else "reduce" if paid < one.claimed_cents else "approve"
        session.execute(
            update(ClaimCharge)
            .where(ClaimCharge.claim_id == claim.id, ClaimCharge.position == one.position)
            .values(approved_cents=paid, decision=word)
        )


def _count_once(session: Session, claim: Claim) -> None:
    """Give each job the key no other counted job of this dealer may have (W16); the rule has asked already.

    Claims that went back to the dealer, and void ones, count no more: what they still held is free.
    """
    keys = {job.id: f"{claim.ro_number.strip().upper()}/{job.position}" for job in jobs_of(session, claim.id)}
    if not keys:
        return
    holders = session.execute(
        select(ClaimJob.id, Claim.number, Claim.status)
        .join(Claim, Claim.id == ClaimJob.claim_id)
        .where(
            ClaimJob.dealer_id == claim.dealer_id, ClaimJob.ro_key.in_(sorted(keys.values())),
            ClaimJob.claim_id != claim.id,
        )
        .order_by(ClaimJob.id)
    ).all()  # fmt: skip
    counting = [one.number for one in holders if one.status not in COUNTS_NO_MORE]
    if counting:
        message = f"Repair order {claim.ro_number} was claimed already with {counting[0]}."
        raise Refused(Problem(code="duplicate", field="ro_number", message=message, rule="W16"))
    if holders:
        session.execute(update(ClaimJob).where(ClaimJob.id.in_([one.id for one in holders])).values(ro_key=None))
    for job_id, key in keys.items():
        session.execute(update(ClaimJob).where(ClaimJob.id == job_id).values(ro_key=key))
