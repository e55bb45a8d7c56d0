"""W18, W19: the component was repaired shortly before, or a major assembly is replaced again (domain-rules 2.1 D)."""

from __future__ import annotations

from db.claims.lookup_rules import component_code, component_of, judged_as, key, miles_in, others
from db.claims.model import ClaimFacts, EarlierJob, JobDraft, Result
from db.claims.policy_rules import Policy
from db.claims.say_rules import day, failed, passed
from db.core.labels import plural


def w18_comeback(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """The same component paid within 90 days and 6,000 miles before: a person decides; goodwill pays no comeback."""
    setting, found = policy.rule("W18"), []
    days, miles = setting.limits.get("days", 90), setting.limits.get("distance", 6_000)
    limit = f"more than {days} days or {miles:,} mi"
    for job in facts.claim.jobs:
        near = [x for x in (_distance(facts, job, e) for e in others(facts)) if x is not None]
        back = min(
            (x for x in near if x[0] <= days and (x[1] is None or x[1] <= miles)), default=None, key=lambda x: x[0]
        )
        if back is None:
            text = f"Job {job.position}: the component was not repaired within {days} days and {miles:,} mi before."
            found.append(passed("W18", policy, text, observed="no repair before", limit=limit, job=job.position))
            continue
        seen = plural(back[0], "day") + ("" if back[1] is None else f", {back[1]:,} mi")
        goodwill = judged_as(facts) == "goodwill"
        then = "Goodwill pays no comebacks." if goodwill else "A person decides: say in the cause why it came back."
        text = (
            f"Job {job.position}: the same component was repaired {seen} before; within {days} days and {miles:,} mi it"
            f" is a comeback. {then}"
        )
        level = "X" if goodwill else setting.level
        found.append(
            failed("W18", level, "BEYOND_POLICY", text, observed=seen, limit=limit, field="component", job=job.position)
        )  # fmt: skip
    return found


def _distance(facts: ClaimFacts, job: JobDraft, e: EarlierJob) -> tuple[int, int | None] | None:
    """Days and miles since an earlier paid repair of the component; None when it is no such repair."""
    code, now = component_code(facts, job), facts.claim.failed_on or facts.claim.ro_opened_on
    if not e.paid or not code or key(e.component) != code or e.repaired_on is None or now is None:
        return None
    days, miles = (now - e.repaired_on).days, miles_in(facts)
    if days < 0:
        return None
    return days, None if miles is None or e.odometer is None else max(0, miles - e.odometer)


def w19_second_assembly(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """A major assembly replaced a second time on one vehicle needs an approved pre-authorization, or a person."""
    found = []
    allowed = facts.pre_auth is not None and facts.pre_auth.is_approved and facts.pre_auth.same_vehicle
    for job in facts.claim.jobs:
        component, code = component_of(facts, job), component_code(facts, job)
        if component is None or not component.is_major or job.action != "replacement":
            text = f"Job {job.position}: no major assembly was replaced."
            found.append(passed("W19", policy, text, observed="no major assembly", job=job.position))
            continue
        before = [e for e in others(facts) if e.paid and e.action == "replacement" and key(e.component) == code]
        seen = f"replacement {len(before) + 1}"
        last = max((e.repaired_on for e in before if e.repaired_on is not None), default=None)
        if not before or allowed:
            text = f"Job {job.position}: {component.name}, {seen}" + (" and authorized." if before else ".")
            found.append(passed("W19", policy, text, observed=seen, limit="replacement 1", job=job.position))
            continue
        text = (
            f"Job {job.position}: this is {seen} of {component.name} on this vehicle (last on {day(last)});"
            " from the second on it needs authorization. A person decides: name the pre-authorization if there is one."
        )
        found.append(
            failed("W19", policy.rule("W19").level, "PREAUTH_MISSING", text, observed=seen, limit="replacement 1",
                   field="pre_auth_number", job=job.position)
        )  # fmt: skip
    return found
