"""Sharing out a part that is short (propose, reasons, confirm), and the parts whose demand outruns the stock."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import current_actor
from components.charts.base import table
from components.clock import now
from components.filters import words
from components.labels import empty_state, plain
from components.perform import forget, perform, show_outcome
from db.core.labels import plural
from db.core.problems import NotFound
from db.core.session import reading
from db.parts import rules
from db.parts.allocation_commands import confirm_allocation
from db.parts.allocation_queries import Proposal, allocation_lines, propose, short_parts
from db.parts.backorder_queries import stock_risks

FORM = "parts_allocation"


def draw_allocate() -> None:
    """Parts with some units on hand and more open: choose one, read who gets what and why, confirm."""
    actor, key = current_actor(), "pa_part"
    show_outcome(FORM)
    with reading() as session:
        short = short_parts(session, actor=actor)
    if short:
        names = {
            f"{s.part_id}@{s.warehouse}": f"{s.part} at {s.warehouse}: {s.on_hand:,} on hand, {s.open_units:,} open"
            for s in short
        }
        if st.session_state.get(key) not in names:
            st.session_state.pop(key, None)
        picked = st.selectbox(
            "Part that is short", list(names), format_func=lambda v: names[v], key=key,
            on_change=forget, args=(FORM,),
        )  # fmt: skip
        part_id, _, warehouse = (picked or next(iter(names))).partition("@")
        try:
            with reading() as session:
                proposal = propose(session, part_id=int(part_id), warehouse=warehouse, actor=actor, now=now())
        except NotFound as gone:
            st.error(gone.problems[0].message)
        else:
            _draw_proposal(proposal)
    else:
        empty_state("balance", "No part is short with units on hand.", action="Units that come in show up here.")
    _draw_before()


def _draw_proposal(proposal: Proposal) -> None:
    st.markdown(
        f"**{proposal.allocated:,} of {plural(proposal.requested, 'unit')}** of {plain(proposal.part)} can go out of "
        f"{plain(proposal.warehouse)}."
    )
    rows = proposal.rows
    tables.show(
        table(
            {
                "Order": [f"{r.order} line {r.position}" for r in rows], "Dealer": [r.dealer for r in rows],
                "Kind": [[rules.KINDS[r.kind]] for r in rows], "Asked": [r.requested for r in rows],
                "Gets": [r.allocated for r in rows], "Why": [r.why for r in rows],
                "90 days": [r.demand for r in rows], "Ordered": [r.ordered_on for r in rows],
            }
        ),
        key="pa_table", alt=f"Proposed shares of {proposal.part}",
        columns={
            "Order": tables.text("Order", width=122), "Dealer": tables.text("Dealer", width=145),
            "Kind": tables.pill("Kind", KIND_TONES, width=110), "Asked": tables.number("Asked", width=60),
            "Gets": tables.number("Gets", width=60), "Why": tables.text("Why", width=335),
            "90 days": tables.number("90 days", width=70, help="Units the dealer ordered in the last 90 days"),
            "Ordered": st.column_config.DateColumn("Ordered", format="D MMM YYYY", width=95),
        },
    )  # fmt: skip

    def confirm() -> None:
        perform(
            confirm_allocation, form=FORM, say=f"{proposal.part}: {plural(proposal.allocated, 'unit')} allocated",
            arguments={
                "part_id": proposal.part_id, "warehouse": proposal.warehouse, "seen_stock": proposal.stock_version,
                "seen_lines": proposal.seen_lines,
            },
        )  # fmt: skip

    st.button(
        f"Allocate and ship {plural(proposal.allocated, 'unit')}", key="pa_confirm", type="primary",
        icon=":material/check:", on_click=confirm,
    )  # fmt: skip


KIND_TONES = {
    rules.KINDS["vehicle_down"]: "red", rules.KINDS["emergency"]: "orange", rules.KINDS["stock"]: "gray",
}  # fmt: skip


def _draw_before() -> None:
    with reading() as session:
        done = allocation_lines(session, actor=current_actor(), limit=50)
    if not done:
        return
    st.markdown("**Allocated before**")
    tables.show(
        table(
            {
                "Allocation": [a.number for a in done], "Part": [a.part for a in done],
                "Order": [a.order for a in done], "Dealer": [a.dealer for a in done],
                "Asked": [a.requested for a in done], "Got": [a.allocated for a in done], "Why": [a.why for a in done],
                "When": [a.decided_at for a in done], "By": [a.decided_by for a in done],
            }
        ),
        key="pa_before", alt="Lines of earlier allocations, the newest first",
        columns={
            "Allocation": tables.text("Allocation", width=95), "Part": tables.text("Part", width=100),
            "Order": tables.text("Order", width=95), "Dealer": tables.text("Dealer", width=150),
            "Asked": tables.number("Asked", width=60), "Got": tables.number("Got", width=60),
            "Why": tables.text("Why", width=330), "When": tables.moment("When", current_actor().zone, width=110),
            "By": tables.text("By", width=120),
        },
    )  # fmt: skip


def draw_risks() -> None:
    """Parts whose demand of three months outruns what is there and on its way, the largest shortfall first."""
    part = words("Part number", key="pr_part", placeholder="Begins with", width=230)
    with reading() as session:
        rows = stock_risks(session, actor=current_actor(), part=part)
    if not rows:
        empty_state("inventory", "No part is at risk.", action="Stock comes in under Imports.")
        return
    tables.show(
        table(
            {
                "Part": [r.part for r in rows], "Name": [r.name for r in rows],
                "Warehouse": [r.warehouse for r in rows],
                "Short": [r.shortfall for r in rows], "On hand": [r.on_hand for r in rows],
                "Oversold": [r.oversold for r in rows], "On the way": [r.in_transit for r in rows],
                "Lead time": ["Unknown" if r.lead_time_days is None else f"{r.lead_time_days} d" for r in rows],
                "Why": ["; ".join(r.reasons) for r in rows],
            }
        ),
        key="pr_table", alt="Parts at risk, the largest shortfall first", height=560 if len(rows) > 13 else "auto",
        columns={
            "Part": tables.text("Part", width=110, pinned=True), "Name": tables.text("Name", width=160),
            "Warehouse": tables.text("Warehouse", width=90), "Short": tables.number("Short", width=70),
            "On hand": tables.number("On hand", width=75), "Oversold": tables.number("Oversold", width=75),
            "On the way": tables.number("On the way", width=85), "Lead time": tables.text("Lead time", width=85),
            "Why": tables.text("Why", width=420),
        },
    )  # fmt: skip
    st.caption("The 50 largest." if len(rows) == 50 else plural(len(rows), "part"))
