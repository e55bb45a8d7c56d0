"""Each check I01 to I14: passed, at its limit, failed, incomplete; and what all of them come to."""

from __future__ import annotations

from datetime import date

import pytest

from db.incentives.claim_rules import TITLES, judge
from db.incentives.facts import LEVELS, PriorClaim
from db.incentives.sale_rules import VERSIONS
from tests.incentives.cases import CLAIM, RULES, SALE, claim, of_kind, program, sale

D = date

EL = {"makes": ["Honda"], "models": ["Accord"], "years": [2026]}
OPEN = PriorClaim(number="IC-1", program="CASH-11", state="open")
OTHER = PriorClaim(number="IC-2", program="OTHER", state="approved")
EXCLUDES = PriorClaim(number="IC-3", program="OTHER", state="approved", exclusive=True)
LISTS_US = PriorClaim(number="IC-3", program="OTHER", state="approved", exclusive=True, compatible=("CASH-11",))
WAITS = PriorClaim(number="IC-4", program="OTHER", state="open", exclusive=True)
GROUP = PriorClaim(number="IC-5", program="OTHER", state="approved", stack_group="cash")
WINDOW = {"first": "2026-11-01", "last": "2026-11-06"}
LATER = {"first": "2026-11-21", "last": "2026-12-20"}
EARLIER = {"first": "2026-11-01", "last": "2026-11-19"}
TODAY = {"first": "2026-11-20", "last": "2026-11-20"}
CONQUEST = {"rule": {"kind": "conquest", **RULES["conquest"]}}
LEASE = {"rule": {"kind": "lease_pull_ahead", **RULES["lease_pull_ahead"]}}
PRICE = {"rule": {"kind": "price_protection", **RULES["price_protection"]}}
CERTIFIED = {"rule": {"kind": "certified", **RULES["certified"]}}
LOYAL = {"rule": {"kind": "loyalty", **RULES["loyalty"]}}
AFFINITY = {"rule": {"kind": "affinity", **RULES["affinity"]}}
TRADE = {"rule": {"kind": "trade_in", **RULES["trade_in"]}}

# rule, what differs in the sale, the claim, the program; the level; words of the sentence
CASES = [
    ("I01", {}, {}, {}, "pass", "has stood in stock since 1 Oct 2026"),
    ("I01", {"model": "accord "}, {}, {}, "pass", "eligible"),
    ("I01", {"stocked_on": D(2026, 11, 6)}, {}, {}, "pass", "since 6 Nov 2026"),
    ("I01", {"stocked_on": D(2026, 11, 7)}, {}, {}, "fail", "after it was delivered"),
    ("I01", {"stocked_on": None}, {}, {}, "missing", "came into stock is missing"),
    ("I01", {"vin_ok": False}, {}, {}, "missing", "no valid VIN"),
    ("I01", {"model": "Pilot"}, {}, {}, "fail", "Pilot is not an eligible model: Accord or Civic"),
    ("I01", {"year": 2025}, {}, {}, "fail", "2025 is not an eligible model year"),
    ("I01", {"year": None}, {}, {}, "missing", "model year of 1HGCM82633A004352 is not known"),
    ("I01", {"make": "Mazda"}, {}, {}, "fail", "not an eligible make"),
    ("I01", {"trim": "LX"}, {}, {"eligible": EL | {"trims": ["EX"]}}, "fail", "not an eligible trim"),
    ("I01", {"condition": "used"}, {}, {}, "fail", "Only new vehicles"),
    ("I01", {}, {}, {"eligible": EL | {"vins": ["1hgcm82633a004352"]}}, "pass", "eligible"),
    ("I01", {}, {}, {"eligible": EL | {"vins": ["OTHER"]}}, "fail", "not on the program's list"),
    ("I01", {"sold_before": "S-000009"}, {}, {}, "fail", "sold already with S-000009"),
    ("I01", {"stocked_on": D(2026, 11, 3)}, {}, PRICE, "pass", "eligible"),
    ("I01", {"stocked_on": D(2026, 11, 4)}, {}, PRICE, "fail", "The price fell on 3 Nov 2026"),
    ("I01", {"stocked_on": D(2026, 8, 5)}, {}, PRICE, "pass", "eligible"),
    ("I01", {"stocked_on": D(2026, 8, 4)}, {}, PRICE, "fail", "since 5 Aug 2026 or later"),
    ("I01", {"delivered_on": D(2026, 11, 2)}, {}, PRICE, "fail", "has to stand in stock then"),
    ("I02", {}, {}, {}, "pass", "Nothing was paid"),
    ("I02", {}, {"prior": (OPEN,)}, {}, "fail", "IC-1 is waiting"),
    ("I02", {}, {"prior": (OTHER,)}, {}, "pass", "Nothing"),
    ("I02", {}, {"prior": (EXCLUDES,)}, {}, "fail", "OTHER was approved for this vehicle with IC-3: OTHER is ex"),
    ("I02", {}, {"prior": (LISTS_US,)}, {}, "pass", "Nothing"),
    ("I02", {}, {"prior": (WAITS,)}, {}, "pass", "Nothing"),
    ("I02", {}, {"prior": (OTHER,)}, {"exclusive": True}, "fail", "CASH-11 is exclusive"),
    ("I02", {}, {"prior": (OTHER,)}, {"exclusive": True, "compatible": ["OTHER"]}, "pass", "Nothing"),
    ("I02", {}, {"prior": (GROUP,)}, {"stack_group": "Cash"}, "fail", "only one of the group"),
    ("I03", {"delivered_on": D(2026, 11, 1)}, {}, {}, "pass", "within the program"),
    ("I03", {"delivered_on": D(2026, 11, 30)}, {}, {}, "pass", "within the program"),
    ("I03", {"delivered_on": D(2026, 10, 31)}, {}, {}, "fail", "takes deliveries from 1 Nov 2026"),
    ("I03", {"delivered_on": D(2026, 12, 1)}, {}, {}, "fail", "The contract of 5 Nov 2026 does not count"),
    ("I03", {}, {}, {"delivery": WINDOW}, "pass", "within"),
    ("I03", {"delivered_on": D(2026, 11, 7)}, {}, {"delivery": WINDOW}, "fail", "to 6 Nov 2026"),
    ("I03", {"delivered_on": None}, {}, {}, "missing", "not delivered yet"),
    ("I04", {"reported_on": D(2026, 11, 6)}, {}, {}, "pass", "Reported on the day of the delivery"),
    ("I04", {"reported_on": D(2026, 11, 16)}, {}, {}, "pass", "10 days"),
    ("I04", {"reported_on": D(2026, 11, 17)}, {}, {}, "fail", "11 days after the delivery; 10 are allowed"),
    ("I04", {"reported_on": D(2026, 11, 17)}, {}, {"report_days": 11}, "pass", "11 days"),
    ("I04", {"reported_on": D(2026, 11, 5)}, {}, {}, "missing", "before the delivery"),
    ("I04", {"reported_on": None}, {}, {}, "missing", "not reported yet"),
    ("I04", {}, {}, {"reports": WINDOW}, "fail", "reports count from"),
    ("I05", {"sale_type": "lease"}, {}, {}, "pass", "Lease is taken"),
    ("I05", {"sale_type": "fleet"}, {}, {}, "fail", "Fleet is excluded"),
    ("I05", {"sale_type": "resale"}, {}, {}, "fail", "Resale to another dealer is excluded"),
    ("I05", {"sale_type": "export"}, {}, {}, "fail", "Export is excluded"),
    ("I05", {"sale_type": "demo"}, {}, {}, "fail", "Demonstrator is excluded"),
    ("I05", {"sale_type": "fleet"}, {}, {"eligible": {"sale_types": ["fleet"]}}, "pass", "Fleet is taken"),
    ("I05", {"sale_type": ""}, {}, {}, "missing", "type of sale is missing"),
    ("I06", {}, {}, {}, "pass", "is enrolled"),
    ("I06", {"dealer_status": "suspended"}, {}, {}, "fail", "suspended, not active"),
    ("I06", {"dealer_code": "04013"}, {}, {}, "fail", "not enrolled"),
    ("I06", {"tier": "bronze"}, {}, {}, "fail", "the program is for gold or silver"),
    ("I06", {"tier": ""}, {}, {}, "fail", "had no tier"),
    ("I06", {"tier": ""}, {}, {"eligible": {}}, "pass", "takes part"),
    ("I06", {}, {}, CERTIFIED, "pass", "holds EV-1"),
    ("I06", {"certificates": ()}, {}, CERTIFIED, "missing", "certificate of whoever sold it is missing"),
    ("I06", {"certificates": ("EV-0",)}, {}, CERTIFIED, "fail", "EV-0 is not one of the certificates"),
    ("I07", {}, {}, {}, "pass", "East is a region"),
    ("I07", {"region": "West"}, {}, {}, "fail", "The dealer lies in West"),
    ("I07", {"region": "West"}, {}, {"eligible": {}}, "pass", "every region"),
    ("I08", {}, {}, {}, "pass", "proved by Registration"),
    ("I08", {"documents": ("odometer", "title")}, {}, {}, "pass", "proved by Title of the vehicle"),
    ("I08", {"documents": ("buyers_order",)}, {}, {}, "missing", "Signed buyer's order is not accepted"),
    ("I08", {"documents": ()}, {}, {}, "missing", "accepts Registration or Title of the vehicle"),
    ("I08", {}, {}, {"documents": []}, "none", "No paper"),
    ("I08", {}, {}, AFFINITY, "pass", "proved by"),
    ("I08", {"affinity": ""}, {}, AFFINITY, "missing", "group of the customer is missing"),
    ("I08", {"affinity": "military"}, {}, AFFINITY, "fail", "Military is not a group"),
    ("I09", {}, {}, {}, "none", "Nothing is asked"),
    ("I09", {}, {}, CONQUEST, "pass", "a Mazda of 2020"),
    ("I09", {"trade_year": 2016}, {}, CONQUEST, "pass", "2016"),
    ("I09", {"trade_year": 2015}, {}, CONQUEST, "fail", "has to be of 2016 or newer"),
    ("I09", {"trade_year": None}, {}, CONQUEST, "missing", "model year of the trade-in is missing"),
    ("I09", {"trade_make": ""}, {}, CONQUEST, "missing", "previous vehicle is missing"),
    ("I09", {"trade_make": "honda"}, {}, CONQUEST, "fail", "which is ours"),
    ("I09", {"trade_make": "Kia"}, {}, LOYAL, "fail", "comes from Kia; the program is for Mazda"),
    ("I09", {}, {}, LOYAL, "pass", "has owned Mazda"),
    ("I09", {"trade_year": 2015}, {}, TRADE, "fail", "2016 or newer"),
    ("I09", {"lease_ends_on": D(2027, 2, 4)}, {}, LEASE, "pass", "3 payments of $400"),
    ("I09", {"lease_ends_on": D(2027, 2, 5)}, {}, LEASE, "fail", "within 90 days"),
    ("I09", {"lease_ends_on": D(2026, 11, 5)}, {}, LEASE, "fail", "within 90 days"),
    ("I09", {"lease_ends_on": None}, {}, LEASE, "missing", "previous lease is missing"),
    ("I10", {}, {"claimed_on": D(2027, 1, 5)}, {}, "pass", "60 days"),
    ("I10", {}, {"claimed_on": D(2027, 1, 6)}, {}, "fail", "until 5 Jan 2027"),
    ("I10", {}, {}, {"claims": TODAY}, "pass", "within the window"),
    ("I10", {}, {}, {"claims": LATER}, "missing", "from 21 Nov 2026"),
    ("I10", {}, {}, {"claims": EARLIER}, "fail", "to 19 Nov 2026"),
    ("I10", {"delivered_on": None}, {}, {}, "missing", "from the delivery on"),
    ("I11", {}, {}, {}, "pass", "$500 is within"),
    ("I11", {}, {"claimed_cents": 500_01}, {}, "warn", "$500 can be approved"),
    ("I11", {}, {"claimed_cents": None}, {}, "missing", "the program pays $500"),
    ("I11", {}, {"claimed_cents": 0}, {}, "missing", "amount is missing"),
    ("I11", {}, {"budget_left": 500_00}, {}, "pass", "within"),
    ("I11", {}, {"budget_left": 499_99}, {}, "warn", "Only $499.99 of the budget is left"),
    ("I11", {}, {"budget_left": 0}, {}, "fail", "Only $0 of the budget"),
    ("I11", {}, {"dealer_units": 3}, {"caps": {"dealer_units": 4}}, "pass", "within"),
    ("I11", {}, {"dealer_units": 4}, {"caps": {"dealer_units": 4}}, "fail", "the program pays at most 4"),
    ("I11", {}, {"customer_units": 1}, {"caps": {"customer_units": 1}}, "fail", "for 1 unit already; the"),
    ("I11", {}, {"dealer_cents": 600_00}, {"caps": {"dealer_cents": 1000_00}}, "warn", "Only $400 of the cap"),
    ("I11", {}, {"claimed_cents": 300_00}, {"caps": {"vin_cents": 300_00}}, "pass", "$300 is within"),
    ("I12", {}, {}, {}, "pass", "can be combined"),
    ("I12", {}, {"lost_to": ("A",), "lost_why": "A pays more."}, {}, "fail", "A pays more."),
    ("I13", {}, {}, {}, "pass", "stands"),
    ("I13", {"unwound_on": D(2026, 11, 15)}, {}, {}, "fail", "unwound on 15 Nov 2026"),
    ("I14", {}, {}, {}, "pass", "complete"),
    ("I14", {}, {"checked": ("Signed",)}, {}, "missing", "Not ticked yet: Copied"),
    ("I14", {}, {}, {"checklist": []}, "none", "no checklist"),
]  # fmt: skip
IDS = [f"{case[0]}-{n}-{case[4]}" for n, case in enumerate(CASES)]


@pytest.mark.parametrize(("rule", "of_sale", "of_claim", "of_program", "level", "words"), CASES, ids=IDS)
def test_each_check_answers_in_a_sentence(rule, of_sale, of_claim, of_program, level, words):
    verdict = judge(sale(**of_sale), claim(**of_claim), program(**of_program))
    (found,) = [c for c in verdict.checks if c.rule == rule]
    assert (found.level, words in found.sentence) == (level, True), found
    assert found.version == VERSIONS[rule]


def test_every_check_has_a_case_of_each_kind():
    answered = {(case[0], case[4]) for case in CASES}
    assert {rule for rule, _ in answered} == set(TITLES) == set(VERSIONS)
    for rule in TITLES:
        assert (rule, "pass") in answered
        assert {(rule, "fail"), (rule, "missing")} & answered, rule


def test_a_sound_claim_passes_all_fourteen():
    verdict = judge(SALE, CLAIM, program())
    assert (verdict.outcome, verdict.entitled_cents, verdict.first) == ("valid", 500_00, None)
    assert [c.rule for c in verdict.checks] == sorted(TITLES)
    assert {c.level for c in verdict.checks} <= set(LEVELS)


# domain-rules 2.4: contract 29 April, delivered and re-contracted 6 May, a program that ends 30 April
def test_a_contract_in_the_program_with_a_delivery_after_it_does_not_count():
    april = program(program={"first": "2026-04-01", "last": "2026-04-30"})
    days = {"contract_on": D(2026, 4, 29), "delivered_on": D(2026, 5, 6), "reported_on": D(2026, 5, 7)}
    late = sale(stocked_on=D(2026, 3, 1), **days)
    verdict = judge(late, claim(claimed_on=D(2026, 5, 8)), april)
    assert (verdict.outcome, verdict.entitled_cents) == ("not_eligible", 0)
    assert verdict.first is not None
    assert verdict.first.rule == "I03"


OUTCOMES = [
    (
        {"documents": ("buyers_order",)},
        {},
        "returned",
        "I08",
    ),  # U22: another paper is returned, not paid and not denied
    ({"documents": ()}, {"claimed_cents": None}, "returned", "I08"),
    ({"documents": (), "sale_type": "export"}, {}, "not_eligible", "I05"),
    ({}, {"claimed_cents": 900_00}, "valid", None),
]


@pytest.mark.parametrize(("of_sale", "of_claim", "outcome", "rule"), OUTCOMES)
def test_incomplete_is_returned_and_only_what_can_never_be_right_is_refused(of_sale, of_claim, outcome, rule):
    verdict = judge(sale(**of_sale), claim(**of_claim), program())
    assert (verdict.outcome, verdict.first.rule if verdict.first else None) == (outcome, rule)


@pytest.mark.parametrize("kind", [k for k in RULES if k not in ("stair_step", "growth")])
def test_every_kind_that_pays_a_vehicle_can_be_claimed(kind):
    verdict = judge(sale(), claim(claimed_cents=100_00), of_kind(kind, **RULES[kind]))
    assert verdict.outcome == "valid", verdict.first
    assert verdict.entitled_cents == (1_200_00 if kind == "lease_pull_ahead" else 500_00)
