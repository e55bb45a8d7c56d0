"""What one person's look leaves in the process is nothing to the next: pages of A, B and A again in one process (R28).

Nothing may be told from what somebody looked at before: B, who comes after A, is shown what B is shown in a process
that nobody used before, letter by letter; then A again what A was shown first.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest
import streamlit as st

from components import kept
from db.core.actor import Actor
from db.core.session import engine
from tests.support.tier import figure, is_long, sized
from tests.support.users import actor_named
from tests.trust import canaries, screens
from tests.trust.territories import Land

KEEPING = (
    "my_work", "overview", "scorecard", "board", "performance", "pipeline", "claims", "claim_performance",
    "incentive_claims", "incentive_figures", "price_requests", "coop_claims", "coop_figures", "funnel", "quality",
    "weekly_report", "report_builder", "dealers", "monthly_pack", "claim_simulator",
)  # fmt: skip
"""Pages that use `kept`, `shelved` or `st.cache_data`."""
FEW = ("my_work", "board", "claims", "incentive_figures")
"""Those of the fast tier: each way of keeping is among them."""
PAIRS = sized(
    fast=(("near_boss", "own_boss"),),
    long=(("cora", "own_boss"), ("near_boss", "own_boss"), ("wes", "own_boss"), ("leah", "own_staff"),
          ("far_boss", "wes"), ("cora", "leah"), ("own_boss", "own_staff")),
)  # fmt: skip
CHANGING = re.compile(rb"[0-9a-f]{16,}|\d+ (min|h|s)\b|\d\d:\d\d")
"""Keys of forms, ids of widgets and moments: other in each run, whoever looks."""


def forget() -> None:
    """As in a process that nobody used before."""
    st.cache_data.clear()
    for shelf in shelves():
        shelf._things.clear()


def shelves() -> Iterator[kept.Shelf]:
    """Every shelf of the process: those of components/kept.py and one for each `shelved` function."""
    yield from (kept._answers, kept._derived)
    for name, module in sorted(sys.modules.items()):
        if name.startswith("components."):
            for function in list(vars(module).values()):
                for cell in getattr(function, "__closure__", None) or ():
                    if isinstance(cell.cell_contents, kept.Shelf):
                        yield cell.cell_contents


def shown(actor: Actor, page: str) -> set[bytes]:
    """Every text a page sends to this person, without those that are other in each run; empty without the right."""
    content = b"\n".join(content for _, content in screens.page_looks(actor, views=False, only=(page,)))
    return {text for text in re.findall(rb"[ -~]{4,}", content) if not CHANGING.search(text)}


@pytest.mark.parametrize("pair", PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_a_page_shows_the_same_whoever_looked_before(land: Land, pair: tuple[str, str]):
    first, second = (actor_named(engine(), name) for name in pair)
    marks = canaries.foreign(engine(), second.scope)
    walked, filled, different = 0, 0, []
    for page in KEEPING if is_long() else FEW:
        for actor in (first, second):
            shown(actor, page)  # what a first visit ever shows (news since the last one) is no matter of caches
        forget()
        fresh = shown(second, page)
        if not fresh:
            continue
        forget()
        alone = shown(first, page)
        before = sum(len(shelf._things) for shelf in shelves())
        filled += bool(before)
        after = shown(second, page)
        again = shown(first, page)
        walked += 1
        if after != fresh or again != alone or (not second.scope.is_all and marks.found_in(b"\n".join(after))):
            different.append(page)
    figure("R28", f"pages walked by {pair[0]}, {pair[1]} and {pair[0]} in one process", walked)
    figure("R28", f"pages that differ from a fresh process, {pair[0]} then {pair[1]}", len(different))
    assert different == []
    assert walked == len(FEW) if not is_long() else walked >= 5
    assert filled >= 3, "the pages keep something"
