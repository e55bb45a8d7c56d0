"""The arithmetic of the bench, and the rows it writes."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from bench.figures import Pace, brief, exponent, interleaved, p50, p95, percentile, ratio
from bench.goals import BY_KEY, GOALS, GROUPS, Goal
from bench.measures import MEASURES
from bench.results import MET, MISSED, OPEN, Found, Machine, page, summary, table, written


@pytest.mark.parametrize(
    "values, share, found",
    [
        ([7], 0.5, 7), ([1, 3], 0.5, 2), ([3, 1, 2], 0.5, 2), ([1, 2, 3, 4], 0, 1), ([1, 2, 3, 4], 1, 4),
        ([10, 20, 30, 40, 50], 0.95, 48), (list(range(101)), 0.95, 95), (list(range(101)), 0.99, 99),
    ],
)  # fmt: skip
def test_percentiles_lie_between_the_nearest_two(values, share, found):
    assert percentile(values, share) == pytest.approx(found)


def test_of_nothing_there_is_no_percentile():
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


def test_the_named_percentiles():
    values = [float(n) for n in range(1, 102)]
    assert (p50(values), p95(values)) == (51, 96)


@pytest.mark.parametrize("of, to, found", [(6, 2, 3), (1, 4, 0.25), (0, 5, 0), (5, 0, math.inf)])
def test_ratio(of, to, found):
    assert ratio(of, to) == found


@pytest.mark.parametrize(
    "small, large, found",
    [
        ((100_000, 3.1), (1_000_000, 3.1), 0), ((100_000, 10), (1_000_000, 100), 1), ((10, 4), (40, 8), 0.5),
        ((100, 8), (10_000, 4), -0.1505),
    ],
)  # fmt: skip
def test_the_exponent_of_growth(small, large, found):
    assert exponent(small, large) == pytest.approx(found, abs=1e-4)


@pytest.mark.parametrize("small, large", [((10, 1), (10, 2)), ((20, 1), (10, 2)), ((10, 0), (20, 2)), ((0, 1), (9, 1))])
def test_growth_needs_two_sizes(small, large):
    with pytest.raises(ValueError, match="two different sizes"):
        exponent(small, large)


def test_what_is_compared_is_run_in_turns_after_a_run_that_warms_it():
    said: list[str] = []
    found = interleaved({"a": lambda: said.append("a"), "b": lambda: said.append("b")}, times=3, seconds=60)
    assert "".join(said) == "abababab"
    assert {name: (len(pace.ms), len(pace.cpu)) for name, pace in found.items()} == {"a": (3, 3), "b": (3, 3)}


def test_a_slow_action_is_timed_once_at_least():
    assert len(interleaved({"a": lambda: None}, times=50, seconds=0)["a"].ms) == 1


def test_a_pace_tells_both_clocks():
    assert str(Pace(ms=[1.0, 3.0, 2.0], cpu=[0.5, 0.5, 0.5])) == "2.00 ms (processor 0.50)"
    assert [brief(n) for n in (0.123, 12.34, 1234.5)] == ["0.12", "12.3", "1,234"]


# ---- goals and rows --------------------------------------------------------------------------------------------------
def test_every_goal_has_a_key_of_its_own_and_a_measure():
    assert len(BY_KEY) == len(GOALS)
    assert set(GROUPS) == set(MEASURES)


@pytest.mark.parametrize(
    "direction, value, met",
    [("at most", 3.0, True), ("at most", 3.01, False), ("at least", 3.0, True), ("at least", 2.9, False),
     ("told", 99.0, None)],
)  # fmt: skip
def test_a_goal_is_met_at_its_limit(direction, value, met):
    goal = Goal(key="k", group="g", what="w", words="3", limit=3, direction=direction)
    assert goal.is_met(value) is met


@pytest.mark.parametrize(
    "value, unit, text",
    [(2.2, "x", "2.20x"), (0.0045, "x", "0.0045x"), (113.4, "x", "113x"), (3512.2, "ms", "3,512 ms"), (0, "errors",
     "0 errors"), (0.08, "", "0.08"), (12.34, "s", "12.3 s"), (1234.5, "/s", "1,234/s"), (None, "x", "not measured")],
)  # fmt: skip
def test_figures_are_written_with_their_unit(value, unit, text):
    assert written(value, unit) == text


ROWS = [
    Found(key="click.empty", of="Overview", value=2.2, note="a | b"),
    Found(key="click.empty", of="Claims", value=3.5),
    Found(key="people.p95", note="failed: it broke"),
]


def test_the_table_holds_each_row_beside_its_goal():
    lines = table(ROWS).splitlines()[2:]
    assert [row.verdict for row in ROWS] == [MET, MISSED, OPEN]
    assert "<= 3x an empty page | Overview | 2.20x | met | a \\| b |" in lines[0]
    assert lines[1].startswith("|  | <= 3x")  # what is measured stands once
    assert "p95 <= 100 ms |  | not measured | – | failed: it broke |" in lines[2]
    assert summary(ROWS) == "1 of 3 figures met their goal, 1 missed it, 1 could not be taken."


def test_the_page_says_where_when_and_how_it_was_made():
    where = Machine(
        cores=2, model="Some processor", python="3.11.7", sqlite="3.40.1", database="sqlite, 20 leads",
        at=datetime(2026, 11, 27, 19, 20, tzinfo=UTC), load_before=(9.0, 8.0, 7.0), load_after=(1, 2, 3), commit="abc",
    )  # fmt: skip
    text = page(ROWS, where=where, command="python -m bench --leads 20", took=[("clicks", 61.0)], remark="Under load.")
    said = ("```\npython -m bench --leads 20\n```", "2 cores (Some processor), Python 3.11.7, SQLite 3.40.1",
            "2026-11-27 19:20 UTC, commit abc; load average (1, 5, 15 minutes) 9.0 8.0 7.0 before", "clicks 61 s",
            "**Under load.**", "DuckDB and Superset are no dependencies")  # fmt: skip
    assert [one for one in said if one not in text] == []
