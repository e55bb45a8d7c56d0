"""Long forms keep what was typed on the server: a lost connection or a closed tab costs nothing (streamlit.md 6.2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from components.clock import now
from db.core.actor import Actor
from db.core.session import note, reading, writing
from db.people.drafts_commands import drop_draft, find_draft, keep_draft


def restore(form: str, keys: Sequence[str], *, actor: Actor, dates: Sequence[str] = ()) -> bool:
    """Before the widgets are drawn: put back what this person had typed. True when the form now shows a draft.

    `keys` are those of the widgets, and of the form's key where `keep` has one.
    """
    if actor.user_id is None or any(key in st.session_state for key in keys):
        return bool(st.session_state.get(f"_draft_{form}"))
    with reading() as session:
        kept = find_draft(session, person_id=actor.user_id, form=form, now=now())
    for key, value in (kept or {}).items():
        if key in keys:
            st.session_state[key] = _date(value) if key in dates else value
    st.session_state[f"_draft_{form}"] = kept or {}
    return bool(kept)


def keep(
    form: str, keys: Sequence[str], *, actor: Actor, defaults: Mapping[str, Any] | None = None, form_key: str = ""
) -> None:
    """After the widgets are drawn: keep what is typed, when it has changed since it was last kept.

    A form that only shows its `defaults` (by key) is not a draft. `form_key` (its place in the session state) is kept
    along: when the process dies between the commit and the word of it, the same form sent again has one effect.
    """
    typed = {key: st.session_state.get(key) for key in keys}
    content: dict[str, Any] = {
        key: value.isoformat() if isinstance(value, date) else value
        for key, value in typed.items()
        if value not in (None, "", False) and value != (defaults or {}).get(key)
    }
    if content and form_key:
        content[form_key] = st.session_state[form_key]
    if actor.user_id is None or content == st.session_state.get(f"_draft_{form}", {}):
        return
    person_id = actor.user_id
    if note(lambda session: keep_draft(session, person_id=person_id, form=form, content=content, now=now())):
        st.session_state[f"_draft_{form}"] = content


def key_of(form_key: str, keys: Sequence[str]) -> str:
    """In the click: the key a form is sent with, 32 characters.

    The same form with the same content has one effect, in whichever tab and process it is sent again; what was typed
    over it, in a second tab perhaps, is another form.
    """
    typed = {key: st.session_state.get(key) for key in keys}
    return hashlib.sha256(f"{form_key} {json.dumps(typed, default=str, sort_keys=True)}".encode()).hexdigest()[:32]


def drop(form: str, keys: Sequence[str], *, actor: Actor) -> None:
    """Forget the draft and empty the form (call it from a callback)."""
    if actor.user_id is not None:
        with writing(keeps_timeline=False) as session:
            drop_draft(session, person_id=actor.user_id, form=form)
    for key in (*keys, f"_draft_{form}"):
        st.session_state.pop(key, None)


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
