"""How fast customers were answered: a bar for each stretch of time, and a week by the hour."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import AMBER, BLUE, GRAY, GREEN, QUIET, RED, as_spec, named

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
COLOURS = {
    "Within 5 min": GREEN, "6–15 min": GREEN, "16–30 min": BLUE, "31–60 min": BLUE, "Within a day": AMBER, "Later": RED,
    "Still waiting": GRAY, "Never": RED,
}  # fmt: skip


@lru_cache(maxsize=4)
def buckets(*, height: int = 260) -> dict[str, Any]:
    """Bars in the order of time; clicking one selects it (parameter `pick`). Columns: bucket, leads, label."""
    pick = alt.selection_point(name="pick", fields=["bucket"])
    base = alt.Chart(named()).encode(
        x=alt.X(
            "bucket:N", sort=list(COLOURS), title=None,
            axis=alt.Axis(**QUIET, labelAngle=0, labelLimit=90, labelOverlap=False),
        ),
        y=alt.Y("leads:Q", title="Leads", axis=alt.Axis(**QUIET, format="d", tickMinStep=1, tickCount=4)),
        tooltip=[alt.Tooltip("bucket:N", title="Answered"), alt.Tooltip("label:N", title="Leads")],
    )  # fmt: skip
    marks = base.mark_bar(cornerRadiusEnd=3, width={"band": 0.66}, cursor="pointer").encode(
        color=alt.Color("bucket:N", legend=None, scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))),
        opacity=alt.condition(pick, alt.value(1), alt.value(0.35)),
    )
    text = base.mark_text(dy=-8, fontSize=11, color="gray").encode(text="label:N")
    return as_spec(alt.layer(marks.add_params(pick), text).properties(height=height))


@lru_cache(maxsize=4)
def week(*, height: int = 230) -> dict[str, Any]:
    """Weekday by hour; colour is the share answered within 15 minutes. Columns: day, hour, share, leads, label."""
    chart = (
        alt.Chart(named())
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X("hour:O", title="Hour at the dealer", axis=alt.Axis(**QUIET, labelAngle=0)),
            y=alt.Y("day:N", sort=list(DAYS), title=None, axis=alt.Axis(**QUIET)),
            color=alt.Color(
                "share:Q", scale=alt.Scale(domain=[0, 0.5, 1], range=[RED, AMBER, GREEN]),
                legend=alt.Legend(title="Within 15 min", format=".0%", orient="right", gradientLength=150),
            ),
            opacity=alt.Opacity("weight:Q", scale=None, legend=None),
            tooltip=[alt.Tooltip("label:N", title="Leads")],
        )
        .properties(height=height)
    )  # fmt: skip
    return as_spec(chart)
