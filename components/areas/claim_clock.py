"""The clock of a claim and who held it, drawn alike in the queue's drawer and on the claim's page."""

from __future__ import annotations

from datetime import date, datetime

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


def silence_badge(silent_on: date | None) -> tuple[str, str]:
    """The day silence approves it as a badge; nothing where it never does."""
    return (f"Silence approves on {silent_on.day} {silent_on:%b}" if silent_on else "", "violet")


def draw_clock(line: ClockLine, *, in_short: bool = False) -> None:
    """The badge of the clock with its sentence, a bar of how much is used, and what silence means.

    In short there is no bar, and what silence means is a click away.
    """
    sentence = f"{labels.badge(line.label, line.tone)} {labels.plain(line.sentence)}"
    if in_short:
        st.markdown(sentence, help=line.silence or None)
        return
    st.markdown(sentence)
    if line.state is not None:
        st.progress(min(line.state.used_percent, 100) / 100)
    if line.silence:
        st.caption(labels.plain(line.silence))


def clock_cell(line: ClockLine | None, due_at: datetime | None, now: datetime) -> str:
    """The clock of a row of a list: how much of it is used and how far its end is; empty while none runs."""
    if line is None or line.state is None:
        return f"Correct by {line.correct_by:%-d %b}" if line is not None and line.correct_by is not None else ""
    if due_at is None:
        return line.label
    far = abs(due_at - now)
    hours = far.seconds // 3600
    away = f"{far.days} d" if far.days else f"{hours} h" if hours else f"{far.seconds // 60} min"
    return f"Overdue {away}" if line.state.level == "over" else f"{line.state.used_percent}%, {away} left"


def held_cell(held: Holds | None) -> str:
    """Who held the claim of a row how long, the longest first: "Us 3 d 4 h, dealer 2 d"."""
    shares = sorted(held.shares, key=lambda s: -s.minutes) if held is not None else []
    text = ", ".join(f"{PARTIES[s.holder].lower()} {minutes_label(s.minutes)}" for s in shares)
    return text[:1].upper() + text[1:] if text else "–"


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
    tables.show(
        table(
            {
                "Held by": [PARTIES[s.holder] for s in shares], "Times": [s.times for s in shares],
                "Time": [minutes_label(s.minutes) for s in shares],
                "Working time": [minutes_label(s.business_minutes) for s in shares],
            }
        ),
        key=f"{key}_held_shares", alt="How long each party held this claim",
        columns={
            "Held by": tables.text("Held by", width=120), "Times": tables.number("Times", width=70),
            "Time": tables.text("Time", width=120),
            "Working time": tables.text("Working time", width=130, help="Of the holder's own working calendar"),
        },
    )  # fmt: skip
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
