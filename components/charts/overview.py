"""Charts of figures side by side: a year of months over the year before, and regions that filter with a click."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import BLUE, GRAY, GREEN, QUIET, as_spec, named, room
from components.charts.us_map import shapes

BANDS = {
    "Best quarter": GREEN, "Median or better": "#86CFB4", "Worse than median": "#F2C58B", "Last quarter": "#F08A8A",
    "Not ranked": "#B8C4D6", "Too few": "#D9DFE8",
}  # fmt: skip
"""Colours of the bands a figure can be in beside its peers; words in the cell say the same."""
NOW, BEFORE, EVERY = "This year", "A year before", "Months"
LINES = {NOW: BLUE, BEFORE: GRAY}
MONTH = "utcFormat(toDate(datum.value + '-01'), slice(datum.value, 5) === '01' ? '%b %Y' : '%b')"


@lru_cache(maxsize=16)
def months(*, title: str, axis: str, height: int = 280) -> dict[str, Any]:
    """A line of months with the same months a year before dashed behind it; months are chosen with a brush.

    Columns: key ("2026-03"), year (of `LINES`, or `EVERY` for one row of each month), value, label (the sentence of the
    tooltip), lit (whether the month is chosen). The parameter `brush` gives the chosen keys.
    """
    brush = alt.selection_interval(
        name="brush", encodings=["x"],
        mark=alt.BrushConfig(fill=BLUE, fillOpacity=0.1, stroke=BLUE, strokeOpacity=0.5, cursor="move"),
    )  # fmt: skip
    base = alt.Chart(named()).encode(
        x=alt.X(
            "key:N", title=None, scale=alt.Scale(type="band", padding=0),
            axis=alt.Axis(**QUIET, labelAngle=0, labelOverlap=True, labelExpr=MONTH),
        ),
    )  # fmt: skip
    lines = base.encode(
        y=alt.Y("value:Q", title=title, axis=alt.Axis(**QUIET, format=axis, tickCount=5), scale=alt.Scale(zero=True)),
        color=alt.Color(
            "year:N", scale=alt.Scale(domain=list(LINES), range=list(LINES.values())),
            legend=alt.Legend(title=None, orient="top", symbolType="stroke"),
        ),
        tooltip=[alt.Tooltip("label:N", title=title)],
    )  # fmt: skip
    chosen = base.transform_filter(f"datum.year === '{EVERY}'").mark_rect(color=BLUE, cursor="crosshair")
    chosen = chosen.encode(opacity=alt.condition("datum.lit", alt.value(0.1), alt.value(0.001))).add_params(brush)
    behind = lines.transform_filter(f"datum.year === '{BEFORE}'").mark_line(strokeDash=[5, 4], strokeWidth=2)
    line = lines.transform_filter(f"datum.year === '{NOW}'").mark_line(strokeWidth=2.5)
    points = lines.transform_filter(f"datum.year !== '{EVERY}'").mark_circle(size=56, opacity=1)
    return as_spec(alt.layer(chosen, behind, line, points).properties(height=height))


@lru_cache(maxsize=16)
def regions(*, title: str, axis: str, bar: int = 30) -> dict[str, Any]:
    """Bars of regions, longest first; each click selects one more or lets it go (parameter `pick`, field `region`).

    Columns: region, value, label, lit (whether it is what the page is narrowed to, or nothing is).
    """
    pick = alt.selection_point(name="pick", fields=["region"], toggle="true")
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
    return as_spec(alt.layer(bars, text).properties(height=alt.Step(bar), padding=room(52)))


@lru_cache(maxsize=16)
def region_map(*, title: str, axis: str, height: int = 280) -> dict[str, Any]:
    """The states in the colour of their region's figure; each click selects one more region or lets it go.

    Columns: id (of the shape), state, region, value, label, lit; the parameter `pick` has the field `region`.
    """
    pick = alt.selection_point(name="pick", fields=["region"], toggle="true")
    base = alt.Chart(shapes()).mark_geoshape(fill=GRAY, fillOpacity=0.22, stroke="white", strokeOpacity=0.6)
    coloured = (
        alt.Chart(named())
        .mark_geoshape(stroke="white", strokeWidth=0.6, cursor="pointer")
        .transform_lookup(lookup="id", from_=alt.LookupData(shapes(), "id", ["type", "geometry"]))
        .encode(
            color=alt.Color(
                "value:Q", scale=alt.Scale(scheme="blues"),
                legend=alt.Legend(
                    title=title, format=axis, orient="bottom", gradientLength=180, gradientThickness=8,
                    titleFontWeight=400,
                ),
            ),
            opacity=alt.condition("datum.lit", alt.value(1), alt.value(0.3)),
            tooltip=[
                alt.Tooltip("region:N", title="Region"), alt.Tooltip("state:N", title="State"),
                alt.Tooltip("label:N", title=title),
            ],
        )
        .add_params(pick)
    )  # fmt: skip
    return as_spec(alt.layer(base, coloured).project("identity").properties(height=height))


@lru_cache(maxsize=4)
def scorecard(*, row: int = 30, column: int = 98) -> dict[str, Any]:
    """A grid of dealers by metrics, each cell in the colour of its band; clicking a row selects its dealer.

    Columns: dealer (label), row (order), metric, column (order), band (of `BANDS`), words, label; the parameter `pick`
    has the field `dealer`.
    """
    pick = alt.selection_point(name="pick", fields=["dealer"])
    base = alt.Chart(named()).encode(
        y=alt.Y("dealer:N", sort=alt.EncodingSortField("row"), title=None,
                axis=alt.Axis(**QUIET, labelLimit=170, labelFlush=False)),
        x=alt.X(
            "metric:N", sort=alt.EncodingSortField("column"), title=None,
            axis=alt.Axis(**QUIET, orient="top", labelAngle=0, labelOverlap=False, labelLimit=96, labelFlush=False),
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
