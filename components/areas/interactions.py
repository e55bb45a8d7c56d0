"""Contacts with one customer: everything so far on one timeline, and the form to log what just happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import streamlit as st

from components.areas.interactions_send import draw_write
from components.filters import one
from components.perform import perform, problems_of, show_outcome, stray_problems
from components.timeline import draw_timeline
from db import catalog
from db.core.permissions import Permission
from db.core.session import reading
from db.customers.customer_queries import CustomerPage
from db.interactions.commands import log_interaction
from db.interactions.queries import KINDS, open_leads, outcome_choices

LOG = "crm_log"
MOST, FIRST = 300, 25
LONGEST_NOTE = 280
NO_LEAD = 0


def draw_contact_box(customer: CustomerPage, actor: Any) -> None:
    """Log what happened with the customer, or write to them; on a lead of theirs where there is one."""
    show_outcome(LOG)
    tabs = ["Log a contact"]
    if actor.can(Permission.MESSAGES_SEND):
        tabs.append("Write")
    drawn = st.tabs(tabs)
    with reading() as session:
        leads = {lead.lead_id: lead for lead in open_leads(session, customer_id=customer.id, actor=actor)}
    with drawn[0]:
        _draw_log(customer, leads)
    if len(drawn) > 1:
        with drawn[1]:
            lead_id = _pick_lead(leads, key="crm_write_lead")
            chosen = leads.get(lead_id)
            draw_write(
                customer_id=customer.id, lead_id=chosen.lead_id if chosen else None,
                seen_version=chosen.version if chosen else 0,
            )  # fmt: skip


def _pick_lead(leads: dict[int, Any], *, key: str) -> int:
    """The lead a contact belongs to: the newest unless another one, or none, is chosen."""
    if not leads:
        return NO_LEAD
    options = [*leads, NO_LEAD]
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    chosen = st.selectbox(
        "About", options, format_func=lambda i: leads[i].label if i else "No lead: the customer only", key=key
    )
    return int(chosen or NO_LEAD)


def _draw_log(customer: CustomerPage, leads: dict[int, Any]) -> None:
    lead_id = _pick_lead(leads, key="crm_log_lead")
    kind = st.pills(
        "How", list(KINDS), format_func=KINDS.__getitem__, key="crm_log_kind", default="call", required=True
    )  # fmt: skip
    problems_of(LOG, "kind")
    outcomes = dict(outcome_choices(kind or "call"))
    key = f"crm_log_outcome_{kind}"
    only = next(iter(outcomes)) if len(outcomes) == 1 else None
    if only is not None:
        st.session_state[key] = only
    st.pills("What came of it", list(outcomes), format_func=outcomes.__getitem__, key=key)
    problems_of(LOG, "outcome")
    st.text_area("Note :gray[(optional)]" if kind != "note" else "Note", key="crm_log_note", height=80, max_chars=4000)
    problems_of(LOG, "note")
    stray_problems(LOG, ["kind", "outcome", "note"])
    form_key = st.session_state.setdefault("crm_log_form_key", uuid4().hex)
    lead = leads.get(lead_id)

    def after(_result: Any) -> None:
        st.session_state["crm_log_note"] = ""
        st.session_state[key] = None
        st.session_state.pop("crm_log_form_key", None)

    def save() -> None:
        perform(
            log_interaction, form=LOG, say="Contact logged", typed={"outcome": key, "note": "crm_log_note"},
            convert={"outcome": lambda v: v or "", "note": lambda v: v or ""}, after=after,
            arguments={
                "customer_id": customer.id, "kind": kind or "call", "form_key": form_key,
                "lead_id": lead.lead_id if lead else None, "seen_version": lead.version if lead else 0,
            },
        )  # fmt: skip

    st.button("Log", key="crm_log_go", type="primary", icon=":material/add_comment:", on_click=save)


def draw_everything(customer: CustomerPage, actor: Any, *, at: datetime) -> None:
    """The one timeline: contacts, messages, leads, service, purchases, consent and changes, newest first."""
    kinds = {"": "Everything", **{name: name for name in catalog.customer_kinds(actor)}}
    kind = one("Show", kinds, key="crm_lines", default="")
    with reading() as session:
        lines = catalog.customer_lines(session, customer_id=customer.id, actor=actor, limit=MOST, kind=kind)
    if not lines:
        st.caption("Nothing has happened yet." if not kind else "Nothing of this kind yet.")
        return
    is_long = len(lines) > FIRST
    whole = is_long and st.session_state.get("crm_lines_all", False)
    lines = [replace(line, note=_short(line.note)) for line in lines]
    draw_timeline(lines, zone=actor.zone, now=at, limit=MOST if whole else FIRST)
    if is_long:
        st.toggle("Show all", key="crm_lines_all")


def _short(note: str) -> str:
    """The beginning of a long text: the whole of a message stands with its lead."""
    return note if len(note) <= LONGEST_NOTE else note[:LONGEST_NOTE].rsplit(" ", 1)[0] + " …"
