"""Single sign-on beside the password: which providers there are, what one of them answered, and leaving it.

Off unless `.streamlit/secrets.toml` has an `[auth]` section with a provider. Streamlit speaks the protocol (`st.login`,
`st.user`, `st.logout`); what its answer is worth here, db/people/single_sign_on.py decides (decision 0077).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import streamlit as st

from db.people.sessions import PASSWORD
from db.people.single_sign_on_rules import NOT_VALID, Answer, is_new, read_answer

NEEDED: Final = ("client_id", "client_secret", "server_metadata_url")
MARK: Final = "sign_in"
"""Parameter of the address in which the door (components/oidc_door.py) says what went wrong on the way."""
SAID: Final = "_single_sign_on_said"
SEEN: Final = "_single_sign_on_seen"
WORDS: Final[Mapping[str, str]] = {
    "failed": NOT_VALID,
    "denied": "The sign-in service did not let you in, or you turned back. Try again.",
    "away": "The sign-in service does not answer. Try again in a minute. If you have a password, it still lets you in.",
}


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A provider of sign-ins: its name in secrets.toml, and how people know it."""

    name: str
    label: str
    client_id: str


def auth_section() -> dict[str, Any]:
    """The `[auth]` section of the secrets as it stands, empty without one."""
    if not st.secrets.load_if_toml_exists():
        return {}
    found = st.secrets.get("auth")
    return dict(found) if isinstance(found, Mapping) else {}


def providers_in(auth: Mapping[str, Any]) -> tuple[Provider, ...]:
    """The providers of an `[auth]` section: itself, where it names one, and each section below it."""
    own = {"default": auth} if any(name in auth for name in NEEDED) else {}
    below = {str(name): section for name, section in auth.items() if isinstance(section, Mapping)}
    below.pop("client_kwargs", None)
    return tuple(
        Provider(
            name=name, client_id=str(section.get("client_id") or ""),
            label=str(section.get("label") or ("single sign-on" if name == "default" else name.capitalize())),
        )
        for name, section in {**own, **below}.items()
    )  # fmt: skip


def providers() -> tuple[Provider, ...]:
    """The providers people may choose."""
    return providers_in(auth_section())


def name_of_way(way: str) -> str:
    """How a session was opened, for the list of sign-ins: empty for a password, else "through Acme"."""
    if way == PASSWORD:
        return ""
    return f"through {next((provider.label for provider in providers() if provider.name == way), way)}"


def fresh_answer(now: datetime) -> Answer | None:
    """What a provider said of this browser, once a tab; None without an answer, or one that was looked at before."""
    if not st.session_state.get("logout"):
        known = {provider.name: provider for provider in providers()}
        claims = st.user.to_dict() if known else {}
        provider = known.get(str(claims.get("provider")))
        if provider is not None and claims.get("is_logged_in") is True:
            answer = read_answer(claims, client_id=provider.client_id, now=now)
            seen = answer.digest if answer is not None else "not valid"
            if st.session_state.get(SEEN) != seen:
                st.session_state[SEEN] = seen
                if answer is None and is_new(claims, now=now):
                    st.session_state[SAID] = NOT_VALID
                return answer
    return None


def hear_the_door() -> str:
    """What to tell the person of the last sign-in through a provider, if anything; takes the mark off the address."""
    mark = st.query_params.get(MARK)
    if mark is not None:
        del st.query_params[MARK]
        st.session_state[SAID] = WORDS.get(mark, "")
    return str(st.session_state.get(SAID) or "")


def draw_buttons(width: int) -> None:
    """One button for each provider, below the form of the password; nothing where there is none."""
    for provider in providers():
        st.button(
            f"Sign in with {provider.label}", icon=":material/login:", key=f"sign_in_with_{provider.name}", width=width,
            on_click=_begin, args=(provider.name,),
        )  # fmt: skip


def _begin(name: str) -> None:
    st.session_state.pop(SAID, None)
    st.session_state["logout"] = None  # who signs out in a tab and comes back in it is heard again
    st.login(name)


def leave() -> None:
    """Forget the provider's answer in this browser, and go through the provider's own sign-out where it has one."""
    if providers() and st.user.to_dict().get("is_logged_in") is True:
        st.logout()
