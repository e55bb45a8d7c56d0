"""Backorders: what is late and how late, promises that slipped, fill rates; sharing out what is short; risks."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.parts_allocation import KIND_TONES, draw_allocate, draw_risks
from components.areas.parts_fill import draw_fill
from components.areas.parts_lines import day_label, draw_line_drawer, open_line
from components.areas.parts_slips import draw_slips
from components.charts.base import table
from components.clock import now, today
from components.filters import clear_button, one, pick, words
from components.labels import empty_state
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions
from db.parts import rules
from db.parts.backorder_queries import AgeGroup, BackorderFilters, BackorderRow, ageing, list_backorders

actor = guard(Permission.PARTS_VIEW)
manages = actor.can(Permission.PARTS_MANAGE)
OF_ALL = {"late": "Late lines", "slips": "Slips", "fill": "Fill rates"}
VIEWS = {**OF_ALL, "allocate": "Allocate", "risk": "Stock risk"} if manages else OF_ALL
KEYS = ("bo_age", "bo_kind", "bo_region", "bo_dealer", "bo_part")
AGES = {name: f"{name} days" for name, _, _ in rules.BUCKETS}


def draw_filters(view: str) -> BackorderFilters:
    """What everything below is narrowed to, kept in the address; ages are those of late lines."""
    region, dealer, age = "", "", ""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if view == "late":
            age = pick("Age", AGES, key="bo_age", all_label="All ages", width=130)
        kind = pick("Kind", rules.KINDS, key="bo_kind", all_label="All kinds", width=150)
        if len(places) > 1:
            region = pick("Region", {r: r for r in places}, key="bo_region", all_label="All regions", width=150)
        if len(dealers) > 1:
            dealer = pick("Dealer", dealers, key="bo_dealer", all_label="All dealers", width=220)
        part = words("Part", key="bo_part", placeholder="Number begins with", width=200)
        clear_button(KEYS, key="bo_clear")
    return BackorderFilters(
        bucket=age, kind=kind, region=region, dealer_id=int(dealer) if dealer.isdecimal() else None, part=part
    )


def narrow(bucket: str) -> None:
    """Show one age group, or all of them again."""
    st.session_state["bo_age"] = "" if st.session_state.get("bo_age") == bucket else bucket


def draw_ages(groups: list[AgeGroup]) -> None:
    """A tile for each age: lines, units, vehicles that stand, and their weight; a click narrows the table."""
    with st.grid(5, min_column_width=150, gap="small", key="bo_tiles"):
        for group in groups:
            with st.container(border=True, gap="xsmall", height="stretch"):
                st.metric(AGES[group.bucket], f"{group.lines:,}")
                down = f" · :red[{group.vehicles_down:,} down]" if group.vehicles_down else ""
                st.caption(f"{plural(group.units, 'unit')} · weight {group.weighted:,}{down}")
                if group.lines:
                    st.button(
                        "All ages" if st.session_state.get("bo_age") == group.bucket else "Show",
                        key=f"bo_show_{group.bucket}", type="tertiary", on_click=narrow, args=(group.bucket,),
                    )  # fmt: skip
    st.caption(
        "Open lines without a promise, or whose first promised day has passed, by days since the order. "
        "A vehicle that stands weighs 5, an emergency 2, a stock line 1."
    )


def open_at(position: int) -> None:
    """Open the clicked line."""
    line_id = id_at("bo", position)
    if line_id is not None:
        open_line(line_id)


def draw_table(rows: list[BackorderRow]) -> None:
    """Late lines, vehicles that stand first, then the oldest."""
    day = today(actor.zone)
    remember_rows("bo", [r.id for r in rows])
    tables.show(
        table(
            {
                "Line": [f"{r.order} · {r.position}" for r in rows], "Kind": [[rules.KINDS[r.kind]] for r in rows],
                "State": [[rules.LINE_STATES[r.state(day)][0]] for r in rows], "Part": [r.part for r in rows],
                "Open": [r.open_units for r in rows], "Age": [r.age for r in rows],
                "Dealer": [r.dealer for r in rows], "First promise": [day_label(r.first_promised_on) for r in rows],
                "Promise now": [day_label(r.promised_on) for r in rows],
                "Slip": ["–" if not r.slipped else f"{r.slipped:+d} d" for r in rows],
                "Name": [r.name for r in rows], "Promises": [r.promises for r in rows],
            }
        ),
        key="bo_table", alt="Late lines, vehicles that stand first", height=560 if len(rows) > 13 else "auto",
        columns={
            "Line": tables.opener("Line", key="bo_click", on_open=open_at, width=120),
            "Kind": tables.pill("Kind", KIND_TONES, width=110),
            "State": tables.pill("State", dict(rules.LINE_STATES.values()), width=122),
            "Part": tables.text("Part", width=110), "Open": tables.number("Open", width=52),
            "Age": tables.number("Age", width=50, help="Days since the order"),
            "Dealer": tables.text("Dealer", width=160), "First promise": tables.text("First promise", width=92),
            "Promise now": tables.text("Promise now", width=92),
            "Slip": tables.text("Slip", width=62, help="Days the promise of now lies after the first"),
            "Name": tables.text("Name", width=190), "Promises": tables.number("Promises", width=75),
        },
    )  # fmt: skip


def draw_late() -> None:
    """Tiles by age, and the table of late lines."""
    filters = draw_filters("late")
    with reading() as session:
        groups = ageing(session, actor=actor, filters=filters, now=now())
        rows, following = list_backorders(
            session, actor=actor, filters=filters, now=now(), after=cursor("bo", fingerprint=filters)
        )
    draw_ages(groups)
    if not rows:
        empty_state("inventory_2", "Nothing is late.", action="Take a filter away, or look at Stock risk.")
        return
    draw_table(rows)
    total = sum(g.lines for g in groups if filters.bucket in ("", g.bucket))
    draw_paging("bo", following=following, shown=len(rows), total=f"{total:,}")


def draw_filled() -> None:
    """Fill rates of the chosen kind, region, dealer and part."""
    filters = draw_filters("fill")
    wanted = {
        "kind": filters.kind, "region": filters.region, "dealer": filters.dealer_id,
        "part": filters.part,
    }  # fmt: skip
    draw_fill(
        {name: value for name, value in wanted.items() if value}, has_regions=len(places) > 1,
        has_dealers=len(dealers) > 1,
    )  # fmt: skip


linked = st.query_params.pop("line", "")
if linked.isdecimal():
    open_line(int(linked))
st.title(":material/inventory_2: Backorders")
view = one("Show", VIEWS, key="bo_view", default="late")
with reading() as session:
    dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
    places = regions(session, actor.scope)
if view == "allocate":
    draw_allocate()
elif view == "risk":
    draw_risks()
elif view == "slips":
    draw_slips(draw_filters(view))
elif view == "fill":
    draw_filled()
else:
    draw_late()
draw_line_drawer()
