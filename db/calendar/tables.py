"""Working calendars as they are stored: weekly hours, exceptions, and holiday lists that several calendars share."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime


class HolidayList(Base):
    """A named list of holidays, such as US federal. `version` rises with each change of its days."""

    __tablename__ = "holiday_list"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), nullable=False, unique=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)


class Holiday(Base):
    """One day of a holiday list."""

    __tablename__ = "holiday"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("holiday_list.id"), nullable=False, index=True)
    day: Mapped[date] = mapped_column(Date, nullable=False)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    holiday_list: Mapped[HolidayList] = relationship()


class WorkCalendar(Base):
    """A working calendar. `weekly` is seven lists (Monday first) of [start, end] in minutes after local midnight."""

    __tablename__ = "work_calendar"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), nullable=False, unique=True)
    zone: Mapped[str] = mapped_column(String(60), nullable=False)
    weekly: Mapped[list[list[list[int]]]] = mapped_column(Json, nullable=False)
    holiday_list_id: Mapped[int | None] = mapped_column(ForeignKey("holiday_list.id"))
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    holiday_list: Mapped[HolidayList | None] = relationship()


class CalendarException(Base):
    """Days (both ends included) on which other hours apply; no intervals means closed."""

    __tablename__ = "calendar_exception"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("work_calendar.id"), nullable=False, index=True)
    first_day: Mapped[date] = mapped_column(Date, nullable=False)
    last_day: Mapped[date] = mapped_column(Date, nullable=False)
    intervals: Mapped[list[Any]] = mapped_column(Json, nullable=False)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    calendar: Mapped[WorkCalendar] = relationship()
