"""The overview of one dealer: what it carries, who and where it is, what it takes, and when it works."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.areas.calendar import hours_text
from components.areas.pipeline import draw_dealer_pipeline
from components.charts.base import table
from components.clock import now
from components.labels import badges, facts, plain
from db.calendar.model import WEEKDAYS
from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import NeverOpen, is_open, next_opening
from db.core.actor import Actor
from db.core.area import CAP
from db.core.geo import STATES
from db.core.labels import count_label, moment_label, relative_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import DealerDetail
from db.dealers.reach_rules import phone_label
from db.leads.board_queries import BoardFilters, board_counts
from db.leads.flow import FLOW


def draw_dealer_tab(dealer: DealerDetail, actor: Actor) -> None:
    """Draw load, facts and hours of one dealer, as the first tab of Dealer 360."""
    _load(dealer, actor)
    draw_dealer_pipeline(dealer, actor)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _facts(dealer, actor)
    with right:
        _hours(dealer, actor)


def _load(dealer: DealerDetail, actor: Actor) -> None:
    """What waits at this dealer, with the way to the board."""
    with reading() as session:
        counts = board_counts(
            session, scope=actor.scope, filters=BoardFilters(dealer_id=dealer.dealer_id), now=now(),
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


def _facts(dealer: DealerDetail, actor: Actor) -> None:
    """What is known of the dealer."""
    known = dealer.facts
    place = ", ".join(p for p in (known.city, STATES[known.state].name if known.state in STATES else known.state) if p)
    position = f"{known.latitude:.4f}, {known.longitude:.4f}" if known.latitude is not None else None
    with st.container(border=True):
        st.markdown("**Facts**")
        facts(
            [
                ("Legal name", known.legal_name), ("Group", known.group or "None: a dealer of its own"),
                ("Telephone", phone_label(known.phone)), ("E-mail", known.email),
                ("Address", ", ".join(p for p in (known.street, f"{place} {known.postal_code}".strip()) if p)),
                ("Region", known.region), ("Website", known.url),
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


def _hours(dealer: DealerDetail, actor: Actor) -> None:
    """The working time its promises follow."""
    with reading() as session:
        calendar = calendar_for_dealer(session, dealer.dealer_id)
    at = now()
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
