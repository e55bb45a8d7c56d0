"""Stacking is the best legal set: the same as trying every subset, whatever the order, with why the others lose."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.incentives.stack_rules import MOST, Offer, conflict, is_legal, resolve

CODES = [f"P{n}" for n in range(7)]
OFFERS = st.lists(
    st.builds(
        Offer, code=st.sampled_from(CODES), cents=st.integers(0, 9), stack_group=st.sampled_from(["", "", "a", "b"]),
        exclusive=st.sampled_from([False, False, True]),
        compatible=st.lists(st.sampled_from(CODES), max_size=2).map(tuple),
    ),
    max_size=7, unique_by=lambda o: o.code,
)  # fmt: skip


def brute(offers):
    subsets = chain.from_iterable(combinations(offers, n) for n in range(len(offers) + 1))
    return max(sum(o.cents for o in some) for some in subsets if is_legal(some))


@given(OFFERS, st.randoms(use_true_random=False))
def test_the_best_legal_set_is_that_of_brute_force(offers, random):
    found = resolve(offers)
    chosen = [o for o in offers if o.code in found.chosen]
    assert is_legal(chosen)
    assert found.cents == sum(o.cents for o in chosen) == brute(offers)
    assert set(found.chosen) | {x.code for x in found.losers} == {o.code for o in offers}
    assert all(x.why.endswith(".") and x.code in x.why for x in found.losers)
    shuffled = list(offers)
    random.shuffle(shuffled)
    assert resolve(shuffled) == found


@given(OFFERS, st.data())
def test_what_was_approved_before_stays(offers, data):
    fixed = data.draw(st.sampled_from(offers).map(lambda o: o.code)) if offers else ""
    marked = [Offer(**{**o.__dict__, "fixed": o.code == fixed}) for o in offers]
    found = resolve(marked)
    assert not fixed or fixed in found.chosen
    assert is_legal([o for o in marked if o.code in found.chosen])


A = Offer(code="A", cents=500, stack_group="cash")
B = Offer(code="B", cents=700, stack_group="cash")
C = Offer(code="C", cents=300)
X = Offer(code="X", cents=900, exclusive=True)
CASES = [
    ([A, C], ("A", "C"), {}),
    ([A, B, C], ("B", "C"), {"A": ("B",)}),
    ([A, C, X], ("X",), {"A": ("X",), "C": ("X",)}),
    ([A, B, C, X], ("B", "C"), {"A": ("B",), "X": ("B", "C")}),
    ([A, Offer(code="B", cents=700, stack_group="cash", compatible=("A",))], ("A", "B"), {}),
    ([C, Offer(code="X", cents=200, exclusive=True, compatible=("C",))], ("C", "X"), {}),
    ([C, Offer(code="N", cents=0)], ("C",), {"N": ()}),
    ([Offer(code="B", cents=5, stack_group="g"), Offer(code="A", cents=5, stack_group="g")], ("A",), {"B": ("A",)}),
    ([Offer(code="A", cents=500, stack_group="cash", fixed=True), B], ("A",), {"B": ("A",)}),
]


@pytest.mark.parametrize(("offers", "chosen", "beaten"), CASES)
def test_who_wins_and_who_beat_the_others(offers, chosen, beaten):
    found = resolve(offers)
    assert found.chosen == chosen
    assert {x.code: x.beaten_by for x in found.losers} == beaten


def test_the_sentence_names_both_sides():
    (loser,) = resolve([A, B]).losers
    assert loser.why == "A ($5) cannot be combined with B: only one of the group cash can be had. B pays $7."
    assert conflict(A, C) == ""


def test_many_programs_of_one_group_are_weighed_quickly_and_too_many_are_refused():
    many = [Offer(code=f"G{n:02}", cents=n, stack_group="one") for n in range(MOST)]
    assert resolve(many).chosen == ("G59",)
    with pytest.raises(ValueError, match="at most"):
        resolve([*many, A])
