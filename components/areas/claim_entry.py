"""Entering a claim: what was typed becomes a draft, and what the rules say stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd
import streamlit as st

from components.labels import plain
from components.perform import problems_of
from db.claims.claim_queries import Preview
from db.claims.model import CHARGE_KINDS, OUTCOMES, REPAIR_ACTIONS, ChargeDraft, ClaimDraft, JobDraft, Result

FORM = "claim_entry"
JOB_COLUMNS = {
    "complaint": "Complaint", "cause": "Cause", "correction": "Correction", "component": "Component",
    "causal_part": "Causal part", "failure_code": "Failure code", "operation": "Operation", "action": "Action",
    "failed_serial": "Old serial", "fitted_serial": "New serial",
}  # fmt: skip
LINE_COLUMNS = ("Kind", "Job", "Code", "Description", "Quantity", "Each", "Markup %")
TONES = {"E": "red", "X": "red", "A": "orange", "W": "orange", "R": "blue"}
ORDER = "EXARW"


def _number(value: Any) -> int:
    """What an editor's cell holds, in hundredths; nothing for a blank one."""
    if value is None or value == "" or pd.isna(value):
        return 0
    return int((Decimal(str(value)) * 100).to_integral_value(ROUND_HALF_UP))


def _word(value: Any) -> str:
    return "" if value is None or (not isinstance(value, str) and pd.isna(value)) else str(value)


def edit_jobs(draft: ClaimDraft, *, key: str) -> tuple[JobDraft, ...]:
    """The editor of the jobs; gives them as they stand now."""
    words = REPAIR_ACTIONS
    rows = [[words[j.action] if n == "action" else getattr(j, n) for n in JOB_COLUMNS] for j in draft.jobs]
    frame = pd.DataFrame(rows or None, columns=list(JOB_COLUMNS.values()), dtype="object")
    columns: dict[str, Any] = {label: st.column_config.TextColumn(label) for label in JOB_COLUMNS.values()}
    columns["Action"] = st.column_config.SelectboxColumn("Action", options=list(words.values()))
    edited = st.data_editor(frame, key=key, num_rows="dynamic", hide_index=True, column_config=columns)
    by_word = {label: name for name, label in words.items()}
    found = []
    for position, row in enumerate(edited.to_dict("records"), 1):
        texts = {name: _word(row[label]) for name, label in JOB_COLUMNS.items()}
        texts["action"] = by_word.get(texts["action"], "repair")
        found.append(JobDraft(position=position, **texts))
    return tuple(found)


def edit_lines(draft: ClaimDraft, *, key: str) -> tuple[ChargeDraft, ...]:
    """The editor of the lines of money; blank hours, rates and prices are filled from the price list when saved."""
    rows = [
        [CHARGE_KINDS[c.kind], c.job, c.code, c.description, c.quantity / 100, c.unit_cents / 100, c.markup / 100]
        for c in draft.charges
    ]
    columns: dict[str, Any] = {
        "Kind": st.column_config.SelectboxColumn("Kind", options=list(CHARGE_KINDS.values())),
        "Job": st.column_config.NumberColumn("Job", step=1, help="0 for the whole visit"),
        **{name: st.column_config.TextColumn(name) for name in ("Code", "Description")},
        **{name: st.column_config.NumberColumn(name, step=0.01, format="%.2f") for name in LINE_COLUMNS[4:]},
    }
    frame = pd.DataFrame(rows or None, columns=list(LINE_COLUMNS)).astype(
        {"Kind": "object", "Code": "object", "Description": "object", "Job": "float", "Quantity": "float",
         "Each": "float", "Markup %": "float"}
    )  # fmt: skip
    edited = st.data_editor(frame, key=key, num_rows="dynamic", hide_index=True, column_config=columns)
    by_word = {label: name for name, label in CHARGE_KINDS.items()}
    return tuple(
        ChargeDraft(
            position=position, kind=by_word.get(_word(row["Kind"]), "misc"), job=_number(row["Job"]) // 100,
            code=_word(row["Code"]), description=_word(row["Description"]), quantity=_number(row["Quantity"]),
            unit_cents=_number(row["Each"]), markup=_number(row["Markup %"]),
        )
        for position, row in enumerate(edited.to_dict("records"), 1)
    )  # fmt: skip


def _say(result: Result) -> None:
    st.markdown(f":{TONES[result.level]}[:material/flag: {result.rule}: {plain(result.sentence)}]")


def findings_at(preview: Preview | None, *fields: str) -> None:
    """The problems and findings of some fields, below them."""
    for field in fields:
        problems_of(FORM, field)
        for result in preview.verdict.failed if preview else ():
            if result.field == field and not result.job and not result.charge:
                _say(result)


def findings_of_rows(preview: Preview | None, name: str) -> None:
    """The findings of jobs (`job`) or lines (`charge`), each with the row it belongs to, errors first."""
    label = {"job": "Job", "charge": "Line"}[name]
    failed = [r for r in (preview.verdict.failed if preview else ()) if getattr(r, name)]
    if name == "job":
        failed = [r for r in failed if not r.charge]
    for result in sorted(failed, key=lambda r: (ORDER.index(r.level), getattr(r, name))):
        st.caption(f"{label} {getattr(result, name)}")
        _say(result)


def summary(preview: Preview, *, shown: Sequence[str]) -> None:
    """What will probably happen, with the amount, and the findings that belong to no field on the page."""
    verdict = preview.verdict
    claimed, suggested = verdict.claimed_cents / 100, verdict.suggested_cents / 100
    with st.container(border=True):
        st.markdown(f"##### If sent now: {OUTCOMES[verdict.outcome].lower()}")
        st.markdown(f"Claimed **{claimed:,.2f}** · by the rules **{suggested:,.2f}**")
        for result in sorted(verdict.failed, key=lambda r: ORDER.index(r.level)):
            if not result.job and not result.charge and result.field not in shown:
                _say(result)
