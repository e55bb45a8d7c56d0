"""Charts of the report builder: grouped bars, lines over time, a grid of heat; any figure, any dimension."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import AMBER, BLUE, GRAY, GREEN, QUIET, RED, as_spec, named, room

ORDER = alt.EncodingSortField("order")
SERIES = (BLUE, AMBER, GREEN, "#7C3AED", RED, "#0891B2", "#BE185D", GRAY)
MOST_SERIES = len(SERIES)


def _axis(unit: str) -> alt.Axis:
    formats = {"percent": "%", "money": "$~s"}
    return alt.Axis(**QUIET, format=formats.get(unit, "~s"), tickCount=4)


def _tooltip(title: str, has_series: bool) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("what:N", title=" "), *([alt.Tooltip("series:N", title=" ")] if has_series else []),
        alt.Tooltip("label:N", title=title),
    ]  # fmt: skip


def _colour(series: tuple[str, ...]) -> alt.Color:
    return alt.Color(
        "series:N", scale=alt.Scale(domain=list(series), range=list(SERIES[: len(series)])),
        legend=alt.Legend(title=None, orient="top", symbolType="square", columns=4, labelLimit=160, rowPadding=2),
    )  # fmt: skip


@lru_cache(maxsize=64)
def bars(*, title: str, unit: str, series: tuple[str, ...] = ()) -> dict[str, Any]:
    """Horizontal bars, in the order of the rows; a bar a series side by side.

    Columns: what, order, series, value, label.
    """
    base = alt.Chart(named()).encode(
        y=alt.Y("what:N", sort=ORDER, title=None, axis=alt.Axis(**QUIET, labelLimit=190)),
        x=alt.X("value:Q", title=None, axis=_axis(unit)), tooltip=_tooltip(title, bool(series)),
    )  # fmt: skip
    if series:
        chart: Any = base.mark_bar(cornerRadiusEnd=2).encode(
            yOffset=alt.YOffset("series:N", sort=list(series)), color=_colour(series)
        )
        return as_spec(chart.properties(height=alt.Step(11, **{"for": "offset"})))
    bar = base.mark_bar(color=BLUE, cornerRadiusEnd=3, height={"band": 0.62})
    text = base.mark_text(align="left", dx=5, fontSize=11, color="gray").encode(text="label:N")
    return as_spec(alt.layer(bar, text).properties(height=alt.Step(26), padding=room(64)))


@lru_cache(maxsize=64)
def lines(*, title: str, unit: str, series: tuple[str, ...] = (), height: int = 320) -> dict[str, Any]:
    """A line over time, one a series; a month without a number breaks the line. Columns as in `bars`."""
    chart = (
        alt.Chart(named())
        .mark_line(color=BLUE, strokeWidth=2, point={"size": 36, "filled": True}, invalid="break-paths-show-domains")
        .encode(
            x=alt.X("what:N", sort=ORDER, title=None, axis=alt.Axis(**QUIET, labelAngle=0, labelOverlap=True)),
            y=alt.Y("value:Q", title=None, axis=_axis(unit)), tooltip=_tooltip(title, bool(series)),
        )
    )  # fmt: skip
    if series:
        chart = chart.encode(color=_colour(series))
    return as_spec(chart.properties(height=height))


@lru_cache(maxsize=64)
def heat(*, title: str, better: str, cell: int = 30) -> dict[str, Any]:
    """A grid: rows down, columns across, the darker the more; green where more is better, red where it is worse.

    Columns: what, order, series, series_order, value, label.
    """
    scheme: Any = {"up": "greens", "down": "reds"}.get(better, "blues")
    base = alt.Chart(named()).encode(
        x=alt.X(
            "series:N", sort=alt.EncodingSortField("series_order"), title=None,
            axis=alt.Axis(**QUIET, orient="top", labelAngle=0, labelOverlap=True, labelLimit=90),
        ),
        y=alt.Y("what:N", sort=ORDER, title=None, axis=alt.Axis(**QUIET, labelLimit=190)),
        tooltip=_tooltip(title, True),
    )  # fmt: skip
    colour = alt.Color("value:Q", scale=alt.Scale(scheme=scheme), legend=None)
    rect = base.mark_rect(cornerRadius=3, stroke="white", strokeOpacity=0.15).encode(color=colour)
    # Dark words on light cells, white on dark ones; `dark` is where the value stands between the least and the most.
    text = base.mark_text(fontSize=11).encode(
        text="label:N", color=alt.condition("datum.dark > 0.55", alt.value("white"), alt.value("#1F2937"))
    )
    return as_spec(alt.layer(rect, text).properties(height=alt.Step(cell)))
