"""Appointments: the agenda of a day or a week, who did not come and is to be won back, and how many come."""

from __future__ import annotations

from functools import partial

import streamlit as st

from components.access import guard
from components.areas.appointments import SCREEN
from components.areas.appointments_forms import BOOK, SETUP, draw_booking, draw_settings
from components.areas.appointments_views import draw_day, draw_missed, draw_rates, draw_week
from components.clock import now
from components.exports import export_button
from components.filters import one, pick
from components.perform import outcome_of, show_outcome
from components.queue_page import draw_drawer, open_drawer
from db.appointments.queries import count_missed
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices

actor = guard(Permission.APPOINTMENTS_VIEW)
at = now()
wanted = st.query_params.pop("appointment", "")
if wanted.isdecimal() and len(wanted) < 16:
    open_drawer(SCREEN, int(wanted))
lead = st.session_state.pop("_appt_to_lead", None)
if lead is not None:
    st.switch_page("pages/leads/lead.py", query_params={"lead": str(lead)})
with reading() as session:
    dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
    lost = count_missed(session, actor=actor)
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/event: Appointments")
    head = st.container(horizontal=True, gap="small", width="content", vertical_alignment="center")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    view = one(
        "Show", {"day": "Day", "week": "Week", "missed": "No-shows", "rate": "Show rate"}, key="appt_view",
        default="day",
    )  # fmt: skip
    dealer = ""
    if len(dealers) > 1:
        dealer = pick("Dealer", dealers, key="appt_dealer", all_label="All dealers", width=260)
    if actor.can(Permission.EXPORT_RUN):
        export_button("appointments", {"dealer_id": dealer})
    if lost and view != "missed":
        st.caption(f":red[{count_label(lost, CAP)} to win back]", width="content")
dealer_id = int(dealer) if dealer.isdecimal() else None
only = int(next(iter(dealers))) if len(dealers) == 1 else dealer_id
with head:
    if actor.can(Permission.APPOINTMENTS_SET_UP) and (only is not None or actor.scope.is_all):
        draw_settings(actor, dealer_id=only, dealer_name=dealers.get(str(only), ""), at=at)
    if actor.can(Permission.APPOINTMENTS_WORK):
        draw_booking(actor, dealers, chosen=only)
for form in (BOOK, SETUP):
    outcome = outcome_of(form)
    if outcome is not None and not outcome.problems:
        show_outcome(form)
if view == "week":
    st.fragment(partial(draw_week, dealer_id=dealer_id, at=at))()
elif view == "missed":
    draw_missed(dealer_id=dealer_id, actor=actor, at=at)
elif view == "rate":
    draw_rates(dealer_id=dealer_id, actor=actor, at=at)
else:
    st.fragment(partial(draw_day, dealer_id=dealer_id, at=at))()
draw_drawer(SCREEN)
