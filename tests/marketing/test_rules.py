"""The rules of marketing spend as tables of cases."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.problems import Problems
from db.marketing.importing import read_month
from db.marketing.rules import check_amount, check_month, cost_of_each, is_planned, place_key

TODAY = date(2026, 6, 29)


@pytest.mark.parametrize(
    ("cents", "code"),
    [
        (0, ""), (1, ""), (1_000_000_000, ""), (1_000_000_001, "out_of_range"), (-1, "out_of_range"),
        (None, "required"), (True, "required"), ("5", "required"),
    ],
)  # fmt: skip
def test_an_amount_is_known_and_not_negative(cents: object, code: str):
    problems = Problems()
    check_amount(cents, problems)
    assert [p.code for p in problems.found] == ([code] if code else [])


@pytest.mark.parametrize(
    ("month", "code"),
    [
        (date(2026, 6, 17), ""), (date(2028, 6, 1), ""), (date(2028, 7, 1), "out_of_range"),
        (date(1999, 12, 31), "out_of_range"), (None, "required"),
    ],
)  # fmt: skip
def test_a_month_is_within_reach(month: date | None, code: str):
    problems = Problems()
    first = check_month(month, problems, today=TODAY)
    assert [p.code for p in problems.found] == ([code] if code else [])
    assert first.day == 1


@pytest.mark.parametrize(
    ("month", "planned"), [(date(2026, 5, 1), False), (date(2026, 6, 1), False), (date(2026, 7, 1), True)]
)
def test_only_months_to_come_are_planned(month: date, planned: bool):
    assert is_planned(month, today=TODAY) is planned


@pytest.mark.parametrize(
    ("cents", "count", "each"),
    [(None, 5, None), (100, 0, None), (0, 5, 0), (100, 8, 13), (1000, 3, 333), (5, 2, 3), (10_00, 1, 10_00)],
)
def test_what_each_costs_is_rounded_half_up(cents: int | None, count: int, each: int | None):
    assert cost_of_each(cents, count) == each


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_the_cost_of_each_adds_up_to_within_half_a_cent(cents: int, count: int):
    each = cost_of_each(cents, count)
    assert each is not None
    assert abs(2 * (each * count - cents)) <= count


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-05", date(2026, 5, 1)), ("May 2026", date(2026, 5, 1)), ("2026-05-17", date(2026, 5, 17)),
        ("05/2026", date(2026, 5, 1)), ("17/05/2026", date(2026, 5, 17)), ("05/17/2026", date(2026, 5, 17)),
        ("05/05/2026", date(2026, 5, 5)), ("04/05/2026", "ambiguous_date"), ("soon", "not_a_month"),
        ("", "not_a_month"),
    ],
)  # fmt: skip
def test_a_month_is_read_or_asked_for(text: str, found: date | str):
    problems = Problems()
    month = read_month(text, problems)
    assert (problems.found[0].code if problems.found else month) == found


def test_two_places_are_never_one():
    keys = {
        place_key(source, month, dealer_id=dealer, region=region)
        for source in ("Web", "Mail")
        for month in (TODAY.replace(day=1), date(2026, 5, 1))
        for dealer, region in ((1, "East"), (2, "East"), (None, "East"), (None, None))
    }
    assert len(keys) == 16
    assert place_key("WEB", TODAY, dealer_id=1, region="East") == place_key("web", TODAY, dealer_id=1, region="West")
