"""W13, W14: what a part may cost on the day, and whether the causal part was replaced (domain-rules 2.1 D)."""

from __future__ import annotations

from db.claims.lookup_rules import in_order, key, lines_of, repair_day
from db.claims.model import ClaimFacts, Result
from db.claims.money_rules import half_up, line_cents
from db.claims.policy_rules import Policy
from db.claims.say_rules import day, failed, money, passed, share, words


def w13_price(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """No more than net on the day of the repair order with the dealer's markup; a higher price is corrected."""
    setting, on = policy.rule("W13"), day(repair_day(facts))
    markup = facts.dealer.markup
    if markup is None:
        markup = setting.limits.get("default_markup", 40_00)
    lines, found = in_order(facts, "parts"), []
    claimed = allowed = 0
    for line in lines:
        part, code, cents = facts.parts.get(line.code), key(line.code) or "(no number)", line_cents(line)
        if part is None or part.net_cents is None:
            what = "is not on file" if part is None else "has no price"
            text = (
                f"Line {line.position}: the part {code} {what} on {on}, so {money(cents)} cannot be checked."
                " A person decides: correct the number, or attach the invoice."
            )
            found.append(
                failed("W13", "A", "PART_NOT_ON_FILE", text, observed=f"{code}: {money(cents)}",
                       limit="a price on file", field="code", job=line.job, charge=line.position)
            )  # fmt: skip
            continue
        due = half_up(line.quantity * part.net_cents * (10_000 + markup), 1_000_000)
        claimed, allowed = claimed + cents, allowed + due
        if cents > due:
            text = (
                f"Line {line.position}: {money(cents)} is claimed for {code}; {money(part.net_cents)} net on {on} with"
                f" {share(markup)} markup makes {money(due)}. It is reduced to that; nothing to do."
            )
            found.append(
                failed("W13", setting.level, "RATE_ADJUSTED", text, observed=money(cents), limit=money(due),
                       field="unit_cents", job=line.job, charge=line.position, cents=due)
            )  # fmt: skip
    if found:
        return found
    if not lines:
        return [passed("W13", policy, "No part is claimed.", observed="no parts")]
    text = (
        f"Parts are claimed at {money(claimed)}; net prices on {on} with {share(markup)} markup make {money(allowed)}."
    )
    return [passed("W13", policy, text, observed=money(claimed), limit=money(allowed))]


def w14_causal_part(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """Replaced: the causal part is among the parts charged. Repaired: the part may be repaired at all."""
    level, found = policy.rule("W14").level, []
    for job in facts.claim.jobs:
        at, causal = f"Job {job.position}: ", key(job.causal_part)
        part = facts.parts.get(job.causal_part)
        if job.action == "repair" and part is not None and not part.repair_allowed:
            text = f"{at}the part {causal} was repaired, but it may only be replaced. A person decides: say why."
            found.append(
                failed("W14", "A", "PART_REPAIR_NOT_ALLOWED", text, observed=f"{causal} repaired", limit="replacement",
                       field="action", job=job.position)
            )  # fmt: skip
        elif job.action != "replacement":
            text = f"{at}nothing was replaced, so no causal part has to be charged."
            found.append(passed("W14", policy, text, observed=job.action.replace("_", " "), job=job.position))
        else:
            charged = sorted(
                {key(c.code) for c in (*lines_of(facts, job.position, "parts"), *lines_of(facts, 0, "parts"))}
            )
            seen = words(charged) or "no part"
            if causal and causal in charged:
                text = f"{at}the causal part {causal} is among the parts charged."
                found.append(passed("W14", policy, text, observed=seen, limit=causal, job=job.position))
            else:
                what = f"the causal part {causal} is not among them" if causal else "no causal part is named"
                text = f"{at}something was replaced with {seen}, and {what}. Add its line, or correct the causal part."
                found.append(
                    failed("W14", level, "OTHER", text, observed=seen, limit=causal or "a causal part",
                           field="causal_part", job=job.position)
                )  # fmt: skip
    return found
