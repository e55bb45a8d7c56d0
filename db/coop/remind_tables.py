"""Reminders of co-op money that expires: who reminded which dealer of what, when, and how many people it reached."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.coop.tables import CoopFund
from db.core.base import Base
from db.core.types import BigId, Cents, UtcDateTime
from db.dealers.tables import Dealer


class CoopReminder(Base):
    """One reminder of a dealer. It covers what expires from `first_on` to `last_on`, days of the dealer.

    `remind_key` makes it once: of a form and dealer, or of a fund, last day and days before for the desk's own, which
    name their `fund_id`. `told` is 0 where nobody could be told; such a dealer counts as not reminded.
    """

    __tablename__ = "coop_reminder"
    __table_args__ = (
        Index("ix_coop_reminder_dealer", "dealer_id", "at", "id"),
        Index("ix_coop_reminder_covers", "dealer_id", "last_on", "id"),
        CheckConstraint("cents >= 0 AND told >= 0 AND days >= 0", name="sign"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    remind_key: Mapped[str] = mapped_column(String(110), nullable=False, unique=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    fund_id: Mapped[int | None] = mapped_column(ForeignKey("coop_fund.id"), index=True)
    days: Mapped[int] = mapped_column(Integer, nullable=False)
    first_on: Mapped[date] = mapped_column(Date, nullable=False)
    last_on: Mapped[date] = mapped_column(Date, nullable=False)
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    told: Mapped[int] = mapped_column(Integer, nullable=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    username: Mapped[str] = mapped_column(String(80), nullable=False)
    by: Mapped[str] = mapped_column(String(120), nullable=False)
    is_auto: Mapped[bool] = mapped_column(Boolean, nullable=False)
    dealer: Mapped[Dealer] = relationship()
    fund: Mapped[CoopFund | None] = relationship()
