"""Logs: one event is one line that reads back whole (R40), and an error leaves its data behind (R35)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from components import logs as screen_logs
from db.core import incidents, logs
from tests.support.tier import figure


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What the root logger writes to while a test runs; its handlers are as before afterwards."""
    root, own = logging.getLogger(), logging.getLogger(logs.OWN)
    handlers, level = list(root.handlers), own.level
    written = io.StringIO()
    logs.set_up(written)
    yield written
    root.handlers[:] = handlers
    own.setLevel(level)


def lines(written: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


@pytest.mark.parametrize(
    "name",
    [
        "Ann\nERROR forged", "Ann\r\nBob", "\x1b[31mred\x1b[0m", "a\u2028b\u2029c\x85d", "nul\0", "\x7f",
        'quote " and \\', "Łódź 東京 🚗", "%s %d %(x)s",
    ],
)  # fmt: skip
def test_whatever_a_name_holds_it_stays_one_line(stream: io.StringIO, name: str):
    logging.getLogger("dealerdesk.test").info("entered by %s", name)
    raw = stream.getvalue()
    figure("R40", "strings of more than one line", int(raw.count("\n") != 1))
    assert raw.count("\n") == 1
    assert raw.endswith("\n")
    assert all(" " <= ch <= "~" for ch in raw[:-1])
    assert lines(stream)[0]["message"] == f"entered by {name}"


@given(st.text(st.characters()))  # halves of a pair too; kept out of the logger, whose lines pytest sends about
@example("\ud800 alone")
def test_any_text_reads_back(words: str):
    record = logging.LogRecord("dealerdesk.x", logging.INFO, "f", 1, "%s", (words,), None)
    line = logs.JsonLines().format(record)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == words


def test_a_line_says_when_how_bad_and_who(stream: io.StringIO):
    logging.getLogger("dealerdesk.test").warning("as %s", "told")
    (line,) = lines(stream)
    assert {"level": "warning", "logger": "dealerdesk.test", "message": "as told"}.items() <= line.items()
    assert str(line["at"]).endswith("+00:00")


def test_others_are_heard_from_warnings_on(stream: io.StringIO):
    logging.getLogger("somebody.else").info("small talk")
    logging.getLogger("somebody.else").warning("a warning")
    logging.getLogger("dealerdesk.test").info("an event of ours")
    assert [line["message"] for line in lines(stream)] == ["a warning", "an event of ours"]


def raised() -> ValueError:
    try:
        try:
            raise KeyError("ann.smith@example.test")
        except KeyError as error:
            raise ValueError("4111 1111 1111 1111") from error
    except ValueError as error:
        return error


def test_an_incident_has_its_places_and_not_its_data(stream: io.StringIO):
    reference = incidents.report(raised(), where="a page")
    (line,) = lines(stream)
    assert line["incident"] == reference
    assert line["where"] == "a page"
    told: Any = line["causes"]
    assert [cause["type"] for cause in told] == ["builtins.ValueError", "builtins.KeyError"]
    assert "test_logs.py" in stream.getvalue()
    assert "4111" not in stream.getvalue()
    assert "ann.smith" not in stream.getvalue()


def test_an_error_somebody_else_logs_leaves_its_data_behind_too(stream: io.StringIO):
    try:
        raise raised()
    except ValueError:
        logging.getLogger("somebody.else").exception("it failed")
    (line,) = lines(stream)
    assert line["message"] == "it failed"
    assert "4111" not in stream.getvalue()
    assert line["causes"]


def _put_aside() -> None:
    try:
        raise KeyError("hidden")
    except KeyError:
        raise ValueError("shown") from None


def test_what_was_put_aside_on_purpose_is_not_told():
    with pytest.raises(ValueError, match="shown") as told:
        _put_aside()
    assert [one["type"] for one in logs.causes(told.value)] == ["builtins.ValueError"]


def test_a_long_chain_is_cut(stream: io.StringIO):
    error: BaseException = ValueError("0")
    for number in range(20):
        following = ValueError(str(number))
        following.__cause__ = error
        error = following
    assert len(list(logs.causes(error))) == logs.MOST_CAUSES


def test_setting_up_twice_writes_once(stream: io.StringIO):
    logs.set_up(stream)
    logging.getLogger("dealerdesk.test").info("once")
    assert len(lines(stream)) == 1


def test_streamlits_loggers_write_lines_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    from streamlit import logger as streamlit_logger

    before = {log: list(log.handlers) for log in streamlit_logger._loggers.values()}
    monkeypatch.setattr(streamlit_logger, "setup_formatter", streamlit_logger.setup_formatter)
    root, own = logging.getLogger(), logging.getLogger(logs.OWN)
    handlers, level = list(root.handlers), own.level
    try:
        screen_logs.set_up()
        new = streamlit_logger.get_logger("streamlit.made_later")
        for log in (streamlit_logger.get_logger("streamlit.known"), new):
            log.warning("a\nb")
            log.info("small talk")
        # The web server writes down each request where this logger has a handler; addresses hold what people look for.
        assert not streamlit_logger.get_logger("uvicorn.access").hasHandlers()
        written = capsys.readouterr().err.splitlines()
        assert [json.loads(line)["message"] for line in written] == ["a\nb", "a\nb"]
    finally:
        root.handlers[:] = handlers
        own.setLevel(level)
        for log, old in before.items():
            log.handlers[:] = old
