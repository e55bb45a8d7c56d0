"""Claims: what waits for a decision, due first; for a dealer its own claims by what it has to do."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas.claims import FILTERS, SCREEN
from components.areas.claims_queue import Seen, draw_list, look, show_bulk_outcome
from components.areas.places import places
from components.clock import now, today
from components.exports import export_button
from components.filters import clear_button, one, pick, words
from components.kept import kept, minute
from components.labels import badge, empty_state
from components.perform import show_outcome
from components.queue_page import cursor, draw_drawer, draw_paging, is_open, open_drawer
from db.claims.board_queries import (
    DEALERS,
    DUE,
    EXPORTED,
    OURS,
    PEOPLE,
    ClaimFilters,
    levels_of,
    with_hits,
)
from db.claims.flow import FLOW
from db.claims.model import CLAIM_TYPES
from db.claims.policy_queries import RULE_BOOK
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.session import reading
from db.investigations.queries import flagged_only

actor = guard(Permission.CLAIMS_VIEW)
at = minute(now())
decides = actor.can(Permission.CLAIMS_DECIDE)
investigates = actor.can(Permission.CLAIMS_INVESTIGATE)
MORE = ("claims_region", "claims_rule", "claims_amount", "claims_person", "claims_flagged")
KEYS = ("claims_text", "claims_status", "claims_dealer", "claims_type", "claims_due", *MORE)
BANDS: dict[str, tuple[str, int | None, int | None]] = {
    "small": ("Up to 1,000", None, 1_000_01), "middle": ("1,000 to 5,000", 1_000_01, 5_000_01),
    "large": ("Above 5,000", 5_000_01, None),
}  # fmt: skip
RULES = {code: f"{code} {info.title}" for code, info in RULE_BOOK.items()}
EMPTY = {
    "waiting": "No claim waits for a decision.", "level": "No claim waits for your level.",
    "mine": "You have taken no claim.", "correct": "Nothing was returned to you.", "drafts": "There is no draft.",
}  # fmt: skip
WAITS = ("waiting", "level", "mine", "elsewhere", "progress")


def chosen_filters() -> ClaimFilters:
    """Draw the toolbar and read it; all of it stands in the address."""
    views = DEALERS if actor.role.is_dealer else OURS
    if not decides:
        views = {k: v for k, v in views.items() if k not in ("level", "mine")}
    with reading() as session:
        known = places(actor.scope, session=session)
        levels = kept(
            session, lambda: levels_of(session, actor=actor, now=at), "levels", actor, today(actor.zone),
            areas=("claims",),
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        view = one("Show", views, key="claims_view", default=next(iter(views)))
        text = words("Find", key="claims_text", placeholder="Claim, VIN, repair order", width=230)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        states = {s.name: s.label for s in FLOW.states}
        status = pick("Status", states, key="claims_status", all_label="Every status", width=170)
        dealer = ""
        if len(known.dealers) > 1:
            dealer = pick("Dealer", known.dealers, key="claims_dealer", all_label="All dealers", width=200)
        kind = pick("Type", CLAIM_TYPES, key="claims_type", all_label="All types", width=160)
        due = pick("Due", DUE, key="claims_due", all_label="Any day", width=140)
        set_now = sum(bool(st.session_state.get(k)) for k in MORE)
        label = f"More filters ({set_now})" if set_now else "More filters"
        with st.popover(label, icon=":material/tune:", key="claims_more"):
            region = ""
            if len(known.regions) > 1:
                region = pick("Region", {r: r for r in known.regions}, key="claims_region", all_label="All regions")
            rule = pick("Rule that fired", RULES, key="claims_rule", all_label="Any rule")
            amounts = {k: v[0] for k, v in BANDS.items()}
            band = pick("Claimed amount", amounts, key="claims_amount", all_label="Any amount")
            person, is_flagged = "", False
            if not actor.role.is_dealer:
                person = pick("Person", PEOPLE, key="claims_person", all_label="Anybody")
            if investigates:
                is_flagged = bool(
                    pick("Flags", {"yes": "Flagged only"}, key="claims_flagged", all_label="With or without")
                )
        clear_button(KEYS, key="claims_clear")
    _, least, below = BANDS.get(band, ("", None, None))
    return ClaimFilters(
        view=view, status=status, region=region, dealer_id=int(dealer) if dealer.isdigit() else None, claim_type=kind,
        rule=rule, least_cents=least, below_cents=below, levels=levels, due=due, person=person, text=text, now=at,
        flagged=is_flagged, only=flagged_only(actor=actor) if is_flagged else None,
    )  # fmt: skip


def narrow(view: str, status: str = "", due: str = "") -> None:
    """Show one state or what is due, whatever was shown before (called from a callback)."""
    for key, value in (("claims_view", view), ("claims_status", status), ("claims_due", due)):
        if value:
            st.session_state[key] = value
        else:
            st.session_state.pop(key, None)
            st.query_params.pop(key, None)


def draw_counts(seen: Seen) -> None:
    """How many stand where, each a way to them: what is late first, then every state in the order of the flow."""
    turn, statuses = seen.turn, seen.statuses
    chips = [("Overdue", "red", seen.late, turn, "", "over"), ("Due in 3 days", "orange", seen.soon, turn, "", "3")]
    chips += [(s.label, s.tone, statuses.get(s.name, 0), "all", s.name, "") for s in FLOW.states]
    with st.container(horizontal=True, gap="small"):
        for label, tone, count, view, status, due in chips:
            if count or due:
                st.button(
                    f"{badge(label, tone if count else 'gray')} **{count_label(count, CAP)}**", type="tertiary",
                    key=f"claims_count_{status or due}", on_click=narrow, args=(view, status, due),
                    help=FLOW.state(status).help if status else "Of what waits for a decision",
                )  # fmt: skip


linked = st.query_params.pop("claim", "")
if linked.isdecimal():
    open_drawer(SCREEN, int(linked))
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/assignment: Claims")
    beside = st.container(width="content")
counted = st.container()
filters = chosen_filters()
with reading() as session:
    filters = with_hits(session, filters, scope=actor.scope)
    seen = look(session, actor=actor, filters=filters, after=cursor("claims", fingerprint=filters), at=at)
st.session_state[FILTERS] = filters
if not filters.flagged:  # what is flagged is no part of an export of claims
    with beside:
        export_button("claims", {name: getattr(filters, name) for name in EXPORTED})
with counted:
    draw_counts(seen)
show_bulk_outcome()
if is_open(SCREEN):
    show_outcome(SCREEN.form)  # the next claim has opened: the toast of the one before is drawn here
if seen.rows:
    with_dealer = not actor.role.is_dealer or len(actor.scope.dealer_ids) > 1
    draw_list(seen, waits=filters.view in WAITS, with_dealer=with_dealer)
    draw_paging("claims", following=seen.following, shown=len(seen.rows), total=count_label(seen.total, CAP))
elif any(st.session_state.get(k) for k in KEYS):
    empty_state("filter_alt_off", "No claim matches.", action="Take a filter away, or look under All.")
else:
    empty_state("task_alt", EMPTY.get(filters.view, "There is no claim here yet."))
draw_drawer(SCREEN)
