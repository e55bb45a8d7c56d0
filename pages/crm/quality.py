"""Response quality: how fast, how often and how well customers are answered, and what people are coached to."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas import quality as shared
from components.areas.quality_coaching import draw_coaching, draw_dialogs, open_note
from components.areas.quality_review import OPEN, draw_review, draw_reviews, open_review
from components.areas.quality_scores import draw_form, draw_scores
from components.areas.quality_speed import draw_attempts, draw_speed
from components.clock import now
from components.exports import export_button
from components.filters import one
from db.core.labels import moment_words
from db.core.permissions import Permission

actor = guard(Permission.QUALITY_VIEW)
at = now()
linked = {name: st.query_params.pop(name, "") for name in ("review", "note")}
if linked["review"].isdecimal():
    open_review(int(linked["review"]))
if linked["note"].isdecimal():
    open_note(int(linked["note"]))
for name, view in (("draw", "reviews"), ("version", "form")):
    if st.query_params.pop(name, "") and "quality_view" not in st.session_state:
        st.session_state["quality_view"] = view

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/reviews: Response quality")
    if actor.can(Permission.QUALITY_REVIEW) and actor.can(Permission.EXPORT_RUN):
        export_button("quality_reviews", {}, key="quality_export")
views = shared.views(actor)
view = one("Show", views, key="quality_view", default="speed")
if view == "form":
    draw_form(actor, at)
else:
    filters = shared.choose(actor, at)
    if view == "speed":
        draw_speed(actor, filters, at)
    elif view == "attempts":
        draw_attempts(actor, filters, at)
    elif view == "scores":
        draw_scores(actor, filters, at)
    elif view == "reviews":
        draw_reviews(actor, filters, at)
    else:
        draw_coaching(actor, filters, at)
st.caption(f"As of {moment_words(at, actor.zone, now=at)}. Each lead counts in the month it was received.")
# One dialog at a time: a review that is open hides the rest.
draw_review(actor)
if st.session_state.get(OPEN) is None:
    draw_dialogs()
