"""How high a discount has to be approved: bands on percent, amount, margin and budget, each bound said in a sentence.

Every bound is evaluated, whatever the others say; the highest level wins, and one bound past its maximum stops the
request (domain-rules 2.5). Money is whole cents, shares are hundredths of a percent. Shares are compared as exact
products, so that no rounding moves a request into a lower band.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal

STOP: Final = 9
"""The level of a bound past its maximum: nobody may approve it."""
WHOLE: Final = 10_000
"""One hundred percent in hundredths of a percent."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of approval; `mode` says whether one of the permissions is enough or each needs a signature."""

    level: int
    label: str
    permissions: tuple[str, ...]
    mode: Literal["any", "all"] = "any"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The bands and levels requests are judged with; a limit belongs to the lower level.

    Each band holds the limits of level 0 (nobody has to approve), 1, 2, 3; past the last the request stops.
    `margin` is read the other way round: the least margin of each level.
    """

    percent: tuple[int, int, int, int] = (2_00, 4_00, 15_00, 35_00)
    amount: tuple[int, int, int, int] = (1_000_00, 10_000_00, 50_000_00, 250_000_00)
    margin: tuple[int, int, int, int] = (8_00, 6_00, 3_00, -10_00)
    budget: tuple[int, int, int, int] = (10_00, 50_00, 100_00, 100_00)
    levels: tuple[Level, ...] = (
        Level(level=1, label="Coordinator or sales", permissions=("pricing.sign",)),
        Level(level=2, label="Manager and pricing", permissions=("pricing.authorize", "pricing.price"), mode="all"),
        Level(level=3, label="Legal", permissions=("pricing.legal",)),
    )
    legal_level: int = 3
    without_budget: int = 1
    valid_days: int = 30
    longest_valid_days: int = 180

    def level(self, number: int) -> Level:
        """The level of that number; KeyError when there is none."""
        for one in self.levels:
            if one.level == number:
                return one
        raise KeyError(number)


DEFAULT: Final = Policy()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the bands look at: prices and discount of one unit, how many, and what the budget still holds.

    `budget_left` is None where no budget was set for the region and quarter.
    """

    list_cents: int
    cost_cents: int
    discount_cents: int
    units: int
    legal_text: bool = False
    budget_left: int | None = None

    @property
    def total_cents(self) -> int:
        """What the request costs as a whole."""
        return self.discount_cents * self.units

    @property
    def net_cents(self) -> int:
        """What is left of the list price."""
        return self.list_cents - self.discount_cents


@dataclass(frozen=True, kw_only=True)
class Bound:
    """One bound as evaluated: the level it asks for, and the sentence people read."""

    name: str
    label: str
    level: int
    sentence: str

    @property
    def stops(self) -> bool:
        """Whether the request is past the maximum."""
        return self.level == STOP


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the bands say: the level that decides, and every bound."""

    level: int
    bounds: tuple[Bound, ...]

    @property
    def stops(self) -> bool:
        """Whether nobody may approve it."""
        return self.level == STOP

    @property
    def deciding(self) -> tuple[Bound, ...]:
        """The bounds that ask for the level that won."""
        return tuple(b for b in self.bounds if b.level == self.level)


def money(cents: int) -> str:
    """ "$1,234.50", "$600", "−$50"; no cents where there are none."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'−' if cents < 0 else ''}${whole:,}{f'.{rest:02d}' if rest else ''}"


def percent(hundredths: int) -> str:
    """ "7.5%", "−2%"."""
    return f"{'−' if hundredths < 0 else ''}{abs(hundredths) / 100:g}%"


def share(part: int, whole: int) -> int:
    """A share in hundredths of a percent, rounded half up (away from zero); 0 of nothing."""
    if whole <= 0:
        return 0
    rounded = (2 * abs(part) * WHOLE + whole) // (2 * whole)
    return rounded if part >= 0 else -rounded


def discount_of(list_cents: int, hundredths: int) -> int:
    """The discount of one unit in cents, rounded half up, for a percentage of its list price."""
    return (2 * list_cents * hundredths + WHOLE) // (2 * WHOLE)


def _band(limits: Iterable[int], past: Any) -> int:
    """The first level whose limit is not passed, or `STOP`."""
    return next((level for level, limit in enumerate(limits) if not past(limit)), STOP)


def _sentence(found: str, level: int, limits: tuple[int, ...], say: Any, *, least: bool = False) -> str:
    if level == STOP:
        return f"{found}: {'below' if least else 'above'} {say(limits[-1])}, which nobody may approve."
    word = "at least" if least else "up to"
    whose = "needs nobody" if level == 0 else f"is for level {level}"
    return f"{found}: {word} {say(limits[level])} {whose}."


def _percent_bound(asked: Asked, policy: Policy) -> Bound:
    level = _band(policy.percent, lambda limit: asked.discount_cents * WHOLE > limit * asked.list_cents)
    found = f"{percent(share(asked.discount_cents, asked.list_cents))} off the list price"
    sentence = _sentence(found, level, policy.percent, percent)
    return Bound(name="percent", label="Discount", level=level, sentence=sentence)


def _amount_bound(asked: Asked, policy: Policy) -> Bound:
    level = _band(policy.amount, lambda limit: asked.total_cents > limit)
    sentence = _sentence(f"{money(asked.total_cents)} in all", level, policy.amount, money)
    return Bound(name="amount", label="Amount", level=level, sentence=sentence)


def _margin_bound(asked: Asked, policy: Policy) -> Bound:
    net, left = asked.net_cents, asked.net_cents - asked.cost_cents
    if net <= 0:
        return Bound(name="margin", label="Margin", level=STOP, sentence="Nothing of the price would be left.")
    level = _band(policy.margin, lambda limit: Fraction(left * WHOLE, net) < limit)
    found = f"{percent(share(left, net))} margin left"
    return Bound(
        name="margin", label="Margin", level=level, sentence=_sentence(found, level, policy.margin, percent, least=True)
    )


def _budget_bound(asked: Asked, policy: Policy) -> Bound:
    left = asked.budget_left
    if left is None:
        sentence = f"No budget is set for this region and quarter: at least level {policy.without_budget}."
        return Bound(name="budget", label="Budget", level=policy.without_budget, sentence=sentence)
    level = _band(policy.budget, lambda limit: asked.total_cents * WHOLE > limit * max(0, left))
    if level == STOP:
        sentence = f"Only {money(max(0, left))} of the budget is left; raise the budget first."
    else:
        found = f"{percent(share(asked.total_cents, left))} of the {money(left)} left in the budget"
        sentence = _sentence(found, level, policy.budget, percent)
    return Bound(name="budget", label="Budget", level=level, sentence=sentence)


def _legal_bound(asked: Asked, policy: Policy) -> Bound:
    level = policy.legal_level if asked.legal_text else 0
    sentence = (
        f"It needs legal wording: level {policy.legal_level}." if asked.legal_text else "No legal wording is needed."
    )
    return Bound(name="legal", label="Legal wording", level=level, sentence=sentence)


BANDS: Final = (_percent_bound, _amount_bound, _margin_bound, _budget_bound, _legal_bound)


def judge(asked: Asked, policy: Policy = DEFAULT) -> Judgement:
    """Evaluate every bound; the highest level wins (domain-rules 2.5)."""
    bounds = tuple(band(asked, policy) for band in BANDS)
    return Judgement(level=max(b.level for b in bounds), bounds=bounds)
