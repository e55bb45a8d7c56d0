"""Coaching: the list of notes, writing one, reading and confirming it, recording what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import streamlit as st

from components import labels, tables
from components.access import current_actor
from components.charts.base import table
from components.clock import now, today
from components.filters import one
from components.labels import empty_state, plain
from components.perform import forget, perform, problems_of, show_outcome
from components.queue_page import Screen, cursor, draw_drawer, draw_paging, id_at, open_drawer, remember_rows
from db.core.actor import Actor
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.quality import rules
from db.quality.coaching_commands import COMMANDS, write_note
from db.quality.flow import COACHING
from db.quality.queries import NoteRow, get_note, list_notes, who_can_be_coached

FORM, OPEN = "quality_coaching", "quality_coaching_new"
KEYS = {
    "dealer_id": "quality_cn_dealer", "person_id": "quality_cn_person", "note": "quality_cn_note",
    "agreed": "quality_cn_agreed", "follow_up_day": "quality_cn_day", "metric": "quality_cn_metric",
}  # fmt: skip
RESULT_TONES = {"better": "green", "same": "gray", "worse": "red", "unknown": "gray"}


def measured(note: NoteRow, value: int | None, n: int) -> str:
    """A figure with what it is of: "62 points (5)"."""
    return "no figure" if value is None else f"{value} {rules.METRIC_UNITS[note.metric]} (n = {n})"


def _facts(note: NoteRow) -> None:
    actor = current_actor()
    state = COACHING.state(note.status)
    due = [("Follow-up is due", "orange")] if note.is_due else []
    labels.badges([(state.label, state.tone), *due])
    st.markdown(plain(note.note))
    st.markdown(f":material/handshake: **Agreed:** {plain(note.agreed)}")
    about = note.review_number or note.lead_number
    labels.facts(
        [
            ("For", note.person), ("By", note.coach), ("Dealer", note.dealer), ("About", about),
            ("Written", moment_label(note.created_at, actor.zone, now=now())),
            ("Look again", f"{note.follow_up_day:%a} {note.follow_up_day.day} {note.follow_up_day:%b %Y}"),
            ("Measured by", rules.METRICS[note.metric]), ("Then", measured(note, note.then_value, note.then_n)),
            *(
                [
                    ("Now", measured(note, note.now_value, note.now_n)), ("Result", rules.RESULTS[note.result]),
                ]
                if note.result
                else []
            ),
            *([("Said", note.result_note)] if note.result_note else []),
        ]
    )  # fmt: skip
    if note.person_id != actor.user_id and note.status == "given":
        st.caption("Not confirmed by the person yet.")


SCREEN = Screen(
    flow=COACHING, commands=COMMANDS, key="quality_note", load=get_note,
    title=lambda n: f"{n.number} · {plain(n.person)}", draw_facts=_facts,
)  # fmt: skip


def open_note(note_id: int) -> None:
    """Open a note's drawer."""
    open_drawer(SCREEN, note_id)


def open_coaching(**known: Any) -> None:
    """Open the form of a new note with what is known of it (call it from a callback)."""
    forget(FORM)
    for key in KEYS.values():
        st.session_state.pop(key, None)
    for name in ("dealer_id", "person_id"):
        if known.get(name) is not None:
            st.session_state[KEYS[name]] = known[name]
    st.session_state[OPEN] = {"form_key": uuid4().hex, "review_id": known.get("review_id")}


def draw_coaching(actor: Actor, filters: Mapping[str, Any], at: datetime) -> None:
    """The notes this person may read."""
    may_coach = actor.can(Permission.QUALITY_COACH)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        which = one("Notes", {"open": "Open", "closed": "Closed"}, key="quality_notes", default="open")
        if may_coach:
            st.button(
                "Write a note", key="quality_cn_new", icon=":material/school:", type="primary",
                on_click=lambda: open_coaching(dealer_id=filters.get("dealer")),
            )  # fmt: skip
    after = cursor("quality_note", fingerprint=(which, filters.get("dealer")))
    with reading() as session:
        rows, following = list_notes(
            session, actor=actor, now=at, is_open=which == "open", dealer_id=filters.get("dealer"), after=after
        )
    if not rows:
        empty_state(
            "school", "No coaching notes here.",
            action="Open a review and choose Coach, or write one." if may_coach else "Notes written to you stand here.",
        )  # fmt: skip
        return
    remember_rows("quality_note", [n.id for n in rows])

    def opened(position: int) -> None:
        note_id = id_at("quality_note", position)
        if note_id is not None:
            open_note(note_id)

    tables.show(
        table(
            {
                "Note": [n.number for n in rows], "For": [n.person for n in rows], "By": [n.coach for n in rows],
                "Dealer": [n.dealer for n in rows], "Status": [[COACHING.state(n.status).label] for n in rows],
                "Look again": [
                    f"{n.follow_up_day.day} {n.follow_up_day:%b %Y}" + (" · due" if n.is_due else "") for n in rows
                ],
                "Then": [measured(n, n.then_value, n.then_n) for n in rows],
                "Now": [measured(n, n.now_value, n.now_n) if n.result else "–" for n in rows],
                "Result": [[rules.RESULTS[n.result]] if n.result else [] for n in rows],
            }
        ),
        key=f"quality_notes_{which}", alt="Coaching notes",
        columns={
            "Note": tables.opener("Note", key="quality_note_click", on_open=opened, width=100),
            "For": tables.text("For", width=160), "By": tables.text("By", width=160),
            "Dealer": tables.text("Dealer", width=190), "Status": tables.status(COACHING, width=130),
            "Look again": tables.text("Look again", width=140), "Then": tables.text("Then", width=130),
            "Now": tables.text("Now", width=130) if which == "closed" else None,
            "Result": tables.pill("Result", {rules.RESULTS[r]: t for r, t in RESULT_TONES.items()}, width=140)
            if which == "closed"
            else None,
        },
    )  # fmt: skip
    draw_paging("quality_note", following=following, shown=len(rows), total="these notes")


def draw_dialogs() -> None:
    """The drawer of a note and the form of a new one; call it once, at the end of the page."""
    if st.session_state.get(OPEN) is not None:
        st.dialog("A coaching note", width=560, position="right", on_dismiss=_close)(_body)()
        return
    show_outcome(FORM)
    draw_drawer(SCREEN)


def _close(_result: Any = None) -> None:
    st.session_state.pop(OPEN, None)
    forget(FORM)


def _body() -> None:
    opened = st.session_state.get(OPEN)
    if opened is None:
        st.rerun()
    actor = current_actor()
    show_outcome(FORM)
    with reading() as session:
        dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
        if len(dealers) == 1:
            st.session_state.setdefault(KEYS["dealer_id"], next(iter(dealers)))
        dealer_id = st.session_state.get(KEYS["dealer_id"])
        people = who_can_be_coached(session, dealer_id=dealer_id, actor=actor) if dealer_id else {}
    if len(dealers) > 1:
        st.selectbox(
            "Dealer", list(dealers), format_func=lambda v: dealers.get(v, "–"), key=KEYS["dealer_id"], index=None,
            placeholder="Choose",
        )  # fmt: skip
    problems_of(FORM, "dealer_id")
    if st.session_state.get(KEYS["person_id"]) not in people:
        st.session_state.pop(KEYS["person_id"], None)
    st.selectbox(
        "Person", list(people), format_func=lambda v: people.get(v, "–"), key=KEYS["person_id"], index=None,
        placeholder="Choose",
    )  # fmt: skip
    problems_of(FORM, "person_id")
    st.text_area("What you saw, and what would be better", key=KEYS["note"], height=110)
    problems_of(FORM, "note")
    st.text_input("Agreed action", key=KEYS["agreed"], max_chars=1_000)
    problems_of(FORM, "agreed")
    st.session_state.setdefault(KEYS["follow_up_day"], today(actor.zone) + timedelta(days=14))
    st.date_input("Look again on", key=KEYS["follow_up_day"], help="The day at the dealer")
    problems_of(FORM, "follow_up_day")
    st.session_state.setdefault(KEYS["metric"], "score")
    st.radio(
        "The result is measured by", list(rules.METRICS), format_func=lambda v: rules.METRICS[v], key=KEYS["metric"]
    )
    problems_of(FORM, "metric")
    for field in ("review_id", "lead_id"):
        problems_of(FORM, field)

    def save() -> None:
        perform(
            write_note, form=FORM, say="The note was written; the person is told", typed=KEYS, arguments=dict(opened),
            convert={"note": lambda v: v or "", "agreed": lambda v: v or ""},
            after=lambda _id: st.session_state.pop(OPEN, None),
        )  # fmt: skip

    st.button("Write the note", key="quality_cn_save", type="primary", icon=":material/school:", on_click=save)
