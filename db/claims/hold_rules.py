"""Who held a claim: intervals that neither overlap nor leave a gap while the claim was open (domain-rules 1.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from db.core.labels import minutes_label

PARTIES: Final[dict[str, str]] = {
    "dealer": "Dealer", "us": "Us", "engineering": "Engineering", "finance": "Finance",
}  # fmt: skip
"""Who can hold a claim, in the order they are drawn."""
ON_OUR_CALENDAR: Final = frozenset({"us", "engineering", "finance"})
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Held:
    """One interval: who held the claim in which state, from when to when (UTC); an end for every one.

    `business_minutes` are those of the holder's own working calendar: ours, or the dealer's.
    """

    holder: str
    status: str
    since: datetime
    until: datetime
    is_running: bool = False
    business_minutes: int = 0

    @property
    def minutes(self) -> float:
        """Minutes of the calendar on the wall."""
        return (self.until - self.since) / _MINUTE


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one party held of a claim in all, in calendar and in business minutes."""

    holder: str
    minutes: float
    business_minutes: int
    times: int


@dataclass(frozen=True, kw_only=True)
class Holds:
    """Everything a claim was held since it was first sent, by whom."""

    intervals: tuple[Held, ...]

    @property
    def minutes(self) -> float:
        """All of it in calendar minutes; time in which the claim was closed is nobody's and not in here."""
        return sum(h.minutes for h in self.intervals)

    @property
    def shares(self) -> tuple[Share, ...]:
        """By party in the order of `PARTIES`; who never held it is left out."""
        found = []
        for party in PARTIES:
            own = [h for h in self.intervals if h.holder == party]
            if own:
                found.append(
                    Share(
                        holder=party, minutes=sum(h.minutes for h in own), times=len(own),
                        business_minutes=sum(h.business_minutes for h in own),
                    )
                )  # fmt: skip
        return tuple(found)

    def share(self, holder: str) -> float:
        """Calendar minutes of one party."""
        return sum(h.minutes for h in self.intervals if h.holder == holder)

    @property
    def sentence(self) -> str:
        """In words: "us 3 d 4 h, dealer 2 d of 5 d 4 h in all"."""
        if not self.intervals:
            return "Nobody yet: it was not sent."
        parts = [f"{PARTIES[s.holder].lower()} {minutes_label(s.minutes)}" for s in self.shares]
        text = f"{', '.join(parts)} of {minutes_label(self.minutes)} in all"
        return text[0].upper() + text[1:]


def since_sent(
    rows: Iterable[tuple[str, str, datetime, datetime | None]], now: datetime
) -> tuple[tuple[str, str, datetime, datetime, bool], ...]:
    """Intervals (holder, status, since, until, is_running) since the claim was first sent, in the order of time.

    The dealer's time with the draft is the dealer's own and left out; an interval that still runs ends `now`.
    """
    found = []
    for holder, status, since, until in sorted(rows, key=lambda r: r[2]):
        if status == "draft":
            continue
        end = until if until is not None else max(now, since)
        found.append((holder, status, since, end, until is None))
    return tuple(found)


def overlaps(intervals: Sequence[Held]) -> list[str]:
    """Sentences about intervals that overlap; an honest record has none."""
    ordered = sorted(intervals, key=lambda h: (h.since, h.until))
    return [
        f"{b.status} begins at {b.since:%Y-%m-%d %H:%M} before {a.status} ends"
        for a, b in pairwise(ordered)
        if b.since < a.until
    ]


@dataclass(frozen=True, kw_only=True)
class HoldTotal:
    """What parties held in a period, for one dealer, one region or all: minutes by party, and how many claims."""

    name: str
    claims: int
    minutes: dict[str, float]
    key: str = ""

    @property
    def total(self) -> float:
        """Minutes of all parties."""
        return sum(self.minutes.values())

    def average(self, holder: str) -> float:
        """Minutes a claim by this party."""
        return self.minutes.get(holder, 0.0) / self.claims if self.claims else 0.0

    def percent(self, holder: str) -> float:
        """The share of this party, 0 to 100."""
        return 100 * self.minutes.get(holder, 0.0) / self.total if self.total else 0.0
