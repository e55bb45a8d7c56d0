"""How a dealer is doing, from what every area has noticed: good, watch or at risk, with the sentences that say why.

The thresholds are our decision (D), written down in decision 0017.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

Level = Literal["good", "watch", "risk"]
LEVELS: dict[Level, str] = {"good": "Good", "watch": "Watch", "risk": "At risk"}
MANY_WATCH = 3
"""So many things to watch at once are a risk by themselves (D)."""
LOOKED_AFTER = ("onboarding", "active", "suspended")
"""Statuses of dealers that have a health; nobody looks after a prospect or a terminated dealer (D)."""


class Noticed(Protocol):
    """A signal of an area, such as `db.core.area.Signal`."""

    @property
    def level(self) -> str:
        """watch or risk."""

    @property
    def sentence(self) -> str:
        """The reason, as a sentence."""


@dataclass(frozen=True)
class Health:
    """A dealer's health; `reasons` has the gravest first and is empty for one in good health."""

    level: Level
    reasons: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The level as people say it."""
        return LEVELS[self.level]


def health_of(signals: Iterable[Noticed]) -> Health:
    """Any risk, or three things to watch: at risk. Anything to watch: watch. Else good."""
    noticed = list(signals)
    risks = [one.sentence for one in noticed if one.level == "risk"]
    watched = [one.sentence for one in noticed if one.level != "risk"]
    if risks or len(watched) >= MANY_WATCH:
        return Health("risk", (*risks, *watched))
    return Health("watch", tuple(watched)) if watched else Health("good")
