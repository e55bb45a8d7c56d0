"""Kept reports: saving what the builder shows, the list of them, and the drawer in which one is managed."""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from uuid import uuid4

import streamlit as st

from components import tables
from components.access import current_actor, guard
from components.areas.report_builder import OPEN, open_saved, typed
from components.charts.base import table
from components.clock import now, today
from components.filters import words
from components.labels import badges, empty_state, facts, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from components.queue_page import cursor, draw_paging
from components.timeline import draw_timeline
from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.reports.builder_rules import Spec, to_query
from db.reports.saved_commands import (
    attach_file,
    change_report,
    keep_report,
    remove_report,
    rename_report,
    schedule_report,
    share_report,
)
from db.reports.saved_queries import (
    SavedLine,
    deliveries_of,
    get_report,
    history_of,
    list_reports,
    my_file,
    recipient_choices,
    recipients_of,
)
from db.reports.saved_rules import LAST_DAY, RHYTHMS, SHARED, WEEKDAYS

KEEP, CHANGE, MANAGE = "rs_keep", "rs_change", "rs_manage"
POPUP, DRAWER, FORM_KEY = "rs_popup", "rs_open", "rs_form_key"
TO: Final = "_rs_to"
PAGES: Final = {"overview": "pages/reports/overview.py"}
"""The page each view is one of (`VIEWS`)."""
TONES: Final = {"me": ("Only me", "gray"), "desk": ("The desk", "blue"), "all": ("Everybody", "green")}
OUTCOMES: Final = {"sent": ("Sent", "green"), "told": ("Told in the desk", "blue"), "skipped": ("Not sent", "orange")}


# ---- above the builder ------------------------------------------------------------------------------------------
def take_link(actor: Actor) -> None:
    """Open the report a link names (?report=12); says so where there is none."""
    linked = st.query_params.pop("report", "")
    if not linked.isdecimal():
        return
    try:
        with reading() as session:
            line = get_report(session, report_id=int(linked[:18]), actor=actor)
    except NotFound:
        st.warning("This report is not here any more, or it is not shared with you.", icon=":material/search_off:")
        return
    if line.page:
        st.switch_page(PAGES[line.page], query_params={"view": str(line.report_id)})
    open_saved(line.report_id, line.spec)


def opened(actor: Actor) -> SavedLine | None:
    """The kept report the builder shows, where it shows one."""
    report_id = st.session_state.get(OPEN)
    if report_id is None:
        return None
    try:
        with reading() as session:
            return get_report(session, report_id=report_id, actor=actor)
    except NotFound:
        st.session_state.pop(OPEN, None)
        return None


def draw_opened(line: SavedLine, spec: Spec) -> None:
    """Which kept report this is, and the way to keep what was changed in it."""
    show_outcome(CHANGE)
    stray_problems(CHANGE, ())
    is_changed = to_query(spec) != to_query(line.spec)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(line.name)}** :gray[kept by {plain(line.owner)}]", width="content")
        badges([TONES[line.shared], (line.schedule, "violet"), ("Changed", "orange") if is_changed else ("", "")])
        if line.is_mine and is_changed:

            def save() -> None:
                perform(
                    change_report, form=CHANGE, say="The report was changed",
                    arguments={"report_id": line.report_id, "seen_version": line.version, "query": typed()},
                )  # fmt: skip

            st.button("Save changes", key="rs_change_go", icon=":material/save:", type="primary", on_click=save)
        if line.is_mine:
            st.button(
                "Manage", key="rs_manage_go", icon=":material/tune:", on_click=open_manage, args=(line.report_id,)
            )
        _draw_file(line)


def _draw_file(line: SavedLine) -> None:
    """For who gets it by mail: whether the workbook comes along."""
    actor = current_actor()
    if not actor.can(Permission.EXPORT_RUN):
        return
    with reading() as session:
        wanted = my_file(session, report_id=line.report_id, actor=actor)
    if wanted is None:
        return
    key = f"rs_{line.report_id}_file"
    st.session_state.setdefault(key, wanted)

    def choose() -> None:
        perform(
            attach_file, form=CHANGE, say="Your mails of this report were changed", typed={"wanted": key},
            arguments={"report_id": line.report_id},
        )  # fmt: skip

    st.toggle(
        "Workbook with my mail", key=key, on_change=choose,
        help="You get this report by mail. The file is logged as taken out by you.",
    )  # fmt: skip


def draw_keep(actor: Actor) -> None:
    """The button that keeps the report under a name."""
    show_outcome(KEEP)
    form_key = st.session_state.setdefault(FORM_KEY, uuid4().hex)
    with popup("Save as", key=POPUP, icon=":material/bookmark_add:"):
        st.text_input("Name", key="rs_name", max_chars=120, placeholder="Leads of the East, by month")
        problems_of(KEEP, "name")
        st.session_state.setdefault("rs_shared", "me")
        offered = list(SHARED) if actor.can(Permission.REPORTS_SHARE) else ["me"]
        st.radio(
            "Who may open it", offered, format_func=SHARED.__getitem__, key="rs_shared",
            help="Each reader sees their own dealers and the figures of their role.",
        )  # fmt: skip
        problems_of(KEEP, "shared")
        stray_problems(KEEP, ("name", "shared"))

        def save() -> None:
            perform(
                keep_report, form=KEEP, say="The report was saved", typed={"name": "rs_name", "shared": "rs_shared"},
                convert={"name": lambda v: v or "", "shared": lambda v: v or "me"},
                arguments={"query": typed(), "form_key": form_key}, after=_kept,
            )  # fmt: skip

        st.button("Save", key="rs_save", type="primary", on_click=save)
        st.caption("The address of this page is the report, too: copy it to show it to somebody once.")


def _kept(report_id: Any) -> None:
    st.session_state[OPEN] = int(report_id)
    st.session_state.pop(FORM_KEY, None)
    close(POPUP, "rs_name")


# ---- the list ---------------------------------------------------------------------------------------------------
def draw_list(actor: Actor) -> None:
    """Every report and view this person may open, changed last first."""
    if (view := st.session_state.pop(TO, None)) is not None:
        st.switch_page(PAGES[view.page], query_params={"view": str(view.report_id)})
    show_outcome(MANAGE)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = words("Search", key="rs_text", placeholder="Name, or who keeps it", width=320)
        mine = st.toggle("Only mine", key="rs_mine", bind="query-params")
    key = "rs"
    with reading() as session:
        rows, following = list_reports(
            session, actor=actor, text=text, mine=mine, after=cursor(key, fingerprint=f"{text}|{mine}")
        )
    if not rows:
        if text or mine:
            empty_state("search_off", "No kept report fits.", action="Search for less, or look at everybody's.")
        else:
            empty_state("bookmark", "No report was kept yet.", action="Build one, then choose Save as.")
        return

    def at_row(position: int) -> SavedLine | None:
        return rows[position] if 0 <= position < len(rows) else None

    def show(position: int) -> None:
        line = at_row(position)
        if line and line.page:
            st.session_state[TO] = line
        elif line:
            open_saved(line.report_id, line.spec)
            st.session_state["rb_view"] = "build"

    def manage(position: int) -> None:
        if (line := at_row(position)) and line.is_mine:
            open_manage(line.report_id)

    at = now()
    tables.show(
        table(
            {
                "Report": [r.name for r in rows], "What": [r.what for r in rows], "Owner": [r.owner for r in rows],
                "Read by": [[TONES[r.shared][0]] for r in rows], "Sent": [r.schedule for r in rows],
                "Next": [f"{r.next_on:%-d %b}" if r.next_on else "" for r in rows],
                "Changed": [moment_label(r.updated_at, actor.zone, now=at) for r in rows],
                "Manage": ["Manage" if r.is_mine else "" for r in rows],
            }
        ),
        key="rs_table", alt="Kept reports, changed last first", height=430 if len(rows) > 11 else "auto",
        columns={
            "Report": tables.opener("Report", key="rs_click", on_open=show, width=240),
            "What": tables.text("What", width=260), "Owner": tables.text("Kept by", width=110),
            "Read by": tables.pill("Read by", dict(TONES.values()), width=90),
            "Sent": tables.text("Sent", width=165), "Next": tables.text("Next", width=64),
            "Changed": tables.text("Changed", width=130),
            "Manage": tables.opener("Manage", key="rs_manage_click", on_open=manage, width=80),
        },
    )  # fmt: skip
    draw_paging(key, following=following, shown=len(rows), total="these reports")


# ---- the drawer -------------------------------------------------------------------------------------------------
def open_manage(report_id: int) -> None:
    """Open the drawer of a report (from a callback)."""
    st.session_state[DRAWER] = report_id
    forget(MANAGE)


def draw_drawer() -> None:
    """The drawer of the report that was opened, if one was."""
    if st.session_state.get(DRAWER) is not None:
        _drawer()


def _closed() -> None:
    st.session_state.pop(DRAWER, None)


@st.dialog("Kept report", width="medium", position="right", on_dismiss=_closed)
def _drawer() -> None:
    actor = guard(Permission.REPORTS_VIEW)
    report_id = int(st.session_state[DRAWER])
    try:
        with reading() as session:
            line = get_report(session, report_id=report_id, actor=actor)
            people = recipients_of(session, report_id=report_id, actor=actor)
            choices = {c.person_id: c.label for c in recipient_choices(session, actor=actor)}
            sent = deliveries_of(session, report_id=report_id, actor=actor)
            history = history_of(session, report_id=report_id, actor=actor)
    except NotFound:
        empty_state("search_off", "This report is not here any more, or not yours to see.")
        return
    st.subheader(plain(line.name))
    badges([TONES[line.shared], (line.schedule, "violet")])
    facts(
        [
            ("What", line.what),
            ("Kept by", line.owner),
            ("Sent next", f"{line.next_on:%a %-d %b %Y}" if line.next_on else ""),
        ]
    )
    show_outcome(MANAGE)
    if line.is_mine:
        _draw_names(line, actor)
        if not line.page:
            _draw_schedule(line, people, choices)
        _draw_removal(line)
    if sent:
        st.markdown("**Sent last**")
        st.markdown(
            "\n".join(
                f"- {d.due_on:%-d %b %Y}, {plain(d.name)}: :{OUTCOMES[d.outcome][1]}[{OUTCOMES[d.outcome][0]}]"
                + (f" :gray[{plain(d.why)}]" if d.why else "")
                for d in sent[:10]
            )
        )
    if history:
        st.markdown("**What happened**")
        draw_timeline(history, zone=actor.zone, now=now())


def _do(command: Any, line: SavedLine, say: str, **other: Any) -> None:
    perform(
        command, form=MANAGE, say=say, arguments={"report_id": line.report_id, "seen_version": line.version}, **other
    )


def _draw_names(line: SavedLine, actor: Actor) -> None:
    name, shared = f"rs_{line.report_id}_name", f"rs_{line.report_id}_shared"
    st.session_state.setdefault(name, line.name)
    st.session_state.setdefault(shared, line.shared)
    st.text_input("Name", key=name, max_chars=120)
    problems_of(MANAGE, "name")
    st.button(
        "Rename", key=f"{name}_go", icon=":material/edit:",
        on_click=partial(
            _do, rename_report, line, "The report has its new name", typed={"name": name},
            convert={"name": lambda v: v or ""},
        ),
    )  # fmt: skip
    offered = [s for s in SHARED if s in (line.shared, "me") or actor.can(Permission.REPORTS_SHARE)]
    st.radio("Who may open it", offered, format_func=SHARED.__getitem__, key=shared)
    problems_of(MANAGE, "shared")
    st.button(
        "Share so", key=f"{shared}_go", icon=":material/group:",
        on_click=partial(_do, share_report, line, "Who may open it was changed", typed={"shared": shared}),
    )  # fmt: skip


def _mail_keys(line: SavedLine) -> dict[str, str]:
    """The fields of how a report is sent."""
    return {name: f"rs_{line.report_id}_{name}" for name in ("rhythm", "day", "people")}


def _draw_schedule(line: SavedLine, people: list[int], choices: dict[int, str]) -> None:
    keys = _mail_keys(line)
    st.session_state.setdefault(keys["rhythm"], line.rhythm)
    st.markdown("**Send it by mail**")
    rhythm = st.segmented_control(
        "How often", list(RHYTHMS), format_func=RHYTHMS.__getitem__, key=keys["rhythm"], required=True
    )
    problems_of(MANAGE, "rhythm")
    days = {"weekly": list(WEEKDAYS), "monthly": list(range(1, LAST_DAY + 1))}.get(rhythm or "", [])
    if days:
        if st.session_state.get(keys["day"]) not in days:
            st.session_state[keys["day"]] = line.send_day if line.rhythm == rhythm else days[0]
        st.selectbox(
            "Day", days, key=keys["day"], format_func=lambda d: WEEKDAYS[d] if rhythm == "weekly" else f"Day {d}",
            help="By the desk's calendar; it goes out in the first sweep of that day.",
        )  # fmt: skip
        problems_of(MANAGE, "day")
        known = choices | {p: "Chosen by somebody else" for p in people if p not in choices}
        st.session_state.setdefault(keys["people"], people)
        st.multiselect(
            "To whom", list(known), format_func=known.__getitem__, key=keys["people"], placeholder="Choose people",
            help="Each gets their own dealers and the figures of their role.",
        )  # fmt: skip
        problems_of(MANAGE, "people")
    st.button(
        "Set mails", key=f"rs_{line.report_id}_rhythm_go", icon=":material/schedule_send:",
        on_click=partial(
            _do, schedule_report, line, "How it is sent was changed", typed=_mail_keys(line),
            convert={"rhythm": lambda v: v or "", "day": lambda v: int(v or 0), "people": lambda v: list(v or [])},
        ),
    )  # fmt: skip


def _draw_removal(line: SavedLine) -> None:
    with st.popover("Remove", icon=":material/delete:", key=f"rs_{line.report_id}_remove"):
        st.markdown("Nobody can open it any more, and it is not sent again. What happened with it stays.")
        st.button(
            "Remove it", key=f"rs_{line.report_id}_remove_go", type="primary",
            on_click=partial(_do, remove_report, line, "The report was removed", after=lambda _: _closed()),
        )  # fmt: skip


def fix_to_today() -> None:
    """Let the address keep today as the last day that counts (from a callback)."""
    st.session_state["rb_w_as_of"] = today(DESK_ZONE)
