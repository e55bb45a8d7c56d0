"""Changes of working calendars. Promises already made keep their due times; new ones follow the new hours (2.2 B)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from db.calendar.holidays_us import FIRST_YEAR, federal_holidays
from db.calendar.model import Calendar, DayException, Hours, problems_with
from db.calendar.queries import get_calendar
from db.calendar.tables import CalendarException, Holiday, HolidayList, WorkCalendar
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale

Intervals = Sequence[Sequence[int]]
US_FEDERAL = "US federal holidays"


def save_calendar(
    session: Session, *, calendar_id: int | None, seen_version: int, name: str, zone: str, weekly: Sequence[Intervals],
    holiday_list_id: int | None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Make a calendar (`calendar_id` None) or replace its hours; gives back its id.

    `weekly` holds seven days, Monday first, each a list of [start, end] in minutes after local midnight. Refuses with
    problems of name, zone, weekly, exceptions and holiday_list_id (2.2 B: a calendar that is never open is refused).
    """
    actor.require(Permission.CALENDARS_MANAGE)
    problems = Problems()
    name = problems.require(name, "name", "The name", longest=80)
    before = get_calendar(session, calendar_id=calendar_id) if calendar_id is not None else None
    if before is not None and before.version != seen_version:
        raise Stale(what=f"The calendar {before.name}", changed_by=before.updated_by, changed_at=before.updated_at)
    taken = session.scalar(select(WorkCalendar.id).where(WorkCalendar.name == name))
    if taken is not None and taken != calendar_id:
        problems.add("name", "taken", f"There is a calendar named {name} already.")
    if holiday_list_id is not None and session.get(HolidayList, holiday_list_id) is None:
        problems.add("holiday_list_id", "unknown", "This holiday list was not found.")
    if len(weekly) != 7:
        problems.add("weekly", "seven_days", "A week has seven days; give each its opening hours, or none.")
        problems.refuse_if_any()
    week = tuple(_hours(day) for day in weekly)
    exceptions = before.exceptions if before else ()
    problems.found += _problems(name, zone, week, [_as_rule(e) for e in exceptions], known=bool(name))
    problems.refuse_if_any()
    stored = [[[h.start_minute, h.end_minute] for h in day] for day in week]
    after = {"name": name, "zone": zone, "weekly": stored, "holiday_list_id": holiday_list_id}
    if before is None:
        calendar = WorkCalendar(**after, version=1, updated_at=now, updated_by=actor.name)
        session.add(calendar)
        session.flush()
        saved, old = calendar.id, None
    else:
        saved = before.id
        old = {
            "name": before.name, "zone": before.zone, "holiday_list_id": before.holiday_list_id,
            "weekly": [[[h.start_minute, h.end_minute] for h in day] for day in before.weekly],
        }  # fmt: skip
        _raise_version(session, saved, seen_version, name=before.name, actor=actor, now=now, values=after)
        after, old = {k: v for k, v in after.items() if old[k] != v}, {k: v for k, v in old.items() if after[k] != v}
    _note(
        session, "save_calendar", f"Calendar {name} {'made' if before is None else 'changed'}", calendar_id=saved,
        actor=actor, now=now, before=old, after=after,
    )  # fmt: skip
    return saved


def add_exception(
    session: Session, *, calendar_id: int, seen_version: int, first_day: date, last_day: date, intervals: Intervals,
    name: str, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Give days (both ends included) other hours, or none: a closed Friday, a working Saturday, a short day."""
    actor.require(Permission.CALENDARS_MANAGE)
    problems = Problems()
    name = problems.require(name, "name", "The reason", longest=120)
    before = get_calendar(session, calendar_id=calendar_id)
    if before.version != seen_version:
        raise Stale(what=f"The calendar {before.name}", changed_by=before.updated_by, changed_at=before.updated_at)
    added = DayException(first=first_day, last=last_day, intervals=_hours(intervals), name=name)
    alone = _problems(before.name, before.zone, before.weekly, [added])
    together = _problems(before.name, before.zone, before.weekly, [*(_as_rule(e) for e in before.exceptions), added])
    for problem in together:
        field = "first_day" if problem not in alone else "last_day" if problem.code == "empty_range" else "intervals"
        problems.add(field, problem.code, problem.message, rule="2.2 B")
    problems.refuse_if_any()
    stored = [[h.start_minute, h.end_minute] for h in added.intervals]
    row = CalendarException(
        calendar_id=calendar_id, first_day=first_day, last_day=last_day, intervals=stored, name=name
    )
    session.add(row)
    session.flush()
    _raise_version(session, calendar_id, seen_version, name=before.name, actor=actor, now=now, values={})
    _note(
        session, "add_exception", f"Calendar {before.name}: {name} from {first_day} to {last_day}",
        calendar_id=calendar_id, actor=actor, now=now,
        after={"first_day": first_day, "last_day": last_day, "intervals": stored, "name": name},
    )  # fmt: skip
    return row.id


def remove_exception(session: Session, *, exception_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Let the weekly hours hold again on the days of an exception; what it said stays in the timeline."""
    actor.require(Permission.CALENDARS_MANAGE)
    row = session.execute(select(CalendarException.__table__).where(CalendarException.id == exception_id)).first()
    if row is None:
        raise NotFound("This exception")
    before = get_calendar(session, calendar_id=row.calendar_id)
    if before.version != seen_version:
        raise Stale(what=f"The calendar {before.name}", changed_by=before.updated_by, changed_at=before.updated_at)
    left = [_as_rule(e) for e in before.exceptions if e.id != exception_id]
    problems = Problems()
    problems.found += _problems(before.name, before.zone, before.weekly, left)
    problems.refuse_if_any()
    session.execute(delete(CalendarException).where(CalendarException.id == exception_id))
    _raise_version(session, before.id, seen_version, name=before.name, actor=actor, now=now, values={})
    _note(
        session, "remove_exception", f"Calendar {before.name}: {row.name} taken back",
        calendar_id=before.id, actor=actor, now=now,
        before={"first_day": row.first_day, "last_day": row.last_day, "intervals": row.intervals, "name": row.name},
    )  # fmt: skip


def save_holiday_list(
    session: Session, *, list_id: int | None, seen_version: int, name: str, days: Iterable[tuple[date, str]],
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Make a holiday list (`list_id` None) or replace its days; gives back its id. Problems belong to name and days."""
    actor.require(Permission.CALENDARS_MANAGE)
    problems = Problems()
    name = problems.require(name, "name", "The name", longest=80)
    wanted: dict[date, str] = {}
    for day, given in days:
        title = given.strip()
        if not title or len(title) > 120:
            problems.add("days", "name_needed", f"{day}: a holiday needs a name of at most 120 characters.")
        if day in wanted:
            problems.add("days", "twice", f"{day} is given twice: {wanted[day]} and {title}.")
        wanted[day] = title
    if not wanted:
        problems.add("days", "required", "Give at least one day.")
    row = None
    if list_id is not None:
        row = session.execute(select(HolidayList.__table__).where(HolidayList.id == list_id)).first()
        if row is None:
            raise NotFound("This holiday list")
        if row.version != seen_version:
            raise Stale(what=f"The holiday list {row.name}", changed_by=row.updated_by, changed_at=row.updated_at)
    taken = session.scalar(select(HolidayList.id).where(HolidayList.name == name))
    if taken is not None and taken != list_id:
        problems.add("name", "taken", f"There is a holiday list named {name} already.")
    problems.refuse_if_any()
    if row is None:
        made = HolidayList(name=name, version=1, updated_at=now, updated_by=actor.name)
        session.add(made)
        session.flush()
        list_id = made.id
    else:
        done = session.scalar(
            update(HolidayList)
            .where(HolidayList.id == list_id, HolidayList.version == seen_version)
            .values(name=name, version=seen_version + 1, updated_at=now, updated_by=actor.name)
            .returning(HolidayList.id)
            .execution_options(synchronize_session=False)
        )
        if done is None:
            raise Stale(what=f"The holiday list {row.name}", changed_by="somebody else", changed_at=now)
    assert list_id is not None
    old = _replace_days(session, list_id, wanted)
    _note_list(
        session,
        "save_holiday_list",
        f"Holiday list {name} saved",
        list_id=list_id,
        actor=actor,
        now=now,
        old=old,
        new=wanted,
    )
    return list_id


def seed_us_federal(session: Session, *, years: Iterable[int], actor: Actor, now: datetime) -> int:
    """Put the US federal holidays of `years` into the list of that name; days already in it stay. Gives back its id."""
    actor.require(Permission.CALENDARS_MANAGE)
    wanted_years = sorted(set(years))
    if not wanted_years or wanted_years[0] < FIRST_YEAR or wanted_years[-1] > 2200:
        raise Refused(Problem(code="years", field="years", message=f"Give years from {FIRST_YEAR} to 2200."))
    row = session.execute(select(HolidayList.__table__).where(HolidayList.name == US_FEDERAL)).first()
    if row is None:
        made = HolidayList(name=US_FEDERAL, version=1, updated_at=now, updated_by=actor.name)
        session.add(made)
        session.flush()
        list_id = made.id
    else:
        list_id = row.id
        session.execute(
            update(HolidayList)
            .where(HolidayList.id == list_id)
            .values(version=HolidayList.version + 1, updated_at=now, updated_by=actor.name)
            .execution_options(synchronize_session=False)
        )
    known = dict(session.execute(select(Holiday.day, Holiday.name).where(Holiday.list_id == list_id)).all())
    federal = {day: title for year in wanted_years for day, title in federal_holidays(year).items()}
    wanted = {**federal, **known}
    old = _replace_days(session, list_id, wanted)
    summary = f"{US_FEDERAL} of {wanted_years[0]} to {wanted_years[-1]} added"
    _note_list(session, "seed_us_federal", summary, list_id=list_id, actor=actor, now=now, old=old, new=wanted)
    return list_id


def _hours(intervals: Intervals) -> tuple[Hours, ...]:
    return tuple(sorted((Hours(int(start), int(end)) for start, end in intervals), key=lambda h: h.start_minute))


def _as_rule(line: Any) -> DayException:
    return DayException(first=line.first_day, last=line.last_day, intervals=line.intervals, name=line.name)


def _problems(
    name: str,
    zone: str,
    weekly: tuple[tuple[Hours, ...], ...],
    exceptions: Sequence[DayException],
    *,
    known: bool = True,
) -> list[Problem]:
    rule = Calendar(name=name if known else "-", zone=zone, weekly=weekly, exceptions=tuple(exceptions))
    return problems_with(rule)


def _raise_version(
    session: Session, calendar_id: int, seen: int, *, name: str, actor: Actor, now: datetime, values: Mapping[str, Any]
) -> None:
    done = session.scalar(
        update(WorkCalendar)
        .where(WorkCalendar.id == calendar_id, WorkCalendar.version == seen)
        .values(**values, version=seen + 1, updated_at=now, updated_by=actor.name)
        .returning(WorkCalendar.id)
        .execution_options(synchronize_session=False)
    )
    if done is None:
        raise Stale(what=f"The calendar {name}", changed_by="somebody else", changed_at=now)


def _replace_days(session: Session, list_id: int, wanted: Mapping[date, str]) -> dict[date, str]:
    old = dict(session.execute(select(Holiday.day, Holiday.name).where(Holiday.list_id == list_id)).all())
    if old != wanted:
        session.execute(delete(Holiday).where(Holiday.list_id == list_id))
        rows = [{"list_id": list_id, "day": day, "name": title} for day, title in sorted(wanted.items())]
        if rows:
            session.execute(insert(Holiday), rows)
    return old


def _note(
    session: Session, command: str, summary: str, *, calendar_id: int, actor: Actor, now: datetime,
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    changes.touch(session, "calendar")
    timeline.record(
        session, actor=actor, now=now, area="calendar", command=command, summary=summary, before=before, after=after,
        items=[timeline.Item("calendar", calendar_id)],
    )  # fmt: skip


def _note_list(
    session: Session, command: str, summary: str, *, list_id: int, actor: Actor, now: datetime, old: Mapping[date, str],
    new: Mapping[date, str],
) -> None:  # fmt: skip
    changes.touch(session, "calendar")
    gone = {str(d): n for d, n in sorted(old.items()) if new.get(d) != n}
    came = {str(d): n for d, n in sorted(new.items()) if old.get(d) != n}
    timeline.record(
        session, actor=actor, now=now, area="calendar", command=command, summary=summary, before=gone, after=came,
        items=[timeline.Item("holiday_list", list_id)],
    )  # fmt: skip
