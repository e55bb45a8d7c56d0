"""Marketing spend on the Funnel page: its lines, entering one, and the drawer in which one is corrected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any
from uuid import uuid4

import streamlit as st

from components import tables
from components.access import guard
from components.areas.funnel import money
from components.charts.base import table
from components.clock import now, today
from components.exports import export_button
from components.forms import cents
from components.labels import badges, empty_state, facts, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.marketing.commands import correct_spend, enter_spend
from db.marketing.queries import NETWORK, SpendLine, get_spend, history_of, list_spend

ENTER, CORRECT, OPEN, FORM_KEY, POPUP = "spend_enter", "spend_correct", "spend_open", "spend_form_key", "spend_popup"
KEYS = {
    "source": "spend_source", "month": "spend_month", "cents": "spend_cents", "place": "spend_place",
    "note": "spend_note",
}  # fmt: skip
as_cents = partial(cents, field="cents", label="The amount")


def draw_spend(
    actor: Actor, filters: Mapping[str, Any], *, sources: list[str], regions: list[str], dealers: Mapping[str, str]
) -> None:
    """The lines that count or are planned, and the way to enter, import and take them out."""
    wanted = {k: v for k, v in filters.items() if k in ("source", "region", "dealer")}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if actor.can(Permission.SPEND_MANAGE):
            with popup("Enter spend", key=POPUP, icon=":material/add:", kind="primary"):
                _draw_form(actor, sources=sources, regions=regions, dealers=dealers)
            st.page_link("pages/admin/imports.py", label="Import a file", icon=":material/upload_file:")
        if actor.can(Permission.EXPORT_RUN):
            export_button(
                "marketing_spend", {k: v for k, v in wanted.items() if isinstance(v, str)}, key="spend_export"
            )
    show_outcome(ENTER)
    at, key = now(), "spend"
    with reading() as session:
        rows, following = list_spend(
            session, scope=actor.scope, filters=wanted, now=at, after=cursor(key, fingerprint=str(wanted))
        )
    if not rows:
        empty_state("payments", "No spend was entered here.", action="Enter what a source costs a month, or import it.")
        return
    remember_rows(key, [r.spend_id for r in rows])

    def opened(position: int) -> None:
        spend_id = id_at(key, position)
        if spend_id is not None:
            open_spend(spend_id)

    tables.show(
        table(
            {
                "Spend": [r.number for r in rows], "Month": [f"{r.month:%b %Y}" for r in rows],
                "Source": [r.source for r in rows], "Where": [r.place for r in rows],
                "Amount": [money(r.cents) for r in rows],
                "State": [["Planned" if r.is_planned else "Counted"] for r in rows], "Note": [r.note for r in rows],
            }
        ),
        key="spend_table", alt="Marketing spend, newest month first",
        columns={
            "Spend": tables.opener("Spend", key="spend_click", on_open=opened, width=104),
            "Month": tables.text("Month", width=90), "Source": tables.text("Source", width=160),
            "Where": tables.text("Where", width=190), "Amount": tables.text("Amount", width=110),
            "State": tables.pill("State", {"Counted": "green", "Planned": "blue"}, width=100),
            "Note": tables.text("Note"),
        },
    )  # fmt: skip
    draw_paging(key, following=following, shown=len(rows), total="these lines")
    st.caption("Amounts of months to come are planned: they are in no cost until their month begins.")


def _draw_form(actor: Actor, *, sources: list[str], regions: list[str], dealers: Mapping[str, str]) -> None:
    form_key = st.session_state.setdefault(FORM_KEY, uuid4().hex)
    places = {"": NETWORK} if actor.scope.is_all else {}
    places |= {f"r:{name}": name for name in regions if actor.scope.kind != "dealers"}
    places |= {f"d:{dealer_id}": label for dealer_id, label in dealers.items()}
    st.selectbox(
        "Source", sources, index=None, key=KEYS["source"], accept_new_options=True, placeholder="Choose or write",
        help="As leads are counted under it",
    )  # fmt: skip
    problems_of(ENTER, "source")
    st.date_input(
        "Month", value=None, key=KEYS["month"], min_value=date(2000, 1, 1),
        max_value=date(today(DESK_ZONE).year + 2, 12, 31), help="Any day of the month",
    )  # fmt: skip
    problems_of(ENTER, "month")
    st.text_input("Amount", key=KEYS["cents"], placeholder="0.00", icon=":material/attach_money:")
    problems_of(ENTER, "cents")
    st.selectbox("Where", list(places), format_func=lambda v: places.get(v, v), key=KEYS["place"])
    problems_of(ENTER, "region")
    st.text_input("Note :gray[(optional)]", key=KEYS["note"], max_chars=400)
    problems_of(ENTER, "note")
    stray_problems(ENTER, ["source", "month", "cents", "region", "note"])
    place = str(st.session_state.get(KEYS["place"]) or "")

    def save() -> None:
        perform(
            enter_spend, form=ENTER, say="The spend was entered",
            typed={name: KEYS[name] for name in ("source", "month", "cents", "note")},
            convert={"source": lambda v: v or "", "cents": as_cents, "note": lambda v: v or ""},
            arguments={
                "form_key": form_key, "region": place[2:] if place.startswith("r:") else "",
                "dealer_id": int(place[2:]) if place.startswith("d:") else None,
            },
            after=lambda _id: _entered(),
        )  # fmt: skip

    st.button("Enter", key="spend_save", type="primary", on_click=save)


def _entered() -> None:
    st.session_state.pop(FORM_KEY, None)
    close(POPUP, KEYS["cents"], KEYS["note"], empty=(KEYS["source"], KEYS["month"]))


# ---- one line ------------------------------------------------------------------------------------------------------
def open_spend(spend_id: int) -> None:
    """Open the drawer of a line (from a callback or a link)."""
    st.session_state[OPEN] = spend_id
    forget(CORRECT)


def draw_spend_drawer() -> None:
    """The drawer of the line that was opened, if one was."""
    if st.session_state.get(OPEN) is not None:
        _drawer()


def _closed() -> None:
    st.session_state.pop(OPEN, None)


@st.dialog("Marketing spend", width="medium", position="right", on_dismiss=_closed)
def _drawer() -> None:
    actor = guard(Permission.FUNNEL_VIEW)
    at = now()
    try:
        with reading() as session:
            line = get_spend(session, spend_id=int(st.session_state[OPEN]), actor=actor, now=at)
            before = history_of(session, spend_id=line.spend_id, actor=actor, now=at)
    except NotFound:
        empty_state("search_off", "This line of spend is not here, or not yours to see.")
        return
    st.subheader(f"{line.number} · {plain(line.source)}")
    state = "Replaced" if not line.is_current else "Planned" if line.is_planned else "Counted"
    badges([(state, {"Replaced": "gray", "Planned": "blue", "Counted": "green"}[state])])
    facts(
        [
            ("Month", f"{line.month:%B %Y}"), ("Where", line.place), ("Amount", f"${line.cents / 100:,.2f}"),
            ("Note", line.note), ("Entered", f"{moment_label(line.entered_at, actor.zone)} by {line.entered_by}"),
        ]
    )  # fmt: skip
    if line.is_current and actor.can(Permission.SPEND_MANAGE):
        _draw_correction(line)
    if before:
        st.markdown("**What it said before**")
        for former in before:
            st.markdown(
                f"{plain(former.number)}: \\${former.cents / 100:,.2f}, {plain(former.entered_by)}, "
                f"{plain(moment_label(former.entered_at, actor.zone))}"
                + (f"  \n:gray[{plain(former.note)}]" if former.note else "")
            )


def _draw_correction(line: SpendLine) -> None:
    keys = {"cents": f"spend_{line.spend_id}_cents", "reason": f"spend_{line.spend_id}_reason"}
    st.markdown("**Correct the amount**")
    show_outcome(CORRECT)
    st.text_input("New amount", key=keys["cents"], placeholder=f"{line.cents / 100:,.2f}")
    problems_of(CORRECT, "cents")
    st.text_input("Reason", key=keys["reason"], max_chars=400)
    problems_of(CORRECT, "reason")
    stray_problems(CORRECT, ["cents", "reason"])

    def save() -> None:
        perform(
            correct_spend, form=CORRECT, say="The amount was corrected; what it said before is kept", typed=keys,
            convert={"cents": as_cents, "reason": lambda v: v or ""},
            arguments={"spend_id": line.spend_id, "seen_version": line.version}, after=_show,
        )  # fmt: skip

    st.button("Correct", key=f"spend_{line.spend_id}_save", type="primary", on_click=save)


def _show(spend_id: Any) -> None:
    st.session_state[OPEN] = spend_id
