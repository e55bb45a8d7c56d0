"""What must hold between messages, their mails and the contacts they were logged as (`python -m db check`)."""

from __future__ import annotations

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from db.core.area import Check
from db.core.outbox import OutboxMail
from db.customers.tables import Customer
from db.interactions.record import direction_of
from db.interactions.tables import Interaction, Message
from db.leads.tables import LeadActivity

MOST = 50


def check_messages(session: Session) -> list[str]:
    """E-mails whose mail is gone although the customer was not removed, and templates that stopped a clock; each 50."""
    found = []
    gone = (
        select(Message.id)
        .join(Customer, Customer.id == Message.customer_id)
        .outerjoin(OutboxMail, OutboxMail.id == Message.mail_id)
        .where(Message.channel == "email", Customer.purged_at.is_(None), OutboxMail.id.is_(None))
        .order_by(Message.id)
        .limit(MOST)
    )
    found += [f"message {i} was sent and its mail is not in the outbox" for i in session.scalars(gone)]
    other = (
        select(Message.id)
        .join(LeadActivity, LeadActivity.id == Message.activity_id)
        .where(or_(LeadActivity.outcome != Message.outcome, LeadActivity.kind != Message.channel))
        .order_by(Message.id)
        .limit(MOST)
    )
    found += [f"message {i} and the contact it was logged as contradict each other" for i in session.scalars(other)]
    counted = (
        select(LeadActivity.id)
        .where(LeadActivity.outcome.in_(("template", "inbound")))
        .where(or_(LeadActivity.is_first_action == true(), LeadActivity.is_quality == true()))
        .order_by(LeadActivity.id)
        .limit(MOST)
    )
    found += [f"contact {i} is automatic or the customer's own and stopped a clock" for i in session.scalars(counted)]
    return found


def check_interactions(session: Session) -> list[str]:
    """Contacts of customers whose direction is not that of their outcome; at most 50."""
    rows = session.execute(
        select(Interaction.kind, Interaction.outcome, Interaction.direction).distinct().order_by(Interaction.kind)
    )
    wrong = [row for row in rows if direction_of(row.kind, row.outcome) != row.direction]
    return [f"contacts {kind}, {outcome} are kept as {direction}" for kind, outcome, direction in wrong[:MOST]]


CHECKS = (
    Check(name="messages", run=check_messages),
    Check(name="interactions", run=check_interactions),
)
