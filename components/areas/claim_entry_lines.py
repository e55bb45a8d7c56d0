"""The lines of money of a draft: an editor whose table never changes under the typing, and what each line comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import pandas as pd
import streamlit as st

from components import tables
from components.charts.base import table
from db.claims.claim_queries import Preview
from db.claims.model import CHARGE_KINDS, ChargeDraft, ClaimFacts
from db.claims.price_rules import STANDARD_MARKUP

COLUMNS = ("Kind", "Job", "Code", "Description", "Quantity", "Each", "Markup %")
_NUMBERS = ("Job", "Quantity", "Each", "Markup %")
_KINDS = {label: name for name, label in CHARGE_KINDS.items()}


def _hundredths(value: Any) -> int:
    """What a cell holds, in hundredths; nothing for a blank one."""
    try:
        return int((Decimal(str(value)) * 100).to_integral_value(ROUND_HALF_UP))
    except (InvalidOperation, ValueError):
        return 0


def _row(charge: ChargeDraft) -> dict[str, Any]:
    return {
        "Kind": CHARGE_KINDS.get(charge.kind, charge.kind), "Job": charge.job or None, "Code": charge.code,
        "Description": charge.description, "Quantity": charge.quantity / 100 if charge.quantity else None,
        "Each": charge.unit_cents / 100 if charge.unit_cents else None,
        "Markup %": charge.markup / 100 if charge.markup else None,
    }  # fmt: skip


def _charge(row: Mapping[str, Any], position: int) -> ChargeDraft:
    kind = _KINDS.get(row.get("Kind") or "", "misc")
    quantity = _hundredths(row.get("Quantity"))
    if not quantity and kind not in ("labour", "parts"):
        quantity = 1_00  # one amount; hours and pieces come from the price list
    return ChargeDraft(
        position=position, kind=kind, job=_hundredths(row.get("Job")) // 100, code=row.get("Code") or "",
        description=row.get("Description") or "", quantity=quantity, unit_cents=_hundredths(row.get("Each")),
        markup=_hundredths(row.get("Markup %")),
    )  # fmt: skip


def charges_from(base: Sequence[ChargeDraft], state: Any) -> tuple[ChargeDraft, ...]:
    """The lines as they stand in the editor: those it began with, changed, without the deleted, with the added ones."""
    if not state:
        return tuple(base)
    edited, gone = dict(state.get("edited_rows", {})), set(state.get("deleted_rows", ()))
    rows = [_row(one) | dict(edited.get(place, {})) for place, one in enumerate(base) if place not in gone]
    rows += [dict(row) for row in state.get("added_rows", ()) if row]
    return tuple(_charge(row, position) for position, row in enumerate(rows, 1))


def edit_lines(base: Sequence[ChargeDraft], *, key: str, jobs: int) -> None:
    """The editor; hours, rates and prices that are left blank come from the price list."""
    frame = pd.DataFrame([_row(one) for one in base], columns=list(COLUMNS)).astype(
        {name: "float" if name in _NUMBERS else "object" for name in COLUMNS}
    )
    st.data_editor(
        frame, key=key, num_rows="dynamic", hide_index=True, placeholder="",
        column_config={
            "Kind": st.column_config.SelectboxColumn("Kind", options=list(_KINDS), width=150, required=True),
            "Job": st.column_config.NumberColumn("Job", step=1, min_value=0, max_value=max(jobs, 1), width=60,
                                                 help="Blank for the whole visit"),
            "Code": st.column_config.TextColumn("Code", width=120, help="Operation or part number"),
            "Description": st.column_config.TextColumn("Description", width=230),
            "Quantity": st.column_config.NumberColumn("Quantity", step=0.01, format="%.2f", width=90,
                                                      help="Hours, pieces or days"),
            "Each": st.column_config.NumberColumn("Each", step=0.01, format="%.2f", width=100,
                                                  help="Blank: the rate or net price of the day"),
            "Markup %": st.column_config.NumberColumn("Markup %", step=0.01, format="%.2f", width=100),
        },
    )  # fmt: skip


def what_is_known(line: ChargeDraft, facts: ClaimFacts) -> str:
    """What the price list of the day says of a line: flat-rate hours and rate, or net price and allowed markup."""
    if line.kind == "labour":
        rate = facts.dealer.labour_rate_cents
        per_hour = f"{rate / 100:,.2f} an hour" if rate is not None else "no rate agreed"
        operation = facts.operations.get(line.code)
        if operation is None:
            return f"not in the catalogue; {per_hour}" if line.code else per_hour
        hours = f"flat rate {operation.hours / 100:.2f} h" if operation.kind == "flat" else f"{operation.kind} time"
        return f"{operation.name}: {hours}, {per_hour}"
    if line.kind == "parts":
        part = facts.parts.get(line.code)
        if part is None:
            return "not on file" if line.code else ""
        markup = facts.dealer.markup if facts.dealer.markup is not None else STANDARD_MARKUP
        net = f"net {part.net_cents / 100:,.2f}, up to {markup / 100:g}% on it" if part.net_cents is not None else (
            "no price that day"
        )  # fmt: skip
        return f"{part.name}: {net}" if part.name else net
    return ""


def draw_sums(said: Preview, places: Sequence[int]) -> None:
    """What each line comes to, what the rules would pay, and what the price list knows of it."""
    lines, verdicts = said.draft.charges, {c.position: c for c in said.verdict.charges}
    if not lines:
        return
    amounts = [verdicts[c.position] for c in lines]
    tables.show(
        table(
            {
                "Line": [str(places[c.position - 1] if c.position <= len(places) else c.position) for c in lines],
                "What": [" ".join(x for x in (CHARGE_KINDS.get(c.kind, c.kind), c.code or c.description) if x)
                         for c in lines],
                "Claimed": [f"{a.claimed_cents / 100:,.2f}" for a in amounts],
                "By the rules": [f"{a.suggested_cents / 100:,.2f}" for a in amounts],
                "Price list of the day": [what_is_known(c, said.facts) for c in lines],
            }
        ),
        key="ce_sums", alt="What each line comes to, by the price list and by the rules",
        columns={
            "Line": tables.text("Line", width=50), "What": tables.text("What", width=220),
            "Claimed": st.column_config.TextColumn("Claimed", width=100, alignment="right"),
            "By the rules": st.column_config.TextColumn("By the rules", width=100, alignment="right"),
            "Price list of the day": tables.text("Price list of the day", width=420),
        },
    )  # fmt: skip
