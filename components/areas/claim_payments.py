"""Pieces of the page of claim payments: the tiles, the drawer of a record, and the batch finance pays with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import streamlit as st

from components import labels, tables
from components.access import current_actor, guard
from components.areas.claim_payments_reverse import FORM as REVERSE
from components.areas.claim_payments_reverse import draw_reversals
from components.areas.claims_words import right
from components.charts.base import table
from components.clock import now
from components.exports import guarded_download
from components.filters import pick
from components.labels import empty_state, plain
from components.navigation import may_open
from components.perform import forget, perform, show_outcome
from components.tiles import Tile, draw_tiles
from db.claim_payments.batch_commands import make_batch
from db.claim_payments.memo_queries import EntryRow, get_batch, get_memo, ledger_sums, list_ledger, list_memos
from db.claim_payments.payable_queries import PreviewLeft, payable_figures, preview_batch
from db.claim_payments.print_commands import print_memo
from db.claim_payments.rules import money_label
from db.core.area import MetricDefinition
from db.core.labels import moment_label, plural
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading

CLAIM_PAGE = "pages/claims/claim.py"
FORM, KEY, OPEN = "pay_batch", "pay_form_key", "pay_open"
PAYABLE = MetricDefinition(
    name="payable", title="Payable", formula="Sum of entries without a credit memo",
    numerator="Approved claims, and what is still to be set off", excluded="Claims that are appealed", unit="money",
)  # fmt: skip
OVERDUE = MetricDefinition(
    name="payable_overdue", title="Overdue", formula="Sum of entries without a credit memo after the last day to pay",
    numerator="Approved claims whose last day to pay is over where the dealer is", unit="money", better="down",
    rule="domain-rules 2.1 H",
)  # fmt: skip
DEBT = MetricDefinition(
    name="payable_debt", title="Carried debt", formula="Sum over dealers that owe more than they are owed",
    numerator="Charge-backs and debits no credit memo was large enough for", unit="money", better="down",
)  # fmt: skip
AGE = MetricDefinition(
    name="payable_oldest", title="Oldest", formula="Days since the decision, in groups",
    numerator="Payable claims of the oldest group", unit="days", better="down", rule="domain-rules 2.1 I",
)  # fmt: skip


def day(value: date | None) -> str:
    """A day in words: "3 Aug 2026"; an en dash for none."""
    return "–" if value is None else f"{value.day} {value:%b %Y}"


def draw_figures(dealer_id: int | None) -> None:
    """The tiles over the payable list."""
    actor, at = current_actor(), now()
    with reading() as session:
        found = payable_figures(session, actor=actor, now=at, dealer_id=dealer_id)
    oldest = next((x for x in reversed(found.by_age) if x[1]), None)
    pace = "Nothing was paid in 90 days"
    if found.days_to_pay is not None:
        pace = f"Paid after {found.days_to_pay:.1f} days on average; {found.paid_late} of {found.paid_claims} late"
    held = f" · {money_label(found.held_cents)} waits for an appeal" if found.held_cents else ""
    tiles = (
        Tile(
            definition=PAYABLE, value=money_label(found.payable_cents), icon=":material/payments:",
            note=plural(found.payable_claims, "claim") + held,
        ),
        Tile(
            definition=OVERDUE, value=money_label(found.overdue_cents), icon=":material/schedule:",
            note=plural(found.overdue_claims, "claim"),
        ),
        Tile(
            definition=AGE, value=oldest[0] if oldest else "–", icon=":material/hourglass_bottom:",
            note=f"{plural(oldest[1], 'claim')}, {money_label(oldest[2])}. {pace}" if oldest else pace,
        ),
        Tile(
            definition=DEBT, value=money_label(found.debt_cents), icon=":material/undo:",
            note="Set off against the next credit memos" if found.debt_cents else "Nobody owes anything",
        ),
    )  # fmt: skip
    draw_tiles(tiles, key="pay", as_of=at, zone=actor.zone)


# ---- a batch ---------------------------------------------------------------------------------------------------------
def draw_new_batch(dealers: dict[str, str]) -> None:
    """What the next batch pays and leaves out, and the button that pays exactly this."""
    actor = guard(Permission.CLAIMS_PAY)
    show_outcome(FORM)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        due = st.date_input("Due until", value=None, key="pay_due", width=160, help="Empty pays all that is payable")
        dealer = pick("Dealer", dealers, key="pay_new_dealer", all_label="All dealers", width=240)
    due_until = due if isinstance(due, date) else None
    dealer_ids = (int(dealer),) if dealer.isdecimal() else ()
    with reading() as session:
        seen = preview_batch(session, actor=actor, due_until=due_until, dealer_ids=dealer_ids)
    if not seen.memos:
        empty_state("task_alt", "There is nothing to pay.", action="What is left out, and why, stands below.")
    else:
        st.session_state.setdefault(KEY, uuid4().hex)
        arguments = {
            "due_until": due_until, "dealer_ids": dealer_ids, "seen_entries": seen.entries, "seen_cents": seen.cents,
            "form_key": st.session_state[KEY],
        }  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            st.button(
                f"Pay {plain(money_label(seen.cents))}", key="pay_go", type="primary", icon=":material/payments:",
                on_click=_pay, args=(arguments, money_label(seen.cents)),
            )  # fmt: skip
            st.caption(
                f"Makes {plural(len(seen.memos), 'credit memo')} for {plural(seen.claims, 'claim')}, one a dealer; the "
                "claims are paid then and the dealers are told. If a sum changes before you click, nothing is paid and "
                "you see the new one."
            )
        tables.show(
            table(
                {
                    "Dealer": [m.dealer for m in seen.memos], "Code": [m.code for m in seen.memos],
                    "Claims": [m.claims for m in seen.memos], "Credit": [money_label(m.cents) for m in seen.memos],
                    "First due": [day(m.first_due) for m in seen.memos],
                }
            ),
            key="pay_preview", alt="Credit memos of the next batch by dealer, the first due first",
            columns={
                "Dealer": tables.text("Dealer"), "Code": tables.text("Code", width=90),
                "Claims": tables.number("Claims", width=80), "Credit": right("Credit", 120),
                "First due": tables.text("First due", width=120),
            },
        )  # fmt: skip
    draw_left_out(seen.left_out, key="pay_left")


def _pay(arguments: dict[str, object], said: str) -> None:
    perform(make_batch, form=FORM, say=f"{said} paid.", arguments=arguments, after=_paid)


def _paid(batch_id: int) -> None:
    st.session_state.pop(KEY, None)
    st.session_state["pay_view"] = "batches"
    open_record("batch", batch_id)


def draw_left_out(rows: Sequence[PreviewLeft], *, key: str) -> None:
    """Claims that are not paid, each with the reason."""
    if not rows:
        return
    st.markdown(f"**Left out** · {plural(len(rows), 'claim')}")
    tables.show(
        table(
            {
                "Claim": [x.number for x in rows], "Dealer": [x.dealer for x in rows],
                "Amount": [money_label(x.cents) for x in rows], "Why": [x.why for x in rows],
            }
        ),
        key=key, alt="Claims that are left out and why", height=380 if len(rows) > 9 else "auto",
        columns={
            "Claim": tables.text("Claim", width=120), "Dealer": tables.text("Dealer", width=180),
            "Amount": right("Amount", 100), "Why": tables.text("Why", width=380),
        },
    )  # fmt: skip


# ---- the drawer ------------------------------------------------------------------------------------------------------
def open_record(kind: str, found: int | str) -> None:
    """Open the drawer of a memo, a batch (by id) or a claim (by number) at the next run."""
    forget(REVERSE)
    st.session_state[OPEN] = (kind, found)


def _close() -> None:
    st.session_state.pop(OPEN, None)
    forget(REVERSE)


def draw_record() -> None:
    """Draw the drawer when something is open; call it once, at the end of the page."""
    kind, found = st.session_state.get(OPEN) or ("", "")
    if not kind:
        return
    drawn: dict[str, Callable[[Any], None]] = {"memo": _memo, "batch": _batch, "claim": _claim}
    draw = drawn[kind]
    titles = {"memo": "Credit memo", "batch": "Batch", "claim": f"Ledger of {plain(found)}"}

    def body() -> None:
        if st.session_state.get(OPEN) != (kind, found):
            st.rerun()  # another record was opened from within: its own drawer follows
        try:
            draw(found)
        except NotFound as gone:
            st.error(gone.problems[0].message)

    st.dialog(titles[kind], width=640, position="right", on_dismiss=_close)(body)()


def open_row(key: str, kind: str, position: int) -> None:
    """Open the drawer of the row at a position of the table `key`, whose ids or numbers were kept."""
    ids: list[Any] = st.session_state.get(f"{key}_ids", [])
    if 0 <= position < len(ids):
        open_record(kind, ids[position])


def draw_lines(
    rows: Sequence[EntryRow], *, key: str, with_memo: bool = False, with_dealer: bool = False, opens: bool = True
) -> None:
    """Lines of the ledger; whose day it was is the dealer's. A claim opens its whole story."""
    st.session_state[f"{key}_ids"] = [x.claim for x in rows]
    columns: dict[str, list[object]] = {
        "Claim": [x.claim for x in rows], "Dealer": [x.dealer for x in rows],
        "Posted": [moment_label(x.at, x.zone, now=now()) for x in rows],
        "What": [f"{x.label}, taken back" if x.is_reversed else x.label for x in rows],
        "Amount": [money_label(x.cents, x.currency) for x in rows], "Credit memo": [x.memo or "Not yet" for x in rows],
        "By": [x.by for x in rows], "Reason": [x.reason for x in rows],
    }  # fmt: skip
    widths = {
        "Claim": 115, "Dealer": 170, "Posted": 140, "What": 130, "Amount": 100, "Credit memo": 105, "By": 140,
        "Reason": 220,
    }  # fmt: skip
    dropped = {"Credit memo": not with_memo, "Dealer": not with_dealer}
    kept = {name: values for name, values in columns.items() if not dropped.get(name)}
    shown: dict[str, Any] = {name: tables.text(name, width=widths[name]) for name in kept}
    shown["Amount"] = right("Amount", widths["Amount"])
    if opens:
        shown["Claim"] = tables.opener(
            "Claim", key=f"{key}_click", on_open=lambda p: open_row(key, "claim", p), width=widths["Claim"]
        )
    tables.show(
        table(kept), key=key, alt="Lines of the ledger of claims", height=560 if len(rows) > 13 else "auto",
        columns=shown,
    )  # fmt: skip


def _memo(memo_id: int) -> None:
    actor, at = current_actor(), now()
    with reading() as session:
        memo = get_memo(session, memo_id=memo_id, actor=actor)
    st.subheader(f"{plain(memo.number)} · {plain(money_label(memo.cents, memo.currency))}")
    labels.facts(
        [
            ("Dealer", f"{memo.dealer} ({memo.code})"), ("Issued", moment_label(memo.issued_at, actor.zone, now=at)),
            ("By", memo.issued_by), ("Batch", memo.batch), ("Claims", memo.claims),
        ]
    )  # fmt: skip
    if actor.can(Permission.EXPORT_RUN):
        guarded_download(
            "Print", key="pay_print", file_name=f"{memo.number}.pdf", mime="application/pdf", command=print_memo,
            arguments={"memo_id": memo.id}, read=lambda made: made.content,
        )  # fmt: skip
    draw_lines(memo.lines, key="pay_memo_lines")


def _batch(batch_id: int) -> None:
    actor, at = current_actor(), now()
    with reading() as session:
        batch = get_batch(session, batch_id=batch_id, actor=actor)
        memos, more = list_memos(session, actor=actor, batch_id=batch_id)
    st.subheader(f"{plain(batch.number)} · {plain(money_label(batch.cents))}")
    labels.facts(
        [
            ("Paid", moment_label(batch.made_at, actor.zone, now=at)), ("By", batch.made_by),
            ("Due until", day(batch.due_until) if batch.due_until else "Everything payable"),
            ("Credit memos", batch.memos), ("Claims", batch.claims),
        ]
    )  # fmt: skip
    st.session_state["pay_batch_memos_ids"] = [m.id for m in memos]
    tables.show(
        table(
            {
                "Credit memo": [m.number for m in memos], "Dealer": [m.dealer for m in memos],
                "Claims": [m.claims for m in memos], "Credit": [money_label(m.cents, m.currency) for m in memos],
            }
        ),
        key="pay_batch_memos", alt="Credit memos of this batch",
        columns={
            "Credit memo": tables.opener(
                "Credit memo", key="pay_batch_memos_click", width=110,
                on_open=lambda p: open_row("pay_batch_memos", "memo", p),
            ),
            "Dealer": tables.text("Dealer"), "Claims": tables.number("Claims", width=80),
            "Credit": right("Credit", 110),
        },
    )  # fmt: skip
    if more is not None:
        st.caption("The latest 50 are shown; the view of credit memos has all.")
    draw_left_out(batch.left_out, key="pay_batch_left")


def _claim(number: str) -> None:
    actor = current_actor()
    with reading() as session:
        rows, _ = list_ledger(session, actor=actor, claim=number)
        total, unpaid = ledger_sums(session, actor=actor, claim=number)
    if not rows:
        raise NotFound("This claim")
    labels.facts(
        [
            ("Dealer", rows[0].dealer), ("All versions are worth", money_label(total)),
            ("Not paid yet", money_label(unpaid)),
        ]
    )  # fmt: skip
    own = next((x for x in rows if x.claim == number), None)
    if own is not None and may_open(actor, CLAIM_PAGE):
        st.page_link(
            CLAIM_PAGE,
            label=f"Claim {number}",
            icon=":material/description:",
            query_params={"claim": str(own.claim_id)},
        )
    draw_lines(rows, key="pay_claim_lines", with_memo=True, opens=False)
    draw_reversals(rows)


def short(moment: datetime, zone: str) -> str:
    """A moment for a table."""
    return moment_label(moment, zone, now=now())
