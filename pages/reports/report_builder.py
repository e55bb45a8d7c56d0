"""The report builder: any figures side by side, in one's own shape; the address is the report."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas import report_builder as build
from components.areas import report_saved as saved
from components.areas.report_shapes import draw_report, draw_whole
from components.clock import now, today
from components.filters import one
from components.labels import plain
from db.calendar.queries import DESK_ZONE
from db.core.labels import moment_words
from db.core.permissions import Permission
from db.core.problems import Refused
from db.reports.builder_queries import figures_for
from db.reports.builder_rules import Spec

actor = guard(Permission.REPORTS_VIEW)
at, day = now(), today(DESK_ZONE)


def draw_answer(spec: Spec) -> None:
    """The report, or what keeps it from being told, in words."""
    try:
        with st.spinner("Asking the figures ...", show_time=True):
            report = build.told(actor.scope, actor.role, spec, actor, at, day, build.token())
    except Refused as refusal:
        for problem in refusal.problems:
            st.warning(plain(problem.message), icon=":material/rule:")
        return
    dealers = actor.scope.describe() if not (spec.regions or spec.dealers) else "narrowed"
    st.caption(f"{report.first:%-d %b %Y} to {report.last:%-d %b %Y}, both included · {dealers}")
    for sentence in report.untold:
        st.warning(f"Could not be told: {plain(sentence)}", icon=":material/rule:")
    draw_whole(report, at=at, zone=actor.zone)
    if spec.by:
        draw_report(report)


def draw_builder() -> None:
    """The form, the report it asks for, and what can be done with it."""
    build.adopt()
    figures = figures_for(actor)
    head = st.container()
    spec = build.draw_form(actor, day)
    with head:
        line = saved.opened(actor)
        if line is not None:
            saved.draw_opened(line, spec)
    for sentence in build.lost(spec, figures):
        st.info(sentence, icon=":material/lock:")
    if spec.metrics:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            saved.draw_keep(actor)
            build.draw_download(spec, actor, at)
            if spec.as_of is None:
                st.button(
                    "Fix to today", key="rb_fix", icon=":material/push_pin:", on_click=saved.fix_to_today,
                    help="Puts today into the address, so that the link shows the same days later.",
                )  # fmt: skip
        draw_answer(spec)
    else:
        build.draw_start(figures)
    build.write(spec)


st.title(":material/table_chart: Report builder")
saved.take_link(actor)
view = one("View", {"build": "Builder", "kept": "Kept reports"}, key="rb_view", default="build")
if view == "build":
    draw_builder()
else:
    build.leave_form()
    saved.draw_list(actor)
saved.draw_drawer()
st.caption(f"As of {moment_words(at, actor.zone, now=at)}.")
