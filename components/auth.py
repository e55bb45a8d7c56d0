"""Signing in: streamlit-authenticator's widgets over our own accounts, lockout and server-side sessions.

The package keeps accounts in a dictionary, counts failures in memory and signs a cookie that JavaScript can read
(reliability.md 0.1). Here its three widgets keep their flow, and storage and transport are replaced: the database
checks the password, and the browser gets an opaque HttpOnly cookie in exchange for a ticket (components/door.py).
"""

from __future__ import annotations

import ipaddress
import json
import logging
import secrets
from typing import Any

import streamlit as st
from streamlit_authenticator import Authenticate
from streamlit_authenticator.controllers import AuthenticationController, CookieController
from streamlit_authenticator.models import AuthenticationModel
from streamlit_authenticator.utilities import Encryptor, ResetError, Validator
from streamlit_authenticator.views import authentication_view

from components import oidc
from components.clock import now
from components.cookie import cookie_name, door_is_open
from db.core.problems import Refused
from db.core.session import reading, run, writing
from db.core.settings import settings
from db.people import own_commands, passwords, sessions, sign_in, single_sign_on
from db.people.rules import PASSWORD_ADVICE, REFUSED, check_password
from db.people.sessions import Account

log = logging.getLogger("dealerdesk.sign_in")

SESSION = "_sign_in_id"  # session state: the id of the tab's row in sign_in_session
TICKET = "_sign_in_ticket"
DROP = "_sign_in_drop"  # the browser still has to be told to forget its cookie
PERSON = "_sign_in_person"  # whose things lie in this tab's session state
NOTICE = "_sign_in_notice"
INCOMPLETE = "Enter your user name and your password."
# The package encrypts captchas and codes with it; we use neither, so a key for each process will do.
_UNUSED_KEY = secrets.token_hex(32)


_warned: list[bool] = []


# ------------------------------------------------------------------------------------------ who is signed in
def find_account() -> Account | None:
    """Who is signed in in this tab, as the database says now; None when nobody is, or no longer."""
    session_id = st.session_state.get(SESSION)
    if not isinstance(session_id, int):
        session_id = None
    token = "" if session_id is not None or st.session_state.get("logout") else _cookie()
    if session_id is None and not token:
        return None
    with reading(primary=True) as session:
        account = sessions.find_account(session, now=now(), session_id=session_id, token=token)
    if account is not None and (session_id is None or st.session_state.get(PERSON) != account.person_id):
        _occupy(account.person_id, account.session_id)
    return account


def _cookie() -> str:
    """The cookie this tab's connection was opened with (a tab that signed in itself has none yet)."""
    value = st.context.cookies.get(cookie_name())
    return value if isinstance(value, str) else ""


def _occupy(person_id: int, session_id: int) -> None:
    """Tie this tab to a session; what another person left in the tab is forgotten."""
    if st.session_state.get(PERSON) not in (None, person_id):
        for key in list(st.session_state):
            del st.session_state[key]
    st.session_state[PERSON] = person_id
    st.session_state[SESSION] = session_id


def source_address() -> str:
    """Where a try comes from: the address itself, or behind our proxy the one the proxy saw; IPv6 as its /64."""
    address: Any = st.context.ip_address
    if settings().behind_https:
        forwarded = st.context.headers.get("X-Forwarded-For")
        if isinstance(forwarded, str) and forwarded:
            address = forwarded.rpartition(",")[2].strip()
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "this machine"
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"))


def describe_browser() -> str:
    """How a sign-in is named in the list of them: "Firefox on Windows, 203.0.113.7"."""
    agent = st.context.headers.get("User-Agent")
    text = agent if isinstance(agent, str) else ""
    browser = next((name for mark, name in BROWSERS if mark in text), "Browser")
    system = next((name for mark, name in SYSTEMS if mark in text), "Linux" if "Linux" in text else "")
    return f"{browser} on {system}, {source_address()}" if system else f"{browser}, {source_address()}"


# ------------------------------------------------------------------------------------------ the package, re-plumbed
class _Storage(AuthenticationModel):
    """The package's model with the database behind it; `credentials` holds only the person at hand."""

    def __init__(self, validator: Validator) -> None:
        super().__init__({"usernames": {}}, False, None, None, _UNUSED_KEY, None, validator)
        self.verified: int | None = None

    def remember(self, username: str, *, name: str, email: str, role: str) -> None:
        self.credentials["usernames"][username] = {"name": name, "email": email, "roles": [role], "password": ""}

    def check_credentials(self, username: str, password: str) -> bool:
        self.verified = sign_in.verify(None, username=username, password=password, source=source_address(), now=now())
        if self.verified is None:
            return False
        with reading(primary=True) as session:
            person = sessions.person_actor(session, person_id=self.verified)
        self.remember(username, name=person.name, email="", role=person.role.value)
        return True

    def _record_failed_login_attempts(self, username: str, reset: bool = False) -> None:
        """The lockout is the database's; the package's own counter forgets with each run."""

    def _update_password(self, username: str, password: str) -> None:
        account = find_account()
        if account is None or account.person_id != self.verified:
            raise ResetError("You were signed out. Sign in and try again.")
        try:
            run(
                own_commands.change_own_password, password=password, session_id=account.session_id, actor=account.actor,
                password_hash=passwords.hash_password(password, cost=settings().bcrypt_cost), now=now(),
            )  # fmt: skip
        except Refused as refusal:
            raise ResetError(str(refusal)) from refusal


class _Entrance(AuthenticationController):
    """The package's controller, which does not count an empty box as a try."""

    said = ""

    def login(self, username: str | None = None, password: str | None = None, *rest: Any, **named: Any) -> bool | None:
        if named.get("token") is None and not (username and username.strip() and password and password.strip()):
            st.session_state["authentication_status"] = None
            self.said = INCOMPLETE
            return None
        let_in: bool | None = super().login(username, password, *rest, **named)
        if let_in is False:
            self.said = REFUSED
        return let_in


class _Cookie:
    """The three methods of the package's cookie model, over server-side sessions."""

    def __init__(self, desk: DeskAuth) -> None:
        self.desk = desk

    def get_cookie(self) -> dict[str, str] | None:
        account = self.desk.account
        return {"username": account.actor.username} if account else None

    def set_cookie(self) -> None:
        person_id = self.desk.storage.verified
        assert person_id is not None
        with writing(keeps_timeline=False) as session:
            opened = sessions.open_session(session, person_id=person_id, source=describe_browser(), now=now())
        kept = {k: st.session_state[k] for k in ("authentication_status", "name", "username", "email", "roles")}
        _occupy(person_id, opened.session_id)
        st.session_state.update(kept)
        st.session_state["logout"] = None
        st.session_state[TICKET] = opened.ticket
        st.session_state.pop(DROP, None)
        st.session_state.pop(NOTICE, None)

    def delete_cookie(self) -> None:
        st.session_state[DROP] = True


class _Policy(Validator):
    """The package's validator with our password policy (db/people/rules.py)."""

    def diagnose_password(self, password: str) -> str:
        return " ".join(p.message for p in check_password(password))

    def validate_password(self, password: str) -> bool:
        return not check_password(password)


def is_agreed() -> bool:
    """Whether the package already knows that somebody is signed in; who it is, only the database says."""
    return bool(st.session_state.get("authentication_status"))


class DeskAuth(Authenticate):
    """`streamlit_authenticator.Authenticate` over our storage; made once a run, with who is signed in."""

    def __init__(self, account: Account | None) -> None:
        # Not the parent's __init__: it would mount a component that writes cookies from JavaScript.
        self.account = account
        self.api_key = self.path = None
        self.attrs = {"login_sleep_time": 0, "password_instructions": PASSWORD_ADVICE}
        self.secret_key = _UNUSED_KEY
        self.encryptor = Encryptor(_UNUSED_KEY)
        policy = _Policy()
        self.storage = _Storage(policy)
        self.authentication_controller = _Entrance({"usernames": {}}, policy, False, None, None, _UNUSED_KEY, None)
        self.authentication_controller.authentication_model = self.storage
        self.cookie_controller = CookieController.__new__(CookieController)
        self.cookie_controller.cookie_model = _Cookie(self)
        if account is not None:
            actor = account.actor
            self.storage.remember(actor.username, name=actor.name, email=account.email, role=actor.role.value)
        self._agree()

    def _agree(self) -> None:
        """Make the package's session state say what the database says."""
        status = st.session_state.get("authentication_status")
        if self.account is None and status:
            self.authentication_controller.logout()
            st.session_state["logout"] = None
            st.session_state.pop(SESSION, None)
            st.session_state[NOTICE] = "You were signed out. Sign in to go on where you were."
        elif self.account is not None and not status:
            self.login("unrendered")

    @property
    def said(self) -> str:
        """What to tell the person after the last try, if anything."""
        return str(self.authentication_controller.said)


# ------------------------------------------------------------------------------------------ single sign-on
def come_in_through_a_provider() -> bool:
    """Open a session for whom a provider has just recognised in this browser; else keep what to say about it."""
    answer = oidc.fresh_answer(now())
    if answer is None:
        return False
    arrival = single_sign_on.arrive(None, answer=answer, browser=describe_browser(), now=now())
    if arrival.opened is None or arrival.person_id is None:
        st.session_state[oidc.SAID] = arrival.said
        return False
    _occupy(arrival.person_id, arrival.opened.session_id)
    st.session_state["logout"] = None
    st.session_state[TICKET] = arrival.opened.ticket
    for key in (DROP, NOTICE, oidc.SAID):
        st.session_state.pop(key, None)
    return True


# ------------------------------------------------------------------------------------------ leaving
def sign_out(*, because: str = "signed out") -> None:
    """End this browser's sessions on the server and forget everything in this tab (an on_click callback).

    Who came through a provider leaves it, too: else the next person at this machine would be let in by it.
    """
    account = find_account()
    if account is not None:
        with writing(keeps_timeline=False) as session:
            sessions.end_browser(
                session, session_id=account.session_id, person_id=account.person_id, because=because, now=now()
            )  # fmt: skip
    desk = DeskAuth(account)
    if st.session_state.get("authentication_status"):
        desk.logout(location="unrendered")
    forget_tab()
    if account is not None and account.way != sessions.PASSWORD:
        oidc.leave()


def forget_tab() -> None:
    """Forget what lies in this tab after a sign-out; the browser is told to drop its cookie on the next run."""
    for key in list(st.session_state):
        del st.session_state[key]
    st.session_state["logout"] = True
    st.session_state[DROP] = True


# ------------------------------------------------------------------------------------------ talking to the browser
def tell_browser(account: Account | None) -> None:
    """Let the browser swap its ticket for the cookie, or drop the cookie; draws nothing people see."""
    if not door_is_open():
        if account is not None and account.ticket_waits and not _warned:
            _warned.append(True)
            log.warning("started without server.py: a sign-in lasts for the tab only; use `streamlit run server.py`")
        return
    ticket = st.session_state.get(TICKET)
    if account is not None and ticket:
        if account.ticket_waits:
            _post("/auth/session", {"ticket": ticket})
        else:
            del st.session_state[TICKET]
    elif account is None and st.session_state.pop(DROP, None):
        _post("/auth/logout", {})


def _post(path: str, body: dict[str, str]) -> None:
    """Run our own constant script; the body is JSON inside a JSON string, so nothing in it can end the script."""
    text = json.dumps(json.dumps(body)).replace("<", "\\u003c")
    st.html(
        f"<script>fetch({json.dumps(path)},{{method:'POST',credentials:'same-origin',"
        f"headers:{{'content-type':'application/json'}},body:{text}}})</script>",
        unsafe_allow_javascript=True,
    )


# ------------------------------------------------------------------------------------------ the look of the widgets
AUTOCOMPLETE = {
    "User name": "username",
    "Password": "current-password",
    "Current password": "current-password",
    "New password": "new-password",
    "New password again": "new-password",
}
CARD_WIDTH = 380
ON_ACCOUNT_PAGE = "own_password"  # key of the form that changes a password there; it fills its column


class _Form:
    """A form of the package's, drawn as we draw forms: password managers welcome, one full-width primary button."""

    def __init__(self, form: Any) -> None:
        self._form = form

    def __getattr__(self, name: str) -> Any:
        return getattr(self._form, name)

    def subheader(self, body: str, **options: Any) -> None:
        if body:
            self._form.subheader(body, anchor=False, **options)

    def text_input(self, label: str, **options: Any) -> Any:
        if label in AUTOCOMPLETE:
            options["autocomplete"] = AUTOCOMPLETE[label]
        return self._form.text_input(label, **options)

    def form_submit_button(self, label: str, **options: Any) -> Any:
        return self._form.form_submit_button(label, type="primary", width="stretch", **options)


class _Look:
    """Streamlit as the package's views see it: the same, but for its forms."""

    def __getattr__(self, name: str) -> Any:
        return getattr(st, name)

    def form(self, key: str, clear_on_submit: bool = False) -> _Form:
        width: Any = "stretch" if key == ON_ACCOUNT_PAGE else CARD_WIDTH
        return _Form(st.form(key=key, clear_on_submit=clear_on_submit, width=width))


# The views read Streamlit from a module variable and take no options for this; replaced once, when we are imported.
authentication_view.st = _Look()

SIGN_IN_FIELDS = {"Form name": "Sign in", "Username": "User name", "Password": "Password", "Login": "Sign in"}
CHANGE_FIELDS = {
    "Form name": "Password",
    "Current password": "Current password",
    "New password": "New password",
    "Repeat password": "New password again",
    "Reset": "Change password",
}
