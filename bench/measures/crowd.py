"""Many people at one process, each clicking every five seconds on the pages of the goals."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random

from bench.clicking import Opened, open_page
from bench.figures import p50, p95
from bench.people import DESK, sign_in
from bench.results import Found
from bench.served import Served, serving
from bench.setting import Setting
from bench.walks import PAGES

NAME = "people"
THINK = (2.5, 7.5)
PATIENCE = 60.0
DOOR = 4
"""So many people open their page at the same moment."""


@dataclass
class Crowd:
    """What a number of people met."""

    people: int
    ms: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    mib_before: float = 0.0
    mib_peak: float = 0.0

    @property
    def mib_each(self) -> float:
        """Memory a session takes, at the most."""
        return max(0.0, self.mib_peak - self.mib_before) / self.people


def measure(setting: Setting) -> Iterator[Found]:
    """Four rows: how long 100 people wait, what they need, what goes wrong, and how long 200 wait."""
    for people in (setting.some(100), setting.some(200) + (1 if setting.quick else 0)):
        with serving(setting.url, ports=setting.ports) as product:
            found = asyncio.run(_gather(setting, product, people))
        wrong = sum(found.errors.values())
        told = f"; {wrong} errors: {found.errors.most_common(1)[0][0]}" if wrong else "; 0 errors"
        if not found.ms:
            yield Found(key="people.p95", of=f"{people} people", note=f"nobody got an answer{told}")
            continue
        note = f"p50 {p50(found.ms):.0f} ms of {len(found.ms)} clicks, slowest {max(found.ms):.0f} ms{told}"
        if people <= setting.some(100):
            yield Found(key="people.p95", of=f"{people} people", value=p95(found.ms), note=note)
            note = f"{found.mib_before:.0f} MiB before, {found.mib_peak:.0f} MiB at the most"
            yield Found(key="people.memory", of=f"{people} people", value=found.mib_each, note=note)
            yield Found(key="people.errors", of=f"{people} people", value=wrong, note=told[2:] if wrong else "")
        else:
            yield Found(key="people.200", of=f"{people} people", value=p95(found.ms), note=note)


async def _gather(setting: Setting, product: Served, people: int) -> Crowd:
    found = Crowd(people)
    cookies = sign_in(setting.url, roles=DESK, count=people)
    async with AsyncExitStack() as stack:
        for walk in PAGES:  # the first visitor of a process pays for its imports
            await open_page(stack, walk.title, product.url, walk, cookie=cookies[0])
    found.mib_before = product.mib()
    async with AsyncExitStack() as stack:
        pages: list[Opened] = []
        gate, until = asyncio.Semaphore(DOOR), time.perf_counter() + setting.long(60) + 1

        async def enter(number: int, cookie: str) -> None:
            walk = PAGES[number % len(PAGES)]
            async with gate:
                if time.perf_counter() > until:
                    found.errors["the server was too slow to let everybody in within a minute"] += 1
                    return
                try:
                    pages.append(await open_page(stack, walk.title, product.url, walk, cookie=cookie))
                except Exception as error:
                    found.errors[f"{walk.title}: {type(error).__name__} {error}"[:160]] += 1

        await asyncio.gather(*(enter(number, cookie) for number, cookie in enumerate(cookies)))
        watch = asyncio.create_task(_watch(product, found))
        ends = time.perf_counter() + setting.long(30)
        think = (0.01, 0.05) if setting.quick else THINK
        people_at_work = (_person(page, found, _dice(number), ends, think) for number, page in enumerate(pages))
        await asyncio.gather(*people_at_work)
        watch.cancel()
    return found


async def _watch(product: Served, found: Crowd) -> None:
    while True:
        found.mib_peak = max(found.mib_peak, product.mib())
        await asyncio.sleep(0.25)


def _dice(number: int) -> Random:
    return Random(number)


async def _person(page: Opened, found: Crowd, dice: Random, ends: float, thinks: tuple[float, float]) -> None:
    """Think, click, wait for the answer, until time is up; people begin at moments of their own."""
    think = dice.uniform(0, thinks[1])
    while time.perf_counter() + think < ends:
        await asyncio.sleep(think)
        try:
            answer = await asyncio.wait_for(page.ahead(), PATIENCE)
            if answer is None:
                answer = await asyncio.wait_for(page.tab.rerun(), PATIENCE)
        except Exception as error:
            found.errors[f"{page.name}: {type(error).__name__} {error}"[:160]] += 1
            return
        found.ms.append(answer.ms)
        for said in answer.errors:
            found.errors[f"{page.name}: {said}"[:160]] += 1
        think = dice.uniform(*thinks)
