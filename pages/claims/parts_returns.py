"""Parts returns: old parts to keep, send in, receive and inspect, due first; what did not come and was charged."""

from __future__ import annotations

from zlib import crc32

import streamlit as st

from components import tables
from components.access import guard
from components.areas.part_returns import SCREEN, day, draw_rule, open_rule
from components.areas.part_returns_boxes import TO_SHIP, draw_receive, draw_ship_bar, show_box_outcome
from components.charts.base import table
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.labels import empty_state
from components.queue_page import cursor, draw_drawer, draw_paging, id_at, open_drawer, remember_rows
from db.core.area import CAP
from db.core.labels import count_label, local_day, relative_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions
from db.part_returns.flow import FLOW
from db.part_returns.queries import (
    CLOSED,
    DEALERS,
    OURS,
    ReturnFilters,
    ReturnRow,
    count_returns,
    count_states,
    list_returns,
)
from db.part_returns.rules import FINDINGS, money

actor = guard(Permission.CLAIMS_VIEW)
at = now()
VIEWS = DEALERS if actor.role.is_dealer else OURS
TILES = (
    (("requested", "To send in"), ("held", "To keep"), ("shipped", "On the way"), ("received", "Being inspected"))
    if actor.role.is_dealer
    else (
        ("received", "To inspect"), ("inspected", "To settle"), ("shipped", "On the way"), ("requested", "Asked for"),
        ("held", "Kept by dealers"),
    )
)  # fmt: skip
KEYS = ("pr_region", "pr_dealer", "pr_state", "pr_due")
EMPTY = {
    "open": "No old part is kept or waited for.", "received": "No part waits to be inspected.",
    "inspected": "No part waits to be settled.", "shipped": "No part is on its way.",
    "requested": "No part has to be sent in.", "held": "No part has to be kept.", "way": "Nothing is on its way.",
    "closed": "No part was closed yet.",
}  # fmt: skip


def draw_tiles() -> None:
    """How many parts are in each open state, and how many of them are late."""
    with reading() as session:
        counts = count_states(session, actor=actor, now=at)
    with st.grid(len(TILES), min_column_width=130, gap="small"):
        for state, label in TILES:
            count, late = counts.get(state, (0, 0))
            st.metric(
                label, f"{count:,}", delta=f"{late:,} overdue" if late else None, delta_color="inverse",
                delta_arrow="off", border=True, height="stretch", help=FLOW.state(state).help,
            )  # fmt: skip


def chosen_filters() -> ReturnFilters:
    """What the queue is narrowed to, kept in the address."""
    with reading() as session:
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
        places = regions(session, actor.scope)
    view = one("Show", VIEWS, key="pr_view", default=next(iter(VIEWS)))
    region = dealer = state = due = ""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if view == "closed":
            ends = {name: FLOW.state(name).label for name in CLOSED}
            state = pick("How it ended", ends, key="pr_state", all_label="However it ended", width=190)
        else:
            due = pick("Due", {"late": "Overdue"}, key="pr_due", all_label="Any day", width=140)
        if len(places) > 1:
            region = pick("Region", {r: r for r in places}, key="pr_region", all_label="All regions", width=150)
        if len(dealers) > 1:
            dealer = pick("Dealer", dealers, key="pr_dealer", all_label="All dealers", width=230)
        clear_button(KEYS, key="pr_clear")
    return ReturnFilters(
        view=view, state=state, region=region, dealer_id=int(dealer) if dealer.isdecimal() else None, late=due == "late"
    )


def open_row(position: int) -> None:
    """Open the drawer of a row."""
    found = id_at("pr", position)
    if found is not None:
        open_drawer(SCREEN, found)


def next_words(row: ReturnRow) -> str:
    """What has to happen, with the dealer's own day."""
    if row.is_stopped:
        return "The claim is decided again"
    if row.status == "held":
        return f"Keep until {day(row.hold_until)}"
    if row.status == "requested":
        return f"Send in by {day(row.due_on)}"
    if row.status == "shipped":
        return f"{row.carrier} {row.tracking}".strip()
    if row.status == "received":
        return "Inspect"
    if row.status == "inspected":
        return "Send back or pay" if row.back_owed else "Say what becomes of it"
    return f"{money(row.charged_cents)} charged" if row.charged_cents else FINDINGS.get(row.finding, "–")


def draw_list(rows: list[ReturnRow], *, is_open: bool) -> None:
    """A page of old parts; those to be sent in can be chosen together."""
    remember_rows("pr", [r.id for r in rows])
    due = ["Stopped" if r.is_stopped else relative_label(r.due_at, at) for r in rows]
    tones = {d: "red" if r.is_late(at) else "gray" for d, r in zip(due, rows, strict=True)}
    many = actor.can(Permission.RETURNS_SHIP) and any(r.status in TO_SHIP for r in rows)
    with_dealer = not actor.role.is_dealer or len(actor.scope.dealer_ids) > 1
    chosen = tables.show(
        table(
            {
                "RMA": [r.number for r in rows],
                "Dealer": [r.dealer for r in rows],
                "Part": [r.part for r in rows],
                "Claim": [r.claim for r in rows],
                "Status": [[FLOW.state(r.status).label] for r in rows],
                "Due": [[d] for d in due],
                "Closed": [day(local_day(r.closed_at, r.zone)) if r.closed_at else "–" for r in rows],
                "Next": [next_words(r) for r in rows],
                "Paid for it": ["–" if r.paid_cents is None else money(r.paid_cents) for r in rows],
                "Why": [r.why for r in rows],
            }
        ),
        key=f"pr_table_{crc32(repr([r.id for r in rows]).encode()):08x}", select="many" if many else "none",
        alt="Old parts, the first due at the top", height=560 if len(rows) > 16 else "content",
        columns={
            "RMA": tables.opener("RMA", key="pr_click", on_open=open_row, width=105),
            "Dealer": tables.text("Dealer", width=160) if with_dealer else None,
            "Part": tables.text("Part", width=190), "Status": tables.status(FLOW, width=125),
            "Due": tables.pill("Due", tones, width=110) if is_open else None,
            "Closed": None if is_open else tables.text("Closed", width=100),
            "Next": tables.text("Next" if is_open else "Outcome", width=185),
            "Paid for it": tables.text("Paid for it", width=95), "Claim": tables.text("Claim", width=95),
            "Why": tables.text("Why", width=330),
        },
    )  # fmt: skip
    picked = [rows[i] for i in chosen if i < len(rows)]
    if picked:
        draw_ship_bar(picked)


linked = st.query_params.pop("rma", "")
if linked.isdecimal():
    open_drawer(SCREEN, int(linked))
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/assignment_return: Parts returns")
    with st.container(horizontal=True, width="content", gap="small"):
        st.button("The rule", key="pr_rule_see", icon=":material/rule:", on_click=open_rule)
        beside = st.container(width="content")
        draw_receive()
draw_tiles()
filters = chosen_filters()
with beside:
    export_button(
        "part_returns",
        {"view": filters.view, "state": filters.state, "region": filters.region, "dealer_id": filters.dealer_id,
         "late": filters.late},
    )  # fmt: skip
show_box_outcome()
with reading() as session:
    rows, following = list_returns(
        session, actor=actor, filters=filters, now=at, after=cursor("pr", fingerprint=filters)
    )
    total = count_returns(session, actor=actor, filters=filters, now=at)
if rows:
    draw_list(rows, is_open=filters.view != "closed")
    draw_paging("pr", following=following, shown=len(rows), total=count_label(total, CAP))
elif any(st.session_state.get(k) for k in KEYS):
    empty_state("filter_alt_off", "No old part matches.", action="Take a filter away.")
else:
    empty_state("task_alt", EMPTY[filters.view], action="A part stands here once its claim is approved.")
if not draw_rule():
    draw_drawer(SCREEN)
