"""The monthly pack of the whole network: made with its progress told, then as PDF and as workbook."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from itertools import pairwise

from sqlalchemy import func, select

from bench.client import Answer, Tab
from bench.people import sign_in, who
from bench.results import Found
from bench.served import serving
from bench.setting import Setting

NAME = "pack"


def measure(setting: Setting) -> Iterator[Found]:
    """Two rows: seconds for pack, PDF and workbook together; and how often the page told how far it was."""
    from db.core.session import reading
    from db.core.settings import settings
    from db.dealers.tables import Dealer
    from db.people.sessions import person_actor
    from db.reports.pack_pdf import make_pdf
    from db.reports.pack_queries import build_pack, pack_months
    from db.reports.pack_xlsx import make_xlsx

    with setting.engine() as engine:
        person = who(engine)[0]
        steps: list[tuple[float, str]] = []
        began = time.perf_counter()

        def tell(_share: float, words: str) -> None:
            steps.append((time.perf_counter(), words))

        with reading(engine) as session:
            actor = person_actor(session, person_id=person)
            dealers = session.scalar(select(func.count()).select_from(Dealer)) or 0
            pack = build_pack(session, month=pack_months(now=setting.now)[0], actor=actor, now=setting.now, tell=tell)
        made = time.perf_counter()
        pdf = make_pdf(pack, house=settings().organisation)
        printed = time.perf_counter()
        book = make_xlsx(pack, house=settings().organisation)
        done = time.perf_counter()
    note = (
        f"figures {made - began:.1f} s, PDF {printed - made:.1f} s ({len(pdf) // 1024} KiB), workbook "
        f"{done - printed:.1f} s ({len(book) // 1024} KiB); slowest: {slowest([*steps, (made, '')])}"
    )
    yield Found(key="pack.seconds", of=f"{dealers:,} dealers", value=done - began, note=note)
    page = asyncio.run(_page(setting))
    note = f"the page was there after {page.seconds:.1f} s; {'; '.join(page.errors)[:100] or 'no error'}"
    yield Found(key="pack.progress", of="the page, made anew", value=page.progress, note=note)


def slowest(steps: list[tuple[float, str]], *, most: int = 3) -> str:
    """The steps that took longest, with their seconds, from the moments at which each began."""
    taken = [(after[0] - at[0], at[1]) for at, after in pairwise(steps)]
    return ", ".join(f"{words} {seconds:.1f} s" for seconds, words in sorted(taken, reverse=True)[:most])


async def _page(setting: Setting) -> Answer:
    cookie = sign_in(setting.url)[0]
    with serving(setting.url, ports=setting.ports) as product:
        async with Tab(product.url, "monthly_pack", cookie=cookie) as tab:
            return tab.first
