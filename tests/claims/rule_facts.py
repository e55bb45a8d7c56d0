"""A sound claim with its facts, and how one thing of it is changed: what the tables of cases are made of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from db.claims.model import (
    CampaignFacts,
    ChargeDraft,
    ClaimFacts,
    ComponentFacts,
    DealerTerms,
    EarlierJob,
    OperationFacts,
    OriginalFacts,
    PartFacts,
    PlanFacts,
    PreAuthFacts,
    PreAuthLine,
    TechnicianFacts,
    VehicleFacts,
)
from db.claims.policy_rules import DEFAULT, Policy, RuleSetting
from tests.claims.factories import CLAIM, JOB, LABOUR, PART

TODAY = date(2026, 11, 22)
BASIC = PlanFacts(
    code="BASIC", name="Basic 36/36", kind="basic", months=36, distance=36_000, unit="mi", deductible_cents=0,
    excluded=("TRIM-SEAT",), starts_on=date(2025, 11, 3),
)  # fmt: skip
CONTRACT = PlanFacts(
    code="GOLD", name="Gold contract", kind="contract", months=60, distance=60_000, unit="mi", deductible_cents=100_00,
    components=("ENG-TURBO",), starts_on=date(2025, 11, 3), contract_number="SC-9",
)  # fmt: skip
PARTS_PLAN = PlanFacts(
    code="PARTS", name="Parts 12/12", kind="parts", months=12, distance=0, unit="mi", deductible_cents=0,
    starts_on=date(2026, 2, 1),
)  # fmt: skip
COMPONENTS = {
    "ENG-TURBO": ComponentFacts(code="ENG-TURBO", name="Turbocharger", auth_class="assembly"),
    "ENG-CYL": ComponentFacts(code="ENG-CYL", name="Cylinder head", is_major=True),
    "BRK-PAD": ComponentFacts(code="BRK-PAD", name="Brake pads", is_wear=True),
    "TRIM-SEAT": ComponentFacts(code="TRIM-SEAT", name="Seat cover", auth_class="trim"),
    "WHL-TIRE": ComponentFacts(code="WHL-TIRE", name="Tire", auth_class="tires"),
}
OPERATIONS = {
    "E1205": OperationFacts(code="E1205", name="Turbo, replace", hours=2_50, component="ENG-TURBO", skill="engine"),
    "E9000": OperationFacts(code="E9000", name="Diagnosis", kind="straight", component="ENG-TURBO"),
    "E7000": OperationFacts(code="E7000", name="Module, flash", hours=1_00, needs_authorization=True),
    "E3000": OperationFacts(code="E3000", name="Seat, replace", hours=1_00, models=("Civic", "Fit"), year_from=2024),
}  # fmt: skip
PARTS = {
    "TC-5000": PartFacts(number="TC-5000", name="Turbocharger", component="ENG-TURBO", net_cents=300_00),
    "TCM-3200": PartFacts(number="TCM-3200", component="ENG-TURBO", net_cents=100_00, needs_authorization=True,
                          repair_allowed=False),
    "NP-1": PartFacts(number="NP-1", component="ENG-TURBO", net_cents=None),
}  # fmt: skip
SOUND = ClaimFacts(
    claim=CLAIM, today=TODAY, dealer=DealerTerms(dealer_id=1, state="CO", labour_rate_cents=120_00, markup=40_00),
    vehicle=VehicleFacts(is_known=True, model="Accord", year=2025, in_service_on=date(2025, 11, 3), plans=(BASIC,)),
    components=COMPONENTS, operations=OPERATIONS, parts=PARTS, attachments=("ro_copy",),
    technician=TechnicianFacts(code="T-07", is_known=True, is_active=True, skills=("engine",)),
)  # fmt: skip
"""Nothing is wrong: 300.00 of labour and 420.00 of parts, 720.00 in all."""
EARLIER = EarlierJob(
    number="WC-000007", own=True, ro_number="RO-1", operation="E1205", causal_part="TC-5000", component="ENG-TURBO",
    action="replacement", failed_on=date(2026, 1, 10), repaired_on=date(2026, 1, 12), odometer=9_000, paid=True,
    position=1,
)  # fmt: skip
"""An earlier repair of the same component that is too long ago to matter."""
PRE_AUTH = PreAuthFacts(
    number="WC-000003", is_known=True, is_approved=True, same_vehicle=True, approved_on=date(2026, 11, 17),
    approved_cents=720_00,
    lines=(PreAuthLine(kind="labour", code="E1205", quantity=2_50, cents=300_00),
           PreAuthLine(kind="parts", code="TC-5000", quantity=1_00, cents=420_00)),
)  # fmt: skip
CAMPAIGN = CampaignFacts(
    number="R24", is_known=True, runs=True, is_listed=True, operations=("E1205",), parts=("TC-5000",)
)
ORIGINAL = OriginalFacts(
    number="WC-000001", is_known=True, is_settled=True, same_vehicle=True, net_approved_cents=720_00,
    claim_type="standard",
)  # fmt: skip


def facts(**more: Any) -> ClaimFacts:
    """The sound facts with some changed: `job_` and `claim_`, `vehicle_`, `dealer_` fields, or facts by their name.

    `job_cause="x"` changes the only job, `charges=(...)` replaces the lines, `vehicle_block="void"` the vehicle.
    """
    parts: dict[str, dict[str, Any]] = {"job": {}, "claim": {}, "vehicle": {}, "dealer": {}}
    whole: dict[str, Any] = {}
    for name, value in more.items():
        prefix, _, rest = name.partition("_")
        if name in ("charges", "jobs"):
            parts["claim"][name] = value
        elif prefix in parts and rest and name != "claim_type":
            parts[prefix][rest] = value
        elif name == "claim_type":
            parts["claim"][name] = value
        else:
            whole[name] = value
    if parts["job"]:
        parts["claim"]["jobs"] = (replace(JOB, **parts["job"]),)
    return replace(
        SOUND, claim=replace(CLAIM, **parts["claim"]), vehicle=replace(SOUND.vehicle, **parts["vehicle"]),
        dealer=replace(SOUND.dealer, **parts["dealer"]), **whole,
    )  # fmt: skip


def labour(**more: Any) -> ChargeDraft:
    """The labour line with some fields changed."""
    return replace(LABOUR, **more)


def part(**more: Any) -> ChargeDraft:
    """The line of the part with some fields changed."""
    return replace(PART, **more)


def line(position: int, kind: str, cents: int, **more: Any) -> ChargeDraft:
    """A line of one amount."""
    return ChargeDraft(position=position, kind=kind, unit_cents=cents, **more)


def with_rule(rule: str, policy: Policy = DEFAULT, **more: Any) -> Policy:
    """A policy with one rule set otherwise."""
    return replace(policy, rules={**policy.rules, rule: replace(policy.rules[rule], **more)})


def only(*rules: str) -> Policy:
    """A policy with every rule but these switched off."""
    return replace(
        DEFAULT, rules={n: s if n in rules else RuleSetting(enabled=False) for n, s in DEFAULT.rules.items()}
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of a rule by its name ("W06-boundary"). Failed: as many results as levels, the first with this code."""

    name: str
    facts: ClaimFacts
    levels: str = ""
    code: str = ""
    observed: str | None = None
    limit: str | None = None
    cents: tuple[int | None, ...] = ()
    policy: Policy = field(default=DEFAULT)

    @property
    def rule(self) -> str:
        """ "W06"."""
        return self.name[:3]

    @property
    def kind(self) -> str:
        """pass, boundary or fail."""
        return self.name.split("-")[1]


def case(
    name: str, facts: ClaimFacts, levels: str = "", code: str = "", observed: str | None = None, **more: Any
) -> Case:
    """A case; without levels the rule holds."""
    return Case(name=name, facts=facts, levels=levels, code=code, observed=observed, **more)
