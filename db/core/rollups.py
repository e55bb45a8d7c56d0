"""Sums kept by triggers that no code path can forget, compared with a fresh count on demand (decisions 0005, 0071).

An area declares a `Rollup`: the table it sums up, what it sums, and the grains, each a table whose size is bounded by
the network and by time, never by the number of rows. A change of a rollup needs a migration that drops its triggers,
creates the new ones and rebuilds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from db.core.area import Check

# fixed SQL: everything put together here is a constant of an area; CREATE TRIGGER takes no parameters.
CLUSTERED: Final = {"sqlite_with_rowid": False}
"""Options of a table of sums: SQLite keeps it in the order of its keys, so that a read needs no second look-up."""
_MONTH = re.compile(r"MONTH\(([^()]*)\)")
_LIST = re.compile(r"([\w.]+) (NOT )?IN \(('[^']*'(?:, '[^']*')*)\)")


def added_by_statement(
    table: str, *, keys: Sequence[str], measures: Sequence[str], chosen: Sequence[str], where: str = ""
) -> str:
    """The statement that adds the rows of PostgreSQL's transition table `fresh` to the cells of a table of sums.

    `chosen` are the expressions of the keys and the sums of the measures. Cells are met in the order of their keys,
    so two imports wait for each other and never in a circle.
    """
    listed = ", ".join(str(n) for n in range(1, len(keys) + 1))
    sums = ", ".join(f"{m} = {table}.{m} + excluded.{m}" for m in measures)
    return (
        f"INSERT INTO {table} ({', '.join([*keys, *measures])}) SELECT {', '.join(chosen)} FROM fresh"
        f"{f' WHERE {where}' if where else ''} GROUP BY {listed} ORDER BY {listed}"
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}"
    )


def compared(sql: str) -> str:
    """The same SQL for a trigger of SQLite, with lists of constants as comparisons (decision 0080).

    SQLite builds a table in memory for each list of three or more, each time a trigger runs: a sum of thirty of them
    made one insert of a lead five times as dear as the comparisons do. PostgreSQL compares by itself.
    """

    def spelled(found: re.Match[str]) -> str:
        column, is_not, values = found.groups()
        sign, word = ("<>", " AND ") if is_not else ("=", " OR ")
        return "(" + word.join(f"{column} {sign} {value}" for value in values.split(", ")) + ")"

    return _LIST.sub(spelled, sql)


@dataclass(frozen=True, kw_only=True)
class Rollup:
    """What is summed up: `{r}` in an expression is the row, `MONTH(x)` the first day of the month of a day.

    `measures` are whole numbers of a row by column; `grains` are tables with their keys; `only` says which rows count.
    A table that is summed up in several ways has a `name` for each, which its triggers are known by.
    """

    source: str
    measures: Mapping[str, str]
    grains: Mapping[str, Mapping[str, str]]
    only: str = ""
    name: str = ""

    @property
    def triggers(self) -> str:
        """What the names of its triggers begin with."""
        return f"{self.name or self.source}_sums"

    @property
    def watched(self) -> tuple[str, ...]:
        """The columns of the source that are read: a change of any other one changes no sum."""
        read = [self.only, *self.measures.values(), *(e for keys in self.grains.values() for e in keys.values())]
        return tuple(dict.fromkeys(c for expression in read for c in re.findall(r"\{r\}\.(\w+)", expression)))

    # ---- statements --------------------------------------------------------------------------------------------------
    def create(self, dialect: str) -> list[str]:
        """CREATE statements of the triggers, for SQLite or PostgreSQL."""
        name, table = self.triggers, self.source
        add = "; ".join(self._add(grain, dialect) for grain in self.grains) + ";"
        take = "; ".join(self._take(grain, dialect) for grain in self.grains) + ";"
        changed = " OR ".join(f"OLD.{c} IS DISTINCT FROM NEW.{c}" for c in self.watched)
        if dialect == "sqlite":
            changed = changed.replace("IS DISTINCT FROM", "IS NOT")
            new = f" WHEN {self.only.format(r='NEW')}" if self.only else ""
            old = f" WHEN {self.only.format(r='OLD')}" if self.only else ""
            of = ", ".join(self.watched)  # an update of other columns does not even start the trigger
            return [
                compared(statement)
                for statement in (
                    f"CREATE TRIGGER {name}_insert AFTER INSERT ON {table}{new} BEGIN {add} END",
                    f"CREATE TRIGGER {name}_update AFTER UPDATE OF {of} ON {table} WHEN {changed} "
                    f"BEGIN {take} {add} END",
                    f"CREATE TRIGGER {name}_delete AFTER DELETE ON {table}{old} BEGIN {take} END",
                )
            ]
        call = f"EXECUTE FUNCTION {name}()"
        grouped = "; ".join(self._add_all(grain) for grain in self.grains) + ";"
        return [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"{take} IF TG_OP <> 'DELETE' THEN {add} END IF; RETURN NULL; END $$",
            f"CREATE FUNCTION {name}_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"{grouped} RETURN NULL; END $$",
            # Once a statement: an import of thousands of rows meets each cell once, and in the order of the keys.
            f"CREATE TRIGGER {name}_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}_insert()",
            f"CREATE TRIGGER {name}_update AFTER UPDATE ON {table} FOR EACH ROW WHEN ({changed}) {call}",
            f"CREATE TRIGGER {name}_delete AFTER DELETE ON {table} FOR EACH ROW {call}",
        ]

    def drop(self, dialect: str) -> list[str]:
        """Undo of `create`."""
        if dialect == "sqlite":
            return [f"DROP TRIGGER IF EXISTS {self.triggers}_{event}" for event in ("insert", "update", "delete")]
        return [f"DROP FUNCTION IF EXISTS {self.triggers}{end}() CASCADE" for end in ("", "_insert")]

    def rebuild(self, dialect: str) -> list[str]:
        """Statements that sum up everything anew; on PostgreSQL the source can be read meanwhile, not written."""
        # A row written between the delete and the fresh sums would be counted by its trigger and by them.
        lock = [] if dialect == "sqlite" else [f"LOCK TABLE {self.source} IN SHARE MODE"]
        found = [*lock]
        for table, keys in self.grains.items():
            columns = ", ".join([*keys, *self.measures])
            found += [f"DELETE FROM {table}", f"INSERT INTO {table} ({columns}) {self._fresh(table, dialect)}"]
        return found

    def _add(self, table: str, dialect: str) -> str:
        keys = self.grains[table]
        columns = ", ".join([*keys, *self.measures])
        values = ", ".join(_sql(e, "NEW", dialect) for e in (*keys.values(), *self.measures.values()))
        sums = ", ".join(f"{m} = {table}.{m} + excluded.{m}" for m in self.measures)
        # A WHERE keeps SQLite's parser from reading ON as a join condition.
        insert = f"INSERT INTO {table} ({columns}) SELECT {values} WHERE {_sql(self.only, 'NEW', dialect) or 'true'}"
        return f"{insert} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}"

    def _add_all(self, table: str) -> str:
        """The statement that adds all rows a statement inserted (PostgreSQL)."""
        keys = self.grains[table]
        chosen = [_sql(e, "fresh", "postgresql") for e in keys.values()]
        chosen += [f"SUM({_sql(e, 'fresh', 'postgresql')})" for e in self.measures.values()]
        return added_by_statement(
            table, keys=tuple(keys), measures=tuple(self.measures), chosen=chosen,
            where=_sql(self.only, "fresh", "postgresql"),
        )  # fmt: skip

    def _take(self, table: str, dialect: str) -> str:
        sums = ", ".join(f"{m} = {m} - {_sql(e, 'OLD', dialect)}" for m, e in self.measures.items())
        where = [f"{k} = {_sql(e, 'OLD', dialect)}" for k, e in self.grains[table].items()]
        where += [f"({_sql(self.only, 'OLD', dialect)})"] if self.only else []
        return f"UPDATE {table} SET {sums} WHERE {' AND '.join(where)}"

    def _fresh(self, table: str, dialect: str) -> str:
        keys, source = self.grains[table], self.source
        both = {**keys, **self.measures}
        inner = ", ".join(f"{_sql(e, source, dialect)} AS {name}" for name, e in both.items())
        where = f" WHERE {_sql(self.only, source, dialect)}" if self.only else ""
        outer = ", ".join([*keys, *(f"SUM({m}) AS {m}" for m in self.measures)])
        return f"SELECT {outer} FROM (SELECT {inner} FROM {source}{where}) AS one GROUP BY {', '.join(keys)}"

    # ---- checking ----------------------------------------------------------------------------------------------------
    def differences(self, session: Session) -> list[str]:
        """Cells whose sums differ from fresh ones, as sentences; empty when all agree.

        Cells of zeros are ignored: they remain when the last row of a cell moves away.
        """
        return list(self._differences(session))

    def _differences(self, session: Session) -> Iterator[str]:
        dialect = session.get_bind().dialect.name
        some = " OR ".join(f"{m} <> 0" for m in self.measures)
        for table, keys in self.grains.items():
            columns = ", ".join([*keys, *self.measures])
            # One statement sees one moment: rows that arrive meanwhile are in both halves or in neither. Equal cells
            # leave it before they reach us, whatever their number.
            both = (
                f"SELECT 1 AS half, {columns} FROM {table} WHERE {some} "
                f"UNION ALL SELECT 2, {columns} FROM ({self._fresh(table, dialect)}) AS f WHERE {some}"
            )
            odd = f"SELECT MIN(half), {columns} FROM ({both}) AS b GROUP BY {columns} HAVING COUNT(*) = 1"
            found = [(half, tuple(row)) for half, *row in session.execute(text(odd))]
            for half, row in sorted(found, key=str):
                shown = tuple(str(value) for value in row)
                yield (
                    f"{table}: stored {shown} is not what a fresh count gives"
                    if half == 1
                    else f"{table}: {shown} is missing"
                )


def _sql(expression: str, row: str, dialect: str) -> str:
    def month(found: re.Match[str]) -> str:
        day = found.group(1)
        return f"substr({day}, 1, 7) || '-01'" if dialect == "sqlite" else f"CAST(date_trunc('month', {day}) AS date)"

    return _MONTH.sub(month, expression.format(r=row))


class Kept(Protocol):
    """What triggers keep beside a table and can be made anew from the rows: sums, and what follows other rows."""

    @property
    def source(self) -> str:
        """The table it follows."""

    def create(self, dialect: str) -> list[str]:
        """CREATE statements of the triggers."""

    def drop(self, dialect: str) -> list[str]:
        """Undo of `create`."""

    def rebuild(self, dialect: str) -> list[str]:
        """Statements that make everything anew."""

    def differences(self, session: Session) -> list[str]:
        """What is not as it would be anew, as sentences."""


def rebuild(target: Session | Connection, *, rollups: Iterable[Kept]) -> None:
    """Sum up everything anew, from the rows themselves."""
    bind = target.get_bind() if isinstance(target, Session) else target
    for rollup in rollups:
        for statement in rollup.rebuild(bind.dialect.name):
            target.execute(text(statement))


def sums_check(name: str, rollup: Kept) -> Check:
    """The check that compares a rollup with fresh sums, and sums it up anew for `python -m db rebuild-rollups`."""
    return Check(name=name, run=rollup.differences, rebuild=partial(rebuild, rollups=(rollup,)))
