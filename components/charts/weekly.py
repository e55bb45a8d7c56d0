"""Charts of a dealer's week: what was counted week by week, split into the good part and the rest."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import AMBER, BLUE, GRAY, QUIET, as_spec, named


@lru_cache(maxsize=4)
def weeks(*, good: str, rest: str, title: str, height: int = 170) -> dict[str, Any]:
    """Stacked columns by week. Columns: week (ISO Monday), part (`good` or `rest`), count, label (the tooltip)."""
    chart = (
        alt.Chart(named())
        .mark_bar(width={"band": 0.7})
        .encode(
            x=alt.X(
                "week:N", sort=None, title=None,
                axis=alt.Axis(
                    **QUIET, labelAngle=0, labelOverlap=True, labelExpr="utcFormat(toDate(datum.value), '%-d %b')"
                ),
            ),
            y=alt.Y("count:Q", title=title, axis=alt.Axis(**QUIET, format="d", tickMinStep=1, tickCount=4)),
            color=alt.Color(
                "part:N", scale=alt.Scale(domain=[good, rest], range=[BLUE, AMBER if rest else GRAY]),
                legend=alt.Legend(title=None, orient="top", symbolType="square"),
            ),
            order=alt.Order("part_order:Q"),
            tooltip=[alt.Tooltip("label:N", title="Week")],
        )
        .properties(height=height)
    )  # fmt: skip
    return as_spec(chart)
