"""One customer: how to reach them and whether one may, what they own, their leads and service, what happened."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.customers import HOLD, draw_consents, draw_contact, draw_drawer, draw_links
from components.areas.customers_pairs import draw_merges, draw_pair_drawer, draw_suggestions
from components.areas.customers_purchase import BUY, draw_customer_purchase
from components.areas.customers_vehicles import draw_owned, draw_visits
from components.areas.interactions import draw_contact_box, draw_everything
from components.charts.base import table
from components.clock import now
from components.labels import badges, empty_state, plain
from components.perform import perform, problems_of, show_outcome
from components.popup import close, popup
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.customers.customer_commands import hold_customer
from db.customers.customer_queries import CustomerPage, get_customer
from db.customers.duplicate_queries import duplicates_of
from db.customers.vehicle_queries import VisitLine, list_purchases, list_visits, vehicles_of
from db.leads.customer_queries import leads_of_customer
from db.leads.flow import FLOW

actor = guard(Permission.CUSTOMERS_VIEW)
at = now()


def load() -> CustomerPage:
    """The customer of the address, or a plain sentence instead of the page."""
    asked = str(st.query_params.get("customer", ""))
    try:
        with reading() as session:
            number = int(asked) if asked.isdecimal() and len(asked) < 16 else 0
            return get_customer(session, customer_id=number, actor=actor, now=at)
    except NotFound:
        st.title(":material/person: Customer")
        empty_state("person_off", "This customer was not found.", action="It may belong to a dealer you do not see.")
        st.page_link("pages/crm/customers.py", label="All customers", icon=":material/arrow_back:")
        st.stop()


def draw_head(customer: CustomerPage) -> None:
    """Name, dealer, and what stands in the way of working with the record."""
    st.page_link("pages/crm/customers.py", label="Customers", icon=":material/arrow_back:")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(plain(customer.name) or "Customer")
        if actor.can(Permission.CUSTOMERS_PURGE) and customer.purged_at is None and customer.merged_into is None:
            draw_hold(customer)
    badges(
        [
            (customer.number, "blue"), ("Business" if customer.is_business else "Person", "gray"),
            (customer.dealer_name or "No dealer yet", "gray"),
            ("On hold" if customer.hold_reason else "", "orange"),
            ("Personal data removed" if customer.purged_at else "", "red"),
        ]
    )  # fmt: skip
    show_outcome(HOLD)
    if customer.hold_reason:
        st.caption(f":material/lock: Kept from being removed: {plain(customer.hold_reason)}")
    if customer.merged_into is not None:
        st.info("This record was merged into another one.", icon=":material/merge:")
        st.page_link(
            "pages/crm/customer.py", label="Open the record that has everything", icon=":material/open_in_new:",
            query_params={"customer": str(customer.merged_into)},
        )  # fmt: skip


def draw_hold(customer: CustomerPage) -> None:
    """Keep the record from being purged, or let it go."""
    with popup("Hold", key="crm_hold_popup", icon=":material/lock:", kind="tertiary"):
        st.caption("A record on hold is never removed, however old: a lawsuit, an open recall.")
        st.text_input("Reason :gray[(empty ends the hold)]", key="crm_hold_reason", max_chars=200)
        problems_of(HOLD, "reason")

        def save() -> None:
            perform(
                hold_customer, form=HOLD, say="Saved", typed={"reason": "crm_hold_reason"},
                convert={"reason": lambda v: v or ""}, arguments={"customer_id": customer.id},
                after=lambda _r: close("crm_hold_popup", "crm_hold_reason"),
            )  # fmt: skip

        st.button("Save", key="crm_hold_go", type="primary", on_click=save)


def draw_leads(customer: CustomerPage) -> None:
    """The leads of this customer, newest first."""
    with reading() as session:
        leads = leads_of_customer(session, customer_id=customer.id, actor=actor)
    if not leads:
        st.caption("No lead of this customer.")
        return
    tables.show(
        table(
            {
                "Lead": [one.number for one in leads], "Status": [[one.status] for one in leads],
                "Wants": [one.wants or "–" for one in leads], "Source": [one.source for one in leads],
                "Received": [moment_label(one.received_at, actor.zone, now=at) for one in leads],
            }
        ),
        key="crm_leads", alt="Leads of this customer, newest first",
        columns={
            "Lead": tables.opener(
                "Lead", key="crm_leads_click", on_open=lambda i: go("pages/leads/lead.py", "lead", leads[i].lead_id)
            ),
            "Status": tables.status(FLOW, width=130), "Wants": tables.text("Wants"),
            "Source": tables.text("Source", width=130), "Received": tables.text("Received", width=140),
        },
    )  # fmt: skip


def go(page: str, name: str, item_id: int) -> None:
    """Open a record at the next run."""
    st.session_state["_crm_to"] = (page, {name: str(item_id)})


def to_vehicle(visit: VisitLine) -> None:
    """Open the vehicle of a visit."""
    go("pages/crm/vehicle.py", "vehicle", visit.vehicle_id)


target = st.session_state.pop("_crm_to", None)
if target is not None:
    st.switch_page(target[0], query_params=target[1])
customer = load()
draw_head(customer)
is_current = customer.purged_at is None and customer.merged_into is None
may_edit = actor.can(Permission.CUSTOMERS_EDIT) and is_current
with reading() as session:
    owned = vehicles_of(session, customer_id=customer.id, actor=actor)
    visits = list_visits(session, actor=actor, customer_id=customer.id)
    purchases = list_purchases(session, actor=actor, customer_id=customer.id)
    pairs = duplicates_of(session, customer_id=customer.id, actor=actor) if is_current else []
left, right = st.columns([3, 2], gap="medium")
with left:
    with st.container(border=True):
        st.markdown("**How to reach**")
        draw_contact(customer, may_edit=may_edit)
    with st.container(border=True):
        st.markdown("**Vehicles**")
        show_outcome(BUY)
        draw_owned(customer, owned, purchases, actor, may_edit=may_edit)
        if may_edit:
            draw_customer_purchase(customer, actor)
    with st.container(border=True):
        st.markdown("**Leads**")
        draw_leads(customer)
    with st.container(border=True):
        st.markdown("**Service visits**")
        draw_visits(
            visits, key="crm_visits", with_vehicle=True, empty="No service visit of this customer.", on_open=to_vehicle
        )
    with st.container(border=True):
        st.markdown("**Everything so far**")
        draw_everything(customer, actor, at=at)
with right:
    if may_edit:
        with st.container(border=True):
            draw_contact_box(customer, actor)
    if customer.purged_at is None:
        with st.container(border=True):
            st.markdown("**Consent**")
            draw_consents(customer, zone=actor.zone, at=at, may_edit=may_edit)
        with st.container(border=True):
            st.markdown("**Household and business**")
            draw_links(customer, actor, may_edit=may_edit)
        draw_suggestions(pairs, customer.id)
        draw_merges(customer, zone=actor.zone, at=at, may_merge=actor.can(Permission.CUSTOMERS_MERGE))
draw_pair_drawer(actor)
draw_drawer(at=at)
