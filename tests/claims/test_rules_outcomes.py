"""From results to an outcome: one case for each, which finding weighs more, and what becomes of the lines (2.1 C)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from db.claims.adjudicate_rules import adjudicate
from db.claims.model import OUTCOMES, ClaimFacts, Usual
from db.claims.policy_rules import DEFAULT, Policy
from tests.claims.factories import JOB
from tests.claims.rule_facts import (
    BASIC,
    CAMPAIGN,
    CONTRACT,
    TODAY,
    facts,
    labour,
    line,
    part,
    with_rule,
)

SECOND = replace(JOB, position=2, component="ENG-TURBO")
SEAT = replace(JOB, position=2, component="TRIM-SEAT", action="repair")
TWO = facts(jobs=(JOB, SEAT), charges=(labour(), part(), line(3, "misc", 80_00, job=2), line(4, "tax", 10_00)))
"""The second job is not covered; 80.00 of the claim are for it, 10.00 for the visit."""


def paid(verdict) -> dict[int, int]:
    return {c.position: c.suggested_cents for c in verdict.charges}


@pytest.mark.parametrize(
    ("outcome", "given"),
    [
        ("pay", facts()),
        ("pay_changed", facts(charges=(labour(unit_cents=150_00), part()))),
        ("denied", facts(claim_odometer_in=40_000, claim_odometer_out=40_001)),
        ("returned", facts(job_cause="Broken.")),
        ("rejected", facts(claim_vin="1HGCM8")),
        ("review", facts(claim_exclusions=("modified",))),
    ],
    ids=list(OUTCOMES and ("pay", "pay_changed", "denied", "returned", "rejected", "review")),
)  # fmt: skip
def test_each_outcome(outcome: str, given: ClaimFacts):
    verdict = adjudicate(given, DEFAULT)
    assert verdict.outcome == outcome, verdict.why
    assert (verdict.outcome == "pay") is (not verdict.failed)
    assert bool(verdict.why) is (outcome != "pay")
    assert (verdict.level_needed > 0) is (outcome == "review")


@pytest.mark.parametrize(
    "given",
    [
        facts(claim_vin=""), facts(claim_ro_number=""), facts(claim_failed_on=None), facts(claim_ro_closed_on=None),
        facts(claim_type="lemon"), facts(claim_vin="1HGCM82633A0O4352"),
    ],
    ids=["vin", "ro", "failed", "closed", "type", "shape"],
)  # fmt: skip
def test_key_data_missing_or_invalid_is_not_processed(given: ClaimFacts):
    verdict = adjudicate(replace(given, attachments=()), DEFAULT)
    assert verdict.outcome == "rejected"
    first = next(r for r in verdict.failed if r.sentence == verdict.why[0])
    assert first.rule in ("W01", "W03", "W05", "W28")


@pytest.mark.parametrize(
    "given",
    [
        facts(vehicle_is_known=False), facts(vehicle_other_vin_of_ro="WVWZZZ1JZ3W386752"),
        facts(job_operation="E7000"), facts(attachments=()),
        facts(claim_ro_opened_on=TODAY - timedelta(days=3), claim_reported_on=None),
        facts(claim_odometer_in=None), facts(jobs=()),
    ],
    ids=["vehicle", "ro-shared", "authorization", "files", "order", "odometer", "no-job"],
)  # fmt: skip
def test_what_the_dealer_can_correct_is_returned_without_a_person(given: ClaimFacts):
    assert adjudicate(given, DEFAULT).outcome == "returned"


def test_what_is_wrong_for_the_dealer_comes_before_denial_and_denial_before_a_person():
    both = facts(attachments=(), claim_odometer_in=40_000, claim_odometer_out=40_000, claim_exclusions=("misuse",))
    verdict = adjudicate(both, DEFAULT)
    assert verdict.outcome == "returned"
    assert [r.level for r in sorted(verdict.failed, key=lambda r: verdict.why.index(r.sentence))] == ["E", "X", "A"]
    assert adjudicate(replace(both, attachments=("ro_copy",)), DEFAULT).outcome == "denied"


def test_a_denied_claim_pays_no_line_but_keeps_why():
    verdict = adjudicate(facts(claim_odometer_in=40_000, claim_odometer_out=40_000), DEFAULT)
    assert paid(verdict) == {1: 0, 2: 0}
    assert {c.reason_code for c in verdict.charges} == {"OUT_OF_MILEAGE"}
    assert all(c.sentence for c in verdict.charges)


def test_a_denied_job_takes_its_own_lines_only():
    verdict = adjudicate(TWO, DEFAULT)
    assert verdict.outcome == "pay_changed", verdict.why
    assert paid(verdict) == {1: 300_00, 2: 420_00, 3: 0, 4: 10_00}
    assert verdict.charges[2].reason_code == "NOT_COVERED"
    assert verdict.claimed_cents - verdict.suggested_cents == 80_00


def test_with_every_job_denied_nothing_is_left_of_the_visit_either():
    given = replace(TWO, vehicle=replace(TWO.vehicle, plans=(replace(BASIC, components=("ENG-CYL",)),)))
    verdict = adjudicate(given, DEFAULT)
    assert verdict.outcome == "denied"
    assert set(paid(verdict).values()) == {0}


def test_a_person_is_not_asked_about_a_job_that_is_denied_anyway():
    asked = replace(TWO, usual=(), claim=replace(TWO.claim, jobs=(JOB, replace(SEAT, causal_part="TCM-3200"))))
    # The part of the denied job may not be repaired, which alone would need a person; it needs authorization, too.
    verdict = adjudicate(asked, with_rule("W20", enabled=False))
    assert {r.rule for r in verdict.failed} == {"W07", "W14"}
    assert verdict.outcome == "pay_changed"


def test_a_foreign_part_of_a_recall_is_one_line_that_is_not_paid():
    given = facts(
        claim_type="recall", claim_campaign_number="R24", campaign=CAMPAIGN,
        charges=(labour(), part(), part(position=3, code="NP-9", unit_cents=10_00)),
    )  # fmt: skip
    verdict = adjudicate(given, with_rule("W13", enabled=False))
    assert verdict.outcome == "pay_changed"
    assert paid(verdict) == {1: 300_00, 2: 420_00, 3: 0}


@pytest.mark.parametrize(
    ("cents", "outcome", "level"),
    [(280_00, "pay", 0), (280_01, "review", 2), (4_280_00, "review", 2), (4_280_01, "returned", 0)],
)
def test_above_the_limit_a_person_of_the_right_level_decides(cents: int, outcome: str, level: int):
    given = facts(charges=(labour(), part(), line(3, "misc", cents)))
    verdict = adjudicate(given, DEFAULT)
    assert (verdict.outcome, verdict.level_needed) == (outcome, level)


def test_the_level_follows_what_the_rules_would_pay():
    given = facts(charges=(labour(unit_cents=9_000_00), part()), claim_exclusions=("misuse",))
    verdict = adjudicate(given, with_rule("W20", enabled=False))
    assert (verdict.claimed_cents, verdict.suggested_cents, verdict.level_needed) == (22_920_00, 720_00, 1)


def test_warnings_want_a_person_but_a_check_digit_does_not():
    assert adjudicate(facts(claim_vin="1HGCM82643A004352"), DEFAULT).outcome == "pay"
    dear = facts(usual=(Usual(operation="E1205", count=30, mean_cents=100_00, deviation_cents=10_00),))
    assert adjudicate(dear, DEFAULT).outcome == "review"


def test_a_rule_that_is_switched_off_says_nothing():
    verdict = adjudicate(facts(attachments=()), with_rule("W25", enabled=False))
    assert verdict.outcome == "pay"
    assert "W25" not in {r.rule for r in verdict.results}


def test_the_level_a_policy_sets_holds():
    assert adjudicate(facts(attachments=()), with_rule("W25", level="A")).outcome == "review"


def test_reductions_work_together_not_one_by_one():
    # 3 h at 150.00 become 2.5 h at 120.00, not the cheaper of two half-corrected amounts.
    verdict = adjudicate(facts(charges=(labour(quantity=3_00, unit_cents=150_00), part())), DEFAULT)
    assert paid(verdict)[1] == 300_00


# ------------------------------------------------------------------------------------------------ deductible
def contract(**more) -> ClaimFacts:
    return facts(claim_type="service_contract", claim_contract_number="SC-9", vehicle_plans=(BASIC, CONTRACT), **more)


def test_a_forgotten_deductible_is_taken_from_the_dearest_line():
    verdict = adjudicate(contract(), DEFAULT)
    assert verdict.outcome == "pay_changed"
    assert paid(verdict) == {1: 300_00, 2: 320_00}
    assert "deductible" in verdict.charges[1].sentence


def test_the_deductible_comes_after_the_other_corrections():
    verdict = adjudicate(contract(charges=(labour(unit_cents=400_00), part())), DEFAULT)
    assert verdict.suggested_cents == 300_00 + 420_00 - 100_00


def test_a_deductible_takes_no_more_than_is_left_to_pay():
    given = contract(
        charges=(line(1, "misc", 60_00, job=1), line(2, "misc", 500_00, job=2), line(3, "deductible", -100_00)),
        jobs=(JOB, replace(SEAT, component="ENG-CYL")),
    )
    verdict = adjudicate(given, with_rule("W14", enabled=False))
    assert paid(verdict) == {1: 60_00, 2: 0, 3: -60_00}
    assert verdict.suggested_cents == 0
    off = adjudicate(given, with_rule("W26", enabled=False, policy=with_rule("W14", enabled=False)))
    assert off.suggested_cents == 0


# ------------------------------------------------------------------------------------------------ goodwill
def goodwill(policy: Policy = DEFAULT, **more):
    given = facts(
        claim_type="goodwill", claim_goodwill_reason="Loyal customer, failed soon after.", attachments=("ro_copy",),
        dealer_authority={"goodwill": 90_000_00}, **more,
    )  # fmt: skip
    return adjudicate(given, policy)


@pytest.mark.parametrize(
    ("months", "miles", "share"),
    [(48, 48_000, 80), (49, 48_000, 60), (48, 48_001, 60), (60, 60_000, 60), (84, 84_000, 40)],
)
def test_goodwill_bears_a_share_by_age_and_distance(months: int, miles: int, share: int):
    began = TODAY.replace(year=TODAY.year - months // 12, month=TODAY.month - months % 12, day=15)
    verdict = goodwill(
        claim_odometer_in=miles, claim_odometer_out=miles, vehicle_in_service_on=began, vehicle_plans=(),
        claim_failed_on=TODAY.replace(day=15),
    )  # fmt: skip
    assert verdict.outcome == "pay_changed", verdict.why
    assert verdict.suggested_cents == 7_20 * share


def test_goodwill_ends_and_is_capped():
    late = goodwill(claim_odometer_in=84_001, claim_odometer_out=84_001)
    assert (late.outcome, late.suggested_cents) == ("denied", 0)
    dear = goodwill(charges=(line(1, "misc", 3_000_00, job=1), line(2, "misc", 2_000_00, job=1)))
    assert paid(dear) == {1: 2_400_00, 2: 600_00}
    assert dear.outcome == "review"


def test_goodwill_is_shared_after_the_rate_was_corrected():
    assert paid(goodwill(charges=(labour(unit_cents=150_00), part()))) == {1: 240_00, 2: 336_00}
