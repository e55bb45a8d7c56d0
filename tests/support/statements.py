"""Compiled statements are shared by all databases of a test process.

Every test has a database of its own, so an engine of its own, and SQLAlchemy keeps what it compiled by engine: half of
the time of a test went into compiling what the test before had compiled. Which dialect object compiled a statement
matters to nobody, as long as it is of the same kind.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

KEPT = 8_000
_statements: Any = LRUCache(KEPT)


def _same_kind(self: Any, other: object) -> bool:
    return type(self) is type(other)


def _by_kind(self: Any) -> int:
    return hash(type(self))


def share() -> None:
    """Let the engines that `make_engine` opens from now on keep their statements in one place."""
    from db.core import session

    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        dialect.__eq__ = _same_kind  # type: ignore[method-assign]
        dialect.__hash__ = _by_kind  # type: ignore[method-assign]

    def create(*args: Any, **named: Any) -> Any:
        return create_engine(*args, execution_options={"compiled_cache": _statements}, **named)

    session.create_engine = create
