"""What was said with dealers, and what was promised then."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime
from db.dealers.tables import Dealer, DealerContact
from db.people.tables import Person
from db.workflow.tables import QueueItem


class ContactReport(Base):
    """One contact with a dealer, or an attempt. `counts` says whether it closed the gap (rules.counts_as_contact).

    `contact_person_id` is the dealer's person it was with, where that one is on file; `with_name` is what was
    typed. A voided report stays, with its reason, and counts for nothing.
    """

    __tablename__ = "contact_report"
    __table_args__ = (
        Index("ix_contact_report_dealer", "dealer_id", "at", "id"),
        # Holds all that "who was last spoken to" asks, so that the whole log is never read for it.
        Index("ix_contact_report_counts", "dealer_id", "counts", "voided_at", "at", "region"),
        Index("ix_contact_report_at", "at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    channel: Mapped[str] = mapped_column(String(10), nullable=False)
    direction: Mapped[str] = mapped_column(String(3), nullable=False)
    outcome: Mapped[str] = mapped_column(String(20), nullable=False)
    counts: Mapped[bool] = mapped_column(Boolean, nullable=False)
    with_name: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    contact_person_id: Mapped[int | None] = mapped_column(ForeignKey("dealer_contact.id"), index=True)
    summary: Mapped[str] = mapped_column(Text, nullable=False, default="")
    topics: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by_username: Mapped[str] = mapped_column(String(80), nullable=False)
    by_name: Mapped[str] = mapped_column(String(120), nullable=False)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    void_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)

    dealer: Mapped[Dealer] = relationship()
    person: Mapped[Person | None] = relationship()
    contact_person: Mapped[DealerContact | None] = relationship()


class Promise(QueueItem):
    """Something one side said it would do by a day. `assignee_id` is our person who sees to it, whoever promised.

    `due_day` is a day at the dealer; `due_at` is the end of that day there. The first day given is never forgotten:
    the promise is measured against it, and `earlier_dues` holds each day that was given up, with its reason.
    """

    __tablename__ = "promise"
    __table_args__ = (
        Index("ix_promise_board", "is_open", "due_at", "id"),
        Index("ix_promise_dealer", "dealer_id", "is_open", "due_at", "id"),
        Index("ix_promise_assignee", "assignee_id", "is_open", "due_at", "id"),
        Index("ix_promise_report", "contact_report_id"),
        {"sqlite_autoincrement": True},
    )

    made_by: Mapped[str] = mapped_column(String(6), nullable=False)
    text: Mapped[str] = mapped_column(Text, nullable=False)
    due_day: Mapped[date] = mapped_column(Date, nullable=False)
    first_due_day: Mapped[date] = mapped_column(Date, nullable=False)
    first_due_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    postponed: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    earlier_dues: Mapped[list[Any]] = mapped_column(Json, nullable=False, default=list)
    kept_on: Mapped[date | None] = mapped_column(Date)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closing_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    contact_report_id: Mapped[int | None] = mapped_column(ForeignKey("contact_report.id"))
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)

    dealer: Mapped[Dealer | None] = relationship()
    assignee: Mapped[Person | None] = relationship()
    contact_report: Mapped[ContactReport | None] = relationship()


__all__ = ["ContactReport", "Dealer", "Person", "Promise"]
