"""Requests for co-op money: the list, and the drawer with what is payable, why, and what it leaves of the fund."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from components import labels, tables
from components.access import current_actor
from components.areas.coop_balance import coop_balance_chart
from components.areas.coop_papers import draw_files
from components.areas.coop_words import draw_payable
from components.charts.base import table
from components.clock import now
from components.labels import plain
from components.queue_page import Screen, id_at, open_drawer, remember_rows
from db.coop.claim_flow import FLOW as CLAIM_FLOW
from db.coop.commands import REQUESTS
from db.coop.flow import FLOW, REASONS, WITH_DEALER
from db.coop.model import MEDIA
from db.coop.paper_queries import PLAN
from db.coop.request_queries import RequestPage, RequestRow, get_request
from db.coop.say_rules import day, inside, money
from db.core.labels import moment_label, moment_words, relative_label

CLAIM_FOR = "_coop_claim_for"
"""Session key: the request a claim is entered for when the page of claims opens."""
FORM_OF = "_coop_change_request"
"""Session key: the request whose form opens to be changed."""


def draw_facts(page: RequestPage) -> None:
    """What whoever decides asks: what is planned, what is payable and why, what the fund has before and after."""
    row, at, zone = page.row, now(), current_actor().zone
    state = FLOW.state(row.status)
    needs = "Pre-approval required" if page.preapproval else "Pre-approval voluntary"
    labels.badges([(state.label, state.tone), (MEDIA[row.medium], "blue"), (needs, "gray")])
    facts: list[tuple[str, object]] = [
        ("Dealer", f"{row.dealer} ({row.dealer_code}), {row.region}"),
        ("Activity", f"{row.activity}{f', {row.vendor}' if row.vendor else ''}"),
        ("When", f"{day(row.starts_on)} to {day(row.ends_on)}"),
        ("Cost", money(row.cost_cents)),
    ]
    if row.goal:
        facts.append(("Goal", row.goal))
    if row.submitted_at is not None:
        facts.append(("Sent by", f"{row.submitted_name}, {moment_words(row.submitted_at, zone, now=at)}"))
    if row.approved_cents is not None:
        until = f", {money(row.reserved_cents)} reserved" if row.reserved_cents else ""
        facts.append(("Approved", f"{money(row.approved_cents)}{until}"))
    if row.lapses_on is not None:
        facts.append(("Claim by", f"{day(row.lapses_on)}; the activity begins by {day(row.valid_until)}"))
    if row.decision_note or row.reason_code:
        why = ": ".join(p for p in (REASONS.get(row.reason_code, ""), row.decision_note) if p)
        facts.append(("Decision", f"{why} ({row.updated_by})"))
    if row.override_reason:
        facts.append(("Exception", row.override_reason))
    labels.facts(facts)
    draw_payable(page.found, title="Payable" if row.status == "in_review" else "Payable as calculated")
    if row.status in ("in_review", *WITH_DEALER):
        coop_balance_chart(
            fund_id=row.fund_id, actor=current_actor(), now=at, request_id=page.id, key=f"coopreq_balance_{page.id}"
        )  # fmt: skip
    if row.status == "in_review" and row.due_at is not None:
        tone = "red" if row.due_at < at else "gray"
        st.markdown(f":{tone}[:material/schedule: Decision due {plain(relative_label(row.due_at, at))}]")
    if page.may_claim:
        st.button(
            "Claim what was done", type="primary", icon=":material/request_quote:", key=f"coopreq_claim_{page.id}",
            on_click=_claim, args=(page,),
        )  # fmt: skip
    st.caption(f":material/receipt_long: A claim needs: {plain(', '.join(inside(n) for n in page.needs))}.")


def _claim(page: RequestPage) -> None:
    st.session_state.pop(SCREEN.open_key, None)
    st.session_state[CLAIM_FOR] = page.id


def _change(page: RequestPage) -> None:
    st.session_state.pop(SCREEN.open_key, None)
    st.session_state[FORM_OF] = page.id


def draw_below(page: RequestPage) -> None:
    """The plan's files; the way on for whoever asked: change what came back; the claims there are."""
    if page.papers or page.may_change:
        st.markdown("**Quote and artwork**")
    draw_files(
        page.papers, key=f"coopreq_{page.id}", item_id=page.id, version=page.version, commands=REQUESTS, kinds=PLAN,
        may_change=page.may_change,
    )  # fmt: skip
    if page.may_change:
        st.button(
            "Change the request", icon=":material/edit:", key=f"coopreq_change_{page.id}", on_click=_change,
            args=(page,),
        )  # fmt: skip
    for _, number, status in page.claims:
        state = CLAIM_FLOW.state(status)
        st.markdown(f":material/request_quote: {plain(number)} {labels.badge(state.label, state.tone)}")


WORDS = {
    "submit": "was sent", "approve": "was approved", "send_back": "was returned", "deny": "was denied",
    "withdraw": "was taken back", "release": "released its reserve",
}  # fmt: skip
SCREEN = Screen(
    flow=FLOW, commands=REQUESTS, key="coopreq", load=get_request, draw_facts=draw_facts, draw_below=draw_below,
    title=lambda p: f"{p.number} · {plain(p.row.dealer)}", said=lambda p, s: f"{p.number} {WORDS[s.name]}", width=640,
)  # fmt: skip


def _right(label: str, width: int) -> Any:
    return st.column_config.TextColumn(label, width=width, alignment="right")


def open_at(key: str, position: int) -> None:
    """Open the drawer of a row of the list `key`."""
    item_id = id_at(key, position)
    if item_id is not None:
        open_drawer(SCREEN, item_id)


def draw_list(rows: Sequence[RequestRow], *, view: str) -> None:
    """A list of requests: who plans what, what is payable or approved, and by when."""
    at, zone, key = now(), current_actor().zone, f"coopreq_{view}"
    remember_rows(key, [r.id for r in rows])
    waiting, holds = view == "waiting", view == "holds"
    due = [relative_label(r.due_at, at) for r in rows]
    late = {d: "red" if r.due_at is not None and r.due_at < at else "gray" for d, r in zip(due, rows, strict=True)}
    tables.show(
        table(
            {
                "Request": [r.number for r in rows],
                "Dealer": [r.dealer for r in rows],
                "Activity": [r.activity for r in rows],
                "Medium": [MEDIA[r.medium] for r in rows],
                "Begins": [day(r.starts_on) for r in rows],
                "Cost": [money(r.cost_cents) for r in rows],
                "Payable": [money(r.payable_cents) for r in rows],
                "Approved": ["–" if r.approved_cents is None else money(r.approved_cents) for r in rows],
                "Due": [[d] for d in due],
                "Claim by": [day(r.lapses_on) for r in rows],
                "Status": [[FLOW.state(r.status).label] for r in rows],
                "Changed": [moment_label(r.updated_at, zone, now=at) for r in rows],
            }
        ),
        key=f"{key}_table", alt="Co-op requests", height=560 if len(rows) > 16 else "content",
        columns={
            "Request": tables.opener("Request", key=f"{key}_click", on_open=lambda p: open_at(key, p), width=92),
            "Dealer": tables.text("Dealer", width=150), "Activity": tables.text("Activity", width=210),
            "Medium": tables.text("Medium", width=118), "Begins": tables.text("Begins", width=96),
            "Cost": _right("Cost", 88), "Payable": _right("Payable", 88) if waiting or view == "dealer" else None,
            "Approved": None if waiting or view == "dealer" else _right("Approved", 88),
            "Due": tables.pill("Due", late, width=104) if waiting else None,
            "Claim by": tables.text("Claim by", width=100) if holds else None,
            "Status": None if waiting else tables.status(FLOW, width=110),
            "Changed": None if waiting else tables.text("Last change", width=140),
        },
    )  # fmt: skip
