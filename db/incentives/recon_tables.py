"""The bank's or DMS's lines, and reconciliations: what each line was found to be, and who explained a difference."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Cents, Json, UtcDateTime
from db.dealers.tables import Dealer
from db.incentives.payment_tables import IncentiveMemoLine
from db.incentives.tables import IncentiveProgram


class StatementLine(Base):
    """One payment as the bank or the DMS has it. What it names is kept as typed and, where known, as our own record.

    `settled_id` is the closed reconciliation it was matched or explained in.
    """

    __tablename__ = "incentive_statement_line"
    __table_args__ = (
        Index("ix_incentive_statement_open", "settled_id", "dealer_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(String(60), nullable=False, unique=True)
    dealer_code: Mapped[str] = mapped_column(String(40), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"), index=True)
    region: Mapped[str | None] = mapped_column(String(40))
    program_code: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    program_id: Mapped[int | None] = mapped_column(ForeignKey("incentive_program.id"), index=True)
    period: Mapped[str] = mapped_column(String(10), nullable=False, default="")
    vin: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    memo: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    paid_on: Mapped[date] = mapped_column(Date, nullable=False)
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"), nullable=False, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    settled_id: Mapped[int | None] = mapped_column(ForeignKey("incentive_reconciliation.id"))
    dealer: Mapped[Dealer | None] = relationship()
    program: Mapped[IncentiveProgram | None] = relationship()


class Reconciliation(Base):
    """One comparison of earned, approved, paid and the file, up to a day. One is open at a time (`open_key`).

    `days` is how long an earning or a payment may wait before it is a difference. `figures` is the sum by kind when it
    was matched last.
    """

    __tablename__ = "incentive_reconciliation"
    __table_args__ = (CheckConstraint("days >= 0", name="days"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    until: Mapped[date] = mapped_column(Date, nullable=False)
    days: Mapped[int] = mapped_column(Integer, nullable=False)
    open_key: Mapped[str | None] = mapped_column(String(10), unique=True)
    figures: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False, default=dict)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    opened_by: Mapped[str] = mapped_column(String(120), nullable=False)
    username: Mapped[str] = mapped_column(String(80), nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)


class ReconciliationMatch(Base):
    """Lines that belong together, and what they are. `cents` is the difference: positive is paid too much.

    A difference is open until somebody gives a reason. `same_key` names what it is about, so that a reason holds when
    the lines are matched again and nothing has changed.
    """

    __tablename__ = "incentive_match"
    __table_args__ = (
        Index("ix_incentive_match_kind", "reconciliation_id", "kind", "id"),
        Index("ix_incentive_match_open", "reconciliation_id", "is_open", "id"),
        CheckConstraint("is_open OR reason <> '' OR kind IN ('matched', 'waiting')", name="explained"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reconciliation_id: Mapped[int] = mapped_column(ForeignKey("incentive_reconciliation.id"), nullable=False)
    kind: Mapped[str] = mapped_column(String(20), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"), index=True)
    region: Mapped[str | None] = mapped_column(String(40))
    program_id: Mapped[int | None] = mapped_column(ForeignKey("incentive_program.id"), index=True)
    period: Mapped[str] = mapped_column(String(10), nullable=False, default="")
    vin: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    memo: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    file_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    paid_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    sentence: Mapped[str] = mapped_column(Text, nullable=False)
    same_key: Mapped[str] = mapped_column(Text, nullable=False)
    is_open: Mapped[bool] = mapped_column(Boolean, nullable=False)
    reason: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    explained_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    explained_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    username: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    reconciliation: Mapped[Reconciliation] = relationship()
    dealer: Mapped[Dealer | None] = relationship()
    program: Mapped[IncentiveProgram | None] = relationship()


class ReconciliationLine(Base):
    """That a line of the file, or a line of a memo, belongs to a match: each once in a reconciliation."""

    __tablename__ = "incentive_match_line"
    __table_args__ = (
        Index("uq_incentive_match_statement", "reconciliation_id", "statement_line_id", unique=True),
        Index("uq_incentive_match_memo", "reconciliation_id", "memo_line_id", unique=True),
        CheckConstraint("(statement_line_id IS NULL) <> (memo_line_id IS NULL)", name="side"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reconciliation_id: Mapped[int] = mapped_column(ForeignKey("incentive_reconciliation.id"), nullable=False)
    match_id: Mapped[int] = mapped_column(ForeignKey("incentive_match.id"), nullable=False, index=True)
    statement_line_id: Mapped[int | None] = mapped_column(ForeignKey("incentive_statement_line.id"), index=True)
    memo_line_id: Mapped[int | None] = mapped_column(ForeignKey("incentive_memo_line.id"), index=True)
    match: Mapped[ReconciliationMatch] = relationship()
    statement_line: Mapped[StatementLine | None] = relationship()
    memo_line: Mapped[IncentiveMemoLine | None] = relationship()
