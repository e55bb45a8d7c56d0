"""What has to be right before a version of a program is published, beyond the shape of its fields (2.4)."""

from __future__ import annotations

from datetime import date

from db.core.problems import Problems
from db.incentives.model import Growth, PriceProtection, Program, StairStep
from db.incentives.say_rules import day, money
from db.incentives.tier_rules import days_of, period_of


def check_program(program: Program, problems: Problems, *, committed_cents: int = 0) -> None:
    """Add a problem, at its field, for everything that contradicts itself. `committed_cents` was approved already."""
    if program.delivery and (
        program.delivery.first < program.program.first or program.delivery.last > program.program.last
    ):
        problems.add("delivery", "outside", "The window of deliveries lies within the program.")
    for name, window in (("reports", program.reports), ("claims", program.claims)):
        if window and window.last < program.deliveries.first:
            problems.add(
                name, "too_early", f"This window ends before the first delivery on {day(program.deliveries.first)}."
            )
    if program.code in program.compatible:
        problems.add("compatible", "itself", "A program need not name itself.")
    rule = program.rule
    if isinstance(rule, StairStep) and not any(t.cents for t in rule.tiers):
        problems.add("rule.tiers", "pays_nothing", "No tier pays anything.")
    if isinstance(rule, Growth) and rule.baseline == "target" and not (rule.targets or rule.by_period):
        problems.add("rule.targets", "required", "Give at least one dealer a target.")
    if isinstance(rule, Growth):
        _check_periods(program, rule, problems)
    if isinstance(rule, PriceProtection) and rule.changed_on > program.deliveries.last:
        problems.add("rule.changed_on", "too_late", "The price falls after the last delivery.")
    most = program.caps.vin_cents
    if most and program.budget_cents and most > program.budget_cents and not program.is_volume:
        problems.add("budget_cents", "too_low", "The budget is less than one vehicle may be paid.")
    if program.budget_cents is not None and program.budget_cents < committed_cents:
        problems.add("budget_cents", "below_committed", f"{money(committed_cents)} is approved already.")
    unknown = [d for d in program.eligible.enrolled if not d.strip()]
    if unknown:
        problems.add("eligible.enrolled", "empty", "A dealer code is empty.")


def _check_periods(program: Program, rule: Growth, problems: Problems) -> None:
    """Targets of single periods are named as the program sums up, and lie within it."""
    for name in sorted(rule.by_period):
        try:
            days = days_of(name, program.program)
            fits = period_of(program.period, days.first) == name
        except ValueError:
            fits = False
        if not fits:
            sentence = f"{name} is no period of this program, which is summed up {SUMMED[program.period]}."
            problems.add("rule.by_period", "no_period", sentence)


SUMMED = {"month": "by month, such as 2026-11", "quarter": "by quarter, such as 2026-Q4", "program": "as a whole"}
"""How a program's periods are named, for a sentence."""


def check_successor(
    program: Program, first: date, problems: Problems, *, before: Program | None, began: date | None
) -> None:
    """A later version begins within the program, never before the one it follows, and stays the same kind of thing.

    Kind and period cannot change: what was earned is summed up by them. Another kind is another program.
    """
    if not program.program.holds(first):
        problems.add("effective_from", "outside", "A version begins within the program.")
    if before is None or began is None:
        return
    if first < began:
        problems.add("effective_from", "before_newest", f"The newest version begins on {day(began)}.")
    if program.rule.kind != before.rule.kind:
        problems.add("rule", "kind_changed", "The kind cannot change; make another program.")
    if program.period != before.period:
        problems.add("period", "period_changed", "The period cannot change; make another program.")
    if program.program.first != before.program.first:
        problems.add("program", "start_changed", f"The program began on {day(before.program.first)}; that stays.")
