"""Sums of co-op, written by triggers alone (sums.py): cents by days of the entry's dealer, decisions by the desk's."""

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


class CoopMonthOf(Base):
    """The keys of what is summed up by month x region x programme x medium."""

    __abstract__ = True

    month: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-1)
    region: Mapped[str] = mapped_column(String(40), primary_key=True, sort_order=-1)
    programme_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-1)
    medium: Mapped[str] = mapped_column(String(20), primary_key=True, sort_order=-1)


class CoopDecided(CoopMonthOf):
    """Decisions by month x region x programme x medium: how many, denied, returned at least once, touched again."""

    __abstract__ = True

    decided: Mapped[int] = mapped_column(Integer, nullable=False)
    denied: Mapped[int] = mapped_column(Integer, nullable=False)
    returned: Mapped[int] = mapped_column(Integer, nullable=False)
    again: Mapped[int] = mapped_column(Integer, nullable=False)


class CoopRequestMonth(CoopDecided):
    """Requests by the month they were decided in."""

    __tablename__ = "coop_request_month"
    __table_args__ = CLUSTERED


class CoopClaimMonth(CoopDecided):
    """Claims by the month they were decided in."""

    __tablename__ = "coop_claim_month"
    __table_args__ = CLUSTERED


class CoopPayMonth(CoopMonthOf):
    """Claims by the month they were first paid in, with the minutes each holder had them in all."""

    __tablename__ = "coop_pay_month"
    __table_args__ = CLUSTERED

    claims: Mapped[int] = mapped_column(Integer, nullable=False)
    dealer: Mapped[int] = mapped_column(BigInteger, nullable=False)
    desk: Mapped[int] = mapped_column(BigInteger, nullable=False)
    finance: Mapped[int] = mapped_column(BigInteger, nullable=False)


class CoopTook(Base):
    """How many took how many whole days, by month x region x medium: where a middle value lies."""

    __abstract__ = True

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    medium: Mapped[str] = mapped_column(String(20), primary_key=True)
    days: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(Integer, nullable=False)


class CoopRequestTook(CoopTook):
    """From the last sending of a request to a person's decision."""

    __tablename__ = "coop_request_took"
    __table_args__ = CLUSTERED


class CoopClaimTook(CoopTook):
    """From the last sending of a claim to a person's decision."""

    __tablename__ = "coop_claim_took"
    __table_args__ = CLUSTERED


class CoopPayTook(CoopTook):
    """From the decision of a claim to its first payment."""

    __tablename__ = "coop_pay_took"
    __table_args__ = CLUSTERED


class CoopLotDay(Base):
    """What lots hold now, by the last day of the lot x region x programme."""

    __tablename__ = "coop_lot_day"
    __table_args__ = CLUSTERED

    expires_on: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    programme_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    left_cents: Mapped[int] = mapped_column(Cents, nullable=False)
