"""To do now: whom to call, write to or meet, in the order to do it; the outcome is logged right here. Live."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.cadence import (
    appointment_lines,
    draw_customer,
    draw_line_drawer,
    draw_log,
    due_words,
    is_open,
    may_see_all,
    open_line,
    show_logged,
)
from components.areas.cadence_away import draw_own_absence
from components.charts.base import table
from components.clock import now
from components.filters import one
from components.labels import empty_state, plain
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.cadence.today_queries import Progress, TodayLine, TodayPage, count_open, list_today, progress
from db.core.area import CAP, WorkLine
from db.core.labels import count_label, moment_words, plural, relative_label
from db.core.permissions import Permission
from db.core.session import reading

actor = guard(Permission.TASKS_VIEW)
st.session_state["_landed"] = True
VIEWS = {"mine": "Mine", "all": "All of my dealers" if actor.role.is_dealer else "Everybody"}


def draw_progress(found: Progress, waiting: int, overdue: int) -> None:
    """How far the day has come."""
    with st.grid(4, min_column_width=150, gap="small"):
        st.metric(
            "Waiting", count_label(waiting, CAP), border=True, icon=":material/inbox:",
            help="Follow-up tasks whose day has begun",
        )  # fmt: skip
        st.metric(
            "Overdue", count_label(overdue, CAP), border=True, icon=":material/alarm:",
            help="Tasks whose time is over; at midnight at the dealer they count as missed",
        )  # fmt: skip
        st.metric(
            "Done today", f"{found.done:,} of {found.due:,}", border=True, icon=":material/task_alt:",
            help="Required tasks due today. Only a logged contact does a task.",
        )  # fmt: skip
        st.metric(
            "Missed today", f"{found.missed:,}", border=True, icon=":material/event_busy:",
            help="Were due before the customer was reached or the lead ended, and nobody did them",
        )  # fmt: skip
    if found.due:
        st.progress(found.done / found.due, text=f"{found.done} of {plural(found.due, 'required task')} done today")


def draw_next(line: TodayLine) -> None:
    """The first customer of the list, ready to be logged."""
    with st.container(border=True):
        left, right = st.columns(2, gap="medium")
        with left:
            st.markdown(f":gray[Do this now]  \n**{plain(line.number)} · {plain(line.customer) or 'Unknown'}**")
            draw_customer(line)
        with right:
            st.markdown(":gray[What came of it]")
            draw_log(line, prefix="today_next", close=False)


def open_row(position: int) -> None:
    """Open the drawer of a row."""
    lead_id = id_at("today", position)
    if lead_id is not None:
        open_line(lead_id)
        st.session_state["_today_opened"] = True


def draw_list(lines: tuple[TodayLine, ...]) -> None:
    """Everybody else, in order."""
    at = now()
    remember_rows("today", [line.lead_id for line in lines])
    dues = [due_words(line, at) for line in lines]
    tones = {due: "red" if line.is_overdue else "gray" for due, line in zip(dues, lines, strict=True)}
    columns = {
        "Lead": tables.opener("Lead", key="today_click", on_open=open_row, width=92),
        "Customer": tables.text("Customer", width=150),
        "Do": tables.text("Do", width=140),
        "Due": tables.pill("Due", tones, width=118),
        "Why now": tables.text("Why now", width=230),
        "Reach at": tables.text("Reach at", width=210),
        "Asked": tables.text("Asked", width=220),
        "Wants": tables.text("Wants", width=150),
        "Person": tables.text("Person", width=130),
        "Dealer": tables.text("Dealer", width=150),
    }
    tables.show(
        table(
            {
                "Lead": [line.number for line in lines],
                "Customer": [line.customer or "–" for line in lines],
                "Do": [line.what + (f" (+{line.more})" if line.more else "") for line in lines],
                "Due": [[due] for due in dues],
                "Why now": [line.why + (f" · for {line.covers}" if line.covers else "") for line in lines],
                "Reach at": [line.reach or "–" for line in lines],
                "Asked": [line.ask or "–" for line in lines],
                "Wants": [line.wants or "–" for line in lines],
                "Person": [line.person or "Nobody yet" for line in lines],
                "Dealer": [line.dealer for line in lines],
            }
        ),
        key="today_table", alt="Customers to turn to now, in order", columns=columns,
        height="content" if len(lines) <= 15 else 560,
    )  # fmt: skip


def draw_appointments(lines: list[WorkLine]) -> None:
    """Appointments to confirm or just missed; each leads to where it is dealt with."""
    if not lines:
        return
    at = now()
    with st.expander(f"{plural(len(lines), 'appointment')} to see to", icon=":material/event:", expanded=True):
        for line in lines[:8]:
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                due = relative_label(line.due_at, at) if line.due_at else ""
                st.markdown(f"**{plain(line.title)}** :gray[{plain(line.why)} · {plain(due)}]", width="stretch")
                st.page_link(line.page, label="Open", query_params=dict(line.query))


def total_words(page: TodayPage, after: object) -> str:
    """How many customers there are in all: known where one page holds them, and "many" before that."""
    return f"{len(page.lines):,}" if after is None and page.following is None else "all"


def draw_live() -> None:
    """Everything that moves by itself."""
    guard(Permission.TASKS_VIEW)
    if st.session_state.pop("_today_opened", False):
        st.rerun()
    show_logged()
    at = now()
    after = cursor("today", fingerprint=VIEW)
    with reading() as session:
        page = list_today(session, actor=actor, view=VIEW, now=at, after=after)
        found = progress(session, actor=actor, view=VIEW, now=at)
        waiting = count_open(session, actor=actor, view=VIEW, now=at)
        overdue = count_open(session, actor=actor, view=VIEW, now=at, overdue=True) if waiting else 0
        appointments = appointment_lines(session, at=at)
    draw_progress(found, waiting, overdue)
    draw_appointments(appointments)
    if not page.lines:
        empty_state("task_alt", "Nobody waits for you now.", action="New leads and tasks appear here by themselves.")
    else:
        if after is None and not is_open():
            draw_next(page.lines[0])
        draw_list(page.lines)
        draw_paging("today", following=page.following, shown=len(page.lines), total=total_words(page, after))
    live = "" if is_open() else ", refreshes every 20 s"
    st.caption(f"As of {moment_words(at, actor.zone, now=at)}{live}")


st.title(":material/today: To do now")
VIEW = "mine"
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    if may_see_all():
        VIEW = one("Show", VIEWS, key="today_view", default="mine" if actor.role.is_dealer else "all")
    if actor.role.is_dealer:
        draw_own_absence()
# Nothing ticks under an open drawer: a rerun while somebody types would only get in the way.
st.fragment(draw_live, run_every=None if is_open() else "20s")()
draw_line_drawer()
