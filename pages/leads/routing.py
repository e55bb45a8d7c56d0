"""Routing: which dealer gets which lead, and what another rule would have changed."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from components import tables
from components.access import guard
from components.areas import routing
from components.areas.product_lines import draw_product_lines
from components.charts.base import table
from components.clock import now
from components.labels import plain
from components.perform import show_outcome
from db.core.labels import moment_label, plural
from db.core.permissions import Permission
from db.core.problems import Refused
from db.core.session import reading
from db.leads.policy_queries import Replay, try_policy
from db.leads.routing_queries import PolicyVersion, active_policy, list_policies, waiting_for_dealer

actor = guard(Permission.ROUTING_VIEW)
at = now()
DAYS = 30
RESULT = "_routing_replay"


def draw_alert() -> None:
    """Leads that nobody has, which must never be overlooked."""
    with reading() as session:
        waiting = waiting_for_dealer(session, scope=actor.scope)
    if not waiting:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f":orange[:material/report:] **{plural(waiting, 'lead waits', 'leads wait')} without a dealer.** "
            "No rule found somebody who can take them.", width="stretch",
        )  # fmt: skip
        st.page_link(
            "pages/leads/board.py", label="Show them", icon=":material/arrow_forward:",
            query_params={"lead_view": "No dealer"},
        )  # fmt: skip


def draw_versions(versions: list[PolicyVersion]) -> None:
    """Who changed the rules, when and why."""
    if not versions:
        st.caption("Nobody has changed the rules yet; these are the ones the desk starts with.")
        return
    tables.show(
        table(
            {
                "Version": [one.version for one in versions],
                "Since": [moment_label(one.created_at, actor.zone, now=at) for one in versions],
                "By": [one.created_by for one in versions], "Reason": [one.reason for one in versions],
            }
        ),
        key="routing_versions", alt="Versions of the routing rules, newest first",
        columns={
            "Version": tables.number("Version", width=65), "Since": tables.text("Since", width=130),
            "By": tables.text("By", width=110), "Reason": tables.text("Reason"),
        },
    )  # fmt: skip


def draw_change(version: int) -> None:
    """The form, the trial on last month's leads, and the way into force."""
    routing.fill_form(policy, version)
    with st.container(border=True):
        routing.draw_form()
        tried = st.button(f"Try on the leads of the last {DAYS} days", key="rp_try", icon=":material/science:")
        if tried:
            try_now()
        routing.draw_save()
    found = st.session_state.get(RESULT)
    if isinstance(found, Replay):
        st.subheader("What would have moved")
        st.caption(f"The leads of the last {DAYS} days, given out again by the rules above. Nothing was changed.")
        routing.draw_replay(found)


def try_now() -> None:
    """Replay the rules as they stand in the form."""
    st.session_state.pop(RESULT, None)
    try:
        content = routing.typed_content()
        with st.spinner("Giving out last month's leads again"), reading() as session:
            st.session_state[RESULT] = try_policy(
                session, content=content, since=at - timedelta(days=DAYS), until=at, scope=actor.scope
            )
    except Refused as refusal:
        for problem in refusal.problems:
            st.error(problem.message, icon=":material/error:")


st.title(":material/alt_route: Routing")
draw_alert()
with reading() as session:
    version, policy = active_policy(session)
    versions = list_policies(session)
left, right = st.columns([3, 2], gap="medium")
with left, st.container(border=True):
    st.markdown(f"**In force** :gray[{'version ' + str(version) if version else 'as the desk starts'}]")
    routing.draw_sentences(policy)
with right, st.container(border=True):
    st.markdown("**History**")
    draw_versions(versions)
if actor.can(Permission.ROUTING_MANAGE):
    if st.toggle("Change the rules", key="routing_edit"):
        draw_change(version)
    else:
        show_outcome(routing.FORM)
else:
    st.caption(plain("A manager can change these rules and try a change on last month's leads first."))
draw_product_lines(actor, at=at)
