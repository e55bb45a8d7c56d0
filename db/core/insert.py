"""INSERT with ON CONFLICT, written once for both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Executable, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.core.base import Base


def rows_changed(session: Session, statement: Executable) -> int:
    """Execute an UPDATE or DELETE and say how many rows it touched (drivers do not count what an INSERT skipped)."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def _insert(session: Session, table: type[Base]) -> Any:
    dialect = session.get_bind().dialect.name
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def insert_or_ignore(session: Session, table: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert one row; False when a row with the same unique key was there already."""
    statement = _insert(session, table).values(**values).on_conflict_do_nothing()
    return session.execute(statement.returning(literal(1))).first() is not None


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
    statement = _insert(session, table).values(**values)
    session.execute(
        statement.on_conflict_do_update(index_elements=list(key), set_={c: statement.excluded[c] for c in update})
    )


def insert_or_add(
    session: Session,
    table: type[Base],
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
    add: Sequence[str],
) -> None:
    """Insert one row, or add the numbers of the columns named in `add` to the row with the same `key`."""
    statement = _insert(session, table).values(**values)
    sums = {c: table.__table__.c[c] + statement.excluded[c] for c in add}
    session.execute(
        statement.on_conflict_do_update(index_elements=list(key), set_=sums),
        execution_options={"synchronize_session": False},
    )
