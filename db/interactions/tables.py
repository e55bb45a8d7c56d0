"""Contacts with customers outside of leads, templates of messages, and the messages that were written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, UtcDateTime
from db.customers.tables import Customer
from db.dealers.tables import Dealer
from db.leads.tables import Lead, LeadActivity


class MessageTemplate(Base):
    """A text to start a message from, of one dealer or (without a dealer) of the whole network."""

    __tablename__ = "message_template"
    __table_args__ = (
        Index("ix_message_template_list", "dealer_id", "is_active", "channel"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    region: Mapped[str | None] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(10), nullable=False)
    name: Mapped[str] = mapped_column(String(80), nullable=False)
    subject: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    body: Mapped[str] = mapped_column(Text, nullable=False)
    is_active: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    dealer: Mapped[Dealer | None] = relationship()


class MessageTemplateVersion(Base):
    """A text a template once had, so that it can be seen what was sent with it."""

    __tablename__ = "message_template_version"
    __table_args__ = (Index("uq_message_template_version", "template_id", "version", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("message_template.id"), nullable=False)
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    name: Mapped[str] = mapped_column(String(80), nullable=False)
    subject: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    body: Mapped[str] = mapped_column(Text, nullable=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    by: Mapped[str] = mapped_column(String(120), nullable=False)
    template: Mapped[MessageTemplate] = relationship()


class Interaction(Base):
    """A contact with a customer that belongs to no lead; contacts of leads are `LeadActivity`."""

    __tablename__ = "interaction"
    __table_args__ = (
        Index("ix_interaction_customer", "customer_id", "at"),
        Index("ix_interaction_dealer", "dealer_id", "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    region: Mapped[str | None] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    kind: Mapped[str] = mapped_column(String(20), nullable=False)  # call, email, text, visit, chat, letter, note
    direction: Mapped[str] = mapped_column(String(10), nullable=False)  # out, in, internal
    outcome: Mapped[str] = mapped_column(String(30), nullable=False)
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    by: Mapped[str] = mapped_column(String(120), nullable=False)
    by_username: Mapped[str] = mapped_column(String(80), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    customer: Mapped[Customer] = relationship()
    dealer: Mapped[Dealer | None] = relationship()


class Message(Base):
    """A message somebody wrote: which template it came from, whether it was edited, and which mail carries it.

    The text stands in the contact (`activity` of a lead, else `interaction`) and in the mail, nowhere else. `mail_id`
    is a row of the outbox, without a foreign key: a purge takes the mail away and leaves what is counted.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_customer", "customer_id", "at"),
        Index("ix_message_lead", "lead_id", "at"),
        Index("ix_message_dealer", "dealer_id", "at"),
        Index("ix_message_template", "template_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    region: Mapped[str | None] = mapped_column(String(40))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("lead_activity.id"), index=True)
    interaction_id: Mapped[int | None] = mapped_column(ForeignKey("interaction.id"), index=True)
    channel: Mapped[str] = mapped_column(String(10), nullable=False)
    outcome: Mapped[str] = mapped_column(String(30), nullable=False)  # template, sent, answered
    template_id: Mapped[int | None] = mapped_column(ForeignKey("message_template.id"))
    template_version: Mapped[int | None] = mapped_column(Integer)
    mail_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    by: Mapped[str] = mapped_column(String(120), nullable=False)
    by_username: Mapped[str] = mapped_column(String(80), nullable=False)
    form_key: Mapped[str] = mapped_column(String(64), nullable=False, unique=True)
    customer: Mapped[Customer] = relationship()
    dealer: Mapped[Dealer | None] = relationship()
    lead: Mapped[Lead | None] = relationship()
    activity: Mapped[LeadActivity | None] = relationship()
    interaction: Mapped[Interaction | None] = relationship()
    template: Mapped[MessageTemplate | None] = relationship()
