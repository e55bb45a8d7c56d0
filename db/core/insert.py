"""INSERT with ON CONFLICT, written once for both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.core.base import Base


def _insert(session: Session, table: type[Base]) -> Any:
    dialect = session.get_bind().dialect.name
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def insert_or_ignore(session: Session, table: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert one row; False when a row with the same unique key was there already."""
    return bool(session.execute(_insert(session, table).values(**values).on_conflict_do_nothing()).rowcount)


def upsert(
    session: Session,
    table: type[Base],
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
    update: Sequence[str],
) -> None:
    """Insert one row, or replace the columns named in `update` of the row with the same `key`."""
    statement = _insert(session, table).values(**values)
    session.execute(
        statement.on_conflict_do_update(index_elements=list(key), set_={c: statement.excluded[c] for c in update})
    )
