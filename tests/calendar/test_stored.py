"""Calendars as they are kept: what may be saved, who may, and that a change is seen at once and by its dealers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from db.calendar import commands, queries
from db.calendar.area import AREA
from db.calendar.model import Hours
from db.calendar.rules import due_at
from db.calendar.tables import CalendarException, HolidayList, WorkCalendar
from db.core.actor import EVERYTHING, Actor
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from db.dealers.tables import Dealer

NOW = datetime(2026, 6, 29, 15, 0, tzinfo=UTC)  # a Monday
MANAGER = Actor(user_id=None, username="mia", name="Mia Park", role=Role.MANAGER, scope=EVERYTHING)
WEEK = [[[540, 720], [780, 1080]]] * 5 + [[[600, 960]], []]


def save(engine: Engine, **other: Any) -> int:
    given = {
        "calendar_id": None, "seen_version": 0, "name": "Midwest", "zone": "America/Chicago", "weekly": WEEK,
        "holiday_list_id": None, "actor": MANAGER, "now": NOW,
    }  # fmt: skip
    return run(commands.save_calendar, bind=engine, **{**given, **other})


def make_dealer(session: Session, *, code: str = "00123", zone: str = "America/Denver", calendar_id: int | None = None):
    dealer = Dealer(
        code=code, name="Alpine Motors", name_key="alpine motors", region="West", state="CO", zone=zone,
        status="active", calendar_id=calendar_id, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    session.add(dealer)
    session.flush()
    return dealer.id


def entries(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(TimelineEntry)) or 0


def test_a_saved_calendar_answers_with_its_hours_holidays_and_exceptions(engine: Engine):
    list_id = run(
        commands.save_holiday_list, bind=engine, list_id=None, seen_version=0, name="Ours",
        days=[(date(2026, 7, 3), "Independence Day (observed)")], actor=MANAGER, now=NOW,
    )  # fmt: skip
    calendar_id = save(engine, holiday_list_id=list_id)
    run(
        commands.add_exception, bind=engine, calendar_id=calendar_id, seen_version=1, first_day=date(2026, 7, 4),
        last_day=date(2026, 7, 4), intervals=[[600, 660]], name="Short Saturday", actor=MANAGER, now=NOW,
    )  # fmt: skip
    with reading(engine) as session:
        calendar = queries.load_calendar(session, calendar_id)
        record = queries.get_calendar(session, calendar_id=calendar_id)
    thursday = datetime(2026, 7, 2, 22, 30, tzinfo=UTC)  # 17:30 in Chicago; Friday is a holiday
    assert due_at(calendar, thursday, 60) == datetime(2026, 7, 4, 15, 30, tzinfo=UTC)  # 10:30 on the short Saturday
    assert record.weekly[0] == (Hours(540, 720), Hours(780, 1080))
    assert [e.name for e in record.exceptions] == ["Short Saturday"]
    assert record.version == 2
    assert entries(engine) == 3


def test_the_next_reader_sees_a_change(engine: Engine):
    calendar_id = save(engine)
    with reading(engine) as session:
        assert queries.load_calendar(session, calendar_id).zone == "America/Chicago"
    save(engine, calendar_id=calendar_id, seen_version=1, zone="America/Denver")
    with reading(engine) as session:
        assert queries.load_calendar(session, calendar_id).zone == "America/Denver"


def test_a_change_is_seen_inside_its_own_transaction(engine: Engine):
    calendar_id = save(engine)
    with writing(engine) as session:
        queries.load_calendar(session, calendar_id)
        commands.save_calendar(
            session, calendar_id=calendar_id, seen_version=1, name="Midwest", zone="America/Denver", weekly=WEEK,
            holiday_list_id=None, actor=MANAGER, now=NOW,
        )  # fmt: skip
        assert queries.load_calendar(session, calendar_id).zone == "America/Denver"


def test_the_calendar_of_a_dealer(engine: Engine):
    calendar_id = save(engine)
    with writing(engine, keeps_timeline=False) as session:
        own = make_dealer(session, code="1", calendar_id=calendar_id)
        usual = make_dealer(session, code="2")
    with reading(engine) as session:
        assert queries.calendar_for_dealer(session, own).name == "Midwest"
        default = queries.calendar_for_dealer(session, usual)
        assert (default.name, default.zone) == ("Usual hours", "America/Denver")
        assert default.holiday_on(date(2026, 12, 25)) == "Christmas Day"
        assert queries.calendar_for_dealer(session, None).zone == "America/New_York"
        lines = queries.list_calendars(session)
    assert [(line.name, line.dealers, line.weekly_minutes) for line in lines] == [("Midwest", 1, 5 * 480 + 360)]


BAD = [
    ("a name is needed", {"name": " "}, "name", "required"),
    ("a name that is too long", {"name": "x" * 81}, "name", "too_long"),
    ("a zone nobody knows", {"zone": "Mars/North"}, "zone", "unknown_zone"),
    ("never open", {"weekly": [[]] * 7}, "weekly", "never_open"),
    ("six days", {"weekly": [[]] * 6}, "weekly", "seven_days"),
    ("hours that overlap", {"weekly": [[[540, 720], [700, 800]], *[[]] * 6]}, "weekly", "overlap"),
    ("closing before opening", {"weekly": [[[720, 540]], *[[]] * 6]}, "weekly", "empty_interval"),
    ("past midnight", {"weekly": [[[540, 1500]], *[[]] * 6]}, "weekly", "outside_day"),
    ("an unknown holiday list", {"holiday_list_id": 99}, "holiday_list_id", "unknown"),
]


@pytest.mark.parametrize(("why", "given", "field", "code"), BAD, ids=[case[0] for case in BAD])
def test_a_calendar_that_cannot_work_is_refused(sqlite_engine: Engine, why, given, field, code):
    with pytest.raises(Refused) as refused:
        save(sqlite_engine, **given)
    assert (field, code) in [(p.field, p.code) for p in refused.value.problems]
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(WorkCalendar)) == 0
    assert entries(sqlite_engine) == 0


def test_names_are_taken_once(engine: Engine):
    first = save(engine)
    with pytest.raises(Refused, match="already"):
        save(engine)
    assert save(engine, calendar_id=first, seen_version=1) == first


def test_the_second_saver_is_told(engine: Engine):
    calendar_id = save(engine)
    save(engine, calendar_id=calendar_id, seen_version=1, name="Central")
    with pytest.raises(Stale, match="Mia Park"):
        save(engine, calendar_id=calendar_id, seen_version=1, name="Lost")
    with reading(engine) as session:
        assert queries.get_calendar(session, calendar_id=calendar_id).name == "Central"


@pytest.mark.parametrize("role", list(Role))
def test_only_managers_and_administrators_change_calendars(sqlite_engine: Engine, role: Role):
    actor = Actor(user_id=None, username="x", name="X", role=role, scope=EVERYTHING)
    if role in (Role.MANAGER, Role.ADMIN):
        assert save(sqlite_engine, actor=actor)
    else:
        with pytest.raises(Refused) as refused:
            save(sqlite_engine, actor=actor)
        assert refused.value.code == "not_allowed"


EXCEPTIONS = [
    ("the last day is before the first", date(2026, 7, 5), date(2026, 7, 4), [], "last_day"),
    ("hours that overlap", date(2026, 7, 4), date(2026, 7, 4), [[60, 120], [100, 200]], "intervals"),
    ("the same days twice", date(2026, 8, 1), date(2026, 8, 2), [], "first_day"),
]


@pytest.mark.parametrize(("why", "first", "last", "hours", "field"), EXCEPTIONS, ids=[c[0] for c in EXCEPTIONS])
def test_an_exception_that_makes_no_sense_is_refused(sqlite_engine: Engine, why, first, last, hours, field):
    calendar_id = save(sqlite_engine)
    add: dict[str, Any] = {
        "bind": sqlite_engine, "calendar_id": calendar_id, "seen_version": 1, "intervals": [], "name": "Inventory",
        "first_day": date(2026, 8, 1), "last_day": date(2026, 8, 2), "actor": MANAGER, "now": NOW,
    }  # fmt: skip
    run(commands.add_exception, **add)
    again = {**add, "seen_version": 2, "first_day": first, "last_day": last, "intervals": hours}
    with pytest.raises(Refused) as refused:
        run(commands.add_exception, **again)
    assert refused.value.problems[0].field == field


def test_an_exception_can_be_taken_back(engine: Engine):
    calendar_id = save(engine)
    exception_id = run(
        commands.add_exception, bind=engine, calendar_id=calendar_id, seen_version=1, first_day=date(2026, 6, 29),
        last_day=date(2026, 6, 29), intervals=[], name="Inventory", actor=MANAGER, now=NOW,
    )  # fmt: skip
    with reading(engine) as session:
        assert queries.load_calendar(session, calendar_id).plan_on(date(2026, 6, 29)).hours == ()
    with pytest.raises(Stale):
        run(commands.remove_exception, bind=engine, exception_id=exception_id, seen_version=1, actor=MANAGER, now=NOW)
    run(commands.remove_exception, bind=engine, exception_id=exception_id, seen_version=2, actor=MANAGER, now=NOW)
    with reading(engine) as session:
        assert len(queries.load_calendar(session, calendar_id).plan_on(date(2026, 6, 29)).hours) == 2
        assert session.scalar(select(func.count()).select_from(CalendarException)) == 0
    with pytest.raises(NotFound):
        run(commands.remove_exception, bind=engine, exception_id=exception_id, seen_version=3, actor=MANAGER, now=NOW)


def test_the_federal_holidays_come_once_and_keep_what_was_added(engine: Engine):
    seed: dict[str, Any] = {"bind": engine, "actor": MANAGER, "now": NOW}
    list_id = run(commands.seed_us_federal, years=range(2026, 2028), **seed)
    with reading(engine) as session:
        (record,) = queries.list_holiday_lists(session)
    assert (date(2026, 11, 26), "Thanksgiving Day") in record.days
    run(
        commands.save_holiday_list, list_id=list_id, seen_version=record.version, name=record.name,
        days=[*record.days, (date(2026, 11, 27), "Day after Thanksgiving")], **seed,
    )  # fmt: skip
    assert run(commands.seed_us_federal, years=[2028], **seed) == list_id
    with reading(engine) as session:
        (again,) = queries.list_holiday_lists(session)
    days = dict(again.days)
    assert again.version == record.version + 2
    assert days[date(2026, 11, 27)] == "Day after Thanksgiving"
    assert days[date(2028, 7, 4)] == "Independence Day"
    assert len(again.days) == len(record.days) + 1 + 12  # Veterans Day 2028 is a Saturday, kept on Friday too


def test_a_holiday_list_tells_what_is_wrong(sqlite_engine: Engine):
    twice = [(date(2026, 1, 1), "New Year"), (date(2026, 1, 1), "Again"), (date(2026, 1, 2), " ")]
    with pytest.raises(Refused) as refused:
        run(
            commands.save_holiday_list, bind=sqlite_engine, list_id=None, seen_version=0, name="", days=twice,
            actor=MANAGER, now=NOW,
        )  # fmt: skip
    assert {(p.field, p.code) for p in refused.value.problems} == {
        ("name", "required"), ("days", "twice"), ("days", "name_needed"),
    }  # fmt: skip
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(HolidayList)) == 0


def test_the_check_finds_a_calendar_that_is_never_open(sqlite_engine: Engine):
    calendar_id = save(sqlite_engine)
    with reading(sqlite_engine) as session:
        assert [s for check in AREA.checks for s in check.run(session)] == []
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.get_one(WorkCalendar, calendar_id).weekly = [[]] * 7
        from db.core import changes

        changes.touch(session, "calendar")
    with reading(sqlite_engine) as session:
        assert any("never open" in s for check in AREA.checks for s in check.run(session))
