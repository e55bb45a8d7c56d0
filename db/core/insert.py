"""INSERT with ON CONFLICT, and of thousands of rows at once: written once for both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    CursorResult,
    Date,
    DateTime,
    Executable,
    Integer,
    LargeBinary,
    String,
    bindparam,
    literal,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

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


@lru_cache(maxsize=256)
def _adding_new(dialect: str, table: type[Base], key: str) -> Any:
    target = table.metadata.tables[table.__tablename__]
    statement = postgresql.insert(target) if dialect == "postgresql" else sqlite.insert(target)
    return statement.on_conflict_do_nothing().returning(target.c[key])


def add_new(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], *, key: str) -> set[Any]:
    """Insert those of the rows whose unique `key` is not there yet, in their order; gives the keys that are new."""
    if not rows:
        return set()
    return set(session.scalars(_adding_new(_dialect(session), table, key), [dict(row) for row in rows]))


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


# ---- many rows at once -----------------------------------------------------------------------------------------------
MOST_AT_ONCE: Final = 5_000
"""Rows of one statement: what waits in memory and on the wire stays small, whatever the size of a file."""
# Text stays text until it is stored: a cast to VARCHAR(20) would cut what is too long instead of refusing it.
_ARRAYS: Final = (
    (JSON, "text", "::jsonb"), (String, "text", ""), (BigInteger, "bigint", ""), (Integer, "bigint", ""),
    (Boolean, "boolean", ""), (DateTime, "timestamptz", ""), (Date, "date", ""), (LargeBinary, "bytea", ""),
)  # fmt: skip


def insert_many(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of one table, all with the same columns, by one statement for thousands of them.

    A mapped insert leaves what is None out of a row and so begins a new statement wherever the next row has other
    columns; here every row names all of them. None, or no value at all, is the default where a column has one. On
    PostgreSQL the rows travel as an array a column: one statement for the server, and for the triggers of statements.
    """
    if not rows:
        return
    names = tuple(rows[0])
    # One name alone would give its value and no row; named twice it gives one, of which the first is taken.
    values_of = itemgetter(*names) if len(names) > 1 else itemgetter(*names, *names)
    insert_rows(session, table, names, [values_of(row) for row in rows])


def insert_rows(session: Session, table: type[Base], names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Do the same for rows that are values in the order of `names` already."""
    if not rows:
        return
    session.flush()
    dialect = session.get_bind().dialect
    statement, columns = _plan(dialect.name, table, names)
    prepared = [column(dialect) for column in columns]
    connection = session.connection()
    for start in range(0, len(rows), MOST_AT_ONCE):
        part = rows[start : start + MOST_AT_ONCE]
        if dialect.name != "postgresql" and not any(prepared):
            connection.exec_driver_sql(statement, list(part))
            continue
        given = [*zip(*part, strict=True)][: len(names)]
        nothing = (None,) * len(part)
        taken = [given[n] if n < len(names) else nothing for n in range(len(prepared))]
        values = [one if read is None else read(one) for read, one in zip(prepared, taken, strict=True)]
        if dialect.name == "postgresql":
            connection.exec_driver_sql(statement, tuple(map(list, values)))
        else:
            connection.exec_driver_sql(statement, list(zip(*values, strict=True)))


_Reader = Callable[[Sequence[Any]], Sequence[Any]] | None
"""What makes the values of a column fit for the driver; None where they are."""


@lru_cache(maxsize=256)
def _plan(
    dialect: str, table: type[Base], names: tuple[str, ...]
) -> tuple[str, tuple[Callable[[Dialect], _Reader], ...]]:
    """The statement, and for each of its columns what reads its values from rows, for this table and these columns."""
    target = table.metadata.tables[table.__tablename__]
    unnamed = [c for c in target.columns if c.default is not None and c.name not in names]
    columns = [*(target.c[name] for name in names), *unnamed]
    listed = ", ".join(f'"{c.name}"' for c in columns)
    # fixed SQL: table, columns and types as they are declared; values are bound.
    head = f'INSERT INTO "{target.name}" ({listed})'
    if dialect == "postgresql":
        kinds = [_array_of(c) for c in columns]
        arrays = ", ".join(f"%s::{kind}[]" for kind, _ in kinds)
        chosen = ", ".join(f"c{n}{cast_to}" for n, (_, cast_to) in enumerate(kinds))
        aliases = ", ".join(f"c{n}" for n in range(len(columns)))
        statement = f"{head} SELECT {chosen} FROM unnest({arrays}) AS given ({aliases})"
    else:
        statement = f"{head} VALUES ({', '.join('?' * len(columns))})"
    return statement, tuple(_reading(c) for c in columns)


def _array_of(column: Column[Any]) -> tuple[str, str]:
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    return next((array, cast_to) for one, array, cast_to in _ARRAYS if isinstance(kind, one))


def _reading(column: Column[Any]) -> Callable[[Dialect], _Reader]:
    """What makes the values of one column fit for the driver, defaults included."""
    default = _default_of(column)

    def prepare(dialect: Dialect) -> _Reader:
        if dialect.name == "postgresql" and isinstance(column.type, JSON):
            bind: Callable[[Any], Any] | None = json.dumps
        else:
            bind = column.type.dialect_impl(dialect).bind_processor(dialect)

        if isinstance(column.type, JSON) and bind is not None:
            bind = _text_of(bind)
        if default is None and bind is None:
            return None

        def read(values: Sequence[Any]) -> Sequence[Any]:
            if default is not None and None in values:
                values = [default() if value is None else value for value in values]
            return values if bind is None else _bound(values, bind)

        return read

    return prepare


_ROOM_KIB: Final = 65_536


@contextmanager
def roomy(session: Session) -> Iterator[None]:
    """Let SQLite keep more pages in memory while a block writes thousands of rows; a PostgreSQL has its own room.

    With its usual two megabytes the pages of large indexes are written out and read again several times within one
    transaction. The room is given back when the block ends.
    """
    if session.get_bind().dialect.name != "sqlite":
        yield
        return
    connection = session.connection()
    usual = int(connection.exec_driver_sql("PRAGMA cache_size").scalar_one())
    connection.exec_driver_sql(f"PRAGMA cache_size={-_ROOM_KIB}")  # fixed SQL: a constant above
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size={usual}")  # fixed SQL: what it was before, a number


class Written(str):
    """JSON that is text already, for a column of JSON: made of parts that many rows have in common."""

    __slots__ = ()


def _text_of(dump: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: str(value) if type(value) is Written else dump(value)


def _bound(values: Sequence[Any], bind: Callable[[Any], Any]) -> list[Any]:
    """What the driver takes for each value. A moment many rows share is one object, so it is put into words once."""
    made: dict[int, Any] = {id(None): None}  # by identity: two moments may be equal and yet an hour apart (fold)
    found = []
    for value in values:
        at = id(value)
        if at not in made:
            made[at] = bind(value)
        found.append(made[at])
    return found


def _default_of(column: Column[Any]) -> Callable[[], Any] | None:
    """The default a row takes in Python; one that looks at the row is not known here, so its column must be given."""
    found: Any = column.default
    if found is None:
        return None
    if found.is_scalar:
        return lambda: found.arg
    return lambda: found.arg(None)
