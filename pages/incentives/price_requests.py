"""Price requests: what waits for a signature, what holds, what became of the rest; asking for a discount."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas.pricing import SCREEN, draw_list
from components.areas.pricing_away import draw_away, draw_budgets
from components.areas.pricing_bands import draw_bands
from components.areas.pricing_form import OPEN, draw_form, open_form
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.labels import empty_state
from components.queue_page import cursor, draw_drawer, draw_paging, open_drawer
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.session import reading
from db.people.queries import list_regions
from db.pricing.request_queries import VIEWS, RequestFilters, count_requests, list_requests
from db.pricing.terms_rules import KINDS

actor = guard(Permission.PRICING_VIEW)
decides = actor.can(Permission.PRICING_DECIDE)
FILTER_KEYS = ("price_region", "price_kind")
EMPTY = {
    "mine": ("task_alt", "Nothing waits for your signature."), "waiting": ("task_alt", "No request waits."),
    "valid": ("sell", "No approval holds at the moment."), "done": ("history", "Nothing was closed yet."),
}  # fmt: skip


def draw_head() -> None:
    """The title, and what one may do beside signing."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(":material/price_check: Price requests")
        with st.container(horizontal=True, gap="small", width="content"):
            draw_bands()
            if decides:
                draw_budgets()
                draw_away()
            if actor.can(Permission.PRICING_REQUEST):
                st.button(
                    "Ask for a discount", icon=":material/add:", key="price_ask", type="primary", on_click=open_form
                )


def draw_queue(view: str) -> None:
    """One view of the queue with its filters."""
    with reading() as session:
        regions = list_regions(session)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        region = ""
        if not actor.role.is_dealer:
            region = pick("Region", {r: r for r in regions}, key="price_region", all_label="All regions", width=190)
        kind = pick("For", dict(KINDS), key="price_kind", all_label="Vehicles and parts", width=190)
        clear_button(FILTER_KEYS, key="price_clear")
        export_button("price_requests", {"view": view, "region": region, "kind": kind})
    filters = RequestFilters(view=view, region=region, kind=kind)
    at, key = now(), f"price_{view}"
    with reading() as session:
        rows, following = list_requests(
            session, actor=actor, now=at, filters=filters, after=cursor(key, fingerprint=filters)
        )
        total = count_requests(session, actor=actor, now=at, filters=filters)
    if not rows:
        if region or kind:
            empty_state("filter_alt_off", "No request matches.", action="Take a filter away.")
        else:
            icon, sentence = EMPTY[view]
            empty_state(icon, sentence, action="Every request is under All waiting." if view == "mine" else "")
        return
    draw_list(rows, view=view)
    draw_paging(key, following=following, shown=len(rows), total=count_label(total, CAP))


draw_head()
linked = st.query_params.pop("request", "")
if linked.isdecimal():
    open_drawer(SCREEN, int(linked))
views = VIEWS if decides else {name: label for name, label in VIEWS.items() if name != "mine"}
draw_queue(one("Show", views, key="price_view", default="mine" if decides else "waiting"))
# One dialog at a time: the form of a request is opened from its drawer, which closes then.
if st.session_state.get(OPEN) is None:
    draw_drawer(SCREEN)
draw_form()
