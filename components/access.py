"""Who may see a page: the sign-in in front of everything, and the guard that is the first line of every page."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import RunLocation, ThreadState
from streamlit_authenticator.utilities import CredentialsError, ResetError

from components import auth, brand, oidc
from components.clock import now
from components.labels import plain
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.core.session import note
from db.core.settings import settings
from db.people import sessions
from db.people.sessions import Account

WRONG_CURRENT = "The current password is not right, or it was tried too often; wait 15 minutes then."


class SignedOut(Refused):
    """The person who clicked is no longer signed in, or has to choose a password first; nothing was done."""

    def __init__(self) -> None:
        super().__init__(Problem(code="signed_out", message="You were signed out; nothing was saved. Sign in again."))


def current_actor() -> Actor:
    """Who acts in this click, read from the database now (R29); raises `SignedOut`. Counts as activity.

    For callbacks, which run before any page and its guard, and always ask the database. What a page draws below its
    guard, in the same run, acts as the guard found it a moment ago; a drawer's own run, which has no guard, as the
    first who asked in it found it.
    """
    account = _guarded()
    if account is None:
        account = auth.find_account()
        if account is not None and not account.must_change_password:
            _keep_for_this_run(account)
    if account is None or account.must_change_password:
        raise SignedOut()
    if not _ticks_by_itself():
        _note_activity(account)
    return account.actor


def current_session_id() -> int | None:
    """The id of this tab's session, for the page that lists a person's sign-ins."""
    account = _guarded() or auth.find_account()
    return account.session_id if account else None


def guard(permission: Permission | str) -> Actor:
    """The first line of every page and of every live fragment: gives the actor, or draws what stands instead and stops.

    Signed out: the sign-in and nothing else. A one-time password: the form to change it. No permission: a quiet note.
    """
    wanted = Permission(permission)
    in_fragment = _ticks_by_itself()
    account = _guarded() or auth.find_account()  # in a whole run the gate asked a moment ago
    if account is None or account.must_change_password:
        if in_fragment:
            st.rerun()  # the whole app runs again and its gate draws the sign-in
        gate(account)
    assert account is not None
    if not in_fragment:
        _note_activity(account)
    if not account.actor.can(wanted):
        no_access()
    _keep_for_this_run(account)
    return account.actor


def gate(account: Account | None) -> None:
    """Let a signed-in person pass; otherwise draw the sign-in (or the change of a one-time password) and stop."""
    if account is not None and not account.must_change_password and auth.is_agreed():
        _keep_for_this_run(account)
        return
    desk = auth.DeskAuth(account)
    if account is None:
        _draw_sign_in(desk)
        st.stop()
    elif account.must_change_password:
        _draw_forced_change(desk)
        auth.tell_browser(account)
        st.stop()


def no_access() -> None:
    """Say quietly that this page is not for this role, and stop."""
    with st.container(horizontal_alignment="center", gap="xsmall"):
        st.space("large")
        st.markdown("# :gray[:material/lock:]", width="content")
        st.markdown("##### You have no access to this page", width="content")
        st.caption("If you need it for your work, ask an administrator.", width="content")
    st.stop()


def change_password(desk: auth.DeskAuth, *, key: str) -> bool:
    """Draw the form to change one's own password; True in the run in which it was changed."""
    assert desk.account is not None
    width: Any = "stretch" if key == auth.ON_ACCOUNT_PAGE else auth.CARD_WIDTH
    try:
        return bool(desk.reset_password(desk.account.actor.username, fields=auth.CHANGE_FIELDS, key=key))
    except CredentialsError:
        st.error(WRONG_CURRENT, icon=":material/error:", width=width)
    except ResetError as refusal:
        st.error(str(refusal), icon=":material/error:", width=width)
    return False


def _draw_sign_in(desk: auth.DeskAuth) -> None:
    if auth.come_in_through_a_provider():
        st.rerun()
    with st.container(horizontal_alignment="center", gap="small"):
        _brand()
        desk.login(fields=auth.SIGN_IN_FIELDS, key="sign_in")
        if st.session_state.get("authentication_status"):
            st.rerun()
        if desk.said:
            st.error(desk.said, icon=":material/error:", width=auth.CARD_WIDTH)
        elif said := oidc.hear_the_door():
            st.error(said, icon=":material/error:", width=auth.CARD_WIDTH)
        elif notice := st.session_state.get(auth.NOTICE):
            st.info(notice, icon=":material/info:", width=auth.CARD_WIDTH)
        oidc.draw_buttons(auth.CARD_WIDTH)
        st.caption("No account, or a lost password? Ask your administrator.", width="content")
    auth.tell_browser(None)


def _draw_forced_change(desk: auth.DeskAuth) -> None:
    with st.container(horizontal_alignment="center", gap="small"):
        _brand()
        st.markdown("##### Choose your own password", width="content")
        st.caption("You signed in with a password that is good for once.", width="content")
        if change_password(desk, key="first_password"):
            st.rerun()
        st.button("Sign out", type="tertiary", on_click=auth.sign_out, key="leave_first_password")


def _brand() -> None:
    st.space("xlarge")
    st.image(brand.mark(), width=44)
    st.markdown(f"### {plain(settings().organisation)}", width="content")


# What a guard found, by the run it stood in: Streamlit makes one coordinator a run and never uses it again. A tick, a
# drawer's own run and the next click are other runs, and a callback comes before the guard: they ask for themselves.
_found: WeakKeyDictionary[Any, Account] = WeakKeyDictionary()


def _keep_for_this_run(account: Account) -> None:
    context = get_script_run_ctx()
    in_callback = ThreadState.get().run_location is RunLocation.CALLBACK
    if context is not None and context.parallel_coordinator is not None and not in_callback:
        _found[context.parallel_coordinator] = account


def _guarded() -> Account | None:
    """The account the guard of this very run found; None in a callback and where no guard stood yet."""
    context = get_script_run_ctx()
    if context is None or ThreadState.get().run_location is RunLocation.CALLBACK:
        return None
    return _found.get(context.parallel_coordinator)


def _ticks_by_itself() -> bool:
    """Whether this is the body of a fragment, which may be a live one: ticks must not keep a session from growing idle.

    A click in a fragment runs its callback first, and that counts.
    """
    context = get_script_run_ctx()
    in_fragment = context is not None and bool(context.fragment_ids_this_run)
    return in_fragment and ThreadState.get().run_location is not RunLocation.CALLBACK


def _note_activity(account: Account) -> None:
    moment = now()
    if moment - account.seen_at >= sessions.SEEN_EVERY:
        note(lambda session: sessions.touch(session, session_id=account.session_id, now=moment))
