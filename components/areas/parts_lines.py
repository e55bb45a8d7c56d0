"""The drawer of one line that waits: every day it was promised, and steps to promise, ship and cancel."""

from __future__ import annotations

from typing import Any

import streamlit as st

from components import labels
from components.access import current_actor, guard
from components.clock import now, today
from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.core.labels import moment_label, plural
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.parts import rules
from db.parts.backorder_queries import BackorderRow, PromiseRow, get_line, promises_of, stock_of
from db.parts.line_commands import cancel_line, promise_lines, ship_line

OPEN, FORM = "parts_line_open", "parts_line"
ACTIONS = {"promise": "Promise a day", "ship": "Ship", "cancel": "Cancel units"}
MOVED_BY = {name: label for name, label in rules.CAUSES.items() if name not in ("first", "earlier")}


def day_label(day: Any) -> str:
    """ "24 Nov 2026", an en dash for none."""
    return f"{day:%-d %b %Y}" if day else "–"


def open_line(line_id: int) -> None:
    """Open a line in the drawer at the next run (from a callback)."""
    forget(FORM)
    st.session_state[OPEN] = line_id


def _close(*_: Any) -> None:
    st.session_state.pop(OPEN, None)


def _dismiss() -> None:
    _close()
    forget(FORM)


def draw_line_drawer() -> None:
    """Draw the drawer of a line when it is open; call it once a page."""
    line_id = st.session_state.get(OPEN)
    if line_id is None:
        show_outcome(FORM)
        return
    try:
        with reading() as session:
            row = get_line(session, line_id=line_id, actor=current_actor(), now=now())
    except NotFound as gone:
        _dismiss()
        st.error(gone.problems[0].message)
        return
    title = f"{row.order} · line {row.position} · {plain(row.part)}"
    st.dialog(title, width=600, position="right", on_dismiss=_dismiss)(_body)(line_id)


def _body(line_id: int) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()
    actor = guard(Permission.PARTS_VIEW)
    manages = actor.can(Permission.PARTS_MANAGE)
    with reading() as session:
        row = get_line(session, line_id=line_id, actor=actor, now=now())
        said = promises_of(session, line_id=line_id, actor=actor)
        stock = stock_of(session, part_id=row.part_id, actor=actor) if manages else {}
    word, tone = rules.LINE_STATES[row.state(today(actor.zone))]
    labels.badges(
        [
            (word if row.open_units else "Nothing open", tone if row.open_units else "gray"),
            (rules.KINDS[row.kind], "red" if row.rank == 0 else "gray"),
            ("Contract" if row.is_contract else "", "blue"),
        ]
    )  # fmt: skip
    labels.facts(
        [
            ("Part", f"{row.part} {row.name}".strip()), ("Dealer", row.dealer),
            ("Open", plural(row.open_units, "unit")), ("Ordered", f"{day_label(row.ordered_on)}, {row.age} d ago"),
            ("Needed by", day_label(row.required_by)), ("First promise", day_label(row.first_promised_on)),
            ("Promise now", day_label(row.promised_on)),
        ]
    )  # fmt: skip
    if manages and row.open_units:
        _act(row, stock)
    _slips(said, actor.zone)


def _slips(said: list[PromiseRow], zone: str) -> None:
    if not said:
        st.caption("No day was promised yet.")
        return
    st.markdown("**Promised days**")
    st.table(
        {
            "Promised": [day_label(p.promised_on) for p in said],
            "Against the one before": [rules.slip_words(p.slip_last) if p.position > 1 else "–" for p in said],
            "Against the first": [rules.slip_words(p.slip_first) if p.position > 1 else "–" for p in said],
            "Why": [plain(" · ".join(x for x in (rules.CAUSES.get(p.cause, ""), p.reason) if x)) for p in said],
            "Said": [plain(f"{moment_label(p.said_at, zone, now=now())}, {p.said_by}") for p in said],
        },
        border="horizontal", hide_index=True,
    )  # fmt: skip


def _act(row: BackorderRow, stock: Any) -> None:
    chosen = st.pills(
        "What to do", list(ACTIONS), format_func=ACTIONS.__getitem__, key=f"pl_do_{row.id}", default="promise",
        required=True, label_visibility="collapsed",
    )  # fmt: skip
    show_outcome(FORM)
    with st.container(border=True):
        if chosen == "ship":
            _ship(row, stock)
        elif chosen == "cancel":
            _cancel(row)
        else:
            _promise(row)


def _promise(row: BackorderRow) -> None:
    keys = {name: f"pl_{name}_{row.id}" for name in ("promised_on", "cause", "reason")}
    day = st.date_input(
        "It will be there on", value=None, key=keys["promised_on"], min_value=today(current_actor().zone)
    )
    problems_of(FORM, "promised_on")
    if row.promised_on and day and day > row.promised_on:
        st.caption(f":material/event_busy: {rules.slip_words((day - row.promised_on).days)}; the dealer is mailed.")
        st.pills("Who is late", list(MOVED_BY), format_func=MOVED_BY.__getitem__, key=keys["cause"])
        problems_of(FORM, "cause")
        st.text_area("Why", key=keys["reason"], height=80, max_chars=1000, help="The dealer reads this.")
        problems_of(FORM, "reason")
    stray_problems(FORM, ["promised_on", "cause", "reason"])

    def save() -> None:
        perform(
            promise_lines, form=FORM, say=f"{row.order} line {row.position}: promised", typed=keys,
            convert={"cause": lambda v: v or "", "reason": lambda v: v or ""},
            arguments={"lines": {row.id: row.version}}, after=_close,
        )  # fmt: skip

    st.button("Promise", key=f"pl_promise_{row.id}", type="primary", icon=":material/event:", on_click=save)


def _ship(row: BackorderRow, stock: dict[str, int]) -> None:
    keys = {name: f"pl_{name}_{row.id}" for name in ("quantity", "warehouse", "reference")}
    st.session_state.setdefault(keys["quantity"], row.open_units)
    st.number_input("Units", min_value=1, max_value=row.open_units, step=1, key=keys["quantity"])
    problems_of(FORM, "quantity")
    places = {name: f"{name}: {count:,} on hand" for name, count in stock.items() if count} | {
        "": "Straight from the supplier"
    }
    st.selectbox("From", list(places), format_func=places.__getitem__, key=keys["warehouse"])
    problems_of(FORM, "warehouse")
    st.text_input("Waybill :gray[(optional)]", key=keys["reference"], max_chars=60)
    stray_problems(FORM, ["quantity", "warehouse"])

    def save() -> None:
        perform(
            ship_line, form=FORM, say=f"{row.order} line {row.position}: shipped", typed=keys,
            convert={"warehouse": lambda v: v or "", "reference": lambda v: v or ""},
            arguments={"line_id": row.id, "seen_version": row.version}, after=_close,
        )  # fmt: skip

    st.button("Ship", key=f"pl_ship_{row.id}", type="primary", icon=":material/local_shipping:", on_click=save)


def _cancel(row: BackorderRow) -> None:
    keys = {"quantity": f"pl_off_{row.id}", "reason": f"pl_off_reason_{row.id}"}
    st.session_state.setdefault(keys["quantity"], row.open_units)
    st.number_input("Units", min_value=1, max_value=row.open_units, step=1, key=keys["quantity"])
    problems_of(FORM, "quantity")
    st.text_area("Why", key=keys["reason"], height=80, max_chars=1000, help="The dealer reads this.")
    problems_of(FORM, "reason")
    stray_problems(FORM, ["quantity", "reason"])

    def save() -> None:
        perform(
            cancel_line, form=FORM, say=f"{row.order} line {row.position}: cancelled", typed=keys,
            convert={"reason": lambda v: v or ""}, arguments={"line_id": row.id, "seen_version": row.version},
            after=_close,
        )  # fmt: skip

    st.button("Cancel these units", key=f"pl_cancel_{row.id}", icon=":material/block:", on_click=save)
