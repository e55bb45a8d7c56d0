"""Fair turns: weighted round robin that remembers, and least load (domain-rules 2.2 C 4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Load:
    """What each dealer carries now: open leads, and leads given today. `add` keeps it true within a batch."""

    open_leads: Counter[int] = field(default_factory=Counter)
    today: Counter[int] = field(default_factory=Counter)

    def add(self, dealer_id: int) -> None:
        """Note that this dealer was given one more."""
        self.open_leads[dealer_id] += 1
        self.today[dealer_id] += 1


def take_turn(
    weights: Mapping[int, int], credits: Mapping[int, int], order: Sequence[int]
) -> tuple[int, dict[int, int]]:
    """Whose turn it is, and the credits afterwards; `order` (by dealer code) breaks ties.

    A credit is what a dealer is owed, in units of 1 / sum of weights of a lead. Each turn everybody present earns their
    weight and the winner pays the sum. Of those who are owed anything the one whose debt would first reach a whole lead
    goes first, which keeps every dealer within one lead of its exact share after any number of turns (smooth round
    robin that only looks at the greatest debt does not). Whoever is absent (full, suspended) earns nothing, so nobody
    is flooded on return.
    """
    present = [who for who in order if weights[who] > 0]
    whole = sum(weights[who] for who in present)
    owed = {who: credits.get(who, 0) + weights[who] for who in present}
    due = [who for who in present if owed[who] > 0] or present
    winner = min(due, key=lambda who: (whole - owed[who]) / weights[who])  # the first of equals: `order` breaks ties
    owed[winner] -= whole
    return winner, {**credits, **owed}


def least_loaded(weights: Mapping[int, int], load: Mapping[int, int], order: Sequence[int]) -> int:
    """Who carries least for its share; `order` breaks ties."""
    return min(order, key=lambda who: load.get(who, 0) / weights[who])  # the first of equals
