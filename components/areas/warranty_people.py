"""Technicians of one's dealers: the list, and the drawer in which one is entered, certified, or said to have left."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import streamlit as st

from components import labels, tables
from components.access import current_actor, guard
from components.areas.warranty import day_words
from components.charts.base import table
from components.clock import today
from components.exports import export_button
from components.filters import clear_button, pick, words
from components.labels import empty_state, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.warranty.commands import add_skill, change_technician, enter_technician
from db.warranty.people_queries import SkillLine, get_technician, list_technicians, skill_names

OPEN, KEY, FORM = "_wtt_open", "_wtt_key", "wtt_form"
NEW = 0
FILTERS = ("wtt_text", "wtt_dealer", "wtt_active")
STATES = {"valid": ("Valid", "green"), "soon": ("Expires soon", "orange"), "expired": ("Expired", "red"),
          "later": ("To come", "blue")}  # fmt: skip


def _open(technician_id: int) -> None:
    forget(FORM)
    st.session_state[OPEN] = technician_id
    st.session_state[KEY] = uuid4().hex


def _close() -> None:
    st.session_state.pop(OPEN, None)
    forget(FORM)


def draw_technicians(*, on: date) -> None:
    """Technicians by dealer with their certificates as of the day."""
    actor = current_actor()
    with reading() as session:
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = words("Find", key="wtt_text", placeholder="Code or name", width=220)
        dealer = (
            pick("Dealer", dealers, key="wtt_dealer", all_label="All dealers", width=240) if len(dealers) > 1 else ""
        )
        active = pick("Works there", {"yes": "On this day", "no": "Not on this day"}, key="wtt_active",
                      all_label="All", width=160)  # fmt: skip
        clear_button(FILTERS, key="wtt_clear")
        export_button("technicians", {"on": on.isoformat()})
        if actor.can(Permission.TECHNICIANS_EDIT):
            st.button("Add technician", key="wtt_add", icon=":material/person_add:", on_click=_open, args=(NEW,))
    is_active = {"yes": True, "no": False}.get(active)
    dealer_id = int(dealer) if dealer.isdecimal() else None
    asked = (on, text, dealer, active)
    with reading() as session:
        rows, following, total = list_technicians(
            session, scope=actor.scope, on=on, dealer_id=dealer_id, text=text, is_active=is_active,
            after=cursor("wtt", fingerprint=asked),
        )  # fmt: skip
    if not rows:
        narrowed = bool(text or dealer or active)
        empty_state(
            "engineering", "No technician matches." if narrowed else "There are no technicians yet.",
            action="Take a filter away." if narrowed else "Add one, or import the list.",
        )  # fmt: skip
        return
    remember_rows("wtt", [t.id for t in rows])

    def opened(position: int) -> None:
        technician_id = id_at("wtt", position)
        if technician_id is not None:
            _open(technician_id)

    tables.show(
        table(
            {
                "Technician": [t.code for t in rows], "Name": [t.name for t in rows],
                "State": [["Works there" if t.is_active else "Not there"] for t in rows],
                "Certified for": [", ".join(s.skill for s in t.newest() if s.state in ("valid", "soon")) or "–"
                                  for t in rows],
                "To look at": [_worst(t.newest()) for t in rows], "Dealer": [t.dealer for t in rows],
                "Since": [day_words(t.active_from) for t in rows], "Left": [day_words(t.left_on) for t in rows],
            }
        ),
        key="wtt_table", alt="Technicians", height=560 if len(rows) > 13 else "auto",
        columns={
            "Technician": tables.opener("Technician", key="wtt_click", on_open=opened, width=105),
            "Name": tables.text("Name", width=170),
            "State": tables.pill("State", {"Works there": "green", "Not there": "gray"}, width=110),
            "Certified for": tables.text("Certified for", width=260),
            "To look at": tables.pill("To look at", {"Expires soon": "orange", "Expired": "red"}, width=120),
            "Dealer": tables.text("Dealer", width=190), "Since": tables.text("Since", width=100),
            "Left": tables.text("Left", width=100),
        },
    )  # fmt: skip
    draw_paging("wtt", following=following, shown=len(rows), total=count_label(total, CAP))


def _worst(skills: tuple[SkillLine, ...]) -> list[str]:
    states = {s.state for s in skills}
    return ["Expired"] if "expired" in states else ["Expires soon"] if "soon" in states else []


# ---- the drawer ------------------------------------------------------------------------------------------------------
def draw_drawer(*, on: date) -> None:
    """The drawer of a technician when one is open; call it once a page."""
    opened = st.session_state.get(OPEN)
    if opened is None:
        show_outcome(FORM)
        return
    title = "New technician" if opened == NEW else "Technician"
    st.dialog(title, width=520, position="right", on_dismiss=_close)(lambda: _body(opened, on))()


def _body(technician_id: int, on: date) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()
    actor = guard(Permission.WARRANTY_VIEW)
    show_outcome(FORM)
    if technician_id == NEW:
        _draw_new()
        return
    try:
        with reading() as session:
            one = get_technician(session, technician_id=technician_id, scope=actor.scope, on=on)
            known = skill_names(session, actor=actor)
    except NotFound as gone:
        st.error(gone.problems[0].message)
        return
    labels.badges([("Works there", "green") if one.is_active else ("Not there on this day", "gray")])
    st.markdown(f"**{plain(one.code)} {plain(one.name)}** · {plain(one.dealer)}")
    st.caption(f"Last changed by {plain(one.updated_by)}")
    if one.skills:
        tables.show(
            table(
                {
                    "Skill": [s.skill for s in one.skills], "State": [[STATES[s.state][0]] for s in one.skills],
                    "Certified": [day_words(s.certified_on) for s in one.skills],
                    "Expires": [day_words(s.expires_on, none="Never") for s in one.skills],
                }
            ),
            key="wtt_skills", alt="Certificates",
            columns={
                "Skill": tables.text("Skill"), "State": tables.pill("State", dict(STATES.values()), width=120),
                "Certified": tables.text("Certified"), "Expires": tables.text("Expires"),
            },
        )  # fmt: skip
    else:
        st.caption("No certificate yet: operations that need a skill will be found (W22).")
    if actor.can(Permission.TECHNICIANS_EDIT):
        _draw_skill(one, known)
        _draw_change(one)
    stray_problems(FORM, _FIELDS)


_FIELDS = ("dealer_id", "code", "name", "active_from", "left_on", "skill", "certified_on", "expires_on")


def _keys(prefix: str, *names: str) -> dict[str, str]:
    return {name: f"{prefix}_{name}" for name in names}


def _text(value: Any) -> str:
    return value or ""


def _draw_new() -> None:
    actor = guard(Permission.TECHNICIANS_EDIT)
    keys = _keys("wtn", "dealer_id", "code", "name", "active_from")
    with reading() as session:
        dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
    if len(dealers) == 1:
        st.session_state.setdefault(keys["dealer_id"], next(iter(dealers)))
    st.selectbox("Dealer", list(dealers), format_func=lambda v: dealers.get(v, "–"), index=None, key=keys["dealer_id"],
                 placeholder="Choose")  # fmt: skip
    problems_of(FORM, "dealer_id")
    st.text_input("Code", key=keys["code"], max_chars=20, placeholder="T-07", help="As the dealer's system names them")
    problems_of(FORM, "code")
    st.text_input("Name", key=keys["name"], max_chars=120)
    problems_of(FORM, "name")
    st.date_input("Works there since", value=today(actor.zone), key=keys["active_from"])
    problems_of(FORM, "active_from")
    stray_problems(FORM, _FIELDS)
    form_key = st.session_state.get(KEY)

    def save() -> None:
        perform(
            enter_technician, form=FORM, say="The technician was entered", typed=keys,
            convert={"code": _text, "name": _text}, arguments={"form_key": form_key}, after=_open,
        )  # fmt: skip

    st.button("Save", key="wtn_go", type="primary", on_click=save)


def _draw_skill(one: Any, known: list[str]) -> None:
    prefix = f"wts_{one.id}_{one.version}"
    keys = _keys(prefix, "skill", "certified_on", "expires_on")
    with st.container(border=True):
        st.selectbox("Certificate", known, index=None, key=keys["skill"], accept_new_options=True,
                     placeholder="Choose or type a skill")  # fmt: skip
        problems_of(FORM, "skill")
        with st.container(horizontal=True, gap="small"):
            st.date_input("Issued", value=today(current_actor().zone), key=keys["certified_on"])
            st.date_input("Expires :gray[(optional)]", value=None, key=keys["expires_on"])
        problems_of(FORM, "certified_on")
        problems_of(FORM, "expires_on")

        def save() -> None:
            perform(
                add_skill, form=FORM, say="The certificate was saved", typed=keys, convert={"skill": _text},
                arguments={"technician_id": one.id, "seen_version": one.version},
            )  # fmt: skip

        st.button("Add certificate", key=f"{prefix}_go", icon=":material/workspace_premium:", on_click=save)


def _draw_change(one: Any) -> None:
    prefix = f"wtc_{one.id}_{one.version}"
    keys = _keys(prefix, "name", "active_from", "left_on")
    with st.expander("Change, or say that they left"):
        st.text_input("Name", value=one.name, key=keys["name"], max_chars=120)
        problems_of(FORM, "name")
        with st.container(horizontal=True, gap="small"):
            st.date_input("Works there since", value=one.active_from, key=keys["active_from"])
            st.date_input("Left on :gray[(first day away)]", value=one.left_on, key=keys["left_on"])
        problems_of(FORM, "active_from")
        problems_of(FORM, "left_on")

        def save() -> None:
            perform(
                change_technician, form=FORM, say="The technician was changed", typed=keys, convert={"name": _text},
                arguments={"technician_id": one.id, "seen_version": one.version},
            )  # fmt: skip

        st.button("Save", key=f"{prefix}_go", type="primary", on_click=save)
