"""Claims: what waits for a decision, due first; for a dealer its own claims by what it has to do."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas.claims import SCREEN
from components.areas.claims_queue import draw_list, show_bulk_outcome
from components.clock import now
from components.filters import clear_button, one, pick
from components.labels import empty_state
from components.perform import show_outcome
from components.queue_page import cursor, draw_drawer, draw_paging, is_open, open_drawer
from db.claims.board_queries import DEALERS, OURS, ClaimFilters, count_views, levels_of, list_claims
from db.claims.flow import FLOW
from db.claims.model import CLAIM_TYPES
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions

actor = guard(Permission.CLAIMS_VIEW)
KEYS = ("claims_status", "claims_dealer", "claims_region", "claims_type", "claims_rule", "claims_amount")
BANDS: dict[str, tuple[str, int | None, int | None]] = {
    "small": ("Up to 1,000", None, 1_000_01), "middle": ("1,000 to 5,000", 1_000_01, 5_000_01),
    "large": ("Above 5,000", 5_000_01, None),
}  # fmt: skip
RULES = {f"W{n:02}": f"W{n:02}" for n in range(1, 29)}
EMPTY = {
    "waiting": "No claim waits for a decision.", "level": "No claim waits for your level.",
    "mine": "You have taken no claim.", "correct": "Nothing was returned to you.", "drafts": "There is no draft.",
}  # fmt: skip


def chosen_filters() -> ClaimFilters:
    """Draw the toolbar and read it."""
    views = DEALERS if actor.role.is_dealer else OURS
    if not actor.can(Permission.CLAIMS_DECIDE):
        views = {k: v for k, v in views.items() if k not in ("level", "mine")}
    with reading() as session:
        known_regions = regions(session, actor.scope)
        dealers = {str(d.dealer_id): f"{d.name} ({d.code})" for d in dealer_choices(session, actor.scope)}
        levels = levels_of(session, actor=actor, now=now())
    view = one("Show", views, key="claims_view", default=next(iter(views)))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        status = pick(
            "Status", {s.name: s.label for s in FLOW.states}, key="claims_status", all_label="Every status", width=170
        )
        region, dealer = "", ""
        if len(known_regions) > 1:
            region = pick(
                "Region", {r: r for r in known_regions}, key="claims_region", all_label="All regions", width=150
            )
        if len(dealers) > 1:
            dealer = pick("Dealer", dealers, key="claims_dealer", all_label="All dealers", width=210)
        kind = pick("Type", CLAIM_TYPES, key="claims_type", all_label="All types", width=160)
        rule = pick("Rule", RULES, key="claims_rule", all_label="Any rule", width=110)
        band = pick(
            "Amount", {k: v[0] for k, v in BANDS.items()}, key="claims_amount", all_label="Any amount", width=150
        )
        clear_button(KEYS, key="claims_clear")
    _, least, below = BANDS.get(band, ("", None, None))
    return ClaimFilters(
        view=view, status=status, region=region, dealer_id=int(dealer) if dealer.isdigit() else None, claim_type=kind,
        rule=rule, least_cents=least, below_cents=below, levels=levels,
    )  # fmt: skip


def draw_counts(counts: dict[str, int], late: dict[str, int]) -> None:
    """Where to start, in a few numbers."""
    views = (
        ("correct", "drafts", "progress", "decided") if actor.role.is_dealer else ("waiting", "elsewhere", "decided")
    )
    words = {**OURS, **DEALERS}
    with st.grid(4, min_column_width=150, gap="small"):
        for view in views:
            st.metric(words[view], count_label(counts[view], CAP), border=True)
        if not actor.role.is_dealer:
            st.metric(
                "Overdue", count_label(late["waiting"], CAP), border=True, help="Waits for us and is past its day"
            )


st.title(":material/assignment: Claims")
linked = st.query_params.pop("claim", "")
if linked.isdecimal():
    open_drawer(SCREEN, int(linked))
counted = st.container()
filters = chosen_filters()
with reading() as session:
    rows, following = list_claims(session, actor=actor, filters=filters, after=cursor("claims", fingerprint=filters))
    counts = count_views(session, actor=actor, filters=filters)
    late = count_views(session, actor=actor, filters=filters, due_before=now())
with counted:
    draw_counts(counts, late)
show_bulk_outcome()
if is_open(SCREEN):
    show_outcome(SCREEN.form)  # the next claim has opened: the toast of the one before is drawn here
if rows:
    waits = filters.view in ("waiting", "level", "mine", "elsewhere", "progress")
    draw_list(rows, waits=waits, with_dealer=not actor.role.is_dealer or len(actor.scope.dealer_ids) > 1)
    draw_paging(
        "claims", following=following, shown=len(rows), total=count_label(counts[filters.view], CAP)
    )  # fmt: skip
elif any(st.session_state.get(k) for k in KEYS):
    empty_state("filter_alt_off", "No claim matches.", action="Take a filter away.")
else:
    empty_state("task_alt", EMPTY.get(filters.view, "There is no claim here yet."))
draw_drawer(SCREEN)
