"""Lead performance: what became of the leads, by the month they were received, with the leads behind every number."""

from __future__ import annotations

from datetime import date

import streamlit as st

from components import tables
from components.access import guard
from components.areas.leads_charts import (
    MEASURES,
    draw_map,
    draw_months,
    draw_ranked,
    rows_by,
    scorecard,
    tiles,
    token,
    value_words,
)
from components.charts import bars
from components.charts.base import draw, table
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.labels import empty_state, plain
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from components.tiles import draw_definition, draw_tiles
from db.calendar.months import MOST_MONTHS, add_months, months_between
from db.core.labels import minutes_label, moment_label, moment_words, percent_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions
from db.leads.flow import FLOW
from db.leads.queries import definition, drill, list_products, list_sources, months_before

actor = guard(Permission.PERFORMANCE_VIEW)
PERIODS = {"1": "This month", "3": "3 months", "6": "6 months", "12": "12 months", "own": "Own months"}
KEYS = ("perf_region", "perf_source", "perf_product", "perf_dealer")
LADDER = (
    ("received", "Received"), ("valid", "Valid"), ("responded", "First action"), ("contacted", "Contacted"),
    ("qualified", "Qualified"), ("appointment_set", "Appointment set"), ("appointment_shown", "Showed"),
    ("sold", "Sold"),
)  # fmt: skip
at = now()


def draw_months_chosen() -> list[date]:
    """The first days of the months the leads were received in, from the choices in the address."""
    this = date(at.year, at.month, 1)
    period = one("Received in", PERIODS, key="perf_period", default="6")
    if period != "own":
        return months_before(this, int(period))
    listed = {f"{m:%Y-%m}": f"{m:%b %Y}" for m in reversed(months_before(this, MOST_MONTHS))}
    start = pick("From", listed, key="perf_from", all_label="A year back", width=120)
    end = pick("To", listed, key="perf_until", all_label="This month", width=120)
    last = date.fromisoformat(f"{end}-01") if end else this
    first = date.fromisoformat(f"{start}-01") if start else add_months(last, -11)
    first, last = min(first, last), max(first, last)
    return months_before(last, len(months_between(first, last)))


with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/monitoring: Lead performance")
    export_box = st.container(width="content")
with reading() as session:
    known_regions = regions(session, actor.scope)
    dealers = {str(d.dealer_id): f"{d.name} ({d.code})" for d in dealer_choices(session, actor.scope)}
    sources = list_sources(session, scope=actor.scope)
    products = list_products(session, scope=actor.scope)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    months = draw_months_chosen()
    region = ""
    if len(known_regions) > 1:
        region = pick("Region", {r: r for r in known_regions}, key="perf_region", all_label="All regions", width=140)
    source = pick("Source", {s: s for s in sources}, key="perf_source", all_label="All sources", width=150)
    product = pick("Product line", {p: p for p in products}, key="perf_product", all_label="All lines", width=130)
    dealer = ""
    if len(dealers) > 1:
        dealer = pick("Dealer", dealers, key="perf_dealer", all_label="All dealers", width=170)
clear_button(KEYS, key="perf_clear")
with export_box:
    export_button(
        "leads", {"region": region, "source": source, "dealer": dealer, "product": product}, key="perf_export"
    )

chosen = {"from": months[0], "to": months[-1], "region": region, "source": source, "product": product}
if dealer.isdigit():
    chosen["dealer"] = int(dealer)
filters = tuple(sorted((k, v) for k, v in chosen.items() if v))
change = token()
versus = "vs the month before" if len(months) == 1 else f"vs prior {len(months)} months"
draw_tiles(
    tiles(actor.scope, filters, versus=versus, change=change),
    key="perf",
    as_of=at,
    zone=actor.zone,
    columns=3,
)

with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    measure = MEASURES[
        one("Charts show", {m.name: m.title for m in MEASURES.values()}, key="perf_measure", default="received")
    ]
    draw_definition(definition(measure.name), key="perf_measure_def", as_of=at, zone=actor.zone)

picked: dict[str, object] = {}
left, right = st.columns([3, 2], gap="medium")
with left, st.container(border=True, height="stretch"):
    st.markdown("**By month received**")
    picked = draw_months(rows_by(actor.scope, ("month",), filters, at, change), measure=measure) or picked
with right, st.container(border=True, height="stretch"):
    st.markdown("**By state of the customer**")
    picked = draw_map(rows_by(actor.scope, ("state",), filters, at, change), measure=measure) or picked
left, middle, right = st.columns(3, gap="medium")
with left, st.container(border=True, height="stretch"):
    st.markdown("**By source**")
    picked = (
        draw_ranked(rows_by(actor.scope, ("source",), filters, at, change), dim="source", measure=measure) or picked
    )
with middle, st.container(border=True, height="stretch"):
    st.markdown("**By region**")
    picked = (
        draw_ranked(rows_by(actor.scope, ("region",), filters, at, change), dim="region", measure=measure) or picked
    )
with right, st.container(border=True, height="stretch"):
    st.markdown("**By dealer, the first ten**")
    picked = (
        draw_ranked(rows_by(actor.scope, ("dealer",), filters, at, change), dim="dealer", measure=measure) or picked
    )

left, right = st.columns([2, 3], gap="medium")
with left, st.container(border=True, height="stretch"):
    st.markdown("**What became of them**")
    whole = (rows_by(actor.scope, (), filters, at, change) or [{}])[0]
    total = whole.get("received", 0)
    draw(
        bars.stages(),
        table(
            {
                "stage": [label for _, label in LADDER],
                "order": list(range(len(LADDER))),
                "count": [whole.get(name, 0) for name, _ in LADDER],
                "label": [f"{whole.get(n, 0):,} · {percent_label(whole.get(n, 0), total, 0)}" for n, _ in LADDER],
            }
        ),
        alt_text="Leads by the stage they reached",
    )
with right, st.container(border=True, height="stretch"):
    st.markdown("**Providers**")
    cards = scorecard(actor.scope, filters, at, change)
    shares = ("valid_share", "duplicate_share", "bad_share", "contact_rate", "close_rate", "response_sla")
    tables.show(
        table(
            {"Source": [c["source"] for c in cards], "Received": [c["received"] for c in cards]}
            | {name: [value_words(c[name], "percent") for c in cards] for name in shares}
        ),
        key="perf_providers", alt="Providers by what their leads are worth", height=300,
        columns={
            "Source": tables.text("Source", width=150), "Received": tables.number("Received", width=80),
            "valid_share": tables.text("Valid", width=72), "duplicate_share": tables.text("Duplicate", width=84),
            "bad_share": tables.text("Bad", width=64), "contact_rate": tables.text("Contacted", width=84),
            "close_rate": tables.text("Closed", width=72), "response_sla": tables.text("In time", width=72),
        },
    )  # fmt: skip

st.subheader("Leads behind the numbers")
label = str(picked.pop("label", ""))
behind = {**dict(filters), **picked}
st.caption(
    f"{measure.title}: {plain(label)}. Click beside it to see all."
    if label
    else "Click a bar, a month or a state to see only its leads."
)
after = cursor("drill", fingerprint=(measure.name, str(sorted(behind.items(), key=str))))
with reading() as session:
    page = drill(
        session, scope=actor.scope, filters=behind, measure=measure.behind, after=after, now=at,
        personal=actor.can(Permission.PERSONAL_DATA_VIEW),
    )  # fmt: skip
if not page.rows:
    empty_state("search_off", "No leads behind this number.", action="Take a filter away or choose a longer period.")
else:
    remember_rows("drill", [r.id for r in page.rows])

    def opened(position: int) -> None:
        """Go to the lead of a row."""
        st.session_state["_drill_to"] = id_at("drill", position)

    tables.show(
        table(
            {
                "Lead": [r.number for r in page.rows],
                "Received": [moment_label(r.received_at, actor.zone, now=at) for r in page.rows],
                "Customer": [r.customer_name or "–" for r in page.rows],
                "Wants": [r.wants or "–" for r in page.rows],
                "Status": [[r.status_label] for r in page.rows],
                "First action": [minutes_label(r.first_action_minutes) for r in page.rows],
                "Dealer": [r.dealer_name or "No dealer" for r in page.rows],
                "Source": [r.source for r in page.rows],
            }
        ),
        key="drill_table", alt="Leads behind the chosen number",
        columns={
            "Lead": tables.opener("Lead", key="drill_click", on_open=opened, width=92),
            "Received": tables.text("Received", width=130), "Customer": tables.text("Customer", width=150),
            "Wants": tables.text("Wants", width=200), "Status": tables.status(FLOW, width=130),
            "First action": tables.text("First action", width=100), "Dealer": tables.text("Dealer", width=190),
            "Source": tables.text("Source", width=150),
        },
    )  # fmt: skip
    draw_paging("drill", following=page.following, shown=len(page.rows), total="these leads")
    if (target := st.session_state.pop("_drill_to", None)) is not None:
        st.switch_page("pages/leads/lead.py", query_params={"lead": str(target)})
st.caption(f"As of {moment_words(at, actor.zone, now=at)}. Each lead counts in the month it was received.")
