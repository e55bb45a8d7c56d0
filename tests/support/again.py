"""What many tests begin with is built by commands once a process, and from then on done again statement by statement.

A network of dealers and people costs a hundred statements that are found, checked and hashed in Python; the same
statements alone cost a tenth. They are those the commands sent, so a fresh database ends up as the commands leave it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine.interfaces import ExecuteStyle

from db.core.session import engine as process_engine

T = TypeVar("T")

FRESH = text("SELECT 1 FROM person UNION ALL SELECT 1 FROM dealer UNION ALL SELECT 1 FROM timeline_entry LIMIT 1")
"""Finds something in every database that is not as migrations leave it."""

_THE_ENGINE = object()
"""Stands for the engine in a result that is kept for other databases."""


@dataclass(eq=False)
class _Told:
    """What was built: its statements, in their transactions, and what the builder gave back."""

    transactions: list[list[tuple[str, Any, bool]]] = field(default_factory=list)
    result: Any = None


_told: dict[tuple[str, str], _Told] = {}
_being_told: list[_Told] = []
"""Builders that run now, the outermost first: what one of them begins with may be repeated itself."""


def again(engine: Engine, name: str, build: Callable[[], T]) -> T:
    """What `build()` gives; in a fresh database the second `build` of that name is only repeated.

    `name` says everything that `build` depends on. It writes through `engine` alone, keeps no files, and gives back
    something that can be copied; the engine may be a part of it.
    """
    with engine.connect() as connection:
        if connection.execute(FRESH).first() is not None:
            return build()
    key = (name, engine.dialect.name)
    known = _told.get(key)
    if known is None:
        with _listening(engine) as told:
            result = build()
        told.result = copy.deepcopy(result, {id(engine): _THE_ENGINE})
        _told[key] = told
        return result
    for statements in known.transactions:
        _repeat(engine, statements)
    return cast("T", copy.deepcopy(known.result, {id(_THE_ENGINE): engine}))


def _repeat(engine: Engine, statements: list[tuple[str, Any, bool]]) -> None:
    with engine.execution_options(writer=True).begin() as connection:
        cursor = connection.connection.cursor()
        for statement, parameters, is_many in statements:
            (cursor.executemany if is_many else cursor.execute)(statement, parameters)
            if cursor.description:
                cursor.fetchall()  # SQLite ends an INSERT ... RETURNING with its last row
        cursor.close()
    for told in _being_told:
        told.transactions.append(statements)


@contextmanager
def _listening(engine: Engine) -> Any:
    """Keeps what is written through the engine until the end of the block, by transaction that was committed."""
    told = _Told()
    running: dict[Connection, list[tuple[str, Any, bool]]] = {}

    def sent(connection: Connection, _cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        # Rows whose numbers come back go as one statement with many values, which SQLAlchemy calls many all the same.
        many = many and context.execute_style is not ExecuteStyle.INSERTMANYVALUES
        if "nextval(" in statement or not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "BEGIN")):
            running.setdefault(connection, []).append((statement, copy.copy(parameters), many))

    def committed(connection: Connection) -> None:
        if written := running.pop(connection, None):
            told.transactions.append(written)

    def taken_back(connection: Connection) -> None:
        running.pop(connection, None)

    _being_told.append(told)
    listeners: dict[str, Callable[..., Any]] = {
        "before_cursor_execute": sent,
        "commit": committed,
        "rollback": taken_back,
    }
    for what, listener in listeners.items():
        event.listen(engine, what, listener)
    try:
        yield told
    finally:
        _being_told.remove(told)
        for what, listener in listeners.items():
            event.remove(engine, what, listener)


def begun(fixture: Callable[..., T]) -> Callable[..., T]:
    """Below `@pytest.fixture`: what it builds is built once a process and repeated for the other tests.

    For fixtures that take `engine`, `sqlite_engine` or `app_database` and nothing else, and whose builder keeps to the
    rules of `again`.
    """

    @wraps(fixture)
    def repeated(**arguments: Any) -> T:
        (given,) = arguments.values()
        engine = given if isinstance(given, Engine) else process_engine()
        return again(engine, f"{fixture.__module__}.{fixture.__qualname__}", lambda: fixture(**arguments))

    return repeated
