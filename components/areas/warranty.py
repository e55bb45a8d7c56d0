"""Lists of warranty data as of a day, and the drawer with the history of one plan, operation or part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from components import labels, tables
from components.access import current_actor
from components.charts.base import table
from components.exports import export_button
from components.filters import clear_button, pick, words
from components.labels import empty_state, plain
from components.queue_page import cursor, draw_paging
from db.core.area import CAP
from db.core.labels import count_label
from db.core.session import reading
from db.warranty import rules
from db.warranty.list_queries import (
    list_campaigns,
    list_components,
    list_operations,
    list_parts,
    list_plans,
    operation_history,
    plan_history,
    price_history,
)

OPEN = "_wty_open"
FILTERS = ("wty_text", "wty_component")


def day_words(day: date | None, *, none: str = "–") -> str:
    """ "3 Nov 2026"."""
    return f"{day.day} {day:%b %Y}" if day else none


def money(cents: int | None) -> str:
    """ "1,234.50"; nothing for no price."""
    return "–" if cents is None else f"{cents / 100:,.2f}"


def hours(value: int) -> str:
    """Hundredths of hours as "2.50 h"."""
    return f"{value / 100:.2f} h"


def reach(months: int, distance: int, unit: str) -> str:
    """ "36 months / 36,000 mi"."""
    return f"{months} months / " + (f"{distance:,} {unit}" if distance else "no limit")


def _open(kind: str, codes: Sequence[str]) -> Any:
    def opened(position: int) -> None:
        if 0 <= position < len(codes):
            st.session_state[OPEN] = (kind, codes[position])

    return opened


def _component_names() -> dict[str, str]:
    with reading() as session:
        return {c.code: c.name for c in list_components(session, actor=current_actor())}


def _toolbar(kind: str, filters: dict[str, Any], *, placeholder: str, components: dict[str, str] | None = None) -> Any:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = words("Find", key="wty_text", placeholder=placeholder, width=240)
        component = ""
        if components:
            component = pick(
                "Component", {c: f"{c} {n}" for c, n in components.items()}, key="wty_component",
                all_label="All components", width=240,
            )  # fmt: skip
        clear_button(FILTERS, key="wty_clear")
        export_button(kind, {**filters, "text": text, "component": component})
    return text, component


def _nothing(text: str, what: str) -> None:
    if text:
        empty_state("search_off", "Nothing matches.", action="Take a filter away, or choose another day.")
    else:
        empty_state("menu_book", f"There are no {what} on this day.", action="A coordinator imports the list.")


def draw_plans(*, on: date) -> None:
    """Plans for vehicles that go into service on the day, and the components they speak of."""
    actor = current_actor()
    text, _ = _toolbar("warranty_plans", {"on": on.isoformat()}, placeholder="Code or name")
    with reading() as session:
        plans = list_plans(session, on=on, text=text, actor=actor)
        components = list_components(session, actor=actor)
    if not plans:
        _nothing(text, "plans")
    else:
        codes = [p.code for p in plans]
        tables.show(
            table(
                {
                    "Plan": codes, "Name": [p.name for p in plans],
                    "Kind": [[rules.PLAN_KINDS.get(p.kind, p.kind)] for p in plans],
                    "Covers": [reach(p.months, p.distance, p.unit) for p in plans],
                    "Deductible": [money(p.deductible_cents) if p.deductible_cents else "–" for p in plans],
                    "Components": [_covered(p) for p in plans],
                    "Models": [", ".join(p.models) or "All" for p in plans],
                    "In service from": [day_words(p.valid_from) for p in plans],
                    "Until": [day_words(p.valid_until) for p in plans],
                }
            ),
            key="wty_plans", alt="Coverage plans",
            columns={
                "Plan": tables.opener("Plan", key="wty_plan_click", on_open=_open("plan", codes), width=110),
                "Name": tables.text("Name", width=190),
                "Kind": tables.pill("Kind", dict.fromkeys(rules.PLAN_KINDS.values(), "blue"), width=125),
                "Covers": tables.text("Covers", width=165), "Deductible": tables.text("Deductible", width=85),
                "Components": tables.text("Components", width=220), "Models": tables.text("Models", width=130),
                "In service from": tables.text("In service from", width=115),
                "Until": tables.text("Until", width=100),
            },
        )  # fmt: skip
        st.caption("A plan holds for vehicles that went into service between its days. A click shows its versions.")
    with st.expander(f"Components ({len(components)})", icon=":material/category:"):
        export_button("warranty_components", {})
        _draw_components(components)


def _covered(plan: Any) -> str:
    but = f", but {', '.join(plan.excluded)}" if plan.excluded else ""
    return (", ".join(plan.components) or "All but wear items") + but


def _draw_components(components: Sequence[Any]) -> None:
    def marks(c: Any) -> list[str]:
        said = {"Wear item": c.is_wear, "Major assembly": c.is_major, "Not in use": not c.is_active}
        return [word for word, is_so in said.items() if is_so]

    tables.show(
        table(
            {
                "Code": [c.code for c in components], "Name": [c.name for c in components],
                "System": [c.system for c in components], "Marks": [marks(c) for c in components],
                "Dealer may authorize": [rules.AUTH_CLASSES.get(c.auth_class, "–") for c in components],
            }
        ),
        key="wty_components", alt="Components", height=400 if len(components) > 10 else "auto",
        columns={
            "Code": tables.text("Code", width=120), "Name": tables.text("Name", width=240),
            "System": tables.text("System", width=140),
            "Marks": tables.pill(
                "Marks", {"Wear item": "orange", "Major assembly": "violet", "Not in use": "gray"}, width=160
            ),
            "Dealer may authorize": tables.text("Dealer may authorize as", width=160),
        },
    )  # fmt: skip


def draw_operations(*, on: date) -> None:
    """Labour operations with the hours of the day."""
    actor = current_actor()
    names = _component_names()
    text, component = _toolbar(
        "warranty_operations", {"on": on.isoformat()}, placeholder="Code or name", components=names
    )
    print_key = (on, text, component)
    with reading() as session:
        found = list_operations(
            session, on=on, text=text, component=component, after=cursor("wty_ops", fingerprint=print_key), actor=actor
        )
    if not found.rows:
        _nothing(text or component, "labour operations")
        return
    codes = [o.code for o in found.rows]
    tables.show(
        table(
            {
                "Operation": codes, "Name": [o.name for o in found.rows],
                "Hours": [hours(o.hours) for o in found.rows],
                "Kind": [[rules.OPERATION_KINDS.get(o.kind, o.kind)] for o in found.rows],
                "Component": [o.component or "–" for o in found.rows],
                "Models": [_models(o) for o in found.rows], "Skill": [o.skill or "–" for o in found.rows],
                "Authorization": [["Needed"] if o.needs_authorization else [] for o in found.rows],
                "Since": [day_words(o.valid_from) for o in found.rows],
            }
        ),
        key="wty_operations", alt="Labour operations", height=560 if len(found.rows) > 13 else "auto",
        columns={
            "Operation": tables.opener("Operation", key="wty_op_click", on_open=_open("operation", codes), width=105),
            "Name": tables.text("Name", width=290), "Hours": tables.text("Hours", width=80),
            "Kind": tables.pill("Kind", _OPERATION_TONES, width=125),
            "Component": tables.text("Component", width=110), "Models": tables.text("Models", width=160),
            "Skill": tables.text("Skill", width=110),
            "Authorization": tables.pill("Authorization", {"Needed": "orange"}, width=110),
            "Since": tables.text("Since", width=100),
        },
    )  # fmt: skip
    draw_paging("wty_ops", following=found.following, shown=len(found.rows), total=count_label(found.total, CAP))


_OPERATION_TONES = {"Flat rate": "blue", "Straight time": "violet", "Other time": "gray"}


def _models(operation: Any) -> str:
    years = "–".join(str(y) for y in (operation.year_from, operation.year_until) if y)
    return " ".join(part for part in (", ".join(operation.models) or "All", years) if part)


def draw_parts(*, on: date) -> None:
    """Parts with the net price of the day."""
    actor = current_actor()
    names = _component_names()
    text, component = _toolbar("warranty_parts", {"on": on.isoformat()}, placeholder="Number or name", components=names)
    print_key = (on, text, component)
    with reading() as session:
        found = list_parts(
            session, on=on, text=text, component=component, after=cursor("wty_pts", fingerprint=print_key), actor=actor
        )
    if not found.rows:
        _nothing(text or component, "parts")
        return
    numbers = [p.number for p in found.rows]
    tables.show(
        table(
            {
                "Part": numbers, "Name": [p.name or "–" for p in found.rows],
                "Net price": [money(p.net_cents) for p in found.rows],
                "Component": [p.component or "–" for p in found.rows], "Marks": [_part_marks(p) for p in found.rows],
                "Replaced by": [p.superseded_by or "–" for p in found.rows],
            }
        ),
        key="wty_parts", alt="Parts and prices", height=560 if len(found.rows) > 13 else "auto",
        columns={
            "Part": tables.opener("Part", key="wty_part_click", on_open=_open("part", numbers), width=130),
            "Name": tables.text("Name", width=300),
            "Net price": tables.text("Net price", width=100, help="USD, on the chosen day"),
            "Component": tables.text("Component", width=120),
            "Marks": tables.pill("Marks", _PART_TONES, width=270), "Replaced by": tables.text("Replaced by", width=120),
        },
    )  # fmt: skip
    draw_paging("wty_pts", following=found.following, shown=len(found.rows), total=count_label(found.total, CAP))


_PART_TONES = {"Needs authorization": "orange", "Not to be repaired": "red", "Not in use": "gray", "No price": "violet"}


def _part_marks(part: Any) -> list[str]:
    said = {
        "Needs authorization": part.needs_authorization, "Not to be repaired": not part.repair_allowed,
        "Not in use": not part.is_active, "No price": part.net_cents is None,
    }  # fmt: skip
    return [word for word, is_so in said.items() if is_so]


def draw_campaigns(*, on: date) -> None:
    """Recalls and service campaigns, the newest first, with how many vehicles are remedied."""
    actor = current_actor()
    text, _ = _toolbar("warranty_campaigns", {}, placeholder="Number or title")
    with reading() as session:
        found = list_campaigns(session, text=text, actor=actor)
    if not found:
        _nothing(text, "campaigns")
        return

    def state(c: Any) -> str:
        if c.starts_on > on:
            return "To come"
        return "Runs" if c.ends_on is None or c.ends_on >= on else "Ended"

    tables.show(
        table(
            {
                "Campaign": [c.number for c in found], "Title": [c.title for c in found],
                "Kind": [[rules.CAMPAIGN_KINDS.get(c.kind, c.kind)] for c in found],
                "State": [[state(c)] for c in found],
                "Remedied": [100 * c.done / c.vehicles if c.vehicles else 0.0 for c in found],
                "Vehicles": [f"{c.done:,} of {c.vehicles:,}" for c in found],
                "Operations": [", ".join(c.operations) or "–" for c in found],
                "Parts": [", ".join(c.parts) or "–" for c in found],
                "From": [day_words(c.starts_on) for c in found], "Until": [day_words(c.ends_on) for c in found],
            }
        ),
        key="wty_campaigns", alt="Campaigns",
        columns={
            "Campaign": tables.text("Campaign", width=100, pinned=True), "Title": tables.text("Title", width=280),
            "Kind": tables.pill("Kind", {"Recall": "red", "Service campaign": "blue"}, width=130),
            "State": tables.pill("State", {"Runs": "green", "To come": "blue", "Ended": "gray"}, width=85),
            "Remedied": st.column_config.ProgressColumn("Remedied", min_value=0, max_value=100, format="%d%%",
                                                        width=110),
            "Vehicles": tables.text("Vehicles", width=90), "Operations": tables.text("Operations", width=120),
            "Parts": tables.text("Parts", width=120), "From": tables.text("From", width=100),
            "Until": tables.text("Until", width=100),
        },
    )  # fmt: skip
    st.caption("Whether a vehicle is on a list: Vehicles, by its VIN.")


# ---- history ---------------------------------------------------------------------------------------------------------
def draw_history(*, on: date) -> None:
    """The drawer with every version of one plan, operation or price; call it once a page."""
    opened = st.session_state.get(OPEN)
    if opened is None:
        return
    kind, code = opened
    titles = {"plan": "Plan", "operation": "Operation", "part": "Part"}
    dialog = st.dialog(
        f"{titles[kind]} {plain(code)}", width=560, position="right",
        on_dismiss=lambda: st.session_state.pop(OPEN, None),
    )  # fmt: skip
    dialog(lambda: _history(kind, code, on))()


def _history(kind: str, code: str, on: date) -> None:
    actor = current_actor()
    if kind == "part":
        with reading() as session:
            part, prices = price_history(session, number=code, on=on, actor=actor)
        if part is None:
            st.caption("This part is no longer there.")
            return
        labels.badges([(word, _PART_TONES[word]) for word in _part_marks(part)])
        labels.facts(
            [("Name", part.name), ("Component", part.component), (f"Net on {day_words(on)}", money(part.net_cents)),
             ("Replaced by", part.superseded_by)]
        )  # fmt: skip
        _price_table(prices, on)
        return
    with reading() as session:
        versions: Sequence[Any] = (
            plan_history(session, code=code, actor=actor) if kind == "plan"
            else operation_history(session, code=code, actor=actor)
        )  # fmt: skip
    for version in versions:
        with st.container(border=True, gap="xsmall"):
            holds = version.valid_from <= on and (version.valid_until is None or version.valid_until >= on)
            later = version.valid_from > on
            labels.badges(
                [("Holds on this day", "green") if holds else ("To come", "blue") if later else ("Past", "gray")]
            )
            until = f" to {day_words(version.valid_until)}" if version.valid_until else " on"
            st.markdown(f"**{plain(version.name)}**, from {plain(day_words(version.valid_from) + until)}")
            labels.facts(_plan_facts(version) if kind == "plan" else _operation_facts(version))


def _price_table(prices: Sequence[Any], on: date) -> None:
    if not prices:
        st.caption("No price was ever entered.")
        return
    rows = []
    for newer, price in zip([None, *prices], prices, strict=False):
        until = f"to the day before {day_words(newer.valid_from)}" if newer else "on"
        mark = " (to come)" if price.valid_from > on else ""
        rows.append((f"From {day_words(price.valid_from)} {until}{mark}", money(price.net_cents)))
    st.markdown("**Net prices**")
    labels.facts(rows)


def _plan_facts(p: Any) -> list[tuple[str, object]]:
    return [
        ("Kind", rules.PLAN_KINDS.get(p.kind, p.kind)), ("Covers", reach(p.months, p.distance, p.unit)),
        ("Deductible", money(p.deductible_cents)), ("Components", _covered(p)),
        ("Models", ", ".join(p.models) or "All"),
    ]  # fmt: skip


def _operation_facts(o: Any) -> list[tuple[str, object]]:
    return [
        ("Hours", hours(o.hours)), ("Kind", rules.OPERATION_KINDS.get(o.kind, o.kind)), ("Component", o.component),
        ("Models", _models(o)), ("Skill", o.skill),
        ("Authorization", "Needed" if o.needs_authorization else "Not needed"),
    ]  # fmt: skip
