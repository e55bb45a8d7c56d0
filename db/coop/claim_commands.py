"""Claiming what was done: entering a claim, its proofs, changing, sending and taking it back (domain-rules 2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.coop import claim_rules, papers, payable_rules, standing, ways
from db.coop.claim_flow import FLOW
from db.coop.flow import FLOW as REQUESTS
from db.coop.flow import HOLDS
from db.coop.model import PROOFS, Programme
from db.coop.notices import tell_decided, tell_sent
from db.coop.paper_tables import CoopPaper
from db.coop.papers import NewPaper
from db.coop.queue_tables import CoopClaim, CoopProof, CoopRequest
from db.coop.record import (
    CLAIM,
    CLOSED_DEALERS,
    REQUEST,
    dealer_of,
    fund_of,
    in_force,
    index_words,
    note,
    open_fund,
    programme_row,
    too_long,
)
from db.coop.request_rules import Terms, check_terms, costs_to_json
from db.coop.say_rules import money
from db.coop.tables import CoopFund, CoopProgramme
from db.core import timeline
from db.core.actor import Actor
from db.core.labels import local_day, storable
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.workflow.engine import begin_step, end_step, get_item


def enter_claim(
    session: Session, *, terms: Terms, request_id: int | None = None, dealer_id: int | None = None,
    programme_id: int | None = None, proofs: tuple[tuple[str, str], ...] = (), files: Sequence[NewPaper] = (),
    send: bool = False,
    form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Enter a claim for a request that was approved, or without one; gives its id. `send` sends it at once.

    `proofs` are (kind, reference), `files` the proofs themselves. The same form again gives the first.
    Problems: the fields of the terms, dealer_id, programme_id, proofs, file; `claimed` for an invoice or a request
    another claim stands for.
    """
    actor.require(Permission.COOP_REQUEST)
    known = session.scalars(select(CoopClaim).where(CoopClaim.form_key == form_key)).one_or_none() if form_key else None
    request, dealer, row = _owner(session, request_id, dealer_id, programme_id, actor=actor)
    if known is not None:
        if (known.dealer_id, known.cost_cents, known.request_id) != (dealer.id, terms.cost_cents, request_id):
            message = "This form was sent before with other content; open it anew."
            raise Refused(Problem(code="other_content", message=message))
        timeline.repeated(session)
        return known.id
    _, programme = in_force(session, row.id, terms.ends_on or local_day(now, dealer.zone))
    problems = Problems()
    sound = check_terms(terms, programme, problems, is_claim=True)
    for kind, reference in proofs:
        _check_proof(kind, reference, problems, field="proofs")
    papers.check_new(session, None, files, PROOFS, problems)
    problems.refuse_if_any()
    fund = open_fund(session, row, dealer, actor=actor, now=now)
    key = _claim_key(session, dealer, sound.invoice_number)
    (claim_id,) = next_ids(session, CoopClaim, item_type=CLAIM, count=1)
    claim = CoopClaim(
        id=claim_id, number=f"FC-{claim_id:06}", status="entered", is_open=True, version=1, dealer_id=dealer.id,
        region=dealer.region, submitted_by=actor.username, submitted_name=actor.name, created_at=now, updated_at=now,
        updated_by=actor.name, form_key=form_key, fund_id=fund.id, request_id=request_id, claim_key=key, checks=[],
        reserve_cents=0, dealer=dealer, **_columns(session, fund, programme, sound, request=request, now=now),
    )  # fmt: skip
    session.add(claim)
    session.flush()
    for kind, reference in dict(proofs).items():
        _add(session, claim, kind, reference, actor=actor, now=now)
    made = papers.keep_new(session, claim, files, form_key=form_key, actor=actor, now=now)
    prove_by(session, claim, made, actor=actor, now=now)
    _judge(session, claim, fund, programme, request, now=now)
    index_words(
        session, CLAIM, claim, [claim.activity, claim.invoice_number, dealer.code, dealer.name], is_new=True
    )  # fmt: skip
    if send:
        _send(session, claim, programme, "enter_claim", actor=actor, now=now)
    said = "Sent a claim of" if send else "Entered a claim of"
    _note(
        session, "enter_claim", f"{said} {money(claim.cost_cents)}: {claim.activity}.", claim, actor=actor, now=now,
        reason=claim.decision_note,
        after={"status": claim.status, "open": claim_rules.open_codes(claim.checks), **papers.said_of(made)},
    )  # fmt: skip
    return claim_id


def _owner(
    session: Session, request_id: int | None, dealer_id: int | None, programme_id: int | None, *, actor: Actor
) -> tuple[CoopRequest | None, Any, CoopProgramme]:
    if request_id is not None:
        # Locked, so that its reserve is not given back in the same moment.
        request: CoopRequest = get_item(session, REQUESTS, item_id=request_id, actor=actor)
        if request.status not in HOLDS:
            label = REQUESTS.state(request.status).label.lower()
            message = f"{request.number} is {label}; only an approved request is claimed."
            raise Refused(Problem(code="wrong_state", field="request_id", message=message))
        return request, request.dealer, request.fund.programme
    problems = Problems()
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose a dealer.")
    if programme_id is None:
        problems.add("programme_id", "required", "Choose a programme.")
    problems.refuse_if_any()
    dealer = dealer_of(session, dealer_id, actor=actor)
    if dealer.status in CLOSED_DEALERS:
        message = f"{dealer.name} is {dealer.status}; co-op money is not payable any more."
        raise Refused(Problem(field="dealer_id", code="closed", message=message, rule="domain-rules 2.3"))
    return None, dealer, programme_row(session, programme_id)


def _claim_key(session: Session, dealer: Any, invoice: str, *, but: int = 0) -> str:
    key = f"{dealer.id}:{invoice.casefold()}"
    there = session.scalar(select(CoopClaim.number).where(CoopClaim.claim_key == key, CoopClaim.id != but))
    if there is not None:
        message = f"{there} claims this invoice already."
        raise Refused(Problem(code="claimed", field="invoice_number", message=message))
    return key


def _columns(
    session: Session, fund: CoopFund, programme: Programme, sound: Terms, *, request: CoopRequest | None, now: datetime
) -> dict[str, Any]:
    found = standing.of_claim(session, fund, programme, sound, request=request, now=now)
    show = sound.showing
    return {
        "medium": sound.medium, "activity": sound.activity, "vendor": sound.vendor,
        "invoice_number": sound.invoice_number, "starts_on": sound.starts_on, "ends_on": sound.ends_on,
        "costs": costs_to_json(sound.costs), "cost_cents": sound.cost_cents, "brand_share": show.brand_share,
        "competitor": show.competitor, "mentions": show.mentions, "seconds": show.seconds,
        "calculation": payable_rules.kept(found), "payable_cents": found.cents,
    }  # fmt: skip


def _judge(
    session: Session, claim: CoopClaim, fund: CoopFund, programme: Programme, request: CoopRequest | None, *,
    now: datetime,
) -> tuple[claim_rules.Check, ...]:  # fmt: skip
    """Calculate and check a claim as it is stored now, and keep both with it."""
    found = standing.of_claim(session, fund, programme, standing.terms_of(claim), request=request, now=now)
    checks = standing.checks_of(session, claim, programme, found, request=request, now=now)
    claim.calculation, claim.payable_cents = payable_rules.kept(found), found.cents
    claim.checks = claim_rules.kept(checks)
    session.flush()
    return checks


def _send(
    session: Session, claim: CoopClaim, programme: Programme, command: str, *, actor: Actor, now: datetime
) -> None:
    """What the checks lead to: a person decides, the dealer completes it, or it can never be right."""
    checks = claim_rules.read_kept(claim.checks)
    outcome = claim_rules.worst(checks)
    target = {"deny": "denied", "return": "returned"}.get(outcome, "in_review")
    values: dict[str, Any] = {
        "submitted_on": claim.submitted_on or local_day(now, claim.dealer.zone), "submitted_at": now,
        "submitted_by": actor.username, "submitted_name": actor.name, "due_at": None, "decision_note": "",
        "reason_code": "",
    }  # fmt: skip
    if target == "in_review":
        values["due_at"] = now + timedelta(days=programme.decide_days)
    else:
        values["decision_note"] = " ".join(c.sentence for c in checks if c.outcome == outcome)
    if target == "denied":
        values |= {
            "claim_key": None, "decided_at": now, "decided_by": "rules",
            "reason_code": _reason(next(c for c in checks if c.outcome == "deny")),
        }  # fmt: skip
    end_step(session, FLOW, "submit", claim, actor=actor, now=now, target=target, **values)
    if target == "denied":
        ways.keep(session, claim, command=command, now=now)
    if target == "in_review":
        tell_sent(session, claim, by=actor, now=now)
    else:
        tell_decided(session, claim, by=actor, body=claim.decision_note, now=now)


def _reason(check: claim_rules.Check) -> str:
    return {"C03": "late", "C04": "late", "C06": "brand", "C07": "not_eligible"}.get(check.code, "other")


def submit(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Send a claim: incomplete comes back with what is missing, what can never be right is denied (decision 0062)."""
    claim: CoopClaim = begin_step(session, FLOW, "submit", item_id=item_id, seen_version=seen_version, actor=actor)
    request = _request_of(session, claim, actor=actor)
    fund = fund_of(session, claim.fund_id, actor=actor)
    programme = standing.programme_of(session, fund, claim)
    before = claim.status
    _judge(session, claim, fund, programme, request, now=now)
    _send(session, claim, programme, "submit", actor=actor, now=now)
    said = f"Sent {claim.number}: {FLOW.state(claim.status).label.lower()}."
    _note(
        session, "submit", said, claim, actor=actor, now=now, reason=claim.decision_note, before={"status": before},
        after={
            "status": claim.status, "payable_cents": claim.payable_cents, "open": claim_rules.open_codes(claim.checks)
        },
    )  # fmt: skip


def _request_of(session: Session, claim: CoopClaim, *, actor: Actor) -> CoopRequest | None:
    if claim.request_id is None:
        return None
    found: CoopRequest = get_item(session, REQUESTS, item_id=claim.request_id, actor=actor)
    return found


def change(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, terms: Terms) -> None:
    """Change a claim that is with the dealer. Problems: the fields of the terms."""
    claim: CoopClaim = begin_step(session, FLOW, "change", item_id=item_id, seen_version=seen_version, actor=actor)
    request = _request_of(session, claim, actor=actor)
    fund = fund_of(session, claim.fund_id, actor=actor)
    _, programme = in_force(session, fund.programme_id, terms.ends_on or claim.ends_on)
    problems = Problems()
    sound = check_terms(terms, programme, problems, is_claim=True)
    problems.refuse_if_any()
    key = _claim_key(session, claim.dealer, sound.invoice_number, but=claim.id)
    changed = end_step(
        session, FLOW, "change", claim, actor=actor, now=now, claim_key=key,
        **_columns(session, fund, programme, sound, request=request, now=now),
    )  # fmt: skip
    _judge(session, claim, fund, programme, request, now=now)
    _note(session, "change", f"Changed {claim.number}.", claim, actor=actor, now=now, **changed)


def _check_proof(kind: str, reference: str, problems: Problems, *, field: str = "kind") -> None:
    if kind not in PROOFS:
        problems.add(field, "unknown", "Choose a proof of the list.")
    if len(storable(reference).strip()) > 120:
        problems.add("reference", "too_long", "At most 120 characters fit.")


def _add(session: Session, claim: CoopClaim, kind: str, reference: str, *, actor: Actor, now: datetime) -> None:
    session.add(
        CoopProof(
            claim_id=claim.id, dealer_id=claim.dealer_id, region=claim.region, kind=kind,
            reference=storable(reference).strip(), added_at=now, added_by=actor.name,
        )
    )  # fmt: skip
    session.flush()


def reference_of(file_name: str) -> str:
    """How a proof is called that came as a file."""
    return storable(file_name).strip()[:120]


def prove_by(session: Session, claim: CoopClaim, made: Sequence[CoopPaper], *, actor: Actor, now: datetime) -> None:
    """Each proof that came as a file is there; one that was named before keeps its reference."""
    there = set(session.scalars(select(CoopProof.kind).where(CoopProof.claim_id == claim.id)))
    for paper in made:
        if paper.kind not in there:
            _add(session, claim, paper.kind, reference_of(paper.file_name), actor=actor, now=now)
            there.add(paper.kind)


def judge_again(session: Session, claim: CoopClaim, *, actor: Actor, now: datetime) -> None:
    """Check a claim anew whose proofs have changed, and keep what was found."""
    request = _request_of(session, claim, actor=actor)
    fund = fund_of(session, claim.fund_id, actor=actor)
    _judge(session, claim, fund, standing.programme_of(session, fund, claim), request, now=now)


def add_proof(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, kind: str, reference: str
) -> None:
    """Add a proof to a claim that is with the dealer, or say anew where it is kept. Problems: kind, reference."""
    claim: CoopClaim = begin_step(session, FLOW, "add_proof", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    _check_proof(kind, reference, problems)
    problems.refuse_if_any()
    request = _request_of(session, claim, actor=actor)
    fund = fund_of(session, claim.fund_id, actor=actor)
    there = session.scalars(select(CoopProof).where(CoopProof.claim_id == claim.id, CoopProof.kind == kind)).first()
    if there is not None:
        there.reference = storable(reference).strip()
    else:
        _add(session, claim, kind, reference, actor=actor, now=now)
    end_step(session, FLOW, "add_proof", claim, actor=actor, now=now)
    _judge(session, claim, fund, standing.programme_of(session, fund, claim), request, now=now)
    _note(
        session, "add_proof", f"{claim.number}: {PROOFS[kind]} added.", claim, actor=actor, now=now,
        after={"proof": kind, "reference": reference},
    )  # fmt: skip


def void(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Take a claim back before it is decided; its invoice can be claimed again."""
    claim: CoopClaim = begin_step(session, FLOW, "void", item_id=item_id, seen_version=seen_version, actor=actor)
    note = too_long(note, "note")
    changed = end_step(
        session, FLOW, "void", claim, actor=actor, now=now, decision_note=note, claim_key=None, due_at=None
    )  # fmt: skip
    _note(session, "void", f"Took {claim.number} back.", claim, actor=actor, now=now, reason=note, **changed)


def _note(
    session: Session, command: str, said: str, claim: CoopClaim, *, actor: Actor, now: datetime, reason: str = "",
    before: Any = None, after: Any = None,
) -> None:  # fmt: skip
    items = [timeline.Item(CLAIM, claim.id, claim.dealer_id)]
    if claim.request_id is not None:
        items.append(timeline.Item(REQUEST, claim.request_id, claim.dealer_id))
    note(session, command, said, items, actor=actor, now=now, reason=reason, before=before, after=after)
