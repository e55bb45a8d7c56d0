"""How large a reliability test runs, and where its figures go: small in `make test`, long in `make acceptance`."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def is_long() -> bool:
    """Whether this run is the long tier (ACCEPTANCE=1)."""
    return os.environ.get("ACCEPTANCE") == "1"


def sized(*, fast: T, long: T) -> T:
    """The size of a test: `fast` in `make test`, `long` in `make acceptance`."""
    return long if is_long() else fast


def figure(number: str, what: str, value: float | str) -> None:
    """Write down what a test of reliability saw, e.g. ("R08", "acknowledged and lost", 0).

    Does nothing without RELIABILITY_FIGURES. One JSON line in one append, so that several processes of one run can
    write to the same file.
    """
    path = os.environ.get("RELIABILITY_FIGURES")
    if not path:
        return
    line = {"r": number, "what": what, "value": value, "when": datetime.now(UTC).isoformat(timespec="seconds")}
    with Path(path).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
