"""Backup while the desk runs, restore that proves what it brings back, and the move from SQLite to PostgreSQL (R12)."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, inspect, select, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from db import migrate
from db.checks import check_timeline
from db.core.changes import ChangeCounter
from db.core.problems import Problem, Refused
from db.core.session import make_engine, reading, vacuum, writing
from db.tables import METADATA

# fixed SQL: names of our own tables, quoted by the dialect; names cannot be bound as parameters.

_SQLITE_MAGIC = b"SQLite format 3\0"
_POSTGRES_MAGIC = b"PGDMP"
_BUSY_SECONDS = 60.0
PROGRAM_FOLDERS = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each PostgreSQL version; looked into when they are not on PATH."""
# What a database has before anybody used it: its schema's number and the first link of the chain.
_BORN_WITH = {"timeline_head"}


@dataclass(frozen=True)
class Saved:
    """A finished copy: where it is, its size in bytes, and what the chain of its timeline says."""

    path: Path
    size: int
    report: str


def _refuse(code: str, message: str) -> Refused:
    return Refused(Problem(code=code, message=message))


def _sqlite_path(url: URL) -> Path:
    assert url.database, "a SQLite database needs a file"
    return Path(url.database)


# ---- backup --------------------------------------------------------------------------------------------------------
def backup(database_url: str, target: Path) -> Saved:
    """Copy the database as it is at one moment, writers at work or not, prove the copy, and only then put it in place.

    SQLite gives one self-contained file, PostgreSQL a custom-format dump (needs pg_dump). Nobody else may read it.
    """
    url = make_url(database_url)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        part.touch(mode=0o600)
        if url.get_backend_name() == "sqlite":
            report = _backup_sqlite(_sqlite_path(url), part)
        else:
            _postgres(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={part}")
            _postgres(url, "pg_restore", "--list", str(part), on_database=False)
            report = "complete"
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Saved(target, target.stat().st_size, report)


def _backup_sqlite(source: Path, part: Path) -> str:
    if not source.exists():
        raise _refuse("no_database", f"There is no database at {source}.")
    with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(part)) as copy:
        # One step: a copy in several steps starts again at each write of another process and may never end.
        live.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")
    return _prove(part)


def _prove(path: Path) -> str:
    """What the timeline of a SQLite file says; raises `Refused` when the file is damaged or the chain is broken."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            found = connection.execute("PRAGMA integrity_check").fetchall()
        except sqlite3.DatabaseError as error:
            raise _refuse("damaged", f"{path} is damaged: {error}.") from error
    if found != [("ok",)]:
        raise _refuse("damaged", f"{path} is damaged: {found[0][0]}.")
    engine = create_engine(f"sqlite:///{path}")
    try:
        revision = migrate.current(engine)
        if revision != migrate.newest():
            return f"schema {revision or 'none'}"
        with reading(engine) as session:
            return _chain(session)
    finally:
        engine.dispose()


def _chain(session: Session) -> str:
    broken = check_timeline(session)
    if broken:
        raise _refuse("chain_broken", f"The copy cannot be trusted: {broken[0]}.")
    head = session.execute(select(METADATA.tables["timeline_head"].c.seq)).scalar_one()
    return f"{head:,} timeline entries, chain intact"


# ---- restore -------------------------------------------------------------------------------------------------------
def restore(database_url: str, source: Path, *, force: bool = False) -> str:
    """Replace the database by a backup and say what the chain of its timeline shows afterwards.

    Refused with `not_empty` when records would be overwritten without `force`, `not_a_backup`, `damaged` or
    `chain_broken`. A SQLite backup also goes into an empty PostgreSQL database: that is how one moves there.
    """
    url = make_url(database_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    kind = _kind_of(source)
    if kind == "postgresql" and is_sqlite:
        raise _refuse("wrong_kind", f"{source} is a PostgreSQL dump; it can be restored into PostgreSQL only.")
    if not is_empty(database_url) and not force:
        sentence = "The database is not empty; nothing was changed. Add --force to replace everything that is in it."
        raise _refuse("not_empty", sentence)
    counters = _counters(database_url)
    if kind == "postgresql":
        clean = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        _postgres(url, "pg_restore", *clean, str(source))
    elif is_sqlite:
        _restore_sqlite(_sqlite_path(url), source)
    else:
        _transfer(database_url, source)
    migrate.upgrade(database_url)
    engine = make_engine(database_url)
    try:
        _raise_counters(engine, counters)
        vacuum(engine)
        with reading(engine) as session:
            return _chain(session)
    finally:
        engine.dispose()


def _kind_of(source: Path) -> str:
    if not source.is_file():
        raise _refuse("no_file", f"There is no file {source}.")
    with source.open("rb") as file:
        head = file.read(16)
    if head == _SQLITE_MAGIC:
        return "sqlite"
    if head.startswith(_POSTGRES_MAGIC):
        return "postgresql"
    raise _refuse("not_a_backup", f"{source} is not a backup made by this program.")


def is_empty(database_url: str) -> bool:
    """Whether a database holds no record that anybody made."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and not _sqlite_path(url).exists():
        return True
    engine = make_engine(database_url)
    try:
        ours = set(inspect(engine).get_table_names()) - {"alembic_version"}
        with engine.connect() as connection:
            for name in sorted(ours):
                table = METADATA.tables.get(name)
                if table is None:
                    return False  # somebody else's table
                if name not in _BORN_WITH and connection.execute(select(table).limit(1)).first() is not None:
                    return False
        return True
    finally:
        engine.dispose()


@contextmanager
def _prepared(source: Path) -> Iterator[Path]:
    """A scratch copy of a SQLite backup, proved and at the newest schema: nothing bad reaches the desk."""
    _prove(source)
    with tempfile.TemporaryDirectory(prefix="restore-") as folder:
        scratch = Path(folder) / "backup.db"
        with closing(sqlite3.connect(source)) as given, closing(sqlite3.connect(scratch)) as copy:
            given.backup(copy)  # and not as a file: a write-ahead log beside it belongs to it
        url = f"sqlite:///{scratch}"
        engine = make_engine(url)
        try:
            if migrate.current(engine) is None:
                raise _refuse("not_a_backup", f"{source} is a SQLite database of another program.")
        finally:
            engine.dispose()
        migrate.upgrade(url)
        _prove(scratch)
        yield scratch


def _restore_sqlite(target: Path, source: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + _BUSY_SECONDS

    def patience(_status: int, _remaining: int, _total: int) -> None:
        if time.monotonic() > deadline:
            raise _refuse("busy", "Somebody keeps writing to the database. Stop the app and try again.")

    with (
        _prepared(source) as scratch,
        closing(sqlite3.connect(scratch)) as copy,
        closing(sqlite3.connect(target, timeout=30)) as live,
    ):
        live.execute("PRAGMA synchronous=FULL")
        # The whole copy is one transaction of the live file: a process killed in the middle leaves the old content.
        copy.backup(live, pages=-1, progress=patience)


def _counters(database_url: str) -> dict[str, int]:
    """The change counters before a restore: caches of running processes were filled under them."""
    if is_empty(database_url):
        return {}
    engine = make_engine(database_url)
    try:
        if not inspect(engine).has_table(ChangeCounter.__tablename__):
            return {}
        with reading(engine) as session:
            return {row.area: row.n for row in session.execute(select(ChangeCounter.area, ChangeCounter.n))}
    finally:
        engine.dispose()


def _raise_counters(engine: Engine, before: dict[str, int]) -> None:
    """Bring the counters above all they ever were here, so that nothing cached before the restore is shown after it."""
    if not before:
        return
    above = max(before.values()) + 1
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(ChangeCounter).values(n=ChangeCounter.n + above))


# ---- from SQLite to PostgreSQL -------------------------------------------------------------------------------------
def _transfer(database_url: str, source: Path) -> None:
    """Copy every row of a SQLite backup into an empty PostgreSQL database, in one transaction, ids kept."""
    if not is_empty(database_url):
        raise _refuse("not_empty", "A SQLite backup can only be moved into an empty PostgreSQL database.")
    with _prepared(source) as scratch:
        migrate.upgrade(database_url)
        target = make_engine(database_url)
        origin = make_engine(f"sqlite:///{scratch}")
        try:
            _copy_rows(origin, target)
        finally:
            origin.dispose()
            target.dispose()


def _copy_rows(origin: Engine, target: Engine) -> None:
    quote = target.dialect.identifier_preparer.quote
    with origin.connect() as old, target.begin() as new:
        for table in METADATA.sorted_tables:
            # Rollups come along as rows, so the triggers that keep them must not count the leads a second time.
            new.exec_driver_sql(f"ALTER TABLE {quote(table.name)} DISABLE TRIGGER USER")
        for table in METADATA.sorted_tables:
            if table.name in _BORN_WITH:
                new.execute(table.delete())
            inner = [c for c in table.columns if any(key.column.table is table for key in c.foreign_keys)]
            keys = list(table.primary_key.columns)
            rows = old.execution_options(yield_per=1_000).execute(select(table).order_by(*keys)).mappings()
            later = []
            for some in rows.partitions(1_000):
                values = [dict(row) for row in some]
                for row in values if inner else ():
                    links = {c.name: row[c.name] for c in inner if row[c.name] is not None}
                    if links:
                        # A record may point to a later one of its own table, so these come when all rows are there.
                        later.append((row["id"], links))
                        row.update(dict.fromkeys(links))
                new.execute(table.insert(), values)
            for row_id, links in later:
                new.execute(table.update().where(table.c.id == row_id).values(**links))
        for table in METADATA.sorted_tables:
            new.exec_driver_sql(f"ALTER TABLE {quote(table.name)} ENABLE TRIGGER USER")
            if "id" in table.c and table.c.id.autoincrement in (True, "auto") and table.name not in _BORN_WITH:
                new.exec_driver_sql(
                    "SELECT setval(s, greatest(m, 1), m > 0) FROM ("
                    f"SELECT pg_get_serial_sequence('{table.name}', 'id') s, coalesce(max(id), 0) m "
                    f"FROM {quote(table.name)}) x WHERE s IS NOT NULL"
                )


# ---- PostgreSQL's own programs -------------------------------------------------------------------------------------
def _postgres(url: URL, program: str, *arguments: str, on_database: bool = True) -> None:
    """Run pg_dump or pg_restore; the password travels in the environment, where other users cannot read it."""
    where = _find_program(program)
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    command: Sequence[str] = [where, *([f"--dbname={plain}"] if on_database else []), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        words = " ".join(done.stderr.split())[:600] or f"it ended with {done.returncode}"
        raise _refuse("program_failed", f"{program} failed: {words}")


def _find_program(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        folders = sorted(PROGRAM_FOLDERS.glob("*/bin"), key=lambda f: f.parent.name.zfill(4), reverse=True)
        found = next((str(folder / program) for folder in folders if (folder / program).exists()), None)
    if found is None:
        sentence = f"{program} was not found. Install PostgreSQL's client programs (Debian: postgresql-client)."
        raise _refuse("program_missing", sentence)
    return found
