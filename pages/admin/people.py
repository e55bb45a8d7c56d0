"""People and access: who may sign in, as what, and for which dealers."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.charts.base import table
from components.clock import now
from components.filters import clear_button, many, one, words
from components.labels import empty_state
from components.person_drawer import NEW, draw_drawer, open_drawer
from components.queue_page import id_at, remember_rows
from db.core.actor import Actor
from db.core.labels import plural, relative_label
from db.core.permissions import Permission, Role
from db.core.session import reading
from db.people.queries import PersonLine, list_people

KEYS = ("people_text", "people_role", "people_state")
STATES = {"active": "Active", "disabled": "Disabled", "all": "All"}
STATE_TONES = {"Active": "green", "Single sign-on only": "green", "One-time password": "orange", "Disabled": "gray"}
ROLE_TONES = {role.label: "blue" if not role.is_dealer else "violet" for role in Role}


def main() -> None:
    """Draw the page."""
    actor = guard(Permission.PEOPLE_VIEW)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(":material/group: People and access", anchor=False)
        if actor.can(Permission.PEOPLE_MANAGE):
            st.button("Add person", type="primary", icon=":material/person_add:", on_click=open_drawer, args=(NEW,))
    people = draw_filters(actor)
    if people:
        draw_table(people)
    else:
        empty_state("group", "Nobody matches these filters.", action="Clear the filters, or add a person.")
    open_from_address()
    draw_drawer()


def draw_filters(actor: Actor) -> list[PersonLine]:
    """Search, roles and state, all kept in the address; gives the people they leave."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = words("Find", key="people_text", placeholder="Name, user name, e-mail", width=280)
        labels = {role.label: role for role in Role}
        roles = many("Roles", list(labels), key="people_role", placeholder="All roles", width=320)
        state = one("State", STATES, key="people_state", default="active")
        clear_button(KEYS[:2], key="people_clear")
    with reading() as session:
        return list_people(
            session, actor=actor, text=text, roles=[labels[r] for r in roles if r in labels],
            is_active={"active": True, "disabled": False}.get(state),
        )  # fmt: skip


def draw_table(people: list[PersonLine]) -> None:
    """One line a person; the name opens the drawer."""
    remember_rows("people", [p.person_id for p in people])

    def opened(position: int) -> None:
        person_id = id_at("people", position)
        if person_id is not None:
            open_drawer(person_id)

    moment = now()
    rows = table(
        {
            "name": [p.name for p in people],
            "username": [p.username for p in people],
            "role": [[p.role.label] for p in people],
            "scope": [p.scope_text for p in people],
            "state": [[p.state[0]] for p in people],
            "email": [p.email for p in people],
            "seen": [relative_label(p.last_sign_in_at, moment) if p.last_sign_in_at else "Never" for p in people],
        }
    )
    tables.show(
        rows, key="people_table", alt="People who may sign in",
        columns={
            "name": tables.opener("Name", key="people_opener", on_open=opened, width="medium"),
            "username": tables.text("User name"),
            "role": tables.pill("Role", ROLE_TONES),
            "scope": tables.text("May see"),
            "state": tables.pill("State", STATE_TONES),
            "email": tables.text("E-mail"),
            "seen": tables.text("Last sign-in"),
        },
    )  # fmt: skip
    st.caption(plural(len(people), "person", "people"))


def open_from_address() -> None:
    """A link of the form /people?person=12 (search results make it) opens that person once."""
    wanted = st.query_params.get("person", "")
    if wanted.isdigit() and st.session_state.get("people_linked") != wanted:
        st.session_state["people_linked"] = wanted
        open_drawer(int(wanted))


main()
