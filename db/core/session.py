"""Engines and transactions: `reading()` for queries, `writing()` for one command, `run()` for one with retries."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from db.core import changes, replica, timeline
from db.core.problems import Refused
from db.core.replica import Standby
from db.core.settings import settings
from db.core.trouble import MaybeSaved, is_away, trouble_of

T = TypeVar("T")
# PostgreSQL documents these as worth another try: serialization failure, deadlock, and a lock that was not free.
RETRY_STATES = {"40001", "40P01", "55P03"}
UNIQUE_VIOLATION = "23505"
MOST_TRIES = 5
DENIED_CODES = {"not_allowed", "own_request"}
PATIENCE_MS = 30_000
"""How long a writer of SQLite waits for the one before it."""
KEPT_STATEMENTS = 300
LITTLE_PATIENCE_MS = 500
"""How long something waits that may as well be noted another time."""
CONNECT_SECONDS = "5"
"""How long a PostgreSQL is waited for that does not answer at all (one that refuses is known at once)."""
log = logging.getLogger("dealerdesk.session")


def make_engine(url: str, *, kept: int = KEPT_STATEMENTS, prepared: int = 128) -> Engine:
    """Open a database by URL with the settings every process needs.

    `kept` statements stay compiled, and in SQLite `prepared` by each connection; a short process that asks everything
    the desk can ask keeps more.

    SQLite: write-ahead log, synchronous=FULL, foreign keys on, BEGIN IMMEDIATE for writers (a read snapshot cannot be
    upgraded to a write, reliability.md 0.4). PostgreSQL: psycopg 3, connections checked before use.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ValueError("a SQLite database needs a file: every connection to :memory: would see its own database")
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            parsed,
            # What is compiled is kept twice: by each connection for SQLite (its usual 128 statements, 15 kB each, and
            # the connection used last goes first) and below for SQLAlchemy (54 kB each, at most half more than asked
            # for). More of them cost memory and won no time when thirty people click (R14, decision 0094).
            connect_args={"timeout": 30, "check_same_thread": False, "cached_statements": prepared},
            # Writers hold a connection while they wait for each other; readers must not starve behind them.
            pool_size=10,
            max_overflow=20,
            pool_timeout=10,
            pool_use_lifo=True,
            query_cache_size=kept,
            hide_parameters=True,  # an error's text must not carry what people typed into a log (R35)
        )

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # we issue BEGIN ourselves, else savepoints leak
            cursor = connection.cursor()
            for pragma in (
                f"busy_timeout={PATIENCE_MS}",
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
            ):
                cursor.execute(f"PRAGMA {pragma}")  # fixed SQL: the constants above
            cursor.close()

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            options = connection.get_execution_options()
            writer = options.get("writer", False)
            if not options.get("hurried", False):
                connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")
                return
            connection.exec_driver_sql(f"PRAGMA busy_timeout={LITTLE_PATIENCE_MS}")  # fixed SQL: a constant above
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={PATIENCE_MS}")  # fixed SQL: a constant above
    else:
        if "connect_timeout" not in parsed.query:
            parsed = parsed.update_query_dict({"connect_timeout": CONNECT_SECONDS})
        engine = create_engine(
            parsed, pool_pre_ping=True, pool_size=10, max_overflow=20, pool_timeout=10, hide_parameters=True,
            query_cache_size=kept,
        )  # fmt: skip
    return engine


def make_standby(url: str, *, primary: Engine) -> Standby:
    """The streaming standby of `primary` at this URL; one that cannot be reached in two seconds is not waited for."""
    parsed = make_url(url)
    if "connect_timeout" not in parsed.query:
        parsed = parsed.update_query_dict({"connect_timeout": "2"})
    return Standby(primary, make_engine(parsed.render_as_string(hide_password=False)))


_engines: dict[str, Engine] = {}
_standbys: dict[str, Standby] = {}
_opening = threading.Lock()


def engine() -> Engine:
    """The engine of this process (DATABASE_URL), opened once."""
    url = settings().database_url
    with _opening:  # the first visitors arrive in several threads at once
        if url not in _engines:
            _engines[url] = make_engine(url)
        return _engines[url]


def standby() -> Standby | None:
    """The standby of this process (DATABASE_READ_URL), opened once; None without one."""
    url = settings().database_read_url
    if not url:
        return None
    primary = engine()
    with _opening:
        if url not in _standbys:
            _standbys[url] = make_standby(url, primary=primary)
        return _standbys[url]


def _reader() -> Engine:
    """Who answers a read that begins now: the standby when it has everything, else the primary."""
    copy = standby()
    return (copy.current() if copy else None) or engine()


@contextmanager
def reading(bind: Engine | None = None, *, primary: bool = False) -> Iterator[Session]:
    """A session for queries; it is always rolled back.

    Without a `bind` a standby may answer, if it has every change (db/core/replica.py); who is signed in and what they
    may do is asked with `primary=True` in any case.
    """
    with Session(bind or (engine() if primary else _reader()), expire_on_commit=False) as session:
        try:
            yield session
        finally:
            session.rollback()


@contextmanager
def writing(bind: Engine | None = None, *, keeps_timeline: bool = True, hurried: bool = False) -> Iterator[Session]:
    """One transaction for one command: commits when the block ends, rolls everything back when it raises.

    A command writes exactly one timeline entry (domain-rules 2.0); `keeps_timeline=False` is for housekeeping that
    changes no record a person works with: sessions, sign-in attempts, last visit, delivery of queued mail. One that is
    `hurried` does not wait for another writer. Raises `MaybeSaved` when the database went away during the commit.
    """
    source = (bind or engine()).execution_options(writer=True, hurried=hurried)
    with Session(source, expire_on_commit=False) as session:
        try:
            yield session
            finish(session, keeps_timeline=keeps_timeline)
            _commit(session)
        except BaseException:
            session.rollback()
            raise
    if copy := standby():
        copy.note_write()


def _commit(session: Session) -> None:
    try:
        session.commit()
    except DBAPIError as error:
        if not is_away(error):
            raise
        raise MaybeSaved(error.statement, error.params, error.orig or error, hide_parameters=True) from error


def note(work: Callable[[Session], object]) -> bool:
    """Write down what may as well be noted another time: a last visit, a draft. True when it was noted.

    A database that is full, read-only or held by another writer keeps nobody from reading on. One that is away does,
    and is raised.
    """
    try:
        with writing(keeps_timeline=False, hurried=True) as session:
            work(session)
    except SQLAlchemyError as error:
        trouble = trouble_of(error)
        if trouble is None or trouble.is_away:
            raise
        log.warning("something was not noted: %s", trouble.what)
        return False
    return True


def answers() -> bool:
    """Whether the database can be reached now."""
    try:
        with reading(primary=True) as session:
            session.execute(text("SELECT 1"))
    except DBAPIError as error:
        if not is_away(error):
            raise
        return False
    return True


def finish(session: Session, *, keeps_timeline: bool = True) -> None:
    """Write what a command queued: change counters first, the hash-chained timeline last.

    All writers take these locks in the same order at the end of their work, so they cannot deadlock on them and hold
    the head of the chain only for the moment before commit.
    """
    session.flush()
    if settings().database_read_url:
        replica.count_housekeeping(session)
    changes.write(session)
    timeline.write(session, expected=1 if keeps_timeline else 0)


def run(
    command: Callable[..., T],
    *,
    bind: Engine | None = None,
    keeps_timeline: bool = True,
    **arguments: Any,
) -> T:
    """Run one command in its own transaction, again (at most five times) when the database asks for a retry.

    A command refused for want of a right changes nothing, but leaves one entry in the timeline (R25, R36).
    """
    for attempt in range(1, MOST_TRIES + 1):
        try:
            with writing(bind, keeps_timeline=keeps_timeline) as session:
                return command(session, **arguments)
        except DBAPIError as error:
            if attempt == MOST_TRIES or not _is_worth_another_try(error.orig):
                raise
            time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 - jitter, not a secret
        except Refused as refusal:
            if refusal.code in DENIED_CODES:
                _record_denial(command, refusal, bind, arguments)
            raise
    raise AssertionError("unreachable")


def _is_worth_another_try(error: Any) -> bool:
    """Whether the same command, begun anew, may go through.

    PostgreSQL's retry states; and a form that another click of the same person stored in the same moment: begun anew,
    the command finds it and answers with it.
    """
    state = getattr(error, "sqlstate", None)
    if state == UNIQUE_VIOLATION:
        constraint = getattr(getattr(error, "diag", None), "constraint_name", None) or ""
        return constraint.endswith("form_key")
    return state in RETRY_STATES


def _record_denial(
    command: Callable[..., Any], refusal: Refused, bind: Engine | None, arguments: dict[str, Any]
) -> None:
    """Note who tried what in a transaction of its own; a failure to do so must not hide the refusal itself."""
    actor, now = arguments.get("actor"), arguments.get("now")
    if actor is None or now is None:
        return
    name = getattr(command, "__name__", "command")
    folders = getattr(command, "__module__", "").split(".")
    try:
        with writing(bind) as session:
            timeline.record(
                session, actor=actor, now=now, area=folders[1] if folders[0] == "db" and len(folders) > 1 else "desk",
                command=name, summary=f"Denied: {refusal}",
                extra={"denied": refusal.code, "item_id": arguments.get("item_id"), "rule": refusal.problems[0].rule},
            )  # fmt: skip
    except Exception:
        log.exception("the denial of %s could not be recorded", name)


def vacuum(bind: Engine) -> None:
    """After very many rows came in at once: PostgreSQL notes what is in its tables, and which rows everybody sees.

    Without the first its planner guesses, without the second each index that holds all an answer needs still looks
    every row up; autovacuum does both, some minutes later. Nothing in SQLite, which keeps no statistics (0072).
    """
    if bind.dialect.name != "sqlite":
        with bind.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM (ANALYZE)")


def dispose() -> None:
    """Close every pooled connection and forget the engines (tests, and before a restore)."""
    with _opening:
        while _standbys:
            _standbys.popitem()[1].dispose()
        while _engines:
            _engines.popitem()[1].dispose()
    settings.cache_clear()
