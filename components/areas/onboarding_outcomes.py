"""How onboardings came out: how many went live and how long they took, and when new dealers came alive."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from components import tables
from components.charts.base import table
from components.filters import one
from components.labels import empty_state, plain
from components.tiles import Tile, draw_tiles
from db import catalog
from db.core.actor import Actor
from db.core.area import MetricDefinition
from db.core.labels import percent_label, plural
from db.core.session import reading
from db.onboarding.flow import STAGE_LABELS
from db.onboarding.kpi_queries import DAYS, RATE, FirstTimes, compute, first_times
from db.onboarding.queries import overview

# What domain-rules 2.7 names, with a word of the milestone's name and the area that measures it.
EXPECTED = (
    ("lead", "First lead answered in time", "leads"), ("certif", "First certificate", "training"),
    ("order", "First order", "parts"), ("claim", "First clean claim", "claims"),
)  # fmt: skip


def draw_overview(actor: Actor, *, at: datetime) -> None:
    """What is under way, and where somebody is needed."""
    with reading() as session:
        found = overview(session, scope=actor.scope, now=at)
    slow = [f"{STAGE_LABELS[s]} {d}" for s, d in found.stage_days.items() if d is not None]
    tiles = (
        ("Under way", f"{found.running:,}", ":material/rocket_launch:", "Onboardings that have not ended", ""),
        ("At risk or late", f"{found.at_risk + found.late:,}", ":material/running_with_errors:",
         "The forecast is past the target: likely (late), or only if things go slower than usual (at risk)",
         f"{found.late:,} late, {found.at_risk:,} at risk"),
        ("Failed gates", f"{found.stuck:,}", ":material/block:", "Cases that cannot go live until a gate is passed",
         f"{plural(found.decisions, 'case')} in the go-live review"),
        ("Days to go live", f"{found.total_days}" if found.total_days is not None else "–", ":material/timer:",
         f"Median of the {plural(found.live, 'dealer')} that went live within a year", ", ".join(slow)),
    )  # fmt: skip
    with st.grid(4, min_column_width=170, gap="small"):
        for label, value, icon, meaning, note in tiles:
            with st.container(border=True, gap="xxsmall", height="stretch"):
                st.metric(label, value, icon=icon, help=meaning)
                if note:
                    st.caption(plain(note))


def draw_outcomes(actor: Actor, *, at: datetime) -> None:
    """Tiles of rates and first times, and the dealers behind the chosen one."""
    with reading() as session:
        rate = compute(session, scope=actor.scope, name=RATE.name, now=at)[0]
        days = compute(session, scope=actor.scope, name=DAYS.name, now=at)[0]
        firsts = first_times(session, scope=actor.scope, milestones=catalog.milestones(), now=at)
    tiles = [
        Tile(
            definition=RATE, value=percent_label(rate["numerator"], rate["denominator"], 0),
            note=f"{rate['numerator']} of {rate['denominator']} that ended",
        ),
        Tile(
            definition=DAYS, value=str(days["value"]) if days["value"] is not None else "–",
            note=f"Median of {plural(days['denominator'], 'onboarding')}",
        ),
        *(_tile(first) for first in firsts),
    ]  # fmt: skip
    draw_tiles(tiles, key="onb_outcomes", as_of=at, zone=actor.zone)
    waiting = [(label, area) for word, label, area in EXPECTED if not any(word in f.name for f in firsts)]
    if waiting:
        st.caption(
            "  \n".join(f":material/schedule: {label}: measured once {area} are here" for label, area in waiting)
        )
    if firsts:
        _draw_list(firsts)


def _tile(first: FirstTimes) -> Tile:
    definition = MetricDefinition(
        name=first.name, title=first.label, rule="2.7", unit="percent",
        formula=f"Dealers with their first time within {first.within_days} days of going live ÷ dealers counted",
        numerator="Dealers that reached it in time",
        denominator="Dealers that went live within a year and reached it, or whose days are over",
        excluded="Dealers whose days are not over yet; dealers that came back",
    )  # fmt: skip
    return Tile(
        definition=definition, value=percent_label(first.reached, first.counted, 0),
        note=f"{first.reached} of {first.counted} within {first.within_days} days",
    )  # fmt: skip


def _draw_list(firsts: list[FirstTimes]) -> None:
    """The dealers behind one first time."""
    names = {f.name: f.label for f in firsts}
    chosen = one("First time", names, key="onb_first", default=firsts[0].name)
    first = next(f for f in firsts if f.name == chosen)
    if not first.dealers:
        empty_state("storefront", "No dealer went live within a year.")
        return

    def state(days: int | None, open_days: int) -> str:
        if days is not None:
            return "In time" if days <= first.within_days else "Late"
        return "Still open" if open_days else "Missed"

    tables.show(
        table(
            {
                "Dealer": [f"{d.dealer_name} ({d.dealer_code})" for d in first.dealers],
                "Live": [d.live_on for d in first.dealers],
                "State": [[state(d.days, d.open_days)] for d in first.dealers],
                "After": [
                    plural(d.days, "day") if d.days is not None
                    else (f"{plural(d.open_days, 'day')} left" if d.open_days else "–")
                    for d in first.dealers
                ],
                "What": [d.what or "–" for d in first.dealers],
            }
        ),
        key="onb_first_table", alt=f"{plain(first.label)} by dealer", height=min(480, 38 + 35 * len(first.dealers)),
        columns={
            "Dealer": tables.text("Dealer", width=240),
            "Live": st.column_config.DateColumn("Live since", format="D MMM YYYY", width=110),
            "State": tables.pill(
                first.label, {"In time": "green", "Late": "orange", "Missed": "red", "Still open": "blue"}, width=170
            ),
            "After": tables.text("After going live", width=130),
            "What": tables.text("What it was", width=320),
        },
    )  # fmt: skip
