"""The tables of a claim policy: read, or edited in grids with what the edits come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import streamlit as st

from components import tables
from components.editing import edited
from components.labels import plain
from db.claims.policy_edit_rules import FILE_KINDS, OTHERS, TABLES, from_tables, number_words, to_tables
from db.claims.policy_queries import LEVELS, RULE_BOOK, PolicyVersion
from db.core.problems import Problem

HEADINGS = {
    "rules": ("Rules", "What each rule asks, and what it does to a claim that fails it."),
    "limits": ("Numbers of the rules", "0 allows nothing."),
    "authority": ("Authority", "Who may approve how much; the last level is signed after the one before, by another."),
    "states": ("Clocks and windows by state", "Days to decide and to pay, and days to send a claim after the repair."),
    "goodwill": ("Goodwill", "The manufacturer's share up to an age and a distance; the first row that fits holds."),
    "types": ("Types of claims", "Files each type needs, and types that are no longer taken."),
    "general": ("Other numbers", ""),
}
_LEVEL_TONES = {
    "Blocks": "red", "Warns": "yellow", "Needs a person": "blue", "Denies": "orange", "Corrects the amount": "violet",
    "Off": "gray",
}  # fmt: skip
_GROWS = ("states", "goodwill")
_BOOLS, _WHOLE = ("on", "never_late", "deemed"), ("window", "decide_days", "pay_days", "resubmit_days", "audit_days")
_FLOATS = ("value", "up_to", "share")


def heading(name: str) -> None:
    """The title of one table and what it says."""
    title, words = HEADINGS[name]
    st.subheader(title, anchor=False)
    if words:
        st.caption(words)


# ---- read ------------------------------------------------------------------------------------------------------------
def draw_rules(version: PolicyVersion) -> None:
    """The rules W01 to W28 with their numbers."""
    heading("rules")
    policy = version.policy
    numbers = {
        code: "; ".join(
            f"{limit.label}: {number_words(policy.rule(code).limits.get(name), limit.unit)}"
            for name, limit in info.limits.items()
        )
        for code, info in RULE_BOOK.items()
    }
    levels = [LEVELS[policy.rule(code).level] if policy.rule(code).enabled else "Off" for code in RULE_BOOK]
    _read(
        {
            "Rule": list(RULE_BOOK), "Title": [info.title for info in RULE_BOOK.values()],
            "Level": [[level] for level in levels], "Question": [info.question for info in RULE_BOOK.values()],
            "Numbers": [numbers[code] or "–" for code in RULE_BOOK],
        },
        {
            "Rule": tables.text("Rule", width=60), "Title": tables.text("Title", width=210),
            "Level": tables.pill("If it fails", _LEVEL_TONES, width=160), "Numbers": tables.text("Numbers", width=230),
            "Question": tables.text("Question", width=520),
        },
        key="cp_rules", alt="Rules of the policy", height=560,
    )  # fmt: skip


def draw_authority(version: PolicyVersion) -> None:
    """Levels of authority, goodwill and the single numbers."""
    made = to_tables(version.policy)
    heading("authority")
    _read(
        {
            "Level": [row["level"] for row in made["authority"]], "Name": [row["label"] for row in made["authority"]],
            "May approve up to": [number_words(a.up_to_cents, "money") for a in version.policy.authority],
        },
        {"Level": tables.text("Level", width=60), "Name": tables.text("Name", width=220),
         "May approve up to": tables.text("May approve up to", width=180)},
        key="cp_authority", alt="Levels of authority",
    )  # fmt: skip
    heading("goodwill")
    shares = version.policy.goodwill
    _read(
        {
            "Age": [f"{g.up_to_months} months" for g in shares],
            "Distance": [f"{g.up_to_distance:,} mi" for g in shares],
            "Share": [number_words(g.share, "percent") for g in shares],
        },
        {"Age": tables.text("Age up to", width=120), "Distance": tables.text("Distance up to", width=140),
         "Share": tables.text("We bear", width=100)},
        key="cp_goodwill", alt="Goodwill shares",
    )  # fmt: skip
    heading("general")
    _read(
        {
            "What": [row["number"] for row in made["general"]],
            "Value": [_single(row) for row in made["general"]],
        },
        {"What": tables.text("What", width=380), "Value": tables.text("Value", width=140)},
        key="cp_general", alt="Other numbers of the policy",
    )  # fmt: skip


def _single(row: Mapping[str, Any]) -> str:
    if row["unit"] == "USD":
        return f"{row['value']:,.2f} USD"
    return f"{row['value']:,.0f} {row['unit']}".strip()


def draw_states(version: PolicyVersion) -> None:
    """Clocks and windows by the state of the dealer."""
    heading("states")
    rows = to_tables(version.policy)["states"]

    def days(name: str) -> list[str]:
        return ["–" if row[name] is None else f"{row[name]:,} days" for row in rows]

    columns = {
        "Sent within": "window", "Decide within": "decide_days", "Pay within": "pay_days",
        "Sent again within": "resubmit_days", "Audit within": "audit_days",
    }  # fmt: skip
    _read(
        {
            "State": [row["state"] for row in rows], **{label: days(name) for label, name in columns.items()},
            "Silence": ["Approves" if row["deemed"] else "–" for row in rows],
            "Too late": ["Never denied" if row["never_late"] else "–" for row in rows],
            "Source": [row["source"] or "–" for row in rows],
        },
        {
            "State": tables.text("State", width=90), **{label: tables.text(label, width=125) for label in columns},
            "Silence": tables.text("Silence", width=90), "Too late": tables.text("Too late", width=110),
            "Source": tables.text("Source", width=160),
        },
        key="cp_states", alt="Clocks and windows by state",
    )  # fmt: skip
    st.caption("A day without a number is the one of all others; – in a clock means that nothing is promised.")


def draw_types(version: PolicyVersion) -> None:
    """Files each type of claim needs, and types that are no longer taken."""
    heading("types")
    rows = to_tables(version.policy)["types"]
    _read(
        {
            "Type": [row["label"] for row in rows],
            "Files": [", ".join(FILE_KINDS[kind] for kind in row["files"]) or "–" for row in rows],
            "Taken": [_until(row["disabled_from"]) for row in rows],
        },
        {"Type": tables.text("Type", width=220), "Files": tables.text("Files needed", width=360),
         "Taken": tables.text("Taken", width=200)},
        key="cp_types", alt="Types of claims", height=520,
    )  # fmt: skip


def _until(day: date | None) -> str:
    return f"No longer since {day.day} {day:%b %Y}" if day else "Yes"


def _read(columns: Mapping[str, Sequence[Any]], config: Mapping[str, Any], **more: Any) -> None:
    tables.show(pa.table({name: list(values) for name, values in columns.items()}), columns=config, **more)


# ---- edit ------------------------------------------------------------------------------------------------------------
def grid_key(base: PolicyVersion, name: str) -> str:
    """The widget key of one table of the version a change starts from."""
    return f"cp_grid_{base.number}_{name}"


def rows_of(base: PolicyVersion) -> dict[str, list[dict[str, Any]]]:
    """The tables of a policy as the grids take them: files by what people call them."""
    made = to_tables(base.policy)
    made["types"] = [{**row, "files": [FILE_KINDS[kind] for kind in row["files"]]} for row in made["types"]]
    return made


def as_edited(base: PolicyVersion) -> tuple[Any, list[Problem]]:
    """The policy as the person left it in the grids, and what is wrong with it."""
    return from_tables(base.policy, {name: edited(rows, grid_key(base, name)) for name, rows in rows_of(base).items()})


def draw_grids(base: PolicyVersion, problems: Sequence[Problem]) -> None:
    """Every table as a grid, its problems below it."""
    for name, rows in rows_of(base).items():
        heading(name)
        st.data_editor(
            _arrow(rows), key=grid_key(base, name), hide_index=True, column_config=_config(name),
            num_rows="dynamic" if name in _GROWS else "fixed", alt=HEADINGS[name][0],
            height=420 if len(rows) > 12 else "auto",
        )  # fmt: skip
        for message in dict.fromkeys(p.message for p in problems if p.field == name):
            st.markdown(f":red[:material/error: {plain(message)}]")
    for problem in problems:
        if problem.field not in TABLES:
            st.error(plain(problem.message), icon=":material/error:")


def _arrow(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    def kind(name: str) -> Any:
        if name == "files":
            return pa.list_(pa.string())
        if name in _BOOLS:
            return pa.bool_()
        if name == "disabled_from":
            return pa.date32()
        if name in (*_WHOLE, "months", "distance") or (name == "level" and isinstance(rows[0]["level"], int)):
            return pa.int64()
        return pa.float64() if name in _FLOATS else pa.string()

    return pa.table({name: pa.array([row[name] for row in rows], kind(name)) for name in rows[0]})


def _config(name: str) -> dict[str, Any]:
    config = st.column_config

    def fixed(label: str, width: int) -> Any:
        return config.TextColumn(label, width=width, disabled=True)

    def whole(label: str, width: int = 110) -> Any:
        return config.NumberColumn(label, step=1, min_value=0, width=width)

    value = config.NumberColumn("Value", step=0.01, width=110)
    found: dict[str, dict[str, Any]] = {
        "rules": {
            "rule": fixed("Rule", 60), "title": fixed("Title", 220), "asks": fixed("Question", 480),
            "on": config.CheckboxColumn("On", width=50),
            "level": config.SelectboxColumn("If it fails", options=list(LEVELS.values()), required=True, width=160),
        },
        "limits": {
            "rule": fixed("Rule", 60), "name": None, "number": fixed("Number", 280), "unit": fixed("Unit", 90),
            "value": value,
        },
        "authority": {
            "level": config.NumberColumn("Level", width=60, disabled=True),
            "label": config.TextColumn("Name", width=220, max_chars=60),
            "permission": None, "up_to": config.NumberColumn("May approve up to (USD)", step=0.01, width=190),
        },
        "states": {
            "state": config.TextColumn("State", width=90, help=f"Two letters, or {OTHERS}", max_chars=10),
            "window": whole("Sent within"), "never_late": config.CheckboxColumn("Never too late", width=110),
            "decide_days": whole("Decide within"), "pay_days": whole("Pay within"),
            "resubmit_days": whole("Sent again within"), "audit_days": whole("Audit within"),
            "deemed": config.CheckboxColumn("Silence approves", width=120),
            "source": config.TextColumn("Source", width=160, max_chars=80),
        },
        "goodwill": {
            "months": whole("Months up to"), "distance": whole("Miles up to"),
            "share": config.NumberColumn("We bear (%)", step=0.01, width=110),
        },
        "types": {
            "type": None, "label": fixed("Type", 220),
            "files": config.MultiselectColumn(
                "Files needed", options=list(FILE_KINDS.values()), color="gray", width=380
            ),
            "disabled_from": config.DateColumn("No longer taken from", width=170),
        },
        "general": {"name": None, "number": fixed("What", 380), "unit": fixed("Unit", 70), "value": value},
    }  # fmt: skip
    return found[name]
