"""Days on which a dealer owns a postal area, as pure arithmetic: periods are [start, end), an open end is None.

Two dealers never own the same prefix on the same day; a longer prefix inside another dealer's shorter one is allowed
and wins there (domain-rules 2.2 C 3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

FOREVER = date.max
LONGEST_PREFIX = 7
CORRECTION_REASON = 15
"""A change of the past needs a reason of at least so many characters."""


class Period(NamedTuple):
    """Days from `start` on, up to but without `end` (None: no end). Empty when the end is not after the start."""

    start: date
    end: date | None = None

    @property
    def until(self) -> date:
        """The end as a day that can be compared."""
        return FOREVER if self.end is None else self.end

    @property
    def is_empty(self) -> bool:
        """Whether it holds no day at all: a period that was taken back."""
        return self.until <= self.start

    def has(self, day: date) -> bool:
        """Whether a day lies in it."""
        return self.start <= day < self.until


def common(one: Period, other: Period) -> Period | None:
    """The days two periods share, or None."""
    start, until = max(one.start, other.start), min(one.until, other.until)
    return Period(start, None if until == FOREVER else until) if start < until else None


def in_order(periods: Iterable[Period]) -> list[Period]:
    """The periods that hold a day, the earliest first."""
    return sorted((p for p in periods if not p.is_empty), key=lambda p: (p.start, p.until))


def with_period(periods: Iterable[Period], added: Period) -> list[Period]:
    """The periods together with one more, in order; those that touch become one."""
    found: list[Period] = []
    for period in in_order([*periods, added]):
        if found and period.start <= found[-1].until:
            until = max(found[-1].until, period.until)
            found[-1] = Period(found[-1].start, None if until == FOREVER else until)
        else:
            found.append(period)
    return found


def without_period(periods: Iterable[Period], taken: Period) -> list[Period]:
    """The periods without some days, in order."""
    found: list[Period] = []
    for period in in_order(periods):
        if common(period, taken) is None:
            found.append(period)
            continue
        if period.start < taken.start:
            found.append(Period(period.start, taken.start))
        if taken.until < period.until:
            found.append(Period(taken.until, period.end))
    return found


def postal_key(text: str) -> str:
    """A postal code as prefixes are compared with it: upper case, without spaces and dashes."""
    return re.sub(r"[\s-]", "", text).upper()


def starts_of(postal_code: str) -> list[str]:
    """Every prefix that could own a postal code, the longest first."""
    key = postal_key(postal_code)
    return [key[:length] for length in range(min(len(key), LONGEST_PREFIX), 0, -1)]


def days_label(period: Period) -> str:
    """The days for people: "from 1 Dec 2026", "from 1 Dec 2026 to 31 Dec 2026"; the end named is the last day."""
    if period.end is None:
        return f"from {day_label(period.start)}"
    return f"from {day_label(period.start)} to {day_label(period.end - timedelta(days=1))}"


def day_label(day: date) -> str:
    """ "1 Dec 2026"."""
    return f"{day.day} {day:%b %Y}"


def prefix_list(prefixes: Sequence[str], *, most: int = 6) -> str:
    """ "070, 071 and 3 more"."""
    more = f" and {len(prefixes) - most} more" if len(prefixes) > most else ""
    return ", ".join(prefixes[:most]) + more
