"""Checks of a claim: paid before, its window, amount, stacking, checklist (I02, I10-I12, I14), and the verdict.

Incomplete is never denied: what is missing is returned to be completed, only what can never be right is refused.
"""

from __future__ import annotations

from datetime import timedelta

from db.core.labels import plural
from db.incentives.amount_rules import amount_of
from db.incentives.customer_rules import i08_proof, i09_previous
from db.incentives.facts import Check, ClaimFacts, Level, Outcome, PeriodFacts, SaleFacts, Verdict
from db.incentives.model import DEALER_STATUSES, Program
from db.incentives.sale_rules import COUNTING, allowed, check, days_label, with_proofs
from db.incentives.say_rules import day, money, words
from db.incentives.stack_rules import Offer, conflict, offer_of


def i02_not_paid_before(sale: SaleFacts, claim: ClaimFacts, program: Program) -> Check:
    """The vehicle was not claimed under this program before, nor approved under one that excludes it."""
    mine = offer_of(program, 0)
    for one in claim.prior:
        if one.program == program.code:
            state = "approved" if one.state == "approved" else "waiting"
            sentence = f"{sale.vin} was claimed already: {one.number} is {state}."
            return check("I02", "fail", sentence, observed=one.number, limit="once for each VIN")
        other = Offer(
            code=one.program, cents=0, stack_group=one.stack_group, exclusive=one.exclusive, compatible=one.compatible
        )
        why = conflict(mine, other)
        if one.state == "approved" and why:
            sentence = f"{one.program} was approved for this vehicle with {one.number}: {why}."
            return check("I02", "fail", sentence, observed=one.number, limit="no excluding program")
    return check(
        "I02", "pass", "Nothing was paid for this vehicle that excludes the program.", limit="once for each VIN"
    )


def i10_claim_window(sale: SaleFacts, claim: ClaimFacts, program: Program) -> Check:
    """The claim comes within its days after the delivery, or within the window of claims where there is one."""
    if program.claims:
        limit = days_label(program.claims)
        if program.claims.holds(claim.claimed_on):
            return check("I10", "pass", "Claimed within the window.", observed=day(claim.claimed_on), limit=limit)
        sentence = f"Claimed on {day(claim.claimed_on)}; claims are taken from {limit}."
        level: Level = "missing" if claim.claimed_on < program.claims.first else "fail"
        return check("I10", level, sentence, observed=day(claim.claimed_on), limit=limit)
    limit = f"{plural(program.claim_days, 'day')} after the delivery"
    if sale.delivered_on is None:
        return check("I10", "missing", "A claim counts from the delivery on.", limit=limit)
    last = sale.delivered_on + timedelta(days=program.claim_days)
    took = (claim.claimed_on - sale.delivered_on).days
    after = plural(took, "day")
    if claim.claimed_on > last:
        sentence = f"Claimed {after} after the delivery; {allowed(program.claim_days)}, until {day(last)}."
        return check("I10", "fail", sentence, observed=after, limit=limit)
    said = "Claimed on the day of the delivery." if not took else f"Claimed {after} after the delivery."
    return check("I10", "pass", said, observed=after, limit=limit)


def entitled(sale: SaleFacts, claim: ClaimFacts, program: Program) -> tuple[int, tuple[str, ...]]:
    """What may be paid now, in cents, within caps and budget, and the sentences of what reduced it."""
    cents, said = amount_of(program, sale), list[str]()
    caps = program.caps
    if caps.dealer_units is not None and claim.dealer_units >= caps.dealer_units:
        cents, said = 0, [_used_up("dealer", claim.dealer_units, caps.dealer_units, "a period")]
    if caps.customer_units is not None and claim.customer_units >= caps.customer_units:
        cents, said = 0, [*said, _used_up("customer", claim.customer_units, caps.customer_units, "a customer")]
    for left, what in (
        (
            None if caps.dealer_cents is None else max(0, caps.dealer_cents - claim.dealer_cents),
            "the cap of the dealer",
        ),
        (claim.budget_left, "the budget"),
    ):
        if left is not None and cents > left:
            said.append(f"Only {money(left)} of {what} is left.")
            cents = left
    return cents, tuple(said)


def _used_up(who: str, units: int, most: int, each: str) -> str:
    return f"The {who} was paid for {plural(units, 'unit')} already; the program pays at most {most:,} {each}."


def i11_amount(sale: SaleFacts, claim: ClaimFacts, program: Program) -> Check:
    """The amount is there and not above what the program pays, within caps and budget."""
    full = amount_of(program, sale)
    cents, said = entitled(sale, claim, program)
    limit = money(cents)
    if claim.claimed_cents is None or claim.claimed_cents <= 0:
        return check("I11", "missing", f"The amount is missing; the program pays {limit}.", limit=limit)
    observed = money(claim.claimed_cents)
    if cents == 0:
        why = " ".join(said) or "The program pays nothing for this sale."
        return check("I11", "fail", why, observed=observed, limit=limit)
    if claim.claimed_cents > cents:
        why = f" {' '.join(said)}" if said else ""
        sentence = f"{observed} is claimed, the program pays {money(full)}.{why} {limit} can be approved."
        return check("I11", "warn", sentence, observed=observed, limit=limit)
    return check("I11", "pass", f"{observed} is within what the program pays.", observed=observed, limit=limit)


def i12_stacking(sale: SaleFacts, claim: ClaimFacts, program: Program) -> Check:
    """The program belongs to the legal set that pays most for this sale."""
    if claim.lost_to:
        return check("I12", "fail", claim.lost_why, observed=words(claim.lost_to), limit="the set that pays most")
    return check("I12", "pass", "It can be combined with what else this sale has.", limit="the set that pays most")


def i14_checklist(sale: SaleFacts, claim: ClaimFacts, program: Program) -> Check:
    """Everything on the program's checklist is ticked."""
    return _checklist(claim.checked, program)


def _checklist(ticked: tuple[str, ...], program: Program) -> Check:
    if not program.checklist:
        return check("I14", "none", "The program has no checklist.")
    left = [c for c in program.checklist if c not in ticked]
    limit = plural(len(program.checklist), "point")
    observed = plural(len(program.checklist) - len(left), "point")
    if left:
        sentence = f"Not ticked yet: {words(left)}."
        return check("I14", "missing", sentence, observed=observed, limit=limit)
    return check("I14", "pass", "The checklist is complete.", observed=observed, limit=limit)


OF_SALE = (*COUNTING, i08_proof, i09_previous)
OF_CLAIM = (i02_not_paid_before, i10_claim_window, i11_amount, i12_stacking, i14_checklist)
TITLES: dict[str, str] = {
    "I01": "Vehicle and stock", "I02": "Not paid before", "I03": "Delivered in the program", "I04": "Reported in time",
    "I05": "Type of sale", "I06": "Dealer", "I07": "Region", "I08": "Proof of the customer",
    "I09": "Previous vehicle", "I10": "Claimed in time", "I11": "Amount", "I12": "Stacking", "I13": "Sale stands",
    "I14": "Checklist",
}  # fmt: skip


def counts(sale: SaleFacts, program: Program) -> tuple[Check, ...]:
    """What is asked of a sale so that it counts: of a volume the sale alone, of a single vehicle the customer, too."""
    asked = COUNTING if program.is_volume else OF_SALE
    return with_proofs([one(sale, program) for one in asked], sale)


def does_count(checks: tuple[Check, ...]) -> bool:
    """Whether a sale counts: nothing failed and nothing is missing."""
    return not any(c.level in ("fail", "missing") for c in checks)


def judge(sale: SaleFacts, claim: ClaimFacts, program: Program) -> Verdict:
    """All fourteen checks of a claim in their order, and what they come to."""
    found = [one(sale, program) for one in OF_SALE] + [one(sale, claim, program) for one in OF_CLAIM]
    checks = with_proofs(sorted(found, key=lambda c: c.rule), sale)
    outcome = _outcome(checks)
    cents = 0 if outcome == "not_eligible" else entitled(sale, claim, program)[0]
    return Verdict(outcome=outcome, entitled_cents=cents, checks=checks)


def _outcome(checks: tuple[Check, ...]) -> Outcome:
    levels = {c.level for c in checks}
    return "not_eligible" if "fail" in levels else "returned" if "missing" in levels else "valid"


def judge_period(facts: PeriodFacts, program: Program) -> Verdict:
    """The checks of a volume: its units passed theirs one by one, so dealer, time, amount and checklist are left."""
    left = facts.earned_cents - facts.approved_cents
    checks = (_period_dealer(facts), _period_window(facts, program), _period_amount(facts, left),
              _checklist(facts.checked, program))  # fmt: skip
    outcome = _outcome(checks)
    return Verdict(outcome=outcome, entitled_cents=max(0, left) if outcome != "not_eligible" else 0, checks=checks)


def _period_dealer(facts: PeriodFacts) -> Check:
    active = facts.dealer_status in DEALER_STATUSES
    sentence = "The dealer is active." if active else f"The dealer is {facts.dealer_status}, not active."
    return check("I06", "pass" if active else "fail", sentence, observed=facts.dealer_status, limit="active")


def _period_window(facts: PeriodFacts, program: Program) -> Check:
    first, last = facts.last_day + timedelta(days=1), facts.last_day + timedelta(days=program.claim_days)
    if program.claims:
        first, last = max(first, program.claims.first), program.claims.last
    limit = f"{day(first)} to {day(last)}"
    if facts.today < first:
        sentence = f"The period lasts until {day(facts.last_day)}; it can be claimed from {day(first)} on."
        return check("I10", "missing", sentence, observed=day(facts.today), limit=limit)
    if facts.today > last:
        return check("I10", "fail", f"It could be claimed until {day(last)}.", observed=day(facts.today), limit=limit)
    return check("I10", "pass", "Claimed in time after the period.", observed=day(facts.today), limit=limit)


def _period_amount(facts: PeriodFacts, left: int) -> Check:
    earned = " ".join(facts.said[:1])
    if left <= 0:
        what = f"All of {money(facts.earned_cents)} is approved already." if facts.earned_cents > 0 else ""
        sentence = f"{what or 'Nothing was earned in this period.'} {earned}"
        return check("I11", "fail", sentence.strip(), observed=money(facts.approved_cents), limit=money(0))
    claimed = facts.claimed_cents or 0
    if claimed > left:
        sentence = f"{money(claimed)} is claimed, {money(left)} is left of what was earned. {earned}"
        return check("I11", "warn", sentence, observed=money(claimed), limit=money(left))
    if claimed <= 0:
        return check("I11", "missing", f"The amount is missing; {money(left)} is left.", limit=money(left))
    return check("I11", "pass", f"{money(claimed)} was earned. {earned}", observed=money(claimed), limit=money(left))
