"""Co-op funds: the list of balances, the statement of one on any day, and money moved by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.coop_balance import coop_balance_chart, coop_statement_chart
from components.charts.base import table
from components.clock import now, today
from components.forms import cents
from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.queue_page import id_at, remember_rows
from db.coop.balance_rules import KINDS, Balance
from db.coop.commands import adjust, allocate, forfeit, transfer
from db.coop.fund_queries import FundRow, Statement, statement
from db.coop.say_rules import day, money
from db.core.labels import moment_label, percent_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import dealer_choices

OPEN, FORM = "coopfund_open", "coopfund_form"
MOVES = {"adjust": "Adjust", "allocate": "Allocate", "transfer": "Transfer", "forfeit": "Close and forfeit"}
KEYS = {name: f"coopfund_{name}" for name in ("cents", "reason", "override_reason", "to_dealer_id")}


def _right(label: str, width: int, help: str | None = None) -> Any:
    return st.column_config.TextColumn(label, width=width, alignment="right", help=help)


def open_fund(fund_id: int | None) -> None:
    """Open the statement of a fund (call it from a callback or before it is drawn)."""
    forget(FORM)
    st.session_state[OPEN] = fund_id


def _open_at(position: int) -> None:
    open_fund(id_at("coopfund", position))


def draw_totals(total: Balance) -> None:
    """The sums of the funds the filters leave."""
    into = total.accrued + total.allocated + total.adjusted + total.transferred
    used = total.approved - total.reversed
    with st.container(horizontal=True, gap="small"):
        for label, value, help_text in (
            ("Came in", money(into), "Accrued, allocated, adjusted and transferred"),
            ("Reserved", money(total.reserved), "Held by pre-approvals that were not claimed yet"),
            ("Approved", money(used), f"{percent_label(used, into)} of what came in"),
            ("Paid", money(total.paid), "Credited with credit memos"),
            ("Expired", money(total.expired + total.forfeited), "Unspent on the last day, or forfeited"),
            ("Available", money(total.available), "Can be asked for now"),
        ):
            st.metric(label, plain(value), border=True, help=help_text)


def draw_list(rows: Sequence[FundRow]) -> None:
    """Funds by dealer, each with its columns; a click opens the statement."""
    remember_rows("coopfund", [r.id for r in rows])
    tables.show(
        table(
            {
                "Code": [r.dealer_code for r in rows],
                "Dealer": [r.dealer for r in rows],
                "Region": [r.region for r in rows],
                "Year": [r.period for r in rows],
                "Came in": [money(r.in_cents) for r in rows],
                "Reserved": [money(r.reserved_cents) for r in rows],
                "Approved": [money(r.used_cents) for r in rows],
                "Paid": [money(r.paid_cents) for r in rows],
                "Expired": [money(r.expired_cents + r.forfeited_cents) for r in rows],
                "Available": [money(r.available_cents) for r in rows],
                "Used": [percent_label(r.used_cents, r.in_cents, 0) for r in rows],
            }
        ),
        key="coopfund_table", alt="Co-op funds by dealer", height=560 if len(rows) > 16 else "content",
        columns={
            "Code": tables.opener("Code", key="coopfund_click", on_open=_open_at, width=72),
            "Dealer": tables.text("Dealer", width=164), "Region": tables.text("Region", width=104),
            "Year": tables.text("Year", width=52), "Came in": _right("Came in", 92),
            "Reserved": _right("Reserved", 84),
            "Approved": _right("Approved", 88), "Paid": _right("Paid", 88), "Expired": _right("Expired", 88),
            "Available": _right("Available", 92), "Used": _right("Used", 52, "Approved of what came in"),
        },
    )  # fmt: skip


def draw_statement() -> None:
    """The statement of the fund that is open, in the drawer; call it once, at the end of the page."""
    fund_id = st.session_state.get(OPEN)
    if fund_id is None:
        show_outcome(FORM)
        return
    st.dialog("Statement", width=820, position="right", on_dismiss=lambda: open_fund(None))(_body)()


def _body() -> None:
    fund_id = st.session_state.get(OPEN)
    if fund_id is None:
        st.rerun()
    actor = current_actor()
    on: date = st.date_input("On", value=today(actor.zone), key="coopfund_on", width=180)
    try:
        with reading() as session:
            found = statement(session, fund_id=fund_id, on=on, scope=actor.scope)
    except NotFound as gone:
        st.error(gone.problems[0].message)
        return
    fund, balance = found.fund, found.balance
    st.markdown(f"**{plain(fund.dealer)}** ({plain(fund.dealer_code)}), {plain(fund.programme)}, {plain(fund.region)}")
    if fund.closed_at is not None:
        st.warning(f"Closed {plain(moment_label(fund.closed_at, actor.zone, now=now()))}; the rest was forfeited.")
    parts = {
        "came in": balance.accrued + balance.allocated + balance.adjusted + balance.transferred,
        "reserved": balance.reserved, "approved": balance.approved - balance.reversed,
        "expired or forfeited": balance.expired + balance.forfeited,
    }  # fmt: skip
    said = ", ".join(f"{money(value)} {name}" for name, value in parts.items())
    st.markdown(f"On {plain(day(found.on))}: **{plain(money(balance.available))} available** ({plain(said)}); "
                f"{plain(money(balance.paid))} paid, {plain(money(balance.owed))} still to be paid.")  # fmt: skip
    coop_balance_chart(fund_id=fund_id, actor=actor, now=now(), on=on, key="coopfund_balance", height=180, says=False)
    show_outcome(FORM)
    if actor.can(Permission.COOP_MANAGE) and fund.closed_at is None:
        _draw_moves(fund)
    _draw_lines(found)
    if found.lines:
        st.markdown("**By month**")
        coop_statement_chart(found, key="coopfund_months")
    _draw_lots(found)


def _draw_lines(found: Statement) -> None:
    if not found.lines:
        st.caption("Nothing was posted by this day.")
        return
    lines = found.lines[::-1]
    tables.show(
        table(
            {
                "Day": [day(x.entry.day) for x in lines],
                "Entry": [KINDS[x.entry.kind] for x in lines],
                "For": [x.entry.number for x in lines],
                "Amount": [money(x.entry.cents) for x in lines],
                "Change": [money(x.change) for x in lines],
                "Available": [money(x.available) for x in lines],
                "Why": [x.entry.reason for x in lines],
                "By": [x.entry.by for x in lines],
            }
        ),
        key="coopfund_lines", alt="Entries of the ledger, newest first", height=420 if len(lines) > 11 else "content",
        columns={
            "Day": tables.text("Day", width=96), "Entry": tables.text("Entry", width=118),
            "For": tables.text("For", width=92), "Amount": _right("Amount", 92),
            "Change": _right("Change", 92, "What it changed of what is available"),
            "Available": _right("Available", 96), "Why": tables.text("Why", width=200),
            "By": tables.text("By", width=110),
        },
    )  # fmt: skip


def _draw_lots(found: Statement) -> None:
    lots = [x for x in found.lots if x.left_cents or x.held_cents]
    if not lots:
        return
    st.markdown("**Expires next** (as of now)")
    lines = [
        f":material/event: {plain(day(x.expires_on))}: {plain(money(x.left_cents))} of {plain(money(x.cents))} unspent"
        + (f", {plain(money(x.held_cents))} reserved" if x.held_cents else "")
        for x in lots[:12]
    ]
    st.markdown("  \n".join(lines))


def _draw_moves(fund: FundRow) -> None:
    with st.expander("Move money", icon=":material/swap_horiz:"):
        move = st.segmented_control(
            "What", list(MOVES), format_func=MOVES.__getitem__, key="coopfund_move", default="adjust", required=True
        )
        if move == "transfer":
            with reading() as session:
                dealers = {
                    d.dealer_id: d.label
                    for d in dealer_choices(session, current_actor().scope, statuses=("active", "suspended"))
                    if d.dealer_id != fund.dealer_id
                }
            st.selectbox(
                "To", list(dealers), format_func=lambda i: dealers.get(i, "–"), index=None, placeholder="Choose",
                key=KEYS["to_dealer_id"],
            )  # fmt: skip
            problems_of(FORM, "to_dealer_id")
        if move != "forfeit":
            hint = "-250 takes away" if move == "adjust" else "2,500"
            st.text_input("Amount", key=KEYS["cents"], placeholder=hint)
            problems_of(FORM, "cents")
            problems_of(FORM, "amount_cents")
        st.text_input("Reason", key=KEYS["reason"], max_chars=1_000)
        problems_of(FORM, "reason")
        if move == "adjust" and current_actor().can(Permission.COOP_OVERRIDE):
            st.text_input("Reason of an exception (below zero)", key=KEYS["override_reason"], max_chars=1_000)
            problems_of(FORM, "override_reason")
        stray_problems(FORM, (*KEYS, "amount_cents"))
        label = MOVES[str(move)]
        st.button(label, key="coopfund_go", type="primary", on_click=_move, args=(fund, str(move)))


def _move(fund: FundRow, move: str) -> None:
    form_key = st.session_state.setdefault("_coopfund_key", uuid4().hex)
    commands: dict[str, Any] = {"adjust": adjust, "allocate": allocate, "transfer": transfer, "forfeit": forfeit}
    names = {
        "adjust": ("cents", "reason", "override_reason"), "allocate": ("cents", "reason"),
        "transfer": ("cents", "reason", "to_dealer_id"), "forfeit": ("reason",),
    }[move]  # fmt: skip
    arguments: dict[str, Any] = {"fund_id": fund.id, "form_key": form_key}
    if move == "allocate":
        arguments = {"programme_id": fund.programme_id, "dealer_id": fund.dealer_id, "form_key": form_key}
    elif move == "forfeit":
        arguments = {"fund_id": fund.id}
    perform(
        commands[move], form=FORM, say=f"{fund.dealer}: the fund was changed", arguments=arguments,
        typed={n: KEYS[n] for n in names if n != "override_reason" or current_actor().can(Permission.COOP_OVERRIDE)},
        convert={
            "cents": lambda v: cents(v, field="cents"), "reason": lambda v: v or "",
            "override_reason": lambda v: v or "",
        },
        after=lambda _id: st.session_state.pop("_coopfund_key", None),
    )  # fmt: skip
