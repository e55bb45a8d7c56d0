"""The clock of the screens held at the moment a test's records were made for, so that no test grows old.

`of_that_day = clock_held(NOW)` in a module holds it for each of its tests; `make test-later` finds those that need it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest


def hold_clock(patch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Every page takes `moment` (with its zone) for now, and `app_as` signs people in at it; call again to move it."""
    patch.setenv("ALLOW_CLOCK", "1")
    patch.setenv("DEALER_NOW", moment.isoformat())


def clock_held(moment: datetime) -> Any:
    """A fixture that every test of the module has without asking: the clock stands at `moment`."""

    @pytest.fixture(autouse=True)
    def held(monkeypatch: pytest.MonkeyPatch) -> None:
        hold_clock(monkeypatch, moment)

    return held
