"""Scorecard: dealers by metrics beside their peers of the same tier and region, with small figures told apart."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas import reports as show
from components.areas import scorecard as cards
from components.clock import now, today
from components.exports import export_button
from components.filters import clear_button, many, one, pick
from components.labels import badges, empty_state, plain
from components.navigation import may_open
from components.tiles import draw_definition
from db.calendar.queries import DESK_ZONE
from db.core.labels import moment_words, plural
from db.core.permissions import Permission
from db.reports.overview_queries import metric
from db.reports.peer_rules import BANDS
from db.reports.period_rules import PERIODS, span_of
from db.reports.scorecard_queries import DEFAULT, OFFERED, Row, chosen_metrics, counted_bands, ordered

DEALER = "pages/network/dealer.py"
actor = guard(Permission.PERFORMANCE_VIEW)
at, day, change = now(), today(DESK_ZONE), show.token()
KEYS = ("scd_region", "scd_dealer", "scd_brand", "scd_tier")
DIRECTIONS = {"worst": "Last first", "best": "Best first"}
MAY_SEE = {show.title_of(name): name for name in OFFERED if actor.can(metric(name).permission)}


def draw_one(row: Row) -> None:
    """One dealer beside its peers, and the ways on from here."""
    with st.container(border=True):
        about = " · ".join(plain(word) for word in (row.code, row.region, row.tier or "No tier"))
        st.markdown(f"**{plain(row.name)}** :gray[{about}]")
        badges([(f"{n} × {BANDS[band]}", cards.TONES[BANDS[band]]) for band, n in counted_bands(row).items()])
        cards.draw_dealer(row, names, key="scd_one")
        st.caption("Quartiles are of at least five other dealers, the closest there are, and never named.")
        with st.container(horizontal=True, gap="small"):
            if may_open(actor, DEALER):
                st.page_link(
                    DEALER,
                    label="Dealer 360",
                    icon=":material/storefront:",
                    query_params={"dealer": str(row.dealer_id)},
                )
            seen = set()
            for name in names:
                target = show.drill(actor, name, show.Narrowed(dealer_id=row.dealer_id), span)
                if target is not None and target[0] not in seen:
                    seen.add(target[0])
                    st.page_link(
                        target[0], label=show.title_of(name), icon=":material/arrow_forward:", query_params=target[1]
                    )


st.title(":material/leaderboard: Scorecard")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    period = one("Period", PERIODS, key="scd_period", default="12")
    titles = many("Metrics", list(MAY_SEE), key="scd_metrics", placeholder="The usual ones", width=420)
names = chosen_metrics([MAY_SEE[title] for title in titles if title in MAY_SEE], actor=actor)
span = span_of(period, day)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    chosen = show.pick_narrowed(actor.scope, prefix="scd", day=day, change=change)
    by = pick("Order by", {name: show.title_of(name) for name in names}, key="scd_by", all_label="Name", width=180)
    by = by if by in names else ""  # the metric that was ordered by may have been taken out of the list
    way = one("Direction", DIRECTIONS, key="scd_way", default="worst") if by else "worst"
    export_button(
        "scorecard",
        {
            "period": period, "metrics": list(names), "region": chosen.region, "dealer": chosen.dealer_id or "",
            "brand": chosen.brand, "tier": chosen.tier,
        },
        key="scd_export",
    )  # fmt: skip
    clear_button(KEYS, key="scd_clear")
    if by:
        draw_definition(show.shown_definition(by), key="scd_by_def", as_of=at, zone=actor.zone)
asked = show.Asked(scope=actor.scope, chosen=chosen, span=span, day=day, change=change)
rows = cards.rows_of(asked, names, at)
st.caption(f"**{span.months}**. Peers are of the same tier and region; where too few, of the region, tier or network.")
if not rows:
    empty_state("leaderboard", "No dealer here.", action="Take a filter away.")
    st.stop()
listed = ordered(rows, by=by, worst_first=way == "worst")
if len(listed) == 1:
    draw_one(listed[0])
else:
    box = st.container(border=True)
    pages = -(-len(listed) // cards.PAGE)
    number = st.pagination(pages, key="scd_page") if pages > 1 else 1
    start = (min(number, pages) - 1) * cards.PAGE
    on_page = listed[start : start + cards.PAGE]
    with box:
        clicked = cards.draw_grid(on_page, names, key=f"scd_grid_{start}")
    st.caption(
        f"{plural(len(listed), 'dealer')}. A figure of fewer than ten is told as its two numbers and gets no place. "
        "Click a row to see its dealer below."
    )
    draw_one(next((row for row in listed if row.dealer_id == clicked), on_page[0]))
if set(names) - set(DEFAULT):
    st.caption("Your metrics are in the address: copy it to share this view.")
st.caption(f"As of {moment_words(at, actor.zone, now=at)}.")
