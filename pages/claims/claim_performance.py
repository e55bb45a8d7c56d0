"""Claim performance: turnaround, yield, denials, cost, coaching, what fails more often, and the claims behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from components import tables
from components.access import guard
from components.areas import claim_figures as show
from components.areas.figures import months_words, pick_own_months
from components.charts.base import table
from components.clock import now, today
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.labels import empty_state, plain
from components.navigation import may_open
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from components.tiles import draw_tiles
from db.calendar.queries import DESK_ZONE
from db.claims.flow import FLOW
from db.claims.reason_queries import (
    CLAIM_TYPES,
    KINDS,
    Behind,
    claims_behind,
    coaching,
    count_behind,
    prevention,
    reason_label,
)
from db.core.labels import count_label, moment_label, moment_words, plural
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions

CLAIM = "pages/claims/claim.py"
DEALER = "pages/network/dealer.py"
actor = guard(Permission.CLAIMS_PERFORMANCE)
at, day, change = now(), today(DESK_ZONE), show.token()
PERIODS = {"30": "30 days", "90": "90 days", "182": "6 months", "365": "12 months"}
LISTS = {
    "decided": "Decided", "sent": "Sent", "open": "Open", "overdue": "Overdue", "denied": "Denied",
    "appealed": "Appealed", "deemed": "By silence", "repeat": "Repeat repairs",
}  # fmt: skip
KEYS = ("cpf_region", "cpf_dealer", "cpf_type", "cpf_component", "cpf_model", "cpf_from", "cpf_until")


def draw_coaching() -> None:
    """For each dealer the reasons that cost it most, and what prevents each."""
    with reading() as session:
        found = coaching(session, scope=actor.scope, filters=chosen, dealers=12)
    if not found:
        empty_state("sentiment_satisfied", "No dealer had a return, denial or reduction.")
        return
    with st.grid(2, min_column_width=330, gap="small", key="cpf_coaching"):
        for dealer in found:
            with st.container(border=True, gap="xsmall", height="stretch"):
                st.markdown(f"**{plain(dealer.name)}**")
                st.caption(
                    f"{plural(dealer.cases, 'case')}, {plural(dealer.sent, 'claim')} sent, {show.money(dealer.cents)}"
                )
                for line in dealer.reasons:
                    st.markdown(f"**{reason_label(line.code)}** :gray[{line.cases}] {prevention(line.code)}")
                if actor.can(Permission.CONTACTS_LOG):
                    st.page_link(
                        DEALER, label="Log a coaching contact", icon=":material/call:",
                        query_params={"dealer": str(dealer.dealer_id), "tab": "contacts"},
                    )  # fmt: skip


def draw_behind(behind: Behind, label: str) -> None:
    """The claims a chosen number counts, page by page."""
    st.subheader("Claims behind the numbers")
    st.caption(f"{label}. Click a bar above to see only its claims, beside it to see all.")
    after = cursor("cpf_list", fingerprint=(behind, filters))
    with reading() as session:
        page = claims_behind(session, scope=actor.scope, filters=chosen, behind=behind, now=at, after=after)
        total = count_behind(session, scope=actor.scope, filters=chosen, behind=behind, now=at)
    if not page.rows:
        empty_state("search_off", "No claims behind this number.", action="Choose a longer period.")
        return
    remember_rows("cpf_list", [row.id for row in page.rows])

    def opened(position: int) -> None:
        st.session_state["_cpf_to"] = id_at("cpf_list", position)

    tables.show(
        table(
            {
                "Claim": [r.number for r in page.rows], "Dealer": [plain(r.dealer) for r in page.rows],
                "Status": [[r.status_label] for r in page.rows], "Type": [r.type_label for r in page.rows],
                "Sent": [moment_label(r.submitted_at, actor.zone, now=at) for r in page.rows],
                "Decided": [moment_label(r.decided_at, actor.zone, now=at) for r in page.rows],
                "Claimed": [r.claimed_cents / 100 for r in page.rows],
                "Approved": ["–" if r.approved_cents is None else f"${r.approved_cents / 100:,.2f}" for r in page.rows],
                "Returns": [r.returns for r in page.rows], "Reason": [r.reason for r in page.rows],
            }
        ),
        key="cpf_list_table", alt="Claims behind the chosen number",
        columns={
            "Claim": tables.opener("Claim", key="cpf_list_click", on_open=opened, width=100)
            if may_open(actor, CLAIM) else tables.text("Claim", width=100),
            "Dealer": tables.text("Dealer", width=180), "Status": tables.status(FLOW, width=130),
            "Type": tables.text("Type", width=130), "Sent": tables.text("Sent", width=130),
            "Decided": tables.text("Decided", width=130),
            "Claimed": tables.number("Claimed", width=95, format="$%,.2f"),
            "Approved": tables.text("Approved", width=95), "Returns": tables.number("Returns", width=72),
            "Reason": tables.text("Reason", width=200),
        },
    )  # fmt: skip
    draw_paging("cpf_list", following=page.following, shown=len(page.rows), total=count_label(total))
    if (target := st.session_state.pop("_cpf_to", None)) is not None:
        st.switch_page(CLAIM, query_params={"claim": str(target)})


st.title(":material/query_stats: Claim performance")
with reading() as session:
    known_regions = regions(session, actor.scope)
    dealers = {str(d.dealer_id): f"{d.name} ({d.code})" for d in dealer_choices(session, actor.scope)}
known = show.known(actor.scope, change)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    period = one("Period", PERIODS, key="cpf_period", default="90")
    own = pick_own_months(day, prefix="cpf")
first, last = own or (day - timedelta(days=int(period) - 1), day)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    picked: dict[str, Any] = {}
    if len(known_regions) > 1:
        picked["region"] = pick(
            "Region", {r: r for r in known_regions}, key="cpf_region", all_label="All regions", width=140
        )
    if len(dealers) > 1:
        picked["dealer"] = pick("Dealer", dealers, key="cpf_dealer", all_label="All dealers", width=190)
    picked["type"] = pick("Type", CLAIM_TYPES, key="cpf_type", all_label="All types", width=160)
    for name in ("component", "model"):
        if known[name]:
            picked[name] = pick(
                name.capitalize(), {v: v for v in known[name]}, key=f"cpf_{name}", all_label=f"All {name}s", width=150
            )
    clear_button(KEYS, key="cpf_clear")
chosen = {name: value for name, value in picked.items() if value}
if "dealer" in chosen:
    chosen["dealer"] = int(chosen["dealer"])
chosen |= {"from": first, "to": last}
filters = tuple(sorted(chosen.items()))

found, peers = show.overview(actor.scope, filters, at, change)
if not found["claims_sent"].value and not found["claims_decided"].value and not found["claim_open"].value:
    empty_state("query_stats", "No claims were sent or decided then.", action="Choose more months or fewer filters.")
if own:
    st.caption(f"**{months_words(first, last)}**, by the day each claim was decided or sent.")
versus = f"vs {(last - first).days + 1} days before"
first_tiles = show.tiles(found, peers, versus=versus, names=show.TILES[: show.FIRST])
draw_tiles(first_tiles, key="cpf", as_of=at, zone=actor.zone)
with st.expander("More figures", icon=":material/expand_more:"):
    more = show.tiles(found, peers, versus=versus, names=show.TILES[show.FIRST :])
    draw_tiles(more, key="cpf_more", as_of=at, zone=actor.zone)

left, right = st.columns([3, 2], gap="medium")
with left, st.container(border=True, height="stretch"):
    st.markdown("**Decided by week** :gray[the line is what was sent]")
    show.draw_weeks(actor.scope, filters, change)
with right, st.container(border=True, height="stretch"):
    st.markdown("**Who held them** :gray[from sending to payment]")
    show.draw_held(actor.scope, filters, at)
left, right = st.columns(2, gap="medium")
with left, st.container(border=True, height="stretch"):
    st.markdown(f"**Days to the first decision** :gray[90% within {show.words(found['claim_turnaround_p90'])}]")
    span = show.draw_spans(actor.scope, filters, change)
with right, st.container(border=True, height="stretch"):
    st.markdown("**Age of open claims** :gray[since received]")
    age = show.draw_ages(actor.scope, filters, at)

st.subheader("Why it costs")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    kind = one("Reasons", KINDS, key="cpf_kind", default="")
    export_button("claim_reasons", {**chosen, "kind": kind}, key="cpf_reasons_export")
with st.container(border=True):
    code = show.draw_pareto(actor.scope, filters, kind, reason_label)
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.markdown("**Coaching** :gray[what would have prevented it]", width="content")
    export_button("claim_coaching", chosen, key="cpf_coaching_export")
draw_coaching()

st.subheader("What fails more often")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    by = one("By", {"component": "Component", "part": "Causal part"}, key="cpf_by", default="component")
    export_button("claim_trend", chosen, key="cpf_trend_export")
lines = show.warnings(actor.scope, by, filters, day, change)
if lines:
    show.draw_trend(lines)
    st.caption("Stands out: above mean + 3 sd of the twelve months before, from five claims a month on.")
else:
    empty_state("monitoring", "No claim names what failed.")

st.subheader("What it costs")
by_dealer, by_component = show.tables_of(actor.scope, filters, day, change)
with st.container(horizontal=True, gap="small"):
    export_button("claim_dealers", chosen, "Dealers", key="cpf_dealers_export")
    export_button("claim_components", chosen, "Components", key="cpf_components_export")
if by_dealer:
    show.draw_dealers(by_dealer, actor)
if by_component:
    show.draw_components(by_component)
st.caption("No place below ten decided claims: there chance decides.")

if code:
    behind, label = Behind(what="reason", value=code, kind=kind), f"{KINDS[kind]}: {reason_label(code)}"
elif age:
    behind, label = Behind(what="age", value=age), f"Open for {age} days"
elif span:
    behind, label = Behind(what="span", value=span), "First decision in the chosen days"
else:
    what = one("List", LISTS, key="cpf_what", default="decided")
    behind, label = Behind(what=what), LISTS[what]
draw_behind(behind, label)
st.caption(f"As of {moment_words(at, actor.zone, now=at)}. Days are those of the desk.")
