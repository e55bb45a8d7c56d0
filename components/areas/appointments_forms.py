"""Booking a time from the appointments page, and how a dealer wants its appointments."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import streamlit as st

from components.forms import moment_in
from components.labels import plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.appointments.commands import book
from db.appointments.policy_commands import set_policy
from db.appointments.policy_queries import get_policy, policy_of
from db.appointments.queries import bookable, host_choices
from db.appointments.rules import KINDS
from db.calendar.queries import calendar_for_dealer
from db.core.actor import Actor
from db.core.session import reading

BOOK, SETUP = "appt_book", "appt_setup"
POPUP, SETUP_POPUP = "appt_book_popup", "appt_setup_popup"


# ---- book ----------------------------------------------------------------------------------------------------------
def draw_booking(actor: Actor, dealers: dict[str, str], *, chosen: int | None) -> None:
    """Find the lead or customer, choose a time, book; the dealer is the filter's, or chosen first."""
    with popup("Book", key=POPUP, icon=":material/event:", kind="primary"):
        if not st.session_state.get(POPUP):
            return
        show_outcome(BOOK)
        dealer_id = chosen
        if dealer_id is None:
            picked = st.selectbox(
                "Dealer", list(dealers), index=0 if len(dealers) == 1 else None, placeholder="Choose",
                format_func=lambda v: dealers.get(v, v), key="appt_new_dealer",
            )  # fmt: skip
            dealer_id = int(picked) if picked else None
        if dealer_id is None:
            st.caption("Choose the dealer first.")
            return
        _booking_form(actor, dealer_id)


def _booking_form(actor: Actor, dealer_id: int) -> None:
    text = st.text_input(
        "Customer or lead", key="appt_new_text", placeholder="Beginning of a name, or L-000123",
        icon=":material/search:",
    )  # fmt: skip
    with reading() as session:
        found = dict(bookable(session, text=text or "", dealer_id=dealer_id, actor=actor))
        hosts = dict(host_choices(session, dealer_id=dealer_id, actor=actor))
        policy = policy_of(session, dealer_id)
        zone = calendar_for_dealer(session, dealer_id).zone
    if text and not found:
        st.caption("Nobody is found. Enter the customer or the lead first.")
    if st.session_state.get("appt_new_who") not in found:
        st.session_state["appt_new_who"] = next(iter(found), None) if len(found) == 1 else None
    st.selectbox(
        "For", list(found), index=None, placeholder="Choose", format_func=lambda v: found.get(v, ""),
        key="appt_new_who", disabled=not found,
    )  # fmt: skip
    for field in ("lead_id", "customer_id"):
        problems_of(BOOK, field)
    st.session_state.setdefault("appt_new_kind", "sales")
    kinds = dict(KINDS)
    st.pills("Kind", list(kinds), format_func=lambda v: kinds[v], key="appt_new_kind", required=True)
    problems_of(BOOK, "kind")
    length = policy.length_of(st.session_state.get("appt_new_kind") or "sales") // timedelta(minutes=1)
    st.datetime_input(
        "When", value=None, key="appt_new_at", help=f"Time in {zone}. It takes {length} minutes, as set at the dealer."
    )
    problems_of(BOOK, "starts_at")
    st.checkbox("Also outside opening hours", key="appt_new_outside")
    st.selectbox(
        "Host :gray[(optional)]", list(hosts), index=None, placeholder="Nobody yet",
        format_func=lambda v: hosts.get(v, ""), key="appt_new_host",
    )  # fmt: skip
    problems_of(BOOK, "host_id")
    if policy.bays:
        st.selectbox("Bay :gray[(optional)]", list(policy.bays), index=None, placeholder="None", key="appt_new_bay")
        problems_of(BOOK, "bay")
    st.text_area("Note :gray[(optional)]", key="appt_new_note", height=70)
    problems_of(BOOK, "note")
    stray_problems(BOOK, ["lead_id", "customer_id", "kind", "starts_at", "host_id", "bay", "note"])
    form_key = st.session_state.setdefault("appt_new_form", uuid4().hex)

    def save() -> None:
        who, _, number = str(st.session_state.get("appt_new_who") or "").partition(":")
        arguments = {
            "lead_id": int(number) if who == "lead" else None, "form_key": form_key,
            "customer_id": int(number) if who == "customer" else None,
            "bay": st.session_state.get("appt_new_bay") or "",
            "host_id": st.session_state.get("appt_new_host"), "note": st.session_state.get("appt_new_note") or "",
            "outside_hours": bool(st.session_state.get("appt_new_outside")),
            "kind": st.session_state.get("appt_new_kind") or "",
            "starts_at": moment_in(zone)(st.session_state.get("appt_new_at")),
        }  # fmt: skip
        perform(book, form=BOOK, say="The appointment is booked", arguments=arguments, after=_booked)

    st.button("Book", key="appt_new_go", type="primary", on_click=save)


def _booked(_result: object) -> None:
    close(POPUP, "appt_new_text", "appt_new_note", empty=("appt_new_at", "appt_new_who", "appt_new_host"))
    for key in ("appt_new_form", "appt_new_outside", "appt_new_bay", "appt_new_kind"):
        st.session_state.pop(key, None)


# ---- settings ------------------------------------------------------------------------------------------------------
def draw_settings(actor: Actor, *, dealer_id: int | None, dealer_name: str, at: datetime) -> None:
    """Grace, lengths, bays and what is far ahead, of the chosen dealer or of the network."""
    with popup("Settings", key=SETUP_POPUP, icon=":material/settings:", kind="tertiary"):
        if not st.session_state.get(SETUP_POPUP):
            return
        with reading() as session:
            found = get_policy(session, dealer_id=dealer_id, actor=actor)
        whose = dealer_name if dealer_id is not None else "the whole network"
        st.markdown(f"**Appointments of {plain(whose)}**")
        if dealer_id is not None and not found.is_own:
            st.caption("Follows the network until you save its own.")
        show_outcome(SETUP)
        prefix = f"appt_set_{dealer_id or 0}_{found.version}"
        policy = found.policy
        with st.grid(2, min_column_width=150, gap="small"):
            st.number_input(
                "Grace, minutes", 0, 1440, policy.grace_minutes, 5, key=f"{prefix}_grace_minutes",
                help="So long after its start an appointment nobody checked in becomes a no-show.",
            )  # fmt: skip
            st.number_input(
                "Far ahead, days", 2, 180, policy.far_days, 1, key=f"{prefix}_far_days",
                help="A time booked further ahead is confirmed so many days before, too.",
            )  # fmt: skip
            for kind, label in KINDS:
                st.number_input(f"{label}, minutes", 5, 720, policy.lengths[kind], 5, key=f"{prefix}_length_{kind}")
        st.text_area(
            "Bays and rooms, one a line", "\n".join(policy.bays), key=f"{prefix}_bays", height=90,
            help="What can be booked beside a person: lifts, a delivery bay, demo vehicles.",
        )  # fmt: skip
        for field in ("grace_minutes", "far_days", "lengths", "bays"):
            problems_of(SETUP, field)

        def save() -> None:
            def typed(name: str) -> int:
                return int(st.session_state[f"{prefix}_{name}"])

            perform(
                set_policy, form=SETUP, say="The settings were saved", after=lambda _r: close(SETUP_POPUP),
                arguments={
                    "dealer_id": dealer_id, "seen_version": found.version, "grace_minutes": typed("grace_minutes"),
                    "far_days": typed("far_days"), "lengths": {kind: typed(f"length_{kind}") for kind, _ in KINDS},
                    "bays": str(st.session_state[f"{prefix}_bays"] or "").splitlines(),
                },
            )  # fmt: skip

        st.button("Save settings", key="appt_set_go", type="primary", on_click=save)
