"""Overview: what leadership asks first, beside the period before and a year ago, by month, region and dealer."""

from __future__ import annotations

from functools import partial

import streamlit as st

from components.access import guard
from components.areas import overview as own
from components.areas import reports as show
from components.clock import now, today
from components.filters import clear_button, one
from components.labels import empty_state
from components.tiles import draw_definition, draw_tiles
from db.calendar.queries import DESK_ZONE
from db.core.labels import moment_words
from db.core.permissions import Permission
from db.reports.overview_queries import metric
from db.reports.period_rules import before, year_before

actor = guard(Permission.PERFORMANCE_VIEW)
at, day, change = now(), today(DESK_ZONE), show.token()
KEYS = ("ovw_region", "ovw_dealer", "ovw_brand", "ovw_tier")
SHOWN = [(name, icon) for name, icon in show.TILES if actor.can(metric(name).permission)]
MAIN = tuple(name for name, _ in SHOWN[: show.FIRST])


def narrow_to(dealer_id: int) -> None:
    """Narrow the page to one dealer (called from the table's callback)."""
    st.session_state["ovw_dealer"] = str(dealer_id)


with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/space_dashboard: Overview")
    views = st.container(horizontal=True, width="content", gap="small")
own.take_link(actor)
measure = st.session_state.get("ovw_measure") or MAIN[0]
own.follow_months(own.trend_key(measure))
own.follow_region(own.places_key(measure, st.session_state.get("ovw_places") or "bars"))
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    span = own.pick_period(day)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    chosen = show.pick_narrowed(actor.scope, prefix="ovw", day=day, change=change)
    clear_button(KEYS, key="ovw_clear", after=own.cleared)
with views:
    own.draw_views(actor, span)
earlier, year = before(span), year_before(span)
asked = show.Asked(scope=actor.scope, chosen=chosen, span=span, day=day, change=change)
until = own.trend_until(span, day, measure)
st.caption(f"**{span.months}**, beside {' and '.join(dict.fromkeys((earlier.months, year.months)))}.")

found = show.overview(asked, MAIN, until, at)
make = partial(
    show.tiles, versus=f"vs {earlier.months}", year=year, to=lambda name: show.drill(actor, name, chosen, span, day)
)
draw_tiles(make(found, names=SHOWN[: show.FIRST]), key="ovw", as_of=at, zone=actor.zone)
if len(SHOWN) > show.FIRST:
    with st.expander("More figures", icon=":material/expand_more:", key="ovw_more", on_change="rerun") as more:
        if more.open:
            others = tuple(name for name, _ in SHOWN[show.FIRST :])
            beside = show.overview(asked, others, until, at)
            draw_tiles(make(beside, names=SHOWN[show.FIRST :]), key="ovw_more_tiles", as_of=at, zone=actor.zone)

with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    measure = one("Charts show", {name: show.title_of(name) for name in MAIN}, key="ovw_measure", default=MAIN[0])
    draw_definition(show.shown_definition(measure), key="ovw_measure_def", as_of=at, zone=actor.zone)
    places = show.by_region(asked, measure, at)
    shape = one("Regions", own.PLACES, key="ovw_places", default="bars") if len(places) > 1 else "bars"
left, right = st.columns([3, 2], gap="medium") if len(places) > 1 else (st.container(), None)
with left, st.container(border=True, height="stretch"):
    st.markdown(f"**{show.title_of(measure)} by month** :gray[drag over months to choose them]")
    own.draw_months(measure, found[measure], span, key=own.trend_key(measure))
if right is not None:
    with right, st.container(border=True, height="stretch"):
        st.markdown(f"**By region** :gray[{span.months}; click to narrow]")
        states = show.choices(actor.scope, day, change).states
        own.draw_regions(measure, places, states, region=chosen.region, shape=shape, key=own.places_key(measure, shape))

st.subheader("Dealers")
first = show.leading(asked, MAIN, measure, at)
if first.lines:
    show.draw_leading(first, MAIN, by=measure, on_open=narrow_to)
    st.caption(
        f"The best {show.title_of(measure).lower()} first, figures of fewer than ten last. Click a name to see only it."
    )
else:
    empty_state("storefront", "No dealer has figures here.", action="Choose a longer period, or take a filter away.")
st.caption(
    f"As of {moment_words(at, actor.zone, now=at)}. Brand and tier narrow to dealers: who may sell it, today's tier."
)
