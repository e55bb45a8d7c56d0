"""W16, W17, W27: claimed before on this repair order, claimed elsewhere, dearer than usual (domain-rules 2.1 D).

A sentence never names the claim of another dealer; the reviewer finds it among the similar claims.
"""

from __future__ import annotations

from db.claims.lookup_rules import job_cents, key, operation_code, others
from db.claims.model import ClaimFacts, EarlierJob, JobDraft, Result
from db.claims.policy_rules import Policy
from db.claims.say_rules import day, failed, money, passed


def w16_same_line(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """A job of a repair order is claimed once."""
    order, found = key(facts.claim.ro_number), []
    taken = {
        e.position: e.number
        for e in facts.earlier
        if e.own and e.is_counted and not e.is_family and order and key(e.ro_number) == order
    }
    for job in facts.claim.jobs:
        before = taken.get(job.position)
        if before is None:
            text = f"Job {job.position} of repair order {order or '–'} was not claimed before."
            found.append(passed("W16", policy, text, observed="not claimed", limit="once", job=job.position))
        else:
            text = (
                f"Job {job.position} of repair order {order} was already claimed with {before}; a job is claimed once."
                " Take this one back, or send a supplement to that claim."
            )
            found.append(
                failed("W16", policy.rule("W16").level, "DUPLICATE", text, observed=before, limit="once",
                       field="ro_number", job=job.position)
            )  # fmt: skip
    return found


def w17_same_work(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """The same operation or causal part on the same vehicle, failed or repaired on the same day, at any dealer."""
    found = []
    for job in facts.claim.jobs:
        same = next((e for e in others(facts) if _is_same(facts, job, e)), None)
        if same is None:
            text = f"Job {job.position}: the same work on this vehicle is not claimed for these days."
            found.append(passed("W17", policy, text, observed="none", limit="once", job=job.position))
            continue
        what = key(job.operation) if key(job.operation) == key(same.operation) else key(job.causal_part)
        by_failure = facts.claim.failed_on is not None and same.failed_on == facts.claim.failed_on
        on = f"failed on {day(same.failed_on)}" if by_failure else f"repaired on {day(same.repaired_on)}"
        where = f"with {same.number}" if same.own else "by another dealer"
        text = (
            f"Job {job.position}: the same work ({what}, {on}) was already claimed for this vehicle {where}; it is paid"
            " once. A person decides: say in the note what was different."
        )
        found.append(
            failed("W17", policy.rule("W17").level, "DUPLICATE", text, observed=f"{what}, {on}", limit="once",
                   field="operation", job=job.position)
        )  # fmt: skip
    return found


def _is_same(facts: ClaimFacts, job: JobDraft, e: EarlierJob) -> bool:
    work = (key(job.operation) and key(job.operation) == key(e.operation)) or (
        key(job.causal_part) and key(job.causal_part) == key(e.causal_part)
    )
    claim = facts.claim
    days = (claim.failed_on is not None and claim.failed_on == e.failed_on) or (
        claim.ro_closed_on is not None and claim.ro_closed_on == e.repaired_on
    )
    return bool(work and days)


def w27_usual_amount(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """A job costs no more than mean + 3 standard deviations of its operation on this model, once 20 are on file."""
    limits = policy.rule("W27").limits
    least, times = limits.get("claims", 20), limits.get("deviations", 3)
    usual = {key(u.operation): u for u in facts.usual}
    found = []
    for job in facts.claim.jobs:
        code = key(job.operation) or next(
            (
                key(operation_code(facts, c))
                for c in facts.claim.charges
                if c.kind == "labour" and c.job == job.position
            ),
            "",
        )
        one, cents = usual.get(code), job_cents(facts, job.position)
        if one is None or one.count < least:
            seen = one.count if one else 0
            text = f"Job {job.position}: {seen} jobs with {code or 'no operation'} are on file; {least} are needed."
            found.append(passed("W27", policy, text, observed=money(cents), job=job.position))
            continue
        most = one.mean_cents + times * one.deviation_cents
        mean = money(one.mean_cents)
        text = f"Job {job.position}: {money(cents)} is claimed; {code} on this model usually comes to {mean}"
        if cents <= most:
            text += f" and up to {money(most)}."
            found.append(
                passed("W27", policy, text, observed=money(cents), limit=money(most), job=job.position)
            )  # fmt: skip
        else:
            text += f", and rarely to more than {money(most)}. Say in the note what made it dearer."
            found.append(
                failed("W27", policy.rule("W27").level, "OTHER", text, observed=money(cents), limit=money(most),
                       field="charges", job=job.position)
            )  # fmt: skip
    return found
