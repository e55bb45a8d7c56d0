"""Contacts with a customer and messages to one: logged on their lead, else with the customer (2.2 A, E)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.mailer import MOST_TRIES
from db.core.outbox import OutboxMail, queue_mail
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.interactions import record, rules
from db.interactions.tables import Interaction, Message
from db.leads.commands import log_activity

LONGEST_NOTE = 4000
LONGEST_KEY = 64


def log_interaction(
    session: Session, *, customer_id: int, kind: str, outcome: str, note: str = "", form_key: str = "",
    lead_id: int | None = None, seen_version: int = 0, actor: Actor, now: datetime,
) -> int | None:  # fmt: skip
    """Log a contact of any kind: on the lead, where one is named, else with the customer; gives the id of the latter.

    An outcome is always needed. The same `form_key` with the same content is the same click. Problems belong to kind,
    outcome, note, form_key.
    """
    actor.require(Permission.CUSTOMERS_EDIT)
    if lead_id is not None:
        lead = record.lead_of(session, lead_id, actor=actor)
        if lead.customer_id != customer_id:
            raise NotFound("This lead")
        log_activity(
            session, item_id=lead_id, seen_version=seen_version, actor=actor, now=now, kind=kind, outcome=outcome,
            note=note, form_key=form_key,
        )  # fmt: skip
        changes.touch(session, "interactions")
        return None
    customer = record.customer_of(session, customer_id, actor=actor)
    note = (note or "").strip()
    if form_key:
        known = session.scalars(select(Interaction).where(Interaction.form_key == form_key)).one_or_none()
        if known is not None:
            same = (known.customer_id, known.by_username, known.kind, known.outcome, known.note)
            _same_form(same == (customer_id, actor.username, kind, outcome, note))
            timeline.repeated(session)
            return known.id
    problems = Problems(found=record.problems_of_contact(kind, outcome))
    if not problems.found and kind == "text" and record.direction_of(kind, outcome) == "out":
        may = record.may_use(session, customer_id, "text")
        if not may.ok:
            sentence = f"{may.why} Record the customer's consent on this page first."
            problems.add("kind", "no_consent", sentence, rule="2.2 E")
    if kind == "note" and not note:
        problems.add("note", "required", "Write the note.")
    if len(note) > LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {LONGEST_NOTE:,} characters fit.")
    _check_key(problems, form_key, needed=False)
    problems.refuse_if_any()
    row = record.add_interaction(
        session, customer, kind=kind, outcome=outcome, note=note, form_key=form_key, actor=actor, now=now
    )
    record.note_customer(
        session, "log_interaction", record.label_of(kind, outcome).lower(), customer, actor=actor, now=now,
        after={"kind": kind, "outcome": outcome, "interaction": row.id},
    )  # fmt: skip
    return row.id


def send_message(
    session: Session, *, channel: str, body: str, subject: str = "", template_id: int | None = None,
    answers: bool = False, way: str = "", customer_id: int | None = None, lead_id: int | None = None,
    seen_version: int = 0, form_key: str = "", actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Write to a customer: an e-mail goes into the outbox, a text message is logged as sent; gives the message's id.

    It is logged on the lead (or with the customer) in the same transaction, with the outcome the text earns: a template
    nobody edited is "template" and counts for nothing, whatever `answers` says (2.2 A). Nothing is sent without consent
    (2.2 E). The same `form_key` again sends nothing. Problems: channel, way, subject, body, answers, form_key.
    """
    actor.require(Permission.MESSAGES_SEND)
    lead = record.lead_of(session, lead_id, actor=actor) if lead_id is not None else None
    target = lead.customer_id if lead is not None else customer_id
    # A lead may have been seen whose customer belongs to nobody yet; the lead's scope was asked already.
    customer = record.customer_of(session, target or 0, actor=actor)
    subject, body = " ".join((subject or "").split()), (body or "").strip().replace("\r\n", "\n")
    problems = Problems()
    _check_key(problems, form_key, needed=True)
    problems.refuse_if_any()
    known = record.known_message(session, form_key)
    if known is not None:
        same = (known.customer_id, known.lead_id, known.by_username, known.channel)
        _same_form(same == (customer.id, lead_id, actor.username, channel))
        timeline.repeated(session)
        return known.id
    if channel not in rules.CHANNELS:
        raise Refused(Problem(field="channel", code="required", message="Choose e-mail or text message."))
    record.require_consent(session, customer.id, channel)
    to = record.chosen_way(
        record.ways(session, customer=customer, lead=lead, channel=channel), way, channel=channel
    )  # fmt: skip
    dealer_id = lead.dealer_id if lead is not None else customer.dealer_id
    templates = record.texts_of(session, channel=channel, dealer_id=dealer_id)
    if template_id is not None and template_id not in templates:
        problems.add("template_id", "not_found", "This template is not there any more; choose another one.")
    problems.found += rules.check_message(channel=channel, subject=subject, body=body)
    outcome = rules.outcome_of(body, templates=[one.body for one in templates.values()], answers=answers)
    if outcome == "template" and answers:
        problems.add(
            "answers", "unedited", "An unedited template answers no question: write your answer.", rule="2.2 A"
        )
    problems.refuse_if_any()
    note = f"“{subject}”\n\n{body}" if channel == "email" else body
    activity_id = interaction_id = None
    if lead is not None:
        log_activity(
            session, item_id=lead.id, seen_version=seen_version, actor=actor, now=now, kind=channel, outcome=outcome,
            note=note, form_key=form_key,
        )  # fmt: skip
        activity_id = record.activity_with(session, form_key).id
        changes.touch(session, "interactions")
    else:
        interaction_id = record.add_interaction(
            session, customer, kind=channel, outcome=outcome, note=note, form_key=form_key, actor=actor, now=now
        ).id
    mail = None
    if channel == "email":
        from_ = record.sender(session, dealer_id=dealer_id, actor=actor)
        mail = queue_mail(
            session, to=to.value, subject=subject, body=body, now=now, reply_to=from_.reply_to,
            from_name=from_.from_name, item_type="lead" if lead is not None else "customer",
            item_id=lead.id if lead is not None else customer.id,
        )  # fmt: skip
        session.flush()
    chosen = templates.get(template_id or 0)
    message = Message(
        customer_id=customer.id, dealer_id=dealer_id, region=lead.region if lead is not None else customer.region,
        lead_id=lead_id, activity_id=activity_id, interaction_id=interaction_id, channel=channel, outcome=outcome,
        template_id=chosen.id if chosen else None, template_version=chosen.version if chosen else None,
        mail_id=mail.id if mail is not None else None, at=now, by=actor.name, by_username=actor.username,
        form_key=form_key,
    )  # fmt: skip
    session.add(message)
    session.flush()
    if lead is None:
        record.note_customer(
            session, "send_message", record.label_of(channel, outcome).lower(), customer, actor=actor, now=now,
            after={"channel": channel, "outcome": outcome, "message": message.id},
        )  # fmt: skip
    return message.id


def send_again(session: Session, *, message_id: int, actor: Actor, now: datetime) -> None:
    """Try a mail again that could not be delivered; refused for one that went out or still waits for its turn."""
    actor.require(Permission.MESSAGES_SEND)
    message = session.get(Message, message_id)
    if message is None or not actor.scope.allows(dealer_id=message.dealer_id, region=message.region):
        raise NotFound("This message")
    mail = session.scalars(
        select(OutboxMail).where(OutboxMail.id == (message.mail_id or 0)).with_for_update()
    ).one_or_none()  # fmt: skip
    if mail is None or mail.sent_at is not None or mail.tries < MOST_TRIES:
        raise Refused(Problem(code="not_failed", message="This message is not one that could not be delivered."))
    record.require_consent(session, message.customer_id, message.channel)
    session.execute(
        update(OutboxMail)
        .where(OutboxMail.id == mail.id)
        .values(tries=0, next_try_at=now, error="")
        .execution_options(synchronize_session=False)
    )
    customer = record.customer_of(session, message.customer_id, actor=actor, lock=False)
    record.note_customer(
        session, "send_again", "an e-mail that failed is sent again", customer, actor=actor, now=now,
        after={"message": message.id},
    )  # fmt: skip


def _same_form(is_same: bool) -> None:
    if not is_same:
        sentence = "This form was sent before with other content. Nothing was saved; reload the page."
        raise Refused(Problem(field="form_key", code="form_used", message=sentence))


def _check_key(problems: Problems, form_key: str, *, needed: bool) -> None:
    if (needed and not form_key) or len(form_key or "") > LONGEST_KEY:
        problems.add("form_key", "required", "This form cannot be told apart; reload it.")
