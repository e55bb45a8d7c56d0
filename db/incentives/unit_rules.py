"""What one sale is for every program: counted or not, what it pays, why not. A function of sale and programs only.

Claims and the order of events play no part, so that what is earned can be calculated again at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from db.incentives.amount_rules import amount_of
from db.incentives.claim_rules import counts, does_count
from db.incentives.facts import Check, SaleFacts
from db.incentives.model import Program
from db.incentives.stack_rules import Stacked, offer_of, resolve
from db.incentives.tier_rules import days_of, period_of


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One published version of a program. It holds for deliveries from `effective_from` on until a later one begins."""

    program_id: int
    version_id: int
    number: int
    effective_from: date
    program: Program


@dataclass(frozen=True, kw_only=True)
class UnitResult:
    """A sale under a program: its period, whether it counts, what it pays, and what stands against it first."""

    plan: Plan
    period: str
    is_counted: bool
    cents: int
    checks: tuple[Check, ...]
    rule: str = ""
    why: str = ""


def plan_on(plans: Sequence[Plan], day: date) -> Plan | None:
    """Of the versions of one program the newest in force on a day."""
    held = [p for p in plans if p.effective_from <= day]
    return max(held, key=lambda p: p.number, default=None)


def plan_of_period(plans: Sequence[Plan], period: str) -> Plan:
    """The version a period is summed up with: the newest that began by its last day; at least the first there was."""
    for one in sorted(plans, key=lambda p: -p.number):
        try:
            days = days_of(period, one.program.program)
        except ValueError:
            continue  # this version was never in force in the period
        if one.effective_from <= days.last:
            return one
    return min(plans, key=lambda p: p.number)


def key_day(sale: SaleFacts) -> date | None:
    """The day that says which version holds: of the delivery, before it that of the contract."""
    return sale.delivered_on or sale.contract_on


def near(sale: SaleFacts, plans_by_program: Iterable[Sequence[Plan]]) -> list[Plan]:
    """The version of each program that has something to say of a sale: delivered or contracted while it runs."""
    day = key_day(sale)
    if day is None:
        return []
    found = []
    for plans in plans_by_program:
        plan = plan_on(plans, day)
        days = [d for d in (sale.delivered_on, sale.contract_on) if d is not None]
        if plan is not None and any(plan.program.program.holds(d) for d in days):
            found.append(plan)
    return sorted(found, key=lambda p: p.program.code)


def evaluate(sale: SaleFacts, plans: Sequence[Plan]) -> tuple[list[UnitResult], Stacked]:
    """The sale under each of these programs, and how those that pay a vehicle stack."""
    asked = [(p, counts(sale, p.program)) for p in plans]
    offers = [
        offer_of(p.program, amount_of(p.program, sale))
        for p, checks in asked
        if not p.program.is_volume and does_count(checks)
    ]
    stacked = resolve(offers)
    lost = {x.code: x.why for x in stacked.losers}
    day = key_day(sale)
    results = []
    for plan, checks in asked:
        one = plan.program
        against = next((c for c in checks if c.level in ("fail", "missing")), None)
        why, rule = (against.sentence, against.rule) if against else (lost.get(one.code, ""), "I12")
        is_counted = not why
        results.append(
            UnitResult(
                plan=plan, period=period_of(one.period, day or one.program.first), is_counted=is_counted,
                cents=amount_of(one, sale) if is_counted else 0, checks=checks, rule=rule if why else "", why=why,
            )
        )  # fmt: skip
    return results, stacked
