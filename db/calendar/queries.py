"""Working calendars as rules: loaded once a process and change, and shown to the people who keep them.

A dealer's promises follow its own calendar; a dealer without one follows the desk's usual hours in the dealer's zone
(domain-rules 2.0, 2.2 B).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, String, bindparam, column, func, select, table
from sqlalchemy.orm import Session

from db.calendar.holidays_us import federal_holidays
from db.calendar.model import Calendar, DayException, Hours
from db.calendar.tables import CalendarException, Holiday, HolidayList, WorkCalendar
from db.core import changes
from db.core.problems import NotFound

DESK_ZONE = "America/New_York"
USUAL_NAME = "Usual hours"
USUAL_WEEK: tuple[tuple[Hours, ...], ...] = (*((Hours(9 * 60, 18 * 60),),) * 5, (Hours(10 * 60, 16 * 60),), ())
USUAL_YEARS = range(2000, 2051)

# The calendar comes before the dealers in the order of areas, so their row is read by the names of its columns.
_dealer = table("dealer", column("id", Integer), column("calendar_id", Integer), column("zone", String))
_OF_DEALER = select(_dealer.c.calendar_id, _dealer.c.zone).where(_dealer.c.id == bindparam("dealer_id"))


@lru_cache(maxsize=64)
def usual_calendar(zone: str = DESK_ZONE) -> Calendar:
    """The hours that hold where nobody said otherwise: Monday to Friday 9-18, Saturday 10-16, US federal holidays."""
    holidays = {day: name for year in USUAL_YEARS for day, name in federal_holidays(year).items()}
    return Calendar(name=USUAL_NAME, zone=zone, weekly=USUAL_WEEK, holidays=holidays)


class CalendarBook:
    """Every stored calendar as of one change token, for lists that need the calendars of many dealers."""

    def __init__(self, calendars: Mapping[int, Calendar]) -> None:
        self._calendars = calendars

    def get(self, calendar_id: int | None, zone: str | None) -> Calendar:
        """The calendar of that id, or the usual hours in `zone` (the desk's zone when there is none)."""
        found = self._calendars.get(calendar_id) if calendar_id is not None else None
        return found or usual_calendar(zone or DESK_ZONE)


_books: dict[str, tuple[Any, CalendarBook]] = {}


def calendar_book(session: Session) -> CalendarBook:
    """All calendars, kept by this process until the change counter of calendars moves."""
    if "calendar" in session.info.get("areas", ()):
        return CalendarBook(_read_all(session))  # this transaction changed them and is not counted yet
    where = session.get_bind().engine.url.render_as_string(hide_password=True)
    token = changes.token(session, "calendar")
    kept = _books.get(where)
    if kept is None or kept[0] != token:
        kept = _books[where] = (token, CalendarBook(_read_all(session)))
    return kept[1]


def load_calendar(session: Session, calendar_id: int | None) -> Calendar:
    """The calendar of that id; the usual hours in the desk's zone when there is no such id."""
    return calendar_book(session).get(calendar_id, None)


def calendar_for_dealer(session: Session, dealer_id: int | None) -> Calendar:
    """The calendar a dealer's promises follow: its own, else the usual hours in its zone; the desk's for no dealer."""
    row = None
    if dealer_id is not None:
        row = session.execute(_OF_DEALER, {"dealer_id": dealer_id}).first()
    return calendar_book(session).get(row.calendar_id if row else None, row.zone if row else None)


def _read_all(session: Session) -> dict[int, Calendar]:
    holidays: dict[int, dict[date, str]] = {}
    for list_id, day, name in session.execute(select(Holiday.list_id, Holiday.day, Holiday.name)):
        holidays.setdefault(list_id, {})[day] = name
    exceptions: dict[int, list[DayException]] = {}
    for e in session.execute(select(CalendarException.__table__).order_by(CalendarException.id)):
        hours = tuple(Hours(start, end) for start, end in e.intervals)
        exceptions.setdefault(e.calendar_id, []).append(
            DayException(first=e.first_day, last=e.last_day, intervals=hours, name=e.name)
        )
    return {
        c.id: Calendar(
            name=c.name,
            zone=c.zone,
            weekly=tuple(tuple(Hours(start, end) for start, end in day) for day in c.weekly),
            holidays=holidays.get(c.holiday_list_id, {}),
            exceptions=tuple(exceptions.get(c.id, ())),
        )
        for c in session.execute(select(WorkCalendar.__table__))
    }


# ---- the admin page ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class CalendarLine:
    """One calendar in the list: opening minutes a week, how many dealers follow it, the name of its holiday list."""

    id: int
    name: str
    zone: str
    weekly_minutes: int
    holiday_list: str
    exceptions: int
    dealers: int
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, kw_only=True)
class ExceptionLine:
    """Days on which other hours apply; no `intervals` means closed."""

    id: int
    first_day: date
    last_day: date
    intervals: tuple[Hours, ...]
    name: str


@dataclass(frozen=True, kw_only=True)
class CalendarRecord:
    """One calendar as its form shows it; `version` goes back with the command that saves it."""

    id: int
    name: str
    zone: str
    weekly: tuple[tuple[Hours, ...], ...]
    holiday_list_id: int | None
    exceptions: tuple[ExceptionLine, ...]
    dealers: int
    version: int
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, kw_only=True)
class HolidayListRecord:
    """A holiday list with its days in order."""

    id: int
    name: str
    days: tuple[tuple[date, str], ...]
    calendars: int
    version: int


def list_calendars(session: Session) -> list[CalendarLine]:
    """Every calendar by name. Calendars belong to the desk, so there is no scope to respect."""
    followers = _counts(session, select(_dealer.c.calendar_id, func.count()).group_by(_dealer.c.calendar_id))
    exceptions = _counts(
        session, select(CalendarException.calendar_id, func.count()).group_by(CalendarException.calendar_id)
    )
    rows = session.execute(
        select(WorkCalendar.__table__, HolidayList.name.label("holidays"))
        .join_from(WorkCalendar, HolidayList, isouter=True)
        .order_by(WorkCalendar.name)
    )
    return [
        CalendarLine(
            id=row.id,
            name=row.name,
            zone=row.zone,
            weekly_minutes=sum(end - start for day in row.weekly for start, end in day),
            holiday_list=row.holidays or "",
            exceptions=exceptions.get(row.id, 0),
            dealers=followers.get(row.id, 0),
            updated_at=row.updated_at,
            updated_by=row.updated_by,
        )
        for row in rows
    ]


def get_calendar(session: Session, *, calendar_id: int) -> CalendarRecord:
    """One calendar with its exceptions; `NotFound` when there is none of that id."""
    row = session.execute(select(WorkCalendar.__table__).where(WorkCalendar.id == calendar_id)).first()
    if row is None:
        raise NotFound("This calendar")
    exceptions = session.execute(
        select(CalendarException.__table__)
        .where(CalendarException.calendar_id == calendar_id)
        .order_by(CalendarException.first_day, CalendarException.id)
    )
    dealers = select(func.count()).select_from(_dealer).where(_dealer.c.calendar_id == calendar_id)
    return CalendarRecord(
        id=row.id,
        name=row.name,
        zone=row.zone,
        weekly=tuple(tuple(Hours(start, end) for start, end in day) for day in row.weekly),
        holiday_list_id=row.holiday_list_id,
        exceptions=tuple(
            ExceptionLine(
                id=e.id,
                first_day=e.first_day,
                last_day=e.last_day,
                intervals=tuple(Hours(start, end) for start, end in e.intervals),
                name=e.name,
            )
            for e in exceptions
        ),
        dealers=session.scalar(dealers) or 0,
        version=row.version,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
    )


def list_holiday_lists(session: Session) -> list[HolidayListRecord]:
    """Every holiday list by name, each with its days."""
    days: dict[int, list[tuple[date, str]]] = {}
    for list_id, day, name in session.execute(select(Holiday.list_id, Holiday.day, Holiday.name).order_by(Holiday.day)):
        days.setdefault(list_id, []).append((day, name))
    used = _counts(session, select(WorkCalendar.holiday_list_id, func.count()).group_by(WorkCalendar.holiday_list_id))
    return [
        HolidayListRecord(
            id=row.id, name=row.name, days=tuple(days.get(row.id, ())), calendars=used.get(row.id, 0),
            version=row.version,
        )
        for row in session.execute(select(HolidayList.__table__).order_by(HolidayList.name))
    ]  # fmt: skip


def _counts(session: Session, query: Any) -> dict[int, int]:
    return {key: number for key, number in session.execute(query) if key is not None}
