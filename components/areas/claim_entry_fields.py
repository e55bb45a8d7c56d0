"""The fields of the entry form; each gives a slot below itself where its findings are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from components.areas.claim_entry import form, remove_job
from db.claims.draft_rules import ACTIVE_TYPES, EXCLUSIONS, TYPE_LABELS, VERSION_TYPES
from db.claims.entry_rules import FIELDS
from db.claims.model import REPAIR_ACTIONS, JobDraft

DAYS = ("ro_opened_on", "ro_closed_on", "failed_on", "reported_on")
TEXTS = ("technician", "advisor", "pre_auth_number", "campaign_number", "contract_number")
NOTES = {"late_reason": "Why it is late", "goodwill_reason": "Why goodwill", "note": "Note"}
STORY = {
    "complaint": "What the customer said, word for word", "cause": "What was found, with fault codes",
    "correction": "What was done about it",
}  # fmt: skip
CODES = ("component", "causal_part", "failure_code", "operation", "action", "failed_serial", "fitted_serial")
SHORT = {"failed_serial": "Old serial", "fitted_serial": "New serial"}
Slots = dict[str, Any]


def draw_vehicle(slots: Slots, dealers: Mapping[int, str], *, is_stored: bool) -> None:
    """Dealer, type and VIN."""
    one = form()
    base, known = one.base, list(dealers)
    types = [base.claim_type] if base.claim_type in VERSION_TYPES else list(ACTIVE_TYPES)
    first = 0 if len(known) == 1 else None
    if one.dealer_id is not None and one.dealer_id in dealers:
        first = known.index(one.dealer_id)
    with st.grid(3, min_column_width=230, gap="small"):
        with st.container(gap="xxsmall"):
            st.selectbox(
                "Dealer", known, format_func=lambda v: dealers.get(v, "–"), key=one.at("dealer_id"), index=first,
                placeholder="Choose", disabled=is_stored,
            )  # fmt: skip
            slots["dealer_id"] = st.container(gap="xxsmall")
        with st.container(gap="xxsmall"):
            st.selectbox(
                "Type", types, format_func=TYPE_LABELS.__getitem__, key=one.at("claim_type"),
                index=types.index(base.claim_type) if base.claim_type in types else 0,
            )  # fmt: skip
            slots["claim_type"] = st.container(gap="xxsmall")
        with st.container(gap="xxsmall"):
            st.text_input("VIN", base.vin, key=one.at("vin"), max_chars=40, placeholder="17 characters")
            slots["vin"] = st.container(gap="xxsmall")
    slots["original_number"] = st.container(gap="xxsmall")


def draw_repair(slots: Slots) -> None:
    """Number, days and odometer of the repair order, who worked, and the numbers the claim refers to."""
    one = form()
    base = one.base
    with st.grid(4, min_column_width=170, gap="small"):
        with st.container(gap="xxsmall"):
            st.text_input("Repair order", base.ro_number, key=one.at("ro_number"), max_chars=40)
            slots["ro_number"] = st.container(gap="xxsmall")
        for name in DAYS:
            with st.container(gap="xxsmall"):
                st.date_input(FIELDS[name], getattr(base, name), key=one.at(name))
                slots[name] = st.container(gap="xxsmall")
        for name in ("odometer_in", "odometer_out"):
            with st.container(gap="xxsmall"):
                st.number_input(FIELDS[name], 0, None, getattr(base, name), 1, key=one.at(name))
                slots[name] = st.container(gap="xxsmall")
        st.selectbox("Unit", ["mi", "km"], index=["mi", "km"].index(base.unit), key=one.at("unit"))
        for name in TEXTS:
            with st.container(gap="xxsmall"):
                st.text_input(FIELDS[name], getattr(base, name), key=one.at(name))
                slots[name] = st.container(gap="xxsmall")


def draw_jobs(slots: Slots) -> None:
    """A card for each job: the three texts, then the codes."""
    jobs = form().base.jobs or (JobDraft(position=1),)
    for place, job in enumerate(jobs, 1):
        with st.container(border=True, gap="small"):
            _draw_job(slots, job, place, is_only=len(jobs) == 1)


def _draw_job(slots: Slots, job: JobDraft, place: int, *, is_only: bool) -> None:
    one = form()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**Job {place}**", width="content")
        if not is_only:
            st.button(
                "Take out", key=one.at(f"job{place}_gone"), icon=":material/delete:", type="tertiary",
                on_click=remove_job, args=(place,),
            )  # fmt: skip
    with st.grid(3, min_column_width=250, gap="small"):
        for name, hint in STORY.items():
            with st.container(gap="xxsmall"):
                st.text_area(
                    FIELDS[name], getattr(job, name), key=one.at(f"job{place}_{name}"), height=90, placeholder=hint
                )  # fmt: skip
                slots[f"jobs.{place}.{name}"] = st.container(gap="xxsmall")
    with st.grid(7, min_column_width=112, gap="small"):
        for name in CODES:
            key, label = one.at(f"job{place}_{name}"), SHORT.get(name, FIELDS[name])
            with st.container(gap="xxsmall"):
                if name == "action":
                    actions = list(REPAIR_ACTIONS)
                    at = actions.index(job.action) if job.action in actions else 0
                    st.selectbox(label, actions, index=at, format_func=REPAIR_ACTIONS.__getitem__, key=key)
                else:
                    st.text_input(label, getattr(job, name), key=key)
                slots[f"jobs.{place}.{name}"] = st.container(gap="xxsmall")
    slots[f"jobs.{place}."] = st.container(gap="xxsmall")


def draw_reasons(slots: Slots) -> None:
    """What speaks against the claim, and the reasons a late or a goodwill claim needs."""
    one = form()
    base = one.base
    with st.container(gap="xxsmall"):
        st.multiselect(
            "What speaks against it", list(EXCLUSIONS), list(base.exclusions), format_func=EXCLUSIONS.__getitem__,
            key=one.at("exclusions"), placeholder="Nothing",
        )  # fmt: skip
        slots["exclusions"] = st.container(gap="xxsmall")
    with st.grid(3, min_column_width=250, gap="small"):
        for name, label in NOTES.items():
            with st.container(gap="xxsmall"):
                st.text_area(label, getattr(base, name), key=one.at(name), height=80)
                slots[name] = st.container(gap="xxsmall")
