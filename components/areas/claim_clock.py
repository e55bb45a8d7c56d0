"""The clock of a claim and who held it, drawn alike in the queue's drawer and on the claim's page."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from components import labels, tables
from components.charts.base import draw, table
from components.charts.claim_holds import held_bar
from db.claims.hold_queries import ClockLine, clock_of, held_minutes
from db.claims.hold_rules import PARTIES, Holds
from db.core.actor import Actor
from db.core.labels import minutes_label, moment_label
from db.core.session import reading


def draw_claim_clock(claim_id: int, *, actor: Actor, now: datetime, key: str) -> None:
    """Everything about the time of one claim: its clock, and who held it. Two reads."""
    with reading() as session:
        line = clock_of(session, claim_id=claim_id, actor=actor, now=now)
        held = held_minutes(session, claim_ids=[claim_id], scope=actor.scope, now=now).get(claim_id)
    draw_clock(line)
    draw_holds(held or Holds(intervals=()), zone=actor.zone, key=key)


def draw_clock(line: ClockLine) -> None:
    """The badge of the clock with its sentence, a bar of how much is used, and what silence means."""
    st.markdown(f"{labels.badge(line.label, line.tone)} {labels.plain(line.sentence)}")
    if line.state is not None:
        st.progress(min(line.state.used_percent, 100) / 100)
    if line.silence:
        st.caption(labels.plain(line.silence))


def draw_holds(held: Holds, *, zone: str, key: str) -> None:
    """A bar of who held it, the sentence in words, and each interval behind a click."""
    if not held.intervals:
        st.caption("Nobody held it yet: it was not sent.")
        return
    shares = held.shares
    rows = table(
        {
            "party": [PARTIES[s.holder] for s in shares], "order": list(range(len(shares))),
            "minutes": [float(s.minutes) for s in shares],
            "label": [minutes_label(s.minutes) for s in shares],
            "business": [minutes_label(s.business_minutes) for s in shares],
        }
    )  # fmt: skip
    draw(held_bar(), rows, alt_text=f"Who held it: {held.sentence}", key=f"{key}_held")
    st.caption(f"{held.sentence}.")
    with st.expander("Each interval", icon=":material/schedule:", key=f"{key}_held_more"):
        tables.show(
            table(
                {
                    "Held by": [PARTIES[h.holder] for h in held.intervals],
                    "State": [h.status for h in held.intervals],
                    "From": [moment_label(h.since, zone) for h in held.intervals],
                    "To": ["still" if h.is_running else moment_label(h.until, zone) for h in held.intervals],
                    "Time": [minutes_label(h.minutes) for h in held.intervals],
                    "Working time": [minutes_label(h.business_minutes) for h in held.intervals],
                }
            ),
            key=f"{key}_held_table", alt="Each interval in which somebody held this claim",
            columns={n: tables.text(n) for n in ("Held by", "State", "From", "To", "Time", "Working time")},
        )  # fmt: skip
