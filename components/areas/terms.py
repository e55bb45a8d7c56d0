"""Pieces of screen that several pages share: the terms of one dealer on a day, their history, and its territory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from components import tables
from components.access import guard
from components.areas.terms_propose import draw_propose, open_propose
from components.areas.terms_queue import SCREEN, draw_list, table_key
from components.areas.territory import draw_areas, draw_territory_drawer, open_territory
from components.charts.base import table
from components.clock import now
from components.labels import badges, empty_state, plain
from components.perform import show_outcome
from components.queue_page import draw_drawer
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import DealerDetail
from db.dealers.territory_queries import areas_of
from db.terms.change_queries import open_of_dealer
from db.terms.queries import TermLine, TermsRow, term_history, terms_on
from db.terms.rules import BY_NAME, KINDS, NEEDED, Kind, Value, day_label, difference_label, value_label

HISTORY = "_terms_history"
GRID, CELL = "terms_grid", "_terms_cell"


# ---- the tab of one dealer -------------------------------------------------------------------------------------------
def draw_dealer_tab(dealer: DealerDetail, actor: Actor) -> None:
    """Draw the terms of one dealer, as a tab of Dealer 360."""
    today = now().astimezone(ZoneInfo(dealer.facts.zone)).date()
    with reading() as session:
        waiting = open_of_dealer(session, dealer_id=dealer.dealer_id, scope=actor.scope)
        areas = areas_of(session, dealer_id=dealer.dealer_id, scope=actor.scope)
    if waiting:
        st.markdown("**Waiting for a decision**")
        draw_list(waiting, key="terms_tab_open", is_open=True, with_dealer=False)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        on = st.date_input("Terms on", value=today, key=f"terms_on_{dealer.dealer_id}", width=160)
        if actor.can(Permission.TERMS_PROPOSE):
            st.button(
                "Propose a change", icon=":material/edit:", key="terms_tab_propose", on_click=open_propose,
                args=([dealer.dealer_id],),
            )  # fmt: skip
    day = on if isinstance(on, date) else today
    _draw_terms(dealer, actor, day, is_today=day == today)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("**Territory**", width="content")
        if actor.can(Permission.DEALERS_MANAGE) and dealer.facts.status != "terminated":
            with st.container(horizontal=True, gap="small", width="content"):
                for what, label, icon in (
                    ("give", "Give areas", "add_location"), ("end", "End areas", "location_off"),
                    ("hand_over", "Hand over", "swap_horiz"),
                ):  # fmt: skip
                    st.button(
                        label, icon=f":material/{icon}:", key=f"terms_tab_{what}", on_click=open_territory,
                        args=(what, dealer.dealer_id), disabled=what != "give" and not areas,
                    )  # fmt: skip
    if areas:
        draw_areas(areas, today=today, key="terms_tab_areas")
    else:
        st.caption("No area: leads reach it by distance.")
    draw_drawers()


def _draw_terms(dealer: DealerDetail, actor: Actor, on: date, *, is_today: bool) -> None:
    with reading() as session:
        values = terms_on(session, dealer_id=dealer.dealer_id, on=on, scope=actor.scope)
    missing = [BY_NAME[n].label.lower() for n in NEEDED if values[n] is None and dealer.facts.status == "active"]
    if missing and is_today:
        badges([(f"No {name}", "orange") for name in missing])

    def opened(position: int) -> None:
        open_history(dealer.dealer_id, dealer.facts.name, KINDS[position].name)

    tables.show(
        table(
            {
                "Term": [k.label for k in KINDS],
                "Value": [value_label(k, values[k.name]) for k in KINDS],
                "What": [k.help.partition(" (")[0] for k in KINDS],
            }
        ),
        key="terms_tab_table", alt=f"Terms on {day_label(on)}", height="content",
        columns={
            "Term": tables.opener("Term", key="terms_tab_click", on_open=opened, width=270),
            "Value": st.column_config.TextColumn("Value", width=150, alignment="right"),
            "What": tables.text("What it is", width=330),
        },
    )  # fmt: skip
    st.caption("A click on a term shows its history.")


def draw_drawers() -> None:
    """Whichever drawer is open; one at a time, for opening one closes nothing that was typed elsewhere."""
    if st.session_state.get(HISTORY) is not None:
        show_outcome(SCREEN.form)
        draw_history()
    elif st.session_state.get("_terms_propose") is not None:
        draw_propose()
    elif st.session_state.get("_territory_drawer") is not None:
        draw_territory_drawer()
    else:
        draw_propose()
        draw_territory_drawer()
        draw_drawer(SCREEN)


# ---- history ---------------------------------------------------------------------------------------------------------
def open_history(dealer_id: int, dealer: str, kind: str) -> None:
    """Open the history of one term of one dealer (call it from a callback)."""
    st.session_state[HISTORY] = (dealer_id, dealer, kind)


def close_history() -> None:
    """Close it."""
    st.session_state.pop(HISTORY, None)


def draw_history() -> None:
    """Draw the drawer of a term's history."""
    _, _, kind = st.session_state[HISTORY]
    st.dialog(BY_NAME[kind].label, width=600, position="right", on_dismiss=close_history)(_history)()


def _history() -> None:
    opened = st.session_state.get(HISTORY)
    if opened is None:
        st.rerun()
    actor = guard(Permission.TERMS_VIEW)
    dealer_id, dealer, kind_name = opened
    kind = BY_NAME[kind_name]
    with reading() as session:
        lines = term_history(session, dealer_id=dealer_id, kind=kind_name, scope=actor.scope)
    st.markdown(f"**{plain(dealer)}**")
    st.caption(kind.help)
    if lines:
        _history_table(kind, lines, actor)
    else:
        empty_state("history", "This term never had a value.", action="A proposal gives it one.")
    if actor.can(Permission.TERMS_PROPOSE):

        def propose() -> None:
            close_history()
            open_propose([dealer_id], kind_name)

        st.button("Propose a change", icon=":material/edit:", key="terms_history_propose", on_click=propose)


def _history_table(kind: Kind, lines: Sequence[TermLine], actor: Actor) -> None:
    """Newest first; a row that was overtaken by one of the same day stays visible as such."""
    before: list[Value] = [line.value for line in lines[1:]] + [None]
    days = [line.valid_from for line in lines]
    marks = [
        [w for w, so in (("Replaced", x.valid_from in days[:n]), ("Correction", x.changed_past)) if so]
        for n, x in enumerate(lines)
    ]
    tables.show(
        table(
            {
                "From": [day_label(line.valid_from) for line in lines],
                "Value": [value_label(kind, line.value) for line in lines],
                "Difference": [difference_label(kind, b, x.value) for b, x in zip(before, lines, strict=True)],
                "Mark": marks,
                "Approved": [f"{x.recorded_by}, {_day(x.recorded_at, actor)}" for x in lines],
                "Asked": [x.submitted_by + (f": {x.reason}" if x.reason else "") for x in lines],
            }
        ),
        key="terms_history_table", alt="History of the term, the latest beginning first",
        columns={
            "From": tables.text("From", width=92),
            "Value": st.column_config.TextColumn("Value", width=104, alignment="right"),
            "Difference": tables.text("Difference", width=150),
            "Mark": tables.pill("Mark", {"Replaced": "gray", "Correction": "red"}, width=84) if any(marks) else None,
            "Approved": tables.text("Approved", width=182), "Asked": tables.text("Asked for by", width=260),
        },
    )  # fmt: skip


def _day(moment: datetime, actor: Actor) -> str:
    return day_label(moment.astimezone(ZoneInfo(actor.zone)).date())


# ---- the grid of many dealers ----------------------------------------------------------------------------------------
def draw_grid(rows: Sequence[TermsRow], *, on: date, may_propose: bool) -> list[int]:
    """Dealers and their terms on a day; a click on a cell opens its history. Gives the positions of chosen rows."""
    columns = {k.head: k for k in KINDS}
    key = table_key(GRID, [on.toordinal(), *(r.dealer_id for r in rows)])
    data: dict[str, list[Any]] = {
        "Dealer": [f"{r.name} ({r.code})" for r in rows], "Region": [r.region for r in rows],
        **{head: [_cell(kind, r.values) for r in rows] for head, kind in columns.items()},
    }  # fmt: skip

    def selected() -> None:
        cells = st.session_state[key]["selection"]["cells"]
        cell = tuple(cells[0]) if cells else None
        # The cell stays marked after its drawer was closed: choosing a row must not open it again.
        if cell is not None and cell != st.session_state.get(CELL):
            position, head = cell
            if head in columns and position < len(rows):
                open_history(rows[position].dealer_id, rows[position].name, columns[head].name)
        st.session_state[CELL] = cell

    modes: list[Any] = ["multi-row", "single-cell"] if may_propose else ["single-cell"]
    event: Any = st.dataframe(
        table(data), key=key, hide_index=True, on_select=selected, selection_mode=modes,
        height=640 if len(rows) > 18 else "content", alt=f"Terms in force on {day_label(on)}", placeholder="–",
        column_config={
            "Dealer": tables.text("Dealer", width=210, pinned=True), "Region": tables.text("Region", width=104),
            **{head: _column(kind) for head, kind in columns.items()},
        },
    )  # fmt: skip
    return [i for i in event["selection"]["rows"] if i < len(rows)]


def _cell(kind: Kind, values: Mapping[str, Value]) -> Any:
    value = values.get(kind.name)
    if kind.unit == "word":
        return [value] if value is not None else []
    if not isinstance(value, int):
        return None
    return value / 100 if kind.unit in ("money", "rate", "percent", "hours") else value


def _column(kind: Kind) -> Any:
    if kind.unit == "word":
        return tables.pill(
            kind.head, dict(zip(kind.choices, ("violet", "orange", "blue", "gray"), strict=True)), width=84,
            help=kind.help,
        )  # fmt: skip
    formats = {"money": "accounting", "rate": "%.2f", "percent": "%.2f%%", "hours": "%.2f h", "days": "%d days"}
    width = {"money": 116, "rate": 96, "percent": 98, "days": 110}.get(kind.unit, 124)
    return tables.number(kind.head, width=width, format=formats.get(kind.unit, "%d"), help=kind.help)
