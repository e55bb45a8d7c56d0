"""Periods of days, against a slow model that paints every single day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.dealers.territory_rules import Period, common, days_label, in_order, starts_of, with_period, without_period

FIRST = date(2026, 1, 1)
SPAN = 30


def day(number):
    return FIRST + timedelta(days=number)


@st.composite
def some_period(draw):
    start = draw(st.integers(0, SPAN))
    end = draw(st.one_of(st.none(), st.integers(start, SPAN + 5)))
    return Period(day(start), None if end is None else day(end))


def painted(periods):
    return {n for n in range(SPAN + 10) for p in periods if p.has(day(n))}


@given(st.lists(st.tuples(st.booleans(), some_period()), max_size=10))
def test_adding_and_taking_days_is_what_painting_them_gives(steps):
    periods: list[Period] = []
    model: set[int] = set()
    for is_added, period in steps:
        periods = with_period(periods, period) if is_added else without_period(periods, period)
        model = model | painted([period]) if is_added else model - painted([period])
        assert painted(periods) == model
        assert periods == in_order(periods)
        assert all(not p.is_empty for p in periods)
        # Kept as few as possible where days were added: no two touch.
        assert all(a.until < b.start or not is_added for a, b in pairwise(periods))


@given(some_period(), some_period())
def test_the_days_two_periods_share(one, other):
    shared = common(one, other)
    assert painted([one]) & painted([other]) == (painted([shared]) if shared else set())
    assert common(other, one) == shared


LABELS = [
    (Period(date(2026, 12, 1)), "from 1 Dec 2026"),
    (Period(date(2026, 12, 1), date(2027, 1, 1)), "from 1 Dec 2026 to 31 Dec 2026"),
]


@pytest.mark.parametrize(("period", "words"), LABELS)
def test_days_in_words(period, words):
    assert days_label(period) == words


def test_every_prefix_that_could_own_a_code_longest_first():
    assert starts_of("07030-12") == ["0703012", "070301", "07030", "0703", "070", "07", "0"]
    assert starts_of("m5v 2t6")[:2] == ["M5V2T6", "M5V2T"]
    assert starts_of(" ") == []
