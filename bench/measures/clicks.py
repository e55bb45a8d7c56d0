"""Clicks on the product's pages, an empty page and the usual page, in one interleaved run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

from bench.clicking import Taken, in_turns, open_page
from bench.figures import p50, ratio
from bench.people import sign_in
from bench.results import Found
from bench.served import EMPTY, USUAL, Served, serving
from bench.setting import Setting
from bench.walks import PAGES
from bench.walks import USUAL as USUAL_WALK

NAME = "clicks"


def measure(setting: Setting) -> Iterator[Found]:
    """A row for each page and each of the two pages it is held against."""
    cookie = sign_in(setting.url)[0]
    with (
        serving(setting.url, ports=setting.ports) as product,
        serving(setting.url, EMPTY, ports=setting.ports) as empty,
        serving(setting.url, USUAL, ports=setting.ports) as usual,
    ):
        fresh, known = asyncio.run(_click(setting, (product, empty, usual), cookie))
    for walk in PAGES:
        here = fresh[walk.title]
        if not here.ms:
            yield Found(key="click.empty", of=walk.title, note="; ".join(here.errors)[:200] or "no click was possible")
            continue
        seen, floor, peer = known[walk.title].ms, fresh["empty"].p50, fresh["usual"].p50
        note = f"p50 {here.p50:.0f} ms, p95 {here.p95:.0f} ms of {len(here.ms)} clicks; empty page {floor:.1f} ms"
        note += f"; server's processor {here.cpu_each:.0f} ms a click, empty page {fresh['empty'].cpu_each:.1f}"
        if seen:
            note += f"; filters seen before {p50(seen):.0f} ms ({ratio(p50(seen), known['empty'].p50):.1f}x)"
        if here.errors:
            note += f"; {len(here.errors)} errors: {here.errors[0]}"
        yield Found(key="click.empty", of=walk.title, value=ratio(here.p50, floor), note=note)
        note = f"usual page {peer:.0f} ms, processor {fresh['usual'].cpu_each:.0f} ms"
        if seen:
            note += f"; filters seen before {ratio(p50(seen), known['usual'].p50):.2f}x"
        yield Found(key="click.usual", of=walk.title, value=ratio(here.p50, peer), note=note)


async def _click(
    setting: Setting, servers: tuple[Served, Served, Served], cookie: str
) -> tuple[dict[str, Taken], dict[str, Taken]]:
    product, empty, usual = servers
    async with AsyncExitStack() as stack:
        opened = [await open_page(stack, "empty", empty.url), await open_page(stack, "usual", usual.url, USUAL_WALK)]
        opened += [await open_page(stack, walk.title, product.url, walk, cookie=cookie) for walk in PAGES]
        for one in opened:
            await one.tab.rerun()
        meters = {one.name: product.worked_ms for one in opened} | {
            "empty": empty.worked_ms, "usual": usual.worked_ms
        }  # fmt: skip
        fresh = await in_turns(
            {one.name: one.ahead for one in opened}, times=setting.some(24), seconds=setting.long(40), meters=meters
        )
        known = await in_turns({one.name: one.back for one in opened}, times=setting.some(20), seconds=setting.long(15))
    return fresh, known
