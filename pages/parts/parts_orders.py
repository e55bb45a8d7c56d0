"""Parts orders: what dealers ordered, due first, with every line and promised day; and the form of a new one."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.parts_allocation import KIND_TONES
from components.areas.parts_lines import day_label, draw_line_drawer
from components.areas.parts_orders import SCREEN, draw_entry, money_label, open_entry
from components.charts.base import table
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.labels import empty_state
from components.queue_page import cursor, draw_drawer, draw_paging, id_at, open_drawer, remember_rows
from db.core.area import CAP
from db.core.labels import count_label, relative_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions
from db.parts import rules
from db.parts.flow import ORDERS
from db.parts.order_queries import OrderFilters, OrderRow, count_orders, list_orders

actor = guard(Permission.PARTS_VIEW)
VIEWS = {"open": "Open", "placed": "To confirm", "late": "Late", "done": "Ended"}
KEYS = ("po_kind", "po_region", "po_dealer")


def draw_filters(view: str) -> OrderFilters:
    """What the list is narrowed to, kept in the address."""
    with reading() as session:
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
        places = regions(session, actor.scope)
    region, dealer = "", ""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = pick("Kind", rules.KINDS, key="po_kind", all_label="All kinds", width=150)
        if len(places) > 1:
            region = pick("Region", {r: r for r in places}, key="po_region", all_label="All regions", width=150)
        if len(dealers) > 1:
            dealer = pick("Dealer", dealers, key="po_dealer", all_label="All dealers", width=220)
        clear_button(KEYS, key="po_clear")
        export_button(
            "parts_lines",
            {"kind": kind, "region": region, "dealer_id": dealer, "open": "" if view == "done" else "yes"},
        )
    return OrderFilters(
        is_open=view != "done", status="placed" if view == "placed" else "", late=view == "late", kind=kind,
        region=region, dealer_id=int(dealer) if dealer.isdecimal() else None,
    )  # fmt: skip


def open_at(position: int) -> None:
    """Open the clicked order."""
    order_id = id_at("po", position)
    if order_id is not None:
        open_drawer(SCREEN, order_id)


def draw_table(rows: list[OrderRow], *, is_open: bool) -> None:
    """The orders of one page of the list."""
    at = now()
    remember_rows("po", [r.id for r in rows])
    columns: dict[str, list[object]] = {
        "Order": [r.number for r in rows], "Status": [[ORDERS.state(r.status).label] for r in rows],
        "Kind": [[rules.KINDS[r.kind]] for r in rows], "Due": [relative_label(r.due_at, at) for r in rows],
        "Dealer": [r.dealer for r in rows], "Dealer's number": [r.reference or "–" for r in rows],
        "Lines": [r.lines_count for r in rows], "Amount": [money_label(r.total_cents) for r in rows],
        "Ordered": [day_label(r.ordered_on) for r in rows], "Needed by": [day_label(r.required_by) for r in rows],
    }  # fmt: skip
    shown = {
        "Order": tables.opener("Order", key="po_click", on_open=open_at, width=95),
        "Status": tables.status(ORDERS, width=100), "Kind": tables.pill("Kind", KIND_TONES, width=110),
        "Due": tables.text("Due", width=100), "Dealer": tables.text("Dealer", width=160),
        "Dealer's number": tables.text("Dealer's number", width=115), "Lines": tables.number("Lines", width=52),
        "Amount": tables.text("Amount", width=80), "Ordered": tables.text("Ordered", width=92),
        "Needed by": tables.text("Needed by", width=92),
    }  # fmt: skip
    if not is_open:
        columns.pop("Due")
    tables.show(
        table(columns), key="po_table", alt="Parts orders, due first" if is_open else "Ended parts orders",
        height=560 if len(rows) > 13 else "auto", columns={name: shown[name] for name in columns},
    )  # fmt: skip


linked = st.query_params.pop("order", "")
if linked.isdecimal():
    open_drawer(SCREEN, int(linked))
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/shopping_cart: Parts orders")
    if actor.can(Permission.PARTS_ORDER):
        st.button("New order", icon=":material/add:", key="po_new", on_click=open_entry)
filters = draw_filters(one("Show", VIEWS, key="po_view", default="open"))
with reading() as session:
    rows, following = list_orders(
        session, actor=actor, filters=filters, now=now(), after=cursor("po", fingerprint=filters)
    )
    total = count_orders(session, actor=actor, filters=filters, now=now())
if rows:
    draw_table(rows, is_open=filters.is_open)
    draw_paging("po", following=following, shown=len(rows), total=count_label(total, CAP))
else:
    empty_state("shopping_cart", "No order matches.", action="Place one, or take a filter away.")
draw_entry()
draw_line_drawer()
draw_drawer(SCREEN)
