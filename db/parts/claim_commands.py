"""Claiming a delivery and every step of that claim (domain-rules 2.11): windows, amounts, four eyes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import due_at
from db.core import search, timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import NotFound, Problems
from db.parts import rules
from db.parts.flow import CLAIMS
from db.parts.notices import tell_claim
from db.parts.record import CLAIM, dealer_of, note_entry, units, write_order
from db.parts.tables import Part, PartsClaim, PartsOrder, PartsOrderLine, PartsShipment
from db.workflow.engine import begin_step, end_step

NOT_COUNTED = ("denied", "withdrawn")
ANSWER_MINUTES = 5 * 8 * 60


def file_claim(
    session: Session, *, line_id: int | None, kind: str, quantity: int | None, received_on: date | None,
    description: str, actor: Actor, now: datetime, evidence: str = "", form_key: str | None = None,
) -> int:  # fmt: skip
    """Claim units of a delivered line and give the claim's id; the same `form_key` again gives the first.

    One that comes too late is taken and marked, and a person decides. Problems: line_id, kind, quantity, received_on,
    description, evidence.
    """
    actor.require(Permission.PARTS_CLAIM)
    known = session.scalars(select(PartsClaim).where(PartsClaim.form_key == form_key)).first() if form_key else None
    if known is not None and actor.scope.allows(dealer_id=known.dealer_id, region=known.region):
        timeline.repeated(session)
        return known.id
    # Claims of one line wait for each other here, so that together they never exceed what was shipped.
    line = session.scalars(
        select(PartsOrderLine).where(PartsOrderLine.id == (line_id or 0)).with_for_update()
    ).one_or_none()
    if line is None or not actor.scope.allows(dealer_id=line.dealer_id, region=line.region):
        raise NotFound("This line")
    dealer = dealer_of(session, line.dealer_id, actor=actor)
    order = session.get_one(PartsOrder, line.order_id)
    today = local_day(now, dealer.zone)
    problems = Problems()
    if kind not in rules.CLAIM_KINDS:
        problems.add("kind", "required", "Choose what is wrong with the delivery.")
    description = problems.require(description, "description", "What is wrong", longest=2000)
    _check_quantity(session, line, kind, quantity, problems)
    shipped_on = session.scalar(select(func.min(PartsShipment.shipped_on)).where(PartsShipment.line_id == line.id))
    if received_on is None:
        problems.add("received_on", "required", "Say on which day the delivery came.")
    elif received_on > today:
        problems.add("received_on", "future", "The day of receipt has not come yet.")
    elif shipped_on is not None and received_on < shipped_on:
        problems.add("received_on", "before_shipped", f"It was shipped on {shipped_on:%-d %b %Y} only.")
    if len(evidence.strip()) > 200:
        problems.add("evidence", "too_long", "The reference has more than 200 characters.")
    problems.refuse_if_any()
    assert quantity is not None
    assert received_on is not None
    calendar = calendar_for_dealer(session, dealer.id)
    last_day = rules.claim_until(kind, received_on, calendar)
    (claim_id,) = next_ids(session, PartsClaim, item_type=CLAIM, count=1)
    claim = PartsClaim(
        id=claim_id, number=f"PC-{claim_id:06}", status=CLAIMS.initial, is_open=True, dealer_id=dealer.id,
        region=dealer.region, due_at=due_at(calendar, now, rules.CLAIM_MINUTES), submitted_by=actor.username,
        created_at=now, updated_at=now, updated_by=actor.name, line_id=line.id, kind=kind, quantity=quantity,
        received_on=received_on, last_day=last_day, is_late=today > last_day, description=description,
        evidence=evidence.strip(), amount_cents=0 if kind == "overage" else (line.unit_cents or 0) * quantity,
        form_key=form_key,
    )  # fmt: skip
    session.add(claim)
    session.flush()
    part = session.get_one(Part, line.part_id)
    search.index(
        session, kind=CLAIM, item_id=claim_id, texts=[claim.number, order.number, part.number], dealer_id=dealer.id,
        region=dealer.region, is_new=True,
    )  # fmt: skip
    _entry(
        session, "file_claim", claim, f"{rules.CLAIM_KINDS[kind].lower()} of {units(quantity)} claimed", actor=actor,
        now=now, after={"kind": kind, "quantity": quantity, "amount_cents": claim.amount_cents},
    )  # fmt: skip
    return claim_id


def _check_quantity(
    session: Session, line: PartsOrderLine, kind: str, quantity: int | None, problems: Problems
) -> None:
    if not line.shipped:
        problems.add("line_id", "not_shipped", "Nothing of this line was shipped yet.")
    if not quantity or quantity < 1 or quantity > rules.MOST_UNITS:
        problems.add("quantity", "required", "Say how many units it is about.")
    elif kind != "overage" and line.shipped:
        claimed = session.scalar(
            select(func.coalesce(func.sum(PartsClaim.quantity), 0)).where(
                PartsClaim.line_id == line.id, PartsClaim.kind != "overage", PartsClaim.status.not_in(NOT_COUNTED)
            )
        )
        rest = line.shipped - int(claimed or 0)
        if quantity > rest:
            problems.add(
                "quantity", "too_many",
                f"{units(line.shipped)} shipped, {int(claimed or 0):,} claimed already: at most {rest:,}.",
            )  # fmt: skip


def credit(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, amount_cents: int | None = None,
    note: str = "",
) -> None:  # fmt: skip
    """Credit the claim, whole or in part; less than the whole needs a note. Problems: amount_cents, note."""
    claim = begin_step(session, CLAIMS, "credit", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    amount = claim.amount_cents if amount_cents is None else amount_cents
    unpriced = claim.kind != "overage" and not claim.amount_cents
    if amount < 0 or (amount > claim.amount_cents and not unpriced):
        problems.add("amount_cents", "too_much", f"At most {claim.amount_cents / 100:,.2f}, the price of that day.")
    elif unpriced and not amount:
        problems.add("amount_cents", "required", "No price was known on the day of the order: say the amount.")
    elif amount < claim.amount_cents and not note.strip():
        problems.add("note", "required", "Say why less is credited.")
    problems.refuse_if_any()
    said = f"credited with {amount / 100:,.2f}"
    _decide(session, "credit", claim, said, note=note, actor=actor, now=now, credit_cents=amount)


def replace(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> int:
    """Order the same part again, free of charge; gives the id of that order."""
    claim = begin_step(session, CLAIMS, "replace", item_id=item_id, seen_version=seen_version, actor=actor)
    line = session.get_one(PartsOrderLine, claim.line_id)
    part = session.get_one(Part, line.part_id)
    problems = Problems()
    if claim.kind == "overage":
        problems.add("", "overage", "There is nothing to replace where too much came.")
    if not part.is_active:
        problems.add("", "unknown_part", f"Part {part.number} is no longer delivered: credit it.")
    problems.refuse_if_any()
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    order = write_order(
        session, dealer, kind=rules.KIND_OF_RANK[min(line.rank, 1)], lines=[(part, claim.quantity)], actor=actor,
        now=now, reference=claim.number, is_contract=line.is_contract, note=f"Replacement for {claim.number}",
        free_of_charge=True, status="confirmed",
    )  # fmt: skip
    _decide(
        session, "replace", claim, f"replaced by {order.number}", note=note, actor=actor, now=now,
        replacement_id=order.id,
    )  # fmt: skip
    return order.id


def deny(
    session: Session, *, item_id: int, seen_version: int, reason_code: str, note: str, actor: Actor, now: datetime
) -> None:
    """Turn the claim down with a reason the dealer reads. Problems: reason_code, note."""
    claim = begin_step(session, CLAIMS, "deny", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    if reason_code not in rules.DENY_REASONS:
        problems.add("reason_code", "required", "Choose a reason.")
    note = problems.require(note, "note", "Why", longest=1000)
    problems.refuse_if_any()
    said = f"turned down: {rules.DENY_REASONS[reason_code].lower()}"
    _decide(session, "deny", claim, said, note=note, actor=actor, now=now, reason_code=reason_code)


def ask(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """Ask the dealer a question. Problems: note."""
    claim = begin_step(session, CLAIMS, "ask", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "The question", longest=1000)
    problems.refuse_if_any()
    due = due_at(calendar_for_dealer(session, claim.dealer_id), now, ANSWER_MINUTES)
    changed = end_step(session, CLAIMS, "ask", claim, actor=actor, now=now, decision_note=note, due_at=due)
    _entry(session, "ask", claim, "the dealer was asked", actor=actor, now=now, reason=note, **changed)
    tell_claim(session, claim, "needs an answer from you", by=actor, note=note, now=now)


def answer(
    session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime, evidence: str = ""
) -> None:
    """Answer the question; the time to decide begins anew. Problems: note."""
    claim = begin_step(session, CLAIMS, "answer", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "The answer", longest=1000)
    if len(evidence.strip()) > 200:
        problems.add("evidence", "too_long", "The reference has more than 200 characters.")
    problems.refuse_if_any()
    due = due_at(calendar_for_dealer(session, claim.dealer_id), now, rules.CLAIM_MINUTES)
    text = f"{claim.description}\n{note}"
    changed = end_step(
        session, CLAIMS, "answer", claim, actor=actor, now=now, due_at=due, description=text,
        evidence=evidence.strip() or claim.evidence,
    )  # fmt: skip
    _entry(session, "answer", claim, "answered", actor=actor, now=now, reason=note, **changed)


def withdraw(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """Take the claim back before it is decided; its units may be claimed again. Problems: note."""
    claim = begin_step(session, CLAIMS, "withdraw", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "The reason", longest=1000)
    problems.refuse_if_any()
    changed = end_step(session, CLAIMS, "withdraw", claim, actor=actor, now=now, decision_note=note)
    _entry(session, "withdraw", claim, "withdrawn", actor=actor, now=now, reason=note, **changed)


def _decide(
    session: Session, step: str, claim: PartsClaim, said: str, *, note: str, actor: Actor, now: datetime, **values: Any
) -> None:
    changed = end_step(
        session, CLAIMS, step, claim, actor=actor, now=now, decision_note=note.strip(), decided_at=now,
        decided_by=actor.name, **values,
    )  # fmt: skip
    _entry(session, step, claim, said, actor=actor, now=now, reason=note.strip(), **changed)
    tell_claim(session, claim, f"was {said}", by=actor, note=note.strip(), now=now)


def _entry(
    session: Session, command: str, claim: PartsClaim, said: str, *, actor: Actor, now: datetime, reason: str = "",
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    note_entry(
        session, command, f"{claim.number}: {said}", [timeline.Item(CLAIM, claim.id, claim.dealer_id)], actor=actor,
        now=now, reason=reason, before=before, after=after,
    )  # fmt: skip
