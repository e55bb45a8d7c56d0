"""Incentive programs: the list, one program with its versions, the form that drafts one, and publishing by another."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any
from uuid import uuid4

import streamlit as st

from components.access import guard
from components.areas import incentive_programs as show
from components.areas.incentive_builder import DEFAULTS, body_of, draw_fields, draw_preview
from components.areas.incentive_fields import FORM, draw_problems
from components.clock import today
from components.exports import export_button
from components.filters import one, pick, words
from components.labels import empty_state
from components.perform import forget, perform, show_outcome, stray_problems
from db.calendar.queries import DESK_ZONE
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions
from db.incentives.commands import save_program
from db.incentives.model import KINDS, program_to_json
from db.incentives.program_queries import (
    STATES,
    ProgramPage,
    count_states,
    find_program,
    list_programs,
    program_page,
)

EDIT = "_inp_edit"
actor = guard(Permission.INCENTIVES_VIEW)
drafts = actor.can(Permission.INCENTIVES_DRAFT) and actor.scope.is_all
on = today(DESK_ZONE)


def open_program(program_id: int | None) -> None:
    """Show one program, or the list again, and forget what was said of the last click (in a callback)."""
    forget(FORM)
    go(program_id)


def go(program_id: int | None) -> None:
    """Show one program, or the list again, with the outcome of the click (in a callback)."""
    st.session_state.pop(EDIT, None)
    if program_id is None:
        st.query_params.pop("program", None)
    else:
        st.query_params["program"] = str(program_id)


def begin(page: ProgramPage | None) -> None:
    """Open the form: for a new program, for the draft there is, or for the version that follows the published one."""
    forget(FORM)
    draft, held = (page.draft, page.published) if page else (None, None)
    start = draft or held
    month = date(on.year + on.month // 12, on.month % 12 + 1, 1)
    last = month.replace(day=monthrange(month.year, month.month)[1])
    base: dict[str, Any] = {**DEFAULTS, "program": {"first": month.isoformat(), "last": last.isoformat()}}
    st.session_state[EDIT] = {
        "key": uuid4().hex, "base": program_to_json(start.program) if start else base, "known": start is not None,
        "before": held.program if held else None, "seen": draft.version if draft else 0,
        "first": draft.effective_from if draft else None, "reason": draft.reason if draft else "",
        "earliest": held.effective_from if held else None,
    }  # fmt: skip


def draw_list() -> None:
    """Programs by state, with what was earned and what of the budget is committed."""
    with reading() as session:
        counts = count_states(session, actor=actor, today=on)
    states = {"": "All"} | {
        name: f"{'Drafts' if name == 'draft' else label} ({counts[name]})" for name, (label, _) in STATES.items()
        if name != "draft" or drafts
    }  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        state = one("Show", states, key="inp_state", default="")
        kind = pick("Kind", {k: k for k in KINDS.values()}, key="inp_kind", all_label="Every kind", width=200)
        text = words("Find", key="inp_text", placeholder="Code, name, bulletin, group", width=260)
        export_button("incentive_programs", {"state": state, "kind": kind, "text": text})
    with reading() as session:
        rows = list_programs(session, actor=actor, today=on, state=state, kind=kind, text=text)
    if rows:
        show.draw_rows(rows, on_open=open_program, is_house=not actor.role.is_dealer)
    else:
        empty_state("campaign", "No program matches." if state or kind or text else "There is no program yet.")


def suggestions() -> dict[str, list[str]]:
    """What fields that take any word offer first."""
    with reading() as session:
        rows = list_programs(session, actor=actor, today=on)
        return {
            "eligible.regions": regions(session, actor.scope), "compatible": [r.code for r in rows],
            "eligible.enrolled": [d.code for d in dealer_choices(session, actor.scope)],
            "eligible.years": [str(on.year + n) for n in (-1, 0, 1)],
        }  # fmt: skip


def draw_form(edit: dict[str, Any]) -> None:
    """The fields at the left, what they come to at the right."""
    at, base = f"inp_{edit['key']}_", edit["base"]
    left, right = st.columns([3, 2], gap="large")
    with left:
        draw_fields(
            base, at=at, options=suggestions(), is_known=edit["known"], keeps_kind=edit["before"] is not None
        )  # fmt: skip
        if edit["before"] is not None:
            st.date_input(
                "This version holds for deliveries from", edit["first"] or max(on, edit["earliest"]), key=f"{at}first",
                help="Earlier deliveries keep the version they had",
            )  # fmt: skip
            draw_problems("effective_from")
        st.text_input("What changes, and why", edit["reason"], key=f"{at}reason", max_chars=1000)
        stray_problems(FORM, show.drawn_fields(FORM))
        show_outcome(FORM)

        def saved(_version_id: int) -> None:
            with reading() as session:
                go(find_program(session, code=body_of(base, at=at)["code"], actor=actor))

        def save() -> None:
            perform(
                save_program, form=FORM, say="The draft was saved; somebody else publishes it", after=saved,
                arguments={
                    "body": body_of(base, at=at), "effective_from": st.session_state.get(f"{at}first"),
                    "reason": st.session_state.get(f"{at}reason") or "", "seen_version": edit["seen"],
                    "form_key": None if edit["seen"] else edit["key"],
                },
            )  # fmt: skip

        with st.container(horizontal=True, gap="small"):
            st.button("Save draft", key="inp_save", type="primary", icon=":material/save:", on_click=save)
            st.button("Cancel", key="inp_cancel", type="tertiary", on_click=lambda: st.session_state.pop(EDIT, None))
    with right, st.container(border=True):
        draw_preview(body_of(base, at=at), edit["before"])


def draw_page(program_id: int) -> None:
    """One program whole."""
    st.button("All programs", key="inp_back", icon=":material/arrow_back:", type="tertiary", on_click=open_program,
              args=(None,))  # fmt: skip
    try:
        with reading() as session:
            page = program_page(session, program_id=program_id, actor=actor, today=on)
    except NotFound as gone:
        st.error(gone.problems[0].message)
        return
    show.draw_head(page)
    show_outcome(FORM)
    if drafts:
        label = "Change the draft" if page.draft else "Draft the next version"
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(label, key="inp_change", icon=":material/edit:", on_click=begin, args=(page,))
            show.link_to_simulator(page, actor)
    if page.draft is not None:
        show.draw_draft(page, page.draft, on_gone=go)
    show.draw_published(page)


chosen = st.query_params.get("program", "")
edit = st.session_state.get(EDIT) if drafts else None
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/campaign: Incentive programs")
    if drafts and edit is None and not chosen:
        st.button("New program", key="inp_new", type="primary", icon=":material/add:", on_click=begin, args=(None,))
if edit is not None:
    draw_form(edit)
elif chosen.isdecimal():
    draw_page(int(chosen))
else:
    show_outcome(FORM)
    draw_list()
