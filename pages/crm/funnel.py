"""Funnel: from the lead to the sale and back again by cohort, won business, what sources cost, and who comes back."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from components.access import guard
from components.areas import funnel, funnel_lists, funnel_spend, funnel_views
from components.clock import now, today
from components.filters import clear_button, one, pick
from components.labels import empty_state
from db.calendar.queries import DESK_ZONE
from db.core.actor import Scope
from db.core.labels import moment_words
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions
from db.leads.queries import list_products, list_sources, months_before, people_of_dealer
from db.leads.won_queries import first_sale
from db.reports.funnel_queries import LABELS, months_known

actor = guard(Permission.FUNNEL_VIEW)
at = now()
VIEWS = {
    "funnel": "Funnel", "won": "Won business", "costs": "Cost and providers", "back": "Who comes back",
    "spend": "Spend",
}  # fmt: skip
PERIODS = {"3": "3 months", "6": "6 months", "12": "12 months", "all": "All", "own": "From, to"}
KEYS = ("fun_from", "fun_to", "fun_region", "fun_source", "fun_product", "fun_dealer", "fun_person")
this_month = today(DESK_ZONE).replace(day=1)


def months_between(first: date, last: date) -> list[date]:
    """First days of the months from first to last."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return months_before(last, max(1, count))


def draw_period(view: str) -> tuple[date, date]:
    """The first and the last month, from the choices in the address."""
    period = one("Sold in" if view == "won" else "Received in", PERIODS, key="fun_period", default="12")
    with reading() as session:
        known = months_known(session, scope=actor.scope)
        sold = first_sale(session, scope=actor.scope) if view == "won" and period in ("all", "own") else None
    first = min(d.replace(day=1) for d in (known[0] if known else this_month, sold or this_month, this_month))
    if period == "all":
        return first, this_month
    if period != "own":
        return months_before(this_month, int(period))[0], this_month
    listed = {f"{m:%Y-%m}": f"{m:%b %Y}" for m in reversed(months_between(first, this_month))}
    start = pick("From", listed, key="fun_from", all_label="The first", width=120)
    end = pick("To", listed, key="fun_to", all_label="This month", width=120)
    since = date.fromisoformat(f"{start}-01") if start else first
    until = date.fromisoformat(f"{end}-01") if end else this_month
    return (since, until) if since <= until else (until, since)


def draw_filters() -> dict[str, Any]:
    """Region, source, product, dealer and person, kept in the address."""
    found: dict[str, Any] = {}
    if len(KNOWN["regions"]) > 1:
        listed = {r: r for r in KNOWN["regions"]}
        found["region"] = pick("Region", listed, key="fun_region", all_label="All regions", width=130)
    listed = {s: s for s in KNOWN["sources"]}
    found["source"] = pick("Source", listed, key="fun_source", all_label="All sources", width=150)
    listed = {p: p for p in KNOWN["products"]}
    found["product"] = pick("Product line", listed, key="fun_product", all_label="All lines", width=130)
    dealer = ""
    if len(KNOWN["dealers"]) > 1:
        dealer = pick("Dealer", KNOWN["dealers"], key="fun_dealer", all_label="All dealers", width=190)
        found["dealer"] = int(dealer) if dealer.isdigit() else ""
    only = dealer or (next(iter(KNOWN["dealers"])) if len(KNOWN["dealers"]) == 1 else "")
    if only.isdigit():
        with reading() as session:
            people = {str(i): name for i, name in people_of_dealer(session, dealer_id=int(only), actor=actor)}
        person = pick("Person", people, key="fun_person", all_label="Everybody", width=150)
        found["person"] = int(person) if person.isdigit() else ""
    return {name: value for name, value in found.items() if value}


def cohort_words(since: date, until: date) -> str:
    """Which leads or sales the numbers are about, in words."""
    if view == "won":
        return f"Sales and losses of {since:%b %Y} to {until:%b %Y}, by the day it was sold or lost: not the cohort."
    if view == "back":
        return f"Purchases and sales of {since:%b %Y} to {until:%b %Y}, by the day of each."
    return (
        f"Cohort: leads received from {since:%b %Y} to {until:%b %Y}, wherever they stand today. "
        "Young leads may still climb."
    )


st.title(":material/filter_list: Funnel")
with reading() as session:
    KNOWN: dict[str, Any] = {
        "regions": regions(session, actor.scope), "sources": list_sources(session, scope=actor.scope),
        "products": list_products(session, scope=actor.scope),
        "dealers": {str(d.dealer_id): f"{d.name} ({d.code})" for d in dealer_choices(session, actor.scope)},
    }  # fmt: skip
linked = st.query_params.pop("spend", "")
if linked.isdecimal():
    funnel_spend.open_spend(int(linked))
view = one("View", VIEWS, key="fun_view", default="funnel")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    since, until = draw_period(view) if view != "spend" else (this_month, this_month)
    chosen = draw_filters()
clear_button(KEYS, key="fun_clear")
if view != "spend":
    chosen |= {"from": since, "to": until}
filters = tuple(sorted(chosen.items()))
scope: Scope = actor.scope
change = funnel.token()

if view == "spend":
    funnel_spend.draw_spend(
        actor, chosen, sources=KNOWN["sources"], regions=KNOWN["regions"], dealers=KNOWN["dealers"]
    )  # fmt: skip
else:
    st.caption(cohort_words(since, until))
if view == "funnel":
    found = funnel.ladder(scope, filters, at, change)
    if not found.counts["received"]:
        empty_state("filter_list_off", "No leads were received then.", action="Choose a longer period.")
    else:
        funnel_views.draw_rates(found, actor=actor, at=at)
        left, right = st.columns([2, 3], gap="medium")
        with left, st.container(border=True, height="stretch"):
            st.markdown("**How far they came**")
            picked = funnel_views.draw_ladder(found)
        with right, st.container(border=True, height="stretch"):
            st.markdown("**From rung to rung**")
            funnel_views.draw_steps(found)
        funnel_views.draw_breakdown(actor, filters, at, change)
        measure = picked if picked in LABELS else "received"
        st.subheader("Leads behind the numbers")
        st.caption(f"{LABELS[measure]}. Click a rung above to see only its leads, beside it to see all.")
        funnel_lists.draw_leads(
            actor, chosen, measure=measure, label=LABELS[measure], total=found.counts[measure], at=at
        )
elif view == "won":
    funnel_views.draw_won(actor, filters, at, change)
    total = funnel.won(scope, (), filters, change)[0].won
    if total:
        st.subheader("The sales")
        funnel_lists.draw_sales(actor, chosen, total)
elif view == "costs":
    unknown = [n for n in ("product", "person") if n in chosen]
    if unknown:
        st.info("Spend is not known by product line or person: take that filter away to see costs.")
    funnel_views.draw_costs(actor, filters, at, change)
elif view == "back":
    funnel_views.draw_retention(actor, filters, at, change)
    st.subheader("Who bought, and who came back")
    funnel_lists.draw_buyers(actor, chosen)
funnel_spend.draw_spend_drawer()
st.caption(f"As of {moment_words(at, actor.zone, now=at)}.")
