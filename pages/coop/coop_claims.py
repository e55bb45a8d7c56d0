"""Co-op claims: what waits for a decision, what lies with dealers, what was approved, payments and credit memos."""

from __future__ import annotations

from typing import Any

import streamlit as st

from components.access import guard
from components.areas.coop_claim_form import draw_form, is_open, open_form
from components.areas.coop_claims import SCREEN, draw_list, draw_memos, draw_payment
from components.areas.coop_requests import CLAIM_FOR
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.kept import kept
from components.labels import empty_state
from components.queue_page import cursor, draw_drawer, draw_paging, open_drawer
from db.coop.claim_queries import VIEWS, ClaimRow, count_claims, list_claims
from db.coop.model import MEDIA
from db.coop.request_rules import Filters
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.session import reading
from db.people.queries import list_regions

actor = guard(Permission.COOP_VIEW)
FILTER_KEYS = ("coopclm_region", "coopclm_medium")
EMPTY = {
    "waiting": ("task_alt", "No claim waits for a decision."), "dealer": ("task_alt", "No claim lies with a dealer."),
    "approved": ("verified", "Nothing was approved yet."), "done": ("history", "Nothing was closed yet."),
}  # fmt: skip


def look(session: Any, filters: Filters, after: Any) -> tuple[tuple[ClaimRow, ...], Any, int]:
    """A page of claims, the cursor of the next, and how many there are."""
    rows, following = list_claims(session, scope=actor.scope, filters=filters, after=after)
    return tuple(rows), following, count_claims(session, scope=actor.scope, filters=filters)


def draw_queue(view: str) -> None:
    """One view of the queue with its filters."""
    with reading() as session:
        regions = kept(session, lambda: tuple(list_regions(session)), "all_regions", areas=("dealers", "people"))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        region = ""
        if not actor.role.is_dealer:
            region = pick("Region", {r: r for r in regions}, key="coopclm_region", all_label="All regions", width=190)
        medium = pick("Medium", MEDIA, key="coopclm_medium", all_label="All media", width=190)
        clear_button(FILTER_KEYS, key="coopclm_clear")
        export_button("coop_claims", {"view": view, "region": region, "medium": medium})
    filters, key = Filters(view=view, region=region, medium=medium), f"coopclm_{view}"
    after = cursor(key, fingerprint=filters)
    with reading() as session:
        rows, following, total = kept(
            session, lambda: look(session, filters, after), "coop_claims", actor.scope, filters, after,
            areas=("coop", "dealers", "people"),
        )  # fmt: skip
    if rows:
        draw_list(rows, view=view)
        draw_paging(key, following=following, shown=len(rows), total=count_label(total, CAP))
    elif region or medium:
        empty_state("filter_alt_off", "No claim matches.", action="Take a filter away.")
    else:
        icon, sentence = EMPTY[view]
        empty_state(icon, sentence)


wanted = st.session_state.pop(CLAIM_FOR, None)
if wanted is not None:
    open_form(request_id=int(wanted))
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/request_quote: Co-op claims")
    if actor.can(Permission.COOP_REQUEST):
        st.button("Claim without a request", icon=":material/add:", key="coopclm_new", on_click=open_form)
linked = st.query_params.pop("claim", "")
if linked.isdecimal():
    open_drawer(SCREEN, int(linked))
views = {**VIEWS, **({"pay": "To pay"} if actor.can(Permission.COOP_PAY) else {}), "memos": "Credit memos"}
memo = st.query_params.pop("memo", "")
if memo:
    st.session_state["coopclm_view"] = "memos"
shown_view = one("Show", views, key="coopclm_view", default="pay" if actor.can(Permission.COOP_PAY) else "waiting")
if shown_view == "pay":
    draw_payment()
elif shown_view == "memos":
    shown, following_memo = draw_memos(cursor("coopmemo", fingerprint="memos"))
    if shown:
        draw_paging("coopmemo", following=following_memo, shown=shown, total="all")
else:
    draw_queue(shown_view)
# One dialog at a time.
if not is_open():
    draw_drawer(SCREEN)
draw_form()
