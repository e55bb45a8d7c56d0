"""The page of reliability is what its file gives, names tests that exist, and judges as it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests import reliability
from tests.reliability_page import PAGE, fold, judged, load, number, page, save, verdict
from tests.reliability_rows import MINUTES, ROWS, RULES, Row, every, most, size, zero
from tests.support.paths import ROOT

MINUTES_OF_FAULTS = 8
SEEN: dict[str, Any] = {
    "at": "2026-11-27T21:00:00+00:00", "tier": "long", "seconds": 3, "passed": 2, "failed": 0, "skipped": 0, "cut": "",
    "machine": "m", "commit": "c", "figures": {"tried": fold([100, 200]), "lost": fold([0, 0])},
}  # fmt: skip
ROW = Row(number="R01", measure="m", target="t", tests=("x.py",), goals=(size("tried", 100), zero("lost")))


def test_the_page_is_what_the_file_gives():
    assert PAGE.read_text(encoding="utf-8") == page(load()), "run `python -m tests.reliability --page`"


def test_all_forty_two_are_there_once_and_in_order():
    assert [row.number for row in ROWS] == [f"R{n:02}" for n in range(1, 43)]
    assert set(load()["rows"]) <= {row.number for row in (*ROWS, RULES)}


def test_the_long_tier_fits_into_its_time():
    assert sum(row.minutes for row in ROWS) + MINUTES_OF_FAULTS <= MINUTES


@pytest.mark.parametrize("row", ROWS, ids=[row.number for row in ROWS])
def test_every_test_that_is_named_exists(row: Row):
    missing = []
    for named in row.tests:
        path, _, function = named.partition("::")
        file = ROOT / path
        if not file.exists() or (function and f"def {function}(" not in file.read_text(encoding="utf-8")):
            missing.append(named)
    assert missing == []


@pytest.mark.parametrize("row", ROWS, ids=[row.number for row in ROWS])
def test_every_figure_that_is_wanted_is_reported_by_a_test_of_the_row(row: Row):
    files = [ROOT / named.partition("::")[0] for named in row.tests]
    texts = [f.read_text(encoding="utf-8") for one in files for f in ([one] if one.is_file() else one.rglob("*.py"))]
    helpers = {
        name.replace(".", "/") for text in texts for name in re.findall(r"^from (tests\.\w+) import", text, re.M)
    }
    texts += [(ROOT / f"{name}.py").read_text(encoding="utf-8") for name in helpers if (ROOT / f"{name}.py").exists()]
    assert [goal.what for goal in row.goals if not any(f'"{goal.what}"' in text for text in texts)] == []


@pytest.mark.parametrize(
    ("goal", "values", "holds"),
    [
        (zero("lost"), [0, 0], True),
        (zero("lost"), [0, 1], False),
        (size("tried", 10), [10, 20], True),
        (size("tried", 10), [9, 20], False),
        (size("tried", 10, is_sum=True), [4, 6], True),
        (every("read", 12), [1] * 12, True),
        (every("read", 12), [1] * 13, False),
        (most("seconds", 2), [0.4, 2.0], True),
        (most("seconds", 2), [0.4, 2.1], False),
        (most("seconds", 2), ["soon"], False),
    ],
)
def test_the_worst_of_several_reports_counts_or_their_sum(goal, values, holds):
    assert judged(goal, fold(values)) is holds


@pytest.mark.parametrize(
    ("change", "word", "why"),
    [
        ({}, "met", ""),
        ({"failed": 1}, "not met", "1 of 3 tests failed"),
        ({"skipped": 1}, "not met", "1 tests skipped"),
        ({"passed": 0}, "not met", "no test passed"),
        ({"cut": "5"}, "not met", "cut after 5 minutes"),
        ({"figures": {"tried": fold([100])}}, "not met", "lost: 0 wanted"),
        ({"figures": {"tried": fold([100]), "lost": fold([1])}}, "not met", "lost: 0 wanted"),
        ({"figures": {"tried": fold([99]), "lost": fold([0])}}, "not met", "tried: at least 100 wanted"),
        ({"figures": {"tried": fold([99]), "lost": fold([0])}, "tier": "fast"}, "small size", ""),
        ({"figures": {"lost": fold([0])}, "tier": "fast"}, "not met", "tried: at least 100 wanted"),
    ],
)
def test_what_a_run_is_called(change, word, why):
    found = verdict(ROW, SEEN | change)
    assert (found.word, "; ".join(found.why)) == (word, why)
    assert verdict(ROW, None).word == "not run"


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, **more: Any) -> Any:
    """What the runner makes of a test file with this body."""
    monkeypatch.setattr(reliability, "ROOT", tmp_path)
    monkeypatch.setattr(reliability, "RESULTS", tmp_path / "results")
    (tmp_path / "test_it.py").write_text(body)
    row = Row(number="R01", measure="m", target="t", tests=("test_it.py",), processes=1)
    return reliability.seen_in(row, is_fast=False, minutes=more.pop("minutes", 1))


def test_a_row_is_run_and_what_its_tests_report_is_kept(tmp_path, monkeypatch):
    body = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from tests.support.tier import figure, sized
def test_good():
    figure("R01", "tried", sized(fast=1, long=7))
    figure("R02", "of another row", 1)
def test_bad():
    assert False
"""
    seen = run(tmp_path, monkeypatch, body)
    assert (seen["passed"], seen["failed"], seen["tier"]) == (1, 1, "long")
    assert seen["figures"] == {"tried": {"n": 1, "least": 7, "most": 7, "sum": 7}}


def test_a_row_whose_tests_are_all_skipped_did_not_run(tmp_path, monkeypatch):
    assert run(tmp_path, monkeypatch, "import pytest\ndef test_it(): pytest.skip('no browser')") is None


def test_a_row_that_takes_too_long_is_cut_and_told(tmp_path, monkeypatch):
    seen = run(tmp_path, monkeypatch, "import threading\ndef test_it(): threading.Event().wait()", minutes=0.05)
    assert verdict(ROW, seen).word == "not met"
    assert seen["cut"]


def test_answers_about_faults_are_taken_over(tmp_path, monkeypatch):
    store: dict[str, Any] = {"rows": {}, "mutants": {"old": {"answer": "killed"}}}
    monkeypatch.setattr(reliability, "save", lambda store: None)
    monkeypatch.setattr(reliability, "load", lambda: store)
    answers = tmp_path / "faults.json"
    answers.write_text(json.dumps([{"name": "new", "answer": "killed", "seconds": 1.0, "at": "2026"}]))
    reliability.keep_faults(answers)
    assert set(store["mutants"]) == {"old", "new"}
    assert store["mutants"]["new"]["commit"]


def test_both_files_are_written(tmp_path):
    store = {"rows": {"R39": SEEN}, "mutants": {}}
    save(store, path=tmp_path / "a.json", page_path=tmp_path / "a.md")
    assert load(tmp_path / "a.json") == store
    assert "| R39 |" in (tmp_path / "a.md").read_text()
    assert load(tmp_path / "none.json") == {"rows": {}, "mutants": {}}


def test_a_row_nobody_declared_is_refused(capsys):
    with pytest.raises(SystemExit):
        reliability.main(["--only", "R99"])
    assert "there is no R99" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "shown"), [(10000, "10,000"), (0.4321, "0.432"), (2.0, "2"), (12345.6, "12,346")])
def test_numbers_are_for_people(value, shown):
    assert number(value) == shown
