"""What several rules ask of the facts in the same way: the component of a job, its lines, miles, months, the type."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from db.claims.model import ChargeDraft, ClaimFacts, ComponentFacts, EarlierJob, JobDraft
from db.claims.money_rules import half_up, line_cents

_KM, _MILE = 1_000_000, 1_609_344  # a mile has 1.609344 km


def key(code: str) -> str:
    """A code as it is compared, however it was typed."""
    return " ".join(code.split()).upper()


def judged_as(facts: ClaimFacts) -> str:
    """The type whose rules hold: a supplement is judged as the claim it supplements."""
    if facts.claim.claim_type == "add_credit" and facts.original is not None and facts.original.claim_type:
        return facts.original.claim_type
    return facts.claim.claim_type


def repair_day(facts: ClaimFacts) -> date:
    """The day whose rates, prices and operations hold: the repair order was opened; before there is one, today."""
    return facts.claim.ro_opened_on or facts.today


def component_code(facts: ClaimFacts, job: JobDraft) -> str:
    """The component a job is about: as entered, else that of the causal part, else that of the operation."""
    if job.component.strip():
        return key(job.component)
    part = facts.parts.get(job.causal_part)
    if part is not None and part.component:
        return key(part.component)
    operation = facts.operations.get(job.operation)
    return key(operation.component) if operation is not None else ""


def component_of(facts: ClaimFacts, job: JobDraft) -> ComponentFacts | None:
    """What is known of the component of a job."""
    return facts.components.get(job.component) or facts.components.get(component_code(facts, job))


def lines_of(facts: ClaimFacts, job: int, *kinds: str) -> list[ChargeDraft]:
    """The lines of a job in their order, of some kinds or of all."""
    found = [c for c in facts.claim.charges if c.job == job and (not kinds or c.kind in kinds)]
    found.sort(key=lambda c: c.position)
    return found


def in_order(facts: ClaimFacts, *kinds: str) -> list[ChargeDraft]:
    """All lines of some kinds by position: what a rule says does not depend on the order they came in."""
    return sorted((c for c in facts.claim.charges if c.kind in kinds), key=lambda c: c.position)


def job_cents(facts: ClaimFacts, job: int) -> int:
    """What is claimed for a job."""
    return sum(line_cents(c) for c in facts.claim.charges if c.job == job and c.kind != "deductible")


def operation_code(facts: ClaimFacts, charge: ChargeDraft) -> str:
    """The operation of a labour line: its own code, else the one of its job."""
    if charge.code.strip():
        return charge.code
    return next((j.operation for j in facts.claim.jobs if j.position == charge.job), "")


def in_unit(value: int, unit: str, wanted: str) -> int:
    """A distance in another unit, rounded half up."""
    if unit == wanted or "km" not in (unit, wanted):
        return value
    return half_up(value * _KM, _MILE) if unit == "km" else half_up(value * _MILE, _KM)


def miles_in(facts: ClaimFacts) -> int | None:
    """The odometer when the vehicle came in, in miles."""
    value = facts.claim.odometer_in
    return None if value is None else in_unit(value, facts.claim.unit, "mi")


def add_months(day: date, months: int) -> date:
    """The same day some months later; the last day of the month where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_between(first: date, last: date) -> int:
    """Whole months from one day to a later one."""
    months = (last.year - first.year) * 12 + last.month - first.month
    return months - 1 if add_months(first, months) > last else months


def others(facts: ClaimFacts) -> Iterator[EarlierJob]:
    """Jobs of other claims on this vehicle at any dealer: not of this family or repair order, no pre-authorizations."""
    here = key(facts.claim.ro_number)
    for one in facts.earlier:
        if (
            one.same_vehicle
            and one.is_counted
            and not one.is_family
            and not (one.own and here and key(one.ro_number) == here)
        ):
            yield one
