"""The client of the bench: it reads what a server draws and answers as a browser would."""

from __future__ import annotations

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench.client import Answer, NoSuchField, Tab
from bench.walks import snake

URL = "http://127.0.0.1:1"


def drawn(kind: str, ident: str, label: str, *, fragment: str = "", cached: str = "", **values) -> bytes:
    """The message that draws a field."""
    message = ForwardMsg()
    message.delta.fragment_id = fragment
    proto = getattr(message.delta.new_element, kind)
    proto.id, proto.label = ident, label
    for name, value in values.items():
        if isinstance(value, list):
            getattr(proto, name).extend(value)
        else:
            setattr(proto, name, value)
    if cached:
        message.hash, message.metadata.cacheable = cached, True
    return message.SerializeToString()


def finished(status: ForwardMsg.ScriptFinishedStatus.ValueType = ForwardMsg.FINISHED_SUCCESSFULLY) -> bytes:
    message = ForwardMsg()
    message.script_finished = status
    return message.SerializeToString()


def began() -> bytes:
    message = ForwardMsg()
    message.new_session.page_script_hash = "page-1"
    return message.SerializeToString()


class Heard:
    """A tab with the messages of one run put into it."""

    def __init__(self) -> None:
        self.tab = Tab(URL, "board")

    def run(self, *messages: bytes) -> tuple[Answer, bool]:
        answer, seen, over = Answer(), set[str](), False
        for message in messages:
            over = self.tab.take(message, answer, seen)
        return answer, over


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_fields_are_known_with_the_value_they_start_with(heard):
    pills = ForwardMsg()
    group = pills.delta.new_element.button_group
    group.id, group.label = "g-1", "Kind"
    for icon, word in ((":material/call:", "Call"), ("", "Note")):
        option = group.options.add()
        option.content_icon, option.content = icon, word
    group.default.append(0)
    answer, over = heard.run(
        began(), drawn("selectbox", "s-1", "Region", options=["All", "East"], default=0),
        drawn("text_input", "t-1", "Find", default="ann"), drawn("checkbox", "c-1", "Mine", default=True),
        drawn("multiselect", "m-1", "Makes", options=["A", "B"], default=[1]), pills.SerializeToString(),
        drawn("button", "b-1", "Go", fragment="frag"), finished(),
    )  # fmt: skip
    found = {f.label: f.value for f in heard.tab.fields.values()}
    assert over
    assert not answer.errors
    assert answer.runs == 1
    assert found == {"Region": "All", "Find": "ann", "Mine": True, "Makes": ["B"], "Kind": [":material/call: Call"],
                     "Go": None}  # fmt: skip
    assert heard.tab.find("Go").fragment == "frag"


def test_a_message_carries_every_value_and_a_button_only_once(heard):
    heard.run(
        began(), drawn("selectbox", "s-1", "Region", options=["All", "East"], default=0, cached="h1"),
        drawn("button", "b-1", "Go", fragment="frag"), finished(),
    )  # fmt: skip
    go = heard.tab.find("Go")
    go.pressed = True
    rerun = heard.tab.message(changed=go).rerun_script
    states = {s.id: s for s in rerun.widget_states.widgets}
    assert states["s-1"].string_value == "All"
    assert states["b-1"].trigger_value
    assert (rerun.page_script_hash, rerun.fragment_id) == ("page-1", "frag")
    assert list(rerun.cached_message_hashes) == ["h1"]
    again = heard.tab.message().rerun_script
    assert [s.id for s in again.widget_states.widgets] == ["s-1"]


def test_what_stands_in_a_field_stays_until_the_server_says_otherwise(heard):
    region = drawn("selectbox", "s-1", "Region", options=["All", "East"], default=0)
    heard.run(began(), region, finished())
    heard.tab.find("Region").value = "East"
    heard.run(began(), region, finished())
    assert heard.tab.find("Region").value == "East"
    told = drawn("selectbox", "s-1", "Region", options=["All", "East"], default=0, set_value=True, raw_value="All")
    heard.run(began(), told, finished())
    assert heard.tab.find("Region").value == "All"


def test_a_field_that_is_not_drawn_again_is_gone_but_a_fragment_leaves_the_others(heard):
    region = drawn("selectbox", "s-1", "Region", options=["All"], default=0, cached="h1")
    find = drawn("text_input", "t-1", "Find", default="")
    heard.run(began(), region, find, finished())
    heard.run(find, finished(ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY))
    assert set(heard.tab.fields) == {"s-1", "t-1"}
    reference = ForwardMsg()
    reference.ref_hash = "h1"  # the server knows that we have it and sends its name only
    heard.run(began(), reference.SerializeToString(), finished())
    assert set(heard.tab.fields) == {"s-1"}


def test_a_run_that_begins_anew_is_not_over(heard):
    _, over = heard.run(began(), finished(ForwardMsg.FINISHED_EARLY_FOR_RERUN))
    assert not over
    answer, over = heard.run(
        began(), finished(ForwardMsg.FINISHED_EARLY_FOR_RERUN), began(), finished(ForwardMsg.FINISHED_SUCCESSFULLY)
    )
    assert over
    assert answer.runs == 2


def test_errors_progress_and_words_are_kept(heard):
    broken, bar, toast = ForwardMsg(), ForwardMsg(), ForwardMsg()
    broken.delta.new_element.exception.type, broken.delta.new_element.exception.message = "ValueError", "no"
    bar.delta.new_element.progress.value = 40
    toast.delta.new_element.toast.body = "Saved"
    answer, _ = heard.run(began(), *(m.SerializeToString() for m in (broken, bar, toast)), finished())
    assert (answer.errors, answer.progress, answer.said) == (["ValueError: no"], 1, ["Saved"])
    answer, over = heard.run(began(), finished(ForwardMsg.FINISHED_WITH_COMPILE_ERROR))
    assert over
    assert answer.errors == ["the page cannot be compiled"]


def test_an_unknown_field_is_named_with_those_there_are(heard):
    heard.run(began(), drawn("selectbox", "s-1", "Region", options=["All"], default=0), finished())
    with pytest.raises(NoSuchField, match="there are: Region"):
        heard.tab.find("Dealer")


def test_only_servers_of_this_machine_are_asked():
    with pytest.raises(ValueError, match="this machine"):
        Tab("http://desk.example:8501")


def test_a_snake_visits_every_pair_once_and_changes_one_thing_at_a_time():
    fast, slow = ["a", "b", "c"], ["x", "y"]
    at, seen = [fast[0], slow[0]], [(fast[0], slow[0])]
    for which, value in snake(fast, slow):
        assert at[which] != value
        at[which] = value
        seen.append((at[0], at[1]))
    assert len(seen) == len(set(seen)) == 6
