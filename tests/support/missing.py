"""What a machine may lack, and what a test does then: skip with a plain line, or fail where CI says it must run."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

POSTGRES = "REQUIRE_POSTGRES"
BROWSER = "REQUIRE_BROWSER"


def required(switch: str) -> bool:
    """Whether the environment says that tests of this kind must run (`REQUIRE_POSTGRES=1`, `REQUIRE_BROWSER=1`)."""
    return os.environ.get(switch, "") not in {"", "0"}


def missing(switch: str, reason: str) -> NoReturn:
    """End the test: skipped with the reason, or failed with it when this kind of test is required."""
    if required(switch):
        pytest.fail(f"{reason}, and {switch} is set", pytrace=False)
    pytest.skip(reason)
