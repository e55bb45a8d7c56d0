"""Clicks on several pages in turns, so that a busy moment meets them all alike."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bench.client import Answer, Tab
from bench.figures import p50, p95
from bench.walks import Walk, Walker

Click = Callable[[], Awaitable[Answer | None]]
FEWEST = 3


@dataclass
class Taken:
    """Milliseconds of the clicks on one page, the server's processor time for them, and what went wrong."""

    ms: list[float] = field(default_factory=list)
    cpu: float = 0.0
    errors: list[str] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """The median; raises ValueError without any click."""
        return p50(self.ms)

    @property
    def cpu_each(self) -> float:
        """Milliseconds of the server's processor time for a click, on average: what it is on a busy machine, too."""
        return self.cpu / len(self.ms)

    @property
    def p95(self) -> float:
        """What nineteen of twenty clicks do not exceed."""
        return p95(self.ms)


async def in_turns(
    clicks: Mapping[str, Click], *, times: int, seconds: float, meters: Mapping[str, Callable[[], float]] | None = None
) -> dict[str, Taken]:
    """Each click once a round, until there were `times` rounds or the seconds are spent; a click that gave None rests.

    A page that has spent twice its share of the time rests, too, so that a slow one leaves the others their rounds.
    `meters` read the processor time of the server behind a click, in milliseconds.
    """
    read = meters or {}
    share = 2000 * seconds / max(1, len(clicks))
    found = {name: Taken() for name in clicks}
    ends = time.perf_counter() + seconds
    for _ in range(times):
        for name, click in clicks.items():
            if len(found[name].ms) >= FEWEST and sum(found[name].ms) > share:
                continue
            before = read[name]() if name in read else 0.0
            answer = await click()
            if answer is not None:
                found[name].cpu += (read[name]() if name in read else 0.0) - before
                found[name].ms.append(answer.ms)
                found[name].errors += answer.errors
        if time.perf_counter() > ends:
            break
    return found


@dataclass(frozen=True)
class Opened:
    """A page that is open and can be clicked through."""

    name: str
    tab: Tab
    walker: Walker | None

    async def ahead(self) -> Answer | None:
        """The next click where nobody was; a page without filters is run again."""
        return await (self.walker.ahead() if self.walker else self.tab.rerun())

    async def back(self) -> Answer | None:
        """The next click where all is known."""
        return await (self.walker.back() if self.walker else self.tab.rerun())


async def open_page(
    stack: AsyncExitStack, name: str, url: str, walk: Walk | None = None, *, cookie: str = ""
) -> Opened:
    """Open a page for as long as the stack lives; raises RuntimeError when it shows an error."""
    tab = await stack.enter_async_context(Tab(url, walk.path if walk else "", cookie=cookie))
    if tab.first.errors:
        raise RuntimeError(f"{name}: {tab.first.errors[0]}")
    return Opened(name, tab, Walker(tab, walk) if walk else None)
