"""Investigations: claims and dealers that look odd, due first, with the evidence as it was."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.claims_words import money, right
from components.areas.investigations import SCREEN, draw_form, open_form
from components.charts.base import table
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.labels import empty_state
from components.queue_page import cursor, draw_drawer, draw_paging, id_at, open_drawer, remember_rows
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions
from db.investigations.flow import FLOW, OUTCOMES
from db.investigations.queries import InvestigationFilters, InvestigationRow, count_investigations, list_investigations
from db.investigations.rules import KINDS

actor = guard(Permission.CLAIMS_INVESTIGATE)
at = now()
SHOWN = {"open": "Open", "closed": "Closed"}
KEYS = ("inv_kind", "inv_region", "inv_at", "inv_outcome")


def draw_filters() -> InvestigationFilters:
    """What the queue is narrowed to, kept in the address."""
    with reading() as session:
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
        places = regions(session, actor.scope)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        state = one("State", SHOWN, key="inv_state", default="open")
        who = one("Whose", {"all": "Everybody's", "mine": "Mine"}, key="inv_who", default="all")
        kind = pick("What", KINDS, key="inv_kind", all_label="Everything odd", width=230)
        region = ""
        if len(places) > 1:
            region = pick("Region", {r: r for r in places}, key="inv_region", all_label="All regions", width=150)
        dealer = pick("Dealer", dealers, key="inv_at", all_label="All dealers", width=220)
        outcome = ""
        if state == "closed":
            outcome = pick("What came of it", OUTCOMES, key="inv_outcome", all_label="Every outcome", width=200)
        clear_button(KEYS, key="inv_clear")
    return InvestigationFilters(
        is_open=state == "open", kind=kind, region=region, outcome=outcome,
        dealer_id=int(dealer) if dealer.isdecimal() else None,
        assignee_id=(actor.user_id or 0) if who == "mine" else None,
    )  # fmt: skip


def open_row(position: int) -> None:
    """Open the drawer of a row."""
    found = id_at("inv", position)
    if found is not None:
        open_drawer(SCREEN, found)


def _due(row: InvestigationRow) -> str:
    far = abs(row.due_at - at)
    away = f"{far.days} d" if far.days else f"{far.seconds // 3600} h"
    return f"Overdue {away}" if row.is_overdue(at) else f"in {away}"


def draw_queue(chosen: InvestigationFilters) -> None:
    """One page of the queue."""
    with reading() as session:
        rows, following = list_investigations(
            session, actor=actor, filters=chosen, after=cursor("inv", fingerprint=chosen)
        )
        total = count_investigations(session, actor=actor, filters=chosen)
    if not rows:
        empty_state(
            "task_alt", "Nothing looks odd here." if chosen.is_open else "Nothing was closed here.",
            action="Every claim is looked at when it is sent, and all dealers once a day.",
        )  # fmt: skip
        return
    remember_rows("inv", [row.id for row in rows])
    due = [_due(r) for r in rows]
    tones = {d: "red" if r.is_overdue(at) else "gray" for d, r in zip(due, rows, strict=True)}
    columns: dict[str, list[object]] = {
        "Number": [r.number for r in rows],
        "Close by": [[d] for d in due],
        "Outcome": [OUTCOMES.get(r.outcome, "–") for r in rows],
        "Status": [[FLOW.state(r.status).label] for r in rows],
        "Dealer": [r.dealer for r in rows],
        "Claim": [r.claim or "Dealer as a whole" for r in rows],
        "Claimed": [money(r.claimed_cents) for r in rows],
        "What": [" · ".join(r.kinds) for r in rows],
        "Looks into it": [r.assignee or "Nobody" for r in rows],
        "Why": [" ".join(f.sentence for f in r.flag_lines) or r.opened_because for r in rows],
    }
    columns.pop("Outcome" if chosen.is_open else "Close by")
    shown = {
        "Number": tables.opener("Number", key="inv_click", on_open=open_row, width=96),
        "Close by": tables.pill("Close by", tones, width=110), "Outcome": tables.text("Outcome", width=130),
        "Status": tables.status(FLOW, width=112), "Dealer": tables.text("Dealer", width=144),
        "Claim": tables.text("Claim", width=96), "Claimed": right("Claimed", 84),
        "What": tables.text("What", width=200), "Looks into it": tables.text("Looks into it", width=120),
        "Why": tables.text("Why", width=420),
    }  # fmt: skip
    tables.show(
        table(columns), key="inv_table", alt="Investigations, the first to close at the top",
        height=560 if len(rows) > 13 else "auto", columns={name: shown[name] for name in columns},
    )  # fmt: skip
    draw_paging("inv", following=following, shown=len(rows), total=count_label(total, CAP))


linked = st.query_params.pop("investigation", "")
if linked.isdecimal():
    open_drawer(SCREEN, int(linked))
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/policy: Investigations")
    with st.container(horizontal=True, width="content", gap="small"):
        beside = st.container(width="content")
        st.button("Open one", key="inv_new", icon=":material/flag:", on_click=open_form)
chosen = draw_filters()
with beside:
    export_button(
        "investigations",
        {"is_open": chosen.is_open, "kind": chosen.kind, "region": chosen.region, "outcome": chosen.outcome},
    )  # fmt: skip
draw_queue(chosen)
st.caption("A flag opens an investigation and decides nothing: the claim goes its own way, and the dealer is not told.")
if not draw_form():
    draw_drawer(SCREEN)
