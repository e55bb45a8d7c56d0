"""The page of the claim policy, read by a dealership and changed by a manager."""

from __future__ import annotations

from typing import Any

import pytest

from db.claims.policy_edit_rules import to_tables
from db.claims.policy_queries import policy_of
from db.claims.policy_rules import DEFAULT
from db.core.permissions import Role
from db.core.session import engine, reading
from tests.support.again import begun
from tests.support.users import actor_named, app_as, make_person

PAGE = "pages/claims/claim_policy.py"
GRID = "cp_grid_1_limits"


def written(app: Any) -> str:
    return "\n".join(str(e.value) for kind in ("markdown", "error", "caption", "subheader") for e in app.get(kind))


def row_of(rule: str) -> int:
    return next(n for n, row in enumerate(to_tables(DEFAULT)["limits"]) if row["rule"] == rule)


def edit(app: Any, value: float) -> None:
    app.session_state[GRID] = {"edited_rows": {row_of("W04"): {"value": value}}, "added_rows": [], "deleted_rows": []}


@pytest.fixture
@begun
def people(app_database: str) -> None:
    make_person(engine(), "mason", Role.MANAGER)
    make_person(engine(), "cora", Role.COORDINATOR)
    make_person(engine(), "dana", Role.DEALER_MANAGER)


@pytest.mark.parametrize("name", ["dana", "cora"])
def test_whoever_may_not_change_it_reads_it_whole(people: None, name: str):
    app = app_as(name, page=PAGE)
    assert not app.exception
    assert "What the desk came with" in written(app)
    assert len(app.dataframe[0].value) == 28
    assert [b for b in app.button if b.key == "cp_change"] == []
    app.session_state["cp_editing"] = 1
    app.run()
    assert [b for b in app.button if b.key == "cp_publish"] == []


def test_a_manager_changes_a_number_and_publishes(people: None):
    app = app_as("mason", page=PAGE)
    app.button(key="cp_change").click().run()
    assert not app.exception
    edit(app, 60)
    app.text_input(key="cp_reason").set_value("Test drives got longer").run()
    edit(app, 60)
    app.button(key="cp_publish").click().run()
    assert not app.exception
    with reading(engine()) as session:
        policy = policy_of(session, number=2, actor=actor_named(engine(), "mason"))
    assert policy.rule("W04").limits["test_drive"] == 60
    assert policy.rule("W24") == DEFAULT.rule("W24")
    assert "cp_editing" not in app.session_state


def test_a_bad_number_is_refused_at_its_table(people: None):
    app = app_as("mason", page=PAGE)
    app.button(key="cp_change").click().run()
    app.text_input(key="cp_reason").set_value("A slip").run()
    edit(app, -5)
    app.button(key="cp_publish").click().run()
    assert not app.exception
    assert "W04" in written(app)
    assert "must lie between 0 and" in written(app)
    with reading(engine()) as session:
        assert policy_of(session, number=1, actor=actor_named(engine(), "mason")) == DEFAULT
    assert app.session_state["cp_editing"] == 1
