"""What holds for appointments: lengths, confirmations, no-shows and what counts as due (domain-rules 2.2 F, G)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from db.core.labels import local_day
from db.core.problems import Problem, Problems

KINDS = (
    ("sales", "Sales"), ("test_drive", "Test drive"), ("delivery", "Delivery"), ("service", "Service"),
    ("other", "Other"),
)  # fmt: skip
LENGTHS = {"sales": 60, "test_drive": 45, "delivery": 90, "service": 60, "other": 30}
GRACE_MINUTES = 60
FAR_DAYS = 15
LONGEST_AHEAD = timedelta(days=365)
TOUCHES = {
    "immediate": "At once", "far": "Far ahead", "day": "24 h before", "hours": "2 h before", "none": "Not confirmed",
    "hand": "Without being asked",
}  # fmt: skip
OUTCOMES = (("confirmed", "Will come"), ("nobody", "Reached nobody"), ("change", "Wants another time"))
CANCEL_REASONS = (
    ("plans", "Plans changed"), ("ill", "Illness or emergency"), ("elsewhere", "Bought elsewhere"),
    ("no_interest", "No longer interested"), ("dealer", "The dealer cannot"), ("other", "Other"),
)  # fmt: skip
RESOLVED = ("shown", "completed", "no_show", "cancelled")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How a dealer wants appointments; minutes, and days for what is far ahead."""

    grace_minutes: int = GRACE_MINUTES
    far_days: int = FAR_DAYS
    lengths: Mapping[str, int] = field(default_factory=lambda: dict(LENGTHS))
    bays: tuple[str, ...] = ()

    def length_of(self, kind: str) -> timedelta:
        """How long an appointment of a kind takes unless somebody says otherwise."""
        return timedelta(minutes=self.lengths.get(kind, LENGTHS[kind]))


@dataclass(frozen=True, kw_only=True)
class PlannedTouch:
    """A confirmation that is planned with a booking."""

    kind: str
    due_at: datetime


def check_time(starts_at: datetime | None, *, now: datetime, field_name: str = "starts_at") -> list[Problem]:
    """Why a time cannot be booked: missing, over, or more than a year ahead."""
    problems = Problems()
    if not isinstance(starts_at, datetime) or starts_at.tzinfo is None:
        problems.add(field_name, "required", "Choose the day and the time.")
    elif starts_at <= now:
        problems.add(field_name, "past", "The appointment has to be later than now.")
    elif starts_at > now + LONGEST_AHEAD:
        problems.add(field_name, "too_far", "The appointment has to be within a year.")
    return problems.found


def planned_touches(starts_at: datetime, *, now: datetime, policy: Policy) -> list[PlannedTouch]:
    """Which confirmations a booking gets: at once, 24 h and 2 h before; a far one also `far_days` before (DC3).

    What would be due before the booking itself is left out: somebody who comes in an hour was just spoken with.
    """
    found = [PlannedTouch(kind="immediate", due_at=now)]
    if starts_at - now > timedelta(days=policy.far_days):
        found.append(PlannedTouch(kind="far", due_at=starts_at - timedelta(days=policy.far_days)))
    for kind, before in (("day", timedelta(hours=24)), ("hours", timedelta(hours=2))):
        if starts_at - before > now:
            found.append(PlannedTouch(kind=kind, due_at=starts_at - before))
    return found


def overlaps(start: datetime, end: datetime, other_start: datetime, other_end: datetime) -> bool:
    """Whether two times share a moment; one that begins when the other ends does not."""
    return start < other_end and other_start < end


def is_missed(starts_at: datetime, *, grace_minutes: int, now: datetime) -> bool:
    """Whether the grace after the start is used up (2.2 G)."""
    return now >= starts_at + timedelta(minutes=grace_minutes)


def may_check_in(starts_at: datetime, *, now: datetime, zone: str) -> bool:
    """Whether somebody can have come: from the dealer's day of the appointment on, and an hour before any."""
    return now >= starts_at - timedelta(hours=1) or local_day(now, zone) >= local_day(starts_at, zone)


def counts_as_due(status: str, *, starts_at: datetime, rescheduled_at: datetime | None, now: datetime) -> bool:
    """Whether an appointment is in the denominator of the show rate (2.2 F).

    Out are: set in error, moved before its time, not yet due, and due but within its grace (nobody knows yet).
    """
    if starts_at > now:
        return False
    if status == "rescheduled":
        return rescheduled_at is not None and rescheduled_at >= starts_at
    return status in RESOLVED


def end_by_lead(lead_status: str, *, starts_at: datetime, now: datetime) -> str:
    """What becomes of an open appointment whose lead ends: a time that is over was missed, never cancelled (DC2).

    A bad lead was no person, so its appointment should never have existed.
    """
    if lead_status == "bad":
        return "cancelled_in_error"
    return "no_show" if starts_at <= now else "cancelled"


def check_policy(
    *, grace_minutes: int, far_days: int, lengths: Mapping[str, int], bays: Sequence[str]
) -> tuple[list[Problem], tuple[str, ...]]:
    """What is wrong with a dealer's settings, and its bays without blanks and repetitions."""
    problems = Problems()
    if not 0 <= grace_minutes <= 24 * 60:
        problems.add("grace_minutes", "out_of_range", "The grace is between 0 and 1,440 minutes.")
    if not 2 <= far_days <= 180:
        problems.add("far_days", "out_of_range", "Far ahead is between 2 and 180 days.")
    for kind, label in KINDS:
        if not 5 <= lengths.get(kind, 0) <= 12 * 60:
            problems.add("lengths", "out_of_range", f"{label} takes between 5 and 720 minutes.")
    tidy = tuple(dict.fromkeys(name for name in (" ".join(b.split()) for b in bays) if name))
    if any(len(name) > 40 for name in tidy):
        problems.add("bays", "too_long", "The name of a bay has at most 40 characters.")
    if len(tidy) > 60:
        problems.add("bays", "too_many", "At most 60 bays can be kept.")
    return problems.found, tidy


def lengths_of(stored: Mapping[str, object]) -> dict[str, int]:
    """Minutes by kind as they were stored; a kind nobody set takes the usual time."""
    return {kind: value if isinstance(value := stored.get(kind), int) else LENGTHS[kind] for kind, _ in KINDS}


def kinds_of(values: Iterable[str]) -> list[str]:
    """Kinds that exist, in their order."""
    wanted = set(values)
    return [kind for kind, _ in KINDS if kind in wanted]
