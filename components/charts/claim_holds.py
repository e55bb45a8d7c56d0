"""One bar of who held a claim how long."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import AMBER, BLUE, GRAY, GREEN, as_spec, named


@lru_cache(maxsize=1)
def held_bar() -> dict[str, Any]:
    """A stacked bar. Columns: party, order, minutes, label (calendar time), business (working time)."""
    colours = alt.Scale(domain=["Dealer", "Us", "Engineering", "Finance"], range=[GRAY, BLUE, AMBER, GREEN])
    chart = (
        alt.Chart(named())
        .mark_bar(height=22)
        .encode(
            x=alt.X("minutes:Q", stack="normalize", axis=None, title=None),
            color=alt.Color("party:N", scale=colours, legend=alt.Legend(orient="top", title=None)),
            order=alt.Order("order:O"),
            tooltip=[
                alt.Tooltip("party:N", title="Held by"), alt.Tooltip("label:N", title="Time"),
                alt.Tooltip("business:N", title="Working time"),
            ],
        )
        .properties(height=72)
    )  # fmt: skip
    return as_spec(chart)
