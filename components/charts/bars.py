"""Bars: a ranked list of categories, and counts by month."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import BLUE, QUIET, as_spec, named, room


@lru_cache(maxsize=32)
def ranked(*, category: str, value: str, value_title: str, height: int = 280, percent: bool = False) -> dict[str, Any]:
    """Horizontal bars, longest first; clicking one selects it (parameter `pick`). Columns: category, value, label."""
    pick = alt.selection_point(name="pick", fields=[category])
    base = alt.Chart(named()).encode(
        y=alt.Y(f"{category}:N", sort="-x", title=None, axis=alt.Axis(**QUIET, labelLimit=170)),
        tooltip=[alt.Tooltip(f"{category}:N", title=" "), alt.Tooltip("label:N", title=value_title)],
    )
    bars = base.mark_bar(color=BLUE, cornerRadiusEnd=3, height={"band": 0.62}, cursor="pointer").encode(
        x=alt.X(
            f"{value}:Q", title=value_title,
            axis=alt.Axis(**QUIET, format="%" if percent else "~s", tickCount=5, grid=True),
        ),
        opacity=alt.condition(pick, alt.value(1), alt.value(0.35)),
    ).add_params(pick)  # fmt: skip
    text = base.mark_text(align="left", dx=5, fontSize=11, color="gray").encode(x=f"{value}:Q", text="label:N")
    return as_spec(alt.layer(bars, text).properties(height=height, padding=room()))


@lru_cache(maxsize=16)
def months(*, value: str, value_title: str, height: int = 330, percent: bool = False) -> dict[str, Any]:
    """Columns by month, oldest first; clicking one selects it. Columns: month (label), order, value, label."""
    pick = alt.selection_point(name="pick", fields=["month"])
    chart = (
        alt.Chart(named())
        .mark_bar(color=BLUE, cornerRadiusEnd=3, width={"band": 0.6}, cursor="pointer")
        .encode(
            x=alt.X("month:N", sort=alt.EncodingSortField("order"), title=None, axis=alt.Axis(**QUIET, labelAngle=0)),
            y=alt.Y(
                f"{value}:Q", title=value_title,
                axis=alt.Axis(**QUIET, format="%" if percent else "~s", tickCount=4),
            ),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.35)),
            tooltip=[alt.Tooltip("month:N", title="Month"), alt.Tooltip("label:N", title=value_title)],
        )
        .add_params(pick)
        .properties(height=height)
    )  # fmt: skip
    return as_spec(chart)


@lru_cache(maxsize=8)
def stages(*, height: int = 260) -> dict[str, Any]:
    """A funnel as bars in the given order. Columns: stage, order, count, label."""
    base = alt.Chart(named()).encode(
        y=alt.Y("stage:N", sort=alt.EncodingSortField("order"), title=None, axis=alt.Axis(**QUIET, labelLimit=150)),
        tooltip=[alt.Tooltip("stage:N", title="Stage"), alt.Tooltip("label:N", title="Leads")],
    )
    bars = base.mark_bar(color=BLUE, cornerRadiusEnd=3, height={"band": 0.62}).encode(
        x=alt.X("count:Q", title=None, axis=None)
    )
    text = base.mark_text(align="left", dx=5, fontSize=11, color="gray").encode(x="count:Q", text="label:N")
    return as_spec(alt.layer(bars, text).properties(height=height, padding=room(64)))
