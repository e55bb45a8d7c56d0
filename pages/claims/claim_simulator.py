"""Claim simulator: what another policy would have decided on past claims, what it costs, and what it risks."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas import claim_simulator as show
from components.clock import now
from components.exports import export_button
from components.filters import one
from components.labels import empty_state
from components.navigation import may_open
from db.claims.simulation_queries import MOST, present
from db.core.labels import moment_words, plural
from db.core.permissions import Permission
from db.core.session import reading

CLAIM = "pages/claims/claim.py"
POLICY = "pages/claims/claim_policy.py"
PERIODS = {"30": "30 days", "90": "90 days", "365": "365 days"}
actor = guard(Permission.CLAIMS_SIMULATE)
at = now()
with reading() as session:
    policy = present(session, actor=actor, now=at)


def run() -> None:
    """Keep the draft as typed, and the moment of the click."""
    st.session_state[show.RUN] = show.typed(policy)
    st.session_state[show.AT] = now()


st.title(":material/science: Claim simulator")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    days = int(one("Claims judged in the last", PERIODS, key="csm_days", default="90"))
    if actor.can(Permission.WARRANTY_MANAGE) and may_open(actor, POLICY):
        st.page_link(POLICY, label="Claim policy", icon=":material/rule:")
st.caption(
    f"Starts from the policy in force (version {policy.version}) and judges past claims again with their facts as kept."
    " Nothing is changed."
)
show.draw_draft(policy, on_run=run)

change = st.session_state.get(show.RUN)
if change is None:
    empty_state("science", "Nothing was tried yet.", action="Change a number above and run.")
    st.stop()

moment = st.session_state[show.AT]
show.draw_tried(policy, change)
found = show.tried(actor.scope, days, change, moment, actor)
if found.is_capped:
    st.warning(f"Only the newest {MOST:,} claims of the period were tried.", icon=":material/content_cut:")
if found.unreadable:
    st.warning(f"The facts of {plural(found.unreadable, 'claim')} could not be read; they are left out.")
if not found.claims:
    empty_state("search_off", "No claim was judged in this period.", action="Choose a longer period.")
    st.stop()
if found.other_versions:
    st.caption(
        f":material/history: {plural(found.other_versions, 'claim')} of {found.claims:,} were judged under another"
        " version of the policy; what that version did differently is part of the difference."
    )
show.draw_tiles_of(found, at=moment, zone=actor.zone)

left, right = st.columns(2, gap="medium")
with left, st.container(border=True, height="stretch"):
    st.markdown("**By outcome** :gray[claims]")
    show.draw_outcomes(found)
with right, st.container(border=True, height="stretch"):
    st.markdown("**By rule** :gray[claims it fails for]")
    show.draw_rules(found)
st.subheader("By dealer")
show.draw_dealers(found)

with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.subheader(f"Claims that change ({len(found.changed):,})", width="content")
    if found.changed:
        export_button("claim_simulation", {"days": days, "change": change}, key="csm_export")


def opened(position: int) -> None:
    """Go to a claim of the list."""
    st.session_state["_csm_to"] = found.changed[position].claim_id


show.draw_changed(found, on_open=opened if may_open(actor, CLAIM) else None)
st.caption(f"Tried {moment_words(moment, actor.zone, now=at)}. Run again for claims since then.")
if (target := st.session_state.pop("_csm_to", None)) is not None:
    st.switch_page(CLAIM, query_params={"claim": str(target)})
