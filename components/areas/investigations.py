"""Pieces of the page of investigations: the drawer with each flag and its evidence, and the form to open one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import streamlit as st

from components import labels
from components.access import current_actor, guard
from components.areas.claims_words import money
from components.areas.investigations_flags import draw_flag, say_flags
from components.clock import now
from components.forms import Choices
from components.labels import plain
from components.navigation import may_open
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.queue_page import Screen, open_drawer
from db.core.labels import moment_label, plural
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.investigations.commands import COMMANDS, open_investigation
from db.investigations.flow import FLOW, OUTCOMES
from db.investigations.queries import InvestigationRow, get_investigation, looker_choices

CLAIM_PAGE = "pages/claims/claim.py"
FORM, OPEN, KEY = "inv_form", "inv_form_open", "inv_form_key"


def _facts(row: InvestigationRow) -> None:
    actor, at = current_actor(), now()
    state = FLOW.state(row.status)
    late = [("Overdue", "red")] if row.is_overdue(at) else []
    labels.badges([(state.label, state.tone), *late, (OUTCOMES.get(row.outcome, ""), "violet")])
    if row.opened_because:
        st.markdown(f"> {plain(row.opened_because)}")
    say_flags(row.flag_lines, where="below")
    facts: list[tuple[str, object]] = [
        ("Dealer", row.dealer), ("Region", row.region), ("Claim", row.about), ("Claimed", money(row.claimed_cents)),
        ("Looks into it", row.assignee), ("Close by", moment_label(row.due_at, actor.zone, now=at)),
    ]  # fmt: skip
    if row.closed_at:
        facts += [("Closed", moment_label(row.closed_at, actor.zone, now=at)), ("Found", row.closing_note)]
    labels.facts(facts)
    if row.claim_id is not None and may_open(actor, CLAIM_PAGE):
        st.page_link(
            CLAIM_PAGE, label=f"Claim {row.claim}", icon=":material/description:",
            query_params={"claim": str(row.claim_id)},
        )  # fmt: skip
    if row.outcome == "confirmed":
        st.caption("The claim itself is denied, or charged back once it was paid, on its own page.")


def _evidence(row: InvestigationRow) -> None:
    """Each flag with what it stands on, as it was."""
    if not row.flag_lines:
        return
    st.markdown(f"**Evidence** :gray[{plural(len(row.flag_lines), 'flag')}]")
    for flag in row.flag_lines:
        draw_flag(flag, zone=current_actor().zone, now=now(), key="inv_flag")


def _lookers(row: Any, _typed: Mapping[str, Any]) -> Choices:
    with reading() as session:
        return looker_choices(session, row=row, actor=current_actor())


SCREEN = Screen(
    flow=FLOW, commands=COMMANDS, key="inv", load=get_investigation,
    title=lambda r: f"{r.number} · {plain(r.dealer)}", draw_facts=_facts, draw_below=_evidence, width=640,
    choices={("hand_over", "assignee_id"): _lookers},
)  # fmt: skip


# ---- opened by hand --------------------------------------------------------------------------------------------------
def open_form() -> None:
    """Open the form at the next run (call it from a callback)."""
    forget(FORM)
    for key in ("inv_dealer", "inv_because"):
        st.session_state.pop(key, None)
    st.session_state[OPEN] = True
    st.session_state[KEY] = uuid4().hex


def _close() -> None:
    st.session_state.pop(OPEN, None)
    forget(FORM)


def _opened(new_id: Any) -> None:
    _close()
    open_drawer(SCREEN, int(new_id))


def draw_form() -> bool:
    """Draw the form when it is open; gives back whether it is."""
    if not st.session_state.get(OPEN):
        return False
    st.dialog("Open an investigation", width=520, position="right", on_dismiss=_close)(_body)()
    return True


def _body() -> None:
    if not st.session_state.get(OPEN):
        st.rerun()
    actor = guard(Permission.CLAIMS_INVESTIGATE)
    with reading() as session:
        dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
    show_outcome(FORM)
    st.selectbox(
        "Dealer", list(dealers), index=None, format_func=lambda v: dealers.get(v, "–"), key="inv_dealer",
        placeholder="Choose",
    )  # fmt: skip
    problems_of(FORM, "dealer_id")
    st.text_area(
        "Reason", key="inv_because", height=110, max_chars=4000,
        placeholder="Three customers of this dealer say the repair on their invoice was never made",
    )  # fmt: skip
    problems_of(FORM, "because")
    stray_problems(FORM, ("dealer_id", "because"))
    st.caption("The dealer is not told, and nothing happens to its claims.")
    st.button("Open", type="primary", key="inv_open", on_click=_send, icon=":material/flag:")


def _send() -> None:
    perform(
        open_investigation, form=FORM, say="Investigation opened.",
        typed={"dealer_id": "inv_dealer", "because": "inv_because"}, convert={"dealer_id": lambda v: v or 0},
        arguments={"form_key": st.session_state[KEY]}, after=_opened,
    )  # fmt: skip
