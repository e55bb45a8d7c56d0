"""The list of claims, and approving several at once with what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.claims import LEVELS, clock_tone, money, open_at, right
from components.charts.base import table
from components.clock import now
from components.labels import plain
from components.perform import perform, problems_of, show_outcome
from components.queue_page import remember_rows
from db.claims.board_queries import ClaimRow
from db.claims.bulk_commands import BulkOutcome, approve_many
from db.claims.flow import FLOW
from db.claims.model import CLAIM_TYPES
from db.core.labels import plural, relative_label
from db.core.permissions import Permission
from db.workflow.checks import available_steps

BULK, KEY = "claims_bulk", "claims_list"


def table_key(ids: Sequence[int]) -> str:
    """The key of the list: other rows are another table, so no tick stays by place."""
    return f"{KEY}_{crc32(repr(list(ids)).encode()):08x}"


def draw_list(rows: Sequence[ClaimRow], *, waits: bool, with_dealer: bool) -> None:
    """A page of claims; who may decide can choose several that wait and approve them together."""
    actor, at = current_actor(), now()
    remember_rows(KEY, [r.id for r in rows])
    due = [relative_label(r.due_at, at) for r in rows]
    tones = {d: clock_tone(r.used_percent(at)) for d, r in zip(due, rows, strict=True)}
    found = [f"{r.findings} {LEVELS[r.worst][0].lower()}" if r.worst else "None" for r in rows]
    worst = {f: LEVELS[r.worst][1] if r.worst else "gray" for f, r in zip(found, rows, strict=True)}
    many = waits and actor.can(Permission.CLAIMS_DECIDE)
    chosen = tables.show(
        table(
            {
                "Claim": [r.number for r in rows],
                "Dealer": [r.dealer for r in rows],
                "VIN": [r.vin for r in rows],
                "Type": [CLAIM_TYPES.get(r.claim_type, r.claim_type) for r in rows],
                "Status": [[FLOW.state(r.status).label] for r in rows],
                "Claimed": [money(r.claimed_cents) for r in rows],
                "Suggested": [money(r.suggested_cents) for r in rows],
                "Approved": [money(r.approved_cents) for r in rows],
                "Findings": [[f] for f in found],
                "Due": [[d] for d in due],
                "Level": [str(r.level) if r.level else "–" for r in rows],
                "Person": [r.assignee or "–" for r in rows],
            }
        ),
        key=table_key([r.id for r in rows]), alt="Claims", select="many" if many else "none",
        height=560 if len(rows) > 16 else "content",
        columns={
            "Claim": tables.opener("Claim", key="claims_click", on_open=lambda p: open_at(KEY, p), width=96),
            "Dealer": tables.text("Dealer", width=140) if with_dealer else None,
            "VIN": tables.text("VIN", width=158), "Type": tables.text("Type", width=130),
            "Status": tables.status(FLOW, width=128), "Claimed": right("Claimed", 92),
            "Suggested": right("Suggested", 92) if waits else None,
            "Approved": None if waits else right("Approved", 92),
            "Findings": tables.pill("Findings", worst, width=128),
            "Due": tables.pill("Due", tones, width=104, help="Yellow from 50%, orange from 80%, red when it is past"),
            "Level": tables.text("Level", width=56, help="The level of authority that signs next") if waits else None,
            "Person": tables.text("Person", width=110) if waits else None,
        },
    )  # fmt: skip
    picked = [rows[i] for i in chosen if i < len(rows)]
    if picked:
        _bulk_bar(picked)


def _bulk_bar(picked: Sequence[ClaimRow]) -> None:
    actor = current_actor()
    able = [
        r
        for r in picked
        if any(
            s.name == "approve"
            for s in available_steps(
                FLOW, status=r.status, submitted_by=r.submitted_by, actor=actor, signed_by=r.signed_by
            )
        )
    ]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            total = sum(r.suggested_cents or 0 for r in able)
            st.markdown(f"**{plural(len(picked), 'claim')} chosen**, {money(total)} suggested", width="content")
            st.text_input("Note", key="claims_bulk_note", placeholder="Note (optional)", label_visibility="collapsed")
            st.button(
                f"Approve {len(able)}", type="primary", icon=":material/verified:", key="claims_bulk_go",
                disabled=not able, on_click=_approve, args=([(r.id, r.version) for r in picked],),
            )  # fmt: skip
        if len(able) < len(picked):
            st.caption(f"{plural(len(picked) - len(able), 'claim')} another person has to decide.")
        problems_of(BULK, "items")
        problems_of(BULK, "note")


def _approve(items: list[tuple[int, int]]) -> None:
    def done(result: BulkOutcome) -> None:
        st.session_state["_claims_skipped"] = [f"{s.number}: {s.why}" for s in result.skipped]

    def words(result: BulkOutcome) -> str:
        skipped = f", {len(result.skipped)} skipped" if result.skipped else ""
        return f"{plural(len(result.approved), 'claim')} approved, {money(result.cents)}{skipped}"

    perform(
        approve_many, form=BULK, say=words, typed={"note": "claims_bulk_note"}, convert={"note": lambda v: v or ""},
        arguments={"items": items}, after=done,
    )  # fmt: skip


def show_bulk_outcome() -> None:
    """The toast of the last approval of several, and why some were skipped."""
    show_outcome(BULK)
    for sentence in st.session_state.pop("_claims_skipped", ()):
        st.warning(plain(sentence))
