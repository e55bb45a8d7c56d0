"""A KPI tile: the number, how it moved, its trend, what exactly it counts, and the way to the records behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import streamlit as st

from components.links import link
from components.spark import spark
from db.core.area import MetricDefinition
from db.core.labels import NO_CHANGE, moment_label


@dataclass(frozen=True, kw_only=True)
class Tile:
    """What to draw. `delta` is how the number moved in the words of `db.core.labels.change_label`, None where unknown;
    `up_is_good` says which way is better, None for neither; `page`/`query` is the drill-through."""

    definition: MetricDefinition
    value: str
    icon: str = ""
    delta: str | None = None
    up_is_good: bool | None = None
    versus: str = ""
    trend: Sequence[float] = ()
    note: str = ""
    page: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    link: str = "Show leads"


def draw_tiles(tiles: Sequence[Tile], *, key: str, as_of: datetime, zone: str, columns: int = 4) -> None:
    """Draw tiles in a grid that becomes one column on a phone."""
    with st.grid(columns, min_column_width=210, gap="small", key=f"{key}_tiles"):
        for tile in tiles:
            with st.container(border=True, gap="xsmall", height="stretch"):
                _draw(tile, as_of=as_of, zone=zone)


def _draw(tile: Tile, *, as_of: datetime, zone: str) -> None:
    colour: Literal["normal", "inverse", "off"] = "off"
    moved = tile.delta != NO_CHANGE
    if tile.up_is_good is not None and moved:
        colour = "normal" if tile.up_is_good else "inverse"
    st.metric(
        tile.definition.title, tile.value, tile.delta, delta_color=colour, delta_arrow="auto" if moved else "off",
        icon=tile.icon or None,
        delta_description=tile.versus if tile.delta else None, help=explained(tile.definition, as_of, zone),
    )  # fmt: skip
    trend = spark(tile.trend, tone=_tone(tile), alt=f"Trend of {tile.definition.title}")
    note = f":small[:gray[{tile.note}]]" if tile.note else ""
    if trend or note:
        st.markdown("\n\n".join(part for part in (trend, note) if part))
    if tile.page:
        link(tile.page, label=tile.link, icon=":material/arrow_forward:", query_params=dict(tile.query))


def _tone(tile: Tile) -> str:
    """Whether the number moved the right way, as the colour of its delta says."""
    if tile.up_is_good is None or not tile.delta or tile.delta == NO_CHANGE:
        return ""
    return "bad" if tile.delta.startswith(("-", "−")) == tile.up_is_good else "good"


def draw_definition(definition: MetricDefinition, *, key: str, as_of: datetime, zone: str) -> None:
    """A quiet button that opens the definition of what a chart shows, where no tile stands beside it."""
    with st.popover("Definition", icon=":material/info:", type="tertiary", key=f"{key}_definition"):
        st.markdown(explained(definition, as_of, zone))


def explained(definition: MetricDefinition, as_of: datetime, zone: str) -> str:
    """The definition of a number as text (P5: formula, numerator, denominator, excluded, as-of)."""
    rows = [
        ("Formula", definition.formula),
        ("Counted", definition.numerator),
        ("Out of", definition.denominator),
        ("Left out", definition.excluded),
        ("Rule", definition.rule),
        ("Owner", definition.owner),
        ("As of", moment_label(as_of, zone)),
    ]
    lines = [f"**{definition.title}**\n", *(f":gray[{label}] {text}  " for label, text in rows if text)]
    return "\n".join(lines).rstrip()
