"""The arithmetic of response quality: scores, draws, intervals, medians (domain-rules 2.2 A, B; decision 0038).

Pure functions over facts: no database, no clock.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.core.intervals import t95
from db.core.labels import plural, storable
from db.core.problems import Problems

YES, NO, NA = "yes", "no", "na"
ANSWERS = {YES: "Met", NO: "Not met", NA: "Does not apply"}
LEAST_TO_RANK = 10
"""Under so many reviews nobody is ranked (domain-rules 2.2b)."""
DEFAULT_PER_PERSON = 3
MOST_PER_PERSON = 20
MOST_ITEMS = 30
FOCUS = {"all": "All responses", "late": "Only late responses (not counted in scores)"}


# ---- the checklist -------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class FormItem:
    """One thing a good response does. A critical one not met makes the score 0; `is_answer` is the question asked."""

    key: str
    text: str
    weight: int
    is_critical: bool = False
    is_answer: bool = False


DEFAULT_ITEMS = (
    FormItem(key="personal", text="A person answered in their own words, not an automatic message", weight=15,
             is_critical=True),
    FormItem(key="answered", text="The question the customer asked was answered", weight=20, is_answer=True),
    FormItem(key="vehicle", text="The answer was about the vehicle the customer named", weight=8),
    FormItem(key="price", text="Price or availability was named where it was asked for", weight=10),
    FormItem(key="appointment", text="A visit or test drive was offered with a day or time", weight=12),
    FormItem(key="next_step", text="It said what happens next, and when", weight=8),
    FormItem(key="channel", text="The customer was answered the way they asked to be answered", weight=5),
    FormItem(key="who", text="The sender gave their name and a direct number", weight=6),
    FormItem(key="name", text="The customer's name was used and spelled right", weight=4),
    FormItem(key="tone", text="Friendly and respectful in tone", weight=5, is_critical=True),
    FormItem(key="reason", text="It gave a reason to buy from this dealer", weight=4),
    FormItem(key="language", text="Clear, without mistakes that get in the way", weight=3),
)  # fmt: skip
"""The first version: twelve items in the spirit of mystery shopping, in our own words, 100 points together."""


def items_of(stored: Sequence[Mapping[str, Any]]) -> tuple[FormItem, ...]:
    """Items as they are stored with a version."""
    return tuple(
        FormItem(
            key=str(i["key"]), text=str(i["text"]), weight=int(i["weight"]), is_critical=bool(i.get("is_critical")),
            is_answer=bool(i.get("is_answer")),
        )
        for i in stored
    )  # fmt: skip


def stored_items(items: Iterable[FormItem]) -> list[dict[str, Any]]:
    """Items in the shape a version keeps."""
    return [
        {"key": i.key, "text": i.text, "weight": i.weight, "is_critical": i.is_critical, "is_answer": i.is_answer}
        for i in items
    ]


def _is_whole(number: Any) -> bool:
    """A grid gives whole numbers as floats, and an empty cell as NaN."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    return math.isfinite(number) and number == int(number)


def checked_items(rows: Sequence[Mapping[str, Any]], problems: Problems) -> tuple[FormItem, ...]:
    """Items somebody typed, tidied; keys are kept where given and else made. Problems belong to `items`."""
    found: list[FormItem] = []
    keys: set[str] = set()
    for position, row in enumerate(rows, 1):
        text = storable(str(row.get("text") or "")).strip()
        if not text:
            continue
        weight: Any = row.get("weight")
        if not _is_whole(weight):
            problems.add("items", "not_a_number", f"Item {position} needs a whole number as its weight.")
            continue
        if not 1 <= int(weight) <= 100:
            problems.add("items", "out_of_range", f"The weight of item {position} must lie between 1 and 100.")
            continue
        if len(text) > 200:
            problems.add("items", "too_long", f"Item {position} has {len(text)} characters; at most 200 fit.")
            continue
        key = str(row.get("key") or "").strip()[:40]
        number = position
        while not key or key in keys:
            key, number = f"item_{number}", number + 1
        keys.add(key)
        found.append(
            FormItem(
                key=key, text=text, weight=int(weight), is_critical=bool(row.get("is_critical")),
                is_answer=bool(row.get("is_answer")),
            )
        )  # fmt: skip
    if not found and not problems.found:
        problems.add("items", "required", "A checklist needs at least one item.")
    if len(found) > MOST_ITEMS:
        problems.add("items", "too_many", f"At most {MOST_ITEMS} items; a review has to stay short.")
    if sum(i.is_answer for i in found) != 1 and not problems.found:
        problems.add("items", "one_answer", "Mark exactly one item as “the question asked”.")
    if len({i.text.casefold() for i in found}) != len(found):
        problems.add("items", "twice", "Two items say the same.")
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Score:
    """0 to 100. `raw` is what it would be without critical items, `failed` the critical ones not met."""

    value: int
    raw: int
    met: int
    applicable: int
    failed: tuple[str, ...]
    answered: bool | None


def score_of(items: Sequence[FormItem], answers: Mapping[str, str]) -> Score | None:
    """Weights met ÷ weights that apply x 100, rounded half up; None where nothing applies.

    A critical item not met makes it 0: an automatic or rude answer is worth nothing to the customer, however well it
    spells the name. Items without an answer count as not applicable; commands refuse them before.
    """
    applicable = sum(i.weight for i in items if answers.get(i.key) in (YES, NO))
    met = sum(i.weight for i in items if answers.get(i.key) == YES)
    if not applicable:
        return None
    raw = (200 * met + applicable) // (2 * applicable)
    failed = tuple(i.key for i in items if i.is_critical and answers.get(i.key) == NO)
    asked = next((answers.get(i.key) for i in items if i.is_answer), NA)
    return Score(
        value=0 if failed else raw, raw=raw, met=met, applicable=applicable, failed=failed,
        answered={YES: True, NO: False}.get(str(asked)),
    )  # fmt: skip


def check_answers(items: Sequence[FormItem], answers: Mapping[str, str], problems: Problems) -> dict[str, str]:
    """Each item of the version answered yes, no or na, and nothing else. Problems belong to `answers`."""
    known = {i.key for i in items}
    if unknown := sorted(set(answers) - known):
        problems.add("answers", "unknown_item", f"This version has no item “{unknown[0]}”; reload the review.")
    missing = [i for i in items if answers.get(i.key) not in ANSWERS]
    if missing:
        problems.add("answers", "required", f"{plural(len(missing), 'item')} still open, first: {missing[0].text}.")
    found = {i.key: answers[i.key] for i in items if answers.get(i.key) in ANSWERS}
    if not missing and all(v == NA for v in found.values()):
        problems.add("answers", "nothing_applies", "Nothing applies: skip the review and say why.")
    return found


# ---- the draw ------------------------------------------------------------------------------------------------------
def drawn_of(population: Sequence[int], *, seed: int, person: str, count: int) -> tuple[int, ...]:
    """`count` of these leads (all when there are fewer), by a draw that the seed and the name repeat exactly.

    The order in which the population is handed over plays no part.
    """
    ordered = sorted(set(population))
    rng = random.Random(f"{seed}/{person}")  # noqa: S311 - a draw that has to be repeatable, no secret
    return tuple(sorted(rng.sample(ordered, min(max(count, 0), len(ordered)))))


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """What one person answered and what was drawn of it."""

    person: str
    username: str
    population: tuple[int, ...]
    drawn: tuple[int, ...]


def draw(by_person: Mapping[tuple[str, str], Sequence[int]], *, seed: int, per_person: int) -> tuple[Stratum, ...]:
    """The same number of each person's responses, by (user name, name); people in the order of their user names."""
    return tuple(
        Stratum(
            person=name, username=username, population=tuple(sorted(set(leads))),
            drawn=drawn_of(leads, seed=seed, person=username, count=per_person),
        )
        for (username, name), leads in sorted(by_person.items())
    )  # fmt: skip


def explain_draw(*, person: str, drawn: int, population: int, period: str, seed: int) -> str:
    """ "3 of 41 responses of Ann in October 2026, drawn with seed 17"."""
    return f"{drawn:,} of {plural(population, 'response')} of {person} in {period}, drawn with seed {seed}"


# ---- a mean with its interval --------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean of `n` scores with its 95% interval, None below two; cut at 0 and 100."""

    n: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def can_rank(self) -> bool:
        """Whether there are enough to compare people or dealers by it."""
        return self.n >= LEAST_TO_RANK

    @property
    def words(self) -> str:
        """ "78 (71 to 85)", "78" for a single one, an en dash for none."""
        if self.mean is None:
            return "–"
        if self.low is None or self.high is None:
            return f"{self.mean:.0f}"
        return f"{self.mean:.0f} ({self.low:.0f} to {self.high:.0f})"


def estimate(*, n: int, total: float, squares: float) -> Estimate:
    """The mean of a sample from its count, sum and sum of squares, so that the database can add it up."""
    if n <= 0:
        return Estimate(n=0)
    mean = total / n
    if n < 2:
        return Estimate(n=n, mean=mean)
    spread = max(squares - n * mean * mean, 0.0) / (n - 1)
    half = t95(n - 1) * math.sqrt(spread / n)
    return Estimate(n=n, mean=mean, low=max(0.0, mean - half), high=min(100.0, mean + half))


# ---- speed ---------------------------------------------------------------------------------------------------------
BUCKETS: dict[str, str] = {
    "m5": "Within 5 min", "m15": "6–15 min", "m30": "16–30 min", "m60": "31–60 min", "day": "Within a day",
    "later": "Later", "waiting": "Still waiting", "never": "Never",
}  # fmt: skip
"""Working minutes up to 60; then 24 hours of the wall clock. Waiting: unanswered and open, less than a day old."""
ANSWERED = ("m5", "m15", "m30", "m60", "day", "later")
CLOCKS = {"first_action": "First action", "first_quality": "Quality response"}


def quantile(histogram: Sequence[tuple[int, int]], share: float) -> int | None:
    """The smallest value with at least `share` of all at or below it, of (value, how often) in order."""
    total = sum(n for _, n in histogram)
    if not total:
        return None
    needed, passed = max(1, math.ceil(share * total - 1e-9)), 0
    for value, n in sorted(histogram):
        passed += n
        if passed >= needed:
            return value
    raise AssertionError("unreachable")


# ---- coaching ------------------------------------------------------------------------------------------------------
METRICS = {"score": "Score of their reviews", "in_15": "Answered within 15 working minutes"}
METRIC_UNITS = {"score": "points", "in_15": "%"}
RESULTS = {"better": "Better", "same": "About the same", "worse": "Worse", "unknown": "Not enough to tell"}
SAME_WITHIN = 5
"""Points of 100 that are no change."""
LEAST_TO_COMPARE = 3


def result_of(*, then: int | None, then_n: int, now: int | None, now_n: int) -> str:
    """What coaching led to; fewer than three on either side tell nothing."""
    if then is None or now is None or min(then_n, now_n) < LEAST_TO_COMPARE:
        return "unknown"
    if abs(now - then) < SAME_WITHIN:
        return "same"
    return "better" if now > then else "worse"
