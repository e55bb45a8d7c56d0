"""Stair steps by the house vectors, growth, caps, periods; the words of a program; what no program may be."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.problems import Problems
from db.incentives.amount_rules import amount_of, change, earned, outlook
from db.incentives.facts import Unit
from db.incentives.model import KINDS, Growth, StairStep, Tier, Window, program_from_json, program_to_json, read_program
from db.incentives.program_rules import check_program
from db.incentives.tier_rules import days_of, growth, next_step, period_of, stair_step, year_before
from db.incentives.words_rules import changes_between, in_words
from tests.incentives.cases import BODY, RULES, of_kind, program, sale

# domain-rules 2.4 and shared/data/rule_vectors.json, "stairstep": dollars
TIERS = ((1, 0), (25, 200), (50, 400), (75, 600))
VECTORS = [
    (0, 0, 0), (24, 0, 0), (25, 5_000, 200), (49, 9_800, 5_000), (50, 20_000, 5_400), (51, 20_400, 5_800),
    (74, 29_600, 15_000), (75, 45_000, 15_600), (90, 54_000, 24_600),
]  # fmt: skip


def steps(method="retroactive"):
    tiers = tuple(Tier(from_units=n, cents=dollars * 100) for n, dollars in TIERS)
    return StairStep(method=method, tiers=tiers)


@pytest.mark.parametrize(("units", "retroactive", "incremental"), VECTORS)
def test_stair_step_vectors(units, retroactive, incremental):
    assert stair_step(steps(), units) == retroactive * 100
    assert stair_step(steps("incremental"), units) == incremental * 100


@given(st.integers(0, 200), st.sets(st.integers(1, 120), min_size=1, max_size=6), st.data())
def test_incremental_is_the_sum_of_each_unit_at_its_tier(units, starts, data):
    tiers = tuple(Tier(from_units=n, cents=data.draw(st.integers(0, 900))) for n in sorted(starts))
    rule = StairStep(method="incremental", tiers=tiers)
    at = [
        max((t for t in tiers if t.from_units <= n), key=lambda t: t.from_units, default=None)
        for n in range(1, units + 1)
    ]
    assert stair_step(rule, units) == sum(t.cents for t in at if t)
    retro = StairStep(method="retroactive", tiers=tiers)
    assert stair_step(retro, units) == (units * at[-1].cents if at and at[-1] else 0)


def units_of(number, *, first=date(2026, 11, 1), cents=0):
    return [Unit(sale_id=n, delivered_on=first + timedelta(days=n % 28), cents=cents) for n in range(1, number + 1)]


def test_one_unwound_sale_takes_back_what_the_tier_gave():
    """75 units, one reversed after payout: 45,000 falls to 29,600, and 15,400 is taken back, not 600."""
    tiers = [{"from_units": n, "cents": c * 100} for n, c in TIERS]
    plan = of_kind("stair_step", method="retroactive", tiers=tiers)
    before, after = earned(plan, units_of(75)), earned(plan, units_of(74))
    assert (before.cents, after.cents) == (45_000_00, 29_600_00)
    assert change(after.cents, before.cents) == -15_400_00
    assert outlook(plan, 74) == "1 unit to the next step, $15,400 at stake."
    assert outlook(plan, 90) == ""


GROWTH = [  # units, baseline, minimum in hundredths, pays, without a baseline, dollars at 100 a unit
    (110, 100, 10_00, "above", "nothing", 1_000), (109, 100, 10_00, "above", "nothing", 0),
    (110, 100, 10_00, "all", "nothing", 11_000), (100, 100, 0, "all", "nothing", 0),
    (101, 100, 0, "above", "nothing", 100),
    (5, 0, 0, "above", "nothing", 0), (5, 0, 0, "above", "all", 500), (0, 10, 0, "all", "all", 0),
]  # fmt: skip


@pytest.mark.parametrize(("units", "baseline", "least", "pays", "without", "dollars"), GROWTH)
def test_growth_against_a_baseline(units, baseline, least, pays, without, dollars):
    rule = Growth(
        baseline="year_before", min_percent=least, pays=pays, without_baseline=without, cents=100_00
    )  # fmt: skip
    assert growth(rule, units, baseline) == dollars * 100


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 50_00), st.sampled_from(["above", "all"]))
def test_the_next_step_of_growth_is_the_first_unit_that_pays_more(units, baseline, least, pays):
    rule = Growth(baseline="target", targets={"x": 1}, min_percent=least, pays=pays, cents=100)
    step = next_step(rule, units, baseline)
    if step is None:
        return
    assert growth(rule, step.at, baseline) - growth(rule, units, baseline) == step.cents > 0
    assert growth(rule, step.at - 1, baseline) == 0


AMOUNTS = [
    ("lease_pull_ahead", {"waived_payments": 5}, 1_200_00), ("lease_pull_ahead", {"waived_payments": 2}, 800_00),
    ("lease_pull_ahead", {"payment_cents": 900_00}, 1_200_00), ("lease_pull_ahead", {"waived_payments": None}, 0),
    ("price_protection", {"model": "ACCORD"}, 500_00), ("price_protection", {"model": "Civic"}, 0),
    ("stair_step", {}, 0), ("growth", {}, 0), ("per_unit", {}, 500_00), ("dealer_cash", {}, 500_00),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "of_sale", "cents"), AMOUNTS)
def test_what_a_vehicle_pays(kind, of_sale, cents):
    assert amount_of(of_kind(kind, **RULES[kind]), sale(**of_sale)) == cents


CAPS = [  # caps, units, cents
    ({}, 4, 400_00), ({"dealer_units": 3}, 3, 300_00), ({"dealer_cents": 250_00}, 4, 250_00),
    ({"customer_units": 1}, 2, 200_00),
    ({"customer_units": 1, "dealer_units": 1}, 1, 100_00),
]  # fmt: skip


@pytest.mark.parametrize(("caps", "units", "cents"), CAPS)
def test_caps_take_the_earliest_deliveries_first(caps, units, cents):
    plan = program(rule={"kind": "dealer_cash", "cents": 100_00}, caps=caps)
    sales = [
        Unit(sale_id=n, delivered_on=date(2026, 11, 10 - n), cents=100_00, customer_ref=ref)
        for n, ref in ((1, "A"), (2, "a "), (3, "B"), (4, "B"))
    ]
    found = earned(plan, sales)
    assert (found.units, found.cents) == (units, cents)


@given(st.permutations(units_of(12, cents=100)), st.integers(1, 14))
def test_the_order_of_events_does_not_matter(sales, most):
    plan = program(rule={"kind": "dealer_cash", "cents": 100}, caps={"dealer_units": most})
    assert earned(plan, sales) == earned(plan, units_of(12, cents=100))


PERIODS = [
    ("month", date(2026, 11, 30), "2026-11", date(2026, 11, 1), date(2026, 11, 30)),
    ("month", date(2026, 12, 1), "2026-12", date(2026, 12, 1), date(2026, 12, 20)),
    ("quarter", date(2026, 9, 30), "2026-Q3", date(2026, 7, 5), date(2026, 9, 30)),
    ("quarter", date(2026, 10, 1), "2026-Q4", date(2026, 10, 1), date(2026, 12, 20)),
    ("program", date(2026, 10, 1), "program", date(2026, 7, 5), date(2026, 12, 20)),
]


@pytest.mark.parametrize(("kind", "on", "name", "first", "last"), PERIODS)
def test_periods_of_a_program(kind, on, name, first, last):
    assert period_of(kind, on) == name
    days = days_of(name, Window(first=date(2026, 7, 5), last=date(2026, 12, 20)))
    assert (days.first, days.last) == (first, last)


def test_the_year_before_knows_leap_days():
    days = year_before(Window(first=date(2028, 2, 29), last=date(2028, 3, 1)))
    assert (days.first, days.last) == (date(2027, 2, 28), date(2027, 3, 1))


# ---- programs as data ------------------------------------------------------------------------------------------------
def test_every_kind_is_in_the_table_and_in_words():
    assert set(RULES) == set(KINDS)


@pytest.mark.parametrize("kind", list(RULES))
def test_a_program_of_each_kind_is_stored_and_read_back_and_has_words(kind):
    plan = of_kind(kind, **RULES[kind])
    body = json.loads(json.dumps(program_to_json(plan)))
    assert program_from_json(body) == plan
    said = in_words(plan)
    assert len(said) >= 8
    assert all((s.endswith(".") and s[0].isupper()) or s[0] in "$0123456789" for s in said), said
    problems = Problems()
    check_program(plan, problems)
    assert problems.found == []


def test_words_of_a_stair_step():
    tiers = [{"from_units": n, "cents": c * 100} for n, c in TIERS]
    first = in_words(of_kind("stair_step", method="retroactive", tiers=tiers))[0]
    assert first == (
        "Stair step, retroactive: every unit is paid at the tier reached. Per unit: 1 to 24 units $0, 25 to 49 units "
        "$200, 50 to 74 units $400 and from 75 units $600."
    )


def test_a_change_is_said_both_ways():
    said = changes_between(program(), program(budget_cents=50_000_00))
    assert said == ("No longer: At most $100,000 in all.", "New: At most $50,000 in all.")


TWICE = [{"from_units": 5, "cents": 1}, {"from_units": 5, "cents": 2}]
WRONG = [
    ({"rule": {"kind": "nothing"}}, "rule"), ({"rule": {"kind": "dealer_cash", "cents": 0}}, "rule.cents"),
    ({"rule": {"kind": "stair_step", "method": "retroactive", "tiers": TWICE}}, "rule"),
    ({"program": {"first": "2026-12-01", "last": "2026-11-01"}}, "program"), ({"code": "no spaces!"}, "code"),
    ({"documents": [{"label": "Proof", "accepted": ["passport"]}]}, "documents.0"), ({"surprise": 1}, "surprise"),
    ({"eligible": {"sale_types": []}}, "eligible.sale_types"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "field"), WRONG)
def test_what_is_no_program_says_where(more, field):
    found, problems = read_program({**BODY, **more})
    assert found is None
    assert [p[0] for p in problems] == [field]
    assert all(sentence.endswith(".") for _, sentence in problems)


NOTHING = [{"from_units": 1, "cents": 0}]
CONTRADICTIONS = [
    ({"delivery": {"first": "2026-10-31", "last": "2026-11-30"}}, 0, "delivery"),
    ({"claims": {"first": "2026-10-01", "last": "2026-10-31"}}, 0, "claims"),
    ({"compatible": ["CASH-11"]}, 0, "compatible"),
    ({"rule": {"kind": "stair_step", "method": "retroactive", "tiers": NOTHING}}, 0, "rule.tiers"),
    ({"rule": {"kind": "growth", "baseline": "target", "cents": 1}}, 0, "rule.targets"),
    ({"rule": {"kind": "price_protection", **RULES["price_protection"], "changed_on": "2026-12-01"}},
     0, "rule.changed_on"),
    ({"budget_cents": 400_00, "caps": {"vin_cents": 500_00}}, 0, "budget_cents"), ({}, 100_000_01, "budget_cents"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "committed", "field"), CONTRADICTIONS)
def test_a_program_that_contradicts_itself_is_not_published(more, committed, field):
    problems = Problems()
    check_program(program(**more), problems, committed_cents=committed)
    assert [p.field for p in problems.found] == [field]
