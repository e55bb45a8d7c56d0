"""Dealer contacts: whom nobody has spoken to for long, what was promised, what was said."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.contact_form import draw_form_drawer, draw_quick_log, open_form
from components.areas.contact_lists import draw_log, draw_promises, pick_region
from components.areas.contact_log import PROMISES, draw_report_drawer, open_report
from components.areas.dealers import STATUS_TONES
from components.charts.base import table
from components.clock import now
from components.filters import clear_button, one, pick
from components.labels import badges, empty_state, plain
from components.queue_page import cursor, draw_drawer, draw_paging, id_at, open_drawer, remember_rows
from db.contact_log import rules
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.rules import STATUSES
from db.reports.gap_queries import Gap, contact_gaps

actor = guard(Permission.CONTACTS_VIEW)
at = now()
MAY_LOG = actor.can(Permission.CONTACTS_LOG)
VIEWS = {"gaps": "Gaps", "promises": "Promises", "log": "Log"}
DAYS = {"30": "30 days", "45": "45 days", "60": "60 days", "90": "90 days"}
SIZE = 50


def draw_gaps() -> None:
    """Dealers by how urgent a call is, the first with its box to log it at once."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        days = int(one("No contact for", DAYS, key="gap_days", default="30"))
        region = pick_region("gap_region")
        status = pick("Status", STATUSES, key="gap_status", all_label="All current dealers", width=180)
        clear_button(("gap_region", "gap_status"), key="gap_clear")
    with reading() as session:
        every = contact_gaps(session, scope=actor.scope, now=at, days=0, region=region, status=status)
    gaps = [gap for gap in every if gap.days is None or gap.days >= days]
    never = sum(gap.days is None for gap in gaps)
    tiles = (
        ("Never contacted", never, "Nobody of ours ever reached them"),
        (f"Silent for {days} days", len(gaps) - never, "Since the last contact that reached somebody"),
        ("In touch", len(every) - len(gaps), f"Spoken to within {days} days"),
    )
    with st.grid(3, min_column_width=150, gap="small"):
        for label, value, meaning in tiles:
            st.metric(label, f"{value:,}", help=meaning, border=True)
    if not gaps:
        empty_state("task_alt", f"Every dealer here was spoken to within {days} days.", action="Choose fewer days.")
        return
    if MAY_LOG:
        draw_next(gaps[0])
    first = cursor("gap", fingerprint=(days, region, status)) or 0
    draw_gap_table(gaps[first : first + SIZE])
    following = first + SIZE if len(gaps) > first + SIZE else None
    draw_paging("gap", following=following, shown=len(gaps[first : first + SIZE]), total=f"{len(gaps):,}")
    st.caption(
        "Priority is days without contact × share of the volume in percent. A dealer's volume is its leads of the last "
        f"three months, each sale counted {rules.SALE_WEIGHT} more times. Never contacted dealers come first."
    )


def draw_next(gap: Gap) -> None:
    """The most urgent call, ready to be logged."""
    with st.container(border=True):
        left, right = st.columns([2, 3], gap="medium")
        with left:
            st.markdown(f":gray[Call next]  \n**{plain(gap.dealer)}**")
            badges(
                [
                    (STATUSES[gap.status], STATUS_TONES[gap.status]), (gap.region, "gray"),
                    (f"{gap.overdue_promises} overdue" if gap.overdue_promises else "", "red"),
                ]
            )  # fmt: skip
            st.caption(plain(gap.why))
            st.page_link(
                "pages/network/dealer.py", label="Before you call", icon=":material/store:",
                query_params={"dealer": str(gap.dealer_id)},
            )  # fmt: skip
        with right:
            draw_quick_log(gap.dealer_id, key="gapq", height=80)


def open_gap(position: int) -> None:
    """Log a contact with the dealer of a row; who may only read is taken to the dealer."""
    dealer_id = id_at("gap", position)
    if dealer_id is not None:
        if MAY_LOG:
            open_form(dealer_id)
        else:
            st.session_state["_gap_to"] = dealer_id


def draw_gap_table(gaps: list[Gap]) -> None:
    """The ranked list; the code opens the drawer in which a contact is logged."""
    remember_rows("gap", [gap.dealer_id for gap in gaps])
    tables.show(
        table(
            {
                "Log": [gap.code for gap in gaps],
                "Dealer": [gap.dealer for gap in gaps],
                "Last contact": ["Never" if gap.days is None else f"{gap.days} d ago" for gap in gaps],
                "Why here": [gap.why for gap in gaps],
                "Tried since": ["–" if gap.tried is None else f"{(at - gap.tried).days} d ago" for gap in gaps],
                "Promises": [promise_words(gap) for gap in gaps],
                "Status": [[STATUSES[gap.status]] for gap in gaps],
                "Region": [gap.region for gap in gaps],
            }
        ),
        key="gap_table", alt="Dealers without contact, most urgent first",
        height="content" if len(gaps) <= 17 else 560,
        columns={
            "Log": tables.opener("Log" if MAY_LOG else "Open", key="gap_click", on_open=open_gap, width=74),
            "Dealer": tables.text("Dealer", width=155), "Last contact": tables.text("Last contact", width=88),
            "Why here": tables.text("Why here", width=290),
            "Tried since": tables.text("Tried since", width=82, help="The last try that reached nobody"),
            "Promises": tables.text("Promises", width=95, help="Open promises of both sides"),
            "Status": tables.pill("Status", {STATUSES[n]: tone for n, tone in STATUS_TONES.items()}, width=100),
            "Region": tables.text("Region", width=105),
        },
    )  # fmt: skip


def promise_words(gap: Gap) -> str:
    """Open promises, and how many of them are overdue."""
    late = f", {gap.overdue_promises} overdue" if gap.overdue_promises else ""
    return f"{gap.open_promises}{late}" if gap.open_promises else "–"


for name, opener in (("promise", lambda number: open_drawer(PROMISES, number)), ("contact", open_report)):
    linked = st.query_params.pop(name, "")
    if linked.isdecimal():
        opener(int(linked))
target = st.session_state.pop("_gap_to", None)
if target is not None:
    st.switch_page("pages/network/dealer.py", query_params={"dealer": str(target)})
st.title(":material/call: Dealer contacts")
view = one("Show", VIEWS, key="con_view", default="gaps")
{"gaps": draw_gaps, "promises": draw_promises, "log": draw_log}[view]()
draw_form_drawer()
draw_report_drawer()
draw_drawer(PROMISES)
