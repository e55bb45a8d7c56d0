"""The report builder: any figures side by side, in one's own shape; the address is the report."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas import report_builder as build
from components.areas.report_shapes import draw_report, draw_whole
from components.clock import now, today
from components.labels import plain
from db.calendar.queries import DESK_ZONE
from db.core.labels import moment_label, plural
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


st.title(":material/table_chart: Report builder")
build.adopt()
figures = figures_for(actor)
asked = build.draw_form(actor, day)
missing = build.lost(asked, figures)
if missing:
    st.info(f"{plural(missing, 'figure')} of this report cannot be shown to your role.", icon=":material/lock:")
if asked.metrics:
    draw_answer(asked)
else:
    build.draw_start(figures)
build.write(asked)
st.caption(f"As of {moment_label(at, actor.zone, now=at)}.")
