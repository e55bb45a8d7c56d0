"""What counts as a contact, when a report may still be corrected, and how promises are measured (P1, U19, U20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from db.core.problems import Problems

CHANNELS: dict[str, str] = {
    "call": "Call", "visit": "Visit", "video": "Video call", "email": "E-mail", "meeting": "Meeting", "other": "Other",
}  # fmt: skip
DIRECTIONS: dict[str, str] = {"out": "We to them", "in": "They to us"}
OUTCOMES: dict[str, str] = {
    "reached": "Reached", "met": "Met", "left_message": "Left a message", "no_answer": "No answer",
}  # fmt: skip
TOPICS: dict[str, str] = {
    "leads": "Leads", "sales": "Sales", "stock": "Stock", "warranty": "Warranty", "parts": "Parts",
    "training": "Training", "finance": "Finance", "facility": "Facility", "documents": "Documents",
    "people": "People", "complaint": "Complaint",
}  # fmt: skip
SIDES: dict[str, str] = {"us": "We promised", "dealer": "They promised"}
"""Who promised, as a beginning of the sentence."""

_POSSIBLE: dict[str, tuple[str, ...]] = {
    "call": ("reached", "left_message", "no_answer"),
    "visit": ("met", "left_message", "no_answer"),
    "video": ("met", "no_answer"),
    "email": ("reached", "left_message"),
    "meeting": ("met", "no_answer"),
    "other": ("reached", "met", "left_message", "no_answer"),
}
COUNTED = frozenset({"reached", "met"})
CORRECT_WITHIN = timedelta(hours=24)
OLDEST = timedelta(days=366)
LONGEST_PROMISE = timedelta(days=366)
GAP_DAYS = 30
WATCH_DAYS, RISK_DAYS = 45, 90
RISK_OVERDUE_DAYS = 14
SALE_WEIGHT = 5
"""A sale weighs as much as five leads in a dealer's volume."""


# ---- contacts ------------------------------------------------------------------------------------------------------
def possible_outcomes(channel: str, direction: str = "out") -> tuple[str, ...]:
    """How a contact of this kind can have ended; who called us cannot have had no answer."""
    found = _POSSIBLE.get(channel, ())
    return tuple(o for o in found if o != "no_answer") if direction == "in" else found


def counts_as_contact(outcome: str) -> bool:
    """Whether both sides were in touch. An attempt that reached nobody is logged, but the gap goes on."""
    return outcome in COUNTED


def check_contact(
    *, channel: str, direction: str, outcome: str, at: datetime | None, topics: Sequence[str], now: datetime,
    problems: Problems,
) -> None:  # fmt: skip
    """Note what cannot be: unknown words, an outcome its channel does not have, a contact still to come."""
    if channel not in CHANNELS:
        problems.add("channel", "unknown_channel", "Choose how you were in touch.")
    if direction not in DIRECTIONS:
        problems.add("direction", "unknown_direction", "Choose who began it.")
    if outcome not in OUTCOMES:
        problems.add("outcome", "unknown_outcome", "Choose how it ended.")
    elif channel in CHANNELS and direction in DIRECTIONS and outcome not in possible_outcomes(channel, direction):
        kind = f"{'incoming ' if direction == 'in' else ''}{CHANNELS[channel].lower()}"
        article = "An" if kind[0] in "aeio" else "A"
        sentence = f'{article} {kind} cannot end with "{OUTCOMES[outcome].lower()}".'
        problems.add("outcome", "impossible_outcome", sentence)
    if unknown := [t for t in topics if t not in TOPICS]:
        problems.add("topics", "unknown_topic", f'There is no topic "{unknown[0]}".')
    if at is None:
        problems.add("at", "required", "Say when it was.")
    elif at > now:
        problems.add("at", "in_future", "A contact that is still to come cannot be logged.")
    elif at < now - OLDEST:
        problems.add("at", "too_old", "That is more than a year ago; check the date.")


def may_correct(*, by_username: str, username: str, created_at: datetime, now: datetime, is_void: bool) -> bool:
    """Whether a report may be corrected: by who wrote it, within 24 hours of writing it; later it is only voided."""
    return not is_void and username == by_username and now - created_at < CORRECT_WITHIN


def gap_days(last: datetime | None, now: datetime) -> int | None:
    """Whole days of 24 hours since the last counted contact; None when there never was one."""
    return None if last is None else max(0, (now - last).days)


def gap_level(days: int | None) -> Literal["", "watch", "risk"]:
    """How worrying a silence is: 45 days watch, 90 days risk."""
    if days is None or days < WATCH_DAYS:
        return ""
    return "risk" if days >= RISK_DAYS else "watch"


# ---- volume-weighted gaps ------------------------------------------------------------------------------------------
def volume_of(received: int, sold: int) -> int:
    """A dealer's volume: its leads, and five times what it sold of them."""
    return max(0, received) + SALE_WEIGHT * max(0, sold)


def gap_priority(days: int | None, volume: int, total: int) -> float:
    """Days of silence times the dealer's share of the volume in percent; 0 where there is no volume to share.

    A dealer nobody ever spoke to has no days; it is ranked first by `gap_rank` and weighs its share for a whole year.
    """
    share = 100 * volume / total if total > 0 else 0.0
    return (365 if days is None else days) * share


def gap_rank(days: int | None, priority: float) -> tuple[bool, float, int]:
    """Sorts gaps: never contacted first, then by priority, then by days; smallest first."""
    return (days is not None, -priority, -(days or 0))


# ---- promises ------------------------------------------------------------------------------------------------------
def end_of_day(day: date, zone: str) -> datetime:
    """The moment a day ends at the dealer (the first moment of the next one), in UTC: until then a promise is in time.

    Where midnight is skipped or comes twice, the first of the possible moments counts.
    """
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)


def check_due_day(day: date | None, *, today: date, field: str, problems: Problems) -> None:
    """A promise is due today at the earliest, and within a year; `today` is the day at the dealer."""
    if day is None:
        problems.add(field, "required", "Say by which day.")
    elif day < today:
        problems.add(field, "past", "This day is past; choose today or a later one.")
    elif day > today + LONGEST_PROMISE:
        problems.add(field, "too_far", "This is more than a year ahead; check the date.")


def overdue_days(due_day: date, today: date) -> int:
    """Whole days a promise is late; 0 on its day and before."""
    return max(0, (today - due_day).days)


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Promises kept by the first day given, of those that were due."""

    kept_on_time: int = 0
    due: int = 0

    @property
    def share(self) -> float | None:
        """As a share of 1; None when nothing was due yet."""
        return self.kept_on_time / self.due if self.due else None


def was_due(*, status: str, first_due_at: datetime, now: datetime) -> bool:
    """Whether a promise is in the measure: kept ones always, open ones once their first day is over, withdrawn never.

    Postponing does not help: the first day given decides (decision 0024).
    """
    return status == "kept" or (status == "open" and first_due_at <= now)


def was_on_time(*, status: str, first_due_day: date, kept_on: date | None) -> bool:
    """Whether a promise was kept by the first day given."""
    return status == "kept" and kept_on is not None and kept_on <= first_due_day


def overdue_level(days: int) -> Literal["watch", "risk"]:
    """How worrying an overdue promise of ours is: from its first day on watch, after more than 14 days risk."""
    return "risk" if days > RISK_OVERDUE_DAYS else "watch"
