"""What was bought with a delivered lead, or the small form that says which vehicle it was."""

from __future__ import annotations

import streamlit as st

from components.labels import plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.session import reading
from db.customers.vehicle_commands import CONDITIONS
from db.customers.vin_rules import REASONS
from db.leads.queries import LeadPage
from db.leads.sale_commands import complete_sale
from db.leads.sale_queries import SaleOfLead, sale_of_lead

FORM = "lead_sale"
KEYS = {"vin": "lead_sale_vin", "condition": "lead_sale_condition", "vin_reason": "lead_sale_reason"}


def draw_sale(lead: LeadPage, actor: Actor) -> None:
    """The vehicle that was delivered; nothing before a delivery."""
    with reading() as session:
        sale = sale_of_lead(session, lead_id=lead.id, actor=actor)
    if sale is None:
        return
    with st.container(border=True):
        st.markdown("**What was sold**")
        show_outcome(FORM)
        if sale.vehicle_id is not None:
            day = f"{sale.bought_on:%-d %b %Y}" if sale.bought_on else ""
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{plain(sale.title)}** :gray[{sale.condition}, {day}]", width="stretch")
                st.page_link(
                    "pages/crm/vehicle.py", label="Open", icon=":material/directions_car:",
                    query_params={"vehicle": str(sale.vehicle_id)},
                )  # fmt: skip
            return
        st.markdown(f":orange[:material/report:] {plain(sale.why)}")
        if actor.can(Permission.LEADS_WORK):
            _draw_form(lead, sale)


def _draw_form(lead: LeadPage, sale: SaleOfLead) -> None:
    """VIN and new or used; what the lead says is there already."""
    keys = {name: f"{key}_{lead.id}" for name, key in KEYS.items()}
    st.session_state.setdefault(keys["vin"], sale.vin)
    st.session_state.setdefault(keys["condition"], sale.condition or None)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        with st.container(gap="xxsmall", width=250):
            st.text_input("VIN", key=keys["vin"], max_chars=40, placeholder="17 characters")
            problems_of(FORM, "vin")
        with st.container(gap="xxsmall", width="content"):
            st.segmented_control(
                "New or used", list(CONDITIONS), key=keys["condition"], format_func=CONDITIONS.__getitem__
            )
            problems_of(FORM, "condition")
    with st.expander("It has no regular VIN"):
        st.selectbox("Why", ["", *REASONS], key=keys["vin_reason"], format_func=lambda v: REASONS.get(v, "It has one"))
        problems_of(FORM, "vin_reason")
    stray_problems(FORM, list(KEYS))

    def save() -> None:
        perform(
            complete_sale, form=FORM, say="Vehicle, owner and purchase are on record", typed=keys,
            convert={name: lambda v: v or "" for name in KEYS},
            arguments={"item_id": lead.id, "seen_version": lead.version},
        )  # fmt: skip

    st.button("Save the vehicle", key="lead_sale_go", type="primary", on_click=save)
