"""The state of a promise, computed on read from stored facts (domain-rules 2.0, 2.10); nothing here is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SlaStatus = Literal["none", "paused", "on_track", "at_risk", "breached", "met", "missed"]

LABELS: dict[str, str] = {
    "none": "No promise",
    "paused": "Paused",
    "on_track": "On track",
    "at_risk": "Due soon",
    "breached": "Overdue",
    "met": "In time",
    "missed": "Late",
}


@dataclass(frozen=True, kw_only=True)
class SlaState:
    """`used_percent` of the promised minutes (may exceed 100), `failed_by_minutes` when late, else 0."""

    status: SlaStatus
    used_percent: int = 0
    failed_by_minutes: int = 0
    due_at: datetime | None = None

    @property
    def label(self) -> str:
        """The state in words."""
        return LABELS[self.status]


def sla_state(
    *, target_minutes: int, elapsed_minutes: int, due_at: datetime | None, met_at: datetime | None, now: datetime,
    paused: bool = False, warn_at: int = 80,
) -> SlaState:  # fmt: skip
    """Where a promise stands. `elapsed_minutes` counts as the calendar counts, up to `met_at` or `now`, without pauses.

    While the clock is paused the deadline moves on with `now`, so only the minutes used say whether it was missed
    before the pause; `warn_at` is in percent of the promised minutes (domain-rules 2.10: at risk from 80).
    """
    if due_at is None or target_minutes <= 0:
        return SlaState(status="none")
    used = round(100 * elapsed_minutes / target_minutes)
    late = max(0, elapsed_minutes - target_minutes)
    if met_at is not None:
        status: SlaStatus = "met" if met_at <= due_at else "missed"
        return SlaState(
            status=status,
            used_percent=used,
            failed_by_minutes=0 if status == "met" else late,
            due_at=due_at,
        )
    if elapsed_minutes > target_minutes if paused else now > due_at:
        return SlaState(
            status="breached",
            used_percent=max(used, 101),
            failed_by_minutes=late,
            due_at=due_at,
        )
    if paused:
        return SlaState(status="paused", used_percent=used, due_at=due_at)
    return SlaState(
        status="at_risk" if 100 * elapsed_minutes >= warn_at * target_minutes else "on_track",
        used_percent=used,
        due_at=due_at,
    )
