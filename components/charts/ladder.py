"""The funnel as a ladder: a bar for each rung, with how many came there and their share of all; and bars of money."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import BLUE, QUIET, as_spec, named, room

ORDERED = alt.EncodingSortField("order")


@lru_cache(maxsize=2)
def ladder(*, height: int = 300) -> dict[str, Any]:
    """Bars in the order of the rungs; clicking one selects it (parameter `pick`, field `name`).

    Columns: name, rung, order, count, label, hint.
    """
    pick = alt.selection_point(name="pick", fields=["name"])
    base = alt.Chart(named()).encode(
        y=alt.Y("rung:N", sort=ORDERED, title=None, axis=alt.Axis(**QUIET, labelLimit=150)),
        tooltip=[alt.Tooltip("rung:N", title="Rung"), alt.Tooltip("hint:N", title="Leads")],
    )
    bars = (
        base.mark_bar(color=BLUE, cornerRadiusEnd=3, height={"band": 0.7}, cursor="pointer")
        .encode(
            x=alt.X("count:Q", title=None, axis=None, scale=alt.Scale(nice=False)),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.35)),
        )
        .add_params(pick)
    )
    text = base.mark_text(align="left", dx=5, fontSize=11, color="gray").encode(x="count:Q", text="label:N")
    return as_spec(alt.layer(bars, text).properties(height=height, padding=room(84)))


@lru_cache(maxsize=4)
def money_by(*, value_title: str, height: int = 260) -> dict[str, Any]:
    """Columns of money in a given order, such as quarters. Columns: name, order, value (dollars), label."""
    base = alt.Chart(named()).encode(
        x=alt.X("name:N", sort=ORDERED, title=None, axis=alt.Axis(**QUIET, labelAngle=0)),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("label:N", title=value_title)],
    )
    bars = base.mark_bar(color=BLUE, cornerRadiusEnd=3, width={"band": 0.6}).encode(
        y=alt.Y("value:Q", title=value_title, axis=alt.Axis(**QUIET, format="$~s", tickCount=4))
    )
    return as_spec(bars.properties(height=height))
