"""The warranty of one VIN: what is left of its plans, its blocks, its open campaigns; and every block in force."""

from __future__ import annotations

from datetime import date

import streamlit as st

from components import labels, tables
from components.access import current_actor
from components.areas.warranty import day_words, money, reach
from components.charts.base import table
from components.clock import today
from components.filters import words
from components.labels import empty_state, plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.session import reading
from db.warranty import rules
from db.warranty.commands import add_contract, lift_block, set_block
from db.warranty.list_queries import plan_choices
from db.warranty.vehicle_queries import BlockLine, VehicleCover, list_blocks, vehicle_cover

FORM = "wtv_form"
TONES = {"blocked": "orange", "void": "red"}


def draw_vehicles(*, on: date) -> None:
    """Look up a VIN; without one, the vehicles that are blocked now."""
    actor = current_actor()
    show_outcome(FORM)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        vin = words("VIN", key="wty_vin", placeholder="All 17 characters", width=280)
        odometer = st.number_input(
            "Odometer now, mi", min_value=0, max_value=2_000_000, value=None, step=1, key="wty_odometer", width=170,
            placeholder="Newest on file",
        )  # fmt: skip
    if not vin:
        _draw_blocks()
        return
    with reading() as session:
        cover = vehicle_cover(session, vin=vin, on=on, odometer=odometer, actor=actor)
    if cover is None:
        empty_state(
            "search_off", "That is no whole VIN, and no vehicle has this number.",
            action="A VIN has 17 characters and no I, O or Q.",
        )  # fmt: skip
        return
    _draw_head(cover, on)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _draw_plans(cover, on)
    with right:
        _draw_campaigns(cover)
        _draw_own_blocks(cover, on)


def _draw_head(cover: VehicleCover, on: date) -> None:
    in_force = [b for b in cover.blocks if b.since <= on and (b.lifted_on is None or b.lifted_on > on)]
    st.subheader(plain(cover.title or cover.vin), anchor=False)
    labels.badges(
        [
            *((rules.BLOCK_KINDS[b.kind], TONES[b.kind]) for b in in_force),
            *([(plural(len(cover.campaigns), "open campaign"), "red")] if cover.campaigns else []),
            *([("Not on file", "gray")] if cover.id is None else []),
        ]
    )
    service = f"in service {day_words(cover.in_service_on)}" if cover.in_service_on else "no day of service on file"
    reading_words = "no odometer reading"
    if cover.odometer is not None:
        reading_words = f"{cover.odometer:,} mi on {day_words(cover.odometer_on)}"
    st.caption(f"{plain(cover.vin)} · {plain(service)} · {plain(reading_words)}")


def _draw_plans(cover: VehicleCover, on: date) -> None:
    st.markdown(f"**Plans on {plain(day_words(on))}**")
    if not cover.plans:
        empty_state(
            "shield", "No plan covers this vehicle." if cover.in_service_on else "Its day of service is not on file.",
            action="" if cover.in_service_on else "Without it only service contracts are known.",
        )  # fmt: skip
    else:
        tables.show(
            table(
                {
                    "Plan": [p.plan.name for p in cover.plans],
                    "State": [["Over" if p.left.is_over else "Covers"] for p in cover.plans],
                    "Days left": [p.left.days for p in cover.plans],
                    "Distance left": [_distance(p.left.distance, p.plan.unit) for p in cover.plans],
                    "Ends": [day_words(p.left.ends_on) for p in cover.plans],
                    "Covers": [reach(p.plan.months, p.plan.distance, p.plan.unit) for p in cover.plans],
                    "Deductible": [money(p.plan.deductible_cents) if p.plan.deductible_cents else "–"
                                   for p in cover.plans],
                }
            ),
            key="wtv_plans", alt="Plans of this vehicle",
            columns={
                "Plan": tables.text("Plan", width=190),
                "State": tables.pill("State", {"Covers": "green", "Over": "gray"}, width=85),
                "Days left": tables.number("Days left", width=80),
                "Distance left": tables.text("Distance left", width=105), "Ends": tables.text("Ends", width=100),
                "Covers": tables.text("Covers", width=185), "Deductible": tables.text("Deductible", width=90),
            },
        )  # fmt: skip
        if cover.odometer is None:
            st.caption("No reading: the whole distance counts as left. Enter the odometer above.")
    if cover.is_own and cover.id is not None and current_actor().can(Permission.WARRANTY_MANAGE):
        _draw_contract_form(cover.id)


def _distance(distance: int | None, unit: str) -> str:
    return "No limit" if distance is None else f"{distance:,} {unit}"


def _draw_campaigns(cover: VehicleCover) -> None:
    st.markdown("**Open campaigns**")
    if not cover.campaigns:
        st.caption("None: no running campaign lists this VIN, or all were remedied.")
    for c in cover.campaigns:
        with st.container(border=True, gap="xsmall"):
            labels.badges([(rules.CAMPAIGN_KINDS.get(c.kind, c.kind), "red" if c.kind == "recall" else "blue")])
            st.markdown(f"**{plain(c.number)}** {plain(c.title)}")
            st.caption(f"Operations {plain(', '.join(c.operations) or '–')} · parts {plain(', '.join(c.parts) or '–')}")


def _draw_own_blocks(cover: VehicleCover, on: date) -> None:
    st.markdown("**Blocks**")
    if not cover.blocks:
        st.caption("Its warranty was never blocked.")
    for block in cover.blocks:
        _draw_block(block, may_lift=cover.is_own)
    if cover.is_own and cover.id is not None and current_actor().can(Permission.WARRANTY_MANAGE):
        _draw_block_form(cover.id)


def _draw_block(block: BlockLine, *, may_lift: bool) -> None:
    lifted = block.lifted_on is not None
    with st.container(border=True, gap="xsmall"):
        labels.badges([(rules.BLOCK_KINDS[block.kind], "gray" if lifted else TONES[block.kind]),
                       *([("Lifted", "green")] if lifted else [])])  # fmt: skip
        until = f" to {day_words(block.lifted_on)}" if lifted else ""
        who = f" by {block.created_by}" if block.created_by else ""
        st.caption(plain(f"Since {day_words(block.since)}{until}{who}"))
        if block.reason:
            st.markdown(plain(block.reason))
        if block.lifted_reason:
            st.caption(f"Lifted: {plain(block.lifted_reason)}")
        if may_lift and not lifted and current_actor().can(Permission.WARRANTY_MANAGE):
            key = f"wtl_{block.id}"
            with popup("Lift", key=key, icon=":material/lock_open:"):
                st.text_area("Reason", key=f"{key}_reason", max_chars=1000, height=80)
                problems_of(FORM, "reason")

                def lift() -> None:
                    perform(
                        lift_block, form=FORM, say="The block was lifted", typed={"reason": f"{key}_reason"},
                        convert={"reason": lambda v: v or ""},
                        arguments={"block_id": block.id, "seen_version": block.version},
                        after=lambda _: close(key),
                    )  # fmt: skip

                st.button("Lift the block", key=f"{key}_go", type="primary", on_click=lift)


def _draw_block_form(vehicle_id: int) -> None:
    keys = {name: f"wtb_{vehicle_id}_{name}" for name in ("kind", "since", "reason")}
    with popup("Block or void", key="wtb_pop", icon=":material/lock:"):
        st.segmented_control("What", list(rules.BLOCK_KINDS), format_func=rules.BLOCK_KINDS.__getitem__,
                             key=keys["kind"], default="blocked", required=True)  # fmt: skip
        problems_of(FORM, "kind")
        day = today(current_actor().zone)
        st.date_input("Since", value=day, max_value=day, key=keys["since"])
        problems_of(FORM, "since")
        st.text_area("Reason", key=keys["reason"], max_chars=1000, height=80)
        problems_of(FORM, "reason")

        def save() -> None:
            perform(
                set_block, form=FORM, say="Saved: claims of this vehicle will be stopped", typed=keys,
                convert={"reason": lambda v: v or ""}, arguments={"vehicle_id": vehicle_id},
                after=lambda _: close("wtb_pop"),
            )  # fmt: skip

        st.button("Save", key="wtb_go", type="primary", on_click=save)
        stray_problems(FORM, ("kind", "since", "reason", "plan_code", "starts_on", "contract_number"))


def _draw_contract_form(vehicle_id: int) -> None:
    keys = {name: f"wtk_{vehicle_id}_{name}" for name in ("plan_code", "starts_on", "contract_number")}
    with popup("Add a contract", key="wtk_pop", icon=":material/add:"):
        day = today(current_actor().zone)
        with reading() as session:
            plans = plan_choices(session, on=day, actor=current_actor())
        st.selectbox("Plan", list(plans), index=None, format_func=lambda v: plans.get(v, v), key=keys["plan_code"],
                     placeholder="Choose")  # fmt: skip
        problems_of(FORM, "plan_code")
        st.date_input("Holds from", value=day, key=keys["starts_on"])
        problems_of(FORM, "starts_on")
        st.text_input("Contract number :gray[(optional)]", key=keys["contract_number"], max_chars=40)
        problems_of(FORM, "contract_number")

        def save() -> None:
            perform(
                add_contract, form=FORM, say="The contract was added", typed=keys,
                convert={"plan_code": lambda v: v or "", "contract_number": lambda v: v or ""},
                arguments={"vehicle_id": vehicle_id}, after=lambda _: close("wtk_pop"),
            )  # fmt: skip

        st.button("Add", key="wtk_go", type="primary", on_click=save)


def _draw_blocks() -> None:
    with reading() as session:
        blocks = list_blocks(session, actor=current_actor())
    if not blocks:
        empty_state("directions_car", "Enter a VIN to see its plans, blocks and open campaigns.",
                    action="No vehicle of yours is blocked.")  # fmt: skip
        return
    st.markdown("**Vehicles whose warranty is blocked or void**")
    tables.show(
        table(
            {
                "VIN": [b.vin for b in blocks], "Vehicle": [b.vehicle or "–" for b in blocks],
                "State": [[rules.BLOCK_KINDS[b.kind]] for b in blocks], "Since": [day_words(b.since) for b in blocks],
                "Reason": [b.reason for b in blocks], "By": [b.created_by for b in blocks],
            }
        ),
        key="wtv_blocks", alt="Vehicles whose warranty is blocked or void",
        columns={
            "VIN": tables.text("VIN", width=190), "Vehicle": tables.text("Vehicle", width=190),
            "State": tables.pill("State", {"Blocked": "orange", "Void": "red"}, width=90),
            "Since": tables.text("Since", width=100), "Reason": tables.text("Reason", width=380),
            "By": tables.text("By", width=140),
        },
    )  # fmt: skip
