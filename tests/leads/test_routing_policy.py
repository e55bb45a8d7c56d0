"""Fair turns, and what the routing rules can be set to (domain-rules 2.2 C 4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.leads.routing_policy import DEFAULT, from_content, problems_with
from db.leads.routing_share import least_loaded, take_turn

shares = st.lists(st.integers(1, 12), min_size=1, max_size=7)


@given(shares, st.integers(1, 150))
def test_turns_stay_within_one_of_the_exact_share(weights: list[int], number: int):
    """Whatever the shares, after any number of leads nobody is a whole lead away from what is fair."""
    order = list(range(len(weights)))
    given_weights = dict(enumerate(weights))
    credits: dict[int, int] = {}
    won: Counter[int] = Counter()
    for turn in range(1, number + 1):
        winner, credits = take_turn(given_weights, credits, order)
        won[winner] += 1
        for who, weight in given_weights.items():
            assert abs(won[who] - turn * weight / sum(weights)) < 1
    assert sum(credits.values()) == 0


@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), max_size=60))
def test_who_was_away_is_not_flooded_on_return(days: list[list[bool]]):
    weights: dict[int, int] = dict.fromkeys(range(4), 1)
    credits: dict[int, int] = {}
    for day in days:
        present = [who for who in range(4) if day[who]]
        if present:
            winner, credits = take_turn({w: weights[w] for w in present}, credits, present)
            assert winner in present
    streak, last = 0, -1
    for _ in range(40):
        winner, credits = take_turn(weights, credits, [0, 1, 2, 3])
        streak = streak + 1 if winner == last else 1
        last = winner
        assert streak <= 4


def test_ties_go_by_code():
    assert take_turn({5: 1, 3: 1}, {}, [3, 5])[0] == 3
    assert least_loaded({5: 1, 3: 1}, {}, [3, 5]) == 3
    assert least_loaded({1: 1, 2: 4}, {1: 1, 2: 3}, [1, 2]) == 2


PROBLEMS: list[tuple[str, dict[str, Any], str]] = [
    ("a setting nobody knows", {"nearest": 3}, "nearest"),
    ("a distance of nothing", {"nearest_km": 0}, "nearest_km"),
    ("a number as text", {"nearest_km": "250"}, "nearest_km"),
    ("yes is not a number", {"wall_clock_hours": True}, "wall_clock_hours"),
    ("an unknown fairness", {"fairness": "random"}, "fairness"),
    ("a floor over 100", {"performance_floor_percent": 101}, "performance_floor_percent"),
    ("hot leads waiting longer", {"hot_first_action_minutes": 20}, "hot_first_action_minutes"),
    ("a source without a name", {"sources": {"cars": ""}}, "sources"),
    ("a switch that is neither on nor off", {"stay_with_dealer": "maybe"}, "stay_with_dealer"),
]


@pytest.mark.parametrize(("content", "field"), [case[1:] for case in PROBLEMS], ids=[case[0] for case in PROBLEMS])
def test_a_wrong_policy_is_refused_by_field(content: dict[str, Any], field: str):
    assert [problem.field for problem in problems_with(content)] == [field]


def test_a_policy_survives_its_storage():
    policy = replace(DEFAULT, nearest_km=99, sources={"cars com": "Cars.com"})
    assert problems_with(policy.as_content()) == []
    assert from_content({**policy.as_content(), "a later setting": 1}) == policy
    assert policy.source_of(" CARS.COM ") == "CARS.COM"
    assert policy.source_of("Cars-Com") == "Cars.com"
