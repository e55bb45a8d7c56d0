"""When a claim has to be decided."""

from __future__ import annotations

from datetime import datetime, timedelta

from db.incentives.flow import DECIDE_DAYS


def decide_by(received_at: datetime) -> datetime:
    """The moment a claim received now has to be decided by (domain-rules 2.1 H: thirty days)."""
    return received_at + timedelta(days=DECIDE_DAYS)
