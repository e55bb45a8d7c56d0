"""How the rules of co-op speak: amounts, days and rates."""

from __future__ import annotations

from datetime import date


def money(cents: int) -> str:
    """ "$1,234.50", "$600", "−$50"; no cents where there are none."""
    sign = "−" if cents < 0 else ""
    dollars, rest = divmod(abs(cents), 100)
    return f"{sign}${dollars:,}.{rest:02d}" if rest else f"{sign}${dollars:,}"


def day(on: date | None) -> str:
    """ "31 Oct 2026"; an en dash when there is none."""
    return f"{on.day} {on:%b %Y}" if on is not None else "–"


def inside(label: str) -> str:
    """A label as it stands inside a sentence: "proof of payment", "ANA/TvB script"."""
    return label if label[1:2].isupper() else f"{label[:1].lower()}{label[1:]}"


def rate(hundredths: int) -> str:
    """ "75%", "2.5%"."""
    return f"{hundredths / 100:g}%"


def share_of(cents: int, hundredths: int) -> int:
    """So many hundredths of a percent of an amount, rounded half up away from zero (domain-rules 2.0)."""
    whole = (abs(cents) * hundredths * 2 + 10_000) // 20_000
    return whole if cents >= 0 else -whole
