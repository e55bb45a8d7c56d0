"""What Streamlit is spared at each click: one value instead of all of the session, words of a long list once."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from streamlit.cursor import RunningCursor
from streamlit.elements.widgets import selectbox
from streamlit.proto.Element_pb2 import Element
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState
from streamlit.testing.v1 import AppTest

from components import lean
from components.filters import LONG, _offer

OPTIONS = {str(number): f"Dealer {number}" for number in range(LONG)}


@pytest.fixture(autouse=True)
def installed() -> None:
    """As in a process that serves."""
    lean.install()


def test_the_session_is_asked_for_one_value_and_still_gives_all():
    held = SessionState()
    held["region"], held["words"] = "West", None
    values: Any = SafeSessionState(held, lambda: None).filtered_state
    assert "region" in values
    assert "dealer" not in values
    assert values["words"] is None
    assert dict(values) == held.filtered_state == {"region": "West", "words": None}
    assert len(values) == 2
    assert repr(values) == repr(held.filtered_state)


def test_a_long_list_is_put_into_words_once():
    first, again = _offer(OPTIONS, "All"), _offer(OPTIONS, "All")
    assert first is again
    assert _offer(OPTIONS, "None") is not first
    assert _offer({"1": "One"}, "All") is not _offer({"1": "One"}, "All")
    words, places = selectbox.create_mappings(first, first.word)
    assert words is first.written
    assert places is first.places
    assert (words[:2], places["Dealer 1"], first[2]) == (["All", "Dealer 0"], 2, "1")
    assert selectbox.convert_anything_to_list(first) is first


def test_a_value_that_is_gone_reads_as_all():
    assert _offer(OPTIONS, "All").word("no such dealer") == "All"


def test_other_lists_are_streamlits_own():
    assert selectbox.convert_anything_to_list(("a", "b")) == ["a", "b"]
    assert selectbox.create_mappings(["a"], str.upper) == (["A"], {"A": 0})
    offer = _offer(OPTIONS, "All")
    assert selectbox.create_mappings(offer, str)[0][:2] == ["", "0"]


def _page() -> None:
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    @st.fragment
    def part() -> None:
        st.checkbox("Inside", key="inside")
        st.text_input("Words inside", key=f"words {st.session_state.inside}")

    record = st.selectbox("Record", range(50), key="record")
    st.text_input("Note", key=f"note {record}")
    part()
    context = get_script_run_ctx()
    assert context is not None
    st.caption(str(len(context.session_state._state._new_widget_state.widget_metadata)))


def test_fields_that_are_not_drawn_any_more_are_forgotten():
    app = AppTest.from_function(_page).run()
    known = []
    for record in range(1, 9):
        app.selectbox[0].set_value(record).run()
        assert not app.exception
        known.append(int(app.caption[0].value))
    assert known[-1] <= known[1] <= 6, "two runs of four fields, however many records were opened"


def test_fields_beside_a_part_that_is_drawn_alone_are_known_and_keep_their_words():
    app = AppTest.from_function(_page).run()
    app.text_input[0].set_value("kept").run()
    app.checkbox[0].check().run()
    app.text_input[1].set_value("inside").run()
    assert not app.exception
    assert [box.value for box in app.text_input] == ["kept", "inside"]
    app.selectbox[0].set_value(3).run()
    assert [box.value for box in app.text_input] == ["", "inside"]


def test_a_copied_place_stands_where_the_first_stood_and_goes_its_own_way():
    first = RunningCursor(0, (3, 1))
    first.lock_element()
    first.get_transient_cursor()
    first.transient_elements[0] = Element()
    again = deepcopy(first)
    assert vars(again).keys() == vars(first).keys()
    assert (again.delta_path, again.transient_index) == (first.delta_path, first.transient_index) == ([0, 3, 1, 1], 0)
    assert list(again.transient_elements.items()) == list(first.transient_elements.items())
    first.lock_element()
    again.transient_elements[1] = Element()
    assert (again.index, first.index) == (1, 2)
    assert not list(first.transient_elements.items())
