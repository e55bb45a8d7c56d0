"""Requests for access of a dealer's people, and the quarterly review of who still has it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime
from db.workflow.tables import QueueItem


class AccessRequest(QueueItem):
    """One wish: a new account, another role, or an end of access. `open_key` bars asking twice for the same thing.

    `name` and `email` are what was typed for a new account, and what the account had when somebody asked otherwise.
    """

    __tablename__ = "access_request"
    __table_args__ = (
        Index("ix_access_request_board", "is_open", "due_at", "id"),
        Index("ix_access_request_dealer", "dealer_id", "is_open", "due_at", "id"),
        CheckConstraint(
            "role NOT IN ('admin', 'manager', 'coordinator', 'sales_leader', 'finance')", name="no_role_of_ours"
        ),
        {"sqlite_autoincrement": True},
    )

    kind: Mapped[str] = mapped_column(String(10), nullable=False)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    email: Mapped[str] = mapped_column(String(254), nullable=False, default="")
    role: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    # For a new account: the account it became. Else the account it is about.
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    answer: Mapped[str] = mapped_column(Text, nullable=False, default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    submitted_name: Mapped[str] = mapped_column(String(120), nullable=False)
    open_key: Mapped[str | None] = mapped_column(String(300), unique=True)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)


class AccessQuarter(Base):
    """A quarter whose reviews were opened by the sweep; whoever inserts the row opens them, so it happens once."""

    __tablename__ = "access_quarter"

    quarter: Mapped[date] = mapped_column(Date, primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)


class AccessReview(Base):
    """The review of one dealer in one quarter (its first day). Open while a line waits.

    The next quarter's review closes one that is still open then, without `completed_at`: it was never done.
    """

    __tablename__ = "access_review"
    __table_args__ = (
        Index("uq_access_review_dealer_quarter", "dealer_id", "quarter", unique=True),
        Index("ix_access_review_open", "is_open", "due_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    quarter: Mapped[date] = mapped_column(Date, nullable=False)
    is_open: Mapped[bool] = mapped_column(Boolean, nullable=False)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    opened_by: Mapped[str] = mapped_column(String(120), nullable=False)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    overdue_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)


class AccessReviewLine(Base):
    """One account in a review: `outcome` is empty while it waits, then keep, disable, or gone (no access any more).

    With the outcome stands who attested it, when, and what they saw: role, last sign-in and flags.
    """

    __tablename__ = "access_review_line"
    __table_args__ = (
        Index("uq_access_review_line_person", "review_id", "person_id", unique=True),
        Index("ix_access_review_line_waiting", "dealer_id", "outcome", "person_id"),
        CheckConstraint("outcome = '' OR decided_at IS NOT NULL", name="decided"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("access_review.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False)
    outcome: Mapped[str] = mapped_column(String(10), nullable=False, default="")
    seen_role: Mapped[str] = mapped_column(String(30), nullable=False)
    seen_last_sign_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_flags: Mapped[list[str]] = mapped_column(Json, nullable=False)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    decider_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    review: Mapped[AccessReview] = relationship()
