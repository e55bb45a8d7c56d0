"""A program in worked numbers: what so many units, or this customer, would pay, beside the version before (2.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.core.labels import plural
from db.incentives import model
from db.incentives.model import Growth, Program, StairStep
from db.incentives.say_rules import money, percent, words
from db.incentives.tier_rules import growth_start, volume

MANY = 10
MOST_CASES = 14
EXAMPLE_BASELINE = 40
"""What a growth program is shown with where each dealer has its own baseline."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One example: what happens, and what it pays in cents; `before_cents` is that of the version before."""

    what: str
    cents: int
    before_cents: int | None = None


def worked(program: Program, before: Program | None = None) -> tuple[Case, ...]:
    """Examples of a program, the ones around each of its limits first; with `before` the same ones under that too.

    Where the kind of rule changed there is nothing to compare.
    """
    if before is not None and before.rule.kind != program.rule.kind:
        before = None
    if isinstance(program.rule, StairStep | Growth):
        return _volume(program, before)
    said = _singles(program)
    earlier = dict(_singles(before)) if before else {}
    return tuple(Case(what=what, cents=cents, before_cents=earlier.get(what)) for what, cents in said)


# ---- volume ----------------------------------------------------------------------------------------------------------
def pays(program: Program, units: int, baseline: int) -> int:
    """What a dealer's units of a period pay under a volume program, within its caps; in cents."""
    assert isinstance(program.rule, StairStep | Growth)
    caps = program.caps
    counted = min(units, caps.dealer_units) if caps.dealer_units else units
    cents = volume(program.rule, counted, baseline)
    return min(cents, caps.dealer_cents) if caps.dealer_cents else cents


def _volume(program: Program, before: Program | None) -> tuple[Case, ...]:
    both = [p for p in (before, program) if p is not None]
    baseline = next((b for p in reversed(both) for b in (_baseline(p),) if b), 0)
    around = sorted({n for p in both for n in _units_around(p, baseline) if n > 0})[:MOST_CASES]
    against = f" against {baseline}" if isinstance(program.rule, Growth) else ""
    found = []
    for n in around:
        grown = f" ({percent((n - baseline) * 10_000 // baseline)})" if against and baseline else ""
        what = f"{plural(n, 'unit')}{against}{grown}"
        earlier = pays(before, n, baseline) if before else None
        found.append(Case(what=what, cents=pays(program, n, baseline), before_cents=earlier))
    if against:
        earlier = pays(before, MANY, 0) if before else None
        found.append(
            Case(what=f"{MANY} units without a baseline", cents=pays(program, MANY, 0), before_cents=earlier)
        )  # fmt: skip
    return tuple(found)


def _baseline(program: Program) -> int:
    rule = program.rule
    if not isinstance(rule, Growth):
        return 0
    named = (rule.targets, *rule.by_period.values())
    targets = sorted(n for some in named for n in some.values() if n)
    return targets[len(targets) // 2] if rule.baseline == "target" and targets else EXAMPLE_BASELINE


def _units_around(program: Program, baseline: int) -> list[int]:
    """The units at which something changes, with one below each and some above the last."""
    rule = program.rule
    if isinstance(rule, StairStep):
        starts = [t.from_units for t in rule.tiers]
    else:
        assert isinstance(rule, Growth)
        starts = [growth_start(rule, baseline)]
    last = starts[-1]
    cap = [program.caps.dealer_units + 1] if program.caps.dealer_units else []
    return [n for start in starts for n in (start - 1, start)] + [last + max(1, last // 5), *cap]


# ---- one vehicle -----------------------------------------------------------------------------------------------------
def _singles(program: Program) -> list[tuple[str, int]]:
    firsts = _firsts(program)
    caps, (_, one) = program.caps, firsts[0]
    counted = min(MANY, caps.dealer_units) if caps.dealer_units else MANY
    many = min(counted * one, caps.dealer_cents) if caps.dealer_cents else counted * one
    found = [*firsts, (f"{MANY} such vehicles of a dealer in a period", many)]
    if caps.customer_units:
        taken = min(MANY, caps.customer_units)
        found.append((f"{MANY} such vehicles for one customer", min(taken * one, many)))
    if program.budget_cents and one:
        found.append(("Everything the budget can pay", program.budget_cents))
    return found


def _firsts(program: Program) -> list[tuple[str, int]]:
    """What one vehicle pays in the cases its rule tells apart; the first is the ordinary one."""
    rule, year = program.rule, program.deliveries.first.year
    match rule:
        case model.LeasePullAhead():
            full = rule.max_payments * rule.max_payment_cents
            half = rule.max_payment_cents // 2
            cases = [
                (f"{_payments(rule.max_payments)} of {money(rule.max_payment_cents)} left", full),
                (f"1 payment of {money(half)} left", half),
                (f"{_payments(rule.max_payments + 2)} of {money(rule.max_payment_cents * 2)} left", full),
            ]
        case model.PriceProtection():
            by_model = sorted(rule.by_model.items(), key=lambda x: (-x[1], x[0]))
            cases = [(f"A {name} in stock when the price fell", cents) for name, cents in by_model[:MOST_CASES]]
            cases.append(("Any other model", 0))
        case model.Conquest() | model.TradeIn():
            source = words(rule.makes, "or") if rule.makes else "a vehicle"
            oldest = year - rule.max_years
            cases = [
                (f"Trading in {source} of {oldest} or newer, delivered in {year}", rule.cents),
                (f"Trading in {source} of {oldest - 1}", 0),
            ]
            if isinstance(rule, model.Conquest):
                cases.append((f"Trading in {words(rule.own_makes, 'or')}", 0))
        case model.Loyalty():
            cases = [(f"A customer who has owned {words(rule.makes, 'or')}", rule.cents), ("Any other customer", 0)]
        case model.Affinity():
            groups = words([model.AFFINITIES[g] for g in rule.groups], "or").lower()
            cases = [(f"A customer of the group {groups}", rule.cents), ("Any other customer", 0)]
        case model.Certified():
            held = words(rule.certificates, "or")
            cases = [(f"Sold by somebody who holds {held}", rule.cents), ("Sold by somebody else", 0)]
        case StairStep() | Growth():
            raise ValueError("volume has no single vehicle")
        case _:
            cases = [("One eligible vehicle", rule.cents)]
    most = program.caps.vin_cents
    return [(what, min(cents, most) if most else cents) for what, cents in cases]


def _payments(number: int) -> str:
    return plural(number, "payment")


def budget_units(program: Program) -> int | None:
    """How many vehicles the budget pays in the ordinary case; None without a budget or for volume."""
    if program.is_volume or not program.budget_cents:
        return None
    one = _firsts(program)[0][1]
    return program.budget_cents // one if one else None


def sides(cases: Sequence[Case]) -> bool:
    """Whether any of the examples has a version before to compare with."""
    return any(c.before_cents is not None for c in cases)
