"""Every kind of rule with a sale it pays, the last it still pays, and the first it does not; and so for each check."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from db.incentives.amount_rules import earned
from db.incentives.claim_rules import TITLES, judge
from db.incentives.facts import PriorClaim, Unit
from db.incentives.model import KINDS, VOLUME
from tests.incentives.cases import RULES, claim, of_kind, program, sale

D = date
# kind, what it is for, what differs in the rule, in the sale; the outcome, what it pays in dollars
VEHICLES = [
    ("per_unit", "pays", {}, {}, "valid", 500),
    ("per_unit", "edge", {"cents": 1}, {}, "valid", 0.01),
    ("per_unit", "not", {}, {"condition": "used"}, "not_eligible", 0),
    ("dealer_cash", "pays", {}, {}, "valid", 500),
    ("dealer_cash", "edge", {}, {"delivered_on": D(2026, 11, 30), "reported_on": D(2026, 12, 10)}, "valid", 500),
    ("dealer_cash", "not", {}, {"delivered_on": D(2026, 12, 1), "reported_on": D(2026, 12, 1)}, "not_eligible", 0),
    ("customer_cash", "pays", {}, {}, "valid", 500),
    ("customer_cash", "edge", {}, {"documents": ("odometer", "title")}, "valid", 500),
    ("customer_cash", "not", {}, {"documents": ("odometer",)}, "returned", 500),
    ("loyalty", "pays", {}, {}, "valid", 500),
    ("loyalty", "edge", {"makes": ["Kia", "MAZDA"]}, {"trade_make": " mazda "}, "valid", 500),
    ("loyalty", "not", {"makes": ["Kia"]}, {}, "not_eligible", 0),
    ("conquest", "pays", {}, {}, "valid", 500),
    ("conquest", "edge", {}, {"trade_year": 2016}, "valid", 500),
    ("conquest", "not", {}, {"trade_year": 2015}, "not_eligible", 0),
    ("trade_in", "pays", {}, {"trade_make": "Honda"}, "valid", 500),
    ("trade_in", "edge", {"max_years": 6}, {"trade_year": 2020}, "valid", 500),
    ("trade_in", "not", {"max_years": 6}, {"trade_year": 2019}, "not_eligible", 0),
    ("affinity", "pays", {}, {}, "valid", 500),
    ("affinity", "edge", {"groups": ["military", "graduate"]}, {"affinity": "military"}, "valid", 500),
    ("affinity", "not", {}, {"affinity": "senior"}, "not_eligible", 0),
    ("lease_pull_ahead", "pays", {}, {"waived_payments": 2}, "valid", 800),
    ("lease_pull_ahead", "edge", {}, {"lease_ends_on": D(2027, 2, 4), "payment_cents": 400_01}, "valid", 1_200),
    ("lease_pull_ahead", "not", {}, {"lease_ends_on": D(2027, 2, 5)}, "not_eligible", 0),
    ("price_protection", "pays", {}, {}, "valid", 500),
    ("price_protection", "edge", {}, {"stocked_on": D(2026, 11, 3), "delivered_on": D(2026, 11, 3),
                                      "reported_on": D(2026, 11, 3)}, "valid", 500),
    ("price_protection", "not", {}, {"stocked_on": D(2026, 11, 4)}, "not_eligible", 0),
    ("certified", "pays", {}, {}, "valid", 500),
    ("certified", "edge", {"certificates": ["EV-0", "ev-1"]}, {"certificates": ("X", "EV-1")}, "valid", 500),
    ("certified", "not", {}, {"certificates": ("EV-2",)}, "not_eligible", 0),
]  # fmt: skip
# kind, what it is for, the rule, units, baseline, dollars
TIERS = {"method": "retroactive", "tiers": [{"from_units": 2, "cents": 200_00}, {"from_units": 5, "cents": 300_00}]}
EACH = TIERS | {"method": "incremental"}
GROWN = {"baseline": "year_before", "min_percent": 10_00, "cents": 100_00}
VOLUMES = [
    ("stair_step", "pays", TIERS, 4, 0, 800), ("stair_step", "edge", TIERS, 5, 0, 1_500),
    ("stair_step", "not", TIERS, 1, 0, 0), ("stair_step", "edge", EACH, 5, 0, 900),
    ("stair_step", "not", EACH, 1, 0, 0),
    ("growth", "pays", GROWN, 30, 20, 1_000), ("growth", "edge", GROWN, 22, 20, 200),
    ("growth", "not", GROWN, 21, 20, 0), ("growth", "not", GROWN, 5, 0, 0),
    ("growth", "edge", GROWN | {"pays": "all"}, 22, 20, 2_200),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "what", "of_rule", "of_sale", "outcome", "dollars"), VEHICLES)
def test_each_kind_pays_a_vehicle(kind, what, of_rule, of_sale, outcome, dollars):
    plan = of_kind(kind, **RULES[kind] | of_rule)
    verdict = judge(sale(**of_sale), claim(claimed_cents=1, claimed_on=D(2026, 12, 11)), plan)
    assert (verdict.outcome, verdict.entitled_cents) == (outcome, round(dollars * 100)), verdict.first


@pytest.mark.parametrize(("kind", "what", "of_rule", "units", "baseline", "dollars"), VOLUMES)
def test_each_kind_pays_a_volume(kind, what, of_rule, units, baseline, dollars):
    sold = [Unit(sale_id=n, delivered_on=D(2026, 11, 1) + timedelta(days=n % 28)) for n in range(units)]
    found = earned(of_kind(kind, **of_rule), sold, baseline=baseline)
    assert (found.units, found.cents) == (units, dollars * 100)


def test_every_kind_has_what_pays_the_edge_and_what_does_not():
    assert {(c[0], c[1]) for c in (*VEHICLES, *VOLUMES)} == {(k, w) for k in KINDS for w in ("pays", "edge", "not")}
    assert {c[0] for c in VOLUMES} == set(VOLUME)


# ---- checks ----------------------------------------------------------------------------------------------------------
OTHER: dict[str, Any] = {"number": "IC-3", "program": "OTHER", "exclusive": True}
CONQUEST = {"rule": {"kind": "conquest", **RULES["conquest"]}}
# rule; sale, claim and program of the last that passes; those of the first that does not; its level
EDGES = [
    ("I01", {"stocked_on": D(2026, 11, 6)}, {}, {}, {"stocked_on": D(2026, 11, 7)}, {}, {}, "fail"),
    ("I02", {}, {"prior": (PriorClaim(**OTHER, state="open"),)}, {},
            {}, {"prior": (PriorClaim(**OTHER, state="approved"),)}, {}, "fail"),
    ("I03", {"delivered_on": D(2026, 11, 30)}, {}, {}, {"delivered_on": D(2026, 12, 1)}, {}, {}, "fail"),
    ("I03", {"delivered_on": D(2026, 11, 1)}, {}, {}, {"delivered_on": D(2026, 10, 31)}, {}, {}, "fail"),
    ("I04", {"reported_on": D(2026, 11, 16)}, {}, {}, {"reported_on": D(2026, 11, 17)}, {}, {}, "fail"),
    ("I05", {"sale_type": "fleet"}, {}, {"eligible": {"sale_types": ["cash", "fleet"]}},
            {"sale_type": "fleet"}, {}, {"eligible": {"sale_types": ["cash"]}}, "fail"),
    ("I06", {"tier": "silver"}, {}, {}, {"tier": "bronze"}, {}, {}, "fail"),
    ("I07", {"region": "east"}, {}, {}, {"region": "East 2"}, {}, {}, "fail"),
    ("I08", {"documents": ("invoice", "title")}, {}, {}, {"documents": ("invoice", "trade_title")}, {}, {}, "missing"),
    ("I09", {"trade_year": 2016}, {}, CONQUEST, {"trade_year": 2015}, {}, CONQUEST, "fail"),
    ("I10", {}, {"claimed_on": D(2027, 1, 5)}, {}, {}, {"claimed_on": D(2027, 1, 6)}, {}, "fail"),
    ("I11", {}, {"claimed_cents": 500_00}, {}, {}, {"claimed_cents": 500_01}, {}, "warn"),
    ("I11", {}, {"claimed_cents": 1, "budget_left": 1}, {}, {}, {"claimed_cents": 1, "budget_left": 0}, {}, "fail"),
    ("I12", {}, {"lost_to": ()}, {}, {}, {"lost_to": ("OTHER",), "lost_why": "OTHER pays more."}, {}, "fail"),
    ("I13", {"unwound_on": None}, {}, {}, {"unwound_on": D(2026, 11, 6)}, {}, {}, "fail"),
    ("I14", {}, {"checked": ("Copied", "Signed", "More")}, {}, {}, {"checked": ("Copied", "signed")}, {}, "missing"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "s1", "c1", "p1", "s2", "c2", "p2", "level"), EDGES)
def test_the_last_that_passes_and_the_first_that_does_not(rule, s1, c1, p1, s2, c2, p2, level):
    last, first = judge(sale(**s1), claim(**c1), program(**p1)), judge(sale(**s2), claim(**c2), program(**p2))
    levels = [next(c.level for c in v.checks if c.rule == rule) for v in (last, first)]
    assert levels == ["pass", level]


def test_every_check_has_an_edge():
    assert {e[0] for e in EDGES} == set(TITLES)
