"""Charts of claims: decided by week with the touchless share, spans of days, and the Pareto of reasons."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import AMBER, BLUE, GRAY, GREEN, QUIET, RED, as_spec, named

ORDERED = alt.EncodingSortField("order")


@lru_cache(maxsize=2)
def weeks(*, height: int = 250) -> dict[str, Any]:
    """Columns by week, touchless below the others, and a line of what was sent.

    Columns: week (ISO Monday), part (Touchless, By a person), count, sent, label (the sentence of the tooltip).
    """
    x = alt.X(
        "week:N", sort=None, title=None,
        axis=alt.Axis(**QUIET, labelAngle=0, labelOverlap=True, labelExpr="utcFormat(toDate(datum.value), '%-d %b')"),
    )  # fmt: skip
    base = alt.Chart(named()).encode(x=x, tooltip=[alt.Tooltip("label:N", title="Week")])
    bars = base.mark_bar(width={"band": 0.72}).encode(
        y=alt.Y("count:Q", title="Claims", axis=alt.Axis(**QUIET, tickCount=4, tickMinStep=1)),
        color=alt.Color(
            "part:N", scale=alt.Scale(domain=["Touchless", "Others decided"], range=[GREEN, BLUE]),
            legend=alt.Legend(title=None, orient="top", symbolType="square"),
        ),
    )  # fmt: skip
    line = base.mark_line(color=AMBER, strokeWidth=2, point={"color": AMBER, "size": 22}).encode(
        y=alt.Y("max(sent):Q", title="Claims")
    )
    return as_spec(alt.layer(bars, line).properties(height=height))


@lru_cache(maxsize=4)
def spans(*, value_title: str, late_from: int, height: int = 210) -> dict[str, Any]:
    """Columns by span of days, red where that is long; clicking one selects it (parameter `pick`).

    Columns: span, order, count, label. `late_from` is the order from which a span is red.
    """
    pick = alt.selection_point(name="pick", fields=["span"])
    base = alt.Chart(named()).encode(
        x=alt.X("span:N", sort=ORDERED, title="Days", axis=alt.Axis(**QUIET, labelAngle=0)),
        tooltip=[alt.Tooltip("span:N", title="Days"), alt.Tooltip("label:N", title=value_title)],
    )
    bars = (
        base.mark_bar(cornerRadiusEnd=3, width={"band": 0.62}, cursor="pointer")
        .encode(
            y=alt.Y("count:Q", title=value_title, axis=alt.Axis(**QUIET, tickCount=4, tickMinStep=1)),
            color=alt.condition(f"datum.order >= {late_from}", alt.value(RED), alt.value(BLUE)),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.35)),
        )
        .add_params(pick)
    )  # fmt: skip
    text = base.mark_text(dy=-7, fontSize=11, color="gray").encode(y="count:Q", text="label:N")
    return as_spec(alt.layer(bars, text).properties(height=height))


@lru_cache(maxsize=2)
def pareto(*, height: int = 340) -> dict[str, Any]:
    """Horizontal bars of cases, longest first, with the cumulative share as a line; clicking selects `code` (`pick`).

    Columns: code, reason, order, cases, cumulative (share of 1), label.
    """
    pick = alt.selection_point(name="pick", fields=["code"])
    base = alt.Chart(named()).encode(
        y=alt.Y("reason:N", sort=ORDERED, title=None, axis=alt.Axis(**QUIET, labelLimit=190)),
        tooltip=[alt.Tooltip("reason:N", title="Reason"), alt.Tooltip("label:N", title="Cases")],
    )
    bars = (
        base.mark_bar(color=BLUE, cornerRadiusEnd=3, height={"band": 0.62}, cursor="pointer")
        .encode(
            x=alt.X("cases:Q", title="Cases", axis=alt.Axis(**QUIET, tickCount=4, tickMinStep=1, orient="bottom")),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.35)),
        )
        .add_params(pick)
    )
    line = base.mark_line(color=GRAY, strokeWidth=2, point={"color": GRAY, "size": 30}).encode(
        x=alt.X(
            "cumulative:Q", title="Cumulative", scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(**QUIET, format="%", tickCount=4, orient="top", grid=False),
        ),
        order="order:Q",
    )  # fmt: skip
    return as_spec(alt.layer(bars, line).resolve_scale(x="independent").properties(height=height))
