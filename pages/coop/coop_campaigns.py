"""Campaigns: what dealers advertise with co-op money, the leads and sales it brings, what each costs."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas import coop_campaigns as show
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.labels import empty_state
from components.queue_page import cursor, draw_paging
from db.coop.campaign_queries import SHOW, Filters, by_medium, count_campaigns, list_campaigns
from db.coop.model import MEDIA
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions

actor = guard(Permission.COOP_VIEW)
at = now()
linked = st.query_params.pop("campaign", "")
if linked.isdigit():
    show.open_campaign(int(linked))

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/campaign: Campaigns")
    if actor.can(Permission.COOP_REQUEST):
        st.button("New campaign", icon=":material/add:", type="primary", key="cmp_new", on_click=show.open_new)
with reading() as session:
    known = regions(session, actor.scope)
    dealers = {d.dealer_id: f"{d.name} ({d.code})" for d in dealer_choices(session, actor.scope)}
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    shown = one("Show", {**SHOW, "all": "All"}, key="cmp_show", default="open")
    region = dealer = ""
    if len(known) > 1:
        region = pick("Region", {r: r for r in known}, key="cmp_region", all_label="All regions", width=140)
    if len(dealers) > 1:
        choices = {str(i): label for i, label in dealers.items()}
        dealer = pick("Dealer", choices, key="cmp_dealer", all_label="All dealers", width=200)
    medium = pick("Medium", MEDIA, key="cmp_medium", all_label="All media", width=150)
    clear_button(("cmp_region", "cmp_dealer", "cmp_medium"), key="cmp_clear")
    export_button(
        "coop_campaigns", {"show": shown, "region": region, "medium": medium, "dealer": dealer}, key="cmp_export"
    )
filters = Filters(show=shown, region=region, medium=medium, dealer_id=int(dealer) if dealer else None)

with reading() as session:
    rows, following = list_campaigns(
        session, scope=actor.scope, now=at, filters=filters, after=cursor("cmp", fingerprint=filters)
    )
    total = count_campaigns(session, scope=actor.scope, filters=filters)
    media = by_medium(session, scope=actor.scope, filters=filters) if rows else []
if not rows:
    empty_state(
        "campaign", "No campaign here.",
        action="Enter one with its code: every lead whose source is that code counts for it."
        if actor.can(Permission.COOP_REQUEST) else "Take a filter away.",
    )  # fmt: skip
else:
    left, right = st.columns([9, 11], gap="medium")
    with left, st.container(border=True, height="stretch"):
        st.markdown("**Against the goal** :gray[the tick is a straight line up to today]")
        show.draw_goals(rows)
    with right, st.container(border=True, height="stretch"):
        st.markdown("**By medium** :gray[what a lead and a sale cost]")
        show.draw_media(media)
    show.draw_rows(rows)
    draw_paging("cmp", following=following, shown=len(rows), total=count_label(total))
    st.caption(
        "Cost: approved claims, and for approved requests not claimed yet what they plan. Costs of each leave out "
        "campaigns that cost nothing yet."
    )
show.draw_drawer(dealers)
