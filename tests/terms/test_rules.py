"""Terms as rules: which value holds on a day, what may be typed, and what a change means in words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.problems import Problems
from db.terms import rules
from db.terms.rules import (
    BY_NAME,
    KINDS,
    TermRow,
    difference_label,
    find_kind,
    raised,
    read_value,
    value_label,
    value_on,
)

FIRST = date(2026, 1, 1)
days = st.integers(0, 40).map(lambda n: FIRST + timedelta(days=n))
values = st.one_of(st.none(), st.integers(0, 5), st.sampled_from(["Gold", "Silver"]))


@given(st.lists(st.tuples(days, values), max_size=12), days)
def test_the_value_on_a_day_is_what_somebody_who_painted_the_days_would_see(recorded, on):
    """The slow model: each row, in the order it was recorded, paints every day up to the next later beginning."""
    rows = [
        TermRow(valid_from=day, recorded=n, **({"word": v} if isinstance(v, str) else {"number": v}))
        for n, (day, v) in enumerate(recorded)
    ]  # fmt: skip
    by_day = {}
    for day, value in recorded:
        by_day[day] = value  # of one day the last counts
    painted = None
    for n in range(41):
        day = FIRST + timedelta(days=n)
        painted = by_day.get(day, painted)
        if day == on:
            break
    assert value_on(rows, on) == painted
    assert value_on(list(reversed(rows)), on) == painted
    assert value_on(rows, FIRST - timedelta(days=1)) is None


TYPED = [
    ("labour_rate", "145", 145_00), ("labour_rate", "$1,45.005", 145_01), ("labour_rate", "145.00 per hour", 145_00),
    ("parts_markup", "37.5 %", 37_50), ("credit_limit", "2,600,000", 2_600_000_00), ("tier", " gold ", "Gold"),
    ("payment_terms", "30 days", 30), ("payment_terms", "net 45", 45), ("auth_tires", "2", 2),
    ("auth_other_labour", "1.25 h", 1_25), ("auth_paint", "0", 0), ("credit_limit", "none", None),
    ("tier", "No value", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "value"), TYPED)
def test_what_people_type_is_read(kind, text, value):
    problems = Problems()
    assert read_value(BY_NAME[kind], text, problems) == value
    assert problems.found == []


REFUSED = [
    ("labour_rate", "", "required"), ("labour_rate", "a lot", "not_a_number"), ("labour_rate", "5", "out_of_range"),
    ("labour_rate", "1e99", "not_a_number"), ("labour_rate", "nan", "not_a_number"), ("tier", "Tin", "unknown_word"),
    ("payment_terms", "30.5", "not_whole"), ("payment_terms", "-1", "out_of_range"),
    ("auth_tires", "21", "out_of_range"), ("parts_markup", "150.01", "out_of_range"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "code"), REFUSED)
def test_what_cannot_be_a_value_is_refused_with_its_reason(kind, text, code):
    problems = Problems()
    read_value(BY_NAME[kind], text, problems)
    assert [(p.field, p.code) for p in problems.found] == [("value", code)]
    assert problems.found[0].message.endswith(".")


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: str(k.name))
def test_every_kind_is_declared_soundly(kind):
    problems = Problems()
    assert (kind.unit == "word") == bool(kind.choices)
    assert kind.unit == "word" or kind.lowest < kind.highest
    if kind.suggestion is not None:
        assert read_value(kind, rules.typed_label(kind, kind.suggestion), problems) == kind.suggestion
    assert read_value(kind, rules.example(kind), problems) is not None
    assert problems.found == []
    assert find_kind(kind.label.upper()) == kind
    assert find_kind(kind.name) == kind
    assert len({k.head for k in KINDS}) == len(KINDS)


def test_a_term_is_found_by_the_american_spelling_too():
    assert find_kind("Labor rate") is BY_NAME["labour_rate"]
    assert find_kind("Self authorization - other labor") is BY_NAME["auth_other_labour"]
    assert find_kind("colour") is None
    assert find_kind(" ") is None


@given(st.sampled_from([k for k in KINDS if k.unit != "word"]), st.data())
def test_a_value_survives_being_shown_and_typed_again(kind, data):
    value = data.draw(st.integers(kind.lowest, kind.highest))
    problems = Problems()
    assert read_value(kind, rules.typed_label(kind, value), problems) == value
    assert problems.found == []


RAISED = [(145_00, 4_00, 150_80), (136_25, 3_50, 141_02), (10_05, 50, 10_10), (100_00, -2_50, 97_50), (1, 50_00, 2)]


@pytest.mark.parametrize(("value", "share", "result"), RAISED)
def test_a_share_is_rounded_half_up(value, share, result):
    assert raised(value, share) == result


DIFFERENCES = [
    ("labour_rate", 145_00, 152_00, "+7.00 an hour (+4.8%)"),
    ("labour_rate", 152_00, 145_00, "\N{MINUS SIGN}7.00 an hour (\N{MINUS SIGN}4.6%)"),
    ("parts_markup", 37_50, 60_00, "+22.50 points (+60.0%)"),
    ("credit_limit", 0, 500_00, "+500.00"),
    ("credit_limit", None, 500_00, "First value"),
    ("credit_limit", 500_00, None, "Ends the value"),
    ("credit_limit", 500_00, 500_00, "No difference"),
    ("payment_terms", 30, 31, "+1 day (+3.3%)"),
    ("tier", "Silver", "Platinum", "2 tiers up"),
    ("tier", "Gold", "Silver", "1 tier down"),
    ("tier", "Old word", "Silver", "Another word"),
]


@pytest.mark.parametrize(("kind", "old", "new", "words"), DIFFERENCES)
def test_a_change_in_words(kind, old, new, words):
    assert difference_label(BY_NAME[kind], old, new) == words


SHOWN = [
    ("labour_rate", 1_234_50, "1,234.50 an hour"), ("parts_markup", 37_50, "37.50%"), ("payment_terms", 1, "1 day"),
    ("auth_tires", 2, "2 a repair order"), ("auth_other_labour", 1_05, "1.05 h"), ("credit_limit", 5, "0.05"),
    ("tier", "Gold", "Gold"), ("tier", None, "No value"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "words"), SHOWN)
def test_a_value_in_words(kind, value, words):
    assert value_label(BY_NAME[kind], value) == words


TODAY = date(2026, 6, 29)
DAYS = [
    ("today", TODAY, "", False, []),
    ("ahead", date(2027, 6, 29), "", False, []),
    ("the past with a reason", date(2026, 6, 28), "Entered a month late", True, []),
    ("the past with a short reason", date(2026, 6, 28), " too short     ", True, [("reason", "too_short")]),
    ("no day", None, "", False, [("valid_from", "required")]),
    ("before terms were kept", date(1999, 12, 31), "Entered a month late", True, [("valid_from", "too_early")]),
    ("far ahead", date(2030, 1, 1), "", False, [("valid_from", "too_late")]),
    ("too many words", TODAY, "x" * 1_001, False, [("reason", "too_long")]),
]


@pytest.mark.parametrize(("day", "reason", "is_past", "found"), [d[1:] for d in DAYS], ids=[d[0] for d in DAYS])
def test_the_day_a_change_may_begin(day, reason, is_past, found):
    problems = Problems()
    assert rules.check_day(day, today=TODAY, reason=reason, problems=problems) is is_past
    assert [(p.field, p.code) for p in problems.found] == found
