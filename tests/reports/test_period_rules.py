"""The days a report speaks of and what they are compared with, as tables of cases."""

from __future__ import annotations

from datetime import date

import pytest

from db.reports.period_rules import PERIODS, Span, before, may_compare, span_of, year_before


def span(first: str, last: str) -> Span:
    return Span(first=date.fromisoformat(first), last=date.fromisoformat(last))


@pytest.mark.parametrize(
    "period, today, expected",
    [
        ("month", "2026-11-27", ("2026-11-01", "2026-11-27")),
        ("month", "2026-11-01", ("2026-11-01", "2026-11-01")),
        ("last", "2026-11-27", ("2026-10-01", "2026-10-31")),
        ("last", "2026-01-05", ("2025-12-01", "2025-12-31")),
        ("last", "2024-03-31", ("2024-02-01", "2024-02-29")),
        ("3", "2026-11-27", ("2026-08-01", "2026-10-31")),
        ("3", "2026-02-10", ("2025-11-01", "2026-01-31")),
        ("12", "2026-11-27", ("2025-11-01", "2026-10-31")),
        ("year", "2026-11-27", ("2026-01-01", "2026-11-27")),
        ("year", "2026-01-01", ("2026-01-01", "2026-01-01")),
        ("nonsense", "2026-11-27", ("2026-08-01", "2026-10-31")),
    ],
)
def test_the_days_of_a_period(period, today, expected):
    assert span_of(period, date.fromisoformat(today)) == span(*expected)


def test_every_period_has_its_own_days():
    assert len({span_of(period, date(2026, 11, 27)) for period in PERIODS}) == len(PERIODS)


@pytest.mark.parametrize(
    "days, expected",
    [
        (("2026-10-01", "2026-10-31"), ("2026-09-01", "2026-09-30")),
        (("2026-08-01", "2026-10-31"), ("2026-05-01", "2026-07-31")),
        (("2025-11-01", "2026-10-31"), ("2024-11-01", "2025-10-31")),
        (("2026-11-01", "2026-11-27"), ("2026-10-01", "2026-10-27")),
        (("2026-03-01", "2026-03-30"), ("2026-02-01", "2026-02-28")),
        (("2026-01-01", "2026-03-10"), ("2025-10-01", "2025-12-10")),
    ],
)
def test_the_period_before(days, expected):
    assert before(span(*days)) == span(*expected)


@pytest.mark.parametrize(
    "days, expected",
    [
        (("2026-08-01", "2026-10-31"), ("2025-08-01", "2025-10-31")),
        (("2026-11-01", "2026-11-27"), ("2025-11-01", "2025-11-27")),
        (("2024-02-01", "2024-02-29"), ("2023-02-01", "2023-02-28")),
        (("2025-02-01", "2025-02-28"), ("2024-02-01", "2024-02-29")),
        (("2024-02-29", "2024-03-10"), ("2023-02-28", "2023-03-10")),
        (("2026-01-01", "2026-01-01"), ("2025-01-01", "2025-01-01")),
    ],
)
def test_the_same_days_a_year_ago(days, expected):
    assert year_before(span(*days)) == span(*expected)


@pytest.mark.parametrize(
    "days, counts_months, is_sum, expected",
    [
        (("2026-10-01", "2026-10-31"), True, True, True),
        (("2026-11-01", "2026-11-27"), True, True, False),
        (("2026-11-01", "2026-11-27"), True, False, True),
        (("2026-11-01", "2026-11-27"), False, True, True),
    ],
)
def test_when_a_change_would_be_fair(days, counts_months, is_sum, expected):
    assert may_compare(span(*days), counts_months=counts_months, is_sum=is_sum) is expected


@pytest.mark.parametrize(
    "days, label, months",
    [
        (("2026-08-01", "2026-10-31"), "1 Aug to 31 Oct 2026", "Aug to Oct 2026"),
        (("2025-11-01", "2026-10-31"), "1 Nov 2025 to 31 Oct 2026", "Nov 2025 to Oct 2026"),
        (("2026-10-01", "2026-10-31"), "1 Oct to 31 Oct 2026", "Oct 2026"),
        (("2026-11-01", "2026-11-05"), "1 Nov to 5 Nov 2026", "1 Nov to 5 Nov 2026"),
    ],
)
def test_days_in_words(days, label, months):
    assert (span(*days).label, span(*days).months) == (label, months)
