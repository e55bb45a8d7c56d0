"""How a page is clicked through: one filter changes at a time, and no combination comes twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.client import Answer, Tab


@dataclass(frozen=True)
class Walk:
    """A page and the two filters it is clicked through by, by their keys."""

    title: str
    path: str
    filters: tuple[str, str]


PAGES: Final = (
    Walk("Overview", "overview", ("ovw_region", "ovw_tier")),
    Walk("Response board", "board", ("lead_region", "lead_source")),
    Walk("Claims", "claims", ("claims_region", "claims_type")),
    Walk("Co-op claims", "coop_claims", ("coopclm_region", "coopclm_medium")),
    Walk("Co-op funds", "coop_funds", ("coopfund_region", "coopfund_period")),
    Walk("Co-op performance", "coop_figures", ("cof_region", "cof_medium")),
    Walk("Incentive claims", "incentive_claims", ("incq_region", "incq_amount")),
    Walk("Incentive performance", "incentive_figures", ("incf_region", "incf_program")),
)
"""The pages of the goals."""
USUAL: Final = Walk("Usual page", "", ("Region", "Source"))


def snake(fast: Sequence[str], slow: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Every pair but the first of all, each one change away from the one before: (which filter, its new value)."""
    turn = list(fast)
    for number, value in enumerate(slow):
        if number:
            yield 1, value
        for other in turn[1:]:
            yield 0, other
        turn.reverse()


class Walker:
    """Clicks through one open page, first where nobody was before, then the same way back, where all is known."""

    def __init__(self, tab: Tab, walk: Walk) -> None:
        self.tab, self.walk = tab, walk
        options = [tab.find(key).options for key in walk.filters]
        self._ahead = snake(options[0], options[1])
        self._at = [options[0][0], options[1][0]]
        self._behind: list[tuple[int, str]] = []

    async def ahead(self) -> Answer | None:
        """Click where nobody was; None when every combination was seen."""
        step = next(self._ahead, None)
        if step is None:
            return None
        which, value = step
        self._behind.append((which, self._at[which]))
        self._at[which] = value
        return await self.tab.choose(self.walk.filters[which], value)

    async def back(self) -> Answer | None:
        """Take the last click back; None at the beginning."""
        if not self._behind:
            return None
        which, value = self._behind.pop()
        self._at[which] = value
        return await self.tab.choose(self.walk.filters[which], value)
