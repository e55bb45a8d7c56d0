"""The lines of a claim: claimed, suggested, decided; who may decide edits them and approves with one click."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from components import tables
from components.access import current_actor
from components.charts.base import table
from components.perform import perform, problems_of
from db.claims.decide_commands import decide_lines
from db.claims.decision_rules import LineDecision, job_rejected
from db.claims.drawer_queries import ClaimDrawer
from db.claims.flow import FLOW
from db.claims.model import CHARGE_KINDS
from db.claims.reason_rules import REASON_CODES
from db.workflow.checks import available_steps

CODES = {label: code for code, label in REASON_CODES.items()}


def draw_lines(page: ClaimDrawer, *, form: str, after: Callable[[Any], None]) -> None:
    """The table of lines, editable where this person may approve now."""
    steps = available_steps(
        FLOW, status=page.status, submitted_by=page.submitted_by, actor=current_actor(), signed_by=page.signed_by
    )
    if any(s.name == "approve" for s in steps):
        _draw_editor(page, form=form, after=after)
        return
    charges = page.charges
    tables.show(
        table(
            {
                "Job": [c.job for c in charges],
                "Line": [_name(c) for c in charges],
                "Claimed": [c.claimed_cents / 100 for c in charges],
                "Approved": [None if c.approved_cents is None else c.approved_cents / 100 for c in charges],
                "Why": [_why(c) for c in charges],
            }
        ),
        key=f"claims_lines_{page.id}", alt="Lines of the claim",
        columns={
            "Job": tables.number("Job", width=50), "Line": tables.text("Line", width=210),
            "Claimed": _amount("Claimed"), "Approved": _amount("Approved"), "Why": tables.text("Why", width=220),
        },
    )  # fmt: skip


def _draw_editor(page: ClaimDrawer, *, form: str, after: Callable[[Any], None]) -> None:
    jobs = sorted({x.job for x in page.lines if x.job})
    gone = st.pills(
        "Reject a whole job", jobs, format_func=lambda j: f"Job {j}", key=f"claims_job_{page.id}",
        selection_mode="multi",
    )  # fmt: skip
    why = None
    if gone:
        why = st.selectbox(
            "Reason for the job", list(REASON_CODES), index=None, format_func=lambda c: REASON_CODES[c],
            key=f"claims_job_why_{page.id}", placeholder="Choose",
        )  # fmt: skip
    wanted = {d.position: d for d in page.suggestion}
    # Another version of the claim is another table: what was typed for an older one must not be laid over it.
    key = f"claims_edit_{page.id}_{page.version}"
    rows = [
        {
            "Job": c.job, "Line": _name(c), "Claimed": c.claimed_cents / 100,
            "Suggested": wanted[c.position].cents / 100, "Approve": wanted[c.position].cents / 100,
            "Reason": REASON_CODES.get(wanted[c.position].reason_code), "Note": wanted[c.position].note,
        }
        for c in page.charges
    ]  # fmt: skip
    st.data_editor(
        rows, key=key, hide_index=True, num_rows="fixed", disabled=["Job", "Line", "Claimed", "Suggested"],
        column_config={
            "Job": tables.number("Job", width=46), "Line": tables.text("Line", width=150),
            "Claimed": _amount("Claimed"), "Suggested": _amount("Suggested"),
            "Approve": st.column_config.NumberColumn("Approve", format="%.2f", width=86, step=0.01),
            "Reason": st.column_config.SelectboxColumn("Reason", options=list(CODES), width=170),
            "Note": st.column_config.TextColumn("Note", width=140, max_chars=500),
        },
    )  # fmt: skip
    problems_of(form, "lines")

    def clicked() -> None:
        decisions = typed_lines(page, st.session_state.get(key))
        for job in gone:
            decisions = job_rejected(page.lines, decisions, job=job, reason_code=why or "")
        perform(
            decide_lines, form=form, say=lambda _state: f"{page.number}: lines decided", after=after,
            arguments={"item_id": page.id, "seen_version": page.version, "lines": decisions},
        )  # fmt: skip

    st.button("Approve these lines", key=f"claims_lines_go_{page.id}", icon=":material/rule:", on_click=clicked)


def typed_lines(page: ClaimDrawer, state: Any) -> list[LineDecision]:
    """The suggestion with what was changed in the editor; `state` is that of the data editor."""
    edited = dict((state or {}).get("edited_rows", {}))
    wanted = {d.position: d for d in page.suggestion}
    found = []
    for place, charge in enumerate(page.charges):
        changed, one = edited.get(place, {}), wanted[charge.position]
        cents = one.cents if changed.get("Approve") is None else round(changed["Approve"] * 100)
        code = CODES.get(changed["Reason"] or "", "") if "Reason" in changed else one.reason_code
        note = (changed["Note"] or "") if "Note" in changed else one.note
        found.append(LineDecision(position=charge.position, cents=cents, reason_code=code, note=note))
    return found


def _name(charge: Any) -> str:
    kind = CHARGE_KINDS.get(charge.kind, charge.kind)
    return " ".join(x for x in (kind, charge.code or charge.description) if x)


def _why(charge: Any) -> str:
    if charge.decision in ("", "approve"):
        return ""
    return ": ".join(x for x in (REASON_CODES.get(charge.reason_code, ""), charge.reason_note) if x)


def _amount(label: str) -> Any:
    return st.column_config.NumberColumn(label, format="%.2f", width=82)
