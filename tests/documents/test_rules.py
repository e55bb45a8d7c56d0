"""What counts on a day, who has to have what, and when somebody is reminded: tables of cases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.problems import Problems
from db.documents import rules

TODAY = date(2026, 6, 29)
DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2080, 12, 31))


def on(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.mark.parametrize(
    "start, end, state",
    [
        (None, None, "valid"),
        (on(-10), None, "valid"),
        (None, on(61), "valid"),
        (None, on(60), "soon"),
        (None, on(0), "soon"),  # the last day still counts
        (None, on(-1), "expired"),
        (on(1), on(400), "later"),
        (on(0), on(400), "valid"),
        (on(5), on(-1), "expired"),
    ],
)
def test_what_a_document_is_worth(start, end, state):
    assert rules.document_state(covered_from=start, expires_on=end, today=TODAY) == state


@pytest.mark.parametrize(
    "dates, required, state",
    [
        ([], True, "missing"),
        ([], False, "not_required"),
        ([(None, on(-1)), (None, on(300))], True, "valid"),
        ([(None, on(-1)), (None, on(10))], True, "soon"),
        ([(None, on(-1))], False, "expired"),
        ([(None, on(-1)), (on(3), on(300))], True, "later"),
        ([(None, None), (None, on(10))], True, "valid"),
    ],
)
def test_several_documents_of_a_type_count_as_the_best(dates, required, state):
    assert rules.coverage(dates, required=required, today=TODAY) == state


@pytest.mark.parametrize(
    "effective, before, covered",
    [
        (None, None, None),
        (on(5), None, on(5)),
        (on(5), (on(-300), on(4)), on(-300)),  # starts the day after: no gap
        (on(5), (on(-300), on(40)), on(-300)),  # overlaps
        (on(5), (on(-300), None), on(-300)),
        (on(5), (on(-300), on(3)), on(5)),  # one day without
        (None, (on(-300), on(3)), None),
    ],
)
def test_a_renewal_covers_without_a_gap_only_where_there_is_none(effective, before, covered):
    assert rules.covered_from(effective, before) == covered


@pytest.mark.parametrize(
    "left, told, due",
    [
        (91, None, None),
        (90, None, 90),
        (61, 90, None),
        (60, 90, 60),
        (60, None, 60),
        (8, 60, 30),
        (7, 30, 7),
        (3, 90, 7),  # the sweep was down: the nearest alone
        (3, 7, None),
        (0, 7, 0),
        (-400, None, 0),
        (-1, 0, None),
    ],
)
def test_the_nearest_threshold_is_told_once(left, told, due):
    assert rules.reminder_due(on(left), TODAY, told=told) == due


def test_without_an_end_nobody_is_reminded():
    assert rules.reminder_due(None, TODAY, told=None) is None
    assert rules.next_reminder(None, told=None) is None


@pytest.mark.parametrize(
    "told, day", [(None, on(200 - 90)), (90, on(200 - 60)), (60, on(200 - 30)), (30, on(193)), (7, on(200)), (0, None)]
)
def test_the_day_of_the_next_reminder(told, day):
    assert rules.next_reminder(on(200), told=told) == day


@given(end=DAYS, pauses=st.lists(st.integers(1, 40), min_size=1, max_size=40))
def test_however_often_the_sweep_runs_each_threshold_is_told_at_most_once_and_expiry_always(end, pauses):
    today, told, said = end - timedelta(days=120), None, []
    for pause in [*pauses, 2000]:
        today += timedelta(days=pause)
        due = rules.reminder_due(end, today, told=told)
        planned = rules.next_reminder(end, told=told)
        assert (due is not None) == (planned is not None and planned <= today)
        if due is not None:
            said.append(due)
            told = due
    assert said == sorted(set(said), reverse=True)
    assert said[-1] == rules.ON_EXPIRY


@pytest.mark.parametrize(
    "day, months, result",
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 6, 15), 0, date(2026, 6, 15)),
        (date(2026, 8, 31), 60, date(2031, 8, 31)),
    ],
)
def test_months_on(day, months, result):
    assert rules.plus_months(day, months) == result


@given(DAYS, st.integers(0, 600))
def test_months_on_is_that_many_months(day, months):
    later = rules.plus_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or later.day < day.day <= 31


@pytest.mark.parametrize(
    "kind, effective, expiry",
    [
        ("licence", date(2026, 7, 1), date(2027, 6, 30)),
        ("contract", date(2026, 7, 1), date(2031, 6, 30)),
        ("tax_id", date(2026, 7, 1), None),
        ("licence", None, None),
        ("unknown", date(2026, 7, 1), None),
    ],
)
def test_the_usual_expiry_fills_in_the_form(kind, effective, expiry):
    assert rules.usual_expiry(kind, effective) == expiry


@pytest.mark.parametrize(
    "expires, starts", [(on(40), on(41)), (on(-5), on(-4)), (on(-365), on(-364)), (on(-366), on(0)), (on(-900), on(0))]
)
def test_when_a_renewal_of_a_licence_usually_starts(expires, starts):
    assert rules.follows_on("licence", expires, today=TODAY) == starts


@pytest.mark.parametrize(
    "ended, expires, until",
    [
        (None, None, None),  # kept as long as it is in force
        (None, date(2026, 12, 31), date(2033, 12, 31)),
        (date(2026, 6, 29), date(2026, 12, 31), date(2033, 12, 31)),
        (date(2026, 6, 29), date(2020, 1, 1), date(2033, 6, 29)),
        (date(2026, 6, 29), None, date(2033, 6, 29)),
    ],
)
def test_how_long_a_licence_is_kept(ended, expires, until):
    assert rules.retention_until("licence", ended_on=ended, expires_on=expires) == until


@pytest.mark.parametrize(
    "kind, effective, expires, wrong",
    [
        ("licence", on(0), on(0), []),
        ("licence", on(0), None, [("expires_on", "required")]),
        ("tax_id", None, None, []),
        ("tax_id", on(3), on(2), [("expires_on", "before_start")]),
        ("tax_id", date(1901, 1, 1), None, [("effective_on", "out_of_range")]),
        ("tax_id", None, date(2300, 1, 1), [("expires_on", "out_of_range")]),
    ],
)
def test_which_days_are_refused(kind, effective, expires, wrong):
    problems = Problems()
    rules.check_dates(rules.TYPES[kind], effective, expires, problems, today=TODAY)
    assert [(p.field, p.code) for p in problems.found] == wrong


def test_what_is_required_is_the_default_until_somebody_decides():
    assert rules.required_types("active", {}) == ("contract", "licence", "insurance", "tax_id")
    assert rules.required_types("active", {"active": ["photo", "contract"]}) == ("contract", "photo")
    assert rules.required_types("active", {"active": []}) == ()
    assert rules.required_types("prospect", {}) == rules.required_types("terminated", {}) == ()


def test_the_types_declare_what_the_forms_need():
    assert set(rules.RENEWABLE) <= {name for name, one in rules.TYPES.items() if one.needs_expiry}
    assert all(one.valid_months for one in rules.TYPES.values() if one.needs_expiry)
    assert all(sorted(one.remind_days, reverse=True) == [90, 60, 30, 7] for one in rules.TYPES.values())
    assert set(rules.STATE_LABELS) == set(rules.STATE_TONES)


@pytest.mark.parametrize(
    "left, words", [(None, "No end"), (0, "today"), (1, "in 1 day"), (-12, "12 days ago"), (1200, "in 1,200 days")]
)
def test_days_left_in_words(left, words):
    assert rules.left_words(left) == words
