"""Transactions: whole or not at all, writers in a queue instead of in each other's way, retries where they help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, inspect, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from db.core import changes
from db.core import session as sessions
from db.core.changes import ChangeCounter
from db.core.session import MOST_TRIES, RETRY_STATES, make_engine, reading, run, writing
from db.core.timeline import TimelineEntry
from tests.support.core import at_once, note


def counter(engine: Engine, area: str = "leads") -> int:
    with reading(engine) as session:
        return session.scalar(select(ChangeCounter.n).where(ChangeCounter.area == area)) or 0


# ------------------------------------------------------------------------------------------------------ all or nothing
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_whatever_is_raised_takes_everything_back(engine: Engine, error: type[BaseException]) -> None:
    with pytest.raises(error), writing(engine) as session:  # noqa: PT012 - the block is the transaction
        note(session)
        changes.touch(session, "leads")
        session.add(ChangeCounter(area="people", n=5))
        session.flush()
        raise error
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(ChangeCounter)) == 0
        assert session.scalar(select(func.count()).select_from(TimelineEntry)) == 0


def test_a_failure_at_the_very_end_takes_everything_back(engine: Engine) -> None:
    """The entry is the last thing written; a command that forgot it loses its work, not only its entry."""
    with pytest.raises(AssertionError), writing(engine) as session:  # noqa: PT012 - the block is the transaction
        session.add(ChangeCounter(area="people", n=5))
        changes.touch(session, "leads")
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(ChangeCounter)) == 0


def test_reading_never_keeps_what_was_written_in_it(engine: Engine) -> None:
    with reading(engine) as session:
        session.add(ChangeCounter(area="leads", n=5))
        session.flush()
    with pytest.raises(ValueError), reading(engine) as session:  # noqa: PT012 - the block is the transaction
        session.add(ChangeCounter(area="leads", n=5))
        session.flush()
        raise ValueError
    assert counter(engine) == 0


def test_a_savepoint_taken_back_leaves_the_rest(engine: Engine) -> None:
    with writing(engine, keeps_timeline=False) as session:
        session.add(ChangeCounter(area="leads", n=1))
        session.flush()
        with session.begin_nested() as savepoint:
            session.add(ChangeCounter(area="people", n=1))
            session.flush()
            savepoint.rollback()
    assert (counter(engine), counter(engine, "people")) == (1, 0)


def test_foreign_keys_are_enforced(engine: Engine) -> None:
    with pytest.raises(IntegrityError), writing(engine, keeps_timeline=False) as session:
        session.connection().exec_driver_sql(
            "INSERT INTO timeline_link (seq, item_type, item_id) VALUES (99, 'lead', 1)"
        )


# ------------------------------------------------------------------------------------------------------------- SQLite
def test_sqlite_connections_have_the_promised_pragmas(sqlite_engine: Engine) -> None:
    promised = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    with sqlite_engine.connect() as first, sqlite_engine.connect() as second:
        for connection in (first, second):
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in promised}
            assert found == promised


def test_writers_begin_immediate_and_readers_do_not(sqlite_engine: Engine) -> None:
    """A read snapshot cannot be upgraded to a write, however long one waits (reliability.md 0.4)."""
    begun: list[str] = []
    event.listen(
        sqlite_engine, "before_cursor_execute", lambda *args: begun.append(args[2]) if "BEGIN" in args[2] else None
    )
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(select(1))
    with reading(sqlite_engine) as session:
        session.execute(select(1))
    assert begun == ["BEGIN IMMEDIATE", "BEGIN"]


def test_a_reader_sees_one_moment_while_others_write(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as session:
        before = session.scalar(select(func.count()).select_from(ChangeCounter))
        with writing(sqlite_engine, keeps_timeline=False) as other:
            changes.touch(other, "leads")
        assert session.scalar(select(func.count()).select_from(ChangeCounter)) == before


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match="needs a file"):
        make_engine(url)


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'new' / 'deep' / 'dealer.db'}")
    with reading(engine) as session:
        assert session.scalar(select(1)) == 1
    engine.dispose()


def test_400_read_modify_writes_of_8_threads_are_all_answered_and_none_is_lost(engine: Engine) -> None:
    """R05; on PostgreSQL the reader locks the row, as the engine of the queues does."""
    with writing(engine, keeps_timeline=False) as session:
        session.add(ChangeCounter(area="sum", n=0))

    def add_one(session: Session) -> None:
        n = session.scalar(select(ChangeCounter.n).where(ChangeCounter.area == "sum").with_for_update())
        assert n is not None
        session.execute(update(ChangeCounter).where(ChangeCounter.area == "sum").values(n=n + 1))

    def work(_number: int) -> None:
        for _ in range(50):
            run(add_one, bind=engine, keeps_timeline=False)

    at_once(work, threads=8)
    assert counter(engine, "sum") == 400


# ------------------------------------------------------------------------------------------------------------ retries
class _DriverError(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Instead of waiting, note how long it would have been."""
    slept: list[float] = []
    monkeypatch.setattr(sessions.time, "sleep", slept.append)
    return slept


def failing(sqlstate: str | None, times: int) -> tuple[list[int], Any]:
    tries: list[int] = []

    def command(session: Session) -> str:
        tries.append(len(tries) + 1)
        session.add(ChangeCounter(area=f"try{len(tries)}", n=1))
        session.flush()
        if len(tries) <= times:
            raise OperationalError("SELECT", {}, _DriverError(sqlstate))
        return "done"

    return tries, command


@pytest.mark.parametrize("state", sorted(RETRY_STATES))
def test_a_command_is_tried_again_when_the_database_asks_for_it(
    sqlite_engine: Engine, naps: list[float], state: str
) -> None:
    tries, command = failing(state, times=2)
    assert run(command, bind=sqlite_engine, keeps_timeline=False) == "done"
    assert len(tries) == 3
    assert [counter(sqlite_engine, f"try{n}") for n in (1, 2, 3)] == [0, 0, 1], "a failed try leaves nothing"
    assert 0 < naps[0] <= 0.05
    assert len(naps) == 2


def test_it_gives_up_after_five_tries(sqlite_engine: Engine, naps: list[float]) -> None:
    tries, command = failing("40001", times=99)
    with pytest.raises(DBAPIError):
        run(command, bind=sqlite_engine, keeps_timeline=False)
    assert len(tries) == MOST_TRIES == 5
    assert len(naps) == 4


@pytest.mark.parametrize("state", [None, "23505", "57014", "42P01"])
def test_other_failures_are_not_repeated(sqlite_engine: Engine, naps: list[float], state: str | None) -> None:
    tries, command = failing(state, times=1)
    with pytest.raises(DBAPIError):
        run(command, bind=sqlite_engine, keeps_timeline=False)
    assert (tries, naps) == ([1], [])


def test_a_real_deadlock_is_settled_by_a_retry(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    with writing(engine, keeps_timeline=False) as session:
        session.add_all([ChangeCounter(area="a", n=0), ChangeCounter(area="b", n=0)])
    from threading import Barrier

    both_hold_one = Barrier(2)
    tries: list[str] = []

    def take(session: Session, first: str, second: str) -> None:
        tries.append(first)
        session.execute(update(ChangeCounter).where(ChangeCounter.area == first).values(n=ChangeCounter.n + 1))
        if len(tries) <= 2:
            both_hold_one.wait(timeout=20)
        session.execute(update(ChangeCounter).where(ChangeCounter.area == second).values(n=ChangeCounter.n + 1))

    pairs = [("a", "b"), ("b", "a")]
    at_once(lambda n: run(take, bind=engine, keeps_timeline=False, first=pairs[n][0], second=pairs[n][1]), threads=2)
    assert (counter(engine, "a"), counter(engine, "b")) == (2, 2)
    assert len(tries) == 3
    engine.dispose()


# ------------------------------------------------------------------------------------------------- the process's engine
def test_threads_that_come_first_share_one_engine_and_dispose_forgets_it(app_database: str) -> None:
    engines = at_once(lambda _: sessions.engine(), threads=8)
    assert len({id(e) for e in engines}) == 1
    assert inspect(engines[0]).has_table("change_counter")
    sessions.dispose()
    assert sessions.engine() is not engines[0]
    assert engines[0].pool.checkedin() == 0


def test_dispose_reads_the_settings_anew(app_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sessions.engine()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")
    assert str(sessions.engine().url) == app_database
    sessions.dispose()
    assert str(sessions.engine().url).endswith("other.db")


# ------------------------------------------------------------------------------------------------------ change counters
def test_a_counter_is_raised_once_a_transaction(engine: Engine) -> None:
    for _ in range(2):
        with writing(engine) as session:
            changes.touch(session, "leads", "people")
            changes.touch(session, "leads")
            note(session)
    with reading(engine) as session:
        assert changes.token(session, "leads") == (("leads", 2),)
        assert changes.token(session) == (("leads", 2), ("people", 2))
        assert changes.token(session, "people", "leads") == changes.token(session, "leads", "people")
        assert changes.token(session, "never written") == ()


def test_a_counter_is_not_raised_by_a_refused_command(engine: Engine) -> None:
    with pytest.raises(ValueError), writing(engine) as session:  # noqa: PT012 - the block is the transaction
        changes.touch(session, "leads")
        raise ValueError
    assert counter(engine) == 0


def test_a_command_before_the_first_of_its_area_has_ended_is_counted_too(postgres_url: str) -> None:
    """Both find no row; the second waits for the first and must add to it, else caches filled in between stay stale."""
    engine = make_engine(postgres_url)
    at_once(lambda _: _touch_often(engine, 1), threads=8)
    assert counter(engine, "new area") == 8
    engine.dispose()


def _touch_often(engine: Engine, times: int) -> None:
    for _ in range(times):
        with writing(engine, keeps_timeline=False) as session:
            changes.touch(session, "new area", "another")


def test_eight_threads_writing_several_areas_are_all_counted(engine: Engine) -> None:
    at_once(lambda _: _touch_often(engine, 25), threads=8)
    assert (counter(engine, "new area"), counter(engine, "another")) == (200, 200)
