"""What all charts share: turning an Altair chart into a cached dict, and drawing it with rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pyarrow as pa
import streamlit as st

BLUE = "#1D4ED8"
GREEN = "#0E9F6E"
AMBER = "#D97706"
RED = "#DC2626"
GRAY = "#94A3B8"
QUIET: dict[str, Any] = {"domain": False, "ticks": False, "labelPadding": 6, "titleFontWeight": 400}


def named() -> Any:
    """The placeholder for rows that are handed over when the chart is drawn."""
    return alt.NamedData(name="rows")


def room(words: int = 44) -> dict[str, int]:
    """Padding of a chart (pixels) for words that stand behind its longest bar, which would be cut off at the edge."""
    return {"right": words}


def as_spec(chart: Any) -> dict[str, Any]:
    """The chart as a plain dict without its data."""
    spec: dict[str, Any] = chart.to_dict(validate=True)
    spec.pop("$schema", None)
    _drop_named(spec)
    return spec


def _drop_named(part: Any) -> None:
    """Remove every mention of the placeholder: a layer without data of its own inherits the rows handed over."""
    if isinstance(part, dict):
        if isinstance(part.get("data"), dict) and part["data"].get("name") == "rows":
            part.pop("data")
        for key, value in part.items():
            if key != "values":
                _drop_named(value)
    elif isinstance(part, list):
        for value in part:
            _drop_named(value)


def table(columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Rows for a chart or grid, by column."""
    return pa.table({name: list(values) for name, values in columns.items()})


def draw(
    spec: dict[str, Any],
    rows: pa.Table,
    *,
    alt_text: str,
    key: str | None = None,
    select: bool = False,
    width: Any = "stretch",
) -> dict[str, Any]:
    """Draw a cached specification; with `select`, gives back what was clicked as {parameter: selection}."""
    if not select:
        st.vega_lite_chart(rows, spec, alt=alt_text, key=key, width=width)
        return {}
    event: Any = st.vega_lite_chart(rows, spec, alt=alt_text, key=key, width=width, on_select="rerun")
    return dict(event["selection"]) if event else {}
