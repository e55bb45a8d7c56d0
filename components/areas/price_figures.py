"""Pieces of the price figures on the incentive performance page: tiles, chart, table, what came back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import streamlit as st

from components import tables
from components.areas.figures import dollars, share, tile_of, words
from components.areas.incentive_figures import Filters, right
from components.charts import incentives as charts
from components.charts.base import draw, table
from components.kept import shelved
from components.tiles import Tile
from db.claims.overview_queries import Beside
from db.core.actor import Actor, Scope
from db.core.labels import moment_label, plural
from db.core.session import reading
from db.incentives.figure_overview_queries import MOST_ROWS, Line
from db.incentives.figure_rules import WORKDAY_MINUTES
from db.pricing import figure_metrics_queries as figures
from db.pricing.figure_queries import Repeat

REQUESTS: Final = "pages/incentives/price_requests.py"
TILES: Final = (
    ("price_requests", "inbox"), ("price_exceptions", "verified"), ("price_cost", "sell"),
    ("price_per_exception", "percent"), ("price_repeats", "replay"), ("price_approval_time", "schedule"),
)  # fmt: skip


@shelved(room=100, seconds=60)
def overview(scope: Scope, filters: Filters, _at: datetime, day: date, change: Any) -> dict[str, Beside]:
    """Every figure beside the period before."""
    with reading() as session:
        return figures.overview(session, scope=scope, filters=dict(filters), now=_at)


@shelved(room=100, seconds=60)
def lines(scope: Scope, filters: Filters, by: str, _at: datetime, day: date, change: Any) -> list[Line]:
    """The figures split one way."""
    with reading() as session:
        return figures.lines(session, scope=scope, filters=dict(filters), by=by, now=_at)


@shelved(room=100, seconds=60)
def repeats(scope: Scope, filters: Filters, _at: datetime, day: date, change: Any) -> list[Repeat]:
    """“One-time” exceptions that came back, newest first."""
    with reading() as session:
        return figures.came_back(session, scope=scope, filters=dict(filters), now=_at)


def tiles(found: Mapping[str, Beside], *, versus: str) -> list[Tile]:
    """The tiles of these figures."""
    return [
        tile_of(
            found[name], figures.definition(name), icon=icon, versus=versus, note=_note(name, found),
            day_minutes=WORKDAY_MINUTES,
        )
        for name, icon in TILES
    ]  # fmt: skip


def _note(name: str, found: Mapping[str, Beside]) -> str:
    whole = found[name].denominator or 0
    if name == "price_approval_time" and whole:
        p90 = found["price_approval_p90"]
        return f"90% within {words(p90, figures.definition(p90.name), day_minutes=WORKDAY_MINUTES)}, n = {whole:,.0f}"
    if name == "price_repeats":
        return plural(int(whole), "one-time exception")
    return ""


def draw_months(rows: Sequence[Line]) -> None:
    """What was given away by month, and the sum so far."""
    total, made = 0.0, dict[str, list[Any]](month=[], order=[], dollars=[], sum=[], label=[])
    for order, line in enumerate(rows):
        cents = line.value("price_cost") or 0
        total += cents
        number = int(line.value("price_exceptions") or 0)
        label = f"{dollars(cents)} in {plural(number, 'exception')}, {dollars(total)} so far"
        for name, value in zip(made, (line.name, order, cents / 100, total / 100, label), strict=True):
            made[name].append(value)
    draw(charts.given_away(), table(made), alt_text="Given away by month, and the sum so far")


def draw_lines(rows: Sequence[Line], *, by: str, label: str, on_open: Callable[[str], None]) -> None:
    """The figures split one way; a click on a name narrows the page to it."""
    shown = rows[:MOST_ROWS] if by != "month" else rows
    keys = [x.key for x in shown]

    def opened(position: int) -> None:
        if 0 <= position < len(keys):
            on_open(keys[position])

    tables.show(
        table(
            {
                "Name": [x.name for x in shown], "Code": [x.code for x in shown],
                "Requests": [int(x.value("price_requests") or 0) for x in shown],
                "Exceptions": [int(x.value("price_exceptions") or 0) for x in shown],
                "Cost": [(x.value("price_cost") or 0) / 100 for x in shown],
                "Mean": [dollars(x.value("price_per_exception")) for x in shown],
                "Repeats": [share(*x.parts("price_repeats")) for x in shown],
            }
        ),
        key=f"incf_prices_{by}", alt=f"Figures of price requests by {label.lower()}",
        height=430 if len(shown) > 11 else "auto",
        columns={
            "Name": tables.opener(label, key=f"incf_price_{by}", on_open=opened, width=200),
            "Code": tables.text("Code", width=80) if by == "dealer" else None,
            "Requests": tables.number("Requests", width=90), "Exceptions": tables.number("Exceptions", width=96),
            "Cost": tables.number("Given away", width=104, format="$%,.0f"), "Mean": right("Mean", width=90),
            "Repeats": right("“One-time” again", width=130),
        },
    )  # fmt: skip
    if len(rows) > len(shown):
        st.caption(f"The {len(shown)} dearest of {len(rows):,}; the export has all.")


def draw_repeats(rows: Sequence[Repeat], *, actor: Actor, at: datetime) -> int | None:
    """“One-time” exceptions that were not the first; gives the request whose number was clicked."""
    clicked: int | None = st.session_state.pop("_incf_request", None)
    ids = [x.id for x in rows]

    def opened(position: int) -> None:
        if 0 <= position < len(ids):
            st.session_state["_incf_request"] = ids[position]

    tables.show(
        table(
            {
                "Request": [x.number for x in rows], "Dealer": [x.dealer for x in rows],
                "Subject": [x.subject for x in rows], "Cost": [x.cents / 100 for x in rows],
                "Approved": [moment_label(x.approved_at, actor.zone, now=at) for x in rows],
                "Before": [moment_label(x.prior_at, actor.zone, now=at) for x in rows],
            }
        ),
        key="incf_repeats", alt="One-time exceptions that came back", height=360 if len(rows) > 8 else "auto",
        columns={
            "Request": tables.opener("Request", key="incf_repeat_open", on_open=opened, width=110),
            "Dealer": tables.text("Dealer", width=180), "Subject": tables.text("For", width=150),
            "Cost": tables.number("Given away", width=104, format="$%,.0f"),
            "Approved": tables.text("Approved", width=130), "Before": tables.text("The one before", width=130),
        },
    )  # fmt: skip
    return clicked
