"""Customer surveys: CSI, SSI and NPS with their uncertainty, unhappy customers, suspicious answers, versions."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from components.access import guard
from components.areas.figures import months_words, pick_own_months
from components.areas.surveys import ALERTS, draw_survey_drawer, open_survey
from components.areas.surveys_figures import draw_dealers, draw_questions, draw_trend
from components.areas.surveys_forms import draw_entry, draw_publish, draw_versions, entry_button
from components.areas.surveys_lists import draw_alerts, draw_surveys
from components.clock import now, today
from components.filters import clear_button, one, pick
from components.labels import empty_state
from components.queue_page import draw_drawer, open_drawer
from components.tiles import Tile, draw_tiles
from db import catalog
from db.core.intervals import share_interval
from db.core.labels import percent_label, plural
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions
from db.surveys import rules
from db.surveys.figure_queries import Rate, contacted_in_time, lag_days, rates_by
from db.surveys.figure_sum_queries import FigureFilters, Pair, figures_by

actor = guard(Permission.SURVEYS_VIEW)
at = now()
PAGE = "pages/crm/surveys.py"
VIEWS = {"figures": "Figures", "alerts": "Alerts", "surveys": "Surveys", "versions": "Questionnaires"}
DAYS = {"30": "30 days", "90": "90 days", "365": "12 months"}
NOTHING = Pair(counted=rules.Figures(), everything=rules.Figures())


def draw_filters() -> FigureFilters:
    """What everything below is narrowed to, kept in the address."""
    with reading() as session:
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
        places = regions(session, actor.scope)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = one("Kind", rules.KINDS, key="svy_kind", default="csi")
        days = one("Answered within", DAYS, key="svy_days", default="90")
        own = pick_own_months(today(actor.zone), prefix="svy")
        region, dealer = "", ""
        if len(places) > 1:
            region = pick("Region", {r: r for r in places}, key="svy_region", all_label="All regions", width=150)
        if len(dealers) > 1:
            dealer = pick("Dealer", dealers, key="svy_dealer", all_label="All dealers", width=230)
        clear_button(("svy_region", "svy_dealer", "svy_from", "svy_until"), key="svy_clear")
    since, until = own or (today(actor.zone) - timedelta(days=int(days)), None)
    if own:
        st.caption(f"Answered in **{months_words(*own)}**.")
    return FigureFilters(
        kind=kind, since=since, until=until, region=region, dealer_id=int(dealer) if dealer.isdecimal() else None
    )


def link_to(view: str, chosen: FigureFilters, **more: str) -> dict[str, str]:
    """The address of a view with the same filters."""
    found = {"svy_view": view, "svy_kind": chosen.kind, "svy_days": st.session_state.get("svy_days") or "90", **more}
    found |= {key: value for key in ("svy_from", "svy_until") if (value := st.session_state.get(key))}
    if chosen.region:
        found["svy_region"] = chosen.region
    if chosen.dealer_id is not None:
        found["svy_dealer"] = str(chosen.dealer_id)
    return found


def with_without(pair: Pair, everything: float | None) -> str:
    """The other figure where a manager left surveys out: never silently."""
    if not pair.excluded:
        return ""
    value = rules.number_label(everything)
    return f" · {value} counting the {pair.excluded:,} left out"


def draw_overview(chosen: FigureFilters) -> None:
    """Tiles, the trend with its band, dealers and questions."""
    with reading() as session:
        pair = figures_by(session, scope=actor.scope, filters=chosen).get((), NOTHING)
        rate = rates_by(session, scope=actor.scope, filters=chosen).get((), Rate())
        lag = lag_days(session, scope=actor.scope, filters=chosen)
        called, due = contacted_in_time(session, scope=actor.scope, filters=chosen, now=at).get((), (0, 0))
    if not pair.everything.surveys and not rate.sent:
        empty_state(
            "sentiment_satisfied", "No survey in this time.", action="Import a list of the agency, or enter one."
        )
        return
    f, whole, to = pair.counted, pair.everything, link_to("surveys", chosen)
    figure = {name: catalog.metric(name).definition for name in (
        chosen.kind, "nps", "survey_top_box", "survey_response_rate", "survey_contacted_24h")}  # fmt: skip

    def note(interval: rules.Interval | None, n: int, what: str, extra: str) -> str:
        return f"95%: {rules.interval_label(interval)} · n = {n:,} {what}{extra}"

    sent = share_interval(rate.returned, rate.sent)
    lag_words = f" · {lag:.0f} d to answer" if lag is not None else ""
    draw_tiles(
        [
            Tile(definition=figure[chosen.kind], value=rules.number_label(f.index), page=PAGE, query=to,
                 link="Show surveys", note=note(f.index_interval, f.indexed, "surveys",
                                                with_without(pair, whole.index))),
            Tile(definition=figure["survey_top_box"], page=PAGE, query=to, link="Show surveys",
                 value="–" if f.top_box is None else f"{f.top_box:.1f}%",
                 note=note(f.top_box_interval, f.answers, "answers", with_without(pair, whole.top_box))),
            Tile(definition=figure["nps"], value=rules.number_label(f.nps), page=PAGE, query=to, link="Show surveys",
                 note=note(f.nps_interval, f.nps_n, "surveys", with_without(pair, whole.nps))),
            Tile(definition=figure["survey_response_rate"], value=percent_label(rate.returned, rate.sent), page=PAGE,
                 query={**to, "svy_show": "waiting"}, link="Not returned",
                 note=note((100 * sent[0], 100 * sent[1]) if sent else None, rate.sent, "sent", lag_words)),
            Tile(definition=figure["survey_contacted_24h"], value=percent_label(called, due), page=PAGE,
                 query=link_to("alerts", chosen), link="Show alerts", note=f"{called:,} of {due:,} alerts"),
        ],
        key="svy", as_of=at, zone=actor.zone, columns=3,
    )  # fmt: skip
    if 0 < f.indexed < rules.LEAST_FOR_RANK:
        st.caption(f":material/info: Only {plural(f.indexed, 'survey')}: too few to compare with others.")
    draw_trend(chosen)
    draw_dealers(chosen)
    draw_questions(chosen)


for name, opener in (("alert", lambda number: open_drawer(ALERTS, number)), ("survey", open_survey)):
    linked = st.query_params.pop(name, "")
    if linked.isdecimal():
        opener(int(linked))
if st.query_params.pop("questionnaire", ""):
    st.session_state["svy_view"] = "versions"
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/sentiment_satisfied: Customer surveys")
    if actor.can(Permission.SURVEYS_ENTER):
        entry_button()
view = one("Show", VIEWS, key="svy_view", default="figures")
chosen = draw_filters()
if view == "figures":
    draw_overview(chosen)
elif view == "alerts":
    draw_alerts(chosen)
elif view == "surveys":
    draw_surveys(chosen)
else:
    draw_versions(chosen.kind)
draw_entry()
draw_publish(chosen.kind)
draw_survey_drawer()
draw_drawer(ALERTS)
