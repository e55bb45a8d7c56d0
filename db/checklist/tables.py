"""Checklists: template versions, and what was made of them for a subject of some area."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime


class ChecklistTemplate(Base):
    """One version of the checklist of a purpose: draft, then published and never changed again, then retired.

    `slot` is "<purpose>:<status>" while it is a draft or published and None when retired: its uniqueness holds that a
    purpose has one draft and one published version at most, on both databases. `version` is that of the row.
    """

    __tablename__ = "checklist_template"
    __table_args__ = (
        Index("uq_checklist_template_purpose_number", "purpose", "number", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(40), nullable=False)
    number: Mapped[int] = mapped_column(Integer, nullable=False)
    title: Mapped[str] = mapped_column(String(120), nullable=False)
    status: Mapped[str] = mapped_column(String(20), nullable=False)
    slot: Mapped[str | None] = mapped_column(String(60), unique=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ChecklistTemplateItem(Base):
    """One item of a template version; see `model.ItemSpec` for the words and units."""

    __tablename__ = "checklist_template_item"
    __table_args__ = (
        Index("uq_checklist_template_item_template_id_code", "template_id", "code", unique=True),
        CheckConstraint("weight >= 0", name="weight"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("checklist_template.id"), nullable=False)
    position: Mapped[int] = mapped_column(Integer, nullable=False)
    code: Mapped[str] = mapped_column(String(40), nullable=False)
    title: Mapped[str] = mapped_column(String(120), nullable=False)
    section: Mapped[str] = mapped_column(String(60), nullable=False)
    stage: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    owner: Mapped[str] = mapped_column(String(20), nullable=False)
    due_days: Mapped[int] = mapped_column(Integer, nullable=False)
    duration_days: Mapped[int] = mapped_column(Integer, nullable=False)
    weight: Mapped[int] = mapped_column(Integer, nullable=False)
    depends_on: Mapped[list[str]] = mapped_column(Json, nullable=False)
    evidence: Mapped[str] = mapped_column(String(20), nullable=False)
    is_gate: Mapped[bool] = mapped_column(Boolean, nullable=False)
    second_person: Mapped[bool] = mapped_column(Boolean, nullable=False)
    help: Mapped[str] = mapped_column(Text, nullable=False, default="")
    template: Mapped[ChecklistTemplate] = relationship()


class Checklist(Base):
    """A checklist that was made for a subject; it keeps the template version it was made from.

    `outcome` is empty while it runs, then completed or abandoned: forecasts learn from the completed ones only.
    """

    __tablename__ = "checklist"
    __table_args__ = (
        Index("ix_checklist_subject", "subject_type", "subject_id"),
        Index("ix_checklist_dealer", "dealer_id", "id"),
        Index("ix_checklist_outcome", "purpose", "outcome", "closed_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(40), nullable=False)
    subject_type: Mapped[str] = mapped_column(String(40), nullable=False)
    subject_id: Mapped[int] = mapped_column(BigInteger, nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    template_id: Mapped[int] = mapped_column(ForeignKey("checklist_template.id"), nullable=False, index=True)
    anchor_on: Mapped[date] = mapped_column(Date, nullable=False)
    outcome: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    template: Mapped[ChecklistTemplate] = relationship()
    dealer: Mapped[Any] = relationship("Dealer")


class ChecklistItem(Base):
    """One item of a running checklist, copied from the template. Days are those of the dealer's zone.

    `ready_on` is the day since which it could be worked on, `took_days` the days from there until it was done: the
    facts forecasts stand on. `evidence_document_id` is the id of a document of the documents area, without a key here.
    """

    __tablename__ = "checklist_item"
    __table_args__ = (
        Index("uq_checklist_item_checklist_id_code", "checklist_id", "code", unique=True),
        Index("ix_checklist_item_due", "is_open", "due_on", "id"),
        Index("ix_checklist_item_dealer", "dealer_id", "is_open", "due_on", "id"),
        Index("ix_checklist_item_reminder", "is_open", "reminded_on", "due_on"),
        CheckConstraint("status NOT IN ('waived', 'failed') OR reason <> ''", name="reason"),
        CheckConstraint("status <> 'done' OR done_on IS NOT NULL", name="done"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklist.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    position: Mapped[int] = mapped_column(Integer, nullable=False)
    code: Mapped[str] = mapped_column(String(40), nullable=False)
    title: Mapped[str] = mapped_column(String(120), nullable=False)
    section: Mapped[str] = mapped_column(String(60), nullable=False)
    stage: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    owner: Mapped[str] = mapped_column(String(20), nullable=False)
    due_on: Mapped[date] = mapped_column(Date, nullable=False)
    duration_days: Mapped[int] = mapped_column(Integer, nullable=False)
    weight: Mapped[int] = mapped_column(Integer, nullable=False)
    depends_on: Mapped[list[str]] = mapped_column(Json, nullable=False)
    evidence: Mapped[str] = mapped_column(String(20), nullable=False)
    is_gate: Mapped[bool] = mapped_column(Boolean, nullable=False)
    second_person: Mapped[bool] = mapped_column(Boolean, nullable=False)
    help: Mapped[str] = mapped_column(Text, nullable=False, default="")
    # how it stands; `is_open` is true while the checklist runs and the item is open or failed
    status: Mapped[str] = mapped_column(String(20), nullable=False, default="open")
    is_open: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    ready_on: Mapped[date | None] = mapped_column(Date)
    done_on: Mapped[date | None] = mapped_column(Date)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    done_by_name: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    took_days: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    evidence_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    evidence_on: Mapped[date | None] = mapped_column(Date)
    evidence_number: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    evidence_document_id: Mapped[int | None] = mapped_column(BigInteger)
    reminded_on: Mapped[date | None] = mapped_column(Date)  # the due day people were reminded of, so that it is once
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    checklist: Mapped[Checklist] = relationship()
    dealer: Mapped[Any] = relationship("Dealer")
