"""Sums of the ledger of co-op, written by its triggers alone (sums.py); cents, days of the entry's dealer."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from db.core.base import Base
from db.core.rollups import CLUSTERED
from db.core.types import Cents


class CoopSums(Base):
    """What every grain sums up: the number of entries, and cents by what was posted, less what was reversed of it."""

    __abstract__ = True

    entries: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    accrued: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)
    reserved: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)
    released: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)
    approved: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)
    paid: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)
    expired: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)
    forfeited: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)


class CoopMonth(CoopSums):
    """Month x region x programme x medium."""

    __tablename__ = "coop_month"
    __table_args__ = CLUSTERED

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    programme_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    medium: Mapped[str] = mapped_column(String(20), primary_key=True)


class CoopDay(CoopSums):
    """Day x region x programme x medium: the days of a period that fill no month."""

    __tablename__ = "coop_day"
    __table_args__ = CLUSTERED

    on_day: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    programme_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    medium: Mapped[str] = mapped_column(String(20), primary_key=True)


class CoopDealerMonth(CoopSums):
    """Dealer x month; a dealer's region is looked up, so nothing here moves with it."""

    __tablename__ = "coop_dealer_month"
    __table_args__ = CLUSTERED

    dealer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
