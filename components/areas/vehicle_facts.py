"""The drawer in which the facts of a vehicle are changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from components import clock
from components.access import guard
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.core.permissions import Permission
from db.customers.vehicle_commands import change_vehicle
from db.customers.vehicle_queries import VehiclePage

OPEN, FORM = "_crm_facts_open", "crm_facts_form"
FIELDS = ("year", "make", "model", "trim", "in_service_on", "plate")


def _key(field: str) -> str:
    return f"crm_vf_{field}"


def open_facts(vehicle: VehiclePage) -> None:
    """Open the drawer (call it from a callback)."""
    forget(FORM)
    for field in FIELDS:
        st.session_state[_key(field)] = getattr(vehicle, field)
    st.session_state[_key("reason")] = ""
    st.session_state[OPEN] = vehicle


def _close(_result: object = None) -> None:
    for key in (OPEN, *map(_key, (*FIELDS, "reason"))):
        st.session_state.pop(key, None)


def _dismissed() -> None:
    _close()
    forget(FORM)


def draw_fact_drawer(*, at: datetime) -> None:
    """Draw the drawer when it is open; call it once a page."""
    vehicle = st.session_state.get(OPEN)
    if vehicle is None:
        show_outcome(FORM)
        return
    st.dialog(f"Change {vehicle.number}", width=460, position="right", on_dismiss=_dismissed)(_body)(vehicle, at)


def _body(vehicle: VehiclePage, at: datetime) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()
    actor = guard(Permission.CUSTOMERS_EDIT)
    show_outcome(FORM)
    with st.grid(2, min_column_width=150, gap="small"):
        _box(st.number_input, "Model year", "year", min_value=1886, max_value=at.year + 2, step=1, format="%d")
        _box(st.text_input, "Make", "make", max_chars=80)
        _box(st.text_input, "Model", "model", max_chars=120)
        _box(st.text_input, "Trim", "trim", max_chars=80)
        _box(st.date_input, "Warranty starts", "in_service_on", max_value=clock.today(actor.zone))
        _box(st.text_input, "Plate", "plate", max_chars=20)
    _box(st.text_input, "Reason :gray[(to change a warranty's start)]", "reason", max_chars=200)
    stray_problems(FORM, [*FIELDS, "reason"])

    def save() -> None:
        changed = {f: v for f in FIELDS if (v := st.session_state.get(_key(f))) != getattr(vehicle, f)}
        perform(
            change_vehicle, form=FORM, say="The vehicle was saved", after=_close,
            arguments={
                "vehicle_id": vehicle.id, "seen_version": vehicle.version, "changes": changed,
                "reason": st.session_state.get(_key("reason")) or "",
            },
        )  # fmt: skip

    st.button("Save vehicle", key="crm_vf_go", type="primary", on_click=save)


def _box(kind: Any, label: str, field: str, **options: Any) -> None:
    with st.container(gap="xxsmall"):
        kind(label, key=_key(field), **options)
        problems_of(FORM, field)
