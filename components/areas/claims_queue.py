"""The list of claims, and approving several at once with what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zlib import crc32

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.claim_clock import clock_cell, held_cell
from components.areas.claims import open_at
from components.areas.claims_words import LEVELS, findings_cell, money, right
from components.charts.base import table
from components.kept import kept
from components.labels import plain
from components.perform import perform, problems_of, show_outcome
from components.queue_page import remember_rows
from db.claims.board_queries import ClaimFilters, ClaimRow, count_all, list_claims
from db.claims.bulk_commands import BulkOutcome, approve_many
from db.claims.flow import FLOW
from db.claims.hold_queries import clocks_of, held_minutes
from db.claims.model import CLAIM_TYPES
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.investigations.queries import FlagLine, flagged
from db.workflow.checks import available_steps

BULK, KEY = "claims_bulk", "claims_list"


def table_key(ids: Sequence[int]) -> str:
    """The key of the list: other rows are another table, so no tick stays by place."""
    return f"{KEY}_{crc32(repr(list(ids)).encode()):08x}"


AREAS = ("claims", "claim_payments", "investigations", "part_returns", "warranty", "dealers", "people")
"""Where a line of the list is read from."""
OWN_VIEWS = ("level", "mine")


@dataclass(frozen=True, kw_only=True)
class Cells:
    """A page of claims as it is drawn, and the tones of its words."""

    table: Any
    clocks: Mapping[str, str]
    findings: Mapping[str, str]
    flags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the page shows under its filters: a page of claims, and how many stand where (counted up to `CAP` + 1)."""

    rows: Sequence[ClaimRow]
    following: Any
    cells: Cells
    turn: str
    total: int
    late: int
    soon: int
    statuses: Mapping[str, int]


def look(session: Any, *, actor: Actor, filters: ClaimFilters, after: Any, at: datetime) -> Seen:
    """What the page shows, asked again when something behind it changed and with every minute (`at`)."""
    is_own = filters.view in OWN_VIEWS or filters.person == "me"
    who = actor if is_own else (actor.role, actor.scope, actor.zone)
    make = partial(_look, session, actor=actor, filters=filters, after=after, at=at)
    return kept(session, make, "claims", who, filters, after, at, areas=AREAS)


def _look(session: Any, *, actor: Actor, filters: ClaimFilters, after: Any, at: datetime) -> Seen:
    rows, following = list_claims(session, actor=actor, filters=filters, after=after)
    turn = "progress" if actor.role.is_dealer else "waiting"
    counts = count_all(session, actor=actor, filters=filters, turn=turn)
    return Seen(
        rows=tuple(rows), following=following, cells=_cells(session, rows, actor=actor, at=at), turn=turn,
        total=counts.total, late=counts.late, soon=counts.soon, statuses=counts.statuses,
    )  # fmt: skip


def _cells(session: Any, rows: Sequence[ClaimRow], *, actor: Actor, at: datetime) -> Cells:
    """The lines with clock, who held it and what is flagged: a bounded number of reads, whatever the rows."""
    ids = [r.id for r in rows]
    known = clocks_of(session, claim_ids=ids, scope=actor.scope, now=at)
    held = held_minutes(session, claim_ids=ids, scope=actor.scope, now=at)
    flag_lines = flagged(session, claim_ids=ids, actor=actor)
    lines = [known.get(r.id) for r in rows]
    clocks = [clock_cell(line, r.due_at, at) for line, r in zip(lines, rows, strict=True)]
    found = [findings_cell(r.findings, r.worst) for r in rows]
    flags = [_flag_words(flag_lines.get(r.id, ())) for r in rows]
    drawn = table(
        {
            "Claim": [r.number for r in rows],
            "Clock": [[c] if c else [] for c in clocks],
            "Dealer": [r.dealer for r in rows],
            "Status": [[FLOW.state(r.status).label] for r in rows],
            "Claimed": [money(r.claimed_cents) for r in rows],
            "Suggested": [money(r.suggested_cents) for r in rows],
            "Approved": [money(r.approved_cents) for r in rows],
            "Why": [r.reason_note for r in rows],
            "Findings": [[f] if f else [] for f in found],
            "Flags": [[f] if f else [] for f in flags],
            "Who held it": [held_cell(held.get(r.id)) for r in rows],
            "Silence": [f"{r.silent_on.day} {r.silent_on:%b}" if r.silent_on else "–" for r in rows],
            "Person": [r.assignee or "–" for r in rows],
            "Level": [str(r.level) if r.level else "–" for r in rows],
            "Type": [CLAIM_TYPES.get(r.claim_type, r.claim_type) for r in rows],
            "VIN": [r.vin for r in rows],
        }
    )
    return Cells(
        table=drawn, clocks={c: line.tone if line else "gray" for c, line in zip(clocks, lines, strict=True)},
        findings={f: LEVELS[r.worst][1] if r.worst else "gray" for f, r in zip(found, rows, strict=True)},
        flags=dict.fromkeys(flags, "red") if any(flags) else {},
    )  # fmt: skip


def draw_list(seen: Seen, *, waits: bool, with_dealer: bool) -> None:
    """A page of claims; who may decide can choose several that wait and approve them together."""
    actor, rows, cells = current_actor(), seen.rows, seen.cells
    remember_rows(KEY, [r.id for r in rows])
    many = waits and actor.can(Permission.CLAIMS_DECIDE)
    chosen = tables.show(
        cells.table,
        key=table_key([r.id for r in rows]), alt="Claims", select="many" if many else "none",
        height=560 if len(rows) > 16 else "content",
        columns={
            "Claim": tables.opener("Claim", key="claims_click", on_open=lambda p: open_at(KEY, p), width=94),
            "Clock": tables.pill(
                "Clock", cells.clocks, width=116,
                help="The time to decide (or to pay) that is used: blue from 50%, orange from 80%, red from 100%",
            ),
            "Dealer": tables.text("Dealer", width=146) if with_dealer else None,
            "Status": tables.status(FLOW, width=112), "Claimed": right("Claimed", 80),
            "Suggested": right("Suggested", 84) if waits else None,
            "Approved": None if waits else right("Approved", 84),
            "Why": tables.text("Why", width=330) if actor.role.is_dealer and not waits else None,
            "Findings": tables.pill("Findings", cells.findings, width=136),
            "Flags": tables.pill("Flags", cells.flags, width=74) if cells.flags else None,
            "Who held it": tables.text("Who held it", width=190, help="Since it was first sent, the longest first"),
            "Silence": tables.text("Silence", width=76, help="The day the law approves it if nobody decides"),
            "Person": tables.text("Person", width=110) if waits else None,
            "Level": tables.text("Level", width=56, help="The level of authority that signs next") if waits else None,
            "Type": tables.text("Type", width=130), "VIN": tables.text("VIN", width=158),
        },
    )  # fmt: skip
    picked = [rows[i] for i in chosen if i < len(rows)]
    if picked:
        _bulk_bar(picked)


def _flag_words(flags: Sequence[FlagLine]) -> str:
    return plural(len(flags), "flag") if flags else ""


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
