"""The fields of a program as data: what a form asks for each kind of rule, and how it draws and reads one field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import pyarrow as pa
import streamlit as st

from components.editing import edited
from components.forms import cents
from components.labels import plain
from components.perform import outcome_of
from db.core.problems import Refused
from db.incentives.model import AFFINITIES, DOCUMENTS, SALE_TYPES

FORM = "incentive_program"
Kind = Literal["text", "lines", "amount", "count", "percent", "day", "window", "tags", "many", "one", "yes", "rows"]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a program: `path` is where it stands in the model ("rule.cents")."""

    path: str
    kind: Kind
    label: str
    help: str = ""
    choices: Mapping[str, str] | None = None
    wide: bool = False
    placeholder: str = ""


_CENTS = Field(path="rule.cents", kind="amount", label="Amount", help="For each vehicle, in USD")
_MAKES = Field(path="rule.makes", kind="tags", label="Makes", placeholder="Any make")
_AGE = Field(path="rule.max_years", kind="count", label="At most so many model years old")
RULES: Final[dict[str, tuple[Field, ...]]] = {
    "per_unit": (_CENTS,), "dealer_cash": (_CENTS,), "customer_cash": (_CENTS,),
    "stair_step": (
        Field(path="rule.method", kind="one", label="Paid", choices={
            "retroactive": "Every unit at the tier reached", "incremental": "Each unit at its own tier"}),
        Field(path="rule.tiers", kind="rows", label="Tiers", wide=True),
    ),
    "growth": (
        Field(path="rule.baseline", kind="one", label="Measured against", choices={
            "year_before": "The same days of the year before", "target": "A target of each dealer"}),
        Field(path="rule.pays", kind="one", label="Pays", choices={
            "above": "Each unit above it", "all": "Every unit"}),
        Field(path="rule.without_baseline", kind="one", label="A dealer without a baseline", choices={
            "nothing": "Earns nothing", "all": "Is paid for every unit"}),
        _CENTS, Field(path="rule.min_percent", kind="percent", label="Growth needed (%)"),
        Field(path="rule.targets", kind="rows", label="Targets", wide=True, help="Where a target is the baseline"),
        Field(path="rule.by_period", kind="rows", label="Targets of single periods", wide=True,
              help="They win over the others; a file of targets fills them"),
    ),
    "loyalty": (_CENTS, Field(path="rule.makes", kind="tags", label="Makes the customer has owned")),
    "conquest": (
        _CENTS, _AGE, Field(path="rule.own_makes", kind="tags", label="Our makes, which do not count"), _MAKES),
    "trade_in": (_CENTS, _AGE, _MAKES),
    "affinity": (_CENTS, Field(path="rule.groups", kind="many", label="Groups", choices=AFFINITIES)),
    "lease_pull_ahead": (
        Field(path="rule.max_payments", kind="count", label="Payments at most"),
        Field(path="rule.max_payment_cents", kind="amount", label="Each at most"),
        Field(path="rule.ends_within_days", kind="count", label="The lease ends within (days)"),
    ),
    "price_protection": (
        Field(path="rule.changed_on", kind="day", label="The price fell on"),
        Field(path="rule.stocked_within_days", kind="count", label="In stock since at most (days)"),
        Field(path="rule.by_model", kind="rows", label="Difference by model", wide=True),
    ),
    "certified": (_CENTS, Field(path="rule.certificates", kind="tags", label="Certificates, any of them")),
}  # fmt: skip
HEAD: Final = (
    Field(path="code", kind="text", label="Code", help="Letters, digits and hyphens; it stays"),
    Field(path="name", kind="text", label="Name"),
    Field(path="bulletin", kind="text", label="Bulletin", help="Number of the letter to dealers"),
    Field(path="program", kind="window", label="Program"),
    Field(path="period", kind="one", label="Summed up", choices={
        "month": "By month", "quarter": "By quarter", "program": "As a whole"}),
)  # fmt: skip
SECTIONS: Final[dict[str, tuple[Field, ...]]] = {
    "Which sales": (
        Field(path="eligible.makes", kind="tags", label="Makes", placeholder="Every make"),
        Field(path="eligible.models", kind="tags", label="Models", placeholder="Every model"),
        Field(path="eligible.years", kind="tags", label="Model years", placeholder="Every year"),
        Field(path="eligible.trims", kind="tags", label="Trims", placeholder="Every trim"),
        Field(path="eligible.conditions", kind="many", label="Condition", choices={"new": "New", "used": "Used"}),
        Field(path="eligible.sale_types", kind="many", label="Types of sale", choices=SALE_TYPES, wide=True),
        Field(path="eligible.regions", kind="tags", label="Regions", placeholder="Every region"),
        Field(path="eligible.tiers", kind="tags", label="Tiers of dealers", placeholder="Every tier"),
        Field(path="eligible.enrolled", kind="tags", label="Enrolled dealers", placeholder="Every active dealer",
              help="Codes of the dealers that take part"),
        Field(path="eligible.vins", kind="tags", label="VINs", placeholder="Every VIN"),
        Field(path="eligible.any_serial", kind="yes", label="Serial numbers that are no VINs count"),
    ),
    "Papers and checklist": (
        Field(path="documents", kind="rows", label="Proofs", wide=True,
              help="Any one of the papers of a line counts as the proof, and no other"),
        Field(path="checklist", kind="lines", label="Checklist, a point a line", wide=True),
    ),
    "Windows": (
        Field(path="report_days", kind="count", label="Reported within (days)"),
        Field(path="claim_days", kind="count", label="Claimed within (days)"),
        Field(path="appeal_days", kind="count", label="Denials appealed within (days)", help="0: no appeals"),
        Field(path="delivery", kind="window", label="Deliveries, if not the whole program"),
        Field(path="reports", kind="window", label="Reports, if limited"),
        Field(path="claims", kind="window", label="Claims, if limited"),
    ),
    "Budget and caps": (
        Field(path="budget_cents", kind="amount", label="Budget", placeholder="Without limit"),
        Field(path="caps.vin_cents", kind="amount", label="For one VIN at most", placeholder="No cap"),
        Field(path="caps.dealer_cents", kind="amount", label="For a dealer and period at most", placeholder="No cap"),
        Field(path="caps.dealer_units", kind="count", label="Units of a dealer and period"),
        Field(path="caps.customer_units", kind="count", label="Units of a customer and period"),
    ),
    "Stacking": (
        Field(path="stack_group", kind="text", label="Stack group", help="Only one program of a group is paid"),
        Field(path="compatible", kind="tags", label="May be combined with", placeholder="None by name",
              help="In spite of group and exclusivity"),
        Field(path="exclusive", kind="yes", label="Exclusive: with no other program"),
    ),
}  # fmt: skip
_LABELS = {v: k for k, v in DOCUMENTS.items()}


def value_at(body: Mapping[str, Any], path: str) -> Any:
    """The value a path names; None where there is none."""
    found: Any = body
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def put(body: dict[str, Any], path: str, value: Any) -> None:
    """Set the value a path names."""
    *parents, last = path.split(".")
    for part in parents:
        body = body.setdefault(part, {})
    body[last] = value


# ---- grids -----------------------------------------------------------------------------------------------------------
def rows_of(path: str, value: Any) -> list[dict[str, Any]]:
    """What is stored as the rows of a grid."""
    if path == "rule.tiers":
        return [{"From": t["from_units"], "Each": t["cents"] / 100} for t in value or ()]
    if path == "rule.targets":
        return [{"Dealer": code, "Units": n} for code, n in sorted((value or {}).items())]
    if path == "rule.by_period":
        return [
            {"Period": name, "Dealer": code, "Units": n}
            for name, some in sorted((value or {}).items()) for code, n in sorted(some.items())
        ]  # fmt: skip
    if path == "rule.by_model":
        return [{"Model": name, "Amount": c / 100} for name, c in sorted((value or {}).items())]
    return [{"Proof": d["label"], "Papers": [DOCUMENTS.get(a, a) for a in d["accepted"]]} for d in value or ()]


def _dollars(value: object) -> int | None:
    return None if value in (None, "") else cents(str(value))


def value_of(path: str, rows: Sequence[Mapping[str, Any]]) -> Any:
    """Rows as they were left in the form of the model; lines left wholly empty do not count."""
    rows = [r for r in rows if any(v not in (None, "", []) for v in r.values())]
    if path == "rule.tiers":
        found = [{"from_units": r.get("From"), "cents": _dollars(r.get("Each"))} for r in rows]
        return sorted(found, key=lambda t: t["from_units"] or 0)
    if path == "rule.targets":
        return {str(r.get("Dealer") or "").strip(): r.get("Units") for r in rows}
    if path == "rule.by_period":
        found_periods: dict[str, dict[str, Any]] = {}
        for r in rows:
            name = str(r.get("Period") or "").strip().upper()
            found_periods.setdefault("program" if name == "PROGRAM" else name, {})[
                str(r.get("Dealer") or "").strip()
            ] = r.get("Units")
        return found_periods
    if path == "rule.by_model":
        return {str(r.get("Model") or "").strip(): _dollars(r.get("Amount")) for r in rows}
    return [
        {"label": r.get("Proof") or "", "accepted": [_LABELS.get(p, p) for p in r.get("Papers") or ()]} for r in rows
    ]


def _grid(path: str, rows: list[dict[str, Any]], key: str, label: str) -> None:
    column = st.column_config
    money = column.NumberColumn("Pays (USD)", min_value=0, step=0.01, format="dollar")
    kinds: dict[str, tuple[list[tuple[str, Any]], dict[str, Any]]] = {
        "rule.tiers": ([("From", pa.int64()), ("Each", pa.float64())], {
            "From": column.NumberColumn("From unit", min_value=1, step=1, required=True),
            "Each": column.NumberColumn("Each unit pays (USD)", min_value=0, step=0.01, format="dollar")}),
        "rule.targets": ([("Dealer", pa.string()), ("Units", pa.int64())], {
            "Dealer": column.TextColumn("Dealer code", required=True),
            "Units": column.NumberColumn("Units of a period", min_value=0, step=1)}),
        "rule.by_period": ([("Period", pa.string()), ("Dealer", pa.string()), ("Units", pa.int64())], {
            "Period": column.TextColumn("Period", required=True, help="Such as 2026-11 or 2026-Q4"),
            "Dealer": column.TextColumn("Dealer code", required=True),
            "Units": column.NumberColumn("Units", min_value=0, step=1)}),
        "rule.by_model": ([("Model", pa.string()), ("Amount", pa.float64())], {
            "Model": column.TextColumn("Model", required=True), "Amount": money}),
        "documents": ([("Proof", pa.string()), ("Papers", pa.list_(pa.string()))], {
            "Proof": column.TextColumn("What is proved", required=True, width=190),
            "Papers": column.MultiselectColumn("Papers that count", options=list(DOCUMENTS.values()), color="gray",
                                               width=300)}),
    }  # fmt: skip
    names, config = kinds[path]
    shown = pa.table({name: pa.array([r[name] for r in rows], type_) for name, type_ in names})
    st.data_editor(
        shown, key=key, num_rows="dynamic", hide_index=True, column_config=config, alt=f"{label}, a line each"
    )  # fmt: skip


# ---- one field -------------------------------------------------------------------------------------------------------
def draw(field: Field, value: Any, *, at: str, options: Sequence[str] = (), locked: bool = False) -> None:
    """Draw one field with its stored value; `options` are suggestions for tags."""
    key, label, hint = f"{at}{field.path}", field.label, field.help or None
    match field.kind:
        case "text":
            st.text_input(label, value or "", key=key, max_chars=120, help=hint, disabled=locked)
        case "lines":
            st.text_area(label, "\n".join(value or ()), key=key, height=90, help=hint)
        case "amount":
            shown = "" if value is None else f"{value / 100:,.2f}"
            st.text_input(label, shown, key=key, placeholder=field.placeholder or "0.00", help=hint)
        case "count":
            st.number_input(label, 0, 1_000_000, value, 1, key=key, help=hint, placeholder="No cap"
                            if field.path.startswith("caps") else None)  # fmt: skip
        case "percent":
            st.number_input(label, 0.0, 1_000.0, (value or 0) / 100, 0.5, key=key, help=hint)
        case "day":
            st.date_input(label, _day(value), key=key, help=hint)
        case "window":
            left, right = st.columns(2)
            left.date_input(f"{label}: first day", _day((value or {}).get("first")), key=f"{key}.first")
            right.date_input("Last day", _day((value or {}).get("last")), key=f"{key}.last")
        case "tags":
            chosen = [str(v) for v in value or ()]
            st.multiselect(
                label, list(dict.fromkeys([*options, *chosen])), chosen, key=key, accept_new_options=True, help=hint,
                placeholder=field.placeholder or "Write and press Enter",
            )  # fmt: skip
        case "many":
            words = field.choices or {}
            st.pills(label, list(words), format_func=words.__getitem__, default=list(value or ()), key=key,
                     selection_mode="multi", help=hint)  # fmt: skip
        case "one":
            words = field.choices or {}
            st.segmented_control(
                label, list(words), format_func=words.__getitem__, default=value or next(iter(words)), key=key,
                required=True, help=hint,
            )  # fmt: skip
        case "yes":
            st.checkbox(label, bool(value), key=key, help=hint)
        case "rows":
            st.markdown(f"{label} :gray[{plain(field.help)}]" if field.help else label)
            _grid(field.path, rows_of(field.path, value), key, label)
    draw_problems(field.path)


def draw_problems(path: str) -> None:
    """The problems of a field and of what lies within it."""
    outcome = outcome_of(FORM)
    for problem in outcome.problems if outcome else ():
        if problem.field == path or problem.field.startswith(f"{path}."):
            st.markdown(f":red[:material/error: {plain(problem.message)}]")


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else date.fromisoformat(value) if isinstance(value, str) else None


def _iso(value: object) -> str | None:
    return value.isoformat() if isinstance(value, date) else None


def read(field: Field, value: Any, *, at: str) -> Any:
    """What stands in the field now, for the model; an amount that cannot be read stays as it was typed."""
    state, key = st.session_state, f"{at}{field.path}"
    found = state.get(key)
    match field.kind:
        case "lines":
            return [line.strip() for line in (found or "").splitlines() if line.strip()]
        case "amount":
            try:
                return cents(found)
            except Refused:
                return found
        case "percent":
            return round((found or 0) * 100)
        case "day":
            return _iso(found)
        case "window":
            first, last = _iso(state.get(f"{key}.first")), _iso(state.get(f"{key}.last"))
            return (
                None if first is None and last is None and field.path != "program" else {"first": first, "last": last}
            )
        case "rows":
            return value_of(field.path, edited(rows_of(field.path, value), key))
        case "tags" | "many":
            return [v.upper() for v in found or ()] if field.path == "compatible" else list(found or ())
        case "yes":
            return bool(found)
    if field.kind != "text":
        return found
    return (found or "").strip().upper() if field.path == "code" else found or ""
