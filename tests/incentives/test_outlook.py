"""What is said of a running volume, contracted sales included, and who sees it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from db.core.session import reading
from db.incentives.model import Growth, StairStep, Window
from db.incentives.outlook_queries import list_outlook
from db.incentives.outlook_rules import outlook_of
from tests.incentives.cases import of_kind
from tests.incentives.factories import CASH, STEPS, House
from tests.support.again import begun

D = date
TIERS = [{"from_units": n, "cents": c * 100} for n, c in ((1, 0), (25, 200), (50, 400), (75, 600))]
NOVEMBER = Window(first=D(2026, 11, 1), last=D(2026, 11, 30))
LATE = datetime(2026, 11, 24, 15, tzinfo=UTC)


@pytest.fixture
@begun
def small(sqlite_engine):
    return House(sqlite_engine)


@pytest.mark.parametrize(
    ("units", "contracted", "today", "sentence"),
    [
        (68, 0, 24, "7 units to the next tier, $17,800 at stake, 6 days left."),
        (74, 0, 24, "1 unit to the next tier, $15,400 at stake, 6 days left."),
        (74, 0, 29, "1 unit to the next tier, $15,400 at stake, 1 day left."),
        (74, 0, 30, "1 unit to the next tier, $15,400 at stake, today is the last day."),
        (68, 4, 24, "7 units to the next tier, $17,800 at stake, 6 days left. 4 contracted sales are not delivered"
                    " yet: with them 3 to go."),
        (74, 1, 24, "1 unit to the next tier, $15,400 at stake, 6 days left. 1 contracted sale is not delivered yet:"
                    " delivered in time, the tier is reached and $15,400 more is earned."),
        (80, 2, 24, "The last tier is reached; one more unit brings $600, 6 days left. 2 contracted sales are not"
                    " delivered yet: $1,200 more."),
    ],
)  # fmt: skip
def test_the_sentence(units, contracted, today, sentence):
    rule = of_kind("stair_step", method="retroactive", tiers=TIERS).rule
    assert isinstance(rule, StairStep)
    found = outlook_of(
        rule, units=units, baseline=0, open_units=contracted, days=NOVEMBER, today=D(2026, 11, today)
    )  # fmt: skip
    assert found.sentence == sentence
    assert found.within_reach == (found.step is not None and contracted >= found.step.units)


def test_growth_counts_to_the_first_unit_that_pays():
    rule = of_kind("growth", baseline="year_before", cents=100_00, min_percent=1000).rule
    assert isinstance(rule, Growth)
    found = outlook_of(rule, units=40, baseline=40, open_units=0, days=NOVEMBER, today=D(2026, 11, 24))
    assert found.step is not None
    assert (found.step.units, found.step.cents) == (4, 400_00)


def lines(house, who="dora", **more):
    with reading(house.engine) as session:
        return list_outlook(session, actor=getattr(house, who), now=more.pop("now", LATE), **more)


def test_contracted_sales_count_as_if_they_were_delivered_today(small):
    small.publish(STEPS)
    small.sell_many(23)
    for n in range(3):
        small.sell(vin=f"1HGCM82633A0060{n:02}", delivered_on=None)
    small.sell(vin="1HGCM82633A006099", delivered_on=None, stocked_on=None)
    (one,) = lines(small)
    assert (one.found.units, one.found.open_units, one.found.step.units) == (23, 3, 2)
    assert one.found.within_reach
    assert one.blocked == (("I01", 1),)
    assert one.found.open_cents == 26 * 200_00


def test_each_sees_own_dealers_only(small):
    small.publish(STEPS)
    small.sell_many(2)
    small.sell(vin="1HGCM82633A006001", delivered_on=None)
    assert {(x.dealer_id, x.found.units) for x in lines(small, "cora")} == {(small.dealer, 2), (small.other_dealer, 0)}
    assert [(x.dealer_id, x.found.units, x.found.open_units) for x in lines(small, "otto")] == [
        (small.other_dealer, 0, 0)
    ]
    assert lines(small, "otto", dealer_id=small.dealer) == []


def test_only_volume_programs_that_run_today_and_dealers_that_take_part(small):
    small.publish(CASH)
    small.publish(STEPS | {"code": "WEST"}, eligible={"regions": ["West"]})
    small.publish(STEPS | {"code": "DEC", "program": {"first": "2026-12-01", "last": "2026-12-31"}})
    small.draft(STEPS | {"code": "IDEA"})
    assert lines(small) == []
    assert [x.code for x in lines(small, "otto")] == ["WEST"]
    assert [x.code for x in lines(small, now=datetime(2026, 12, 24, tzinfo=UTC))] == ["DEC"]


def test_a_dealer_without_a_sale_has_the_baseline_of_last_year(small):
    small.sell(contract_on=D(2025, 11, 10), delivered_on=D(2025, 11, 10), stocked_on=D(2025, 10, 1),
               now=datetime(2025, 11, 12, tzinfo=UTC))  # fmt: skip
    rule = {"kind": "growth", "baseline": "year_before", "cents": 100_00}
    small.publish(CASH | {"code": "GROW", "rule": rule, "documents": [], "checklist": []})
    (one,) = lines(small)
    assert (one.found.units, one.found.baseline, one.found.step.units) == (0, 1, 2)
    small.publish(CASH | {"code": "GOAL", "rule": rule | {"baseline": "target", "targets": {"04099": 3}}})
    goal = next(x for x in lines(small, "otto") if x.code == "GOAL")
    assert (goal.found.baseline, goal.found.step.units) == (3, 4)
