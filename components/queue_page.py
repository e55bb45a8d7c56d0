"""The right-hand drawer and the paging every queue shares. A page declares a `Screen`; the engine says what is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import streamlit as st

from components import parts
from components.access import current_actor
from components.clock import now
from components.forms import Choices, converters, draw_input
from components.perform import Outcome, forget, outcome_of, perform, repeats, show_outcome, stray_problems
from db.core.problems import NotFound, Problem
from db.core.session import reading
from db.workflow.checks import available_steps
from db.workflow.spec import Flow, Step


@dataclass(frozen=True, kw_only=True)
class Screen:
    """What one queue adds to the shared drawer. `load` gives the record with number, status, version, submitted_by.

    `choices` answers for inputs whose options depend on the record or on what is chosen: (step, input) -> a function
    of (item, typed values so far). `said` words the toast after a step.
    """

    flow: Flow
    commands: Mapping[str, Callable[..., Any]]
    key: str
    load: Callable[..., Any]  # (session, *, item_id, actor, now)
    title: Callable[[Any], str]
    draw_facts: Callable[[Any], None]
    draw_below: Callable[[Any], None] | None = None
    choices: Mapping[tuple[str, str], Callable[[Any, Mapping[str, Any]], Choices]] = field(default_factory=dict)
    said: Callable[[Any, Step], str] | None = None
    defaults: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    after: Callable[[Any], None] | None = None  # what the command gave back, such as a secret to be shown once
    width: Any = 560
    zone: Callable[[Any], str] | None = None  # whose clock typed times are read by; the reader's own when None
    propose: Callable[[Any], None] | None = None  # what stands in the fields of the chosen step before anybody types

    @property
    def open_key(self) -> str:
        """Session key that holds the id of the record whose drawer is open."""
        return f"{self.key}_open"

    @property
    def form(self) -> str:
        """Name under which outcomes of this queue's steps are kept."""
        return f"{self.key}_step"


def open_drawer(screen: Screen, item_id: int) -> None:
    """Open the drawer of one record at the next run (call it from a callback)."""
    forget(screen.form)
    st.session_state[screen.open_key] = item_id


def is_open(screen: Screen) -> bool:
    """Whether the drawer is open: live lists do not tick meanwhile."""
    return st.session_state.get(screen.open_key) is not None


def _close(screen: Screen) -> None:
    st.session_state.pop(screen.open_key, None)
    forget(screen.form)


def draw_drawer(screen: Screen) -> None:
    """Draw the drawer when a record is open; call it once, at the end of the page."""
    item_id = st.session_state.get(screen.open_key)
    if item_id is None:
        show_outcome(screen.form)
        return
    actor = current_actor()
    try:
        with reading() as session:
            drawn_from = parts.stand(session)
            item = screen.load(session, item_id=item_id, actor=actor, now=now())
    except NotFound as gone:
        _close(screen)
        st.error(gone.problems[0].message)
        return
    dialog = st.dialog(screen.title(item), width=screen.width, position="right", on_dismiss=lambda: _close(screen))
    loaded = [(item, drawn_from)]  # drawn in this very run as it was just read; runs of the drawer alone read it again
    dialog(lambda: _body(screen, item_id, *(loaded.pop() if loaded else ())))()


def _body(screen: Screen, item_id: int, item: Any = None, drawn_from: parts.Stand = None) -> None:
    if st.session_state.get(screen.open_key) != item_id:
        st.rerun()  # the step was taken: the whole page follows, with the toast and, where a queue says so, the next
    if item is None:
        actor = current_actor()
        with reading() as session:
            drawn_from = parts.stand(session)
            item = screen.load(session, item_id=item_id, actor=actor, now=now())
    screen.draw_facts(item)
    parts.draw(
        lambda: draw_steps(screen, item, after=lambda result: _taken(screen, result)), drawn_from=drawn_from,
        is_alone=lambda: _is_untouched(screen, item_id),
    )  # fmt: skip
    if screen.draw_below is not None:
        screen.draw_below(item)


def _is_untouched(screen: Screen, item_id: int) -> bool:
    """Whether nothing was tried with the record. After a step the whole page follows, after a refusal the drawer."""
    if st.session_state.get(screen.open_key) != item_id:
        st.rerun()
    return outcome_of(screen.form) is None


def _taken(screen: Screen, result: Any) -> None:
    st.session_state.pop(screen.open_key, None)
    if screen.after is not None:
        screen.after(result)


def draw_steps(screen: Screen, item: Any, *, after: Callable[[Any], None] | None = None) -> None:
    """Draw the steps this person may take on this record, and the form of the chosen one.

    Buttons and commands ask the same question (`available_steps`); the click carries the version that was drawn.
    """
    actor = current_actor()
    steps = available_steps(
        screen.flow, status=item.status, submitted_by=item.submitted_by, actor=actor,
        signed_by=getattr(item, "signed_by", ""),
    )  # fmt: skip
    if not steps:
        state = screen.flow.state(item.status)
        st.caption(f"{state.label}: there is nothing you can do here.")
        _general_problems(screen)
        return
    names = {s.name: s for s in steps}
    chooser = f"{screen.key}_step_{item.id}"
    if st.session_state.get(chooser) not in names:
        likely = getattr(item, "suggested_step", "")
        st.session_state[chooser] = likely if likely in names else steps[0].name
    chosen = st.pills(
        "Next step", list(names), format_func=lambda n: f"{names[n].icon} {names[n].label}".strip(), key=chooser,
        required=True, label_visibility="collapsed",
    )  # fmt: skip
    if screen.propose is not None:
        screen.propose(item)
    _general_problems(screen)
    _step_form(screen, item, names[chosen or steps[0].name], after)


def _general_problems(screen: Screen) -> None:
    outcome = outcome_of(screen.form)
    if outcome and outcome.problems:
        show_outcome(screen.form)


def _step_form(screen: Screen, item: Any, step: Step, after: Callable[[Any], None] | None) -> None:
    zone = screen.zone(item) if screen.zone else current_actor().zone
    prefix = f"{screen.key}_{item.id}_{step.name}"
    keys = {asked.name: f"{prefix}_{asked.name}" for asked in step.inputs}
    with st.container(border=True):
        if step.help:
            st.caption(step.help)
        for asked in step.inputs:
            if not asked.label:
                st.session_state.setdefault(keys[asked.name], uuid4().hex)
                continue
            default = screen.defaults.get((step.name, asked.name))
            if default is not None:
                st.session_state.setdefault(keys[asked.name], default)
            typed = {name: st.session_state.get(key) for name, key in keys.items()}
            source = screen.choices.get((step.name, asked.name))
            draw_input(
                asked, key=keys[asked.name], form=screen.form, zone=zone,
                choices=source(item, typed) if source else None,
            )  # fmt: skip
        stray_problems(screen.form, [a.name for a in step.inputs])

        def clicked() -> None:
            command = screen.commands[step.name]
            seen = {"item_id": item.id, "seen_version": item.version}
            if repeats(command, form=screen.form, arguments=seen, keys=list(keys.values())):
                return
            missing = [
                Problem(field=a.name, code="required", message=f"{a.label} is needed.")
                for a in step.inputs
                if a.required and a.label and st.session_state.get(keys[a.name]) in (None, "", [])
            ]
            if missing:
                st.session_state[f"_outcome_{screen.form}"] = Outcome("", tuple(missing))
                return

            def words(_result: Any) -> str:
                return screen.said(item, step) if screen.said else f"{item.number}: {step.label.lower()} saved"

            perform(
                command, form=screen.form, say=words, typed=keys, convert=converters(step.inputs, zone=zone),
                after=after, arguments=seen,
            )  # fmt: skip

        st.button(step.label, key=f"{prefix}_go", type="primary", on_click=clicked, icon=step.icon or None)


# ---- keyset paging -------------------------------------------------------------------------------------------------
def cursor(key: str, *, fingerprint: Any) -> Any:
    """The cursor of the page to show; a change of filters (the fingerprint) starts again at the first page."""
    state = st.session_state.setdefault(f"{key}_pages", {"at": fingerprint, "stack": []})
    if state["at"] != fingerprint:
        state.update(at=fingerprint, stack=[])
    return state["stack"][-1] if state["stack"] else None


def draw_paging(key: str, *, following: Any, shown: int, total: str) -> None:
    """Back and next under a list; `following` is the cursor of the next page or None."""
    state = st.session_state.setdefault(f"{key}_pages", {"at": None, "stack": []})
    first = 50 * len(state["stack"]) + 1
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        range_text = f"{first}–{first + shown - 1} of {total}" if shown else f"0 of {total}"
        st.caption(range_text, width="content")
        if state["stack"] or following is not None:
            st.button(
                "Back", key=f"{key}_back", icon=":material/chevron_left:", type="tertiary",
                disabled=not state["stack"], on_click=state["stack"].pop,
            )  # fmt: skip
            st.button(
                "Next", key=f"{key}_next", icon=":material/chevron_right:", icon_position="right", type="tertiary",
                disabled=following is None, on_click=lambda: state["stack"].append(following),
            )  # fmt: skip


def remember_rows(key: str, ids: Sequence[int]) -> None:
    """Keep the ids of the rendered rows: selections and row buttons give positions, never ids."""
    st.session_state[f"{key}_ids"] = list(ids)


def id_at(key: str, position: int) -> int | None:
    """The id of the rendered row at a position."""
    ids = st.session_state.get(f"{key}_ids", [])
    return ids[position] if 0 <= position < len(ids) else None
