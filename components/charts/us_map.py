"""The United States by state: a grey base layer and a coloured layer of the states that have a value.

The shapes are us-atlas 3.0.1 (ISC licence beside the file); they are drawn offline, already projected.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import altair as alt

from components.charts.base import as_spec, named

SHAPES = Path(__file__).parents[1] / "assets" / "us-states.json"


@lru_cache(maxsize=1)
def shapes() -> Any:
    """The states as the charts look them up, by number."""
    topology = json.loads(SHAPES.read_text())
    return alt.InlineData(values=topology, format=alt.TopoDataFormat(feature="states", type="topojson"))


@lru_cache(maxsize=8)
def states(*, value_title: str, height: int = 300, percent: bool = False, reverse: bool = False) -> dict[str, Any]:
    """A map; clicking a state selects its FIPS code (parameter `pick`, field `id`). Columns: id, name, value, label."""
    pick = alt.selection_point(name="pick", fields=["id"])
    base = alt.Chart(shapes()).mark_geoshape(fill="#94A3B8", fillOpacity=0.22, stroke="white", strokeOpacity=0.6)
    coloured = (
        alt.Chart(named())
        .mark_geoshape(stroke="white", strokeWidth=0.6, cursor="pointer")
        .transform_lookup(lookup="id", from_=alt.LookupData(shapes(), "id", ["type", "geometry"]))
        .encode(
            color=alt.Color(
                "value:Q", scale=alt.Scale(scheme="blues", reverse=reverse),
                legend=alt.Legend(
                    title=value_title, format="%" if percent else "~s", orient="bottom", gradientLength=180,
                    gradientThickness=8, titleFontWeight=400,
                ),
            ),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.4)),
            tooltip=[alt.Tooltip("name:N", title="State"), alt.Tooltip("label:N", title=value_title)],
        )
        .add_params(pick)
    )  # fmt: skip
    chart = alt.layer(base, coloured).project("identity").properties(height=height)
    return as_spec(chart)
