"""Requests for co-op money and claims of it, the proofs of a claim, and what each has drawn of which lot."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.coop.tables import CoopFund, CoopLot
from db.core.base import Base
from db.core.types import BigId, Cents, Json, UtcDateTime
from db.dealers.tables import Dealer
from db.workflow.tables import QueueItem


class DecidedItem(QueueItem):
    """What is kept of the way to a decision when it is made (ways.py); minutes of the calendar, none held: 0.

    `took_minutes` is from the last sending to a person's decision, empty where the rules decided. `decided_on` is the
    desk's day of the decision, which a trigger cannot tell from the moment.
    """

    __abstract__ = True

    decided_on: Mapped[date | None] = mapped_column(Date, sort_order=90)

    took_minutes: Mapped[int | None] = mapped_column(Integer, sort_order=90)
    times_sent: Mapped[int] = mapped_column(Integer, nullable=False, default=0, server_default="0", sort_order=90)
    times_returned: Mapped[int] = mapped_column(Integer, nullable=False, default=0, server_default="0", sort_order=90)
    dealer_minutes: Mapped[int] = mapped_column(Integer, nullable=False, default=0, server_default="0", sort_order=90)
    desk_minutes: Mapped[int] = mapped_column(Integer, nullable=False, default=0, server_default="0", sort_order=90)


class CoopRequest(DecidedItem):
    """A request for a pre-approval. `reserved_cents` is what it holds of the fund now; days are those of the dealer.

    `calculation` is what was payable when it was last sent, with every bound (payable_rules.kept).
    """

    __tablename__ = "coop_request"
    __table_args__ = (
        Index("ix_coop_request_board", "is_open", "due_at", "id"),
        Index("ix_coop_request_status", "status", "due_at", "id"),
        Index("ix_coop_request_dealer", "dealer_id", "status", "due_at", "id"),
        Index("ix_coop_request_fund", "fund_id", "id"),
        Index("ix_coop_request_lapse", "lapses_on", "id"),
        # All that decisions are counted by (0071, 0079).
        Index(
            "ix_coop_request_decided",
            "decided_at",
            "status",
            "dealer_id",
            "region",
            "medium",
            "fund_id",
            "took_minutes",
            "times_sent",
            "times_returned",
        ),
        # The few around a middle value (0087).
        Index("ix_coop_request_took", "took_minutes", "decided_at", "region", "medium"),
        CheckConstraint("reserved_cents >= 0 AND cost_cents > 0", name="cents"),
        {"sqlite_autoincrement": True},
    )

    fund_id: Mapped[int] = mapped_column(ForeignKey("coop_fund.id"), nullable=False)
    medium: Mapped[str] = mapped_column(String(20), nullable=False)
    activity: Mapped[str] = mapped_column(String(200), nullable=False)
    vendor: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    goal: Mapped[str] = mapped_column(Text, nullable=False, default="")
    starts_on: Mapped[date] = mapped_column(Date, nullable=False)
    ends_on: Mapped[date] = mapped_column(Date, nullable=False)
    costs: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False)
    cost_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    calculation: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    payable_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    submitted_name: Mapped[str] = mapped_column(String(120), nullable=False)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    approved_on: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    lapses_on: Mapped[date | None] = mapped_column(Date)
    """The last day a claim is taken for it; set while it holds a reserve, so that the sweep finds it."""
    approved_cents: Mapped[int | None] = mapped_column(Cents)
    reserved_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    override_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    reason_code: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    decision_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    fund: Mapped[CoopFund] = relationship()
    dealer: Mapped[Dealer] = relationship()


class CoopClaim(DecidedItem):
    """A claim for what was done, with every check and bound kept as it was decided on. Days are those of the dealer.

    `claim_key` names the dealer's invoice while the claim stands, so that it is claimed once. `reserve_cents` is what
    it consumed of its request's reserve; the rest of `approved_cents` came from what was available.
    """

    __tablename__ = "coop_claim"
    __table_args__ = (
        Index("ix_coop_claim_board", "is_open", "due_at", "id"),
        Index("ix_coop_claim_status", "status", "due_at", "id"),
        Index("ix_coop_claim_dealer", "dealer_id", "status", "due_at", "id"),
        Index("ix_coop_claim_medium", "fund_id", "medium", "id"),
        Index("ix_coop_claim_changed", "updated_at", "id"),
        # All that decisions are counted by (0071, 0079).
        Index(
            "ix_coop_claim_decided", "decided_at", "status", "dealer_id", "region", "medium", "fund_id", "took_minutes",
            "times_sent", "times_returned",
        ),
        Index(
            "ix_coop_claim_paid", "first_paid_at", "dealer_id", "region", "medium", "fund_id", "pay_minutes",
            "dealer_minutes", "desk_minutes",
        ),
        # The few around a middle value (0087).
        Index("ix_coop_claim_took", "took_minutes", "decided_at", "region", "medium"),
        Index("ix_coop_claim_pay_took", "pay_minutes", "first_paid_at", "region", "medium"),
        CheckConstraint("cost_cents > 0", name="cents"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    fund_id: Mapped[int] = mapped_column(ForeignKey("coop_fund.id"), nullable=False)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("coop_request.id"), index=True)
    claim_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    medium: Mapped[str] = mapped_column(String(20), nullable=False)
    activity: Mapped[str] = mapped_column(String(200), nullable=False)
    vendor: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    invoice_number: Mapped[str] = mapped_column(String(40), nullable=False)
    starts_on: Mapped[date] = mapped_column(Date, nullable=False)
    ends_on: Mapped[date] = mapped_column(Date, nullable=False)
    costs: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False)
    cost_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    brand_share: Mapped[int] = mapped_column(Integer, nullable=False)
    competitor: Mapped[bool] = mapped_column(Boolean, nullable=False)
    mentions: Mapped[int | None] = mapped_column(Integer)
    seconds: Mapped[int | None] = mapped_column(Integer)
    checks: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False)
    calculation: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    payable_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    submitted_name: Mapped[str] = mapped_column(String(120), nullable=False)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_on: Mapped[date | None] = mapped_column(Date)
    """The day it was first sent: a return does not move the deadline."""
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    approved_cents: Mapped[int | None] = mapped_column(Cents)
    reserve_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    override_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    reason_code: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    decision_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    first_paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_paid_on: Mapped[date | None] = mapped_column(Date)
    pay_minutes: Mapped[int | None] = mapped_column(Integer)
    fund: Mapped[CoopFund] = relationship()
    request: Mapped[CoopRequest | None] = relationship()
    dealer: Mapped[Dealer] = relationship()


class CoopProof(Base):
    """A proof of performance by its kind (model.PROOFS), with the name or number the dealer keeps it under."""

    __tablename__ = "coop_proof"
    __table_args__ = (Index("uq_coop_proof", "claim_id", "kind", unique=True), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("coop_claim.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False, index=True)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    kind: Mapped[str] = mapped_column(String(30), nullable=False)
    reference: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    added_by: Mapped[str] = mapped_column(String(120), nullable=False)
    claim: Mapped[CoopClaim] = relationship()


class CoopDraw(Base):
    """How much of a lot a request holds, or a claim has used; exactly one of the two is named."""

    __tablename__ = "coop_draw"
    __table_args__ = (
        Index("uq_coop_draw_request", "request_id", "lot_id", unique=True),
        Index("uq_coop_draw_claim", "claim_id", "lot_id", unique=True),
        CheckConstraint("cents >= 0", name="cents"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("coop_lot.id"), nullable=False, index=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("coop_request.id"))
    claim_id: Mapped[int | None] = mapped_column(ForeignKey("coop_claim.id"))
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    lot: Mapped[CoopLot] = relationship()
    request: Mapped[CoopRequest | None] = relationship()
    claim: Mapped[CoopClaim | None] = relationship()
