"""Charts of co-op: money by month, a fund's balance with what a request would do, campaigns against their goals."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from components.charts.base import AMBER, BLUE, GRAY, GREEN, QUIET, RED, as_spec, named

ORDERED = alt.EncodingSortField("order")
BOOKS = {"Accrued": BLUE, "Reserved": AMBER, "Approved": "#7C3AED", "Paid": GREEN, "Expiring": RED}
SPLIT = {"Accrued": BLUE, "Reserved": AMBER, "Approved": "#7C3AED", "Paid": GREEN}
EFFECT = {"Available": BLUE, "With this request": AMBER}
PACE = {"Reached": GREEN, "On the way": BLUE, "Behind": AMBER}


@lru_cache(maxsize=4)
def months(*, books: tuple[str, ...] = tuple(BOOKS), height: int = 280) -> dict[str, Any]:
    """Columns by month, one for each book; clicking a month selects it (parameter `pick`).

    Columns: month (label), key (YYYY-MM), order, book (of `BOOKS`), dollars, label (the sentence of the tooltip).
    """
    pick = alt.selection_point(name="pick", fields=["key"])
    chart = (
        alt.Chart(named())
        .mark_bar(cornerRadiusEnd=2, cursor="pointer")
        .encode(
            x=alt.X(
                "month:N", sort=ORDERED, title=None, axis=alt.Axis(**QUIET, labelAngle=0, labelOverlap=True),
                scale=alt.Scale(paddingInner=0.25),
            ),
            xOffset=alt.XOffset("book:N", sort=list(books)),
            y=alt.Y("dollars:Q", title=None, axis=alt.Axis(**QUIET, format="$~s", tickCount=4)),
            color=alt.Color(
                "book:N", scale=alt.Scale(domain=list(books), range=[BOOKS[b] for b in books]),
                legend=alt.Legend(title=None, orient="top", symbolType="square", columns=3),
            ),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.35)),
            tooltip=[
                alt.Tooltip("month:N", title="Month"), alt.Tooltip("book:N", title="Book"),
                alt.Tooltip("label:N", title="Amount"),
            ],
        )
        .add_params(pick)
        .properties(height=height)
    )  # fmt: skip
    return as_spec(chart)


@lru_cache(maxsize=4)
def split(*, books: tuple[str, ...] = tuple(SPLIT), bar_height: int = 12) -> dict[str, Any]:
    """Horizontal bars, a group a region or medium, a bar a book. Columns: what, order, book, dollars, label."""
    chart = (
        alt.Chart(named())
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=alt.Y("what:N", sort=ORDERED, title=None, axis=alt.Axis(**QUIET, labelLimit=140)),
            yOffset=alt.YOffset("book:N", sort=list(books)),
            x=alt.X("dollars:Q", title=None, axis=alt.Axis(**QUIET, format="$~s", tickCount=4)),
            color=alt.Color(
                "book:N", scale=alt.Scale(domain=list(books), range=[SPLIT[b] for b in books]),
                legend=alt.Legend(title=None, orient="top", symbolType="square"),
            ),
            tooltip=[
                alt.Tooltip("what:N", title="Of"), alt.Tooltip("book:N", title="Book"),
                alt.Tooltip("label:N", title="Amount"),
            ],
        )
        .properties(height=alt.Step(bar_height, **{"for": "offset"}))
    )  # fmt: skip
    return as_spec(chart)


@lru_cache(maxsize=4)
def balance(*, height: int = 210, short: bool = False) -> dict[str, Any]:
    """A fund's available money as steps over time, a dashed line from today to where a request would bring it.

    Columns: day (ISO date), order, part (Available, With this request), dollars, label. `short` paints what a request
    would leave in red: the fund does not have it.
    """
    x = alt.X("day:T", title=None, axis=alt.Axis(**QUIET, format="%-d %b", labelOverlap=True, tickCount=6))
    base = alt.Chart(named()).encode(
        x=x, y=alt.Y("dollars:Q", title="Available", axis=alt.Axis(**QUIET, format="$~s", tickCount=4)),
        tooltip=[
            alt.Tooltip("day:T", title="Day", format="%-d %b %Y"), alt.Tooltip("label:N", title="What happened"),
        ],
    )  # fmt: skip
    is_past, is_next = "datum.part === 'Available'", "datum.part !== 'Available'"
    area = base.transform_filter(is_past).mark_area(
        color=BLUE, opacity=0.14, interpolate="step-after", line={"color": BLUE, "strokeWidth": 2}
    )
    points = base.transform_filter(is_past).mark_circle(color=BLUE, size=32)
    colour = RED if short else AMBER
    line = base.transform_filter(is_next).mark_line(color=colour, strokeDash=[5, 4], strokeWidth=2)
    end = (
        base.transform_filter(is_next)
        .transform_filter("datum.is_end")
        .mark_point(color=colour, filled=True, size=80, shape="diamond")
    )
    words = (
        base.transform_filter("datum.is_end")
        .mark_text(align="right", dx=-8, dy=-10, fontSize=12, color="gray")
        .encode(text="words:N")
    )
    return as_spec(alt.layer(area, points, line, end, words).properties(height=height))


@lru_cache(maxsize=2)
def goals(*, row_height: int = 44) -> dict[str, Any]:
    """Bullet bars, one a campaign: the goal behind, what there is on it, a tick where the straight line is today.

    Columns: campaign, order, whole (1), reached and expected (shares of the goal, at most 1), pace (of `PACE`), words,
    label.
    """
    base = alt.Chart(named()).encode(
        y=alt.Y("campaign:N", sort=None, title=None, axis=alt.Axis(**QUIET, labelLimit=160)),
        tooltip=[alt.Tooltip("campaign:N", title="Campaign"), alt.Tooltip("label:N", title="Goal")],
    )
    scale, axis = alt.Scale(domain=[0, 1], nice=False), alt.Axis(**QUIET, format="%", tickCount=4, grid=False)
    behind = base.mark_bar(color=GRAY, opacity=0.25, height={"band": 0.46}).encode(
        x=alt.X("whole:Q", title="Of the goal", scale=scale, axis=axis)
    )
    bar = base.mark_bar(height={"band": 0.24}).encode(
        x=alt.X("reached:Q", scale=scale),
        color=alt.Color(
            "pace:N", scale=alt.Scale(domain=list(PACE), range=list(PACE.values())),
            legend=alt.Legend(title=None, orient="top", symbolType="square"),
        ),
    )  # fmt: skip
    tick = base.mark_tick(color=GRAY, thickness=3, height={"band": 0.6}).encode(x=alt.X("expected:Q", scale=scale))
    words = base.mark_text(align="left", dx=6, fontSize=11, color="gray").encode(
        x=alt.value(0), text="words:N", yOffset=alt.value(-row_height * 0.1)
    )
    return as_spec(alt.layer(behind, bar, tick, words).properties(height=alt.Step(row_height)))


@lru_cache(maxsize=2)
def held(*, height: int = 180) -> dict[str, Any]:
    """One bar of days, a part for each who held them. Columns: holder, order, days, share (of 1), label, colour."""
    chart = (
        alt.Chart(named())
        .mark_bar(height={"band": 0.6})
        .encode(
            y=alt.Y("what:N", title=None, sort=None, axis=alt.Axis(**QUIET)),
            x=alt.X("days:Q", title="Days on average", axis=alt.Axis(**QUIET, tickCount=5)),
            order=alt.Order("order:Q"),
            color=alt.Color(
                "holder:N",
                scale=alt.Scale(domain=["The dealer", "The desk", "Finance"], range=[AMBER, BLUE, GREEN]),
                legend=alt.Legend(title=None, orient="top", symbolType="square"),
            ),
            tooltip=[alt.Tooltip("holder:N", title="Held by"), alt.Tooltip("label:N", title="On average")],
        )
        .properties(height=height)
    )  # fmt: skip
    return as_spec(chart)
