"""Pieces of To do now: one customer to turn to, its outcome in one choice, and what waits of appointments."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import streamlit as st

from components import labels
from components.access import current_actor
from components.clock import now
from components.labels import plain
from components.perform import outcome_of, perform, problems_of, show_outcome, stray_problems
from db import catalog
from db.cadence.commands import close_task, skip_task
from db.cadence.rules import fits
from db.cadence.today_queries import TodayLine, get_line
from db.core.area import WorkLine
from db.core.labels import plural, relative_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.leads.commands import log_activity
from db.leads.flow import FLOW, OUTCOMES

OPEN, LAST = "today_open", "_today_last"
ICONS = {
    "call": ":material/call:", "email": ":material/mail:", "text": ":material/sms:", "any": ":material/forum:",
}  # fmt: skip
SHORT = {"call": "Call", "email": "E-mail", "text": "Text"}
QUICK = ("voicemail", "no_answer", "reached", "wrong_number", "sent", "answered")
"""Outcomes of what we do; what the customer sends us is logged on the lead."""


def outcome_choices(kind: str) -> dict[str, str]:
    """Kind and outcome as one choice: "call:voicemail" -> "Left a voicemail"; with the kind where it is left open."""
    found = {}
    for one in ("call", "email", "text"):
        if fits(kind, one):
            for name, words in OUTCOMES[one]:
                if name in QUICK:
                    found[f"{one}:{name}"] = f"{SHORT[one]}: {words[:1].lower()}{words[1:]}" if kind == "any" else words
    return found


def due_words(line: TodayLine, at: datetime) -> str:
    """When a line is due, beside now."""
    return relative_label(line.due_at, at)


def draw_customer(line: TodayLine) -> None:
    """Whom, why now, how to reach them, and what to say."""
    at = now()
    labels.badges(
        [
            (line.what, "blue"), (due_words(line, at), "red" if line.is_overdue else "gray"),
            (FLOW.state(line.status).label, FLOW.state(line.status).tone),
            (f"+{line.more} more" if line.more else "", "gray"), ("" if line.required else "Optional", "gray"),
        ]
    )  # fmt: skip
    st.caption(plain(line.why) + (f" · stands in for {plain(line.covers)}" if line.covers else ""))
    labels.facts(
        [
            ("Reach at", line.reach or "See the customer's record"), ("Wants", line.wants or "Not said"),
            ("Tried", plural(line.attempts, "attempt") if line.attempts else "Not yet"),
            *([("Person", line.person)] if line.person else [("Person", "Nobody has it yet")]),
        ]
    )  # fmt: skip
    if line.ask:
        st.info(plain(line.ask), icon=":material/help:")


def draw_log(line: TodayLine, *, prefix: str, close: bool) -> None:
    """The outcome as one choice and one button; with `close` the drawer shuts when it was logged."""
    form = f"{prefix}_{line.lead_id}"
    choice, note = f"{form}_outcome", f"{form}_note"
    form_key = str(st.session_state.setdefault(f"{form}_key", uuid4().hex))
    options = outcome_choices(line.kind)
    st.pills(
        "What came of it", list(options), format_func=options.__getitem__, key=choice, wrap=True,
        label_visibility="visible" if close else "collapsed",
    )  # fmt: skip
    problems_of(form, "outcome")
    if close:
        st.text_area("Note :gray[(optional)]", key=note, height=80, max_chars=4000)
        problems_of(form, "note")

    def log() -> None:
        kind, _, outcome = str(st.session_state.get(choice) or "").partition(":")
        arguments: dict[str, Any] = {
            "outcome": outcome, "form_key": form_key, "note": st.session_state.get(note) or "",
            "kind": kind or ("call" if line.kind == "any" else line.kind),
        }  # fmt: skip
        command: Any
        if line.task_id is None:
            command, more = log_activity, {"item_id": line.lead_id, "seen_version": line.lead_version}
        else:
            command = close_task
            more = {"task_id": line.task_id, "seen_version": line.version, "lead_version": line.lead_version}

        def done(_result: Any) -> None:
            st.session_state.pop(f"{form}_key", None)
            st.session_state.pop(note, None)
            if close:
                st.session_state.pop(OPEN, None)

        st.session_state[LAST] = form
        perform(
            command, form=form, arguments={**arguments, **more}, clear=[choice], after=done,
            say=f"{line.number}: {options.get(f'{kind}:{outcome}', 'logged').lower()}",
        )  # fmt: skip

    show_outcome(form)
    stray_problems(form, ("outcome", "note"))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button("Log", key=f"{form}_log", type="primary", icon=":material/check:", on_click=log)
        if close and line.task_id is not None and not line.required:
            _draw_skip(line, form)
        st.page_link(
            "pages/leads/lead.py", label="Open lead", icon=":material/arrow_forward:",
            query_params={"lead": str(line.lead_id)},
        )  # fmt: skip


def _draw_skip(line: TodayLine, form: str) -> None:
    reason = f"{form}_reason"

    def skip() -> None:
        perform(
            skip_task, form=f"{form}_skip", say="Skipped", typed={"reason": reason},
            convert={"reason": lambda v: v or ""},
            arguments={"task_id": line.task_id, "seen_version": line.version},
            after=lambda _r: st.session_state.pop(OPEN, None),
        )  # fmt: skip

    with st.popover("Skip", icon=":material/redo:"):
        st.text_input("Why it is not needed", key=reason, max_chars=200)
        problems_of(f"{form}_skip", "reason")
        show_outcome(f"{form}_skip")
        st.button("Skip this step", key=f"{form}_skip_go", on_click=skip)


def show_logged() -> None:
    """Say that a contact was logged: the line it was logged on may be gone from the list by now."""
    form = st.session_state.pop(LAST, None)
    outcome = outcome_of(form) if form else None
    if outcome is not None and not outcome.problems:
        show_outcome(form)


def open_line(lead_id: int) -> None:
    """Open the drawer of one customer at the next run (call it from a callback)."""
    st.session_state[OPEN] = lead_id


def is_open() -> bool:
    """Whether the drawer is open: the list does not tick meanwhile."""
    return st.session_state.get(OPEN) is not None


def draw_line_drawer() -> None:
    """The drawer of the chosen customer; call it once, at the end of the page."""
    lead_id = st.session_state.get(OPEN)
    if lead_id is None:
        return
    try:
        with reading() as session:
            line = get_line(session, lead_id=lead_id, actor=current_actor(), now=now())
    except NotFound:
        st.session_state.pop(OPEN, None)
        st.toast("There is nothing left to do for this customer now.")
        return

    def body() -> None:
        if st.session_state.get(OPEN) is None:
            st.rerun()
        with reading() as session:
            fresh = get_line(session, lead_id=lead_id, actor=current_actor(), now=now())
        draw_customer(fresh)
        draw_log(fresh, prefix="today_drawer", close=True)

    title = f"{line.number} · {plain(line.customer) or 'Unknown'}"
    st.dialog(title, width=560, position="right", on_dismiss=lambda: st.session_state.pop(OPEN, None))(body)()


def appointment_lines(session: Any, *, at: datetime) -> list[WorkLine]:
    """What waits of appointments (to confirm, just missed), through what that area offers to My work."""
    actor = current_actor()
    found: list[WorkLine] = []
    for area in catalog.AREAS:
        if area.name == "appointments":
            for source in area.work:
                if actor.can(source.permission):
                    found += source.lines(session, actor=actor, now=at, limit=20)
    return found


def may_see_all() -> bool:
    """Whether this person looks after more than their own customers."""
    actor = current_actor()
    return actor.can(Permission.TASKS_HAND_OVER) or not actor.role.is_dealer
