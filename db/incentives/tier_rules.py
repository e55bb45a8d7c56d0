"""Stair steps and growth: what a number of units pays (domain-rules 2.4, the vectors of 74, 75 and 90 units)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from db.incentives.model import Growth, StairStep, Window


def stair_step(rule: StairStep, units: int) -> int:
    """What `units` pay, in cents. Retroactive: all at the tier reached; incremental: each at the tier it lies in."""
    if rule.method == "retroactive":
        reached = [t for t in rule.tiers if t.from_units <= units]
        return units * reached[-1].cents if reached else 0
    ends = [*(t.from_units for t in rule.tiers[1:]), units + 1]
    return sum(
        tier.cents * max(0, min(units, end - 1) - tier.from_units + 1)
        for tier, end in zip(rule.tiers, ends, strict=True)
    )


def growth(rule: Growth, units: int, baseline: int) -> int:
    """What `units` against a baseline pay, in cents. The minimum is reached exactly at the percentage."""
    if baseline <= 0:
        return units * rule.cents if rule.without_baseline == "all" else 0
    if units <= baseline or units * 10_000 < baseline * (10_000 + rule.min_percent):
        return 0
    return (units if rule.pays == "all" else units - baseline) * rule.cents


def volume(rule: StairStep | Growth, units: int, baseline: int) -> int:
    """What a period's units pay under a rule that counts them."""
    return stair_step(rule, units) if isinstance(rule, StairStep) else growth(rule, units, baseline)


def target_of(rule: Growth, dealer_code: str, period: str) -> int:
    """A dealer's target of a period: that of the period where there is one, else the one for every period, else 0."""
    return rule.by_period.get(period, {}).get(dealer_code, rule.targets.get(dealer_code, 0))


def growth_start(rule: Growth, baseline: int) -> int:
    """The first number of units at which a growth program pays."""
    if baseline <= 0:
        return 1
    needed = -(-baseline * (10_000 + rule.min_percent) // 10_000)
    return max(needed, baseline + 1)


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """What is missing to the next step of a program: units, and how much more they would bring, in cents."""

    units: int
    cents: int
    at: int


def next_step(rule: StairStep | Growth, units: int, baseline: int) -> NextStep | None:
    """The next step above `units` that pays more; None when the last is reached."""
    if isinstance(rule, StairStep):
        above = [t.from_units for t in rule.tiers if t.from_units > units]
    else:
        pays_none = baseline <= 0 and rule.without_baseline == "nothing"
        above = [] if pays_none else [n for n in (growth_start(rule, baseline),) if n > units]
    now = volume(rule, units, baseline)
    steps = (NextStep(units=n - units, cents=volume(rule, n, baseline) - now, at=n) for n in above)
    return next((step for step in steps if step.cents > 0), None)


# ---- periods ---------------------------------------------------------------------------------------------------------
Period = Literal["month", "quarter", "program"]
WHOLE = "program"


def period_of(kind: Period, day: date) -> str:
    """The name of the period a day lies in: "2026-11", "2026-Q4", or "program" where the whole program is one."""
    if kind == "month":
        return f"{day:%Y-%m}"
    if kind == "quarter":
        return f"{day.year}-Q{(day.month + 2) // 3}"
    return WHOLE


def days_of(name: str, program: Window) -> Window:
    """The days of a period that lie within the program. ValueError for a name that is none."""
    if name == WHOLE:
        return program
    year, _, part = name.partition("-")
    first_month, months = (int(part[1:]) * 3 - 2, 3) if part.startswith("Q") else (int(part), 1)
    first = date(int(year), first_month, 1)
    ends = first.month + months
    after = date(first.year + (ends > 12), ends - 12 if ends > 12 else ends, 1)
    last = date.fromordinal(after.toordinal() - 1)
    return Window(first=max(first, program.first), last=min(last, program.last))


def year_before(days: Window) -> Window:
    """The same days a year earlier; 29 February becomes 28."""
    return Window(first=_year_back(days.first), last=_year_back(days.last))


def _year_back(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)
