"""R31: who measures how long a refusal takes learns nothing: unknown, wrong password, locked, disabled, mixed by turns.

In the long tier with the cost people's passwords have. Times are reported, and judged in docs/reliability.md only: a
test must not fail because somebody else uses the machine.
"""

from __future__ import annotations

import logging
import time
from statistics import median

from sqlalchemy import Engine, delete

from db.core.actor import system_actor
from db.core.permissions import Role
from db.core.session import run, writing
from db.core.settings import settings
from db.people import commands, passwords, sign_in
from db.people.tables import Person, SignInTry
from tests.support.tier import figure, sized
from tests.support.users import NOW, make_person

TIMES = sized(fast=10, long=200)
COST = sized(fast=4, long=10)
"""What OWASP asks for at least; the unsafe start-up (R16) refuses less where people sign in."""
KINDS = ("unknown user", "wrong password", "locked", "disabled")


def auc(ones: list[float], others: list[float]) -> float:
    """How well a threshold tells two kinds apart: 0.5 is guessing, 1 is certainty, whichever is slower."""
    wins = sum((a > b) + (a == b) / 2 for a in ones for b in others)
    share = wins / (len(ones) * len(others))
    return max(share, 1 - share)


def test_two_kinds_are_told_apart_by_their_order_only():
    assert auc([1, 2, 3], [4, 5, 6]) == 1
    assert auc([1, 2], [1, 2]) == 0.5


def test_a_refusal_takes_as_long_whoever_asks(sqlite_engine: Engine, monkeypatch, caplog):
    caplog.set_level(logging.INFO, logger="dealerdesk")  # as where people sign in: each refusal is a line
    monkeypatch.setenv("BCRYPT_COST", str(COST))
    settings.cache_clear()
    engine = sqlite_engine
    for name in ("cora", "lock", "gone"):
        person = make_person(engine, name, Role.COORDINATOR)
        with writing(engine, keeps_timeline=False) as session:
            stored = passwords.hash_password("maple otter signal brass", cost=COST)
            session.get_one(Person, person).password_hash = stored
    run(commands.disable_person, bind=engine, person_id=person, actor=system_actor("seed"), now=NOW)
    asked = {"unknown user": "nobody", "wrong password": "cora", "locked": "lock", "disabled": "gone"}

    def refusal(kind: str, n: int, source: str) -> float:
        begun = time.perf_counter()
        found = sign_in.verify(engine, username=asked[kind], password=f"wrong {n}", source=source, now=NOW)
        seconds = time.perf_counter() - begun
        assert found is None
        return seconds

    def only_lock_is_locked() -> None:
        with writing(engine, keeps_timeline=False) as session:
            session.execute(delete(SignInTry))
        for n in range(10):
            refusal("locked", n, f"203.0.113.{n}")

    taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for n in range(TIMES):
        if n % 8 == 0:
            only_lock_is_locked()
            refusal("unknown user", n, "192.0.2.1")
        for turn in range(4):
            kind = KINDS[(n + turn) % 4]
            taken[kind].append(refusal(kind, n, f"198.51.{turn}.{n % 250}"))
    settings.cache_clear()
    middles = [median(times) * 1_000 for times in taken.values()]
    pairs = [auc(taken[a], taken[b]) for a in KINDS for b in KINDS if a < b]
    figure("R31", "refusals of each kind", min(map(len, taken.values())))
    figure("R31", "medians apart, ms", round(max(middles) - min(middles), 2))
    figure("R31", "AUC", round(max(pairs), 3))
    figure("R31", "ms a refusal takes", round(median(middles), 1))
