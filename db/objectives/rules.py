"""Sales effectiveness: what a dealer would sell if the brand did there as in the benchmark (domain-rules 2.8)."""

from __future__ import annotations

from collections.abc import Iterable

WHOLE = 10_000
"""A share of 100% in hundredths of a percent."""


def expected(segments: Iterable[tuple[int, int]]) -> float:
    """Vehicles expected from (share in hundredths of a percent, registrations) of each segment of the market."""
    return sum(share * registrations for share, registrations in segments) / WHOLE


def effectiveness(actual: float, expected_units: float) -> float | None:
    """Actual ÷ expected as a share of 1; None where nothing was expected."""
    return actual / expected_units if expected_units else None
