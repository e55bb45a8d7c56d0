"""Pieces of the weekly report on the screen: recommendations with rule and rows, figures, charts, who gets it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import streamlit as st

from components import tables
from components.charts import weekly as charts
from components.charts.base import draw, table
from components.exports import guarded_download
from components.labels import badge, empty_state, plain
from components.navigation import may_open
from components.perform import perform, show_outcome
from components.tiles import Tile, draw_tiles
from db.core.actor import Actor
from db.core.area import MetricDefinition
from db.core.labels import moment_words, plural
from db.core.permissions import Permission
from db.core.session import reading
from db.reports.pack_rules import amount
from db.reports.weekly_advice_rules import RULES
from db.reports.weekly_commands import file_name, print_weekly, subscribe_weekly, switch_weekly, unsubscribe_weekly
from db.reports.weekly_facts_rules import STATES, URGENCIES, Verdict
from db.reports.weekly_queries import Delivery, Weekly, differences, get_weekly, list_weekly
from db.reports.weekly_rules import MEAN_OF, WEEK, Figure, moved, told, week_label
from db.reports.weekly_rules import RULES as SENTENCE_RULES

MAIL: Final = "wkr_mail_form"
HOW_SOON: Final = {1: "red", 2: "orange", 3: "blue"}
TONES: Final = {
    "good": ":green[:material/thumb_up:]", "bad": ":red[:material/thumb_down:]",
    "neutral": ":blue[:material/arrow_right_alt:]", "unsure": ":gray[:material/help:]",
}  # fmt: skip
ICONS: Final = {
    "leads_received": "inbox", "leads_in_time": "bolt", "follow_up": "event_repeat", "show_rate": "event_available",
    "sold": "sell", "csi": "sentiment_satisfied", "claims_sent": "assignment", "claim_first_pass": "done_all",
}  # fmt: skip
MOST_LISTED: Final = 250
"""Dealers of a list that is made at once; with more a region is chosen first."""


@st.cache_data(ttl=60, max_entries=200, show_spinner="Counting the week")
def report_of(
    _actor: Actor, whose: tuple[object, ...], dealer_id: int, week: date, change: object, _at: datetime
) -> Weekly:  # fmt: skip
    """One dealer's week as it stands, counted anew each minute or when something changes; `whose` is scope and role."""
    with reading() as session:
        return get_weekly(session, dealer_id=dealer_id, week=week, actor=_actor, now=_at)


# ---- recommendations -------------------------------------------------------------------------------------------------
def draw_advice(report: Weekly, actor: Actor) -> None:
    """What to do, most urgent first: the thing, why with its numbers, the rows behind it, and where it is done."""
    if not report.advice:
        empty_state("task_alt", "No rule found anything to do.", action="Every rule that was asked is listed below.")
        return
    for number, one in enumerate(report.advice, start=1):
        with st.container(border=True, gap="xsmall"):
            _draw_one(number, one, actor)
    if report.further:
        named = ", ".join(f"{v.rule} {RULES[v.rule].title}" for v in report.further)
        st.caption(f"Fired, too, and less urgent: {named}. They are in the list of rules below.")


def _draw_one(number: int, one: Verdict, actor: Actor) -> None:
    rule = RULES[one.rule]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(
            f"**{number}. {plain(one.action)}** {badge(URGENCIES[one.urgency], HOW_SOON[one.urgency])}", width="content"
        )
        if one.page and may_open(actor, one.page):
            st.page_link(
                one.page, label="Do it", icon=":material/arrow_forward:", query_params=dict(one.query), width="content"
            )
    st.markdown(f"Because {plain(one.because[:1].lower() + one.because[1:])}")
    for position, row in enumerate(one.rows):
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"wkr_{one.rule}_{position}"):
            if row.page and may_open(actor, row.page):
                st.page_link(row.page, label=plain(row.label), query_params=dict(row.query), width="content")
            else:
                st.markdown(f"**{plain(row.label)}**", width="content")
            st.markdown(f":gray[{plain(row.words)}]", width="stretch")
    if one.more:
        st.caption(f"and {one.more:,} more")
    st.caption(f":material/rule: Rule {rule.id}, {rule.title}: {plain(rule.condition)}. Source: {rule.source}.")


def draw_rules(report: Weekly) -> None:
    """Every rule that was asked with its answer, so that silence is explained, too."""
    with st.expander(f"Every rule that was asked ({len(report.verdicts)})", icon=":material/rule:"):
        rows = report.verdicts
        tables.show(
            table(
                {
                    "Rule": [f"{v.rule} {RULES[v.rule].title}" for v in rows],
                    "Answer": [STATES[v.state] for v in rows],
                    "Numbers": [v.because for v in rows],
                    "Condition": [RULES[v.rule].condition for v in rows],
                    "Source": [RULES[v.rule].source for v in rows],
                }
            ),
            key="wkr_rules", alt="Every rule with its answer", height="content",
            columns={
                "Rule": tables.text("Rule", width=230),
                "Answer": tables.pill("Answer", {
                    STATES["fires"]: "orange", STATES["quiet"]: "green", STATES["few"]: "gray", STATES["none"]: "gray",
                }, width=140),
                "Numbers": tables.text("What it found", width=380), "Condition": tables.text("Fires when", width=360),
                "Source": tables.text("Source", width=90),
            },
        )  # fmt: skip
        if report.hidden:
            st.caption(f"{plural(report.hidden, 'figure or rule', 'figures and rules')} cannot be shown to your role.")


# ---- figures ---------------------------------------------------------------------------------------------------------
def draw_figures(report: Weekly, today: Weekly | None, actor: Actor) -> None:
    """The week's figures as tiles; of a sent report each says what it would be today where that differs."""
    tiles = [_tile(f, today.figure(f.name) if today else None) for f in report.figures]
    draw_tiles(tiles, key="wkr", as_of=report.made_at, zone=actor.zone)


def _tile(figure: Figure, today: Figure | None) -> Tile:
    what = figure.what
    change = moved(what, figure.now, figure.before)
    notes = []
    if not change and figure.before.value is not None:
        notes.append(f"Week before {told(what, figure.before)}")
    if figure.mean.value is not None:
        notes.append(f"mean of {MEAN_OF} before {told(what, figure.mean)}")
    if figure.peers is not None:
        notes.append(f"median of peers {amount(figure.peers.median, what.unit)}")
    if today is not None and today.now != figure.now:
        notes.append(f"**today it is {told(what, today.now)}**")
    words = " · ".join(notes)
    return Tile(
        definition=MetricDefinition(
            name=what.name, title=what.title, formula=what.formula, numerator="", excluded=what.excluded,
            unit=what.unit, better=what.better, rule=f"domain-rules {what.source}",  # type: ignore[arg-type]
        ),
        value=told(what, figure.now), icon=f":material/{ICONS[what.name]}:", delta=change or None,
        up_is_good=None if what.better == "none" else what.better == "up", versus="on the week before",
        trend=[p.value for p in reversed(figure.weeks) if p.value is not None] if what.counts else (),
        note=words[:1].upper() + words[1:],
    )  # fmt: skip


def draw_said(report: Weekly) -> None:
    """What the figures say, each sentence with its rule and rows."""
    with_rows = st.toggle("Show rules and rows", key="wkr_rows", bind="query-params")
    lines = []
    for said in report.said:
        line = f"{TONES[said.tone]} {plain(said.text)}"
        if with_rows:
            line += f"  \n:gray[:material/rule: {plain(SENTENCE_RULES[said.rule])} {plain('; '.join(said.rows))}]"
        lines.append(line)
    st.markdown("\n\n".join(lines) or "No figure to speak of.")


CHARTS: Final = {
    "leads_in_time": ("Leads by week", "Answered in time", "Late or not answered", "Leads"),
    "show_rate": ("Appointments by week", "Came", "Did not come", "Appointments"),
    "claim_first_pass": ("Claims decided by week", "At first pass", "Returned, denied or appealed", "Claims"),
    "follow_up": ("Follow-up by week", "On time", "Late or missed", "Steps"),
}  # fmt: skip


def draw_charts(report: Weekly) -> None:
    """Nine weeks of the first two shares anything was counted of."""
    known = [f for f in report.figures if f.name in CHARTS and any(w.denominator for w in f.weeks)]
    order = list(CHARTS)
    for figure in sorted(known, key=lambda f: order.index(f.name))[:2]:
        title, good, rest, axis = CHARTS[figure.name]
        with st.container(border=True):
            st.markdown(f"**{title}**")
            rows: dict[str, list[object]] = {"week": [], "part": [], "count": [], "part_order": [], "label": []}
            for back in range(len(figure.weeks) - 1, -1, -1):
                part, monday = figure.weeks[back], report.week - back * WEEK
                top, n = int(part.numerator or 0), int(part.denominator or 0)
                for place, (name, count) in enumerate(((good, top), (rest, n - top))):
                    rows["week"].append(monday.isoformat())
                    rows["part"].append(name)
                    rows["count"].append(count)
                    rows["part_order"].append(place)
                    rows["label"].append(f"{week_label(monday)}: {top} of {n} {good.lower()}")
            draw(
                charts.weeks(good=good, rest=rest, title=axis), table(rows),
                alt_text=f"{title}, nine weeks, {good.lower()} and the rest", key=f"wkr_chart_{figure.name}",
            )  # fmt: skip


def draw_differences(sent: Weekly, today: Weekly) -> None:
    """What of the sent report is another number, or another answer, today."""
    found = differences(sent, today)
    with st.expander(f"As sent and today: {plural(len(found), 'difference')}", icon=":material/compare_arrows:"):
        if not found:
            st.caption("Everything is still as it was sent.")
            return
        tables.show(
            table(
                {
                    "What": [d.title for d in found], "Sent": [d.sent for d in found], "Today": [d.today for d in found]
                }
            ),
            key="wkr_differs", alt="What differs between the report as sent and today", height="content",
            columns={
                "What": tables.text("Figure or rule", width=230), "Sent": tables.text("As sent", width=430),
                "Today": tables.text("Today", width=430),
            },
        )  # fmt: skip


# ---- ways out --------------------------------------------------------------------------------------------------------
def draw_files(report: Weekly, actor: Actor, *, as_sent: bool) -> None:
    """The report as PDF; nothing for people who may not export."""
    if not actor.can(Permission.EXPORT_RUN):
        return
    guarded_download(
        "PDF", key="wkr_pdf", file_name=file_name(report), mime="application/pdf", command=print_weekly,
        read=lambda made: made.content, kind="primary",
        arguments={"dealer_id": report.dealer_id, "week": report.week, "as_sent": as_sent},
        help="What you see here. Each download is logged.",
    )  # fmt: skip


def draw_delivery(report: Weekly, delivery: Delivery, actor: Actor) -> None:
    """Get this dealer's report each Monday, or no more; who manages it switches it on for the dealer."""
    show_outcome(MAIL)
    gets = delivery.gets_it
    st.button(
        "Stop mailing me" if gets else "Mail me", key="wkr_mail", type="tertiary",
        icon=":material/unsubscribe:" if gets else ":material/mail:",
        help="Each Monday at 06:00 where the dealer is, one mail for all your dealers.",
        on_click=_wish, args=(report.dealer_id, not gets),
    )  # fmt: skip
    if actor.can(Permission.WEEKLY_MANAGE):
        st.button(
            "Switch off for the dealer" if delivery.is_on else "Switch on for the dealer", key="wkr_switch",
            type="tertiary", icon=":material/toggle_on:" if delivery.is_on else ":material/toggle_off:",
            help=f"Its managers get it unless they said no. {plural(delivery.readers, 'person', 'people')} get it now.",
            on_click=_switch, args=(report.dealer_id, not delivery.is_on, delivery.version),
        )  # fmt: skip


def _wish(dealer_id: int, wants: bool) -> None:
    command = subscribe_weekly if wants else unsubscribe_weekly
    say = "You get this report each Monday" if wants else "You get this report no more"
    perform(command, form=MAIL, say=say, arguments={"dealer_id": dealer_id})


def _switch(dealer_id: int, is_on: bool, seen_version: int) -> None:
    say = "Its managers get the report each Monday" if is_on else "The report is no longer sent to its managers"
    perform(
        switch_weekly, form=MAIL, say=say,
        arguments={"dealer_id": dealer_id, "is_on": is_on, "seen_version": seen_version},
    )  # fmt: skip


# ---- many dealers ----------------------------------------------------------------------------------------------------
@st.cache_data(max_entries=20, show_spinner="Counting the week of every dealer")
def listed(_actor: Actor, whose: tuple[object, ...], week: date, region: str, change: object, _at: datetime) -> list[
    tuple[int, str, str, int, int, str]
]:  # fmt: skip
    """(id, dealer, region, urgent, recommendations, the first) of every dealer, kept until something changes."""
    with reading() as session:
        found = list_weekly(session, week=week, actor=_actor, now=_at, region=region)
    return [
        (
            r.dealer_id, f"{r.name} ({r.code})", r.region, sum(v.urgency == 1 for v in r.advice),
            len(r.advice) + len(r.further), r.advice[0].action if r.advice else "",
        )
        for r in found
    ]  # fmt: skip


def draw_list(rows: list[tuple[int, str, str, int, int, str]]) -> None:
    """Dealers with what is recommended to each; a click opens the dealer's report."""
    ids = [row[0] for row in rows]

    def open_row(position: int) -> None:
        if position < len(ids):
            st.session_state["wkr_dealer"] = str(ids[position])

    tables.show(
        table(
            {
                "Dealer": [r[1] for r in rows], "Region": [r[2] for r in rows], "Today": [r[3] for r in rows],
                "All": [r[4] for r in rows], "First": [r[5] for r in rows],
            }
        ),
        key="wkr_list", alt="Dealers with their recommendations, most urgent first",
        height=520 if len(rows) > 13 else "content",
        columns={
            "Dealer": tables.opener("Dealer", key="wkr_open", on_open=open_row, width=260),
            "Region": tables.text("Region", width=110), "Today": tables.number("For today", width=90),
            "All": tables.number("In all", width=80), "First": tables.text("First thing to do", width=420),
        },
    )  # fmt: skip


def sent_words(sent: Weekly, actor: Actor, at: datetime) -> str:
    """When a report was sent, in words."""
    return f"Sent as counted {moment_words(sent.made_at, actor.zone, now=at)}"
