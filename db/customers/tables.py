"""Customers of a dealer across leads, sales and service: who they are, what they agreed to, which are one person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime


class Customer(Base):
    """A person or business as one dealer knows them; `dealer_id` is empty while no dealer has the lead yet."""

    __tablename__ = "customer"
    # An undone import removes its customers; their ids are never given away again, as with dealers.
    __table_args__ = (
        Index("ix_customer_list", "dealer_id", "purged_at", "merged_into_id", "id"),
        Index("ix_customer_match", "match_key", "dealer_id"),
        Index("ix_customer_created", "created_at", "id"),
        {"sqlite_autoincrement": True},
    )

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
    # Under which key lookalikes are looked for (duplicate_rules.match_key).
    match_key: Mapped[str] = mapped_column(String(60), nullable=False, default="", server_default="")
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1, server_default="1")
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False, default="", server_default="")
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    hold_reason: Mapped[str] = mapped_column(String(200), nullable=False, default="", server_default="")
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_into: Mapped[Customer | None] = relationship(remote_side="Customer.id")


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
    raw: Mapped[str] = mapped_column(String(254), nullable=False, default="", server_default="")  # as it was written
    customer: Mapped[Customer] = relationship()


class Consent(Base):
    """Permission to use a channel, with the words the person agreed to, when and where (domain-rules 2.2 E)."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False, index=True)
    channel: Mapped[str] = mapped_column(String(10), nullable=False)
    is_given: Mapped[bool] = mapped_column(Boolean, nullable=False)
    wording: Mapped[str] = mapped_column(Text, nullable=False, default="")
    version: Mapped[str] = mapped_column(String(20), nullable=False, default="", server_default="")
    source: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    by: Mapped[str] = mapped_column(String(120), nullable=False, default="", server_default="")
    customer: Mapped[Customer] = relationship()


class CustomerLink(Base):
    """Two customers of one dealer that belong together: a household, or a person who acts for a business.

    A household is written once, the lower id first; for a business `customer_id` is the person.
    """

    __tablename__ = "customer_link"
    __table_args__ = (
        Index("uq_customer_link", "customer_id", "other_id", "kind", unique=True),
        Index("ix_customer_link_other", "other_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    other_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    kind: Mapped[str] = mapped_column(String(20), nullable=False)  # household, acts_for
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    customer: Mapped[Customer] = relationship(foreign_keys=[customer_id])
    other: Mapped[Customer] = relationship(foreign_keys=[other_id])


class CustomerApart(Base):
    """Two lookalikes somebody has looked at and found to be two people; the lower id first."""

    __tablename__ = "customer_apart"
    __table_args__ = (
        Index("uq_customer_apart", "customer_id", "other_id", unique=True),
        Index("ix_customer_apart_other", "other_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    other_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    reason: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    customer: Mapped[Customer] = relationship(foreign_keys=[customer_id])
    other: Mapped[Customer] = relationship(foreign_keys=[other_id])


class CustomerMerge(Base):
    """Two records that were one person: `kept` has everything of both, `detail` holds what an undo gives back."""

    __tablename__ = "customer_merge"
    __table_args__ = (Index("ix_customer_merge_gone", "gone_id"), Index("ix_customer_merge_kept", "kept_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    gone_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    detail: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False, default=dict)
    merged_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    merged_by: Mapped[str] = mapped_column(String(120), nullable=False)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    kept: Mapped[Customer] = relationship(foreign_keys=[kept_id])
    gone: Mapped[Customer] = relationship(foreign_keys=[gone_id])
