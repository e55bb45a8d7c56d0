"""Reconciliation of incentives: earned, approved and paid against the file of the bank or the DMS, closed at zero."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.imports import draw_upload
from components.areas.incentive_payments import right
from components.areas.incentive_recon import (
    KIND_FILTER,
    STATES,
    draw_drawer,
    draw_head,
    draw_matches,
    draw_opening,
    open_match,
)
from components.charts.base import table
from components.clock import now
from components.exports import export_button
from components.filters import one, pick
from components.labels import empty_state
from components.queue_page import cursor, draw_paging, remember_rows
from db import catalog
from db.core.area import CAP
from db.core.labels import count_label, moment_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.incentives.recon_queries import (
    count_reconciliations,
    current_reconciliation,
    get_match,
    get_reconciliation,
    kind_figures,
    list_accounts,
    list_reconciliations,
)
from db.incentives.say_rules import money

actor = guard(Permission.INCENTIVES_RECONCILE)
VIEWS = {"now": "Differences", "file": "Bank file", "accounts": "Three ways", "earlier": "Reconciliations"}


def differences() -> None:
    """The reconciliation that is open, or the one that was chosen."""
    shown = st.session_state.get("ir_shown")
    with reading() as session:
        current = current_reconciliation(session, actor=actor)
        if shown is not None:
            try:
                current = get_reconciliation(session, reconciliation_id=shown, actor=actor)
            except NotFound:
                st.session_state.pop("ir_shown", None)
        figures = [] if current is None else kind_figures(session, reconciliation_id=current.id, actor=actor)
    if current is None:
        draw_opening(again=False)
        return
    draw_head(current, figures)
    counts = {f.kind: f.count for f in figures}
    kinds = {k: f"{v} ({counts[k]:,})" if counts.get(k) else v for k, v in KIND_FILTER.items()}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = pick("Kind", kinds, key="ir_kind", all_label="Everything", width=240)
        state = one("State", STATES, key="ir_state", default="open" if current.is_open else "all")
        export_button("incentive_differences", {"reconciliation_id": current.id})
    draw_matches(current, kind=kind, state=state)
    if not current.is_open:
        with st.expander("Open the next reconciliation"):
            draw_opening(again=True)


def bank_file() -> None:
    """Bring the bank's or the DMS's payments in, tried first."""
    st.caption("After the import, go to Differences and match again, or open a reconciliation.")
    draw_upload([catalog.import_kind("incentive_statement")], key="ir_up", actor=actor)


def accounts() -> None:
    """Earned, approved, paid and confirmed by dealer, program and period."""
    with reading() as session:
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = pick("Dealer", dealers, key="ir_dealer", all_label="All dealers", width=260)
        which = one("Show", {"open": "Open", "all": "All"}, key="ir_which", default="open")
        dealer_id = int(chosen) if chosen.isdecimal() else None
        export_button("incentive_accounts", {"dealer_id": dealer_id, "only_open": which == "open"})
    with reading() as session:
        rows, following = list_accounts(
            session, actor=actor, dealer_id=dealer_id, only_open=which == "open",
            after=cursor("ira", fingerprint=(dealer_id, which)),
        )  # fmt: skip
    if not rows:
        empty_state(
            "task_alt", "Earned, approved and paid agree everywhere." if which == "open" else "Nothing was earned yet."
        )
        return
    tables.show(
        table(
            {
                "Period": [r.period for r in rows], "Dealer": [r.dealer for r in rows],
                "Program": [r.program for r in rows], "Earned": [money(r.earned) for r in rows],
                "Approved": [money(r.approved) for r in rows], "Paid": [money(r.paid) for r in rows],
                "In a file": [money(r.confirmed) for r in rows], "Not paid": [money(r.earned - r.paid) for r in rows],
            }
        ),
        key="ira_table", alt="Earned, approved, paid and confirmed by dealer, program and period",
        height=560 if len(rows) > 13 else "auto",
        columns={
            "Period": tables.text("Period", width=90), "Dealer": tables.text("Dealer", width=230),
            "Program": tables.text("Program", width=120), "Earned": right("Earned", 105),
            "Approved": right("Approved", 105), "Paid": right("Paid", 105), "In a file": right("In a file", 105),
            "Not paid": right("Not paid", 105),
        },
    )  # fmt: skip
    more = following is not None
    draw_paging("ira", following=following, shown=len(rows), total="many" if more else f"{len(rows):,}")


def choose(position: int) -> None:
    """Show the reconciliation of a row (in a callback)."""
    ids = st.session_state.get("irl_ids", [])
    if 0 <= position < len(ids):
        st.session_state["ir_shown"], st.session_state["ir_view"] = ids[position], "now"
        st.session_state.pop("ir_state", None)


def earlier() -> None:
    """Every reconciliation, the latest first."""
    with reading() as session:
        rows, following = list_reconciliations(session, actor=actor, after=cursor("irl", fingerprint=""))
        total = count_reconciliations(session, actor=actor)
    if not rows:
        empty_state("balance", "Nothing was reconciled yet.")
        return
    remember_rows("irl", [r.id for r in rows])
    tables.show(
        table(
            {
                "Number": [r.number for r in rows], "State": [["Open" if r.is_open else "Closed"] for r in rows],
                "Unexplained": [money(r.unexplained_cents) for r in rows], "Explained": [r.explained for r in rows],
                "Opened": [moment_label(r.opened_at, actor.zone, now=now()) for r in rows],
                "By": [r.opened_by for r in rows], "Closed by": [r.closed_by or "–" for r in rows],
            }
        ),
        key="irl_table", alt="Reconciliations, the latest first",
        columns={
            "Number": tables.opener("Number", key="irl_click", on_open=choose, width=110),
            "State": tables.pill("State", {"Open": "orange", "Closed": "green"}, width=90),
            "Unexplained": right("Unexplained", 110), "Explained": tables.number("Explained", width=90),
            "Opened": tables.text("Opened", width=150), "By": tables.text("By", width=160),
            "Closed by": tables.text("Closed by", width=160),
        },
    )  # fmt: skip
    draw_paging("irl", following=following, shown=len(rows), total=count_label(total, CAP))


linked = st.query_params.pop("difference", "")
if linked.isdecimal():
    with reading() as session:
        try:
            st.session_state["ir_shown"] = get_match(session, match_id=int(linked), actor=actor).reconciliation_id
            open_match(int(linked))
        except NotFound:
            st.info("This difference was matched again and is no longer there.", icon=":material/info:")
shown_one = st.query_params.pop("reconciliation", "")
if shown_one.isdecimal():
    st.session_state["ir_shown"] = int(shown_one)
st.title(":material/balance: Reconciliation")
view = one("View", VIEWS, key="ir_view", default="now")
{"now": differences, "file": bank_file, "accounts": accounts, "earlier": earlier}[view]()
draw_drawer()
