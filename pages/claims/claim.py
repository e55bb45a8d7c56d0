"""Claim: everything of one claim for dealer and manufacturer, and why it was decided as it was."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import streamlit as st

from components import tables
from components.access import guard
from components.areas.claim_entry import TONES
from components.charts.base import table
from components.clock import now
from components.exports import guarded_download
from components.labels import badge, badges, empty_state, facts, plain
from components.perform import perform, show_outcome
from components.queue_page import Screen, draw_steps
from components.timeline import draw_timeline
from db.claims.attachment_commands import fetch_attachment
from db.claims.claim_queries import ClaimView, claim_words, get_claim, picture_of
from db.claims.commands import COMMANDS
from db.claims.draft_rules import ATTACHMENT_KINDS, CHARGE_KINDS, EXCLUSIONS, TYPE_LABELS
from db.claims.flow import DEALERS_TURN, FLOW, HOLDER_LABELS
from db.claims.version_commands import SETTLED, begin_debit, begin_supplement
from db.core.labels import minutes_label, moment_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.reports.history_queries import item_history

actor = guard(Permission.CLAIMS_VIEW)
FORM = "claim_more"
SCREEN = Screen(
    flow=FLOW, commands=COMMANDS, key="claim_page", load=get_claim, title=lambda v: v.number,
    draw_facts=lambda v: None,
)  # fmt: skip


def money(cents: int | None) -> str:
    """An amount as it is read here; an en dash for none."""
    return "–" if cents is None else f"{cents / 100:,.2f}"


def draw_head(view: ClaimView) -> None:
    """State, amounts, and what the dealer has to know first."""
    state, claim = FLOW.state(view.status), view.claim
    badges([(state.label, state.tone), (TYPE_LABELS[claim.claim_type], "gray"), (HOLDER_LABELS[claim.held_by], "blue")])
    if claim.reason_note:
        st.warning(plain(claim.reason_note), icon=":material/info:")
    facts(
        [
            ("Dealer", f"{view.dealer_code} {view.dealer}"), ("VIN", claim.vin), ("Repair order", claim.ro_number),
            ("Opened – closed", f"{claim.ro_opened_on or '–'} – {claim.ro_closed_on or '–'}"),
            ("Failed", claim.failed_on), ("Odometer", f"{claim.odometer_in or '–'} {claim.unit}"),
            ("Own number", claim.external_number), ("Sent", moment_label(claim.submitted_at, view.zone, now=now())),
            ("Decide by", moment_label(claim.decide_by, view.zone, now=now())), ("Deemed approved", claim.deemed_on),
            ("Decided by", claim.decided_by), ("Pay by", claim.pay_by),
            ("Speaks against it", ", ".join(EXCLUSIONS[x] for x in view.draft.exclusions)), ("Note", claim.note),
        ]
    )  # fmt: skip


def draw_lines(view: ClaimView) -> None:
    """Claimed, suggested and approved a line, with the reason."""
    if not view.charges:
        empty_state("receipt_long", "No line was entered.")
        return
    rows = view.charges
    columns: dict[str, list[object]] = {
        "Line": [c.position for c in rows], "Kind": [CHARGE_KINDS[c.kind] for c in rows],
        "Code": [c.code for c in rows],
        "Description": [c.description for c in rows], "Claimed": [money(c.claimed_cents) for c in rows],
        "Suggested": [money(c.suggested_cents) for c in rows], "Approved": [money(c.approved_cents) for c in rows],
        "Why": [c.reason_note or c.reason_code for c in rows],
    }  # fmt: skip
    tables.show(
        table(columns), key="claim_lines", alt="Lines of the claim", columns={n: tables.text(n) for n in columns}
    )
    claim = view.claim
    st.markdown(
        f"Claimed **{money(claim.claimed_cents)}** · suggested **{money(claim.suggested_cents)}** · approved "
        f"**{money(claim.approved_cents)}** · all versions **{money(view.net_cents)}**"
    )


def draw_findings(view: ClaimView) -> None:
    """What the rules said, word for word; what they passed is there, too."""
    failed = [r for r in view.results if not r.passed]
    for result in failed:
        where = f" · job {result.job}" if result.job else ""
        where += f" · line {result.charge}" if result.charge else ""
        st.markdown(f"{badge(result.rule, TONES[result.level])} {plain(result.sentence)}{where}")
    if not failed:
        st.caption("Nothing was found." if view.results else "It was not sent yet.")
    with st.expander(f"Passed: {len(view.results) - len(failed)}"):
        for result in view.results:
            if result.passed:
                st.caption(f"{result.rule}: {plain(result.sentence)}")


def draw_files(view: ClaimView) -> None:
    """The files with their pictures."""
    for one in view.files:
        st.markdown(f"{badge(ATTACHMENT_KINDS[one.kind], 'gray')} {plain(one.file_name)}")
        if one.is_picture:
            with reading() as session:
                content = picture_of(session, attachment_id=one.id, actor=actor)
            if content:
                st.image(content, width=220)
        guarded_download(
            "Download", key=f"claim_file_{one.id}", file_name=one.file_name, mime=one.media_type,
            command=fetch_attachment, arguments={"attachment_id": one.id}, read=lambda made: made.content,
        )  # fmt: skip


def draw_story(view: ClaimView) -> None:
    """Decisions, who held it, and every entry."""
    for one in view.decisions:
        amount = f" · {money(one.approved_cents)}" if one.approved_cents is not None else ""
        said = moment_label(one.decided_at, view.zone, now=now())
        st.markdown(f"{plain(claim_words(one.kind))}{amount} · {plain(one.name)} · {said}  \n{plain(one.note)}")
    for held in view.holds:
        minutes = ((held.until or now()) - held.since).total_seconds() / 60
        st.caption(f"{HOLDER_LABELS[held.holder]}: {minutes_label(minutes)} ({FLOW.state(held.status).label})")
    with reading() as session:
        entries = item_history(session, item_type="claim", item_id=view.id)
    lines = [SimpleNamespace(at=e.at, title=e.summary, by=e.actor_name, note=e.reason) for e in entries]
    draw_timeline(lines, zone=actor.zone, now=now())


def begin(command: Callable[..., Any], label: str, form_key: str, claim_id: int) -> None:
    """Begin the next version; it stands under New claim then."""
    perform(
        command, form=FORM, say=f"{label} begun: it stands under New claim",
        arguments={"claim_id": claim_id, "form_key": form_key},
    )  # fmt: skip


def draw_versions(view: ClaimView) -> None:
    """The other versions, and the buttons that begin the next."""
    for one in view.versions:
        st.markdown(f"{one.number} · {TYPE_LABELS[one.claim_type]} · {FLOW.state(one.status).label} · "
                    f"{money(one.approved_cents)}")  # fmt: skip
    if not actor.can(Permission.CLAIMS_ENTER):
        return
    if view.status in DEALERS_TURN:
        st.page_link("pages/claims/new_claim.py", label="Go on with it", query_params={"draft": str(view.id)})
    if view.status in SETTLED:
        key = st.session_state.setdefault("claim_version_key", uuid4().hex)
        for label, command in (("Supplement", begin_supplement), ("Debit", begin_debit)):
            st.button(
                label, key=f"claim_{label}", on_click=begin, args=(command, label, f"{key}-{label}", view.id)
            )  # fmt: skip


wanted = st.query_params.get("claim", "")
if not wanted.isdecimal():
    st.title(":material/description: Claim")
    empty_state("description", "No claim is chosen.", action="Search for its number.")
    st.stop()
try:
    with reading() as session:
        shown = get_claim(session, item_id=int(wanted), actor=actor, now=now())
except NotFound as gone:
    st.error(gone.problems[0].message)
    st.stop()
st.title(f":material/description: {shown.number}")
show_outcome(FORM)
show_outcome(SCREEN.form)
draw_head(shown)
draw_steps(SCREEN, shown)
for heading, draw in (("Money", draw_lines), ("Findings", draw_findings)):
    st.markdown(f"##### {heading}")
    draw(shown)
st.markdown("##### Jobs")
for job in shown.jobs:
    facts([("Job", job.position), ("Complaint", job.complaint), ("Cause", job.cause), ("Correction", job.correction),
           ("Operation", job.operation), ("Causal part", job.causal_part)])  # fmt: skip
for heading, draw in (("Files", draw_files), ("Versions", draw_versions), ("What happened", draw_story)):
    st.markdown(f"##### {heading}")
    draw(shown)
