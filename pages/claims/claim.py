"""Claim: everything of one claim for dealer and manufacturer, what happens next, and why it was decided as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import streamlit as st

from components.access import guard
from components.areas.claim_files import draw_files, draw_needed, draw_upload
from components.areas.claim_page import (
    draw_answer,
    draw_facts,
    draw_findings,
    draw_jobs,
    draw_money,
    draw_old_parts,
    draw_story,
    draw_versions,
)
from components.clock import now
from components.labels import empty_state
from components.perform import perform, show_outcome
from components.queue_page import Screen, draw_steps
from db.claim_payments.paid_queries import paid_of
from db.claims.attachment_commands import CLOSED_FOR_FILES
from db.claims.claim_queries import ClaimView, get_claim
from db.claims.commands import COMMANDS
from db.claims.flow import DEALERS_TURN, FLOW
from db.claims.hold_queries import clock_of
from db.claims.standing_queries import StandingLine, standing_of
from db.claims.version_commands import SETTLED, begin_debit, begin_supplement
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.part_returns.queries import returns_of_claims

actor = guard(Permission.CLAIMS_VIEW)
FORM = "claim_more"


def begin(command: Callable[..., Any], label: str, form_key: str, claim_id: int) -> None:
    """Begin the next version; a link leads to it then."""

    def begun(made: int) -> None:
        st.session_state["claim_begun"] = made
        st.session_state.pop("claim_version_key", None)

    perform(
        command, form=FORM, say=f"{label} begun: it stands under New claim", after=begun,
        arguments={"claim_id": claim_id, "form_key": form_key},
    )  # fmt: skip


def draw_actions(view: ClaimView, at: StandingLine) -> None:
    """The steps of this person on this claim, then what leads to another form."""
    screen = Screen(
        flow=FLOW, commands=COMMANDS, key="claim_page", load=get_claim, title=lambda v: v.number,
        draw_facts=lambda v: None, choices={("hand_over", "assignee_id"): lambda _v, _typed: list(at.deciders)},
    )  # fmt: skip
    show_outcome(screen.form)
    enters = actor.can(Permission.CLAIMS_ENTER)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if enters and view.status in DEALERS_TURN:
            label = "Go on with it" if view.status == "draft" else "Fix and send again"
            st.page_link("pages/claims/new_claim.py", label=label, icon=":material/edit:",
                         query_params={"draft": str(view.id)})  # fmt: skip
        if enters and view.status in SETTLED and view.claim.claim_type != "pre_authorization":
            key = st.session_state.setdefault("claim_version_key", uuid4().hex)
            for word, command, icon in (("Supplement", begin_supplement, "add_circle"),
                                        ("Debit", begin_debit, "remove_circle")):  # fmt: skip
                st.button(
                    word, key=f"claim_{word}", icon=f":material/{icon}:", on_click=begin,
                    args=(command, word, f"{key}-{word}", view.id),
                )  # fmt: skip
        if enters:
            st.page_link("pages/claims/new_claim.py", label="Copy as a new claim", icon=":material/content_copy:",
                         query_params={"copy": str(view.id)})  # fmt: skip
        begun = st.session_state.get("claim_begun")
        if any(v.id == begun and v.status == "draft" for v in view.versions):
            st.page_link("pages/claims/new_claim.py", label="Go on with the new version",
                         icon=":material/arrow_forward:", query_params={"draft": str(begun)})  # fmt: skip
    draw_steps(screen, view)


def draw_all_files(view: ClaimView, at: StandingLine) -> None:
    """The files, and while the claim is open room for more."""
    draw_needed(at.needed, view.files)
    mine = actor.can(Permission.CLAIMS_ENTER)
    draw_files(
        view.files, actor=actor, zone=actor.zone, key="claim_file", may_remove=mine and view.status in DEALERS_TURN
    )
    if mine and view.status not in CLOSED_FOR_FILES:
        draw_upload(key=f"claim_up_{view.id}", needed=at.needed, files=view.files, claim=lambda: view.id)


wanted = st.query_params.get("claim", "")
if not wanted.isdecimal():
    st.title(":material/description: Claim")
    empty_state("description", "No claim is chosen.", action="Search for its number.")
    st.stop()
try:
    with reading() as session:
        shown = get_claim(session, item_id=int(wanted), actor=actor, now=now())
        paid = paid_of(session, claim_ids=[v.id for v in shown.versions], actor=actor)
        memos = tuple(p.memo for p in paid if p.claim_id == shown.id)
        standing = standing_of(session, claim_id=shown.id, actor=actor, now=now(), memos=memos)
        clock = clock_of(session, claim_id=shown.id, actor=actor, now=now())
        old_parts = returns_of_claims(session, claim_ids=[shown.id], actor=actor).get(shown.id, ())
except NotFound as gone:
    st.error(gone.problems[0].message)
    st.stop()
st.title(f":material/description: {shown.number}")
show_outcome(FORM)
draw_answer(shown, standing, clock)
draw_actions(shown, standing)
left, right = st.columns([3, 2], gap="medium")
with left:
    st.subheader("Money")
    draw_money(shown)
    draw_old_parts(old_parts)
with right:
    st.subheader("The claim")
    draw_facts(shown)
found, work, files, versions, story = st.tabs(["Findings", "Jobs", "Files", "Versions", "What happened"])
with found:
    draw_findings(shown)
with work:
    draw_jobs(shown)
with files:
    draw_all_files(shown, standing)
with versions:
    draw_versions(shown, paid)
with story:
    draw_story(shown, actor=actor)
