"""The odometer of one vehicle over time: a line of readings, those that cannot be right in colour."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import AMBER, BLUE, GRAY, QUIET, RED, as_spec, named


@lru_cache(maxsize=2)
def readings(*, height: int = 240) -> dict[str, Any]:
    """Miles by day. Columns: day (date), miles, label, place, state (Plausible, Note, Doubtful or Review)."""
    base = alt.Chart(named()).encode(
        x=alt.X("day:T", title=None, axis=alt.Axis(**QUIET, tickCount=6, grid=False)),
        y=alt.Y("miles:Q", title="Miles", axis=alt.Axis(**QUIET, format="~s", tickCount=5)),
    )
    line = base.mark_line(color=GRAY, strokeWidth=1.5)
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        color=alt.Color(
            "state:N",
            scale=alt.Scale(
                domain=["Plausible", "Note", "Doubtful", "Review"], range=[BLUE, GRAY, AMBER, RED]
            ),
            legend=alt.Legend(title=None, orient="top", symbolSize=70),
        ),
        tooltip=[
            alt.Tooltip("label:N", title="Odometer"), alt.Tooltip("place:N", title="Read at"),
            alt.Tooltip("state:N", title=" "),
        ],
    )  # fmt: skip
    return as_spec(alt.layer(line, points).properties(height=height))
