"""Old parts of claims: kept at the dealer, asked for, on their way, inspected, or charged to the dealer."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.claims.tables import Claim
from db.core.base import Base
from db.core.types import BigId, Cents, UtcDateTime
from db.dealers.tables import Dealer
from db.people.tables import Person
from db.workflow.tables import QueueItem


class PartReturn(QueueItem):
    """The replaced part of one job of a claim (domain-rules 2.1 G). `number` is also its RMA once it was asked for.

    `disposition` is what the rules said at the decision (scrap, hold, return) and `why` their sentence. `due_on` is the
    last day to ship, `hold_until` the last day to keep it, both the dealer's; `due_at` is the end of whichever runs.
    `part_cents` is what the claim paid for the part: what is charged when it does not come. `debits` counts how often
    it was charged, `debit_entry_id` is the ledger entry while it is; `credit_entry_id` is what we paid to keep the
    part. `back_owed` says that the claim was denied because the part has no defect, so that we owe it to the dealer.
    """

    __tablename__ = "part_return"
    __table_args__ = (
        Index("uq_part_return_job", "claim_id", "job", unique=True),
        Index("ix_part_return_board", "is_open", "due_at", "id"),
        Index("ix_part_return_status", "status", "due_at", "id"),
        Index("ix_part_return_dealer", "dealer_id", "status", "due_at", "id"),
        CheckConstraint("part_cents >= 0", name="part"),
        {"sqlite_autoincrement": True},
    )

    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), nullable=False)
    job: Mapped[int] = mapped_column(Integer, nullable=False)
    part_number: Mapped[str] = mapped_column(String(40), nullable=False)
    part_name: Mapped[str] = mapped_column(String(160), nullable=False, default="")
    component: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    serial: Mapped[str] = mapped_column(String(60), nullable=False, default="")
    part_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    disposition: Mapped[str] = mapped_column(String(8), nullable=False)
    why: Mapped[str] = mapped_column(Text, nullable=False, default="")
    hold_until: Mapped[date | None] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)
    requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    requested_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    carrier: Mapped[str] = mapped_column(String(60), nullable=False, default="")
    tracking: Mapped[str] = mapped_column(String(60), nullable=False, default="")
    shipped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    inspected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    inspected_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    finding: Mapped[str] = mapped_column(String(12), nullable=False, default="")
    finding_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    debits: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    debit_entry_id: Mapped[int | None] = mapped_column(ForeignKey("claim_entry.id"), index=True)
    credit_entry_id: Mapped[int | None] = mapped_column(ForeignKey("claim_entry.id"), index=True)
    back_owed: Mapped[bool] = mapped_column(nullable=False, default=False, server_default=false())
    warned_percent: Mapped[int] = mapped_column(Integer, nullable=False, default=0, server_default="0")
    back_carrier: Mapped[str] = mapped_column(String(60), nullable=False, default="")
    back_tracking: Mapped[str] = mapped_column(String(60), nullable=False, default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    claim: Mapped[Claim] = relationship()
    dealer: Mapped[Dealer | None] = relationship()
    assignee: Mapped[Person | None] = relationship()


class PartReturnRule(Base):
    """One version of the rule for old parts (rules.ReturnRules); never changed, only followed by the next."""

    __tablename__ = "part_return_rule"
    __table_args__ = (
        Index("ix_part_return_rule_day", "effective_from", "number"),
        CheckConstraint("scrap_below_cents >= 0 AND return_from_cents >= scrap_below_cents", name="amounts"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, nullable=False, unique=True)
    effective_from: Mapped[date] = mapped_column(Date, nullable=False)
    scrap_below_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    return_from_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    return_major: Mapped[bool] = mapped_column(nullable=False, default=True)
    return_unusual: Mapped[bool] = mapped_column(nullable=False, default=True)
    address: Mapped[str] = mapped_column(Text, nullable=False, default="", server_default="")
    """Where parts are sent to, as it stands on the label."""

    reason: Mapped[str] = mapped_column(Text, nullable=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
