"""Dealer pipelines: open leads by stage with value and age, how they convert, dealer by dealer, down to each lead."""

from __future__ import annotations

from datetime import date

import streamlit as st

from components import tables
from components.access import guard
from components.areas import pipeline as area
from components.areas import pipeline_charts as charts
from components.areas.pipeline import BOARD, LEAD
from components.charts.base import table
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.labels import empty_state, plain
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from components.tiles import draw_tiles
from db.core.labels import moment_words
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions
from db.leads.flow import FLOW
from db.leads.pipeline_queries import SORTS, Pipeline, pipeline_leads
from db.leads.pipeline_rules import BUCKET_BY_NAME, BY_NAME, SMALL, STAGES
from db.leads.queries import list_products, list_sources, months_before

actor = guard(Permission.PIPELINE_VIEW)
PERSONAL = actor.can(Permission.PERSONAL_DATA_VIEW)
PERIODS = {"3": "3 months", "6": "6 months", "12": "12 months"}
KEYS = ("pipe_region", "pipe_dealer", "pipe_product", "pipe_source")
at, change = now(), area.token()

with reading() as session:
    known_regions = regions(session, actor.scope)
    dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
    sources = list_sources(session, scope=actor.scope)
    products = list_products(session, scope=actor.scope)


def unpick() -> None:
    """Forget what was clicked: charts under another key begin anew."""
    st.session_state["pipe_round"] = st.session_state.get("pipe_round", 0) + 1


def draw_lead_list(found: Pipeline, stage: str, bucket: str) -> None:
    """The leads behind what was clicked, longest in their stage first."""
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.subheader("Leads behind the numbers", width="content")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content"):
            which = one("Leads", {"all": "All", "stale": "Stale"}, key="pipe_leads", default="all")
            shape = one("Show as", {"list": "List", "cards": "Cards"}, key="pipe_shape", default="list")
    if shape == "cards":
        st.caption("The leads that stand longest in each stage, at most fifteen a column.")
        area.draw_cards(actor.scope, dict(filters), stale=which == "stale", personal=PERSONAL, at=at)
        return
    words = BY_NAME[stage].label if stage else "Open leads, from new to negotiation"
    if bucket:
        words += f", {BUCKET_BY_NAME[bucket].label} days"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        more = "" if stage else ". Click a bar or a span of days to see only its leads."
        st.caption(f"{words}{more}", width="content")
        if stage:
            st.button("Show all", key="pipe_all", on_click=unpick, type="tertiary", icon=":material/filter_alt_off:")
    after = cursor("pipe", fingerprint=(filters, stage, bucket, which))
    with reading() as session:
        page = pipeline_leads(
            session, scope=actor.scope, filters=dict(filters), now=at, stage=stage, bucket=bucket,
            stale=which == "stale", after=after, personal=PERSONAL,
        )  # fmt: skip
    if not page.rows:
        empty_state("task_alt", "No open lead matches.", action="Choose another stage, or take a filter away.")
        return
    remember_rows("pipe", [r.id for r in page.rows])

    def opened(position: int) -> None:
        """Go to the lead of a row."""
        st.session_state["_pipe_to"] = id_at("pipe", position)

    columns = area.lead_columns(page.rows, at, with_dealer=not dealer and len(dealers) > 1)
    shown = {
        "Lead": tables.opener("Lead", key="pipe_click", on_open=opened, width=92),
        "Stage": tables.status(FLOW, "Stage", width=132),
        "Days": tables.pill("In stage", area.age_tones(page.rows), width=126),
        "Value": tables.text("Value", width=84), "Customer": tables.text("Customer", width=140),
        "Wants": tables.text("Wants", width=176), "Due": tables.text("Due", width=104),
        "Person": tables.text("Person", width=120), "Dealer": tables.text("Dealer", width=170),
        "Source": tables.text("Source", width=130),
    }  # fmt: skip
    tables.show(
        table(columns), key="pipe_table", alt="Leads behind the chosen number",
        height=min(560, 38 + 35 * len(page.rows)),
        columns={name: shown[name] for name in columns},
    )  # fmt: skip
    draw_paging(
        "pipe", following=page.following, shown=len(page.rows), total=area.total_words(found, stage, bucket, which)
    )
    query = {"lead_dealer": dealer, "lead_region": region, "lead_source": source}
    query["lead_status"] = BY_NAME[stage].statuses[-1] if stage else ""
    if actor.can(Permission.LEADS_VIEW):
        st.page_link(
            BOARD, label="Open on the response board", icon=":material/bolt:",
            query_params={name: value for name, value in query.items() if value},
        )  # fmt: skip
    if (target := st.session_state.pop("_pipe_to", None)) is not None:
        st.switch_page(LEAD, query_params={"lead": str(target)})


def draw_whole() -> None:
    """The network, a region or one dealer."""
    found = area.load_open(actor.scope, filters, at, change)
    key = f"pipe{st.session_state.get('pipe_round', '')}"
    draw_tiles(area.tiles(found), key="pipe", as_of=at, zone=actor.zone, columns=3)
    if not found.count and not found.won.count:
        empty_state("task_alt", "No lead is open with these filters.", action="Take a filter away.")
        area.draw_conversion(area.load_ladder(actor.scope, cohort_filters, change))
        return
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown("**Open leads by stage**", width="content")
            measure = one("Bars show", charts.MEASURES, key="pipe_measure", default="count")
        stage = charts.draw_stages(found, measure=measure, key=key)
    with right, st.container(border=True, height="stretch"):
        st.markdown("**Days in stage** :gray[amber is too long]")
        cell_stage, bucket = charts.draw_ages(found, key=key)
    area.draw_conversion(area.load_ladder(actor.scope, cohort_filters, change))
    draw_lead_list(found, cell_stage or stage, bucket)


def draw_dealers() -> None:
    """One row a dealer; a click shows that dealer's pipeline."""
    sort = pick("Sort by", SORTS, key="pipe_sort", all_label=SORTS["open"], width=190) or "open"
    after = cursor("pipe_dealers", fingerprint=(cohort_filters, sort))
    page = area.load_dealer_page(actor.scope, cohort_filters, sort, after, at, change)
    if not page.rows:
        empty_state("storefront", "No dealer has leads with these filters.", action="Take a filter away.")
        return
    remember_rows("pipe_dealers", [r.dealer_id for r in page.rows])

    def opened(position: int) -> None:
        """Show one dealer's pipeline."""
        st.session_state["pipe_dealer"] = str(id_at("pipe_dealers", position))
        st.session_state["pipe_view"] = "network"

    columns = area.dealer_columns(page.rows)
    tables.show(
        table(columns), key="pipe_dealer_table", alt="Pipelines by dealer", height=min(700, 38 + 35 * len(page.rows)),
        columns={
            "Dealer": tables.opener("Dealer", key="pipe_dealer_click", on_open=opened, width=190),
            "Region": tables.text("Region", width=104),
            "Open": tables.number("Open", width=58), "Value": tables.text("Value", width=76),
            "Weighted": tables.text("Weighted", width=80),
            "Converted": tables.text("Sold", width=72, help="Sold of the valid leads received in these months"),
            "Median": tables.text("Median days", width=92, help="Middle of the days open leads stand in their stage"),
            "Stale": tables.text("Stale", width=72, help="Open leads that stand in their stage for too long"),
            **{s.name: tables.text(s.label, width=92, help="Leads and their known value") for s in STAGES},
            "Code": tables.text("Code", width=70),
        },
    )  # fmt: skip
    draw_paging("pipe_dealers", following=page.following, shown=len(page.rows), total=f"{page.total:,} dealers")
    st.caption(
        f"Shares of fewer than {SMALL} leads are shown as numbers and stand behind all that is ranked. Click a dealer "
        "to see its pipeline."
    )


with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/filter_alt: Dealer pipelines")
    export_box = st.container(width="content")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    view = "network"
    if len(dealers) > 1:
        view = one("Show", {"network": "Network", "dealers": "Dealers"}, key="pipe_view", default="network")
    period = one("Received in", PERIODS, key="pipe_period", default="6")
    region = dealer = ""
    if len(known_regions) > 1:
        region = pick("Region", {r: r for r in known_regions}, key="pipe_region", all_label="All regions", width=122)
    if len(dealers) > 1:
        dealer = pick("Dealer", dealers, key="pipe_dealer", all_label="All dealers", width=160)
    product = pick("Product line", {p: p for p in products}, key="pipe_product", all_label="All lines", width=112)
    source = pick("Source", {s: s for s in sources}, key="pipe_source", all_label="All sources", width=124)
clear_button(KEYS, key="pipe_clear")
chosen = {"region": region, "dealer": int(dealer) if dealer.isdigit() else 0, "product": product, "source": source}
filters = tuple(sorted((name, value) for name, value in chosen.items() if value))
months = months_before(date(at.year, at.month, 1), int(period))
cohort_filters = (*filters, ("from", months[0]), ("to", months[-1]))
with export_box:
    export_button("pipeline", dict(filters), key="pipe_export")
if dealer in dealers and view == "network":
    st.markdown(f"**{plain(dealers[dealer])}**")
draw_dealers() if view == "dealers" else draw_whole()
st.caption(f"As of {moment_words(at, actor.zone, now=at)}. Days are days of 24 hours since a lead entered its stage.")
