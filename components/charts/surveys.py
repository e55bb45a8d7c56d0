"""An index by month with its 95% interval as a band: a wide band says that a move means little."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import BLUE, QUIET, as_spec, named


@lru_cache(maxsize=4)
def trend(*, title: str, height: int = 260) -> dict[str, Any]:
    """Columns: month (date), value, low, high (points), label (the sentence of the tooltip)."""
    base = alt.Chart(named()).encode(
        x=alt.X("month:T", title=None, axis=alt.Axis(**QUIET, format="%b %Y", tickCount="month", grid=False)),
        tooltip=[alt.Tooltip("label:N", title="Month")],
    )
    scale = alt.Scale(zero=False, nice=True)
    band = base.mark_area(color=BLUE, opacity=0.16).encode(
        y=alt.Y("low:Q", title=title, scale=scale, axis=alt.Axis(**QUIET, tickCount=5)), y2="high:Q"
    )
    line = base.mark_line(color=BLUE, strokeWidth=2).encode(y=alt.Y("value:Q", scale=scale))
    points = base.mark_point(color=BLUE, filled=True, size=60, opacity=1).encode(y=alt.Y("value:Q", scale=scale))
    return as_spec(alt.layer(band, line, points).properties(height=height))
