"""Charts of figures side by side: a year of months over the year before, and regions that filter with a click."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import BLUE, GRAY, GREEN, QUIET, as_spec, named

BANDS = {
    "Best quarter": GREEN, "Median or better": "#86CFB4", "Worse than median": "#F2C58B", "Last quarter": "#F08A8A",
    "Not ranked": "#B8C4D6", "Too few": "#D9DFE8",
}  # fmt: skip
"""Colours of the bands a figure can be in beside its peers; words in the cell say the same."""
LINES = {"This year": BLUE, "A year before": GRAY}


@lru_cache(maxsize=16)
def months(*, title: str, axis: str, height: int = 280) -> dict[str, Any]:
    """A line of months with the same months a year before dashed behind it.

    Columns: month (label), order, year (of `LINES`), value, label (the sentence of the tooltip).
    """
    base = alt.Chart(named()).encode(
        x=alt.X(
            "month:N", sort=alt.EncodingSortField("order"), title=None,
            axis=alt.Axis(**QUIET, labelAngle=0, labelOverlap=True),
        ),
        y=alt.Y("value:Q", title=title, axis=alt.Axis(**QUIET, format=axis, tickCount=5), scale=alt.Scale(zero=True)),
        color=alt.Color(
            "year:N", scale=alt.Scale(domain=list(LINES), range=list(LINES.values())),
            legend=alt.Legend(title=None, orient="top", symbolType="stroke"),
        ),
        tooltip=[alt.Tooltip("label:N", title=title)],
    )  # fmt: skip
    behind = base.transform_filter("datum.year !== 'This year'").mark_line(strokeDash=[5, 4], strokeWidth=2)
    line = base.transform_filter("datum.year === 'This year'").mark_line(strokeWidth=2.5)
    points = base.mark_circle(size=56, opacity=1)
    return as_spec(alt.layer(behind, line, points).properties(height=height))


@lru_cache(maxsize=16)
def regions(*, title: str, axis: str, bar: int = 30) -> dict[str, Any]:
    """Bars of regions, longest first; clicking one selects it (parameter `pick`, field `region`).

    Columns: region, value, label, lit (whether it is what the page is narrowed to, or nothing is).
    """
    pick = alt.selection_point(name="pick", fields=["region"])
    base = alt.Chart(named()).encode(
        y=alt.Y("region:N", sort="-x", title=None, axis=alt.Axis(**QUIET, labelLimit=150)),
        tooltip=[alt.Tooltip("region:N", title="Region"), alt.Tooltip("label:N", title=title)],
    )
    bars = (
        base.mark_bar(cornerRadiusEnd=3, height={"band": 0.62}, cursor="pointer")
        .encode(
            x=alt.X("value:Q", title=title, axis=alt.Axis(**QUIET, format=axis, tickCount=4)),
            color=alt.condition("datum.lit", alt.value(BLUE), alt.value(GRAY)),
        )
        .add_params(pick)
    )
    text = base.mark_text(align="left", dx=5, fontSize=11, color="gray").encode(x="value:Q", text="label:N")
    return as_spec(alt.layer(bars, text).properties(height=alt.Step(bar)))


@lru_cache(maxsize=4)
def scorecard(*, row: int = 30, column: int = 98) -> dict[str, Any]:
    """A grid of dealers by metrics, each cell in the colour of its band; clicking a row selects its dealer.

    Columns: dealer (label), row (order), metric, column (order), band (of `BANDS`), words, label; the parameter `pick`
    has the field `dealer`.
    """
    pick = alt.selection_point(name="pick", fields=["dealer"])
    base = alt.Chart(named()).encode(
        y=alt.Y("dealer:N", sort=alt.EncodingSortField("row"), title=None, axis=alt.Axis(**QUIET, labelLimit=170)),
        x=alt.X(
            "metric:N", sort=alt.EncodingSortField("column"), title=None,
            axis=alt.Axis(**QUIET, orient="top", labelAngle=0, labelOverlap=False, labelLimit=96),
        ),
        tooltip=[
            alt.Tooltip("dealer:N", title="Dealer"), alt.Tooltip("metric:N", title="Metric"),
            alt.Tooltip("label:N", title="Beside peers"),
        ],
    )  # fmt: skip
    cells = (
        base.mark_rect(cornerRadius=3, stroke="white", strokeWidth=2, strokeOpacity=0.6, cursor="pointer")
        .encode(
            color=alt.Color(
                "band:N", scale=alt.Scale(domain=list(BANDS), range=list(BANDS.values())),
                legend=alt.Legend(title=None, orient="bottom", symbolType="square", columns=6),
            ),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.45)),
        )
        .add_params(pick)
    )  # fmt: skip
    # Dark words on light colours read well in both themes.
    words = base.mark_text(fontSize=12, color="#172033", fontWeight=500).encode(text="words:N")
    strong = base.transform_filter("datum.band === 'Best quarter'").mark_text(
        fontSize=12, fontWeight=600, color="white"
    )
    return as_spec(
        alt.layer(cells, words, strong.encode(text="words:N")).properties(height=alt.Step(row), width=alt.Step(column))
    )
