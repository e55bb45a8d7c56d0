"""What the rules say of a draft while it is typed: beside the field, and counted in one line with links to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from components.areas.claim_entry import FORM, dealer
from components.labels import plain
from components.perform import outcome_of
from db.claims.claim_queries import Preview
from db.claims.entry_rules import BLOCKS, CORRECTS, DENIES, OPEN, PERSON, WARNS, Note, count_line
from db.claims.model import OUTCOMES

TONES = {BLOCKS: "red", OPEN: "gray", DENIES: "red", PERSON: "orange", CORRECTS: "blue", WARNS: "orange"}
ICONS = {
    BLOCKS: "error", OPEN: "edit", DENIES: "block", PERSON: "person", CORRECTS: "price_change", WARNS: "warning",
}  # fmt: skip
_MOST_LINKS = 8


def say(note: Note, *, where: bool = False) -> None:
    """One finding: the rule's title, its sentence word for word, its number."""
    at = f"{note.where} · " if where else ""
    tone, icon = TONES[note.weight], ICONS[note.weight]
    st.markdown(
        f":small[:{tone}[:material/{icon}: **{plain(at + note.title)}**] {plain(note.sentence)} :gray[{note.rule}]]"
    )


def fill_slots(slots: Mapping[str, Any], notes: Iterable[Note]) -> list[Note]:
    """Draw each finding, and each problem of the last click, in the slot of its field; gives those without a slot.

    Slots are named as problems are: "vin", "jobs.1.complaint".
    """
    outcome = outcome_of(FORM)
    for problem in outcome.problems if outcome else ():
        if problem.field in slots:
            slots[problem.field].markdown(f":small[:red[:material/error: {plain(problem.message)}]]")
    left = []
    for note in notes:
        slot = slots.get(slot_name(note))
        if slot is None:
            left.append(note)
            continue
        with slot:
            say(note)
    return left


def slot_name(note: Note) -> str:
    """The slot a finding belongs to."""
    if note.charge:
        return f"charges.{note.charge}"
    return f"jobs.{note.job}.{note.field}" if note.job else note.field


def draw_summary(said: Preview | None, notes: Sequence[Note]) -> None:
    """How many things stand in the way, with a link to each, and what would become of it if it were sent now."""
    with st.container(border=True, gap="xsmall"):
        if said is None:
            st.markdown(
                "##### Choose the dealer and type the VIN" if dealer() is None else "##### Type the VIN to begin"
            )
            st.caption("The rules of adjudication check while you type; what you type is kept on the server.")
            return
        verdict = said.verdict
        first = notes[0].weight if notes else ""
        icon, tone = (ICONS[first], TONES[first]) if first else ("check_circle", "green")
        st.markdown(f"##### :{tone}[:material/{icon}:] {count_line(notes)}")
        amounts = (
            f"claimed **{verdict.claimed_cents / 100:,.2f}** · by the rules **{verdict.suggested_cents / 100:,.2f}**"
        )
        st.markdown(f"If sent now: **{OUTCOMES[verdict.outcome].lower()}** · {amounts}")
        links = dict.fromkeys((n.where, n.section, TONES[n.weight]) for n in notes)
        shown = [f"[{plain(where)}](#{section})" for where, section, _ in list(links)[:_MOST_LINKS]]
        if len(links) > _MOST_LINKS:
            shown.append(f"and {len(links) - _MOST_LINKS} more")
        if shown:
            st.markdown(f":small[Go to {' · '.join(shown)}]")
