"""R07, R08: writers killed, and the database stopped under them: nothing acknowledged is lost, nothing is by halves."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.core.session import finish, make_engine
from db.migrate import upgrade
from tests.durability import writers
from tests.durability.writers import Found, Writers, kill, look, make_desk
from tests.support.missing import POSTGRES, missing
from tests.support.postgres import NoPostgres, PostgresServer, postgres_running
from tests.support.tier import figure, sized

NAMES = ("a", "b", "c", "d")


def judge(number: str, engine: Engine, desk: Writers, *, open_at_most: int) -> Found:
    """The promise: nothing lost, nothing twice, nothing without its entry, the chain whole."""
    saved, found = desk.keys("saved"), look(engine)
    surplus = set(found.keys) - set(saved)
    figure(number, "acknowledged", len(saved))
    figure(number, "acknowledged and lost", len(found.lost(saved)))
    figure(number, "rows without their entry in the timeline", found.without_entry)
    figure(number, "there though never acknowledged", len(surplus))
    assert desk.keys("broken") == []
    assert found.lost(saved) == []
    assert found.twice() == []
    assert found.without_entry == 0
    assert found.entries == found.keys.total()
    assert found.chain_is_whole
    assert len(surplus) <= open_at_most
    return found


# ---------------------------------------------------------------------------------------------------- R07, the process
def sqlite_rounds(url: str, told: Path, *, rounds: int, each: int) -> Writers:
    """Two writers, killed at a random moment of each round."""
    desk, chance = Writers(url, make_desk(url), told), random.Random(7)
    for number in range(rounds):
        processes = desk.start([f"{number}-{name}" for name in NAMES[:2]])
        try:
            desk.wait_for(len(desk.keys("saved")) + chance.randint(1, 2 * each - 1), processes)
        finally:
            kill(processes)
    return desk


def test_killed_writers_lose_nothing_they_were_told(sqlite_url: str, tmp_path: Path) -> None:
    rounds = sized(fast=12, long=100)
    desk = sqlite_rounds(sqlite_url, tmp_path / "told", rounds=rounds, each=sized(fast=8, long=120))
    engine = make_engine(sqlite_url)
    judge("R07", engine, desk, open_at_most=2 * rounds)
    with engine.connect() as connection:
        verdict = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
    engine.dispose()
    figure("R07", "kills", rounds)
    figure("R07", "integrity check", verdict)
    assert verdict == "ok"
    assert len(desk.keys("saved")) >= sized(fast=12, long=10_000)


def hasty(command: Callable[..., Any], *, bind: Engine, **arguments: Any) -> Any:
    """A known fault: the answer is given before the commit, which comes with a later command."""
    if not hasattr(hasty, "open"):
        hasty.open = [Session(bind.execution_options(writer=True), expire_on_commit=False), 0]  # type: ignore[attr-defined]
    session, done = hasty.open  # type: ignore[attr-defined]
    result = command(session, **arguments)
    finish(session)
    session.info.clear()
    if done % 4 == 3:
        session.commit()
    hasty.open[1] = done + 1  # type: ignore[attr-defined]
    return result


def test_an_answer_before_the_commit_would_be_found(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "run", hasty)
    monkeypatch.setattr("tests.durability.test_killed_writers.NAMES", NAMES[:1])
    desk = sqlite_rounds(sqlite_url, tmp_path / "told", rounds=4, each=8)
    engine = make_engine(sqlite_url)
    assert look(engine).lost(desk.keys("saved"))
    engine.dispose()


# --------------------------------------------------------------------------------------------------- R08, the database
@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of the test's own that writes as safely as the product's would."""
    try:
        with postgres_running(safe=True) as running:
            yield running
    except NoPostgres as error:
        missing(POSTGRES, str(error))


@pytest.mark.postgres
def test_a_database_stopped_at_once_loses_nothing_it_acknowledged(server: PostgresServer, tmp_path: Path) -> None:
    rounds, each = sized(fast=2, long=10), sized(fast=60, long=1_500)
    upgrade(server.url)
    desk = Writers(server.url, make_desk(server.url), tmp_path / "told")
    processes = desk.start(NAMES)
    try:
        for number in range(rounds):
            desk.wait_for((number + 1) * each, processes)
            server.crash()
            server.start()
        # After the last one everybody gets through again, so each command that had no answer was sent again.
        before = len(desk.told())
        desk.wait_for(len(desk.keys("saved")) + 4 * len(NAMES), processes)
    finally:
        kill(processes)
    assert len(desk.told()) > before
    unclear = {key for word in ("unknown", "away") for key in desk.keys(word)}
    engine = make_engine(server.url)
    found = judge("R08", engine, desk, open_at_most=len(NAMES))
    engine.dispose()
    figure("R08", "immediate stops", rounds)
    figure("R08", "commands without an answer, sent again with their key", len(unclear))
    assert len(unclear) >= rounds, "no writer noticed the stops"
    assert {found.keys[key] for key in unclear & set(desk.keys("saved"))} <= {1}
