"""A killed import leaves nothing or everything, and the batch says which (R09)."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import func, select

from db import catalog
from db.core.session import make_engine, reading
from db.dealers.tables import Dealer
from db.imports.tables import ImportBatch, ImportRow
from tests.dealers.examples import csv_file, row
from tests.support.crash import count_statements, run_and_kill
from tests.support.databases import migrate
from tests.support.tier import figure, sized

ROWS = sized(fast=100, long=10_000)
ROUNDS = sized(fast=2, long=30)


@pytest.fixture(scope="module")
def big_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("crash") / "dealers.csv"
    path.write_bytes(csv_file([row(f"{number:05}") for number in range(ROWS)]).content)
    return path


def state(url):
    engine = make_engine(url)
    with reading(engine) as session:
        found = tuple(session.scalar(select(func.count()).select_from(t)) for t in (ImportBatch, ImportRow, Dealer))
        wrong = [problem for _, problems in catalog.run_checks(session) for problem in problems]
    engine.dispose()
    return found, wrong


@pytest.mark.slow
def test_an_import_killed_anywhere_is_whole_or_not_there(database_url, big_file, sqlite_templates, tmp_path):
    arguments = ["import", "dealers", str(big_file)]
    longest = count_statements(sqlite_templates.copy("migrated", migrate, to=tmp_path / "count.db"), arguments)
    chosen, kills = random.Random(9), 0
    for at in sorted({1, 10, longest, *(chosen.randrange(1, longest) for _ in range(ROUNDS))}):
        kills += run_and_kill(database_url, arguments, at=at)
        found, wrong = state(database_url)
        assert found in ((0, 0, 0), (1, ROWS, ROWS)), f"killed at statement {at} of {longest}"
        assert wrong == []
        if found[0]:
            break
    else:
        # Nothing came through, so the same command again must simply work.
        assert not run_and_kill(database_url, arguments, at=10**9)
    assert state(database_url) == ((1, ROWS, ROWS), [])
    assert not run_and_kill(database_url, arguments, at=10**9)
    assert state(database_url)[0] == (2, 2 * ROWS, ROWS)
    figure("R09", "rows of the import", ROWS)
    figure("R09", "kills, each leaving nothing or everything", kills)
