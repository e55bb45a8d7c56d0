"""What a program pays for one vehicle, and what a dealer has earned with it in a period (domain-rules 2.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from db.core.labels import plural
from db.incentives.facts import Earned, SaleFacts, Unit
from db.incentives.model import Growth, LeasePullAhead, PriceProtection, Program, StairStep
from db.incentives.say_rules import money, percent, sale_number
from db.incentives.tier_rules import next_step, volume


def amount_of(program: Program, sale: SaleFacts) -> int:
    """What this sale pays under a program if it is eligible, in cents, within the cap of the VIN; 0 for volume."""
    rule = program.rule
    if isinstance(rule, StairStep | Growth):
        return 0
    if isinstance(rule, LeasePullAhead):
        paid = min(sale.payment_cents or 0, rule.max_payment_cents)
        cents = min(sale.waived_payments or 0, rule.max_payments) * max(paid, 0)
    elif isinstance(rule, PriceProtection):
        drops = {model.casefold(): cents for model, cents in rule.by_model.items()}
        cents = drops.get(sale.model.casefold(), 0)
    else:
        cents = rule.cents
    return min(cents, program.caps.vin_cents) if program.caps.vin_cents else max(cents, 0)


def earned(program: Program, units: Iterable[Unit], *, baseline: int = 0) -> Earned:
    """What the counted sales of a dealer in a period come to. The order in which they are given does not matter.

    Caps take the earliest deliveries first: so many of a customer, so many of the dealer, then so much money.
    """
    caps = program.caps
    counted, by_customer, said = list[Unit](), Counter[str](), list[str]()
    for unit in sorted(units, key=lambda u: (u.delivered_on, u.sale_id)):
        name = unit.customer_ref.strip().casefold()
        if caps.customer_units and name and by_customer[name] >= caps.customer_units:
            said.append(f"{sale_number(unit.sale_id)} is not paid: {_most(caps.customer_units)} a customer.")
            continue
        if caps.dealer_units and len(counted) >= caps.dealer_units:
            said.append(f"{sale_number(unit.sale_id)} is not paid: {_most(caps.dealer_units)} a dealer and period.")
            continue
        by_customer[name] += 1
        counted.append(unit)
    if isinstance(program.rule, StairStep | Growth):
        cents = volume(program.rule, len(counted), baseline)
        said.insert(0, _volume_sentence(program.rule, len(counted), baseline, cents))
    else:
        cents = sum(u.cents for u in counted)
        said.insert(0, f"{plural(len(counted), 'unit')} {_pay(len(counted))} {money(cents)}.")
    if caps.dealer_cents and cents > caps.dealer_cents:
        said.append(f"Capped at {money(caps.dealer_cents)} for the dealer and the period.")
        cents = caps.dealer_cents
    return Earned(units=len(counted), cents=cents, said=tuple(said))


def _most(units: int) -> str:
    return f"at most {plural(units, 'unit')}"


def _pay(units: int) -> str:
    return "pays" if units == 1 else "pay"


def _volume_sentence(rule: StairStep | Growth, units: int, baseline: int, cents: int) -> str:
    many = plural(units, "unit")
    if isinstance(rule, StairStep):
        reached = [t for t in rule.tiers if t.from_units <= units]
        first = rule.tiers[0].from_units
        if not reached:
            return f"{many}; the first tier begins at {plural(first, 'unit')}, so nothing is earned."
        each = money(reached[-1].cents)
        how = f"each pays {each}" if rule.method == "retroactive" else f"each pays at its own tier, the last {each}"
        return f"{many}; the tier from {reached[-1].from_units:,} on is reached, {how}: {money(cents)}."
    base = "target" if rule.baseline == "target" else "baseline"
    if baseline <= 0:
        return f"{many} and no {base}: {money(cents) if cents else 'nothing is earned'}."
    against = f"{many} against a {base} of {baseline:,}"
    if units < baseline:
        return f"{against}, {plural(baseline - units, 'unit')} short: nothing is earned."
    grown = percent((units - baseline) * 10_000 // baseline)
    needed = f" where {percent(rule.min_percent)} is needed" if rule.min_percent else ""
    return f"{against}, {grown} more{needed}: {money(cents) if cents else 'nothing is earned'}."


def outlook(program: Program, units: int, *, baseline: int = 0) -> str:
    """ "7 units to the next step, $15,400 at stake." for a volume program; empty for others and at the top."""
    if not isinstance(program.rule, StairStep | Growth):
        return ""
    step = next_step(program.rule, units, baseline)
    if step is None:
        return ""
    return f"{plural(step.units, 'unit')} to the next step, {money(step.cents)} at stake."


def change(target_cents: int, posted_cents: int) -> int:
    """What has to be posted so that the ledger says what was calculated; entries are only ever added."""
    return target_cents - posted_cents
