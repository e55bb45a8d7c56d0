"""People who sign in, their sessions, failed tries, and what the desk tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime


class Person(Base):
    """An account. `scope_kind` is all, regions or dealers; the values are in `PersonScope`."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    username: Mapped[str] = mapped_column(String(80), nullable=False, unique=True)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    email: Mapped[str] = mapped_column(String(254), nullable=False, default="")
    role: Mapped[str] = mapped_column(String(30), nullable=False, index=True)
    scope_kind: Mapped[str] = mapped_column(String(10), nullable=False)
    zone: Mapped[str] = mapped_column(String(60), nullable=False, default="America/New_York")
    password_hash: Mapped[str] = mapped_column(String(200), nullable=False)
    must_change_password: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    # A one-time password that nobody used stops working; empty for a password the person chose.
    password_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_active: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    # Their password lets them in no more: they come through a provider of sign-ins (decision 0077).
    single_sign_on_only: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False, server_default=false())
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # My work shows what changed since the visit before this one, so two moments are kept.
    visit_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    previous_visit_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PersonScope(Base):
    """One region or one dealer a person may see."""

    __tablename__ = "person_scope"
    __table_args__ = (Index("ix_person_scope_dealer", "dealer_id", "person_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False, index=True)
    region: Mapped[str | None] = mapped_column(String(40))
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    person: Mapped[Person] = relationship()


class SignInSession(Base):
    """A signed-in browser. Only SHA-256 hashes of the tickets and tokens are stored (reliability.md 0.1, R33)."""

    __tablename__ = "sign_in_session"
    __table_args__ = (Index("uq_sign_in_session_answer", "answer_hash", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False, index=True)
    # Tabs that signed in one by one share the cookie of their browser: signing out of one ends them all.
    browser: Mapped[str] = mapped_column(String(32), nullable=False)
    ticket_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    ticket_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_because: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    source: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    # How the person came in: "password", or the provider's name in secrets.toml.
    way: Mapped[str] = mapped_column(String(40), nullable=False, default="password", server_default="password")
    # SHA-256 of the provider's answer: unique, so that no answer opens two sessions.
    answer_hash: Mapped[str | None] = mapped_column(String(64))
    person: Mapped[Person] = relationship()


class PersonIdentity(Base):
    """Whom a provider of sign-ins means: its issuer and subject, which never change, and the person here."""

    __tablename__ = "person_identity"
    __table_args__ = (
        Index("uq_person_identity_subject", "issuer", "subject", unique=True),
        # A second subject with the same e-mail is somebody who got the address later.
        Index("uq_person_identity_person", "person_id", "issuer", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False)
    issuer: Mapped[str] = mapped_column(String(300), nullable=False)
    subject: Mapped[str] = mapped_column(String(255), nullable=False)
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    linked_by: Mapped[str] = mapped_column(String(80), nullable=False)
    person: Mapped[Person] = relationship()


class SignInTry(Base):
    """A failed sign-in, by the name typed (hashed: it may be a password in the wrong box) and by source address."""

    __tablename__ = "sign_in_try"
    __table_args__ = (
        Index("ix_sign_in_try_account", "account_hash", "at"),
        Index("ix_sign_in_try_source", "source", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    account_hash: Mapped[str] = mapped_column(String(64), nullable=False)
    source: Mapped[str] = mapped_column(String(80), nullable=False)


class Notification(Base):
    """One line for one person: assigned, about to breach, breached, returned, decided. `dedupe_key` makes it once."""

    __tablename__ = "notification"
    __table_args__ = (Index("ix_notification_inbox", "person_id", "read_at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False)
    kind: Mapped[str] = mapped_column(String(30), nullable=False)
    title: Mapped[str] = mapped_column(String(300), nullable=False)
    body: Mapped[str] = mapped_column(Text, nullable=False, default="")
    item_type: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    item_id: Mapped[int | None] = mapped_column(BigInteger)
    dedupe_key: Mapped[str] = mapped_column(String(120), nullable=False, unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Draft(Base):
    """What a person had typed into a long form, kept on the server until it is submitted or discarded."""

    __tablename__ = "draft"
    __table_args__ = (Index("uq_draft_person_form", "person_id", "form", "item_key", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False)
    form: Mapped[str] = mapped_column(String(60), nullable=False)
    item_key: Mapped[str] = mapped_column(String(60), nullable=False, default="")
    content: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)


class ExportLog(Base):
    """One export: who took which rows and columns, with which filters and for what purpose (P26)."""

    __tablename__ = "export_log"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False, index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    actor: Mapped[str] = mapped_column(String(80), nullable=False)
    kind: Mapped[str] = mapped_column(String(40), nullable=False)
    file_format: Mapped[str] = mapped_column(String(10), nullable=False)
    filters: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    columns: Mapped[list[str]] = mapped_column(Json, nullable=False)
    row_count: Mapped[int] = mapped_column(Integer, nullable=False)
    has_personal_data: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    sha256: Mapped[str] = mapped_column(String(64), nullable=False)
    purpose: Mapped[str] = mapped_column(Text, nullable=False, default="")
