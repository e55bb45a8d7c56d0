"""A claim as facts: what the dealer says (`ClaimDraft`) and what the desk knows beside it (`ClaimFacts`).

No database here. The same facts are judged while the dealer types, when the claim is sent, and again by the simulator,
which reads them back from the JSON kept with each run of the rules. Money is whole cents, quantities and hours are
hundredths, shares are hundredths of a percent, days are those of the dealer (domain-rules 2.0, 2.1 A).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

Level = Literal["E", "W", "A", "X", "R"]
"""E blocks, W warns the reviewer, A needs a person's approval, X denies, R reduces or corrects an amount by itself."""

CLAIM_TYPES: Final[dict[str, str]] = {
    "standard": "Warranty repair",
    "pre_authorization": "Pre-authorization",
    "goodwill": "Goodwill",
    "service_contract": "Service contract",
    "recall": "Recall or campaign",
    "parts_warranty": "Parts warranty",
    "pdi": "Pre-delivery inspection",
    "transport_damage": "Transport damage",
    "customer_reimbursement": "Customer reimbursement",
    "add_credit": "Supplement",
    "debit": "Debit",
    "supplier_recovery": "Supplier recovery",
}
"""Domain-rules 2.1 B. Supplements and debits are further versions of a claim."""

CHARGE_KINDS: Final[dict[str, str]] = {
    "labour": "Labour", "parts": "Parts", "sublet": "Sublet", "rental": "Rental and transport", "freight": "Freight",
    "misc": "Miscellaneous", "tax": "Tax", "deductible": "Deductible",
}  # fmt: skip
REPAIR_ACTIONS: Final[dict[str, str]] = {
    "repair": "Repair", "replacement": "Replacement", "software_update": "Software update",
}  # fmt: skip
EXCLUSIONS: Final[dict[str, str]] = {
    "modified": "Modified vehicle", "misuse": "Neglect or misuse", "environment": "Damage by the environment",
    "aftermarket_part": "Aftermarket part involved", "maintenance_missing": "Maintenance missing",
    "odometer_altered": "Odometer altered",
}  # fmt: skip
RENTAL_CODES: Final[dict[str, str]] = {"RENTAL": "Rental car", "TRANSPORT": "Transport or towing"}
"""Codes of rental lines; `TRANSPORT` has a cap of its own, anything else counts as days of a rental car (W24)."""
ATTACHMENT_KINDS: Final[dict[str, str]] = {
    "ro_copy": "Repair order", "photo": "Photo", "receipt": "Invoice or receipt", "diagnosis": "Diagnostic print-out",
    "ownership": "Proof of ownership", "paid_receipt": "Receipt the customer paid", "damage_report": "Damage report",
    "other": "Other",
}  # fmt: skip


# ---- what the dealer says --------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class JobDraft:
    """One complaint with its cause and correction (3C). `position` counts from 1; charges refer to it."""

    position: int
    complaint: str = ""
    cause: str = ""
    correction: str = ""
    component: str = ""
    causal_part: str = ""
    failure_code: str = ""
    operation: str = ""
    action: str = "repair"
    failed_serial: str = ""
    fitted_serial: str = ""


@dataclass(frozen=True, kw_only=True)
class ChargeDraft:
    """One line of money. Labour: `code` operation, `quantity` hundredths of hours, `unit_cents` an hour; parts: part
    number, hundredths of pieces, net each and `markup` on it; others: one amount (`quantity` 100), or days of rental.

    `job` is the position of its job, 0 for the whole visit. A deductible is a negative amount.
    """

    position: int
    kind: str
    job: int = 0
    code: str = ""
    description: str = ""
    quantity: int = 100
    unit_cents: int = 0
    markup: int = 0


@dataclass(frozen=True, kw_only=True)
class ClaimDraft:
    """A claim as the dealer entered it; nothing is looked up and nothing is trusted."""

    claim_type: str = "standard"
    vin: str = ""
    ro_number: str = ""
    ro_opened_on: date | None = None
    ro_closed_on: date | None = None
    failed_on: date | None = None
    reported_on: date | None = None
    odometer_in: int | None = None
    odometer_out: int | None = None
    unit: str = "mi"
    technician: str = ""
    advisor: str = ""
    pre_auth_number: str = ""
    campaign_number: str = ""
    contract_number: str = ""
    original_number: str = ""
    exclusions: tuple[str, ...] = ()
    late_reason: str = ""
    goodwill_reason: str = ""
    note: str = ""
    jobs: tuple[JobDraft, ...] = ()
    charges: tuple[ChargeDraft, ...] = ()


# ---- what the desk knows ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class DealerTerms:
    """The dealer and its terms on the day the repair order was opened. `authority` is self-authorization by class."""

    dealer_id: int
    state: str = ""
    labour_rate_cents: int | None = None
    markup: int | None = None
    authority: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PlanFacts:
    """A plan this vehicle has; `starts_on` is the first day, `components` empty means all but excluded and wear.

    A plan of kind parts starts with the sale of the part; None where that sale is not on file.
    """

    code: str
    name: str
    kind: str
    months: int
    distance: int
    unit: str
    deductible_cents: int
    components: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    starts_on: date | None = None
    contract_number: str = ""


@dataclass(frozen=True, kw_only=True)
class VehicleFacts:
    """What is known of the VIN. `block` is blocked, void or empty; `last_odometer` in miles, the highest before."""

    is_known: bool = False
    model: str = ""
    year: int | None = None
    in_service_on: date | None = None
    block: str = ""
    block_reason: str = ""
    last_odometer: int | None = None
    last_odometer_on: date | None = None
    plans: tuple[PlanFacts, ...] = ()
    other_vin_of_ro: str = ""
    """Another VIN this dealer has under the same repair order number (W03)."""


@dataclass(frozen=True, kw_only=True)
class ComponentFacts:
    """A component by its code."""

    code: str
    name: str = ""
    is_wear: bool = False
    is_major: bool = False
    auth_class: str = ""


@dataclass(frozen=True, kw_only=True)
class OperationFacts:
    """A labour operation as it holds on the day the repair order was opened; `hours` in hundredths."""

    code: str
    name: str = ""
    kind: str = "flat"
    hours: int = 0
    component: str = ""
    models: tuple[str, ...] = ()
    year_from: int | None = None
    year_until: int | None = None
    skill: str = ""
    needs_authorization: bool = False


@dataclass(frozen=True, kw_only=True)
class PartFacts:
    """A part on file with its net price on the day the repair order was opened (None: no price that day)."""

    number: str
    name: str = ""
    component: str = ""
    net_cents: int | None = None
    needs_authorization: bool = False
    repair_allowed: bool = True
    is_active: bool = True


@dataclass(frozen=True, kw_only=True)
class TechnicianFacts:
    """The technician named, as of the repair; `skills` are those certified that day."""

    code: str
    is_known: bool = False
    is_active: bool = False
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CampaignFacts:
    """The campaign named and this VIN's place on its list."""

    number: str
    is_known: bool = False
    runs: bool = False
    is_listed: bool = False
    done_on: date | None = None
    operations: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PreAuthLine:
    """What was approved beforehand for one code: hundredths of hours or pieces, and cents."""

    kind: str
    code: str
    quantity: int
    cents: int


@dataclass(frozen=True, kw_only=True)
class PreAuthFacts:
    """The pre-authorization named; `lines` are its approved lines."""

    number: str
    is_known: bool = False
    is_approved: bool = False
    same_vehicle: bool = False
    approved_on: date | None = None
    approved_cents: int = 0
    lines: tuple[PreAuthLine, ...] = ()
    is_open: bool = False
    """Sent and not decided yet: a claim that names it waits for it instead of coming back (2.1 C PENDING_PREAUTH)."""


@dataclass(frozen=True, kw_only=True)
class EarlierJob:
    """One job of an earlier claim on this VIN (any dealer), or on this repair order; void and rejected are left out.

    `own` says it is of the same dealer; `paid` that it was approved in whole or part; `deductible` that a deductible
    was taken for that visit; `odometer` is in miles. Only jobs of the same repair order may be of another vehicle.
    """

    number: str
    own: bool
    ro_number: str
    operation: str
    causal_part: str
    component: str
    action: str
    failed_on: date | None
    repaired_on: date | None
    odometer: int | None
    paid: bool
    deductible: bool = False
    is_family: bool = False
    """Of the claim this one supplements or debits."""
    position: int = 0
    """The number of the job in its claim (W16)."""
    same_vehicle: bool = True
    is_counted: bool = True
    """Whether it holds its place under the repair order: a pre-authorization, supplement or debit does not (W16)."""


@dataclass(frozen=True, kw_only=True)
class OriginalFacts:
    """The claim a supplement or debit refers to, with what was approved for all its versions so far."""

    number: str
    is_known: bool = False
    is_settled: bool = False
    same_vehicle: bool = False
    net_approved_cents: int = 0
    claim_type: str = ""
    """A supplement is judged by the rules of this type."""


@dataclass(frozen=True, kw_only=True)
class Usual:
    """Claimed totals of jobs with one operation on one model (W27): how many, mean, standard deviation, cents."""

    operation: str
    count: int
    mean_cents: int
    deviation_cents: int


@dataclass(frozen=True, kw_only=True)
class ClaimFacts:
    """Everything the rules may ask, as of one moment. `today` is the day it is sent, in the dealer's zone."""

    claim: ClaimDraft
    today: date
    dealer: DealerTerms
    vehicle: VehicleFacts = field(default_factory=VehicleFacts)
    components: dict[str, ComponentFacts] = field(default_factory=dict)
    operations: dict[str, OperationFacts] = field(default_factory=dict)
    parts: dict[str, PartFacts] = field(default_factory=dict)
    technician: TechnicianFacts | None = None
    campaign: CampaignFacts | None = None
    pre_auth: PreAuthFacts | None = None
    original: OriginalFacts | None = None
    earlier: tuple[EarlierJob, ...] = ()
    usual: tuple[Usual, ...] = ()
    attachments: tuple[str, ...] = ()
    """Kinds of the files that are attached."""


# ---- what the rules say ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Result:
    """What one rule says of one claim, job or charge; `sentence` is what the dealer reads, word for word (U23).

    `level` is that of a failed rule; a passed one keeps the level it would have had. `reason_code` is of domain-rules
    2.1 J. `suggested_cents` is what a charge should be (level R). `field` names the field of the entry form.
    """

    rule: str
    passed: bool
    level: Level
    sentence: str
    observed: str = ""
    limit: str = ""
    reason_code: str = ""
    field: str = ""
    job: int = 0
    charge: int = 0
    suggested_cents: int | None = None


Outcome = Literal["rejected", "returned", "pay", "pay_changed", "denied", "review"]
OUTCOMES: Final[dict[str, str]] = {
    "rejected": "Could not be processed",
    "returned": "Returned to the dealer",
    "pay": "Pay as it is",
    "pay_changed": "Pay with changes",
    "denied": "Denied",
    "review": "A person decides",
}
"""Rejected (could not be processed) is not denied (processed, not paid): domain-rules 2.1 C."""


@dataclass(frozen=True, kw_only=True)
class ChargeVerdict:
    """What the rules suggest for one charge: claimed and suggested cents, with the reason where they differ."""

    position: int
    claimed_cents: int
    suggested_cents: int
    reason_code: str = ""
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome of one run of the rules: why (the results that led to it), and what each charge should be paid."""

    outcome: Outcome
    policy_version: int
    results: tuple[Result, ...]
    charges: tuple[ChargeVerdict, ...]
    why: tuple[str, ...] = ()
    """Sentences behind the outcome, the weightiest first."""
    level_needed: int = 0
    """The level of authority the suggested amount needs when a person decides (0 when none does)."""

    @property
    def failed(self) -> tuple[Result, ...]:
        """The results that did not pass, in the order of the rules."""
        return tuple(r for r in self.results if not r.passed)

    @property
    def claimed_cents(self) -> int:
        """The sum of the rounded lines (domain-rules 2.0)."""
        return sum(c.claimed_cents for c in self.charges)

    @property
    def suggested_cents(self) -> int:
        """What the rules would pay."""
        return sum(c.suggested_cents for c in self.charges)
