"""Next tier: how far each dealer is from the next step of the programs that run, contracted sales included."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas.incentive_outlook import draw_card, draw_table
from components.clock import now
from components.filters import pick
from components.labels import empty_state
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.incentives.outlook_queries import list_outlook

FEW = 8
actor = guard(Permission.INCENTIVES_VIEW)
st.title(":material/stairs: Next tier")
with reading() as session:
    dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
    every = list_outlook(session, actor=actor, now=now())
programs = {str(x.program_id): f"{x.code} {x.name}" for x in sorted(every, key=lambda x: x.code)}
program = dealer = ""
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    if len(programs) > 1:
        program = pick("Program", programs, key="ino_program", all_label="Every program", width=260)
    if len(dealers) > 1:
        dealer = pick("Dealer", dealers, key="ino_dealer", all_label="All dealers", width=260)
lines = [x for x in every if program in ("", str(x.program_id)) and dealer in ("", str(x.dealer_id))]
if not lines:
    empty_state("stairs", "No program that counts volume runs now.", action="What pays for one vehicle needs no tier.")
    st.stop()
st.caption(
    "Contracted sales nobody has reported as delivered are counted as if they were delivered today. Days are those of"
    " the dealer."
)
if len(lines) <= FEW:
    with st.grid(2, min_column_width=340, gap="small"):
        for line in lines:
            draw_card(line, with_dealer=len(dealers) > 1)
else:
    draw_table(lines)
