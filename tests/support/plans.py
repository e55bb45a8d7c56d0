"""What a query does in its database: its statements, and how each would be carried out, asked of EXPLAIN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from db.core.session import reading

NO_SHORT_CUTS = ("enable_seqscan", "enable_bitmapscan", "enable_sort")
"""Ways PostgreSQL prefers where a table is all but empty, as it is in a test."""


def statements(engine: Engine, asked: Callable[[Session], Any]) -> list[tuple[str, Any]]:
    """The SELECTs a query sends, with their values, in order."""
    seen: list[tuple[str, Any]] = []

    def note(_con: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            seen.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        with reading(engine) as session:
            asked(session)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return seen


def plan(engine: Engine, statement: tuple[str, Any]) -> str:
    """How the database carries one statement out, a step a line; PostgreSQL is kept from reading whole tables."""
    sql, values = statement
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
            return "\n".join(row[3] for row in found)
        for name in NO_SHORT_CUTS:
            connection.exec_driver_sql(f"SET LOCAL {name} = off")
        return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {sql}", values))


def plans(engine: Engine, asked: Callable[[Session], Any]) -> list[str]:
    """The plan of each statement of a query."""
    return [plan(engine, statement) for statement in statements(engine, asked)]
