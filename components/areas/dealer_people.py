"""The people of one dealer: whom to call, who has left, and the drawer in which one is entered or changed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import streamlit as st

from components import tables
from components.access import guard
from components.charts.base import table
from components.clock import now
from components.labels import empty_state, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers import people_commands as commands
from db.dealers.people_queries import ContactLine, accounts_of_dealer, count_left, get_contact, list_contacts
from db.dealers.people_rules import LONGEST_NOTE, ROLES
from db.dealers.queries import DealerDetail, get_dealer

OPEN, FORM, SEEN, FORM_KEY, NEW = "_dealer_person", "dealer_person", "_dealer_person_seen", "_dealer_person_key", "new"
FIELDS = ("name", "role", "email", "phone", "is_primary", "person_id", "note")
STATES = {"Primary": "green", "Left": "gray"}


def _key(field: str) -> str:
    return f"dpn_{field}"


def draw_dealer_tab(dealer: DealerDetail, actor: Actor) -> None:
    """Draw the people of one dealer, as a tab of Dealer 360."""
    manages = actor.can(Permission.DEALERS_MANAGE)
    with reading() as session:
        gone = count_left(session, dealer_id=dealer.dealer_id, scope=actor.scope)
        with_left = bool(gone and st.session_state.get("dpn_with_left"))
        found = list_contacts(session, dealer_id=dealer.dealer_id, scope=actor.scope, with_left=with_left)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if gone:
            st.toggle(f"Show {plural(gone, 'person', 'people')} who left", key="dpn_with_left")
        else:
            st.caption(plural(len(found), "person", "people"), width="content")
        if manages:
            st.button("Add person", icon=":material/person_add:", key="dpn_new", on_click=_open, args=(None,))
    if found:
        _draw_list(found, manages=manages)
    else:
        empty_state(
            "contact_phone", "Nobody of this dealer is on file.",
            action="Add the person to call first, or bring a list in under Imports." if manages else "",
        )  # fmt: skip
    if manages:
        _draw_drawer(dealer.dealer_id)


def _draw_list(found: list[ContactLine], *, manages: bool) -> None:
    ids = [line.contact_id for line in found]

    def opened(position: int) -> None:
        if position < len(ids):
            _open(ids[position])

    tables.show(
        table(
            {
                "Name": [line.name for line in found],
                "Role": [line.role_label for line in found],
                "State": [["Left"] if line.left_on else ["Primary"] if line.is_primary else [] for line in found],
                "Phone": [line.phone or "–" for line in found],
                "E-mail": [f"mailto:{line.email}" if line.email else None for line in found],
                "Account": [line.username or "–" for line in found],
                "Left on": [f"{line.left_on:%-d %b %Y}" if line.left_on else "–" for line in found],
                "Note": [line.note for line in found],
            }
        ),
        key="dpn_table", alt="People of the dealer: the primary contact first",
        columns={
            "Name": tables.opener("Name", key="dpn_click", on_open=opened, width=160) if manages
            else tables.text("Name", width=160, pinned=True),
            "Phone": tables.text("Phone", width=135),
            "Role": tables.text("Role", width=155), "State": tables.pill("State", STATES, width=80),
            "E-mail": st.column_config.LinkColumn("E-mail", display_text=r"mailto:(.*)", width=220),
            "Account": tables.text("Account", width=120),
            "Left on": tables.text("Left on", width=100) if any(line.left_on for line in found) else None,
            "Note": tables.text("Note", width=220) if any(line.note for line in found) else None,
        },
    )  # fmt: skip


def _open(contact_id: int | None) -> None:
    """Open the drawer on a person, or on a new one (from a callback)."""
    _close()
    line = None
    if contact_id is not None:
        try:
            with reading() as session:
                line = get_contact(session, contact_id=contact_id, scope=guard(Permission.DEALERS_MANAGE).scope)
        except NotFound:
            return
    empty: dict[str, Any] = {"name": "", "role": None, "email": "", "phone": "", "is_primary": False, "note": ""}
    for field in FIELDS:
        st.session_state[_key(field)] = getattr(line, field) if line else empty.get(field)
    st.session_state[_key("left_on")] = None
    st.session_state[SEEN] = line.version if line else 0
    st.session_state[FORM_KEY] = uuid4().hex
    st.session_state[OPEN] = contact_id or NEW


def _close() -> None:
    forget(FORM)
    _forget_typed()


def _forget_typed(_result: object = None) -> None:
    for key in (OPEN, SEEN, FORM_KEY, _key("left_on"), *map(_key, FIELDS)):
        st.session_state.pop(key, None)


def _draw_drawer(dealer_id: int) -> None:
    which = st.session_state.get(OPEN)
    if which is None:
        show_outcome(FORM)
        return
    title = "Add a person" if which == NEW else "Change a person"
    st.dialog(title, width=520, position="right", on_dismiss=_close)(_body)(which, dealer_id)


def _body(which: int | str, dealer_id: int) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()  # saved: the page follows, and the toast is drawn there
    actor = guard(Permission.DEALERS_MANAGE)
    with reading() as session:
        dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
        line = None if which == NEW else get_contact(session, contact_id=int(which), scope=actor.scope)
        accounts = accounts_of_dealer(session, dealer_id=dealer_id)
        others = list_contacts(session, dealer_id=dealer_id, scope=actor.scope)
    show_outcome(FORM)
    _draw_fields(accounts)
    holder = next((one for one in others if one.is_primary and one.contact_id != which), None)
    if holder is not None and st.session_state.get(_key("is_primary")):
        st.caption(f"{plain(holder.name)} is the primary contact now and will no longer be.")
    stray_problems(FORM, [*FIELDS, "left_on"])
    if line is None or line.left_on is None:
        st.button("Save person", key="dpn_save", type="primary", on_click=_save, args=(which, dealer_id))
    if line is not None:
        _draw_leaving(line, dealer)


def _draw_fields(accounts: dict[int, str]) -> None:
    linked = st.session_state.get(_key("person_id"))
    known = [*accounts, *([linked] if linked is not None and linked not in accounts else [])]
    with st.grid(2, min_column_width=200, gap="small"):
        _field(st.text_input, "Name", "name", max_chars=120)
        _field(
            st.selectbox, "Role", "role", list(ROLES), format_func=ROLES.__getitem__, index=None, placeholder="Choose"
        )
        _field(st.text_input, "Phone", "phone", max_chars=30)
        _field(st.text_input, "E-mail", "email", max_chars=254)
    _field(st.checkbox, "Primary contact", "is_primary", help="Whom the desk calls first; one a dealer")
    _field(
        st.selectbox, "Account on this desk :gray[(optional)]", "person_id", known,
        format_func=lambda v: accounts.get(v, "Account of another dealer"), index=None, placeholder="None",
        help="Their sign-in, so that it is noticed when they leave",
    )  # fmt: skip
    _field(st.text_area, "Note :gray[(optional)]", "note", height=80, max_chars=LONGEST_NOTE)


def _field(kind: Any, label: str, field: str, *more: Any, **options: Any) -> None:
    with st.container(gap="xxsmall"):
        kind(label, *more, key=_key(field), **options)
        problems_of(FORM, field)


def _draw_leaving(line: ContactLine, dealer: DealerDetail) -> None:
    with st.container(border=True):
        if line.left_on is not None:
            st.markdown(f"Left on {line.left_on:%-d %b %Y}.")
            st.button("Is back", key="dpn_back", icon=":material/undo:", on_click=_returned, args=(line,))
            return
        st.markdown("**Left the dealer?**")
        today = now().astimezone(ZoneInfo(dealer.facts.zone)).date()
        st.date_input("Last day", value=None, max_value=today, key=_key("left_on"))
        problems_of(FORM, "left_on")
        st.button("Mark as left", key="dpn_left", icon=":material/person_off:", on_click=_left, args=(line,))


def _save(which: int | str, dealer_id: int) -> None:
    facts = {field: st.session_state.get(_key(field)) for field in FIELDS}
    for field in ("name", "role", "email", "phone", "note"):
        facts[field] = facts[field] or ""
    facts["is_primary"] = bool(facts["is_primary"])
    if which == NEW:
        arguments: dict[str, Any] = {**facts, "dealer_id": dealer_id, "form_key": st.session_state.get(FORM_KEY)}
        perform(
            commands.add_contact, form=FORM, say=f"{facts['name']} was added", arguments=arguments, after=_forget_typed
        )
    else:
        arguments = {"contact_id": which, "seen_version": st.session_state.get(SEEN, 0), "changes": facts}
        perform(
            commands.change_contact, form=FORM, say=f"{facts['name']} was saved", arguments=arguments,
            after=_forget_typed,
        )  # fmt: skip


def _left(line: ContactLine) -> None:
    perform(
        commands.mark_left, form=FORM, say=f"{line.name} is marked as left", typed={"left_on": _key("left_on")},
        arguments={"contact_id": line.contact_id, "seen_version": line.version}, after=_forget_typed,
    )  # fmt: skip


def _returned(line: ContactLine) -> None:
    perform(
        commands.mark_returned, form=FORM, say=f"{line.name} is back", after=_forget_typed,
        arguments={"contact_id": line.contact_id, "seen_version": line.version},
    )  # fmt: skip
