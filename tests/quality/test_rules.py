"""Scores, draws, intervals and results as the policy says, and what must hold of any of them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.problems import Problems
from db.quality import rules
from db.quality.coaching_commands import COMMANDS as COACHING_COMMANDS
from db.quality.flow import COACHING
from db.quality.rules import FormItem
from db.workflow.checks import problems_with

A = FormItem(key="a", text="A", weight=3, is_answer=True)
B = FormItem(key="b", text="B", weight=1)
C = FormItem(key="c", text="C", weight=4, is_critical=True)


def test_coaching_is_declared_soundly_with_a_command_for_each_step():
    assert problems_with(COACHING, COACHING_COMMANDS) == []
    assert set(COACHING_COMMANDS) == {s.name for s in COACHING.steps}


def test_the_first_version_is_sound():
    problems = Problems()
    items = rules.checked_items(rules.stored_items(rules.DEFAULT_ITEMS), problems)
    assert problems.found == []
    assert items == rules.DEFAULT_ITEMS
    assert (len(items), sum(i.weight for i in items)) == (12, 100)


SCORES = [
    ({"a": "yes", "b": "yes", "c": "yes"}, 100, 100, True),
    ({"a": "yes", "b": "no", "c": "yes"}, 88, 88, True),  # 7 of 8 = 87.5, rounded half up
    ({"a": "no", "b": "yes", "c": "yes"}, 63, 63, False),  # 62.5
    ({"a": "yes", "b": "yes", "c": "no"}, 0, 50, True),  # critical
    ({"a": "na", "b": "no", "c": "na"}, 0, 0, None),
    ({"a": "yes", "b": "no", "c": "na"}, 75, 75, True),
]


@pytest.mark.parametrize("answers, value, raw, answered", SCORES)
def test_scores(answers, value, raw, answered):
    score = rules.score_of((A, B, C), answers)
    assert score is not None
    assert (score.value, score.raw, score.answered) == (value, raw, answered)


def test_nothing_applies_is_no_score():
    assert rules.score_of((A, B), {"a": "na", "b": "na"}) is None


ITEMS = st.lists(
    st.tuples(st.integers(1, 100), st.booleans(), st.sampled_from(("yes", "no", "na"))), min_size=1, max_size=12
)


def built(rows):
    items = tuple(
        FormItem(key=str(i), text=str(i), weight=w, is_critical=c) for i, (w, c, _) in enumerate(rows)
    )  # fmt: skip
    return items, {str(i): a for i, (_, _, a) in enumerate(rows)}


@given(ITEMS)
def test_a_score_is_the_share_of_the_weights_that_apply(rows):
    items, answers = built(rows)
    score = rules.score_of(items, answers)
    applies = [(w, a) for w, _, a in rows if a != "na"]
    if not applies:
        assert score is None
        return
    assert score is not None
    exact = Fraction(100 * sum(w for w, a in applies if a == "yes"), sum(w for w, _ in applies))
    assert 0 <= score.value <= score.raw <= 100
    assert abs(score.raw - exact) <= Fraction(1, 2)
    assert score.raw - exact != Fraction(-1, 2)  # a half goes up
    failed = any(c and a == "no" for _, c, a in rows)
    assert score.value == (0 if failed else score.raw)


@given(ITEMS, st.integers(1, 100))
def test_an_item_that_does_not_apply_changes_nothing(rows, weight):
    items, answers = built(rows)
    more = (*items, FormItem(key="x", text="x", weight=weight, is_critical=True))
    assert rules.score_of(more, answers | {"x": "na"}) == rules.score_of(items, answers)


@given(ITEMS)
def test_meeting_one_more_item_never_lowers_a_score(rows):
    items, answers = built(rows)
    before = rules.score_of(items, answers)
    for key, answer in answers.items():
        if answer == "no":
            after = rules.score_of(items, answers | {key: "yes"})
            assert before is not None
            assert after is not None
            assert after.value >= before.value


WRONG_ITEMS = [
    ([], "required"),
    ([{"text": " ", "weight": 3}], "required"),
    ([{"text": "A", "weight": None, "is_answer": True}], "not_a_number"),
    ([{"text": "A", "weight": 1.5, "is_answer": True}], "not_a_number"),
    ([{"text": "A", "weight": float("inf"), "is_answer": True}], "not_a_number"),
    ([{"text": "A", "weight": 0, "is_answer": True}], "out_of_range"),
    ([{"text": "x" * 201, "weight": 1, "is_answer": True}], "too_long"),
    ([{"text": "A", "weight": 1}], "one_answer"),
    ([{"text": "A", "weight": 1, "is_answer": True}, {"text": "B", "weight": 1, "is_answer": True}], "one_answer"),
    ([{"text": "A", "weight": 1, "is_answer": True}, {"text": "a", "weight": 1}], "twice"),
]


@pytest.mark.parametrize("rows, code", WRONG_ITEMS)
def test_a_checklist_that_is_refused(rows, code):
    problems = Problems()
    rules.checked_items(rows, problems)
    assert [p.code for p in problems.found] == [code]


def test_new_items_get_keys_nobody_has():
    rows = [{"key": "item_2", "text": "A", "weight": 1, "is_answer": True}, {"text": "B", "weight": 2.0}]
    found = rules.checked_items(rows, Problems())
    assert [(i.key, i.weight) for i in found] == [("item_2", 1), ("item_3", 2)]


POPULATIONS = st.dictionaries(
    st.tuples(st.text("abc", min_size=1, max_size=3), st.just("Name")),
    st.lists(st.integers(1, 500), min_size=1, max_size=40),
    max_size=5,
)


@given(POPULATIONS, st.integers(1, 10**9 - 1), st.integers(1, 20))
def test_a_draw_is_stratified_bounded_and_repeats(by_person, seed, each):
    drawn = rules.draw(by_person, seed=seed, per_person=each)
    assert [(s.username, s.person) for s in drawn] == sorted(by_person)
    for stratum in drawn:
        population = set(by_person[stratum.username, stratum.person])
        assert set(stratum.drawn) <= population
        assert len(set(stratum.drawn)) == len(stratum.drawn) == min(each, len(population))
    shuffled = {k: list(reversed(v)) for k, v in reversed(by_person.items())}
    assert rules.draw(shuffled, seed=seed, per_person=each) == drawn


@given(st.lists(st.integers(1, 500), min_size=1, max_size=40), st.integers(1, 999))
def test_who_else_answered_does_not_change_what_is_drawn_of_a_person(leads, seed):
    alone = rules.draw({("ann", "Ann"): leads}, seed=seed, per_person=3)
    both = rules.draw({("ann", "Ann"): leads, ("bob", "Bob"): [1, 2]}, seed=seed, per_person=3)
    assert both[0] == alone[0]


def test_every_response_can_be_drawn():
    seen = {i for seed in range(1, 200) for i in rules.drawn_of(range(10), seed=seed, person="ann", count=2)}
    assert seen == set(range(10))


def test_a_draw_in_one_sentence():
    said = rules.explain_draw(person="Ann", drawn=3, population=41, period="October 2026", seed=17)
    assert said == "3 of 41 responses of Ann in October 2026, drawn with seed 17"


def sums(*values):
    return {"n": len(values), "total": sum(values), "squares": sum(v * v for v in values)}


INTERVALS = [
    ((), "–"),
    ((80,), "80"),
    ((70, 80, 90), "80 (55 to 100)"),  # 80 ± 4.303 · 10 / √3 = 24.8; cut at 100
    ((80, 80, 80), "80 (80 to 80)"),
    ((60, 70, 80, 90), "75 (54 to 96)"),  # ± 3.182 · 12.91 / 2 = 20.5
]


@pytest.mark.parametrize("values, words", INTERVALS)
def test_a_mean_with_its_interval(values, words):
    assert rules.estimate(**sums(*values)).words == words


@given(st.lists(st.integers(0, 100), min_size=2, max_size=60))
def test_an_interval_holds_its_mean_and_stays_on_the_scale(values):
    found = rules.estimate(**sums(*values))
    assert found.mean is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.mean + 1e-9
    assert found.mean - 1e-9 <= found.high <= 100
    assert found.can_rank == (len(values) >= 10)


@pytest.mark.parametrize("freedom, t", [(1, 12.706), (30, 2.042), (31, 2.042), (45, 2.021), (60, 2.0), (500, 1.98)])
def test_students_t(freedom, t):
    assert rules.t95(freedom) == t


QUANTILES = [
    ([], 0.5, None), ([(4, 1)], 0.9, 4), ([(1, 1), (2, 1)], 0.5, 1), ([(1, 5), (9, 5)], 0.9, 9),
    ([(1, 9), (50, 1)], 0.9, 1), ([(1, 8), (50, 2)], 0.9, 50),
]  # fmt: skip


@pytest.mark.parametrize("histogram, share, value", QUANTILES)
def test_quantiles(histogram, share, value):
    assert rules.quantile(histogram, share) == value


@given(st.lists(st.integers(0, 500), min_size=1, max_size=50), st.sampled_from((0.5, 0.9)))
def test_a_quantile_has_its_share_at_or_below_it(values, share):
    found = rules.quantile(sorted((v, values.count(v)) for v in set(values)), share)
    assert sum(v <= found for v in values) >= share * len(values) - 1e-6
    assert sum(v < found for v in values) < share * len(values)


RESULTS = [
    (60, 5, 70, 5, "better"), (60, 5, 64, 5, "same"), (60, 5, 65, 5, "better"), (60, 5, 55, 5, "worse"),
    (60, 5, 56, 5, "same"), (None, 0, 70, 5, "unknown"), (60, 2, 90, 9, "unknown"), (60, 9, None, 0, "unknown"),
]  # fmt: skip


@pytest.mark.parametrize("then, then_n, now, now_n, result", RESULTS)
def test_what_coaching_led_to(then, then_n, now, now_n, result):
    assert rules.result_of(then=then, then_n=then_n, now=now, now_n=now_n) == result
