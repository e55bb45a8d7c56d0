"""Terms: proposals that wait for a second person, the terms in force on a date, and who owns which postal area."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import streamlit as st

from components.access import guard
from components.areas.terms import draw_drawers, draw_grid
from components.areas.terms_propose import open_propose
from components.areas.terms_queue import SCREEN, draw_list, nothing_waits, show_bulk_outcome
from components.areas.territory import draw_changes, draw_conflicts, draw_owner, open_territory
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick, words
from components.labels import empty_state
from components.queue_page import cursor, draw_paging, open_drawer
from db.core.area import CAP
from db.core.labels import count_label, plural
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import regions
from db.terms.change_queries import ChangeFilters, count_changes, list_changes
from db.terms.queries import TermsFilters, count_terms, list_terms
from db.terms.rules import KINDS, TIERS

actor = guard(Permission.TERMS_VIEW)
today = now().astimezone(ZoneInfo(actor.zone)).date()
VIEWS = {"waiting": "Waiting", "decided": "Decided", "force": "In force", "territory": "Territory"}
PROPOSAL_KEYS, FORCE_KEYS = ("terms_region", "terms_kind"), ("terms_region", "terms_tier", "terms_lacks")


def region_filter() -> str:
    """The region, for people who see several."""
    with reading() as session:
        known = regions(session, actor.scope)
    if len(known) < 2:
        return ""
    return pick("Region", {r: r for r in known}, key="terms_region", all_label="All regions", width=170)


def draw_proposals(*, is_open: bool) -> None:
    """Proposals: open ones due first, or decided ones newest first."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        region = region_filter()
        kind = pick("Term", {k.name: k.label for k in KINDS}, key="terms_kind", all_label="All terms", width=220)
        clear_button(PROPOSAL_KEYS, key="terms_clear")
    filters = ChangeFilters(is_open=is_open, region=region, kind=kind)
    key = "terms_open" if is_open else "terms_done"
    with reading() as session:
        rows, following = list_changes(
            session, scope=actor.scope, filters=filters, after=cursor(key, fingerprint=filters)
        )
        total = count_changes(session, scope=actor.scope, filters=filters)
    if is_open:
        show_bulk_outcome()
    if not rows:
        nothing_waits(narrowed=bool(region or kind) or not is_open)
        return
    draw_list(rows, key=key, is_open=is_open)
    draw_paging(key, following=following, shown=len(rows), total=count_label(total, CAP))


def draw_in_force() -> None:
    """Dealers and their terms on the chosen date."""
    lacks = {"needed": "Lacks a needed term"}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        on = st.date_input("On", value=today, key="terms_on", bind="query-params", width=150)
        region = region_filter()
        tier = pick("Tier", {t: t for t in TIERS}, key="terms_tier", all_label="All tiers", width=140)
        missing = pick("Complete", lacks, key="terms_lacks", all_label="All dealers", width=190)
        clear_button(FORCE_KEYS, key="terms_force_clear")
        day = on if isinstance(on, date) else today
        export_button("terms", {"on": day.isoformat(), "region": region, "tier": tier})
    filters = TermsFilters(region=region, tier=tier, missing=bool(missing))
    fingerprint = (filters, day)
    with reading() as session:
        rows, following = list_terms(
            session, scope=actor.scope, on=day, filters=filters, after=cursor("terms_force", fingerprint=fingerprint)
        )
        total = count_terms(session, scope=actor.scope, on=day, filters=filters)
    if not rows:
        empty_state("contract", "No dealer matches.", action="Take a filter away.")
        return
    may_propose = actor.can(Permission.TERMS_PROPOSE)
    chosen = draw_grid(rows, on=day, may_propose=may_propose)
    draw_paging("terms_force", following=following, shown=len(rows), total=f"{total:,}")
    if chosen:
        ids = [rows[i].dealer_id for i in chosen]
        st.button(
            f"Propose for {plural(len(ids), 'dealer')}", icon=":material/edit:", key="terms_propose_chosen",
            type="primary", on_click=open_propose, args=(ids,),
        )  # fmt: skip
    more = " Choose rows to propose one term for several dealers." if may_propose and not chosen else ""
    st.caption(f"A click on a value shows its history.{more}")


def draw_territory() -> None:
    """Who owns a postal code on a day; areas that change hands; conflicts of old data."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        asked = words("Who owns this postal code", key="area_code", placeholder="60632, M5V 2T6", width=230)
        on = st.date_input("On", value=today, key="area_on", bind="query-params", width=150)
        if actor.can(Permission.DEALERS_MANAGE):
            st.button(
                "Give areas", icon=":material/add_location:", key="area_give", on_click=open_territory, args=("give",)
            )
            st.button(
                "Hand over areas", icon=":material/swap_horiz:", key="area_hand_over", on_click=open_territory,
                args=("hand_over",),
            )  # fmt: skip
    if asked:
        draw_owner(actor, postal_code=asked, on=on if isinstance(on, date) else today)
    draw_conflicts(actor)
    draw_changes(actor, today=today)


with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/contract: Terms")
    if actor.can(Permission.TERMS_PROPOSE):
        st.button("Propose a change", icon=":material/edit:", key="terms_propose", on_click=open_propose)
linked = st.query_params.pop("change", "")
if linked.isdecimal():
    open_drawer(SCREEN, int(linked))
view = one("Show", VIEWS, key="terms_view", default="waiting")
if view == "force":
    draw_in_force()
elif view == "territory":
    draw_territory()
else:
    draw_proposals(is_open=view == "waiting")
draw_drawers()
