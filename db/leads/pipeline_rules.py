"""The stages of a dealer's sales pipeline: when it is stale, what it is likely worth (2.2 E, F)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = timedelta(days=1)
SMALL = 10
"""Fewer leads than this say nothing about a dealer: marked, and left out of every ranking."""
FEWEST_PEERS = 5
"""An average of fewer dealers would tell what one of them does."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage of the pipeline: the statuses of leads that stand in it.

    A lead is stale from `stale_days` whole days in the stage on. `reached` and `sold_of` are measures of the rollup:
    how many leads came to the stage, and how many of those were sold.
    """

    name: str
    label: str
    statuses: tuple[str, ...]
    stale_days: int
    reached: str
    sold_of: str


STAGES: tuple[Stage, ...] = (
    Stage(name="new", label="New", statuses=("new", "assigned"), stale_days=3, reached="valid", sold_of="sold"),
    Stage(
        name="attempted", label="Attempted", statuses=("attempted",), stale_days=8, reached="valid", sold_of="sold"
    ),
    Stage(
        name="contacted", label="Contacted", statuses=("contacted",), stale_days=15, reached="contacted",
        sold_of="sold",
    ),
    Stage(
        name="qualified", label="Qualified", statuses=("qualified",), stale_days=15, reached="qualified",
        sold_of="qualified_sold",
    ),
    Stage(
        name="appointment_set", label="Appointment set", statuses=("appointment_set",), stale_days=15,
        reached="appointment_set", sold_of="set_sold",
    ),
    Stage(
        name="appointment_shown", label="Appointment shown", statuses=("appointment_shown",), stale_days=8,
        reached="appointment_shown", sold_of="shown_sold",
    ),
    Stage(
        name="negotiation", label="Negotiation", statuses=("negotiation",), stale_days=15, reached="negotiation",
        sold_of="negotiation_sold",
    ),
    Stage(
        name="sold", label="Sold, not delivered", statuses=("sold",), stale_days=31, reached="sold", sold_of="sold"
    ),
)  # fmt: skip
BY_NAME = {stage.name: stage for stage in STAGES}
STAGE_OF = {status: stage for stage in STAGES for status in stage.statuses}
WON = "sold"
"""The one stage that is no longer open business: counted beside the pipeline, never in its value."""
PARKED = ("held", "nurture")
"""Open statuses outside of the pipeline: nobody to contact, or not now."""


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A span of whole days in a stage, both ends in it; `last` None is open."""

    name: str
    label: str
    first: int
    last: int | None


BUCKETS: tuple[Bucket, ...] = (
    Bucket(name="d0", label="0–2", first=0, last=2),
    Bucket(name="d3", label="3–7", first=3, last=7),
    Bucket(name="d8", label="8–14", first=8, last=14),
    Bucket(name="d15", label="15–30", first=15, last=30),
    Bucket(name="d31", label="31+", first=31, last=None),
)
BUCKET_BY_NAME = {bucket.name: bucket for bucket in BUCKETS}


@dataclass(frozen=True, kw_only=True)
class Rung:
    """A rung of the cohort's ladder: `count` leads came to it, `both` of them from the rung before (None: the first).

    Measures of the rollup. A rung can be skipped, so the step to it is counted by leads that have both stamps. `since`
    and `until` are the stamps its speed is the distance of.
    """

    name: str
    label: str
    count: str
    both: str = ""
    since: str = ""
    until: str = ""


LADDER: tuple[Rung, ...] = (
    Rung(name="received", label="Received, valid", count="valid"),
    Rung(
        name="contacted", label="Contacted", count="contacted", both="contacted", since="received_at",
        until="contacted_at",
    ),
    Rung(
        name="qualified", label="Qualified", count="qualified", both="qualified", since="contacted_at",
        until="qualified_at",
    ),
    Rung(
        name="appointment_set", label="Appointment set", count="appointment_set", both="qualified_set",
        since="qualified_at", until="appointment_set_at",
    ),
    Rung(
        name="appointment_shown", label="Appointment shown", count="appointment_shown", both="appointment_shown",
        since="appointment_set_at", until="appointment_shown_at",
    ),
    Rung(name="sold", label="Sold", count="sold", both="shown_sold", since="appointment_shown_at", until="sold_at"),
)  # fmt: skip


def age_days(entered: datetime, now: datetime) -> int:
    """Whole days (24 hours) in a stage, counted by the second; 0 for a moment still to come."""
    return max(0, (now.replace(microsecond=0) - entered.replace(microsecond=0)) // DAY)


def entered_before(days: int, now: datetime) -> datetime:
    """Who entered before this moment stands there for at least so many whole days (see `age_days`)."""
    return now.replace(microsecond=0) - days * DAY + timedelta(seconds=1)


def bucket_of(days: int) -> Bucket:
    """The span a number of whole days falls into."""
    return next(b for b in reversed(BUCKETS) if days >= b.first)


def share(part: int, whole: int) -> float | None:
    """A share of 1, None where there is nothing to share."""
    return part / whole if whole else None


def is_small(whole: int) -> bool:
    """Whether so few leads say nothing."""
    return whole < SMALL


def weighted_cents(value_cents: int, *, sold: int, reached: int) -> int | None:
    """A value times the share of such leads that were sold, in cents rounded half up; None when too few are known."""
    if is_small(reached):
        return None
    return (2 * value_cents * sold + reached) // (2 * reached)


def weigh(values: Mapping[str, int], counts: Mapping[str, int] | None) -> int | None:
    """The weighted value of values by stage; a stage too few leads have come to is left out. None without history."""
    if counts is None:
        return None
    parts = [
        weighted_cents(value, sold=counts[BY_NAME[name].sold_of], reached=counts[BY_NAME[name].reached])
        for name, value in values.items()
        if name != WON
    ]
    known = [part for part in parts if part is not None]
    return sum(known) if known or not parts else None


def settled_months(month_start: Sequence[int], *, months: int = 12, lag: int = 3) -> tuple[tuple[int, int], ...]:
    """(year, month) of the cohorts a weight is taken from: twelve months that ended three months ago.

    By then nearly every lead is sold, lost or expired: it expires after 90 idle days (2.2 E). Younger cohorts would
    make every stage look worse than it is.
    """
    newest = month_start[0] * 12 + month_start[1] - 1 - lag
    return tuple((m // 12, m % 12 + 1) for m in range(newest - months + 1, newest + 1))
