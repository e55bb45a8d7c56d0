"""Who gets the weekly report, which dealers it is switched on for, what was mailed, and each report as it was sent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime
from db.dealers.tables import Dealer
from db.people.tables import Person


class WeeklySwitch(Base):
    """A dealer whose managers get the report unless they said no; `from_week` is the first week they get."""

    __tablename__ = "weekly_switch"
    __table_args__ = (UniqueConstraint("dealer_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    is_on: Mapped[bool] = mapped_column(Boolean, nullable=False)
    from_week: Mapped[date] = mapped_column(Date, nullable=False)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)

    dealer: Mapped[Dealer] = relationship()


class WeeklyWish(Base):
    """What one person said about one dealer's report: mail it, or do not though it is switched on."""

    __tablename__ = "weekly_wish"
    __table_args__ = (UniqueConstraint("dealer_id", "person_id"), Index("ix_weekly_wish_person", "person_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False)
    wants: Mapped[bool] = mapped_column(Boolean, nullable=False)
    from_week: Mapped[date] = mapped_column(Date, nullable=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)

    dealer: Mapped[Dealer] = relationship()
    person: Mapped[Person] = relationship()


class WeeklyReport(Base):
    """A dealer's week as it was sent first: facts, sentences and every rule's answer; never changed after."""

    __tablename__ = "weekly_report"
    __table_args__ = (UniqueConstraint("dealer_id", "week"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    week: Mapped[date] = mapped_column(Date, nullable=False)
    content: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)

    dealer: Mapped[Dealer] = relationship()


class WeeklyMail(Base):
    """The one mail of a person's week: the key lets one of two sweeps send it. `dealers` are the ids it spoke of."""

    __tablename__ = "weekly_mail"
    __table_args__ = (UniqueConstraint("person_id", "week"), Index("ix_weekly_mail_week", "week"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False)
    week: Mapped[date] = mapped_column(Date, nullable=False)
    dealers: Mapped[list[int]] = mapped_column(Json, nullable=False)
    outcome: Mapped[str] = mapped_column(String(10), nullable=False)  # sent, told (no address), kept (no right left)
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)

    person: Mapped[Person] = relationship()
