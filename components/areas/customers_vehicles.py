"""Vehicles on pages: what a customer owns, service visits, the odometer, and the forms to write them down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import streamlit as st

from components import clock, tables
from components.areas.customers import pick_customer
from components.charts import odometer
from components.charts.base import draw, table
from components.labels import badge, empty_state, plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.core.actor import Actor
from db.core.session import reading
from db.customers import vehicle_commands, visit_commands
from db.customers.customer_queries import CustomerPage
from db.customers.odometer_rules import UNITS, Finding
from db.customers.vehicle_queries import OwnedLine, PurchaseLine, VehiclePage, VisitLine
from db.customers.vin_rules import REASONS
from db.dealers.queries import dealer_choices

VISIT, OWN, READ, RECEIVE = "crm_visit", "crm_own", "crm_read", "crm_receive"
VEHICLE_PAGE = "pages/crm/vehicle.py"
LEVELS = {"note": ("Note", "gray"), "warning": ("Doubtful", "orange"), "review": ("Review", "red")}
REGULAR = ""


# ---- lists ---------------------------------------------------------------------------------------------------------
def draw_owned(
    customer: CustomerPage, owned: Sequence[OwnedLine], purchases: Sequence[PurchaseLine], actor: Actor, *,
    may_edit: bool,
) -> None:  # fmt: skip
    """What a customer owns and owned, with the way to each vehicle and the form to add one."""
    show_outcome(OWN)
    if not owned:
        st.caption("No vehicle on record.")
    bought = {p.vehicle_id: p for p in purchases}
    for line in owned:
        mark = badge("Owns", "green") if line.period.until is None else badge("Owned", "gray")
        extra = [line.vin, line.period.label]
        if line.vehicle_id in bought:
            one = bought[line.vehicle_id]
            price = f" for ${one.price_cents / 100:,.0f}" if one.price_cents else ""
            extra.append(f"bought {one.condition} on {one.bought_on.isoformat()}{price}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(line.title)}** {mark}  \n:gray[:small[{plain(' · '.join(extra))}]]", width="stretch")
            st.page_link(
                VEHICLE_PAGE, label="Open", icon=":material/directions_car:",
                query_params={"vehicle": str(line.vehicle_id)},
            )  # fmt: skip
    if may_edit:
        with popup("Add vehicle", key="crm_own_popup", icon=":material/add:"):
            _draw_add_owned(customer, clock.today(actor.zone))


def _draw_add_owned(customer: CustomerPage, today: date) -> None:
    keys = {"vin": "crm_own_vin", "vin_reason": "crm_own_reason", "since": "crm_own_since"}
    draw_vin(keys, form=OWN)
    st.date_input("Owned since", value=today, max_value=today, key=keys["since"])
    problems_of(OWN, "since")
    stray_problems(OWN, ["vin", "vin_reason", "since"])

    def save() -> None:
        perform(
            vehicle_commands.enter_vehicle, form=OWN, say="The vehicle was added", typed=keys,
            convert={"vin": lambda v: v or "", "vin_reason": lambda v: v or ""},
            arguments={"customer_id": customer.id},
            after=lambda _r: close("crm_own_popup", "crm_own_vin"),
        )  # fmt: skip

    st.button("Add", key="crm_own_go", type="primary", on_click=save)


def draw_vin(keys: dict[str, str], *, form: str) -> None:
    """The box for a VIN; what is no regular one asks for the reason."""
    st.text_input("VIN", key=keys["vin"], max_chars=40, placeholder="17 characters", help="Spaces do not matter.")
    problems_of(form, "vin")
    st.selectbox(
        "Why it is no regular VIN", [REGULAR, *REASONS], key=keys["vin_reason"],
        format_func=lambda v: REASONS.get(v, "It is a regular VIN"),
    )  # fmt: skip
    problems_of(form, "vin_reason")


def draw_visits(
    visits: Sequence[VisitLine], *, key: str, with_vehicle: bool, empty: str,
    on_open: Callable[[VisitLine], None] | None = None,
) -> None:  # fmt: skip
    """Service visits, newest first."""
    if not visits:
        st.caption(empty)
        return

    def odometer_text(visit: VisitLine) -> str:
        out = f" – {visit.odometer_out:,}" if visit.odometer_out is not None else ""
        return f"{visit.odometer_in:,}{out} {visit.unit}"

    def opened(position: int) -> None:
        if on_open is not None:
            on_open(visits[position])

    first: Any = tables.text("Order", width=105)
    if on_open is not None:
        first = tables.opener("Order", key=f"{key}_click", on_open=opened, width=105)
    tables.show(
        table(
            {
                "Order": [v.ro_number for v in visits], "Vehicle": [v.vehicle for v in visits],
                "Opened": [v.opened_on for v in visits],
                "Closed": [f"{v.closed_on:%-d %b %Y}" if v.closed_on else "Still open" for v in visits],
                "Odometer": [odometer_text(v) for v in visits], "Complaint": [v.complaint or "–" for v in visits],
                "Dealer": [v.dealer for v in visits],
            }
        ),
        key=key, alt="Service visits, newest first",
        columns={
            "Order": first, **({"Vehicle": tables.text("Vehicle", width=150)} if with_vehicle else {}),
            "Opened": st.column_config.DateColumn("Opened", format="D MMM YYYY", width=100),
            "Closed": tables.text("Closed", width=95), "Odometer": tables.text("Odometer", width=150),
            "Complaint": tables.text("Complaint"), "Dealer": tables.text("Dealer", width=150),
        },
    )  # fmt: skip


# ---- the odometer --------------------------------------------------------------------------------------------------
def draw_odometer(vehicle: VehiclePage) -> None:
    """The readings as a line, and everything that cannot be right as sentences."""
    if not vehicle.readings:
        empty_state("speed", "No odometer reading yet.", action="A service visit or a purchase brings the first one.")
        return
    worst, order = _by_reading(vehicle.findings), ["Plausible", *(word for word, _ in LEVELS.values())]
    # Points are drawn in this order: what is doubtful lies on top.
    rows = sorted(
        ((worst.get((r.on, r.label), "Plausible"), r) for r in vehicle.readings), key=lambda row: order.index(row[0])
    )
    draw(
        odometer.readings(),
        table(
            {
                "day": [r.on.isoformat() for _, r in rows], "miles": [round(r.miles) for _, r in rows],
                "label": [r.label for _, r in rows], "place": [r.place for _, r in rows],
                "state": [state for state, _ in rows],
            }
        ),
        alt_text="Odometer readings over time", key="crm_odometer",
    )  # fmt: skip
    if not vehicle.findings:
        st.caption(":material/check_circle: Nothing contradicts itself.")
    for finding in vehicle.findings:
        word, tone = LEVELS[finding.level]
        st.markdown(f"{badge(word, tone)} {plain(finding.sentence)}")
    if any(f.level == "review" for f in vehicle.findings):
        st.caption("A claim on this vehicle goes to a person, who sees these findings.")


def _by_reading(findings: Sequence[Finding]) -> dict[tuple[date, str], str]:
    order = list(LEVELS)
    return {
        (f.on, f.reading): LEVELS[f.level][0] for f in sorted(findings, key=lambda f: order.index(f.level))
    }  # the worst comes last and stays


# ---- forms ---------------------------------------------------------------------------------------------------------
def _dealer_box(actor: Actor, key: str, form: str) -> None:
    """The dealer, chosen already where there is only one."""
    with reading() as session:
        names = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
    if len(names) == 1:
        st.session_state[key] = next(iter(names))
        return
    st.selectbox(
        "Dealer", list(names), format_func=lambda v: names.get(v, "–"), index=None, key=key, placeholder="Choose"
    )  # fmt: skip
    problems_of(form, "dealer_id")


def draw_visit_form(vehicle: VehiclePage, actor: Actor, *, kind: Any = "primary") -> None:
    """Enter a visit: open, type order and odometer, save."""
    with popup("Service visit", key="crm_visit_popup", icon=":material/build:", kind=kind):
        keys = {
            "dealer_id": "crm_visit_dealer", "ro_number": "crm_visit_ro", "opened_on": "crm_visit_opened",
            "odometer_in": "crm_visit_in", "unit": "crm_visit_unit", "complaint": "crm_visit_complaint",
        }  # fmt: skip
        form_key = st.session_state.setdefault("crm_visit_form_key", uuid4().hex)
        last = vehicle.visits[0].dealer_id if vehicle.visits else None
        if last is not None and not actor.role.is_dealer:
            st.session_state.setdefault(keys["dealer_id"], last)
        _dealer_box(actor, keys["dealer_id"], VISIT)
        today = clock.today(actor.zone)
        with st.grid(2, min_column_width=150, gap="small"):
            _box(st.text_input, "Repair order", "ro_number", keys, VISIT, max_chars=40)
            _box(st.date_input, "Opened", "opened_on", keys, VISIT, value=today, max_value=today)
            _box(st.number_input, "Odometer in", "odometer_in", keys, VISIT, value=None, min_value=0, step=1)
            with st.container(gap="xxsmall"):
                st.segmented_control("Unit", list(UNITS), key=keys["unit"], default="mi", required=True)
        _box(st.text_area, "Complaint :gray[(in the customer's words)]", "complaint", keys, VISIT, height=80)
        stray_problems(VISIT, list(keys))
        owner = next((o for o in vehicle.owners if o.customer_id is not None and o.period.until is None), None)

        def save() -> None:
            dealer_id = st.session_state.get(keys["dealer_id"])
            theirs = owner is not None and _is_at(actor, dealer_id)
            perform(
                visit_commands.enter_visit, form=VISIT, say=_said, typed=keys,
                convert={"ro_number": lambda v: v or "", "complaint": lambda v: v or ""},
                arguments={
                    "vehicle_id": vehicle.id, "form_key": form_key,
                    "customer_id": owner.customer_id if owner is not None and theirs else None,
                },
                after=_visit_saved,
            )  # fmt: skip

        st.button("Save visit", key="crm_visit_go", type="primary", on_click=save)


def _is_at(actor: Actor, dealer_id: int | None) -> bool:
    """The owner shown is a customer of the only dealer of this person, so the visit is theirs without asking."""
    return actor.role.is_dealer and actor.scope.dealer_ids == frozenset({dealer_id})


def _said(result: tuple[int, tuple[str, ...]]) -> str:
    return " ".join(("The visit was saved.", *result[1]))


def _visit_saved(_result: object) -> None:
    close("crm_visit_popup", "crm_visit_ro", "crm_visit_complaint", empty=("crm_visit_in",))
    st.session_state.pop("crm_visit_form_key", None)


def _box(kind: Any, label: str, field: str, keys: dict[str, str], form: str, **options: Any) -> None:
    with st.container(gap="xxsmall"):
        kind(label, key=keys[field], **options)
        problems_of(form, field)


def draw_owner_form(vehicle: VehiclePage, actor: Actor) -> None:
    """A new owner from a day on."""
    with popup("New owner", key="crm_owner_popup", icon=":material/person_add:"):
        dealer_id = min(actor.scope.dealer_ids) if len(actor.scope.dealer_ids) == 1 else None
        chosen = pick_customer("crm_owner", actor, dealer_id=dealer_id)
        today = clock.today(actor.zone)
        st.date_input("Since", value=today, max_value=today, key="crm_owner_since")
        problems_of(OWN, "since")
        stray_problems(OWN, ["since"])
        st.caption("The owner before ends on this day.")

        def save() -> None:
            perform(
                vehicle_commands.set_owner, form=OWN, say="The owner was saved", typed={"since": "crm_owner_since"},
                arguments={"vehicle_id": vehicle.id, "customer_id": chosen or 0},
                after=lambda _r: close("crm_owner_popup", "crm_owner_text"),
            )  # fmt: skip

        st.button("Save owner", key="crm_owner_go", type="primary", on_click=save, disabled=chosen is None)


def draw_reading_form(vehicle: VehiclePage, actor: Actor) -> None:
    """A reading outside of a visit, or a replaced odometer."""
    keys = {
        "dealer_id": "crm_read_dealer", "read_on": "crm_read_on", "value": "crm_read_value", "unit": "crm_read_unit",
        "starts_anew": "crm_read_anew", "note": "crm_read_note",
    }  # fmt: skip
    with popup("Odometer", key="crm_read_popup", icon=":material/speed:"):
        form_key = st.session_state.setdefault("crm_read_form_key", uuid4().hex)
        _dealer_box(actor, keys["dealer_id"], READ)
        today = clock.today(actor.zone)
        with st.grid(2, min_column_width=140, gap="small"):
            _box(st.date_input, "Read on", "read_on", keys, READ, value=today, max_value=today)
            _box(st.number_input, "It shows", "value", keys, READ, value=None, min_value=0, step=1)
        st.segmented_control("Unit", list(UNITS), key=keys["unit"], default="mi", required=True)
        st.checkbox("The odometer was replaced and counts from here", key=keys["starts_anew"])
        _box(st.text_input, "Note", "note", keys, READ, max_chars=200)
        stray_problems(READ, list(keys))

        def saved(_result: object) -> None:
            close("crm_read_popup", keys["note"], empty=(keys["value"],))
            st.session_state.pop("crm_read_form_key", None)

        def save() -> None:
            perform(
                vehicle_commands.add_reading, form=READ, say="The reading was saved", typed=keys,
                convert={"note": lambda v: v or "", "starts_anew": bool}, after=saved,
                arguments={"vehicle_id": vehicle.id, "form_key": form_key},
            )  # fmt: skip

        st.button("Save reading", key="crm_read_go", type="primary", on_click=save)


def draw_receive_form(actor: Actor, *, vin: str, after: Callable[[Any], None]) -> None:
    """A vehicle that is not on record here comes in for service."""
    keys = {
        "vin": "crm_new_vin", "vin_reason": "crm_new_reason", "dealer_id": "crm_new_dealer", "ro_number": "crm_new_ro",
        "opened_on": "crm_new_opened", "odometer_in": "crm_new_in", "unit": "crm_new_unit",
        "complaint": "crm_new_complaint",
    }  # fmt: skip
    form_key = st.session_state.setdefault("crm_new_form_key", uuid4().hex)
    if keys["vin"] not in st.session_state:
        st.session_state[keys["vin"]] = vin
    show_outcome(RECEIVE)
    with st.container(border=True):
        st.markdown("**It comes in for service**")
        draw_vin(keys, form=RECEIVE)
        _dealer_box(actor, keys["dealer_id"], RECEIVE)
        today = clock.today(actor.zone)
        with st.grid(4, min_column_width=150, gap="small"):
            _box(st.text_input, "Repair order", "ro_number", keys, RECEIVE, max_chars=40)
            _box(st.date_input, "Opened", "opened_on", keys, RECEIVE, value=today, max_value=today)
            _box(st.number_input, "Odometer in", "odometer_in", keys, RECEIVE, value=None, min_value=0, step=1)
            with st.container(gap="xxsmall"):
                st.segmented_control("Unit", list(UNITS), key=keys["unit"], default="mi", required=True)
        _box(st.text_area, "Complaint :gray[(optional)]", "complaint", keys, RECEIVE, height=80)
        stray_problems(RECEIVE, list(keys))

        def save() -> None:
            perform(
                visit_commands.receive_vehicle, form=RECEIVE, say="Vehicle and visit were saved", typed=keys,
                convert={name: lambda v: v or "" for name in ("vin", "vin_reason", "ro_number", "complaint")},
                arguments={"form_key": form_key}, after=after, clear=("crm_new_form_key",),
            )  # fmt: skip

        st.button("Save visit", key="crm_new_go", type="primary", on_click=save)
