"""Parts claims: short, wrong or damaged deliveries, due first, and what became of them."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.parts_claims import SCREEN, draw_form, open_form
from components.areas.parts_orders import money_label
from components.charts.base import table
from components.clock import now
from components.filters import clear_button, one, pick
from components.labels import empty_state
from components.queue_page import cursor, draw_drawer, draw_paging, id_at, open_drawer, remember_rows
from db.core.area import CAP
from db.core.labels import count_label, relative_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions
from db.parts import rules
from db.parts.claim_queries import ClaimFilters, ClaimRow, count_claims, list_claims
from db.parts.flow import CLAIMS

actor = guard(Permission.PARTS_VIEW)
VIEWS = {"open": "Open", "sent_in": "To decide", "asked": "Dealer asked", "late": "Claimed late", "done": "Decided"}
KEYS = ("pc_kind", "pc_region", "pc_dealer")


def draw_filters(view: str) -> ClaimFilters:
    """What the queue is narrowed to, kept in the address."""
    with reading() as session:
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
        places = regions(session, actor.scope)
    region, dealer = "", ""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = pick("What is wrong", rules.CLAIM_KINDS, key="pc_kind", all_label="Everything", width=180)
        if len(places) > 1:
            region = pick("Region", {r: r for r in places}, key="pc_region", all_label="All regions", width=150)
        if len(dealers) > 1:
            dealer = pick("Dealer", dealers, key="pc_dealer", all_label="All dealers", width=220)
        clear_button(KEYS, key="pc_clear")
    return ClaimFilters(
        is_open=view != "done", status=view if view in ("sent_in", "asked") else "", late=view == "late", kind=kind,
        region=region, dealer_id=int(dealer) if dealer.isdecimal() else None,
    )  # fmt: skip


def open_at(position: int) -> None:
    """Open the clicked claim."""
    claim_id = id_at("pc", position)
    if claim_id is not None:
        open_drawer(SCREEN, claim_id)


def draw_table(rows: list[ClaimRow], *, is_open: bool) -> None:
    """The claims of one page of the queue."""
    at = now()
    remember_rows("pc", [r.id for r in rows])
    columns: dict[str, list[object]] = {
        "Claim": [r.number for r in rows], "Status": [[CLAIMS.state(r.status).label] for r in rows],
        "Due": [relative_label(r.due_at, at) for r in rows],
        "What is wrong": [rules.CLAIM_KINDS[r.kind] for r in rows],
        "In time": [["Late" if r.is_late else "In time"] for r in rows], "Part": [r.part for r in rows],
        "Units": [r.quantity for r in rows], "Amount": [money_label(r.amount_cents) for r in rows],
        "Credited": [money_label(r.credit_cents) if r.status == "credited" else "–" for r in rows],
        "Order": [r.order for r in rows], "Dealer": [r.dealer for r in rows],
    }  # fmt: skip
    shown = {
        "Claim": tables.opener("Claim", key="pc_click", on_open=open_at, width=92),
        "Status": tables.status(CLAIMS, width=112), "Due": tables.text("Due", width=96),
        "What is wrong": tables.text("What is wrong", width=145),
        "In time": tables.pill("In time", {"In time": "green", "Late": "orange"}, width=78),
        "Part": tables.text("Part", width=110), "Units": tables.number("Units", width=50),
        "Amount": tables.text("Amount", width=75), "Credited": tables.text("Credited", width=75),
        "Order": tables.text("Order", width=90), "Dealer": tables.text("Dealer", width=155),
    }  # fmt: skip
    columns.pop("Credited" if is_open else "Due")
    tables.show(
        table(columns), key="pc_table", alt="Parts claims, due first" if is_open else "Decided parts claims",
        height=560 if len(rows) > 13 else "auto", columns={name: shown[name] for name in columns},
    )  # fmt: skip


linked = st.query_params.pop("claim", "")
if linked.isdecimal():
    open_drawer(SCREEN, int(linked))
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/package_2: Parts claims")
    if actor.can(Permission.PARTS_CLAIM):
        st.button("Claim a delivery", icon=":material/add:", key="pc_new", on_click=open_form)
filters = draw_filters(one("Show", VIEWS, key="pc_view", default="open"))
with reading() as session:
    rows, following = list_claims(session, actor=actor, filters=filters, after=cursor("pc", fingerprint=filters))
    total = count_claims(session, actor=actor, filters=filters)
if rows:
    draw_table(rows, is_open=filters.is_open)
    draw_paging("pc", following=following, shown=len(rows), total=count_label(total, CAP))
else:
    empty_state("package_2", "No claim matches.", action="Claim a delivery, or take a filter away.")
draw_form()
draw_drawer(SCREEN)
