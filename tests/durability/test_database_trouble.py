"""R11: a full disk, a database that may only be read, a held lock: plain words, nothing half written, recovery."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from db import catalog
from db.contact_log.contact_commands import log_contact
from db.core import session as sessions
from db.core.permissions import Role
from db.core.session import dispose, engine, make_engine, note, reading, run
from db.core.trouble import FULL, LOCKED, READ_ONLY, trouble_of
from tests.support.at_once import at_once
from tests.support.contents import contents
from tests.support.tier import figure, sized
from tests.support.users import actor_named, app_as, make_dealer, make_person

DEALER = "pages/network/dealer.py"
MOST_SECONDS = 35
LONG_TEXT = "Waits for two Atlas. " * 150


def path_of(url: str) -> Path:
    """The file of a SQLite database."""
    return Path(make_url(url).database or "")


def people(engine: Engine) -> int:
    """A dealer, somebody who logs contacts, and one that was logged; gives the dealer's id."""
    make_person(engine, "cora", Role.COORDINATOR)
    dealer_id = make_dealer(engine)
    log(engine, dealer_id, LONG_TEXT)
    return dealer_id


def log(bind: Engine, dealer_id: int, text: str = "Talked.") -> int:
    """One real command."""
    actor = actor_named(bind, "cora")
    return run(log_contact, bind=bind, dealer_id=dealer_id, summary=text, actor=actor, now=datetime.now(UTC))


# Of a network this small: nobody administers it, and its dealer was not entered by a command.
OF_THE_TEST = ("no active administrator", "search box")


def wrong(bind: Engine) -> list[str]:
    """What the desk's own checks find, the chain of the timeline among them."""
    with reading(bind) as session:
        found = [problem for _, problems in catalog.run_checks(session) for problem in problems]
    return [problem for problem in found if not any(words in problem for words in OF_THE_TEST)]


def failed(bind: Engine, dealer_id: int, text: str = "Talked.") -> tuple[DBAPIError, float]:
    """The error of a command that cannot be carried out, and how long it took."""
    began = time.monotonic()
    with pytest.raises(DBAPIError) as caught:
        log(bind, dealer_id, text)
    return caught.value, time.monotonic() - began


# ------------------------------------------------------------------------------------------------------------ commands
@contextmanager
def full(bind: Engine) -> Iterator[None]:
    """SQLite refuses to let the file grow, as it does when the disk has no more room."""

    def limit(connection: Any, _record: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    bind.dispose()
    with sqlite3.connect(path_of(str(bind.url))) as connection:
        connection.execute("VACUUM")  # no page inside the file is free
    connection.close()
    event.listen(bind, "connect", limit)
    try:
        yield
    finally:
        event.remove(bind, "connect", limit)
        bind.dispose()


@contextmanager
def read_only(bind: Engine) -> Iterator[None]:
    """Every connection may only read."""

    def forbid(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA query_only=ON")

    event.listen(bind, "connect", forbid)
    bind.dispose()
    try:
        yield
    finally:
        event.remove(bind, "connect", forbid)
        bind.dispose()


@contextmanager
def locked(bind: Engine) -> Iterator[None]:
    """A second program writes and does not end."""
    other = sqlite3.connect(path_of(str(bind.url)), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fast tier waits a second for a lock instead of thirty; the long one as long as the product does."""
    monkeypatch.setattr(sessions, "PATIENCE_MS", sized(fast=1_000, long=sessions.PATIENCE_MS))


TROUBLES = [
    pytest.param(full, FULL, LONG_TEXT, id="full"),
    pytest.param(read_only, READ_ONLY, "Talked.", id="read-only"),
    pytest.param(locked, LOCKED, "Talked.", id="locked"),
]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("breaking, expected, text", TROUBLES)
def test_a_command_says_what_is_the_matter_and_writes_nothing(sqlite_url: str, breaking, expected, text) -> None:
    bind = make_engine(sqlite_url)
    dealer_id = people(bind)
    before = contents(bind)
    with breaking(bind):
        for _ in range(2):
            error, seconds = failed(bind, dealer_id, text)
            assert trouble_of(error) == expected
            assert seconds <= MOST_SECONDS
            assert contents(bind) == before, "a partial write"
    # It recovers alone: the same process, the same engine, nothing done but the cause taken away.
    log(bind, dealer_id, text)
    assert wrong(bind) == []
    figure("R11", f"{expected.kind}: seconds until the command said so", round(seconds, 1))
    figure("R11", f"{expected.kind}: rows half written", 0)
    bind.dispose()


@pytest.mark.usefixtures("app_database")
def test_what_may_be_noted_another_time_keeps_nobody_waiting() -> None:
    """A last visit, a draft: 30 seconds of waiting before each page would make the desk stand still."""
    with locked(engine()):
        began = time.monotonic()
        assert note(lambda session: session.connection()) is False
        assert time.monotonic() - began < 10, "as patient as a command, which waits 30 s"
    assert note(lambda session: session.connection()) is True


def test_another_error_is_no_trouble_of_the_database(sqlite_engine: Engine) -> None:
    """A mistake of the program keeps its reference number."""
    with pytest.raises(DBAPIError) as caught, sqlite_engine.connect() as connection:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
    assert trouble_of(caught.value) is None
    assert trouble_of(ValueError()) is None


# ---------------------------------------------------------------------------------------------------- real disks, files
@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk of its own, mounted by root; skips where that is not allowed."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_real_disk_fills_up_and_is_emptied(sqlite_url: str, tmp_path: Path) -> None:
    first = make_engine(sqlite_url)
    dealer_id = people(first)
    first.dispose()
    with small_disk(tmp_path / "disk", path_of(sqlite_url).stat().st_size + 5_000_000) as disk:
        bind = make_engine(f"sqlite:///{shutil.copyfile(path_of(sqlite_url), disk / 'dealer.db')}")
        log(bind, dealer_id)
        with reading(bind) as session:
            before = len(session.connection().exec_driver_sql("SELECT id FROM contact_report").all())
        other = disk / "other"
        with other.open("wb", buffering=0) as stream, pytest.raises(OSError, match="No space"):  # noqa: PT012
            while True:
                stream.write(b"x" * 4_096)
        done = 0
        with pytest.raises(DBAPIError) as caught:  # noqa: PT012 - one of many is the first that does not fit
            for number in range(1_000):
                log(bind, dealer_id, f"{number} {LONG_TEXT}")
                done += 1
        assert trouble_of(caught.value) == FULL, getattr(caught.value.orig, "sqlite_errorname", "")
        with reading(bind) as session:  # it can still be read, and holds exactly what was acknowledged
            assert len(session.connection().exec_driver_sql("SELECT id FROM contact_report").all()) == done + before
        error, _ = failed(bind, dealer_id, LONG_TEXT)
        assert trouble_of(error) == FULL
        assert wrong(bind) == []
        other.unlink()
        log(bind, dealer_id, LONG_TEXT)
        with reading(bind) as session:
            assert len(session.connection().exec_driver_sql("SELECT id FROM contact_report").all()) == done + before + 1
        assert wrong(bind) == []
        bind.dispose()
    figure("R11", "full disk (tmpfs): acknowledged before it was full", done + before)


NOBODY = 65_534


@contextmanager
def folder_for_all() -> Iterator[Path]:
    """A folder that every user of the machine may write to; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="read-only-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.mark.parametrize("folder_mode", [0o777, 0o755], ids=["open-folder", "closed-folder"])
def test_a_file_somebody_made_read_only(sqlite_url: str, folder_mode: int) -> None:
    """As an ordinary user, since root may write to every file."""
    with folder_for_all() as folder:
        bind = make_engine(f"sqlite:///{shutil.copyfile(path_of(sqlite_url), folder / 'dealer.db')}")
        dealer_id = people(bind)
        before = contents(bind)
        bind.dispose()
        path_of(str(bind.url)).chmod(0o444)
        folder.chmod(folder_mode)

        def as_anybody(opened: Engine) -> str:
            opened.dispose()
            if os.geteuid() == 0:
                os.setuid(NOBODY)
            try:
                log(opened, dealer_id)
            except DBAPIError as error:
                return getattr(trouble_of(error), "kind", repr(error))
            return "written"

        assert at_once(bind, as_anybody) == ["read_only"]
        assert contents(bind) == before
        path_of(str(bind.url)).chmod(0o666)
        folder.chmod(0o777)
        for name in ("dealer.db-wal", "dealer.db-shm"):
            (folder / name).unlink(missing_ok=True)
        assert at_once(bind, as_anybody) == ["written"]
        bind.dispose()


# ---------------------------------------------------------------------------------------------------------- on the page
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("breaking, expected, text", TROUBLES)
def test_the_page_says_it_and_keeps_what_was_typed(
    app_database: str, monkeypatch: pytest.MonkeyPatch, breaking: Callable[..., Any], expected: Any, text: str
) -> None:
    dealer_id = people(engine())
    app = app_as("cora", page=DEALER, timeout=120)
    app.query_params["dealer"] = str(dealer_id)
    app.run()
    before = {name: rows for name, rows in contents(engine()).items() if name != "sign_in_session"}
    key = f"dl_note_{dealer_id}"
    with breaking(engine()):
        app.text_area(key=key).set_value(text)
        began = time.monotonic()
        app.button(key="dl_log").click().run(timeout=2 * MOST_SECONDS)
        seconds = time.monotonic() - began
        assert [one.value for one in app.error] == [expected.in_a_click]
        assert app.text_area(key=key).value == text
        assert not app.exception
        now = {name: rows for name, rows in contents(engine()).items() if name != "sign_in_session"}
        assert now == before
    assert seconds <= MOST_SECONDS
    figure("R11", f"{expected.kind}: seconds until the page said so", round(seconds, 1))
    app.button(key="dl_log").click().run()
    assert not app.error
    assert "Logged: reached" in "".join(one.value for one in app.toast)
    with reading() as session:
        assert len(session.connection().exec_driver_sql("SELECT id FROM contact_report").all()) == 2
    assert wrong(engine()) == []
    dispose()
