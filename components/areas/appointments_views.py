"""The views of the appointments page: a day, a week, whom to win back, and the show rate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import streamlit as st

from components import labels, tables
from components.access import guard
from components.areas.appointments import SCREEN, hours_of
from components.charts.base import table
from components.filters import one
from components.labels import empty_state, plain
from components.perform import perform, show_outcome
from components.queue_page import id_at, is_open, open_drawer, remember_rows
from components.tiles import Tile, draw_tiles
from db.appointments.commands import check_in, complete
from db.appointments.flow import FLOW
from db.appointments.queries import AgendaRow, MissedRow, agenda, missed
from db.appointments.rate_queries import DEFINITIONS, PARTS, rates
from db.appointments.rules import KINDS, TOUCHES, may_check_in
from db.appointments.touch_commands import confirm_next
from db.core.actor import Actor
from db.core.labels import local_day, moment_label, percent_label, relative_label
from db.core.permissions import Permission
from db.core.session import reading

FORM = "appt_next"
MOST_IN_A_COLUMN = 12
PERIODS = {"30": "30 days", "90": "90 days", "365": "A year"}


# ---- which day -----------------------------------------------------------------------------------------------------
def chosen_day(today: date) -> date:
    """The day of the address, or today."""
    try:
        return date.fromisoformat(str(st.query_params.get("day", "")))
    except ValueError:
        return today


def _go(day: date, today: date) -> None:
    if day == today:
        st.query_params.pop("day", None)
    else:
        st.query_params["day"] = day.isoformat()


def _navigation(day: date, today: date, *, days: int) -> None:
    last = day + timedelta(days=days - 1)
    words = f"{day:%A} {day.day} {day:%B %Y}" if days == 1 else f"{day.day} {day:%b} – {last.day} {last:%b %Y}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        back, on = day - timedelta(days=days), day + timedelta(days=days)
        st.button("Earlier", key="appt_back", icon=":material/chevron_left:", on_click=_go, args=(back, today))
        st.button("Today", key="appt_today", disabled=day == today, on_click=_go, args=(today, today))
        st.button("Later", key="appt_on", icon=":material/chevron_right:", on_click=_go, args=(on, today))
        st.markdown(f"**{plain(words)}**", width="content")


def _rerun_for_drawer() -> None:
    """A click within the fragment opened the drawer, which the whole page draws."""
    if st.session_state.pop("_appt_opened", False):
        st.rerun(scope="app")


def _open(item_id: int | None) -> None:
    if item_id is not None:
        open_drawer(SCREEN, item_id)
        st.session_state["_appt_opened"] = True


# ---- day -----------------------------------------------------------------------------------------------------------
def draw_day(*, dealer_id: int | None, at: datetime) -> None:
    """The agenda of one day, by time, host or bay; the next thing to do is one click."""
    actor = guard(Permission.APPOINTMENTS_VIEW)
    _rerun_for_drawer()
    show_outcome(FORM)
    today = local_day(at, actor.zone)
    day = chosen_day(today)
    _navigation(day, today, days=1)
    with reading() as session:
        rows = agenda(session, first=day, days=1, actor=actor, now=at, dealer_id=dealer_id)
    if not rows:
        empty_state("event_available", "Nothing is booked on this day.", action="Book a time with the button above.")
        return
    _counts(rows)
    by = one("By", {"time": "Time", "host": "Host", "bay": "Bay"}, key="appt_by", default="time")
    groups: dict[str, list[AgendaRow]] = {}
    for row in rows:
        name = "" if by == "time" else (row.host_name or "No host") if by == "host" else (row.bay or "No bay")
        groups.setdefault(name, []).append(row)
    for position, (name, some) in enumerate(sorted(groups.items(), key=lambda g: (g[0].startswith("No "), g[0]))):
        if name:
            st.markdown(f"**{plain(name)}** :gray[{len(some)}]")
        _agenda_table(some, key=f"appt_day_{position}", actor=actor, at=at)


def _counts(rows: Sequence[AgendaRow]) -> None:
    counts = {state.name: 0 for state in FLOW.states}
    for row in rows:
        counts[row.status] += 1
    waiting = sum(row.confirm_due for row in rows)
    pairs = [(f"{FLOW.state(name).label} {n}", FLOW.state(name).tone) for name, n in counts.items() if n]
    labels.badges([*pairs, (f"To confirm by phone {waiting}" if waiting else "", "orange")])


def next_step(row: AgendaRow, *, at: datetime) -> str:
    """What one click on the agenda does: the words on the button, or empty where the drawer is needed."""
    if row.status == "shown":
        return "Complete"
    if row.status not in ("scheduled", "confirmed"):
        return ""
    if row.status == "scheduled" and row.starts_at > at + timedelta(hours=1):
        return "Confirm"
    return "Check in" if may_check_in(row.starts_at, now=at, zone=row.zone) else ""


def _agenda_table(rows: list[AgendaRow], *, key: str, actor: Actor, at: datetime) -> None:
    may = actor.can(Permission.APPOINTMENTS_WORK)
    remember_rows(key, [row.id for row in rows])

    def do(position: int) -> None:
        row = rows[position]
        step = next_step(row, at=at)
        if not step:
            _open(row.id)
            return
        command = {"Confirm": confirm_next, "Check in": check_in, "Complete": complete}[step]
        said = {"Confirm": "confirmed", "Check in": "checked in", "Complete": "completed"}[step]
        perform(
            command, form=FORM, say=f"{row.number}: {said}",
            arguments={"item_id": row.id, "seen_version": row.version},
        )  # fmt: skip

    several = len({row.dealer_id for row in rows}) > 1
    tables.show(
        table(
            {
                "Time": [hours_of(row) for row in rows],
                "Appointment": [row.number for row in rows],
                "Customer": [row.customer_name or "–" for row in rows],
                "For": [row.kind_label for row in rows],
                "Status": [[row.status_label] for row in rows],
                "Next": [next_step(row, at=at) or "Open" for row in rows],
                "Host": [row.host_name or "–" for row in rows],
                "Bay": [row.bay or "–" for row in rows],
                "Wants": [row.wants or "–" for row in rows],
                "Confirm": [["Call"] if row.confirm_due else [] for row in rows],
                "Dealer": [row.dealer_name for row in rows],
            }
        ),
        key=f"{key}_table", alt="Appointments of the day, in the order of time",
        columns={
            "Time": tables.text("Time", width=135, pinned=True),
            "Appointment": tables.opener(
                "Appointment", key=f"{key}_open", on_open=lambda i: _open(id_at(key, i)), width=105
            ),
            "Next": tables.opener("Next", key=f"{key}_next", on_open=do, width=95) if may else None,
            "Customer": tables.text("Customer", width=150), "For": tables.text("For", width=90),
            "Status": tables.status(FLOW, width=110), "Confirm": tables.pill("Confirm", {"Call": "orange"}, width=75),
            "Host": tables.text("Host", width=130),
            "Bay": tables.text("Bay", width=90) if any(row.bay for row in rows) else None,
            "Wants": tables.text("Wants", width=170),
            "Dealer": tables.text("Dealer", width=170) if several else None,
        },
    )  # fmt: skip


# ---- week ----------------------------------------------------------------------------------------------------------
def draw_week(*, dealer_id: int | None, at: datetime) -> None:
    """Seven days side by side from a Monday; a click opens the appointment."""
    actor = guard(Permission.APPOINTMENTS_VIEW)
    _rerun_for_drawer()
    today = local_day(at, actor.zone)
    first = chosen_day(today)
    first -= timedelta(days=first.weekday())
    _navigation(first, today - timedelta(days=today.weekday()), days=7)
    with reading() as session:
        rows = agenda(session, first=first, days=7, actor=actor, now=at, dealer_id=dealer_id)
    by_day: dict[date, list[AgendaRow]] = {first + timedelta(days=i): [] for i in range(7)}
    for row in rows:
        by_day[local_day(row.starts_at, row.zone)].append(row)
    with st.grid(7, min_column_width=118, gap="xsmall"):
        for day, some in by_day.items():
            with st.container(border=True, gap="xxsmall", height="stretch"):
                head = f"{day:%a} {day.day} {day:%b}"
                marked = f"**:blue[{plain(head)}]**" if day == today else f"**{plain(head)}**"
                st.markdown(f"{marked} :gray[{len(some) or ''}]")
                if not some:
                    st.caption("Nothing booked")
                for row in some[:MOST_IN_A_COLUMN]:
                    st.button(
                        f"{moment_label(row.starts_at, row.zone)[-5:]} {plain(row.customer_name) or row.number}",
                        key=f"appt_week_{row.id}", type="tertiary", on_click=_open, args=(row.id,),
                        help=f"{row.kind_label} · {row.status_label} · {plain(row.dealer_name)}",
                    )  # fmt: skip
                    st.markdown(f"{labels.badge(row.status_label, row.tone)} :gray[:small[{plain(row.kind_label)}]]")
                if len(some) > MOST_IN_A_COLUMN:
                    st.button(
                        f"{len(some) - MOST_IN_A_COLUMN} more", key=f"appt_week_more_{day}", type="tertiary",
                        on_click=_show_day, args=(day, today),
                    )  # fmt: skip


def _show_day(day: date, today: date) -> None:
    _go(day, today)
    st.session_state["appt_view"] = "day"
    st.session_state["_appt_opened"] = True


# ---- whom to win back ----------------------------------------------------------------------------------------------
def draw_missed(*, dealer_id: int | None, actor: Actor, at: datetime) -> None:
    """Customers who did not come, the most valuable first, then who waits longest."""
    with reading() as session:
        rows = missed(session, actor=actor, now=at, dealer_id=dealer_id)
    if not rows:
        empty_state("sentiment_satisfied", "Nobody has to be won back.", action="No-shows come here by themselves.")
        return
    st.caption(
        "Who did not come, the most valuable first. Call within the hour; the number books again in the drawer. "
        "The 50 most urgent are shown."
    )
    tables.show(
        table(_missed_columns(rows, at=at)), key="appt_missed",
        alt="Customers who did not come, the most valuable first",
        height=560 if len(rows) > 13 else "auto",
        columns={
            "Appointment": tables.opener(
                "Appointment", key="appt_missed_open", on_open=lambda i: open_drawer(SCREEN, rows[i].row.id), width=105
            ),
            "Lead": tables.opener("Lead", key="appt_missed_lead", on_open=lambda i: _to_lead(rows[i]), width=95),
            "Customer": tables.text("Customer", width=150),
            "Value": tables.number("Value", width=95, format="dollar"), "Wants": tables.text("Wants", width=170),
            "Missed": tables.text("Missed", width=120), "Last attempt": tables.text("Last attempt", width=120),
            "Attempts": tables.number("Attempts", width=80), "Host": tables.text("Host", width=130),
            "Dealer": tables.text("Dealer", width=170),
        },
    )  # fmt: skip


def _to_lead(row: MissedRow) -> None:
    if row.row.lead_id is not None:
        st.session_state["_appt_to_lead"] = row.row.lead_id
    else:
        open_drawer(SCREEN, row.row.id)


def _missed_columns(rows: Sequence[MissedRow], *, at: datetime) -> dict[str, list[object]]:
    return {
        "Appointment": [m.row.number for m in rows], "Lead": [m.row.lead_number or "No lead" for m in rows],
        "Customer": [m.row.customer_name or "–" for m in rows],
        "Value": [m.value_cents / 100 if m.value_cents else None for m in rows],
        "Wants": [m.row.wants or m.row.kind_label for m in rows],
        "Missed": [relative_label(m.missed_at, at) for m in rows],
        "Last attempt": [relative_label(m.last_attempt_at, at) if m.last_attempt_at else "None yet" for m in rows],
        "Attempts": [m.attempts_since for m in rows], "Host": [m.row.host_name or "–" for m in rows],
        "Dealer": [m.row.dealer_name for m in rows],
    }  # fmt: skip


# ---- show rate -----------------------------------------------------------------------------------------------------
def draw_rates(*, dealer_id: int | None, actor: Actor, at: datetime) -> None:
    """Show rate and its relatives, whole and by kind, by confirmation and by host, with their definitions."""
    period = one("Period", PERIODS, key="appt_period", default="90")
    filters = {"from": at - timedelta(days=int(period)), "to": at, "dealer": dealer_id}
    with reading() as session:
        (whole,) = rates(session, scope=actor.scope, filters=filters, now=at)
        split = {
            dim: rates(session, scope=actor.scope, by=(dim,), filters=filters, now=at)
            for dim in ("touch", "kind", "host")
        }
    if not whole["due"]:
        empty_state("percent", "No appointment was due in this period.", action="Choose a longer period.")
        return
    tiles = []
    for name, definition in DEFINITIONS.items():
        top, bottom = PARTS[name]
        if not bottom:
            continue  # how many were due stands on each tile: "39 of 56"
        note = f"{whole[top]:,} of {whole[bottom]:,}"
        tiles.append(Tile(definition=definition, value=percent_label(whole[top], whole[bottom]), note=note))
    draw_tiles(tiles, key="appt_rates", as_of=at, zone=actor.zone, columns=4)
    names = {"kind": dict(KINDS), "touch": TOUCHES}
    titles = {"touch": "By confirmation", "kind": "By kind", "host": "By host"}
    with st.grid(2, min_column_width=330, gap="medium"):
        for dim, rows in split.items():
            with st.container(gap="xsmall"):
                st.markdown(f"**{titles[dim]}**")
                _rate_table(dim, rows, names.get(dim, {}))


def _rate_table(dim: str, rows: Sequence[dict[str, object]], names: dict[str, str]) -> None:
    def share(row: dict[str, object], part: str) -> float:
        return 100 * float(str(row[part])) / float(str(row["due"]))

    ordered = sorted(rows, key=lambda row: -int(str(row["due"]))) if dim == "host" else list(rows)
    tables.show(
        table(
            {
                "What": [names.get(str(row[dim]), str(row[dim])) for row in ordered],
                "Due": [row["due"] for row in ordered],
                "Shown": [row["shown"] for row in ordered],
                "Show rate": [share(row, "shown") for row in ordered],
                "No-shows": [share(row, "missed") for row in ordered],
            }
        ),
        key=f"appt_rate_{dim}", alt=f"Show rate {dim}", height=400 if len(ordered) > 10 else "auto",
        columns={
            "What": tables.text({"touch": "Confirmed by", "kind": "Kind"}.get(dim, "Host"), width=150),
            "Due": tables.number("Due", width=60), "Shown": tables.number("Shown", width=65),
            "Show rate": tables.number("Show rate", width=85, format="%.1f%%"),
            "No-shows": tables.number("No-shows", width=85, format="%.1f%%"),
        },
    )  # fmt: skip


__all__ = ["draw_day", "draw_missed", "draw_rates", "draw_week", "is_open", "next_step"]
