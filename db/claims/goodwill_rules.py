"""Goodwill: we bear a share by age and distance, up to a cap; it takes the place of W06 (domain-rules 2.1, matrix)."""

from __future__ import annotations

from collections.abc import Mapping

from db.claims.lookup_rules import in_order, miles_in, months_between
from db.claims.model import CHARGE_KINDS, ClaimFacts, Result
from db.claims.money_rules import fill, half_up
from db.claims.policy_rules import GoodwillShare, Policy
from db.claims.say_rules import failed, money, passed, share

_KINDS = tuple(k for k in CHARGE_KINDS if k != "deductible")


def goodwill_share(facts: ClaimFacts, policy: Policy, amounts: Mapping[int, int]) -> list[Result]:
    """The share of every line, of what the other rules left of it (`amounts` by position), and then the cap."""
    started, failed_on, miles = facts.vehicle.in_service_on, facts.claim.failed_on, miles_in(facts)
    if started is None or failed_on is None or miles is None or not policy.goodwill:
        text = (
            "Goodwill is shared by age and distance, but the in-service date, the failure or the odometer is not known."
            " A person decides: complete them."
        )
        return [failed("W06", "A", "BEYOND_POLICY", text, observed="not known", limit="age and distance")]
    age = max(0, months_between(started, failed_on)) if failed_on >= started else 0
    seen = f"{age} months, {miles:,} mi"
    row = _row(policy, age, miles)
    if row is None:
        last = policy.goodwill[-1]
        most = f"{last.up_to_months} months, {last.up_to_distance:,} mi"
        text = f"The vehicle has {seen}; goodwill ends at {most}. It is not paid; appeal with your reasons."
        return [
            failed("W06", policy.rule("W06").level, "BEYOND_POLICY", text, observed=seen, limit=most,
                   field="goodwill_reason")
        ]  # fmt: skip
    part, limit = share(row.share), f"{row.up_to_months} months, {row.up_to_distance:,} mi"
    lines = [c for c in in_order(facts, *_KINDS) if amounts[c.position] > 0]
    borne = [half_up(amounts[c.position] * row.share, 10_000) for c in lines]
    found = [passed("W06", policy, f"Goodwill bears {part} at {seen}.", observed=seen, limit=limit)]
    if row.share < 10_000:
        found += [
            failed("W06", "R", "CAP_APPLIED", f"Line {c.position}: goodwill bears {part} at {seen}, which is"
                   f" {money(cents)} of {money(amounts[c.position])}; nothing to do.",
                   observed=money(amounts[c.position]), limit=part, job=c.job, charge=c.position, cents=cents)
            for c, cents in zip(lines, borne, strict=True)
        ]  # fmt: skip
    cap = policy.goodwill_cap_cents
    if sum(borne) > cap and policy.rule("W24").enabled:
        found += [
            failed("W24", "R", "CAP_APPLIED", f"Line {c.position}: goodwill comes to {money(sum(borne))}, and at most"
                   f" {money(cap)} is paid for a claim; {money(kept)} is left for this line. Nothing to do.",
                   observed=money(sum(borne)), limit=money(cap), job=c.job, charge=c.position, cents=kept)
            for c, cents, kept in zip(lines, borne, fill(borne, cap), strict=True)
            if kept < cents
        ]  # fmt: skip
    return found


def _row(policy: Policy, age: int, miles: int) -> GoodwillShare | None:
    rows = (r for r in policy.goodwill if age <= r.up_to_months and miles <= r.up_to_distance)
    return max(rows, key=lambda r: r.share, default=None)
