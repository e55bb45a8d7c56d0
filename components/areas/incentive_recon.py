"""Pieces of the page of reconciliation: opening one, its figures, its differences, and the drawer that explains one."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import uuid4

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.incentive_payments import right
from components.charts.base import table
from components.clock import now
from components.labels import badges, empty_state, facts, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.queue_page import cursor, draw_paging
from components.tiles import Tile, draw_tiles
from db.core.area import CAP, MetricDefinition
from db.core.labels import count_label, moment_label, plural
from db.core.problems import NotFound
from db.core.session import reading
from db.incentives.recon_commands import close_reconciliation, explain, match_again, open_reconciliation, take_back
from db.incentives.recon_queries import (
    KindFigure,
    MatchRow,
    ReconRow,
    count_matches,
    get_match,
    list_matches,
)
from db.incentives.recon_rules import KINDS, MEANINGS, REASONS, TONES
from db.incentives.say_rules import day, money

FORM, EXPLAIN, OPEN = "ir_recon", "ir_explain", "ir_open"
UNEXPLAINED = MetricDefinition(
    name="incentives_unexplained", title="Unexplained",
    formula="Sum of the differences without a reason, whatever their sign",
    numerator="Paid and not earned, earned and not paid, other amounts, paid twice, orphans",
    excluded="Differences of one cent; what may still wait", unit="money", better="down", rule="domain-rules 2.4",
)  # fmt: skip
FILE = MetricDefinition(
    name="incentives_in_file", title="In the files", formula="Sum of the payments of the files not settled before",
    numerator="Payments of the bank or the DMS", unit="money",
)  # fmt: skip
MATCHED = MetricDefinition(
    name="incentives_matched", title="Matched", formula="Sum of the payments of the files that agree with our memos",
    numerator="Payments that agree to the cent", unit="money",
)  # fmt: skip
WAITING = MetricDefinition(
    name="incentives_waiting", title="On the way", formula="Credited and not in a file yet, within the days allowed",
    numerator="Lines of credit memos", unit="money", better="none",
)  # fmt: skip
STATES = {"open": "To explain", "explained": "Explained", "all": "All"}
KIND_FILTER = {"differences": "All differences"} | KINDS


def draw_opening(*, again: bool) -> None:
    """The form that begins a reconciliation."""
    show_outcome(FORM)
    key = st.session_state.setdefault("ir_form_key", uuid4().hex)
    if not again:
        empty_state("balance", "Nothing is being reconciled.", action="Bring in the bank's file, then open one.")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input(
            "Days allowed", min_value=0, max_value=365, value=30, key="ir_days", width=140,
            help="How long an earning, or a credit memo, may wait before it is a difference",
        )  # fmt: skip
        st.button(
            "Open a reconciliation", key="ir_begin", type="primary", icon=":material/balance:", on_click=_begin,
            args=(key,),
        )  # fmt: skip
    problems_of(FORM, "days")
    stray_problems(FORM, ("days",))


def _begin(key: str) -> None:
    perform(
        open_reconciliation, form=FORM, say="Opened; everything was matched", after=_opened,
        arguments={"days": int(st.session_state.get("ir_days", 30)), "form_key": key},
    )  # fmt: skip


def _opened(reconciliation_id: int) -> None:
    st.session_state.pop("ir_form_key", None)
    st.session_state["ir_shown"] = reconciliation_id


def draw_head(one: ReconRow, figures: list[KindFigure]) -> None:
    """Number, state, the tiles, and the buttons to match again and to close."""
    actor = current_actor()
    show_outcome(FORM)
    by_kind = {f.kind: f for f in figures}
    if one.is_open:
        state = f"Open · matched on {day(one.until)} · {plural(one.days, 'day')} allowed"
    else:
        closed = moment_label(one.closed_at, actor.zone, now=now()) if one.closed_at else ""
        state = f"Closed {closed} by {one.closed_by} · nothing unexplained"
    st.markdown(f"**{plain(one.number)}** :gray[{plain(state)}]")
    in_file, waiting = sum(f.file_cents for f in figures), by_kind["waiting"]
    tiles = (
        Tile(
            definition=UNEXPLAINED, value=money(one.unexplained_cents), icon=":material/help:",
            note=f"{plural(one.open_count, 'difference')} to explain; {one.explained} explained",
        ),
        Tile(definition=FILE, value=money(in_file), icon=":material/account_balance:", note="Not settled before"),
        Tile(
            definition=MATCHED, value=money(by_kind["matched"].file_cents), icon=":material/check_circle:",
            note=plural(by_kind["matched"].count, "match", "matches"),
        ),
        Tile(
            definition=WAITING, value=money(abs(waiting.cents)), icon=":material/hourglass_bottom:",
            note=plural(waiting.count, "line"),
        ),
    )  # fmt: skip
    draw_tiles(tiles, key="ir", as_of=now(), zone=actor.zone)
    if not one.is_open:
        return
    seen = {"reconciliation_id": one.id, "seen_version": one.version}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Match again", key="ir_again", icon=":material/sync:", on_click=_act, args=(match_again, "Matched", seen),
            help="After a file or a payment came in; reasons stay where nothing changed",
        )  # fmt: skip
        st.button(
            "Close", key="ir_close", type="primary", icon=":material/lock:", disabled=one.open_count > 0,
            on_click=_act, args=(close_reconciliation, f"{one.number} closed at $0", seen),
            help="Possible when nothing is unexplained",
        )  # fmt: skip
    stray_problems(FORM, ())


def _act(command: Any, said: str, arguments: dict[str, Any]) -> None:
    perform(command, form=FORM, say=said, arguments=arguments)


def draw_matches(one: ReconRow, *, kind: str, state: str) -> None:
    """Matches of a kind; several can be chosen and explained with one reason."""
    actor, fingerprint = current_actor(), (one.id, kind, state)
    with reading() as session:
        rows, following = list_matches(
            session, reconciliation_id=one.id, actor=actor, kind=kind, state=state,
            after=cursor("irm", fingerprint=fingerprint),
        )  # fmt: skip
        total = count_matches(session, reconciliation_id=one.id, actor=actor, kind=kind, state=state)
    if not rows:
        said = "Nothing is left to explain." if state == "open" else "There is nothing of this kind."
        empty_state("task_alt", said)
        return
    st.session_state["irm_ids"] = [r.id for r in rows]
    can_choose = one.is_open and state == "open"
    chosen = tables.show(
        table(
            {
                "Kind": [r.label for r in rows], "Dealer": [r.dealer or "Unknown" for r in rows],
                "Program": [r.program or "–" for r in rows], "For": [_about(r) for r in rows],
                "File": [money(r.file_cents) for r in rows], "Credited": [money(r.paid_cents) for r in rows],
                "Difference": [money(r.cents) for r in rows],
                "Reason": [r.reason_label or ("To explain" if r.is_open else "–") for r in rows],
            }
        ),
        key=f"irm_table_{one.version}_{kind}_{state}", select="many" if can_choose else "none",
        alt="Matches and differences of this reconciliation", height=560 if len(rows) > 13 else "auto",
        columns={
            "Kind": tables.opener("Kind", key="irm_click", on_open=_open_row, width=140),
            "Dealer": tables.text("Dealer", width=170), "Program": tables.text("Program", width=100),
            "For": tables.text("For", width=170), "File": right("File", 95), "Credited": right("Credited", 95),
            "Difference": right("Difference", 100), "Reason": tables.text("Reason", width=260),
        },
    )  # fmt: skip
    draw_paging("irm", following=following, shown=len(rows), total=count_label(total, CAP))
    if can_choose:
        picked = [rows[i] for i in chosen if i < len(rows)]
        if picked:
            _draw_reason(one.id, picked, at="ir_bulk")
        else:
            st.caption("Click a difference to see its lines, or choose several to give them one reason.")


def _about(row: MatchRow) -> str:
    return row.vin or row.memo or (f"Period {row.period}" if row.period else "–")


def _draw_reason(reconciliation_id: int, rows: list[MatchRow], *, at: str) -> None:
    reason, note = f"{at}_reason", f"{at}_note"
    with st.container(border=True, gap="small"):
        total = money(sum(abs(r.cents) for r in rows))
        st.markdown(f"**Explain {plural(len(rows), 'difference')}** of {plain(total)}")
        st.selectbox(
            "Reason", list(REASONS), index=None, format_func=lambda v: REASONS.get(v, str(v)), key=reason,
            placeholder="Choose",
        )  # fmt: skip
        problems_of(EXPLAIN, "reason")
        st.text_input("Note :gray[(optional)]", key=note, max_chars=1_000, help="Needed when it is written off")
        problems_of(EXPLAIN, "note")
        show_outcome(EXPLAIN)
        stray_problems(EXPLAIN, ("reason", "note"))
        st.button(
            "Explain", key=f"{at}_go", type="primary", icon=":material/check:", on_click=_explain,
            args=(reconciliation_id, {r.id: r.version for r in rows}, reason, note),
        )  # fmt: skip


def _explain(reconciliation_id: int, matches: dict[int, int], reason: str, note: str) -> None:
    perform(
        explain, form=EXPLAIN, after=_explained, clear=(reason, note),
        say=lambda left: f"Explained; {plural(left, 'difference')} left" if left else "Explained; nothing is left",
        arguments={
            "reconciliation_id": reconciliation_id, "matches": matches,
            "reason": st.session_state.get(reason) or "", "note": st.session_state.get(note) or "",
        },
    )  # fmt: skip


def _explained(_: int) -> None:
    st.session_state.pop(OPEN, None)


# ---- the drawer ------------------------------------------------------------------------------------------------------
def open_match(match_id: int) -> None:
    """Open the drawer of a difference at the next run."""
    forget(EXPLAIN)
    st.session_state[OPEN] = match_id


def _open_row(position: int) -> None:
    ids: list[int] = st.session_state.get("irm_ids", [])
    if 0 <= position < len(ids):
        open_match(ids[position])


def _close() -> None:
    st.session_state.pop(OPEN, None)
    forget(EXPLAIN)


def draw_drawer() -> None:
    """Draw the drawer of a difference when one is open; call it once, at the end of the page."""
    match_id = st.session_state.get(OPEN)
    if match_id is None:
        return

    def body() -> None:
        if st.session_state.get(OPEN) != match_id:
            st.rerun()
        try:
            _draw_match(match_id)
        except NotFound as gone:
            st.error(gone.problems[0].message)

    st.dialog("Difference", width=640, position="right", on_dismiss=_close)(body)()


def _draw_match(match_id: int) -> None:
    actor = current_actor()
    with reading() as session:
        row = get_match(session, match_id=match_id, actor=actor)
    badges([(row.label, TONES[row.kind]), ("To explain" if row.is_open else row.reason_label, "gray")])
    st.markdown(f"**{plain(row.sentence)}**")
    st.caption(MEANINGS[row.kind])
    facts(
        [
            ("Dealer", f"{row.dealer} ({row.code})" if row.dealer else "Unknown"), ("Program", row.program),
            ("For", _about(row)), ("In the file", money(row.file_cents)), ("Credited", money(row.paid_cents)),
            ("Difference", money(row.cents)),
        ]
    )  # fmt: skip
    if row.lines:
        tables.show(
            table(
                {
                    "From": ["File" if x.is_file else "Credit memo" for x in row.lines],
                    "Number": [x.number for x in row.lines], "Day": [day(x.on) for x in row.lines],
                    "Names": [x.what for x in row.lines], "Amount": [money(x.cents) for x in row.lines],
                }
            ),
            key="ir_lines", alt="Lines of the file and of credit memos behind this",
            columns={
                "From": tables.text("From", width=90), "Number": tables.text("Number", width=105),
                "Day": tables.text("Day", width=95), "Names": tables.text("Names", width=190),
                "Amount": right("Amount", 90),
            },
        )  # fmt: skip
    if row.is_open:
        _draw_reason(row.reconciliation_id, [row], at=f"ir_one_{row.id}")
    elif row.reason:
        when = moment_label(row.explained_at, actor.zone, now=now()) if row.explained_at else ""
        st.markdown(
            f"**{plain(row.reason_label)}** :gray[{plain(row.explained_by)}, {plain(when)}]"
            + (f"  \n{plain(row.note)}" if row.note else "")
        )
        show_outcome(EXPLAIN)
        st.button(
            "Take the reason back", key=f"ir_back_{row.id}", icon=":material/undo:",
            on_click=partial(_take_back, row.reconciliation_id, row.id, row.version),
        )  # fmt: skip


def _take_back(reconciliation_id: int, match_id: int, seen_version: int) -> None:
    perform(
        take_back, form=EXPLAIN, say="The reason was taken back; it is to be explained again",
        arguments={"reconciliation_id": reconciliation_id, "match_id": match_id, "seen_version": seen_version},
    )  # fmt: skip
