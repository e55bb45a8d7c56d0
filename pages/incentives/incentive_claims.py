"""Incentive claims: what waits for a decision, due first; for a dealer what came back and has to be completed."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from components.access import guard
from components.areas.incentive_queue import FILTERS, SCREEN, draw_list, look, show_bulk_outcome
from components.areas.places import places
from components.clock import now
from components.filters import clear_button, one, pick, words
from components.kept import kept, minute
from components.labels import badge, empty_state
from components.perform import show_outcome
from components.queue_page import cursor, draw_drawer, draw_paging, is_open, open_drawer
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.session import reading
from db.incentives.claim_rules import TITLES
from db.incentives.flow import FLOW
from db.incentives.queue_queries import (
    BY_DUE,
    DEALERS,
    DUE,
    OURS,
    Filters,
    program_choices,
    with_hits,
)

actor = guard(Permission.INCENTIVES_VIEW)
at = minute(now())
MORE = ("incq_region", "incq_rule", "incq_amount")
KEYS = ("incq_text", "incq_status", "incq_program", "incq_dealer", "incq_due", *MORE)
BANDS: dict[str, tuple[str, int | None, int | None]] = {
    "small": ("Up to 1,000", None, 1_000_01), "middle": ("1,000 to 5,000", 1_000_01, 5_000_01),
    "large": ("Above 5,000", 5_000_01, None),
}  # fmt: skip
EMPTY = {
    "waiting": "No incentive claim waits for a decision.", "mine": "No incentive claim waits for you.",
    "returned": "Nothing was returned.", "decided": "Nothing was decided yet.",
}  # fmt: skip


def chosen_filters() -> Filters:
    """Draw the toolbar and read it; all of it stands in the address."""
    views = DEALERS if actor.role.is_dealer else OURS
    if not actor.can(Permission.INCENTIVES_DECIDE):
        views = {k: v for k, v in views.items() if k != "mine"}
    with reading() as session:
        known = places(actor.scope, session=session)
        programs = kept(
            session, lambda: {str(i): label for i, label in program_choices(session, actor=actor).items()},
            "programs", actor.role, areas=("incentives",),
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        view = one("Show", views, key="incq_view", default=next(iter(views)))
        text = words("Find", key="incq_text", placeholder="Claim or VIN", width=220)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        states = {s.name: s.label for s in FLOW.states}
        status = pick("Status", states, key="incq_status", all_label="Every status", width=160)
        program = pick("Program", programs, key="incq_program", all_label="Every program", width=220)
        dealer = ""
        if len(known.dealers) > 1:
            dealer = pick("Dealer", known.dealers, key="incq_dealer", all_label="All dealers", width=200)
        due = pick("Due", DUE, key="incq_due", all_label="Any day", width=140)
        set_now = sum(bool(st.session_state.get(k)) for k in MORE)
        label = f"More filters ({set_now})" if set_now else "More filters"
        with st.popover(label, icon=":material/tune:", key="incq_more"):
            region = ""
            if len(known.regions) > 1:
                region = pick("Region", {r: r for r in known.regions}, key="incq_region", all_label="All regions")
            rules = {code: f"{code} {title}" for code, title in TITLES.items()}
            rule = pick("Check that stands in the way", rules, key="incq_rule", all_label="Any check")
            band = pick("Amount", {k: v[0] for k, v in BANDS.items()}, key="incq_amount", all_label="Any amount")
        clear_button(KEYS, key="incq_clear")
    _, least, below = BANDS.get(band, ("", None, None))
    return Filters(
        view=view, status=status, program_id=int(program) if program.isdigit() else None,
        dealer_id=int(dealer) if dealer.isdigit() else None, region=region, rule=rule, least_cents=least,
        below_cents=below, due=due, text=text, now=at,
    )  # fmt: skip


def narrow(view: str, status: str, due: str) -> None:
    """Show one state or what is due, whatever was shown before (called from a callback)."""
    for key, value in (("incq_view", view), ("incq_status", status), ("incq_due", due)):
        if value:
            st.session_state[key] = value
        else:
            st.session_state.pop(key, None)
            st.query_params.pop(key, None)


def draw_counts(statuses: Mapping[str, int], late: int, soon: int) -> None:
    """How many stand where, each a way to them: what is late first, then every state in the order of the flow."""
    chips = [("Overdue", "red", late, "waiting", "", "over"), ("Due in 3 days", "orange", soon, "waiting", "", "3")]
    chips += [(s.label, s.tone, statuses.get(s.name, 0), "all", s.name, "") for s in FLOW.states]
    with st.container(horizontal=True, gap="small"):
        for label, tone, count, view, status, due in chips:
            if count or due:
                st.button(
                    f"{badge(label, tone if count else 'gray')} **{count_label(count, CAP)}**", type="tertiary",
                    key=f"incq_count_{status or due}", on_click=narrow, args=(view, status, due),
                    help=FLOW.state(status).help if status else "Of what waits for a decision",
                )  # fmt: skip


linked = st.query_params.pop("incentive_claim", "")
if linked.isdecimal():
    open_drawer(SCREEN, int(linked))
st.title(":material/request_quote: Incentive claims")
counted = st.container()
filters = chosen_filters()
with reading() as session:
    filters = with_hits(session, filters, actor=actor)
    seen = look(session, actor=actor, filters=filters, after=cursor("incq", fingerprint=filters), at=at)
rows = seen.rows
st.session_state[FILTERS] = filters
with counted:
    draw_counts(seen.counts.statuses, seen.counts.late, seen.counts.soon)
show_bulk_outcome()
if is_open(SCREEN):
    show_outcome(SCREEN.form)  # the next claim has opened: the toast of the one before is drawn here
if rows:
    draw_list(
        rows, waits=filters.view in BY_DUE, with_dealer=not actor.role.is_dealer or len(actor.scope.dealer_ids) > 1
    )
    draw_paging("incq", following=seen.following, shown=len(rows), total=count_label(seen.counts.total, CAP))
elif any(st.session_state.get(k) for k in KEYS):
    empty_state("filter_alt_off", "No claim matches.", action="Take a filter away, or look under All.")
else:
    empty_state("task_alt", EMPTY.get(filters.view, "There is no incentive claim yet."))
draw_drawer(SCREEN)
