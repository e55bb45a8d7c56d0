"""What falls due week by week, coloured by how near it is."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import AMBER, BLUE, QUIET, RED, as_spec, named

NEARNESS = ("Within 30 days", "Within 60 days", "Later")


@lru_cache(maxsize=4)
def due(*, value_title: str, height: int = 200) -> dict[str, Any]:
    """Columns by week; clicking one selects its Monday (parameter `pick`). Columns: monday (ISO), count, near, label.

    `near` is one of `NEARNESS`; `label` is the sentence of the tooltip.
    """
    pick = alt.selection_point(name="pick", fields=["monday"])
    chart = (
        alt.Chart(named())
        .mark_bar(cornerRadiusEnd=3, width={"band": 0.72}, cursor="pointer")
        .encode(
            x=alt.X(
                "monday:N", title=None, sort=None,
                axis=alt.Axis(
                    **QUIET, labelAngle=0, labelOverlap=True, labelExpr="utcFormat(toDate(datum.value), '%-d %b')"
                ),
            ),
            y=alt.Y("count:Q", title=value_title, axis=alt.Axis(**QUIET, format="d", tickMinStep=1, tickCount=4)),
            color=alt.Color(
                "near:N", scale=alt.Scale(domain=list(NEARNESS), range=[RED, AMBER, BLUE]),
                legend=alt.Legend(title=None, orient="top", symbolType="square"),
            ),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.35)),
            tooltip=[alt.Tooltip("label:N", title="Week")],
        )
        .add_params(pick)
        .properties(height=height)
    )  # fmt: skip
    return as_spec(chart)
