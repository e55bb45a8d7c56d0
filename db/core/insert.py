"""INSERT with ON CONFLICT, written once for both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import CursorResult, Executable, bindparam, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.core.base import Base


def rows_changed(session: Session, statement: Executable) -> int:
    """Execute an UPDATE or DELETE and say how many rows it touched (drivers do not count what an INSERT skipped)."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


@lru_cache(maxsize=256)
def _insert(dialect: str, table: type[Base], names: tuple[str, ...]) -> Any:
    """The statement for these columns, made once: every command passes here several times."""
    target = table.metadata.tables[table.__tablename__]
    statement = postgresql.insert(target) if dialect == "postgresql" else sqlite.insert(target)
    return statement.values({name: bindparam(name, type_=target.c[name].type) for name in names})


@lru_cache(maxsize=256)
def _ignoring(dialect: str, table: type[Base], names: tuple[str, ...]) -> Any:
    return _insert(dialect, table, names).on_conflict_do_nothing().returning(literal(1))


@lru_cache(maxsize=256)
def _replacing(
    dialect: str, table: type[Base], names: tuple[str, ...], key: tuple[str, ...], update: tuple[str, ...]
) -> Any:
    statement = _insert(dialect, table, names)
    return statement.on_conflict_do_update(index_elements=key, set_={c: statement.excluded[c] for c in update})


@lru_cache(maxsize=256)
def _adding(dialect: str, table: type[Base], names: tuple[str, ...], key: tuple[str, ...], add: tuple[str, ...]) -> Any:
    statement = _insert(dialect, table, names)
    sums = {c: table.__table__.c[c] + statement.excluded[c] for c in add}
    return statement.on_conflict_do_update(index_elements=key, set_=sums)


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


def insert_or_ignore(session: Session, table: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert one row; False when a row with the same unique key was there already."""
    statement = _ignoring(_dialect(session), table, tuple(values))
    return session.execute(statement, dict(values)).first() is not None


def upsert(
    session: Session,
    table: type[Base],
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
    update: Sequence[str],
) -> None:
    """Insert one row, or replace the columns named in `update` of the row with the same `key`.

    A row of that key this session has read before keeps its old values in memory; read it again with populate_existing.
    """
    session.execute(_replacing(_dialect(session), table, tuple(values), tuple(key), tuple(update)), dict(values))


def insert_or_add(
    session: Session,
    table: type[Base],
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
    add: Sequence[str],
) -> None:
    """Insert one row, or add the numbers of the columns named in `add` to the row with the same `key`."""
    session.execute(_adding(_dialect(session), table, tuple(values), tuple(key), tuple(add)), dict(values))
