"""Reports people keep, whom they are sent to, and what was sent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime
from db.people.tables import Person


class SavedReport(Base):
    """A report under a name. `spec` is the query of its address; `shared` of `SHARED`; `removed_at` hides it.

    `next_on` is the day of the desk it is sent next, empty where `rhythm` is.
    """

    __tablename__ = "saved_report"
    __table_args__ = (
        Index("ix_saved_report_list", "updated_at", "id"),
        Index("ix_saved_report_next", "next_on", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    spec: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    shared: Mapped[str] = mapped_column(String(10), nullable=False)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False, index=True)
    rhythm: Mapped[str] = mapped_column(String(10), nullable=False, default="")
    send_day: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    next_on: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    owner: Mapped[Person] = relationship()


class ReportRecipient(Base):
    """Somebody a report is sent to; `with_file` is their own wish to get the workbook with the mail."""

    __tablename__ = "report_recipient"
    __table_args__ = (UniqueConstraint("report_id", "person_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("saved_report.id"), nullable=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False, index=True)
    with_file: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False, server_default=false())
    report: Mapped[SavedReport] = relationship()
    person: Mapped[Person] = relationship()


class ReportDelivery(Base):
    """What became of a report for one person on one day: `outcome` is sent, told (no address) or skipped."""

    __tablename__ = "report_delivery"
    __table_args__ = (UniqueConstraint("report_id", "person_id", "due_on"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("saved_report.id"), nullable=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False, index=True)
    due_on: Mapped[date] = mapped_column(Date, nullable=False)
    outcome: Mapped[str] = mapped_column(String(10), nullable=False)
    why: Mapped[str] = mapped_column(Text, nullable=False, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    report: Mapped[SavedReport] = relationship()
    person: Mapped[Person] = relationship()
