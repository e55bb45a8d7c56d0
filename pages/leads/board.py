"""Response board: open leads by due time, overdue first, answered in the drawer; live."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import streamlit as st

from components import labels, tables
from components.access import guard
from components.areas.leads import HEAT, SCREEN, heat
from components.areas.leads_board import AREAS, due_words, listed
from components.areas.leads_bulk import bulk_bar
from components.areas.places import places
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick, words
from components.kept import kept, minute
from components.labels import empty_state, plain
from components.queue_page import cursor, draw_drawer, draw_paging, id_at, is_open, open_drawer, remember_rows
from components.tables import SLA_TONES
from db.core.area import CAP
from db.core.labels import count_label, moment_words
from db.core.permissions import Permission
from db.core.session import reading
from db.leads.flow import FLOW
from db.leads.queries import (
    BoardCounts,
    BoardFilters,
    BoardRow,
    board_counts,
    cards_by_status,
    list_sources,
)

actor = guard(Permission.LEADS_VIEW)
PERSONAL = actor.can(Permission.PERSONAL_DATA_VIEW)
SHAPES = {"queue": "Queue", "cards": "Cards"}
WAITING = {"open": "Open", "overdue": "Overdue", "mine": "Mine", "unassigned": "No dealer", "held": "Held"}
KEYS = ("lead_status", "lead_region", "lead_dealer", "lead_source", "lead_text")
T = TypeVar("T")
STATES = {s.name: s.label for s in FLOW.states if not s.final}


def chosen_filters() -> BoardFilters:
    """Draw the toolbar and read it."""
    with reading() as session:
        known = places(actor.scope, session=session)
        # A source nobody ever came from before is in the list a minute later.
        sources = kept(
            session, lambda: tuple(list_sources(session, scope=actor.scope)), "sources", actor.scope, minute(now()),
            areas=(),
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        view = one("Waiting", WAITING, key="lead_view", default="open")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content"):
            shape = one("Show as", SHAPES, key="lead_shape", default="queue")
            export_box = st.container(width="content")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = words("Find", key="lead_text", placeholder="Name, number, VIN, phone", width=230)
        status = pick("Status", STATES, key="lead_status", all_label="Every status", width=150)
        region = ""
        if len(known.regions) > 1:
            region = pick(
                "Region", {r: r for r in known.regions}, key="lead_region", all_label="All regions", width=150
            )
        dealer = ""
        if len(known.dealers) > 1:
            dealer = pick("Dealer", known.dealers, key="lead_dealer", all_label="All dealers", width=210)
        source = pick("Source", {s: s for s in sources}, key="lead_source", all_label="All sources", width=150)
        clear_button(KEYS, key="lead_clear")
    with export_box:
        export_button("leads", {"region": region, "source": source, "dealer": dealer, "status": status})
    st.session_state["_lead_shape"] = shape
    return BoardFilters(
        view="open" if view == "mine" else view, status=status, region=region, source=source, text=text,
        dealer_id=int(dealer) if dealer.isdigit() else None, assignee_id=actor.user_id if view == "mine" else None,
    )  # fmt: skip


def draw_counts(counts: BoardCounts) -> None:
    """Four numbers that say where to start."""
    waiting = sum(counts.by_status.get(s, 0) for s in ("new", "assigned"))
    tiles = (
        ("Open", counts.open, ":material/inbox:", "Leads that are not closed and not held"),
        ("Overdue", counts.overdue, ":material/alarm:", "The next promise of these leads is past"),
        ("No action yet", waiting, ":material/timer:", "Nobody has acted on these yet"),
        ("No dealer", counts.unassigned, ":material/person_off:", "Routing found nobody; assign them by hand"),
    )
    with st.grid(4, min_column_width=150, gap="small"):
        for label, count, icon, meaning in tiles:
            st.metric(label, count_label(count, CAP), icon=icon, help=meaning, border=True)


def kept_for(filters: BoardFilters, name: str, *more: Any, make: Callable[[Any], T]) -> T:
    """What the page shows under its filters, asked again when something behind it changed and with every minute."""
    with reading() as session:
        return kept(session, lambda: make(session), name, actor.scope, PERSONAL, filters, *more, areas=AREAS)


def draw_queue(filters: BoardFilters, counts: BoardCounts, at: datetime) -> None:
    """The list, due first, 50 a page."""
    after = cursor("lead", fingerprint=filters)
    page, lines = kept_for(
        filters, "board_page", at, after, make=lambda s: listed(s, actor=actor, filters=filters, at=at, after=after)
    )
    rows = page.rows
    if not rows:
        empty_state("task_alt", "No lead matches.", action="New leads appear here by themselves.")
        return
    remember_rows("lead", [r.id for r in rows])
    may_assign = actor.can(Permission.LEADS_ASSIGN)
    due_tones = {due_words(r, at): SLA_TONES.get(r.sla.label, "gray") for r in rows}
    chosen = tables.show(
        lines,
        key="lead_table", alt="Open leads, due first", select="many" if may_assign else "none",
        height=min(560, 38 + 35 * len(rows)),
        columns={
            "Lead": tables.opener("Lead", key="lead_click", on_open=_open, width=88),
            "Customer": tables.text("Customer", width=128),
            "Wants": tables.text("Wants", width=164),
            "Dealer": tables.text("Dealer", width=150),
            "Status": tables.status(FLOW, width=122),
            "Used": tables.sla("Time used", help="Share of the promised working time that is gone"),
            "Due": tables.pill("Due", due_tones, width=112),
            "Score": tables.pill("Score", dict(HEAT.values()), width=70),
            "Next step": tables.text("Next step", width=180),
            "Source": tables.text("Source", width=130),
            "Person": tables.text("Person", width=120),
            "Age": tables.text("Age", width=96, help="On the wall clock, nights and holidays too"),
        },
    )  # fmt: skip
    total = counts.by_status.get(str(filters.status), 0) if filters.status else _total(filters, counts)
    draw_paging("lead", following=page.following, shown=len(rows), total=count_label(total, CAP))
    if chosen:
        bulk_bar([(rows[i].id, rows[i].version) for i in chosen if i < len(rows)])


def _total(filters: BoardFilters, counts: BoardCounts) -> int:
    views = {"overdue": counts.overdue, "unassigned": counts.unassigned, "held": counts.held}
    return views.get(filters.view, counts.open)


def _open(position: int) -> None:
    lead_id = id_at("lead", position)
    if lead_id is not None:
        _open_lead(lead_id)


def _open_lead(lead_id: int) -> None:
    open_drawer(SCREEN, lead_id)
    st.session_state["_lead_opened"] = True


def draw_cards(filters: BoardFilters, at: datetime) -> None:
    """One column a status, at most fifteen cards each."""
    columns = kept_for(
        filters, "board_cards", at,
        make=lambda s: cards_by_status(s, scope=actor.scope, filters=filters, now=at, personal=PERSONAL),
    )  # fmt: skip
    columns = {status: rows for status, rows in columns.items() if rows}
    if not columns:
        empty_state("task_alt", "No lead matches.", action="New leads appear here by themselves.")
        return
    with st.grid(max(len(columns), 1), min_column_width=230, wrap=False, gap="small", key="lead_cards"):
        for status, rows in columns.items():
            with st.container(gap="xsmall"):
                st.markdown(f"**{STATES[status]}** :gray[{len(rows)}{'+' if len(rows) == 15 else ''}]")
                for row in rows:
                    _card(row, at)


def _card(row: BoardRow, at: object) -> None:
    with st.container(border=True, gap="xxsmall"):
        st.button(
            f"{row.number} · {plain(row.customer_name) or 'Unknown'}", key=f"lead_card_{row.id}", type="tertiary",
            on_click=_open_lead, args=(row.id,),
        )  # fmt: skip
        st.caption(plain(row.wants or "Nothing named"))
        tone = SLA_TONES.get(row.sla.label, "gray")
        marks = [(due_words(row, at), tone)] if row.due_at else []
        labels.badges([*marks, heat(row.temperature, row.score)])
        st.caption(plain(row.dealer_name or "No dealer"))


def draw_live() -> None:
    """Everything that moves by itself."""
    guard(Permission.LEADS_VIEW)
    if st.session_state.pop("_lead_opened", False):
        st.rerun()
    at = minute(now())
    counts = kept_for(
        FILTERS, "board_counts", at,
        make=lambda s: board_counts(s, scope=actor.scope, filters=FILTERS, now=at, personal=PERSONAL),
    )  # fmt: skip
    draw_counts(counts)
    if st.session_state.get("_lead_shape") == "cards":
        draw_cards(FILTERS, at)
    else:
        draw_queue(FILTERS, counts, at)
    live = "" if is_open(SCREEN) else ", refreshes every 20 s"
    st.caption(f"As of {moment_words(at, actor.zone, now=at)}{live}")


st.title(":material/bolt: Response board")
FILTERS = chosen_filters()
# Nothing ticks under an open drawer: a rerun while somebody types would only get in the way.
st.fragment(draw_live, run_every=None if is_open(SCREEN) else "20s")()
draw_drawer(SCREEN)
