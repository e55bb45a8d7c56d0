"""Other limits for a band: what may be typed, and the policy that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from db.core.problems import Problems
from db.pricing.band_rules import DEFAULT, WHOLE, Policy, money, percent

BANDS: Final = {
    "percent": "Discount in percent of the list price", "amount": "Amount of the whole request",
    "margin": "Least margin left, in percent", "budget": "Percent of what the budget still holds",
}  # fmt: skip
FIELDS: Final = ("nobody", "level_1", "level_2", "level_3")
HEADS: Final = ("Nobody signs", "Level 1", "Level 2", "Level 3, then stop")
MOST: Final = 1_000_000_000_00


def limits_of(policy: Policy, band: str) -> tuple[int, ...]:
    """The four limits of a band."""
    found: tuple[int, ...] = getattr(policy, band)
    return found


def limit_words(band: str, limit: int) -> str:
    """A limit as people read it."""
    return money(limit) if band == "amount" else percent(limit)


def check_limits(band: str, limits: Sequence[int | None], problems: Problems) -> tuple[int, ...]:
    """The limits of one band made sound, or problems at `band` and at the field of each limit.

    Limits rise from level to level (the margin falls); shares stay within a hundred percent.
    """
    if band not in BANDS:
        problems.add("band", "required", "Choose a band.")
        return ()
    least, most = (-WHOLE, WHOLE) if band == "margin" else (0, MOST if band == "amount" else WHOLE)
    for field, limit in zip(FIELDS, limits, strict=True):
        if limit is None:
            problems.add(field, "required", "This limit is needed.")
        elif not least <= limit <= most:
            message = f"Between {limit_words(band, least)} and {limit_words(band, most)}."
            problems.add(field, "out_of_range", message)
    sound = tuple(x for x in limits if x is not None)
    if problems.found or len(sound) < len(FIELDS):
        return ()
    for field, before, after in zip(FIELDS[1:], sound, sound[1:], strict=False):
        if after > before if band == "margin" else after < before:
            falls = "lower" if band == "margin" else "higher"
            problems.add(field, "order", f"A higher level has a {falls} limit, or the same.")
    return sound


def policy_with(kept: Mapping[str, Any]) -> Policy:
    """The policy of kept limits; what is not kept is as it was delivered."""
    found: dict[str, Any] = {band: tuple(kept[band]) for band in BANDS if band in kept}
    return replace(DEFAULT, **found)
