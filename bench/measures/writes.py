"""What rollups cost a write: the same rows into a copy whose triggers count, and into one without them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import count, product
from typing import Any
from uuid import uuid4

from sqlalchemy import Column, Engine, String, Table, UniqueConstraint, insert, select

from bench.figures import Pace, interleaved, ratio
from bench.results import Found
from bench.scratch import counting_triggers, two_copies
from bench.setting import Setting

NAME = "writes"
MANY, FEW = 10_000, 500
FOLLOWING = count(10**9)
"""Numbers no row of ours has."""


def measure(setting: Setting) -> Iterator[Found]:
    """For each table whose rows are counted: one row in a transaction of its own, and 10,000 rows in one."""
    source = setting.smaller[0] if setting.smaller else (setting.leads, setting.url)
    many = 50 if setting.quick else MANY
    with two_copies(source[1]) as (counting, plain):
        for table in _tables(counting_triggers(counting)):
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


def _tables(names: Collection[str]) -> list[Table]:
    """What others refer to comes first: its copies are what new rows of theirs may belong to."""
    import db.tables  # noqa: F401 - loads every table
    from db.core.base import Base

    return [table for table in Base.metadata.sorted_tables if table.name in names]


def rows_like(engine: Engine, table: Table, most: int) -> list[dict[str, Any]]:
    """Rows of a table as they could be written again, without their ids."""
    with engine.connect() as connection:
        found = [dict(row._mapping) for row in connection.execute(select(table).limit(most))]
    for row in found:
        row.pop("id", None)
    return found


def unique_groups(table: Table) -> list[list[Column[Any]]]:
    """The columns that may hold the same values together once, but for a running number of their own."""
    groups = [list(c.columns) for c in table.constraints if isinstance(c, UniqueConstraint)]
    groups += [list(index.columns) for index in table.indexes if index.unique]
    groups += [[column] for column in table.columns if column.unique]
    keys = list(table.primary_key.columns)
    return [*groups, keys] if len(keys) > 1 else groups


def free_pairs(engine: Engine, table: Table, columns: list[Column[Any]]) -> Iterator[dict[str, Any]]:
    """Records that exist and stand in no row of the table together yet, the newest first."""
    with engine.connect() as connection:
        taken = {tuple(row) for row in connection.execute(select(*columns))}
        keys = [next(iter(column.foreign_keys)).column for column in columns]
        known = [list(connection.scalars(select(key).order_by(key.desc()))) for key in keys]
    names = [column.name for column in columns]
    return (dict(zip(names, values, strict=True)) for values in product(*known) if values not in taken)


def renewer(engine: Engine, table: Table) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """What makes another row of one there is: whatever may stand once only is new."""
    texts, numbers, pairs = set(), set(), []
    for group in unique_groups(table):
        free = [c.name for c in group if not isinstance(c.type, String) and not c.foreign_keys]
        named = [c.name for c in group if isinstance(c.type, String)]
        if group == list(table.primary_key.columns) and free:
            numbers.add(free[-1])
        elif named:
            texts.update(named)
        elif not free:
            pairs.append(free_pairs(engine, table, group))

    def renewed(row: Mapping[str, Any]) -> dict[str, Any]:
        made = {k: uuid4().hex[:20] if k in texts and v is not None else v for k, v in row.items()}
        made |= {name: next(FOLLOWING) for name in numbers}
        for pair in pairs:
            made |= next(pair)
        return made

    return renewed


def _one(setting: Setting, table: Table, counting: Engine, plain: Engine) -> dict[str, Pace]:
    rows = rows_like(counting, table, 200)

    def into(engine: Engine) -> Callable[[], None]:
        turn, renewed = count(), renewer(engine, table)

        def write() -> None:
            row = renewed(rows[next(turn) % len(rows)])
            with engine.execution_options(writer=True).begin() as connection:
                connection.execute(insert(table), row)

        return write

    return interleaved(
        {"counted": into(counting), "plain": into(plain)}, times=setting.some(150), seconds=setting.long(8)
    )


def _many(setting: Setting, table: Table, counting: Engine, plain: Engine, many: int) -> dict[str, Pace]:
    rows = rows_like(counting, table, 500)

    def into(engine: Engine) -> Callable[[], None]:
        renewed = renewer(engine, table)

        def write() -> None:
            made = [renewed(rows[n % len(rows)]) for n in range(many)]
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
