"""The queue of incentive claims: its drawer with checks and stacking, its list, and approving several at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zlib import crc32

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.incentives import draw_checks, draw_claim_head, draw_claim_papers
from components.charts.base import table
from components.clock import now
from components.kept import kept
from components.labels import badge, facts, plain
from components.perform import perform, problems_of, show_outcome
from components.queue_page import Screen, id_at, open_drawer, remember_rows
from db.core.actor import Actor
from db.core.labels import moment_words, plural, relative_label
from db.core.permissions import Permission
from db.core.session import reading
from db.incentives.bulk_commands import BulkOutcome
from db.incentives.claim_rules import TITLES
from db.incentives.commands import COMMANDS, approve_many
from db.incentives.facts_rules import ANSWERS
from db.incentives.flow import FLOW, REVIEW
from db.incentives.queue_queries import (
    BY_DUE,
    ClaimPage,
    Counts,
    Filters,
    claim_page,
    count_all,
    first_to_decide,
    list_claims,
)
from db.incentives.say_rules import money
from db.incentives.validation_queries import ClaimRow
from db.workflow.checks import available_steps

BULK, KEY = "incq_bulk", "incq_list"
AREAS = ("incentives", "dealers", "people")
"""Where a line of the list is read from."""
FILTERS, SKIPPED, AT = "_incq_filters", "_incq_skipped", "_incq_at"


# ---- the drawer ------------------------------------------------------------------------------------------------------
def _facts(page: ClaimPage) -> None:
    draw_claim_head(page)
    if page.status in REVIEW:
        _draw_left(page)
    draw_checks(page.checks)
    unasked = [f"{c.rule} {TITLES[c.rule].lower()}" for c in page.checks if c.level == "none"]
    if unasked:
        st.caption(f"Not asked by this program: {plain(', '.join(unasked))}.")
    if page.sale_id is None:
        st.caption("A volume is claimed by its period: each unit passed its own checks when it was counted.")


def _draw_left(page: ClaimPage) -> None:
    """What the program pays less than is claimed, so that it is seen before it is signed."""
    claimed = page.claimed_cents or 0
    if page.entitled_cents < claimed:
        st.warning(
            f"{plain(money(page.entitled_cents))} can be approved, {plain(money(claimed - page.entitled_cents))} less"
            " than is claimed.", icon=":material/content_cut:",
        )  # fmt: skip


def _below(page: ClaimPage) -> None:
    zone, at = current_actor().zone, now()
    if page.sale_id is not None:
        st.markdown("**What this sale can have together**")
        if page.chosen:
            st.markdown(f"{plain(' + '.join(page.chosen))} = **{plain(money(page.chosen_cents))}**")
        else:
            st.caption("No program pays this sale as it stands now.")
        for loser in page.losers:
            st.markdown(f":gray[:material/layers_clear: {plain(loser.why)}]")
    decided = f"{page.decided_by}, {moment_words(page.decided_at, zone, now=at)}" if page.decided_at else ""
    facts(
        [
            ("Program", f"{page.program} {page.program_name}"), ("Dealer", page.dealer),
            ("Sale", f"{page.sale} {page.vin}".strip() or f"Period {page.period}"), ("Sent by", page.submitted_by),
            ("Decided", decided),
        ]
    )  # fmt: skip
    draw_claim_papers(page, key="incq_paper")
    if len(page.runs) > 1:
        with st.expander(f"Checked {len(page.runs)} times"):
            for run in page.runs:
                word, tone = ANSWERS.get(run.outcome, (run.outcome, "gray"))
                made = f"{run.made_by}, {moment_words(run.made_at, zone, now=at)}"
                st.markdown(f"{badge(word, tone)} {plain(money(run.entitled_cents))} :gray[{plain(made)}]")


def _load(session: Any, **arguments: Any) -> ClaimPage:
    st.session_state[AT] = arguments["item_id"]
    return claim_page(session, **arguments)


def _taken(_result: Any) -> None:
    """After a decision the next claim that waits opens, so that the queue is worked through without going back."""
    actor, done = current_actor(), st.session_state.get(AT)
    filters = st.session_state.get(FILTERS) or Filters()
    st.session_state.pop(SCREEN.open_key, None)
    if done is None or filters.view not in BY_DUE or not actor.can(Permission.INCENTIVES_DECIDE):
        return
    with reading() as session:
        following = first_to_decide(session, actor=actor, filters=filters, but=done)
    if following is not None:
        st.session_state[SCREEN.open_key] = following


SCREEN = Screen(
    flow=FLOW, commands=COMMANDS, key="incq", load=_load, title=lambda c: f"{c.number} · {plain(c.dealer)}",
    draw_facts=_facts, draw_below=_below, said=lambda c, step: f"{c.number}: {step.label.lower()}", after=_taken,
    width=680,
)  # fmt: skip


# ---- the list --------------------------------------------------------------------------------------------------------
def _open_at(position: int) -> None:
    item_id = id_at(KEY, position)
    if item_id is not None:
        open_drawer(SCREEN, item_id)


def table_key(ids: Sequence[int]) -> str:
    """The key of the list: other rows are another table, so no tick stays by place."""
    return f"{KEY}_{crc32(repr(list(ids)).encode()):08x}"


def _due(row: ClaimRow, at: datetime) -> tuple[str, str]:
    if row.due_at is None:
        return "", "gray"
    days = (row.due_at - at).total_seconds() / 86_400
    return relative_label(row.due_at, at), "red" if days < 0 else "orange" if days < 3 else "gray"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the page shows under its filters: a page of claims, and how many stand where (counted up to `CAP` + 1)."""

    rows: Sequence[ClaimRow]
    following: Any
    counts: Counts


def look(session: Any, *, actor: Actor, filters: Filters, after: Any, at: datetime) -> Seen:
    """What the page shows, asked again when something behind it changed and with every minute (`at`)."""
    who = actor if filters.view == "mine" else (actor.role, actor.scope, actor.zone)

    def make() -> Seen:
        rows, following = list_claims(session, actor=actor, filters=filters, after=after)
        return Seen(
            rows=tuple(rows), following=following, counts=count_all(session, actor=actor, filters=filters)
        )  # fmt: skip

    return kept(session, make, "incentive_claims", who, filters, after, at, areas=AREAS)


def draw_list(rows: Sequence[ClaimRow], *, waits: bool, with_dealer: bool) -> None:
    """A page of claims; who may decide can choose several that wait and approve them together."""
    actor, at = current_actor(), now()
    remember_rows(KEY, [r.id for r in rows])
    due = [_due(r, at) for r in rows]
    many = waits and actor.can(Permission.INCENTIVES_DECIDE)
    chosen = tables.show(
        table(
            {
                "Claim": [r.number for r in rows],
                "Due": [[word] if word else [] for word, _ in due],
                "Dealer": [r.dealer for r in rows],
                "Status": [[r.state] for r in rows],
                "Program": [r.program for r in rows],
                "Claimed": [money(r.claimed_cents or 0) for r in rows],
                "Pays": [money(r.entitled_cents) if r.entitled_cents else "–" for r in rows],
                "Approved": ["–" if r.approved_cents is None else money(r.approved_cents) for r in rows],
                "Signed": [money(r.signed_cents) if r.signed_cents else "–" for r in rows],
                "For": [r.vin or f"Period {r.period}" for r in rows],
                "Why": [r.reason_note or "–" for r in rows],
            }
        ),
        key=table_key([r.id for r in rows]), alt="Incentive claims", select="many" if many else "none",
        height=560 if len(rows) > 16 else "content",
        columns={
            "Claim": tables.opener("Claim", key="incq_click", on_open=_open_at, width=94),
            "Due": tables.pill("Due", dict(due), width=120) if waits else None,
            "Dealer": tables.text("Dealer", width=160) if with_dealer else None,
            "Status": None if waits and all(r.status == "in_review" for r in rows) else tables.status(FLOW, width=126),
            "Program": tables.text("Program", width=116),
            "Claimed": right("Claimed", 92), "Pays": right("Program pays", 104) if waits else None,
            "Signed": right("Signed", 92) if waits and any(r.signed_cents for r in rows) else None,
            "Approved": None if waits else right("Approved", 92), "For": tables.text("For", width=170),
            "Why": None if waits else tables.text("Why", width=300),
        },
    )  # fmt: skip
    picked = [rows[i] for i in chosen if i < len(rows)]
    if picked:
        _bulk_bar(picked)


def right(label: str, width: int) -> Any:
    """A column of amounts as text."""
    return st.column_config.TextColumn(label, width=width, alignment="right")


def _bulk_bar(picked: Sequence[ClaimRow]) -> None:
    actor = current_actor()
    able = [r for r in picked if any(s.name == "approve" for s in available_steps(
        FLOW, status=r.status, submitted_by=r.submitted_by, actor=actor, signed_by=r.signed_by))]  # fmt: skip
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            total = sum(min(r.entitled_cents, r.claimed_cents or 0) for r in able)
            st.markdown(f"**{plural(len(picked), 'claim')} chosen**, {plain(money(total))} to pay", width="content")
            st.text_input("Note", key="incq_bulk_note", placeholder="Note (optional)", label_visibility="collapsed")
            st.button(
                f"Approve {len(able)}", type="primary", icon=":material/verified:", key="incq_bulk_go",
                disabled=not able, on_click=_approve, args=([(r.id, r.version) for r in picked],),
            )  # fmt: skip
        if len(able) < len(picked):
            st.caption(f"{plural(len(picked) - len(able), 'claim')} another person has to decide.")
        problems_of(BULK, "items")


def _approve(items: list[tuple[int, int]]) -> None:
    def done(result: BulkOutcome) -> None:
        st.session_state[SKIPPED] = [f"{number}: {why}" for number, why in result.skipped]

    def words(result: BulkOutcome) -> str:
        skipped = f", {len(result.skipped)} skipped" if result.skipped else ""
        return f"{plural(len(result.approved), 'claim')} approved, {money(result.cents)}{skipped}"

    perform(
        approve_many, form=BULK, say=words, typed={"note": "incq_bulk_note"}, convert={"note": lambda v: v or ""},
        arguments={"items": items}, after=done,
    )  # fmt: skip


def show_bulk_outcome() -> None:
    """The toast of the last approval of several, and why some were skipped."""
    show_outcome(BULK)
    for sentence in st.session_state.pop(SKIPPED, ()):
        st.warning(plain(sentence), icon=":material/skip_next:")
