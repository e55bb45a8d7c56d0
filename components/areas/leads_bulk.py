"""Hand many chosen leads to one dealer at once; those that cannot be given are named with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from components.access import current_actor
from components.labels import plain
from components.perform import perform, problems_of, show_outcome
from db.core.labels import plural
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.leads.commands import BulkResult, bulk_assign

FORM = "lead_bulk"


def bulk_bar(items: Sequence[tuple[int, int]]) -> None:
    """Draw the bar for the chosen leads, as (id, version drawn)."""
    with reading() as session:
        found = dealer_choices(session, current_actor().scope, statuses=("active",))
    names = {d.dealer_id: f"{d.name} · {d.state} ({d.code})" for d in found}

    def clicked() -> None:
        perform(
            bulk_assign, form=FORM, say=_said, typed={"dealer_id": "lead_bulk_dealer", "note": "lead_bulk_note"},
            convert={"note": lambda v: (v or "").strip()}, after=_remember,
            arguments={"items": list(items), "assignee_id": None},
        )  # fmt: skip

    with st.container(border=True):
        st.markdown(f"**{plural(len(items), 'lead')} chosen**")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.selectbox(
                "Give to", list(names), index=None, format_func=lambda v: names[v], key="lead_bulk_dealer",
                placeholder="Choose a dealer", width=300,
            )  # fmt: skip
            st.text_input("Why", key="lead_bulk_note", placeholder="Written on each lead's history")
            st.button("Re-assign", type="primary", on_click=clicked, icon=":material/person_add:", key="lead_bulk_go")
        problems_of(FORM, "dealer_id")
        problems_of(FORM, "note")
        problems_of(FORM, "items")
    show_outcome(FORM)
    for skipped in st.session_state.pop("_lead_bulk_skipped", ()):
        st.warning(plain(skipped))


def _said(result: BulkResult) -> str:
    return f"{plural(len(result.assigned), 'lead')} re-assigned" + (
        f", {len(result.skipped)} skipped" if result.skipped else ""
    )


def _remember(result: Any) -> None:
    st.session_state["_lead_bulk_skipped"] = [f"{s.number}: {s.why}" for s in result.skipped]
