"""Dealers: find one by name, code or city, and see where the network stands."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from components import tables
from components.access import guard
from components.areas.dealers import STATUS_TONES, draw_new_dealer
from components.charts import us_map
from components.charts.base import draw, table
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, many, one, pick, words
from components.labels import empty_state
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.core.geo import STATES
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import DealerFilters, count_by_state, count_by_status, count_dealers, list_dealers, regions
from db.dealers.rules import STATUSES
from db.leads.dealer_queries import Carried, count_carried

actor = guard(Permission.DEALERS_VIEW)
at = now()
KEYS = ("dealer_text", "dealer_region", "dealer_state", "dealer_status")
SHAPES = {"list": "List", "map": "Map"}
PAGE = 50


def draw_filters() -> DealerFilters:
    """What the list is narrowed to, kept in the address."""
    with reading() as session:
        known_regions = regions(session, actor.scope)
        known_states = {
            code: STATES[code].name for code in count_by_state(session, scope=actor.scope) if code in STATES
        }
    by_label = {label: name for name, label in STATUSES.items()}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = words("Find", key="dealer_text", placeholder="Name, code, city", width=190)
        region = ""
        if len(known_regions) > 1:
            region = pick(
                "Region", {r: r for r in known_regions}, key="dealer_region", all_label="All regions", width=140
            )
        state = ""
        if len(known_states) > 1:
            states = dict(sorted(known_states.items(), key=lambda pair: pair[1]))
            state = pick("State", states, key="dealer_state", all_label="All states", width=150)
        statuses = many("Status", list(by_label), key="dealer_status", placeholder="Every status", width=180)
        shape = one("Show as", SHAPES, key="dealer_shape", default="list")
        filters = DealerFilters(
            text=text, regions=(region,) if region else (), states=(state,) if state else (),
            statuses=tuple(by_label[label] for label in statuses if label in by_label),
        )  # fmt: skip
        export_button(
            "dealers",
            {"text": text, "regions": filters.regions, "states": filters.states, "statuses": filters.statuses},
        )
    clear_button(KEYS, key="dealer_clear")
    return draw_map(filters) if shape == "map" else filters


def draw_map(filters: DealerFilters) -> DealerFilters:
    """Dealers by state; a click narrows the list below to that state."""
    with reading() as session:
        found = count_by_state(session, scope=actor.scope, filters=replace(filters, states=()))
    placed = {code: count for code, count in found.items() if code in STATES and STATES[code].fips}
    if not placed:
        return filters
    picked = draw(
        us_map.states(value_title="Dealers", height=360),
        table(
            {
                # The shapes know states by number, without leading zeros lost.
                "id": [STATES[code].fips for code in placed], "name": [STATES[code].name for code in placed],
                "value": list(placed.values()), "label": [plural(count, "dealer") for count in placed.values()],
            }
        ),
        alt_text="Map of the United States: dealers by state", key="dealer_map", select=True,
    )  # fmt: skip
    chosen = {str(point.get("id")) for point in picked.get("pick") or ()}
    states = tuple(code for code in placed if STATES[code].fips in chosen)
    elsewhere = sum(count for code, count in found.items() if code not in placed)
    note = f" {plural(elsewhere, 'dealer')} outside of it." if elsewhere else ""
    st.caption(f"Click a state to list its dealers.{note}")
    return replace(filters, states=states) if states else filters


def draw_list(filters: DealerFilters) -> None:
    """One page of dealers by name; the code opens the dealer."""
    with reading() as session:
        frame = list_dealers(
            session, scope=actor.scope, filters=filters, after=cursor("dealers", fingerprint=filters), limit=PAGE + 1
        )
        rows = frame.to_dict("records")
        following = (rows[PAGE - 1]["name_key"], int(rows[PAGE - 1]["id"])) if len(rows) > PAGE else None
        rows = rows[:PAGE]
        ids = [int(row["id"]) for row in rows]
        carried = count_carried(session, scope=actor.scope, dealer_ids=ids, now=at) if rows else {}
        total = count_dealers(session, scope=actor.scope, filters=filters)
    if not rows:
        narrowed = filters != DealerFilters()
        empty_state(
            "storefront", "No dealer matches." if narrowed else "There are no dealers yet.",
            action="Take a filter away." if narrowed else "Bring them in from a file under Imports, or add one.",
        )  # fmt: skip
        return
    remember_rows("dealers", ids)
    loads = [carried.get(number, Carried()) for number in ids]
    tables.show(
        table(
            {
                "Code": [row["code"] for row in rows],
                "Dealer": [row["name"] for row in rows],
                "Place": [", ".join(part for part in (row["city"], row["state"]) if part) for row in rows],
                "Region": [row["region"] for row in rows],
                "Status": [[STATUSES[row["status"]]] for row in rows],
                "Open leads": [load.open for load in loads],
                "Overdue": [load.overdue for load in loads],
                "Cap": [f"{row['lead_cap']:,}" if row["lead_cap"] else "–" for row in rows],
                "Share": [int(row["lead_weight"]) for row in rows],
                "Takes leads": [bool(row["takes_leads"]) for row in rows],
            }
        ),
        key="dealers_table", alt="Dealers by name", height=560,
        columns={
            "Code": tables.opener("Code", key="dealers_click", on_open=opened, width=78),
            "Dealer": tables.text("Dealer", width=212), "Place": tables.text("Place", width=130),
            "Region": tables.text("Region", width=95),
            "Status": tables.pill("Status", {STATUSES[name]: tone for name, tone in STATUS_TONES.items()}, width=100),
            "Open leads": tables.number("Open leads", width=86), "Overdue": tables.number("Overdue", width=72),
            "Cap": st.column_config.TextColumn("Cap", width=55, alignment="right", help="Most open leads at a time"),
            "Share": tables.number("Share", width=58, help="Turns a dealer gets compared with its neighbours"),
            "Takes leads": st.column_config.CheckboxColumn("Takes leads", width=88),
        },
    )  # fmt: skip
    draw_paging("dealers", following=following, shown=len(rows), total=f"{total:,}")


def opened(position: int) -> None:
    """Go to the dealer of a row at the next run."""
    st.session_state["_dealer_to"] = id_at("dealers", position)


with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/storefront: Dealers")
    if actor.can(Permission.DEALERS_MANAGE):
        draw_new_dealer()
target = st.session_state.pop("_dealer_to", None)
if target is not None:
    st.switch_page("pages/network/dealer.py", query_params={"dealer": str(target)})
with reading() as session:
    counts = count_by_status(session, scope=actor.scope)
st.caption(", ".join(f"{count:,} {STATUSES[name].lower()}" for name, count in counts.items() if count) or "No dealers")
draw_list(draw_filters())
