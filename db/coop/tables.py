"""Co-op programmes and their versions, funds with a guarded balance, lots, the ledger, purchases (domain-rules 2.3).

Entries of the ledger and versions are never changed (triggers, db/triggers.py; decision 0062).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Cents, Json, UtcDateTime
from db.dealers.tables import Dealer


class CoopProgramme(Base):
    """A programme over all its versions; one covers one year."""

    __tablename__ = "coop_programme"
    __table_args__ = (Index("ix_coop_programme_year", "year", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(30), nullable=False, unique=True)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    year: Mapped[int] = mapped_column(Integer, nullable=False)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)


class CoopVersion(Base):
    """One version of a programme (model.Programme as JSON), in force from `effective_from` on; final when written.

    Of two versions from the same day the later number counts.
    """

    __tablename__ = "coop_version"
    __table_args__ = (
        Index("uq_coop_version", "programme_id", "number", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("coop_programme.id"), nullable=False)
    number: Mapped[int] = mapped_column(Integer, nullable=False)
    effective_from: Mapped[date] = mapped_column(Date, nullable=False)
    body: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    made_by: Mapped[str] = mapped_column(String(120), nullable=False)
    username: Mapped[str] = mapped_column(String(80), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    programme: Mapped[CoopProgramme] = relationship()


_SUM = (
    "accrued_cents + allocated_cents + adjusted_cents + transferred_cents - reserved_cents - approved_cents"
    " + reversed_cents - expired_cents - forfeited_cents"
)


class CoopFund(Base):
    """The money of one dealer in one programme's period, by column of its ledger.

    `available_cents` is their sum and is never negative, but for `overdraft_cents`, which somebody with the right to it
    allowed with a reason. Every posting changes it with one UPDATE that holds the limit in its WHERE.
    """

    __tablename__ = "coop_fund"
    __table_args__ = (
        Index("uq_coop_fund", "programme_id", "dealer_id", "period", unique=True),
        Index("ix_coop_fund_dealer", "dealer_id", "period", "id"),
        Index(
            "ix_coop_fund_closed",
            "closed_at",
            "id",
            sqlite_where=text("closed_at IS NOT NULL"),
            postgresql_where=text("closed_at IS NOT NULL"),
        ),
        CheckConstraint(f"available_cents = {_SUM}", name="sum"),
        CheckConstraint("available_cents + overdraft_cents >= 0", name="available"),
        CheckConstraint("overdraft_cents >= 0 AND reserved_cents >= 0", name="sign"),
        CheckConstraint("paid_cents <= approved_cents AND reversed_cents <= approved_cents", name="paid"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("coop_programme.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False, index=True)
    period: Mapped[str] = mapped_column(String(10), nullable=False)
    currency: Mapped[str] = mapped_column(String(3), nullable=False, default="USD")
    available_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    overdraft_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    accrued_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    allocated_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    adjusted_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    transferred_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    reserved_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    approved_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    reversed_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    expired_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    forfeited_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    paid_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Set when the rest was forfeited: nothing more comes in or is asked for."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    programme: Mapped[CoopProgramme] = relationship()
    dealer: Mapped[Dealer] = relationship()


class CoopLot(Base):
    """Money that came in and expires together. What is `left` is neither held, used, taken away nor expired."""

    __tablename__ = "coop_lot"
    __table_args__ = (
        Index("ix_coop_lot_fund", "fund_id", "expires_on", "id"),
        Index("ix_coop_lot_due", "left_cents", "expires_on", "id"),
        Index("ix_coop_lot_dealer", "dealer_id", "expires_on", "id"),
        # All that what expires is summed up by, dealer by dealer (0087).
        Index("ix_coop_lot_window", "expires_on", "dealer_id", "left_cents", "region", "fund_id"),
        CheckConstraint(
            "left_cents = cents - held_cents - used_cents - removed_cents - expired_cents", name="sum"
        ),
        CheckConstraint(
            "left_cents >= 0 AND held_cents >= 0 AND used_cents >= 0 AND removed_cents >= 0 AND expired_cents >= 0",
            name="sign",
        ),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("coop_fund.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("coop_entry.id"), nullable=False, index=True)
    earned_on: Mapped[date] = mapped_column(Date, nullable=False)
    expires_on: Mapped[date] = mapped_column(Date, nullable=False)
    """Its last day, in the dealer's zone."""
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    left_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    held_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    used_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    removed_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    expired_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    fund: Mapped[CoopFund] = relationship()
    entry: Mapped[CoopEntry] = relationship()


class CoopEntry(Base):
    """One posting; never changed. `entry_key` names what is posted, so that it is posted once (balance_rules.KINDS).

    `reserve_cents` is what a claim consumed of its reserve; `of_kind` and `reverses_id` what a reversal takes back.
    """

    __tablename__ = "coop_entry"
    __table_args__ = (
        Index("ix_coop_entry_fund", "fund_id", "at", "id"),
        Index("ix_coop_entry_dealer", "dealer_id", "at", "id"),
        Index("ix_coop_entry_kind", "kind", "at", "id"),
        # All that money is summed up by: days of dealers are read from it alone (0071).
        Index("ix_coop_entry_day", "on_day", "dealer_id", "region", "fund_id", "medium", "kind", "of_kind", "cents"),
        CheckConstraint("cents <> 0", name="cents"),
        CheckConstraint("kind IN ('accrual', 'adjustment', 'payment', 'reversal') OR cents > 0", name="sign"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_key: Mapped[str] = mapped_column(String(80), nullable=False, unique=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("coop_fund.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    kind: Mapped[str] = mapped_column(String(20), nullable=False)
    of_kind: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    reserve_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("coop_entry.id"), unique=True)
    request_id: Mapped[int | None] = mapped_column(BigId, index=True)
    claim_id: Mapped[int | None] = mapped_column(BigId, index=True)
    medium: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    on: Mapped[date] = mapped_column("on_day", Date, nullable=False)
    """The day in the dealer's zone."""
    username: Mapped[str] = mapped_column(String(80), nullable=False)
    by: Mapped[str] = mapped_column(String(120), nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    fund: Mapped[CoopFund] = relationship()
    reverses: Mapped[CoopEntry | None] = relationship(remote_side=[id])


class CoopPurchase(Base):
    """A purchase of a dealer that earned co-op money; taken once by its invoice number. A negative one is a credit."""

    __tablename__ = "coop_purchase"
    __table_args__ = (
        Index("uq_coop_purchase", "dealer_id", "invoice_number", "model", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("coop_fund.id"), nullable=False, index=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    invoice_number: Mapped[str] = mapped_column(String(40), nullable=False)
    invoiced_on: Mapped[date] = mapped_column(Date, nullable=False)
    model: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    rate: Mapped[int] = mapped_column(Integer, nullable=False)
    accrued_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("coop_entry.id"), index=True)
    version_number: Mapped[int] = mapped_column(Integer, nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    fund: Mapped[CoopFund] = relationship()
    entry: Mapped[CoopEntry | None] = relationship()
