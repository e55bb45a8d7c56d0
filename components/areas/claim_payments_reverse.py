"""Taking back a charge-back, or the charge for a part, that was wrong: by another person, with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from components.access import current_actor
from components.clock import now
from components.labels import plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from db.claim_payments.entry_commands import reverse_entry
from db.claim_payments.memo_queries import EntryRow
from db.claim_payments.rules import REVERSIBLE, money_label
from db.core.labels import moment_label
from db.core.permissions import Permission

FORM = "pay_reverse"


def draw_reversals(rows: Sequence[EntryRow]) -> None:
    """A form for each entry of a claim that can still be taken back, for people who charge back."""
    show_outcome(FORM)
    if not current_actor().can(Permission.CLAIMS_CHARGE_BACK):
        return
    for row in rows:
        if row.kind in REVERSIBLE and not row.is_reversed:
            _draw_form(row)


def _draw_form(row: EntryRow) -> None:
    amount = money_label(-row.cents, row.currency)
    note = f"pay_reverse_{row.id}"
    with st.container(border=True, gap="small"):
        when = moment_label(row.at, row.zone, now=now())
        st.markdown(
            f"**{plain(row.label)} of {plain(amount)}** :gray[{plain(row.by)}, {plain(when)}]"
            + (f"  \n{plain(row.reason)}" if row.reason else "")
        )
        if row.username == current_actor().username:
            st.caption("You posted this yourself; another person has to take it back.")
            return
        st.text_area(
            "Why it was wrong", key=note, height=80, max_chars=2_000,
            help="Kept in the ledger; the dealer reads it. The money goes out with the next credit memo.",
        )  # fmt: skip
        problems_of(FORM, "note")
        stray_problems(FORM, ("note",))
        st.button(
            f"Take back {plain(amount)}", key=f"{note}_go", icon=":material/undo:",
            on_click=partial(_take_back, row.id, note, f"{row.claim}: {amount} taken back."),
        )  # fmt: skip


def _take_back(entry_id: int, note: str, said: str) -> None:
    perform(
        reverse_entry, form=FORM, say=said, typed={"note": note}, convert={"note": lambda v: v or ""},
        arguments={"entry_id": entry_id},
    )  # fmt: skip
