"""What is said of a volume before its period ends: "7 units to the next tier, $15,400 at stake, 6 days left" (2.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from db.core.labels import plural
from db.incentives.model import Growth, StairStep, Window
from db.incentives.say_rules import money
from db.incentives.tier_rules import NextStep, next_step, volume


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """Where a dealer stands in a running period. `open_units` are contracted, would count, and are not delivered.

    `days_left` are the days after today; `further_cents` is what one more unit brings when the last step is reached.
    """

    units: int
    baseline: int
    cents: int
    step: NextStep | None
    open_units: int
    open_cents: int
    days_left: int
    further_cents: int
    sentence: str

    @property
    def within_reach(self) -> bool:
        """Whether delivering what is contracted reaches the next step."""
        return self.step is not None and self.open_units >= self.step.units


def outlook_of(
    rule: StairStep | Growth, *, units: int, baseline: int, open_units: int, days: Window, today: date
) -> Outlook:
    """Where so many counted units stand. `days` are those whose deliveries count, `today` is the dealer's day."""
    step = next_step(rule, units, baseline)
    cents = volume(rule, units, baseline)
    further = volume(rule, units + 1, baseline) - cents if step is None else 0
    with_open = volume(rule, units + open_units, baseline) - cents
    left = max(0, (days.last - today).days)
    found = Outlook(
        units=units, baseline=baseline, cents=cents, step=step, open_units=open_units, open_cents=with_open,
        days_left=left, further_cents=further, sentence="",
    )  # fmt: skip
    return replace(found, sentence=_say(rule, found))


def _say(rule: StairStep | Growth, found: Outlook) -> str:
    step, further = found.step, found.further_cents
    end = f"{plural(found.days_left, 'day')} left" if found.days_left else "today is the last day"
    goal = "tier" if isinstance(rule, StairStep) else "growth needed"
    if step is not None:
        to = "next tier" if isinstance(rule, StairStep) else goal
        first = f"{plural(step.units, 'unit')} to the {to}, {money(step.cents)} at stake, {end}."
    elif not further:
        return _nothing_more(rule, found.baseline)
    elif isinstance(rule, Growth) and found.baseline <= 0:
        first = f"There is no {_base(rule)}, so each unit counts; one more brings {money(further)}, {end}."
    else:
        reached = "last tier" if isinstance(rule, StairStep) else goal
        first = f"The {reached} is reached; one more unit brings {money(further)}, {end}."
    if not found.open_units:
        return first
    one = found.open_units == 1
    what = f"{plural(found.open_units, 'contracted sale')} {'is' if one else 'are'} not delivered yet"
    if step is None:
        return f"{first} {what}: {money(found.open_cents)} more."
    if found.open_units >= step.units:
        more = money(found.open_cents)
        return f"{first} {what}: delivered in time, the {goal} is reached and {more} more is earned."
    return f"{first} {what}: with {'it' if one else 'them'} {step.units - found.open_units:,} to go."


def _base(rule: Growth) -> str:
    return "target" if rule.baseline == "target" else "baseline of the year before"


def _nothing_more(rule: StairStep | Growth, baseline: int) -> str:
    """Where another unit brings nothing: a growth program with nothing to measure against, or a last tier of $0."""
    if isinstance(rule, Growth) and baseline <= 0:
        return f"There is no {_base(rule)}, so nothing can be earned."
    return "The last tier is reached; another unit brings nothing more."
