"""When a checklist will be finished: the critical path of planned days, and a forecast from what earlier runs took.

Days are calendar days of the dealer's zone. Source: domain-rules 1.1 P2 and 2.7; the choices are decision 0026.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from db.checklist.graph_rules import in_order
from db.checklist.model import Item
from db.core.labels import plural

FEWEST_RUNS = 3
CAUTION_PERCENT = 150
Risk = Literal["on_track", "at_risk", "late"]
RISK_LABELS: dict[str, str] = {"on_track": "On track", "at_risk": "At risk", "late": "Late"}
RISK_TONES: dict[str, str] = {"on_track": "green", "at_risk": "orange", "late": "red"}


@dataclass(frozen=True, kw_only=True)
class PathStep:
    """One item on the longest way to the end: `days` it still needs, `ends_on` when it would be done then."""

    code: str
    title: str
    days: int
    ends_on: date
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Path:
    """The longest chain of what is left; `ends_on` is the day everything would be done, today when nothing is left."""

    ends_on: date
    days: int
    steps: tuple[PathStep, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Days of one item from earlier runs: the median and the 80th percentile, and how many runs they come from.

    `n` below `FEWEST_RUNS` means that both come from the plan.
    """

    p50: int
    p80: int
    n: int

    @property
    def is_observed(self) -> bool:
        """Whether enough earlier runs stand behind the numbers."""
        return self.n >= FEWEST_RUNS


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The likely day (half of all runs would be done) and the cautious one (four of five items in time, each)."""

    p50: Path
    p80: Path


def quantile(values: Sequence[int], percent: int) -> int:
    """The smallest value that at least `percent` of the values do not exceed; whole days, never between two."""
    if not values:
        raise ValueError("no value has no quantile")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent * len(ordered) / 100) - 1)]


def estimate(item: Item, observed: Sequence[int]) -> Estimate:
    """From at least three earlier runs, else the planned days (for the cautious day half as many again)."""
    if len(observed) >= FEWEST_RUNS:
        return Estimate(p50=quantile(observed, 50), p80=quantile(observed, 80), n=len(observed))
    cautious = -(-item.duration_days * CAUTION_PERCENT // 100)
    return Estimate(p50=item.duration_days, p80=cautious, n=len(observed))


def remaining_days(item: Item, days: int, *, today: date) -> int:
    """What is left of the days an item takes: time since it could be worked on is gone, but one day stays at least.

    A failed gate has to be done again and needs its days in full; what takes no day needs none.
    """
    if item.is_satisfied:
        return 0
    if item.status == "failed" or item.ready_on is None:
        return days
    return max(days - max(0, (today - item.ready_on).days), min(days, 1))


def longest_path(
    items: Sequence[Item], days_of: Callable[[Item], int], *, today: date, why: Callable[[Item], str] = lambda _: ""
) -> Path:
    """The chain of open items that ends last when each starts as soon as what it waits on is done."""
    finish: dict[str, int] = {}
    before: dict[str, str] = {}
    open_items = {i.code: i for i in items if not i.is_satisfied}
    for item in in_order(items):
        if item.code not in open_items:
            continue
        waits = [d for d in item.depends_on if d in open_items]
        last = max(waits, key=lambda d: finish[d], default="")
        finish[item.code] = (finish[last] if last else 0) + days_of(item)
        before[item.code] = last
    if not finish:
        return Path(ends_on=today, days=0)
    # Of several that end last, the one with the longer chain says more.
    code = max(finish, key=lambda c: finish[c])
    total, chain = finish[code], []
    while code:
        item = open_items[code]
        chain.append(
            PathStep(
                code=code, title=item.title, days=days_of(item), ends_on=today + timedelta(days=finish[code]),
                why=why(item),
            )
        )  # fmt: skip
        code = before[code]
    return Path(ends_on=today + timedelta(days=total), days=total, steps=tuple(reversed(chain)))


def critical_path(items: Sequence[Item], *, today: date) -> Path:
    """The longest chain of remaining planned days, with the day it ends."""
    return longest_path(items, lambda i: remaining_days(i, i.duration_days, today=today), today=today)


def forecast(
    items: Sequence[Item], observed: Mapping[str, Sequence[int]], *, today: date, noun: str = "earlier run"
) -> Forecast:
    """When everything will be done if it goes as in earlier runs of the same items (`observed`: days by code).

    `noun` is what a run is called in the explanations ("earlier onboarding").
    """
    known = {i.code: estimate(i, observed.get(i.code, ())) for i in items}

    def path(which: str) -> Path:
        return longest_path(
            items, lambda i: remaining_days(i, getattr(known[i.code], which), today=today), today=today,
            why=lambda i: said(known[i.code], which, noun=noun),
        )  # fmt: skip

    return Forecast(p50=path("p50"), p80=path("p80"))


def said(known: Estimate, which: str = "p50", *, noun: str = "earlier run") -> str:
    """Where the days of an item come from, as a sentence."""
    days = plural(getattr(known, which), "day")
    if not known.is_observed:
        seen = f"only {plural(known.n, noun)}" if known.n else f"no {noun}"
        return f"{seen} to learn from, so the plan counts: {days}"
    if which == "p50":
        return f"half of {plural(known.n, noun)} took at most {days}"
    return f"four of five of {plural(known.n, noun)} took at most {days}"


def risk(*, p50: date, p80: date, target: date) -> Risk:
    """Late when the likely day is past the target, at risk when only the cautious one is."""
    if p50 > target:
        return "late"
    return "at_risk" if p80 > target else "on_track"
