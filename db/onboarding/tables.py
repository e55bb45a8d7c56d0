"""A dealer on its way to going live: the case with what lists show of it, and the stages it went through."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.checklist.tables import Checklist, ChecklistItem, ChecklistTemplate  # noqa: F401 - joined by the queries
from db.core.base import Base
from db.core.types import BigId, UtcDateTime
from db.dealers.tables import Dealer
from db.people.tables import Person
from db.workflow.tables import QueueItem


class Onboarding(QueueItem):
    """One dealer's onboarding. `due_at` is the end of the target day in the dealer's zone.

    `kind` is "new" or "restart" (a terminated dealer comes back). `open_for` is the dealer while the case is open and
    None afterwards: its uniqueness holds that a dealer has one open case. `former_status` is what a withdrawal gives
    back. The columns below "what lists show" are derived from the checklist in the same transaction as every change
    of it, and once a day by the sweep, for forecasts move with the day; `check_summaries` recomputes them.
    """

    __tablename__ = "onboarding"
    __table_args__ = (
        Index("ix_onboarding_board", "is_open", "due_at", "id"),
        Index("ix_onboarding_stage", "is_open", "status", "due_at", "id"),
        Index("ix_onboarding_dealer", "dealer_id", "is_open", "due_at", "id"),
        Index("ix_onboarding_activated", "status", "activated_at"),
        CheckConstraint("readiness BETWEEN 0 AND 100", name="readiness"),
        {"sqlite_autoincrement": True},
    )

    kind: Mapped[str] = mapped_column(String(10), nullable=False)
    former_status: Mapped[str] = mapped_column(String(20), nullable=False)
    open_for: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"), unique=True)
    checklist_id: Mapped[int | None] = mapped_column(ForeignKey("checklist.id"), unique=True)
    anchor_on: Mapped[date] = mapped_column(Date, nullable=False)
    target_on: Mapped[date] = mapped_column(Date, nullable=False)
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    stage_entered_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    activated_on: Mapped[date | None] = mapped_column(Date)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closing_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    # what lists show; `summary_on` is the day (of the dealer's zone) it was derived on
    readiness: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    open_items: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    overdue_items: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    dealer_items: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    gates_open: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    gates_failed: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    next_gate: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    next_due_on: Mapped[date | None] = mapped_column(Date)
    waits_on: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    waits_owner: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    critical_on: Mapped[date | None] = mapped_column(Date)
    forecast_p50_on: Mapped[date | None] = mapped_column(Date)
    forecast_p80_on: Mapped[date | None] = mapped_column(Date)
    risk: Mapped[str] = mapped_column(String(10), nullable=False, default="on_track")
    summary_on: Mapped[date | None] = mapped_column(Date)
    dealer: Mapped[Dealer] = relationship(foreign_keys="Onboarding.dealer_id")
    open_dealer: Mapped[Dealer | None] = relationship(foreign_keys=[open_for])
    assignee: Mapped[Person | None] = relationship(foreign_keys="Onboarding.assignee_id")
    checklist: Mapped[Checklist | None] = relationship()


class OnboardingStage(Base):
    """A stay in one stage: from when to when. Real durations, conversion and ageing stand on these rows."""

    __tablename__ = "onboarding_stage"
    __table_args__ = (
        Index("ix_onboarding_stage_case", "onboarding_id", "id"),
        Index("ix_onboarding_stage_dealer", "dealer_id", "stage"),
        Index("ix_onboarding_stage_left", "left_at", "stage"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    onboarding_id: Mapped[int] = mapped_column(ForeignKey("onboarding.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    stage: Mapped[str] = mapped_column(String(30), nullable=False)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_to: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    onboarding: Mapped[Onboarding] = relationship()
    dealer: Mapped[Dealer] = relationship()
