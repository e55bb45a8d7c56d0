"""W06, W07: a plan of the vehicle covers the component, in months and in distance (domain-rules 2.1 D).

A job is judged by the plan that covers its component and lasts longest; which plans count depends on the type (2.1 B).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from db.claims.lookup_rules import (
    add_months,
    component_code,
    component_of,
    in_unit,
    judged_as,
    key,
    months_between,
)
from db.claims.model import ClaimFacts, JobDraft, Level, PlanFacts, Result
from db.claims.policy_rules import Policy
from db.claims.say_rules import day, failed, passed, words

_NEVER = date(1, 1, 1)


def plans_for(facts: ClaimFacts) -> list[PlanFacts]:
    """The plans that count for the type: a service contract its own, a part the parts plan, else the vehicle's."""
    kind, number = judged_as(facts), key(facts.claim.contract_number)
    plans = facts.vehicle.plans
    if kind == "service_contract":
        return [p for p in plans if p.kind == "contract" and (not number or key(p.contract_number) in ("", number))]
    if kind == "parts_warranty":
        return [p for p in plans if p.kind == "parts"]
    also = kind == "pre_authorization" and bool(number)
    return [p for p in plans if p.kind not in ("contract", "parts") or (also and p.kind == "contract")]


def covers(plan: PlanFacts, component: str) -> bool:
    """Whether a component is inside a plan; wear items are another question."""
    return component not in plan.excluded and (not plan.components or component in plan.components)


@dataclass(frozen=True, kw_only=True)
class Term:
    """How far a plan reaches: its first day, the first day after it, and whether time and distance are within."""

    plan: PlanFacts
    starts_on: date
    ends_on: date
    in_time: bool
    in_distance: bool
    odometer: int | None

    @property
    def holds(self) -> bool:
        """Whichever comes first ends it."""
        return self.in_time and self.in_distance


def term_of(facts: ClaimFacts, plan: PlanFacts) -> Term | None:
    """A plan at the failure; None when its start or the day of the failure is not known."""
    starts = plan.starts_on or (facts.vehicle.in_service_on if plan.kind != "parts" else None)
    failed_on = facts.claim.failed_on
    if starts is None or failed_on is None:
        return None
    ends, odometer = add_months(starts, plan.months), facts.claim.odometer_in
    read = None if odometer is None else in_unit(odometer, facts.claim.unit, plan.unit)
    return Term(
        plan=plan, starts_on=starts, ends_on=ends, in_time=starts <= failed_on < ends, odometer=read,
        in_distance=not plan.distance or read is None or read <= plan.distance,
    )  # fmt: skip


def best_term(facts: ClaimFacts, job: JobDraft) -> Term | None:
    """The plan a job is judged by: one that holds, else the one that comes closest."""
    code = component_code(facts, job)
    terms = [t for p in plans_for(facts) if covers(p, code) and (t := term_of(facts, p)) is not None]
    return max(terms, key=lambda t: (t.holds, t.in_time + t.in_distance, t.ends_on, t.plan.code), default=None)


def denial_level(facts: ClaimFacts, policy: Policy, rule: str) -> Level:
    """What a lack of coverage does: asked beforehand with a reason for goodwill, a person decides."""
    if facts.claim.claim_type == "pre_authorization" and facts.claim.goodwill_reason.strip():
        return "A"
    return policy.rule(rule).level


def w06_time_and_distance(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """It failed before the plan ran out, in months or in distance, whichever came first."""
    level, plans = denial_level(facts, policy, "W06"), plans_for(facts)
    if not facts.vehicle.is_known:
        return []  # W02 speaks
    if not plans:
        return [_no_plan(facts, policy)]
    found = []
    for job in facts.claim.jobs:
        code = component_code(facts, job)
        covering = [p for p in plans if covers(p, code)]
        term = best_term(facts, job)
        if not covering or facts.claim.failed_on is None:
            continue  # W07 or W05 speak
        if term is None:
            found.append(_no_start(facts, policy, covering[0], job))
            continue
        found.append(_judge(facts, policy, term, job, level))
    return found


def _judge(facts: ClaimFacts, policy: Policy, term: Term, job: JobDraft, level: Level) -> Result:
    plan, failed_on, unit = term.plan, facts.claim.failed_on or _NEVER, term.plan.unit
    at = f"Job {job.position}: "
    reach = f"{term.odometer:,} {unit}" if term.odometer is not None else f"– {unit}"
    most = f"{plan.distance:,} {unit}" if plan.distance else "any distance"
    seen, limit = f"{day(failed_on)}, {reach}", f"before {day(term.ends_on)}, {most}"
    if term.holds:
        text = (
            f"{at}covered by {plan.name}: month {months_between(term.starts_on, failed_on) + 1} of {plan.months},"
            f" {reach} of {most}."
        )
        return passed("W06", policy, text, observed=seen, limit=limit, job=job.position)
    why = []
    if failed_on < term.starts_on:
        why.append(f"it failed on {day(failed_on)}, and {plan.name} began on {day(term.starts_on)}")
    elif not term.in_time:
        why.append(
            f"it failed on {day(failed_on)}, and {plan.name} ended after {plan.months} months on {day(term.ends_on)}"
        )
    if not term.in_distance:
        why.append(f"it had {reach}, and {plan.name} ends at {most}")
    text = f"{at}{'; '.join(why)}. It is not covered; claim goodwill if there is a reason to help."
    code = "OUT_OF_MILEAGE" if term.in_time else "OUT_OF_TIME"
    field = "odometer_in" if term.in_time else "failed_on"
    return failed("W06", level, code, text, observed=seen, limit=limit, field=field, job=job.position)


def _no_plan(facts: ClaimFacts, policy: Policy) -> Result:
    kind = judged_as(facts)
    if kind == "service_contract":
        number = facts.claim.contract_number.strip() or "none"
        text = (
            f"The vehicle has no service contract under the number given ({number}); it needs one. Correct the number."
        )
        return failed("W06", policy.rule("W06").level, "BEYOND_POLICY", text, observed=number, limit="a contract",
                      field="contract_number")  # fmt: skip
    if facts.vehicle.in_service_on is None and kind != "parts_warranty":
        text = (
            "The vehicle has no in-service date on file, from which coverage counts. Report its sale, then send again."
        )
        return failed("W06", "E", "OUT_OF_TIME", text, observed="no in-service date", limit="a date", field="vin")
    text = "The vehicle has no plan on file; a claim needs one. Claim goodwill if there is a reason to help."
    return failed("W06", denial_level(facts, policy, "W06"), "BEYOND_POLICY", text, observed="no plan", limit="a plan")


def _no_start(facts: ClaimFacts, policy: Policy, plan: PlanFacts, job: JobDraft) -> Result:
    at = f"Job {job.position}: "
    if plan.kind != "parts":
        text = f"{at}the vehicle has no in-service date on file, from which {plan.name} counts. Report its sale first."
        return failed("W06", "E", "OUT_OF_TIME", text, observed="no in-service date", limit="a date", field="vin",
                      job=job.position)  # fmt: skip
    if "receipt" in facts.attachments:
        text = f"{at}no sale of the part is on file; {plan.name} counts from its invoice. A person decides."
        return failed("W06", "A", "OUT_OF_TIME", text, observed="no sale of the part", limit="the day of its sale",
                      field="causal_part", job=job.position)  # fmt: skip
    text = f"{at}no sale of the part is on file; {plan.name} counts from that day. Attach the invoice of the part."
    return failed("W06", "E", "DOC_MISSING", text, observed="no sale of the part", limit="the day of its sale",
                  field="attachments", job=job.position)  # fmt: skip


def w07_component(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """The component is known, no wear item, and inside a plan."""
    level, plans, found = denial_level(facts, policy, "W07"), plans_for(facts), []
    names = words(sorted({p.name for p in plans})) or "no plan"
    for job in facts.claim.jobs:
        code, component, at = component_code(facts, job), component_of(facts, job), f"Job {job.position}: "
        if not code:
            text = f"{at}no component is named and none follows from the part or the operation. Choose the component."
            found.append(
                failed("W07", "E", "DATA_MISSING", text, observed="no component", limit="a component",
                       field="component", job=job.position)
            )  # fmt: skip
        elif component is None:
            text = f"{at}the component {code} is not in the list of components. Choose one of the list."
            found.append(
                failed("W07", "E", "DATA_MISSING", text, observed=code, limit="a component of the list",
                       field="component", job=job.position)
            )  # fmt: skip
        elif component.is_wear:
            text = f"{at}{component.name} ({code}) is a wear item, and no plan covers wear. Charge it to the customer."
            found.append(
                failed("W07", level, "WEAR_ITEM", text, observed=f"{code}, a wear item", limit="no wear item",
                       field="component", job=job.position)
            )  # fmt: skip
        elif not plans:
            continue  # W06 speaks
        elif not any(covers(p, code) for p in plans):
            text = (
                f"{at}{component.name} ({code}) is not covered by {names}. Claim goodwill if there is a reason to help."
            )
            found.append(
                failed("W07", level, "NOT_COVERED", text, observed=code, limit=names, field="component",
                       job=job.position)
            )  # fmt: skip
        else:
            by = words(sorted(p.name for p in plans if covers(p, code)))
            text = f"{at}{component.name} is covered by {by}."
            found.append(passed("W07", policy, text, observed=code, limit=by, job=job.position))
    return found
