"""Weekly report: a dealer's week beside others, and what to do, each recommendation with the rule behind it."""

from __future__ import annotations

from datetime import date

import streamlit as st

from components.access import guard
from components.areas import reports as shared
from components.areas import weekly_report as show
from components.clock import now, today
from components.exports import export_button
from components.filters import one, pick
from components.labels import empty_state, plain
from db.calendar.queries import DESK_ZONE
from db.core.labels import moment_label, moment_words, plural
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, get_dealer, regions
from db.reports.weekly_queries import delivery_of, sent_weekly
from db.reports.weekly_rules import week_label, weeks_back

actor = guard(Permission.WEEKLY_VIEW)
at = now()


def step_to(week: str) -> None:
    """Show another week."""
    st.session_state["wkr_week"] = week


with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/view_week: Weekly report")
    files = st.container(horizontal=True, width="content", gap="small", vertical_alignment="center")
with reading() as session:
    dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope) if d.status != "terminated"}
    places = regions(session, actor.scope)
if not dealers:
    empty_state("storefront", "There is no dealer you may see.")
    st.stop()
filters = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
with filters:
    chosen = next(iter(dealers))
    if len(dealers) > 1:
        chosen = pick("Dealer", dealers, key="wkr_dealer", all_label="All dealers", width=280)
if chosen:
    with reading() as session:
        day = today(get_dealer(session, dealer_id=int(chosen), scope=actor.scope).facts.zone)
else:
    day = today(DESK_ZONE)
mondays = [w.isoformat() for w in weeks_back(day)]
labels = {w: week_label(date.fromisoformat(w)) for w in mondays}
with filters:
    week = pick("Week", {w: labels[w] for w in mondays[1:]}, key="wkr_week", all_label=labels[mondays[0]], width=210)
    place = mondays.index(week) if week else 0
    st.button(
        "Week before", key="wkr_prior", icon=":material/chevron_left:", disabled=place + 1 >= len(mondays),
        on_click=step_to, args=(mondays[min(place + 1, len(mondays) - 1)],),
    )  # fmt: skip
    st.button(
        "Week after", key="wkr_next", icon=":material/chevron_right:", icon_position="right", disabled=place == 0,
        on_click=step_to, args=(mondays[place - 1] if place > 1 else "",),
    )  # fmt: skip
monday = date.fromisoformat(mondays[place])

if not chosen:
    with filters:
        region = ""
        if len(places) > 1:
            region = pick("Region", {r: r for r in places}, key="wkr_region", all_label="All regions", width=170)
    if actor.can(Permission.EXPORT_RUN):
        with files:
            export_button("weekly_report", {"week": mondays[place]}, key="wkr_export")
    if len(dealers) > show.MOST_LISTED and not region:
        empty_state("storefront", f"There are {plural(len(dealers), 'dealer')}.", action="Choose a dealer or a region.")
        st.stop()
    who = (actor.scope, actor.role)
    rows = show.listed(actor, who, monday, region, (shared.token(), today(actor.zone)), at)
    st.caption(f"Week of **{labels[mondays[place]]}**, what waits as of {moment_words(at, actor.zone, now=at)}.")
    if not rows:
        empty_state("storefront", "No dealer here.", action="Choose another region.")
    else:
        show.draw_list(rows)
    st.stop()

live = show.report_of(actor, (actor.scope, actor.role), int(chosen), monday, shared.token(), at)
with reading() as session:
    sent = sent_weekly(session, dealer_id=int(chosen), week=monday, actor=actor)
    delivery = delivery_of(session, dealer_id=int(chosen), actor=actor)
version = "today"
if sent is not None:
    with filters:
        version = one("Show", {"sent": "As sent", "today": "As it stands"}, key="wkr_version", default="sent")
report = sent if sent is not None and version == "sent" else live
with files:
    show.draw_delivery(report, delivery, actor)
    if actor.can(Permission.EXPORT_RUN):
        export_button("weekly_report", {"week": mondays[place], "dealer": chosen}, key="wkr_export")
    show.draw_files(report, actor, as_sent=report is sent)
about = " · ".join(plain(word) for word in (report.region, report.tier) if word)
stands = show.sent_words(report, actor, at) if report is sent else "Not sent" if sent is None else "As it stands now"
waits = moment_label(report.made_at, actor.zone, now=at)
st.caption(f"**{plain(report.name)} ({plain(report.code)})** · {about} · {stands}. What waits is told as of {waits}.")
if report.is_empty:
    empty_state(
        "hourglass_empty", "Nothing was counted at this dealer yet.",
        action="Its first lead, appointment or claim begins the report.",
    )  # fmt: skip
    st.stop()
left, right = st.columns([3, 2], gap="medium")
with left:
    st.subheader("What to do")
    show.draw_advice(report, actor)
with right:
    st.subheader("What the week says")
    with st.container(border=True):
        show.draw_said(report)
    show.draw_charts(report)
show.draw_figures(report, live if report is sent else None, actor)
if sent is not None:
    show.draw_differences(sent, live)
show.draw_rules(report)
st.caption(
    "A week runs from Monday to Sunday where the dealer is. Peers are dealers of the same tier and region, or of the "
    "region, at least five of them, never named. Under ten counted nothing is judged."
)
