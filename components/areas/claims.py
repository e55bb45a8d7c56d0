"""The drawer of a claim: what is suggested and why, findings, the step, then lines, evidence and history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from components import labels, tables
from components.access import current_actor
from components.areas.claims_lines import draw_lines
from components.charts.base import table
from components.clock import now
from components.forms import Choices
from components.labels import plain
from components.queue_page import Screen, id_at, open_drawer
from db.claims.board_queries import first_waiting, used_percent
from db.claims.commands import COMMANDS
from db.claims.drawer_queries import ClaimDrawer, get_claim
from db.claims.flow import FLOW
from db.claims.model import ATTACHMENT_KINDS, CLAIM_TYPES, OUTCOMES
from db.claims.reason_rules import REASON_CODES
from db.core.labels import moment_label, percent_label, plural, relative_label
from db.core.session import reading

LEVELS = {
    "E": ("Error", "red"), "X": ("Denies", "red"), "A": ("Needs approval", "orange"), "W": ("Warning", "yellow"),
    "R": ("Corrected", "blue"),
}  # fmt: skip
"""Levels of findings as words and tones, the worst first."""
KINDS = {
    "recommend": "Signed", "approve": "Approved", "partial": "Partly approved", "deny": "Denied", "return": "Returned",
    "reject": "Not processed", "appeal": "Appealed", "deemed": "Approved by silence", "void": "Taken back",
    "charge_back": "Charged back",
}  # fmt: skip


def money(cents: int | None) -> str:
    """An amount of a claim; an en dash when there is none yet."""
    return "–" if cents is None else f"{cents / 100:,.2f}"


def clock_tone(percent: int | None) -> str:
    """The colour of the clock at 50, 80 and 100 percent (domain-rules 2.1 H)."""
    if percent is None:
        return "gray"
    return "red" if percent >= 100 else "orange" if percent >= 80 else "yellow" if percent >= 50 else "green"


def draw_facts(page: ClaimDrawer) -> None:
    """Suggestion and why first, then what was found; the steps follow."""
    claim, at, zone = page.claim, now(), current_actor().zone
    state = FLOW.state(claim.status)
    percent = used_percent(claim.received_at, claim.decide_by if claim.due_at else None, at)
    due = f"Due {relative_label(claim.due_at, at)}" if claim.due_at else ""
    level = next((f"Level {a.level}: {a.label}" for a in page.levels if a.level == claim.level), "")
    labels.badges([(state.label, state.tone), (due, clock_tone(percent)), (level, "gray")])
    is_open = claim.held_by in ("us", "engineering") or claim.status.startswith("pending")
    if is_open:
        outcome = "Signed" if claim.signed_level else OUTCOMES.get(claim.outcome, "")
        st.markdown(
            f"#### Suggested {money(page.suggested_cents)} :gray[of {money(claim.claimed_cents)}]"
            + (f"  \n:gray[{plain(outcome)}]" if outcome else "")
        )
    elif claim.approved_cents is not None:
        st.markdown(f"#### Approved {money(claim.approved_cents)} :gray[of {money(claim.claimed_cents)}]")
    else:
        st.markdown(f"#### Claimed {money(claim.claimed_cents)}")
    if claim.status == "appealed":
        kept = f" {money(claim.approved_cents)} approved before stays." if claim.approved_cents else ""
        st.info(f"Appeal: {plain(claim.appeal_note)}.{kept}", icon=":material/gavel:")
    elif claim.reason_note or claim.reason_code:
        code = REASON_CODES.get(claim.reason_code, "")
        st.caption(plain(": ".join(p for p in (code, claim.reason_note) if p)))
    found = {f.sentence for f in page.findings}
    for sentence in [w for w in page.why if w not in found][:5]:
        st.markdown(f"- {plain(sentence)}")
    for level_name, (word, tone) in LEVELS.items():
        for finding in [f for f in page.findings if f.level == level_name]:
            st.markdown(f"{labels.badge(word, tone)} **{plain(finding.rule)}** {plain(finding.sentence)}")
    if is_open and not page.findings and not page.why:
        st.caption("No rule found anything: the amount needs a person.")
    labels.facts(
        [
            ("Dealer", page.dealer), ("Type", CLAIM_TYPES.get(claim.claim_type, claim.claim_type)), ("VIN", page.vin),
            ("Repair order", claim.ro_number), ("Assigned to", page.assignee or "Nobody"),
            ("Received", moment_label(claim.received_at, zone, now=at)),
        ]
    )  # fmt: skip


def draw_below(page: ClaimDrawer) -> None:
    """Lines, evidence, history and earlier signatures, each in its tab."""
    lines, evidence, history, signed = st.tabs(["Lines", "Evidence", "History", "Decisions"])
    with lines:
        draw_lines(page, form=SCREEN.form, after=_taken)
    with evidence:
        _draw_evidence(page)
    with history:
        _draw_history(page)
    with signed:
        _draw_decisions(page)


def _draw_evidence(page: ClaimDrawer) -> None:
    for job in page.jobs:
        st.markdown(f"**Job {job.position}** {plain(' · '.join(x for x in (job.operation, job.component) if x))}")
        labels.facts([("Complaint", job.complaint), ("Cause", job.cause), ("Correction", job.correction)])
    if not page.files:
        st.caption("No file is attached.")
    for file in page.files:
        kind = ATTACHMENT_KINDS.get(file.kind, file.kind)
        st.markdown(f":material/attach_file: {plain(file.file_name)} :gray[{plain(kind)}]")


def _draw_history(page: ClaimDrawer) -> None:
    record, similar = page.record, page.similar
    if record.decided:
        share = percent_label(record.approved_cents, record.claimed_cents)
        st.markdown(
            f"**This dealer**: {plural(record.decided, 'claim')} decided, {record.denied:,} denied,"
            f" {plain(share)} of what was claimed approved."
        )
    if similar.count:
        st.markdown(
            f"**Similar claims** (same operation and model): {similar.count:,}, median {money(similar.median_cents)};"
            f" {similar.above:,} cost less than this one."
        )
    for title, rows in (("This vehicle", page.of_vehicle), ("Last of this dealer", page.of_dealer)):
        st.markdown(f"**{title}**")
        if not rows:
            st.caption("None.")
            continue
        tables.show(
            table(
                {
                    "Claim": [r.number for r in rows],
                    "Status": [[FLOW.state(r.status).label] for r in rows],
                    "Claimed": [money(r.claimed_cents) for r in rows],
                    "Approved": [money(r.approved_cents) for r in rows],
                }
            ),
            key=f"claims_{title.split()[0]}_{title.split()[-1]}_{page.id}", alt=f"Claims: {title.lower()}",
            columns={
                "Claim": tables.text("Claim", width=100), "Status": tables.status(FLOW, width=140),
                "Claimed": right("Claimed", 100), "Approved": right("Approved", 100),
            },
        )  # fmt: skip


def _draw_decisions(page: ClaimDrawer) -> None:
    zone, at = current_actor().zone, now()
    if not page.decisions:
        st.caption("Nobody has signed or decided yet.")
    for one in page.decisions:
        amount = f" {money(one.approved_cents)}" if one.approved_cents is not None else ""
        level = f" at level {one.level}" if one.level else ""
        why = ": ".join(p for p in (REASON_CODES.get(one.reason_code, ""), one.note) if p)
        when = moment_label(one.decided_at, zone, now=at)
        st.markdown(
            f"**{plain(KINDS.get(one.kind, one.kind) + amount)}**{plain(level)} :gray[{plain(one.name)}, {plain(when)}]"
            + (f"  \n{plain(why)}" if why else "")
        )


def right(label: str, width: int) -> Any:
    """A right-aligned text column for amounts."""
    return st.column_config.TextColumn(label, width=width, alignment="right")


def _deciders(page: ClaimDrawer, _typed: Mapping[str, Any]) -> Choices:
    return list(page.deciders)


def _taken(_result: Any) -> None:
    """After a step the next claim that waits opens, so that a queue is worked through without going back."""
    actor = current_actor()
    done = st.session_state.get("_claims_at")
    view = st.session_state.get("claims_view") or "waiting"
    st.session_state.pop(SCREEN.open_key, None)
    if actor.role.is_dealer or done is None or view not in ("waiting", "level", "mine"):
        return
    with reading() as session:
        following = first_waiting(session, scope=actor.scope, but=done, view=view, actor=actor)
    if following is not None:
        st.session_state[SCREEN.open_key] = following


def _load(session: Any, **arguments: Any) -> ClaimDrawer:
    st.session_state["_claims_at"] = arguments["item_id"]
    page = get_claim(session, **arguments)
    session.expunge_all()  # it is drawn after the session has ended
    return page


def _said(page: ClaimDrawer, step: Any) -> str:
    return f"{page.number}: {step.label.lower()}"


SCREEN = Screen(
    flow=FLOW, commands=COMMANDS, key="claims", load=_load, draw_facts=draw_facts, draw_below=draw_below,
    title=lambda p: f"{p.number} · {plain(p.dealer)}", said=_said, after=_taken, width=720,
    choices={("hand_over", "assignee_id"): _deciders},
)  # fmt: skip


def open_at(key: str, position: int) -> None:
    """Open the drawer of a row of the list `key`."""
    item_id = id_at(key, position)
    if item_id is not None:
        open_drawer(SCREEN, item_id)
