"""Templates and messages for tests, made through the commands people use."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, select

import db.catalog  # noqa: F401 - registers who listens and who keeps something of customers
from db.core.outbox import OutboxMail
from db.core.session import reading, run
from db.interactions.commands import send_message
from db.interactions.queries import get_draft
from db.interactions.tables import Interaction, Message
from db.interactions.template_commands import add_template
from tests.leads.factories import NOW, Network, minutes, version_of

SUBJECT = "Your {vehicle}"
BODY = "Hi {first_name}, thank you for asking about the {vehicle}. I will call you from {dealer} today."
PERSONAL = "Hi Jane, yes, the red Camry has a sunroof and it stands in our yard."


def template(engine: Engine, network: Network, **other: Any) -> int:
    """An e-mail template of the whole network."""
    given: dict[str, Any] = {
        "dealer_id": None, "channel": "email", "name": "Thank you", "subject": SUBJECT, "body": BODY,
        "actor": network.coordinator, "now": NOW,
    }  # fmt: skip
    return run(add_template, bind=engine, **(given | other))


def send(engine: Engine, network: Network, *, lead_id: int | None = None, **other: Any) -> int:
    """Write to the customer of a lead (or with `customer_id`) as the sales person of the dealer north."""
    given: dict[str, Any] = {
        "channel": "email", "subject": "Your Camry", "body": PERSONAL, "form_key": "f1", "lead_id": lead_id,
        "actor": network.staff, "now": NOW + minutes(5),
    }  # fmt: skip
    if lead_id is not None:
        given["seen_version"] = version_of(engine, lead_id)
    return run(send_message, bind=engine, **(given | other))


def drafted(engine: Engine, network: Network, template_id: int, *, lead_id: int) -> tuple[str, str]:
    """Subject and text of a template as the form fills it in."""
    with reading(engine) as session:
        draft = get_draft(session, channel="email", lead_id=lead_id, actor=network.staff, now=NOW)
    subject, body = draft.start(template_id)
    return subject.text, body.text


def mails(engine: Engine) -> list[OutboxMail]:
    with reading(engine) as session:
        found = list(session.scalars(select(OutboxMail).order_by(OutboxMail.id)))
        session.expunge_all()
        return found


def messages(engine: Engine) -> list[Message]:
    with reading(engine) as session:
        found = list(session.scalars(select(Message).order_by(Message.id)))
        session.expunge_all()
        return found


def contacts(engine: Engine) -> list[Interaction]:
    """Contacts that belong to no lead."""
    with reading(engine) as session:
        found = list(session.scalars(select(Interaction).order_by(Interaction.id)))
        session.expunge_all()
        return found
