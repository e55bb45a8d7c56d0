"""One vehicle: what its VIN says, who owned it, whether its odometer can be true, what was done in service."""

from __future__ import annotations

from types import SimpleNamespace

import streamlit as st

from components import tables
from components.access import guard
from components.areas.customers_purchase import BUY, END, draw_end, draw_vehicle_purchase
from components.areas.customers_vehicles import (
    OWN,
    READ,
    VISIT,
    draw_odometer,
    draw_owner_form,
    draw_reading_form,
    draw_receive_form,
    draw_visit_form,
    draw_visits,
)
from components.areas.customers_visit import draw_visit_drawer, open_visit
from components.areas.vehicle_facts import draw_fact_drawer, open_facts
from components.charts.base import table
from components.clock import now
from components.labels import badges, empty_state, facts, plain
from components.perform import show_outcome
from components.timeline import draw_timeline
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.customers.vehicle_queries import VehiclePage, find_by_vin, get_vehicle, vehicle_history

actor = guard(Permission.CUSTOMERS_VIEW)
at = now()
may_edit = actor.can(Permission.CUSTOMERS_EDIT)


def draw_find(missing: bool) -> None:
    """Find a vehicle by its whole VIN, or write down one that is not on record here."""
    st.title(":material/directions_car: Vehicle")
    if missing:
        st.info("This vehicle was not found. None of your customers owned it, and you have not serviced it.")
    vin = (
        st.text_input(
            "VIN", key="crm_find_vin", placeholder="17 characters", icon=":material/search:", max_chars=40, width=360
        )
        or ""
    ).strip()
    if vin:
        with reading() as session:
            found = find_by_vin(session, vin=vin, actor=actor)
        if found is not None:
            st.session_state.pop("crm_find_vin", None)
            st.switch_page("pages/crm/vehicle.py", query_params={"vehicle": str(found)})
        empty_state("no_crash", "No vehicle of your customers has this VIN.", action="If it is here, write it down.")
        if may_edit:
            draw_receive_form(actor, vin=vin, after=came)
    else:
        st.caption("The search box in the sidebar finds vehicles by part of the VIN, too.")


def came(vehicle_id: int) -> None:
    """Go to the vehicle that was just entered."""
    st.session_state["_crm_vehicle_to"] = vehicle_id


def draw_head(vehicle: VehiclePage) -> None:
    """What it is, and the forms that are needed most."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(f":material/directions_car: {plain(vehicle.title)}")
        if may_edit:
            with st.container(horizontal=True, gap="small", width="content"):
                draw_visit_form(vehicle, actor)
                draw_vehicle_purchase(vehicle, actor)
                draw_owner_form(vehicle, actor)
                draw_reading_form(vehicle, actor)
    worst = {f.level for f in vehicle.findings}
    badges(
        [
            (vehicle.number, "blue"), (vehicle.vin, "gray"),
            ("" if vehicle.is_regular else "No regular VIN", "orange"),
            ("Odometer to be reviewed" if "review" in worst else "", "red"),
            ("Odometer doubtful" if "warning" in worst and "review" not in worst else "", "orange"),
        ]
    )  # fmt: skip
    for warning in vehicle.warnings:
        st.caption(f":material/warning: {plain(warning)}")
    for form in (VISIT, OWN, READ, BUY, END):
        show_outcome(form)


def draw_facts(vehicle: VehiclePage) -> None:
    """What is known, each with its source."""
    source = vehicle.sources
    shown = [
        ("Model year", vehicle.year, "year"), ("Make", vehicle.make, "make"), ("Model", vehicle.model, "model"),
        ("Trim", vehicle.trim, "trim"), ("Warranty starts", vehicle.in_service_on, "in_service_on"),
    ]  # fmt: skip
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("**What it is**")
            if may_edit:
                st.button(
                    "Change",
                    key="crm_facts",
                    icon=":material/edit:",
                    type="tertiary",
                    on_click=open_facts,
                    args=(vehicle,),
                )
        rows = [
            (label, f"{value} · {source[name]}" if value and name in source else value) for label, value, name in shown
        ]
        rows += [("Plate", vehicle.plate)] if vehicle.plate else []
        rows += [("Number", f"No regular VIN: {vehicle.vin_reason}")] if vehicle.vin_reason else []
        facts(rows, empty="Not known")
        if not vehicle.make and vehicle.is_regular:
            st.caption("The VIN could not be read: its maker or pattern is not known to the decoder.")


def draw_owners(vehicle: VehiclePage) -> None:
    """Every period, newest first; owners of other dealers have no name here."""
    with st.container(border=True):
        st.markdown("**Owners**")
        if not vehicle.owners:
            st.caption("No owner on record.")
        for owner in vehicle.owners:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                if owner.customer_id is not None:
                    st.page_link(
                        "pages/crm/customer.py", label=plain(owner.name),
                        query_params={"customer": str(owner.customer_id)},
                    )  # fmt: skip
                else:
                    st.markdown(f":gray[{owner.name}]", width="content")
                st.caption(plain(" · ".join(p for p in (owner.period.label, owner.dealer) if p)))
                if may_edit and owner.customer_id is not None and owner.period.until is None:
                    draw_end(owner, actor)


def draw_purchases(vehicle: VehiclePage) -> None:
    """Purchases at one's dealers."""
    if not vehicle.purchases:
        return
    st.subheader("Purchases")
    tables.show(
        table(
            {
                "Bought": [p.bought_on for p in vehicle.purchases],
                "As": [p.condition.capitalize() for p in vehicle.purchases],
                "Price": [f"${p.price_cents / 100:,.0f}" if p.price_cents else "–" for p in vehicle.purchases],
                "Reference": [p.reference or "–" for p in vehicle.purchases],
                "Dealer": [p.dealer for p in vehicle.purchases],
            }
        ),
        key="crm_purchases", alt="Purchases of this vehicle",
        columns={
            "Bought": st.column_config.DateColumn("Bought", format="D MMM YYYY", width=110),
            "As": tables.text("As", width=80), "Price": tables.text("Price", width=100),
            "Reference": tables.text("Reference", width=130), "Dealer": tables.text("Dealer"),
        },
    )  # fmt: skip


target = st.session_state.pop("_crm_vehicle_to", None)
if target is not None:
    st.switch_page("pages/crm/vehicle.py", query_params={"vehicle": str(target)})
asked = str(st.query_params.get("vehicle", ""))
try:
    with reading() as session:
        vehicle = get_vehicle(
            session, vehicle_id=int(asked) if asked.isdecimal() and len(asked) < 16 else 0, actor=actor
        )
        events = vehicle_history(session, vehicle_id=vehicle.id, actor=actor)
except NotFound:
    draw_find(bool(asked))
    st.stop()
draw_head(vehicle)
left, right = st.columns([3, 2], gap="medium")
with left, st.container(border=True):
    st.markdown("**Odometer**")
    draw_odometer(vehicle)
with right:
    draw_facts(vehicle)
    draw_owners(vehicle)
st.subheader("Service visits")
draw_visits(
    vehicle.visits, key="crm_vehicle_visits", with_vehicle=False, empty="No service visit at your dealers.",
    on_open=open_visit if may_edit else None,
)  # fmt: skip
draw_purchases(vehicle)
if events:
    st.subheader("History")
    draw_timeline(
        [SimpleNamespace(at=e.at, title=e.title, by=e.by, note=e.note) for e in events], zone=actor.zone, now=at
    )
draw_visit_drawer()
draw_fact_drawer(at=at)
