"""Metrics: what every number of the desk means, who answers for it, and what it is now."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.metrics import draw_drawer, follow_address, open_metric
from components.charts.base import table
from components.exports import export_button
from components.filters import clear_button, pick, words
from components.labels import empty_state
from db.core.labels import plural
from db.core.permissions import Permission
from db.reports.catalogue_queries import list_metrics
from db.reports.catalogue_rules import BETTER, BETTER_TONES, UNITS, dims_label

actor = guard(Permission.HOME_VIEW)
KEYS = ["met_text", "met_area", "met_owner"]


def opened(position: int) -> None:
    """Open the drawer of a row."""
    shown = st.session_state.get("met_names", [])
    if 0 <= position < len(shown):
        open_metric(shown[position])


st.title(":material/function: Metrics")
st.caption("What each number means, what is counted and left out, who answers for it, and what it is now.")
follow_address()
every = list_metrics(actor=actor)
areas = {row.area: row.area_title for row in every}
owners = sorted({row.definition.owner for row in every})
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    text = words("Find", key="met_text", placeholder="Name, formula, what is counted …", width=320)
    area = pick("Area", areas, key="met_area", all_label="All areas", width=180)
    owner = pick("Owner", {o: o for o in owners}, key="met_owner", all_label="Everybody", width=260)
    export_button("metrics", {"text": text, "area": area, "owner": owner})
    clear_button(KEYS, key="met_clear")
rows = list_metrics(actor=actor, text=text, area=area, owner=owner)
st.session_state["met_names"] = [row.name for row in rows]
if not every:
    empty_state("function", "No metric is open to your role.")
elif not rows:
    empty_state("search_off", "No metric has these words.", action="Take a word or a filter away.")
else:
    tables.show(
        table(
            {
                "Metric": [row.definition.title for row in rows],
                "Area": [row.area_title for row in rows],
                "Unit": [UNITS[row.definition.unit] for row in rows],
                "What is good": [[BETTER[row.definition.better]] for row in rows],
                "Formula": [row.definition.formula for row in rows],
                "Split by": [dims_label(row.dims) for row in rows],
                "Owner": [row.definition.owner for row in rows],
            }
        ),
        key="met_table", alt="Metrics with their definitions, in the order of the areas",
        height=640 if len(rows) > 15 else "auto",
        columns={
            "Metric": tables.opener("Metric", key="met_click", on_open=opened, width=215),
            "Area": tables.text("Area", width=110), "Unit": tables.text("Unit", width=100),
            "What is good": tables.pill(
                "What is good", {BETTER[name]: tone for name, tone in BETTER_TONES.items()}, width=130
            ),
            "Formula": tables.text("Formula", width=250), "Owner": tables.text("Owner", width=170),
            "Split by": tables.text("Split by", width=300),
        },
    )  # fmt: skip
    number = plural(len(rows), "metric") if len(rows) == len(every) else f"{len(rows)} of {len(every)} metrics"
    st.caption(f"{number}. Click a name for its value and its definition.")
draw_drawer()
