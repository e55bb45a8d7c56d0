"""How well each dealer of the demo follows up: what makes the figures differ, and the reasons visible."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from seed.places import PLACES


@dataclass(frozen=True, kw_only=True)
class Style:
    """A dealer's habits, as chances from 0 to 1.

    `in_time` answers within the promise, `never` not at all; `keeps_on` makes the next attempt when nobody was reached;
    `reaches`, `books` and `closes` scale how many customers are spoken with, come, and buy.
    """

    in_time: float
    never: float
    keeps_on: float
    reaches: float
    books: float
    closes: float


MODEL = Style(in_time=0.91, never=0.0, keeps_on=0.92, reaches=1.15, books=1.2, closes=1.2)
SOLID = Style(in_time=0.79, never=0.01, keeps_on=0.82, reaches=1.05, books=1.05, closes=1.0)
BUSY = Style(in_time=0.6, never=0.03, keeps_on=0.66, reaches=0.95, books=1.0, closes=1.05)
SLACK = Style(in_time=0.4, never=0.08, keeps_on=0.4, reaches=0.8, books=0.75, closes=0.8)


def styles(seed: int) -> dict[str, Style]:
    """The habits of every dealer by code; the dealer whose people can sign in is a solid one."""
    rng = Random(f"{seed}:styles")
    found = {place.code: rng.choices((MODEL, SOLID, BUSY, SLACK), (5, 9, 6, 3))[0] for place in PLACES}
    found["00402"] = SOLID
    return found
