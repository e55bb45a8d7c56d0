"""The days a report speaks of and what they are compared with, as tables of cases."""

from __future__ import annotations

from datetime import date

import pytest

from db.reports.period_rules import (
    MOST_BACK,
    PERIODS,
    Span,
    before,
    may_compare,
    own_months,
    own_span,
    span_of,
    trend_end,
    year_before,
)


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
    "since, until, expected",
    [
        ("2026-03", "2026-05", ("2026-03-01", "2026-05-31")),
        ("2026-05", "2026-03", ("2026-03-01", "2026-05-31")),
        ("2026-03", "", ("2026-03-01", "2026-03-31")),
        ("", "2026-11", ("2026-11-01", "2026-11-27")),
        ("2026-02", "2026-11", ("2026-02-01", "2026-11-27")),
        ("", "", ("2026-10-01", "2026-10-31")),
        ("2027-01", "1999-01", ("2026-10-01", "2026-10-31")),
        ("nonsense", "2026-04", ("2026-04-01", "2026-04-30")),
    ],
)
def test_months_of_ones_own(since, until, expected):
    assert own_span(since, until, date(2026, 11, 27)) == span(*expected)


def test_the_months_on_offer_are_whole_and_end_with_today():
    offered = list(own_months(date(2026, 11, 27)))
    assert (offered[0], offered[-1], len(offered)) == ("2026-11", "2023-12", MOST_BACK)


@pytest.mark.parametrize(
    "days, drawn, expected",
    [
        (("2026-08-01", "2026-10-31"), None, "2026-10-31"),
        (("2026-11-01", "2026-11-27"), None, "2026-11-27"),
        (("2026-01-01", "2026-11-27"), None, "2026-11-27"),
        (("2025-11-01", "2026-01-31"), None, "2026-10-31"),
        (("2025-10-01", "2025-12-31"), None, "2025-12-31"),
        (("2026-03-01", "2026-04-30"), "2026-11-27", "2026-11-27"),
        (("2026-03-01", "2026-04-30"), "2026-10-31", "2026-10-31"),
        (("2025-12-01", "2026-04-30"), "2026-11-27", "2026-11-27"),
        (("2025-11-01", "2026-04-30"), "2026-11-27", "2026-10-31"),
        (("2026-11-01", "2026-11-27"), "2026-10-31", "2026-11-27"),
        (("2024-03-01", "2024-04-30"), "2026-10-31", "2024-04-30"),
        (("2026-03-01", "2026-04-30"), "2026-12-31", "2026-10-31"),
    ],
)
def test_where_a_year_of_months_ends(days, drawn, expected):
    at = date.fromisoformat(drawn) if drawn else None
    found = trend_end(span(*days), date(2026, 11, 27), drawn=at)
    assert found == date.fromisoformat(expected)


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
