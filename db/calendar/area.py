"""What working calendars offer to the desk: a check that no stored calendar can stop a clock for good."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.model import problems_with
from db.calendar.queries import load_calendar
from db.calendar.tables import WorkCalendar
from db.core.area import Area, Check


def calendars_are_sound(session: Session) -> list[str]:
    """Everything wrong with stored calendars, in sentences (domain-rules 2.2 B)."""
    return [
        f"calendar {name}: {problem.message}"
        for calendar_id, name in session.execute(select(WorkCalendar.id, WorkCalendar.name).order_by(WorkCalendar.name))
        for problem in problems_with(load_calendar(session, calendar_id))
    ]


AREA = Area(
    name="calendar", title="Working time", checks=(Check(name="Calendars have opening hours", run=calendars_are_sound),)
)
