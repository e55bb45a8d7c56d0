"""The drawer of groups: who owns several rooftops, how many of them one sees, and their names."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.charts.base import table
from components.labels import empty_state, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.group_commands import add_group, rename_group
from db.dealers.group_queries import GroupLine, groups_to_choose

OPEN, FORM, WHICH, IDS = "_dealer_groups", "dealer_groups", "_dealer_group_which", "_dealer_group_ids"
NAME, CODE = "grp_name", "grp_code"


def draw_groups_button() -> None:
    """The button that opens the drawer."""
    st.button("Groups", icon=":material/domain:", key="dealer_groups_open", on_click=_open)


def _open() -> None:
    forget(FORM)
    st.session_state[OPEN] = True
    _choose(None)


def _close() -> None:
    forget(FORM)
    for key in (OPEN, WHICH, IDS, NAME, CODE):
        st.session_state.pop(key, None)


def _choose(group: GroupLine | None) -> None:
    forget(FORM)
    st.session_state[WHICH] = group
    st.session_state[NAME] = group.name if group else ""
    st.session_state[CODE] = group.code if group else ""


def draw_groups(actor: Actor) -> None:
    """Draw the drawer when it is open; call it once a page."""
    if st.session_state.get(OPEN):
        st.dialog("Groups", width=560, position="right", on_dismiss=_close)(_body)()


def _body() -> None:
    actor = guard(Permission.DEALERS_VIEW)
    with reading() as session:
        found = groups_to_choose(session, actor=actor)
    show_outcome(FORM)
    manages = actor.can(Permission.DEALERS_MANAGE)
    if found:
        _draw_list(found, manages=manages)
    else:
        empty_state("domain", "No group yet.", action="A group is the owner of several dealers.")
    if manages:
        _draw_form()


def _draw_list(found: list[GroupLine], *, manages: bool) -> None:
    st.session_state[IDS] = found

    def opened(position: int) -> None:
        known = st.session_state.get(IDS, [])
        if position < len(known):
            if manages:
                _choose(known[position])
            else:
                _show(known[position].group_id)

    tables.show(
        table(
            {
                "Group": [group.name for group in found], "Code": [group.code or "–" for group in found],
                "Dealers": [group.rooftops for group in found], "States": [group.states for group in found],
            }
        ),
        key="groups_table", alt="Groups by name, with the dealers you see",
        columns={
            "Group": tables.opener("Group", key="groups_click", on_open=opened, width=230),
            "Code": tables.text("Code", width=80),
            "Dealers": tables.number("Dealers", width=75, help="Those you look after"),
            "States": tables.number("States", width=70),
        },
    )  # fmt: skip


def _show(group_id: int) -> None:
    """Narrow the list to a group and close the drawer."""
    _close()
    st.session_state["dealer_group"] = str(group_id)


def _draw_form() -> None:
    group: GroupLine | None = st.session_state.get(WHICH)
    with st.container(border=True):
        st.markdown(f"**Change {plain(group.name)}**" if group else "**Add a group**")
        with st.grid(2, min_column_width=180, gap="small"):
            with st.container(gap="xxsmall"):
                st.text_input("Name", key=NAME, max_chars=120)
                problems_of(FORM, "name")
            with st.container(gap="xxsmall"):
                st.text_input("Code :gray[(optional)]", key=CODE, max_chars=20)
                problems_of(FORM, "code")
        stray_problems(FORM, ["name", "code"])
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Save group" if group else "Add group", key="grp_save", type="primary", on_click=_save, args=(group,)
            )
            if group is not None:
                st.button("Show its dealers", key="grp_show", on_click=_show, args=(group.group_id,))
                st.button("New group", key="grp_new", type="tertiary", on_click=_choose, args=(None,))


def _save(group: GroupLine | None) -> None:
    typed = {"name": st.session_state.get(NAME) or "", "code": st.session_state.get(CODE) or ""}

    def done(_result: object) -> None:
        outcome = f"_outcome_{FORM}"
        kept = st.session_state.get(outcome)
        _choose(None)
        st.session_state[outcome] = kept

    if group is None:
        perform(add_group, form=FORM, say=f"{typed['name']} was added", arguments=typed, after=done)
    else:
        perform(
            rename_group, form=FORM, say=f"{typed['name']} was saved", after=done,
            arguments={**typed, "group_id": group.group_id, "seen_version": group.version},
        )  # fmt: skip
