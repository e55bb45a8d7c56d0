"""One lead: who, what they want, the clock explained, the score, why this dealer, everything that happened."""

from __future__ import annotations

import streamlit as st

from components import labels
from components.access import guard
from components.areas.leads import (
    CHANNELS,
    SCREEN,
    clock_words,
    draw_appointments,
    draw_badges,
    draw_clock,
    draw_history,
    draw_message,
    draw_routing,
    draw_score,
    due_words,
)
from components.areas.leads_facts import draw_contacts, draw_linked, draw_vehicles
from components.areas.leads_sale import draw_sale
from components.clock import now
from components.labels import empty_state, plain
from components.perform import show_outcome
from components.queue_page import draw_steps
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.leads.queries import get_lead

actor = guard(Permission.LEADS_VIEW)
asked = str(st.query_params.get("lead", ""))
if not asked.isdigit() or len(asked) > 15:
    st.title(":material/person_search: Lead")
    empty_state("person_search", "Choose a lead on the response board, or search for one.")
    st.page_link("pages/leads/board.py", label="Response board", icon=":material/bolt:")
    st.stop()
at = now()
try:
    with reading() as session:
        lead = get_lead(session, item_id=int(asked), actor=actor, now=at)
except NotFound:
    st.title(":material/person_search: Lead")
    empty_state("search_off", "This lead was not found.", action="It may belong to another dealer, or the link is old.")
    st.stop()

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(f"{lead.number} · {plain(lead.customer_name) or 'Unknown'}")
    st.page_link("pages/leads/board.py", label="Response board", icon=":material/arrow_back:")
draw_badges(lead)
show_outcome(SCREEN.form)

left, right = st.columns([3, 2], gap="medium")
with left:
    with st.container(border=True):
        st.markdown(f"**Next step** :gray[{plain(due_words(lead))}]")
        draw_steps(SCREEN, lead)
    draw_message(lead)
    with st.container(border=True):
        st.markdown("**Customer**")
        draw_contacts(lead, zone=actor.zone, at=at)
        if lead.question:
            st.info(plain(lead.question), icon=":material/help:")
        if lead.comments:
            with st.expander("The whole message"):
                st.markdown("  \n".join(plain(line) for line in lead.comments.splitlines()))
    with st.container(border=True):
        st.markdown("**Vehicles**")
        draw_vehicles(lead)
    draw_sale(lead, actor)
    st.subheader("History")
    draw_appointments(lead)
    draw_history(lead, limit=60)
with right:
    with st.container(border=True):
        st.markdown(f"**Clock** :gray[{plain(clock_words(lead.clock))}]")
        draw_clock(lead)
    with st.container(border=True):
        st.markdown("**Why this dealer**")
        draw_routing(lead)
    with st.container(border=True):
        st.markdown("**Score**")
        draw_score(lead)
    with st.container(border=True):
        st.markdown("**Where it came from**")
        labels.facts(
            [
                ("Source", lead.source), ("Provider", lead.provider or "–"),
                ("Came by", CHANNELS.get(lead.channel, lead.channel)),
                ("Their number", ", ".join(f"{number} ({of})" for of, number in lead.external_ids if number) or "–"),
                ("Received", moment_label(lead.received_at, actor.zone, now=at)),
                ("Customer asked", moment_label(lead.requested_at, actor.zone, now=at)),
                ("Meant for", lead.vendor_name or "–"), ("Time frame", lead.timeframe or "–"),
            ]
        )  # fmt: skip
        for warning in lead.warnings:
            st.caption(f":material/warning: {plain(warning)}")
    draw_linked(lead, zone=actor.zone, at=at)
