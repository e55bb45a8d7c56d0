"""One dealer: who and where it is, what it takes, what it carries, and what happened to it."""

from __future__ import annotations

from types import SimpleNamespace

import streamlit as st

from components import tables
from components.access import guard
from components.areas.calendar import hours_text
from components.areas.dealers import STATUS_TONES, draw_drawer, open_drawer
from components.charts.base import table
from components.clock import now
from components.labels import badges, empty_state, facts, plain
from components.timeline import draw_timeline
from db.calendar.model import WEEKDAYS
from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import NeverOpen, is_open, next_opening
from db.core.area import CAP
from db.core.geo import STATES
from db.core.labels import count_label, moment_label, relative_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import DealerDetail, get_dealer
from db.dealers.rules import STATUSES
from db.leads.board_queries import BoardFilters, board_counts
from db.leads.flow import FLOW
from db.reports.history_queries import item_history

actor = guard(Permission.DEALERS_VIEW)
at = now()


def load() -> DealerDetail:
    """The dealer of the address, or a plain sentence instead of the page."""
    asked = st.query_params.get("dealer", "")
    try:
        with reading() as session:
            return get_dealer(session, dealer_id=int(asked) if asked.isdecimal() else 0, scope=actor.scope)
    except NotFound:
        empty_state("store", "This dealer was not found.", action="It may be outside of what you look after.")
        st.page_link("pages/network/dealers.py", label="All dealers", icon=":material/arrow_back:")
        st.stop()


def draw_head(dealer: DealerDetail) -> None:
    """Name, status and the way back."""
    known = dealer.facts
    st.page_link("pages/network/dealers.py", label="Dealers", icon=":material/arrow_back:")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(plain(known.name))
        if actor.can(Permission.DEALERS_MANAGE):
            st.button("Change", icon=":material/edit:", key="dealer_change", on_click=open_drawer, args=(dealer,))
    badges(
        [
            (STATUSES[known.status], STATUS_TONES[known.status]), (known.code, "blue"), (known.region, "gray"),
            ("" if known.takes_leads else "Takes no leads", "orange"),
        ]
    )  # fmt: skip


def draw_load(dealer: DealerDetail) -> None:
    """What waits at this dealer, with the way to the board."""
    with reading() as session:
        counts = board_counts(
            session, scope=actor.scope, filters=BoardFilters(dealer_id=dealer.dealer_id), now=at,
            personal=actor.can(Permission.PERSONAL_DATA_VIEW),
        )  # fmt: skip
    cap = dealer.facts.lead_cap
    every = counts.open + counts.held
    tiles = (
        ("Open leads", count_label(counts.open, CAP), "Leads that are not closed and not held"),
        ("Overdue", count_label(counts.overdue, CAP), "The next promise of these leads is past"),
        ("Held", count_label(counts.held, CAP), "Leads whose clock stands still"),
        ("Room", f"{max(cap - every, 0):,}" if cap else "No limit", "Open and held leads it may still be given"),
    )
    with st.grid(4, min_column_width=130, gap="small"):
        for label, value, meaning in tiles:
            st.metric(label, value, help=meaning, border=True)
    states = [(FLOW.state(name), count) for name, count in counts.by_status.items() if count]
    if states:
        badges([(f"{state.label} {count_label(count, CAP)}", state.tone) for state, count in states])
    board = "pages/leads/board.py"
    if actor.can(Permission.LEADS_VIEW):
        label = f"{dealer.facts.name} ({dealer.facts.code})"
        st.page_link(board, label="Show its leads", icon=":material/bolt:", query_params={"lead_dealer": label})


def draw_facts(dealer: DealerDetail) -> None:
    """What is known of the dealer."""
    known = dealer.facts
    place = ", ".join(p for p in (known.city, STATES[known.state].name if known.state in STATES else known.state) if p)
    position = f"{known.latitude:.4f}, {known.longitude:.4f}" if known.latitude is not None else None
    with st.container(border=True):
        st.markdown("**Facts**")
        facts(
            [
                ("Place", f"{place} {known.postal_code}".strip()), ("Region", known.region), ("Website", known.url),
                ("Position", position), ("Time zone", known.zone),
                ("Makes", ", ".join(known.brands) or "Every make"),
                ("Known since", moment_label(dealer.created_at, actor.zone)),
            ]
        )  # fmt: skip
    with st.container(border=True):
        st.markdown("**Leads**")
        shown = known.territories[:60]
        more = f" and {len(known.territories) - 60:,} more" if len(known.territories) > 60 else ""
        facts(
            [
                ("Takes leads", "Yes" if known.takes_leads and known.status == "active" else "No"),
                ("Share", known.lead_weight), ("Most open leads", known.lead_cap or "No limit"),
                ("Most leads a day", known.daily_quota or "No limit"),
                ("Territory", (", ".join(shown) + more) if shown else "None: it gets leads by distance"),
            ]
        )  # fmt: skip


def draw_hours(dealer: DealerDetail) -> None:
    """The working time its promises follow."""
    with reading() as session:
        calendar = calendar_for_dealer(session, dealer.dealer_id)
    if is_open(calendar, at):
        state = "Open now"
    else:
        try:
            opening = next_opening(calendar, at)
            state = f"Closed, opens {relative_label(opening, at)} ({moment_label(opening, calendar.zone)})"
        except NeverOpen:
            state = "Closed"
    with st.container(border=True):
        st.markdown(f"**Working hours** :gray[{plain(calendar.name)}]")
        st.caption(plain(state))
        tables.show(
            table({"Day": list(WEEKDAYS), "Open": [hours_text(day) or "Closed" for day in calendar.weekly]}),
            key="dealer_hours", alt="Working hours by day",
            columns={"Day": tables.text("Day", width=110), "Open": tables.text("Open")},
        )  # fmt: skip
        if dealer.facts.calendar_id is not None and actor.can(Permission.CALENDARS_VIEW):
            st.page_link(
                "pages/admin/calendars.py", label="Open calendar", icon=":material/calendar_month:",
                query_params={"calendar": str(dealer.facts.calendar_id)},
            )  # fmt: skip


dealer = load()
draw_head(dealer)
draw_load(dealer)
left, right = st.columns([3, 2], gap="medium")
with left:
    draw_facts(dealer)
with right:
    draw_hours(dealer)
st.subheader("Timeline")
with reading() as session:
    lines = item_history(session, item_type="dealer", item_id=dealer.dealer_id, limit=60)
draw_timeline(
    [SimpleNamespace(at=line.at, title=line.summary, by=line.actor_name, note=line.reason) for line in lines],
    zone=actor.zone, now=at,
)  # fmt: skip
draw_drawer()
