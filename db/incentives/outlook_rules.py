"""What is said of a volume before its period ends: "7 units to the next tier, $15,400 at stake, 6 days left" (2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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
    return Outlook(
        units=units, baseline=baseline, cents=cents, step=step, open_units=open_units, open_cents=with_open,
        days_left=left, further_cents=further, sentence=_say(step, further, left, open_units, with_open),
    )  # fmt: skip


def _say(step: NextStep | None, further: int, left: int, open_units: int, with_open: int) -> str:
    end = f"{_count(left, 'day')} left" if left else "today is the last day"
    if step is None:
        first = f"The last tier is reached; one more unit brings {money(further)}, {end}."
    else:
        first = f"{_count(step.units, 'unit')} to the next tier, {money(step.cents)} at stake, {end}."
    if not open_units:
        return first
    what = f"{_count(open_units, 'contracted sale')} {'is' if open_units == 1 else 'are'} not delivered yet"
    if step is None:
        return f"{first} {what}: {money(with_open)} more."
    if open_units >= step.units:
        return f"{first} {what}: delivered in time, the tier is reached and {money(with_open)} more is earned."
    return f"{first} {what}: with {'it' if open_units == 1 else 'them'} {step.units - open_units} to go."


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
