"""The items of a checklist version: shown, or edited in a grid and saved with one click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import streamlit as st

from components import tables
from components.charts.base import table
from components.editing import edited
from components.perform import perform, problems_of, show_outcome, stray_problems
from db.checklist.model import EVIDENCE, OWNERS, ItemSpec
from db.checklist.purposes import Purpose
from db.checklist.queries import VersionDetail
from db.checklist.template_commands import save_draft
from db.core.problems import Problem, Refused

FORM = "checklist_items"
CODE, TITLE, SECTION, STAGE, OWNER = "Code", "Item", "Section", "Stage", "Whose part"
DUE, DAYS, WEIGHT, WAITS, PROOF = "Due after", "Planned", "Weight", "Waits on", "Proof"
GATE, SECOND, HELP = "Gate", "Second person", "Help"


def rows_of(items: Sequence[ItemSpec], purpose: Purpose) -> list[dict[str, Any]]:
    """The items as rows of the grid, with labels where people choose."""
    stages = dict(purpose.stages)
    return [
        {
            CODE: i.code, TITLE: i.title, SECTION: i.section, STAGE: stages.get(i.stage, i.stage),
            OWNER: OWNERS.get(i.owner, i.owner), DUE: i.due_days, DAYS: i.duration_days, WEIGHT: i.weight,
            WAITS: list(i.depends_on), PROOF: EVIDENCE.get(i.evidence, i.evidence), GATE: i.is_gate,
            SECOND: i.second_person, HELP: i.help,
        }
        for i in items
    ]  # fmt: skip


def items_of(rows: Sequence[Mapping[str, Any]], purpose: Purpose) -> list[ItemSpec]:
    """Rows as a person left them, as items; a number that is missing is refused with the row it belongs to."""
    stages = {label: name for name, label in purpose.stages}
    owners, proofs = ({label: name for name, label in d.items()} for d in (OWNERS, EVIDENCE))
    found, problems = [], []
    for row in rows:
        name = str(row.get(TITLE) or row.get(CODE) or "A new item")
        numbers = [row.get(column) for column in (DUE, DAYS, WEIGHT)]
        if any(n is None for n in numbers):
            sentence = f"{name}: due days, planned days and weight are needed."
            problems.append(Problem(field="items", code="required", message=sentence))
            continue
        due, days, weight = (int(n) for n in numbers if n is not None)
        found.append(
            ItemSpec(
                code=str(row.get(CODE) or "").strip(), title=str(row.get(TITLE) or "").strip(),
                section=str(row.get(SECTION) or "").strip(), stage=stages.get(str(row.get(STAGE) or ""), ""),
                owner=owners.get(str(row.get(OWNER) or ""), ""), due_days=due, duration_days=days, weight=weight,
                depends_on=tuple(row.get(WAITS) or ()), evidence=proofs.get(str(row.get(PROOF) or ""), "none"),
                is_gate=bool(row.get(GATE)), second_person=bool(row.get(SECOND)), help=str(row.get(HELP) or "").strip(),
            )
        )  # fmt: skip
    if problems:
        raise Refused(*problems)
    return found


def draw_items(version: VersionDetail, purpose: Purpose) -> None:
    """The items of a frozen version."""
    rows = rows_of(version.items, purpose)
    titles = {i.code: i.title for i in version.items}
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
    if not rows:
        st.caption("This version has no item.")
        return
    columns[WAITS] = [", ".join(titles.get(c, c) for c in row[WAITS]) or "–" for row in rows]
    tables.show(
        table(columns), key=f"checklist_items_{version.id}", alt=f"Items of version {version.number}", height=620,
        columns={
            TITLE: tables.text(TITLE, width=240),
            GATE: st.column_config.CheckboxColumn(GATE, width=50), SECTION: tables.text(SECTION, width=130),
            STAGE: tables.text(STAGE, width=110), OWNER: tables.text(OWNER, width=100),
            DUE: tables.number(DUE, width=80, help="Days after the start"),
            DAYS: tables.number(DAYS, width=75, help="Days it takes once nothing is in its way"),
            WEIGHT: tables.number(WEIGHT, width=65), PROOF: tables.text(PROOF, width=90),
            WAITS: tables.text(WAITS, width=280),
            SECOND: st.column_config.CheckboxColumn(SECOND, width=110), CODE: tables.text(CODE, width=150),
        },
    )  # fmt: skip


def draw_editor(version: VersionDetail, purpose: Purpose) -> None:
    """The items of a draft in a grid; nothing is stored before the click on Save."""
    rows = rows_of(version.items, purpose)
    grid, note = f"checklist_grid_{version.id}_{version.version}", f"checklist_note_{version.id}_{version.version}"
    config = st.column_config
    codes = [i.code for i in version.items]
    shown = pa.table(
        {
            name: pa.array([row[name] for row in rows], _type(name))
            for name in (TITLE, CODE, SECTION, STAGE, OWNER, DUE, DAYS, WEIGHT, WAITS, PROOF, GATE, SECOND, HELP)
        }
    )
    show_outcome(FORM)
    st.data_editor(
        shown, key=grid, num_rows="dynamic", hide_index=True, height=620, alt=f"Items of draft {version.number}",
        column_config={
            TITLE: config.TextColumn(TITLE, width=230, max_chars=120, pinned=True, required=True),
            CODE: config.TextColumn(CODE, width=150, max_chars=40, required=True, help="Small letters, digits and _"),
            SECTION: config.TextColumn(SECTION, width=130, max_chars=60, required=True),
            STAGE: config.SelectboxColumn(STAGE, options=[label for _, label in purpose.stages], width=110),
            OWNER: config.SelectboxColumn(OWNER, options=list(OWNERS.values()), width=105, required=True),
            DUE: config.NumberColumn(DUE, min_value=0, max_value=999, step=1, width=80, help="Days after the start"),
            DAYS: config.NumberColumn(DAYS, min_value=0, max_value=999, step=1, width=75),
            WEIGHT: config.NumberColumn(WEIGHT, min_value=0, max_value=100, step=1, width=65),
            WAITS: config.MultiselectColumn(WAITS, options=codes, color="gray", width=250, accept_new_options=True),
            PROOF: config.SelectboxColumn(PROOF, options=list(EVIDENCE.values()), width=100, required=True),
            GATE: config.CheckboxColumn(GATE, width=55),
            SECOND: config.CheckboxColumn(SECOND, width=110, help="The gate is passed by who did none of its items"),
            HELP: config.TextColumn(HELP, width=260, max_chars=1000),
        },
    )  # fmt: skip
    problems_of(FORM, "items")
    st.text_input("What changes, and why :gray[(optional)]", value=version.note, key=note, max_chars=1000)
    problems_of(FORM, "note")
    stray_problems(FORM, ["items", "note"])

    def save() -> None:
        perform(
            save_draft, form=FORM, say="The draft was saved", typed={"items": grid, "note": note},
            convert={"items": lambda _state: items_of(edited(rows, grid), purpose), "note": lambda v: v or ""},
            arguments={"template_id": version.id, "seen_version": version.version},
        )  # fmt: skip

    st.button("Save draft", key="checklist_save", type="primary", icon=":material/save:", on_click=save)


def _type(name: str) -> Any:
    if name == WAITS:
        return pa.list_(pa.string())
    if name in (GATE, SECOND):
        return pa.bool_()
    return pa.int64() if name in (DUE, DAYS, WEIGHT) else pa.string()
