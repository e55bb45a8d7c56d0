"""The days a report speaks of, and what they are compared with: the period before, and the same days a year ago (H10).

A period of whole months is compared with whole months. Days are those of whoever counts a metric: the dealer's, or the
desk's; a running period ends with today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from db.calendar.months import DAY, add_months, days_before, month_of

PERIODS: Final[Mapping[str, str]] = {
    "month": "This month", "last": "Last month", "3": "3 months", "12": "12 months", "year": "This year",
}  # fmt: skip
OWN: Final = "own"
"""A period of months that somebody chose, instead of one of `PERIODS`."""
MOST_BACK: Final = 36
"""How many months back one may choose."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole months only."""
        return self.first.day == 1 and (self.last + DAY).day == 1

    @property
    def label(self) -> str:
        """For people: "1 Aug to 31 Oct 2026", "1 Dec 2025 to 2 Jan 2026"."""
        start = f"{self.first.day} {self.first:%b}"
        if self.first.year != self.last.year:
            start += f" {self.first.year}"
        return f"{start} to {self.last.day} {self.last:%b %Y}"

    @property
    def months(self) -> str:
        """In months where it holds whole ones, else in days: "Aug to Oct 2026", "Oct 2026", "1 Nov to 5 Nov 2026"."""
        if not self.is_whole:
            return self.label
        if month_of(self.last) == self.first:
            return f"{self.last:%b %Y}"
        start = f"{self.first:%b}" if self.first.year == self.last.year else f"{self.first:%b %Y}"
        return f"{start} to {self.last:%b %Y}"


def span_of(period: str, today: date) -> Span:
    """The days of a period of `PERIODS`; "3" and "12" are that many months that are over. Unknown ones are "3"."""
    this = month_of(today)
    if period == "month":
        return Span(first=this, last=today)
    if period == "year":
        return Span(first=date(today.year, 1, 1), last=today)
    months = {"last": 1, "12": 12}.get(period, 3)
    return Span(first=add_months(this, -months), last=this - DAY)


def own_span(since: str, until: str, today: date) -> Span:
    """The days of months that were chosen ("2026-03"), cut at today; either may be missing, and they may be swapped.

    One month alone is that month. Words that are no months on offer are as good as missing; without any it is the last
    month that is over.
    """
    offered = own_months(today)
    ends = sorted(offered[key] for key in (since, until) if key in offered)
    if not ends:
        return span_of("last", today)
    return Span(first=ends[0], last=min(add_months(ends[-1], 1) - DAY, today))


def own_months(today: date) -> dict[str, date]:
    """The months one may choose, the newest first, by the words of an address."""
    months = (add_months(month_of(today), -n) for n in range(MOST_BACK))
    return {f"{month:%Y-%m}": month for month in months}


def trend_end(span: Span, today: date, *, drawn: date | None = None) -> date:
    """The last day of a year of months that shows a span: it ends with the last month that is over, or with today.

    `drawn` is where it ends on the screen already: it stays there while it shows the whole span, so that a chart does
    not move away under the hand that chooses in it.
    """
    this = month_of(today)
    if drawn is not None and add_months(month_of(drawn), -11) <= span.first and span.last <= drawn <= today:
        return drawn
    if span.last >= this:
        return today
    return this - DAY if span.first >= add_months(this, -12) else span.last


def before(span: Span) -> Span:
    """As many months earlier; a running month is cut at the same day."""
    first, last = days_before(span.first, span.last)
    return Span(first=first, last=last)


def year_before(span: Span) -> Span:
    """The same days a year earlier; what ends with its month ends with it there, too (29 February)."""
    return Span(first=_a_year_back(span.first), last=_a_year_back(span.last))


def _a_year_back(day: date) -> date:
    month = add_months(month_of(day), -12)
    ends = add_months(month, 1) - DAY
    is_last = (day + DAY).day == 1
    return ends if is_last else month.replace(day=min(day.day, ends.day))


def may_compare(span: Span, *, counts_months: bool, is_sum: bool) -> bool:
    """Whether a change would be fair: a sum that counts whole months is not, while its last month is still running."""
    return span.is_whole or not (counts_months and is_sum)
