"""From the results of the rules to one outcome: rejected, returned, denied, paid, paid with changes, or a person.

The same function judges while the dealer types, when the claim is sent, and in the simulator (domain-rules 2.1 C, D).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from db.claims.model import ChargeVerdict, ClaimFacts, Outcome, Result, Verdict
from db.claims.money_rules import line_cents
from db.claims.policy_rules import Policy

Rule = Callable[[ClaimFacts, Policy], Sequence[Result]]
RULES: tuple[Rule, ...] = ()
"""W01 to W28 in their order; each gives at least one result when it applies to the claim."""


def adjudicate(facts: ClaimFacts, policy: Policy) -> Verdict:
    """Run every rule and decide. Nothing is read and nothing is written."""
    results = tuple(result for rule in RULES for result in rule(facts, policy))
    charges = tuple(
        ChargeVerdict(position=c.position, claimed_cents=line_cents(c), suggested_cents=line_cents(c))
        for c in facts.claim.charges
    )
    total = sum(c.suggested_cents for c in charges)
    failed = [r for r in results if not r.passed]
    outcome: Outcome = "pay" if not failed and total <= policy.auto_approve_cents else "review"
    if any(r.level == "E" for r in failed):
        outcome = "returned"
    return Verdict(
        outcome=outcome, policy_version=policy.version, results=results, charges=charges,
        why=tuple(r.sentence for r in failed), level_needed=policy.level_for(total) if outcome == "review" else 0,
    )  # fmt: skip
