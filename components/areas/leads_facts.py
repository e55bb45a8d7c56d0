"""The facts of a lead in the order people read them: contacts and consent, vehicles, other leads it has to do with."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from components import labels
from components.labels import plain
from db.core.labels import moment_label, moment_words
from db.leads.queries import LeadPage, VehicleLine

ROLES = {"wanted": "Wants", "trade_in": "Trade-in", "other": "Also named"}
KINDS = {"email": "E-mail", "phone": "Telephone"}
CHANNELS = {"email": "E-mail", "phone": "Calls", "sms": "Text messages", "mail": "Post"}


def draw_contacts(lead: LeadPage, *, zone: str, at: datetime) -> None:
    """Every way to reach the customer, and what they agreed to."""
    rows: list[tuple[str, object]] = [("Name", lead.customer_name)]
    for contact in lead.contacts:
        notes = [n for n in (contact.label, contact.best_time if contact.best_time != "nopreference" else "") if n]
        if contact.is_preferred:
            notes.append("preferred")
        if contact.kind == "phone" and contact.normal is None and not lead.is_masked:
            notes.append("not a usable number")
        if contact.kind == "email" and contact.normal is None and not lead.is_masked:
            notes.append("not a usable address")
        rows.append((KINDS[contact.kind], f"{contact.shown}" + (f" ({', '.join(notes)})" if notes else "")))
    rows.append(("Address", lead.address or "–"))
    if lead.preferred_contact:
        rows.append(("Prefers", CHANNELS.get(lead.preferred_contact, lead.preferred_contact)))
    for channel, given, when in lead.consents:
        word = "agreed" if given else "refused"
        rows.append((CHANNELS.get(channel, channel), f"{word}, {moment_words(when, zone, now=at)}"))
    if not any(channel == "sms" and given for channel, given, _ in lead.consents):
        rows.append(("Text messages", "no consent on record: do not text"))
    labels.facts(rows)
    if lead.is_masked:
        st.caption(":material/visibility_off: Personal data is hidden for your role.")


def draw_vehicles(lead: LeadPage) -> None:
    """The wanted vehicle first, then the trade-in, then what else was named."""
    if not lead.vehicles:
        st.caption("No vehicle was named: a general enquiry.")
        return
    order = {"wanted": 0, "trade_in": 1, "other": 2}
    for vehicle in sorted(lead.vehicles, key=lambda v: order.get(v.role, 3)):
        st.markdown(f":gray[{ROLES.get(vehicle.role, 'Named')}] **{plain(vehicle.title or 'Not described')}**")
        details = _details(vehicle)
        if details:
            st.caption(plain(" · ".join(details)))


def _details(vehicle: VehicleLine) -> list[str]:
    found = [vehicle.condition.capitalize()] if vehicle.condition else []
    if vehicle.vin:
        found.append(f"VIN {vehicle.vin}")
    if vehicle.stock:
        found.append(f"Stock {vehicle.stock}")
    if vehicle.odometer is not None:
        found.append(f"{vehicle.odometer:,} {vehicle.odometer_units or 'mi'}")
    if vehicle.price_cents:
        found.append(f"${vehicle.price_cents / 100:,.0f}")
    if vehicle.interest not in ("buy", "trade-in"):
        found.append(vehicle.interest.capitalize())
    return found


def draw_linked(lead: LeadPage, *, zone: str, at: datetime) -> None:
    """Other leads of the same person, and duplicates."""
    if not lead.linked:
        return
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Other leads**")
        for other in lead.linked:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.page_link("pages/leads/lead.py", label=other.number, query_params={"lead": str(other.id)})
                st.caption(
                    plain(
                        f"{other.relation} · {other.status_label} · {other.wants or 'nothing named'} · "
                        f"{moment_label(other.received_at, zone, now=at)}"
                    )
                )
