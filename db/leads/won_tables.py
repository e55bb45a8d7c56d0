"""Sums of won and lost leads, written by triggers of the leads alone (won_sums.py)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from db.core.base import Base
from db.core.rollups import CLUSTERED
from db.core.types import Cents


class WonSums(Base):
    """What both grains sum up: leads won and lost, the cents of the won ones, and those of them without a value."""

    __abstract__ = True

    won: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    lost: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    cents: Mapped[int] = mapped_column(Cents, nullable=False, sort_order=1)
    without_value: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)


class LeadWonMonth(WonSums):
    """Month of the decision x region x source x product."""

    __tablename__ = "lead_won_month"
    __table_args__ = CLUSTERED

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    product: Mapped[str] = mapped_column(String(40), primary_key=True)


class LeadWonDealerMonth(WonSums):
    """Dealer x month of the decision x region of the lead (`place`: its leads move it, nothing else does)."""

    __tablename__ = "lead_won_dealer_month"
    __table_args__ = CLUSTERED

    dealer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # 0 = unassigned
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    place: Mapped[str] = mapped_column(String(40), primary_key=True)
