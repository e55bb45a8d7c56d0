"""A purchase made outside of the desk, and the end of an ownership: small forms of the customer and vehicle pages."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from components import clock
from components.areas.customers import pick_customer
from components.areas.customers_vehicles import draw_vin
from components.labels import plain
from components.perform import perform, problems_of, stray_problems
from components.popup import close, popup
from db.core.actor import Actor
from db.core.problems import Problems
from db.core.session import reading
from db.customers import vehicle_commands
from db.customers.customer_queries import CustomerPage
from db.customers.odometer_rules import UNITS
from db.customers.vehicle_queries import OwnerLine, VehiclePage
from db.customers.vin_rules import REASONS, judge
from db.dealers.queries import dealer_choices

BUY, END = "crm_buy", "crm_end"
POPUP = "crm_buy_popup"
KEYS = {
    "bought_on": "crm_buy_on", "condition": "crm_buy_condition", "price_cents": "crm_buy_price",
    "odometer": "crm_buy_odometer", "unit": "crm_buy_unit", "reference": "crm_buy_reference",
}  # fmt: skip
VIN_KEYS = {"vin": "crm_buy_vin", "vin_reason": "crm_buy_vin_reason"}


def draw_customer_purchase(customer: CustomerPage, actor: Actor) -> None:
    """The customer bought a vehicle: VIN, day, new or used. The dealer is the one that knows this customer."""
    if customer.dealer_id is None:
        return
    with popup("Purchase", key=POPUP, icon=":material/sell:"):
        draw_vin(VIN_KEYS, form=BUY)
        typed = str(st.session_state.get(VIN_KEYS["vin"]) or "")
        if typed:
            for warning in judge(typed, reason="", problems=Problems()).warnings:
                st.caption(f":material/warning: {plain(warning)}")
        _draw_rest(actor)
        given = {"customer_id": customer.id, "dealer_id": customer.dealer_id}
        st.button("Save purchase", key="crm_buy_go", type="primary", on_click=_save, args=(KEYS | VIN_KEYS, given))


def draw_vehicle_purchase(vehicle: VehiclePage, actor: Actor) -> None:
    """Somebody bought this vehicle: who, day, new or used. Who sees no VIN cannot sell it either."""
    if vehicle.is_masked:
        return
    with popup("Purchase", key=POPUP, icon=":material/sell:"):
        with reading() as session:
            names = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
        dealer_id = next(iter(names)) if len(names) == 1 else None
        if dealer_id is None:
            dealer_id = st.selectbox(
                "Dealer", list(names), format_func=lambda v: names.get(v, "–"), index=None, key="crm_buy_dealer",
                placeholder="Choose",
            )  # fmt: skip
            problems_of(BUY, "dealer_id")
        chosen = pick_customer("crm_buy_who", actor, dealer_id=dealer_id)
        problems_of(BUY, "customer_id")
        _draw_rest(actor)
        given = {
            "customer_id": chosen or 0, "dealer_id": dealer_id, "vin": vehicle.vin,
            "vin_reason": next((code for code, words in REASONS.items() if words == vehicle.vin_reason), ""),
        }  # fmt: skip
        st.button(
            "Save purchase", key="crm_buy_go", type="primary", on_click=_save, args=(KEYS, given),
            disabled=chosen is None or dealer_id is None,
        )  # fmt: skip


def _draw_rest(actor: Actor) -> None:
    today = clock.today(actor.zone)
    with st.grid(2, min_column_width=150, gap="small"):
        with st.container(gap="xxsmall"):
            st.date_input("Bought on", value=today, max_value=today, key=KEYS["bought_on"])
            problems_of(BUY, "bought_on")
        with st.container(gap="xxsmall"):
            conditions = vehicle_commands.CONDITIONS
            st.segmented_control(
                "New or used", list(conditions), key=KEYS["condition"], format_func=conditions.__getitem__
            )
            problems_of(BUY, "condition")
        with st.container(gap="xxsmall"):
            st.number_input("Price, $", value=None, min_value=0.0, step=100.0, format="%.2f", key=KEYS["price_cents"])
            problems_of(BUY, "price_cents")
        with st.container(gap="xxsmall"):
            st.number_input("Odometer", value=None, min_value=0, step=1, key=KEYS["odometer"])
            problems_of(BUY, "odometer")
    st.segmented_control("Unit", list(UNITS), key=KEYS["unit"], default="mi", required=True)
    st.text_input("Contract or lead number :gray[(optional)]", key=KEYS["reference"], max_chars=60)
    st.caption("The owner before ends on this day; the warranty of a new vehicle begins with it.")
    stray_problems(BUY, [*KEYS, *VIN_KEYS, "customer_id", "dealer_id"])


def _save(typed: dict[str, str], given: dict[str, object]) -> None:
    perform(
        vehicle_commands.record_purchase, form=BUY, say="The purchase was saved", typed=typed, arguments=given,
        convert={
            "vin": lambda v: v or "", "vin_reason": lambda v: v or "", "condition": lambda v: v or "",
            "reference": lambda v: v or "", "price_cents": lambda v: round(v * 100) if v else None,
        },
        after=lambda _r: close(POPUP),
    )  # fmt: skip


def draw_end(owner: OwnerLine, actor: Actor) -> None:
    """Say that somebody owns the vehicle no longer, without a new owner."""
    with popup("End", key=f"{END}_{owner.ownership_id}_popup", icon=":material/event_busy:", kind="tertiary"):
        key = f"{END}_{owner.ownership_id}_until"
        today = clock.today(actor.zone)
        st.date_input(
            "Owns it no longer from", value=today, min_value=min(owner.period.since + timedelta(days=1), today),
            max_value=today, key=key,
        )  # fmt: skip
        problems_of(END, "until")
        stray_problems(END, ["until"])
        st.caption("Sold elsewhere, scrapped or stolen. A new owner ends it by itself.")

        def save() -> None:
            perform(
                vehicle_commands.end_ownership, form=END, say="The ownership was ended", typed={"until": key},
                arguments={"ownership_id": owner.ownership_id},
                after=lambda _r: close(f"{END}_{owner.ownership_id}_popup"),
            )  # fmt: skip

        st.button("End ownership", key=f"{END}_{owner.ownership_id}_go", type="primary", on_click=save)
