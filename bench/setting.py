"""What every measure is given: the databases, by size, and how thorough to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine, func, select

from components.clock import now as clock_now
from db.core.session import make_engine


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One run of the bench. `smaller` are (leads, URL) of the same network with fewer leads, the smallest first.

    `quick` takes every figure from as few repeats as possible, for tests of the bench itself.
    """

    url: str
    leads: int
    smaller: tuple[tuple[int, str], ...] = ()
    ports: tuple[int, int] = (0, 0)
    quick: bool = False
    say: Callable[[str], None] = field(default=lambda _line: None)

    def some(self, times: int) -> int:
        """That many repeats, or as few as make sense."""
        return min(times, 2) if self.quick else times

    def long(self, seconds: float) -> float:
        """That long at most."""
        return min(seconds, 0.2) if self.quick else seconds

    @property
    def now(self) -> datetime:
        """The moment of the run."""
        return clock_now()

    @contextmanager
    def engine(self, url: str = "") -> Iterator[Engine]:
        """The database, or another one, open for the length of the block."""
        opened = make_engine(url or self.url)
        try:
            yield opened
        finally:
            opened.dispose()


def count_leads(url: str) -> int:
    """How many leads a database holds."""
    from db.leads.tables import Lead

    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(Lead)) or 0
    finally:
        engine.dispose()
