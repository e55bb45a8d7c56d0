"""Fills a SQLite database beside its place and moves it there when it is whole; any other database where it is.

An interrupted first start therefore leaves nothing half made, and while the file is nobody's yet it need not be
written through to the disk with each of some thousand transactions.
"""

from __future__ import annotations

import fcntl
import gc
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from db.core.session import dispose, make_engine, reading
from db.core.timeline import head_of
from db.migrate import upgrade
from seed.demo import build
from seed.network import Network


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Let one start at a time fill the SQLite database of this URL; the others wait here."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        yield
        return
    lock = Path(f"{parsed.database}.first-start")
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def fill(bind: Engine, *, now: datetime, seed: int, leads: int) -> Network:
    """Make the demo in a migrated database without dealers. What somebody did in it before, such as accounts, stays."""

    def make(found: Engine, *, aside: bool) -> Network:  # the demo is made the same way anywhere
        return build(found, now=now, seed=seed, leads=leads)

    return fill_with(bind, make)


class Maker(Protocol):
    """Fills the database it is given; one that is made `aside` is thrown away when that fails."""

    def __call__(self, found: Engine, *, aside: bool) -> Network: ...


def fill_with(bind: Engine, make: Maker) -> Network:
    """Let `make` fill a migrated database without dealers, beside its place where that is possible."""
    if bind.dialect.name != "sqlite" or not _is_untouched(bind):
        return make(bind, aside=False)
    place = Path(str(bind.url.database))
    part = place.with_name(f"{place.name}.part")
    url = bind.url.set(database=str(part)).render_as_string(hide_password=False)
    try:
        _remove(part)
        upgrade(url)
        made = _build_unsynced(url, make)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        bind.dispose()
        dispose()
        _remove(place)
        part.replace(place)
    finally:
        _remove(part)
    return made


def _is_untouched(bind: Engine) -> bool:
    """Whether no command was ever carried out here."""
    with reading(bind) as session:
        return head_of(session)[0] == 0


def _build_unsynced(url: str, make: Maker) -> Network:
    # Everybody's work of six months asks more statements than are kept usually, and making them took a fifth of it.
    aside = make_engine(url, kept=4_000, prepared=3_000)

    @event.listens_for(aside, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        for pragma in ("synchronous=OFF", "cache_size=-64000", "wal_autocheckpoint=8000"):
            connection.execute(f"PRAGMA {pragma}")  # fixed SQL: the constants above

    try:
        with _seldom_collected():
            made = make(aside, aside=True)
        with closing(aside.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        aside.dispose()
    return made


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Look for garbage seldom: what is made here has few cycles, and looking took a tenth of the time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _remove(database: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
