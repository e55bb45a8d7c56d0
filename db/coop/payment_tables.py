"""Payments of co-op claims: the batch finance makes, the credit memo of each dealer in it, and the memo's lines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.coop.queue_tables import CoopClaim
from db.coop.tables import CoopEntry
from db.core.base import Base
from db.core.types import BigId, Cents, Json, UtcDateTime
from db.dealers.tables import Dealer


class CoopBatch(Base):
    """What finance paid with one command, and what was left for later and why. Never changed."""

    __tablename__ = "coop_batch"
    __table_args__ = (
        CheckConstraint("memos > 0", name="memos"),
        Index("ix_coop_batch_made", "made_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    made_by: Mapped[str] = mapped_column(String(120), nullable=False)
    username: Mapped[str] = mapped_column(String(80), nullable=False)
    memos: Mapped[int] = mapped_column(Integer, nullable=False)
    lines: Mapped[int] = mapped_column(Integer, nullable=False)
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    left_out: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False, default=list)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)


class CoopMemo(Base):
    """What one dealer is credited with in one batch: the sum of its lines. Never changed; the day is the dealer's."""

    __tablename__ = "coop_memo"
    __table_args__ = (
        Index("uq_coop_memo_dealer", "batch_id", "dealer_id", unique=True),
        Index("ix_coop_memo_dealer", "dealer_id", "id"),
        CheckConstraint("cents > 0 AND lines > 0", name="cents"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("coop_batch.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False, index=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    issued_on: Mapped[date] = mapped_column(Date, nullable=False)
    issued_by: Mapped[str] = mapped_column(String(120), nullable=False)
    currency: Mapped[str] = mapped_column(String(3), nullable=False, default="USD")
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    lines: Mapped[int] = mapped_column(Integer, nullable=False)
    batch: Mapped[CoopBatch] = relationship()
    dealer: Mapped[Dealer] = relationship()


class CoopMemoLine(Base):
    """What a memo pays for one claim, or sets off for a reversed one (negative), and the entry that says so."""

    __tablename__ = "coop_memo_line"
    __table_args__ = (
        Index("uq_coop_memo_line", "memo_id", "claim_id", unique=True),
        Index("ix_coop_memo_line_claim", "claim_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    memo_id: Mapped[int] = mapped_column(ForeignKey("coop_memo.id"), nullable=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("coop_entry.id"), nullable=False, unique=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("coop_claim.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False, index=True)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    memo: Mapped[CoopMemo] = relationship()
    entry: Mapped[CoopEntry] = relationship()
    claim: Mapped[CoopClaim] = relationship()
