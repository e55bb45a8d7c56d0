"""Dealers: find one, see which need looking after, and change many together."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas.dealer_bulk import draw_bulk, draw_bulk_button
from components.areas.dealer_groups import draw_groups, draw_groups_button
from components.areas.dealer_health import overview
from components.areas.dealer_list import draw_exports, draw_filters, draw_list, draw_map, draw_shape
from components.areas.dealers import draw_drawer, open_drawer
from components.areas.terms_propose import draw_propose, open_propose
from components.clock import now
from components.queue_page import id_at
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.health_rules import LEVELS
from db.dealers.people_queries import dealer_of
from db.dealers.queries import count_by_status
from db.dealers.rules import STATUSES

actor = guard(Permission.DEALERS_VIEW)
at = now()
MANAGES = actor.can(Permission.DEALERS_MANAGE)


def opened(position: int) -> None:
    """Go to the dealer of a row at the next run."""
    st.session_state["_dealer_to"] = id_at("dealers", position)


def asked_for() -> int | None:
    """The dealer a click or a link to one of its people leads to."""
    target: int | None = st.session_state.pop("_dealer_to", None)
    person = st.query_params.get("dealer_contact", "")
    if target is None and person.isdecimal():
        with reading() as session:
            target = dealer_of(session, contact_id=int(person), scope=actor.scope)
    return target


def say_counts() -> None:
    """One line: how many dealers there are by status, and how many need looking after."""
    with reading() as session:
        counts = count_by_status(session, scope=actor.scope)
    by_status = [f"{count:,} {STATUSES[name].lower()}" for name, count in counts.items() if count]
    health = known.counts()
    noticed = [f"{plural(health[level], 'dealer')} {LEVELS[level].lower()}" for level in ("risk",) if health[level]]
    if health["watch"]:
        noticed.append(f"{health['watch']:,} to watch")
    st.caption(". ".join(", ".join(part) for part in (by_status, noticed) if part) or "No dealers")


target = asked_for()
if target is not None:
    st.switch_page("pages/network/dealer.py", query_params={"dealer": str(target)})
known = overview(actor, at)
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/storefront: Dealers")
    if MANAGES:
        st.button("Add dealer", icon=":material/add:", key="dealer_new", on_click=open_drawer, args=(None,))
say_counts()
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    shape = draw_shape()
    tools = st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content")
chosen = draw_filters(actor, known)
filters = draw_map(actor, chosen.filters) if shape == "map" else chosen.filters
ids = draw_list(actor, filters, known, now=at, on_open=opened)
with tools:
    draw_groups_button()
    if MANAGES:
        draw_bulk_button(ids, filters)
    if ids and actor.can(Permission.TERMS_PROPOSE):
        st.button(
            "Propose terms", icon=":material/contract:", key="dealer_terms", on_click=open_propose, args=(ids, "tier"),
            help="A tier, rate or limit for the chosen dealers; a second person approves it",
        )  # fmt: skip
    draw_exports(chosen)
draw_groups(actor)
if MANAGES:
    draw_bulk()
    draw_drawer()
if actor.can(Permission.TERMS_PROPOSE):
    draw_propose()
