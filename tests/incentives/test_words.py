"""What dealers read: one of a thing is said as one, nothing as nothing, and growth is no tier."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from db.incentives.amount_rules import earned
from db.incentives.claim_rules import judge, judge_period
from db.incentives.facts import PeriodFacts, Unit
from db.incentives.model import KINDS, Growth, Window
from db.incentives.outlook_rules import outlook_of
from db.incentives.words_rules import in_words
from db.incentives.worked_rules import worked
from tests.incentives.cases import RULES, claim, of_kind, program, sale

D = date
ONE = re.compile(r"(?<![\d,.$-])1 (?!to\b|of\b|is\b)(model |contracted |listed )?[a-z]*[^s\W]s\b")
""" "1 days", "1 units", "1 model years"."""
ONES: dict[str, dict[str, Any]] = {
    "stair_step": {"method": "retroactive", "tiers": [{"from_units": n, "cents": n * 100} for n in (1, 2, 9)]},
    "growth": {"baseline": "target", "cents": 100, "targets": {"A": 1}, "by_period": {"2026-11": {"A": 1}}},
    "conquest": RULES["conquest"] | {"max_years": 1}, "trade_in": RULES["trade_in"] | {"max_years": 1},
    "lease_pull_ahead": RULES["lease_pull_ahead"] | {"max_payments": 1, "ends_within_days": 1},
    "price_protection": RULES["price_protection"] | {"stocked_within_days": 1},
}  # fmt: skip
SMALL = {
    "report_days": 1, "claim_days": 1, "caps": {"dealer_units": 1, "customer_units": 1}, "checklist": ["Signed"],
    "eligible": {"vins": ["X"]},
}  # fmt: skip


def units(number):
    return [Unit(sale_id=n, delivered_on=D(2026, 11, n), customer_ref="A") for n in range(1, number + 1)]


@pytest.mark.parametrize("kind", list(KINDS))
def test_one_of_a_thing_is_said_as_one(kind):
    plan = program(**SMALL, rule={"kind": kind, **(ONES.get(kind) or RULES[kind])})
    day = D(2026, 11, 6)
    said = [*in_words(plan), *(case.what for case in worked(plan))]
    for after in (0, 1, 2):
        of_sale = {"delivered_on": day, "reported_on": day + timedelta(days=after), "trade_year": 2025 - after,
                   "lease_ends_on": day + timedelta(days=after), "waived_payments": 1}  # fmt: skip
        of_claim = {"claimed_on": day + timedelta(days=after), "dealer_units": after, "customer_units": after,
                    "checked": ("Signed",) * (after > 0)}  # fmt: skip
        checks = judge(sale(**of_sale), claim(**of_claim), plan).checks
        said += [text for c in checks for text in (c.sentence, c.observed, c.limit)]
        said += earned(plan, units(after), baseline=1).said
    assert [text for text in said if ONE.search(text)] == []
    assert any(re.search(r"\b1 (day|unit|point|VIN|payment|model year|year)\b", text) for text in said)


SAID = [  # kind of volume, units, baseline, the sentence
    (of_kind("stair_step", **RULES["stair_step"]), 1, 0, "1 unit; the first tier begins at 2 units, so nothing is"),
    (of_kind("stair_step", **RULES["stair_step"]), 2, 0,
     "2 units; the tier from 2 on is reached, each pays $200: $400."),
    (of_kind("growth", **RULES["growth"]), 3, 0, "3 units and no baseline: nothing is earned."),
    (of_kind("growth", **RULES["growth"]), 3, 4, "3 units against a baseline of 4, 1 unit short: nothing is earned."),
    (of_kind("growth", **RULES["growth"]), 5, 4, "5 units against a baseline of 4, 25% more: $100."),
    (of_kind("growth", **RULES["growth"] | {"min_percent": 30_00}), 5, 4,
     "5 units against a baseline of 4, 25% more where 30% is needed: nothing is earned."),
    (of_kind("growth", baseline="target", targets={"A": 1}, cents=1), 1, 0, "1 unit and no target: nothing is earned."),
]  # fmt: skip


@pytest.mark.parametrize(("plan", "sold", "baseline", "sentence"), SAID)
def test_what_a_volume_came_to(plan, sold, baseline, sentence):
    assert earned(plan, units(sold), baseline=baseline).said[0].startswith(sentence)


def test_a_sale_above_a_cap_is_called_by_its_number():
    plan = program(rule={"kind": "dealer_cash", "cents": 100}, caps={"dealer_units": 1})
    assert earned(plan, units(2)).said == (
        "1 unit pays $0.",
        "S-000002 is not paid: at most 1 unit a dealer and period.",
    )


@pytest.mark.parametrize(
    ("cents", "approved", "sentence"),
    [(0, 0, "Nothing was earned in this period. 3 units."),
     (500_00, 500_00, "All of $500 is approved already. 3 units."),
     (100_00, 500_00, "All of $100 is approved already. 3 units.")],
)  # fmt: skip
def test_a_period_with_nothing_left_says_why(cents, approved, sentence):
    facts = PeriodFacts(
        period="2026-11", last_day=D(2026, 11, 30), today=D(2026, 12, 1), dealer_status="active", units=3,
        earned_cents=cents, approved_cents=approved, claimed_cents=0, said=("3 units.",),
    )  # fmt: skip
    (found,) = [c for c in judge_period(facts, of_kind("growth", **RULES["growth"])).checks if c.rule == "I11"]
    assert (found.level, found.sentence) == ("fail", sentence)


NOVEMBER = Window(first=D(2026, 11, 1), last=D(2026, 11, 30))
GROWN = {"baseline": "year_before", "cents": 100_00, "min_percent": 10_00}
OUTLOOKS = [  # the rule, units, baseline, open sales, the sentence
    (GROWN, 40, 40, 0, "4 units to the growth needed, $400 at stake, 6 days left."),
    (GROWN, 44, 40, 0, "The growth needed is reached; one more unit brings $100, 6 days left."),
    (GROWN, 43, 40, 1, "1 unit to the growth needed, $400 at stake, 6 days left. 1 contracted sale is not delivered"
                       " yet: delivered in time, the growth needed is reached and $400 more is earned."),
    (GROWN, 5, 0, 2, "There is no baseline of the year before, so nothing can be earned."),
    (GROWN | {"baseline": "target", "targets": {"A": 1}}, 5, 0, 0, "There is no target, so nothing can be earned."),
    (GROWN | {"without_baseline": "all"}, 5, 0, 0,
     "There is no baseline of the year before, so each unit counts; one more brings $100, 6 days left."),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "sold", "baseline", "opened", "sentence"), OUTLOOKS)
def test_growth_is_spoken_of_as_growth(rule, sold, baseline, opened, sentence):
    growth = of_kind("growth", **rule).rule
    assert isinstance(growth, Growth)
    found = outlook_of(
        growth, units=sold, baseline=baseline, open_units=opened, days=NOVEMBER,
        today=D(2026, 11, 24),
    )  # fmt: skip
    assert found.sentence == sentence
