"""CSI, SSI and NPS as arithmetic: scores of one survey, figures of many, and what makes a survey suspicious (2.2b).

Indexes are integers in hundredths of a point (87.50 is 8750), rounded half up once, where one survey is scored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from db.core.intervals import Z, share_interval, t95
from db.core.problems import Problems

KINDS = {"csi": "Service (CSI)", "ssi": "Sales (SSI)"}
CHANNELS = {"import": "Survey agency", "paper": "Paper", "phone": "Telephone"}
LEAST_FOR_RANK = 10
"""Under so many surveys a dealer is not ranked (domain-rules 2.2b)."""
ALERT_WITHIN_DAYS = 14
"""An unhappy answer that is older than this when it arrives opens no alert: the call would come too late."""
CONTACT_MINUTES = 24 * 60
RESOLVE_MINUTES = 7 * 24 * 60
PROMOTER_FROM, PASSIVE_FROM = 9, 7
KEY = re.compile(r"q([1-9]|1\d|20)")
MOST_QUESTIONS = 20


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question of a version. Answers run from `lowest` to `best`; from `top_from` on they are top answers.

    A weight of 0 leaves a question out of index and top-box share: usual for the one that makes the NPS.
    """

    key: str
    text: str
    weight: int
    best: int
    top_from: int
    is_headline: bool = False
    is_nps: bool = False

    @property
    def lowest(self) -> int:
        """The worst answer: 0 for "would you recommend", 1 for all others."""
        return 0 if self.is_nps else 1

    def stored(self) -> dict[str, Any]:
        """For the version, and frozen with each survey."""
        return {
            "key": self.key, "text": self.text, "weight": self.weight, "best": self.best, "top_from": self.top_from,
            "is_headline": self.is_headline, "is_nps": self.is_nps,
        }  # fmt: skip


def questions_of(stored: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """Questions as they were stored."""
    return tuple(Question(**dict(one)) for one in stored)


def checked_questions(given: Sequence[Mapping[str, Any]], problems: Problems, field_name: str) -> list[Question]:
    """Questions as typed, in order; every problem is noted at `field_name`."""
    found: list[Question] = []
    for place, one in enumerate(given, start=1):
        key = f"q{place}"
        text = str(one.get("text") or "").strip()
        is_nps = bool(one.get("is_nps"))
        weight, best = one.get("weight"), 10 if is_nps else one.get("best")
        top_from = PROMOTER_FROM if is_nps else one.get("top_from") or best

        def wrong(code: str, sentence: str, place: int = place) -> None:
            problems.add(field_name, code, f"Question {place}: {sentence}")

        if not text or len(text) > 300:
            wrong("bad_text", "its words are needed, at most 300 characters.")
        if not isinstance(weight, int) or not 0 <= weight <= 1000:
            wrong("bad_weight", "the weight is a whole number from 0 to 1,000.")
        elif weight == 0 and not is_nps:
            wrong("no_weight", "only the question of the NPS may weigh nothing.")
        if not isinstance(best, int) or not 2 <= best <= 1000:
            wrong("bad_best", "the best answer is a whole number from 2 to 1,000.")
        elif not isinstance(top_from, int) or not 2 <= top_from <= best:
            wrong("bad_top", f"top answers begin between 2 and {best}.")
        if not problems.found:
            assert isinstance(weight, int)
            assert isinstance(best, int)
            assert isinstance(top_from, int)
            found.append(
                Question(
                    key=key, text=text, weight=weight, best=best, top_from=top_from, is_nps=is_nps,
                    is_headline=bool(one.get("is_headline")),
                )
            )  # fmt: skip
    if not given or len(given) > MOST_QUESTIONS:
        problems.add(field_name, "bad_count", f"A questionnaire has 1 to {MOST_QUESTIONS} questions.")
    if sum(bool(one.get("is_nps")) for one in given) > 1:
        problems.add(field_name, "two_nps", "Only one question makes the NPS.")
    if sum(bool(one.get("is_headline")) for one in given) > 1:
        problems.add(field_name, "two_headlines", "Only one question is the headline.")
    if given and all(not one.get("weight") for one in given):
        problems.add(field_name, "no_weight", "At least one question needs a weight.")
    return found


# ---- one survey ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Score:
    """What one survey came to. `index_hundredths` is None where no weighted question was answered."""

    index_hundredths: int | None
    answers: int
    tops: int
    nps: int | None
    bottom: tuple[str, ...] = ()
    is_all_top: bool = False


def half_up(value: Fraction) -> int:
    """The whole number next to a value, halves away from zero."""
    sign = -1 if value < 0 else 1
    return sign * math.floor(abs(value) + Fraction(1, 2))


def nps_class(answer: int) -> int:
    """1 promoter (9-10), 0 passive (7-8), -1 detractor (0-6)."""
    return 1 if answer >= PROMOTER_FROM else 0 if answer >= PASSIVE_FROM else -1


def check_answers(
    questions: Sequence[Question], answers: Mapping[str, int | None], problems: Problems
) -> dict[str, int]:
    """The answers that were given, in the order of the questions; problems are told at the key of the question."""
    known = {q.key: q for q in questions}
    given = {key: value for key, value in answers.items() if value is not None}
    for key in sorted(set(given) - set(known)):
        problems.add(key, "unknown_question", f"This version of the questionnaire has no question {key}.")
    for key, question in known.items():
        value = given.get(key)
        if value is not None and not question.lowest <= value <= question.best:
            problems.add(
                key, "out_of_range", f"{key} is {value}; answers run from {question.lowest} to {question.best}."
            )
    return {key: given[key] for key in known if key in given}


def score(questions: Sequence[Question], answers: Mapping[str, int], *, alert_below: int) -> Score:
    """Mean index = sum(w*score/max)/sum(w)*100 over the answered questions, top answers, NPS class, bottom-box reasons.

    `alert_below` is in hundredths of a point, 0 for none.
    """
    points, weights, tops, scored = Fraction(0), 0, 0, 0
    nps: int | None = None
    bottom: list[str] = []
    for question in questions:
        answer = answers.get(question.key)
        if answer is None:
            continue
        if question.is_nps:
            nps = nps_class(answer)
            if nps < 0:
                bottom.append(f"Would recommend: {answer} of 10")
        elif answer == question.lowest:
            bottom.append(f"Lowest answer: {question.text}")
        if question.weight:
            points += Fraction(question.weight * answer, question.best)
            weights += question.weight
            tops += answer >= question.top_from
            scored += 1
    index = half_up(points / weights * 10_000) if weights else None
    if index is not None and index < alert_below:
        bottom.append(f"Index {one_decimal(index)} below {one_decimal(alert_below)}")
    best = [answers[q.key] == q.best for q in questions if q.key in answers]
    return Score(
        index_hundredths=index, answers=scored, tops=tops, nps=nps, bottom=tuple(bottom),
        is_all_top=bool(best) and all(best),
    )  # fmt: skip


# ---- many surveys --------------------------------------------------------------------------------------------------


def t_95(degrees: int) -> float:
    """The factor of a 95% interval of a mean with so many degrees of freedom."""
    return Z if degrees > 1000 else t95(degrees)


Interval = tuple[float, float]


def mean_interval(n: int, total: int, squares: int, *, highest: int = 10_000) -> Interval | None:
    """The 95% interval of a mean from n, the sum and the sum of squares; None under two. Cut to what is possible."""
    if n < 2:
        return None
    mean = total / n
    spread = max(0, n * squares - total * total) / (n * (n - 1))
    half = t_95(n - 1) * math.sqrt(spread / n)
    return max(0.0, mean - half), min(float(highest), mean + half)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The sums of some surveys and what they come to. `index_total` and `index_squares` are in hundredths."""

    surveys: int = 0
    indexed: int = 0
    index_total: int = 0
    index_squares: int = 0
    answers: int = 0
    tops: int = 0
    promoters: int = 0
    passives: int = 0
    detractors: int = 0

    @property
    def index(self) -> float | None:
        """The mean index, one decimal, half up."""
        return _tenths(Fraction(self.index_total, self.indexed) / 10) if self.indexed else None

    @property
    def index_interval(self) -> Interval | None:
        """95% interval of the mean index, in points."""
        found = mean_interval(self.indexed, self.index_total, self.index_squares)
        return (found[0] / 100, found[1] / 100) if found else None

    @property
    def top_box(self) -> float | None:
        """Top answers in percent of all answers, one decimal."""
        return _tenths(Fraction(self.tops * 1000, self.answers)) if self.answers else None

    @property
    def top_box_interval(self) -> Interval | None:
        """95% interval of the top-box share, in percent."""
        found = share_interval(self.tops, self.answers)
        return (found[0] * 100, found[1] * 100) if found else None

    @property
    def nps_n(self) -> int:
        """Surveys that say whether the customer would recommend."""
        return self.promoters + self.passives + self.detractors

    @property
    def nps(self) -> float | None:
        """% promoters - % detractors, one decimal: 46, 30 and 24 of 100 are 22.0."""
        return _tenths(Fraction((self.promoters - self.detractors) * 1000, self.nps_n)) if self.nps_n else None

    @property
    def nps_interval(self) -> Interval | None:
        """95% interval from the variance of +1, 0 and -1."""
        n = self.nps_n
        if not n:
            return None
        mean = (self.promoters - self.detractors) / n
        half = Z * math.sqrt(max(0.0, (self.promoters + self.detractors) / n - mean * mean) / n)
        return max(-100.0, 100 * (mean - half)), min(100.0, 100 * (mean + half))

    @property
    def is_rankable(self) -> bool:
        """Whether there are enough surveys to compare with others."""
        return self.indexed >= LEAST_FOR_RANK


def _tenths(value: Fraction) -> float:
    return half_up(value) / 10


def one_decimal(hundredths: int) -> str:
    """ "87.5": hundredths of a point with one decimal, half up."""
    return f"{half_up(Fraction(hundredths, 10)) / 10:.1f}"


def number_label(value: float | None) -> str:
    """One decimal, an en dash when unknown."""
    return "–" if value is None else f"{value:.1f}"


def interval_label(interval: Interval | None) -> str:
    """ "81.2 to 90.3", or why there is none."""
    return f"{interval[0]:.1f} to {interval[1]:.1f}" if interval else "too few for an interval"


def ranks(figures: Mapping[int, Figures]) -> dict[int, int]:
    """Places by mean index, the best first, equal ones alike; dealers with too few surveys have none."""
    able = [(f.index, dealer_id) for dealer_id, f in figures.items() if f.is_rankable and f.index is not None]
    return {dealer_id: 1 + sum(other > value for other, _ in able) for value, dealer_id in able}


# ---- what makes a survey suspicious (2.2b: gaming) -----------------------------------------------------------------
FLAGS = {
    "own_contact": "Dealer's own contact",
    "repeated_contact": "Repeated contact",
    "burst": "Burst in one day",
    "too_fast": "Answered too fast",
    "same_words": "Same answers and words",
}
REPEATED_FROM, BURST_FROM, FAST_SECONDS, WORDS_FROM = 3, 8, 20, 12
LOOK_BACK = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Returned:
    """What the flags look at in one returned survey of a dealer."""

    id: int
    number: str
    kind: str
    answered_on: date
    email: str = ""
    phone: str = ""
    answers: tuple[tuple[str, int], ...] = ()
    comment: str = ""
    seconds: int | None = None
    is_all_top: bool = False


@dataclass
class _Groups:
    contacts: dict[str, list[Returned]] = field(default_factory=dict)
    days: dict[tuple[str, date], list[Returned]] = field(default_factory=dict)
    words: dict[tuple[Any, ...], list[Returned]] = field(default_factory=dict)


def _words(row: Returned) -> tuple[Any, ...] | None:
    text = " ".join(row.comment.casefold().split())
    return (row.kind, row.answers, text) if len(text) >= WORDS_FROM and row.answers else None


def flags_of(rows: Sequence[Returned], own: Mapping[str, str]) -> dict[int, list[dict[str, str]]]:
    """{survey: [{code, evidence}]} of one dealer's surveys. `own` names whose an e-mail or phone of the dealer is.

    The evidence names records and counts, never the customer's contact data.
    """
    groups = _Groups()
    for row in rows:
        for contact in {row.email, row.phone} - {""}:
            groups.contacts.setdefault(contact, []).append(row)
        groups.days.setdefault((row.kind, row.answered_on), []).append(row)
        if (said := _words(row)) is not None:
            groups.words.setdefault(said, []).append(row)
    found: dict[int, list[dict[str, str]]] = {}
    for row in rows:
        flags = []
        for what, contact in (("e-mail", row.email), ("phone", row.phone)):
            if contact and contact in own:
                flags.append({"code": "own_contact", "evidence": f"The {what} is that of {own[contact]}."})
        for what, contact in (("e-mail", row.email), ("phone", row.phone)):
            same = groups.contacts.get(contact, [])
            if len(same) >= REPEATED_FROM:
                flags.append(
                    {
                        "code": "repeated_contact",
                        "evidence": f"This {what} answered {len(same)} surveys: {_names(same)}.",
                    }
                )
        day = groups.days[row.kind, row.answered_on]
        if len(day) >= BURST_FROM:
            evidence = f"{len(day)} surveys of the dealer were answered on {row.answered_on:%-d %b %Y}."
            flags.append({"code": "burst", "evidence": evidence})
        if row.is_all_top and row.seconds is not None and row.seconds < FAST_SECONDS:
            flags.append({"code": "too_fast", "evidence": f"Every answer is the best one, given in {row.seconds} s."})
        said = _words(row)
        twins = [other for other in groups.words.get(said, []) if other.id != row.id] if said else []
        if twins:
            flags.append({"code": "same_words", "evidence": f"Same answers and same comment as {_names(twins)}."})
        if flags:
            found[row.id] = flags
    return found


def _names(rows: Sequence[Returned], most: int = 5) -> str:
    return ", ".join(r.number for r in rows[:most]) + (f" and {len(rows) - most} more" if len(rows) > most else "")


def joined_flags(before: Sequence[Mapping[str, str]], found: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Flags a survey has from now on: what was seen once stays, with its newest evidence."""
    newest = {one["code"]: dict(one) for one in (*before, *found)}
    return [newest[code] for code in FLAGS if code in newest]


def check_days(*, sent_on: date | None, answered_on: date | None, today: date, problems: Problems) -> None:
    """Note what cannot be right in the two days (the dealer's own)."""
    if sent_on is None:
        problems.add("sent_on", "required", "The day it was sent is needed.")
        return
    if sent_on > today:
        problems.add("sent_on", "future", "It was sent on a day that is still to come.")
    if answered_on is not None and answered_on < sent_on:
        problems.add("answered_on", "before_sent", "It was answered before it was sent.")
    if answered_on is not None and answered_on > today:
        problems.add("answered_on", "future", "It was answered on a day that is still to come.")
