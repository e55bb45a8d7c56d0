"""Pieces of the page of incentive payments: the tiles, the payment finance makes, and the drawers behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import streamlit as st

from components import tables
from components.access import current_actor, guard
from components.charts.base import table
from components.clock import now
from components.exports import guarded_download
from components.filters import pick
from components.forms import cents
from components.labels import empty_state, facts, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.tiles import Tile, draw_tiles
from db.core.area import MetricDefinition
from db.core.labels import moment_label, moment_words, plural
from db.core.permissions import Permission
from db.core.problems import NotFound, Refused
from db.core.session import reading
from db.incentives.account_queries import account_view
from db.incentives.memo_queries import get_batch, get_memo, list_memos
from db.incentives.pay_commands import make_payment
from db.incentives.pay_queries import LeftRow, PayableRow, pay_figures, preview_payment
from db.incentives.pay_rules import Key, remarks
from db.incentives.print_commands import print_memo
from db.incentives.say_rules import day, money

FORM, KEY, OPEN, AMOUNTS = "ip_pay", "ip_form_key", "ip_open", "ip_amounts"
BOOKS = {"earned": "Earned", "approved": "Approved", "paid": "Paid"}
ENTRIES = {
    "calculation": "Calculated", "approval": "Approved", "charge_back": "Charged back", "unwind": "Sale unwound",
    "payment": "Paid", "correction": "Corrected",
}  # fmt: skip
PAYABLE = MetricDefinition(
    name="incentives_payable", title="Payable", formula="Approved less taken back less paid, by dealer, where positive",
    numerator="Approved incentive claims, less charge-backs", excluded="Dealers that are suspended or terminated",
    unit="money", rule="domain-rules 2.4",
)  # fmt: skip
HELD = MetricDefinition(
    name="incentives_held", title="Held", formula="Approved less paid, of what may not be paid by you now",
    numerator="Suspended and terminated dealers; claims you approved", unit="money", better="down",
)  # fmt: skip
CARRIED = MetricDefinition(
    name="incentives_carried", title="Carried debt", formula="Sum over dealers that owe more than they are owed",
    numerator="Charge-backs no credit memo was large enough for", unit="money", better="down",
)  # fmt: skip
PAID = MetricDefinition(
    name="incentives_paid", title="Paid", formula="Sum of credit memos", numerator="Credit memos of incentives",
    unit="money",
)  # fmt: skip


def right(label: str, width: int) -> Any:
    """A right-aligned text column for amounts."""
    return st.column_config.TextColumn(label, width=width, alignment="right")


def draw_figures(dealer_id: int | None) -> None:
    """The tiles over the payable list."""
    actor = current_actor()
    with reading() as session:
        found = pay_figures(session, actor=actor, dealer_id=dealer_id)
    oldest = f"; oldest since {moment_words(found.oldest, actor.zone, now=now())}" if found.oldest else ""
    tiles = (
        Tile(
            definition=PAYABLE, value=money(found.payable_cents), icon=":material/payments:",
            note=plural(found.accounts, "account") + oldest,
        ),
        Tile(
            definition=HELD, value=money(found.held_cents), icon=":material/pan_tool:",
            note="Not payable now; the list says why" if found.held_cents else "Nothing is held",
        ),
        Tile(
            definition=CARRIED, value=money(found.carried_cents), icon=":material/undo:",
            note="Set off against the next credit memos" if found.carried_cents else "Nobody owes anything",
        ),
        Tile(
            definition=PAID, value=money(found.paid_cents), icon=":material/receipt_long:",
            note=plural(found.memos, "credit memo"),
        ),
    )  # fmt: skip
    draw_tiles(tiles, key="ip", as_of=now(), zone=actor.zone)


def draw_accounts(rows: Sequence[PayableRow], *, key: str, amounts: dict[Key, int] | None = None) -> None:
    """Accounts with money to pay; a click opens the story. `amounts` adds what is authorized of each."""
    st.session_state[f"{key}_ids"] = [r.key for r in rows]
    notes = [r.why or ("Set off next time" if r.cents < 0 else "") for r in rows]
    said = [
        money(max(0, r.payable_cents) if amounts is None else amounts.get(r.key, max(0, r.payable_cents))) for r in rows
    ]
    at, zone = now(), current_actor().zone  # once: who asks is looked up in the database each time
    columns: dict[str, Any] = {
        "Program": tables.opener("Program", key=f"{key}_click", on_open=partial(open_row, key, "account"), width=112),
        "Dealer": tables.text("Dealer", width=146), "Owed": right("Owed", 86),
        "Pay now": right("Pay now", 86) if amounts is not None else None, "Period": tables.text("Period", width=80),
        "Claims": tables.number("Claims", width=70),
        "Approved": tables.text("Approved", width=130), "Note": tables.text("Note", width=250) if any(notes) else None,
    }  # fmt: skip
    tables.show(
        table(
            {
                "Program": [r.program for r in rows], "Dealer": [r.dealer for r in rows],
                "Owed": [money(r.cents) for r in rows], "Pay now": said,
                "Period": [r.period for r in rows], "Claims": [r.claims for r in rows],
                "Approved": [moment_label(r.since, zone, now=at) for r in rows],
                "Note": notes,
            }
        ),
        key=f"{key}_table", columns=columns, height=560 if len(rows) > 13 else "auto",
        alt="What is owed by dealer, program and period, the oldest first",
    )  # fmt: skip


# ---- a payment -------------------------------------------------------------------------------------------------------
def authorized() -> dict[Key, int]:
    """What was authorized of single accounts for the payment that is being prepared."""
    found: dict[Key, int] = st.session_state.setdefault(AMOUNTS, {})
    return found


def draw_new(dealers: dict[str, str]) -> None:
    """What the next payment pays and leaves, and the button that pays exactly this."""
    actor = guard(Permission.INCENTIVES_PAY)
    show_outcome(FORM)
    dealer = pick("Dealer", dealers, key="ip_new_dealer", all_label="All dealers", width=260)
    dealer_ids = (int(dealer),) if dealer.isdecimal() else ()
    with reading() as session:
        seen = preview_payment(session, actor=actor, dealer_ids=dealer_ids, amounts=authorized())
    known = {r.key: r.payable_cents for r in seen.rows}
    amounts = {k: c for k, c in authorized().items() if c <= known.get(k, -1)}
    if not seen.rows:
        empty_state("task_alt", "There is nothing to pay.", action="What is approved stands here at once.")
        return
    problems_of(FORM, "amounts")
    stray_problems(FORM, ("amounts",))
    if seen.memos:
        st.session_state.setdefault(KEY, uuid4().hex)
        arguments = {
            "dealer_ids": dealer_ids, "amounts": amounts, "seen_lines": seen.lines, "seen_cents": seen.cents,
            "form_key": st.session_state[KEY],
        }  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            st.button(
                f"Pay {plain(money(seen.cents))}", key="ip_go", type="primary", icon=":material/payments:",
                on_click=_pay, args=(arguments, money(seen.cents)),
            )  # fmt: skip
            st.caption(
                f"Makes {plural(len(seen.memos), 'credit memo')}, one a dealer; charge-backs are set off. Click a "
                "program to pay less of it now and the rest later. If a sum changes before you click, nothing is paid."
            )
    draw_accounts(seen.rows, key="ipn", amounts=amounts)
    draw_left(seen.left_out, key="ip_left")


def _pay(arguments: dict[str, object], said: str) -> None:
    perform(make_payment, form=FORM, say=f"{said} paid.", arguments=arguments, after=_paid)


def _paid(batch_id: int) -> None:
    st.session_state.pop(KEY, None)
    st.session_state.pop(AMOUNTS, None)
    st.session_state["ip_view"] = "batches"
    st.session_state[OPEN] = ("batch", batch_id)  # what was paid is still to be said


def draw_left(rows: Sequence[LeftRow], *, key: str) -> None:
    """What is not paid, each with the reason."""
    if not rows:
        return
    st.markdown(f"**Not paid now** · {plural(len(rows), 'claim')}")
    tables.show(
        table(
            {
                "Claim": [x.number for x in rows], "Amount": [money(x.cents) for x in rows],
                "Why": [x.why for x in rows], "Dealer": [x.dealer for x in rows],
            }
        ),
        key=key, alt="What is not paid and why", height=380 if len(rows) > 9 else "auto",
        columns={
            "Claim": tables.text("Claim", width=96), "Amount": right("Amount", 90),
            "Why": tables.text("Why", width=300), "Dealer": tables.text("Dealer", width=150),
        },
    )  # fmt: skip


# ---- drawers ---------------------------------------------------------------------------------------------------------
def open_record(kind: str, found: Any) -> None:
    """Open the drawer of a memo or a batch (by id) or an account (by key) at the next run."""
    forget(FORM)
    st.session_state[OPEN] = (kind, found)


def open_row(key: str, kind: str, position: int) -> None:
    """Open the drawer of the row at a position of the table `key`, whose ids were kept."""
    ids: list[Any] = st.session_state.get(f"{key}_ids", [])
    if 0 <= position < len(ids):
        open_record(kind, ids[position])


def _close() -> None:
    st.session_state.pop(OPEN, None)


def draw_record() -> None:
    """Draw the drawer when something is open; call it once, at the end of the page."""
    kind, found = st.session_state.get(OPEN) or ("", "")
    if not kind:
        return
    drawn: dict[str, Callable[[Any], None]] = {"memo": _memo, "batch": _batch, "account": _account}
    titles = {"memo": "Credit memo", "batch": "Payment", "account": "Account"}

    def body() -> None:
        if st.session_state.get(OPEN) != (kind, found):
            st.rerun()  # another record was opened from within: its own drawer follows
        try:
            drawn[kind](found)
        except NotFound as gone:
            st.error(gone.problems[0].message)

    st.dialog(titles[kind], width=640, position="right", on_dismiss=_close)(body)()


def _account(key: Key) -> None:
    actor = current_actor()
    with reading() as session:
        view = account_view(session, key=key, actor=actor)
    st.subheader(f"{plain(view.program)} · {plain(view.period)}")
    facts(
        [
            ("Dealer", view.dealer), ("Program", view.program_name), ("Earned", money(view.earned_cents)),
            ("Approved", money(view.approved_cents)), ("Paid", money(view.paid_cents)),
            ("Owed", money(view.approved_cents - view.paid_cents)),
        ]
    )  # fmt: skip
    if actor.can(Permission.INCENTIVES_PAY) and st.session_state.get("ip_view") == "new":
        _authorize(key, view.approved_cents - view.paid_cents)
    tables.show(
        table(
            {
                "When": [moment_label(e.at, view.zone, now=now()) for e in view.entries],
                "Book": [BOOKS.get(e.book, e.book) for e in view.entries],
                "What": [ENTRIES.get(e.kind, e.kind) for e in view.entries],
                "Amount": [money(e.cents) for e in view.entries], "Claim": [e.claim for e in view.entries],
                "By": [e.by for e in view.entries], "Why": [e.reason for e in view.entries],
            }
        ),
        key="ip_entries", alt="Entries of the ledger of this account, the latest first",
        columns={
            "When": tables.text("When", width=120), "Book": tables.text("Book", width=80),
            "What": tables.text("What", width=100), "Amount": right("Amount", 90),
            "Claim": tables.text("Claim", width=90), "By": tables.text("By", width=130),
            "Why": tables.text("Why", width=240),
        },
    )  # fmt: skip


def _authorize(key: Key, owed: int) -> None:
    """How much of an account is paid now; the rest stays payable."""
    if owed <= 0:
        return
    name = f"ip_amount_{'_'.join(map(str, key))}"
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Pay now", key=name, placeholder=f"{owed / 100:,.2f}", width=160,
            help="Debts are set off first, then the oldest claims are paid. The rest stays payable.",
        )  # fmt: skip
        st.button("Authorize", key=f"{name}_go", icon=":material/check:", on_click=_keep, args=(key, name, owed))
        if key in authorized():
            st.button("Pay all", key=f"{name}_all", type="tertiary", on_click=_keep, args=(key, "", owed))
    if st.session_state.get("ip_amount_problem"):
        st.markdown(f":red[:material/error: {plain(st.session_state['ip_amount_problem'])}]")


def _keep(key: Key, name: str, owed: int) -> None:
    st.session_state.pop("ip_amount_problem", None)
    try:
        value = cents(st.session_state.get(name) if name else None)
    except Refused as refusal:
        st.session_state["ip_amount_problem"] = refusal.problems[0].message
        return
    if value is None or value == owed:
        authorized().pop(key, None)
    elif not 0 <= value <= owed:
        st.session_state["ip_amount_problem"] = f"Between $0 and {money(owed)} can be authorized."
        return
    else:
        authorized()[key] = value
    _close()


def _memo(memo_id: int) -> None:
    actor = current_actor()
    with reading() as session:
        memo = get_memo(session, memo_id=memo_id, actor=actor)
    st.subheader(f"{plain(memo.number)} · {plain(money(memo.cents))}")
    facts(
        [
            ("Dealer", f"{memo.dealer} ({memo.code})"), ("Issued", day(memo.issued_on)), ("By", memo.issued_by),
            ("Payment", memo.batch), ("Claims", memo.claims),
        ]
    )  # fmt: skip
    if actor.can(Permission.EXPORT_RUN):
        guarded_download(
            "Credit memo (PDF)", key="ip_print", file_name=f"{memo.number}.pdf", mime="application/pdf",
            command=print_memo, arguments={"memo_id": memo.id}, read=lambda made: made.content,
            help="Its lines and total to print or file. Each print is logged.",
        )  # fmt: skip
    tables.show(
        table(
            {
                "Claim": [x.claim for x in memo.lines], "Program": [x.program for x in memo.lines],
                "Paid": [money(x.cents) for x in memo.lines], "Owed": [money(x.owed_cents) for x in memo.lines],
                "For": [x.vin or f"Period {x.period}" for x in memo.lines],
            }
        ),
        key="ip_memo_lines", alt="Lines of this credit memo", height=560 if len(memo.lines) > 13 else "auto",
        columns={
            "Claim": tables.text("Claim", width=96), "Program": tables.text("Program", width=110),
            "Paid": right("Paid", 86), "Owed": right("Owed", 86), "For": tables.text("For", width=172),
        },
    )  # fmt: skip
    for sentence in remarks((x.owed_cents, x.cents) for x in memo.lines):
        st.caption(plain(sentence))


def _batch(batch_id: int) -> None:
    actor = current_actor()
    with reading() as session:
        batch = get_batch(session, batch_id=batch_id, actor=actor)
        memos, more = list_memos(session, actor=actor, batch_id=batch_id)
    st.subheader(f"{plain(batch.number)} · {plain(money(batch.cents))}")
    facts(
        [
            ("Paid", moment_label(batch.made_at, actor.zone, now=now())), ("By", batch.made_by),
            ("Credit memos", batch.memos), ("Claims", batch.lines),
        ]
    )  # fmt: skip
    st.session_state["ip_batch_memos_ids"] = [m.id for m in memos]
    tables.show(
        table(
            {
                "Credit memo": [m.number for m in memos], "Credit": [money(m.cents) for m in memos],
                "Dealer": [m.dealer for m in memos], "Claims": [m.claims for m in memos],
            }
        ),
        key="ip_batch_memos", alt="Credit memos of this payment",
        columns={
            "Credit memo": tables.opener(
                "Credit memo", key="ip_batch_memos_click", width=110,
                on_open=partial(open_row, "ip_batch_memos", "memo"),
            ),
            "Credit": right("Credit", 90), "Dealer": tables.text("Dealer", width=200),
            "Claims": tables.number("Claims", width=70),
        },
    )  # fmt: skip
    if more is not None:
        st.caption("The latest 50 are shown; the view of credit memos has all.")
    draw_left(batch.left_out, key="ip_batch_left")
