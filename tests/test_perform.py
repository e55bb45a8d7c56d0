"""A click runs one command once: what an impatient second click finds before anybody saw the first one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import streamlit as st

from components import perform as performing
from components.perform import outcome_of, perform
from db.core.problems import Problem, Refused

FORM = "test_form"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What reached the command, click by click; it wants a note, and its record is at version 1."""
    calls: list[dict[str, Any]] = []

    def run(command: Any, *, actor: Any, now: Any, **values: Any) -> str:
        calls.append(values)
        if not values.get("note"):
            raise Refused(Problem(field="note", code="required", message="A note is needed."))
        return "done"

    monkeypatch.setattr(performing, "run", run)
    monkeypatch.setattr(performing, "current_actor", lambda: None)
    monkeypatch.setattr(performing, "now", lambda: None)
    st.session_state.clear()
    yield calls
    st.session_state.clear()


def save() -> None:
    """The command of these tests."""


def other() -> None:
    """Another one."""


def click(command: Any = save, *, typed: bool = True, **arguments: Any) -> bool:
    fields = {"note": "note_key"} if typed else None
    return perform(command, form=FORM, say="Saved", typed=fields, arguments=arguments)


def test_a_second_click_whose_text_went_with_the_first_takes_nothing_back(asked):
    st.session_state["note_key"] = "The customer called."
    assert click(item_id=1, seen_version=1)
    assert click(item_id=1, seen_version=1)
    assert len(asked) == 1
    outcome = outcome_of(FORM)
    assert outcome is not None
    assert (outcome.said, outcome.problems) == ("Saved", ())


@pytest.mark.parametrize(
    ("command", "typed_again", "arguments"),
    [
        (save, "", {"item_id": 2, "seen_version": 1}),  # the next row's button
        (other, "", {"item_id": 1, "seen_version": 1}),
        (save, "Another note.", {"item_id": 1}),  # new text in a form that carries no version
        (save, "", {"item_id": 1, "seen_version": 2}),
    ],
    ids=["another record", "another command", "another text", "a newer version"],
)
def test_another_click_is_carried_out(asked, command, typed_again, arguments):
    st.session_state["note_key"] = "The customer called."
    first: dict[str, Any] = {"item_id": 1, "seen_version": 1} if "seen_version" in arguments else {"item_id": 1}
    click(**first)
    if typed_again:
        st.session_state["note_key"] = typed_again
    click(command, **arguments)
    assert len(asked) == 2


def test_what_was_refused_is_tried_again(asked):
    assert not click(item_id=1, seen_version=1)
    assert not click(item_id=1, seen_version=1)
    assert len(asked) == 2


def test_a_button_without_fields_and_version_counts_every_click(asked):
    assert click(typed=False, note="one more")
    assert click(typed=False, note="one more")
    assert len(asked) == 2
