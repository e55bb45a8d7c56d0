"""Flows: each queue's states, steps and promises, drawn from the declaration the engine itself obeys."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.charts.base import table
from components.flow_diagram import diagram
from db.catalog import FLOWS
from db.core.labels import minutes_label
from db.core.permissions import GRANTED, Permission

guard(Permission.FLOWS_VIEW)

st.title(":material/account_tree: Workflows")
st.caption("What is drawn here is what the app enforces: the same declaration decides which buttons are shown.")
flows = {flow.name: flow for flow in FLOWS}
chosen = st.segmented_control(
    "Flow", list(flows), format_func=lambda n: flows[n].title, default=next(iter(flows)), required=True,
    key="flow", bind="query-params", label_visibility="collapsed",
)  # fmt: skip
flow = flows[chosen]
labels = {s.name: s.label for s in flow.states}

with st.container(border=True):
    detail = st.segmented_control(
        "Show", ["Main way", "Every step"], default="Main way", required=True, key="flow_detail",
        label_visibility="collapsed",
    )  # fmt: skip
    st.mermaid_chart(diagram(flow, every_step=detail == "Every step"))

st.subheader("Steps")
tables.show(
    table(
        {
            "Step": [s.label for s in flow.steps],
            "From": [", ".join(labels[x] for x in s.sources) for s in flow.steps],
            "To": [", ".join(labels[x] for x in s.targets) or "stays" for s in flow.steps],
            "Who": [
                "Automatic" if s.by_job else ", ".join(r.label for r, may in GRANTED.items() if s.permission in may)
                for s in flow.steps
            ],
            "Asks for": [", ".join(i.label for i in s.inputs if i.label) or "–" for s in flow.steps],
            "Second person": [s.four_eyes for s in flow.steps],
        }
    ),
    key="flow_steps", alt=f"Steps of {flow.title}",
    columns={
        "Step": tables.text("Step", width=150), "From": tables.text("From", width="large"),
        "To": tables.text("To", width="medium"), "Who": tables.text("Who may", width="large"),
        "Asks for": tables.text("Asks for", width="medium"),
        "Second person": st.column_config.CheckboxColumn("Second person", width="small"),
    },
)  # fmt: skip

left, right = st.columns(2, gap="medium")
with left:
    st.subheader("States")
    tables.show(
        table(
            {
                "State": [[s.label] for s in flow.states],
                "Closed": [s.final for s in flow.states],
                "Clock stands": [s.paused for s in flow.states],
                "Meaning": [s.help or "–" for s in flow.states],
            }
        ),
        key="flow_states", alt=f"States of {flow.title}",
        columns={
            "State": tables.status(flow, "State", width=160),
            "Closed": st.column_config.CheckboxColumn("Closed", width="small"),
            "Clock stands": st.column_config.CheckboxColumn("Clock stands", width="small"),
            "Meaning": tables.text("Meaning"),
        },
    )  # fmt: skip
with right:
    st.subheader("Promises")
    tables.show(
        table(
            {
                "Promise": [s.label for s in flow.slas],
                "Within": [minutes_label(s.minutes) for s in flow.slas],
                "Counted": ["Wall clock" if s.wall_clock else "Working time of the dealer" for s in flow.slas],
                "Warns at": [", ".join(f"{w}%" for w in s.warn_at) for s in flow.slas],
                "Rule": [s.rule for s in flow.slas],
            }
        ),
        key="flow_slas", alt=f"Promises of {flow.title}",
        columns={c: tables.text(c) for c in ("Promise", "Within", "Counted", "Warns at", "Rule")},
    )  # fmt: skip
