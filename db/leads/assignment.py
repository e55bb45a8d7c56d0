"""Giving leads to dealers and people, one or many at once, and releasing held ones (domain-rules 2.2 A, C).

The clock of a lead starts when it is first routed. Giving it to somebody else later does not start it anew: the
customer was promised an answer, not a dealer, so the first promise and all stamps stay and the hand-over is noted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.contact import email_key, email_normal, phone_e164, phone_texts
from db.core.insert import insert_or_ignore
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.core.search import SearchWord, words_of
from db.customers.tables import CustomerKey
from db.leads import handover, notices, stamps
from db.leads.clock import start_clock
from db.leads.flow import FLOW
from db.leads.intake_batch import intake_batch
from db.leads.intake_route import choose, stored_facts
from db.leads.score import ScoreFacts, total
from db.leads.score import parts as score_parts
from db.leads.stamps import begin, complete, promise_values
from db.leads.tables import Dealer, Lead, LeadContact
from db.workflow.engine import begin_step, end_step

LONGEST_NOTE = 4000
MOST_AT_ONCE = 500


def assign(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, dealer_id: int, note: str,
    assignee_id: int | None = None,
) -> None:  # fmt: skip
    """Give a lead to a dealer, or to a person of one. Problems belong to dealer_id, assignee_id and note.

    Both dealers have to be within the actor's scope, so people of a dealer hand leads only to each other. At another
    dealer the lead begins as assigned; at the same dealer its state stays. A parked lead stays parked.
    """
    lead = begin(session, "assign", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "A note", longest=LONGEST_NOTE)
    dealer = handover.dealer_for(session, dealer_id, actor=actor, problems=problems)
    name = handover.assignee_for(session, assignee_id, dealer=dealer, problems=problems) if dealer else ""
    problems.refuse_if_any()
    assert dealer is not None
    changed = give(session, lead, dealer, assignee_id=assignee_id, why=note, actor=actor, now=now)
    summary = f"assigned to {dealer.code} {dealer.name}" + (f", {name}" if name else "")
    stamps.note(session, "assign", lead, actor=actor, now=now, summary=summary, reason=note, **changed)
    notices.tell_assigned(session, lead, by=actor.user_id, now=now)


def give(
    session: Session, lead: Lead, dealer: Dealer, *, assignee_id: int | None, why: str, actor: Actor, now: datetime,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Move one lead that was read and checked; gives back {"before", "after"}."""
    values: dict[str, Any] = {"assignee_id": assignee_id, "last_activity_at": now}
    target = lead.status
    if lead.dealer_id != dealer.id:
        values |= {
            "dealer_id": dealer.id,
            "region": dealer.region,
            "routing": handover.routing_with(lead, dealer=dealer, by=actor.name, why=why, at=now),
            "customer_id": handover.move_to(session, lead, dealer),
        }
        target = lead.status if lead.status == "nurture" else "assigned"
        if lead.routed_at is None:
            values["routed_at"] = now
            if lead.first_action_at is None:
                values |= start_clock(
                    session, dealer_id=dealer.id, score=lead.score, started_at=now, received_at=lead.received_at
                )
    elif lead.status == "new":
        target = "assigned"
    calendar = calendar_for_dealer(session, dealer.id)
    values |= promise_values(lead, values, status=target, calendar=calendar, now=now)
    return end_step(session, FLOW, "assign", lead, actor=actor, now=now, target=target, **{**values, **(extra or {})})


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A lead that was left as it was, and why."""

    item_id: int
    number: str
    why: str


@dataclass(frozen=True, kw_only=True)
class BulkResult:
    """What became of leads assigned together."""

    assigned: tuple[int, ...]
    skipped: tuple[Skipped, ...]


def bulk_assign(
    session: Session, *, items: Sequence[tuple[int, int]], dealer_id: int, assignee_id: int | None, note: str,
    actor: Actor, now: datetime,
) -> BulkResult:  # fmt: skip
    """Give many leads, as (id, seen version), to one dealer; those that cannot be given are skipped with the reason.

    One command, one timeline entry for all. Refused as a whole only where nothing could be done: no note, no such
    dealer, or every lead skipped. At most 500 at once.
    """
    actor.require(Permission.LEADS_ASSIGN)
    problems = Problems()
    note = problems.require(note, "note", "A note", longest=LONGEST_NOTE)
    if not items:
        problems.add("items", "required", "Choose at least one lead.")
    if len(items) > MOST_AT_ONCE:
        problems.add("items", "too_many", f"At most {MOST_AT_ONCE} leads can be assigned at once.")
    dealer = handover.dealer_for(session, dealer_id, actor=actor, problems=problems)
    name = handover.assignee_for(session, assignee_id, dealer=dealer, problems=problems) if dealer else ""
    problems.refuse_if_any()
    assert dealer is not None
    given: list[Lead] = []
    skipped: list[Skipped] = []
    was: list[timeline.Item] = []
    # Always in the order of ids, so that two people assigning at once wait for each other instead of deadlocking.
    for item_id, seen_version in sorted(dict(items).items()):
        try:
            lead = begin_step(session, FLOW, "assign", item_id=item_id, seen_version=seen_version, actor=actor)
        except Refused as refusal:
            skipped.append(Skipped(item_id=item_id, number=_number(session, item_id, actor), why=str(refusal)))
            continue
        if lead.dealer_id not in (None, dealer.id):
            was.append(timeline.Item("lead", lead.id, lead.dealer_id))
        changed = give(session, lead, dealer, assignee_id=assignee_id, why=note, actor=actor, now=now)
        stamps.moved(session, "assign", lead, actor=actor, now=now, **changed)
        given.append(lead)
    if not given:
        raise Refused(*(Problem(code="skipped", field="items", message=f"{s.number}: {s.why}") for s in skipped))
    summary = f"{len(given)} leads assigned to {dealer.code} {dealer.name}" + (f", {name}" if name else "")
    changes.touch(session, "leads")
    timeline.record(
        session, actor=actor, now=now, area="leads", command="bulk_assign", summary=summary, reason=note,
        items=[*(timeline.Item("lead", lead.id, dealer.id) for lead in given), *was],
        after={"dealer_id": dealer.id, "assignee_id": assignee_id},
        extra={"leads": [lead.number for lead in given], "skipped": [s.number for s in skipped]},
    )  # fmt: skip
    key = f"{given[0].id}:{given[0].version}:{len(given)}"
    notices.tell_assigned_many(session, given, by=actor.user_id, key=key, now=now)
    return BulkResult(assigned=tuple(lead.id for lead in given), skipped=tuple(skipped))


def _number(session: Session, item_id: int, actor: Actor) -> str:
    row = session.execute(select(Lead.number, Lead.dealer_id, Lead.region).where(Lead.id == item_id)).first()
    visible = row is not None and actor.scope.allows(dealer_id=row.dealer_id, region=row.region)
    return str(row.number) if row is not None and visible else "A lead"


def release(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, email: str = "",
    phone: str = "", note: str = "",
) -> None:  # fmt: skip
    """Add the contact a held lead had none of; its clock starts now, for nobody could have answered before (2.2 A).

    Problems belong to email and phone; one of them is enough.
    """
    lead = begin(session, "release", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    email, phone, note = (email or "").strip(), (phone or "").strip(), (note or "").strip()
    if not email and not phone:
        problems.add("email", "required", "Give an e-mail address or a telephone number.", rule="3.4")
    address = email_normal(email) if email else None
    number = phone_e164(phone) if phone else None
    if email and (address is None or len(email) > 254):
        problems.add("email", "not_an_address", "No mail can be sent to this address.", rule="3.4")
    if phone and (number is None or len(phone) > 254):
        problems.add("phone", "not_a_number", "This number cannot be dialled.", rule="3.4")
    if len(note) > LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {LONGEST_NOTE:,} characters fit.")
    problems.refuse_if_any()
    _add_contacts(session, lead, [("email", email, address), ("phone", phone, number)])
    today = now.astimezone(ZoneInfo(calendar_for_dealer(session, lead.dealer_id).zone)).date()
    facts = ScoreFacts(today=today, phones=[number] if number else [], emails=[address] if address else [])
    parts = [*lead.score_parts, *score_parts(facts)]
    values, why = _route(session, lead, actor=actor, now=now)
    dealer_id = values.get("dealer_id", lead.dealer_id)
    values |= {"score_parts": parts, "score": total(parts)}
    values |= start_clock(
        session, dealer_id=dealer_id, score=total(parts), started_at=now, received_at=lead.received_at
    )
    complete(
        session, "release", lead, actor=actor, now=now, target="assigned" if dealer_id else "new",
        summary="contact added, released", reason=note, values=values, disposition=False,
        extra={"added": [kind for kind, normal in (("email", address), ("phone", number)) if normal]},
    )  # fmt: skip
    if lead.dealer_id is None:
        notices.tell_unassigned(session, lead, why=why, now=now)
    else:
        notices.tell_assigned(session, lead, by=actor.user_id, now=now)


def _route(session: Session, lead: Lead, *, actor: Actor, now: datetime) -> tuple[dict[str, Any], str]:
    """The columns of a held lead that is routed now, and why it went where it went; its dealer stays if it has one."""
    if lead.dealer_id is not None:
        return {"routed_at": lead.routed_at or now}, ""
    with intake_batch(session, actor=actor, now=now) as batch:
        decision = choose(batch, stored_facts(session, lead, batch=batch))
    values: dict[str, Any] = {"routing": decision.as_stored(policy_version=batch.version)}
    if decision.dealer is None:
        return values, decision.why
    dealer = session.get_one(Dealer, decision.dealer.id)
    customer_id = handover.move_to(session, lead, dealer)
    given = {"dealer_id": dealer.id, "region": dealer.region, "routed_at": now, "customer_id": customer_id}
    return values | given, decision.why


def _add_contacts(session: Session, lead: Lead, given: Sequence[tuple[str, str, str | None]]) -> None:
    position = session.scalar(select(func.count()).select_from(LeadContact).where(LeadContact.lead_id == lead.id)) or 0
    words: set[str] = set()
    for kind, raw, normal in given:
        if normal is None:
            continue
        position += 1
        session.add(LeadContact(lead_id=lead.id, position=position, kind=kind, raw=raw, normal=normal))
        value = email_key(normal) if kind == "email" else normal
        insert_or_ignore(session, CustomerKey, {"customer_id": lead.customer_id, "kind": kind, "value": value})
        words.update(words_of(raw, *(phone_texts(normal) if kind == "phone" else [normal])))
    session.flush()
    rows = [
        {"word": w, "kind": kind, "item_id": item_id, "dealer_id": lead.dealer_id, "region": lead.region}
        for kind, item_id in (("lead", lead.id), ("customer", lead.customer_id))
        for w in sorted(words)
    ]
    session.execute(insert(SearchWord), rows)
