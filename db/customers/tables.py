"""Customers as the lead desk needs them; the issue CRM widens this area."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, UtcDateTime


class Customer(Base):
    """A person or business as one dealer knows them; `dealer_id` is empty while no dealer has the lead yet."""

    __tablename__ = "customer"
    # An undone import removes its customers; their ids are never given away again, as with dealers.
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"), index=True)
    region: Mapped[str | None] = mapped_column(String(40))
    is_business: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    name: Mapped[str] = mapped_column(String(200), nullable=False)
    first_name: Mapped[str] = mapped_column(String(100), nullable=False, default="")
    last_name: Mapped[str] = mapped_column(String(100), nullable=False, default="")
    street: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    city: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    state: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    postal_code: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    country: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)


class CustomerKey(Base):
    """A normalised way to recognise a person (domain-rules 2.2 D): kind is email, phone or name_postal."""

    __tablename__ = "customer_key"
    __table_args__ = (
        Index("uq_customer_key", "kind", "value", "customer_id", unique=True),
        Index("ix_customer_key_customer", "customer_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    kind: Mapped[str] = mapped_column(String(20), nullable=False)
    value: Mapped[str] = mapped_column(String(254), nullable=False)
    customer: Mapped[Customer] = relationship()


class Consent(Base):
    """Permission to use a channel, with the words the person agreed to, when and where (domain-rules 2.2 E)."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False, index=True)
    channel: Mapped[str] = mapped_column(String(10), nullable=False)
    is_given: Mapped[bool] = mapped_column(Boolean, nullable=False)
    wording: Mapped[str] = mapped_column(Text, nullable=False, default="")
    source: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    customer: Mapped[Customer] = relationship()
