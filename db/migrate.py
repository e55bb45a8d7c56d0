"""Schema versions: brings a database to the newest one, whole or not at all, and says which one it has.

Each start asks whether there is anything to do, and mostly there is not: Alembic and the migrations, which take as long
to load as everything else of a start, are loaded only when there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text

from db.core.session import make_engine
from db.schema_number import MIGRATIONS, newest_in

if TYPE_CHECKING:
    from alembic.config import Config

HERE = MIGRATIONS


class SchemaUnknown(RuntimeError):  # noqa: N818 - says what is the matter, as the other refusals do
    """The database has a schema this program does not know: it is newer than the program, or not ours."""


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    return config


def _known() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _too_new(found: str) -> str:
    return f"The database has schema {found}, which this program does not know; it is newer. Start a newer program."


def newest() -> str:
    """The revision this program wants."""
    return newest_in(HERE)


def current(engine: Engine) -> str | None:
    """The revision a database has; None when it is empty."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def require_known(engine: Engine) -> None:
    """Raise `SchemaUnknown` unless the database has exactly the newest schema (R13: old apps refuse new schemas)."""
    found = current(engine)
    if found == newest():
        return
    if found is not None and found not in _known():
        raise SchemaUnknown(_too_new(found))
    raise SchemaUnknown(
        f"The database has schema {found or 'none'}, this program needs {newest()}. Run: python -m db migrate"
    )


def upgrade(url: str, *, to: str = "head") -> str:
    """Bring the database at `url` to a revision in one transaction; gives back the revision it then has."""
    engine = make_engine(url)
    try:
        found = current(engine)
        if found is not None and found == newest() and to == "head":
            return found
        if found is not None and found not in _known():
            raise SchemaUnknown(_too_new(found))
        from alembic import command

        # SQLite checks foreign keys per statement while tables are rebuilt; they are checked as a whole afterwards.
        with engine.execution_options(writer=True).connect() as connection:
            if engine.dialect.name == "sqlite":
                # On the driver's own connection: SQLAlchemy would begin first, and then SQLite ignores this.
                driver = connection.connection.driver_connection
                assert driver is not None
                driver.execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                if engine.dialect.name == "postgresql":
                    # Several processes may start at once; the first migrates, the others wait and find it done.
                    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(740012)")
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, to)
                if engine.dialect.name == "sqlite":
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                    if broken:
                        raise RuntimeError(f"the migration leaves {len(broken)} references broken")
        revision = current(engine)
        assert revision is not None
        return revision
    finally:
        engine.dispose()
