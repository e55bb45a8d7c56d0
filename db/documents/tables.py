"""Documents of dealers with their versions, and what a dealer of each status has to have."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime
from db.dealers.tables import Dealer


class Document(Base):
    """One version of one document; a renewal is the next version of the same series. Never deleted.

    `status` is current, superseded or void. `expires_on` is the last day it is good for, `covered_from` the day from
    which the dealer is covered without a gap (both in the dealer's zone). `stored_name` names the file in the store,
    whose bytes have `sha256`; it stays when the file was purged. `content_key` is empty once the document is void, so
    that the same bytes may come again. `remind_on` is the next day somebody is reminded, `reminded` the last threshold.
    """

    __tablename__ = "document"
    __table_args__ = (
        Index("uq_document_series_version", "series_id", "series_version", unique=True),
        Index("ix_document_dealer", "dealer_id", "status", "document_type", "id"),
        Index("ix_document_expiry", "status", "expires_on", "id"),
        Index("ix_document_remind", "remind_on", "id"),
        Index("ix_document_item", "item_type", "item_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    document_type: Mapped[str] = mapped_column(String(20), nullable=False)
    title: Mapped[str] = mapped_column(String(200), nullable=False)
    number: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    issuer: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    series_id: Mapped[int] = mapped_column(BigInteger, nullable=False)
    series_version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    status: Mapped[str] = mapped_column(String(12), nullable=False)
    void_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    ended_on: Mapped[date | None] = mapped_column(Date)
    effective_on: Mapped[date | None] = mapped_column(Date)
    covered_from: Mapped[date | None] = mapped_column(Date)
    expires_on: Mapped[date | None] = mapped_column(Date)
    remind_on: Mapped[date | None] = mapped_column(Date)
    reminded: Mapped[int | None] = mapped_column(Integer)
    file_name: Mapped[str] = mapped_column(String(200), nullable=False)
    stored_name: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    size: Mapped[int] = mapped_column(BigInteger, nullable=False)
    sha256: Mapped[str] = mapped_column(String(64), nullable=False)
    media_type: Mapped[str] = mapped_column(String(100), nullable=False)
    content_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    is_held: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    hold_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    held_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    held_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retention_until: Mapped[date | None] = mapped_column(Date)
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    item_type: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    item_id: Mapped[int | None] = mapped_column(BigInteger)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    uploaded_by: Mapped[str] = mapped_column(String(80), nullable=False)
    uploaded_by_name: Mapped[str] = mapped_column(String(120), nullable=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    dealer: Mapped[Dealer] = relationship()


class DocumentRequirement(Base):
    """Which documents a dealer of one status has to have, once somebody decided otherwise than the default in code."""

    __tablename__ = "document_requirement"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_status: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    document_types: Mapped[list[str]] = mapped_column(Json, nullable=False)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
