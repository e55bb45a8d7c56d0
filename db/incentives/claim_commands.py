"""Claiming incentives: for a sale under the programs that were chosen, or for the volume of a period that is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.incentives import books, claim_store, period_store
from db.incentives.claim_rules import judge_period
from db.incentives.clock import decide_by
from db.incentives.facts import ClaimFacts, SaleFacts, Verdict
from db.incentives.flow import FLOW
from db.incentives.model import program_from_json
from db.incentives.record import dealer_of, item_of_claim, item_of_sale, note, sale_of
from db.incentives.tables import IncentiveClaim, IncentiveVersion, SaleReport
from db.incentives.unit_rules import near
from db.workflow.engine import begin_step, end_step

TARGETS = {"valid": "in_review", "returned": "returned", "not_eligible": "denied"}


def claim_sale(
    session: Session, *, sale_id: int, programs: Sequence[str], checked: Mapping[str, Sequence[str]],
    amounts: Mapping[str, int | None], form_key: str | None, actor: Actor, now: datetime,
) -> dict[str, str]:  # fmt: skip
    """Claim a sale under some programs at once; gives the state each claim came to, by its number.

    `checked` holds what was ticked of each program's checklist, `amounts` what is claimed; by the code of the program.
    Problems: programs.
    """
    actor.require(Permission.INCENTIVES_ENTER)
    known = session.execute(
        select(IncentiveClaim.number, IncentiveClaim.status).where(IncentiveClaim.form_key.like(f"{form_key}:%"))
    ).all() if form_key else []  # fmt: skip
    if known:
        timeline.repeated(session)
        return {number: status for number, status in known}  # noqa: C416 - rows of two are no pairs to the checker
    sale = sale_of(session, sale_id, actor=actor)
    dealer = dealer_of(session, sale.dealer_id, actor=actor)
    if sale.unwound_on is not None:
        raise Refused(Problem(code="wrong_state", message=f"{sale.number} was unwound.", rule="I13"))
    today = local_day(now, dealer.zone)
    (fact,) = books.facts_of(session, [sale], today=today)
    plans = {p.program.code: p for p in near(fact, books.plans_of(session).values()) if not p.program.is_volume}
    codes = list(dict.fromkeys(programs))
    problems = Problems()
    if not codes:
        problems.add("programs", "required", "Choose at least one program.")
    for code in codes:
        if code not in plans:
            problems.add("programs", "unknown", f"{code} has nothing to say of this sale.", rule="I03")
    problems.refuse_if_any()
    claims = [
        _add(
            session, sale, version_id=plans[code].version_id, program_id=plans[code].program_id,
            period=_period(plans[code], fact), claimed=amounts.get(code), checked=checked.get(code, ()),
            form_key=f"{form_key}:{code}" if form_key else None, actor=actor, now=now,
        )
        for code in codes
    ]  # fmt: skip
    session.flush()
    for claim in claims:
        claim_store.index(session, claim, sale.vin)
        _send(session, claim, sale, asked=codes, actor=actor, now=now)
    states = {c.number: c.status for c in claims}
    summary = f"{sale.number} claimed under {', '.join(codes)}."
    note(
        session, "claim_sale", summary, [item_of_sale(sale), *map(item_of_claim, claims)], actor=actor, now=now,
        after={"claims": states},
    )  # fmt: skip
    return states


def claim_period(
    session: Session, *, program_id: int, dealer_id: int, period: str, checked: Sequence[str], form_key: str | None,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Claim what a dealer has earned by volume in a period that is over, less what was approved; gives the id."""
    actor.require(Permission.INCENTIVES_ENTER)
    known = session.scalar(select(IncentiveClaim.id).where(IncentiveClaim.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    dealer = dealer_of(session, dealer_id, actor=actor)
    found = period_store.period_of_dealer(session, program_id=program_id, dealer=dealer, period=period)
    if found is None:
        raise NotFound("This period")
    open_one = session.scalar(
        select(IncentiveClaim.number).where(IncentiveClaim.claim_key == period_store.key_of(found))
    )
    if open_one is not None:
        raise Refused(Problem(code="duplicate", message=f"{open_one} waits for this period.", rule="I02"))
    (claim_id,) = next_ids(session, IncentiveClaim, item_type=claim_store.KIND, count=1)
    claim = new_claim(claim_id, dealer_id=dealer.id, region=dealer.region, actor=actor, now=now)
    claim.program_id, claim.version_id, claim.period = program_id, found.version_id, period
    claim.claim_key, claim.claimed_cents = period_store.key_of(found), found.earned_cents - found.approved_cents
    claim.checked, claim.form_key = list(checked), form_key
    session.add(claim)
    session.flush()
    claim_store.index(session, claim, found.program.code)
    _send_period(session, claim, actor=actor, now=now)
    note(
        session, "claim_period", f"{claim.number}: {found.program.code}, {period}.", [item_of_claim(claim)],
        actor=actor, now=now, after={"claimed_cents": claim.claimed_cents, "status": claim.status},
    )  # fmt: skip
    return claim.id


def submit(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, checklist_done: bool = False,
    amount_cents: int | None = None,
) -> str:  # fmt: skip
    """Send a claim that came back, once more; all checks run with the sale as it is now. Gives the state it came to.

    `checklist_done` ticks the whole checklist; for a period the amount is always what is left of it.
    """
    claim = begin_step(session, FLOW, "submit", item_id=item_id, seen_version=seen_version, actor=actor)
    if checklist_done:
        claim.checked = list(program_from_json(session.get_one(IncentiveVersion, claim.version_id).body).checklist)
    session.flush()
    if claim.sale_id is None:
        changed = _send_period(session, claim, actor=actor, now=now)
    else:
        sale = sale_of(session, claim.sale_id, actor=actor)
        if amount_cents is not None:
            claim.claimed_cents = amount_cents
        changed = _send(session, claim, sale, asked=(), actor=actor, now=now)
    said = f"{claim.number} sent: {FLOW.state(claim.status).label.lower()}."
    note(session, "submit", said, [item_of_claim(claim)], actor=actor, now=now, **changed)
    return str(claim.status)


def void(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """Take a claim back before it is decided. Problems: note."""
    claim = begin_step(session, FLOW, "void", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    why = problems.require(note, "note", "Why", longest=1000)
    problems.refuse_if_any()
    changed = end_step(
        session, FLOW, "void", claim, actor=actor, now=now, claim_key=None, due_at=None, reason_note=why
    )  # fmt: skip
    _noted(session, "void", f"{claim.number} taken back.", claim, actor=actor, now=now, reason=why, **changed)


def _noted(session: Session, command: str, said: str, claim: IncentiveClaim, **more: Any) -> None:
    note(session, command, said, [item_of_claim(claim)], **more)


def _period(plan: Any, fact: Any) -> str:
    return period_store.name_of(plan.program, fact)


def new_claim(claim_id: int, *, dealer_id: int, region: str, actor: Actor, now: datetime) -> IncentiveClaim:
    """A claim that was entered and not sent; its number follows from its id."""
    return IncentiveClaim(
        id=claim_id, number=f"IC-{claim_id:06}", status=FLOW.initial, version=1, is_open=True, dealer_id=dealer_id,
        region=region, submitted_by=actor.username, created_at=now, updated_at=now, updated_by=actor.name,
        entitled_cents=0, run=0, outcome="", signed_by="", decided_by="", decided_kind="", reason_code="",
        reason_note="",
    )  # fmt: skip


def _add(
    session: Session, sale: SaleReport, *, version_id: int, program_id: int, period: str, claimed: int | None,
    checked: Sequence[str], form_key: str | None, actor: Actor, now: datetime,
) -> IncentiveClaim:  # fmt: skip
    key = f"p{program_id}:s{sale.id}"
    other = session.scalar(select(IncentiveClaim.number).where(IncentiveClaim.claim_key == key))
    if other is not None:
        message = f"{other} claims this program for this sale already."
        raise Refused(Problem(code="duplicate", field="programs", message=message, rule="I02"))
    (claim_id,) = next_ids(session, IncentiveClaim, item_type=claim_store.KIND, count=1)
    claim = new_claim(claim_id, dealer_id=sale.dealer_id, region=sale.region, actor=actor, now=now)
    claim.program_id, claim.version_id, claim.sale_id, claim.period = program_id, version_id, sale.id, period
    claim.claim_key, claim.claimed_cents, claim.checked, claim.form_key = key, claimed, list(checked), form_key
    session.add(claim)
    session.flush()
    return claim


def _send(
    session: Session, claim: IncentiveClaim, sale: SaleReport, *, asked: Sequence[str], actor: Actor, now: datetime
) -> dict[str, Any]:
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    verdict, facts = claim_store.judge_stored(
        session, claim, sale, today=local_day(now, dealer.zone), asked=asked
    )  # fmt: skip
    return _take(session, claim, verdict, facts, actor=actor, now=now)


def _send_period(session: Session, claim: IncentiveClaim, *, actor: Actor, now: datetime) -> dict[str, Any]:
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    found = period_store.period_of_dealer(session, program_id=claim.program_id, dealer=dealer, period=claim.period)
    if found is None:
        raise NotFound("This period")
    program = books.plan_of_row(session.get_one(IncentiveVersion, claim.version_id)).program
    claimed = max(0, found.earned_cents - found.approved_cents)
    today = local_day(now, dealer.zone)
    facts = period_store.facts_of(found, claimed, claim.checked, today=today, status=dealer.status)
    verdict = judge_period(facts, program)
    return _take(
        session, claim, verdict, period_store.kept(facts), actor=actor, now=now, claimed_cents=claimed
    )  # fmt: skip


def take_verdicts(
    session: Session, judged: Sequence[tuple[IncentiveClaim, Verdict, SaleFacts, ClaimFacts]], *, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Send many new claims with the verdicts they were judged with; see `_take`."""
    claim_store.keep_runs(
        session, [(c, v, claim_store.kept_facts(fact, facts), 1) for c, v, fact, facts in judged], actor=actor, now=now
    )
    for claim, verdict, _, _ in judged:
        _move(session, claim, verdict, actor=actor, now=now)


def _take(
    session: Session, claim: IncentiveClaim, verdict: Verdict, facts: dict[str, Any], *, actor: Actor, now: datetime,
    **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """Keep the run and take its outcome: to a person, back to the dealer, or denied with the sentence of the check."""
    claim_store.keep_run(session, claim, verdict, facts, run=claim.run + 1, actor=actor, now=now)
    return _move(session, claim, verdict, actor=actor, now=now, **more)


def _move(
    session: Session, claim: IncentiveClaim, verdict: Verdict, *, actor: Actor, now: datetime, **more: Any
) -> dict[str, Any]:
    target, first = TARGETS[verdict.outcome], verdict.first
    values: dict[str, Any] = {
        "run": claim.run + 1, "outcome": verdict.outcome, "entitled_cents": verdict.entitled_cents,
        "submitted_by": actor.username, "submitted_at": now, "signed_by": "", "signed_cents": None,
        "due_at": decide_by(now) if target == "in_review" else None, "reason_code": first.rule if first else "",
        "reason_note": first.sentence if first else "", **more,
    }  # fmt: skip
    if target == "denied":
        values |= {"claim_key": None, **claim_store.decided(claim, now=now, by="Checks", kind="checks")}
    return end_step(session, FLOW, "submit", claim, actor=actor, now=now, target=target, **values)
