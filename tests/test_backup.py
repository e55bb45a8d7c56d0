"""Backup with writers at work, restore that proves what it brings back, the move to PostgreSQL (R12)."""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest

from db import backup as backups
from db import catalog
from db.core.changes import ChangeCounter
from db.core.problems import Refused
from db.core.session import dispose, make_engine, reading
from tests.dealers.examples import NOW, bring_in, csv_file, enter, row
from tests.support.contents import contents, counts
from tests.support.databases import migrate
from tests.support.desk import Desk
from tests.support.tier import figure, is_long, sized
from tests.support.worked import work_with


@pytest.fixture
def desk(database_url, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    dispose()
    yield Desk(database_url, capsys, tmp_path)
    dispose()


@pytest.fixture
def small_desk(app_database, capsys, tmp_path):
    """On SQLite only, for what has nothing to do with the kind of database."""
    return Desk(app_database, capsys, tmp_path)


# --------------------------------------------------------------------------------------------------- backup and restore
def test_a_backup_comes_back_as_it_was(desk):
    engine = make_engine(desk.url)
    work_with(engine)
    before = contents(engine)
    saved = desk.folder / "saved" / "today.backup"
    code, out, err = desk("backup", saved)
    assert (code, err, str(saved) in out) == (0, "", True)
    assert saved.stat().st_mode & 0o077 == 0
    assert [path.name for path in saved.parent.iterdir()] == ["today.backup"]
    enter(engine, "later")
    engine.dispose()
    code, out, err = desk("restore", saved)
    assert (code, out, "--force" in err) == (4, "", True)
    code, out, err = desk("restore", saved, "--force")
    assert (code, err, "chain intact" in out) == (0, "", True)
    engine = make_engine(desk.url)
    after = contents(engine)
    engine.dispose()
    assert {name: rows for name, rows in after.items() if name != "change_counter"} == {
        name: rows for name, rows in before.items() if name != "change_counter"
    }
    assert desk("check")[0] == 0


def test_no_cache_from_before_a_restore_is_taken_for_true(desk):
    """The counters are a key of caches: after a restore they must be numbers that were never seen before."""
    engine = make_engine(desk.url)
    enter(engine, "00001")
    desk("backup", desk.folder / "b")
    for number in range(3):
        enter(engine, f"x{number}")
    with reading(engine) as session:
        highest = max(row.n for row in session.query(ChangeCounter))
    engine.dispose()
    desk("restore", desk.folder / "b", "--force")
    engine = make_engine(desk.url)
    with reading(engine) as session:
        assert min(row.n for row in session.query(ChangeCounter)) > highest
    engine.dispose()


def test_a_backup_goes_into_an_empty_database_without_force(sqlite_url, tmp_path):
    engine = make_engine(sqlite_url)
    work_with(engine)
    before = contents(engine)
    engine.dispose()
    backups.backup(sqlite_url, tmp_path / "b.db")
    for name in ("absent.db", "migrated.db"):
        url = f"sqlite:///{tmp_path / name}"
        if name == "migrated.db":
            migrate(url)
        backups.restore(url, tmp_path / "b.db")
        engine = make_engine(url)
        assert contents(engine) == before
        engine.dispose()


@pytest.mark.postgres
def test_a_sqlite_backup_moves_to_postgresql(sqlite_url, postgres_url, tmp_path):
    origin, target = make_engine(sqlite_url), make_engine(postgres_url)
    work_with(origin)
    backups.backup(sqlite_url, tmp_path / "b.db")
    assert "chain intact" in backups.restore(postgres_url, tmp_path / "b.db")
    assert contents(target) == contents(origin)
    with reading(target) as session:
        assert [problem for _, problems in catalog.run_checks(session) for problem in problems] == []
    enter(target, "after")  # the numbers go on where they were
    assert bring_in(target, csv_file([row("more")])).created == 1
    with pytest.raises(Refused) as refusal:
        backups.restore(postgres_url, tmp_path / "b.db", force=True)
    assert refusal.value.code == "not_empty"
    origin.dispose()
    target.dispose()


@pytest.mark.slow
def test_a_backup_under_load_is_one_moment(desk):
    """Five writers at work: whatever the copy holds, each command is in it whole, with its entry."""
    engine = make_engine(desk.url)
    enter(engine, "first")
    stop = threading.Event()
    written = []

    def write(writer):
        number = 0
        while not stop.is_set():
            areas = (f"{writer}{number}".upper(), f"{writer}{number}A".upper())
            enter(engine, f"{writer}-{number}", territories=areas)
            written.append(writer)
            number += 1

    writers = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(5)]
    for writer in writers:
        writer.start()
    try:
        for copy in range(3):
            while len(written) < 10 * (copy + 1):
                stop.wait(0.001)
            assert desk("backup", desk.folder / f"copy{copy}")[0] == 0
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    total = counts(engine)["dealer"]
    engine.dispose()
    seen = []
    for copy in range(3):
        desk("restore", desk.folder / f"copy{copy}", "--force")
        engine = make_engine(desk.url)
        found = counts(engine)
        engine.dispose()
        assert found["dealer"] == found["timeline_entry"] == found["timeline_link"]
        assert found["dealer_territory"] == 2 * (found["dealer"] - 1)
        assert desk("check")[0] == 0
        seen.append(found["dealer"])
    assert seen == sorted(seen)
    assert 10 < seen[0] <= seen[-1] <= total


MOST_SECONDS = 300


@pytest.mark.postgres
@pytest.mark.slow
def test_a_large_desk_at_work_moves_to_postgresql(sqlite_url, postgres_url, tmp_path):
    """R12: 200,000 rows with five writers at work in the long tier; what is compared is what the copy holds."""
    origin, target = make_engine(sqlite_url), make_engine(postgres_url)
    dealers = sized(fast=60, long=36_000)
    for first in range(0, dealers, 9_000):
        part = range(first, min(first + 9_000, dealers))
        bring_in(origin, csv_file([row(f"{number:05}", region=f"Region {number % 3}") for number in part]))
    with writers_at_work(origin) as written:
        while len(written) < 10:
            time.sleep(0.001)
        began = time.monotonic()
        backups.backup(sqlite_url, tmp_path / "b.db")
        seconds = time.monotonic() - began
        meanwhile = len(written)
    origin.dispose()
    copy = make_engine(f"sqlite:///{tmp_path / 'b.db'}")
    began = time.monotonic()
    assert "chain intact" in backups.restore(postgres_url, tmp_path / "b.db")
    seconds += time.monotonic() - began
    here, there = hashes(copy), hashes(target)
    assert here == there
    rows = sum(number for number, _ in here.values())
    assert rows >= sized(fast=300, long=200_000)
    with reading(target) as session:
        assert [problem for _, problems in catalog.run_checks(session) for problem in problems] == []
    copy.dispose()
    target.dispose()
    figure("R12", "rows moved from SQLite to PostgreSQL", rows)
    figure("R12", "tables whose count or hash differs", sum(here[name] != there[name] for name in here))
    figure("R12", "commands written meanwhile", meanwhile)
    figure("R12", "seconds of backup and restore", round(seconds, 1))
    if is_long():
        assert seconds <= MOST_SECONDS


def hashes(engine):
    """Number of rows and a hash of all of them, by table."""
    return {
        name: (len(rows), hashlib.sha256(repr(rows).encode()).hexdigest()) for name, rows in contents(engine).items()
    }


@contextmanager
def writers_at_work(engine, number=5):
    """Threads that enter dealers until the end of the block; yields the list of what they entered."""
    stop = threading.Event()
    written: list[int] = []

    def write(writer):
        while not stop.is_set():
            enter(engine, f"{writer}-{len(written)}")
            written.append(writer)

    writers = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(number)]
    for writer in writers:
        writer.start()
    try:
        yield written
    finally:
        stop.set()
        for writer in writers:
            writer.join()


def test_a_file_that_is_no_backup_is_refused(small_desk):
    engine = make_engine(small_desk.url)
    enter(engine, "00001")
    before = contents(engine)
    good, folder = small_desk.folder / "good.db", small_desk.folder
    small_desk("backup", good)
    (folder / "text.db").write_text("hello")
    (folder / "dump.pg").write_bytes(b"PGDMP\x01")
    (folder / "cut.db").write_bytes(good.read_bytes()[:9_000])
    broken = bytearray(good.read_bytes())
    broken[8_192:12_288] = b"\xff" * 4_096
    (folder / "broken.db").write_bytes(broken)
    _foreign(folder / "foreign.db")
    _tampered(good, folder / "tampered.db")
    for name, words in [
        ("nope.db", "no file"), ("text.db", "not a backup"), ("dump.pg", "PostgreSQL"), ("cut.db", "damaged"),
        ("broken.db", "damaged"), ("foreign.db", "another program"), ("tampered.db", "cannot be trusted"),
    ]:  # fmt: skip
        code, out, err = small_desk("restore", folder / name, "--force")
        assert (code, out, words in err) == (4, "", True), (name, err)
        assert contents(engine) == before
    engine.dispose()


def _foreign(path):
    import sqlite3

    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY)")
    connection.close()


def _tampered(good, path):
    import shutil
    import sqlite3

    shutil.copyfile(good, path)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER timeline_entry_no_update")
        connection.execute("UPDATE timeline_entry SET summary = 'nothing' WHERE seq = 1")
    connection.close()


def test_a_newer_backup_is_refused(small_desk):
    import sqlite3

    saved = small_desk.folder / "b.db"
    small_desk("backup", saved)
    with sqlite3.connect(saved) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    code, _, err = small_desk("restore", saved, "--force", now=NOW + timedelta(days=1))
    assert (code, "newer" in err) == (4, True)


def test_pg_dump_that_is_missing_is_said(monkeypatch, postgres_url, tmp_path):
    monkeypatch.setattr(backups.shutil, "which", lambda program: None)
    monkeypatch.setattr(backups, "PROGRAM_FOLDERS", tmp_path)
    with pytest.raises(Refused, match=r"pg_dump was not found\. Install"):
        backups.backup(postgres_url, tmp_path / "b")
