"""What the rules of the weekly report look at and answer: facts of one dealer, limits, rows, verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from db.reports.weekly_rules import Figure

State = Literal["fires", "quiet", "few", "none"]
STATES: Final[Mapping[str, str]] = {
    "fires": "Recommended", "quiet": "In order", "few": "Too few to judge", "none": "Nothing to look at",
}  # fmt: skip
URGENCIES: Final[Mapping[int, str]] = {1: "Today", 2: "This week", 3: "Soon"}
MOST: Final = 7
"""So many recommendations are told; what fired beyond is named below them."""
SHOWN: Final = 5
"""So many rows are shown with a recommendation."""

IN_TIME: Final = 0.70
"""Share of leads answered in time below which it is recommended (2.8: a plan begins at SLA < 70%)."""
TASKS: Final = 5
BACKORDERS: Final = 5
SAME_REASON: Final = 3
REASON_DAYS: Final = 28
NEAR_DAYS: Final = 7
BACK_DAYS: Final = 7
RETURN_DAYS: Final = 5
CONFIRM_HOURS: Final = 48
EXPIRES_DAYS: Final = 30
COOP_CENTS: Final = 100_00
TIER_UNITS: Final = 3
TIER_DAYS: Final = 31


@dataclass(frozen=True, kw_only=True)
class Row:
    """One record behind a recommendation; `page` and `query` lead to it. Names of customers are in none."""

    label: str
    words: str = ""
    page: str = ""
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands at a dealer of one kind: how many, the worst of them in the unit of its rule, and some rows."""

    count: int = 0
    worst: int = 0
    cents: int = 0
    word: str = ""
    rows: tuple[Row, ...] = ()


NOTHING: Final = Standing()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything the rules look at, for one dealer."""

    dealer_id: int
    figures: Mapping[str, Figure] = field(default_factory=dict)
    standing: Mapping[str, Standing] = field(default_factory=dict)

    def of(self, name: str) -> Standing:
        """What stands of a kind."""
        return self.standing.get(name, NOTHING)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a rule found: the thing to do and the numbers it stands on."""

    state: State
    action: str = ""
    because: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A rule with its answer, ready to be kept: what it looked at and what it said."""

    rule: str
    state: State
    action: str = ""
    because: str = ""
    urgency: int = 3
    page: str = ""
    query: tuple[tuple[str, str], ...] = ()
    rows: tuple[Row, ...] = ()
    more: int = 0
