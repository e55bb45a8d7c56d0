"""Co-op programmes: by year with the version in force, every version and what it changed, the form of the next one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import streamlit as st

from components.access import guard
from components.areas import coop_programmes as show
from components.areas.coop_programme_fields import (
    FORM,
    blank,
    body_of,
    draw_fields,
    draw_preview,
    draw_problems,
    drawn_fields,
)
from components.clock import today
from components.filters import pick
from components.labels import empty_state
from components.perform import forget, perform, show_outcome, stray_problems
from db.calendar.queries import DESK_ZONE
from db.coop.commands import save_programme
from db.coop.model import programme_to_json
from db.coop.programme_queries import ProgrammePage, list_programmes, list_years, programme_page
from db.coop.programme_rules import next_start
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading

EDIT = "_cpr_edit"
actor = guard(Permission.COOP_VIEW)
writes = actor.can(Permission.COOP_MANAGE) and actor.scope.is_all
on = today(DESK_ZONE)


def go(programme_id: int | None) -> None:
    """Show one programme, or the list again, with the outcome of the click (in a callback)."""
    st.session_state.pop(EDIT, None)
    if programme_id is None:
        st.query_params.pop("programme", None)
    else:
        st.query_params["programme"] = str(programme_id)


def open_programme(programme_id: int | None) -> None:
    """Show one programme, or the list, and forget what was said of the last click (in a callback)."""
    forget(FORM)
    go(programme_id)


def begin(page: ProgrammePage | None, *, next_year: bool = False) -> None:
    """Open the form: for the next version, for the programme of the year after, or for one of a new kind."""
    forget(FORM)
    newest = page.newest if page else None
    base = programme_to_json(newest.programme) if newest else blank(on.year + (on.month > 9))
    if page is not None and next_year:
        year = str(page.row.year)
        code = base["code"].replace(year, str(page.row.year + 1))
        name = base["name"].replace(year, str(page.row.year + 1))
        base |= {"year": page.row.year + 1, "code": code if code != base["code"] else "", "name": name}
    follows = newest if newest and not next_year else None
    st.session_state[EDIT] = {
        "key": uuid4().hex, "base": base, "known": follows is not None,
        "before": follows.programme if follows else None, "seen": page.row.version if page and follows else 0,
        "first": next_start(base["year"], on, follows.effective_from) if follows else None,
    }  # fmt: skip


def draw_list() -> None:
    """Programmes by year."""
    with reading() as session:
        years = {str(y): str(y) for y in list_years(session, actor=actor)}
        chosen_year = st.query_params.get("cpr_year", "")
    if len(years) > 1:
        chosen_year = pick("Year", years, key="cpr_year", all_label="All years", width=160)
    with reading() as session:
        year = int(chosen_year) if chosen_year in years else None
        rows = list_programmes(session, actor=actor, today=on, year=year)
    if rows:
        show.draw_rows(rows, on_open=open_programme)
    else:
        empty_state("savings", "There is no co-op programme yet.", action="Begin one above." if writes else "")


def draw_form(edit: dict[str, Any]) -> None:
    """The fields at the left, what they come to at the right."""
    at, base, before = f"cpr_{edit['key']}_", edit["base"], edit["before"]
    left, right = st.columns([3, 2], gap="large")
    with left:
        draw_fields(base, at=at, is_known=edit["known"])
        if before is not None:
            st.date_input(
                "This version holds from", edit["first"], key=f"{at}first",
                help="For purchases and activities from this day on",
            )  # fmt: skip
            draw_problems("effective_from")
        st.text_input("What changes, and why", key=f"{at}reason", max_chars=1000)
        draw_problems("reason")
        stray_problems(FORM, drawn_fields())
        show_outcome(FORM)

        def save() -> None:
            perform(
                save_programme, form=FORM, say="The version was written", after=go,
                arguments={
                    "body": body_of(base, at=at), "effective_from": st.session_state.get(f"{at}first"),
                    "reason": st.session_state.get(f"{at}reason") or "", "seen_version": edit["seen"],
                    "form_key": edit["key"],
                },
            )  # fmt: skip

        with st.container(horizontal=True, gap="small"):
            st.button("Write this version", key="cpr_save", type="primary", icon=":material/save:", on_click=save)
            st.button("Cancel", key="cpr_cancel", type="tertiary", on_click=lambda: st.session_state.pop(EDIT, None))
    with right, st.container(border=True):
        draw_preview(body_of(base, at=at), before, first=st.session_state.get(f"{at}first"), today=on)


def draw_page(programme_id: int) -> None:
    """One programme whole."""
    st.button(
        "All programmes", key="cpr_back", icon=":material/arrow_back:", type="tertiary", on_click=open_programme,
        args=(None,),
    )  # fmt: skip
    try:
        with reading() as session:
            page = programme_page(session, programme_id=programme_id, actor=actor, today=on)
    except NotFound as gone:
        st.error(gone.problems[0].message)
        return
    show.draw_head(page)
    show_outcome(FORM)
    if writes:
        with st.container(horizontal=True, gap="small"):
            st.button("Write the next version", key="cpr_next", icon=":material/edit:", on_click=begin, args=(page,))
            st.button(
                f"Begin {page.row.year + 1} from this one", key="cpr_copy", icon=":material/content_copy:",
                type="tertiary", on_click=begin, args=(page,), kwargs={"next_year": True},
            )  # fmt: skip
    show.draw_version(page.held)
    show.draw_history(page)


chosen = st.query_params.get("programme", "")
edit = st.session_state.get(EDIT) if writes else None
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/rule: Co-op programmes")
    if writes and edit is None and not chosen:
        st.button("New programme", key="cpr_new", type="primary", icon=":material/add:", on_click=begin, args=(None,))
if edit is not None:
    draw_form(edit)
elif chosen.isdecimal():
    draw_page(int(chosen))
else:
    show_outcome(FORM)
    draw_list()
