"""Fill rates beside the period before, by month and by region, part class, dealer or part, against their target."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from components import tables
from components.access import current_actor
from components.charts.base import draw, table
from components.charts.parts import fill_by_month
from components.clock import now, today
from components.filters import one
from components.labels import empty_state
from components.tiles import Tile, draw_tiles
from db.core.labels import change_label, plural, points_label
from db.core.session import reading
from db.parts import rules
from db.parts.fill_queries import By, Fill, Source, fill_rates
from db.parts.metrics_queries import FILLS, definition

PERIODS = {"30": "30 days", "90": "90 days", "182": "6 months", "365": "12 months"}
SOURCES: dict[str, str] = {"network": "Network", "facing": "Facing"}
BY: dict[str, str] = {
    "region": "Region", "component": "Part class", "kind": "Kind", "dealer": "Dealer", "part": "Part",
}  # fmt: skip
LOW, HIGH = rules.FILL_TARGET
WORDS = {"green": "On target", "orange": "Just below", "red": "Below target", "gray": "–"}
TONES = {word: tone for tone, word in WORDS.items()}
ICONS = {
    "parts_line_fill": ":material/checklist:", "parts_unit_fill": ":material/inventory_2:",
    "parts_line_fill_facing": ":material/warehouse:", "parts_unit_fill_facing": ":material/box:",
}  # fmt: skip


def percent(value: float | None) -> str:
    """A percentage with one decimal."""
    return "–" if value is None else f"{value:.1f}%"


def _tile(name: str, found: Sequence[Fill], before: Sequence[Fill], days: int) -> Tile:
    by_line = FILLS[name][2] == "filled_lines"
    fill = found[0] if found else None
    value = (fill.strict if by_line else fill.by_unit) if fill else None
    was = (before[0].strict if by_line else before[0].by_unit) if before else None
    note = "No stock figure was known"
    if fill:
        counted = plural(fill.lines, "line") if by_line else plural(fill.units, "unit")
        note = f":{rules.fill_tone(value)}[{WORDS[rules.fill_tone(value)]}] · {counted}"
    return Tile(
        definition=definition(name), value=percent(value), icon=ICONS[name], note=note, up_is_good=True,
        delta=None if value is None or was is None else change_label((value - was) / 100, points_label),
        versus=f"vs {days} days before",
    )  # fmt: skip


def draw_fill(filters: dict[str, Any], *, has_regions: bool, has_dealers: bool) -> None:
    """Tiles, the months and one table of fill rates; `filters` are those of `fill_filters.FILTERS`."""
    actor, day = current_actor(), today(current_actor().zone)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        days = int(one("Period", PERIODS, key="bo_days", default="90"))
        choices = {k: v for k, v in BY.items() if not (k == "region" and not has_regions)}
        choices = {k: v for k, v in choices.items() if not (k == "dealer" and not has_dealers)}
        by: Any = one("By", choices, key="bo_by", default=next(iter(choices)))
        chosen: Any = one("Stock", SOURCES, key="bo_stock", default="network")
    source: Source = chosen
    span: dict[str, Any] = {"since": day - timedelta(days=days - 1), "until": day}
    earlier: dict[str, Any] = {
        "since": day - timedelta(days=2 * days - 1), "until": day - timedelta(days=days)
    }  # fmt: skip
    with reading() as session:
        whole = {
            (place, when): fill_rates(session, actor=actor, by="all", source=place, filters=filters, **of)
            for place in ("network", "facing")
            for when, of in (("now", span), ("before", earlier))
        }
        months = fill_rates(session, actor=actor, by="month", source=source, filters=filters, **span)
        rows = fill_rates(session, actor=actor, by=by, source=source, filters=filters, **span)
    draw_tiles(
        [_tile(name, whole[(FILLS[name][1], "now")], whole[(FILLS[name][1], "before")], days) for name in FILLS],
        key="bo_fill", as_of=now(), zone=actor.zone,
    )  # fmt: skip
    if not rows:
        empty_state(
            "inventory_2", "No order of this period had a stock figure.",
            action="Choose a longer period, or bring stock in under Imports.",
        )  # fmt: skip
        return
    if len(months) > 1:
        _months(months, SOURCES[source])
    _table(rows, by)


def _months(months: Sequence[Fill], where: str) -> None:
    with st.container(border=True):
        st.markdown(f"**Fill by month** :gray[{where.lower()}, the band is the target, {LOW}–{HIGH}%]")
        draw(
            fill_by_month(low=LOW / 100, high=HIGH / 100),
            table(
                {
                    "month": [f.label for f in months for _ in (0, 1)],
                    "order": [f.key.isoformat() for f in months for _ in (0, 1)],
                    "what": [what for _ in months for what in ("Lines", "Units")],
                    "value": [(v or 0) / 100 for f in months for v in (f.strict, f.by_unit)],
                    "label": [percent(v) for f in months for v in (f.strict, f.by_unit)],
                    "lines": [f.lines for f in months for _ in (0, 1)],
                }
            ),
            alt_text="; ".join(f"{f.label}: {percent(f.strict)} of lines" for f in months), key="bo_fill_months",
        )  # fmt: skip


def _table(rows: Sequence[Fill], by: By) -> None:
    name = BY[by]
    tables.show(
        table(
            {
                name: [str(f.label) for f in rows], "Line fill": [percent(f.strict) for f in rows],
                "Target": [[WORDS[rules.fill_tone(f.strict)]] for f in rows],
                "Unit fill": [percent(f.by_unit) for f in rows], "Lines": [f.lines for f in rows],
                "Not covered": [f.lines - f.filled_lines for f in rows], "Units": [f.units for f in rows],
                "Units short": [f.units - f.filled_units for f in rows],
            }
        ),
        key=f"bo_fill_{by}", alt=f"Fill rates by {name.lower()}, the most units short first",
        height=560 if len(rows) > 13 else "auto",
        columns={
            name: tables.text(name, width=220, pinned=True),
            "Line fill": tables.text("Line fill", width=85, help="Whole lines that stock covered"),
            "Target": tables.pill("Target", TONES, width=115),
            "Unit fill": tables.text("Unit fill", width=85, help="Units that stock covered"),
            "Lines": tables.number("Lines", width=75), "Not covered": tables.number("Not covered", width=95),
            "Units": tables.number("Units", width=75), "Units short": tables.number("Units short", width=95),
        },
    )  # fmt: skip
    st.caption(
        ("The 100 with the most units short. " if len(rows) == 100 else "")
        + "What stock covered at the moment of the order; a line without any stock figure is left out."
    )


__all__ = ["draw_fill"]
