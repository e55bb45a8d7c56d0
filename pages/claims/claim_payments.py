"""Claim payments: what is payable, the batch that pays it, the credit memos it made, and the ledger under all of it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from components import tables
from components.access import guard
from components.areas.claim_payments import (
    day,
    draw_figures,
    draw_lines,
    draw_new_batch,
    draw_record,
    open_record,
    open_row,
    short,
)
from components.areas.claims_words import right
from components.charts.base import table
from components.clock import today
from components.exports import export_button
from components.filters import one, pick, words
from components.labels import empty_state
from components.perform import show_outcome
from components.queue_page import cursor, draw_paging, remember_rows
from db.claim_payments.memo_queries import (
    count_batches,
    count_ledger,
    count_memos,
    count_unpaid_claims,
    ledger_sums,
    list_batches,
    list_ledger,
    list_memos,
)
from db.claim_payments.payable_queries import list_payable
from db.claim_payments.rules import money_label
from db.claims.flow import FLOW
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices

actor = guard(Permission.CLAIMS_PAYMENTS)
VIEWS = {
    "payable": "Payable", "new": "New batch", "batches": "Batches", "memos": "Credit memos", "ledger": "Ledger",
}  # fmt: skip


def pick_dealer(dealers: dict[str, str], key: str) -> int | None:
    """The dealer a view is narrowed to; nothing to choose for people of one dealer."""
    if len(dealers) < 2:
        return None
    chosen = pick("Dealer", dealers, key=key, all_label="All dealers", width=240)
    return int(chosen) if chosen.isdecimal() else None


def begin_batch() -> None:
    """Go to the batch that pays what is payable."""
    st.session_state["pay_view"] = "new"


def payable(dealers: dict[str, str]) -> None:
    """Claims with money no credit memo has paid yet, the first due at the top."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        dealer_id = pick_dealer(dealers, "pay_dealer")
        if actor.can(Permission.CLAIMS_PAY):
            st.button("Make a batch", key="pay_begin", icon=":material/payments:", on_click=begin_batch)
    draw_figures(dealer_id)
    with reading() as session:
        rows, following = list_payable(
            session, actor=actor, dealer_id=dealer_id, after=cursor("payq", fingerprint=dealer_id)
        )
        total = count_unpaid_claims(session, actor=actor, dealer_id=dealer_id)
    if not rows:
        empty_state("task_alt", "Everything is paid.", action="A claim stands here from the moment it is approved.")
        return
    st.session_state["payq_ids"] = [r.number for r in rows]
    tables.show(
        table(
            {
                "Claim": [r.number for r in rows], "Dealer": [r.dealer for r in rows],
                "Type": [r.type_label for r in rows],
                "Status": [[FLOW.state(r.status).label] for r in rows],
                "Amount": [money_label(r.cents, r.currency) for r in rows],
                "Pay by": [day(r.pay_by if r.cents > 0 else None) for r in rows],
                "Due": [
                    ["Overdue"] if r.pay_by and r.pay_by < today(r.zone) and r.cents > 0 else [] for r in rows
                ],
            }
        ),
        key="payq_table", alt="Claims with money to pay, the first due at the top",
        height=560 if len(rows) > 13 else "auto",
        columns={
            "Claim": tables.opener("Claim", key="payq_click", on_open=partial(open_row, "payq", "claim"), width=120),
            "Dealer": tables.text("Dealer", width=220), "Type": tables.text("Type", width=150),
            "Status": tables.status(FLOW, width=170), "Amount": right("Amount", 110),
            "Pay by": tables.text("Pay by", width=110), "Due": tables.pill("Due", {"Overdue": "red"}, width=100),
        },
    )  # fmt: skip
    draw_paging("payq", following=following, shown=len(rows), total=count_label(total, CAP))


def batches() -> None:
    """Batches with a credit memo in scope, the latest first."""
    with reading() as session:
        rows, following = list_batches(session, actor=actor, after=cursor("payb", fingerprint=""))
        total = count_batches(session, actor=actor)
    if not rows:
        empty_state("payments", "Nothing was paid yet.")
        return
    remember_rows("payb", [r.id for r in rows])
    tables.show(
        table(
            {
                "Batch": [r.number for r in rows], "Paid": [short(r.made_at, actor.zone) for r in rows],
                "By": [r.made_by for r in rows], "Credit memos": [r.memos for r in rows],
                "Claims": [r.claims for r in rows], "Sum": [money_label(r.cents) for r in rows],
            }
        ),
        key="payb_table", alt="Batches, the latest first",
        columns={
            "Batch": tables.opener("Batch", key="payb_click", on_open=partial(open_row, "payb", "batch"), width=110),
            "Paid": tables.text("Paid", width=170), "By": tables.text("By", width=180),
            "Credit memos": tables.number("Credit memos", width=110), "Claims": tables.number("Claims", width=90),
            "Sum": right("Sum", 130),
        },
    )  # fmt: skip
    draw_paging("payb", following=following, shown=len(rows), total=count_label(total, CAP))


def memos(dealers: dict[str, str]) -> None:
    """Credit memos in scope, the latest first, with the file for the ERP."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        dealer_id = pick_dealer(dealers, "pay_memo_dealer")
        export_button("credit_memos", {"dealer_id": dealer_id})
    with reading() as session:
        rows, following = list_memos(
            session, actor=actor, dealer_id=dealer_id, after=cursor("paym", fingerprint=dealer_id)
        )
        total = count_memos(session, actor=actor, dealer_id=dealer_id)
    if not rows:
        empty_state("receipt_long", "There is no credit memo yet.", action="Each batch makes one for each dealer.")
        return
    remember_rows("paym", [r.id for r in rows])
    tables.show(
        table(
            {
                "Credit memo": [r.number for r in rows], "Issued": [day(r.issued_on) for r in rows],
                "Dealer": [r.dealer for r in rows], "Claims": [r.claims for r in rows],
                "Credit": [money_label(r.cents, r.currency) for r in rows], "Batch": [r.batch for r in rows],
            }
        ),
        key="paym_table", alt="Credit memos, the latest first", height=560 if len(rows) > 13 else "auto",
        columns={
            "Credit memo": tables.opener(
                "Credit memo", key="paym_click", on_open=partial(open_row, "paym", "memo"), width=120
            ),
            "Issued": tables.text("Issued", width=120), "Dealer": tables.text("Dealer", width=260),
            "Claims": tables.number("Claims", width=90), "Credit": right("Credit", 120),
            "Batch": tables.text("Batch", width=110),
        },
    )  # fmt: skip
    draw_paging("paym", following=following, shown=len(rows), total=count_label(total, CAP))


def ledger(dealers: dict[str, str]) -> None:
    """Every entry in scope, the latest first."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        dealer_id = pick_dealer(dealers, "pay_ledger_dealer")
        claim = words("Claim", key="pay_ledger_claim", placeholder="Number, with all its versions", width=280)
    with reading() as session:
        rows, following = list_ledger(
            session, actor=actor, dealer_id=dealer_id, claim=claim,
            after=cursor("payl", fingerprint=(dealer_id, claim)),
        )  # fmt: skip
        total = count_ledger(session, actor=actor, dealer_id=dealer_id, claim=claim)
        posted, unpaid = ledger_sums(session, actor=actor, dealer_id=dealer_id, claim=claim)
    if not rows:
        empty_state("menu_book", "Nothing is posted here.", action="An entry is made by each decision and charge-back.")
        return
    st.caption(f"{money_label(posted)} posted, {money_label(unpaid)} of it on no credit memo yet".replace("$", "\\$"))
    draw_lines(rows, key="payl_table", with_memo=True, with_dealer=len(dealers) > 1)
    draw_paging("payl", following=following, shown=len(rows), total=count_label(total, CAP))


for kind in ("memo", "batch"):
    linked = st.query_params.pop(kind, "")
    if linked.isdecimal():
        open_record(kind, int(linked))
st.title(":material/payments: Claim payments")
if not actor.can(Permission.CLAIMS_PAY):
    VIEWS.pop("new")
view = one("View", VIEWS, key="pay_view", default="payable")
with reading() as session:
    choices = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
if view == "new":
    draw_new_batch(choices)
else:
    show_outcome("pay_batch")
    {"payable": payable, "memos": memos, "ledger": ledger, "batches": lambda _: batches()}[view](choices)
draw_record()
