"""Incentive payments: what is approved and not paid, the payment finance makes, and its credit memos."""

from __future__ import annotations

from functools import partial

import streamlit as st

from components import tables
from components.access import guard
from components.areas.incentive_payments import (
    draw_accounts,
    draw_figures,
    draw_new,
    draw_record,
    open_record,
    open_row,
    right,
)
from components.charts.base import table
from components.clock import now
from components.exports import export_button
from components.filters import one, pick
from components.labels import empty_state
from components.perform import show_outcome
from components.queue_page import cursor, draw_paging, remember_rows
from db.core.area import CAP
from db.core.labels import count_label, moment_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.incentives.memo_queries import count_batches, count_memos, list_batches, list_memos
from db.incentives.pay_queries import list_payable
from db.incentives.say_rules import day, money

actor = guard(Permission.INCENTIVES_PAYMENTS)
VIEWS = {"payable": "Payable", "new": "New payment", "batches": "Payments", "memos": "Credit memos"}


def pick_dealer(dealers: dict[str, str], key: str) -> int | None:
    """The dealer a view is narrowed to; nothing to choose for people of one dealer."""
    if len(dealers) < 2:
        return None
    chosen = pick("Dealer", dealers, key=key, all_label="All dealers", width=260)
    return int(chosen) if chosen.isdecimal() else None


def begin() -> None:
    """Go to the payment of what is payable."""
    st.session_state["ip_view"] = "new"


def payable(dealers: dict[str, str]) -> None:
    """Accounts with money to pay or to set off, the oldest first."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        dealer_id = pick_dealer(dealers, "ip_dealer")
        if actor.can(Permission.INCENTIVES_PAY):
            st.button("Make a payment", key="ip_begin", icon=":material/payments:", on_click=begin)
        export_button("incentive_accounts", {"dealer_id": dealer_id, "only_open": True})
    draw_figures(dealer_id)
    with reading() as session:
        rows = list_payable(session, actor=actor, dealer_id=dealer_id)
    if rows:
        draw_accounts(rows, key="ipq")
    else:
        empty_state("task_alt", "Everything is paid.", action="A claim stands here from the moment it is approved.")


def batches() -> None:
    """Payments with a credit memo in scope, the latest first."""
    with reading() as session:
        rows, following = list_batches(session, actor=actor, after=cursor("ipb", fingerprint=""))
        total = count_batches(session, actor=actor)
    if not rows:
        empty_state("payments", "Nothing was paid yet.")
        return
    remember_rows("ipb", [r.id for r in rows])
    tables.show(
        table(
            {
                "Payment": [r.number for r in rows], "Sum": [money(r.cents) for r in rows],
                "Paid": [moment_label(r.made_at, actor.zone, now=now()) for r in rows],
                "By": [r.made_by for r in rows], "Credit memos": [r.memos for r in rows],
                "Claims": [r.lines for r in rows],
            }
        ),
        key="ipb_table", alt="Payments, the latest first",
        columns={
            "Payment": tables.opener(
                "Payment", key="ipb_click", on_open=partial(open_row, "ipb", "batch"), width=110
            ),
            "Sum": right("Sum", 120), "Paid": tables.text("Paid", width=170), "By": tables.text("By", width=180),
            "Credit memos": tables.number("Credit memos", width=110), "Claims": tables.number("Claims", width=90),
        },
    )  # fmt: skip
    draw_paging("ipb", following=following, shown=len(rows), total=count_label(total, CAP))


def memos(dealers: dict[str, str]) -> None:
    """Credit memos in scope, the latest first, with the file for the ERP."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        dealer_id = pick_dealer(dealers, "ip_memo_dealer")
        export_button("incentive_memos", {"dealer_id": dealer_id})
    with reading() as session:
        rows, following = list_memos(
            session, actor=actor, dealer_id=dealer_id, after=cursor("ipm", fingerprint=dealer_id)
        )
        total = count_memos(session, actor=actor, dealer_id=dealer_id)
    if not rows:
        empty_state("receipt_long", "There is no credit memo yet.", action="Each payment makes one for each dealer.")
        return
    remember_rows("ipm", [r.id for r in rows])
    tables.show(
        table(
            {
                "Credit memo": [r.number for r in rows], "Credit": [money(r.cents) for r in rows],
                "Issued": [day(r.issued_on) for r in rows], "Dealer": [r.dealer for r in rows],
                "Claims": [r.claims for r in rows], "Payment": [r.batch for r in rows],
            }
        ),
        key="ipm_table", alt="Credit memos, the latest first", height=560 if len(rows) > 13 else "auto",
        columns={
            "Credit memo": tables.opener(
                "Credit memo", key="ipm_click", on_open=partial(open_row, "ipm", "memo"), width=120
            ),
            "Credit": right("Credit", 90), "Issued": tables.text("Issued", width=110),
            "Dealer": tables.text("Dealer", width=260), "Claims": tables.number("Claims", width=90),
            "Payment": tables.text("Payment", width=110),
        },
    )  # fmt: skip
    draw_paging("ipm", following=following, shown=len(rows), total=count_label(total, CAP))


for kind in ("memo", "batch"):
    linked = st.query_params.pop(kind, "")
    if linked.isdecimal():
        open_record(kind, int(linked))
st.title(":material/request_quote: Incentive payments")
if not actor.can(Permission.INCENTIVES_PAY):
    VIEWS.pop("new")
view = one("View", VIEWS, key="ip_view", default="payable")
with reading() as session:
    choices = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
if view == "new":
    draw_new(choices)
else:
    show_outcome("ip_pay")
    {"payable": payable, "memos": memos, "batches": lambda _: batches()}[view](choices)
draw_record()
