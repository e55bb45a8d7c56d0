"""Saving and sending what is on the screen, the receipt, and what stands above the fields of the entry form."""

from __future__ import annotations

import streamlit as st

from components.access import current_actor
from components.areas import claim_entry as entry
from components.areas.claim_entry import FORM
from components.clock import now
from components.labels import badges, plain
from components.perform import Outcome, outcome_of, perform
from db.claims.claim_queries import ClaimRow, claim_row, entry_draft, list_claims
from db.claims.difference_rules import differences
from db.claims.draft_commands import save_draft
from db.claims.draft_rules import TYPE_LABELS, tidy
from db.claims.entry_rules import blocking, count_line, notes_of
from db.claims.flow import DEALERS_TURN, FLOW
from db.claims.submit_commands import submit
from db.core.actor import Actor
from db.core.labels import moment_label
from db.core.problems import Problem
from db.core.session import reading


# ---- what the buttons do: they read what is typed at the click -------------------------------------------------------
def keep() -> bool:
    """Save what is typed, blank hours and prices filled; the form goes on with the saved claim."""
    one, said = entry.form(), entry.judged(current_actor())
    draft = said.draft if said is not None else entry.typed()
    arguments = {"dealer_id": entry.dealer() or 0, "draft": draft, "form_key": one.key, "claim_id": one.claim_id,
                 "seen_version": one.version}  # fmt: skip
    return perform(save_draft, form=FORM, say="The draft was saved", arguments=arguments, after=saved)


def saved(claim_id: int) -> None:
    """The form shows the saved claim from now on."""
    one = entry.form()
    with reading() as session:
        one.version = claim_row(session, claim_id=claim_id, scope=current_actor().scope).version
    entry.forget_typed(current_actor())
    one.claim_id, one.saved, one.typed, one.is_given = claim_id, None, None, False


def save() -> None:
    """Save what is typed."""
    keep()


def saved_claim() -> int | None:
    """The claim files are added to: the stored one, or what is typed, saved now."""
    one = entry.form()
    return one.claim_id if one.claim_id is not None or keep() else None


def send(*, anyway: bool = False) -> None:
    """Save and send; with something in the way it is only saved, and everything in the way shows."""
    one = entry.form()
    if one.sent:
        return
    one.revealed = True
    said = entry.judged(current_actor())
    notes = notes_of(said.verdict.results, said.draft, revealed=True) if said is not None else ()
    if not keep():
        return
    if blocking(notes) and not anyway:
        message = f"Not sent: {count_line(notes)}. The draft was saved."
        st.session_state[f"_outcome_{FORM}"] = Outcome("", (Problem(code="blocked", message=message),))
        return
    perform(
        submit, form=FORM, say="The claim was sent", after=was_sent,
        arguments={"item_id": one.claim_id, "seen_version": one.version},
    )  # fmt: skip


def was_sent(_state: str) -> None:
    """The receipt takes the place of the form."""
    entry.form().sent = True


def take_newest() -> None:
    """Show what somebody else saved; what was typed here is given up."""
    entry.throw_away(current_actor())


def keep_mine(version: int) -> None:
    """What is typed here will replace what somebody else saved."""
    entry.form().version = version


# ---- what is drawn above the fields ----------------------------------------------------------------------------------
def receipt(sent: ClaimRow) -> None:
    """What became of a claim that was sent, word for word."""
    state = FLOW.state(sent.status)
    with st.container(border=True):
        st.markdown(f"#### {sent.number} was sent")
        badges([(state.label, state.tone)])
        st.markdown(plain(sent.reason_note or state.help))
        if sent.approved_cents is not None:
            st.markdown(f"Approved **{sent.approved_cents / 100:,.2f}** of {sent.claimed_cents / 100:,.2f}")
        st.page_link("pages/claims/claim.py", label="Open the claim", icon=":material/description:",
                     query_params={"claim": str(sent.id)})  # fmt: skip
    if sent.status in DEALERS_TURN:
        st.button("Correct it", key="ce_correct", icon=":material/edit:", on_click=entry.start, args=(sent.id,))
    st.button("New claim", key="ce_again", icon=":material/add:", on_click=entry.start)


def draw_mine(actor: Actor) -> None:
    """What is the dealer's turn: drafts, and what came back."""
    with reading() as session:
        rows = list_claims(session, scope=actor.scope, statuses=DEALERS_TURN)
    if not rows:
        return
    with st.expander(f"To go on with: {len(rows)}", icon=":material/edit_note:"):
        for one in rows:
            label = f"{one.number} · {FLOW.state(one.status).label} · {plain(one.dealer)} · {plain(one.vin)}"
            st.button(label, key=f"ce_open_{one.id}", type="tertiary", on_click=entry.start, args=(one.id,))
            if one.reason_note:
                st.caption(plain(one.reason_note))


def draw_state(one: entry.Form, stored: ClaimRow | None, actor: Actor) -> None:
    """Which claim is on the screen, why it came back, and whether somebody else saved it meanwhile."""
    if one.brought_back:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info("What you had typed is back; it was not saved yet.", icon=":material/restore:")
            label = "Start empty" if stored is None else "Show what is saved"
            st.button(label, key="ce_empty", on_click=entry.throw_away, args=(actor,))
    if stored is None:
        return
    badges([(stored.number, "blue"), (FLOW.state(stored.status).label, FLOW.state(stored.status).tone),
            (TYPE_LABELS[stored.claim_type], "gray")])  # fmt: skip
    if stored.reason_note and stored.status != "draft":
        st.warning(plain(stored.reason_note), icon=":material/undo:")
    if stored.version != one.version:
        outcome = outcome_of(FORM)
        if outcome is None or all(p.code != "stale" for p in outcome.problems):  # else it says the same
            _draw_newer(one, stored, actor)
        with st.container(horizontal=True):
            st.button("Show what was saved", key="ce_newest", on_click=take_newest)
            st.button("Keep what I typed", key="ce_mine", on_click=keep_mine, args=(stored.version,))


def _draw_newer(one: entry.Form, stored: ClaimRow, actor: Actor) -> None:
    """Who saved this draft meanwhile and when, and what is stored otherwise than it is typed here (R04)."""
    at = moment_label(stored.updated_at, actor.zone, now=now())
    who = plain(stored.updated_by or "Somebody")
    st.warning(f"{who} saved this draft in another tab, {at}. What you typed here is still here.")
    with reading() as session:
        differs = differences(entry_draft(session, claim_id=one.claim_id, actor=actor), tidy(entry.typed()))
    if differs:
        st.table(
            {
                "Field": [d.label for d in differs],
                "Saved now": [plain(d.stored) or "–" for d in differs],
                "Yours": [plain(d.typed) or "–" for d in differs],
            },
            hide_index=True,
        )  # fmt: skip
