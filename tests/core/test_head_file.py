"""`check --head FILE`: the end of the timeline, noted outside the database, shows what the chain alone cannot (R37)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from db.cli.main import main
from db.core import timeline
from db.core.session import engine, writing
from tests.support.core import note

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def book(app_database, tmp_path):
    write(3)
    return tmp_path / "heads.txt"


def write(number):
    for _ in range(number):
        with writing(engine()) as session:
            note(session)


def check(book):
    return main(["check", "--head", str(book)], now=NOON)


def rewrite():
    """What somebody with the file can do: take the guards off, cut the last entry, and note the new end."""
    with engine().begin() as connection:
        for name in ("timeline_entry_no_delete", "timeline_link_no_delete"):
            connection.execute(text(f"DROP TRIGGER {name}"))  # fixed SQL: names of our own triggers
        connection.execute(text("DELETE FROM timeline_entry WHERE seq = 3"))
        connection.execute(
            text("UPDATE timeline_head SET seq = 2, hash = (SELECT hash FROM timeline_entry WHERE seq = 2)")
        )


def test_each_good_check_adds_a_line(book):
    assert check(book) == 0
    write(1)
    assert check(book) == 0
    lines = [line.split() for line in book.read_text().splitlines()]
    assert [line[:2] for line in lines] == [["2026-11-22T12:00:00+00:00", "3"], ["2026-11-22T12:00:00+00:00", "4"]]
    assert all(len(line[2]) == 64 for line in lines)


def test_a_cut_end_is_found_by_the_file_and_by_nothing_else(book, capsys):
    assert check(book) == 0
    before = book.read_text()
    rewrite()
    with writing(engine(), keeps_timeline=False) as session:
        assert timeline.verify(session).first_bad is None
    assert check(book) == 1
    assert "its end was exported as 3" in capsys.readouterr().out
    assert book.read_text() == before


@pytest.mark.parametrize("line", ["nonsense", "2026-11-22 three abc", "a b c d"])
def test_a_file_that_is_no_list_of_ends_is_said_to_be_wrong(book, line, capsys):
    book.write_text(line + "\n")
    assert check(book) == 1
    assert "no moment, number and hash" in capsys.readouterr().out
    assert book.read_text() == line + "\n"
