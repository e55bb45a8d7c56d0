"""The ledger of claims, the batches finance pays with, and the credit memo of each dealer in a batch."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.claims.tables import Claim
from db.core.base import Base
from db.core.types import BigId, Cents, Json, UtcDateTime
from db.dealers.tables import Dealer


class PaymentBatch(Base):
    """What finance paid with one command: its memos, and what was left out and why, as it was. Never changed."""

    __tablename__ = "payment_batch"
    __table_args__ = (
        CheckConstraint("memos > 0", name="memos"),
        Index("ix_payment_batch_made", "made_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    made_by: Mapped[str] = mapped_column(String(120), nullable=False)
    username: Mapped[str] = mapped_column(String(80), nullable=False)
    due_until: Mapped[date | None] = mapped_column(Date)
    memos: Mapped[int] = mapped_column(Integer, nullable=False)
    claims: Mapped[int] = mapped_column(Integer, nullable=False)
    entries: Mapped[int] = mapped_column(Integer, nullable=False)
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    left_out: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False, default=list)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)


class CreditMemo(Base):
    """What one dealer is credited with in one batch: the sum of its entries, zero or more cents. Never changed."""

    __tablename__ = "credit_memo"
    __table_args__ = (
        Index("uq_credit_memo_dealer", "batch_id", "dealer_id", unique=True),
        Index("ix_credit_memo_dealer", "dealer_id", "id"),
        CheckConstraint("cents >= 0", name="cents"),
        CheckConstraint("entries > 0", name="entries"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("payment_batch.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False, index=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    issued_on: Mapped[date] = mapped_column(Date, nullable=False)
    """The day in the dealer's zone."""
    issued_by: Mapped[str] = mapped_column(String(120), nullable=False)
    currency: Mapped[str] = mapped_column(String(3), nullable=False, default="USD")
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    entries: Mapped[int] = mapped_column(Integer, nullable=False)
    claims: Mapped[int] = mapped_column(Integer, nullable=False)
    batch: Mapped[PaymentBatch] = relationship()
    dealer: Mapped[Dealer] = relationship()


class ClaimEntry(Base):
    """One line of the ledger: cents a dealer is owed for a claim, or owes (negative). Triggers refuse every change.

    Only `memo_id` is written later, once, by the batch that pays the entry, and `region` when a dealer moves.
    `entry_key` names what the entry is for and makes posting it twice impossible. `kind` is approval, supplement,
    debit, charge_back, part_debit, part_credit or reversal; `reverses_id` the entry a reversal takes back (none where
    a later decision lowered what was approved). `family_id` is shared by all versions of a claim (2.1 E).
    """

    __tablename__ = "claim_entry"
    __table_args__ = (
        Index("ix_claim_entry_claim", "claim_id", "id"),
        Index("ix_claim_entry_family", "family_id", "id"),
        Index("ix_claim_entry_dealer", "dealer_id", "memo_id", "id"),
        Index("ix_claim_entry_memo", "memo_id", "id"),
        CheckConstraint(
            "(kind IN ('approval', 'supplement', 'part_credit') AND cents >= 0)"
            " OR (kind IN ('debit', 'charge_back', 'part_debit') AND cents <= 0) OR kind = 'reversal'",
            name="sign",
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_key: Mapped[str] = mapped_column(String(60), nullable=False, unique=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), nullable=False)
    family_id: Mapped[int] = mapped_column(BigInteger, nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False, index=True)
    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    currency: Mapped[str] = mapped_column(String(3), nullable=False, default="USD")
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    username: Mapped[str] = mapped_column(String(80), nullable=False)
    by: Mapped[str] = mapped_column(String(120), nullable=False)
    reason_code: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("claim_entry.id"), unique=True)
    memo_id: Mapped[int | None] = mapped_column(ForeignKey("credit_memo.id"))
    claim: Mapped[Claim] = relationship()
    dealer: Mapped[Dealer] = relationship()
    memo: Mapped[CreditMemo | None] = relationship()
    reverses: Mapped[ClaimEntry | None] = relationship(remote_side="ClaimEntry.id")
