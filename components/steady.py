"""What a hurried browser loses in Streamlit 1.67: a click, and a value the program put into a field.

A click is handled by a callback, and every look at `st.session_state` inside one is a place where a newer message of
the same browser ends it: half of it done, no word to the person. A field the program filled says so only in the run
that filled it; when the browser draws the field a run later (its code was still loading) it shows the empty default
and sends that back. Both were seen in the journeys of tests/e2e under load; decision 0063.

A third is said and not mended: a process that takes over from one that died knows no button before it has drawn it, so
a click of the first moment reaches no callback. What it was to do cannot be known; the person is asked to click again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState

from db.core.incidents import report
from db.core.trouble import trouble_of

UNSEEN = "_unseen_values"
"""Session key of the ids of fields whose value the browser has not reported yet."""

MET = "_met_by_a_click"
"""Session key of what a click met instead of the database; the next page run says it."""

DRAWN = "_a_page_was_drawn"
"""Session key: this process has drawn a page to its end for this browser."""

TOO_EARLY = "Your click came before this page was ready again, so nothing was done. Please click once more."

_on_rerun = SafeSessionState.on_script_will_rerun
_take_in = SessionState.on_script_will_rerun
_register = SessionState.register_widget


def _nobody_waits() -> None:
    """The place of the question whether something newer waits."""


def _rerun_unbroken(self: SafeSessionState, *args: Any, **named: Any) -> None:
    """Let what waits go first, then run the callbacks of this message to their end."""
    may_end = self._yield_callback
    may_end()
    object.__setattr__(self, "_yield_callback", _nobody_waits)
    try:
        _on_rerun(self, *args, **named)
    except Exception as error:
        # Commands say it beside their form (components/perform.py); other callbacks would leave an empty page.
        trouble = trouble_of(error)
        if trouble is None:
            raise
        report(error, where="a click")
        self[MET] = trouble.in_a_click
    finally:
        object.__setattr__(self, "_yield_callback", may_end)


def _take_in_seen(self: SessionState, fresh_widget_states: Any, **named: Any) -> None:
    """Fields the browser reports are drawn there: from now on it knows their values better."""
    unseen = self._old_state.get(UNSEEN)
    if unseen and fresh_widget_states is not None:
        unseen.difference_update(state.id for state in fresh_widget_states.widgets)
    _take_in(self, fresh_widget_states, **named)
    if DRAWN not in self and _is_unheard(self, fresh_widget_states):
        self[MET] = TOO_EARLY


def _is_unheard(session: SessionState, fresh_widget_states: Any) -> bool:
    """Whether a button was clicked that this session has never drawn."""
    known = session._new_widget_state.widget_metadata
    sent = fresh_widget_states.widgets if fresh_widget_states is not None else ()
    return any(state.trigger_value and state.id not in known for state in sent)


def _register_until_seen(self: SessionState, metadata: Any, user_key: str | None) -> Any:
    """Send a value the program set with every run until the browser has reported the field."""
    result = _register(self, metadata, user_key)
    unseen = self._old_state.setdefault(UNSEEN, set())
    if result.value_changed:
        unseen.add(metadata.id)
    elif metadata.id in unseen:
        return replace(result, value_changed=True)
    return result


def install() -> None:
    """Put them into Streamlit, for this process; doing it again changes nothing.

    It relies on `runner.fastReruns = false` (.streamlit/config.toml): else a second thread would work on the session
    while a callback runs to its end. Fields inside `st.form` are reported only when it is sent, so none is filled by
    the program.
    """
    SafeSessionState.on_script_will_rerun = _rerun_unbroken  # type: ignore[method-assign]
    SessionState.on_script_will_rerun = _take_in_seen  # type: ignore[method-assign]
    SessionState.register_widget = _register_until_seen  # type: ignore[method-assign]
