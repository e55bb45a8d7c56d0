"""Charts of incentives: money by month, budgets beside their straight line, and what prices gave away."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import AMBER, BLUE, GRAY, GREEN, QUIET, RED, as_spec, named

ORDERED = alt.EncodingSortField("order")
BOOKS = {"Earned": BLUE, "Approved": AMBER, "Paid": GREEN}
PACE = {"Committed": BLUE, "Runs out early": AMBER, "Used up": RED}


@lru_cache(maxsize=4)
def months(*, books: tuple[str, ...] = tuple(BOOKS), height: int = 320) -> dict[str, Any]:
    """Columns by month, a column for each book. Columns: month (label), order, book, dollars, label."""
    chart = (
        alt.Chart(named())
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X(
                "month:N", sort=ORDERED, title=None,
                axis=alt.Axis(**QUIET, labelAngle=0, labelOverlap=True), scale=alt.Scale(paddingInner=0.28),
            ),
            xOffset=alt.XOffset("book:N", sort=list(books)),
            y=alt.Y("dollars:Q", title=None, axis=alt.Axis(**QUIET, format="$~s", tickCount=4)),
            color=alt.Color(
                "book:N", scale=alt.Scale(domain=list(books), range=[BOOKS[b] for b in books]), sort=list(books),
                legend=alt.Legend(title=None, orient="top", symbolType="square"),
            ),
            tooltip=[
                alt.Tooltip("month:N", title="Month"), alt.Tooltip("book:N", title="Book"),
                alt.Tooltip("label:N", title="Amount"),
            ],
        )
        .properties(height=height)
    )  # fmt: skip
    return as_spec(chart)


@lru_cache(maxsize=2)
def budgets(*, row_height: int = 58) -> dict[str, Any]:
    """Bullet bars, one a program: the budget behind, committed on it, paid inside, a tick where the straight line is.

    Columns: program, order, committed, paid, expected (shares of the budget, at most 1), pace (of `PACE`), label."""
    base = alt.Chart(named()).encode(
        y=alt.Y("program:N", sort=ORDERED, title=None, axis=alt.Axis(**QUIET, labelLimit=150)),
        tooltip=[alt.Tooltip("program:N", title="Program"), alt.Tooltip("label:N", title="Budget")],
    )
    axis = alt.Axis(**QUIET, format="%", tickCount=4, grid=False)
    scale = alt.Scale(domain=[0, 1], nice=False)
    behind = base.mark_bar(color=GRAY, opacity=0.25, height={"band": 0.42}).encode(
        x=alt.X("whole:Q", title="Of the budget", scale=scale, axis=axis)
    )
    committed = (
        base.mark_bar(height={"band": 0.42})
        .encode(
            x=alt.X("committed:Q", scale=scale),
            color=alt.Color(
                "pace:N", scale=alt.Scale(domain=list(PACE), range=list(PACE.values())),
                legend=alt.Legend(title=None, orient="top", symbolType="square"),
            ),
        )
    )  # fmt: skip
    paid = base.mark_bar(color=GREEN, height={"band": 0.16}).encode(x=alt.X("paid:Q", scale=scale))
    line = base.mark_tick(color=GRAY, thickness=3, height={"band": 0.56}).encode(x=alt.X("expected:Q", scale=scale))
    words = base.mark_text(align="left", baseline="bottom", dy=-14, fontSize=11, color="gray").encode(
        x=alt.value(0), text="stands:N"
    )
    return as_spec(alt.layer(behind, committed, paid, line, words).properties(height=alt.Step(row_height)))


@lru_cache(maxsize=2)
def given_away(*, height: int = 270) -> dict[str, Any]:
    """Columns of what was given away by month, and the sum so far as a line. Columns: month, order, dollars, sum,
    label."""
    base = alt.Chart(named()).encode(
        x=alt.X("month:N", sort=ORDERED, title=None, axis=alt.Axis(**QUIET, labelAngle=0, labelOverlap=True)),
        tooltip=[alt.Tooltip("month:N", title="Month"), alt.Tooltip("label:N", title="Given away")],
    )
    money = alt.Axis(**QUIET, format="$~s", tickCount=4)
    bars = base.mark_bar(color=BLUE, cornerRadiusEnd=3, width={"band": 0.6}).encode(
        y=alt.Y("dollars:Q", title=None, axis=money)
    )
    line = base.mark_line(color=AMBER, strokeWidth=2, point={"color": AMBER, "size": 24}).encode(y=alt.Y("sum:Q"))
    return as_spec(alt.layer(bars, line).properties(height=height))
