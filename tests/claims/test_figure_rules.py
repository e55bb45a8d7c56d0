"""How figures of claims are reckoned: tables of cases."""

from __future__ import annotations

import pytest

from db.claims.figure_rules import (
    AGES,
    PREVENTION,
    SPANS,
    bucket_of,
    median,
    pareto,
    percentile,
    receivable,
    spike,
)
from db.claims.reason_rules import REASON_CODES
from db.core.intervals import share_interval


@pytest.mark.parametrize(
    ("values", "middle", "ninety"),
    [
        ([], None, None), ([(5, 1)], 5, 5), ([(1, 1), (3, 1)], 2, 3), ([(1, 5), (2, 5)], 1.5, 2),
        ([(0, 9), (30, 1)], 0, 0), ([(0, 8), (30, 2)], 0, 30), ([(n, 1) for n in range(1, 11)], 5.5, 9),
    ],
)  # fmt: skip
def test_middle_and_ninetieth(values, middle, ninety):
    assert median(values) == middle
    assert percentile(values, 0.9) == ninety


@pytest.mark.parametrize(
    ("days", "age", "span"),
    [
        (0, "0-7", "same day"), (1, "0-7", "1-3"), (7, "0-7", "4-7"), (8, "8-15", "8-15"), (15, "8-15", "8-15"),
        (16, "16-30", "16-30"), (30, "16-30", "16-30"), (31, "31+", "31+"), (400, "31+", "31+"),
    ],
)  # fmt: skip
def test_buckets(days, age, span):
    assert bucket_of(days, AGES) == age
    assert bucket_of(days, SPANS) == span


@pytest.mark.parametrize(
    ("before", "count", "flagged"),
    [
        ([2] * 12, 5, True), ([2] * 12, 2, False), ([0] * 12, 4, False), ([0] * 12, 5, True), ([2] * 5, 50, False),
        ([2, 4] * 6, 6, False), ([2, 4] * 6, 7, True), ([100] * 3 + [2, 4] * 6, 7, True),
    ],
)  # fmt: skip
def test_a_month_that_stands_out(before, count, flagged):
    assert spike(before, count).flagged is flagged


def test_growth_is_against_the_mean_before():
    assert spike([2] * 12, 5).growth == pytest.approx(1.5)
    assert spike([0] * 12, 5).growth is None


@pytest.mark.parametrize(
    ("unpaid", "approved", "months", "high"),
    [(100, 1200, 12, False), (101, 1200, 12, True), (0, 0, 1, False), (50, 0, 1, False), (300, 200, 1, True)],
)
def test_receivable(unpaid, approved, months, high):
    assert receivable(unpaid, approved, months).is_high is high


def test_pareto_adds_up():
    lines = pareto({"A": (1, 5), "B": (3, 0), "C": (1, 9)})
    assert [(x.code, x.cases) for x in lines] == [("B", 3), ("C", 1), ("A", 1)]
    assert [x.cumulative for x in lines] == pytest.approx([0.6, 0.8, 1.0])
    assert pareto({}) == []


def test_interval_holds_the_share_and_narrows():
    wide, narrow = share_interval(5, 10), share_interval(500, 1000)
    assert wide is not None
    assert narrow is not None
    assert wide[0] < narrow[0] < 0.5 < narrow[1] < wide[1]
    assert share_interval(0, 0) is None


def test_every_reason_says_what_prevents_it():
    assert set(REASON_CODES) - {"OTHER"} == set(PREVENTION)
