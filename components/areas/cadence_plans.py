"""Plans: what is in force, its versions, what a version changes, and a new one with its preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import streamlit as st

from components import labels
from components.access import current_actor
from components.charts.base import table
from components.clock import now
from components.editing import edited
from components.filters import one
from components.labels import plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from db.cadence.plan_commands import activate_plan, draft_plan
from db.cadence.plan_queries import PlanVersion, list_versions
from db.cadence.rules import KINDS, PLANS, PlanStep, check_steps, compare_steps, days_of, in_order, step_words, steps_on
from db.core.labels import moment_label, plural
from db.core.permissions import Permission
from db.core.session import reading

STATES = {"active": ("In force", "green"), "draft": ("Draft", "orange"), "retired": ("Retired", "gray")}
FORM = "fu_plan_form"


def draw_plans() -> None:
    """The second tab of the page."""
    actor, at = current_actor(), now()
    plan = one("Plan", PLANS, key="fu_which", default="new_lead")
    with reading() as session:
        versions = list_versions(session, plan=plan, scope=actor.scope, now=at)
    force = next(v for v in versions if v.state == "active")
    show_outcome(FORM)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(f"Version {force.version}, in force")
        _draw_steps(force.steps)
    with right:
        st.subheader("Versions")
        for version in versions:
            _draw_version(version, force=force, former=_before(versions, version))
    if actor.can(Permission.CADENCE_MANAGE):
        _draw_form(plan, force=force, newest=versions[0].version)


def _before(versions: list[PlanVersion], version: PlanVersion) -> PlanVersion | None:
    return next((v for v in versions if v.version < version.version and v.state != "draft"), None)


def _draw_steps(steps: tuple[PlanStep, ...]) -> None:
    labels.facts(
        [(f"Day {day}", " · ".join(step_words(step) for step in steps_on(steps, day))) for day in days_of(steps)]
    )
    st.caption("A closed day moves to the next opening day. Texts are skipped without consent.")


def _draw_version(version: PlanVersion, *, force: PlanVersion, former: PlanVersion | None) -> None:
    actor, at = current_actor(), now()
    with st.container(border=True, gap="xsmall"):
        labels.badges([(f"Version {version.version}", "blue"), STATES[version.state]])
        when = moment_label(version.activated_at or version.created_at, actor.zone, now=at)
        st.caption(
            f"{plain(version.activated_by or version.created_by)}, {plain(when)} · "
            f"{plural(version.running, 'lead')} on it now"
        )
        if version.reason:
            st.markdown(plain(version.reason))
        against = force if version.state == "draft" else former
        if against is not None and against.version != version.version:
            with st.expander(f"What differs from version {against.version}"):
                _draw_difference(against.steps, version.steps)
        if version.state == "draft" and actor.can(Permission.CADENCE_MANAGE):

            def activate(chosen: PlanVersion = version) -> None:
                perform(
                    activate_plan, form=FORM, say=f"Version {chosen.version} is in force",
                    arguments={"version_id": chosen.version_id, "seen_active": force.version},
                )  # fmt: skip

            st.button(
                "Put in force", key=f"fu_activate_{version.version_id}", type="primary", on_click=activate,
                help="New leads begin with it; those that are followed up keep the version they began with",
            )  # fmt: skip


def _draw_difference(old: tuple[PlanStep, ...], new: tuple[PlanStep, ...]) -> None:
    found = compare_steps(old, new)
    if not found:
        st.caption("Nothing differs.")
    for what, step in found:
        mark, colour = ("+", "green") if what == "added" else ("–", "red")
        st.markdown(f":{colour}[{mark} Day {step.day}: {plain(step_words(step))}]")


def _draw_form(plan: str, *, force: PlanVersion, newest: int) -> None:
    """A table to edit, the preview of what it would change, and why."""
    with st.expander("New version", icon=":material/edit_note:"):
        st.caption(
            "Change, add or remove steps. Minutes of opening hours are for day 0; "
            "later days are due by closing time. The draft changes nothing until it is put in force."
        )
        grid = f"fu_steps_{plan}_{force.version}"
        rows = [
            {"Day": s.day, "Contact": KINDS[s.kind], "Minutes": s.minutes, "Required": s.required} for s in force.steps
        ]
        st.data_editor(
            table({name: [row[name] for row in rows] for name in ("Day", "Contact", "Minutes", "Required")}),
            key=grid, num_rows="dynamic", hide_index=True,
            column_config={
                "Day": st.column_config.NumberColumn("Day", min_value=0, max_value=90, step=1, required=True),
                "Contact": st.column_config.SelectboxColumn("Contact", options=list(KINDS.values()), required=True),
                "Minutes": st.column_config.NumberColumn(
                    "Minutes", min_value=1, max_value=540, step=1, help="Of opening hours; day 0 only"
                ),
                "Required": st.column_config.CheckboxColumn("Required", default=True),
            },
        )  # fmt: skip
        steps = read_edited(edited(rows, grid))
        problems_of(FORM, "steps")
        wrong = check_steps(steps)
        for problem in wrong:
            st.markdown(f":red[:material/error: {plain(problem.message)}]")
        if not wrong and steps != force.steps:
            st.markdown("**Preview**")
            _draw_difference(force.steps, steps)
        st.text_input("Why it changes", key="fu_reason", max_chars=1000)
        problems_of(FORM, "reason")
        stray_problems(FORM, ("steps", "reason"))
        form_key = str(st.session_state.setdefault("fu_plan_key", uuid4().hex))

        def save() -> None:
            now_there = read_edited(edited(rows, grid))
            perform(
                draft_plan, form=FORM, say="The draft was stored", typed={"reason": "fu_reason"},
                convert={"reason": lambda v: v or ""},
                arguments={
                    "plan": plan, "steps": [s.stored() for s in now_there], "seen_version": newest,
                    "form_key": form_key,
                },
                after=lambda _id: st.session_state.pop("fu_plan_key", None),
            )  # fmt: skip

        st.button("Store as draft", key="fu_draft", type="primary", on_click=save)


def read_edited(rows: Sequence[Mapping[str, Any]]) -> tuple[PlanStep, ...]:
    """The steps of the edited table; rows that are not filled in yet are left out."""
    kinds = {label: kind for kind, label in KINDS.items()}
    found = []
    for row in rows:
        day, kind, minutes = row.get("Day"), kinds.get(str(row.get("Contact"))), row.get("Minutes")
        if day is None or day != day or kind is None:  # noqa: PLR0124 - a cell nobody filled in is NaN
            continue
        has_minutes = minutes is not None and minutes == minutes  # noqa: PLR0124
        found.append(
            PlanStep(
                day=int(day), kind=kind, required=bool(row.get("Required")),
                minutes=int(minutes or 0) if has_minutes else None,
            )
        )  # fmt: skip
    return in_order(found)
