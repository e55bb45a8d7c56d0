"""What Streamlit 1.67 does at every click, which costs more than drawing what was asked for, or is never forgotten.

Every list and every box for words asks for the whole state of the session, of which it looks at its own value: with
twenty fields that is half a thousand values for each of them. And a list of two thousand dealers is put into words and
into a table of its own in every run of every session. Both were a quarter of the processor time of a click on a queue;
decision 0086. A fragment keeps where it stands in the page, and the places were copied as unknown objects (0089).

And of every field a session ever had it keeps what it was offered, however long ago the field was drawn: megabytes of
somebody who has seen every page, more with each record that is opened (decision 0091).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from streamlit.cursor import RunningCursor
from streamlit.elements.widgets import selectbox
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState, _is_stale_widget

_to_list: Final = selectbox.convert_anything_to_list
_to_words: Final = selectbox.create_mappings
_let_go: Final = SessionState._remove_stale_widgets


class Values(Mapping[str, Any]):
    """What stands in the session by key: one value when one is asked for, all of them only for who wants all."""

    def __init__(self, held: SafeSessionState) -> None:
        self._held = held

    def __getitem__(self, key: str) -> Any:
        with self._held._lock:
            return self._held._state[key]

    def _all(self) -> dict[str, Any]:
        with self._held._lock:
            return self._held._state.filtered_state

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())


class _Labels(dict[str, str]):
    """What stands in a list, by value; a value that is no longer there reads as "all", which is what it then means."""

    def __init__(self, options: Mapping[str, str], all_label: str) -> None:
        super().__init__({"": all_label, **options})
        self._all = all_label

    def __missing__(self, value: str) -> str:
        return self._all


class Offer(list[str]):
    """Values to choose from, put into words once. Where it is kept, sessions share it, so nobody may change it."""

    def __init__(self, options: Mapping[str, str], all_label: str) -> None:
        labels = _Labels(options, all_label)
        super().__init__(labels)
        self.word: Final = labels.__getitem__
        self.written: Final = list(labels.values())
        self.places: Final = {word: place for place, word in enumerate(self.written)}


def _listed(options: Any) -> list[Any]:
    """The options as a list: an offer is one, and is nobody's to change."""
    return options if isinstance(options, Offer) else _to_list(options)


def _worded(options: Any, format_func: Callable[[Any], str] = str) -> tuple[list[str], dict[str, int]]:
    """The words of options and the place of each."""
    if isinstance(options, Offer) and format_func is options.word:
        return options.written, options.places
    return _to_words(options, format_func)


def _forget(self: SessionState, active_widget_ids: frozenset[str]) -> None:
    """Let go of the values of fields that are not drawn any more, and of what Streamlit knew of them."""
    _let_go(self, active_widget_ids)
    context = get_script_run_ctx()
    if context is None:
        return
    known = self._new_widget_state.widget_metadata
    for one in [
        one for one, field in known.items()
        if _is_stale_widget(field, active_widget_ids, context.fragment_ids_this_run)
    ]:  # fmt: skip
        del known[one]


def _place(self: RunningCursor, memo: dict[int, Any]) -> RunningCursor:
    """A copy of a place in the page: numbers, and in a while also what is drawn there for a moment only."""
    made = RunningCursor(self._root_container, self._parent_path, self._transient_index)
    made._index = self._index
    if len(self._transient_elements):
        made._transient_elements = deepcopy(self._transient_elements, memo)
    return made


def install() -> None:
    """Put all of it into Streamlit, for this process; doing it again changes nothing."""
    SessionState._remove_stale_widgets = _forget  # type: ignore[method-assign]
    SafeSessionState.filtered_state = property(Values)  # type: ignore[method-assign, assignment]
    selectbox.convert_anything_to_list = _listed  # type: ignore[assignment]
    selectbox.create_mappings = _worded
    RunningCursor.__deepcopy__ = _place  # type: ignore[attr-defined]
