"""What rollups cost a write: the same rows into a copy whose triggers count, and into one without them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, String, Table, UniqueConstraint, insert, select

from bench.figures import Pace, interleaved, ratio
from bench.results import Found
from bench.scratch import counting_triggers, two_copies
from bench.setting import Setting

NAME = "writes"
MANY, FEW = 10_000, 500


def measure(setting: Setting) -> Iterator[Found]:
    """For each table whose rows are counted: one row in a transaction of its own, and 10,000 rows in one."""
    source = setting.smaller[0] if setting.smaller else (setting.leads, setting.url)
    many = 50 if setting.quick else MANY
    with two_copies(source[1]) as (counting, plain):
        tables = [_table(name) for name in counting_triggers(counting)]
        for table in tables:
            if not rows_like(counting, table, 1):
                yield Found(key="write.one", of=table.name, note="no rows to double")
                continue
            try:
                one, each = _one(setting, table, counting, plain), _many(setting, table, counting, plain, many)
            except Exception as error:  # a table whose rows cannot be doubled says so and spoils no other
                yield Found(key="write.one", of=table.name, note=f"{type(error).__name__}: {error}"[:200])
                continue
            where = f"copies of {source[0]:,} leads, committed and synced"
            note = f"{one['counted']} with, {one['plain']} without; {where}"
            beside = ratio(one["counted"].p50, one["plain"].p50)
            yield Found(key="write.one", of=f"insert into {table.name}", value=beside, note=note)
            note = f"{each['counted']} with, {each['plain']} without, bare rows in one transaction"
            yield Found(key="write.many", of=f"{many:,} rows into {table.name}",
                        value=ratio(each["counted"].p50, each["plain"].p50), note=note)  # fmt: skip
        yield _imported(setting, counting, plain, many)


def _table(name: str) -> Table:
    import db.tables  # noqa: F401 - loads every table
    from db.core.base import Base

    return Base.metadata.tables[name]


def rows_like(engine: Engine, table: Table, most: int) -> list[dict[str, Any]]:
    """Rows of a table as they could be written again, without their ids."""
    with engine.connect() as connection:
        found = [dict(row._mapping) for row in connection.execute(select(table).limit(most))]
    for row in found:
        row.pop("id", None)
    return found


def unique_texts(table: Table) -> set[str]:
    """The text columns that may hold a value once."""
    listed = [c.columns for c in table.constraints if isinstance(c, UniqueConstraint)]
    listed += [index.columns for index in table.indexes if index.unique]
    found = {column.name for columns in listed for column in columns if isinstance(column.type, String)}
    return found | {column.name for column in table.columns if column.unique and isinstance(column.type, String)}


def fresh(row: Mapping[str, Any], unique: set[str]) -> dict[str, Any]:
    """The row again, as another one: what may stand once only is new."""
    return {k: uuid4().hex[:20] if k in unique and v is not None else v for k, v in row.items()}


def _one(setting: Setting, table: Table, counting: Engine, plain: Engine) -> dict[str, Pace]:
    rows, unique = rows_like(counting, table, 200), unique_texts(table)

    def into(engine: Engine) -> Callable[[], None]:
        turn = count()

        def write() -> None:
            with engine.execution_options(writer=True).begin() as connection:
                connection.execute(insert(table), fresh(rows[next(turn) % len(rows)], unique))

        return write

    return interleaved(
        {"counted": into(counting), "plain": into(plain)}, times=setting.some(150), seconds=setting.long(8)
    )


def _many(setting: Setting, table: Table, counting: Engine, plain: Engine, many: int) -> dict[str, Pace]:
    rows, unique = rows_like(counting, table, 500), unique_texts(table)

    def into(engine: Engine) -> Callable[[], None]:
        def write() -> None:
            made = [fresh(rows[n % len(rows)], unique) for n in range(many)]
            with engine.execution_options(writer=True).begin() as connection:
                connection.execute(insert(table), made)

        return write

    return interleaved(
        {"counted": into(counting), "plain": into(plain)}, times=setting.some(3), seconds=setting.long(20)
    )


def _imported(setting: Setting, counting: Engine, plain: Engine, many: int) -> Found:
    """The product's own import of leads, which is what a person waits for."""
    from bench.measures.imports import bring_in, lead_file

    made = {name: lead_file(engine, min(many, FEW), now=setting.now) for name, engine in
            (("counted", counting), ("plain", plain))}  # fmt: skip
    taken = interleaved(
        {"counted": lambda: bring_in(counting, made["counted"], now=setting.now),
         "plain": lambda: bring_in(plain, made["plain"], now=setting.now)},
        times=1, seconds=setting.long(20),
    )  # fmt: skip
    note = f"{taken['counted']} with, {taken['plain']} without"
    return Found(key="write.many", of=f"{min(many, FEW):,} leads through the importer",
                 value=ratio(taken["counted"].p50, taken["plain"].p50), note=note)  # fmt: skip
