"""Promises that slipped: who made them slip, and every slip, the newest first."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.parts_allocation import KIND_TONES
from components.areas.parts_lines import day_label, open_line
from components.charts.base import table
from components.clock import now
from components.filters import one
from components.labels import empty_state
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.core.labels import plural
from db.core.session import reading
from db.parts import rules
from db.parts.backorder_queries import BackorderFilters
from db.parts.slip_queries import CauseLine, SlipFilters, SlipRow, list_slips, slips_by_cause

PERIODS = {"30": "30 days", "90": "90 days", "182": "6 months", "365": "12 months"}


def narrow(cause: str) -> None:
    """Show the slips of one cause, or of all again."""
    st.session_state["bo_cause"] = "" if st.session_state.get("bo_cause") == cause else cause


def draw_slips(chosen: BackorderFilters) -> None:
    """Tiles by cause; a click narrows the table of slips. Ages are not asked: a slip is as old as it was said."""
    actor = current_actor()
    days = int(one("Period", PERIODS, key="bo_days", default="90"))
    filters = SlipFilters(
        cause=st.session_state.get("bo_cause", ""), kind=chosen.kind, region=chosen.region,
        dealer_id=chosen.dealer_id, part=chosen.part, since=now() - timedelta(days=days),
    )  # fmt: skip
    seen = SlipFilters(
        cause=filters.cause, kind=filters.kind, region=filters.region, dealer_id=filters.dealer_id, part=filters.part
    )
    with reading() as session:
        causes = slips_by_cause(session, actor=actor, filters=filters)
        rows, following = list_slips(
            session, actor=actor, filters=filters, after=cursor("bo_slips", fingerprint=(seen, days))
        )
    if not causes:
        empty_state("event_available", "No promise slipped.", action="Choose a longer period, or take a filter away.")
        return
    _causes(causes, filters.cause)
    if not rows:
        empty_state("event_available", "No promise slipped for this cause.", action="Show all causes again.")
        return
    _table(rows)
    total = sum(c.slips for c in causes if filters.cause in ("", c.cause))
    draw_paging("bo_slips", following=following, shown=len(rows), total=f"{total:,}")


def _causes(causes: list[CauseLine], chosen: str) -> None:
    with st.grid(5, min_column_width=150, gap="small", key="bo_causes"):
        for line in causes:
            with st.container(border=True, gap="xsmall", height="stretch"):
                st.metric(rules.CAUSES.get(line.cause, line.cause), f"{line.slips:,}")
                st.caption(f"{plural(line.lines, 'line')} · {line.mean_days:.1f} days each")
                st.button(
                    "All causes" if chosen == line.cause else "Show", key=f"bo_cause_{line.cause}", type="tertiary",
                    on_click=narrow, args=(line.cause,),
                )  # fmt: skip


def _open_at(position: int) -> None:
    line_id = id_at("bo_slips", position)
    if line_id is not None:
        open_line(line_id)


def _table(rows: list[SlipRow]) -> None:
    remember_rows("bo_slips", [r.line_id for r in rows])
    tables.show(
        table(
            {
                "Line": [f"{r.order} · {r.position}" for r in rows], "Kind": [[rules.KINDS[r.kind]] for r in rows],
                "Part": [r.part for r in rows], "Dealer": [r.dealer for r in rows],
                "Promised": [day_label(r.before) for r in rows], "Moved to": [day_label(r.promised_on) for r in rows],
                "Slip": [r.slip_last for r in rows], "In all": [r.slip_first for r in rows],
                "Who": [rules.CAUSES.get(r.cause, r.cause) for r in rows], "Said": [r.said_at for r in rows],
                "Why": [r.reason or "–" for r in rows],
            }
        ),
        key="bo_slips_table", alt="Promises moved to a later day, said last first",
        height=560 if len(rows) > 13 else "auto",
        columns={
            "Line": tables.opener("Line", key="bo_slips_click", on_open=_open_at, width=120),
            "Kind": tables.pill("Kind", KIND_TONES, width=110), "Part": tables.text("Part", width=108),
            "Dealer": tables.text("Dealer", width=155), "Promised": tables.text("Promised", width=92),
            "Moved to": tables.text("Moved to", width=92),
            "Slip": tables.number("Slip", width=52, format="%d d", help="Days after the day promised before"),
            "In all": tables.number("In all", width=56, format="%d d", help="Days after the first promise"),
            "Who": tables.text("Who", width=108), "Said": tables.moment("Said", current_actor().zone, width=100),
            "Why": tables.text("Why", width=420),
        },
    )  # fmt: skip
