"""Each type of claim with the rules that apply to it (domain-rules 2.1 B)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from db.claims.adjudicate_rules import APPLIES, adjudicate, applies
from db.claims.model import CLAIM_TYPES, ClaimFacts
from db.claims.policy_rules import DEFAULT
from tests.claims.factories import JOB
from tests.claims.rule_facts import (
    BASIC,
    CAMPAIGN,
    CONTRACT,
    EARLIER,
    ORIGINAL,
    PARTS_PLAN,
    SOUND,
    facts,
    labour,
    line,
    part,
)

WHY = "Loyal customer, it failed soon after."
OUT = {"claim_odometer_in": 90_000, "claim_odometer_out": 90_000}
RECENT = replace(EARLIER, repaired_on=date(2026, 10, 1), odometer=20_000)
RECALL = {"claim_type": "recall", "claim_campaign_number": "R24", "campaign": CAMPAIGN}

CASES: dict[str, tuple[ClaimFacts, str]] = {
    "standard-covered": (facts(), "pay"),
    "standard-out-of-mileage": (facts(**OUT), "denied"),
    "pre_authorization-before-the-repair": (
        facts(claim_type="pre_authorization", claim_ro_number="", claim_ro_opened_on=None, claim_ro_closed_on=None,
              claim_odometer_out=None, claim_technician="", technician=None, attachments=("photo",)), "pay"),
    "pre_authorization-without-failure": (
        facts(claim_type="pre_authorization", claim_failed_on=None, attachments=("photo",)), "rejected"),
    "goodwill-within-own-limit": (
        facts(claim_type="goodwill", claim_goodwill_reason=WHY, dealer_authority={"goodwill": 800_00}), "pay_changed"),
    "goodwill-not-asked": (facts(claim_type="goodwill", claim_goodwill_reason=WHY), "returned"),
    "goodwill-comeback": (
        facts(claim_type="goodwill", claim_goodwill_reason=WHY, dealer_authority={"goodwill": 800_00},
              earlier=(RECENT,)), "denied"),
    "service_contract-of-its-own-plan": (
        facts(claim_type="service_contract", claim_contract_number="SC-9", vehicle_plans=(BASIC, CONTRACT),
              claim_odometer_in=59_000, claim_odometer_out=59_000,
              charges=(labour(), part(), line(3, "deductible", -100_00))), "pay"),
    "service_contract-not-sold": (facts(claim_type="service_contract"), "denied"),
    "recall-long-after-warranty": (
        facts(**RECALL, **OUT, vehicle_plans=(), claim_failed_on=None, claim_exclusions=("modified",)), "pay"),
    "recall-not-listed": (facts(**{**RECALL, "campaign": replace(CAMPAIGN, is_listed=False)}), "denied"),
    "parts_warranty-over-the-counter": (
        facts(claim_type="parts_warranty", vehicle_plans=(PARTS_PLAN,), job_operation="", charges=(part(),), **OUT,
              technician=None, claim_technician="", earlier=(replace(RECENT, repaired_on=date(2026, 2, 1)),)), "pay"),
    "parts_warranty-with-labour-too-old": (
        facts(claim_type="parts_warranty", vehicle_plans=(replace(PARTS_PLAN, starts_on=date(2025, 11, 15)),)),
        "denied"),
    "pdi-is-taken-no-more": (facts(claim_type="pdi", jobs=()), "returned"),
    "transport_damage-with-report": (
        facts(claim_type="transport_damage", attachments=("photo", "damage_report"), vehicle_plans=(),
              vehicle_in_service_on=None), "pay"),
    "transport_damage-without-report": (facts(claim_type="transport_damage", attachments=("photo",)), "returned"),
    "customer_reimbursement-with-papers": (
        facts(claim_type="customer_reimbursement", attachments=("ownership", "paid_receipt"), technician=None,
              claim_technician="", job_operation="", claim_ro_closed_on=date(2026, 11, 18),
              charges=(line(1, "misc", 400_00, job=1),), job_action="repair"), "pay"),
    "customer_reimbursement-without-receipt": (
        facts(claim_type="customer_reimbursement", attachments=("ownership",)), "returned"),
    "add_credit-to-a-settled-claim": (
        facts(claim_type="add_credit", original=ORIGINAL, charges=(line(1, "freight", 20_00),),
              earlier=(replace(RECENT, ro_number="RO-4711", is_family=True),)), "pay"),
    "add_credit-judged-as-goodwill": (
        facts(claim_type="add_credit", original=replace(ORIGINAL, claim_type="goodwill"), claim_goodwill_reason=WHY,
              charges=(line(1, "freight", 20_00),), dealer_authority={"goodwill": 20_00}), "pay_changed"),
    "add_credit-to-nothing": (facts(claim_type="add_credit"), "returned"),
    "debit-of-all-that-was-paid": (
        facts(claim_type="debit", original=ORIGINAL, charges=(line(1, "misc", -720_00),), attachments=()), "pay"),
    "debit-of-more": (facts(claim_type="debit", original=ORIGINAL, charges=(line(1, "misc", -720_01),)), "returned"),
    "debit-large": (
        facts(claim_type="debit", original=replace(ORIGINAL, net_approved_cents=9_000_00),
              charges=(line(1, "misc", -1_000_01),)), "review"),
    "supplier_recovery-is-outgoing": (
        ClaimFacts(claim=replace(SOUND.claim, claim_type="supplier_recovery", vin="", ro_number="", jobs=()),
                   today=SOUND.today, dealer=SOUND.dealer), "review"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CASES))
def test_type(name: str):
    given, outcome = CASES[name]
    verdict = adjudicate(given, DEFAULT)
    assert verdict.outcome == outcome, verdict.why
    assert {r.rule for r in verdict.results} <= {r for r in APPLIES if given.claim.claim_type in APPLIES[r]}


def test_each_type_has_a_case():
    assert {name.split("-")[0] for name in CASES} == set(CLAIM_TYPES)


def test_a_debit_reverses_to_nothing():
    verdict = adjudicate(CASES["debit-of-all-that-was-paid"][0], DEFAULT)
    assert verdict.suggested_cents == -ORIGINAL.net_approved_cents


def test_a_supplement_to_a_recall_is_not_asked_for_coverage():
    given = facts(claim_type="add_credit", original=replace(ORIGINAL, claim_type="recall"))
    assert applies("W23", given, DEFAULT)
    assert not applies("W06", given, DEFAULT)
    assert not applies("W23", facts(claim_type="add_credit", original=ORIGINAL), DEFAULT)


def test_a_supplier_recovery_says_why_a_person_decides():
    verdict = adjudicate(CASES["supplier_recovery-is-outgoing"][0], DEFAULT)
    assert verdict.why == ("A supplier recovery goes out in our name, so a person decides.",)
    assert {r.rule for r in verdict.results} == {"W28"}


def test_jobs_of_one_visit_take_the_deductible_once():
    two = facts(
        claim_type="service_contract", vehicle_plans=(CONTRACT,), jobs=(JOB, replace(JOB, position=2)),
        charges=(labour(), part(), line(3, "misc", 50_00, job=2)),
    )  # fmt: skip
    assert adjudicate(two, DEFAULT).suggested_cents == 770_00 - 100_00
