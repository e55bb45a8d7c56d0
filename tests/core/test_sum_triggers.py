"""How sums are kept: no lists that SQLite builds anew for every row, once a statement on PostgreSQL (decision 0080)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, text

from db.core.rollups import compared
from db.core.session import make_engine, reading

LISTS = (
    "x IN ('a', 'b', 'c')", "x NOT IN ('a', 'b', 'c')", "x IN ('a')", "x NOT IN ('a', 'b')",
    "x = 'a' OR x IN ('b', 'c') AND x NOT IN ('c')", "NOT x IN ('a', 'b', 'c')",
)  # fmt: skip
SUMS = "({name} LIKE '%rollup%' OR {name} LIKE '%sums%')"


@pytest.mark.parametrize("condition", LISTS)
def test_comparisons_mean_what_the_list_meant(sqlite_engine: Engine, condition: str):
    spelled = compared(condition)
    assert " IN (" not in spelled
    with reading(sqlite_engine) as session:
        for value in ("'a'", "'b'", "'c'", "'d'", "''", "NULL"):
            both = session.execute(text(f"SELECT {condition}, {spelled} FROM (SELECT {value} AS x)")).one()
            assert both[0] == both[1], (value, both)


def test_what_is_no_list_of_constants_is_left_alone():
    for sql in ("x IN (SELECT y FROM z)", "x IN (1, 2)", "MIN ('a', x)", "COALESCE(x, 'a')"):
        assert compared(sql) == sql


def test_no_trigger_of_sums_holds_a_list(sqlite_engine: Engine):
    with reading(sqlite_engine) as session:
        query = f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND {SUMS.format(name='name')}"
        found: dict[str, str] = dict(session.execute(text(query)).all())
    assert {"lead_rollup_insert", "lead_sums_insert", "claim_rollup_decided_insert"} <= set(found)
    assert [name for name, sql in found.items() if re.search(r"\bIN \('", sql)] == []
    # An update of a column no sum reads does not start a trigger at all.
    assert [name for name, sql in found.items() if name.endswith("_update") and " AFTER UPDATE OF " not in sql] == []


def test_rows_of_one_statement_are_added_by_one_on_postgresql(postgres_url: str):
    engine = make_engine(postgres_url)
    with reading(engine) as session:
        query = (
            "SELECT trigger_name, action_orientation FROM information_schema.triggers"
            f" WHERE event_manipulation = 'INSERT' AND {SUMS.format(name='trigger_name')}"
        )
        found: dict[str, str] = dict(session.execute(text(query)).all())
    engine.dispose()
    assert {"lead_rollup_insert", "lead_sums_insert", "claim_rollup_insert", "coop_entry_sums_insert"} <= set(found)
    assert set(found.values()) == {"STATEMENT"}
