"""Calendars: opening hours, exceptions and holidays, and why a promise falls due when it does."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.calendar import draw_explain
from components.areas.calendar_forms import (
    HOLIDAYS,
    draw_calendar_form,
    draw_exceptions,
    draw_holiday_list,
    draw_week_read_only,
)
from components.charts.base import table
from components.clock import now
from components.filters import one
from components.labels import empty_state, plain
from components.perform import perform
from components.queue_page import id_at, remember_rows
from db.calendar.commands import seed_us_federal
from db.calendar.queries import (
    CalendarLine,
    CalendarRecord,
    get_calendar,
    list_calendars,
    list_holiday_lists,
    load_calendar,
)
from db.core.labels import moment_label, moment_words, plural
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading

actor = guard(Permission.CALENDARS_VIEW)
at = now()
may_change = actor.can(Permission.CALENDARS_MANAGE)
VIEWS = {"calendars": "Calendars", "holidays": "Holiday lists"}
NEW = "new"


def draw_list(lines: list[CalendarLine]) -> None:
    """Every calendar; its name opens it below."""
    remember_rows("calendars", [line.id for line in lines])

    def opened(position: int) -> None:
        st.query_params["calendar"] = str(id_at("calendars", position) or "")

    tables.show(
        table(
            {
                "Name": [line.name for line in lines],
                "Time zone": [line.zone for line in lines],
                "Open a week": [f"{line.weekly_minutes / 60:g} h" for line in lines],
                "Holidays": [line.holiday_list or "–" for line in lines],
                "Exceptions": [line.exceptions for line in lines],
                "Dealers": [line.dealers for line in lines],
                "Changed": [moment_label(line.updated_at, actor.zone, now=at) for line in lines],
            }
        ),
        key="calendars_table", alt="Calendars by name",
        columns={
            "Name": tables.opener("Name", key="calendars_open", on_open=opened, width=220),
            "Time zone": tables.text("Time zone", width=160), "Open a week": tables.text("Open a week", width=110),
            "Holidays": tables.text("Holidays", width=170), "Exceptions": tables.number("Exceptions", width=90),
            "Dealers": tables.number("Dealers", width=80), "Changed": tables.text("Changed"),
        },
    )  # fmt: skip


def draw_record(record: CalendarRecord) -> None:
    """One calendar: its week, its exceptions, and the explanation of a due time."""
    st.subheader(plain(record.name))
    followers = plural(record.dealers, "dealer follows", "dealers follow")
    changed = f"Last change: {plain(record.updated_by)}, {moment_words(record.updated_at, actor.zone)}."
    st.caption(f"{followers} this calendar. {changed} Promises already made keep their due times; new ones follow it.")
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True):
        st.markdown("**Opening hours**")
        if may_change:
            draw_calendar_form(record, lists, zone=actor.zone)
        else:
            st.caption(record.zone)
            draw_week_read_only(record)
    with right:
        with st.container(border=True):
            st.markdown("**Exceptions**")
            draw_exceptions(record, may_change=may_change)
        with st.container(border=True):
            st.markdown("**When is a promise due?**")
            with reading() as session:
                rule = load_calendar(session, record.id)
            draw_explain(rule, key=f"explain_{record.id}")


def draw_calendars() -> None:
    """The list and the calendar that is open."""
    if lines:
        draw_list(lines)
    else:
        empty_state(
            "calendar_month", "No calendar yet: dealers follow the usual hours of their time zone.",
            action="Make one where a dealer or a region keeps other hours." if may_change else "",
        )  # fmt: skip
    if may_change:
        st.button(
            "New calendar", icon=":material/add:", key="calendars_new",
            on_click=lambda: st.query_params.update(calendar=NEW),
        )  # fmt: skip
    asked = st.query_params.get("calendar", "")
    if asked == NEW and may_change:
        st.subheader("New calendar")
        with st.container(border=True):
            draw_calendar_form(None, lists, zone=actor.zone)
    elif asked.isdecimal():
        try:
            with reading() as session:
                record = get_calendar(session, calendar_id=int(asked))
        except NotFound as gone:
            st.error(gone.problems[0].message, icon=":material/error:")
            return
        draw_record(record)


def add_federal() -> None:
    """Put the federal holidays of this year and the next two into their list."""
    perform(
        seed_us_federal, form=HOLIDAYS, say="The US federal holidays were added",
        arguments={"years": [at.year, at.year + 1, at.year + 2]},
    )  # fmt: skip


def draw_holidays() -> None:
    """The holiday lists, one at a time, and the federal holidays with a click."""
    titles = {one_list.id: f"{one_list.name} ({plural(one_list.calendars, 'calendar')})" for one_list in lists}
    options = [*titles, NEW] if may_change else [*titles]
    if not options:
        empty_state("event", "No holiday list yet.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.selectbox(
            "Holiday list", options, key="holiday_list", format_func=lambda v: titles.get(v, "New list"), width=360
        )
        if may_change:
            st.button(
                "Add US federal holidays", icon=":material/event_available:", key="federal", on_click=add_federal,
                help=f"Puts those of {at.year} to {at.year + 2} into the list of that name.",
            )  # fmt: skip
    record = next((one_list for one_list in lists if one_list.id == chosen), None)
    draw_holiday_list(record, may_change=may_change)


st.title(":material/calendar_month: Calendars")
with reading() as session:
    lines = list_calendars(session)
    lists = list_holiday_lists(session)
view = one("View", VIEWS, key="cal_view", default="calendars")
if view == "calendars":
    draw_calendars()
else:
    draw_holidays()
