"""Median, quartiles, bands, places and groups of peers, as tables of cases."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.reports.peer_rules import (
    BANDS,
    FEWEST_PEERS,
    Quartiles,
    band_of,
    closest,
    group_label,
    groups_of,
    is_small,
    place_of,
    quartiles,
)


@pytest.mark.parametrize(
    "values, expected",
    [
        ([], None),
        ([1, 2, 3, 4], None),
        ([5, 1, 4, 2, 3], Quartiles(n=5, low=2, median=3, high=4)),
        ([1, 2, 3, 4, 5, 6], Quartiles(n=6, low=2.25, median=3.5, high=4.75)),
        ([7, 7, 7, 7, 7], Quartiles(n=5, low=7, median=7, high=7)),
    ],
)
def test_quartiles(values, expected):
    assert quartiles(values) == expected


@given(st.lists(st.integers(-1_000, 1_000), min_size=FEWEST_PEERS, max_size=40))
def test_quarters_hold_a_quarter_each(values):
    found = quartiles(values)
    assert found is not None
    assert min(values) <= found.low <= found.median <= found.high <= max(values)
    assert sum(1 for v in values if v <= found.median) * 2 >= len(values)
    assert sum(1 for v in values if v >= found.median) * 2 >= len(values)
    assert sum(1 for v in values if v < found.low) * 4 <= len(values) + 3
    assert sum(1 for v in values if v > found.high) * 4 <= len(values) + 3


PEERS = Quartiles(n=8, low=40, median=50, high=60)
SAME = Quartiles(n=8, low=0, median=0, high=0)


@pytest.mark.parametrize(
    "value, peers, better, small, expected",
    [
        (60, PEERS, "up", False, "best"),
        (59, PEERS, "up", False, "upper"),
        (50, PEERS, "up", False, "upper"),
        (49, PEERS, "up", False, "lower"),
        (40, PEERS, "up", False, "lower"),
        (39, PEERS, "up", False, "worst"),
        (40, PEERS, "down", False, "best"),
        (41, PEERS, "down", False, "upper"),
        (60, PEERS, "down", False, "lower"),
        (61, PEERS, "down", False, "worst"),
        (0, SAME, "down", False, "upper"),
        (1, SAME, "down", False, "worst"),
        (1, SAME, "up", False, "best"),
        (90, PEERS, "up", True, "few"),
        (90, None, "up", False, "alone"),
        (90, PEERS, "none", False, "plain"),
        (None, PEERS, "up", True, "none"),
    ],
)
def test_the_band_of_a_value(value, peers, better, small, expected):
    assert band_of(value, peers, better=better, small=small) == expected
    assert expected in BANDS


@pytest.mark.parametrize(
    "denominator, counts_cases, expected",
    [(9, True, True), (10, True, False), (0, True, True), (None, True, False), (9, False, False)],
)
def test_what_is_too_small_to_rank(denominator, counts_cases, expected):
    assert is_small(denominator, counts_cases=counts_cases) is expected


@pytest.mark.parametrize(
    "value, ordered, better, expected",
    [
        (5, [1, 2, 3, 5], "up", 1),
        (2, [1, 2, 5], "up", 2),
        (2, [1, 2, 2, 5], "up", 2),
        (1, [1, 2, 3], "down", 1),
        (3, [1, 2, 3], "down", 3),
        (2, [1, 2, 2, 3], "down", 2),
        (1, [], "up", 1),
    ],
)
def test_places(value, ordered, better, expected):
    assert place_of(value, ordered, better=better) == expected


def sizes(*dealers: tuple[str, str]) -> Counter[tuple[str, str, str]]:
    return Counter(group for tier, region in dealers for group in groups_of(tier, region))


GOLD_EAST, SILVER_EAST, GOLD_WEST, BARE_EAST = ("Gold", "East"), ("Silver", "East"), ("Gold", "West"), ("", "East")


@pytest.mark.parametrize(
    "own, dealers, expected, label",
    [
        (GOLD_EAST, [GOLD_EAST] * 6, ("tier_region", "Gold", "East"), "Gold dealers in East"),
        (GOLD_EAST, [*[GOLD_EAST] * 5, SILVER_EAST], ("region", "", "East"), "Dealers in East"),
        (GOLD_WEST, [*[GOLD_EAST] * 5, GOLD_WEST], ("tier", "Gold", ""), "Gold dealers"),
        (GOLD_WEST, [*[SILVER_EAST] * 5, GOLD_WEST], ("network", "", ""), "All dealers"),
        (BARE_EAST, [*[GOLD_EAST] * 5, BARE_EAST], ("region", "", "East"), "Dealers in East"),
        (BARE_EAST, [*[GOLD_WEST] * 5, BARE_EAST], ("network", "", ""), "All dealers"),
        (GOLD_EAST, [GOLD_EAST] * 5, None, "Too few peers"),
    ],
)
def test_the_closest_group_with_five_others(own, dealers, expected, label):
    found = closest(own[0], own[1], sizes(*dealers))
    assert (found, group_label(found)) == (expected, label)


def test_who_has_no_figure_needs_no_sixth():
    assert closest(GOLD_EAST[0], GOLD_EAST[1], sizes(*[GOLD_EAST] * 5), own=False) == ("tier_region", "Gold", "East")
