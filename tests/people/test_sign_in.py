"""At the door: same work for everybody, ten tries, and no way round them (R31, R32)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import bcrypt
import pytest
from sqlalchemy import Engine, func, select

from db.core.actor import system_actor
from db.core.permissions import Role
from db.core.session import make_engine, reading, run
from db.people import commands, sign_in
from db.people.tables import Person, SignInTry
from tests.support.again import begun
from tests.support.tier import figure, sized
from tests.support.users import NOW, PASSWORD, make_person

MINUTE = timedelta(minutes=1)


@pytest.fixture
@begun
def cora(engine: Engine) -> int:
    return make_person(engine, "cora", Role.COORDINATOR)


def verify(engine: Engine, *, username="cora", password=PASSWORD, source="203.0.113.7", after=timedelta(0)):
    return sign_in.verify(engine, username=username, password=password, source=source, now=NOW + after)


def fail(engine: Engine, times: int, **more) -> None:
    for _ in range(times):
        assert verify(engine, **({"password": "not the right one"} | more)) is None


def test_the_right_password_lets_in_and_leaves_no_try_behind(engine: Engine, cora: int):
    assert verify(engine) == cora
    assert verify(engine, username="  CORA ") == cora
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(SignInTry)) == 0


CASES = [
    ("unknown user", {"username": "nobody"}),
    ("known user, wrong password", {"password": "wrong"}),
    ("known user, 80 characters", {"password": "w" * 80}),
    ("unknown user, 80 characters", {"username": "nobody", "password": "w" * 80}),
    ("empty password", {"password": ""}),
    ("a password of a megabyte", {"password": "w" * 1_000_000}),
    ("NUL", {"password": "a\x00b"}),
    ("disabled", {"username": "gone"}),
    ("one-time password out of date", {"username": "late"}),
    ("locked, right password", {"source": "198.51.100.9"}),
]


@pytest.mark.parametrize("what", [c[1] for c in CASES], ids=[c[0] for c in CASES])
def test_every_refusal_costs_one_comparison_and_says_the_same(
    engine: Engine, cora: int, what: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    gone = make_person(engine, "gone", Role.FINANCE)
    run(commands.disable_person, bind=engine, person_id=gone, actor=system_actor("seed"), now=NOW)
    make_person(engine, "late", Role.FINANCE, must_change=True)
    fail(engine, 10, source="198.51.100.9", username="somebody else")
    verify(engine, username="warm up", source="192.0.2.1")  # the stand-in hash is made once a process

    compared: list[int] = []
    original = bcrypt.checkpw

    def counted(*given: bytes) -> bool:
        compared.append(1)
        return original(*given)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    monkeypatch.setattr(bcrypt, "hashpw", lambda *a: pytest.fail("a refusal hashes nothing"))
    after = timedelta(days=8) if what.get("username") == "late" else timedelta(0)
    assert verify(engine, after=after, **what) is None
    assert len(compared) == 1


def test_ten_wrong_tries_lock_the_account_from_anywhere(engine: Engine, cora: int):
    for n in range(10):
        fail(engine, 1, source=f"203.0.113.{n}")
    assert verify(engine, source="198.51.100.1") is None
    assert verify(engine, source="198.51.100.1", after=14.9 * MINUTE) is None
    assert verify(engine, source="198.51.100.1", after=15 * MINUTE) == cora


def test_ten_wrong_tries_lock_the_source_for_every_account(engine: Engine, cora: int):
    for n in range(10):
        fail(engine, 1, username=f"guess{n}")
    assert verify(engine) is None
    assert verify(engine, source="198.51.100.1") == cora


def test_nine_do_not_lock_and_a_right_one_between_does_not_count(engine: Engine, cora: int):
    fail(engine, 9)
    assert verify(engine) == cora
    assert verify(engine) == cora


def test_a_restart_forgets_nothing(engine: Engine, cora: int, database_url: str):
    fail(engine, 10)
    again = make_engine(database_url)
    try:
        assert verify(again) is None
    finally:
        again.dispose()


def test_guessing_while_locked_does_not_keep_the_owner_out(engine: Engine, cora: int):
    fail(engine, 10)
    for minute in range(1, 15):
        fail(engine, 20, after=minute * MINUTE)
    free = next(m for m in range(15, 60) if verify(engine, after=m * MINUTE) == cora)
    figure("R32", "minutes until the owner is free again", free)
    assert free == 15


def test_a_thousand_guesses_are_looked_at_ten_times_in_five_minutes(engine: Engine, cora: int):
    """Over five minutes, from fifty addresses, through servers that restart; nor does the right password help then."""
    looked_at, guesses, url = 0, sized(fast=200, long=1_000), engine.url.render_as_string(hide_password=False)
    for part in range(4):
        server = make_engine(url)
        for n in range(part, guesses, 4):
            before = _tries(server)
            fail(server, 1, source=f"10.0.0.{n % 50}", after=(part * 75 + 75 * n / guesses) * timedelta(seconds=1))
            looked_at += _tries(server) - before
        server.dispose()
    figure("R32", "guesses", guesses)
    figure("R32", "guesses looked at in five minutes", looked_at)
    assert looked_at == 10
    assert verify(engine, source="198.51.100.1", after=5 * MINUTE) is None


def test_guesses_at_the_same_moment_get_no_further(engine: Engine, cora: int):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: verify(engine, password=f"guess {n}", source=f"10.1.0.{n}"), range(40)))
    assert _tries(engine) == 10


def test_a_changed_cost_is_taken_over_at_the_next_sign_in(engine: Engine, cora: int, monkeypatch: pytest.MonkeyPatch):
    from db.core.settings import settings

    monkeypatch.setenv("BCRYPT_COST", "5")
    settings.cache_clear()
    try:
        assert verify(engine) == cora
        with reading(engine) as session:
            assert session.get_one(Person, cora).password_hash.startswith("$2b$05$")
        assert verify(engine) == cora
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_the_typed_name_is_not_kept(engine: Engine, cora: int):
    secret = "my password in the wrong box"
    fail(engine, 1, username=secret)
    with reading(engine) as session:
        row = session.scalars(select(SignInTry)).one()
        assert secret not in f"{row.account_hash} {row.source}"


def test_the_log_names_neither_user_nor_password(engine: Engine, cora: int, caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG", logger="dealerdesk")
    fail(engine, 11, password="hunter2 hunter2 hunter2", username="typed-by-a-person")
    verify(engine)
    assert caplog.records
    for secret in ("hunter2", "typed-by-a-person", PASSWORD, "cora"):
        assert secret not in caplog.text


def _tries(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(SignInTry)) or 0
