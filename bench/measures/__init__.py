"""One module for each group of goals: `NAME`, and `measure(setting)`, which yields its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from bench.measures import (
    browser,
    clicks,
    crowd,
    fragments,
    growth,
    imports,
    pack,
    queries,
    queue,
    search,
    seeding,
    start,
    writes,
)
from bench.results import Found
from bench.setting import Setting

Measure = Callable[[Setting], Iterator[Found]]
MEASURES: Final[dict[str, Measure]] = {
    module.NAME: module.measure
    for module in (
        queries, queue, search, writes, imports, pack, start, clicks, fragments, browser, crowd, growth, seeding,
    )
}  # fmt: skip
"""In the order in which they are taken: what needs no server first, what is only taken when asked for last."""
ONLY_IF_ASKED: Final = ("seed",)
