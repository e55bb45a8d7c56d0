"""The claim policy: its tables hold every number, and its versions are published one after the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from db.claims.policy_commands import publish_policy
from db.claims.policy_compare_rules import changes_between
from db.claims.policy_edit_rules import from_tables, to_tables
from db.claims.policy_queries import newest_number, policy_on
from db.claims.policy_rules import DEFAULT, Policy
from db.core.permissions import Permission, Role
from db.core.problems import Refused, Stale
from db.core.session import reading, run
from tests.support.again import begun
from tests.support.users import actor_named, make_person

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
NEXT = replace(DEFAULT, appeals=2)
NUMBERS = [
    (name, position, column)
    for name, rows in to_tables(DEFAULT).items()
    for position, row in enumerate(rows)
    for column, value in row.items()
    if isinstance(value, int | float) and (name, column) != ("authority", "level")
]


def test_the_default_survives_its_tables():
    made, problems = from_tables(DEFAULT, to_tables(DEFAULT))
    assert problems == []
    assert made == DEFAULT
    assert changes_between(DEFAULT, made) == ()


@pytest.mark.parametrize(("name", "position", "column"), NUMBERS)
def test_each_number_and_switch_changes_the_policy_and_is_told(name: str, position: int, column: str):
    tables = to_tables(DEFAULT)
    value = tables[name][position][column]
    tables[name][position][column] = not value if isinstance(value, bool) else value + 1
    made, _ = from_tables(DEFAULT, tables)
    said = changes_between(DEFAULT, made)
    if (name, position, column) == ("states", 0, "never_late"):
        assert said == ()  # of all other states nothing is forbidden: the switch is not theirs
    else:
        assert made != DEFAULT
        assert 1 <= len(said) <= 2


@pytest.fixture
@begun
def people(sqlite_engine: Engine) -> Engine:
    make_person(sqlite_engine, "mason", Role.MANAGER)
    make_person(sqlite_engine, "cora", Role.COORDINATOR)
    return sqlite_engine


def publish(engine: Engine, who: str = "mason", **more: Any) -> int:
    asked: dict[str, Any] = {
        "policy": NEXT, "effective_from": date(2026, 12, 1), "reason": "Decided by the board", "seen_version": 1,
        "form_key": None, **more,
    }  # fmt: skip
    number: int = run(publish_policy, bind=engine, actor=actor_named(engine, who), now=NOW, **asked)
    return number


def on(engine: Engine, day: date) -> Policy:
    with reading(engine) as session:
        return policy_on(session, day)


def test_a_version_holds_from_its_day(people: Engine):
    assert publish(people, form_key="one") == 2
    assert publish(people, form_key="one") == 2
    assert on(people, date(2026, 11, 30)) == DEFAULT
    assert on(people, date(2026, 12, 1)).appeals == 2
    with reading(people) as session:
        assert newest_number(session, actor=actor_named(people, "cora")) == 2


def test_a_stale_screen_publishes_nothing(people: Engine):
    publish(people)
    with pytest.raises(Stale):
        publish(people, policy=replace(DEFAULT, appeals=3))
    assert on(people, date(2027, 1, 1)).appeals == 2


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"effective_from": date(2026, 11, 30)}, "effective_from"), ({"effective_from": None}, "effective_from"),
        ({"reason": " "}, "reason"), ({"policy": NEXT}, ""),
        ({"policy": replace(DEFAULT, return_days=0)}, "general"),
    ],
    ids=["before the newest", "no day", "no reason", "no change", "bad number"],
)  # fmt: skip
def test_what_cannot_hold_is_refused_and_nothing_is_stored(people: Engine, more: dict[str, Any], field: str):
    publish(people)
    with pytest.raises(Refused) as refused:
        publish(people, **{"policy": replace(DEFAULT, appeals=3), "seen_version": 2, **more})
    assert field in {p.field for p in refused.value.problems}
    assert on(people, date(2027, 1, 1)).appeals == 2


def test_a_coordinator_may_not(people: Engine):
    assert not actor_named(people, "cora").can(Permission.WARRANTY_MANAGE)
    with pytest.raises(Refused):
        publish(people, "cora")
    assert on(people, date(2027, 1, 1)) == DEFAULT
