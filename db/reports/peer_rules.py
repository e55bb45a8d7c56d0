"""A figure beside its peers: median and quartiles, bands, places, and when there are too few to say anything (2.2b).

A share of fewer than ten is told as its two numbers and gets no place; peers are shown from five on, so that nobody can
be told apart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

FEW: Final = 10
"""A figure of fewer is told as its two numbers and gets no place (2.2b)."""
FEWEST_PEERS: Final = 5
"""Peers are compared with from so many on."""
BANDS: Final[Mapping[str, str]] = {
    "best": "Best quarter", "upper": "Median or better", "lower": "Worse than median", "worst": "Last quarter",
    "few": "Too few to rank", "alone": "Too few peers", "plain": "Not ranked", "none": "Nothing to count",
}  # fmt: skip
Better = Literal["up", "down", "none"]
Group = tuple[str, str, str]
"""What peers have in common: (kind, tier, region); kinds are tier_region, region, tier and network."""


@dataclass(frozen=True, kw_only=True)
class Quartiles:
    """The middle of peers and the quarters around it, of `n` values."""

    n: int
    low: float
    median: float
    high: float


def is_small(denominator: float | None, *, counts_cases: bool) -> bool:
    """Whether a figure is of fewer than ten cases; money over money and plain counts have no such number."""
    return counts_cases and denominator is not None and denominator < FEW


def quartiles(values: Sequence[float]) -> Quartiles | None:
    """Quartiles with the values between two taken in proportion (as spreadsheets do); None for fewer than five."""
    if len(values) < FEWEST_PEERS:
        return None
    ordered = sorted(values)
    return Quartiles(n=len(ordered), low=_at(ordered, 0.25), median=_at(ordered, 0.5), high=_at(ordered, 0.75))


def _at(ordered: Sequence[float], share: float) -> float:
    place = (len(ordered) - 1) * share
    under = int(place)
    over = min(under + 1, len(ordered) - 1)
    return ordered[under] + (ordered[over] - ordered[under]) * (place - under)


def band_of(value: float | None, peers: Quartiles | None, *, better: Better, small: bool) -> str:
    """Which of `BANDS` a value is in; a value on a border has the better side of it."""
    if value is None:
        return "none"
    if small:
        return "few"
    if better == "none":
        return "plain"
    if peers is None:
        return "alone"
    sign = 1 if better == "up" else -1
    good, bad = (peers.high, peers.low) if better == "up" else (peers.low, peers.high)
    # Where half of the peers have one and the same value, that value is the middle and neither end.
    if sign * value >= sign * good and value != peers.median:
        return "best"
    if sign * value >= sign * peers.median:
        return "upper"
    return "worst" if sign * value < sign * bad else "lower"


def place_of(value: float, ordered: Sequence[float], *, better: Better) -> int:
    """The place among values in rising order (its own may be one of them), 1 is the best; equal values share one."""
    if better == "down":
        return 1 + bisect_left(ordered, value)
    return 1 + len(ordered) - bisect_right(ordered, value)


def groups_of(tier: str, region: str) -> list[Group]:
    """The groups a dealer could be measured in, the closest first: tier and region, region, tier, network."""
    near: list[Group] = [("tier_region", tier, region)] if tier else []
    near.append(("region", "", region))
    if tier:
        near.append(("tier", tier, ""))
    return [*near, ("network", "", "")]


def closest(tier: str, region: str, sizes: Mapping[Group, int], *, own: bool = True) -> Group | None:
    """The closest group with at least five others that have a figure; None: too few anywhere.

    `sizes` counts the figures of each group, `own` says whether the dealer's own is one of them: with fewer than five
    others, who knows it could work out another one's.
    """
    least = FEWEST_PEERS + int(own)
    return next((group for group in groups_of(tier, region) if sizes.get(group, 0) >= least), None)


def group_label(group: Group | None) -> str:
    """Whom a dealer is measured against, in words."""
    if group is None:
        return "Too few peers"
    kind, tier, region = group
    words = {"tier_region": f"{tier} dealers in {region}", "region": f"Dealers in {region}", "tier": f"{tier} dealers"}
    return words.get(kind, "All dealers")
