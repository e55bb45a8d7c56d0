"""Requests for a discount or promotion, their versions and signatures; budgets; who is away and who stands in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Cents, Json, UtcDateTime
from db.dealers.tables import Dealer
from db.people.tables import Person
from db.workflow.tables import QueueItem


class PriceBudget(Base):
    """What approvals of one region may cost in one quarter ("2026Q4", of the desk); `committed_cents` is approved."""

    __tablename__ = "price_budget"
    __table_args__ = (
        UniqueConstraint("region", "quarter"),
        CheckConstraint("committed_cents >= 0", name="committed_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    quarter: Mapped[str] = mapped_column(String(6), nullable=False)
    budget_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    committed_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)


class PriceRequest(QueueItem):
    """One request with its terms as they are now; `terms_version` counts them, earlier ones are in PriceVersion.

    `level` is the level whose signatures are missing (0: none), `needed` the highest the bands ask for. `level_since`
    starts the two business days of the level, `half_at` is their middle and `warned_percent` what was told of them.
    `approved_cents` was taken from `budget_id` (None: no budget was set) and is given back when an approval is voided.
    `signed_by` is who signed last. `expires_at` is the first moment at which an approval does not hold any more.
    """

    __tablename__ = "price_request"
    __table_args__ = (
        Index("ix_price_request_board", "status", "due_at", "id"),
        Index("ix_price_request_dealer", "dealer_id", "status", "due_at", "id"),
        Index("ix_price_request_valid", "status", "expires_at", "id"),
        Index("ix_price_request_closed", "is_open", "updated_at", "id"),
        Index("ix_price_request_half", "status", "warned_percent", "half_at"),
        Index("ix_price_request_subject", "subject_key", "approved_at"),
        Index("ix_price_request_earlier", "dealer_id", "approved_at"),
        {"sqlite_autoincrement": True},
    )

    kind: Mapped[str] = mapped_column(String(10), nullable=False)
    subject: Mapped[str] = mapped_column(String(120), nullable=False)
    subject_key: Mapped[str] = mapped_column(String(120), nullable=False)
    list_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    cost_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    discount_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    units: Mapped[int] = mapped_column(Integer, nullable=False)
    total_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    repeats: Mapped[str] = mapped_column(String(10), nullable=False)
    valid_days: Mapped[int] = mapped_column(Integer, nullable=False)
    legal_text: Mapped[bool] = mapped_column(Boolean, nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False)
    submitted_name: Mapped[str] = mapped_column(String(120), nullable=False)
    terms_version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    bounds: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False)
    needed: Mapped[int] = mapped_column(Integer, nullable=False)
    level: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    level_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    half_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    warned_percent: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    signed_by: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    budget_id: Mapped[int | None] = mapped_column(ForeignKey("price_budget.id"), index=True)
    dealer: Mapped[Dealer | None] = relationship()
    assignee: Mapped[Person | None] = relationship()
    budget: Mapped[PriceBudget | None] = relationship()


class PricePolicy(Base):
    """The limits of every band from a moment on (limit_rules.py); rows are only added, the newest number counts."""

    __tablename__ = "price_policy"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, nullable=False, unique=True)
    limits: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    recorded_by: Mapped[str] = mapped_column(String(120), nullable=False)


class PriceVersion(Base):
    """The terms of a request as they were sent once, with what the bands said; rows are only added and closed.

    `policy` is the version of the bands it was judged with (0: as delivered). `outcome` is empty while they count,
    else what became of them: approved, rejected, withdrawn, expired, changed.
    """

    __tablename__ = "price_version"
    __table_args__ = (
        UniqueConstraint("request_id", "number"),
        Index("ix_price_version_dealer", "dealer_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("price_request.id"), nullable=False)
    number: Mapped[int] = mapped_column(Integer, nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    terms: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    bounds: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False)
    needed: Mapped[int] = mapped_column(Integer, nullable=False)
    policy: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    sent_by: Mapped[str] = mapped_column(String(120), nullable=False)
    outcome: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    request: Mapped[PriceRequest] = relationship()
    dealer: Mapped[Dealer] = relationship()


class PriceSignature(Base):
    """One signature on one version of the terms; `for_username` is whose authority a stand-in used.

    A level takes one signature of a permission and one of a person, whoever is faster (domain-rules 2.0).
    """

    __tablename__ = "price_signature"
    __table_args__ = (
        UniqueConstraint("request_id", "terms_version", "level", "permission"),
        UniqueConstraint("request_id", "terms_version", "level", "username"),
        Index("ix_price_signature_dealer", "dealer_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("price_request.id"), nullable=False)
    terms_version: Mapped[int] = mapped_column(Integer, nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    level: Mapped[int] = mapped_column(Integer, nullable=False)
    permission: Mapped[str] = mapped_column(String(40), nullable=False)
    username: Mapped[str] = mapped_column(String(80), nullable=False)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    for_username: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    for_name: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    request: Mapped[PriceRequest] = relationship()
    dealer: Mapped[Dealer] = relationship()


class PriceAway(Base):
    """Somebody who approves is away from `starts_at` until just before `until_at`; `stand_in_id` signs meanwhile."""

    __tablename__ = "price_away"
    __table_args__ = (
        CheckConstraint("until_at >= starts_at", name="not_reversed"),
        Index("ix_price_away_until", "until_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False, index=True)
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    until_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    stand_in: Mapped[Person | None] = relationship(foreign_keys=[stand_in_id])
