"""What a hurried browser must not lose: a click whose callback meets a newer message, and a value the program set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import StopException
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState

from components import steady
from tests.support.paths import ROOT

BUTTON, FIELD = "$$ID-0-send", "$$ID-1-day"


@pytest.fixture(autouse=True)
def installed() -> None:
    """As in a process that serves, in a thread that draws a page."""
    steady.install()
    ThreadState.initialize()


class Waiting:
    """Says whether something newer of the same browser waits; asked at every place where a run may end."""

    def __init__(self) -> None:
        self.waits = False

    def __call__(self) -> None:
        if self.waits:
            raise StopException


def _button(clicked: Callable[[], None]) -> WidgetMetadata[bool]:
    return WidgetMetadata(
        id=BUTTON, deserializer=bool, serializer=bool, value_type="trigger_value", callback=clicked,
        callback_args=(), callback_kwargs={},
    )  # fmt: skip


def _field() -> WidgetMetadata[Any]:
    return WidgetMetadata(id=FIELD, deserializer=lambda v: v or 0, serializer=lambda v: v, value_type="int_value")


def _message(**values: Any) -> WidgetStates:
    """What the browser sends: each widget it has drawn, with its value."""
    states = WidgetStates()
    for name, value in values.items():
        one = states.widgets.add()
        one.id = BUTTON if name == "clicked" else FIELD
        setattr(one, "trigger_value" if name == "clicked" else "int_value", value)
    return states


def test_a_click_is_handled_to_its_end_when_something_newer_comes_meanwhile() -> None:
    """The command was carried out; without this its outcome would not be kept and the form not be cleared."""
    newer = Waiting()
    session = SafeSessionState(SessionState(), yield_callback=newer)

    def clicked() -> None:
        session["stored"] = True
        newer.waits = True
        session["outcome"] = "sent" if session["stored"] else ""

    session.register_widget(_button(clicked), "send")
    session.on_script_will_rerun(_message(clicked=True))
    newer.waits = False
    assert session["outcome"] == "sent"


def test_what_waits_already_goes_before_a_click_is_handled() -> None:
    """Then the message is merged with the newer one, and the click counts there."""
    newer = Waiting()
    session, done = SafeSessionState(SessionState(), yield_callback=newer), list[int]()
    session.register_widget(_button(lambda: done.append(1)), "send")
    newer.waits = True
    with pytest.raises(StopException):
        session.on_script_will_rerun(_message(clicked=True))
    assert done == []


def test_a_run_may_be_ended_again_after_the_click() -> None:
    """Only callbacks run unbroken: a page that is drawn gives way to what the person did since."""
    newer = Waiting()
    session = SafeSessionState(SessionState(), yield_callback=newer)
    session.register_widget(_button(lambda: None), "send")
    session.on_script_will_rerun(_message(clicked=True))
    newer.waits = True
    with pytest.raises(StopException):
        _ = session["outcome"]


def test_a_click_on_a_button_this_process_never_drew_is_said_until_a_page_stands() -> None:
    """Another process died under the person; afterwards a click on what is gone (the second of two) says nothing."""
    session = SessionState()
    session.on_script_will_rerun(_message(day=7))
    assert steady.MET not in session
    session.on_script_will_rerun(_message(clicked=True))
    assert session[steady.MET] == steady.TOO_EARLY
    del session[steady.MET]
    session[steady.DRAWN] = True
    session.on_script_will_rerun(_message(clicked=True))
    assert steady.MET not in session


def test_a_click_on_a_button_that_stands_is_heard_before_the_page_is_whole() -> None:
    session, done = SessionState(), list[int]()
    session.register_widget(_button(lambda: done.append(1)), "send")
    session.on_script_will_rerun(_message(clicked=True))
    assert (done, steady.MET in session) == ([1], False)


def test_a_value_of_the_program_is_sent_until_the_browser_has_reported_the_field() -> None:
    """The browser draws the field when its code has come, from the newest message alone."""
    session = SessionState()
    session["day"] = 7
    first = session.register_widget(_field(), "day")
    session.on_script_will_rerun(_message())
    second = session.register_widget(_field(), "day")
    assert [(found.value, found.value_changed) for found in (first, second)] == [(7, True), (7, True)]


def test_what_is_typed_is_not_overwritten_once_the_field_was_reported() -> None:
    """From then on the browser knows better."""
    session = SessionState()
    session["day"] = 7
    session.register_widget(_field(), "day")
    for typed in (7, 8):
        session.on_script_will_rerun(_message(day=typed))
        found = session.register_widget(_field(), "day")
        assert (found.value, found.value_changed) == (typed, False)


def test_a_field_nobody_filled_is_left_to_the_browser() -> None:
    """Its default is known there without being sent as a value."""
    session = SessionState()
    for _ in range(2):
        assert session.register_widget(_field(), "day").value_changed is False
        session.on_script_will_rerun(_message())


def test_no_field_that_is_filled_stands_in_a_form_of_streamlit() -> None:
    """Fields in `st.form` are reported only when it is sent: a value would be sent over what is typed."""
    users = [
        path.relative_to(ROOT).as_posix()
        for folder in ("pages", "components") for path in (ROOT / folder).rglob("*.py")
        if "st.form(" in path.read_text()
    ]  # fmt: skip
    assert users == ["components/auth.py"]
