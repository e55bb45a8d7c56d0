"""Sums of returned surveys, written by triggers of the surveys alone (sums.py)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Boolean, Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from db.core.base import Base
from db.core.rollups import CLUSTERED


class SurveySums(Base):
    """What every grain sums up, of surveys of one kind that count or were left out; an index is in hundredths."""

    __abstract__ = True

    kind: Mapped[str] = mapped_column(String(3), primary_key=True, sort_order=-1)
    is_counted: Mapped[bool] = mapped_column(Boolean, primary_key=True, sort_order=-1)
    surveys: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    indexed: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    index_total: Mapped[int] = mapped_column(BigInteger, nullable=False, sort_order=1)
    index_squares: Mapped[int] = mapped_column(BigInteger, nullable=False, sort_order=1)
    answers: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    tops: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    promoters: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    passives: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    detractors: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)


class SurveyMonth(SurveySums):
    """Month x region."""

    __tablename__ = "survey_month"
    __table_args__ = CLUSTERED

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)


class SurveyDay(SurveySums):
    """Day x region: the days of a period that fill no month."""

    __tablename__ = "survey_day"
    __table_args__ = CLUSTERED

    answered_on: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)


class SurveyDealerMonth(SurveySums):
    """Dealer x month; a dealer's region is looked up, so nothing here moves with it."""

    __tablename__ = "survey_dealer_month"
    __table_args__ = CLUSTERED

    dealer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
