"""What is known of a VIN once it is typed: cover, campaigns, blocks, earlier claims; and a catalogue to pick from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial

import streamlit as st

from components.areas.claim_entry import add_job, add_line, adopt, form, typed
from components.labels import badge, plain
from db.claims.claim_queries import Preview
from db.claims.entry_queries import Hints, find_in_catalogue
from db.claims.flow import FLOW
from db.claims.model import ChargeDraft, JobDraft
from db.core.actor import Actor
from db.core.session import reading
from db.customers.vehicle_queries import VisitLine
from db.warranty.queries import CampaignRow
from db.warranty.vehicle_queries import PlanLeft


def plan_line(one: PlanLeft, names: Mapping[str, str], on: date) -> str:
    """A plan in one line: until which day and distance, what is left, and what it does not cover."""
    plan, left = one.plan, one.left
    over = left.ends_on < on or left.distance == 0
    until = f"until {left.ends_on.isoformat()}"
    if plan.distance:
        until += f" or {plan.distance:,} {plan.unit}"
        if left.distance is not None and not over:
            until += f", {left.distance:,} left"
    tone, word = ("red", "Ended") if over else ("green", "Runs")
    own = ", ".join(names.get(c, c) for c in plan.components)
    without = ", ".join(names.get(c, c) for c in plan.excluded)
    parts = [f"only {own}" if own else "", f"not {without}" if without else "",
             f"deductible {plan.deductible_cents / 100:,.2f}" if plan.deductible_cents else ""]  # fmt: skip
    more = "; ".join(p for p in parts if p)
    return f"{badge(word, tone)} **{plain(plan.name)}** {plain(until)}" + (f"  \n:gray[{plain(more)}]" if more else "")


def draw_hints(hints: Hints | None, said: Preview | None) -> None:
    """The panel below the VIN; nothing while there is no VIN."""
    if hints is None:
        return
    cover = hints.cover
    with st.container(border=True, key="ce_hints"), st.grid(3, min_column_width=260, gap="medium"):
        with st.container(gap="xsmall"):
            _draw_vehicle(hints, said)
        with st.container(gap="xsmall"):
            st.markdown("**Cover**")
            for one in cover.plans:
                st.markdown(f":small[{plan_line(one, hints.components, hints.on)}]")
            if not cover.plans:
                st.caption("No plan is known: the day it went into service is missing." if cover.id else "Not on file.")
        with st.container(gap="xsmall"):
            _draw_before(hints)


def _draw_vehicle(hints: Hints, said: Preview | None) -> None:
    cover = hints.cover
    st.markdown(f"**{plain(cover.title or 'This vehicle is not on file')}**")
    lines = []
    if cover.in_service_on:
        lines.append(f"In service since {cover.in_service_on.isoformat()}")
    if cover.odometer is not None and cover.odometer_on is not None and typed().odometer_in is None:
        lines.append(f"{cover.odometer:,} mi on {cover.odometer_on.isoformat()}")
    if said is not None:
        rate, markup = said.facts.dealer.labour_rate_cents, said.facts.dealer.markup
        lines.append(
            f"Your labour rate that day: {rate / 100:,.2f}" if rate is not None else "No labour rate is agreed"
        )
        if markup is not None:
            lines.append(f"Your parts markup that day: {markup / 100:g}%")
    st.markdown("  \n".join(f":small[{plain(line)}]" for line in lines))
    for block in cover.blocks:
        if block.lifted_on is None or block.lifted_on > hints.on:
            reason = f": {block.reason}" if block.reason else ""
            st.markdown(f"{badge('Void' if block.kind == 'void' else 'Blocked', 'red')} "
                        f":small[since {block.since.isoformat()}{plain(reason)}]")  # fmt: skip
    for campaign in cover.campaigns:
        st.markdown(f"{badge('Open campaign', 'orange')} :small[{plain(campaign.number)} {plain(campaign.title)}]")
        st.button(
            "Add its job", key=f"ce_campaign_{campaign.number}", icon=":material/add:", type="tertiary",
            on_click=add_campaign, args=(campaign,),
        )  # fmt: skip


def _draw_before(hints: Hints) -> None:
    st.markdown("**Earlier here**")
    for one in hints.earlier:
        state = FLOW.state(one.status)
        st.markdown(
            f":small[[{one.number}](claim?claim={one.id}) {plain(one.ro_number)} "
            f"{badge(state.label, state.tone)} {one.claimed_cents / 100:,.2f}]"
        )
    if not hints.earlier:
        st.caption("No claim on this vehicle yet.")
    known = {typed().ro_number.strip().upper()}
    for visit in hints.visits:
        if visit.ro_number not in known:
            st.button(
                f"Use {visit.ro_number} of {visit.opened_on.isoformat()}", key=f"ce_visit_{visit.visit_id}",
                type="tertiary", icon=":material/input:", on_click=use_visit, args=(visit,),
            )  # fmt: skip


def add_campaign(campaign: CampaignRow) -> None:
    """The campaign's number and its job with the operation and part it asks for (in a callback)."""
    operation = campaign.operations[0] if campaign.operations else ""
    part = campaign.parts[0] if campaign.parts else ""
    lines = tuple(ChargeDraft(position=0, kind="labour", code=code, quantity=0) for code in campaign.operations[:1])
    lines += tuple(ChargeDraft(position=0, kind="parts", code=code, quantity=0) for code in campaign.parts)
    job = JobDraft(
        position=0, complaint=f"Campaign {campaign.number}: {campaign.title}"[:400], operation=operation,
        causal_part=part, action="replacement" if part else "repair",
    )  # fmt: skip
    draft = typed()
    is_new = not any((j.complaint or j.operation) for j in draft.jobs)
    header = {"campaign_number": campaign.number} | ({"claim_type": "recall"} if is_new else {})
    add_job(job, lines, **header)


def use_visit(visit: VisitLine) -> None:
    """The repair order as it is on file: number, days and odometer (in a callback)."""
    adopt(
        replace(
            typed(),
            ro_number=visit.ro_number,
            ro_opened_on=visit.opened_on,
            ro_closed_on=visit.closed_on,
            odometer_in=visit.odometer_in,
            odometer_out=visit.odometer_out,
            unit=visit.unit,
            reported_on=visit.opened_on,
        )
    )


def draw_catalogue(said: Preview | None, *, actor: Actor, today: date) -> None:
    """A word finds operations with hours and parts with price; one click makes a line of it."""
    one = form()
    text = st.text_input(
        "Find an operation or a part", key=f"ce_find_{one.key}", placeholder="Code or word, such as turbo",
        icon=":material/search:",
    )  # fmt: skip
    if not text.strip():
        return
    facts = said.facts if said is not None else None
    on = (facts.claim.ro_opened_on if facts else None) or today
    with reading() as session:
        found = find_in_catalogue(
            session, text=text, on=on, model=facts.vehicle.model if facts else "", actor=actor
        )  # fmt: skip
    if not found.operations and not found.parts:
        st.caption("Nothing in the catalogue starts with that code or holds that word.")
        return
    jobs = len(typed().jobs)
    with st.grid(2, min_column_width=300, gap="small"):
        with st.container(gap="xxsmall"):
            for operation in found.operations:
                line = ChargeDraft(position=0, kind="labour", job=jobs, code=operation.code, quantity=0)
                hours = f"{operation.hours / 100:.2f} h" if operation.kind == "flat" else f"{operation.kind} time"
                label = f"{operation.code} {operation.name} · {hours}"
                st.button(plain(label), key=f"ce_add_{operation.code}", icon=":material/add:", type="tertiary",
                          on_click=partial(add_line, line))  # fmt: skip
        with st.container(gap="xxsmall"):
            for part in found.parts:
                line = ChargeDraft(position=0, kind="parts", job=jobs, code=part.number, quantity=0)
                net = f"net {part.net_cents / 100:,.2f}" if part.net_cents is not None else "no price"
                st.button(plain(f"{part.number} {part.name} · {net}"), key=f"ce_add_{part.number}",
                          icon=":material/add:", type="tertiary", on_click=partial(add_line, line))  # fmt: skip
