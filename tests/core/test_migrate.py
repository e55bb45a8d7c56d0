"""Schema versions: whole or not at all, once however many start at the same time, and never backwards by accident."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData, create_engine, inspect, select, text
from sqlalchemy.exc import DBAPIError

from db import migrate
from db.core import timeline
from db.core.session import make_engine, reading, writing
from db.leads import rollup
from db.leads.tables import Lead
from db.tables import METADATA
from tests.support.core import add_customer, add_dealer, add_lead, note
from tests.support.databases import PostgresTemplates
from tests.support.tier import sized

STARTED = sized(fast=2, long=4)
"""Processes of a desk that come up in the same moment."""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table; for SQLite not even the file."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    templates: PostgresTemplates = request.getfixturevalue("postgres_templates")
    with templates.copy("empty", lambda _url: None) as url:
        yield url


def shape(url: str) -> dict[str, object]:
    """Every table with its columns and indexes, and every trigger."""
    engine = make_engine(url)
    looked = inspect(engine)
    indexes = looked.get_multi_indexes()
    found: dict[str, object] = {
        str(table): (
            sorted((c["name"], str(c["type"]), c["nullable"]) for c in columns),
            sorted((str(i["name"]), tuple(i["column_names"]), i["unique"]) for i in indexes[schema, table]),
        )
        for (schema, table), columns in looked.get_multi_columns().items()
    }
    triggers = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }[engine.dialect.name]
    with engine.connect() as connection:
        found["triggers"] = sorted(connection.execute(text(triggers)).scalars())
    engine.dispose()
    return found


def test_an_empty_database_gets_every_table_and_every_guard(empty_url: str) -> None:
    engine = make_engine(empty_url)
    assert migrate.current(engine) is None
    assert migrate.upgrade(empty_url) == migrate.newest() == migrate.current(engine)
    migrate.require_known(engine)
    assert set(METADATA.tables) <= set(inspect(engine).get_table_names())
    with reading(engine) as session:
        assert timeline.verify(session).entries == 0
        assert timeline.head_of(session) == (0, timeline.GENESIS)
        assert rollup.differences(session) == []
    engine.dispose()


def test_the_schema_is_what_the_tables_declare(database_url: str) -> None:
    """An edit of tables.py without its migration is found here, by name."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = make_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_upgrading_again_changes_nothing(engine: Engine, database_url: str) -> None:
    with writing(engine) as session:
        note(session)
    before = shape(database_url)
    assert migrate.upgrade(database_url) == migrate.newest()
    assert shape(database_url) == before
    with reading(engine) as session:
        assert timeline.verify(session).entries == 1


@pytest.mark.parametrize("revision", ["9999", "not one of ours"])
def test_a_newer_database_is_left_alone_and_says_so(engine: Engine, database_url: str, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
    before = shape(database_url)
    for refuse in (lambda: migrate.upgrade(database_url), lambda: migrate.require_known(engine)):
        with pytest.raises(migrate.SchemaUnknown, match=f"{revision}.*newer"):
            refuse()
    assert shape(database_url) == before
    assert migrate.current(engine) == revision


def test_an_empty_database_is_not_served(empty_url: str) -> None:
    engine = make_engine(empty_url)
    with pytest.raises(migrate.SchemaUnknown, match=r"schema none.*python -m db migrate"):
        migrate.require_known(engine)
    engine.dispose()


@pytest.mark.slow
def test_processes_that_start_at_once_end_with_one_schema(empty_url: str, request: pytest.FixtureRequest) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=migrate.upgrade, args=(empty_url,)) for _ in range(STARTED)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [p.exitcode for p in processes] == [0] * STARTED
    migrated_by_one = request.getfixturevalue("sqlite_url" if empty_url.startswith("sqlite") else "postgres_url")
    assert shape(empty_url) == shape(migrated_by_one)
    engine = make_engine(empty_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
        assert connection.execute(text("SELECT count(*) FROM timeline_head")).scalar() == 1
    engine.dispose()


# ------------------------------------------------------------------------------------- a second revision, made up here
SECOND = """
import sqlalchemy as sa
from alembic import op

revision = "9002"
down_revision = "{newest}"
branch_labels = depends_on = None


def upgrade():
    {body}
"""


@pytest.fixture
def second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`second(body)` adds a revision 9002 with that body to a copy of the migrations."""
    folder = tmp_path / "migrations"
    newest = migrate.newest()
    shutil.copytree(migrate.HERE, folder, ignore=shutil.ignore_patterns("__pycache__"))

    def add(body: str) -> None:
        (folder / "versions" / "9002_second.py").write_text(SECOND.format(newest=newest, body=body))
        monkeypatch.setattr(migrate, "HERE", folder)

    return add


REBUILD = """with op.batch_alter_table("dealer") as batch:
        batch.add_column(sa.Column("nickname", sa.String(20)))
        batch.alter_column("city", type_=sa.String(120), existing_type=sa.String(80))"""


def fill(engine: Engine) -> None:
    with writing(engine) as session:
        add_customer(session)
        add_dealer(session, 1)
        add_lead(session, 1, dealer_id=1, region="East")
        note(session, items=[timeline.Item("lead", 1, 1)])


def test_a_table_others_refer_to_can_be_rebuilt_without_losing_them(
    engine: Engine, database_url: str, second: Callable[[str], None]
) -> None:
    """SQLite rebuilds a table to alter it; with foreign keys on, dropping the old one would fail."""
    fill(engine)
    second(REBUILD)
    with pytest.raises(migrate.SchemaUnknown, match="needs 9002"):
        migrate.require_known(engine)
    assert migrate.upgrade(database_url) == "9002"
    with reading(engine) as session:
        assert session.execute(select(Lead.id, Lead.dealer_id)).all() == [(1, 1)]
        assert session.execute(text("SELECT id, nickname FROM dealer")).all() == [(1, None)]
        assert rollup.differences(session) == []
        assert timeline.verify(session).first_bad is None
    with pytest.raises(DBAPIError), writing(engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE lead SET dealer_id = 77"))


FAILURES = [
    (
        "an error after a table was changed",
        'op.add_column("dealer", sa.Column("x", sa.Integer())); op.execute("SELECT * FROM missing")',
    ),
    ("an exception of its own", 'op.create_table("more", sa.Column("id", sa.Integer())); raise RuntimeError("no")'),
]


@pytest.mark.parametrize("what, body", FAILURES, ids=[f[0] for f in FAILURES])
def test_a_migration_that_fails_leaves_the_old_schema(
    engine: Engine, database_url: str, second: Callable[[str], None], what: str, body: str
) -> None:
    fill(engine)
    before = shape(database_url)
    second(body)
    with pytest.raises((DBAPIError, RuntimeError)):
        migrate.upgrade(database_url)
    assert shape(database_url) == before
    assert migrate.current(engine) != "9002"


def test_a_migration_that_breaks_references_is_taken_back(
    sqlite_engine: Engine, sqlite_url: str, second: Callable[[str], None]
) -> None:
    fill(sqlite_engine)
    second('op.execute("DELETE FROM dealer")')
    with pytest.raises(RuntimeError, match="leaves 1 references broken"):
        migrate.upgrade(sqlite_url)
    with reading(sqlite_engine) as session:
        assert session.execute(text("SELECT count(*) FROM dealer")).scalar() == 1


def test_a_database_of_somebody_else_is_not_migrated_into(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE person (id INTEGER)"))
    with pytest.raises(DBAPIError):
        migrate.upgrade(empty_url)
    metadata = MetaData()
    metadata.reflect(engine)
    assert set(metadata.tables) == {"person"}
    engine.dispose()
