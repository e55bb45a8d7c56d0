"""The lines of a claim: claimed, suggested, decided; who may decide edits them and approves with one click."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.claims_words import money, right
from components.charts.base import table
from components.labels import plain
from components.perform import perform, problems_of
from db.claims.decide_commands import decide_lines
from db.claims.decision_rules import LineDecision, job_rejected
from db.claims.drawer_queries import ClaimDrawer
from db.claims.flow import FLOW
from db.claims.model import CHARGE_KINDS
from db.claims.reason_rules import REASON_CODES
from db.workflow.checks import available_steps

CODES = {label: code for code, label in REASON_CODES.items()}
ROWS = 15
"""Up to so many lines each has boxes of its own; more are a grid."""


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
                "Claimed": [money(c.claimed_cents) for c in charges],
                "Suggested": [money(c.suggested_cents) for c in charges],
                "Approved": [money(c.approved_cents) for c in charges],
                "Why": [_why(c) for c in charges],
            }
        ),
        key=f"claims_lines_{page.id}", alt="Lines of the claim",
        columns={
            "Job": tables.number("Job", width=50), "Line": tables.text("Line", width=210),
            "Claimed": right("Claimed", 88), "Suggested": right("Suggested", 88), "Approved": right("Approved", 88),
            "Why": tables.text("Why", width=200),
        },
    )  # fmt: skip


def _draw_editor(page: ClaimDrawer, *, form: str, after: Callable[[Any], None]) -> None:
    gone, why = _draw_jobs(page)
    # Keyed by the suggestion: a claim that was only taken or handed over meanwhile keeps what was typed, another
    # suggestion is another editor, so that nothing typed for an older one is laid over it.
    prefix = f"claims_edit_{page.id}_{page.claim.run}_{page.claim.signed_level}_{page.claim.appeals}"
    many = len(page.charges) > ROWS
    if many:
        _draw_grid(page, key=prefix)
    else:
        _draw_rows(page, prefix=prefix)
    problems_of(form, "lines")

    def clicked() -> None:
        state = st.session_state
        decisions = typed_lines(page, state.get(prefix)) if many else typed_rows(page, state, prefix=prefix)
        for job in gone:
            decisions = job_rejected(page.lines, decisions, job=job, reason_code=why or "")
        perform(
            decide_lines, form=form, say=lambda _state: f"{page.number}: lines decided", after=after,
            arguments={"item_id": page.id, "seen_version": page.version, "lines": decisions},
        )  # fmt: skip

    st.button("Approve these lines", key=f"claims_lines_go_{page.id}", icon=":material/rule:", on_click=clicked)


def _draw_jobs(page: ClaimDrawer) -> tuple[list[int], str | None]:
    """Which whole jobs are rejected and why; asked only where there are several."""
    jobs = sorted({x.job for x in page.lines if x.job})
    if len(jobs) < 2:
        return [], None
    gone = st.pills(
        "Reject a whole job", jobs, format_func=lambda j: f"Job {j}", key=f"claims_job_{page.id}",
        selection_mode="multi",
    )  # fmt: skip
    if not gone:
        return [], None
    why = st.selectbox(
        "Reason for the job", list(REASON_CODES), index=None, format_func=lambda c: REASON_CODES[c],
        key=f"claims_job_why_{page.id}", placeholder="Choose",
    )  # fmt: skip
    return list(gone), why


def _draw_rows(page: ClaimDrawer, *, prefix: str) -> None:
    """A row of boxes for each line, in the order of the Tab key: amount, reason, and a note for another reason."""
    wanted = {d.position: d for d in page.suggestion}
    for charge in page.charges:
        one = wanted[charge.position]
        key = f"{prefix}_{charge.position}"
        below = f", suggested {money(one.cents)}" if one.cents != charge.claimed_cents else ""
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.markdown(
                f"**{charge.position}** {plain(_name(charge))}  \n:gray[Claimed {money(charge.claimed_cents)}{below}]",
                width=220,
            )
            st.number_input(
                f"Approve line {charge.position}", value=one.cents / 100, key=f"{key}_amount", format="%.2f",
                step=None, width=150,
            )  # fmt: skip
            code = st.selectbox(
                f"Reason for line {charge.position}", list(REASON_CODES),
                index=list(REASON_CODES).index(one.reason_code) if one.reason_code in REASON_CODES else None,
                format_func=lambda c: REASON_CODES[c], key=f"{key}_reason", placeholder="Where it is less",
                width=270,
            )  # fmt: skip
            if code == "OTHER" or one.note:
                st.text_input(
                    f"Note for line {charge.position}", value=one.note, key=f"{key}_note", max_chars=500,
                    placeholder="The dealer reads this", width="stretch",
                )  # fmt: skip
    total = sum(d.cents for d in typed_rows(page, st.session_state, prefix=prefix))
    st.markdown(f"Approved in all **{money(total)}** :gray[of {money(page.claim.claimed_cents)}]")


def _draw_grid(page: ClaimDrawer, *, key: str) -> None:
    """The same as a grid, for claims of many lines."""
    wanted = {d.position: d for d in page.suggestion}
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


def typed_rows(page: ClaimDrawer, state: Any, *, prefix: str) -> list[LineDecision]:
    """The suggestion with what stands in the boxes of each line; a box that was emptied holds the suggestion."""
    wanted = {d.position: d for d in page.suggestion}
    found = []
    for charge in page.charges:
        one, key = wanted[charge.position], f"{prefix}_{charge.position}"
        amount = state.get(f"{key}_amount")
        cents = one.cents if amount is None else round(amount * 100)
        code = state.get(f"{key}_reason", one.reason_code) or ""
        note = state.get(f"{key}_note", one.note) or ""
        found.append(LineDecision(position=charge.position, cents=cents, reason_code=code, note=note.strip()))
    return found


def typed_lines(page: ClaimDrawer, state: Any) -> list[LineDecision]:
    """The suggestion with what was changed in the grid; `state` is that of the data editor."""
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
