"""The Big List of Naughty Strings (tests/data/blns.md), and a few of our own that break lines and terminals."""

from __future__ import annotations

import json

from tests.support.paths import ROOT

OWN = ("Ann\nERROR forged", "Ann\r\nBob", "\x1b[31mred\x1b[0m", "a\u2028b\u2029c\x85d", "%s %d %(x)s", "{0} {x} ${y}")


def naughty() -> list[str]:
    """Every string, those of the list first."""
    found: list[str] = json.loads((ROOT / "tests" / "data" / "blns.json").read_text(encoding="utf-8"))
    return [*found, *OWN]
