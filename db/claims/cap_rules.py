"""W24, W26: caps of rental and transport, and the deductible, once a visit (domain-rules 2.1 D, E)."""

from __future__ import annotations

from collections.abc import Mapping

from db.claims.coverage_rules import best_term
from db.claims.lookup_rules import in_order, judged_as, key
from db.claims.model import CHARGE_KINDS, ChargeDraft, ClaimFacts, Result
from db.claims.money_rules import fill, half_up, line_cents, total_cents
from db.claims.policy_rules import Policy
from db.claims.say_rules import count, failed, money, passed

_PAID = tuple(k for k in CHARGE_KINDS if k != "deductible")
_WITHOUT_DEDUCTIBLE = ("goodwill", "recall", "pdi", "transport_damage")
"""Types no plan pays, so no plan's deductible is due."""


def is_transport(charge: ChargeDraft) -> bool:
    """Whether a rental line is transport or towing rather than days of a rental car."""
    return key(charge.code) == "TRANSPORT"


def w24_caps(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """Rental up to a day's cap and a total, transport up to its own; what is above is taken off by itself."""
    limits = policy.rule("W24").limits
    day_cap, total_cap = limits.get("rental_day", 50_00), limits.get("rental_total", 500_00)
    transport_cap = limits.get("transport", 250_00)
    lines = in_order(facts, "rental")
    if not lines:
        return [passed("W24", policy, "No rental and no transport is claimed.", observed="none")]
    rental, transport = [c for c in lines if not is_transport(c)], [c for c in lines if is_transport(c)]
    found: list[Result] = []
    by_day = [min(line_cents(c), half_up(c.quantity * day_cap, 100)) for c in rental]
    found += _cap(policy, rental, fill(by_day, total_cap), f"{money(day_cap)} a day, {money(total_cap)} in all")
    moved = [line_cents(c) for c in transport]
    found += _cap(policy, transport, fill(moved, transport_cap), f"{money(transport_cap)} in all")
    if found:
        return found
    claimed = total_cents(lines)
    limit = f"rental {money(day_cap)} a day and {money(total_cap)} in all, transport {money(transport_cap)}"
    return [passed("W24", policy, f"Rental and transport of {money(claimed)} are below their caps.",
                   observed=money(claimed), limit=limit)]  # fmt: skip


def _cap(policy: Policy, lines: list[ChargeDraft], kept: list[int], limit: str) -> list[Result]:
    found = []
    for line, left in zip(lines, kept, strict=True):
        cents = line_cents(line)
        if left >= cents:
            continue
        what = "transport" if is_transport(line) else f"{count(line.quantity)} days of rental"
        text = (
            f"Line {line.position}: {money(cents)} is claimed for {what}; {limit} is paid."
            f" It is reduced to {money(left)}; nothing to do."
        )
        found.append(
            failed("W24", policy.rule("W24").level, "CAP_APPLIED", text, observed=money(cents), limit=limit,
                   field="unit_cents", job=line.job, charge=line.position, cents=left)
        )  # fmt: skip
    return found


def deductible_due(facts: ClaimFacts) -> int:
    """The deductible of this visit: the highest of the plans the jobs are paid by; 0 when it was taken already."""
    if judged_as(facts) in _WITHOUT_DEDUCTIBLE:
        return 0
    here = key(facts.claim.ro_number)
    for e in facts.earlier:
        if e.deductible and e.own and e.same_vehicle and (e.is_family or (here and key(e.ro_number) == here)):
            return 0
    terms = (best_term(facts, job) for job in facts.claim.jobs)
    return max((t.plan.deductible_cents for t in terms if t is not None and t.holds), default=0)


def w26_deductible(facts: ClaimFacts, policy: Policy, amounts: Mapping[int, int] | None = None) -> list[Result]:
    """The deductible is taken once. Where its line is missing or too small, the dearest lines give what lacks.

    `amounts` is what the other rules left of each line, by position. No line is added: a line the dealer never entered
    would not be found again when a person decides line by line.
    """
    if amounts is None:
        amounts = {c.position: line_cents(c) for c in facts.claim.charges}
    total = total_cents(facts.claim.charges)
    if total < 0:
        text = f"The lines add up to {money(total)}; a claim is not below $0.00. Correct the deductible."
        return [failed("W26", "E", "OTHER", text, observed=money(total), limit=money(0), field="charges")]
    own, paid = in_order(facts, "deductible"), in_order(facts, *_PAID)
    positive = sum(amounts[c.position] for c in paid)
    taken, due = -sum(amounts[c.position] for c in own), deductible_due(facts)
    want = min(max(due, taken), positive)
    if want == taken:
        more = f" {money(taken)} is taken off, more than is due." if taken > due else ""
        text = f"The deductible of this visit is {money(due)}.{more}"
        return [passed("W26", policy, text, observed=money(taken), limit=money(due))]
    if want < taken:
        return _limited(policy, own, amounts, want)
    lacking, seen = want - taken, money(taken)
    if own:
        line = own[0]
        text = (
            f"Line {line.position}: {seen} of deductible is taken off; the plan has {money(due)} for a visit."
            f" {money(want)} is taken off; nothing to do."
        )
        cents = amounts[line.position] - lacking
        return [_off(policy, line, text, cents, observed=seen, limit=money(due))]
    found = []
    for line in sorted(paid, key=lambda c: (-amounts[c.position], c.position)):
        cut = min(lacking, amounts[line.position])
        if cut <= 0:
            break
        lacking -= cut
        text = (
            f"Line {line.position}: {seen} of deductible is taken off on this claim; the plan has {money(due)} for a"
            f" visit. {money(cut)} of it is taken off this line; nothing to do."
        )
        found.append(_off(policy, line, text, amounts[line.position] - cut, observed=seen, limit=money(due)))
    return found


def _limited(policy: Policy, own: list[ChargeDraft], amounts: Mapping[int, int], want: int) -> list[Result]:
    """Less is left to pay than the deductible takes: it takes no more than that, so that nothing is owed."""
    kept = fill([-amounts[c.position] for c in own], want)
    return [
        _off(policy, line, f"Line {line.position}: {money(-amounts[line.position])} of deductible is claimed, and only"
             f" {money(want)} is left to pay. No more than that is taken off; nothing to do.", -left,
             observed=money(-amounts[line.position]), limit=money(want))
        for line, left in zip(own, kept, strict=True)
        if -left != amounts[line.position]
    ]  # fmt: skip


def _off(policy: Policy, line: ChargeDraft, text: str, cents: int, *, observed: str, limit: str) -> Result:
    return failed(
        "W26", policy.rule("W26").level, "CAP_APPLIED", text, observed=observed, limit=limit, job=line.job,
        charge=line.position, cents=cents,
    )  # fmt: skip
