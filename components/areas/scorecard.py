"""Pieces of the scorecard: the grid of dealers by metrics, and one dealer beside its peers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import streamlit as st

from components import tables
from components.areas.figures import DASH
from components.areas.reports import Asked, plain_words, title_of, words
from components.charts import overview as charts
from components.charts.base import draw, table
from components.kept import shelved
from db.core.labels import plural
from db.core.session import reading
from db.reports import scorecard_queries as scorecards
from db.reports.peer_rules import BANDS
from db.reports.scorecard_queries import Cell, Row

PAGE: Final = 25
SHOWN: Final = {
    "best": "Best quarter", "upper": "Median or better", "lower": "Worse than median", "worst": "Last quarter",
    "plain": "Not ranked", "few": "Too few", "alone": "Too few", "none": "Too few",
}  # fmt: skip
"""The colour of a band in the grid; its exact words are in the tooltip and the table."""
TONES: Final = {
    BANDS["best"]: "green", BANDS["upper"]: "green", BANDS["lower"]: "orange", BANDS["worst"]: "red",
    BANDS["few"]: "gray", BANDS["alone"]: "gray", BANDS["plain"]: "blue", BANDS["none"]: "gray",
}  # fmt: skip


@shelved(room=20, seconds=300, spinner="Comparing dealers")
def rows_of(asked: Asked, names: tuple[str, ...], _at: datetime) -> list[Row]:
    """The dealers asked for beside their peers."""
    with reading() as session:
        return scorecards.scorecard(
            session, scope=asked.scope, chosen=asked.chosen, span=asked.span, names=names, on=asked.day, now=_at
        )


def sentence(name: str, cell: Cell) -> str:
    """One cell beside its peers, in a sentence."""
    said = [words(name, cell.part), BANDS[cell.band].lower()]
    if cell.place is not None:
        said.append(f"place {cell.place} of {cell.ranked}")
    if cell.peers is not None:
        said.append(f"median {plain_words(name, cell.peers.median)} ({cell.group})")
    return ", ".join(said)


def draw_grid(rows: Sequence[Row], names: Sequence[str], *, key: str) -> int | None:
    """Dealers by metrics, each cell coloured by its band; gives the id of the dealer whose row was clicked."""
    made: dict[str, list[Any]] = {
        "dealer": [], "row": [], "metric": [], "column": [], "band": [], "words": [], "label": [],
    }  # fmt: skip
    for order, row in enumerate(rows):
        for column, name in enumerate(names):
            cell = row.cells[name]
            values = (
                label_of(row), order, title_of(name), column, SHOWN[cell.band], words(name, cell.part),
                sentence(name, cell),
            )  # fmt: skip
            for what, value in zip(made, values, strict=True):
                made[what].append(value)
    picked = draw(
        charts.scorecard(), table(made), key=key, select=True, width="content",
        alt_text=f"{plural(len(rows), 'dealer')} by {plural(len(names), 'metric')}, coloured by quarter of their peers",
    ).get("pick")  # fmt: skip
    clicked = str(picked[0].get("dealer", "")) if picked else ""
    return next((row.dealer_id for row in rows if label_of(row) == clicked), None)


def label_of(row: Row) -> str:
    """A dealer in the grid; the code keeps two of one name apart."""
    return f"{row.name} ({row.code})"


def draw_dealer(row: Row, names: Sequence[str], *, key: str) -> None:
    """One dealer's figures beside the median and the quartiles of its peers."""
    cells = [row.cells[name] for name in names]

    def quarter(name: str, cell: Cell, which: str) -> str:
        return plain_words(name, getattr(cell.peers, which)) if cell.peers else DASH

    right = st.column_config.TextColumn
    tables.show(
        table(
            {
                "Metric": [title_of(name) for name in names],
                "Value": [words(name, cell.part) for name, cell in zip(names, cells, strict=True)],
                "Beside": [[BANDS[cell.band]] for cell in cells],
                "Place": [DASH if cell.place is None else f"{cell.place} of {cell.ranked}" for cell in cells],
                "Low": [quarter(name, cell, "low") for name, cell in zip(names, cells, strict=True)],
                "Median": [quarter(name, cell, "median") for name, cell in zip(names, cells, strict=True)],
                "High": [quarter(name, cell, "high") for name, cell in zip(names, cells, strict=True)],
                "Peers": [cell.group for cell in cells],
            }
        ),
        key=key, alt=f"{row.name} beside its peers",
        columns={
            "Metric": tables.text("Metric", width=170), "Value": right("Value", alignment="right", width=90),
            "Beside": tables.pill("Beside peers", TONES, width=150),
            "Place": right("Place", alignment="right", width=80),
            "Low": right("First quartile", alignment="right", width=100),
            "Median": right("Median", alignment="right", width=80),
            "High": right("Third quartile", alignment="right", width=100),
            "Peers": tables.text("Peers", width=180),
        },
    )  # fmt: skip
