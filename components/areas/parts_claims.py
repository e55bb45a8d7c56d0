"""The drawer of a parts claim, and the form that claims a delivery."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import streamlit as st

from components import labels
from components.access import current_actor, guard
from components.areas.parts_lines import day_label
from components.areas.parts_orders import money_label
from components.clock import now, today
from components.labels import plain
from components.perform import forget, outcome_of, perform, problems_of, show_outcome, stray_problems
from components.queue_page import Screen
from db.core.labels import moment_label, plural
from db.core.permissions import Permission
from db.core.session import reading
from db.parts import rules
from db.parts.claim_commands import file_claim
from db.parts.claim_queries import ClaimRow, claimable_lines, get_claim
from db.parts.commands import COMMANDS
from db.parts.flow import CLAIMS

FORM, OPEN = "parts_claim_form", "parts_claim_form_open"
ORDER = "pcf_order"
KEYS = {n: f"pcf_{n}" for n in ("line_id", "kind", "quantity", "received_on", "description", "evidence")}


def _facts(row: ClaimRow) -> None:
    actor, at = current_actor(), now()
    state = CLAIMS.state(row.status)
    labels.badges(
        [
            (state.label, state.tone), (rules.CLAIM_KINDS[row.kind], "gray"),
            ("Claimed too late" if row.is_late else "", "orange"),
            ("Overdue" if row.is_open and row.due_at < at else "", "red"),
        ]
    )  # fmt: skip
    st.markdown(f"> {plain(row.description)}")
    facts: list[tuple[str, object]] = [
        ("Dealer", row.dealer), ("Delivery", f"{row.order} line {row.position}, {plural(row.shipped, 'unit')} shipped"),
        ("Part", f"{row.part} {row.name}".strip()), ("Claimed", plural(row.quantity, "unit")),
        ("Received", day_label(row.received_on)), ("To claim until", day_label(row.last_day)),
        ("Filed", moment_label(row.created_at, actor.zone, now=at)), ("Shown by", row.evidence),
        ("Amount", money_label(row.amount_cents)),
    ]  # fmt: skip
    if row.is_open:
        facts.append(("Due", moment_label(row.due_at, actor.zone, now=at)))
    if row.status == "credited":
        facts.append(("Credited", money_label(row.credit_cents)))
    if row.reason_code:
        facts.append(("Reason", rules.DENY_REASONS[row.reason_code]))
    if row.decision_note:
        facts.append(("Question" if row.status == "asked" else "Note", row.decision_note))
    if row.decided_at:
        facts.append(("Decided", f"{moment_label(row.decided_at, actor.zone, now=at)}, {row.decided_by}"))
    labels.facts(facts)
    st.page_link(
        "pages/parts/parts_orders.py", label=f"Order {row.order}", icon=":material/shopping_cart:",
        query_params={"order": str(row.order_id)},
    )  # fmt: skip
    if row.replacement_id is not None:
        st.page_link(
            "pages/parts/parts_orders.py", label="The replacement", icon=":material/swap_horiz:",
            query_params={"order": str(row.replacement_id)},
        )  # fmt: skip


SCREEN = Screen(
    flow=CLAIMS, commands=COMMANDS["parts_claims"], key="pc", load=get_claim,
    title=lambda c: f"{c.number} · {plain(c.dealer)}", draw_facts=_facts,
)  # fmt: skip


# ---- claiming --------------------------------------------------------------------------------------------------------
def open_form() -> None:
    """Open an empty form at the next run (from a callback)."""
    forget(FORM)
    st.session_state[OPEN] = uuid4().hex


def _close(*_: Any) -> None:
    st.session_state.pop(OPEN, None)


def draw_form() -> None:
    """The form of a new claim when it is open; call it once a page."""
    if st.session_state.get(OPEN) is None:
        show_outcome(FORM)
        return
    st.dialog("Claim a delivery", width="medium", on_dismiss=_close)(_form)()


def _form() -> None:
    form_key = st.session_state.get(OPEN)
    if form_key is None:
        st.rerun()
    actor = guard(Permission.PARTS_CLAIM)
    outcome = outcome_of(FORM)
    if outcome and any(not p.field for p in outcome.problems):
        show_outcome(FORM)
    number = st.text_input("Order number", key=ORDER, placeholder="PO-000123, or your own number", max_chars=40)
    with reading() as session:
        lines = {x.line_id: x.label for x in claimable_lines(session, number=number or "", actor=actor)}
    if not lines:
        st.caption("Nothing was shipped of an order with this number." if number else "Which order came?")
        return
    if len(lines) == 1:
        st.session_state[KEYS["line_id"]] = next(iter(lines))
    st.selectbox("Line", list(lines), index=None, format_func=lambda v: lines.get(v, "–"), key=KEYS["line_id"],
                 placeholder="Choose")  # fmt: skip
    problems_of(FORM, "line_id")
    kind = st.pills("What is wrong", list(rules.CLAIM_KINDS), format_func=rules.CLAIM_KINDS.__getitem__,
                    key=KEYS["kind"])  # fmt: skip
    if kind:
        days, is_working = rules.WINDOWS[kind]
        words = plural(days, "working day" if is_working else "day")
        st.caption(f"To be claimed within {words} of the receipt. Later ones are taken and marked.")
    problems_of(FORM, "kind")
    with st.container(horizontal=True, gap="small"):
        st.number_input("Units", min_value=1, max_value=rules.MOST_UNITS, value=None, step=1, key=KEYS["quantity"])
        st.date_input("Received on", value=None, key=KEYS["received_on"], max_value=today(actor.zone))
    problems_of(FORM, "quantity")
    problems_of(FORM, "received_on")
    st.text_area("Describe it", key=KEYS["description"], height=80, max_chars=2000)
    problems_of(FORM, "description")
    st.text_input("Photo or report :gray[(optional)]", key=KEYS["evidence"], max_chars=200,
                  help="Where it is kept, such as the number of a document")  # fmt: skip
    stray_problems(FORM, list(KEYS))

    def save() -> None:
        perform(
            file_claim, form=FORM, say="The claim was sent", typed=KEYS, arguments={"form_key": form_key},
            convert={name: (lambda v: v or "") for name in ("kind", "description", "evidence")}, clear=[ORDER],
            after=_close,
        )  # fmt: skip

    st.button("Send claim", key="pcf_save", type="primary", icon=":material/send:", on_click=save)
