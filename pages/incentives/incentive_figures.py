"""Incentive performance: what programs and prices cost, who takes part, what they bring, budgets, reasons."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from components.access import guard
from components.areas import incentive_figures as show
from components.areas import price_figures as prices
from components.areas.figures import narrow, pick_days
from components.areas.places import places
from components.clock import now, today
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.kept import kept
from components.labels import empty_state, plain
from components.links import link
from components.navigation import may_open
from components.tiles import draw_tiles
from db.calendar.queries import DESK_ZONE
from db.core.labels import moment_words
from db.core.permissions import Permission
from db.core.session import reading
from db.incentives.figure_overview_queries import BY
from db.incentives.figure_reason_queries import KINDS
from db.incentives.queue_queries import program_choices
from db.pricing.figure_metrics_queries import BY as PRICES_BY

actor = guard(Permission.INCENTIVES_VIEW)
at, day, change = now(), today(DESK_ZONE), show.token()
# Payments of a dealership are not the business of all its people (incentives.payments).
sees_payments = not actor.role.is_dealer or actor.can(Permission.INCENTIVES_PAYMENTS)
HIDDEN = () if sees_payments else tuple(
    f"incentive_{name}" for name in ("approved", "paid", "open", "units", "payout")
)  # fmt: skip
BOOKS = ("Earned", "Approved", "Paid") if sees_payments else ("Earned",)


def narrowed(what: str) -> tuple[dict[str, Any], list[str]]:
    """Draw program, region and dealer; gives what is chosen, and the ways to split that make sense here."""
    with reading() as session:
        stand = places(actor.scope, session=session)
        known, dealers = stand.regions, stand.dealers
        programs = kept(
            session, lambda: {str(i): label for i, label in program_choices(session, actor=actor).items()},
            "programs", actor.role, areas=("incentives",),
        )  # fmt: skip
    picked: dict[str, Any] = {}
    if what == "incentives":
        picked["program"] = pick("Program", programs, key="incf_program", all_label="All programs", width=220)
    if len(known) > 1:
        picked["region"] = pick("Region", {r: r for r in known}, key="incf_region", all_label="All regions", width=140)
    if len(dealers) > 1:
        picked["dealer"] = pick("Dealer", dealers, key="incf_dealer", all_label="All dealers", width=200)
    clear_button(show.KEYS, key="incf_clear")
    ways = {"dealer": len(dealers) > 1, "region": len(known) > 1}
    split = [name for name in (BY if what == "incentives" else PRICES_BY) if ways.get(name, True)]
    return {k: int(v) if k != "region" else v for k, v in picked.items() if v}, split


def draw_incentives(chosen: dict[str, Any], ways: list[str], versus: str) -> None:
    """What programs cost and bring."""
    filters = tuple(sorted(chosen.items()))
    found = show.look(actor.scope, filters, at, day, change).figures
    # Of one dealer it says nothing how many take part.
    alone = ("incentive_dealer_uptake",) if "dealer" in chosen or len(actor.scope.dealer_ids) == 1 else ()
    make = partial(
        show.tiles, found, versus=versus, hidden=(*HIDDEN, *alone),
        opens_payments=may_open(actor, show.PAYMENTS),
    )  # fmt: skip
    draw_tiles(make(names=show.TILES[: show.FIRST]), key="incf", as_of=at, zone=actor.zone)
    with st.expander("More figures", icon=":material/expand_more:", key="incf_more_open", on_change="rerun") as more:
        if more.open:
            draw_tiles(make(names=show.TILES[show.FIRST :]), key="incf_more", as_of=at, zone=actor.zone)
    burning, baseline = show.standing(actor, chosen, at, day)
    months = show.lines(actor.scope, filters, "month", at, day, change=change)
    left, right = st.columns([3, 2], gap="medium") if burning else (st.container(), None)
    with left, st.container(border=True, height="stretch"):
        st.markdown("**By month** :gray[as posted to the ledger]")
        show.draw_months(months, books=BOOKS)
    if right is not None:
        with right, st.container(border=True, height="stretch"):
            st.markdown("**Budgets today** :gray[green is paid, the tick is the straight line]")
            show.draw_budgets(burning)
            export_button("incentive_budgets", chosen, key="incf_budgets_export")

    st.subheader("Where it goes")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        by = one("By", {name: BY[name] for name in ways}, key="incf_by", default=ways[0])
        export_button("incentive_figures", {**chosen, "by": by}, key="incf_export")
        draw_link(chosen)
    rows = show.lines(actor.scope, filters, by, at, day, change=change)
    if rows:
        show.draw_lines(rows, by=by, label=BY[by], hidden=HIDDEN, on_open=partial(narrow, "incf", by))
        st.caption(f"Click a name to see only that. {baseline}")
    else:
        show.none_yet()
    draw_why(chosen, filters)


def draw_link(chosen: dict[str, Any], **more: str) -> None:
    """The way to the claims behind the figures, narrowed alike."""
    query = {"incq_view": "all", **more} | {
        f"incq_{name}": str(chosen[name]) for name in ("program", "region", "dealer") if name in chosen
    }
    link(show.CLAIMS, label="Show claims", icon=":material/arrow_forward:", query_params=query)


def draw_why(chosen: dict[str, Any], filters: show.Filters) -> None:
    """Why claims came back or were denied, with the sentence the dealer read."""
    st.subheader("Why claims come back")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = one("Reasons", KINDS, key="incf_kind", default="")
        export_button("incentive_reasons", {**chosen, "kind": kind}, key="incf_reasons_export")
    reasons = show.why(actor.scope, filters, kind, at, day, change)
    if not reasons:
        empty_state("sentiment_satisfied", "Nothing was returned or denied.", action="Choose a longer period.")
        return
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        picked = show.draw_reasons(reasons)
    with right, st.container(border=True, height="stretch"):
        st.markdown("**What the dealer read** :gray[the newest of each reason]")
        for reason in [picked] if picked else reasons[:5]:
            st.markdown(f"**{plain(reason.label)}** :gray[{reason.cases:,}]  \n{plain(reason.sentence)}")
        if picked and picked.is_check:
            draw_link(chosen, incq_rule=picked.code)
        elif not picked:
            st.caption("Click a bar to see one reason and the claims it stands against.")


def draw_prices(chosen: dict[str, Any], ways: list[str], versus: str) -> None:
    """What discounts and promotions cost, how long they take, what comes back."""
    filters = tuple(sorted(chosen.items()))
    found = prices.overview(actor.scope, filters, at, day, change)
    draw_tiles(prices.tiles(found, versus=versus), key="incf_prices", as_of=at, zone=actor.zone, columns=3)
    with st.container(border=True):
        st.markdown("**Given away by month** :gray[the line is the sum so far]")
        prices.draw_months(prices.lines(actor.scope, filters, "month", at, day, change))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        by = one("By", {name: PRICES_BY[name] for name in ways}, key="incf_prices_by", default=ways[0])
        export_button("price_figures", {**chosen, "by": by}, key="incf_prices_export")
    rows = prices.lines(actor.scope, filters, by, at, day, change)
    if rows:
        prices.draw_lines(rows, by=by, label=PRICES_BY[by], on_open=partial(narrow, "incf", by))
    else:
        empty_state("price_check", "Nobody asked for a discount then.", action="Choose a longer period.")
    st.subheader("“One-time” and back again")
    again = prices.repeats(actor.scope, filters, at, day, change)
    if not again:
        empty_state("task_alt", "No one-time exception came back within a year.")
        return
    target = prices.draw_repeats(again, actor=actor, at=at)
    if target is not None:
        st.switch_page(prices.REQUESTS, query_params={"request": str(target)})


st.title(":material/query_stats: Incentive performance")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    tabs = {"incentives": "Incentives", "prices": "Prices"}
    shown = "incentives"
    if actor.can(Permission.PRICING_VIEW):
        shown = one("Show", tabs, key="incf_show", default="incentives")
    first, last, versus = pick_days(day, prefix="incf", default="3")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    asked, ways = narrowed(shown)
asked |= {"from": first, "to": last}
(draw_prices if shown == "prices" else draw_incentives)(asked, ways, versus)
st.caption(f"As of {moment_words(at, actor.zone, now=at)}. Days and months are those of the desk.")
