"""The drawer of an appointment, and what the views of the appointments page draw alike."""

from __future__ import annotations

from typing import Any

import streamlit as st

from components import labels
from components.access import current_actor
from components.clock import now
from components.labels import plain
from components.perform import perform
from components.queue_page import Screen
from db.appointments.commands import COMMANDS
from db.appointments.flow import FLOW
from db.appointments.queries import AgendaRow, AppointmentPage, get_appointment, invitation
from db.appointments.rules import OUTCOMES
from db.appointments.touch_commands import log_touch
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.session import reading

PAGE = "pages/crm/appointments.py"


def hours_of(row: AgendaRow) -> str:
    """ "10:00–11:00" in the dealer's zone, which is named when it is not the reader's own."""
    span = f"{moment_label(row.starts_at, row.zone)[-5:]}–{moment_label(row.ends_at, row.zone)[-5:]}"
    return span if row.zone == current_actor().zone else f"{span} {short_zone(row.zone)}"


def short_zone(zone: str) -> str:
    """The place of a zone, for narrow columns: "Chicago"."""
    return zone.rpartition("/")[2].replace("_", " ")


def _facts(page: AppointmentPage) -> None:
    actor, at, row = current_actor(), now(), page.row
    labels.badges(
        [
            (row.status_label, row.tone), (row.kind_label, "gray"),
            ("Outside hours" if row.outside_hours else "", "orange"),
            ("Call to confirm" if row.confirm_due else "", "orange"),
        ]
    )  # fmt: skip
    day = moment_label(row.starts_at, row.zone, now=at).rpartition(",")[0]
    labels.facts(
        [
            ("When", f"{day}, {hours_of(row)}"),
            ("Customer", row.customer_name),
            *([("Lead", f"{row.lead_number} · {row.wants}")] if row.lead_id else []),
            ("Dealer", row.dealer_name),
            ("Host", row.host_name or "Nobody yet"),
            *([("Bay", row.bay)] if row.bay else []),
            *([("Value", f"${page.value_cents / 100:,.0f}")] if page.value_cents else []),
            *([("Confirmed", f"{page.confirmed_touch or 'Yes'}, by {page.confirmed_by}")] if page.confirmed_at else []),
            *([("Reason", page.reason)] if page.reason else []),
        ]
    )  # fmt: skip
    if page.note:
        st.caption(plain(page.note))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if row.lead_id:
            st.page_link(
                "pages/leads/lead.py", label="Open the lead", icon=":material/open_in_full:",
                query_params={"lead": str(row.lead_id)},
            )  # fmt: skip
        if actor.can(Permission.CUSTOMERS_VIEW):
            st.page_link(
                "pages/crm/customer.py", label="Open the customer", icon=":material/person:",
                query_params={"customer": str(page.customer_id)},
            )  # fmt: skip
        with reading() as session:
            text = invitation(session, item_id=page.id, actor=actor, now=at)
        st.download_button(
            "Invitation", text, file_name=f"{page.number}.ics", mime="text/calendar", key=f"appt_{page.id}_ics",
            type="tertiary", icon=":material/event:", on_click="ignore",
        )  # fmt: skip


def _below(page: AppointmentPage) -> None:
    actor, at, row = current_actor(), now(), page.row
    if page.touches:
        st.markdown("**Confirmations**")
    may = actor.can(Permission.APPOINTMENTS_WORK) and page.status == "scheduled"
    for touch in page.touches:
        how = "E-mail" if touch.channel == "email" else "Call"
        done = dict(OUTCOMES).get(touch.outcome, "Not needed" if touch.outcome else "")
        state = done or ("Sent" if touch.sent_at else "Waits" if touch.due_at <= at else "Planned")
        tone = {"Will come": "green", "Sent": "blue", "Waits": "orange"}.get(state, "gray")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            when = moment_label(touch.due_at, row.zone, now=at)
            st.markdown(
                f"{plain(touch.label)} :gray[:small[{plain(how)} · {plain(when)}]] {labels.badge(state, tone)}",
                width="content",
            )
            if may and not touch.outcome and touch.due_at <= at:
                for outcome, label in OUTCOMES:
                    st.button(
                        label, key=f"appt_touch_{touch.id}_{outcome}", type="tertiary", on_click=_logged,
                        args=(page, touch.id, outcome),
                    )  # fmt: skip
    if page.chain:
        st.markdown("**Other times of this appointment**")
        for one in page.chain:
            when = moment_label(one.starts_at, row.zone, now=at)
            st.markdown(f"{plain(one.number)} · {plain(when)} {labels.badge(one.status_label, one.tone)}")


def _logged(page: AppointmentPage, touch_id: int, outcome: str) -> None:
    said = f"{page.number}: {dict(OUTCOMES)[outcome].lower()}"
    perform(
        log_touch, form=SCREEN.form, say=said,
        arguments={"touch_id": touch_id, "seen_version": page.version, "outcome": outcome},
    )  # fmt: skip
    if outcome == "change":
        st.session_state[f"appt_step_{page.id}"] = "reschedule"


def _said(page: AppointmentPage, step: Any) -> str:
    return f"{page.number}: {FLOW.step(step.name).label.lower()}"


SCREEN = Screen(
    flow=FLOW,
    commands=COMMANDS,
    key="appt",
    load=get_appointment,
    title=lambda page: f"{page.number} · {plain(page.row.customer_name) or 'Unknown'}",
    draw_facts=_facts,
    draw_below=_below,
    zone=lambda page: page.row.zone,
    said=_said,
)
