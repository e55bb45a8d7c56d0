"""W20, W21: authorized before the work where that is asked, and within what was authorized (domain-rules 2.1 D).

What a dealer authorizes itself is agreed in its terms by class of component; within it nothing is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from db.claims.lookup_rules import component_of, job_cents, judged_as, key, lines_of
from db.claims.model import ClaimFacts, JobDraft, Level, PreAuthFacts, Result
from db.claims.money_rules import half_up, line_cents, total_cents
from db.claims.policy_rules import Policy
from db.claims.say_rules import count, day, failed, hours, money, passed


@dataclass(frozen=True, kw_only=True)
class _Need:
    """One reason why authorization was needed; `what` begins a sentence."""

    what: str
    observed: str
    limit: str
    reason_code: str
    job: int = 0


def w20_authorization(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """Above an amount, for listed operations and parts, and for goodwill: approved before the repair order closed."""
    needs = _needs(facts, policy)
    if not needs:
        total, limit = total_cents(facts.claim.charges), policy.rule("W20").limits.get("amount", 5_000_00)
        text = f"Nothing of this claim ({money(total)}) had to be authorized beforehand."
        return [passed("W20", policy, text, observed=money(total), limit=money(limit))]
    pre, closed = facts.pre_auth, facts.claim.ro_closed_on
    if pre is not None and pre.is_known and pre.is_approved and pre.same_vehicle:
        if pre.approved_on is None or closed is None or pre.approved_on <= closed:
            text = f"{pre.number} was approved on {day(pre.approved_on)}, before the repair order was closed."
            return [passed("W20", policy, text, observed=pre.number, limit="approved before closing")]
        why = (
            f"{pre.number} was approved on {day(pre.approved_on)}, after the repair order was closed on {day(closed)}."
        )
    elif _is_awaited(facts):
        return [
            failed("W20", _softer(policy.rule("W20").level), n.reason_code, f"{n.what}. {pre.number if pre else ''} is"
                   " still being decided; the claim waits for it.", observed=n.observed, limit=n.limit,
                   field="pre_auth_number", job=n.job)
            for n in needs
        ]  # fmt: skip
    else:
        why = _why_not(facts)
    return [
        failed("W20", policy.rule("W20").level, n.reason_code, f"{n.what}. {why} Send it with the number of an approved"
               " pre-authorization.", observed=n.observed, limit=n.limit, field="pre_auth_number", job=n.job)
        for n in needs
    ]  # fmt: skip


def _is_awaited(facts: ClaimFacts) -> bool:
    """Whether the pre-authorization named is this vehicle's and still being decided (2.1 C PENDING_PREAUTH)."""
    pre = facts.pre_auth
    return pre is not None and pre.is_known and pre.same_vehicle and pre.is_open and not pre.is_approved


def _softer(level: Level) -> Level:
    """What blocks would send the claim back again and again while nobody has decided; a person waits instead."""
    return "A" if level in "EX" else level


def _why_not(facts: ClaimFacts) -> str:
    pre, number = facts.pre_auth, facts.claim.pre_auth_number.strip()
    if pre is None or not number:
        return "No pre-authorization is named."
    if not pre.is_known:
        return f"There is no pre-authorization {number}."
    return f"{number} is for another vehicle." if not pre.same_vehicle else f"{number} was not approved."


def _needs(facts: ClaimFacts, policy: Policy) -> list[_Need]:
    own, total = facts.dealer.authority, total_cents(c for c in facts.claim.charges if c.kind != "deductible")
    if judged_as(facts) == "goodwill":
        most = own.get("goodwill", 0)
        if total <= most:
            return []
        text = f"Goodwill of {money(total)} is claimed; you may grant {money(most)} without asking"
        return [_Need(what=text, observed=money(total), limit=money(most), reason_code="PREAUTH_MISSING")]
    found: list[_Need] = []
    within = 0
    for job in facts.claim.jobs:
        need, covered = _of_job(facts, job)
        found += need
        within += covered
    most = policy.rule("W20").limits.get("amount", 5_000_00)
    if total - within > most:
        text = f"{money(total - within)} is claimed; above {money(most)} work is authorized beforehand"
        found.append(_Need(what=text, observed=money(total - within), limit=money(most), reason_code="PREAUTH_MISSING"))
    return found


def _of_job(facts: ClaimFacts, job: JobDraft) -> tuple[list[_Need], int]:
    """What a job needs, and how much of the claim the dealer may authorize itself because of it."""
    component, at, cents = component_of(facts, job), f"Job {job.position}: ", job_cents(facts, job.position)
    kind = component.auth_class if component is not None else ""
    most = facts.dealer.authority.get(kind) if kind else None
    name = component.name if component is not None else ""
    if kind == "tires" and most is not None:
        pieces = sum(c.quantity for c in lines_of(facts, job.position, "parts"))
        if pieces <= most * 100:
            return [], cents
        text = f"{at}{count(pieces)} tires are claimed; you may replace {most} on a repair order without asking"
        return [
            _Need(what=text, observed=count(pieces), limit=str(most), reason_code="PREAUTH_MISSING", job=job.position)
        ], 0  # fmt: skip
    if most is not None:
        if cents <= most:
            return [], cents
        text = f"{at}{money(cents)} is claimed for {name}; you may repair it for {money(most)} without asking"
        return [
            _Need(what=text, observed=money(cents), limit=money(most), reason_code="PREAUTH_MISSING", job=job.position)
        ], 0  # fmt: skip
    found = []
    codes = dict.fromkeys([job.operation, *(c.code for c in lines_of(facts, job.position, "labour"))])
    for code in codes:
        operation = facts.operations.get(code)
        if operation is not None and operation.needs_authorization:
            found.append(
                _Need(what=f"{at}the operation {key(code)} is authorized beforehand", observed=key(code),
                      limit="pre-authorization", reason_code="LABOR_OP_NEEDS_AUTH", job=job.position)
            )  # fmt: skip
    for code in dict.fromkeys([job.causal_part, *(c.code for c in lines_of(facts, job.position, "parts"))]):
        part = facts.parts.get(code)
        if part is not None and part.needs_authorization:
            found.append(
                _Need(what=f"{at}the part {key(code)} is authorized beforehand", observed=key(code),
                      limit="pre-authorization", reason_code="PART_NEEDS_AUTH", job=job.position)
            )  # fmt: skip
    return found, 0


def w21_within_authorization(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """Quantity and amount of every code, and the total, stay within the lines that were approved; else a person."""
    pre, number = facts.pre_auth, facts.claim.pre_auth_number.strip()
    level = policy.rule("W21").level
    if not number or pre is None:
        return [passed("W21", policy, "No pre-authorization is named.", observed="none")]
    if _is_awaited(facts):
        text = f"{pre.number} is still being decided; the claim waits for it and is compared with it then."
        return [
            failed("W21", _softer(level), "PREAUTH_MISSING", text, observed=number, limit="approved, same vehicle",
                   field="pre_auth_number")
        ]  # fmt: skip
    if not (pre.is_known and pre.is_approved and pre.same_vehicle):
        text = (
            f"{_why_not(facts)} A claim stays within an approved one for its vehicle. Correct the number or clear it."
        )
        return [
            failed("W21", level, "PREAUTH_MISSING", text, observed=number, limit="approved, same vehicle",
                   field="pre_auth_number")
        ]  # fmt: skip
    excess = 10_000 + policy.rule("W21").limits.get("excess_share", 0)
    return _compare(facts, pre, policy, excess)


def _compare(facts: ClaimFacts, pre: PreAuthFacts, policy: Policy, excess: int) -> list[Result]:
    level, found = policy.rule("W21").level, []
    claimed: dict[tuple[str, str], tuple[int, int]] = {}
    for line in facts.claim.charges:
        if line.kind in ("labour", "parts"):
            pair = claimed.get((line.kind, key(line.code)), (0, 0))
            claimed[line.kind, key(line.code)] = (pair[0] + line.quantity, pair[1] + line_cents(line))
    approved: dict[tuple[str, str], tuple[int, int]] = {}
    for one in pre.lines:
        pair = approved.get((one.kind, key(one.code)), (0, 0))
        approved[one.kind, key(one.code)] = (pair[0] + one.quantity, pair[1] + one.cents)
    for (kind, code), (quantity, cents) in sorted(claimed.items()):
        most_quantity, most_cents = approved.get((kind, code), (0, 0))
        show = hours if kind == "labour" else count
        if quantity > half_up(most_quantity * excess, 10_000) or cents > half_up(most_cents * excess, 10_000):
            text = (
                f"{code or 'A line without a code'} is claimed with {show(quantity)} and {money(cents)};"
                f" {pre.number} allows {show(most_quantity)} and {money(most_cents)}."
                " A person decides: say in the note why it was more."
            )
            found.append(
                failed("W21", level, "BEYOND_POLICY", text, observed=f"{show(quantity)}, {money(cents)}",
                       limit=f"{show(most_quantity)}, {money(most_cents)}", field="charges")
            )  # fmt: skip
    total, most = total_cents(facts.claim.charges), half_up(pre.approved_cents * excess, 10_000)
    if total > most:
        text = (
            f"{money(total)} is claimed; {pre.number} was approved for {money(pre.approved_cents)}."
            " A person decides: say in the note why it was more."
        )
        found.append(
            failed("W21", level, "BEYOND_POLICY", text, observed=money(total), limit=money(most), field="charges")
        )
    if found:
        return found
    text = f"{money(total)} is within {money(most)}, which {pre.number} allows."
    return [passed("W21", policy, text, observed=money(total), limit=money(most))]
