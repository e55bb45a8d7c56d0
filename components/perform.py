"""Runs one command from an `on_click`: one transaction, and an outcome that the next run shows where the person looks.

A click carries what the person saw: pass `seen_version` as an argument at drawing time, so that a stale screen is
noticed (streamlit.md 3.4). Refusals keep everything that was typed; only success clears it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import streamlit as st

from components.access import current_actor
from components.clock import now
from components.labels import plain
from db.core.incidents import report
from db.core.problems import Problem, Refused
from db.core.session import run
from db.core.trouble import trouble_of

SAID_AGAIN_S = 2.0
"""So long a run that follows says the same again: a run that a second click brings would take the toast away."""


@dataclass(frozen=True)
class Outcome:
    """What became of the last click of one form: `problems` is empty when it was carried out."""

    said: str
    problems: tuple[Problem, ...] = ()
    command: str = ""
    arguments: Mapping[str, Any] | None = None


def perform(
    command: Callable[..., Any],
    *,
    form: str,
    say: str | Callable[[Any], str],
    typed: Mapping[str, str] | None = None,
    clear: Sequence[str] = (),
    convert: Mapping[str, Callable[[Any], Any]] | None = None,
    after: Callable[[Any], None] | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> bool:
    """Run `command` as the person who clicked; True when it was carried out.

    `typed` maps the command's arguments to widget keys read now, `convert` turns such a value into what the command
    takes (a `Refused` it raises is shown like the command's own). On success `say` is toasted, the keys in `clear` and
    `typed` are forgotten and `after` runs with the command's result.
    """
    values: dict[str, Any] = dict(arguments or {})
    cleared = (*clear, *(typed or {}).values())
    if repeats(command, form=form, arguments=values, keys=cleared):
        return True
    try:
        for name, key in (typed or {}).items():
            value = st.session_state.get(key)
            values[name] = (convert or {})[name](value) if name in (convert or {}) else value
        result = run(command, actor=current_actor(), now=now(), **values)
    except Refused as refusal:
        st.session_state[_key(form)] = Outcome("", refusal.problems)
        return False
    except Exception as error:
        reference = report(error, where=f"the command {_name(command)}")
        trouble = trouble_of(error)
        sentence = trouble.in_a_click if trouble else (
            "This did not work and nothing was saved. Try again; if it stays, give your administrator the reference "
            f"{reference}."
        )  # fmt: skip
        code = trouble.kind if trouble else "failed"
        st.session_state[_key(form)] = Outcome("", (Problem(code=code, message=sentence),))
        return False
    said = say(result) if callable(say) else say
    st.session_state[_key(form)] = Outcome(said, command=_name(command), arguments=dict(arguments or {}))
    for key in cleared:
        st.session_state.pop(key, None)
    if after is not None:
        after(result)
    return True


def repeats(
    command: Callable[..., Any], *, form: str, arguments: Mapping[str, Any], keys: Sequence[str]
) -> bool:  # fmt: skip
    """Whether this is the second click of an impatient person: carried out before, and nobody has seen that yet.

    So it is when the version that was seen is the same again, or what was typed (`keys`) went with the first click: the
    command would refuse what is missing now, and the person would read that instead of what was done. A click on
    another record names another one, and is no repetition.
    """
    last = outcome_of(form)
    if last is None or last.problems or last.command != _name(command) or last.arguments is None:
        return False
    empty: tuple[Any, ...] = (None, "", [], (), {})
    if any(value not in empty and value != last.arguments.get(name) for name, value in arguments.items()):
        return False
    return arguments.get("seen_version") is not None or (
        bool(keys) and not any(key in st.session_state for key in keys)
    )


def _name(command: Callable[..., Any]) -> str:
    return str(getattr(command, "__name__", command))


def _key(form: str) -> str:
    return f"_outcome_{form}"


def _said_key(form: str) -> str:
    return f"_said_{form}"


def outcome_of(form: str) -> Outcome | None:
    """The outcome of the last click of this form, still there until `forget`."""
    found = st.session_state.get(_key(form))
    return found if isinstance(found, Outcome) else None


def forget(form: str) -> None:
    """Drop what is known of a form's last click."""
    st.session_state.pop(_key(form), None)


def show_outcome(form: str) -> bool:
    """Draw the last outcome: a toast for success, the problems that belong to no field as an error.

    Gives back True, once, when the last click was carried out. Problems of a field are drawn by `problems_of`, beside
    it. The toast is drawn again by the runs of the next two seconds: a browser drops what a newer run does not draw,
    so that of a double click nobody would see what the first click did.
    """
    outcome = outcome_of(form)
    if outcome is None:
        said, until = st.session_state.get(_said_key(form), ("", 0.0))
        if monotonic() < until:
            st.toast(said, icon=":material/check:")
        return False
    if not outcome.problems:
        st.session_state[_said_key(form)] = (outcome.said, monotonic() + SAID_AGAIN_S)
        st.toast(outcome.said, icon=":material/check:")
        forget(form)
        return True
    # A refusal of an old screen quotes what others typed: letter by letter, never as formatting.
    general = [plain(p.message) if p.code == "stale" else p.message for p in outcome.problems if not p.field]
    if general:
        st.error("\n\n".join(general), icon=":material/error:")
    return False


def problems_of(form: str, field: str) -> None:
    """Draw the problems of one field below its widget."""
    outcome = outcome_of(form)
    for problem in outcome.problems if outcome else ():
        if problem.field == field:
            st.markdown(f":red[:material/error: {problem.message}]")


def stray_problems(form: str, drawn: Sequence[str]) -> None:
    """Draw problems of fields the form does not show, so that no refusal is ever silent."""
    outcome = outcome_of(form)
    for problem in outcome.problems if outcome else ():
        if problem.field and problem.field not in drawn:
            st.error(problem.message, icon=":material/error:")
