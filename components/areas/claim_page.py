"""The page of a claim, part by part: the answer, the money with the reasons, findings, versions, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import streamlit as st

from components import tables
from components.areas.claim_clock import draw_holds
from components.areas.claim_entry_notes import say
from components.charts.base import table
from components.clock import now
from components.labels import badge, badges, empty_state, facts, plain
from components.timeline import draw_timeline
from db.claim_payments.paid_queries import PaidLine
from db.claims.claim_queries import ClaimView, claim_words
from db.claims.cut_rules import cuts_of
from db.claims.draft_rules import CHARGE_KINDS, EXCLUSIONS, TYPE_LABELS
from db.claims.entry_rules import notes_of
from db.claims.flow import DEALERS_TURN, FLOW, HOLDER_LABELS
from db.claims.hold_queries import ClockLine, held_minutes
from db.claims.hold_rules import Holds
from db.claims.model import REPAIR_ACTIONS
from db.claims.reason_rules import REASON_CODES
from db.claims.standing_queries import StandingLine
from db.core.actor import Actor
from db.core.labels import moment_label
from db.core.session import reading
from db.part_returns.flow import FLOW as RETURNS
from db.part_returns.queries import ReturnRow
from db.reports.history_queries import item_history


def money(cents: int | None) -> str:
    """An amount as it is read here; an en dash for none."""
    return "–" if cents is None else f"{cents / 100:,.2f}"


def draw_answer(view: ClaimView, at: StandingLine, clock: ClockLine) -> None:
    """State and amount, why, what happens next and by when: one glance."""
    state, claim = FLOW.state(view.status), view.claim
    if claim.approved_cents is not None:
        so_far = " approved so far" if view.status == "appealed" else ""
        amount = f"{money(claim.approved_cents)} of {money(claim.claimed_cents)}{so_far}"
    else:
        amount = f"{money(claim.claimed_cents)} claimed"
    with st.container(border=True, gap="xsmall"):
        badges([(state.label, state.tone), (TYPE_LABELS[claim.claim_type], "gray"),
                (f"With: {HOLDER_LABELS[claim.held_by].lower()}" if claim.held_by else "", "blue")])  # fmt: skip
        st.markdown(f"#### {state.label}: {amount}")
        reason = REASON_CODES.get(claim.reason_code, "")
        if claim.reason_note or reason:
            words = f"**{plain(reason)}.** {plain(claim.reason_note)}" if reason else plain(claim.reason_note)
            st.markdown(f":material/info: {words}")
        st.markdown(f":material/arrow_forward: {plain(' '.join(w for w in (at.decided, at.said) if w))}")
        if at.assignee and claim.held_by == "us":
            st.caption(f"{plain(at.assignee)} has it on the desk.")
        if claim.appeal_note:
            st.caption(f"Appeal: {plain(claim.appeal_note)}")
        if clock.state is not None:
            st.progress(min(clock.state.used_percent, 100) / 100, text=f":small[:gray[{plain(clock.sentence)}]]")


def draw_facts(view: ClaimView) -> None:
    """What the claim is about."""
    claim = view.claim
    out = f" – {claim.odometer_out:,}" if claim.odometer_out is not None else ""
    odometer = f"{claim.odometer_in:,}{out} {claim.unit}" if claim.odometer_in is not None else None
    rows: list[tuple[str, object]] = [
        ("Dealer", f"{view.dealer_code} {view.dealer}"), ("VIN", view.vin), ("Repair order", claim.ro_number),
        ("Opened – closed", f"{claim.ro_opened_on or '–'} – {claim.ro_closed_on or '–'}"),
        ("Failed", claim.failed_on), ("Odometer", odometer), ("Technician", claim.technician),
        ("Pre-authorization", claim.pre_auth_number), ("Campaign", claim.campaign_number),
        ("Contract", claim.contract_number), ("Own number", claim.external_number),
        ("Sent", moment_label(claim.submitted_at, view.zone, now=now()) if claim.submitted_at else None),
        ("Speaks against it", ", ".join(EXCLUSIONS[x] for x in view.draft.exclusions)), ("Note", claim.note),
    ]  # fmt: skip
    facts([(label, value) for label, value in rows if value not in (None, "")])


def draw_money(view: ClaimView) -> None:
    """Claimed, suggested and approved a line, then in words why a line came to less."""
    if not view.charges:
        empty_state("receipt_long", "No line was entered.")
        return
    rows = view.charges
    columns: dict[str, list[object]] = {
        "Line": [str(c.position) for c in rows], "What": [_what(c) for c in rows],
        "Claimed": [money(c.claimed_cents) for c in rows], "By the rules": [money(c.suggested_cents) for c in rows],
        "Approved": [money(c.approved_cents) for c in rows],
    }  # fmt: skip
    right = {
        name: st.column_config.TextColumn(name, alignment="right", width=width)
        for name, width in (("Claimed", 80), ("By the rules", 92), ("Approved", 80))
    }
    tables.show(
        table(columns), key="claim_lines", alt="Lines of the claim",
        columns={"Line": tables.text("Line", width=44), "What": tables.text("What", width=210), **right},
    )  # fmt: skip
    claim = view.claim
    st.markdown(
        f"Claimed **{money(claim.claimed_cents)}** · by the rules **{money(claim.suggested_cents)}** · approved "
        f"**{money(claim.approved_cents)}**"
    )
    for cut in cuts_of(rows):
        icon, tone = (":material/block:", "red") if cut.paid_cents == 0 else (":material/price_change:", "blue")
        st.markdown(
            f":{tone}[{icon} **{plain(cut.lines)} {plain(cut.word)}**: {money(cut.claimed_cents)} → "
            f"{money(cut.paid_cents)}]  \n{plain(cut.reason)}"
        )


def draw_old_parts(parts: Sequence[ReturnRow]) -> None:
    """What becomes of each old part and why, with the link to it."""
    for one in parts:
        state = RETURNS.state(one.status)
        due = f" · due {one.due_on:%-d %B}" if one.due_on and one.is_open else ""
        head = f"**Old part** {plain(one.part_number)} {badge(state.label, state.tone)}"
        st.markdown(f"{head} :gray[{plain(one.number + due)}]  \n{plain(one.why)}")
        st.page_link("pages/claims/parts_returns.py", label=f"Open {one.number}", icon=":material/assignment_return:",
                     query_params={"rma": str(one.id)})  # fmt: skip


def _what(charge: object) -> str:
    kind = getattr(charge, "kind", "")
    parts = (CHARGE_KINDS.get(kind, kind), getattr(charge, "code", ""), getattr(charge, "description", ""))
    return " ".join(p for p in parts if p)


def draw_findings(view: ClaimView) -> None:
    """What the rules said, word for word, the weightiest first; what they passed is there, too."""
    notes = notes_of(view.results, view.draft, revealed=True)
    for note in notes:
        say(note, where=True)
    passed = [r for r in view.results if r.passed]
    if not notes:
        st.caption("The rules found nothing." if view.results else "It was not sent yet.")
    if passed:
        with st.expander(f"Passed: {len(passed)}"):
            for result in passed:
                st.caption(f"{result.rule}: {plain(result.sentence)}")


def draw_jobs(view: ClaimView) -> None:
    """Complaint, cause and correction of each job, with its codes."""
    if not view.jobs:
        st.caption("No job was entered.")
    for job in view.jobs:
        st.markdown(f"**Job {job.position}** :gray[{plain(REPAIR_ACTIONS.get(job.action, job.action))}]")
        rows = [
            ("Complaint", job.complaint), ("Cause", job.cause), ("Correction", job.correction),
            ("Component", job.component), ("Operation", job.operation), ("Causal part", job.causal_part),
            ("Failure code", job.failure_code), ("Old serial", job.failed_serial), ("New serial", job.fitted_serial),
        ]  # fmt: skip
        facts([(label, value) for label, value in rows if value])


def draw_versions(view: ClaimView, paid: Sequence[PaidLine]) -> None:
    """Every version with its money and the credit memo that paid it, and the net of all of them."""
    memos = {one.id: ", ".join(p.memo for p in paid if p.claim_id == one.id) for one in view.versions}
    tables.show(
        table(
            {
                "Claim": [v.number for v in view.versions],
                "Type": [TYPE_LABELS[v.claim_type] for v in view.versions],
                "Status": [[FLOW.state(v.status).label] for v in view.versions],
                "Claimed": [money(v.claimed_cents) for v in view.versions],
                "Approved": [money(v.approved_cents) for v in view.versions],
                "Credit memo": [memos[v.id] or "–" for v in view.versions],
            }
        ),
        key="claim_versions", alt="Versions of the claim",
        columns={
            "Claim": tables.text("Claim", width=120), "Type": tables.text("Type", width=140),
            "Status": tables.status(FLOW, width=150),
            "Claimed": st.column_config.TextColumn("Claimed", alignment="right", width=100),
            "Approved": st.column_config.TextColumn("Approved", alignment="right", width=100),
            "Credit memo": tables.text("Credit memo", width=140),
        },
    )  # fmt: skip
    total = sum(one.cents for one in paid)
    st.markdown(f"Net of all versions **{money(view.net_cents)}** · paid so far **{money(total)}**")
    for one in view.versions:
        if one.id != view.id:
            st.page_link(
                "pages/claims/claim.py", label=f"Open {one.number}", icon=":material/description:",
                query_params={"claim": str(one.id)},
            )  # fmt: skip


def draw_story(view: ClaimView, *, actor: Actor) -> None:
    """Decisions, who held it how long, and every entry."""
    for one in view.decisions:
        amount = f" {money(one.approved_cents)}" if one.approved_cents is not None else ""
        said = moment_label(one.decided_at, view.zone, now=now())
        note = f"  \n{plain(one.note)}" if one.note else ""
        st.markdown(f"**{plain(claim_words(one.kind) + amount)}** :gray[{plain(one.name)} · {said}]{note}")
    with reading() as session:
        entries = item_history(session, item_type="claim", item_id=view.id)
        held = held_minutes(session, claim_ids=[view.id], scope=actor.scope, now=now()).get(view.id)
    if view.status not in DEALERS_TURN or held is not None:
        draw_holds(held or Holds(intervals=()), zone=actor.zone, key="claim")
    lines = [SimpleNamespace(at=e.at, title=e.summary, by=e.actor_name, note=e.reason) for e in entries]
    draw_timeline(lines, zone=actor.zone, now=now())
