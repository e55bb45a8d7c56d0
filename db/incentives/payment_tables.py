"""Payments of incentives: the batch finance makes, the credit memo of each dealer in it, and the memo's lines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Cents, Json, UtcDateTime
from db.dealers.tables import Dealer
from db.incentives.tables import IncentiveClaim, IncentiveEntry, IncentiveProgram


class IncentiveBatch(Base):
    """What finance paid with one command, and what was left for later and why, as it was. Never changed."""

    __tablename__ = "incentive_batch"
    __table_args__ = (
        CheckConstraint("memos > 0", name="memos"),
        Index("ix_incentive_batch_made", "made_at", "id"),
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


class IncentiveMemo(Base):
    """What one dealer is credited with in one batch: the sum of its lines, zero or more cents. Never changed."""

    __tablename__ = "incentive_memo"
    __table_args__ = (
        Index("uq_incentive_memo_dealer", "batch_id", "dealer_id", unique=True),
        Index("ix_incentive_memo_dealer", "dealer_id", "id"),
        CheckConstraint("cents >= 0", name="cents"),
        CheckConstraint("lines > 0", name="lines"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("incentive_batch.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False, index=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    issued_on: Mapped[date] = mapped_column(Date, nullable=False)
    """The day in the dealer's zone."""
    issued_by: Mapped[str] = mapped_column(String(120), nullable=False)
    currency: Mapped[str] = mapped_column(String(3), nullable=False, default="USD")
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    lines: Mapped[int] = mapped_column(Integer, nullable=False)
    batch: Mapped[IncentiveBatch] = relationship()
    dealer: Mapped[Dealer] = relationship()


class IncentiveMemoLine(Base):
    """What a memo pays for one claim, or sets off (negative), and the entry of the book `paid` that says so.

    `owed_cents` is what was owed for the claim then: less than this was authorized where they differ. `settled_id` is
    the reconciliation that found the payment in the file; only this is written later.
    """

    __tablename__ = "incentive_memo_line"
    __table_args__ = (
        Index("uq_incentive_memo_line", "memo_id", "claim_id", unique=True),
        Index("ix_incentive_memo_line_open", "settled_id", "dealer_id", "id"),
        Index("ix_incentive_memo_line_claim", "claim_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    memo_id: Mapped[int] = mapped_column(ForeignKey("incentive_memo.id"), nullable=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("incentive_entry.id"), nullable=False, unique=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("incentive_claim.id"), nullable=False)
    program_id: Mapped[int] = mapped_column(ForeignKey("incentive_program.id"), nullable=False, index=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False, index=True)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    period: Mapped[str] = mapped_column(String(10), nullable=False)
    owed_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    settled_id: Mapped[int | None] = mapped_column(ForeignKey("incentive_reconciliation.id"))
    memo: Mapped[IncentiveMemo] = relationship()
    entry: Mapped[IncentiveEntry] = relationship()
    claim: Mapped[IncentiveClaim] = relationship()
    program: Mapped[IncentiveProgram] = relationship()
