"""The drawer of people and access: one account and what an administrator may do to it, and the form of a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from zoneinfo import available_timezones

import streamlit as st

from components.access import guard
from components.clock import now
from components.labels import badge, facts, plain
from components.perform import forget, outcome_of, perform, problems_of, show_outcome, stray_problems
from db.core.actor import Actor
from db.core.labels import moment_label
from db.core.permissions import Permission, Role
from db.core.problems import NotFound
from db.core.session import reading
from db.people import commands
from db.people.queries import PersonLine, get_person, list_dealer_choices, list_regions
from db.people.rules import ONE_TIME_PASSWORD_DAYS

OPEN, SECRET, FORM = "people_open", "people_secret", "people_form"
NEW = "new"
FIELDS = ("name", "username", "email", "role", "scope_kind", "regions", "dealer_ids", "zone")
SCOPES = {"all": "All dealers", "regions": "Some regions", "dealers": "Some dealers"}


def open_drawer(which: int | str) -> None:
    """Open the drawer of one person, or of a new one (call it from a callback)."""
    forget(FORM)
    _forget_typed()
    st.session_state[OPEN] = which


def close_drawer() -> None:
    """Close the drawer; a one-time password that was shown is gone."""
    for key in (OPEN, SECRET):
        st.session_state.pop(key, None)
    forget(FORM)
    _forget_typed()


def _forget_typed() -> None:
    for key in [k for k in st.session_state if str(k).startswith("person_")]:
        del st.session_state[key]


def draw_drawer() -> None:
    """Draw the drawer when one is open; call it once, at the end of the page."""
    which = st.session_state.get(OPEN)
    if which is None:
        show_outcome(FORM)
        return
    title = "Add a person"
    if which != NEW:
        try:
            title = plain(_load(which).name)
        except NotFound:
            close_drawer()
            st.error("This person was not found.", icon=":material/error:")
            return
    st.dialog(title, width=520, position="right", on_dismiss=close_drawer)(_body)(which)


def _load(person_id: int) -> PersonLine:
    actor = guard(Permission.PEOPLE_VIEW)
    with reading() as session:
        return get_person(session, actor=actor, person_id=person_id)


def _body(which: int | str) -> None:
    actor = guard(Permission.PEOPLE_VIEW)
    if st.session_state.get(OPEN) is None:
        st.rerun()  # closed by what was clicked: the page follows, and its toast is drawn there
    secret = st.session_state.get(SECRET)
    if isinstance(secret, commands.NewPassword):
        draw_secret(secret, on_done=close_drawer)
    elif which == NEW:
        _draw_new(actor)
    else:
        _draw_person(_load(int(which)), actor)


# ------------------------------------------------------------------------------------------------ one person
def _draw_person(person: PersonLine, actor: Actor) -> None:
    moment = now()
    label, tone = person.state
    st.markdown(f"{badge(person.role.label, 'blue')} {badge(label, tone)}")
    rows: list[tuple[str, object]] = [
        ("User name", person.username),
        ("Last sign-in", moment_label(person.last_sign_in_at, actor.zone, now=moment)),
        ("Account made", moment_label(person.created_at, actor.zone, now=moment)),
    ]
    may_change = actor.can(Permission.PEOPLE_MANAGE)
    if not may_change:
        rows += [("E-mail", person.email), ("May see", person.scope_text), ("Time zone", person.zone)]
    facts(rows)
    if not may_change:
        st.caption("An administrator can change this account.")
        return
    prefix = f"person_{person.person_id}"
    _start(prefix, person)
    _general_problems()
    with st.container(border=True):
        _draw_fields(prefix, actor)
        st.button(
            "Save",
            type="primary",
            key=f"{prefix}_save",
            on_click=_save,
            args=(prefix, person.person_id, person.version),
        )
    _draw_account_actions(prefix, person, actor)


def _draw_account_actions(prefix: str, person: PersonLine, actor: Actor) -> None:
    with st.container(border=True):
        st.markdown("**Sign-in**")
        if not person.is_active:
            st.caption("This account is disabled: nobody can sign in with it.")
            st.button(
                "Enable account",
                icon=":material/check_circle:",
                key=f"{prefix}_enable",
                on_click=_enable,
                args=(person,),
            )
            return
        st.caption("A one-time password replaces the present one and ends every sign-in of this person.")
        st.button(
            "Give a one-time password", icon=":material/key:", key=f"{prefix}_reset", on_click=_reset, args=(person,)
        )
        if person.person_id != actor.user_id:
            st.text_input("Reason to disable :gray[(optional)]", key=f"{prefix}_reason")
            st.button(
                "Disable account", icon=":material/block:", key=f"{prefix}_disable", on_click=_disable, args=(person,),
                help="Signs this person out at once. What they did stays.",
            )  # fmt: skip


def _seen(person: PersonLine) -> dict[str, object]:
    return {"person_id": person.person_id, "seen_version": person.version}


def _reset(person: PersonLine) -> None:
    perform(commands.set_password, form=FORM, say="Password reset", arguments=_seen(person), after=_keep_secret)


def _disable(person: PersonLine) -> None:
    reason = st.session_state.get(f"person_{person.person_id}_reason") or ""
    perform(
        commands.disable_person, form=FORM, say=f"{person.name} can no longer sign in",
        arguments=_seen(person) | {"reason": reason}, after=lambda _result: close_after_success(),
    )  # fmt: skip


def _enable(person: PersonLine) -> None:
    perform(
        commands.enable_person, form=FORM, say=f"{person.name} can sign in again", arguments=_seen(person),
        after=lambda _result: close_after_success(),
    )  # fmt: skip


def close_after_success() -> None:
    """Close the drawer but keep what the page still has to say."""
    st.session_state.pop(OPEN, None)
    _forget_typed()


def _keep_secret(made: commands.NewPassword) -> None:
    st.session_state[SECRET] = made
    forget(FORM)


def draw_secret(secret: commands.NewPassword, *, on_done: Callable[[], None]) -> None:
    """Draw a one-time password for who hands it over; it is nowhere else, so `on_done` forgets it for good."""
    st.markdown(f"One-time password for **{plain(secret.name)}**, user name **{plain(secret.username)}**")
    st.code(secret.one_time_password, language=None)
    st.info(
        f"Copy it now: it is shown only this once. It is good for one sign-in within {ONE_TIME_PASSWORD_DAYS} days; "
        "the person then chooses a password of their own.",
        icon=":material/info:",
    )
    st.button("Done", type="primary", key="person_secret_done", on_click=on_done)


# ------------------------------------------------------------------------------------------------- new person
def _draw_new(actor: Actor) -> None:
    st.caption("The person gets a one-time password, which you will see once and pass on.")
    prefix = "person_new"
    _start(prefix, None)
    _general_problems()
    with st.container(border=True):
        _draw_fields(prefix, actor, is_new=True)
        st.button("Add person", type="primary", key=f"{prefix}_save", on_click=_add, args=(prefix,))


def _add(prefix: str) -> None:
    perform(
        commands.add_person, form=FORM, say="Account added", arguments=_typed(prefix, is_new=True), after=_keep_secret
    )


def _save(prefix: str, person_id: int, seen_version: int) -> None:
    perform(
        commands.edit_person, form=FORM, say="Account saved",
        arguments=_typed(prefix) | {"person_id": person_id, "seen_version": seen_version},
        after=lambda _result: close_after_success(),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------ fields
def _start(prefix: str, person: PersonLine | None) -> None:
    """Fill the form once with what the account has."""
    values: dict[str, object] = {"role": Role.COORDINATOR.value, "scope_kind": "all", "zone": "America/New_York"}
    if person is not None:
        values = {
            "name": person.name, "email": person.email, "role": person.role.value, "scope_kind": person.scope.kind,
            "regions": sorted(person.scope.regions), "dealer_ids": sorted(person.scope.dealer_ids), "zone": person.zone,
        }  # fmt: skip
    for name, value in values.items():
        st.session_state.setdefault(f"{prefix}_{name}", value)


def _draw_fields(prefix: str, actor: Actor, *, is_new: bool = False) -> None:
    st.text_input("Name", key=f"{prefix}_name", autocomplete="off")
    problems_of(FORM, "name")
    if is_new:
        st.text_input(
            "User name", key=f"{prefix}_username", autocomplete="off", help="What the person types to sign in"
        )
        problems_of(FORM, "username")
    st.text_input(
        "E-mail :gray[(optional)]", key=f"{prefix}_email", autocomplete="off", help="Where the desk's mail goes"
    )
    problems_of(FORM, "email")
    role = st.selectbox("Role", [r.value for r in Role], format_func=lambda r: Role(r).label, key=f"{prefix}_role")
    problems_of(FORM, "role")
    _draw_scope(prefix, actor, Role(role) if role in set(Role) else Role.DEALER_STAFF)
    zones = sorted(available_timezones())
    st.selectbox("Time zone", zones, key=f"{prefix}_zone")
    problems_of(FORM, "zone")
    stray_problems(FORM, FIELDS)


def _draw_scope(prefix: str, actor: Actor, role: Role) -> None:
    kinds: Sequence[str] = ["dealers"] if role.is_dealer else list(SCOPES)
    key = f"{prefix}_scope_kind"
    if st.session_state.get(key) not in kinds:
        st.session_state[key] = kinds[0]
    kind = st.segmented_control("May see", kinds, format_func=SCOPES.__getitem__, key=key, required=True)
    problems_of(FORM, "scope_kind")
    with reading() as session:
        regions = list_regions(session) if kind == "regions" else []
        dealers = dict(list_dealer_choices(session, scope=actor.scope)) if kind == "dealers" else {}
    if kind == "regions":
        _keep_known(f"{prefix}_regions", regions)
        st.multiselect("Regions", regions, key=f"{prefix}_regions", placeholder="Choose regions")
        problems_of(FORM, "regions")
    elif kind == "dealers":
        _keep_known(f"{prefix}_dealer_ids", list(dealers))
        st.multiselect(
            "Dealers", list(dealers), format_func=dealers.__getitem__, key=f"{prefix}_dealer_ids",
            placeholder="Type a code or a name",
        )  # fmt: skip
        problems_of(FORM, "dealer_ids")


def _keep_known(key: str, options: Sequence[object]) -> None:
    """A choice that no longer exists would be an error of the widget; it is left out instead."""
    st.session_state[key] = [v for v in st.session_state.get(key) or [] if v in set(options)]


def _typed(prefix: str, *, is_new: bool = False) -> dict[str, object]:
    state = st.session_state
    kind = state.get(f"{prefix}_scope_kind") or ""
    values: dict[str, object] = {
        name: state.get(f"{prefix}_{name}") or "" for name in ("name", "email", "role", "zone")
    }
    values["scope_kind"] = kind
    values["regions"] = list(state.get(f"{prefix}_regions") or []) if kind == "regions" else []
    values["dealer_ids"] = list(state.get(f"{prefix}_dealer_ids") or []) if kind == "dealers" else []
    if is_new:
        values["username"] = state.get(f"{prefix}_username") or ""
    return values


def _general_problems() -> None:
    outcome = outcome_of(FORM)
    if outcome is not None and outcome.problems:
        show_outcome(FORM)
