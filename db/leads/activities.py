"""Contacts with the customer: what was done, what it was worth, and which clock it stopped (domain-rules 2.2 A)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import Calendar
from db.core import events, timeline
from db.core.actor import Actor
from db.core.problems import Problem, Refused
from db.customers.consent_rules import may_contact
from db.customers.customer_queries import consents_of
from db.leads.flow import FLOW, OUTCOMES
from db.leads.rules import check_contact, meaning_of, status_after
from db.leads.stamps import action_stamps, begin, complete, once, quality_stamps
from db.leads.tables import Lead, LeadActivity
from db.workflow.engine import get_item

LONGEST_NOTE = 4000
KINDS = dict(FLOW.step("log_activity").inputs[0].choices)


def contact_label(kind: str, outcome: str) -> str:
    """A contact in words: "Call: left a voicemail"."""
    if kind == "touch":
        return "The same document came again" if outcome == "resend" else "The customer asked again"
    words = dict(OUTCOMES.get(kind, ())).get(outcome, outcome)
    return f"{KINDS.get(kind, kind.capitalize())}: {words[:1].lower()}{words[1:]}" if words else KINDS.get(kind, kind)


def log_activity(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, kind: str, outcome: str,
    note: str = "", form_key: str = "",
) -> None:  # fmt: skip
    """Log a contact, stop the clocks it stops, and move the lead forward.

    `form_key` is made once when the form is drawn: the same key with the same content again is the same click and does
    nothing; the same key with other content is refused. Problems belong to kind, outcome, note and form_key.
    """
    if form_key and _is_repeat(session, item_id, form_key, actor, (kind, outcome, (note or "").strip())):
        timeline.repeated(session)
        return
    lead = begin(session, "log_activity", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = check_contact(kind, outcome)
    if not problems and kind == "text" and meaning_of(kind, outcome).direction == "out":
        problems += _no_text_without_consent(session, lead.customer_id)
    note = (note or "").strip()
    if kind == "note" and not note:
        problems.append(Problem(field="note", code="required", message="Write the note."))
    if len(note) > LONGEST_NOTE:
        problems.append(Problem(field="note", code="too_long", message=f"At most {LONGEST_NOTE:,} characters fit."))
    if len(form_key) > 64:
        problems.append(
            Problem(field="form_key", code="too_long", message="This form cannot be told apart; reload it.")
        )
    if problems:
        raise Refused(*problems)
    calendar = calendar_for_dealer(session, lead.dealer_id)
    activity, values = add_contact(
        session, lead, kind=kind, outcome=outcome, note=note, at=now, by=actor, form_key=form_key, calendar=calendar
    )
    counted = [
        words
        for words, flag in (("first action", activity.is_first_action), ("quality response", activity.is_quality))
        if flag
    ]
    meaning = meaning_of(kind, outcome, acted_before=lead.first_action_at is not None)
    tell_contacted(session, activity, actor=actor, now=now)
    complete(
        session, "log_activity", lead, actor=actor, now=now, calendar=calendar, disposition=False,
        target=status_after(lead.status, kind, meaning),
        summary=contact_label(kind, outcome) + (f" ({' and '.join(counted)})" if counted else ""), values=values,
        extra={"activity": activity.id},
    )  # fmt: skip


def _no_text_without_consent(session: Session, customer_id: int) -> list[Problem]:
    """Nobody is texted who did not agree; what the customer texted may be logged (2.2 E)."""
    may = may_contact("sms", consents_of(session, customer_id))
    if may.ok:
        return []
    sentence = f"{may.why} Record the customer's consent on their page first; a text is not sent without it."
    return [Problem(field="kind", code="no_consent", message=sentence, rule="2.2 E")]


def _is_repeat(session: Session, item_id: int, form_key: str, actor: Actor, content: tuple[str, str, str]) -> bool:
    """Whether this very form was stored already; the lead is locked first, so that two clicks queue up."""
    actor.require(FLOW.step("log_activity").permission)
    get_item(session, FLOW, item_id=item_id, actor=actor)
    known = session.execute(
        select(
            LeadActivity.lead_id, LeadActivity.by_username, LeadActivity.kind, LeadActivity.outcome, LeadActivity.note
        ).where(LeadActivity.form_key == form_key)
    ).first()
    if known is None:
        return False
    if tuple(known) != (item_id, actor.username, *content):
        sentence = "This form was sent before with other content. Nothing was saved; reload the page and log it again."
        raise Refused(Problem(field="form_key", code="form_used", message=sentence))
    return True


def add_contact(
    session: Session,
    lead: Lead,
    *,
    kind: str,
    outcome: str,
    note: str,
    at: datetime,
    by: Actor,
    form_key: str = "",
    calendar: Calendar | None = None,
) -> tuple[LeadActivity, Mapping[str, Any]]:
    """Store one contact that happened at `at` and give back the lead's columns it changes, for the caller's step.

    Contacts may arrive out of order (a CRM that sends its calls in the evening): the earliest genuine one holds the
    stamp, a later one changes nothing.
    """
    calendar = calendar or calendar_for_dealer(session, lead.dealer_id)
    acted = lead.first_action_at is not None and lead.first_action_at <= at
    meaning = meaning_of(kind, outcome, acted_before=acted)
    values: dict[str, Any] = {}
    first = action_stamps(lead, at=at, by=by.name, calendar=calendar) if meaning.is_action else {}
    quality = quality_stamps(lead, at=at, calendar=calendar) if meaning.is_quality else {}
    values |= {**first, **quality}
    if meaning.is_two_way and (lead.contacted_at is None or at < lead.contacted_at):
        values["contacted_at"] = at
    if kind == "visit" and lead.status == "appointment_set":
        values |= once(lead, at=at, appointment_shown_at=True)
    if meaning.is_attempt:
        values["attempts"] = lead.attempts + 1
    values["last_activity_at"] = max(at, lead.last_activity_at)
    for stamped, flag in ((first, LeadActivity.is_first_action), (quality, LeadActivity.is_quality)):
        if stamped:
            session.execute(
                update(LeadActivity)
                .where(LeadActivity.lead_id == lead.id, flag)
                .values({flag: False})
                .execution_options(synchronize_session=False)
            )
    activity = LeadActivity(
        lead_id=lead.id, at=at, kind=kind, direction=meaning.direction, outcome=outcome, note=note,
        is_first_action=bool(first), is_quality=bool(quality), is_two_way=meaning.is_two_way, source="", by=by.name,
        by_username=by.username, form_key=form_key or None,
    )  # fmt: skip
    session.add(activity)
    session.flush()
    return activity, values


def tell_contacted(session: Session, activity: LeadActivity, *, actor: Actor, now: datetime) -> None:
    """Tell those who follow leads that somebody was in touch with the customer, or tried."""
    meaning = meaning_of(activity.kind, activity.outcome)
    facts = {
        "activity_id": activity.id, "kind": activity.kind, "outcome": activity.outcome, "at": activity.at,
        "is_attempt": meaning.is_attempt, "is_two_way": activity.is_two_way, "direction": activity.direction,
    }  # fmt: skip
    event = events.Event(name="leads.contacted", item_type="lead", item_ids=(activity.lead_id,), facts=facts)
    events.tell(session, event, actor=actor, now=now)


def attempt_times(session: Session, lead_id: int) -> list[datetime]:
    """When somebody tried to reach the customer, oldest first: what the cadence's minimum is counted from."""
    rows = session.execute(
        select(LeadActivity.at, LeadActivity.kind, LeadActivity.outcome)
        .where(LeadActivity.lead_id == lead_id)
        .order_by(LeadActivity.at)
    )
    return [at for at, kind, outcome in rows if meaning_of(kind, outcome).is_attempt]
