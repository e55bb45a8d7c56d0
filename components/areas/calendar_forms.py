"""The forms behind the calendar page: one calendar with its exceptions, and one holiday list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import streamlit as st

from components import tables
from components.areas.calendar import HOURS_HELP, ZONES, draw_week, hours_text, read_hours, read_week
from components.charts.base import table
from components.editing import as_date, edited
from components.labels import empty_state
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.calendar import commands
from db.calendar.explain import on
from db.calendar.model import WEEKDAYS
from db.calendar.queries import CalendarRecord, ExceptionLine, HolidayListRecord
from db.core.problems import Problem, Refused

FORM, EXCEPTION, HOLIDAYS = "calendar", "calendar_exception", "holiday_list"
USUAL = ["09:00–18:00"] * 5 + ["10:00–16:00", ""]
NO_HOLIDAYS = "No holidays"
_DAY = st.column_config.DateColumn("Day", format="ddd D MMM YYYY", required=True, width=190)


def draw_calendar_form(record: CalendarRecord | None, lists: Sequence[HolidayListRecord], *, zone: str) -> None:
    """Name, zone, holidays and the week of a calendar, or of a new one; a refusal keeps what was typed."""
    prefix = f"cal_{record.id if record else 'new'}"
    keys = {"name": f"{prefix}_name", "zone": f"{prefix}_zone", "holiday_list_id": f"{prefix}_holidays"}
    seen, days = f"{prefix}_seen", [f"{prefix}_day{number}" for number in range(7)]
    if keys["name"] not in st.session_state:
        forget(FORM)
        st.session_state[keys["name"]] = record.name if record else ""
        st.session_state[keys["zone"]] = record.zone if record else zone
        st.session_state[keys["holiday_list_id"]] = (
            record.holiday_list_id if record else next((one.id for one in lists), None)
        )
        for key, text in zip(days, map(hours_text, record.weekly) if record else USUAL, strict=True):
            st.session_state[key] = text
        st.session_state[seen] = record.version if record else 0
    names = {one.id: one.name for one in lists}
    if st.session_state[keys["zone"]] not in ZONES:
        zones = (*ZONES, st.session_state[keys["zone"]])
    else:
        zones = ZONES
    show_outcome(FORM)
    with st.grid(3, min_column_width=200, gap="small"):
        with st.container(gap="xxsmall"):
            st.text_input("Name", key=keys["name"], max_chars=80)
            problems_of(FORM, "name")
        with st.container(gap="xxsmall"):
            st.selectbox("Time zone", zones, key=keys["zone"], accept_new_options=True)
            problems_of(FORM, "zone")
        with st.container(gap="xxsmall"):
            st.selectbox(
                "Holidays", [None, *names], format_func=lambda v: names.get(v, NO_HOLIDAYS),
                key=keys["holiday_list_id"], placeholder=NO_HOLIDAYS,
            )  # fmt: skip
            problems_of(FORM, "holiday_list_id")
    st.caption(HOURS_HELP)
    draw_week(prefix, form=FORM)
    problems_of(FORM, "weekly")
    stray_problems(FORM, ["name", "zone", "holiday_list_id", "weekly", *(f"day{n}" for n in range(7))])

    def forget_typed() -> None:
        for key in (*keys.values(), *days, seen):
            st.session_state.pop(key, None)
        forget(FORM)

    def save() -> None:
        perform(
            commands.save_calendar, form=FORM, say="The calendar was saved",
            typed={**keys, "weekly": days[0]}, convert={"weekly": lambda _first: read_week(prefix)},
            arguments={"calendar_id": record.id if record else None, "seen_version": st.session_state[seen]},
            clear=[*days, seen], after=lambda saved: st.query_params.update(calendar=str(saved)),
        )  # fmt: skip

    with st.container(horizontal=True, gap="small"):
        st.button("Save calendar", key=f"{prefix}_save", type="primary", on_click=save)
        st.button("Discard changes", key=f"{prefix}_discard", type="tertiary", on_click=forget_typed)


def draw_week_read_only(record: CalendarRecord) -> None:
    """The week for people who may only look."""
    week = [hours_text(day) or "Closed" for day in record.weekly]
    tables.show(
        table({"Day": WEEKDAYS, "Open": week}), key=f"week_{record.id}", alt="Opening hours by day",
        columns={"Day": tables.text("Day", width=130), "Open": tables.text("Open")},
    )  # fmt: skip


def draw_exceptions(record: CalendarRecord, *, may_change: bool) -> None:
    """The days with other hours, taken back with a click, and the form to add one."""
    show_outcome(EXCEPTION)
    for line in record.exceptions:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            days = on(line.first_day, with_year=True)
            if line.last_day != line.first_day:
                days += f" – {on(line.last_day, with_year=True)}"
            st.markdown(
                f"{days}  \n:gray[:small[{line.name}: {hours_text(line.intervals) or 'closed'}]]", width="stretch"
            )
            if may_change:
                st.button(
                    "Take back", key=f"exception_{line.id}", type="tertiary", icon=":material/undo:",
                    on_click=_take_back, args=(line, record.version),
                )  # fmt: skip
    if not record.exceptions:
        st.caption("No exceptions: the week and the holidays hold on every day.")
    if may_change:
        with popup("Add exception", key=f"exc_{record.id}_popup", icon=":material/add:"):
            _exception_form(record)


def _take_back(line: ExceptionLine, seen_version: int) -> None:
    perform(
        commands.remove_exception, form=EXCEPTION, say=f"{line.name} was taken back",
        arguments={"exception_id": line.id, "seen_version": seen_version},
    )  # fmt: skip


def _exception_form(record: CalendarRecord) -> None:
    prefix = f"exc_{record.id}"
    keys = {name: f"{prefix}_{name}" for name in ("name", "first_day", "last_day", "intervals")}
    st.text_input("Reason", key=keys["name"], max_chars=120, placeholder="Inventory, Christmas Eve")
    problems_of(EXCEPTION, "name")
    with st.container(horizontal=True, gap="small"):
        st.date_input("First day", value=None, key=keys["first_day"], width=150)
        st.date_input("Last day", value=None, key=keys["last_day"], width=150, help="Empty: only the first day")
    problems_of(EXCEPTION, "first_day")
    problems_of(EXCEPTION, "last_day")
    st.text_input("Open", key=keys["intervals"], placeholder="Closed", help=HOURS_HELP)
    problems_of(EXCEPTION, "intervals")
    stray_problems(EXCEPTION, list(keys))

    def first_day(value: Any) -> Any:
        if value is None:
            raise Refused(Problem(field="first_day", code="required", message="The first day is needed."))
        return value

    def add() -> None:
        perform(
            commands.add_exception, form=EXCEPTION, say="The exception was added", typed=keys,
            convert={
                "first_day": first_day, "last_day": lambda value: value or st.session_state[keys["first_day"]],
                "intervals": lambda text: read_hours(text, field="intervals", label="Open"),
            },
            arguments={"calendar_id": record.id, "seen_version": record.version},
            after=lambda _id: close(
                f"{prefix}_popup", keys["name"], keys["intervals"], empty=(keys["first_day"], keys["last_day"])
            ),
        )  # fmt: skip

    st.button("Add", key=f"{prefix}_add", type="primary", on_click=add)


def draw_holiday_list(record: HolidayListRecord | None, *, may_change: bool) -> None:
    """The days of one list, or of a new one, in a grid that is saved as a whole."""
    rows: list[dict[str, Any]] = [{"Day": day, "Holiday": name} for day, name in record.days] if record else []
    if not may_change:
        if not rows:
            empty_state("event_busy", "This list has no days.")
        tables.show(
            table({"Day": [r["Day"] for r in rows], "Holiday": [r["Holiday"] for r in rows]}), key="days_shown",
            alt="Holidays",
            columns={"Day": _DAY, "Holiday": tables.text("Holiday")},
        )  # fmt: skip
        return
    prefix = f"hol_{record.id if record else 'new'}"
    version = record.version if record else 0
    # The grid starts afresh once its list was saved: what was typed is then what is stored.
    grid, name, seen = f"{prefix}_grid_{version}", f"{prefix}_name", f"{prefix}_seen"
    if name not in st.session_state:
        st.session_state[name], st.session_state[seen] = (record.name if record else "", version)
    show_outcome(HOLIDAYS)
    st.text_input("Name of the list", key=name, max_chars=80, width=360)
    problems_of(HOLIDAYS, "name")
    shown = table({"Day": [r["Day"] for r in rows], "Holiday": [r["Holiday"] for r in rows]}) if rows else _no_days()
    st.data_editor(
        shown, key=grid, num_rows="dynamic", hide_index=True, width=520, height=460, alt="Holidays of the list",
        column_config={
            "Day": _DAY,
            "Holiday": st.column_config.TextColumn("Holiday", required=True, max_chars=120),
        },
    )  # fmt: skip
    problems_of(HOLIDAYS, "days")
    stray_problems(HOLIDAYS, ["name", "days"])

    def typed_days(_grid: Any) -> list[tuple[date, str]]:
        found = []
        for row in edited(rows, grid):
            day = as_date(row.get("Day"))
            if day is None:
                raise Refused(Problem(field="days", code="required", message="Each holiday needs its day."))
            found.append((day, str(row.get("Holiday") or "")))
        return found

    def save() -> None:
        perform(
            commands.save_holiday_list, form=HOLIDAYS, say="The holiday list was saved", clear=[seen, grid],
            typed={"days": grid, "name": name}, convert={"days": typed_days},
            arguments={"list_id": record.id if record else None, "seen_version": st.session_state[seen]},
            after=lambda saved: st.session_state.update(holiday_list=saved),
        )  # fmt: skip

    st.button("Save list", key=f"{prefix}_save", type="primary", on_click=save)


def _no_days() -> Any:
    return pa.table({"Day": pa.array([], pa.date32()), "Holiday": pa.array([], pa.string())})
