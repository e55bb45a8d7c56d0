"""The drawer of a parts order with its lines, and the form that places one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pyarrow as pa
import streamlit as st

from components import labels, tables
from components.access import current_actor, guard
from components.areas.parts_lines import day_label, open_line
from components.charts.base import table
from components.clock import now, today
from components.editing import edited
from components.labels import plain
from components.perform import forget, outcome_of, perform, problems_of, show_outcome, stray_problems
from components.queue_page import Screen, id_at, remember_rows
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.parts import rules
from db.parts.commands import COMMANDS
from db.parts.flow import ORDERS
from db.parts.order_commands import place_order
from db.parts.order_queries import OrderRow, get_order

ENTRY, ENTRY_OPEN = "parts_entry", "parts_entry_open"
FIELDS = ("dealer_id", "kind", "reference", "required_by", "is_contract", "note", "lines")
BLANK = [{"Part": None, "Units": None}] * 4


def money_label(cents: int | None) -> str:
    """Cents as an amount; an en dash where no price was known."""
    return "–" if cents is None else f"{cents / 100:,.2f}"


# ---- the drawer ------------------------------------------------------------------------------------------------------
def _facts(row: OrderRow) -> None:
    actor, at = current_actor(), now()
    state = ORDERS.state(row.status)
    labels.badges(
        [
            (state.label, state.tone), (rules.KINDS[row.kind], "red" if row.kind == "vehicle_down" else "gray"),
            ("Contract" if row.is_contract else "", "blue"),
            ("Overdue" if row.is_open and row.due_at < at else "", "red"),
        ]
    )  # fmt: skip
    facts: list[tuple[str, object]] = [
        ("Dealer", row.dealer), ("Dealer's number", row.reference), ("Ordered", day_label(row.ordered_on)),
        ("Needed by", day_label(row.required_by)), ("Amount", money_label(row.total_cents)),
    ]  # fmt: skip
    if row.is_open:
        facts.append(("Due", moment_label(row.due_at, actor.zone, now=at)))
    facts += [(label, value) for label, value in (("Note", row.note), ("Why it ended", row.end_reason)) if value]
    labels.facts(facts)
    _lines(row)


def _open_at(position: int) -> None:
    line_id = id_at("pol", position)
    if line_id is not None:
        st.session_state.pop(SCREEN.open_key, None)
        open_line(line_id)


def _lines(row: OrderRow) -> None:
    day = today(current_actor().zone)
    remember_rows("pol", [x.id for x in row.lines])
    tables.show(
        table(
            {
                "Part": [x.part for x in row.lines], "Name": [x.name for x in row.lines],
                "State": [[rules.LINE_STATES[x.state(day)][0]] for x in row.lines],
                "Ordered": [x.ordered for x in row.lines], "Open": [x.open_units for x in row.lines],
                "Promise now": [day_label(x.promised_on) for x in row.lines],
                "Price": [money_label(x.unit_cents) for x in row.lines],
            }
        ),
        key=f"pol_table_{row.id}", alt=f"Lines of {row.number}",
        columns={
            "Part": tables.opener("Part", key=f"pol_click_{row.id}", on_open=_open_at, width=100),
            "Name": tables.text("Name", width=130),
            "State": tables.pill("State", dict(rules.LINE_STATES.values()), width=120),
            "Ordered": tables.number("Ordered", width=65), "Open": tables.number("Open", width=55),
            "Promise now": tables.text("Promise now", width=95), "Price": tables.text("Price", width=80),
        },
    )  # fmt: skip


SCREEN = Screen(
    flow=ORDERS, commands=COMMANDS["parts_orders"], key="po", load=get_order,
    title=lambda o: f"{o.number} · {plain(o.dealer)}", draw_facts=_facts, width=760,
)  # fmt: skip


# ---- the entry -------------------------------------------------------------------------------------------------------
def open_entry() -> None:
    """Open an empty form at the next run (from a callback)."""
    forget(ENTRY)
    st.session_state[ENTRY_OPEN] = uuid4().hex


def _close(*_: Any) -> None:
    st.session_state.pop(ENTRY_OPEN, None)


def draw_entry() -> None:
    """The form of a new order when it is open; call it once a page."""
    if st.session_state.get(ENTRY_OPEN) is None:
        show_outcome(ENTRY)
        return
    st.dialog("New parts order", width="large", on_dismiss=_close)(_entry)()


def _entry() -> None:
    form_key = st.session_state.get(ENTRY_OPEN)
    if form_key is None:
        st.rerun()
    actor = guard(Permission.PARTS_ORDER)
    with reading() as session:
        dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
    keys = {name: f"poe_{name}" for name in FIELDS if name != "is_contract" or actor.can(Permission.PARTS_MANAGE)}
    grid = keys["lines"] = f"poe_lines_{form_key}"
    outcome = outcome_of(ENTRY)
    if outcome and any(not p.field for p in outcome.problems):
        show_outcome(ENTRY)
    if len(dealers) == 1:
        st.session_state.setdefault(keys["dealer_id"], next(iter(dealers)))
    st.selectbox("Dealer", list(dealers), format_func=lambda v: dealers.get(v, "–"), index=None, placeholder="Choose",
                 key=keys["dealer_id"])  # fmt: skip
    problems_of(ENTRY, "dealer_id")
    kind = st.segmented_control(
        "Kind", list(rules.KINDS), format_func=rules.KINDS.__getitem__, key=keys["kind"], default="stock",
        required=True,
    )  # fmt: skip
    problems_of(ENTRY, "kind")
    with st.container(horizontal=True, gap="small"):
        st.date_input(
            "Needed by :gray[(optional)]", value=None, key=keys["required_by"], min_value=today(actor.zone),
            help=f"Empty: {rules.DEFAULT_DAYS[kind or 'stock']} working days from today.",
        )  # fmt: skip
        st.text_input("Your number :gray[(optional)]", key=keys["reference"], max_chars=40)
    problems_of(ENTRY, "required_by")
    problems_of(ENTRY, "reference")
    st.data_editor(
        pa.Table.from_pylist(BLANK, schema=pa.schema([("Part", pa.string()), ("Units", pa.int64())])),
        key=grid, num_rows="dynamic", hide_index=True, alt="Parts and units of the order",
        column_config={
            "Part": st.column_config.TextColumn("Part number", max_chars=40, width="large"),
            "Units": st.column_config.NumberColumn("Units", min_value=1, max_value=rules.MOST_UNITS, step=1),
        },
    )  # fmt: skip
    problems_of(ENTRY, "lines")
    stands = kind == "vehicle_down"
    st.text_area(
        "Which vehicle stands, and why" if stands else "Note :gray[(optional)]", key=keys["note"], height=80,
        max_chars=1000,
    )  # fmt: skip
    problems_of(ENTRY, "note")
    if "is_contract" in keys:
        st.checkbox("Under a supply contract", key=keys["is_contract"])
        problems_of(ENTRY, "is_contract")
    stray_problems(ENTRY, FIELDS)

    def typed_lines(_grid: Any) -> list[dict[str, Any]]:
        return [{"part": row.get("Part"), "quantity": row.get("Units")} for row in edited(BLANK, grid)]

    def save() -> None:
        perform(
            place_order, form=ENTRY, say="The order was placed", typed=keys, arguments={"form_key": form_key},
            convert={
                "lines": typed_lines, "reference": lambda v: v or "", "note": lambda v: v or "",
                "kind": lambda v: v or "", "is_contract": bool,
            },
            after=_close,
        )  # fmt: skip

    st.button("Place order", key="poe_save", type="primary", on_click=save, icon=":material/send:")
