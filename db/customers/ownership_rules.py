"""Who owned a vehicle when: half-open periods of one vehicle that may touch and never overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, kw_only=True)
class Period:
    """From the first day to the day before `until`; None is still. `ref` names the record."""

    since: date
    until: date | None = None
    ref: int = 0

    def holds(self, day: date) -> bool:
        """Whether a day lies in the period."""
        return self.since <= day and (self.until is None or day < self.until)

    @property
    def label(self) -> str:
        """ "2021-03-04 to 2024-01-02", "since 2021-03-04"; the last day is shown, not the day after it."""
        if self.until is None:
            return f"since {self.since.isoformat()}"
        return f"{self.since.isoformat()} to {(self.until - timedelta(days=1)).isoformat()}"


def overlap(one: Period, other: Period) -> bool:
    """Whether two periods share a day."""
    return (one.until is None or other.since < one.until) and (other.until is None or one.since < other.until)


@dataclass(frozen=True, kw_only=True)
class Taking:
    """How a new period goes in: `closes` is the open period that ends where it begins, `conflict` one in the way."""

    until: date | None
    closes: Period | None = None
    conflict: Period | None = None


def take_over(existing: Sequence[Period], *, since: date, until: date | None) -> Taking:
    """Where a new owner's period fits.

    An owner without an end who came earlier is followed by the new one: that period ends on the day the new one
    begins. A period entered afterwards without an end stops where the next one begins. Anything else that shares a
    day is a conflict.
    """
    closes = next((p for p in existing if p.until is None and p.since < since), None)
    later = min((p.since for p in existing if p.since > since), default=None)
    if until is None and later is not None:
        until = later
    new = Period(since=since, until=until)
    conflict = next((p for p in existing if p is not closes and overlap(p, new)), None)
    return Taking(until=until, closes=closes if conflict is None else None, conflict=conflict)
