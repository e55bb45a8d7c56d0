"""The arithmetic of the bench: percentiles, ratios, growth, and timing that interleaves what is compared."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
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


def timed(action: Callable[[], Any]) -> float:
    """Milliseconds one call takes."""
    began = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - began)


def interleaved(
    actions: Mapping[str, Callable[[], Any]], *, times: int = 15, seconds: float = 10.0
) -> dict[str, list[float]]:
    """Milliseconds of each action, taken in turns after one run that warms it, so that a busy moment meets them all.

    Ends after `times` rounds, or when the seconds are spent; each action is timed once at least.
    """
    for action in actions.values():
        action()
    found: dict[str, list[float]] = {name: [] for name in actions}
    ends = time.perf_counter() + seconds
    for _ in range(times):
        for name, action in actions.items():
            found[name].append(timed(action))
        if time.perf_counter() > ends:
            break
    return found


def medians(
    actions: Mapping[str, Callable[[], Any]], *, times: int = 15, seconds: float = 10.0
) -> dict[str, float]:
    """The median of each of `interleaved`."""
    return {name: p50(taken) for name, taken in interleaved(actions, times=times, seconds=seconds).items()}
