"""Contacts and messages of the demo: templates, e-mails in every state of delivery, calls of service customers."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, NamedTuple

from sqlalchemy import select, update

from db.core.mailer import MOST_TRIES, next_try
from db.core.outbox import OutboxMail
from db.core.problems import Refused
from db.core.session import reading
from db.customers.tables import Customer
from db.customers.vehicle_tables import ServiceVisit
from db.interactions.commands import log_interaction, send_message
from db.interactions.queries import get_draft
from db.interactions.rules import check_message
from db.interactions.tables import Message, MessageTemplate
from db.interactions.template_commands import add_template, edit_template, set_template_active
from db.leads.tables import Lead
from seed.cast import turn_of
from seed.story import Story


class _Text(NamedTuple):
    """A template as it is written."""

    channel: str
    name: str
    subject: str
    body: str


NETWORK = (
    _Text(
        "email", "Thank you for your enquiry", "Your {vehicle} at {dealer}",
        "Hello {first_name},\n\nthank you for asking about the {vehicle}. I am looking into it and will call you"
        " today. You reach me at {dealer_phone}.\n\nBest regards\n{salesperson}\n{dealer}",
    ),
    _Text(
        "email", "Could not reach you", "I tried to call you about the {vehicle}",
        "Hello {first_name},\n\nI tried to reach you by phone about the {vehicle}. When is a good time to talk? Just"
        " answer this e-mail or call {dealer_phone}.\n\nBest regards\n{salesperson}",
    ),
    _Text(
        "email", "Your appointment", "See you on {appointment}",
        "Hello {first_name},\n\nyour appointment at {dealer} is on {appointment}. Please bring your driver's license."
        " If the time does not fit any more, call {dealer_phone}.\n\n{salesperson}",
    ),
    _Text(
        "text", "Could not reach you",  "",
        "Hi {first_name}, {salesperson} of {dealer} here. I tried to call you about the {vehicle}. When may I call"
        " again? {dealer_phone}",
    ),
    _Text(
        "email", "Spring sale 2025", "Spring sale at {dealer}",
        "Hello {first_name},\n\nour spring sale has begun. Come and see us.\n\n{dealer}",
    ),
)  # fmt: skip
OWN = (
    _Text(
        "email", "Sunday opening", "We are open on Sunday",
        "Hello {first_name},\n\nyou asked about the {vehicle}: we are open this Sunday from 11 to 4, and it stands"
        " right at the door.\n\n{salesperson}, {dealer}",
    ),
    _Text(
        "email", "Service is ready", "Your {vehicle} is ready",
        "Hello {first_name},\n\nyour {vehicle} is ready to be picked up until six. Questions? {dealer_phone}\n\n"
        "The service of {dealer}",
    ),
)  # fmt: skip
ANSWERS = (
    "Yes, it has heated seats and the tow bar you asked for. It stands in our yard, and I keep it for you until"
    " Saturday.",
    "I asked the plant: blue is six weeks, silver is here. Shall I reserve the silver one?",
    "We give a fixed price for your trade-in after a look of twenty minutes. Tuesday after five would work here.",
)
CALLS = (
    ("call", "reached", "Reminded of the next service; will call back with a day."),
    ("call", "inbound", "Asks whether the recall concerns the vehicle; answered: no."),
    ("call", "voicemail", "Parts have arrived."),
    ("email", "inbound", "Wants a copy of the last invoice."),
    ("visit", "shown", "Picked up the spare key."),
    ("letter", "sent", "Recall notice sent by post."),
    ("chat", "reached", "Asked for the opening hours of the service."),
    ("note", "note", "Prefers to be called after five."),
)
FAILED = "SMTPRecipientsRefused: 550 5.1.1 mailbox unavailable"
SLOW = "TimeoutError: timed out"


def expect(story: Story, *, seed: int) -> None:
    """Let everything of contacts and messages happen in its time."""
    rng, end = Random(f"{seed}:interactions"), story.until
    story.at(end - timedelta(days=120), partial(_templates, story))
    story.at(end - timedelta(days=60), partial(_better, story))
    for days in (55, 41, 30, 21, 13, 6, 2):
        story.at(end - timedelta(days=days, hours=3), partial(_write, story, rng, 3))
        story.at(end - timedelta(days=days, hours=2), partial(_calls, story, rng))
    story.at(end - timedelta(hours=26), partial(_write, story, rng, 3))
    story.at(end - timedelta(minutes=50), partial(_write, story, rng, 3))


def close_day(story: Story) -> None:
    """How the mails stand now: those of earlier days went out, some were refused, the last ones wait for their turn."""
    story.note(_deliver, now=story.until)


def _templates(story: Story, now: datetime) -> None:
    cora = story.cast.named("cora")
    for text in NETWORK:
        story.do(add_template, dealer_id=None, actor=cora, now=now, **text._asdict())
    dana = story.cast.named("dana")
    for dealer_id in sorted(dana.scope.dealer_ids)[:1]:
        for text in OWN:
            story.do(add_template, dealer_id=dealer_id, actor=dana, now=now, **text._asdict())


def _better(story: Story, now: datetime) -> None:
    """One is put better after two months, and an old one is retired."""
    cora = story.cast.named("cora")
    with reading(story.bind) as session:
        ids = {row.subject: row.id for row in session.execute(select(MessageTemplate.subject, MessageTemplate.id))}
    thanks, spring = NETWORK[0], NETWORK[-1]
    story.do(
        edit_template, template_id=ids[thanks.subject], seen_version=1, name=thanks.name, subject=thanks.subject,
        body=thanks.body.replace("and will call you today", "and call you within the hour"), actor=cora, now=now,
    )  # fmt: skip
    story.do(set_template_active, template_id=ids[spring.subject], seen_version=1, is_active=False, actor=cora, now=now)


def _write(story: Story, rng: Random, count: int, now: datetime) -> None:
    """Sales people write on open leads: as the template stands, with a sentence more, or from blank."""
    with reading(story.bind) as session:
        leads = session.execute(
            select(Lead.id, Lead.version, Lead.dealer_id, Lead.assignee_id, Lead.received_at)
            .where(Lead.dealer_id.is_not(None), Lead.status.in_(("assigned", "attempted", "contacted", "qualified")))
            .where(Lead.received_at > now - timedelta(days=20))
            .order_by(Lead.id.desc())
            .limit(40)
        ).all()
    for position, lead in enumerate(rng.sample(leads, min(count, len(leads)))):
        assert lead.dealer_id is not None
        actor = story.cast.sales(lead.dealer_id, turn=turn_of(lead.received_at), assignee_id=lead.assignee_id)
        with reading(story.bind) as session:
            draft = get_draft(session, channel="email", lead_id=lead.id, actor=actor, now=now)
        good = {i: draft.start(i) for i, name in draft.templates if name != OWN[1].name}
        good = {i: t for i, t in good.items() if not check_message(channel="email", subject=t[0].text, body=t[1].text)}
        if not draft.ways or draft.why_not or not good:
            continue
        chosen = rng.choice(sorted(good))
        subject, body = (part.text for part in good[chosen])
        answer = rng.choice(ANSWERS)
        if position % 3 == 1:
            body = body.replace("\n\n", f"\n\n{answer} ", 1)
        elif position % 3 == 2:
            body = f"Hello {draft.values['first_name']},\n\n{answer}\n\n{actor.name}"
        _try(
            story, send_message, channel="email", lead_id=lead.id, seen_version=lead.version, subject=subject,
            body=body, template_id=None if position % 3 == 2 else chosen, answers=position % 3 == 2,
            form_key=f"seed-{lead.id}-{int(now.timestamp())}", actor=actor, now=now,
        )  # fmt: skip


def _calls(story: Story, rng: Random, now: datetime) -> None:
    """Contacts with people who came for service, and one e-mail that their vehicle is ready."""
    with reading(story.bind) as session:
        people = session.execute(
            select(Customer.id, Customer.dealer_id)
            .where(Customer.id.in_(select(ServiceVisit.customer_id).where(ServiceVisit.customer_id.is_not(None))))
            .where(Customer.purged_at.is_(None), Customer.merged_into_id.is_(None), Customer.dealer_id.is_not(None))
            .order_by(Customer.id)
        ).all()
    for one in rng.sample(people, min(4, len(people))):
        kind, outcome, note = rng.choice(CALLS)
        manager = story.cast.manager(one.dealer_id)
        _try(
            story, log_interaction, customer_id=one.id, kind=kind, outcome=outcome, note=note, actor=manager, now=now
        )  # fmt: skip


def _try(story: Story, command: Any, **arguments: Any) -> None:
    """Somebody else may have been faster, or the customer said no: then nothing is sent, as on the screen."""
    try:
        story.do(command, **arguments)
    except Refused:
        return


def _deliver(session: Any, *, now: datetime) -> None:
    mails = session.execute(
        select(OutboxMail.id, OutboxMail.created_at)
        .where(OutboxMail.id.in_(select(Message.mail_id)))
        .order_by(OutboxMail.id)
    ).all()
    for position, mail in enumerate(mails):
        if mail.created_at > now - timedelta(hours=1):
            continue
        values: dict[str, Any] = {"sent_at": mail.created_at + timedelta(minutes=1), "tries": 1}
        if position % 9 == 4:
            values = {"tries": MOST_TRIES, "error": FAILED}
        elif mail.created_at > now - timedelta(days=2) and position % 3 == 0:
            values = {"tries": 3, "error": SLOW, "next_try_at": now + next_try(3)}
        session.execute(update(OutboxMail).where(OutboxMail.id == mail.id).values(**values))
