"""What a start asks first: whether the database is there, without loading what it is not going to use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from db.core.session import make_engine
from seed.there import holds_dealers
from tests.support.paths import ROOT
from tests.support.users import make_dealer

START = """
import runpy, sys
sys.argv = ["seed", "--ensure"]
try:
    runpy.run_module("seed", run_name="__main__")
except SystemExit as end:
    print(end.code, sorted({"sqlalchemy", "alembic"} & set(sys.modules)))
"""


@pytest.fixture
def filled(sqlite_url: str) -> str:
    engine = make_engine(sqlite_url)
    make_dealer(engine)
    engine.dispose()
    return sqlite_url


def test_a_start_on_a_filled_database_loads_no_data_layer(filled: str, tmp_path: Path) -> None:
    surroundings = {**os.environ, "DATABASE_URL": filled, "VAR_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == ("0 []", "")


def test_a_filled_database_is_there(filled: str) -> None:
    assert holds_dealers(filled)


def test_a_database_without_dealers_is_not(sqlite_url: str) -> None:
    assert not holds_dealers(sqlite_url)


@pytest.mark.parametrize("version", ["0031", "9999"])
def test_nor_is_one_of_another_schema(filled: str, version: str) -> None:
    engine = create_engine(filled)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    engine.dispose()
    assert not holds_dealers(filled)


def test_what_is_no_database_is_left_to_those_who_say_so(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("no database at all, but longer than the head of one " * 20)
    for name in ("absent.db", "notes.db"):
        assert not holds_dealers(f"sqlite:///{tmp_path / name}")
    assert not (tmp_path / "absent.db").exists()
    assert not holds_dealers("postgresql+psycopg://127.0.0.1:1/desk")
