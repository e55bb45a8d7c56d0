"""What the incentive check draws: every check in a sentence, what stacks and what loses, the drawer of a claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from components import labels
from components.access import current_actor
from components.areas.incentive_papers import draw_papers, draw_upload
from components.clock import now
from components.labels import plain
from components.queue_page import Screen
from db.core.labels import moment_words, relative_label
from db.core.permissions import Permission
from db.incentives.claim_rules import TITLES
from db.incentives.commands import COMMANDS
from db.incentives.facts_rules import ANSWERS
from db.incentives.flow import FLOW
from db.incentives.say_rules import day, money
from db.incentives.validation_queries import ClaimRow, ProgramView, Validation, claim_view

ICONS = {
    "pass": ":green[:material/check_circle:]", "warn": ":orange[:material/info:]",
    "missing": ":orange[:material/pending:]", "fail": ":red[:material/cancel:]",
    "none": ":gray[:material/remove:]",
}  # fmt: skip


def draw_checks(checks: Sequence[Any]) -> None:
    """Each check that was asked, the ones that stand in the way first; what was not asked stays out."""
    lines = []
    for level in ("fail", "missing", "warn", "pass"):
        for one in [c for c in checks if c.level == level]:
            named = not one.document or one.document in one.sentence
            proof = "" if named else f" :gray[· {plain(one.document)}]"
            name = f"**{one.rule} {TITLES[one.rule]}**"
            lines.append(f"{ICONS[level]} {name}: {plain(one.sentence)}{proof}")
    st.markdown("  \n".join(lines))


def draw_program(view: ProgramView, *, opened: bool) -> None:
    """One program: what it comes to in its head, every check and the program in plain words inside."""
    word, tone = ANSWERS[view.outcome]
    if view.outcome == "valid" and not view.chosen and not view.is_volume:
        word, tone = "Loses", "gray"
    amount = "Counts" if view.is_volume and view.outcome == "valid" else money(view.cents) if view.cents else "–"
    head = f"{labels.badge(word, tone)} **{plain(view.code)}** {plain(view.name)} · {plain(amount)}"
    with st.expander(head, expanded=opened):
        if view.claim:
            st.caption(f"Claimed: {plain(view.claim)}")
        if view.note:
            st.markdown(f":material/stairs: {plain(view.note)}")
        draw_checks(view.checks)
        said = " ".join(view.words)
        st.caption(plain(f"{view.kind}, version {view.version}. {said}"))


def draw_stacking(found: Validation) -> None:
    """What the sale is paid at best, and every losing program with its reason."""
    if not found.programs:
        return
    chosen = [v for v in found.programs if v.chosen and not v.is_volume and v.outcome != "not_eligible"]
    if chosen:
        names = " + ".join(f"{v.code} {money(v.cents)}" for v in chosen)
        st.markdown(f"#### {plain(money(found.cents))} :gray[{plain(names)}]")
    else:
        st.markdown("#### Nothing can be claimed for this sale as it stands")
    for loser in found.losers:
        st.markdown(f":gray[:material/layers_clear:] {plain(loser.why)}")


def draw_validation(found: Validation) -> None:
    """What the sale is paid, then each program with its checks."""
    if not found.programs:
        labels.empty_state("event_busy", "No program runs on the day of this sale.")
        return
    draw_stacking(found)
    acts = (
        v.code for v in found.programs
        if not v.claim and (v.outcome == "returned" or (v.outcome == "valid" and v.chosen and not v.is_volume))
    )  # fmt: skip
    first = next(acts, "")  # the rest stands closed: all of them open would be a wall of sentences
    for view in found.programs:
        draw_program(view, opened=view.code == first)


# ---- the drawer of a claim -------------------------------------------------------------------------------------------
def draw_claim_head(claim: ClaimRow) -> None:
    """State, when it is due, what was signed; what is claimed and what the program pays; the last reason."""
    at = now()
    state = FLOW.state(claim.status)
    due = f"Due {relative_label(claim.due_at, at)}" if claim.due_at else ""
    signed = f"Signed: {money(claim.signed_cents)}" if claim.signed_cents else ""
    labels.badges(
        [(state.label, state.tone), (due, "red" if claim.due_at and claim.due_at < at else "gray"), (signed, "violet")]
    )
    if claim.approved_cents is not None:
        st.markdown(
            f"**Approved {plain(money(claim.approved_cents))}** :gray[of {plain(money(claim.claimed_cents or 0))}]"
        )
    else:
        pays = f":gray[the program pays {plain(money(claim.entitled_cents))}]" if claim.entitled_cents else ""
        st.markdown(f"**Claimed {plain(money(claim.claimed_cents or 0))}** {pays}")
    if claim.reason_note:
        st.caption(plain(claim.reason_note))
    if claim.appealed_at is not None:
        said = f"Appealed {moment_words(claim.appealed_at, current_actor().zone, now=at)}: {claim.appeal_note}"
        st.info(plain(said), icon=":material/gavel:")
    elif claim.appeal_until is not None:
        st.caption(f"It can be appealed until {plain(day(claim.appeal_until))}, once.")


def draw_claim_papers(claim: ClaimRow, *, key: str) -> None:
    """The papers that stand behind a claim; who enters can add one while it helps."""
    st.markdown(f"**Papers** :gray[{len(claim.papers)}]")
    if not claim.papers:
        st.caption("No file is attached.")
    draw_papers(claim.papers, key=f"{key}_{claim.id}", may_remove=False)
    appeals = claim.appeal_until is not None or claim.status == "appealed"
    if not current_actor().can(Permission.INCENTIVES_ENTER):
        return
    if appeals:
        with st.expander("Add a paper to the appeal", icon=":material/upload_file:"):
            draw_upload(key=f"{key}_{claim.id}_appeal", claim_id=claim.id)
    elif claim.sale_id is not None and claim.status in ("entered", "returned", "in_review"):
        with st.expander("Add a paper", icon=":material/upload_file:", expanded=claim.status == "returned"):
            draw_upload(key=f"{key}_{claim.id}_sale", sale_id=claim.sale_id)


def _facts(claim: ClaimRow) -> None:
    at, zone = now(), current_actor().zone
    draw_claim_head(claim)
    draw_checks(claim.checks)
    decided = f"{claim.decided_by}, {moment_words(claim.decided_at, zone, now=at)}" if claim.decided_at else ""
    labels.facts(
        [
            ("Program", f"{claim.program} {claim.program_name}"), ("Dealer", claim.dealer),
            ("Sale", f"{claim.sale} {claim.vin}".strip() or f"Period {claim.period}"),
            ("Decided", decided),
        ]
    )  # fmt: skip


def _below(claim: ClaimRow) -> None:
    draw_claim_papers(claim, key="ic_paper")


SCREEN = Screen(
    flow=FLOW, commands=COMMANDS, key="incentive", load=claim_view, title=lambda c: f"{c.number} · {plain(c.program)}",
    draw_facts=_facts, draw_below=_below, said=lambda item, step: f"{item.number}: {step.label.lower()} saved",
)  # fmt: skip
