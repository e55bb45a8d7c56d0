"""A program in plain words, as it is read before it is published, and what two versions differ in."""

from __future__ import annotations

from itertools import pairwise
from typing import assert_never

from db.core.labels import plural
from db.incentives import model
from db.incentives.customer_rules import accepted_label
from db.incentives.model import AFFINITIES, RETAIL, SALE_TYPES, Program
from db.incentives.sale_rules import days_label
from db.incentives.say_rules import day, money, percent, words

PERIODS = {"month": "each month", "quarter": "each quarter", "program": "the whole program"}


def rule_sentence(rule: model.Rule) -> str:
    """What a rule pays, in one sentence."""
    match rule:
        case model.PerUnit():
            return f"Each eligible vehicle pays {money(rule.cents)} to the people who sold it."
        case model.DealerCash():
            return f"Each eligible vehicle pays {money(rule.cents)} to the dealer."
        case model.CustomerCash():
            return f"{money(rule.cents)} that the dealer gave to the customer is paid back for each vehicle."
        case model.StairStep():
            how = (
                "every unit is paid at the tier reached"
                if rule.method == "retroactive"
                else "each unit at its own tier"
            )
            return f"Stair step, {rule.method}: {how}. {_tiers(rule)}."
        case model.Growth():
            return _growth(rule)
        case model.Loyalty():
            return f"{money(rule.cents)} for a customer who has owned {words(rule.makes, 'or')}."
        case model.Conquest():
            source = words(rule.makes, "or") if rule.makes else f"another make than {words(rule.own_makes, 'or')}"
            return f"{money(rule.cents)} for a customer who trades in {source}, {_old(rule.max_years)}."
        case model.TradeIn():
            what = words(rule.makes, "or") if rule.makes else "a vehicle"
            return f"{money(rule.cents)} for trading in {what}, {_old(rule.max_years)}."
        case model.Affinity():
            return f"{money(rule.cents)} for {words([AFFINITIES[g] for g in rule.groups], 'or').lower()}."
        case model.LeasePullAhead():
            most = f"{plural(rule.max_payments, 'payment')} of at most {money(rule.max_payment_cents)}"
            taken = "is" if rule.max_payments == 1 else "are"
            ends = f"ends within {plural(rule.ends_within_days, 'day')} of the delivery"
            return f"Up to {most} of a lease that {ends} {taken} taken over."
        case model.PriceProtection():
            drops = words([f"{name} {money(cents)}" for name, cents in sorted(rule.by_model.items())])
            since = f"stocked at most {plural(rule.stocked_within_days, 'day')} before"
            return f"The price fell on {day(rule.changed_on)}: {drops} for vehicles in stock that day, {since}."
        case model.Certified():
            return f"{money(rule.cents)} for a sale by somebody who holds {words(rule.certificates, 'or')}."
        case _:
            assert_never(rule)


def _tiers(rule: model.StairStep) -> str:
    said = [f"{_span(one.from_units, other.from_units - 1)} {money(one.cents)}" for one, other in pairwise(rule.tiers)]
    last = rule.tiers[-1]
    return "Per unit: " + words([*said, f"from {plural(last.from_units, 'unit')} {money(last.cents)}"])


def _span(first: int, last: int) -> str:
    return plural(first, "unit") if first == last else f"{first:,} to {last:,} units"


def _old(years: int) -> str:
    return f"at most {plural(years, 'model year')} old"


def _growth(rule: model.Growth) -> str:
    base = "the same days of the year before" if rule.baseline == "year_before" else "the dealer's target"
    what = "each unit above it" if rule.pays == "above" else "every unit"
    enough = f" Growth of at least {percent(rule.min_percent)} is needed." if rule.min_percent else ""
    without = "earns nothing" if rule.without_baseline == "nothing" else "is paid for every unit"
    lacks = "baseline" if rule.baseline == "year_before" else "target"
    said = f"Growth against {base}: {what} pays {money(rule.cents)}.{enough} A dealer without a {lacks} {without}."
    return f"{said}{_targets(rule)}"


def _targets(rule: model.Growth) -> str:
    """How many targets there are and what they add up to, so that who publishes them sees what changed."""
    if rule.baseline != "target":
        return ""
    said = ""
    if rule.targets:
        total = plural(sum(rule.targets.values()), "unit")
        said += f" {plural(len(rule.targets), 'dealer')} with a target for every period, {total} in all."
    for name, some in sorted(rule.by_period.items()):
        said += f" {name}: {plural(len(some), 'dealer')} with a target, {plural(sum(some.values()), 'unit')} in all."
    return said


def in_words(program: Program) -> tuple[str, ...]:
    """The whole program as sentences, in the order one asks: what, when, who, which, proof, limits, stacking."""
    one, wanted, caps = program, program.eligible, program.caps
    said = [rule_sentence(one.rule), f"Deliveries from {days_label(one.deliveries)}."]
    said.append(f"Reported {_within(one.report_days)}{_also(one.reports)}.")
    if not one.is_volume:
        by = f"from {days_label(one.claims)}" if one.claims else _within(one.claim_days)
        said.append(f"Claimed {by}.")
    else:
        said.append(f"Units are counted over {PERIODS[one.period]}.")
    which = [
        *(("model years " + words([str(y) for y in wanted.years], "and"),) if wanted.years else ()),
        *wanted.makes, *wanted.models, *wanted.trims,
        *((plural(len(wanted.vins), "listed VIN"),) if wanted.vins else ()),
        *(("any serial number",) if wanted.any_serial else ()),
    ]  # fmt: skip
    said.append(f"Vehicles: {words(wanted.conditions, 'or')}, {', '.join(which) if which else 'every model'}.")
    left_out = [label for name, label in SALE_TYPES.items() if name not in wanted.sale_types]
    taken = "Retail sales" if wanted.sale_types == RETAIL else words([SALE_TYPES[t] for t in wanted.sale_types])
    said.append(f"Sales: {taken}; not {words(left_out, 'or')}." if left_out else f"Sales: {taken}.")
    who = [
        f"in {words(wanted.regions, 'or')}" if wanted.regions else "in every region",
        f"of tier {words(wanted.tiers, 'or')}" if wanted.tiers else "of every tier",
        f"{len(wanted.enrolled)} enrolled" if wanted.enrolled else "all active ones",
    ]
    said.append(f"Dealers: {', '.join(who)}.")
    said += [f"Proof: {r.label}, by {accepted_label(r)} and no other paper." for r in one.documents]
    if one.checklist:
        said.append(f"Checklist: {words(one.checklist)}.")
    limits = [
        *((f"{money(one.budget_cents)} in all",) if one.budget_cents else ()),
        *((f"{plural(caps.dealer_units, 'unit')} a dealer and period",) if caps.dealer_units else ()),
        *((f"{money(caps.dealer_cents)} a dealer and period",) if caps.dealer_cents else ()),
        *((f"{money(caps.vin_cents)} a VIN",) if caps.vin_cents else ()),
        *((f"{plural(caps.customer_units, 'unit')} a customer and period",) if caps.customer_units else ()),
    ]
    said.append(f"At most {words(limits)}." if limits else "No budget and no cap.")
    said.append(_stacking(one))
    said.append(f"A denial can be appealed once, within {one.appeal_days} days." if one.appeal_days else "No appeals.")
    if one.bulletin:
        said.append(f"Bulletin {one.bulletin}.")
    return tuple(said)


def _within(days: int) -> str:
    return f"within {plural(days, 'day')} of the delivery" if days else "on the day of the delivery"


def _also(window: model.Window | None) -> str:
    return f", from {days_label(window)}" if window else ""


def _stacking(program: Program) -> str:
    named = words(program.compatible)
    if program.is_volume:
        return "Counted beside whatever else a sale is paid."
    if program.exclusive:
        return f"Exclusive: combined with nothing but {named}." if named else "Exclusive: combined with nothing else."
    if program.stack_group:
        but = f", but with {named}" if named else ""
        return f"One of the group {program.stack_group}{but}; combined with other groups."
    return "Combined with every program that allows it."


def changes_between(before: Program, after: Program) -> tuple[str, ...]:
    """What a new version says differently, sentence by sentence: what is gone, then what is new."""
    old, new = in_words(before), in_words(after)
    gone = [f"No longer: {s}" for s in old if s not in new]
    return (*gone, *(f"New: {s}" for s in new if s not in old))
