"""The schema: migrations and tables are the same thing, on both databases, empty or full, killed or not (R13)."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    create_engine,
    func,
    inspect,
    select,
    text,
)

from db import migrate
from db.coop.sums import SUMS as COOP
from db.core.session import make_engine, reading
from db.incentives.checks import days_are_the_desks
from db.incentives.sum_tables import IncentiveMonth
from db.incentives.sums import SALES
from db.incentives.sums import SUMS as INCENTIVES
from db.incentives.tables import IncentiveEntry
from db.leads.won_sums import SUMS as WON
from db.objectives.sums import SUMS as OBJECTIVES
from db.surveys.sums import SUMS as SURVEYS
from db.tables import METADATA
from tests.support.crash import count_statements, run_and_kill
from tests.support.tier import figure, is_long, sized

REVISIONS = [script.revision for script in ScriptDirectory.from_config(migrate._config()).walk_revisions()][::-1]
NOON = datetime(2026, 6, 29, 12, 0, tzinfo=UTC)
# The first that fits counts: a moment is a DateTime, which is no Date; JSON comes before what it is stored as.
VALUES: tuple[tuple[type, Any], ...] = (
    (JSON, {}), (DateTime, NOON), (Date, NOON.date()), (Boolean, True), (Integer, 1), (Float, 1.5), (LargeBinary, b"x"),
    (String, "x"),
)  # fmt: skip

# Where a row of any values breaks a rule the database keeps: a task with an activity is a done one.
SPECIAL: dict[tuple[str, str], Any] = {
    ("cadence_task", "state"): "done",
    ("claim_entry", "kind"): "reversal",
    ("coop_lot", "cents"): 5,
    ("incentive_entry", "book"): "earned",
    ("incentive_entry", "kind"): "calculation",
    ("incentive_match_line", "memo_line_id"): None,
    ("parts_order_line", "ordered"): 2,
}


@pytest.fixture
def empty_url(request, tmp_path, postgres_kind):
    """A database without any table, of the wanted kind."""
    if postgres_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    templates = request.getfixturevalue("postgres_templates")
    with templates.copy("nothing", lambda url: None) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def postgres_kind(request):
    return request.param


def tables_of(engine):
    return sorted(inspect(engine).get_table_names())


def test_there_is_one_line_of_revisions():
    script = ScriptDirectory.from_config(migrate._config())
    assert len(script.get_heads()) == 1
    assert REVISIONS[-1] == migrate.newest()


def test_an_empty_database_becomes_exactly_what_the_tables_declare(empty_url):
    assert migrate.upgrade(empty_url) == migrate.newest()
    engine = make_engine(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, METADATA) == []
    assert tables_of(engine) == sorted([*METADATA.tables, "alembic_version"])
    assert migrate.upgrade(empty_url) == migrate.newest()  # a second time there is nothing to do
    migrate.require_known(engine)
    engine.dispose()


def test_the_comparison_would_see_a_forgotten_column(sqlite_url):
    other = MetaData()
    for table in METADATA.sorted_tables:
        table.to_metadata(other)
    other.tables["dealer"].append_column(Column("colour", String(10)))
    with create_engine(sqlite_url).connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), other)
    assert [entry[0] for entry in found] == ["add_column"]


def fill(engine):
    """One row in every table of whatever schema the database has, in an order that references allow."""
    found = MetaData()
    found.reflect(engine)
    with engine.begin() as connection:
        for table in found.sorted_tables:
            if table.name == "alembic_version" or connection.scalar(select(func.count()).select_from(table)):
                continue
            connection.execute(table.insert().values(**_row(table, engine.dialect.name)))
    return counts(engine)


def _row(table, dialect):
    values = {}
    for column in table.columns:
        plain = next(value for kind, value in VALUES if isinstance(column.type, kind))
        value = SPECIAL.get((table.name, column.name), plain)
        if value is NOON and dialect == "sqlite":
            value = NOON.replace(tzinfo=None)
        own = any(key.column.table is table for key in column.foreign_keys)
        values[column.name] = None if own and column.nullable else value
    return values


def counts(engine):
    found = MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        return {
            t.name: connection.scalar(select(func.count()).select_from(t))
            for t in found.sorted_tables
            if t.name != "alembic_version"
        }


def test_a_full_database_keeps_every_row(seeded_url):
    """From the newest schema an upgrade is nothing; from each older one every row must still be there."""
    engine = make_engine(seeded_url)
    before = counts(engine)
    assert sum(before.values()) > 100
    migrate.upgrade(seeded_url)
    assert counts(engine) == before
    engine.dispose()


@pytest.fixture
def seeded_url(database_url):
    """A database somebody has worked with: dealers, an import, an export, an undone import."""
    from tests.support.worked import work_with

    engine = make_engine(database_url)
    work_with(engine)
    engine.dispose()
    return database_url


# Each takes three seconds on each database, and the old ones no longer change: `make acceptance` takes them all.
@pytest.mark.parametrize("older", sized(fast=list(dict.fromkeys(REVISIONS[::12] + REVISIONS[-2:])), long=REVISIONS))
@pytest.mark.slow
def test_every_schema_there_ever_was_is_upgraded_with_its_rows(empty_url, older):
    migrate.upgrade(empty_url, to=older)
    engine = make_engine(empty_url)
    before = fill(engine)
    assert min(before.values()) >= 1
    assert migrate.upgrade(empty_url) == migrate.newest()
    after = counts(engine)
    assert {name: number for name, number in before.items() if after.get(name, 0) < number} == {}
    engine.dispose()


@pytest.mark.slow
def test_sums_of_money_are_filled_from_the_rows_there_are(empty_url):
    """An entry of before has the desk's day of its moment, and everything that is summed up is what a recount gives."""
    migrate.upgrade(empty_url, to="0019")
    engine = make_engine(empty_url)
    fill(engine)
    found = MetaData()
    found.reflect(engine)
    entry = found.tables["incentive_entry"]
    moments = {  # noon of a day, and around a midnight of summer and of winter in New York
        2: datetime(2026, 7, 1, 3, 59, 59, tzinfo=UTC), 3: datetime(2026, 7, 1, 4, 0, tzinfo=UTC),
        4: datetime(2026, 12, 1, 4, 59, 59, tzinfo=UTC), 5: datetime(2026, 12, 1, 5, 0, tzinfo=UTC),
    }  # fmt: skip
    with engine.begin() as connection:
        for number, at in moments.items():
            row = _row(entry, engine.dialect.name) | {"id": number, "entry_key": f"k{number}", "cents": number}
            row["at"] = at.replace(tzinfo=None) if engine.dialect.name == "sqlite" else at
            connection.execute(entry.insert().values(**row))
    migrate.upgrade(empty_url)
    with reading(engine) as session:
        days = session.execute(select(IncentiveEntry.id, IncentiveEntry.on_day).order_by(IncentiveEntry.id)).all()
        assert [f"{day}" for _, day in days] == ["2026-06-29", "2026-06-30", "2026-07-01", "2026-11-30", "2026-12-01"]
        for rollup in (INCENTIVES, SALES, COOP, WON, SURVEYS, OBJECTIVES):
            assert rollup.differences(session) == []
        assert session.scalar(select(func.sum(IncentiveMonth.earned))) == sum(moments) + 1
        assert days_are_the_desks(session) == []
    engine.dispose()


# ---------------------------------------------------------------------------------------------------- unknown schemas
def test_a_newer_schema_is_refused_and_left_alone(database_url):
    engine = make_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = counts(engine)
    for refused in (lambda: migrate.upgrade(database_url), lambda: migrate.require_known(engine)):
        with pytest.raises(migrate.SchemaUnknown, match=r"9999.*newer"):
            refused()
    assert (migrate.current(engine), counts(engine)) == ("9999", before)
    engine.dispose()


def test_a_database_without_schema_is_refused_with_what_to_do(empty_url):
    engine = make_engine(empty_url)
    with pytest.raises(migrate.SchemaUnknown, match="python -m db migrate"):
        migrate.require_known(engine)
    engine.dispose()


# ------------------------------------------------------------------------------------------------------------- killed
@pytest.mark.slow
def test_a_migration_killed_anywhere_leaves_the_old_or_the_new_schema(empty_url, tmp_path):
    longest = count_statements(f"sqlite:///{tmp_path / 'count.db'}", ["migrate"])
    early = sized(fast=(), long=(3, longest // 4))
    for at in (*early, longest // 2, longest - 5):
        if not run_and_kill(empty_url, ["migrate"], at=at):
            break  # PostgreSQL needs fewer statements
        engine = make_engine(empty_url)
        assert (migrate.current(engine), set(tables_of(engine)) - {"alembic_version"}) == (None, set())
        engine.dispose()
    assert at >= longest // 2
    assert not run_and_kill(empty_url, ["migrate"], at=10**9)
    engine = make_engine(empty_url)
    assert migrate.current(engine) == migrate.newest()
    engine.dispose()


MOST_SECONDS = 120
BEFORE_THE_SUMS = "0019"
"""The schema after which most has to be made of the rows there are."""


@pytest.mark.slow
def test_a_large_database_is_upgraded_whole_or_not_at_all(empty_url):
    """R13: 100,000 rows and ten kills in the long tier."""
    rows, kills = sized(fast=300, long=100_000), sized(fast=1, long=10)
    migrate.upgrade(empty_url, to=BEFORE_THE_SUMS)
    engine = make_engine(empty_url)
    fill(engine)
    found = MetaData()
    found.reflect(engine)
    entry = found.tables["incentive_entry"]
    plain = _row(entry, engine.dialect.name)
    many = [plain | {"id": number, "entry_key": f"k{number}", "cents": number} for number in range(2, rows + 1)]
    with engine.begin() as connection:
        connection.execute(entry.insert(), many)
    before = counts(engine)
    engine.dispose()
    chance, killed = random.Random(13), 0
    for _ in range(kills):
        killed += run_and_kill(empty_url, ["migrate"], at=chance.randrange(3, 150))
        engine = make_engine(empty_url)
        version = migrate.current(engine)
        if version == BEFORE_THE_SUMS:
            assert counts(engine) == before
        else:
            assert version == migrate.newest(), "between the old and the new schema"
        engine.dispose()
    began = time.monotonic()
    assert migrate.upgrade(empty_url) == migrate.newest()
    seconds = time.monotonic() - began
    engine = make_engine(empty_url)
    after = counts(engine)
    assert {name: number for name, number in before.items() if after.get(name, 0) < number} == {}
    with reading(engine) as session:
        for rollup in (INCENTIVES, SALES, COOP, WON, SURVEYS, OBJECTIVES):
            assert rollup.differences(session) == []
        assert session.scalar(select(func.sum(IncentiveMonth.earned))) == rows * (rows + 1) // 2
    engine.dispose()
    figure("R13", f"rows upgraded ({postgres_or_sqlite(empty_url)})", sum(before.values()))
    figure("R13", "kills in the middle of a migration", killed)
    figure("R13", "seconds of the upgrade", round(seconds, 1))
    if is_long():
        assert seconds <= MOST_SECONDS


def postgres_or_sqlite(url):
    """The kind of a database, for the figures."""
    return url.partition(":")[0]
