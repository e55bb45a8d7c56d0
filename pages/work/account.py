"""My account: who I am here, my password, where I am signed in, and the zone my times are shown in."""

from __future__ import annotations

from zoneinfo import available_timezones

import streamlit as st

from components import access, auth, oidc
from components.clock import now
from components.labels import facts, plain
from components.perform import perform, problems_of, show_outcome
from db.core.actor import Actor
from db.core.labels import moment_label, moment_words, relative_label
from db.core.session import reading
from db.people import own_commands
from db.people.queries import get_person, list_browsers


def main() -> None:
    """Draw the page."""
    actor = access.guard("home.view")
    st.title(":material/account_circle: My account", anchor=False)
    show_outcome("account")
    left, right = st.columns([1, 1], gap="large")
    with left:
        draw_me(actor)
        draw_zone(actor)
    with right:
        draw_password()
    draw_browsers(actor)


def draw_me(actor: Actor) -> None:
    """What the desk knows of me."""
    with reading() as session:
        me = get_person(session, actor=actor, person_id=actor.user_id)
    with st.container(border=True):
        st.subheader("About you", anchor=False)
        facts(
            [
                ("Name", me.name),
                ("User name", me.username),
                ("E-mail", me.email),
                ("Role", me.role.label),
                ("You see", me.scope_text),
            ]
        )
        st.caption("An administrator can change these.")


def draw_zone(actor: Actor) -> None:
    """Choose the zone times are shown in."""
    zones = sorted(
        z for z in available_timezones() if "/" in z and not z.startswith(("Etc/", "SystemV/", "posix", "right"))
    )
    with st.container(border=True):
        st.subheader("Time zone", anchor=False)
        st.selectbox(
            "Your times are shown in", zones, index=zones.index(actor.zone) if actor.zone in zones else None,
            key="account_zone", on_change=save_zone,
        )  # fmt: skip
        problems_of("account", "zone")
        st.caption(f"It is now {moment_words(now(), actor.zone)} there.")


def save_zone() -> None:
    """Keep the zone that was just chosen."""
    perform(
        own_commands.change_own_zone, form="account", say="Time zone saved",
        arguments={"zone": st.session_state.get("account_zone") or ""},
    )  # fmt: skip


def draw_password() -> None:
    """Change the password; every other sign-in ends."""
    account = auth.find_account()
    desk = auth.DeskAuth(account)
    if account is not None and oidc.name_of_way(account.way):
        with st.container(border=True):
            st.subheader("Password", anchor=False)
            st.markdown(f"You came in {plain(oidc.name_of_way(account.way))}, and need no password here.")
            st.caption("To change one you have here as well, sign in with it.")
        return
    if access.change_password(desk, key=auth.ON_ACCOUNT_PAGE):
        st.success("Your password was changed. Everywhere else you were signed out.", icon=":material/check:")


def draw_browsers(actor: Actor) -> None:
    """Where I am signed in, each with a way to end it."""
    moment = now()
    assert actor.user_id is not None
    with reading() as session:
        found = list_browsers(session, person_id=actor.user_id, this_session_id=access.current_session_id(), now=moment)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader("Where you are signed in", anchor=False)
            st.button("Sign out everywhere", icon=":material/logout:", on_click=leave_everywhere)
        for one in found:
            since = moment_label(one.signed_in_at, actor.zone, now=moment).replace("Today", "today")
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute",
                key=f"browser_{one.session_id}",
            ):  # fmt: skip
                way = oidc.name_of_way(one.way)
                through = f" {way}" if way else ""
                here = " :green-badge[This browser]" if one.is_this_one else ""
                st.markdown(
                    f":material/computer: {plain(one.source)}{here}  \n"
                    f":gray[Since {plain(since)}{plain(through)}, "
                    f"last active {relative_label(one.seen_at, moment)}]",
                    width="content",
                )
                if not one.is_this_one:
                    st.button("End", key=f"end_{one.session_id}", on_click=end, args=(one.session_id,))
        st.caption("A sign-in ends by itself after 30 minutes without use, and after 12 hours.")


def end(session_id: int) -> None:
    """End one other browser's sign-in."""
    perform(
        own_commands.end_other_browser,
        form="account",
        say="That sign-in was ended",
        arguments={"session_id": session_id},
    )


def leave_everywhere() -> None:
    """End every sign-in, this one too."""
    if perform(own_commands.sign_out_everywhere, form="account", say="You were signed out everywhere"):
        auth.forget_tab()


main()
