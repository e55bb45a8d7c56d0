"""The list of dealers on its page: filters kept in the address, the map, and the table with health and load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import streamlit as st

from components import tables
from components.areas.dealer_health import HEALTH_TONES, Overview
from components.areas.dealers import STATUS_TONES
from components.charts import us_map
from components.charts.base import draw, table
from components.exports import export_button
from components.filters import clear_button, many, one, pick, words
from components.labels import empty_state
from components.queue_page import cursor, draw_paging, remember_rows
from db.core.actor import Actor
from db.core.geo import STATES
from db.core.labels import plural, relative_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.group_queries import list_groups
from db.dealers.health_rules import LEVELS
from db.dealers.queries import GAPS, DealerFilters, count_by_state, count_dealers, list_dealers, regions
from db.dealers.rules import STATUSES
from db.leads.dealer_queries import Carried, count_carried

SHAPES = {"list": "List", "map": "Map"}
KEYS = (
    "dealer_text", "dealer_region", "dealer_state", "dealer_status", "dealer_group", "dealer_health", "dealer_tier",
    "dealer_gap",
)  # fmt: skip
PAGE = 50
FEW = 10


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What the list is narrowed to, and the same as an export is told it."""

    filters: DealerFilters
    exported: dict[str, object]


def draw_shape() -> str:
    """List or map."""
    return one("Show as", SHAPES, key="dealer_shape", default="list")


def draw_filters(actor: Actor, known: Overview) -> Chosen:
    """Draw the filters and read them."""
    with reading() as session:
        known_regions = regions(session, actor.scope)
        by_state = count_by_state(session, scope=actor.scope)
        groups = {
            str(group.group_id): f"{group.name} ({group.rooftops})" for group in list_groups(session, scope=actor.scope)
        }
    states = sorted((STATES[code].name, code) for code in by_state if code in STATES)
    tiers = sorted(set(known.tiers.values()))
    by_label = {label: name for name, label in STATUSES.items()}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = words("Find", key="dealer_text", placeholder="Name, code, city, group", width=200)
        region = _pick("Region", {r: r for r in known_regions}, "dealer_region", "All regions", 145)
        state = _pick("State", {code: name for name, code in states}, "dealer_state", "All states", 145)
        group = _pick("Group", groups, "dealer_group", "Every group", 170, least=1)
        statuses = many("Status", list(by_label), key="dealer_status", placeholder="Every status", width=170)
        health = pick("Health", dict(LEVELS), key="dealer_health", all_label="Any health", width=125)  # type: ignore[arg-type]
        tier = _pick("Tier", {t: t for t in tiers}, "dealer_tier", "Every tier", 125)
        gap = pick("Record", GAPS, key="dealer_gap", all_label="Any record", width=170)
        clear_button(KEYS, key="dealer_clear")
    ids = None
    if health:
        ids = known.with_level(health)
    if tier:
        ids = known.with_tier(tier) if ids is None else ids & known.with_tier(tier)
    filters = DealerFilters(
        text=text, regions=(region,) if region else (), states=(state,) if state else (), group=group, gap=gap,
        statuses=tuple(by_label[label] for label in statuses if label in by_label), ids=ids,
    )  # fmt: skip
    exported: dict[str, object] = {
        "text": text, "regions": filters.regions, "states": filters.states, "statuses": filters.statuses,
        "group": group, "gap": gap, "health": LEVELS[health] if health else "", "tier": tier,  # type: ignore[index]
        "ids": tuple(sorted(ids)) if ids is not None else (),
    }  # fmt: skip
    return Chosen(filters=filters, exported=exported)


def _pick(label: str, options: dict[str, str], key: str, all_label: str, width: int, *, least: int = 2) -> str:
    """A filter that is only there when it can tell dealers apart."""
    return pick(label, options, key=key, all_label=all_label, width=width) if len(options) >= least else ""


def draw_exports(chosen: Chosen) -> None:
    """The buttons that take the list, and the people of its dealers, away as files."""
    export_button("dealers", chosen.exported)
    export_button("dealer_contacts", chosen.exported, "Export people")


def draw_map(actor: Actor, filters: DealerFilters) -> DealerFilters:
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
    clicked = {str(point.get("id")) for point in picked.get("pick") or ()}
    states = tuple(code for code in placed if STATES[code].fips in clicked)
    elsewhere = sum(count for code, count in found.items() if code not in placed)
    note = f" {plural(elsewhere, 'dealer')} outside of it." if elsewhere else ""
    st.caption(f"Click a state to list its dealers.{note}")
    return replace(filters, states=states) if states else filters


def draw_list(
    actor: Actor, filters: DealerFilters, known: Overview, *, now: datetime, on_open: Callable[[int], None]
) -> list[int]:
    """One page of dealers by name; the code opens the dealer. Gives the ids of the chosen rows."""
    with reading() as session:
        frame = list_dealers(
            session, scope=actor.scope, filters=filters, after=cursor("dealers", fingerprint=filters), limit=PAGE + 1
        )
        rows = frame.to_dict("records")
        following = (rows[PAGE - 1]["name_key"], int(rows[PAGE - 1]["id"])) if len(rows) > PAGE else None
        rows = rows[:PAGE]
        ids = [int(row["id"]) for row in rows]
        carried = count_carried(session, scope=actor.scope, dealer_ids=ids, now=now) if rows else {}
        total = count_dealers(session, scope=actor.scope, filters=filters)
    if not rows:
        narrowed = filters != DealerFilters()
        empty_state(
            "storefront", "No dealer matches." if narrowed else "There are no dealers yet.",
            action="Take a filter away." if narrowed else "Bring them in from a file under Imports, or add one.",
        )  # fmt: skip
        return []
    remember_rows("dealers", ids)
    loads = [carried.get(number, Carried()) for number in ids]
    healths = [known.health(number) for number in ids]
    shows_contact = actor.can(Permission.CONTACTS_VIEW)
    chosen = tables.show(
        table(
            {
                "Code": [row["code"] for row in rows],
                "Dealer": [row["name"] for row in rows],
                "Health": [[found.label] if found else [] for found in healths],
                "Why": [" · ".join(r.rstrip(".") for r in found.reasons) if found else "" for found in healths],
                "Open": [load.open for load in loads],
                "Overdue": [load.overdue for load in loads],
                "Tier": [known.tiers.get(number, "–") for number in ids],
                "Last contact": [
                    relative_label(known.last_contacts[number], now) if number in known.last_contacts else "–"
                    for number in ids
                ],
                "Status": [[STATUSES[row["status"]]] for row in rows],
                "Group": [row["group"] or "–" for row in rows],
                "Place": [", ".join(part for part in (row["city"], row["state"]) if part) for row in rows],
                "Region": [row["region"] for row in rows],
                "Cap": [f"{row['lead_cap']:,}" if row["lead_cap"] else "–" for row in rows],
                "Share": [int(row["lead_weight"]) for row in rows],
                "Takes leads": [bool(row["takes_leads"]) for row in rows],
            }
        ),
        key="dealers_table", alt="Dealers by name", height=560 if len(rows) > FEW else "auto",
        select="many" if actor.can(Permission.DEALERS_MANAGE) else "none",
        columns={
            "Code": tables.opener("Code", key="dealers_click", on_open=on_open, width=74),
            "Dealer": tables.text("Dealer", width=165),
            "Status": tables.pill("Status", {STATUSES[name]: tone for name, tone in STATUS_TONES.items()}, width=102),
            "Health": tables.pill("Health", HEALTH_TONES, width=80),
            "Why": tables.text("Why", width=225, help="What the areas of the desk have noticed; click to read it all"),
            "Open": tables.number("Open", width=56, help="Open leads"),
            "Overdue": tables.number("Overdue", width=70, help="Leads whose next promise is past"),
            "Tier": tables.text("Tier", width=75) if known.tiers else None,
            "Last contact": tables.text("Last contact", width=100) if shows_contact else None,
            "Group": tables.text("Group", width=150) if any(row["group"] for row in rows) else None,
            "Place": tables.text("Place", width=130), "Region": tables.text("Region", width=105),
            "Cap": st.column_config.TextColumn("Cap", width=55, alignment="right", help="Most open leads at a time"),
            "Share": tables.number("Share", width=58, help="Turns a dealer gets compared with its neighbours"),
            "Takes leads": st.column_config.CheckboxColumn("Takes leads", width=88),
        },
    )  # fmt: skip
    draw_paging("dealers", following=following, shown=len(rows), total=f"{total:,}")
    return [ids[position] for position in chosen if position < len(ids)]
