"""Sums of the ledger of incentives, written by its triggers alone (sums.py); cents, days of the desk."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from db.core.base import Base
from db.core.rollups import CLUSTERED
from db.core.types import Cents


class IncentiveSums(Base):
    """What every grain sums up: the number of entries, and cents by book."""

    __abstract__ = True

    entries: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    earned: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)
    approved: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)
    paid: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)
    taken_back: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)


class IncentiveMonth(IncentiveSums):
    """Month x region x program."""

    __tablename__ = "incentive_month"
    __table_args__ = CLUSTERED

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    program_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class IncentiveDay(IncentiveSums):
    """Day x region x program: the days of a period that fill no month."""

    __tablename__ = "incentive_day"
    __table_args__ = CLUSTERED

    on_day: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    program_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class IncentiveDealerMonth(IncentiveSums):
    """Dealer x month; a dealer's region is looked up, so nothing here moves with it."""

    __tablename__ = "incentive_dealer_month"
    __table_args__ = CLUSTERED

    dealer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(Date, primary_key=True)


class SaleDealerMonth(Base):
    """New vehicles a dealer delivered in a month, those of unwound sales left out."""

    __tablename__ = "sale_dealer_month"
    __table_args__ = CLUSTERED

    dealer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    sold: Mapped[int] = mapped_column(Integer, nullable=False)
