"""The arithmetic of the bench: percentiles, ratios, growth, and timing that interleaves what is compared."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies, between the two nearest ones; ValueError without any."""
    if not values:
        raise ValueError("there is no percentile of nothing")
    ordered = sorted(values)
    at = (len(ordered) - 1) * share
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def p50(values: Sequence[float]) -> float:
    """The median."""
    return percentile(values, 0.5)


def p95(values: Sequence[float]) -> float:
    """The value that nineteen of twenty do not exceed."""
    return percentile(values, 0.95)


def ratio(of: float, to: float) -> float:
    """How many times `to` goes into `of`; infinite where `to` is nothing."""
    return of / to if to else math.inf


def exponent(small: tuple[float, float], large: tuple[float, float]) -> float:
    """The power of the size with which a time grows, from two (size, time): 0 is flat, 1 grows as the data does."""
    (size, taken), (larger, longer) = small, large
    if size <= 0 or larger <= size or taken <= 0 or longer <= 0:
        raise ValueError("growth needs two different sizes, the smaller first, and times above nothing")
    return math.log(longer / taken) / math.log(larger / size)


@dataclass
class Pace:
    """How long an action took, run by run: milliseconds on the clock, and of this process's processor time.

    On a busy machine the second one still says what the work is; it knows nothing of a database server's own work.
    """

    ms: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def run(self, action: Callable[[], Any]) -> None:
        """Run and time it once."""
        began, worked = time.perf_counter(), time.process_time()
        action()
        self.cpu.append(1000 * (time.process_time() - worked))
        self.ms.append(1000 * (time.perf_counter() - began))

    @property
    def p50(self) -> float:
        """The median on the clock."""
        return p50(self.ms)

    def __str__(self) -> str:
        """The median of both, for a note."""
        return f"{brief(self.p50)} ms (processor {brief(p50(self.cpu))})"


def brief(value: float) -> str:
    """A number of milliseconds in as many digits as say something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def interleaved(actions: Mapping[str, Callable[[], Any]], *, times: int = 15, seconds: float = 10.0) -> dict[str, Pace]:
    """The pace of each action, taken in turns after one run that warms it, so that a busy moment meets them all.

    Ends after `times` rounds, or when the seconds are spent; each action is timed once at least.
    """
    for action in actions.values():
        action()
    found = {name: Pace() for name in actions}
    ends = time.perf_counter() + seconds
    for _ in range(times):
        for name, action in actions.items():
            found[name].run(action)
        if time.perf_counter() > ends:
            break
    return found
