"""Scratch databases: migrated once for the whole run, copied for each test."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.support.memory import scratch_folder

Fill = Callable[[str], None]
_numbers = count(1)


def migrate(url: str) -> None:
    """Bring an empty database to the newest schema; a SQLite file that is not there yet is copied from a migrated one.

    Thirty migrations take two seconds or more; tests of the migrations themselves call `db.migrate.upgrade`.
    """
    from db.migrate import upgrade

    path = make_url(url).database or ""
    if url.startswith("sqlite") and path and not Path(path).exists():
        shutil.copyfile(_migrated(), path)
    else:
        upgrade(url)


@cache
def _migrated() -> Path:
    """The file of a migrated and otherwise empty database, made once a process and removed at its end."""
    from db.migrate import upgrade

    folder = Path(tempfile.mkdtemp(prefix="migrated-", dir=scratch_folder()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    upgrade(f"sqlite:///{folder / 'empty.db'}")
    _fold_in(folder / "empty.db")
    return folder / "empty.db"


def _fold_in(path: Path) -> None:
    """Fold the write-ahead log into the file, so that copying the one file copies everything."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


class SqliteTemplates:
    """Databases made once per `name` by `fill(url)` and copied as a file.

    Several test processes may be given the same folder: the first that asks makes a template, the others wait for it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: set[str] = set()

    def copy(self, name: str, fill: Fill, *, to: Path) -> str:
        """The URL of a fresh copy at the path `to`."""
        template = self.folder / f"{name}.db"
        if name not in self.made:
            with (self.folder / f"{name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not template.exists():
                    self._make(template, fill)
            self.made.add(name)
        shutil.copyfile(template, to)
        return f"sqlite:///{to}"

    def _make(self, template: Path, fill: Fill) -> None:
        """Fill it under another name, so that what fails half way is no template for the next process."""
        part = template.with_suffix(".part")
        for ending in ("", "-wal", "-shm"):
            part.with_name(part.name + ending).unlink(missing_ok=True)
        fill(f"sqlite:///{part}")
        _fold_in(part)
        part.replace(template)


class PostgresTemplates:
    """Databases made once per `name` by `fill(url)` and copied with CREATE DATABASE ... TEMPLATE.

    `server` is the URL of a maintenance database whose user may create databases.
    """

    def __init__(self, server: str) -> None:
        # psycopg does not know SQLAlchemy's way of naming a driver (postgresql+psycopg://).
        self.server = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
        self.prefix = f"test_{os.getpid()}"
        self.made: dict[str, str] = {}

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(statement)

    def create(self, name: str, *, template: str = "template0") -> str:
        """Create a database and return its URL."""
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with psycopg.connect(self.server, autocommit=True) as connection:
            # Copied file by file: without fsync the checkpoints this asks for cost less than the log of every block.
            is_new = connection.info.server_version >= 150_000
            connection.execute(made + sql.SQL(" STRATEGY FILE_COPY") if is_new else made)
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        """Drop a database, ending whatever is still connected to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def copy(self, name: str, fill: Fill) -> Iterator[str]:
        """The URL of a fresh copy, dropped at the end of the block."""
        if name not in self.made:
            template = f"{self.prefix}_{name}"
            fill(self.create(template))
            self.made[name] = template
        fresh = f"{self.prefix}_{next(_numbers)}"
        url = self.create(fresh, template=self.made[name])
        try:
            yield url
        finally:
            self.drop(fresh)

    def close(self) -> None:
        """Drop the templates (a server given by TEST_POSTGRES_URL outlives the run)."""
        for template in self.made.values():
            self.drop(template)
        self.made.clear()
