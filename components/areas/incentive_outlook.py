"""How far a dealer is from the next step, drawn as cards for a dealer and as a table for the house."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import tables
from components.access import current_actor
from components.charts.base import table
from components.clock import now
from components.labels import badges, plain
from db.core.labels import plural
from db.core.session import reading
from db.incentives.claim_rules import TITLES
from db.incentives.outlook_queries import OutlookLine, list_outlook
from db.incentives.say_rules import day, money

SHOWN = 200


def draw_card(line: OutlookLine, *, with_dealer: bool) -> None:
    """One program of one dealer: the sentence, the way to the next step, what is earned and what is open."""
    found = line.found
    with st.container(border=True):
        title = f"{line.code} · {line.name}"
        st.markdown(f"**{plain(title)}** :gray[{plain(line.dealer) if with_dealer else f'until {day(line.last)}'}]")
        st.markdown(plain(found.sentence))
        if found.step is not None:
            sure = min(1.0, found.units / found.step.at)
            st.progress(sure, text=f"{found.units:,} of {plural(found.step.at, 'unit')}")
        against = f" against {found.baseline:,}" if found.baseline else ""
        badges(
            [(f"Earned {money(found.cents)}", "green" if found.cents else "gray"),
             (f"{plural(found.units, 'unit')}{against}", "gray"),
             (f"{found.open_units:,} contracted" if found.open_units else "", "blue"),
             ("Within reach" if found.within_reach else "", "orange")]
        )  # fmt: skip
        if line.blocked:
            why = ", ".join(f"{rule} {TITLES.get(rule, '').lower()} ({n:,})" for rule, n in line.blocked[:4])
            st.caption(f"Contracted sales that would not count yet: {plain(why)}.")


def draw_nearest() -> None:
    """The two nearest steps in a sentence each, where a dealer reports sales; nothing for the house."""
    actor = current_actor()
    if not actor.role.is_dealer:
        return
    with reading() as session:
        lines = list_outlook(session, actor=actor, now=now())
    for line in [x for x in lines if x.found.step][:2]:
        st.markdown(f":material/stairs: **{plain(line.code)}** {plain(line.found.sentence)}")


def draw_table(lines: Sequence[OutlookLine]) -> None:
    """Dealers and programs as a table, what is within reach first."""
    shown = lines[:SHOWN]
    right = st.column_config.TextColumn
    tables.show(
        table(
            {
                "Dealer": [f"{x.dealer} ({x.dealer_code})" for x in shown], "Program": [x.code for x in shown],
                "Reach": [["Within reach"] if x.found.within_reach else [] for x in shown],
                "Units": [x.found.units for x in shown], "Open": [x.found.open_units for x in shown],
                "Missing": [x.found.step.units if x.found.step else None for x in shown],
                "Stake": [money(x.stake_cents) if x.found.step else "–" for x in shown],
                "Days": [x.found.days_left for x in shown], "Earned": [money(x.found.cents) for x in shown],
                "Region": [x.region for x in shown], "Said": [x.found.sentence for x in shown],
            }
        ),
        key="ino_table", alt="How far each dealer is from the next step",
        height=600 if len(shown) > 18 else "content",
        columns={
            "Dealer": tables.text("Dealer", width=190), "Program": tables.text("Program", width=106),
            "Reach": tables.pill("", {"Within reach": "orange"}, width=98),
            "Units": tables.number("Units", width=54),
            "Open": tables.number("Contracted", width=82, help="Not delivered yet; would count if delivered today"),
            "Missing": tables.number("To next tier", width=84), "Stake": right("At stake", width=80, alignment="right"),
            "Days": tables.number("Days left", width=70), "Earned": right("Earned", width=80, alignment="right"),
            "Region": tables.text("Region", width=116), "Said": tables.text("In words", width=420),
        },
    )  # fmt: skip
    if len(lines) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(lines):,}; choose a program or a dealer.")
