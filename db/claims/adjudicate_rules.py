"""From the results of the rules to one outcome: rejected, returned, denied, paid, paid with changes, or a person.

The same function judges while the dealer types, when the claim is sent, and in the simulator (domain-rules 2.1 C, D).

Amounts come about in this order: every line as claimed; less what a rule takes off it; of goodwill the share; nothing
for a job or a line that is denied; the deductible last, from what is left. No line is ever paid more than claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from db.claims.attachment_rules import w25_files
from db.claims.authorization_rules import w20_authorization, w21_within_authorization
from db.claims.campaign_rules import w23_campaign
from db.claims.cap_rules import w24_caps, w26_deductible
from db.claims.coverage_rules import w06_time_and_distance, w07_component
from db.claims.duplicate_rules import w16_same_line, w17_same_work, w27_usual_amount
from db.claims.goodwill_rules import goodwill_share
from db.claims.labour_rules import w10_operation, w11_straight_time, w12_rate, w22_technician
from db.claims.lookup_rules import judged_as
from db.claims.model import CLAIM_TYPES, ChargeVerdict, ClaimFacts, Outcome, Result, Verdict
from db.claims.money_rules import fill, line_cents
from db.claims.narrative_rules import w09_narrative
from db.claims.part_rules import w13_price, w14_causal_part
from db.claims.policy_rules import Policy
from db.claims.repeat_rules import w18_comeback, w19_second_assembly
from db.claims.say_rules import money
from db.claims.vehicle_rules import w01_vin, w02_vehicle, w08_exclusions
from db.claims.visit_rules import w03_repair_order, w04_odometer, w05_dates, w15_window, w28_type

Rule = Callable[[ClaimFacts, Policy], Sequence[Result]]
RULES: Final[dict[str, Rule]] = {
    "W01": w01_vin, "W02": w02_vehicle, "W03": w03_repair_order, "W04": w04_odometer, "W05": w05_dates,
    "W06": w06_time_and_distance, "W07": w07_component, "W08": w08_exclusions, "W09": w09_narrative,
    "W10": w10_operation, "W11": w11_straight_time, "W12": w12_rate, "W13": w13_price, "W14": w14_causal_part,
    "W15": w15_window, "W16": w16_same_line, "W17": w17_same_work, "W18": w18_comeback, "W19": w19_second_assembly,
    "W20": w20_authorization, "W21": w21_within_authorization, "W22": w22_technician, "W23": w23_campaign,
    "W24": w24_caps, "W25": w25_files, "W26": w26_deductible, "W27": w27_usual_amount, "W28": w28_type,
}  # fmt: skip
"""W01 to W28 in their order."""

_ALL = frozenset(CLAIM_TYPES)
_OUTGOING = frozenset({"supplier_recovery"})  # from us to a supplier: nothing of it happened at a dealer
_REPAIRS = _ALL - _OUTGOING - {"debit"}  # a debit only takes back; its original was judged
_COUNTED = _REPAIRS - {"pre_authorization", "add_credit"}  # each job of a repair order counts once
APPLIES: Final[dict[str, frozenset[str]]] = {
    "W01": _ALL - _OUTGOING,
    "W02": _REPAIRS,
    "W03": _REPAIRS - {"pre_authorization"},  # asked before there is a repair order
    "W04": _REPAIRS,
    "W05": _REPAIRS,
    # Nothing to cover: goodwill is shared by age and distance instead, a recall is for all listed vehicles, and damage
    # in transport or work before delivery comes before the warranty.
    "W06": _REPAIRS - {"recall", "pdi", "transport_damage"},
    "W07": _REPAIRS - {"recall", "pdi", "transport_damage", "goodwill"},
    "W08": _REPAIRS - {"recall", "pdi", "transport_damage"},  # a recall is done on a modified vehicle, too
    "W09": _REPAIRS - {"pdi"},  # nobody complains of a new vehicle
    "W10": _REPAIRS,
    "W11": _REPAIRS,
    "W12": _REPAIRS,
    "W13": _REPAIRS,
    # The part of a supplement may be on its original; what broke in transport is not the part that caused it.
    "W14": _REPAIRS - {"pdi", "transport_damage", "add_credit"},
    # A supplement follows a decision, not a repair order; the customer who paid is not bound by the dealer's window.
    "W15": _COUNTED - {"customer_reimbursement"},
    "W16": _COUNTED,
    "W17": _COUNTED,
    # A part under its own warranty comes back by nature; a recall may follow any repair.
    "W18": _REPAIRS - {"recall", "pdi", "transport_damage", "parts_warranty", "add_credit"},
    "W19": _COUNTED - {"recall", "pdi", "transport_damage"},
    # The campaign authorizes its work, a pre-authorization is the asking itself, a customer paid before anybody asked.
    "W20": _REPAIRS - {"pre_authorization", "recall", "pdi", "customer_reimbursement"},
    "W21": _REPAIRS - {"pre_authorization", "recall", "pdi"},
    "W22": _REPAIRS - {"pre_authorization", "customer_reimbursement"},  # not repaired yet; repaired by somebody else
    "W23": frozenset({"recall", "add_credit"}),  # a supplement to a recall
    "W24": _REPAIRS,
    "W25": _REPAIRS,
    "W26": _REPAIRS,
    "W27": _REPAIRS - {"pdi", "add_credit"},  # a supplement is only what was missed
    "W28": _ALL,
}
"""Which rules are asked of which types of claim (domain-rules 2.1 B)."""

_KEY_RULES = ("W01", "W03", "W05", "W28")
_KEY_REASONS = ("VIN_MISSING", "VIN_INVALID", "DATA_MISSING")
"""What makes a claim one that could not be processed: VIN, repair order, days or type missing or invalid (2.1 C)."""
_PAID_DESPITE = ("W01",)
"""Warnings nobody has to look at: a vehicle on file is known by its VIN, whatever its check digit."""
_WEIGHT = {"E": 0, "X": 1, "A": 2, "R": 3, "W": 4}
_PERSON = {
    "supplier_recovery": "A supplier recovery goes out in our name, so a person decides.",
}


def applies(rule: str, facts: ClaimFacts, policy: Policy) -> bool:
    """Whether a rule is asked of a claim: it is switched on and is one for its type."""
    kind = facts.claim.claim_type
    if not policy.rule(rule).enabled:
        return False
    if kind not in _ALL:
        return rule == "W28"  # nothing can be asked of a type nobody knows
    asked = APPLIES[rule]
    return kind in asked and (kind != "add_credit" or rule in _KEY_RULES or judged_as(facts) in asked)


def adjudicate(facts: ClaimFacts, policy: Policy) -> Verdict:
    """Run every rule and decide. Nothing is read and nothing is written."""
    lines = sorted(facts.claim.charges, key=lambda c: c.position)
    claimed = {c.position: line_cents(c) for c in lines}
    amounts, why_less = dict(claimed), dict[int, Result]()
    found: list[Result] = []

    def take(results: Iterable[Result]) -> None:
        for r in results:
            found.append(r)
            if r.suggested_cents is not None and not r.passed and r.suggested_cents < amounts.get(r.charge, 0):
                amounts[r.charge] = r.suggested_cents
                why_less[r.charge] = r

    for name, rule in RULES.items():
        if name != "W26" and applies(name, facts, policy) and not (name == "W06" and judged_as(facts) == "goodwill"):
            take(rule(facts, policy))
    if judged_as(facts) == "goodwill" and applies("W06", facts, policy):
        take(goodwill_share(facts, policy, amounts))
    whole, jobs, dead = _denied(facts, found, claimed)
    for line in lines:
        if (whole or line.job in jobs) and claimed[line.position] > 0:
            amounts[line.position] = 0
            why_less[line.position] = whole or jobs[line.job]
    if applies("W26", facts, policy):
        for r in w26_deductible(facts, policy, amounts):
            found.append(r)
            if r.suggested_cents is not None:
                amounts[r.charge] = r.suggested_cents
                why_less[r.charge] = r
    _owe_nothing(facts, amounts, sum(claimed.values()))
    found.sort(key=lambda r: r.rule)
    charges = tuple(
        ChargeVerdict(
            position=c.position, claimed_cents=claimed[c.position], suggested_cents=amounts[c.position],
            reason_code=w.reason_code if (w := why_less.get(c.position)) else "", sentence=w.sentence if w else "",
        )
        for c in lines
    )  # fmt: skip
    suggested = sum(amounts.values())
    # What is wrong with a job that is not paid anyway changes nothing any more.
    live = [r for r in found if not r.passed and (r.level in "EX" or not r.job or r.job not in dead)]
    outcome, why = _outcome(facts, policy, live, suggested, is_denied=whole is not None, changed=amounts != claimed)
    return Verdict(
        outcome=outcome, policy_version=policy.version, results=tuple(found), charges=charges, why=why,
        level_needed=policy.level_for(suggested) if outcome == "review" else 0,
    )  # fmt: skip


def _denied(
    facts: ClaimFacts, found: Sequence[Result], claimed: dict[int, int]
) -> tuple[Result | None, dict[int, Result], set[int]]:
    """What denies the whole claim, what denies some of its jobs, and those jobs.

    With no job left the claim is denied, and so it is when no line is left.
    """
    denials = [r for r in found if not r.passed and r.level == "X"]
    whole = next((r for r in denials if not r.job and not r.charge), None)
    jobs: dict[int, Result] = {}
    for r in denials:
        if r.job and not r.charge:
            jobs.setdefault(r.job, r)
    lines = {r.charge for r in denials if r.charge}
    if whole is None and denials:
        left = [c for c in facts.claim.charges if c.kind != "deductible" and claimed[c.position] > 0
                and c.job not in jobs and c.position not in lines]  # fmt: skip
        if all(j.position in jobs for j in facts.claim.jobs) or not left:
            whole = denials[0]
    return whole, jobs, set(jobs)


def _owe_nothing(facts: ClaimFacts, amounts: dict[int, int], claimed: int) -> None:
    """A deductible takes no more than there is to pay, whatever rule is switched off."""
    own = sorted(c.position for c in facts.claim.charges if c.kind == "deductible")
    total = sum(amounts.values())
    if own and total < 0 <= claimed:
        paid = sum(cents for position, cents in amounts.items() if position not in own)
        for position, cents in zip(own, fill([-amounts[p] for p in own], paid), strict=True):
            amounts[position] = -cents


def _outcome(
    facts: ClaimFacts, policy: Policy, failed: Sequence[Result], suggested: int, *, is_denied: bool, changed: bool
) -> tuple[Outcome, tuple[str, ...]]:
    """The outcome and the sentences behind it, the weightiest first."""
    ordered = sorted(failed, key=lambda r: (_WEIGHT[r.level], r.rule, r.job, r.charge))
    sentences = [r.sentence for r in ordered]
    errors = [r for r in ordered if r.level == "E"]
    keys = [r for r in errors if r.rule in _KEY_RULES and r.reason_code in _KEY_REASONS]
    if keys:
        first = [r.sentence for r in keys]
        return "rejected", tuple(first + [s for s in sentences if s not in first])
    if errors:
        return "returned", tuple(sentences)
    if is_denied:
        return "denied", tuple(sentences)
    person = _PERSON.get(facts.claim.claim_type)
    if person:
        return "review", (person, *sentences)
    most = policy.auto_approve_cents
    above = (
        [f"{money(abs(suggested))} is above {money(most)}, up to which a claim is decided without a person."]
        if abs(suggested) > most
        else []
    )
    if above or any(r.level == "A" or (r.level == "W" and r.rule not in _PAID_DESPITE) for r in ordered):
        return "review", (*[r.sentence for r in ordered if r.level in "XA"], *above,
                          *[r.sentence for r in ordered if r.level not in "XA"])  # fmt: skip
    return ("pay_changed" if changed else "pay"), tuple(sentences)
