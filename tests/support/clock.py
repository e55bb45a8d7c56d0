"""The clock of the screens held at the moment a test's records were made for, so that no test grows old."""

from __future__ import annotations

from datetime import datetime

import pytest


def hold_clock(patch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Every page takes `moment` (with its zone) for now, and `app_as` signs people in at it; call again to move it."""
    patch.setenv("ALLOW_CLOCK", "1")
    patch.setenv("DEALER_NOW", moment.isoformat())
