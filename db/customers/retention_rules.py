"""Which customers' personal data has been kept long enough (domain-rules 2.11: retention, purge keeps aggregates)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

YEARS: Final = 5
FEWEST_YEARS: Final = 1
MOST_YEARS: Final = 30
REMOVED: Final = "Removed customer"


@dataclass(frozen=True, kw_only=True)
class RetentionFacts:
    """What decides: `open_items` counts what is still worked on, `last_activity_at` is the newest event."""

    customer_id: int
    created_at: datetime
    last_activity_at: datetime | None = None
    open_items: int = 0
    hold_reason: str = ""
    is_purged: bool = False


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether the data is due to go, with the reason either way."""

    is_due: bool
    why: str


def years_before(moment: datetime, years: int) -> datetime:
    """The same day some years earlier; 29 February becomes 28 February."""
    day = moment.astimezone(UTC)
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def verdict(facts: RetentionFacts, *, now: datetime, years: int = YEARS) -> Verdict:
    """Due when nothing is open, nothing happened for `years` years, and nobody holds the record."""
    last = max(facts.created_at, facts.last_activity_at or facts.created_at)
    if facts.is_purged:
        return Verdict(is_due=False, why="The personal data is already removed.")
    if facts.hold_reason:
        return Verdict(is_due=False, why=f"On hold: {facts.hold_reason}")
    if facts.open_items:
        return Verdict(is_due=False, why=f"{facts.open_items} still open")
    day: date = last.date()
    if last > years_before(now, years):
        return Verdict(is_due=False, why=f"Last activity on {day.isoformat()}, less than {years} years ago")
    return Verdict(is_due=True, why=f"Nothing has happened since {day.isoformat()}")
