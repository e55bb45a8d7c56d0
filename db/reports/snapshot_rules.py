"""When a month is frozen, which months are missing, and when a figure is another one than it was."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import Final

from db.calendar.months import DAY, add_months, month_of, months_between
from db.core.problems import Problem, Refused

FREEZE_DAY: Final = 5
"""A month is frozen on this day of the next one, in the desk's zone: what comes late has come by then (P5)."""
NETWORK, REGION, DEALER = "network", "region", "dealer"
LEVELS: Final = (NETWORK, REGION, DEALER)
BY_DEALER: Final = (
    "received", "response_sla", "contact_rate", "close_rate", "won", "csi", "claims_decided", "claim_first_pass",
    "claim_cost", "parts_line_fill", "incentive_paid", "coop_utilisation", "coop_paid",
)  # fmt: skip
"""Frozen for each dealer as well: what the pack ranks dealers by, each one statement for the whole network."""
LEAST_DIFFERENCE: Final = 1e-9
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def month_key(month: date) -> str:
    """A month as it is kept: 2026-10."""
    return f"{month:%Y-%m}"


def month_from(text: str) -> date:
    """The first day of a month written 2026-10; Refused (`bad_month`) for anything else."""
    found = _MONTH.fullmatch(text.strip())
    if found is None or int(found[1]) < 1900:
        raise Refused(Problem(code="bad_month", field="month", message="Write the month as year and month: 2026-10."))
    return date(int(found[1]), int(found[2]), 1)


def days_of(month: date) -> tuple[date, date]:
    """The first and the last day of a month."""
    return month_of(month), add_months(month_of(month), 1) - DAY


def last_due(today: date) -> date:
    """The newest month that has to be frozen by this day of the desk: last month from the fifth on."""
    return add_months(month_of(today), -1 if today.day >= FREEZE_DAY else -2)


def months_due(frozen: Collection[str], today: date) -> list[date]:
    """What the job has to freeze, oldest first: gaps, each month since the newest frozen one, last month at the end.

    A desk that never froze begins with last month: what was before it was nobody's promise.
    """
    due = last_due(today)
    if not frozen:
        return [due] if today.day >= FREEZE_DAY else []
    following = add_months(month_from(max(frozen)), 1)
    return [*map(month_from, gaps(frozen)), *(months_between(following, due) if following <= due else [])]


def gaps(frozen: Collection[str]) -> list[str]:
    """Months between the oldest and the newest frozen one that were never frozen."""
    if not frozen:
        return []
    known = set(frozen)
    whole = months_between(month_from(min(known)), month_from(max(known)))
    return [month_key(month) for month in whole if month_key(month) not in known]


def differs(one: float | None, other: float | None) -> bool:
    """Whether two figures are not the same; a missing one differs from any number, the rounding of floats does not."""
    if one is None or other is None:
        return one is not other
    return abs(one - other) > LEAST_DIFFERENCE * max(1.0, abs(one), abs(other))
