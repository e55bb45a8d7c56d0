"""Co-op requests: what waits for a pre-approval, what is reserved, what lies with dealers, what became of the rest."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas.coop_requests import CLAIM_FOR, FORM_OF, SCREEN, draw_list
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.labels import empty_state
from components.perform import show_outcome
from components.queue_page import cursor, draw_drawer, draw_paging, open_drawer
from db.coop.model import MEDIA
from db.coop.request_queries import VIEWS, count_requests, list_requests
from db.coop.request_rules import Filters
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.session import reading
from db.people.queries import list_regions

actor = guard(Permission.COOP_VIEW)
FILTER_KEYS = ("coopreq_region", "coopreq_medium")
EMPTY = {
    "waiting": ("task_alt", "No request waits for a decision."), "holds": ("savings", "Nothing is reserved."),
    "dealer": ("task_alt", "No request lies with a dealer."), "done": ("history", "Nothing was closed yet."),
}  # fmt: skip
if st.session_state.get(CLAIM_FOR) is not None:
    st.switch_page("pages/coop/coop_claims.py", query_params={})  # without: refused, the view is bound to the address
if st.session_state.get(FORM_OF) is not None:
    st.switch_page("pages/coop/coop_request.py", query_params={})
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/campaign: Co-op requests")
    if actor.can(Permission.COOP_REQUEST):
        st.page_link("pages/coop/coop_request.py", label="Ask for funds", icon=":material/add:", width="content")
show_outcome("coop_request")
linked = st.query_params.pop("request", "")
if linked.isdecimal():
    open_drawer(SCREEN, int(linked))
view = one("Show", VIEWS, key="coopreq_view", default="waiting")
with reading() as session:
    regions = list_regions(session)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    region = ""
    if not actor.role.is_dealer:
        region = pick("Region", {r: r for r in regions}, key="coopreq_region", all_label="All regions", width=190)
    medium = pick("Medium", MEDIA, key="coopreq_medium", all_label="All media", width=190)
    clear_button(FILTER_KEYS, key="coopreq_clear")
    export_button("coop_requests", {"view": view, "region": region, "medium": medium})
filters, key = Filters(view=view, region=region, medium=medium), f"coopreq_{view}"
with reading() as session:
    rows, following = list_requests(session, scope=actor.scope, filters=filters, after=cursor(key, fingerprint=filters))
    total = count_requests(session, scope=actor.scope, filters=filters)
if rows:
    draw_list(rows, view=view)
    draw_paging(key, following=following, shown=len(rows), total=count_label(total, CAP))
elif region or medium:
    empty_state("filter_alt_off", "No request matches.", action="Take a filter away.")
else:
    icon, sentence = EMPTY[view]
    empty_state(icon, sentence)
draw_drawer(SCREEN)
