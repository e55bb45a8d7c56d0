"""The calendar page as a manager and as others see it."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.areas.calendar import hours_text, read_hours
from db.calendar.commands import save_calendar
from db.calendar.model import Hours
from db.calendar.queries import get_calendar, list_holiday_lists
from db.core.actor import system_actor
from db.core.permissions import Role
from db.core.problems import Refused
from db.core.session import engine, reading, run
from tests.support.again import begun
from tests.support.users import NOW, app_as, make_person

PAGE = "pages/admin/calendars.py"
WEEK = [[[540, 1080]]] * 5 + [[], []]


@pytest.fixture
@begun
def calendar(app_database: str) -> int:
    make_person(engine(), "mia", Role.MANAGER)
    make_person(engine(), "omar", Role.COORDINATOR)
    return run(
        save_calendar, calendar_id=None, seen_version=0, name="Showroom", zone="America/New_York", weekly=WEEK,
        holiday_list_id=None, actor=system_actor("seed"), now=NOW,
    )  # fmt: skip


def opened(username: str, calendar: int):
    app = app_as(username, page=PAGE)
    app.query_params["calendar"] = str(calendar)
    return app.run()


def test_hours_typed_for_a_day_are_what_the_calendar_then_has(calendar: int):
    app = opened("mia", calendar)
    app.text_input(key=f"cal_{calendar}_day0").set_value("9-12, 1 pm to 6 pm").run()
    app.button(key=f"cal_{calendar}_save").click().run()
    assert not app.exception
    with reading() as session:
        monday = get_calendar(session, calendar_id=calendar).weekly[0]
    assert [(h.start_minute, h.end_minute) for h in monday] == [(540, 720), (780, 1080)]
    assert app.text_input(key=f"cal_{calendar}_day0").value == "09:00–12:00, 13:00–18:00"


def test_hours_that_cannot_be_read_are_refused_at_their_day_and_stay_as_typed(calendar: int):
    app = opened("mia", calendar)
    app.text_input(key=f"cal_{calendar}_day2").set_value("nine to five").run()
    app.button(key=f"cal_{calendar}_save").click().run()
    assert app.text_input(key=f"cal_{calendar}_day2").value == "nine to five"
    assert any("Wednesday" in line.value and "not a stretch" in line.value for line in app.markdown)
    with reading() as session:
        assert get_calendar(session, calendar_id=calendar).version == 1


def test_a_calendar_that_is_never_open_is_refused(calendar: int):
    app = opened("mia", calendar)
    for day in range(5):
        app.text_input(key=f"cal_{calendar}_day{day}").set_value("")
    app.run()
    app.button(key=f"cal_{calendar}_save").click().run()
    assert any("never open" in line.value for line in app.markdown)


def test_a_change_made_meanwhile_is_noticed_and_nothing_typed_is_lost(calendar: int):
    app = opened("mia", calendar)
    app.text_input(key=f"cal_{calendar}_day0").set_value("10:00-15:00").run()
    run(
        save_calendar, calendar_id=calendar, seen_version=1, name="Showroom", zone="America/Chicago", weekly=WEEK,
        holiday_list_id=None, actor=system_actor("seed"), now=NOW,
    )  # fmt: skip
    app.button(key=f"cal_{calendar}_save").click().run()
    assert any("was changed by Demo data" in one.value for one in app.error)
    assert app.text_input(key=f"cal_{calendar}_day0").value == "10:00-15:00"


def test_an_exception_is_added_and_taken_back(calendar: int):
    app = opened("mia", calendar)
    app.text_input(key=f"exc_{calendar}_name").set_value("Inventory")
    app.date_input(key=f"exc_{calendar}_first_day").set_value(date(2026, 12, 30)).run()
    app.button(key=f"exc_{calendar}_add").click().run()
    with reading() as session:
        (line,) = get_calendar(session, calendar_id=calendar).exceptions
    assert (line.first_day, line.last_day, line.intervals) == (date(2026, 12, 30), date(2026, 12, 30), ())
    app.button(key=f"exception_{line.id}").click().run()
    with reading() as session:
        assert get_calendar(session, calendar_id=calendar).exceptions == ()


def test_federal_holidays_come_with_one_click(calendar: int):
    app = app_as("mia", page=PAGE)
    app.segmented_control(key="cal_view").set_value("holidays").run()
    app.button(key="federal").click().run()
    assert not app.exception
    with reading() as session:
        (found,) = list_holiday_lists(session)
    assert len({day.year for day, _ in found.days}) == 3


def test_the_due_time_is_explained(calendar: int):
    app = opened("omar", calendar)
    app.date_input(key=f"explain_{calendar}_day").set_value(date(2026, 11, 20)).run()
    app.time_input(key=f"explain_{calendar}_time").set_value(time(17, 30)).run()
    assert any("Due Mon 23 Nov 09:30" in line.value.replace("\\", "") for line in app.markdown)


def test_a_coordinator_sees_the_hours_and_cannot_change_them(calendar: int):
    app = opened("omar", calendar)
    assert not app.exception
    assert not [b for b in app.button if b.label in ("Save calendar", "New calendar", "Take back")]


def test_finance_has_no_access(calendar: int):
    make_person(engine(), "fin", Role.FINANCE)
    assert any("no access" in line.value for line in app_as("fin", page=PAGE).markdown)


@given(st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True))
def test_hours_are_read_back_as_they_are_shown(minutes: list[int]):
    ordered = sorted(minutes)[: len(minutes) // 2 * 2]
    hours = [Hours(a, b) for a, b in zip(ordered[::2], ordered[1::2], strict=True)]
    assert read_hours(hours_text(hours), field="f", label="Monday") == [(h.start_minute, h.end_minute) for h in hours]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []), ("Closed", []), ("9-18", [(540, 1080)]), ("9am-5pm", [(540, 1020)]), ("18:00-0:00", [(1080, 1440)]),
        ("8:30 to 12 and 13 until 17:15", [(510, 720), (780, 1035)]), ("0900-1730", [(540, 1050)]),
    ],
)  # fmt: skip
def test_people_write_hours_in_many_ways(text: str, found: list[tuple[int, int]]):
    assert read_hours(text, field="f", label="Monday") == found


@pytest.mark.parametrize("text", ["9", "25-26", "9-18-20", "9:75-10", "13pm-14pm", "x-y"])
def test_what_is_no_stretch_of_hours_is_refused(text: str):
    with pytest.raises(Refused) as refusal:
        read_hours(text, field="day0", label="Monday")
    assert refusal.value.problems[0].field == "day0"
