"""How metrics are told in words: units, what is good, what days choose, and what they are split by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from db.core.labels import days_label, minutes_label

UNITS: Final = {
    "count": "Number", "percent": "Share", "minutes": "Working minutes", "money": "US dollars", "days": "Days",
}  # fmt: skip
BETTER: Final = {"up": "Higher is better", "down": "Lower is better", "none": "Neither"}
BETTER_TONES: Final = {"up": "green", "down": "blue", "none": "gray"}
PERIODS: Final = {
    "days": "By day: both ends of the period are included",
    "months": "By month: whole months the period touches",
    "now": "As it stands now, whatever the period",
}
DIMS: Final = {
    "month": "Month", "quarter": "Quarter", "week": "Week", "region": "Region", "dealer": "Dealer", "state": "State",
    "source": "Source", "product": "Product line", "person": "Person", "made_by": "Side that promised",
    "kind": "Kind", "touch": "Confirmation", "host": "Host", "plan": "Follow-up plan", "day": "Day of the plan",
    "due_on": "Day due", "type": "Type of claim", "component": "Component", "model": "Model", "part": "Part",
    "program": "Incentive program", "programme": "Co-op programme", "medium": "Medium",
}  # fmt: skip
DASH: Final = "–"


def dim_label(dim: str) -> str:
    """What a dimension is called."""
    return DIMS.get(dim, dim.replace("_", " ").capitalize())


def dims_label(dims: Iterable[str]) -> str:
    """All dimensions in words."""
    return ", ".join(dim_label(dim) for dim in dims) or DASH


def value_label(value: float | None, unit: str) -> str:
    """A value in its unit: a share of 1 as percent, cents as dollars; a dash where there is nothing to measure."""
    if value is None:
        return DASH
    if unit == "percent":
        return f"{100 * value:.1f}%"
    if unit == "money":
        sign, cents = "-" if value < 0 else "", abs(round(value))
        return f"{sign}${cents // 100:,}.{cents % 100:02d}" if cents < 1000_00 else f"{sign}${(cents + 50) // 100:,}"
    if unit == "minutes":
        return minutes_label(value)
    if unit == "days":
        return days_label(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def part_label(value: float | None, unit: str) -> str:
    """A numerator or denominator in its unit: cents as dollars, minutes in words, else a plain number."""
    if value is None:
        return DASH
    if unit in ("money", "minutes"):
        return value_label(value, unit)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def has_words(text: str, typed: str) -> bool:
    """Whether every word typed stands somewhere in a text, whatever the case."""
    held = text.casefold()
    return all(word in held for word in typed.casefold().split())
