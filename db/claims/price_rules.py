"""What a dealer need not type: hours, rate, net and markup of the day the repair order was opened (W10, W12, W13)."""

from __future__ import annotations

from dataclasses import replace

from db.claims.model import ChargeDraft, ClaimDraft, ClaimFacts

STANDARD_MARKUP = 40_00
"""Where a dealer has no agreed markup: the default of W13."""


def fill(draft: ClaimDraft, facts: ClaimFacts) -> ClaimDraft:
    """The draft with every blank price filled; what was typed stays. A price nobody knows stays blank (0).

    A labour line takes the operation's hours and the dealer's rate, a part its net price and the dealer's markup.
    """
    return replace(draft, charges=tuple(_filled(one, facts) for one in draft.charges))


def _filled(charge: ChargeDraft, facts: ClaimFacts) -> ChargeDraft:
    if charge.unit_cents or charge.kind not in ("labour", "parts"):
        return charge
    if charge.kind == "labour":
        operation = facts.operations.get(charge.code)
        hours = charge.quantity if charge.quantity or operation is None else operation.hours
        return replace(
            charge, quantity=hours, unit_cents=facts.dealer.labour_rate_cents or 0,
            description=charge.description or (operation.name[:200] if operation else ""),
        )  # fmt: skip
    part = facts.parts.get(charge.code)
    if part is None or part.net_cents is None:
        return charge
    markup = facts.dealer.markup if facts.dealer.markup is not None else STANDARD_MARKUP
    return replace(
        charge, quantity=charge.quantity or 1_00, unit_cents=part.net_cents, markup=charge.markup or markup,
        description=charge.description or part.name[:200],
    )  # fmt: skip


def lines_of_jobs(draft: ClaimDraft) -> ClaimDraft:
    """The draft with a line for the operation, and for the causal part where it was replaced, of each job.

    For claims of which nobody said what they cost (files without amounts); hours and prices are filled afterwards.
    """
    charges = list(draft.charges)
    for job in draft.jobs:
        there = {(c.kind, c.code) for c in charges if c.job in (job.position, 0)}
        wanted = [("labour", job.operation, 0)]
        if job.action == "replacement":
            wanted.append(("parts", job.causal_part, 1_00))
        for kind, code, quantity in wanted:
            if code and (kind, code) not in there:
                charges.append(
                    ChargeDraft(position=len(charges) + 1, kind=kind, job=job.position, code=code, quantity=quantity)
                )
    return replace(draft, charges=tuple(charges))


def priced_only(draft: ClaimDraft) -> ClaimDraft:
    """The draft without the lines of which nobody knows a price, counted from 1 again."""
    known = [c for c in draft.charges if c.unit_cents]
    return replace(draft, charges=tuple(replace(c, position=n) for n, c in enumerate(known, 1)))
