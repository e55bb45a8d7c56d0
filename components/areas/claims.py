"""The drawer of a claim: what is suggested and why, findings, the step, then lines, evidence, clock and history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from components import labels
from components.access import current_actor
from components.areas.claim_clock import draw_clock, draw_holds, silence_badge
from components.areas.claims_evidence import draw_decisions, draw_evidence, draw_history
from components.areas.claims_lines import draw_lines
from components.areas.claims_words import LEVELS, money
from components.areas.investigations_flags import draw_flags_of_claim, say_flags
from components.clock import now
from components.forms import Choices
from components.labels import plain
from components.navigation import may_open
from components.perform import outcome_of
from components.queue_page import Screen, id_at, open_drawer
from db.claims.board_queries import ClaimFilters, first_waiting
from db.claims.commands import COMMANDS
from db.claims.drawer_queries import ClaimDrawer, get_claim, with_decisions, with_history, with_holds
from db.claims.flow import FLOW, REVIEW, WAITING
from db.claims.model import CLAIM_TYPES, OUTCOMES
from db.claims.policy_queries import RULE_BOOK
from db.claims.reason_rules import REASON_CODES
from db.core.labels import moment_label, moment_words, plural
from db.core.permissions import Permission
from db.core.session import reading
from db.investigations.queries import flagged
from db.workflow.checks import available_steps, refusal

CLAIM_PAGE = "pages/claims/claim.py"
FILTERS = "_claims_filters"
"""Session key of what the queue is narrowed to: the next claim is looked for under the same filters."""
OPEN = (*REVIEW, *WAITING)
PROPOSED = {"deny": "XAWE", "send_back": "EWA"}
"""Steps whose reason is proposed, and the levels of findings it is taken from, the best first."""


def draw_facts(page: ClaimDrawer) -> None:
    """Suggestion and why first, then what was found; the steps follow."""
    claim = page.claim
    state = FLOW.state(claim.status)
    level = next((f"Level {a.level}: {a.label}" for a in page.levels if a.level == claim.level), "")
    silent_on = claim.deemed_on if claim.first_decided_at is None and claim.status in OPEN else None
    flags = (plural(len(page.flags), "flag") if page.flags else "", "red")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        said = [(state.label, state.tone), (level, "gray"), silence_badge(silent_on), flags]
        st.markdown(" ".join(labels.badge(label, tone) for label, tone in said if label), width="content")
        if may_open(current_actor(), CLAIM_PAGE):
            st.page_link(
                CLAIM_PAGE, label="Whole claim", icon=":material/open_in_full:", query_params={"claim": str(claim.id)}
            )
    _draw_amount(page)
    draw_clock(page.clock, in_short=True)
    if claim.status == "appealed":
        kept = f" {money(claim.approved_cents)} approved before stays." if claim.approved_cents else ""
        st.info(f"Appeal: {plain(claim.appeal_note)}.{kept}", icon=":material/gavel:")
    elif claim.reason_note or claim.reason_code:
        code = REASON_CODES.get(claim.reason_code, "")
        st.caption(plain(": ".join(p for p in (code, claim.reason_note) if p)))
    found = {f.sentence for f in page.findings}
    for sentence in [w for w in page.why if w not in found][:5]:
        st.markdown(f"- {plain(sentence)}")
    _draw_findings(page)
    say_flags(page.flags)
    _draw_about(page)
    _say_who_else(page)
    _keep_typed(page)


def _draw_about(page: ClaimDrawer) -> None:
    claim, at = page.claim, now()
    said = [
        CLAIM_TYPES.get(claim.claim_type, claim.claim_type), f"VIN {page.vin}",
        f"repair order {claim.ro_number or '–'}",
        f"received {moment_words(claim.received_at, page.zone, now=at)}",
        f"assigned to {page.assignee or 'nobody'}",
    ]  # fmt: skip
    st.markdown(f":gray[{plain(' · '.join(said))}]")


def _draw_amount(page: ClaimDrawer) -> None:
    claim = page.claim
    if claim.status not in OPEN:
        if claim.approved_cents is not None:
            st.markdown(f"# Approved {money(claim.approved_cents)} :gray[of {money(claim.claimed_cents)}]")
        else:
            st.markdown(f"# Claimed {money(claim.claimed_cents)}")
        return
    outcome = "Signed" if claim.signed_level else OUTCOMES.get(claim.outcome, "")
    st.markdown(
        f"# Suggested {money(page.suggested_cents)} :gray[of {money(claim.claimed_cents)}]"
        + (f"  \n:gray[{plain(outcome)}]" if outcome else "")
    )


def _draw_findings(page: ClaimDrawer) -> None:
    """Each finding with its title, its sentence word for word, what was found and what is allowed, the worst first."""
    for level_name, (word, tone) in LEVELS.items():
        for one in [f for f in page.findings if f.level == level_name]:
            title = RULE_BOOK[one.rule].title if one.rule in RULE_BOOK else one.rule
            where = "".join([f" · job {one.job}" if one.job else "", f" · line {one.charge}" if one.charge else ""])
            numbers = [
                f"Found {one.observed}" if one.observed else "", f"allowed {one.limit_text}" if one.limit_text else "",
                f"suggested {money(one.suggested_cents)}" if one.suggested_cents is not None else "",
            ]  # fmt: skip
            small = ", ".join(n for n in numbers if n)
            st.markdown(
                f"{labels.badge(word, tone)} **{plain(title)}** :gray[{plain(one.rule + where)}]  \n"
                f"{plain(one.sentence)}" + (f"  \n:gray[:small[{plain(small)}]]" if small else "")
            )
    if page.claim.status in OPEN and not page.findings and not page.why:
        st.caption("No rule found anything: the amount needs a person.")
    if page.run is not None:
        when = moment_label(page.run.made_at, current_actor().zone, now=now())
        st.caption(
            f"Claim policy version {page.run.policy_version}, {when}. {plural(len(page.run.passed), 'rule')} passed; "
            "see Evidence."
        )


def _say_who_else(page: ClaimDrawer) -> None:
    """Why this person cannot decide, or only sign, where others would find a button."""
    actor, claim = current_actor(), page.claim
    if claim.status not in OPEN or not actor.can(Permission.CLAIMS_DECIDE):
        return
    why = refusal(
        FLOW, FLOW.step("approve"), status=page.status, submitted_by=page.submitted_by, actor=actor,
        signed_by=page.signed_by,
    )  # fmt: skip
    if page.is_own_decision:
        st.info("You made the decision that is appealed; another person has to decide.", icon=":material/group:")
    elif why is not None:
        st.info(plain(why.message), icon=":material/group:")
    elif 0 < page.highest < claim.level:
        level = next((a.label for a in page.levels if a.level == claim.level), "")
        st.caption(f":material/signature: Above your authority: approving signs it, then level {claim.level}"
                   f" ({plain(level)}) decides.")  # fmt: skip


def _keep_typed(page: ClaimDrawer) -> None:
    """What was typed for a step that is not possible any more, so that it can be copied: another person was faster."""
    outcome = outcome_of(SCREEN.form)
    kept = f"_claims_kept_{page.id}"
    if outcome is None or not any(p.code == "stale" for p in outcome.problems):
        st.session_state.pop(kept, None)
        return
    open_steps = {
        s.name
        for s in available_steps(
            FLOW, status=page.status, submitted_by=page.submitted_by, actor=current_actor(), signed_by=page.signed_by
        )
    }
    gone = [f"{SCREEN.key}_{page.id}_{s.name}_note" for s in FLOW.steps if s.name not in open_steps]
    typed = [text for key in gone if (text := str(st.session_state.get(key) or "").strip())]
    if typed:
        st.session_state[kept] = "\n\n".join(typed)
    if st.session_state.get(kept):
        st.caption("What you had typed:")
        st.code(st.session_state[kept], language=None, wrap_lines=True)


def _propose(page: ClaimDrawer) -> None:
    """Propose the reason of a denial or a return from the finding behind it; the decider may write another."""
    chosen = st.session_state.get(f"{SCREEN.key}_step_{page.id}") or page.suggested_step
    for level in PROPOSED.get(chosen, ""):
        for one in page.findings:
            if one.level == level and one.reason_code in REASON_CODES:
                prefix = f"{SCREEN.key}_{page.id}_{chosen}"
                st.session_state.setdefault(f"{prefix}_reason_code", one.reason_code)
                st.session_state.setdefault(f"{prefix}_note", one.sentence)
                return


def draw_below(page: ClaimDrawer) -> None:
    """Lines, evidence, clock, history and earlier signatures, each in its tab; the open one reads what it shows."""
    names = ["Lines", "Evidence", "Who held it", "History", "Decisions"]
    # The key makes the tabs remember which is open; with it each tab knows whether it is.
    tabs = st.tabs(names, key=f"claims_tabs_{page.id}", on_change="rerun")
    lines, evidence, clock, history, signed = tabs
    with lines:  # always drawn: what was typed into it must survive a look at another tab
        draw_lines(page, form=SCREEN.form, after=_taken)
    if evidence.open:
        with evidence:
            draw_flags_of_claim(page.flags, actor=current_actor(), now=now(), key="claims_flag")
            draw_evidence(page)
    if clock.open:
        with clock:
            if page.clock.silence:
                st.caption(plain(page.clock.silence))
            held = _with(with_holds, page).held
            draw_holds(held, zone=page.zone, key=f"claims_clock_{page.id}")
    if history.open:
        with history:
            draw_history(_with(with_history, page), on_open=open_at)
    if signed.open:
        with signed:
            draw_decisions(_with(lambda session, one, **_: with_decisions(session, one), page))


def _with(add: Callable[..., ClaimDrawer], page: ClaimDrawer) -> ClaimDrawer:
    """The claim with what an open tab shows."""
    with reading() as session:
        found = add(session, page, actor=current_actor(), now=now())
        session.expunge_all()  # it is drawn after the session has ended
    return found


def _deciders(page: ClaimDrawer, _typed: Mapping[str, Any]) -> Choices:
    return list(page.deciders)


def _taken(_result: Any) -> None:
    """After a step the next claim that waits opens, so that a queue is worked through without going back."""
    actor = current_actor()
    done = st.session_state.get("_claims_at")
    filters = st.session_state.get(FILTERS) or ClaimFilters()
    st.session_state.pop(SCREEN.open_key, None)
    if actor.role.is_dealer or done is None or filters.view not in ("waiting", "level", "mine"):
        return
    with reading() as session:
        following = first_waiting(session, actor=actor, filters=filters, but=done)
    if following is not None:
        st.session_state[SCREEN.open_key] = following


def _load(session: Any, **arguments: Any) -> ClaimDrawer:
    st.session_state["_claims_at"] = arguments["item_id"]
    page = get_claim(session, **arguments, whole=False)
    flags = flagged(session, claim_ids=[page.id], actor=arguments["actor"]).get(page.id, ())
    session.expunge_all()  # it is drawn after the session has ended
    return replace(page, flags=flags)


def _said(page: ClaimDrawer, step: Any) -> str:
    return f"{page.number}: {step.label.lower()}"


SCREEN = Screen(
    flow=FLOW, commands=COMMANDS, key="claims", load=_load, draw_facts=draw_facts, draw_below=draw_below,
    title=lambda p: f"{p.number} · {plain(p.dealer)}", said=_said, after=_taken, width=760,
    choices={("hand_over", "assignee_id"): _deciders}, propose=_propose,
)  # fmt: skip


def open_at(key: str, position: int) -> None:
    """Open the drawer of a row of the list `key`."""
    item_id = id_at(key, position)
    if item_id is not None:
        open_drawer(SCREEN, item_id)
