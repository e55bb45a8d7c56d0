"""Charts of parts: fill by month against its target."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import BLUE, GRAY, GREEN, QUIET, as_spec, named


@lru_cache(maxsize=4)
def fill_by_month(*, low: float, high: float, height: int = 220) -> dict[str, Any]:
    """Lines and units by month over a band of the target. Columns: month, order, what, value, label, lines."""
    base = alt.Chart(named()).encode(
        x=alt.X("month:N", sort=alt.EncodingSortField("order"), title=None, axis=alt.Axis(**QUIET, labelAngle=0)),
        y=alt.Y(
            "value:Q", title=None, scale=alt.Scale(domainMax=1, zero=False, nice=True),
            axis=alt.Axis(**QUIET, format=".0%", tickCount=5),
        ),
        color=alt.Color(
            "what:N", scale=alt.Scale(domain=["Lines", "Units"], range=[BLUE, GRAY]),
            legend=alt.Legend(title=None, orient="top", direction="horizontal"),
        ),
        tooltip=[
            alt.Tooltip("month:N", title="Month"), alt.Tooltip("what:N", title="Of"),
            alt.Tooltip("label:N", title="Fill"), alt.Tooltip("lines:Q", title="Lines ordered", format=","),
        ],
    )  # fmt: skip
    band = (
        alt.Chart(named())
        .transform_aggregate(n="count()")
        .transform_calculate(low=str(low), high=str(high))
        .mark_rect(color=GREEN, opacity=0.12)
        .encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    )
    lines = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=55, filled=True))
    return as_spec(alt.layer(band, lines).properties(height=height))
