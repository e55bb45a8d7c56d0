"""A PostgreSQL server for one test run: started on a free port of 127.0.0.1 in a temporary folder, or the given one."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.support.memory import scratch_folder
from tests.support.ports import NeverReady, free_port, wait_until_ready

# Speed over durability: the data is thrown away. A test of durability starts a server of its own with `safe=True`.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
COMMON = ("max_connections=200", "shared_buffers=64MB", "listen_addresses=127.0.0.1", "log_min_messages=warning")


class NoPostgres(Exception):  # noqa: N818 - says what is the matter
    """Why there is no PostgreSQL server to test on."""


def find_programs() -> Path:
    """The folder with initdb and postgres: from PATH, else the newest of Debian's; raises `NoPostgres`."""
    folders = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    folders += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0,
        reverse=True,
    )
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres("PostgreSQL is not installed (no initdb in PATH or /usr/lib/postgresql); or set TEST_POSTGRES_URL")


def server_user() -> dict[str, Any]:
    """The arguments of subprocess that make PostgreSQL run as `postgres` when we are root, whom it refuses."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        raise NoPostgres("PostgreSQL refuses to run as root and there is no user postgres") from None
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


class PostgresServer:
    """A private server; `url` is that of its maintenance database, in SQLAlchemy's form.

    `start()`, `stop()` and `crash()` may be called again and again: the data stays until `remove()`.
    """

    def __init__(self, *, safe: bool = False) -> None:
        self.programs = find_programs()
        self.safe = safe
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-test-", dir=None if safe else scratch_folder()))
        self.user = server_user()
        self.process: subprocess.Popen[bytes] | None = None
        if self.user:
            os.chown(self.folder, self.user["user"], self.user["group"])
        made = subprocess.run(
            self._command(), capture_output=True, text=True, check=False, cwd=self.folder, **self.user
        )  # fmt: skip
        if made.returncode:
            self.remove()
            raise NoPostgres(f"no data folder as {getpass.getuser()}: {made.stderr.strip()[-300:]}")

    def _command(self) -> list[str | Path]:
        """What makes the data folder."""
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        if not self.safe:
            options.append("--no-sync")
        return [self.programs / "initdb", "-D", self.folder / "data", *options]

    @property
    def url(self) -> str:
        """Where to connect as superuser without a password, from this machine only."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start the server and return when it answers."""
        options = [*COMMON, *(() if self.safe else FAST), f"port={self.port}", f"unix_socket_directories={self.folder}"]
        command: list[str | Path] = [self.programs / "postgres", "-D", self.folder / "data"]
        for option in options:
            command += ["-c", option]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, **self.user
            )
        try:
            wait_until_ready(self.process, self._answers, seconds=60)
        except NeverReady as error:
            self.stop()
            raise NoPostgres(f"PostgreSQL did not start: {error}; {self.log()[-300:]}") from None

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def stop(self) -> None:
        """Stop at once but cleanly: open transactions are rolled back (fast shutdown)."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """Stop without writing anything more, as a power cut would leave it (immediate shutdown)."""
        self._end(signal.SIGQUIT)

    def log(self) -> str:
        """What the server has logged so far."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgresStandby(PostgresServer):
    """A streaming standby of a running server: a copy of its data (pg_basebackup -R) that follows its log."""

    def __init__(self, primary: PostgresServer) -> None:
        self.primary = primary
        super().__init__()

    def _command(self) -> list[str | Path]:
        program = self.programs / "pg_basebackup"
        if not program.exists():
            raise NoPostgres("pg_basebackup is not installed, so there is no standby to test on")
        where = ["-h", "127.0.0.1", "-p", str(self.primary.port), "-U", "postgres"]
        how = ["-R", "-X", "stream", "-c", "fast", "--no-sync"]
        return [program, *where, *how, "-D", self.folder / "data"]

    def kill(self) -> None:
        """End every process of it at once (SIGKILL of the postmaster; its children follow)."""
        self._end(signal.SIGKILL)


@contextmanager
def postgres_running(*, safe: bool = False) -> Iterator[PostgresServer]:
    """A server of one's own for the length of the block; raises `NoPostgres`."""
    server = PostgresServer(safe=safe)
    try:
        server.start()
        yield server
    finally:
        server.remove()
