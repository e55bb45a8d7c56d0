"""Logs as JSON, one event a line: a line break in a name makes no second event, an error brings no data (R40, R35).

The message of an exception may quote what people typed, so only its type and the places in the program are written.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO

OWN: Final = "dealerdesk"
"""The name every logger of the desk begins with."""
MOST_CAUSES: Final = 5
FRAMES: Final = 30
"""Frames kept of each error, the innermost ones."""
EXTRA: Final = ("incident", "where", "causes")


def causes(error: BaseException) -> Iterator[dict[str, Any]]:
    """An error and what it came from: type and frames of each, never the message."""
    at: BaseException | None = error
    for _ in range(MOST_CAUSES):
        if at is None:
            return
        yield {"type": f"{type(at).__module__}.{type(at).__qualname__}", "frames": _frames(at.__traceback__)}
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)


def _frames(places: TracebackType | None) -> list[str]:
    return [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(places)[-FRAMES:]]


class JsonLines(logging.Formatter):
    """One record as one line of JSON: at (UTC), level, logger, message, and of an error what `causes` tells."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end; everything but plain ASCII is escaped, so no character acts on a terminal."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage(),
        }  # fmt: skip
        line |= {name: getattr(record, name) for name in EXTRA if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None and "causes" not in line:
            line["causes"] = list(causes(record.exc_info[1]))
        return json.dumps(line, default=repr).replace("\x7f", "\\u007f")


def set_up(stream: TextIO | None = None) -> None:
    """Send the desk's own events from "info" on, and warnings of everything else, to standard error as JSON lines."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h.formatter, JsonLines)]:
        root.removeHandler(old)
    root.addHandler(handler)
    logging.getLogger(OWN).setLevel(logging.INFO)
