"""What two people typed differently into one claim, field by field, as both read it (reliability.md R04)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from db.claims.draft_rules import LABELS, TYPE_LABELS
from db.claims.model import CHARGE_KINDS, EXCLUSIONS, REPAIR_ACTIONS, ChargeDraft, ClaimDraft, JobDraft
from db.core.problems import Differing, differing, read_aloud

_HEADER: Final[Mapping[str, str]] = {
    "claim_type": "Type", "vin": LABELS["vin"], "ro_number": LABELS["ro_number"], "ro_opened_on": "Opened",
    "ro_closed_on": "Closed", "failed_on": "Failed", "reported_on": "Reported", "odometer_in": "Odometer in",
    "odometer_out": "Odometer out", "unit": "Unit", "technician": LABELS["technician"], "advisor": LABELS["advisor"],
    "pre_auth_number": LABELS["pre_auth_number"], "campaign_number": LABELS["campaign_number"],
    "contract_number": LABELS["contract_number"], "exclusions": "What speaks against it",
    "late_reason": LABELS["late_reason"], "goodwill_reason": LABELS["goodwill_reason"], "note": LABELS["note"],
}  # fmt: skip
_JOB: Final[Mapping[str, str]] = {
    name: LABELS[name].lower()
    for name in ("complaint", "cause", "correction", "component", "causal_part", "failure_code", "operation",
                 "failed_serial", "fitted_serial")
} | {"action": "what was done"}  # fmt: skip


def differences(stored: ClaimDraft, typed: ClaimDraft) -> list[Differing]:
    """Every field in which a tidy draft differs from the stored one: the visit, then jobs, then lines of money."""
    found = differing(_HEADER, _header(stored), _header(typed))
    for place, (one, other) in _pairs(stored.jobs, typed.jobs):
        found += differing({n: f"Job {place}, {label}" for n, label in _JOB.items()}, _job(one), _job(other))
    for place, (line, mine) in _pairs(stored.charges, typed.charges):
        if (line, mine) != (None, None) and _line(line) != _line(mine):
            found.append(Differing(label=f"Line {place}", stored=_line(line), typed=_line(mine)))
    return found


def _pairs(stored: Sequence[Any], typed: Sequence[Any]) -> list[tuple[int, tuple[Any, Any]]]:
    longest = max(len(stored), len(typed))
    padded = [[*some, *[None] * (longest - len(some))] for some in (stored, typed)]
    return list(enumerate(zip(*padded, strict=True), 1))


def _header(draft: ClaimDraft) -> dict[str, Any]:
    return asdict(draft) | {
        "claim_type": TYPE_LABELS.get(draft.claim_type, draft.claim_type),
        "exclusions": [EXCLUSIONS.get(x, x) for x in draft.exclusions],
    }


def _job(job: JobDraft | None) -> dict[str, Any]:
    if job is None:
        return dict.fromkeys(_JOB, "")
    return asdict(job) | {"action": REPAIR_ACTIONS.get(job.action, job.action)}


def _line(line: ChargeDraft | None) -> str:
    """ "Labour E1205, 2.50 x 120.00"; a markup in percent follows."""
    if line is None:
        return ""
    words = [CHARGE_KINDS.get(line.kind, line.kind), line.code or read_aloud(line.description)]
    said = " ".join(word for word in words if word) + f", {line.quantity / 100:,.2f} x {line.unit_cents / 100:,.2f}"
    said += f" + {line.markup / 100:g}%" if line.markup else ""
    return f"{said}, job {line.job}" if line.job else said
