"""Dealer 360: what to know before calling, the box in which the call is logged, and a tab for each area."""

from __future__ import annotations

from types import SimpleNamespace

import streamlit as st

from components.access import guard
from components.areas import (
    access,
    contact_log,
    customers_dealer,
    dealer_overview,
    dealer_people,
    documents,
    onboarding,
    terms,
)
from components.areas.contact_form import draw_form_drawer, draw_quick_log
from components.areas.contact_log import PROMISES, draw_report_drawer
from components.areas.dealer_brief import draw_brief, draw_last, draw_people, draw_print_button, in_short, read_brief
from components.areas.dealers import STATUS_TONES, draw_drawer, open_drawer
from components.clock import now
from components.filters import pick
from components.labels import badges, empty_state, plain
from components.queue_page import cursor, draw_paging
from components.queue_page import draw_drawer as draw_promise_drawer
from components.timeline import draw_timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import DealerDetail, get_dealer
from db.dealers.rules import STATUSES
from db.reports.brief_queries import Brief
from db.reports.history_queries import AREA_LABELS, NEEDED, dealer_history

actor = guard(Permission.DEALERS_VIEW)
at = now()


def load() -> DealerDetail:
    """The dealer of the address, or a plain sentence instead of the page."""
    asked = st.query_params.get("dealer", "")
    try:
        with reading() as session:
            return get_dealer(session, dealer_id=int(asked) if asked.isdecimal() else 0, scope=actor.scope)
    except NotFound:
        empty_state("store", "This dealer was not found.", action="It may be outside of what you look after.")
        st.page_link("pages/network/dealers.py", label="All dealers", icon=":material/arrow_back:")
        st.stop()


def draw_head(dealer: DealerDetail) -> None:
    """Name, status, the way back, and what to do."""
    known = dealer.facts
    st.page_link("pages/network/dealers.py", label="Dealers", icon=":material/arrow_back:")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(plain(known.name), width="content")
        with st.container(horizontal=True, gap="small", width="content"):
            draw_print_button(dealer, actor)
            if actor.can(Permission.DEALERS_MANAGE):
                st.button("Change", icon=":material/edit:", key="dealer_change", on_click=open_drawer, args=(dealer,))
    badges(
        [
            (STATUSES[known.status], STATUS_TONES[known.status]), (known.code, "blue"), (known.region, "gray"),
            ("" if known.takes_leads else "Takes no leads", "orange"),
        ]
    )  # fmt: skip


def draw_first(dealer: DealerDetail) -> None:
    """The brief, and beside it the box in which the call is logged and what was said last.

    Who works in another tab than the overview has read it: there it is one line that opens.
    """
    brief = read_brief(dealer.dealer_id, actor)
    if st.query_params.get("tab", "overview").lower() != "overview":
        with st.expander(in_short(brief), icon=":material/call:"):
            draw_whole(dealer, brief)
    else:
        draw_whole(dealer, brief)


def draw_whole(dealer: DealerDetail, brief: Brief) -> None:
    """All of it, in two columns for who may log."""
    if not brief.has_log:
        draw_brief(brief, actor)
        return
    left, right = st.columns([5, 3], gap="medium")
    with left:
        draw_brief(brief, actor)
    with right:
        if actor.can(Permission.CONTACTS_LOG):
            with st.container(border=True, gap="small"):
                st.markdown("**Log a contact**")
                draw_quick_log(dealer.dealer_id, key="dl")
        draw_people(brief)
        draw_last(brief, actor)


def draw_history(dealer: DealerDetail, _actor: Actor) -> None:
    """Everything that was done about this dealer, page by page."""
    areas = {name: AREA_LABELS[name] for name in HISTORY if name not in NEEDED or actor.can(NEEDED[name])}
    area = pick("Area", areas, key="dealer_area", all_label="All but leads", width=220)
    with reading() as session:
        lines, following = dealer_history(
            session, dealer_id=dealer.dealer_id, actor=actor, area=area, leave_out=() if area else ("leads", "imports"),
            after=cursor("dealer_history", fingerprint=(dealer.dealer_id, area)), limit=50,
        )  # fmt: skip
    draw_timeline(
        [SimpleNamespace(at=line.at, title=line.summary, by=line.actor_name, note=line.reason) for line in lines],
        zone=actor.zone, now=at, limit=50,
    )  # fmt: skip
    draw_paging("dealer_history", following=following, shown=len(lines), total="all")


HISTORY = ("dealers", "contact_log", "terms", "documents", "onboarding", "access", "leads", "calendar")
TABS = (
    ("overview", "Overview", Permission.DEALERS_VIEW, dealer_overview.draw_dealer_tab),
    ("people", "People", Permission.DEALERS_VIEW, dealer_people.draw_dealer_tab),
    ("terms", "Terms", Permission.TERMS_VIEW, terms.draw_dealer_tab),
    ("documents", "Documents", Permission.DOCUMENTS_VIEW, documents.draw_dealer_tab),
    ("onboarding", "Onboarding", Permission.ONBOARDING_VIEW, onboarding.draw_dealer_tab),
    ("access", "Access", Permission.ACCESS_VIEW, access.draw_dealer_tab),
    ("customers", "Customers", Permission.CUSTOMERS_VIEW, customers_dealer.draw_dealer_tab),
    ("contacts", "Contacts", Permission.CONTACTS_VIEW, contact_log.draw_dealer_tab),
    ("timeline", "Timeline", Permission.DEALERS_VIEW, draw_history),
)  # fmt: skip


def draw_tabs(dealer: DealerDetail) -> None:
    """One tab an area, for those who may see it; only the open one is computed, and the address names it."""
    shown = {label: (name, draw) for name, label, permission, draw in TABS if actor.can(permission)}
    key = f"dealer_tab_{dealer.dealer_id}"
    asked = st.query_params.get("tab", "").lower()
    linked = next((label for label, (name, _) in shown.items() if name == asked), None)
    if linked is not None and st.session_state.get(key) != linked:
        st.session_state[key] = linked  # a click on a tab writes the address, so where they differ a link was followed

    def changed() -> None:
        st.query_params["tab"] = shown[st.session_state[key]][0]

    for tab, (_, draw) in zip(st.tabs(list(shown), key=key, on_change=changed), shown.values(), strict=True):
        if tab.open:
            with tab:
                draw(dealer, actor)


dealer = load()
draw_head(dealer)
draw_first(dealer)
draw_tabs(dealer)
draw_drawer()
draw_form_drawer()
draw_report_drawer()
draw_promise_drawer(PROMISES)
