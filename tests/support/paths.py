"""Where things are: the project, and the real data sets beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = Path(os.environ.get("SHARED_DATA") or ROOT.parent / "shared" / "data")


def shared(*parts: str) -> Path:
    """A file or folder of the shared data sets; the test is skipped where they are not present."""
    path = SHARED_DATA.joinpath(*parts)
    if not SHARED_DATA.exists():
        pytest.skip(f"the shared data sets are not here ({SHARED_DATA}); set SHARED_DATA")
    if not path.exists():
        pytest.skip(f"the shared data sets lack {path.relative_to(SHARED_DATA)}")
    return path
