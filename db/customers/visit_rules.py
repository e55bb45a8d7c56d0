"""What a service visit must say: odometer in and out, and days in an order that can be true (domain-rules W03-W05)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from db.core.problems import Problems
from db.customers.odometer_rules import MOST, POLICY, UNITS, OdometerPolicy


@dataclass(frozen=True, kw_only=True)
class VisitFacts:
    """A visit as typed; days are the dealer's own. `odometer_out` and `closed_on` come when the vehicle is returned."""

    ro_number: str
    opened_on: date | None
    closed_on: date | None = None
    odometer_in: int | None = None
    odometer_out: int | None = None
    unit: str = "mi"
    complaint: str = ""


def check(
    facts: VisitFacts, *, today: date, in_service_on: date | None, problems: Problems, policy: OdometerPolicy = POLICY
) -> tuple[str, ...]:
    """Note every problem at its field; gives the warnings, which do not keep the visit from being stored."""
    warnings = []
    if facts.unit not in UNITS:
        problems.add("unit", "unknown_unit", "Choose miles or kilometres.", rule="W04")
    _check_days(facts, today, in_service_on, problems)
    if facts.odometer_in is None:
        problems.add("odometer_in", "required", "The odometer at arrival is needed.", rule="W04")
    elif not 0 <= facts.odometer_in <= MOST:
        problems.add("odometer_in", "out_of_range", f"An odometer shows 0 to {MOST:,}.", rule="W04")
    if facts.odometer_out is not None:
        if not 0 <= facts.odometer_out <= MOST:
            problems.add("odometer_out", "out_of_range", f"An odometer shows 0 to {MOST:,}.", rule="W04")
        elif facts.odometer_in is not None and facts.odometer_out < facts.odometer_in:
            sentence = f"Out ({facts.odometer_out:,}) is lower than in ({facts.odometer_in:,})."
            problems.add("odometer_out", "falls", sentence, rule="W04")
        elif facts.odometer_in is not None and facts.odometer_out - facts.odometer_in > policy.test_drive:
            driven = facts.odometer_out - facts.odometer_in
            warnings.append(
                f"{driven:,} {facts.unit} were driven during the visit; up to {policy.test_drive} is usual."
            )
    return tuple(warnings)


def _check_days(facts: VisitFacts, today: date, in_service_on: date | None, problems: Problems) -> None:
    if facts.opened_on is None:
        problems.add("opened_on", "required", "The day the order was opened is needed.", rule="W05")
        return
    if facts.opened_on > today:
        problems.add("opened_on", "future", "The order cannot be opened in the future.", rule="W05")
    if in_service_on is not None and facts.opened_on < in_service_on:
        sentence = f"The vehicle went into service on {in_service_on.isoformat()}, after this day."
        problems.add("opened_on", "before_in_service", sentence, rule="W05")
    if facts.closed_on is not None and facts.closed_on < facts.opened_on:
        problems.add("closed_on", "before_opened", "The order was closed before it was opened.", rule="W05")
    elif facts.closed_on is not None and facts.closed_on > today:
        problems.add("closed_on", "future", "The order cannot be closed in the future.", rule="W05")
