"""Tables of appointments: the appointment, its planned confirmations, and how a dealer wants them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime
from db.customers.tables import Customer
from db.dealers.tables import Dealer
from db.leads.tables import Lead
from db.people.tables import Person
from db.workflow.tables import QueueItem


class Appointment(QueueItem):
    """One time agreed with a customer; `assignee_id` is the host, also known as `host_id`.

    `uid` stays the same along a chain of rescheduled times and `sequence` grows with it (invitations, RFC 5545).
    `recovery_ended_at` is set once nobody has to win back a customer who did not come any more. `merged_from_id` is the
    lead an appointment belonged to before that lead was merged into another.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        Index("ix_appointment_board", "is_open", "due_at", "id"),
        Index("ix_appointment_dealer", "dealer_id", "starts_at", "id"),
        Index("ix_appointment_starts", "starts_at", "id"),
        Index("ix_appointment_lead", "lead_id", "starts_at"),
        Index("ix_appointment_customer", "customer_id", "starts_at"),
        Index("ix_appointment_host", "assignee_id", "starts_at"),
        Index("ix_appointment_missed", "status", "recovery_ended_at", "missed_at"),
        CheckConstraint("starts_at <= ends_at", name="appointment_takes_time"),
        {"sqlite_autoincrement": True},
    )

    kind: Mapped[str] = mapped_column(String(20), nullable=False)
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"), index=True)
    uid: Mapped[str] = mapped_column(String(60), nullable=False, index=True)
    sequence: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    bay: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    outside_hours: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    confirmed_touch: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    missed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rescheduled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    recovery_ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_from_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    host_id = synonym("assignee_id")
    dealer: Mapped[Dealer | None] = relationship()
    host: Mapped[Person | None] = relationship()
    customer: Mapped[Customer] = relationship()
    lead: Mapped[Lead | None] = relationship(foreign_keys=[lead_id])
    merged_from: Mapped[Lead | None] = relationship(foreign_keys=[merged_from_id])
    parent: Mapped[Appointment | None] = relationship(remote_side="Appointment.id")


class AppointmentTouch(Base):
    """One planned confirmation. `kind` is immediate, far, day or hours; `channel` is email (automatic) or call.

    `outcome` is what a person logged: confirmed, nobody, change; `skipped` where the appointment was settled before.
    An automatic one has `sent_at` and no outcome until the customer answers.
    """

    __tablename__ = "appointment_touch"
    __table_args__ = (
        Index("uq_appointment_touch", "appointment_id", "kind", unique=True),
        Index("ix_appointment_touch_due", "is_open", "channel", "due_at", "id"),
        Index("ix_appointment_touch_dealer", "dealer_id", "is_open", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str | None] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20), nullable=False)
    channel: Mapped[str] = mapped_column(String(10), nullable=False)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    is_open: Mapped[bool] = mapped_column(Boolean, nullable=False)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    outcome_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    appointment: Mapped[Appointment] = relationship()
    dealer: Mapped[Dealer] = relationship()


class AppointmentPolicy(Base):
    """How a dealer wants appointments; the row without a dealer (`name` "network") holds for all others.

    `lengths` are minutes by kind, `bays` names of what can be booked beside a person. An appointment nobody checked
    in counts as missed `grace_minutes` after its start.
    """

    __tablename__ = "appointment_policy"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"), index=True)
    region: Mapped[str | None] = mapped_column(String(40))
    grace_minutes: Mapped[int] = mapped_column(Integer, nullable=False)
    far_days: Mapped[int] = mapped_column(Integer, nullable=False)
    lengths: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    bays: Mapped[list[str]] = mapped_column(Json, nullable=False)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    dealer: Mapped[Dealer | None] = relationship()
