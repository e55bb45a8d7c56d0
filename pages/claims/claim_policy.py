"""The claim policy: the rules W01 to W28, authority, clocks and goodwill, by version; managers publish the next."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import streamlit as st

from components.access import guard
from components.areas import claim_policy as parts
from components.clock import today
from components.filters import pick
from components.labels import badges, plain
from components.perform import forget, outcome_of, perform, problems_of, show_outcome
from db.calendar.queries import DESK_ZONE
from db.claims.policy_commands import publish_policy
from db.claims.policy_compare_rules import changes_between
from db.claims.policy_edit_rules import TABLES
from db.claims.policy_queries import PolicyVersion, list_versions
from db.core.permissions import Permission
from db.core.problems import Refused
from db.core.session import reading

FORM, EDITING, FORM_KEY = "claim_policy", "cp_editing", "cp_form_key"
STATES = {
    "in_force": ("In force", "green"), "coming": ("To come", "blue"), "past": ("Past", "gray"),
    "replaced": ("Replaced before it began", "gray"),
}  # fmt: skip
SHOWN = 40


def main() -> None:
    """Draw the page."""
    actor = guard(Permission.WARRANTY_VIEW)
    with reading() as session:
        versions = list_versions(session, on=today(DESK_ZONE), actor=actor)
    may = actor.can(Permission.WARRANTY_MANAGE) and actor.scope.is_all
    base = st.session_state.get(EDITING) if may else None
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(":material/rule: Claim policy", anchor=False)
        if may and base is None:
            st.button("Change", key="cp_change", icon=":material/edit:", type="primary", on_click=begin,
                      args=(versions[0].number,))  # fmt: skip
    show_outcome(FORM)
    started = next((v for v in versions if v.number == base), None)
    if started is not None:
        draw_change(started)
    else:
        draw_version(versions)


# ---- read ------------------------------------------------------------------------------------------------------------
def draw_version(versions: tuple[PolicyVersion, ...]) -> None:
    """One version, whole; the one in force unless another is chosen."""
    options = {str(v.number): f"Version {v.number}, from {words(v.effective_from)}" for v in versions}
    chosen = pick("Version", options, key="cp_version", all_label="The version in force", width=320)
    version = next((v for v in versions if str(v.number) == chosen), None)
    version = version or next(v for v in versions if v.state == "in_force")
    badges([(f"Version {version.number}", "blue"), STATES[version.state]])
    until = (
        f" to {words(version.until - timedelta(days=1))}" if version.until and version.state != "replaced" else " on"
    )
    who = f", published by {version.created_by}" if version.created_by else ""
    first = version.number == versions[-1].number
    st.markdown(
        plain(
            f"{version.reason}{who}."
            if first
            else f"From {words(version.effective_from)}{until}: {version.reason}{who}."
        )
    )
    if version.changes:
        with st.expander(f"What this version changed ({len(version.changes)})", icon=":material/difference:"):
            st.markdown("\n".join(f"- {plain(sentence)}" for sentence in version.changes))
    rules, states, types, money = st.tabs(["Rules", "Clocks and windows", "Types and files", "Authority and money"])
    with rules:
        parts.draw_rules(version)
    with states:
        parts.draw_states(version)
    with types:
        parts.draw_types(version)
    with money:
        parts.draw_authority(version)


def words(day: date) -> str:
    """ "3 Nov 2026"."""
    return f"{day.day} {day:%b %Y}"


# ---- change ----------------------------------------------------------------------------------------------------------
def begin(number: int) -> None:
    """Start a change from a version, with a form of its own."""
    forget(FORM)
    st.session_state[EDITING], st.session_state[FORM_KEY] = number, uuid4().hex


def leave(*_: Any) -> None:
    """Back to reading; what was typed is dropped."""
    forget_form = [key for key in st.session_state if str(key).startswith("cp_grid_")]
    for key in (EDITING, FORM_KEY, "cp_from", "cp_reason", "cp_past", *forget_form):
        st.session_state.pop(key, None)


def draw_change(base: PolicyVersion) -> None:
    """The grids, what they change in sentences, and the first day of the new version."""
    st.caption(
        f"Everything starts from version {base.number}. Nothing holds before you publish; claims that are decided keep "
        "their decision."
    )
    made, problems = parts.as_edited(base)
    parts.draw_grids(base, problems)
    st.subheader("What changes", anchor=False)
    said = changes_between(base.policy, made)
    more = f"\n- and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
    st.markdown("\n".join(f"- {plain(s)}" for s in said[:SHOWN]) + more if said else ":gray[Nothing yet.]")
    if problems:
        st.warning("Something above cannot hold; it is marked at its table.", icon=":material/warning:")
    with st.container(horizontal=True, vertical_alignment="top"):
        with st.container(width=180):
            st.date_input(
                "First day", value=max(base.effective_from, today(DESK_ZONE) + timedelta(days=1)), key="cp_from"
            )
            problems_of(FORM, "effective_from")
        with st.container():
            st.text_input("Reason", key="cp_reason", max_chars=1000, placeholder="Why the policy changes")
            problems_of(FORM, "reason")
    if needs_past_reason():
        st.text_input("Why it begins on a past day", key="cp_past", max_chars=1000)
        problems_of(FORM, "past_reason")

    def publish() -> None:
        perform(
            publish_policy, form=FORM, say=lambda number: f"Version {number} was published",
            typed={"policy": parts.grid_key(base, "rules"), "effective_from": "cp_from", "reason": "cp_reason",
                   "past_reason": "cp_past"},
            convert={"policy": lambda _: policy_of_grids(base), "effective_from": as_day,
                     "reason": lambda v: v or "", "past_reason": lambda v: v or ""},
            arguments={"seen_version": base.number, "form_key": st.session_state.get(FORM_KEY)}, after=leave,
        )  # fmt: skip

    outcome = outcome_of(FORM)
    for problem in outcome.problems if outcome else ():
        if problem.field in TABLES and problem.message not in {p.message for p in problems}:
            st.error(plain(problem.message), icon=":material/error:")
    with st.container(horizontal=True):
        st.button("Publish", key="cp_publish", type="primary", icon=":material/publish:", on_click=publish)
        st.button("Cancel", key="cp_cancel", on_click=leave)


def needs_past_reason() -> bool:
    """Whether the last refusal, or what was typed since, asks for the reason of a past day."""
    outcome = outcome_of(FORM)
    asked = any(p.field == "past_reason" for p in (outcome.problems if outcome else ()))
    return asked or bool(st.session_state.get("cp_past"))


def as_day(value: Any) -> date | None:
    """What the date widget holds."""
    return value if isinstance(value, date) else None


def policy_of_grids(base: PolicyVersion) -> Any:
    """The policy in the grids at the click; refused with the problem at its table."""
    made, problems = parts.as_edited(base)
    if problems:
        raise Refused(*problems)
    return made


main()
