"""Copies of a database that may be spoilt: with its counting triggers, and without them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from db.core.session import make_engine


class NotPossible(RuntimeError):  # noqa: N818 - says what is the matter
    """What cannot be measured here, and why."""


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite database; None for another kind."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


@contextmanager
def copy_of(url: str) -> Iterator[str]:
    """The URL of a copy of a SQLite database, gone after the block; raises `NotPossible` for another kind."""
    path = sqlite_path(url)
    if path is None:
        raise NotPossible("the scratch copy without triggers is made of SQLite only")
    with TemporaryDirectory(prefix="bench-copy-", ignore_cleanup_errors=True) as folder:
        target = Path(folder) / "copy.db"
        source, copy = sqlite3.connect(f"file:{path}?mode=ro", uri=True), sqlite3.connect(target)
        try:
            source.backup(copy)
        finally:
            source.close()
            copy.close()
        yield f"sqlite:///{target}"


def counting_triggers(engine: Engine) -> dict[str, list[str]]:
    """The triggers that keep rollups, by the table they watch."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"
            " AND (name LIKE '%rollup%' OR name LIKE '%sums%') ORDER BY 1, 2"
        ).all()
    found: dict[str, list[str]] = {}
    for table, name in rows:
        found.setdefault(table, []).append(name)
    return found


def drop_counting(engine: Engine) -> None:
    """Take the triggers that keep rollups out of a scratch copy."""
    names = [name for listed in counting_triggers(engine).values() for name in listed]
    with engine.execution_options(writer=True).begin() as connection:
        for name in names:
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')  # fixed SQL: names from the database's own schema


@contextmanager
def two_copies(url: str) -> Iterator[tuple[Engine, Engine]]:
    """A copy as it is and a copy without the triggers that keep rollups."""
    with copy_of(url) as counting, copy_of(url) as plain:
        kept, dropped = make_engine(counting), make_engine(plain)
        try:
            drop_counting(dropped)
            yield kept, dropped
        finally:
            kept.dispose()
            dropped.dispose()
