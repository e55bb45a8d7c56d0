"""Proposed terms: their drawer with what a decider asks, their list, and approving several at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

import streamlit as st

from components import labels, tables
from components.access import current_actor
from components.charts.base import table
from components.clock import now
from components.labels import empty_state, plain
from components.perform import perform, problems_of, show_outcome
from components.queue_page import Screen, id_at, open_drawer, remember_rows
from db.core.labels import moment_words, plural, relative_label
from db.core.permissions import Permission
from db.terms.change_queries import ChangePage, ChangeRow, get_change
from db.terms.commands import COMMANDS, BulkOutcome, approve_many
from db.terms.flow import FLOW
from db.terms.rules import value_label
from db.workflow.checks import available_steps

BULK = "terms_bulk"
PAST = "Changes the past"


def reaches_back(row: ChangeRow, today: date) -> bool:
    """Whether it changes the past: it did when it was asked for, or its day has gone by while it waited."""
    return row.changes_past or (row.status == FLOW.initial and row.valid_from < today)


def _today() -> date:
    return now().astimezone(ZoneInfo(current_actor().zone)).date()


def draw_facts(page: ChangePage) -> None:
    """What a decider asks: what holds, what is wanted, what that means, who asked and why, and whether it is late."""
    row, at, zone = page.row, now(), current_actor().zone
    state, is_past = FLOW.state(row.status), reaches_back(row, _today())
    labels.badges([(state.label, state.tone), (PAST if is_past else "", "red")])
    if page.is_stale:
        st.warning(
            f"Since this was asked for, {plain(page.held_by)} approved {plain(value_label(row.of, page.held))} for"
            f" {row.day}. The proposal was made against {plain(row.base_label)} and cannot be approved any more.",
            icon=":material/sync_problem:",
        )
    elif is_past and row.status == FLOW.initial:
        waited = "" if row.changes_past else " Its day went by while it waited."
        st.caption(
            ":material/history: It would change what held before today; what was priced with it may differ." + waited
        )
    asked = f"{row.submitted_name}, {moment_words(row.created_at, zone, now=at)}"
    rows: list[tuple[str, object]] = [
        ("Dealer", f"{row.dealer} ({row.dealer_code}), {row.region}"), ("Term", row.of.label), ("From", row.day),
        ("Held when asked" if page.is_stale else "Holds on that day", row.base_label), ("Asked for", row.value_label),
        ("Difference", row.difference),
        ("Asked for by", asked), ("Reason", row.reason),
    ]  # fmt: skip
    if row.due_at is not None:
        rows.append(("Decide by", f"{relative_label(row.due_at, at)} · {moment_words(row.due_at, zone, now=at)}"))
    if row.decided_at is not None:
        rows.append((state.label, f"{row.updated_by}, {moment_words(row.decided_at, zone, now=at)}"))
    if row.decision_note:
        rows.append(("Note", row.decision_note))
    labels.facts(rows)


def draw_below(page: ChangePage) -> None:
    """Earlier proposals for the same dealer and term."""
    st.markdown(f"**Earlier changes of {plain(page.row.of.label.lower())}**")
    if not page.earlier:
        st.caption("None: this is the first one.")
        return
    tables.show(
        table(
            {
                "From": [r.day for r in page.earlier],
                "Value": [r.value_label for r in page.earlier],
                "Difference": [r.difference for r in page.earlier],
                "Outcome": [[FLOW.state(r.status).label] for r in page.earlier],
                "By": [r.updated_by for r in page.earlier],
            }
        ),
        key=f"terms_earlier_{page.id}", alt="Earlier proposals for this dealer and term",
        columns={
            "From": tables.text("From", width=96), "Value": _right("Value", 120),
            "Difference": tables.text("Difference", width=130), "Outcome": tables.status(FLOW, "Outcome", width=92),
            "By": tables.text("By", width=110),
        },
    )  # fmt: skip


def _said(page: ChangePage, step: Any) -> str:
    if step.name == "approve":
        return f"{page.row.of.label} of {page.row.dealer}: {page.row.value_label} from {page.row.day}"
    return f"{page.number} was {'rejected' if step.name == 'reject' else 'withdrawn'}"


SCREEN = Screen(
    flow=FLOW, commands=COMMANDS, key="term_change", load=get_change, draw_facts=draw_facts, draw_below=draw_below,
    title=lambda p: f"{p.number} · {plain(p.row.of.label)}", said=_said, width=600,
)  # fmt: skip


def _right(label: str, width: int) -> Any:
    return st.column_config.TextColumn(label, width=width, alignment="right")


def open_at(key: str, position: int) -> None:
    """Open the drawer of a row of the list `key`."""
    item_id = id_at(key, position)
    if item_id is not None:
        open_drawer(SCREEN, item_id)


def table_key(key: str, ids: Sequence[int]) -> str:
    """The key of a table in which rows can be chosen: other rows are another table, so no tick stays by place."""
    return f"{key}_table_{crc32(repr(list(ids)).encode()):08x}"


def draw_list(rows: Sequence[ChangeRow], *, key: str, is_open: bool, with_dealer: bool = True) -> None:
    """A list of proposals; who may decide can choose several open ones and approve them together."""
    actor, at = current_actor(), now()
    remember_rows(key, [r.id for r in rows])
    may_decide = is_open and actor.can(Permission.TERMS_DECIDE)
    due = [relative_label(r.due_at, at) for r in rows]
    late = {d: "red" if r.due_at and r.due_at < at else "gray" for d, r in zip(due, rows, strict=True)}
    today = _today()
    days = [f"{r.day}, past" if reaches_back(r, today) else r.day for r in rows]
    past = {d: "red" if d.endswith("past") else "gray" for d in days}
    chosen = tables.show(
        table(
            {
                "Proposal": [r.number for r in rows],
                "Dealer": [r.dealer for r in rows],
                "Term": [r.of.head for r in rows],
                "Holds": [r.base_label for r in rows],
                "Asked for": [r.value_label for r in rows],
                "Difference": [r.difference for r in rows],
                "From": [[d] for d in days],
                "By": [r.submitted_name for r in rows],
                "Due": [[d] for d in due],
                "Status": [[FLOW.state(r.status).label] for r in rows],
                "Decided": [
                    f"{r.updated_by}, {moment_words(r.decided_at, actor.zone, now=at)}" if r.decided_at else "–"
                    for r in rows
                ],
            }
        ),
        key=table_key(key, [r.id for r in rows]), alt="Proposed terms", select="many" if may_decide else "none",
        height=560 if len(rows) > 16 else "content",
        columns={
            "Proposal": tables.opener("Proposal", key=f"{key}_click", on_open=lambda p: open_at(key, p), width=84),
            "Dealer": tables.text("Dealer", width=124) if with_dealer else None,
            "Status": None if is_open else tables.status(FLOW, width=92),
            "Term": tables.text("Term", width=104), "Holds": _right("Holds" if is_open else "Held", 100),
            "Asked for": _right("Asked for", 100), "Difference": tables.text("Difference", width=142),
            "From": tables.pill("From", past, width=112, help=f"Red: {PAST.lower()}"),
            "Due": tables.pill("Due", late, width=96) if is_open else None,
            "By": tables.text("Asked for by", width=106),
            "Decided": None if is_open else tables.text("Decided", width=210),
        },
    )  # fmt: skip
    picked = [rows[i] for i in chosen if i < len(rows)]
    if picked:
        _bulk_bar(picked)


def _bulk_bar(picked: Sequence[ChangeRow]) -> None:
    """Approve what was chosen; one's own are named before the click, for a second person has to take them."""
    actor = current_actor()
    able = [
        r
        for r in picked
        if any(s.four_eyes for s in available_steps(FLOW, status=r.status, submitted_by=r.submitted_by, actor=actor))
    ]
    past = sum(reaches_back(r, _today()) for r in able)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.markdown(f"**{plural(len(picked), 'proposal')} chosen**", width="content")
            st.text_input("Note", key="terms_bulk_note", placeholder="Note (optional)", label_visibility="collapsed")
            st.button(
                f"Approve {len(able)}", type="primary", icon=":material/verified:", key="terms_bulk_go",
                disabled=not able, on_click=_approve, args=([(r.id, r.version) for r in picked],),
            )  # fmt: skip
        words = []
        if len(able) < len(picked):
            words.append(f"{plural(len(picked) - len(able), 'proposal')} of your own: another person has to decide.")
        if past:
            words.append(f"{plural(past, 'of them changes', 'of them change')} the past.")
        if words:
            st.caption(" ".join(words))
        problems_of(BULK, "items")
        problems_of(BULK, "note")


def _approve(items: list[tuple[int, int]]) -> None:
    def done(result: BulkOutcome) -> None:
        st.session_state["_terms_skipped"] = [f"{s.number}: {s.why}" for s in result.skipped]

    def words(result: BulkOutcome) -> str:
        skipped = f", {len(result.skipped)} skipped" if result.skipped else ""
        return f"{plural(len(result.approved), 'proposal')} approved{skipped}"

    perform(
        approve_many, form=BULK, say=words, typed={"note": "terms_bulk_note"}, convert={"note": lambda v: v or ""},
        arguments={"items": items}, after=done,
    )  # fmt: skip


def show_bulk_outcome() -> None:
    """The toast of the last approval of several, and why some were skipped."""
    show_outcome(BULK)
    for sentence in st.session_state.pop("_terms_skipped", ()):
        st.warning(plain(sentence))


def nothing_waits(*, narrowed: bool) -> None:
    """What the list says when it is empty."""
    if narrowed:
        empty_state("filter_alt_off", "No proposal matches.", action="Take a filter away.")
    else:
        empty_state("task_alt", "Nothing waits for a decision.", action="Propose a change under In force.")
