"""The numbers of the lead desk for screens, cached by scope and change counter: tiles, bars, a map, a scorecard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import streamlit as st

from components.charts import bars, us_map
from components.charts.base import draw, table
from components.clock import now
from components.labels import empty_state
from components.tiles import Tile
from db.core import changes
from db.core.actor import Scope
from db.core.geo import STATES
from db.core.labels import change_label, minutes_label, points_label
from db.core.session import reading
from db.leads.queries import compare, definition, funnel, provider_scorecard, trend

Filters = tuple[tuple[str, Any], ...]
DASH = "–"


@dataclass(frozen=True)
class Measure:
    """What the charts show: the metric's name, how a value reads, and which leads are behind a bar."""

    name: str
    title: str
    unit: str
    behind: str
    good: bool | None = True


MEASURES = {
    m.name: m
    for m in (
        Measure("received", "Received", "count", "received", None),
        Measure("response_sla", "Answered in time", "percent", "due"),
        Measure("median_first_response", "Median first response", "minutes", "responded", False),
        Measure("contact_rate", "Contacted", "percent", "contacted"),
        Measure("appointment_set_rate", "Appointment set", "percent", "appointment_set"),
        Measure("close_rate", "Closed", "percent", "sold"),
    )
}


def value_words(value: Any, unit: str) -> str:
    """A value as people read it; an en dash when there is nothing to share."""
    if value is None:
        return DASH
    if unit == "percent":
        return f"{100 * value:.1f}%"
    return minutes_label(value) if unit == "minutes" else f"{value:,.0f}"


def token() -> Any:
    """What changed since: part of every cache key, so that no number is stale."""
    with reading() as session:
        return changes.token(session, "leads", "dealers")


@st.cache_data(ttl=60, max_entries=400, show_spinner=False)
def rows_by(scope: Scope, by: tuple[str, ...], filters: Filters, _as_of: datetime, change: Any) -> list[dict[str, Any]]:
    """Counts and ratios by some dimensions."""
    with reading() as session:
        return funnel(session, scope=scope, by=by, filters=dict(filters), now=_as_of)


@st.cache_data(ttl=60, max_entries=400, show_spinner=False)
def moved(scope: Scope, name: str, filters: Filters, _as_of: datetime, change: Any) -> tuple[Any, Any, list[Any]]:
    """(value, change against the months before, the twelve months up to the last one)."""
    given = dict(filters)
    with reading() as session:
        found = compare(session, scope=scope, name=name, filters=given, now=_as_of)
        line = trend(
            session, scope=scope, name=name, filters={k: v for k, v in given.items() if k not in ("from", "to")},
            last=given["to"], now=_as_of,
        )  # fmt: skip
    return found.value, found.change, [value for _, value in line]


@st.cache_data(ttl=60, max_entries=100, show_spinner=False)
def scorecard(scope: Scope, filters: Filters, _as_of: datetime, change: Any) -> list[dict[str, Any]]:
    """What the leads of each source are worth."""
    with reading() as session:
        return provider_scorecard(session, scope=scope, filters=dict(filters), now=_as_of)


def tiles(scope: Scope, filters: Filters, *, versus: str, change: Any) -> list[Tile]:
    """The six tiles of the page."""
    icons = {
        "received": "move_to_inbox", "response_sla": "verified", "median_first_response": "timer",
        "contact_rate": "forum", "appointment_set_rate": "event_available", "close_rate": "sell",
    }  # fmt: skip
    found = []
    for measure in MEASURES.values():
        value, delta, line = moved(scope, measure.name, filters, now(), change)
        found.append(
            Tile(
                definition=definition(measure.name), value=value_words(value, measure.unit),
                icon=f":material/{icons[measure.name]}:", delta=_delta(delta, measure.unit), up_is_good=measure.good,
                versus=versus, trend=[v for v in line if v is not None],
            )
        )  # fmt: skip
    return found


def _delta(change: Any, unit: str) -> str | None:
    say = {"percent": points_label, "minutes": minutes_label}.get(unit, "{:,.0f}".format)
    return change_label(change, say)


def draw_ranked(rows: Sequence[Mapping[str, Any]], *, dim: str, measure: Measure, most: int = 10) -> dict[str, Any]:
    """Bars of a dimension, longest first; gives back the row that was clicked as {dim: value}."""
    label = "dealer_name" if dim == "dealer" else dim
    ranked = sorted(
        (r for r in rows if r[measure.name] is not None and r["received"]),
        key=lambda r: (-(r[measure.name] or 0), str(r[label])),
    )[:most]  # fmt: skip
    if not ranked:
        empty_state("bar_chart_off", "No leads with these filters.")
        return {}
    names = [str(r[label]) or "Not known" for r in ranked]
    spec = bars.ranked(
        category="name", value="value", value_title=measure.title, percent=measure.unit == "percent",
        height=max(120, 30 * len(ranked) + 40),
    )  # fmt: skip
    picked = draw(
        spec,
        table(
            {
                "name": names,
                "value": [float(r[measure.name]) for r in ranked],
                "label": [_label(r, measure) for r in ranked],
            }
        ),
        alt_text=f"{measure.title} by {dim}", key=f"perf_{dim}_{measure.name}", select=True,
    )  # fmt: skip
    for name, row in zip(names, ranked, strict=True):
        if any(p.get("name") == name for p in picked.get("pick", [])):
            return {dim: row["dealer_id"] if dim == "dealer" else row[dim], "label": name}
    return {}


def _label(row: Mapping[str, Any], measure: Measure) -> str:
    words = value_words(row[measure.name], measure.unit)
    return words if measure.name == "received" else f"{words}  n={row['received']:,}"


def draw_months(rows: Sequence[Mapping[str, Any]], *, measure: Measure) -> dict[str, Any]:
    """Columns by cohort month; gives back the month clicked."""
    found = sorted((r for r in rows if r["received"]), key=lambda r: r["month"])
    if not found:
        empty_state("bar_chart_off", "No leads with these filters.")
        return {}
    names = [f"{r['month']:%b %Y}" for r in found]
    picked = draw(
        bars.months(value="value", value_title=measure.title, percent=measure.unit == "percent"),
        table(
            {
                "month": names,
                "order": list(range(len(found))),
                "value": [float(r[measure.name] or 0) for r in found],
                "label": [_label(r, measure) for r in found],
            }
        ),
        alt_text=f"{measure.title} by month received",
        key=f"perf_month_{measure.name}",
        select=True,
    )
    for name, row in zip(names, found, strict=True):
        if any(p.get("month") == name for p in picked.get("pick", [])):
            month: date = row["month"]
            return {"from": month, "to": month, "label": name}
    return {}


def draw_map(rows: Sequence[Mapping[str, Any]], *, measure: Measure) -> dict[str, Any]:
    """The states the customers live in; gives back the state clicked."""
    known = [r for r in rows if r["state"] in STATES and r[measure.name] is not None and r["received"]]
    picked = draw(
        us_map.states(
            value_title=measure.title, percent=measure.unit == "percent", reverse=measure.unit == "minutes"
        ),
        table(
            {
                "id": [STATES[r["state"]].fips for r in known],
                "name": [STATES[r["state"]].name for r in known],
                "value": [float(r[measure.name]) for r in known],
                "label": [_label(r, measure) for r in known],
            }
        ),
        alt_text=f"{measure.title} by state of the customer", key=f"perf_map_{measure.name}", select=True,
    )  # fmt: skip
    unknown = sum(r["received"] for r in rows if r["state"] not in STATES)
    if unknown:
        st.caption(f"{unknown:,} leads without a known state are not on the map.")
    for row in known:
        if any(p.get("id") == STATES[row["state"]].fips for p in picked.get("pick", [])):
            return {"state": row["state"], "label": STATES[row["state"]].name}
    return {}
