"""CSI, SSI and NPS by the book: vectors of domain-rules 2.2b, bounds, and what makes a survey suspicious."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.intervals import share_interval
from db.core.problems import Problems
from db.surveys import rules
from db.surveys.rules import Figures, Question, Returned


def q(key: str, weight: int = 10, best: int = 5, top_from: int | None = None, **other: bool) -> Question:
    return Question(key=key, text=key, weight=weight, best=best, top_from=top_from or best, **other)


def found(interval: rules.Interval | None) -> rules.Interval:
    assert interval is not None
    return interval


NPS_Q = q("q9", 0, 10, 9, is_nps=True)
SCORES = [
    ("all best", [q("q1"), q("q2")], {"q1": 5, "q2": 5}, (10_000, 2, 2, None)),
    ("weights count", [q("q1", 60), q("q2", 40, 10, 9)], {"q1": 5, "q2": 5}, (8_000, 2, 1, None)),
    ("only what was answered", [q("q1", 60), q("q2", 40)], {"q1": 4}, (8_000, 1, 0, None)),
    ("a top mark below the best", [q("q1", 1, 10, 9)], {"q1": 9}, (9_000, 1, 1, None)),
    ("the NPS weighs nothing", [q("q1"), NPS_Q], {"q1": 4, "q9": 9}, (8_000, 1, 0, 1)),
    ("only the NPS", [q("q1"), NPS_Q], {"q9": 7}, (None, 0, 0, 0)),
    ("nothing", [q("q1"), NPS_Q], {}, (None, 0, 0, None)),
    ("a third, rounded", [q("q1", 1, 3)], {"q1": 1}, (3_333, 1, 0, None)),
    ("two thirds, rounded up", [q("q1", 1, 3)], {"q1": 2}, (6_667, 1, 0, None)),
    ("half of a hundredth goes up", [q("q1", 1, 800, 800)], {"q1": 1}, (13, 1, 0, None)),
]


@pytest.mark.parametrize(("questions", "answers", "expected"), [c[1:] for c in SCORES], ids=[c[0] for c in SCORES])
def test_one_survey(questions, answers, expected):
    found = rules.score(questions, answers, alert_below=0)
    assert (found.index_hundredths, found.answers, found.tops, found.nps) == expected


BOTTOM = [
    ("happy", {"q1": 5, "q9": 9}, 6_000, ()),
    ("the lowest answer", {"q1": 1}, 0, ("Lowest answer: q1",)),
    ("a detractor", {"q1": 5, "q9": 6}, 0, ("Would recommend: 6 of 10",)),
    ("a passive", {"q1": 5, "q9": 7}, 0, ()),
    ("below the mark", {"q1": 3}, 6_001, ("Index 60.0 below 60.0",)),
    ("exactly the mark", {"q1": 3}, 6_000, ()),
    ("everything", {"q1": 1, "q9": 0}, 6_000,
     ("Lowest answer: q1", "Would recommend: 0 of 10", "Index 20.0 below 60.0")),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "below", "expected"), [c[1:] for c in BOTTOM], ids=[c[0] for c in BOTTOM])
def test_who_is_unhappy(answers, below, expected):
    assert rules.score([q("q1"), NPS_Q], answers, alert_below=below).bottom == expected


@pytest.mark.parametrize(("answer", "expected"), [(0, -1), (6, -1), (7, 0), (8, 0), (9, 1), (10, 1)])
def test_promoters_passives_detractors(answer, expected):
    assert rules.nps_class(answer) == expected


NPS_CASES = [
    ((46, 30, 24), 22.0), ((0, 0, 0), None), ((1, 0, 0), 100.0), ((0, 0, 1), -100.0), ((1, 1, 1), 0.0),
    ((2, 1, 0), 66.7), ((0, 1, 2), -66.7),
]  # fmt: skip


@pytest.mark.parametrize(("counts", "expected"), NPS_CASES)
def test_nps(counts, expected):
    promoters, passives, detractors = counts
    assert Figures(promoters=promoters, passives=passives, detractors=detractors).nps == expected


def test_nps_interval_of_the_book_case():
    low, high = found(Figures(promoters=46, passives=30, detractors=24).nps_interval)
    assert (round(low, 1), round(high, 1)) == (6.2, 37.8)  # 22 ± 1.96 · √(0.6516 / 100)


WILSON = [((0, 0), None), ((0, 10), (0.0, 0.2775)), ((10, 10), (0.7225, 1.0)), ((5, 10), (0.2366, 0.7634)),
          ((81, 263), (0.2553, 0.3662))]  # fmt: skip


@pytest.mark.parametrize(("share", "expected"), WILSON)
def test_wilsons_interval(share, expected):
    found = share_interval(*share)
    assert (found and tuple(round(v, 4) for v in found)) == expected


def test_interval_of_a_mean_uses_students_t():
    values = [7_000, 8_000, 9_000]
    low, high = found(rules.mean_interval(3, sum(values), sum(v * v for v in values), highest=20_000))
    assert (round(low), round(high)) == (5516, 10484)  # 8000 ± 4.303 · 1000 / √3
    assert rules.mean_interval(1, 7_000, 49_000_000) is None
    assert rules.mean_interval(2, 14_000, 98_000_000) == (7_000, 7_000)


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(1, 12.706), (9, 2.262), (30, 2.042), (35, 2.042), (40, 2.021), (90, 2.0), (5000, rules.Z)],
)
def test_students_t(degrees, expected):
    assert rules.t_95(degrees) == expected


ROUNDING = [(0, "0.0"), (8749, "87.5"), (8744, "87.4"), (8745, "87.5"), (10_000, "100.0"), (5, "0.1"), (4, "0.0")]


@pytest.mark.parametrize(("hundredths", "expected"), ROUNDING)
def test_one_decimal_half_up(hundredths, expected):
    assert rules.one_decimal(hundredths) == expected


def test_ranks_leave_the_small_out():
    big, bigger, small = (Figures(indexed=n, index_total=n * v) for n, v in ((10, 8000), (12, 9000), (9, 10_000)))
    assert rules.ranks({1: big, 2: bigger, 3: small, 4: big}) == {2: 1, 1: 2, 4: 2}


# ---- properties ------------------------------------------------------------------------------------------------------
@st.composite
def surveys(draw):
    questions = [
        q(f"q{n}", draw(st.integers(1, 50)), draw(st.integers(2, 12))) for n in range(1, draw(st.integers(2, 7)))
    ]
    answers = {one.key: draw(st.integers(one.lowest, one.best)) for one in questions if draw(st.booleans())}
    return questions, answers


@given(surveys())
def test_index_lies_between_worst_and_best_answer(made):
    questions, answers = made
    scored = rules.score(questions, answers, alert_below=0)
    if not answers or scored.index_hundredths is None:
        assert not answers
        assert scored.index_hundredths is None
        return
    shares = [Fraction(10_000 * answers[one.key], one.best) for one in questions if one.key in answers]
    assert rules.half_up(min(shares)) <= scored.index_hundredths <= rules.half_up(max(shares))
    assert 0 <= scored.tops <= scored.answers == len(answers)


@given(surveys(), st.integers(2, 9), st.randoms())
def test_index_knows_neither_the_unit_of_weights_nor_the_order(made, factor, chance):
    questions, answers = made
    first = rules.score(questions, answers, alert_below=0)
    heavier = [q(one.key, one.weight * factor, one.best) for one in questions]
    chance.shuffle(heavier)
    second = rules.score(heavier, answers, alert_below=0)
    assert (first.index_hundredths, first.tops) == (second.index_hundredths, second.tops)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_nps_and_its_interval_stay_in_bounds(promoters, passives, detractors):
    figures = Figures(promoters=promoters, passives=passives, detractors=detractors)
    if figures.nps is None:
        assert figures.nps_interval is None
        return
    low, high = found(figures.nps_interval)
    assert -100 <= low <= high <= 100
    assert low - 0.06 <= figures.nps <= high + 0.06
    turned = Figures(promoters=detractors, passives=passives, detractors=promoters)
    assert turned.nps == -figures.nps


@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson_holds_the_share(hits, n):
    hits = min(hits, n)
    low, high = found(share_interval(hits, n))
    assert 0 <= low <= hits / n + 1e-9
    assert hits / n - 1e-9 <= high <= 1


# ---- checks ----------------------------------------------------------------------------------------------------------
ANSWERS = [
    ("good", {"q1": 5, "q9": 0}, []),
    ("blank ones", {"q1": None, "q9": 3}, []),
    ("too high", {"q1": 6}, [("q1", "out_of_range")]),
    ("nought", {"q1": 0}, [("q1", "out_of_range")]),
    ("nps too high", {"q9": 11}, [("q9", "out_of_range")]),
    ("unknown", {"q1": 5, "q4": 3}, [("q4", "unknown_question")]),
]


@pytest.mark.parametrize(("answers", "expected"), [c[1:] for c in ANSWERS], ids=[c[0] for c in ANSWERS])
def test_answers_are_checked(answers, expected):
    problems = Problems()
    rules.check_answers([q("q1"), NPS_Q], answers, problems)
    assert [(p.field, p.code) for p in problems.found] == expected


GIVEN = {"text": "Fine?", "weight": 10, "best": 5, "top_from": 5}
VERSIONS = [
    ("good", [GIVEN, {"text": "Recommend?", "weight": 0, "is_nps": True}], None),
    ("none", [], "bad_count"),
    ("too many", [GIVEN] * 21, "bad_count"),
    ("no words", [GIVEN | {"text": " "}], "bad_text"),
    ("no weight", [GIVEN | {"weight": 0}], "no_weight"),
    ("a minus", [GIVEN | {"weight": -1}], "bad_weight"),
    ("one answer", [GIVEN | {"best": 1}], "bad_best"),
    ("top above the best", [GIVEN | {"top_from": 6}], "bad_top"),
    ("two NPS", [GIVEN, *[{"text": "R?", "weight": 0, "is_nps": True}] * 2], "two_nps"),
    ("two headlines", [GIVEN | {"is_headline": True}] * 2, "two_headlines"),
    ("nothing weighs", [{"text": "R?", "weight": 0, "is_nps": True}], "no_weight"),
]


@pytest.mark.parametrize(("given_rows", "code"), [c[1:] for c in VERSIONS], ids=[c[0] for c in VERSIONS])
def test_a_version_is_checked(given_rows, code):
    problems = Problems()
    rules.checked_questions(given_rows, problems, "questions")
    assert (code in {p.code for p in problems.found}) if code else not problems.found


# ---- flags -----------------------------------------------------------------------------------------------------------
DAY = date(2026, 6, 1)
OWN = {"kim@dealer.example": "Kim, of the dealer"}


def row(number: int, **other) -> Returned:
    values: dict[str, Any] = {
        "id": number,
        "number": f"S-{number}",
        "kind": "csi",
        "answered_on": DAY + timedelta(days=number),
        "answers": (("q1", 5),),
    }
    return Returned(**(values | other))


def all_have(code: str, count: int) -> dict[int, list[str]]:
    return {number: [code] for number in range(1, count + 1)}


FLAGS = [
    ("nothing odd", [row(1, email="a@x.example"), row(2, email="b@x.example")], {}),
    ("the dealer's own", [row(1, email="kim@dealer.example")], {1: ["own_contact"]}),
    ("twice is not many", [row(n, email="a@x.example") for n in (1, 2)], {}),
    ("three times is", [row(n, phone="5550143000") for n in (1, 2, 3)], all_have("repeated_contact", 3)),
    ("seven in a day", [row(n, answered_on=DAY) for n in range(1, 8)], {}),
    ("eight in a day", [row(n, answered_on=DAY) for n in range(1, 9)], all_have("burst", 8)),
    ("eight of two kinds", [row(n, answered_on=DAY, kind="csi" if n % 2 else "ssi") for n in range(1, 9)], {}),
    ("all best in 19 s", [row(1, is_all_top=True, seconds=19)], {1: ["too_fast"]}),
    ("all best in 20 s", [row(1, is_all_top=True, seconds=20)], {}),
    ("not all best in 3 s", [row(1, seconds=3)], {}),
    ("same words", [row(n, comment="The best  dealer in town!") for n in (1, 2)], all_have("same_words", 2)),
    ("same words, other answers", [row(1, comment="The best dealer!"),
                                   row(2, comment="The best dealer!", answers=(("q1", 4),))], {}),
    ("short words", [row(n, comment="Good") for n in (1, 2)], {}),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), [c[1:] for c in FLAGS], ids=[c[0] for c in FLAGS])
def test_flags(rows, expected):
    found = rules.flags_of(rows, OWN)
    assert {key: [f["code"] for f in flags] for key, flags in found.items()} == expected


def test_evidence_names_records_and_no_customer():
    rows = [row(n, email="kim@dealer.example") for n in (1, 2, 3)]
    said = " ".join(f["evidence"] for f in rules.flags_of(rows, OWN)[1])
    assert said == "The e-mail is that of Kim, of the dealer. This e-mail answered 3 surveys: S-1, S-2, S-3."


def test_a_flag_once_seen_stays():
    old = [{"code": "burst", "evidence": "then"}, {"code": "own_contact", "evidence": "old"}]
    found = rules.joined_flags(old, [{"code": "own_contact", "evidence": "new"}])
    assert found == [{"code": "own_contact", "evidence": "new"}, {"code": "burst", "evidence": "then"}]
