"""Required steps of follow-up by week and by day of the plan: on time, late, missed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import AMBER, GREEN, QUIET, RED, as_spec, named

RESULTS = ("On time", "Late", "Missed")


@lru_cache(maxsize=4)
def steps(*, field: str, title: str, height: int = 220) -> dict[str, Any]:
    """Stacked columns; clicking one selects it (parameter `pick`). Columns: `field`, label, order, result, part, count,
    hint; `field` is what is selected, `label` what stands below the column.
    """
    pick = alt.selection_point(name="pick", fields=[field])
    chart = (
        alt.Chart(named())
        .mark_bar(width={"band": 0.68}, cursor="pointer")
        .encode(
            x=alt.X(
                "label:N", sort=alt.EncodingSortField("order"), title=title,
                axis=alt.Axis(**QUIET, labelAngle=0, labelOverlap=True),
            ),
            y=alt.Y("count:Q", title="Required steps", axis=alt.Axis(**QUIET, format="~s", tickMinStep=1, tickCount=4)),
            color=alt.Color(
                "result:N", scale=alt.Scale(domain=list(RESULTS), range=[GREEN, AMBER, RED]),
                legend=alt.Legend(title=None, orient="top", symbolType="square"),
            ),
            order=alt.Order("part:Q"),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.35)),
            tooltip=[alt.Tooltip("label:N", title=title or "Week"), alt.Tooltip("hint:N", title="Steps")],
            detail=alt.Detail(f"{field}:N"),
        )
        .add_params(pick)
        .properties(height=height)
    )  # fmt: skip
    return as_spec(chart)
