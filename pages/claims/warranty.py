"""Warranty data as of a day: plans, operations, parts and prices, campaigns, technicians, and the cover of one VIN."""

from __future__ import annotations

from datetime import date

import streamlit as st

from components.access import guard
from components.areas import warranty, warranty_people, warranty_vehicle
from components.clock import today
from components.filters import one
from db.core.permissions import Permission

VIEWS = {
    "plans": "Plans", "operations": "Operations", "parts": "Parts and prices", "campaigns": "Campaigns",
    "technicians": "Technicians", "vehicles": "Vehicles",
}  # fmt: skip


def main() -> None:
    """Draw the page."""
    actor = guard(Permission.WARRANTY_VIEW)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(":material/menu_book: Warranty data", anchor=False)
        if actor.can(Permission.WARRANTY_IMPORT):
            st.page_link("pages/admin/imports.py", label="Import a list", icon=":material/upload_file:")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        view = one("Show", VIEWS, key="wty_view", default="plans")
        asked = st.date_input(
            "As of", value=today(actor.zone), key="wty_on", bind="query-params", width=150,
            help="Hours, prices and plans as they hold on this day",
        )  # fmt: skip
    on = asked if isinstance(asked, date) else today(actor.zone)
    if view == "plans":
        warranty.draw_plans(on=on)
    elif view == "operations":
        warranty.draw_operations(on=on)
    elif view == "parts":
        warranty.draw_parts(on=on)
    elif view == "campaigns":
        warranty.draw_campaigns(on=on)
    elif view == "technicians":
        warranty_people.draw_technicians(on=on)
    else:
        warranty_vehicle.draw_vehicles(on=on)
    warranty.draw_history(on=on)
    warranty_people.draw_drawer(on=on)


main()
