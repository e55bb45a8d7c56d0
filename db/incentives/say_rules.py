"""How the rules of incentives speak: amounts, days, percentages and lists of words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date


def money(cents: int) -> str:
    """ "$1,234.50", "$600", "−$50"; no cents where there are none."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'−' if cents < 0 else ''}${whole:,}{f'.{rest:02d}' if rest else ''}"


def day(on: date | None) -> str:
    """ "16 Nov 2026"; an en dash when unknown."""
    return "–" if on is None else f"{on.day} {on:%b %Y}"


def percent(hundredths: int) -> str:
    """ "7.5%"."""
    return f"{hundredths / 100:g}%"


def sale_number(sale_id: int) -> str:
    """How a sale is called: "S-000012"."""
    return f"S-{sale_id:06}"


def words(found: Iterable[str], last: str = "and") -> str:
    """ "a, b and c"."""
    some = list(found)
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} {last} {some[-1]}" if some else ""
