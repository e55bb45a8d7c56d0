"""The drawer in which access is asked for: a new account, another role, or an end of access."""

from __future__ import annotations

from uuid import uuid4

import streamlit as st

from components.access import guard
from components.clock import now
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.access.commands import submit_request
from db.access.people_queries import AccountFilters, list_accounts
from db.access.rules import KINDS, ROLES
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices

FORM, OPEN, FORM_KEY = "access_form", "access_form_open", "access_form_key"
FIELDS = ("dealer_id", "kind", "name", "email", "role", "person_id", "reason")
MOST_PEOPLE = 500


def _key(field: str) -> str:
    return f"acf_{field}"


def open_form(dealer_id: int | None = None) -> None:
    """Open the drawer (call it from a callback); with a dealer it is about that one."""
    _forget()
    forget(FORM)
    st.session_state[OPEN] = dealer_id or 0
    st.session_state[_key("kind")] = "new"
    st.session_state[_key("dealer_id")] = dealer_id
    st.session_state[FORM_KEY] = uuid4().hex


def _forget(_result: object = None) -> None:
    for key in (OPEN, FORM_KEY, *map(_key, FIELDS)):
        st.session_state.pop(key, None)


def _close() -> None:
    _forget()
    forget(FORM)


def draw_form(actor: Actor) -> bool:
    """Draw the drawer when it is open; gives back whether it is."""
    if st.session_state.get(OPEN) is None or not actor.can(Permission.ACCESS_REQUEST):
        show_outcome(FORM)
        return False
    st.dialog("Request access", width=520, position="right", on_dismiss=_close)(_body)()
    return True


def _body() -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()  # sent: the page follows, and the toast is drawn there
    actor = guard(Permission.ACCESS_REQUEST)
    with reading() as session:
        dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
    show_outcome(FORM)
    kind = st.segmented_control(
        "What for", list(KINDS), format_func=KINDS.__getitem__, key=_key("kind"), required=True
    )  # fmt: skip
    problems_of(FORM, "kind")
    if len(dealers) == 1:
        st.session_state[_key("dealer_id")] = next(iter(dealers))
    dealer_id = st.selectbox(
        "Dealer", list(dealers), index=None, format_func=lambda v: dealers.get(v, "–"), key=_key("dealer_id"),
        placeholder="Choose", disabled=len(dealers) == 1,
    )  # fmt: skip
    problems_of(FORM, "dealer_id")
    if kind == "new":
        st.text_input("Name", key=_key("name"), max_chars=120, autocomplete="off")
        problems_of(FORM, "name")
        st.text_input(
            "E-mail", key=_key("email"), max_chars=254, autocomplete="off",
            help="The person's own address: it is how an account is recognised",
        )  # fmt: skip
        problems_of(FORM, "email")
    else:
        _draw_person(actor, dealer_id)
    if kind != "close":
        st.pills("Role", list(ROLES), format_func=ROLES.__getitem__, key=_key("role"))
        problems_of(FORM, "role")
    st.text_area("Reason", key=_key("reason"), height=80, max_chars=1000, placeholder="Starts on Monday as sales")
    problems_of(FORM, "reason")
    stray_problems(FORM, FIELDS)
    st.button("Send request", key="access_form_send", type="primary", icon=":material/send:", on_click=_send)
    st.caption("Somebody of the manufacturer answers within one working day; you are told here and by mail.")


def _draw_person(actor: Actor, dealer_id: int | None) -> None:
    people: dict[int, str] = {}
    if dealer_id is not None:
        with reading() as session:
            rows, _ = list_accounts(
                session, scope=actor.scope, filters=AccountFilters(dealer_id=dealer_id), now=now(), limit=MOST_PEOPLE
            )
        people = {r.person_id: f"{r.name}, {r.role_label.lower()}" for r in rows if r.is_active}
    if st.session_state.get(_key("person_id")) not in people:
        st.session_state[_key("person_id")] = None
    st.selectbox(
        "Account", list(people), index=None, format_func=lambda v: people.get(v, "–"), key=_key("person_id"),
        placeholder="Choose" if dealer_id is not None else "Choose a dealer first",
    )  # fmt: skip
    problems_of(FORM, "person_id")


def _send() -> None:
    state = st.session_state
    kind = state.get(_key("kind")) or ""
    arguments = {
        "dealer_id": state.get(_key("dealer_id")), "kind": kind, "form_key": state.get(FORM_KEY),
        "name": state.get(_key("name")) or "", "email": state.get(_key("email")) or "",
        "role": state.get(_key("role")) or "", "person_id": state.get(_key("person_id")),
        "reason": state.get(_key("reason")) or "",
    }  # fmt: skip
    perform(submit_request, form=FORM, say="The request was sent", arguments=arguments, after=_forget)
