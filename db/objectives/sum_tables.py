"""Sums of objectives, written by triggers of the objectives alone (sums.py)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, Integer
from sqlalchemy.orm import Mapped, mapped_column

from db.core.base import Base
from db.core.rollups import CLUSTERED


class ObjectiveDealerMonth(Base):
    """A dealer's month: its segments, those with an agreed objective, expected sales in hundredths of a percent of one
    vehicle, and vehicles agreed."""

    __tablename__ = "objective_dealer_month"
    __table_args__ = CLUSTERED

    dealer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    segments: Mapped[int] = mapped_column(Integer, nullable=False)
    agreed_segments: Mapped[int] = mapped_column(Integer, nullable=False)
    parts: Mapped[int] = mapped_column(BigInteger, nullable=False)
    agreed: Mapped[int] = mapped_column(BigInteger, nullable=False)
