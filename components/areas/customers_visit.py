"""The drawer in which a service visit is completed or corrected."""

from __future__ import annotations

from typing import Any

import streamlit as st

from components import clock
from components.access import guard
from components.labels import facts
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.core.permissions import Permission
from db.customers.odometer_rules import UNITS
from db.customers.vehicle_queries import VisitLine
from db.customers.visit_commands import change_visit

OPEN, FORM = "_crm_visit_open", "crm_visit_change"
FIELDS = ("opened_on", "closed_on", "odometer_in", "odometer_out", "unit", "complaint")


def _key(field: str) -> str:
    return f"crm_vc_{field}"


def open_visit(visit: VisitLine) -> None:
    """Open the drawer (call it from a callback)."""
    forget(FORM)
    for field in FIELDS:
        st.session_state[_key(field)] = getattr(visit, field)
    st.session_state[OPEN] = visit


def _close(_result: object = None) -> None:
    for key in (OPEN, *map(_key, FIELDS)):
        st.session_state.pop(key, None)


def _dismissed() -> None:
    _close()
    forget(FORM)


def draw_visit_drawer() -> None:
    """Draw the drawer when it is open; call it once a page."""
    visit = st.session_state.get(OPEN)
    if visit is None:
        show_outcome(FORM)
        return
    st.dialog(f"Repair order {visit.ro_number}", width=460, position="right", on_dismiss=_dismissed)(_body)(visit)


def _body(visit: VisitLine) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()
    actor = guard(Permission.CUSTOMERS_EDIT)
    facts([("Dealer", visit.dealer), ("Vehicle", visit.vehicle)])
    show_outcome(FORM)
    with st.grid(2, min_column_width=150, gap="small"):
        _box(st.date_input, "Opened", "opened_on", max_value=clock.today(actor.zone))
        _box(st.date_input, "Closed", "closed_on", max_value=clock.today(actor.zone))
        _box(st.number_input, "Odometer in", "odometer_in", min_value=0, step=1)
        _box(st.number_input, "Odometer out", "odometer_out", min_value=0, step=1)
    st.segmented_control("Unit", list(UNITS), key=_key("unit"), required=True)
    _box(st.text_area, "Complaint", "complaint", height=110)
    stray_problems(FORM, FIELDS)

    def save() -> None:
        changed: dict[str, Any] = {}
        for field in FIELDS:
            value = st.session_state.get(_key(field))
            if value != getattr(visit, field):
                changed[field] = value
        perform(
            change_visit, form=FORM, say=lambda result: " ".join(("The visit was saved.", *result[1])), after=_close,
            arguments={"visit_id": visit.visit_id, "seen_version": visit.version, "changes": changed},
        )  # fmt: skip

    st.button("Save visit", key="crm_vc_go", type="primary", on_click=save)


def _box(kind: Any, label: str, field: str, **options: Any) -> None:
    with st.container(gap="xxsmall"):
        kind(label, key=_key(field), **options)
        problems_of(FORM, field)
