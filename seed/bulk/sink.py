"""Rows written as fast as the database takes them: executemany on SQLite, COPY on PostgreSQL, in chunks.

Values are what both databases read as text: `None`, int, str; moments as "YYYY-MM-DD HH:MM:SS" in UTC (`moment`), days
as "YYYY-MM-DD", JSON as its text, booleans as 0 or 1. Indexes that only speed things up, foreign keys and the triggers
of the lead counts are taken away while rows come in and made again in one go each: a million single look-ups cost
more than one sort. Everything is one transaction, so that a fill that fails leaves the database as it was.
"""

from __future__ import annotations

# fixed SQL: names of tables, columns and indexes come from our own schema; values are bound or literals of ours.
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, Table

from db.core.base import Base

CHUNK = 20_000
Row = tuple[Any, ...]


def epoch(at: datetime) -> int:
    """Seconds since 1970 of a moment."""
    return int(at.timestamp())


_FIRST = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=4_096)
def _day(number: int) -> str:
    return date.fromordinal(_FIRST + number).isoformat()


_TIMES = tuple(f" {m // 60:02}:{m % 60:02}:" for m in range(1_440))
_SECONDS = tuple(f"{s:02}.000000" for s in range(60))


def moment(seconds: int | None) -> str | None:
    """A moment as both databases read it."""
    if seconds is None:
        return None
    day, rest = divmod(seconds, 86_400)
    minute, second = divmod(rest, 60)
    return _day(day) + _TIMES[minute] + _SECONDS[second]


def at_of(seconds: int) -> datetime:
    """The moment as a datetime in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


class Sink:
    """A raw connection that takes rows for tables; `close` puts back what was taken away and commits."""

    def __init__(self, bind: Engine, *, can_undo: bool = True) -> None:
        self._can_undo = can_undo
        self.dialect = bind.dialect.name
        self._raw = bind.raw_connection()
        self._cursor: Any = self._raw.cursor()
        self._waiting: dict[str, list[Row]] = {}
        self._into: dict[str, tuple[tuple[str, ...], str, str]] = {}
        self._again: list[str] = []
        self._ids: dict[str, int] = {}
        self.rows = 0
        self._cursor.execute("PRAGMA foreign_keys=OFF" if self.dialect == "sqlite" else "SELECT 1")
        if self.dialect == "sqlite":
            if not can_undo:
                self._cursor.execute("PRAGMA journal_mode=OFF")
            self._cursor.execute("BEGIN IMMEDIATE")
        else:
            self._cursor.execute("SET LOCAL TIME ZONE 'UTC'")
            self._cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")

    # ---- rows --------------------------------------------------------------------------------------------------------
    def open(self, table: str, columns: Sequence[str], **same: Any) -> None:
        """Say which columns the rows of a table bring; `same` are columns that hold one value in every row.

        What neither names has the default its model declares, where that is a plain value.
        """
        found: Table = Base.metadata.tables[table]
        fixed = {**_defaults(found), **same}
        for name in columns:
            fixed.pop(name, None)
        missing = [
            c.name for c in found.columns if c.name not in (*columns, *fixed) and not c.nullable and not c.primary_key
        ]
        if missing:
            raise ValueError(f"{table} needs {', '.join(missing)}")
        names = ", ".join(f'"{n}"' for n in (*columns, *fixed))
        if self.dialect == "sqlite":
            marks = ", ".join(["?"] * len(columns) + [_literal(v) for v in fixed.values()])
            self._into[table] = (tuple(columns), f"INSERT INTO {table} ({names}) VALUES ({marks})", "")
        else:
            ending = "".join("\t" + _copied(v) for v in fixed.values()) + "\n"
            self._into[table] = (tuple(columns), f"COPY {table} ({names}) FROM STDIN", ending)
        self._waiting[table] = []

    def add(self, table: str, row: Row) -> None:
        """Take one row."""
        waiting = self._waiting[table]
        waiting.append(row)
        if len(waiting) >= CHUNK:
            self._write(table)

    def add_all(self, table: str, rows: Iterable[Row]) -> None:
        """Take some rows."""
        waiting = self._waiting[table]
        waiting.extend(rows)
        if len(waiting) >= CHUNK:
            self._write(table)

    def _write(self, table: str) -> None:
        rows = self._waiting[table]
        if not rows:
            return
        _, statement, ending = self._into[table]
        if self.dialect == "sqlite":
            self._cursor.executemany(statement, rows)
        else:
            with self._cursor.copy(statement) as copy:
                for start in range(0, len(rows), 2_000):
                    some = rows[start : start + 2_000]
                    copy.write("".join("\t".join(map(_copied, row)) + ending for row in some))
        self.rows += len(rows)
        rows.clear()

    def flush(self) -> None:
        """Write what still waits, in the order the tables were opened."""
        for table in self._waiting:
            self._write(table)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """One statement; `?` stands for a value on both databases."""
        if self.dialect != "sqlite":
            statement = statement.replace("%", "%%").replace("?", "%s") if values else statement
            return self._cursor.execute(statement, values or None)
        return self._cursor.execute(statement, values)

    def all(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows of a query."""
        self.execute(statement, values)
        return [tuple(row) for row in self._cursor.fetchall()]

    def next_id(self, table: str) -> int:
        """The first id of a table that is free; the sink numbers on from there itself."""
        if table not in self._ids:
            self._ids[table] = int(self.all(f"SELECT COALESCE(MAX(id), 0) FROM {table}")[0][0]) + 1
        return self._ids[table]

    def took(self, table: str, next_id: int) -> None:
        """Ids below this one are used."""
        self._ids[table] = next_id

    # ---- what is taken away meanwhile --------------------------------------------------------------------------------
    def bare(self, tables: Iterable[str]) -> None:
        """Take away indexes that are no keys, and foreign keys, until `restore`."""
        for table in tables:
            if self.dialect == "sqlite":
                found = self.all(
                    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
                    (table,),
                )
                self._again += [sql for _, sql in found]
                for name, _ in found:
                    self.execute(f'DROP INDEX "{name}"')
                continue
            found = self.all(
                "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i"
                " JOIN pg_class c ON c.oid = i.indexrelid"
                " WHERE i.indrelid = to_regclass(?) AND NOT EXISTS"
                " (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)", (table,),
            )  # fmt: skip
            self._again += [sql for _, sql in found]
            for name, _ in found:
                self.execute(f'DROP INDEX "{name}"')
            keys = self.all(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = to_regclass(?) AND contype = 'f'", (table,),
            )  # fmt: skip
            for name, definition in keys:
                self.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
                self._again.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')

    def restore(self, told: Callable[[int, int], None] | None = None) -> None:
        """Make again what `bare` took away: each index sorted once, each foreign key checked as a whole.

        `told` is given how many of how many are done.
        """
        self.flush()
        total = len(self._again)
        while self._again:
            self.execute(self._again.pop(0))
            if told is not None:
                told(total - len(self._again), total)

    def close(self, *, keep: bool = True) -> None:
        """Number on from what was written, let the planner look at it, commit; without `keep` undo everything."""
        try:
            if keep:
                self.restore()
                for table in self._ids if self.dialect != "sqlite" else ():
                    self.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) FROM {table}")
                self._raw.commit() if self.dialect != "sqlite" else self.execute("COMMIT")
            else:
                with suppress(Exception):  # what went wrong is raised already
                    self._raw.rollback() if self.dialect != "sqlite" else self.execute("ROLLBACK")
        finally:
            if self.dialect == "sqlite":
                if keep and not self._can_undo:
                    self.execute("PRAGMA journal_mode=WAL")
                self.execute("PRAGMA foreign_keys=ON")
            self._raw.close()


def _defaults(table: Table) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for column in table.columns:
        default: Any = column.default
        if default is None or column.primary_key:
            continue
        if getattr(default, "is_scalar", False):
            found[column.name] = default.arg
        elif getattr(default, "is_callable", False) and not column.nullable:
            made = default.arg(None)
            if isinstance(made, dict | list):
                found[column.name] = "{}" if isinstance(made, dict) else "[]"
    return found


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(int(value))
    return "'" + str(value).replace("'", "''") + "'"


_ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def _copied(value: Any) -> str:
    if value is None:
        return "\\N"
    if value.__class__ is str:
        return value.translate(_ESCAPED) if "\\" in value or "\n" in value or "\t" in value else value
    return str(int(value) if value.__class__ is bool else value)
