"""What a draft must keep to before it can be stored at all; everything else is said by the rules W01 to W28."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import Any, Final

from db.claims.model import (
    ATTACHMENT_KINDS,
    CHARGE_KINDS,
    CLAIM_TYPES,
    EXCLUSIONS,
    REPAIR_ACTIONS,
    ChargeDraft,
    ClaimDraft,
    JobDraft,
)
from db.claims.money_rules import line_cents
from db.core import vin
from db.core.labels import storable
from db.core.problems import Problems

MOST_JOBS: Final = 100
MOST_CHARGES: Final = 200
MOST_CENTS: Final = 10_000_000_00
"""Ten million in one line: more is a slip of the finger."""
MOST_QUANTITY: Final = 100_000_00
MOST_MARKUP: Final = 1_000_00
MOST_ODOMETER: Final = 9_999_999
LONGEST_TEXT: Final = 4_000
LONGEST: Final[Mapping[str, int]] = {
    "vin": 40, "ro_number": 40, "technician": 20, "advisor": 120, "pre_auth_number": 20, "campaign_number": 20,
    "contract_number": 40, "component": 20, "causal_part": 40, "failure_code": 20, "operation": 20,
    "failed_serial": 60, "fitted_serial": 60, "code": 40, "description": 200,
}  # fmt: skip
LABELS: Final[Mapping[str, str]] = {
    "vin": "VIN", "ro_number": "Repair order", "technician": "Technician", "advisor": "Adviser",
    "pre_auth_number": "Pre-authorization", "campaign_number": "Campaign", "contract_number": "Contract",
    "component": "Component", "causal_part": "Causal part", "failure_code": "Failure code", "operation": "Operation",
    "failed_serial": "Serial of the old part", "fitted_serial": "Serial of the new part", "code": "Code",
    "description": "Description", "complaint": "Complaint", "cause": "Cause", "correction": "Correction",
    "late_reason": "Why it is late", "goodwill_reason": "Why goodwill", "note": "Note",
}  # fmt: skip
_UPPER = {"ro_number", "technician", "pre_auth_number", "campaign_number", "component", "causal_part", "failure_code",
          "operation", "code"}  # fmt: skip
VERSION_TYPES: Final[tuple[str, ...]] = ("add_credit", "debit")
"""Further versions of a claim that is there; they begin at it, never as a new claim."""


def _texts(one: Any) -> dict[str, Any]:
    """Every text of a draft, job or charge, trimmed, storable, codes in capitals."""
    found: dict[str, Any] = {}
    for f in fields(one):
        value = getattr(one, f.name)
        if isinstance(value, str) and f.name not in ("claim_type", "unit", "kind", "action", "original_number"):
            value = storable(value).strip()
            # One space is as good as two: a repair order typed with two must not be another one (W16).
            found[f.name] = " ".join(value.split()).upper() if f.name in _UPPER else value
    return found


def tidy(draft: ClaimDraft) -> ClaimDraft:
    """The draft as it is stored: texts trimmed, codes and VIN in capitals, jobs and lines counted from 1.

    A charge of a job that is gone belongs to the whole visit. Lines and jobs nobody filled in are left out.
    """
    jobs: list[JobDraft] = []
    places: dict[int, int] = {}
    for job in draft.jobs:
        clean = replace(job, **_texts(job))
        if any(v for k, v in _texts(clean).items() if k != "action"):
            places[job.position] = len(jobs) + 1
            jobs.append(replace(clean, position=len(jobs) + 1))
    charges: list[ChargeDraft] = []
    for charge in draft.charges:
        clean_charge = replace(charge, **_texts(charge))
        if clean_charge.code or clean_charge.description or clean_charge.unit_cents:
            charges.append(replace(clean_charge, position=len(charges) + 1, job=places.get(charge.job, 0)))
    header = _texts(draft) | {"vin": vin.clean(storable(draft.vin))}
    exclusions = tuple(x for x in EXCLUSIONS if x in draft.exclusions)
    return replace(draft, **header, exclusions=exclusions, jobs=tuple(jobs), charges=tuple(charges))


def check(draft: ClaimDraft, problems: Problems, *, may_be: Collection[str] = ()) -> None:
    """Note what keeps a tidy draft from being stored, at the field, job or line it belongs to.

    Fields of a job are named "jobs.2.complaint", of a line "charges.3.unit_cents". `may_be` allows the type of a
    further version to the claim that already has it.
    """
    if draft.claim_type not in CLAIM_TYPES:
        problems.add("claim_type", "unknown_type", "Choose a type of claim.")
    elif draft.claim_type in VERSION_TYPES and draft.claim_type not in may_be:
        problems.add("claim_type", "needs_original", "A supplement or a debit begins at the claim it belongs to.")
    if draft.unit not in ("mi", "km"):
        problems.add("unit", "unknown_unit", "Choose miles or kilometres.")
    for name in ("odometer_in", "odometer_out"):
        value = getattr(draft, name)
        if value is not None and not 0 <= value <= MOST_ODOMETER:
            problems.add(name, "odometer", f"A reading lies between 0 and {MOST_ODOMETER:,}.", rule="W04")
    _lengths(draft, "", problems)
    if len(draft.jobs) > MOST_JOBS:
        problems.add("jobs", "too_many", f"At most {MOST_JOBS} jobs fit in one claim.")
    if len(draft.charges) > MOST_CHARGES:
        problems.add("charges", "too_many", f"At most {MOST_CHARGES} lines fit in one claim.")
    for job in draft.jobs[:MOST_JOBS]:
        _check_job(job, problems)
    for charge in draft.charges[:MOST_CHARGES]:
        _check_charge(charge, problems, is_debit=draft.claim_type == "debit")


def _check_job(job: JobDraft, problems: Problems) -> None:
    at = f"jobs.{job.position}."
    _lengths(job, at, problems)
    if job.action not in REPAIR_ACTIONS:
        problems.add(f"{at}action", "unknown_action", f"Job {job.position}: choose what was done.")


def _check_charge(charge: ChargeDraft, problems: Problems, *, is_debit: bool) -> None:
    at, line = f"charges.{charge.position}.", f"Line {charge.position}"
    _lengths(charge, at, problems)
    if charge.kind not in CHARGE_KINDS:
        problems.add(f"{at}kind", "unknown_kind", f"{line}: choose what it is.")
    if not 0 <= charge.quantity <= MOST_QUANTITY:
        problems.add(f"{at}quantity", "quantity", f"{line}: a quantity lies between 0 and {MOST_QUANTITY // 100:,}.")
    if not 0 <= charge.markup <= MOST_MARKUP:
        problems.add(f"{at}markup", "markup", f"{line}: a markup lies between 0 and {MOST_MARKUP // 100:,}%.")
    if abs(charge.unit_cents) > MOST_CENTS or abs(line_cents(charge)) > MOST_CENTS:
        problems.add(f"{at}unit_cents", "amount", f"{line}: at most {MOST_CENTS // 100:,} fit in one line.")
    below = charge.unit_cents < 0
    if below != (charge.kind == "deductible" or is_debit) and charge.unit_cents:
        must = "negative" if charge.kind == "deductible" or is_debit else "positive"
        what = "of a debit" if is_debit else "of this kind"
        problems.add(f"{at}unit_cents", "sign", f"{line}: an amount {what} is {must}.", rule="domain-rules 2.1 A")


def _lengths(one: Any, at: str, problems: Problems) -> None:
    for f in fields(one):
        value = getattr(one, f.name)
        longest = LONGEST.get(f.name, LONGEST_TEXT)
        if isinstance(value, str) and len(value) > longest:
            label = LABELS.get(f.name, f.name)
            problems.add(f"{at}{f.name}", "too_long", f"{label}: at most {longest:,} characters fit.")


TYPE_LABELS: Final = CLAIM_TYPES
ACTIVE_TYPES: Final = tuple(name for name in CLAIM_TYPES if name not in VERSION_TYPES)
"""What a dealer may begin; further versions begin at their claim."""
__all__ = [
    "ACTIVE_TYPES", "ATTACHMENT_KINDS", "CHARGE_KINDS", "EXCLUSIONS", "TYPE_LABELS", "VERSION_TYPES", "check", "tidy",
]  # fmt: skip
