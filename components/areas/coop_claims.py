"""Co-op claims: the list, the drawer with every check, proof and bound, and the payment of what was approved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import streamlit as st

from components import labels, tables
from components.access import current_actor
from components.areas.coop_balance import coop_balance_chart
from components.areas.coop_claim_form import open_form
from components.areas.coop_papers import draw_files
from components.areas.coop_words import draw_checks, draw_payable
from components.charts.base import table
from components.clock import now
from components.labels import empty_state, plain
from components.perform import perform, problems_of, show_outcome
from components.queue_page import Screen, id_at, open_drawer, remember_rows
from db.coop.claim_flow import FLOW
from db.coop.claim_queries import ClaimPage, ClaimRow, get_claim
from db.coop.commands import CLAIMS, make_payment
from db.coop.flow import REASONS, WITH_DEALER
from db.coop.model import MEDIA
from db.coop.pay_queries import list_memos, read_owed
from db.coop.pay_rules import plan
from db.coop.say_rules import day, money
from db.core.labels import moment_label, moment_words, plural, relative_label
from db.core.session import reading

PROOF_FORM = "coop_proof"
PAY_FORM, PAY_KEY = "coop_pay", "_coop_pay_key"


def draw_facts(page: ClaimPage) -> None:
    """What whoever decides asks: what was done, what is payable and why, every check, what the fund has after it."""
    row, at, zone = page.row, now(), current_actor().zone
    state = FLOW.state(row.status)
    labels.badges([(state.label, state.tone), (MEDIA[row.medium], "blue")])
    facts: list[tuple[str, object]] = [
        ("Dealer", f"{row.dealer} ({row.dealer_code}), {row.region}"),
        ("Activity", f"{row.activity}{f', {row.vendor}' if row.vendor else ''}"),
        ("When", f"{day(row.starts_on)} to {day(row.ends_on)}"),
        ("Cost", f"{money(row.cost_cents)}, invoice {row.invoice_number}"),
    ]
    if page.request:
        held = f", {money(page.reserved)} reserved" if page.reserved else ""
        facts.append(("Request", f"{page.request}{held}"))
    if row.submitted_at is not None:
        facts.append(("Sent by", f"{row.submitted_name}, {moment_words(row.submitted_at, zone, now=at)}"))
    if row.approved_cents is not None:
        facts.append(("Approved", money(row.approved_cents)))
    if page.memos:
        facts.append(("Credit memo", ", ".join(page.memos)))
    if row.decision_note or row.reason_code:
        why = ": ".join(p for p in (REASONS.get(row.reason_code, ""), row.decision_note) if p)
        facts.append(("Decision", f"{why} ({row.updated_by})"))
    if row.override_reason:
        facts.append(("Exception", row.override_reason))
    labels.facts(facts)
    draw_payable(page.found, title="Payable" if row.status == "in_review" else "Payable as calculated")
    draw_checks(page.checks)
    if row.status in ("in_review", *WITH_DEALER):
        coop_balance_chart(
            fund_id=row.fund_id, actor=current_actor(), now=at, claim_id=page.id, key=f"coopclm_balance_{page.id}"
        )  # fmt: skip
    if row.status == "in_review":
        used, rest, released = page.split
        parts = [f"{money(used)} from the reserve"] if used else []
        parts += [f"{money(rest)} from what is available"] if rest else []
        parts += [f"{money(released)} of the reserve released"] if released else []
        if rest or released:
            st.caption(plain("; ".join(parts)))
        if row.due_at is not None:
            tone = "red" if row.due_at < at else "gray"
            st.markdown(f":{tone}[:material/schedule: Decision due {plain(relative_label(row.due_at, at))}]")


def _change(page: ClaimPage) -> None:
    st.session_state.pop(SCREEN.open_key, None)
    open_form(item_id=page.id)


def _add(page: ClaimPage, kind: str, key: str) -> None:
    perform(
        CLAIMS["add_proof"], form=PROOF_FORM, say="The proof was added", typed={"reference": key},
        convert={"reference": lambda v: v or ""},
        arguments={"item_id": page.id, "seen_version": page.version, "kind": kind},
    )  # fmt: skip


def draw_below(page: ClaimPage) -> None:
    """The proofs of the medium, there or missing; whoever may adds one with a click."""
    st.markdown("**Proofs**")
    show_outcome(PROOF_FORM)
    for proof in page.proofs:
        if proof.there:
            named = ", ".join(proof.files) or proof.reference
            kept = f" :gray[{plain(named)}]" if named else ""
            tone = ":orange[:material/upload_file:]" if proof.file_needed else ":green[:material/check_circle:]"
            wanted = " :orange[its file is needed]" if proof.file_needed else ""
            st.markdown(f"{tone} {plain(proof.label)}{kept}{wanted}")
        elif not page.may_change:
            st.markdown(f":orange[:material/radio_button_unchecked:] {plain(proof.label)}")
        else:
            key = f"coopclm_ref_{page.id}_{proof.kind}"
            with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
                st.text_input(f"{proof.label}, kept as", key=key, max_chars=120, placeholder="File name or number")
                st.button(
                    "Add", key=f"coopclm_add_{page.id}_{proof.kind}", icon=":material/attach_file:", on_click=_add,
                    args=(page, proof.kind, key),
                )  # fmt: skip
    problems_of(PROOF_FORM, "reference")
    draw_files(
        page.papers, key=f"coopclm_{page.id}", item_id=page.id, version=page.version, commands=CLAIMS,
        kinds={p.kind: p.label for p in page.proofs}, may_change=page.may_change,
        missing=next((p.kind for p in page.proofs if p.file_needed or not p.there), ""), label="What the file proves",
    )  # fmt: skip
    if page.may_change:
        st.button(
            "Change the claim", icon=":material/edit:", key=f"coopclm_change_{page.id}", on_click=_change, args=(page,)
        )


WORDS = {
    "submit": "was sent", "approve": "was approved", "send_back": "was returned", "deny": "was denied",
    "void": "was taken back", "reverse": "was reversed",
}  # fmt: skip
SCREEN = Screen(
    flow=FLOW, commands=CLAIMS, key="coopclm", load=get_claim, draw_facts=draw_facts, draw_below=draw_below,
    title=lambda p: f"{p.number} · {plain(p.row.dealer)}", said=lambda p, s: f"{p.number} {WORDS[s.name]}", width=640,
)  # fmt: skip


def _right(label: str, width: int) -> Any:
    return st.column_config.TextColumn(label, width=width, alignment="right")


def open_at(key: str, position: int) -> None:
    """Open the drawer of a row of the list `key`."""
    item_id = id_at(key, position)
    if item_id is not None:
        open_drawer(SCREEN, item_id)


def draw_list(rows: Sequence[ClaimRow], *, view: str) -> None:
    """A list of claims: who did what, what it cost, what is payable or approved."""
    at, zone, key = now(), current_actor().zone, f"coopclm_{view}"
    remember_rows(key, [r.id for r in rows])
    waiting, open_view = view == "waiting", view in ("waiting", "dealer")
    due = [relative_label(r.due_at, at) for r in rows]
    late = {d: "red" if r.due_at is not None and r.due_at < at else "gray" for d, r in zip(due, rows, strict=True)}
    tables.show(
        table(
            {
                "Claim": [r.number for r in rows],
                "Dealer": [r.dealer for r in rows],
                "Activity": [r.activity for r in rows],
                "Medium": [MEDIA[r.medium] for r in rows],
                "Last day": [day(r.ends_on) for r in rows],
                "Cost": [money(r.cost_cents) for r in rows],
                "Payable": [money(r.payable_cents) for r in rows],
                "Approved": ["–" if r.approved_cents is None else money(r.approved_cents) for r in rows],
                "Due": [[d] for d in due],
                "Status": [[FLOW.state(r.status).label] for r in rows],
                "Why": [r.decision_note for r in rows],
                "Changed": [moment_label(r.updated_at, zone, now=at) for r in rows],
            }
        ),
        key=f"{key}_table", alt="Co-op claims", height=560 if len(rows) > 16 else "content",
        columns={
            "Claim": tables.opener("Claim", key=f"{key}_click", on_open=lambda p: open_at(key, p), width=92),
            "Dealer": tables.text("Dealer", width=150), "Activity": tables.text("Activity", width=200),
            "Medium": tables.text("Medium", width=118), "Last day": tables.text("Last day", width=100),
            "Cost": _right("Cost", 88), "Payable": _right("Payable", 88) if open_view else None,
            "Approved": None if open_view else _right("Approved", 88),
            "Due": tables.pill("Due", late, width=104) if waiting else None,
            "Status": None if waiting else tables.status(FLOW, width=110),
            "Why": tables.text("Why", width=220) if view in ("dealer", "done") else None,
            "Changed": None if waiting else tables.text("Last change", width=140),
        },
    )  # fmt: skip


def _pay(lines: int, total: int) -> None:
    perform(
        make_payment, form=PAY_FORM, say=f"{money(total)} was paid",
        after=lambda _id: st.session_state.pop(PAY_KEY, None),
        arguments={
            "seen_lines": lines, "seen_cents": total, "form_key": st.session_state.setdefault(PAY_KEY, uuid4().hex)
        },
    )  # fmt: skip


def draw_payment() -> None:
    """What is approved and not paid, one credit memo a dealer, and the click that pays it."""
    actor = current_actor()
    with reading() as session:
        planned = plan(read_owed(session, actor=actor))
    show_outcome(PAY_FORM)
    problems_of(PAY_FORM, "amounts")
    if not planned.memos:
        empty_state("paid", "Nothing is to be paid.")
    else:
        names = {line.dealer_id: line.dealer for memo in planned.memos for line in memo.lines}
        tables.show(
            table(
                {
                    "Dealer": [names[m.dealer_id] for m in planned.memos],
                    "Claims": [", ".join(line.number for line in m.lines) for m in planned.memos],
                    "Credit": [money(m.cents) for m in planned.memos],
                }
            ),
            key="coop_pay_table", alt="What would be paid now", height=480 if len(planned.memos) > 13 else "content",
            columns={
                "Dealer": tables.text("Dealer", width=200), "Claims": tables.text("Claims", width=360),
                "Credit": _right("Credit", 110),
            },
        )  # fmt: skip
        st.button(
            f"Pay {plain(money(planned.cents))} with {plural(len(planned.memos), 'credit memo')}", type="primary",
            icon=":material/payments:", key="coop_pay_go", on_click=_pay, args=(planned.lines, planned.cents),
        )  # fmt: skip
    for one, why in planned.left_out[:20]:
        st.caption(f"{plain(one.number)}, {plain(one.dealer)}, {plain(money(one.cents))}: {plain(why)}")


def draw_memos(after: Any) -> tuple[int, Any]:
    """The credit memos there are, newest first; gives how many were drawn and the cursor of the next page."""
    actor, at = current_actor(), now()
    with reading() as session:
        rows, following = list_memos(session, scope=actor.scope, after=after)
    if not rows:
        empty_state("receipt_long", "No credit memo was made yet.")
        return 0, None
    tables.show(
        table(
            {
                "Memo": [r.number for r in rows],
                "Dealer": [r.dealer for r in rows],
                "Issued": [moment_label(r.issued_at, actor.zone, now=at) for r in rows],
                "By": [r.issued_by for r in rows],
                "Claims": [f"{r.lines:,}" for r in rows],
                "Credit": [money(r.cents) for r in rows],
                "Payment": [r.batch for r in rows],
            }
        ),
        key="coop_memo_table", alt="Credit memos of co-op", height=560 if len(rows) > 16 else "content",
        columns={
            "Memo": tables.text("Memo", width=96), "Dealer": tables.text("Dealer", width=200),
            "Issued": tables.text("Issued", width=160), "By": tables.text("By", width=130),
            "Claims": _right("Claims", 70), "Credit": _right("Credit", 110),
            "Payment": tables.text("Payment", width=100),
        },
    )  # fmt: skip
    return len(rows), following
