"""Who gets what of a part that is short: cases by hand, and what holds for every stock and every list."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.parts.allocation_rules import CLASSES, Request, allocate

DAY = date(2026, 11, 1)


def ask(key: int, quantity: int, group: str = "other", demand: int = 10, days: int = 0) -> Request:
    return Request(key=key, quantity=quantity, group=group, demand=demand, since=DAY + timedelta(days=days))


def got(available: int, *requests: Request) -> dict[int, int]:
    return {s.key: s.quantity for s in allocate(available, requests)}


CASES = [
    ("enough for all", 20, [ask(1, 5), ask(2, 6)], {1: 5, 2: 6}),
    ("nothing there", 0, [ask(1, 5)], {1: 0}),
    ("a negative stock is none", -3, [ask(1, 5)], {1: 0}),
    ("vehicle down first", 4, [ask(1, 5), ask(2, 3, "vehicle_down", days=9)], {1: 1, 2: 3}),
    ("then contract", 4, [ask(1, 5), ask(2, 3, "contract", days=9)], {1: 1, 2: 3}),
    ("oldest vehicle first", 2, [ask(1, 2, "vehicle_down", days=2), ask(2, 2, "vehicle_down")], {1: 0, 2: 2}),
    ("pro rata by demand", 4, [ask(1, 9, demand=30), ask(2, 9, demand=10)], {1: 3, 2: 1}),
    ("remainder to the oldest", 5, [ask(1, 9, days=1), ask(2, 9)], {1: 2, 2: 3}),
    ("a capped line leaves the rest", 10, [ask(1, 2, demand=90), ask(2, 9), ask(3, 9)], {1: 2, 2: 4, 3: 4}),
    ("without demand counts as one", 2, [ask(1, 5, demand=0), ask(2, 5, demand=1)], {1: 1, 2: 1}),
]


@pytest.mark.parametrize(("available", "requests", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_who_gets_what(available, requests, expected):
    assert got(available, *requests) == expected
    assert all(share.why for share in allocate(available, requests))


def test_a_line_asks_once():
    with pytest.raises(ValueError, match="once"):
        allocate(1, [ask(1, 1), ask(1, 1)])


REQUESTS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(CLASSES), st.integers(0, 99), st.integers(0, 20)), max_size=9
).map(lambda rows: [ask(n, *row) for n, row in enumerate(rows)])


@given(available=st.integers(-5, 250), requests=REQUESTS, data=st.data())
def test_what_always_holds(available, requests, data):
    found = got(available, *requests)
    assert sum(found.values()) == min(max(0, available), sum(r.quantity for r in requests))
    assert all(0 <= found[r.key] <= r.quantity for r in requests)
    assert got(available, *data.draw(st.permutations(requests))) == found
    for higher in requests:
        for lower in requests:
            if CLASSES.index(higher.group) < CLASSES.index(lower.group) and found[lower.key]:
                assert found[higher.key] == higher.quantity
    more = got(available + 1, *requests)
    for asked in requests:
        assert more[asked.key] >= found[asked.key] - (asked.group == "other")
