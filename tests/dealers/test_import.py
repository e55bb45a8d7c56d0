"""Dealers from files: the real directory, updates, contradictions, and the way out and in again."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest

from db.core.area import SourceFile
from db.core.session import reading, run
from db.dealers.area import check_dealers
from db.exports import run_export
from db.imports.mapping import load_mapping
from db.imports.tables import ImportRow
from tests.dealers.examples import ADMIN, NOW, bring_in, csv_file, enter, facts_by_code, regional, row
from tests.support.paths import ROOT, shared


def directory() -> SourceFile:
    path = shared("dealers_toyota_us", "dealers_directory.csv")
    return SourceFile(name=path.name, content=path.read_bytes())


@pytest.mark.parametrize("mapped", [False, True], ids=["by its headings", "by the mapping"])
def test_the_real_directory(engine, mapped):
    answers = json.loads(shared("known_answers.json").read_text())["dealers_toyota_us"]
    toml = (ROOT / "seed/mappings/dealers_toyota_us.toml").read_text()
    result = bring_in(engine, directory(), mapping=load_mapping(toml) if mapped else None)
    facts = facts_by_code(engine)
    assert (result.read, result.created, result.rejected) == (answers["rows"], answers["rows"], 0)
    assert result.warnings == []
    assert len(facts) == answers["distinct_dealer_ids"]
    assert sum(code.startswith("0") for code in facts) == answers["ids_with_leading_zero"]
    states = Counter(dealer.state for dealer in facts.values())
    assert (len(states), dict(states.most_common(5))) == (answers["states"], answers["top5_states"])
    first = facts["02036"]
    assert (first.name, first.region, first.zone, first.status) == (
        "Camelback Toyota", "Region 15", "America/Phoenix", "active",
    )  # fmt: skip
    assert (first.latitude, first.longitude) == (33.510892, -112.047885)
    assert first.brands == (("Toyota",) if mapped else ())
    assert {dealer.region for dealer in facts.values()} == {
        f"Region {n}" for n in (11, 12, 13, 15, 16, 17, 21, 22, 23, 50, 60, 80)
    }
    again = bring_in(engine, directory(), mapping=load_mapping(toml) if mapped else None)
    assert (again.created, again.updated, again.duplicates) == (0, 0, answers["rows"])
    with reading(engine) as session:
        assert check_dealers(session) == []


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_what_is_exported_comes_in_again_as_nothing_new(sqlite_engine, file_format):
    enter(
        sqlite_engine, "007", name="=HYPERLINK(1)", region="@East", brands=("Ford", "Kia"), territories=("787",),
        latitude=31.5, longitude=-97.25, takes_leads=False, lead_cap=3, postal_code="01234",
    )  # fmt: skip
    enter(sqlite_engine, "0008", name="Zoë's Motors; Ltd")
    before = facts_by_code(sqlite_engine)
    file = run(run_export, bind=sqlite_engine, kind="dealers", file_format=file_format, actor=ADMIN, now=NOW)
    assert file.row_count == 2
    result = bring_in(sqlite_engine, SourceFile(name=file.name, content=file.content))
    assert (result.read, result.duplicates) == (2, 2)
    assert facts_by_code(sqlite_engine) == before


def test_a_changed_row_is_an_update_with_before_and_after(engine):
    enter(engine, "00042", city="Waco", lead_cap=9)
    result = bring_in(engine, csv_file([row("00042", city="Austin", region="West")]), now=NOW + timedelta(days=1))
    outcome = result.outcomes[0]
    assert (outcome.outcome, outcome.message) == ("updated", "Changed: region, city.")
    assert outcome.undo == {
        "before": {"region": "South", "city": "Waco"}, "after": {"region": "West", "city": "Austin"},
    }  # fmt: skip
    assert facts_by_code(engine)["00042"].lead_cap == 9
    with reading(engine) as session:
        assert session.query(ImportRow.undo).scalar() == outcome.undo


ROWS = [
    ("a blank cell leaves what is there", [row("1", city=None)], [("duplicate", "unchanged")]),
    ("a name of a state is understood", [row("1", state="Texas")], [("duplicate", "unchanged")]),
    ("an unknown state is refused", [row("2", state="Lone Star")], [("rejected", "unknown_state")]),
    ("no code", [row("")], [("rejected", "required")]),
    ("a code that is none", [row("a;b")], [("rejected", "bad_code")]),
    ("half a position", [row("1", lat="31")], [("rejected", "incomplete")]),
    ("a position that is no number", [row("2", lat="north", long="1")], [("rejected", "not_a_number")]),
    ("null island", [row("2", lat="0", long="0.0")], [("rejected", "null_island")]),
    ("a position in another state", [row("2", lat="40.7", long="-74.0")], [("created", "state_position")]),
    ("the same row twice", [row("2"), row("2")], [("created", ""), ("duplicate", "repeated")]),
    ("a row that only says less", [row("2"), row("2", city=None)], [("created", ""), ("duplicate", "repeated")]),
    ("rows that contradict", [row("2"), row("2", city="Waco")], [("created", ""), ("rejected", "code_twice")]),
    ("zeros in front make another code", [row("2"), row("02")], [("created", ""), ("created", "")]),
]


@pytest.mark.parametrize(("rows", "outcomes"), [case[1:] for case in ROWS], ids=[case[0] for case in ROWS])
def test_what_becomes_of_a_row(sqlite_engine, rows, outcomes):
    enter(sqlite_engine, "1", name="Dealer 1", city="Austin")
    result = bring_in(sqlite_engine, csv_file(rows))
    assert [(o.outcome, o.code) for o in result.outcomes] == outcomes


def test_a_doubtful_position_is_kept_as_it_came(sqlite_engine):
    result = bring_in(sqlite_engine, csv_file([row("2", lat="40.7", long="-74.0")]))
    facts = facts_by_code(sqlite_engine)["2"]
    assert (facts.state, facts.latitude, facts.longitude) == ("TX", 40.7, -74.0)
    assert [w.code for w in result.warnings] == ["state_position"]
    assert result.sentences[1] == "1 imported row should be looked at."


def test_a_file_that_is_no_table_is_one_rejected_row(sqlite_engine):
    result = bring_in(
        sqlite_engine, SourceFile(name="a.csv", content=b"<html>"), csv_file([row("2")]),
        SourceFile(name="b.csv", content=b"colour,size\nred,1\n"),
    )  # fmt: skip
    assert [(o.file, o.row, o.outcome, o.code) for o in result.outcomes] == [
        ("a.csv", 0, "rejected", "not_a_table"), ("dealers.csv", 2, "created", ""),
        ("b.csv", 0, "rejected", "required"),
    ]  # fmt: skip


def test_people_of_a_region_bring_in_their_own_dealers_only(engine):
    enter(engine, "1", region="West")
    enter(engine, "2", region="South")
    rows = [row("1", region="West"), row("2", region="West"), row("3", region="West"), row("4", region="South")]
    result = bring_in(engine, csv_file(rows), by=regional("South"))
    assert [(o.outcome, o.code) for o in result.outcomes] == [
        ("rejected", "not_allowed"), ("rejected", "not_allowed"), ("rejected", "not_allowed"), ("created", ""),
    ]  # fmt: skip
    assert facts_by_code(engine)["2"].region == "South"
