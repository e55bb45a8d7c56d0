"""Charts of a pipeline: bars by stage, how long leads stand in each, and a cohort's ladder with the steps between."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import AMBER, BLUE, QUIET, as_spec, named, room

ORDERED = alt.EncodingSortField("order")


@lru_cache(maxsize=4)
def stage_bars(*, value_title: str, money: bool = False, height: int = 300) -> dict[str, Any]:
    """Horizontal bars in the order of the stages; clicking one selects it (parameter `pick`, field `name`).

    Columns: name, stage, order, value, label, hint.
    """
    pick = alt.selection_point(name="pick", fields=["name"])
    base = alt.Chart(named()).encode(
        y=alt.Y("stage:N", sort=ORDERED, title=None, axis=alt.Axis(**QUIET, labelLimit=150)),
        tooltip=[alt.Tooltip("stage:N", title="Stage"), alt.Tooltip("hint:N", title="Open")],
    )
    bars = base.mark_bar(color=BLUE, cornerRadiusEnd=3, height={"band": 0.66}, cursor="pointer").encode(
        x=alt.X(
            "value:Q", title=value_title, scale=alt.Scale(nice=False),
            axis=alt.Axis(
                **QUIET, tickCount=4, tickMinStep=1, grid=True,
                labelExpr=f"datum.value === 0 ? '{'$' * money}0' : format(datum.value, '{'$' * money}~s')",
            ),
        ),
        opacity=alt.condition(pick, alt.value(1), alt.value(0.35)),
    ).add_params(pick)  # fmt: skip
    text = base.mark_text(align="left", dx=5, fontSize=11, color="gray").encode(x="value:Q", text="label:N")
    return as_spec(alt.layer(bars, text).properties(height=height, padding=room(72)))


@lru_cache(maxsize=2)
def ages(*, height: int = 300) -> dict[str, Any]:
    """Stages by spans of days, stronger where more leads stand, amber where that is too long.

    Clicking a cell selects it (parameter `cell`, fields name and bucket). Columns: name, stage, order, bucket, span,
    span_order, label, strength (0 to 1), is_stale, hint.
    """
    cell = alt.selection_point(name="cell", fields=["name", "bucket"])
    base = alt.Chart(named()).encode(
        x=alt.X(
            "span:N", sort=alt.EncodingSortField("span_order"), title="Days in stage",
            scale=alt.Scale(paddingInner=0.06, paddingOuter=0.02),
            axis=alt.Axis(**QUIET, labelAngle=0, orient="bottom"),
        ),
        y=alt.Y(
            "stage:N", sort=ORDERED, title=None, axis=alt.Axis(**QUIET, labelLimit=150),
            scale=alt.Scale(paddingInner=0.12, paddingOuter=0.06),
        ),
        tooltip=[
            alt.Tooltip("stage:N", title="Stage"), alt.Tooltip("span:N", title="Days"),
            alt.Tooltip("hint:N", title="Leads"),
        ],
    )  # fmt: skip
    boxes = base.mark_rect(cornerRadius=3, cursor="pointer").encode(
        color=alt.condition("datum.is_stale", alt.value(AMBER), alt.value(BLUE)),
        fillOpacity=alt.FillOpacity(
            "strength:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 0.85]), legend=None
        ),
        opacity=alt.condition(cell, alt.value(1), alt.value(0.3)),
            ).add_params(cell)  # fmt: skip
    text = base.mark_text(fontSize=11).encode(
        text="label:N", color=alt.condition("datum.strength > 0.55", alt.value("white"), alt.value("gray"))
    )
    return as_spec(alt.layer(boxes, text).properties(height=height))


@lru_cache(maxsize=2)
def ladder(*, height: int = 300) -> dict[str, Any]:
    """A cohort's rungs as bars, and between two of them how many took the step.

    Columns: row, order, count, label, step. A row of a step has a name that begins with a tilde, no count,
    and its words in `step`.
    """
    y = alt.Y(
        "row:N", sort=ORDERED, title=None,
        axis=alt.Axis(**QUIET, labelLimit=150, labelExpr="datum.value[0] === '~' ? '' : datum.value"),
    )  # fmt: skip
    base = alt.Chart(named()).encode(y=y, tooltip=[alt.Tooltip("label:N", title="Leads")])
    bars = base.mark_bar(color=BLUE, cornerRadiusEnd=3, height={"band": 0.86}).encode(
        x=alt.X("count:Q", title=None, axis=None, scale=alt.Scale(nice=False))
    )
    text = base.mark_text(align="left", dx=5, fontSize=11, color="gray").encode(x="count:Q", text="label:N")
    steps = (
        alt.Chart(named())
        .mark_text(align="left", dx=4, fontSize=11, color="gray")
        .encode(y=y, x=alt.value(0), text="step:N")
    )
    return as_spec(alt.layer(bars, text, steps).properties(height=height, padding=room()))
