"""The drawer of one item of an onboarding: its proof and Done; fail, waive and open again for who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from components import labels
from components.access import current_actor
from components.areas.documents import upload_form
from components.areas.onboarding import day_label
from components.clock import now
from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.checklist.rules import DUE_TONES
from db.core.actor import Actor
from db.core.labels import moment_words, plural
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.onboarding import item_commands
from db.onboarding.case_queries import CaseDetail, ItemLine, get_case
from db.onboarding.evidence_queries import documents_of
from db.onboarding.rules import USUAL_DOCUMENT, why_not_item

OPEN, FORM = "_onb_item", "onb_item"
FIELDS = ("evidence_note", "evidence_on", "evidence_number", "evidence_document_id")


def open_item(case_id: int, item_id: int) -> None:
    """Open the drawer of one item (call it from a callback)."""
    forget(FORM)
    st.session_state[OPEN] = (case_id, item_id)


def _close(_result: object = None) -> None:
    st.session_state.pop(OPEN, None)
    if _result is None:
        forget(FORM)


def draw_item_drawer() -> None:
    """Draw the drawer when an item is open; call it once, at the end of the page."""
    which = st.session_state.get(OPEN)
    if which is None:
        show_outcome(FORM)
        return
    found = _load(*which)
    if found is None:
        _close()
        st.error("This item was not found.")
        return
    detail, item = found
    del detail
    st.dialog(plain(item.title), width=560, position="right", on_dismiss=_close)(_body)(*which)


def _load(case_id: int, item_id: int) -> tuple[CaseDetail, ItemLine] | None:
    try:
        with reading() as session:
            detail = get_case(session, item_id=case_id, actor=current_actor(), now=now())
    except NotFound:
        return None
    item = next((i for i in detail.items if i.id == item_id), None)
    return (detail, item) if item is not None else None


def _body(case_id: int, item_id: int) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()  # it was done: the page follows, and the toast is drawn there
    found = _load(case_id, item_id)
    if found is None:
        return
    detail, item = found
    actor = current_actor()
    _draw_facts(detail, item, actor)
    show_outcome(FORM)
    stray_problems(FORM, [*FIELDS, "reason"])
    if not detail.row.is_open:
        st.caption("This onboarding has ended; its items stay as they are.")
        return
    if item.status == "open":
        _draw_completion(detail, item, actor)
    if actor.can(Permission.ONBOARDING_MANAGE):
        _draw_others(item, actor)


def _draw_facts(detail: CaseDetail, item: ItemLine, actor: Actor) -> None:
    pairs = [(item.state_label, DUE_TONES[item.state])]
    if item.is_gate:
        pairs.append(("Gate", "violet"))
    if item.second_person:
        pairs.append(("Second person", "violet"))
    labels.badges(pairs)
    if item.help:
        st.caption(plain(item.help))
    due = day_label(item.due_on, detail.today) + (f", {plural(item.late_days, 'day')} late" if item.late_days else "")
    rows: list[tuple[str, object]] = [
        ("Whose part", item.owner_label), ("Section", item.section), ("Due", due),
        ("Planned", plural(item.duration_days, "day")),
    ]  # fmt: skip
    if item.done_at is not None:
        words = {"waived": "Waived", "failed": "Failed"}.get(item.status, "Passed" if item.is_gate else "Done")
        rows.append((words, f"{item.done_by_name}, {moment_words(item.done_at, actor.zone, now=now())}"))
    rows += [("Why", item.reason)] if item.reason else []
    rows += [("Note", item.evidence_note)] if item.evidence_note else []
    rows += [("Day", day_label(item.evidence_on, detail.today))] if item.evidence_on else []
    rows += [("Number", item.evidence_number)] if item.evidence_number else []
    if item.evidence_document_id is not None:
        with reading() as session:
            known = dict(documents_of(session, dealer_id=detail.row.dealer_id, actor=actor, now=now()))
        rows.append(("Document", known.get(item.evidence_document_id, f"No. {item.evidence_document_id}")))
    labels.facts(rows)


def _draw_completion(detail: CaseDetail, item: ItemLine, actor: Actor) -> None:
    """The proof the item asks for, and the button; or why it cannot be done now."""
    if item.waits:
        st.warning(f"{plain(item.waits)}.", icon=":material/hourglass_empty:")
        return
    if not actor.can(Permission.ONBOARDING_WORK):
        return
    why = why_not_item(owner=item.owner, is_gate=item.is_gate, is_dealer=actor.role.is_dealer)
    if why:
        st.info(why, icon=":material/info:")
        return
    keys = {name: f"onb_item_{item.id}_{name}" for name in FIELDS}
    with st.container(border=True):
        if item.evidence == "date":
            with st.container(gap="xxsmall"):
                st.date_input("On which day", value=detail.today, max_value=detail.today, key=keys["evidence_on"])
                problems_of(FORM, "evidence_on")
        elif item.evidence == "number":
            with st.container(gap="xxsmall"):
                st.text_input("Number", key=keys["evidence_number"], max_chars=40, help=item.help or None)
                problems_of(FORM, "evidence_number")
        wanted, label = item.evidence == "note", "Note"
        if item.evidence == "document":
            # Without a document to choose from, the note that says where the paper is becomes the proof.
            wanted = not _draw_document(detail, item, actor, keys["evidence_document_id"])
            label = "Where the paper is kept"
        with st.container(gap="xxsmall"):
            st.text_area(
                label if wanted else f"{label} :gray[(optional)]", key=keys["evidence_note"], height=80, max_chars=2000
            )
            problems_of(FORM, "evidence_note")

        def clicked() -> None:
            verb = "passed" if item.is_gate else "is done"
            perform(
                item_commands.complete_item, form=FORM, say=f"{item.title} {verb}", typed=keys, after=_close_done,
                convert={"evidence_note": lambda v: v or "", "evidence_number": lambda v: v or ""},
                arguments={"item_id": item.id, "seen_version": item.version},
            )  # fmt: skip

        st.button(
            "Pass the gate" if item.is_gate else "Done", type="primary", key=f"onb_item_{item.id}_go",
            icon=":material/check:", on_click=clicked,
        )  # fmt: skip


def _close_done(_result: Any) -> None:
    st.session_state.pop(OPEN, None)


def _draw_document(detail: CaseDetail, item: ItemLine, actor: Actor, key: str) -> bool:
    """One of the dealer's documents, or a new one where the documents area offers its form; whether there is any."""
    with reading() as session:
        known = dict(documents_of(session, dealer_id=detail.row.dealer_id, actor=actor, now=now()))
    with st.container(gap="xxsmall"):
        if known:
            st.selectbox(
                "Document", list(known), index=None, key=key, placeholder="One of this dealer's documents",
                format_func=lambda v: known.get(v, f"No. {v}"),
            )  # fmt: skip
        problems_of(FORM, "evidence_document_id")
    if actor.can(Permission.DOCUMENTS_ADD):
        with st.expander("Upload it", icon=":material/upload_file:"):
            upload_form(
                detail.row.dealer_id, key=f"onb_doc_{item.id}", item_type="onboarding", item_id=detail.id,
                usual_type=USUAL_DOCUMENT.get(item.code, ""), after=lambda made: st.session_state.update({key: made}),
            )  # fmt: skip
    return bool(known)


def _draw_others(item: ItemLine, actor: Actor) -> None:
    """What is rarer than doing it, each with its reason."""
    ways: dict[str, tuple[str, Callable[..., Any]]] = {}
    if item.status == "open":
        if item.is_gate:
            ways["fail"] = ("Gate failed", item_commands.fail_gate)
        if not item.is_gate or actor.can(Permission.ONBOARDING_DECIDE):
            ways["waive"] = ("Not needed here", item_commands.waive_item)
    else:
        ways["reopen"] = ("Open again", item_commands.reopen_item)
        if item.status == "failed" and actor.can(Permission.ONBOARDING_DECIDE):
            ways["waive"] = ("Not needed here", item_commands.waive_item)
    if not ways:
        return
    with st.expander("Something else", expanded=item.status != "open"):
        chosen = st.pills(
            "What", list(ways), format_func=lambda v: ways[v][0], default=next(iter(ways)), required=True,
            key=f"onb_item_{item.id}_{item.version}_way", label_visibility="collapsed",
        )  # fmt: skip
        label, command = ways[chosen or next(iter(ways))]
        key = f"onb_item_{item.id}_reason"
        with st.container(gap="xxsmall"):
            st.text_area("Why", key=key, height=80, max_chars=1000)
            problems_of(FORM, "reason")

        def clicked() -> None:
            perform(
                command, form=FORM, say=f"{item.title}: {label.lower()}", typed={"reason": key}, after=_close_done,
                convert={"reason": lambda v: v or ""},
                arguments={"item_id": item.id, "seen_version": item.version},
            )  # fmt: skip

        st.button(label, key=f"onb_item_{item.id}_other", on_click=clicked)
