"""US federal holidays by rule equal the published list, and the weekday they are kept on is known for any year."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from db.calendar.holidays_us import federal_holidays, federal_holidays_between, observed
from tests.calendar.examples import shared_data


def test_2024_to_2028_equal_the_published_list():
    path = shared_data("holidays", "holidays_2024_2028.csv")
    with path.open(newline="", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["country"] == "US" and not row["subdiv"]]
    published = {date.fromisoformat(row["date"]): row["name"] for row in rows}
    assert len(published) > 55
    assert federal_holidays_between(date(2024, 1, 1), date(2028, 12, 31)) == published


def test_2025_in_full():
    assert [f"{day} {name}" for day, name in federal_holidays(2025).items()] == [
        "2025-01-01 New Year's Day",
        "2025-01-20 Martin Luther King Jr. Day",
        "2025-02-17 Washington's Birthday",
        "2025-05-26 Memorial Day",
        "2025-06-19 Juneteenth National Independence Day",
        "2025-07-04 Independence Day",
        "2025-09-01 Labor Day",
        "2025-10-13 Columbus Day",
        "2025-11-11 Veterans Day",
        "2025-11-27 Thanksgiving Day",
        "2025-12-25 Christmas Day",
    ]


CASES = [
    (date(2026, 7, 3), "Independence Day (observed)", "a holiday on Saturday is kept on Friday"),
    (date(2026, 7, 4), "Independence Day", "the Saturday stays a holiday"),
    (date(2027, 7, 5), "Independence Day (observed)", "a holiday on Sunday is kept on Monday"),
    (date(2021, 12, 31), "New Year's Day (observed)", "New Year on Saturday is kept in the old year"),
    (date(2023, 1, 2), "New Year's Day (observed)", "New Year on Sunday is kept on Monday"),
    (date(2021, 6, 18), "Juneteenth National Independence Day (observed)", "the first Juneteenth was a Saturday"),
    (date(2020, 6, 19), None, "Juneteenth is a holiday since 2021"),
    (date(1985, 1, 21), None, "Martin Luther King Jr. Day is a holiday since 1986"),
    (date(1986, 1, 20), "Martin Luther King Jr. Day", "and was the third Monday at once"),
    (date(1975, 10, 27), "Veterans Day", "Veterans Day was a Monday in October until 1977"),
    (date(1978, 11, 10), "Veterans Day (observed)", "and is 11 November again since 1978"),
    (date(2027, 5, 31), "Memorial Day", "the last of five Mondays"),
    (date(2026, 5, 25), "Memorial Day", "the last of four Mondays"),
    (date(2029, 11, 22), "Thanksgiving Day", "the fourth Thursday, not the last"),
    (date(2025, 1, 20), "Martin Luther King Jr. Day", "Inauguration Day adds nothing"),
]


@pytest.mark.parametrize("day, name, why", CASES, ids=[case[-1] for case in CASES])
def test_a_holiday(day, name, why):
    assert federal_holidays(day.year).get(day) == name, why


def test_every_year_has_its_holidays_in_order_and_each_has_a_weekday_off():
    for year in range(1971, 2101):
        days = federal_holidays(year)
        assert list(days) == sorted(days)
        assert all(day.year == year for day in days)
        actual = [day for day, name in days.items() if not name.endswith("(observed)")]
        assert len(actual) == 9 + (year >= 1986) + (year >= 2021)
        assert all(observed(day).weekday() < 5 for day in actual)


def test_a_range_takes_both_ends_and_crosses_years():
    found = federal_holidays_between(date(2027, 12, 24), date(2028, 1, 1))
    assert list(found) == [date(2027, 12, 24), date(2027, 12, 25), date(2027, 12, 31), date(2028, 1, 1)]


def test_years_before_the_present_rules_are_refused():
    with pytest.raises(ValueError, match="1971"):
        federal_holidays(1970)
