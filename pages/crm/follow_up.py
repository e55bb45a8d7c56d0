"""Follow-up: how well it is kept, the plans for it, and who stands in for whom."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas.cadence_adherence import draw_adherence
from components.areas.cadence_away import draw_away
from components.areas.cadence_plans import draw_plans
from components.filters import one
from db.core.permissions import Permission

guard(Permission.CADENCE_VIEW)
VIEWS = {"kept": "How well it is kept", "plans": "Plans", "away": "Away and hand-over"}

st.title(":material/event_repeat: Follow-up")
st.query_params.pop("plan", None)
view = one("Show", VIEWS, key="fu_view", default="kept")
if view == "plans":
    draw_plans()
elif view == "away":
    draw_away()
else:
    draw_adherence()
