"""Which readings of an odometer cannot be true (C2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.customers.odometer_rules import KM_A_MILE, POLICY, Reading, findings

START = date(2024, 1, 1)


def read(*rows: Any) -> list[Reading]:
    """(days after the start, value, unit or "new")."""
    return [
        Reading(
            on=START + timedelta(days=row[0]), value=row[1], unit=row[2] if len(row) > 2 and row[2] != "new" else "mi",
            starts_anew=len(row) > 2 and row[2] == "new", ref=str(number),
        )
        for number, row in enumerate(rows)
    ]  # fmt: skip


CASES = [
    ("one reading", [(0, 100)], []),
    ("rising", [(0, 100), (90, 4_000), (200, 9_000)], []),
    ("the same again", [(0, 100), (1, 100)], []),
    ("a mile less is no fall", [(0, 100), (1, 99)], []),
    ("fell and stays", [(0, 40_000), (90, 30_000)], [("odometer_falling", "review", "1")]),
    ("fell, and goes on from there", [(0, 40_000), (90, 30_000), (180, 33_000)], [("odometer_falling", "review", "1")]),
    ("one slip upwards", [(0, 40_000), (90, 440_000), (180, 46_000)], [("odometer_outlier", "warning", "1")]),
    ("one slip downwards", [(0, 40_000), (90, 4_300), (180, 46_000)], [("odometer_outlier", "warning", "1")]),
    (
        "one slip, typed in and out",
        [(0, 18_000), (370, 131_000), (371, 131_003), (590, 31_400)],
        [("odometer_outlier", "warning", "1")],
    ),
    ("too fast", [(0, 10_000), (10, 14_000)], [("odometer_rate", "review", "1")]),
    ("fast, within the limit", [(0, 10_000), (10, 13_000)], []),
    ("both on one day", [(0, 10_000), (0, 10_200)], []),
    ("too much on one day", [(0, 10_000), (0, 10_500)], [("odometer_rate", "review", "1")]),
    ("turned over", [(0, 98_000), (300, 3_000)], [("odometer_rollover", "warning", "1")]),
    ("not near the end of the clock", [(0, 80_000), (300, 3_000)], [("odometer_falling", "review", "1")]),
    ("replaced", [(0, 80_000), (300, 12, "new"), (400, 3_000)], [("odometer_replaced", "note", "1")]),
    ("kilometres", [(0, 10_000), (100, 20_000, "km")], [("odometer_unit", "note", "1")]),
    (
        "kilometres written as miles",
        [(0, 30_000, "km"), (100, 25_000, "mi"), (200, 26_000, "mi")],
        [("odometer_unit", "note", "1")],
    ),
    ("given in any order", [(200, 9_000), (0, 100), (90, 4_000)], []),
]


@pytest.mark.parametrize(("rows", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_is_found(rows, expected):
    assert [(f.rule, f.level, f.ref) for f in findings(read(*rows))] == expected


def test_a_finding_has_what_was_observed_its_limit_and_a_sentence():
    (found,) = findings(read((0, 40_000), (90, 30_000)))
    assert (found.observed, found.limit) == ("30,000 mi on 2024-03-31", "40,000 mi on 2024-01-01")
    assert "fell by 10,000 miles" in found.sentence
    (rate,) = findings(read((0, 10_000), (10, 14_000)))
    assert (rate.observed, rate.limit) == ("400 miles a day", "300 miles a day")


def test_a_wrong_unit_is_guessed_at():
    unit, fell = findings(read((0, 40_000), (90, 42_000, "km")))
    assert (unit.rule, fell.rule) == ("odometer_unit", "odometer_falling")
    assert "It would fit if it was read in mi" in fell.sentence


plausible = st.lists(st.tuples(st.integers(1, 400), st.floats(0, 290)), min_size=2, max_size=12)


def series(steps: list[tuple[int, float]], unit: str = "mi") -> list[Reading]:
    found, day, value = [], 0, 1_000.0
    for number, (gap, rate) in enumerate(steps):
        day, value = day + gap, value + gap * rate
        shown = value * (KM_A_MILE if unit == "km" else 1)
        found.append(
            Reading(on=START + timedelta(days=day), value=round(shown), unit=unit, ref=str(number))  # type: ignore[arg-type]
        )
    return found


@given(plausible, st.sampled_from(["mi", "km"]))
def test_a_series_that_can_be_true_has_no_finding(steps, unit):
    assert findings(series(steps, unit)) == []


@given(plausible, st.integers(POLICY.tolerance + 2, 900))
def test_a_last_reading_that_fell_is_always_found(steps, fall):
    readings = series(steps)
    last = readings[-1]
    wrong = Reading(on=last.on + timedelta(days=30), value=max(0, last.value - fall), unit="mi", ref="wrong")
    found = findings([*readings, wrong])
    assert [f.ref for f in found] == ["wrong"]
    assert found[0].rule in ("odometer_falling", "odometer_rollover")


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 999_999), st.sampled_from(["mi", "km"])), max_size=15))
def test_any_series_is_judged_and_in_order(rows):
    found = findings(read(*rows))
    assert [f.on for f in found] == sorted(f.on for f in found)
    assert all(f.sentence and f.observed and f.limit for f in found)
