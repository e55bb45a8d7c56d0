"""Tables of follow-up: versions of plans, leads that run on one, the tasks of each day, and who is away."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime
from db.customers.tables import Consent
from db.dealers.tables import Dealer
from db.leads.tables import Lead, LeadActivity, LeadContact
from db.people.tables import Person, PersonScope


class CadencePlanVersion(Base):
    """One version of a plan; its steps are never changed, a change is a new version (append-only)."""

    __tablename__ = "cadence_plan_version"
    __table_args__ = (
        Index("uq_cadence_plan_version", "plan", "version", unique=True),
        Index(
            "uq_cadence_plan_active", "plan", unique=True,
            sqlite_where=text("state = 'active'"), postgresql_where=text("state = 'active'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan: Mapped[str] = mapped_column(String(20), nullable=False)  # new_lead, no_show
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    state: Mapped[str] = mapped_column(String(10), nullable=False)  # draft, active, retired
    steps: Mapped[list[Any]] = mapped_column(Json, nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    activated_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)


class CadenceRun(Base):
    """A lead on a version of a plan; at most one is open for a lead. It goes when an undone import takes its lead back.

    `next_day` is the day of the plan whose tasks are still to be made (None: no more), `next_at` when the run has to be
    looked at again. `attempts` and `contact_day` are written when the customer was reached.
    """

    __tablename__ = "cadence_run"
    __table_args__ = (
        Index("ix_cadence_run_next", "is_open", "next_at", "id"),
        Index("ix_cadence_run_lead", "lead_id", "id"),
        Index("ix_cadence_run_dealer", "dealer_id", "ended_at"),
        Index(
            "uq_cadence_run_open", "lead_id", unique=True, sqlite_where=text("is_open = 1"),
            postgresql_where=text("is_open"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id", ondelete="CASCADE"), nullable=False)
    plan_version_id: Mapped[int] = mapped_column(ForeignKey("cadence_plan_version.id"), nullable=False, index=True)
    plan: Mapped[str] = mapped_column(String(20), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str | None] = mapped_column(String(40))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    first_day: Mapped[date] = mapped_column(Date, nullable=False)  # day 0, at the dealer
    next_day: Mapped[int | None] = mapped_column(Integer)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_open: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    attempts: Mapped[int | None] = mapped_column(Integer)
    contact_day: Mapped[int | None] = mapped_column(Integer)

    lead: Mapped[Lead] = relationship()
    plan_version: Mapped[CadencePlanVersion] = relationship()
    dealer: Mapped[Dealer] = relationship()
    assignee: Mapped[Person | None] = relationship(foreign_keys=[assignee_id])


class CadenceTask(Base):
    """One step of a run on its day. It is done by a logged contact and by nothing else: the database says so, too.

    `rank` 0 comes before everything else (the first action). `due_on` is the day at the dealer, `ends_at` its midnight:
    after that an open task is missed. `stand_in_id` is who stood in for the assignee when the task was closed.
    """

    __tablename__ = "cadence_task"
    __table_args__ = (
        Index("ix_cadence_task_board", "is_open", "rank", "due_at", "id"),
        Index("ix_cadence_task_dealer", "dealer_id", "is_open", "rank", "due_at", "id"),
        Index("ix_cadence_task_assignee", "assignee_id", "is_open", "rank", "due_at", "id"),
        Index("ix_cadence_task_lead", "lead_id", "is_open", "rank", "due_at", "id"),
        Index("ix_cadence_task_run", "run_id", "day", "position"),
        Index("ix_cadence_task_day", "due_on", "dealer_id"),
        Index("ix_cadence_task_dealer_day", "dealer_id", "due_on"),
        CheckConstraint("(state = 'done') = (activity_id IS NOT NULL)", name="done_by_contact"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("cadence_run.id", ondelete="CASCADE"), nullable=False)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id", ondelete="CASCADE"), nullable=False)
    plan: Mapped[str] = mapped_column(String(20), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str | None] = mapped_column(String(40))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    day: Mapped[int] = mapped_column(Integer, nullable=False)
    position: Mapped[int] = mapped_column(Integer, nullable=False)
    kind: Mapped[str] = mapped_column(String(10), nullable=False)  # call, email, text, any
    required: Mapped[bool] = mapped_column(Boolean, nullable=False)
    rank: Mapped[int] = mapped_column(Integer, nullable=False)
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    due_on: Mapped[date] = mapped_column(Date, nullable=False)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    state: Mapped[str] = mapped_column(String(10), nullable=False)  # open, done, missed, skipped, cancelled
    is_open: Mapped[bool] = mapped_column(Boolean, nullable=False)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("lead_activity.id", ondelete="CASCADE"), unique=True)
    outcome: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    done_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    reason: Mapped[str] = mapped_column(String(200), nullable=False, default="")  # why skipped or cancelled
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)

    run: Mapped[CadenceRun] = relationship()
    lead: Mapped[Lead] = relationship()
    dealer: Mapped[Dealer] = relationship()
    activity: Mapped[LeadActivity | None] = relationship()
    assignee: Mapped[Person | None] = relationship(foreign_keys=[assignee_id])
    stand_in: Mapped[Person | None] = relationship(foreign_keys=[stand_in_id])


class CadenceAbsence(Base):
    """Days on which somebody of a dealer is away, first and last included, and who stands in; days at the dealer."""

    __tablename__ = "cadence_absence"
    __table_args__ = (
        Index("ix_cadence_absence_person", "person_id", "last_day"),
        Index("ix_cadence_absence_dealer", "dealer_id", "last_day"),
        CheckConstraint("first_day <= last_day", name="days"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False)
    stand_in_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str | None] = mapped_column(String(40))
    first_day: Mapped[date] = mapped_column(Date, nullable=False)
    last_day: Mapped[date] = mapped_column(Date, nullable=False)
    note: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    is_active: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    stand_in: Mapped[Person] = relationship(foreign_keys=[stand_in_id])
    dealer: Mapped[Dealer] = relationship()


__all__ = [
    "CadenceAbsence", "CadencePlanVersion", "CadenceRun", "CadenceTask", "Consent", "Dealer", "Lead", "LeadActivity",
    "LeadContact", "Person", "PersonScope",
]  # fmt: skip
