"""Sums of incentives, written by triggers alone (sums.py, payouts.py); cents, days of the desk."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, Index, Integer, String
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


# ---- units, payouts, decisions (decision 0081) -----------------------------------------------------------------------
class ByMonth(Base):
    """Month x region x program."""

    __abstract__ = True
    __table_args__ = CLUSTERED

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    program_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class ByDay(Base):
    """Day x region x program."""

    __abstract__ = True
    __table_args__ = CLUSTERED

    on_day: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    program_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class ByDealer(Base):
    """Month x dealer x program; a dealer's region is looked up, so nothing here moves with it."""

    __abstract__ = True
    __table_args__ = CLUSTERED

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    program_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class UnitSums(Base):
    """Sales that count by the day of delivery: how many, how many of them claimed, how many that earn."""

    __abstract__ = True

    units: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    claimed: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    earning: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)


class PayoutSums(Base):
    """Vehicles and volumes by the day they were paid for first: accounts, units and cents."""

    __abstract__ = True

    accounts: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    units: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    cents: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)


class DecidedSums(Base):
    """Claims by the day they were decided."""

    __abstract__ = True

    decided: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    denied: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    by_checks: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)


class IncentiveUnitMonth(UnitSums, ByMonth):
    """Units by month."""

    __tablename__ = "incentive_unit_month"


class IncentiveUnitDay(UnitSums, ByDay):
    """Units by day."""

    __tablename__ = "incentive_unit_day"


class IncentiveUnitDealer(UnitSums, ByDealer):
    """Units by dealer."""

    __tablename__ = "incentive_unit_dealer"


class IncentivePayoutMonth(PayoutSums, ByMonth):
    """Payouts by month."""

    __tablename__ = "incentive_payout_month"


class IncentivePayoutDay(PayoutSums, ByDay):
    """Payouts by day."""

    __tablename__ = "incentive_payout_day"


class IncentivePayoutDealer(PayoutSums, ByDealer):
    """Payouts by dealer."""

    __tablename__ = "incentive_payout_dealer"


class IncentiveDecidedMonth(DecidedSums, ByMonth):
    """Decisions by month."""

    __tablename__ = "incentive_decided_month"


class IncentiveDecidedDay(DecidedSums, ByDay):
    """Decisions by day."""

    __tablename__ = "incentive_decided_day"


class IncentiveDecidedDealer(DecidedSums, ByDealer):
    """Decisions by dealer."""

    __tablename__ = "incentive_decided_dealer"


class IncentivePayout(Base):
    """What was paid for one vehicle (`sale_id`) or one volume (0): net cents, and the desk's day it was first paid.

    Written by triggers alone (payouts.py).
    """

    __tablename__ = "incentive_payout"
    __table_args__ = (
        # All that payouts of some days are counted by.
        Index("ix_incentive_payout_day", "first_on", "dealer_id", "program_id", "region", "cents", "units"),
        Index("ix_incentive_payout_dealer", "dealer_id"),
        CLUSTERED,
    )

    program_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    dealer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    sale_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    first_on: Mapped[date | None] = mapped_column(Date)
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    units: Mapped[int] = mapped_column(Integer, nullable=False)
