"""A pytest plugin (`-p tests.support.later`, as `make test-later` gives it): each process of the run is at a later day.

Only the interpreter's own clocks are moved, and they go on; what the tests start beside it keeps the real day, so the
journeys of a served app (tests/e2e) are left out.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import time_machine

DAYS = 400
"""More than a year, so that every window, programme and retention of the records is over; DAYS_LATER for another."""

time_machine.travel(datetime.now(UTC) + timedelta(days=float(os.environ.get("DAYS_LATER", DAYS))), tick=True).start()
