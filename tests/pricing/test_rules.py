"""Bands, stand-ins and signatures as tables of cases, and the properties they must have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.problems import Problems
from db.pricing.away_rules import LONGEST, Away, chain, check_away, present, signs_for
from db.pricing.band_rules import DEFAULT, STOP, Asked, discount_of, judge, money, percent, share
from db.pricing.sign_rules import Authority, Signed, missing, right_to_sign
from db.pricing.terms_rules import Terms, check_terms, subject_key, typed_again

# ---------------------------------------------------------------------------------------------------------------- bands
BASE = Asked(list_cents=20_000_00, cost_cents=10_000_00, discount_cents=200_00, units=1, budget_left=10_000_000_00)
BANDS = [
    # what differs, the bound, its level, the level of the whole
    ({}, "percent", 0, 0),
    ({"discount_cents": 400_00}, "percent", 0, 0),  # exactly 2%
    ({"discount_cents": 400_01}, "percent", 1, 1),  # 2.00005%: no rounding into a lower band
    ({"discount_cents": 800_00}, "percent", 1, 1),
    ({"discount_cents": 800_01}, "percent", 2, 2),
    ({"discount_cents": 3_000_00}, "percent", 2, 2),
    ({"discount_cents": 3_000_01}, "percent", 3, 3),
    ({"discount_cents": 7_000_00}, "percent", 3, 3),
    ({"discount_cents": 7_000_01}, "percent", STOP, STOP),
    ({"units": 5}, "amount", 0, 0),  # 1,000.00
    ({"units": 6}, "amount", 1, 1),
    ({"units": 50}, "amount", 1, 1),
    ({"units": 51}, "amount", 2, 2),
    ({"units": 250}, "amount", 2, 2),
    ({"units": 251}, "amount", 3, 3),
    ({"units": 1250}, "amount", 3, 3),
    ({"units": 1251}, "amount", STOP, STOP),
    ({"cost_cents": 18_216_00}, "margin", 0, 0),  # 1,584 of 19,800: exactly 8%
    ({"cost_cents": 18_216_01}, "margin", 1, 1),
    ({"cost_cents": 18_612_00}, "margin", 1, 1),  # 6%
    ({"cost_cents": 18_612_01}, "margin", 2, 2),
    ({"cost_cents": 19_206_00}, "margin", 2, 2),  # 3%
    ({"cost_cents": 19_206_01}, "margin", 3, 3),
    ({"cost_cents": 21_780_00}, "margin", 3, 3),  # a loss of 10%
    ({"cost_cents": 21_780_01}, "margin", STOP, STOP),
    ({"discount_cents": 20_000_00}, "margin", STOP, STOP),
    ({"budget_left": 2_000_00}, "budget", 0, 0),  # a tenth
    ({"budget_left": 1_999_99}, "budget", 1, 1),
    ({"budget_left": 400_00}, "budget", 1, 1),
    ({"budget_left": 399_99}, "budget", 2, 2),
    ({"budget_left": 200_00}, "budget", 2, 2),
    ({"budget_left": 199_99}, "budget", STOP, STOP),
    ({"budget_left": 0}, "budget", STOP, STOP),
    ({"budget_left": -5}, "budget", STOP, STOP),
    ({"budget_left": None}, "budget", 1, 1),
    ({"legal_text": True}, "legal", 3, 3),
    ({"discount_cents": 800_01, "legal_text": True}, "percent", 2, 3),  # the highest wins, each is still shown
]


@pytest.mark.parametrize("changed, name, level, whole", BANDS)
def test_a_band(changed: dict[str, Any], name: str, level: int, whole: int):
    judged = judge(replace(BASE, **changed))
    assert {b.name: b.level for b in judged.bounds}[name] == level
    assert judged.level == whole
    assert [b.name for b in judged.bounds] == ["percent", "amount", "margin", "budget", "legal"]
    assert all(b.sentence.endswith(".") for b in judged.bounds)
    assert all(b.level == whole for b in judged.deciding)
    assert judged.deciding


def test_a_bound_says_what_was_compared_with_what():
    words = {b.name: b.sentence for b in judge(replace(BASE, discount_cents=900_00, units=2)).bounds}
    assert words["percent"] == "4.5% off the list price: up to 15% is for level 2."
    assert words["amount"] == "$1,800 in all: up to $10,000 is for level 1."
    assert words["margin"] == "47.64% margin left: at least 8% needs nobody."
    stopped = {b.name: b.sentence for b in judge(replace(BASE, discount_cents=9_000_00, budget_left=100_00)).bounds}
    assert stopped["percent"] == "45% off the list price: above 35%, which nobody may approve."
    assert stopped["budget"] == "Only $100 of the budget is left; raise the budget first."


cents = st.integers(min_value=0, max_value=30_000_00)
asked = st.builds(
    Asked, list_cents=st.integers(min_value=1, max_value=30_000_00), cost_cents=cents, discount_cents=cents,
    units=st.integers(min_value=1, max_value=500), legal_text=st.booleans(),
    budget_left=st.integers(min_value=0, max_value=900_000_00),
)  # fmt: skip


@given(asked, st.integers(min_value=0, max_value=100_000_00), st.sampled_from(("discount", "units", "cost", "budget")))
def test_raising_a_number_never_lowers_the_level(one: Asked, more: int, what: str):
    worse: dict[str, Any] = {
        "discount": {"discount_cents": one.discount_cents + more}, "units": {"units": one.units + more},
        "cost": {"cost_cents": one.cost_cents + more}, "budget": {"budget_left": (one.budget_left or 0) - more},
    }[what]  # fmt: skip
    before, after = judge(one), judge(replace(one, **worse))
    assert after.level >= before.level
    assert all(b.level >= a.level for a, b in zip(before.bounds, after.bounds, strict=True))


@given(asked)
def test_legal_wording_never_lowers_the_level_and_the_highest_bound_wins(one: Asked):
    assert judge(replace(one, legal_text=True)).level >= judge(replace(one, legal_text=False)).level
    judged = judge(one)
    assert judged.level == max(b.level for b in judged.bounds)


@pytest.mark.parametrize(
    "words, found",
    [
        (money(123450), "$1,234.50"), (money(60000), "$600"), (money(-5000), "−$50"), (percent(450), "4.5%"),
        (percent(-1000), "−10%"), (str(share(1, 3)), "3333"), (str(share(2, 3)), "6667"), (str(share(-1, 8)), "-1250"),
        (str(share(5, 0)), "0"), (str(discount_of(33_33, 1_50)), "50"), (str(discount_of(1_00, 50)), "1"),
    ],
)  # fmt: skip
def test_figures_in_words(words: str, found: str):
    assert words == found


# ---------------------------------------------------------------------------------------------------------------- terms
GOOD = Terms(subject="  Roadster   GT ", list_cents=100_00, cost_cents=80_00, percent=4_00, reason="Why")
WRONG = [
    ({"kind": "boat"}, "kind"), ({"repeats": "often"}, "repeats"), ({"subject": " "}, "subject"),
    ({"subject": "x" * 121}, "subject"), ({"reason": ""}, "reason"), ({"list_cents": None}, "list_cents"),
    ({"list_cents": 0}, "list_cents"), ({"cost_cents": None}, "cost_cents"), ({"cost_cents": -1}, "cost_cents"),
    ({"units": 0}, "units"), ({"units": None}, "units"), ({"units": 10_001}, "units"),
    ({"valid_days": 0}, "valid_days"),
    ({"valid_days": 181}, "valid_days"), ({"percent": None}, "percent"), ({"discount_cents": 5}, "percent"),
    ({"percent": 0}, "percent"), ({"percent": 100_01}, "percent"), ({"list_cents": 1, "percent": 1}, "percent"),
    ({"percent": None, "discount_cents": 0}, "discount_cents"),
    ({"percent": None, "discount_cents": 100_01}, "discount_cents"),
]  # fmt: skip


@pytest.mark.parametrize("changed, field", WRONG)
def test_terms_that_are_refused_say_where(changed: dict[str, Any], field: str):
    problems = Problems()
    assert check_terms(replace(GOOD, **changed), problems) is None
    assert [p.field for p in problems.found] == [field]


def test_sound_terms():
    problems = Problems()
    sound = check_terms(GOOD, problems)
    assert sound is not None
    assert (sound.subject, sound.discount_cents, sound.valid_days, sound.percent) == ("Roadster GT", 4_00, 30, 4_00)
    assert sound.words() == "4% off Roadster GT, 1 unit, $4"
    assert check_terms(typed_again(sound), problems) == sound
    assert subject_key(" Roadster  gt") == subject_key("ROADSTER GT")


# ------------------------------------------------------------------------------------------------------------ stand-ins
T = datetime(2026, 11, 1, tzinfo=UTC)


def away(person: int, stand_in: int | None, first: int = 0, last: int = 10) -> Away:
    return Away(
        person=person, stand_in=stand_in, starts_at=T + timedelta(days=first), until_at=T + timedelta(days=last)
    )


CHAINS = [
    ([], ()),
    ([away(1, 2)], (2,)),
    ([away(1, None)], ()),
    ([away(1, 2), away(2, 3)], (2, 3)),
    ([away(1, 2), away(2, 3), away(3, 4), away(4, 5)], (2, 3, 4)),  # at most three times
    ([away(1, 2), away(2, 1)], (2,)),  # a circle ends where it began
    ([away(1, 2), away(2, 3), away(3, 2)], (2, 3)),
    ([away(1, 1)], ()),
    ([away(1, 2, 6)], ()),  # not yet
    ([away(1, 2, 0, 5)], ()),  # the last moment does not count
    ([away(1, 2, 5)], (2,)),  # the first does
]


@pytest.mark.parametrize("known, found", CHAINS)
def test_a_chain_of_stand_ins(known: list[Away], found: tuple[int, ...]):
    assert chain(known, 1, T + timedelta(days=5)) == found


PRESENT = [
    ([], [1, 2], (1, 2)),
    ([away(1, None)], [1, 2], (2,)),  # out of office: skipped
    ([away(1, 3)], [1, 2], (3, 2)),
    ([away(1, 2)], [1, 2], (2,)),  # never twice
    ([away(1, 3), away(3, 4)], [1], (4,)),  # the stand-in is away too
    ([away(1, 3), away(3, None)], [1], ()),
    ([away(1, 2), away(2, 1)], [1, 2], ()),
]


@pytest.mark.parametrize("known, people, found", PRESENT)
def test_whom_to_ask(known: list[Away], people: list[int], found: tuple[int, ...]):
    assert present(known, people, T + timedelta(days=1)) == found


CHECKED = [
    ([], away(1, 2), []),
    ([], away(1, 1), ["self"]),
    ([], away(1, 2, 5, 5), ["order"]),
    ([], away(1, 2, -9, -5), ["past"]),
    ([away(1, 3, 5, 8)], away(1, 2), ["overlap"]),
    ([away(1, 3, 10, 12)], away(1, 2), []),  # one ends as the other begins
    ([away(2, 1)], away(1, 2), ["circle"]),
    ([away(2, 3), away(3, 1)], away(1, 2), ["circle"]),
    ([away(2, 1, 8, 20)], away(1, 2), ["circle"]),  # only for its last days
    ([away(2, 1, 10, 20)], away(1, 2), []),
    ([away(2, 3), away(3, 4)], away(1, 2), []),
    ([away(2, 3), away(3, 4), away(4, 5)], away(1, 2), ["too_long"]),
    ([away(8, 9), away(9, 1), away(2, 3)], away(1, 2), ["too_long"]),  # in the middle of one
]


@pytest.mark.parametrize("known, new, codes", CHECKED)
def test_what_speaks_against_an_absence(known: list[Away], new: Away, codes: list[str]):
    problems = Problems()
    check_away(new, known, now=T, problems=problems)
    assert [p.code for p in problems.found] == codes


people = st.integers(min_value=1, max_value=6)
entries = st.lists(
    st.builds(
        away, people, st.one_of(st.none(), people), st.integers(min_value=0, max_value=8),
        st.integers(min_value=9, max_value=15),
    ),
    max_size=12,
)  # fmt: skip


@given(entries, people, st.integers(min_value=0, max_value=16))
def test_any_chain_is_bounded_names_nobody_twice_and_ends(known: list[Away], person: int, day: int):
    found = chain(known, person, T + timedelta(days=day))
    assert len(found) <= LONGEST
    assert len(set(found)) == len(found)
    assert person not in found


@given(entries, st.integers(min_value=0, max_value=16))
def test_entries_taken_one_by_one_never_close_a_circle_nor_make_a_longer_chain(known: list[Away], day: int):
    """Whatever is refused, what was taken is sound at every moment: everybody's chain ends, within its length."""
    taken: list[Away] = []
    for one in known:
        problems = Problems()
        check_away(one, taken, now=T - timedelta(days=1), problems=problems)
        if not problems.found:
            taken.append(one)
    at = T + timedelta(days=day)
    links = {a.person: a.stand_in for a in taken if a.holds(at) and a.stand_in is not None}
    for person in links:
        steps, here = 0, person
        while here in links:
            here = links[here]
            steps += 1
            assert here != person
            assert steps <= LONGEST


@given(entries, people, people, st.integers(min_value=0, max_value=16))
def test_who_signs_for_whom_is_the_chain_read_backwards(known: list[Away], a: int, b: int, day: int):
    at = T + timedelta(days=day)
    assert (a in signs_for(known, b, at)) == (b in chain(known, a, at))


# ----------------------------------------------------------------------------------------------------------- signatures
SIGN, BOTH, LEGAL = DEFAULT.levels
CORA = Authority(username="cora", permissions=frozenset({"pricing.sign"}))
MASON = Authority(username="mason", permissions=frozenset({"pricing.sign", "pricing.authorize", "pricing.legal"}))
FINN = Authority(username="finn", permissions=frozenset({"pricing.price"}))


def signed(level: int, permission: str, who: str, whose: str = "") -> Signed:
    return Signed(level=level, permission=f"pricing.{permission}", username=who, for_username=whose)


RIGHTS = [
    (SIGN, [], CORA, [], "dora", "pricing.sign", ""),
    (SIGN, [], FINN, [], "dora", "", "no_authority"),
    (SIGN, [], CORA, [], "cora", "", "own_request"),
    (SIGN, [], FINN, [replace(CORA, is_own=False)], "dora", "pricing.sign", ""),  # as a stand-in
    (SIGN, [], FINN, [replace(CORA, is_own=False)], "cora", "", "own_request"),  # not for who asked
    (BOTH, [signed(1, "sign", "cora")], MASON, [], "dora", "pricing.authorize", ""),
    (BOTH, [signed(1, "sign", "mason")], MASON, [], "dora", "", "own_signature"),
    (BOTH, [signed(1, "sign", "cora", "mason")], MASON, [], "dora", "", "own_signature"),  # their own hand
    (BOTH, [signed(2, "authorize", "mason")], MASON, [], "dora", "", "no_authority"),
    (BOTH, [signed(2, "authorize", "mason")], FINN, [], "dora", "pricing.price", ""),
    (BOTH, [signed(2, "authorize", "mason")], MASON, [replace(FINN, is_own=False)], "dora", "", "own_signature"),
    (LEGAL, [signed(1, "sign", "mason")], MASON, [], "dora", "pricing.legal", ""),  # not in a row
    (LEGAL, [signed(2, "authorize", "mason")], MASON, [], "dora", "", "own_signature"),
]


@pytest.mark.parametrize("level, before, who, others, asked_by, permission, problem", RIGHTS)
def test_who_may_sign(level, before, who, others, asked_by, permission, problem):
    right = right_to_sign(level, before, username=who.username, held=[*others, who], submitted_by=asked_by)
    assert (right.permission, right.problem) == (permission, problem)


def test_any_of_and_all_of():
    assert missing(SIGN, []) == ("pricing.sign",)
    assert missing(SIGN, [signed(1, "sign", "cora")]) == ()
    assert missing(BOTH, [signed(2, "price", "finn")]) == ("pricing.authorize",)
    either = replace(BOTH, mode="any")
    assert missing(either, [signed(2, "price", "finn")]) == ()
    assert missing(either, [signed(1, "price", "finn")]) == either.permissions
