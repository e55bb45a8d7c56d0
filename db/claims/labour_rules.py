"""W10, W11, W12, W22: operation and hours, straight time, the rate of the day, the technician (domain-rules 2.1 D)."""

from __future__ import annotations

from collections.abc import Sequence

from db.claims.lookup_rules import in_order, judged_as, key, operation_code, repair_day
from db.claims.model import ChargeDraft, ClaimFacts, OperationFacts, Result
from db.claims.money_rules import fill, half_up, line_cents
from db.claims.policy_rules import Policy
from db.claims.say_rules import day, failed, hours, money, passed, words

_STRAIGHT = ("straight", "other")


def _at(job: int) -> str:
    return f"Job {job}: " if job else ""


def _begin(text: str) -> str:
    return text[:1].upper() + text[1:]


def _groups(facts: ClaimFacts) -> dict[tuple[int, str], tuple[str, list[ChargeDraft]]]:
    """Labour lines by job and operation, with the code as it was entered; jobs without labour lines have none."""
    found: dict[tuple[int, str], tuple[str, list[ChargeDraft]]] = {}
    for job in facts.claim.jobs:
        if job.operation.strip():
            found[job.position, key(job.operation)] = (job.operation, [])
    for line in in_order(facts, "labour"):
        code = operation_code(facts, line)
        found.setdefault((line.job, key(code)), (code, []))[1].append(line)
    return found


def w10_operation(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """The operation is in the catalogue that day and fits the vehicle (E); hours above the flat rate need a person."""
    level, on, found = policy.rule("W10").level, day(repair_day(facts)), []
    for (job, code), (entered, lines) in sorted(_groups(facts).items()):
        operation = facts.operations.get(entered)
        if not code:
            text = f"{_at(job)}line {lines[0].position} is labour without an operation; each needs one. Choose it."
            found.append(
                failed("W10", level, "LABOR_OP_INVALID", _begin(text), observed=f"line {lines[0].position}",
                       limit="an operation", field="operation", job=job)
            )  # fmt: skip
        elif operation is None:
            text = (
                f"{_at(job)}the labour operation {code} is not in the catalogue on {on}; only those in it are paid."
                " Choose one of that day."
            )
            found.append(
                failed("W10", level, "LABOR_OP_INVALID", _begin(text), observed=code,
                       limit=f"in the catalogue on {on}", field="operation", job=job)
            )  # fmt: skip
        elif wrong := _misfit(facts, operation):
            text = (
                f"{_at(job)}the labour operation {code} is for {wrong[1]}; this is a {wrong[0]}. Choose one that fits."
            )
            found.append(
                failed("W10", level, "LABOR_OP_INVALID", _begin(text), observed=wrong[0], limit=wrong[1],
                       field="operation", job=job)
            )  # fmt: skip
        else:
            found += _hours(facts, policy, operation, job, lines)
    return found or [passed("W10", policy, "No labour is claimed.", observed="no labour")]


def _misfit(facts: ClaimFacts, operation: OperationFacts) -> tuple[str, str] | None:
    vehicle = facts.vehicle
    if operation.models and vehicle.model and vehicle.model.strip().casefold() not in {
        m.strip().casefold() for m in operation.models
    }:  # fmt: skip
        return vehicle.model, words(list(operation.models))
    low, high, year = operation.year_from, operation.year_until, vehicle.year
    if year is not None and ((low is not None and year < low) or (high is not None and year > high)):
        until = f"{low} to {high}" if low and high else f"{low} and later" if low else f"until {high}"
        return f"vehicle of {year}", f"model years {until}"
    return None


def _hours(
    facts: ClaimFacts, policy: Policy, operation: OperationFacts, job: int, lines: Sequence[ChargeDraft]
) -> list[Result]:
    claimed, most, code = sum(c.quantity for c in lines), operation.hours, key(operation.code)
    if operation.kind in _STRAIGHT or claimed <= most:
        limit = hours(most) if operation.kind not in _STRAIGHT else "actual time"
        text = f"{_at(job)}{code} is valid; {hours(claimed)} are claimed, {limit} is what it takes."
        return [passed("W10", policy, text, observed=hours(claimed), limit=limit, job=job)]
    found = []
    for line, left in zip(lines, fill([c.quantity for c in lines], most), strict=True):
        if left == line.quantity:
            continue
        rate = line.unit_cents
        if facts.dealer.labour_rate_cents is not None and policy.rule("W12").enabled:
            rate = min(rate, facts.dealer.labour_rate_cents)
        cents = min(half_up(left * rate * (10_000 + line.markup), 1_000_000), line_cents(line))
        text = (
            f"{_at(job)}{hours(claimed)} are claimed for {code}; the flat rate is {hours(most)}."
            " A person decides on the rest: say in the cause why it took longer."
        )
        found.append(
            failed("W10", "A", "HOURS_EXCEED_FLATRATE", text, observed=hours(claimed), limit=hours(most),
                   field="quantity", job=job, charge=line.position, cents=cents)
        )  # fmt: skip
    return found


def w11_straight_time(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """Straight or other time alone up to a limit (the dealer's own where agreed); beside a flat rate a person."""
    most = facts.dealer.authority.get("other_labour", policy.rule("W11").limits.get("hours", 1_00))
    times: dict[int, int] = {}
    flat: set[int] = set()
    for (job, _), (entered, lines) in _groups(facts).items():
        operation = facts.operations.get(entered)
        if operation is not None and lines:
            if operation.kind in _STRAIGHT:
                times[job] = times.get(job, 0) + sum(c.quantity for c in lines)
            else:
                flat.add(job)
    found = []
    for job, taken in sorted(times.items()):
        if job in flat:
            why = f"{hours(taken)} of straight time are claimed beside a flat-rate operation, which allows 0 h"
        elif taken > most:
            why = f"{hours(taken)} of straight time are claimed; {hours(most)} are paid without asking"
        else:
            text = f"{_at(job)}{hours(taken)} of straight time are within {hours(most)}."
            found.append(passed("W11", policy, text, observed=hours(taken), limit=hours(most), job=job))
            continue
        text = f"{_at(job)}{why}. A person decides: say in the correction what the time was for."
        found.append(
            failed("W11", policy.rule("W11").level, "LABOR_OP_NEEDS_AUTH", text, observed=hours(taken),
                   limit="0 h beside a flat rate" if job in flat else hours(most), field="quantity", job=job)
        )  # fmt: skip
    return found or [passed("W11", policy, "No straight time is claimed.", observed="0 h", limit=hours(most))]


def w12_rate(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """No more than the dealer's rate of the day the repair order was opened; a higher one is corrected by itself."""
    lines, rate, on = in_order(facts, "labour"), facts.dealer.labour_rate_cents, day(repair_day(facts))
    if not lines:
        return [passed("W12", policy, "No labour is claimed.", observed="no labour")]
    top = max(c.unit_cents for c in lines)
    if rate is None:
        text = (
            f"Labour is claimed at {money(top)} an hour; no rate is agreed with you for {on}. A person decides: ask for"
            " a labour rate in your terms."
        )
        return [failed("W12", "A", "RATE_ADJUSTED", text, observed=money(top), limit="an agreed rate")]
    found = []
    for line in lines:
        if line.unit_cents > rate:
            due = min(half_up(line.quantity * rate * (10_000 + line.markup), 1_000_000), line_cents(line))
            text = (
                f"Line {line.position}: {money(line.unit_cents)} an hour is claimed; your rate on {on} is"
                f" {money(rate)}. It is reduced to {money(due)}; nothing to do."
            )
            found.append(
                failed("W12", policy.rule("W12").level, "RATE_ADJUSTED", text, observed=money(line.unit_cents),
                       limit=money(rate), field="unit_cents", job=line.job, charge=line.position, cents=due)
            )  # fmt: skip
    if found:
        return found
    text = f"Labour is claimed at up to {money(top)} an hour; your rate on {on} is {money(rate)}."
    return [passed("W12", policy, text, observed=money(top), limit=money(rate))]


def w22_technician(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """The technician worked there that day (E) and is certified for what the operations ask for."""
    codes = [operation_code(facts, c) for c in facts.claim.charges if c.kind == "labour"]
    codes += [j.operation for j in facts.claim.jobs if j.operation.strip()]
    if not codes or (judged_as(facts) == "parts_warranty" and not in_order(facts, "labour")):
        return [passed("W22", policy, "No labour is claimed, so no technician is needed.", observed="no labour")]
    code, on, who = facts.claim.technician.strip(), day(repair_day(facts)), facts.technician
    if not code or who is None or not who.is_known:
        seen = f"technician {code} is not on your list" if code else "no technician is named"
        text = f"On {on} {seen}; the one who did the repair has to be. Name them, or add them to your technicians."
    elif not who.is_active:
        text = f"Technician {code} did not work for you on {on}; the repair needs one who did. Correct the technician."
    else:
        asked = {o.skill for c in codes if (o := facts.operations.get(c)) is not None and o.skill}
        lacking = sorted(asked - set(who.skills))
        if not lacking:
            seen = words(sorted(asked)) or "no skill needed"
            return [passed("W22", policy, f"Technician {code} is certified on {on}.", observed=seen, limit=seen)]
        text = (
            f"Technician {code} is not certified for {words(lacking)} on {on}; the operation asks for it."
            " Name a certified one, or have the certificate entered."
        )
        have = words(sorted(who.skills)) or "no certificate"
        return [
            failed("W22", policy.rule("W22").level, "TECH_NOT_CERTIFIED", text, observed=f"{code}: {have}",
                   limit=words(lacking), field="technician")
        ]  # fmt: skip
    return [
        failed("W22", "E", "TECH_NOT_CERTIFIED", text, observed=code or "no technician", limit=f"active on {on}",
               field="technician")
    ]  # fmt: skip
