"""A real streaming standby answers reads while it has everything; else the primary does, and nobody notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

import psycopg
import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from components import door
from db.core import changes, replica
from db.core import session as sessions
from db.core.replica import Standby
from db.core.session import make_engine, make_standby, reading, writing
from db.core.settings import settings
from db.migrate import upgrade
from db.people.drafts_commands import find_draft, keep_draft
from db.people.tables import Person
from tests.support.core import at_once, note
from tests.support.missing import POSTGRES, missing
from tests.support.postgres import NoPostgres, PostgresServer, PostgresStandby
from tests.support.users import app_as, make_people

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
T = TypeVar("T")
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


class Pair:
    """A primary with the desk's database, and its standby."""

    def __init__(self) -> None:
        self.primary = PostgresServer()
        self.copy: PostgresStandby | None = None
        try:
            self.primary.start()
            upgrade(self.primary.url)
            engine = make_engine(self.primary.url)
            make_people(engine)
            engine.dispose()
            self.copy = PostgresStandby(self.primary)
            self.copy.start()
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """End and delete both."""
        for server in (self.copy, self.primary):
            if server is not None:
                server.remove()

    def on_copy(self, statement: str) -> object:
        """The first value of a statement on the standby."""
        assert self.copy is not None
        with psycopg.connect(self.copy.url, autocommit=True) as connection:
            row = connection.execute(statement.encode()).fetchone()
        return row[0] if row else None

    def catch_up(self) -> None:
        """Return when the standby has replayed all that the primary has written by now."""
        with psycopg.connect(self.primary.url, autocommit=True) as connection:
            row = connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()
        assert row is not None
        wait_for(lambda: bool(self.on_copy(f"SELECT pg_last_wal_replay_lsn() >= '{row[0]}'::pg_lsn")))


def wait_for(is_so: Callable[[], bool], *, seconds: float = 30) -> None:
    """Return as soon as something of another program is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    try:
        pair = Pair()
    except NoPostgres as error:
        missing(POSTGRES, str(error))
    yield pair
    pair.remove()


@pytest.fixture
def pair(servers: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Iterator[Pair]:
    """This process works on the primary, with the standby beside it, which runs and has everything."""
    assert servers.copy is not None
    monkeypatch.setenv("DATABASE_URL", servers.primary.url)
    monkeypatch.setenv("DATABASE_READ_URL", servers.copy.url)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    sessions.dispose()
    if servers.copy.process is None:
        servers.copy.start()
    servers.catch_up()
    yield servers
    if servers.copy.process is not None:
        servers.on_copy("SELECT pg_wal_replay_resume()")
    sessions.dispose()


def standby() -> Standby:
    found = sessions.standby()
    assert found is not None
    return found


def answered_by(session: Session) -> str:
    return "standby" if session.scalar(select(func.pg_is_in_recovery())) else "primary"


def who_answers() -> str:
    with reading() as session:
        return answered_by(session)


def name_of(username: str = "manager") -> tuple[str, str]:
    """(who answered, the person's name as that one says)."""
    with reading() as session:
        return answered_by(session), session.scalars(select(Person.name).where(Person.username == username)).one()


def rename(username: str, name: str) -> None:
    with writing() as session:
        session.scalars(select(Person).where(Person.username == username)).one().name = name
        changes.touch(session, "people")
        note(session)


def rename_elsewhere(pair: Pair, username: str, name: str) -> None:
    """The same by another process of the desk, which this one knows nothing of but through the database."""
    with psycopg.connect(pair.primary.url) as connection:
        connection.execute("UPDATE person SET name = %s WHERE username = %s", (name, username))
        connection.execute("UPDATE change_counter SET n = n + 1 WHERE area = 'people'")


def at_the_next_click(work: Callable[[], T]) -> T:
    """What a page that is drawn anew gets: in a thread of its own, as each of them is."""
    found: T = at_once(lambda _: work(), threads=1)[0]
    return found


def test_the_standby_answers_when_it_has_everything(pair: Pair):
    assert who_answers() == "standby"
    rename("manager", "Known Everywhere")
    pair.catch_up()
    assert name_of() == ("standby", "Known Everywhere")


def test_who_is_signed_in_is_asked_of_the_primary(pair: Pair):
    with reading(primary=True) as session:
        assert answered_by(session) == "primary"
    with reading(sessions.engine()) as session:
        assert answered_by(session) == "primary"


def test_a_standby_that_stands_still_hides_nothing_from_anybody(pair: Pair):
    pair.on_copy("SELECT pg_wal_replay_pause()")
    assert who_answers() == "standby", "nothing has happened that it does not have"
    rename_elsewhere(pair, "finance", "Written Elsewhere")
    assert at_the_next_click(lambda: name_of("finance")) == ("primary", "Written Elsewhere")
    rename("manager", "Written Here")
    assert name_of() == ("primary", "Written Here")
    assert pair.on_copy("SELECT name FROM person WHERE username = 'finance'") != "Written Elsewhere"
    pair.on_copy("SELECT pg_wal_replay_resume()")
    pair.catch_up()
    assert name_of("finance") == ("standby", "Written Elsewhere")
    assert standby().asked["behind"] == 2


def test_what_changes_no_area_is_seen_too(pair: Pair):
    """A draft raises no counter of an area; it is counted all the same, and no cache of all areas grows old by it."""
    pair.on_copy("SELECT pg_wal_replay_pause()")
    with reading(primary=True) as session:
        before = changes.token(session)
        person_id = session.scalars(select(Person.id).where(Person.username == "manager")).one()
    with writing(keeps_timeline=False) as session:
        keep_draft(session, person_id=person_id, form="new_lead", content={"name": "half a na"}, now=NOW)
    with reading() as session:
        assert find_draft(session, person_id=person_id, form="new_lead", now=NOW) == {"name": "half a na"}
        assert changes.token(session) == before


def test_the_reads_of_one_page_run_ask_once(pair: Pair, monkeypatch: pytest.MonkeyPatch):
    """A write of this process ends it at once, wherever in the process."""
    monkeypatch.setattr(replica, "FRESH_SECONDS", 60.0)
    asked: list[str] = []
    event.listen(sessions.engine(), "before_cursor_execute", lambda *a: asked.append(a[2]))
    assert [who_answers() for _ in range(5)] == ["standby"] * 5
    assert len([statement for statement in asked if "sum(" in statement]) == 1
    pair.on_copy("SELECT pg_wal_replay_pause()")
    at_the_next_click(lambda: rename("manager", "By A Neighbour"))
    assert name_of() == ("primary", "By A Neighbour")


def test_no_number_is_kept_under_a_newer_key(pair: Pair):
    """What a page does: the token in one read, the numbers in another. The numbers are never older than their token."""
    first = dict(token_now())["people"]
    rounds = 60

    def write(_: int) -> None:
        for n in range(rounds):
            rename_elsewhere(pair, "coordinator", f"Name {first + n + 1}")

    def read(_: int) -> list[tuple[int, int]]:
        found = []
        for _ in range(rounds):
            token = dict(token_now())["people"]
            found.append((token, int(name_of("coordinator")[1].rpartition(" ")[2])))
        return found

    rename("coordinator", f"Name {first + 1}")
    first += 1
    results = at_once(lambda n: write(n) if n == 0 else read(n), threads=3)
    pairs = [one for result in results if result for one in result]
    assert [(token, number) for token, number in pairs if number < token] == []
    assert standby().asked["standby"] > 0


def token_now() -> tuple[tuple[str, int], ...]:
    with reading() as session:
        return changes.token(session, "people")


def test_pages_go_on_when_the_standby_is_killed_and_it_is_asked_again_when_it_is_back(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    page = app_as("manager", page="work/my_work.py")
    assert not page.exception
    assert standby().asked["standby"] > 0
    assert pair.copy is not None
    pair.copy.kill()
    page.run()
    assert not page.exception
    assert page.title or page.header or page.markdown
    assert who_answers() == "primary"
    assert [r.message for r in caplog.records if "standby" in r.message] == [
        "the standby is not asked, the primary answers all reads: OperationalError"
    ], "said once, not with every click"
    pair.copy.start()
    pair.catch_up()
    monkeypatch.setattr(standby(), "_not_before", float("inf"))
    assert who_answers() == "primary", "it is left alone for a while"
    monkeypatch.setattr(standby(), "_not_before", 0.0)
    assert who_answers() == "standby"
    assert "the standby answers again" in caplog.messages


def test_a_monitor_sees_who_answered(pair: Pair):
    figures = door._figures()
    assert {name: n for name, n in figures.items() if name.startswith("reads_")} == {
        "reads_standby": 1, "reads_behind": 0, "reads_lost": 0,
    }  # fmt: skip


def test_a_copy_of_something_else_is_never_asked(pair: Pair, caplog: pytest.LogCaptureFixture):
    """Another server, another database of the same server, and a standby that was promoted."""
    with psycopg.connect(pair.primary.url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS another")
        connection.execute("CREATE DATABASE another")
    pair.catch_up()
    assert pair.copy is not None
    stranger = make_standby(pair.copy.url.rpartition("/")[0] + "/another", primary=sessions.engine())
    assert stranger.current() is None
    stranger.dispose()
    itself = make_standby(pair.primary.url, primary=sessions.engine())
    assert itself.current() is None
    itself.dispose()
    assert [m.rpartition(": ")[2] for m in caplog.messages] == [
        "it is a copy of another database", "it is no standby any more",
    ]  # fmt: skip


def test_the_desks_own_user_may_ask_whose_copy_it_is(pair: Pair):
    """The user that owns the tables is no superuser."""
    with psycopg.connect(pair.primary.url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS clerk")
        connection.execute("CREATE ROLE clerk LOGIN")
    pair.catch_up()
    engine = make_engine(pair.primary.url.replace("postgres@", "clerk@"))
    with engine.connect() as connection:
        assert connection.execute(replica._WHOSE).one()[1] == "postgres"
    engine.dispose()


@pytest.mark.parametrize(
    ("primary", "copy"),
    [("sqlite:///x.db", "postgresql://h/d"), ("postgresql://h/d", "sqlite:///x.db"), ("", "postgresql://h/d")],
)
def test_only_postgresql_has_a_standby(primary: str, copy: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", primary)
    monkeypatch.setenv("DATABASE_READ_URL", copy)
    settings.cache_clear()
    with pytest.raises(ValueError, match="DATABASE_READ_URL"):
        settings()


def test_without_a_standby_nothing_is_counted(pair: Pair, monkeypatch: pytest.MonkeyPatch):
    def counted() -> int:
        with reading() as session:
            which = changes.ChangeCounter.area == changes.HOUSEKEEPING
            return session.scalar(select(changes.ChangeCounter.n).where(which)) or 0

    def keep_house() -> None:
        with writing(keeps_timeline=False) as session:
            session.execute(text("SELECT 1"))

    before = counted()
    keep_house()
    assert counted() == before + 1
    monkeypatch.delenv("DATABASE_READ_URL")
    settings.cache_clear()
    keep_house()
    assert counted() == before + 1
    assert who_answers() == "primary"
