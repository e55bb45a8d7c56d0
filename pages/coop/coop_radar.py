"""Fund expiry radar: co-op money that expires in 30, 60 and 90 days, what could be done with it, whom to remind."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas import coop_radar as show
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.labels import empty_state
from components.queue_page import cursor, draw_paging
from db.coop.radar_queries import RadarFilters, dealers_with_money, list_radar, radar_totals
from db.coop.radar_rules import WINDOWS
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import regions

actor = guard(Permission.COOP_VIEW)
is_house = not actor.role.is_dealer
may_remind = actor.can(Permission.COOP_DECIDE)

st.title(":material/radar: Fund expiry radar")
with reading() as session:
    dealers = {str(i): label for i, label in dealers_with_money(session, scope=actor.scope, now=now()).items()}
    all_regions = regions(session, actor.scope)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    window = int(one("Expires within", {str(n): f"{n} days" for n in WINDOWS}, key="crd_window", default="60"))
    shown = ""
    if is_house:
        shown = one("Show", {"all": "All", "unreminded": "Not reminded"}, key="crd_show", default="all")
    region = ""
    if len(all_regions) > 1:
        region = pick("Region", {r: r for r in all_regions}, key="crd_region", all_label="All regions", width=170)
    dealer = ""
    if len(dealers) > 1:
        dealer = pick("Dealer", dealers, key="crd_dealer", all_label="All dealers", width=240)
    filters = RadarFilters(
        window=window, region=region, dealer_id=int(dealer) if dealer else None, unreminded=shown == "unreminded"
    )
    export_button(
        "coop_expiring",
        {"window": window, "region": region, "dealer": dealer, "unreminded": filters.unreminded or ""},
    )  # fmt: skip
    clear_button(["crd_region", "crd_dealer"], key="crd_clear")
show.draw_outcome()
with reading() as session:
    totals = radar_totals(session, scope=actor.scope, now=now(), filters=filters)
    rows, following = list_radar(
        session, scope=actor.scope, now=now(), filters=filters, after=cursor("crd", fingerprint=filters)
    )
show.draw_totals(totals)
if not rows and filters.unreminded:
    empty_state("task_alt", f"Every dealer was reminded of what expires within {window} days.")
elif not rows:
    empty_state("task_alt", f"Nothing expires within {window} days.")
elif is_house:
    ticked = show.draw_rows(rows, window=window, may_remind=may_remind)
    show.draw_bulk(ticked, window)
    draw_paging("crd", following=following, shown=len(rows), total=count_label(totals.dealers, CAP))
else:
    show.draw_cards(rows)
    draw_paging("crd", following=following, shown=len(rows), total=count_label(totals.dealers, CAP))
show.draw_drawer(window, may_remind=may_remind)
