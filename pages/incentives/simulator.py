"""Incentive simulator: a draft program over past sales: cost, who gains, who loses, against what is published."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas import incentive_simulator as show
from components.areas.incentive_builder import draw_changes, draw_words
from components.clock import now, today
from components.filters import one
from components.labels import empty_state, plain
from components.navigation import may_open
from db.calendar.queries import DESK_ZONE
from db.core.actor import Scope
from db.core.labels import moment_words, plural
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.incentives.program_queries import ProgramPage, list_programs, program_page
from db.incentives.say_rules import day
from db.incentives.simulation_queries import MOST, PERIODS, Simulation, days_to_try, simulate

PROGRAMS = "pages/incentives/programs.py"
RESULT = "_ins_result"
actor = guard(Permission.INCENTIVES_DRAFT)
at, on = now(), today(DESK_ZONE)


def chosen_program() -> ProgramPage | None:
    """The program to try, from the address or the list; drafts come first."""
    with reading() as session:
        rows = sorted(list_programs(session, actor=actor, today=on), key=lambda r: not r.draft_by)
    labels = {str(r.id): f"{r.code} {r.name}{' · draft' if r.draft_by else ''}" for r in rows}
    linked = st.query_params.pop("program", "")
    if linked in labels:
        st.session_state["ins_program"] = linked
    if st.session_state.get("ins_program") not in labels:
        st.session_state.pop("ins_program", None)
    chosen = st.selectbox(
        "Program", list(labels), format_func=lambda i: labels[i], key="ins_program", index=None, placeholder="Choose",
        width=420,
    )  # fmt: skip
    if chosen is None:
        return None
    try:
        with reading() as session:
            return program_page(session, program_id=int(chosen), actor=actor, today=on)
    except NotFound:
        return None


def tried(asked: tuple[int, int, str, bool, Scope]) -> Simulation:
    """The result of the last run, or run now with a bar once it takes long."""
    kept = st.session_state.get(RESULT)
    if kept is not None and kept[0] == asked:
        return kept[1]  # type: ignore[no-any-return]
    tell, clear = show.watcher()
    version_id, _, period, asks, _ = asked
    with reading() as session:
        found = simulate(
            session, version_id=version_id, period=period, asks_papers=asks, actor=actor, today=on, progress=tell
        )
    clear()
    st.session_state[RESULT] = (asked, found, at)
    return found


st.title(":material/experiment: Incentive simulator")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    page = chosen_program()
    if page is not None and may_open(actor, PROGRAMS):
        st.page_link(
            PROGRAMS, label="Open the program", icon=":material/campaign:", query_params={"program": str(page.row.id)}
        )
if page is None:
    empty_state("experiment", "Choose a program to try.", action="A draft is compared with its published version.")
    st.stop()
version = page.draft or page.versions[0]
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    period = one("Sales of", PERIODS, key="ins_period", default="same")
    asks = st.toggle(
        "Ask for papers", key="ins_papers",
        help="Off: a sale that lacks only a paper counts, for nobody filed a paper nobody asked for then",
    )  # fmt: skip
    go = st.button("Run", key="ins_go", type="primary", icon=":material/play_arrow:")
days = days_to_try(version.program, period, on)
st.caption(
    f"Version {version.number}{' (draft)' if version.state == 'draft' else ''} as if it had held from {day(days.first)}"
    f" to {day(days.last)}, model years moved along. Sales are taken as they were: that a better program sells more is"
    " not guessed. Nothing is changed."
)
asked = (version.id, version.version, period, asks, actor.scope)
kept = st.session_state.get(RESULT)
if not go and (kept is None or kept[0] != asked):
    with st.container(border=True):
        st.markdown("**What is tried**")
        if version.changes:
            draw_changes(version.changes)
        else:
            draw_words(version.words)
    st.stop()
if go:
    st.session_state.pop(RESULT, None)
found = tried(asked)
if found.is_capped:
    st.warning(f"Only the newest {MOST:,} sales of these days were tried.", icon=":material/content_cut:")
if not found.sales:
    empty_state("search_off", "No sale was delivered in these days.", action="Choose other days above.")
    st.stop()
show.draw_tiles_of(found, at=at, zone=actor.zone)
show.draw_budget(found)
left, right = st.columns([5, 2], gap="medium")
with left:
    gains, loses = len(found.gains), len(found.loses)
    head = f"{plural(gains, 'dealer')} {'gains' if gains == 1 else 'gain'}, {loses} {'loses' if loses == 1 else 'lose'}"
    st.markdown(f"**{head if found.before else 'By dealer'}**")
    show.draw_dealers(found.dealers, is_compared=found.before is not None)
with right:
    st.markdown(f"**Sales that do not count** :gray[of {found.sales:,}]")
    show.draw_against(found)
    if version.changes:
        st.markdown(f"**What version {version.number} changes**")
        draw_changes(version.changes)
moment = st.session_state[RESULT][2]
st.caption(plain(f"Tried {moment_words(moment, actor.zone, now=at)}. Run again for sales since then."))
