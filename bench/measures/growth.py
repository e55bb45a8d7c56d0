"""The same pages on databases of different sizes, clicked in turns: how much slower a page is with more leads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack

from bench.clicking import Taken, in_turns, open_page
from bench.figures import ratio
from bench.people import sign_in
from bench.results import Found
from bench.served import Served, serving
from bench.setting import Setting
from bench.walks import PAGES

NAME = "growth"


def measure(setting: Setting) -> Iterator[Found]:
    """A row for each page: the p50 with the most leads over the p50 with the fewest."""
    sizes = [*setting.smaller, (setting.leads, setting.url)]
    if len(sizes) < 2:
        yield Found(key="growth.page", note="needs smaller databases of the same network: --smaller URL")
        return
    with ExitStack() as stack:
        servers = [
            (leads, stack.enter_context(serving(url, ports=setting.ports)), sign_in(url)[0]) for leads, url in sizes
        ]
        found = asyncio.run(_click(setting, servers))
    for walk in PAGES:
        taken = [found[walk.title, leads] for leads, _ in sizes]
        if not all(one.ms for one in taken):
            errors = [error for one in taken for error in one.errors]
            yield Found(key="growth.page", of=walk.title, note="; ".join(errors)[:200] or "no click was possible")
            continue
        note = ", ".join(
            f"{leads:,} leads {one.p50:.0f} ms (processor {one.cpu_each:.0f})"
            for (leads, _), one in zip(sizes, taken, strict=True)
        )
        yield Found(key="growth.page", of=walk.title, value=ratio(taken[-1].p50, taken[0].p50), note=note)


async def _click(setting: Setting, servers: list[tuple[int, Served, str]]) -> dict[tuple[str, int], Taken]:
    async with AsyncExitStack() as stack:
        opened = {}
        for walk in PAGES:
            for leads, server, cookie in servers:
                opened[walk.title, leads] = await open_page(stack, walk.title, server.url, walk, cookie=cookie)
        names = {f"{title}|{leads}": (title, leads) for title, leads in opened}
        clicks = {name: opened[key].ahead for name, key in names.items()}
        by_size = {leads: server for leads, server, _ in servers}
        meters = {name: by_size[leads].worked_ms for name, (_, leads) in names.items()}
        found = await in_turns(clicks, times=setting.some(16), seconds=setting.long(50), meters=meters)
    return {names[name]: taken for name, taken in found.items()}
