"""Co-op funds: what came in, is reserved, approved, paid and expired by dealer; the statement of each on any day."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas.coop_funds import draw_list, draw_statement, draw_totals, open_fund
from components.exports import export_button
from components.filters import clear_button, pick
from components.labels import empty_state
from components.queue_page import cursor, draw_paging
from db.coop.fund_queries import FundFilters, count_funds, fund_totals, list_funds, list_periods
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.session import reading
from db.people.queries import list_regions

actor = guard(Permission.COOP_VIEW)
st.title(":material/savings: Co-op funds")
linked = st.query_params.pop("fund", "")
if linked.isdecimal():
    open_fund(int(linked))
with reading() as session:
    regions, periods = list_regions(session), list_periods(session, scope=actor.scope)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    period = pick("Year", {p: p for p in periods}, key="coopfund_period", all_label="All years", width=140)
    region = ""
    if not actor.role.is_dealer:
        region = pick("Region", {r: r for r in regions}, key="coopfund_region", all_label="All regions", width=190)
    clear_button(("coopfund_period", "coopfund_region"), key="coopfund_clear")
    export_button("coop_funds", {"period": period, "region": region})
filters = FundFilters(period=period, region=region)
with reading() as session:
    rows, following = list_funds(
        session, scope=actor.scope, filters=filters, after=cursor("coopfunds", fingerprint=filters)
    )
    total = count_funds(session, scope=actor.scope, filters=filters)
    sums = fund_totals(session, scope=actor.scope, filters=filters)
if rows:
    draw_totals(sums)
    draw_list(rows)
    draw_paging("coopfunds", following=following, shown=len(rows), total=count_label(total, CAP))
elif period or region:
    empty_state("filter_alt_off", "No fund matches.", action="Take a filter away.")
else:
    empty_state("savings", "There is no co-op money yet.", action="Bring in purchases, or allocate money to a dealer.")
draw_statement()
