"""A program tried on past sales: moved to their days, compared with the published one, within scope, and bounded."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from db.core.problems import NotFound, Refused
from db.core.session import reading
from db.incentives import simulation_queries
from db.incentives.facts import Unit
from db.incentives.model import PriceProtection, Window
from db.incentives.simulation_queries import days_to_try, simulate
from db.incentives.simulation_rules import Side, Sums, judge_one, moved
from db.incentives.stack_rules import Offer
from db.incentives.tables import IncentiveEntry, IncentiveUnit
from tests.incentives.cases import of_kind, program, sale
from tests.incentives.factories import CASH, STEPS, House
from tests.support.again import begun

D = date
LAST = Window(first=D(2025, 11, 1), last=D(2025, 11, 30))
DECEMBER = D(2026, 12, 1)
NEXT_YEAR = D(2027, 1, 15)
PLAIN = CASH | {"documents": [], "checklist": []}


@pytest.fixture
@begun
def small(sqlite_engine):
    return House(sqlite_engine)


# ---- pure ------------------------------------------------------------------------------------------------------------
def test_a_program_is_moved_with_its_model_years_and_its_price_fall():
    rule = {"kind": "price_protection", "changed_on": "2026-11-10", "stocked_within_days": 90, "by_model": {"A": 1}}
    one = moved(program(rule=rule, delivery={"first": "2026-11-05", "last": "2026-11-06"}), LAST)
    assert (one.program, one.delivery) == (LAST, None)
    assert one.eligible.years == (2025, 2026)
    assert isinstance(one.rule, PriceProtection)
    assert one.rule.changed_on == D(2025, 11, 10)
    listed = program(eligible={"vins": ["1HGCM82633A004352"]})
    assert moved(listed, LAST).eligible.vins == ()


@pytest.mark.parametrize(
    ("first", "last", "period", "wanted"),
    [(D(2026, 12, 1), D(2026, 12, 31), "same", (D(2025, 12, 1), D(2025, 12, 31))),
     (D(2028, 2, 1), D(2028, 2, 29), "same", (D(2026, 2, 1), D(2026, 2, 28))),
     (D(2026, 12, 1), D(2026, 12, 31), "90", (D(2026, 8, 24), D(2026, 11, 21)))],
)  # fmt: skip
def test_the_days_tried_lie_wholly_in_the_past(first, last, period, wanted):
    found = days_to_try(program(program={"first": first, "last": last}), period, D(2026, 11, 22))
    assert (found.first, found.last) == wanted


@pytest.mark.parametrize(
    ("others", "counted", "displaced"),
    [([], True, 0), ([Offer(code="A", cents=900_00, stack_group="g")], False, 0),
     ([Offer(code="A", cents=200_00, stack_group="g")], True, 200_00),
     ([Offer(code="A", cents=900_00, stack_group="other")], True, 0)],
)  # fmt: skip
def test_what_other_programs_would_lose_is_counted(others, counted, displaced):
    found = judge_one(sale(), program(stack_group="g"), others, asks_papers=True)
    assert (found.is_counted, found.displaced_cents) == (counted, displaced)
    assert found.rule == ("" if counted else "I12")


def test_a_missing_paper_is_forgiven_only_when_papers_are_not_asked():
    assert judge_one(sale(documents=()), program(), [], asks_papers=True).rule == "I08"
    assert judge_one(sale(documents=()), program(), [], asks_papers=False).is_counted
    assert judge_one(sale(documents=(), region="West"), program(), [], asks_papers=False).rule == "I07"


def test_cost_of_a_unit_is_rounded_half_up():
    assert Sums(units=3, cents=500).per_unit_cents == 167
    assert Sums(units=2, cents=5).per_unit_cents == 3
    assert Sums().per_unit_cents == 0


def test_the_day_the_budget_is_gone():
    side = Side(program=program(budget_cents=1_000_00))
    units = [Unit(sale_id=n, delivered_on=D(2026, 11, n), cents=400_00) for n in (3, 1, 2)]
    side.units[1, "2026-11"] = units
    assert side.budget_gone_on() == D(2026, 11, 3)
    side.units[1, "2026-11"] = units[:2]
    assert side.budget_gone_on() is None
    assert Side(program=of_kind("stair_step", method="retroactive", tiers=[{"from_units": 1, "cents": 1}])
                ).budget_gone_on() is None  # fmt: skip


# ---- on stored sales -------------------------------------------------------------------------------------------------
def tried(house, version_id, *, who="sally", period="90", today=DECEMBER, papers=False, **more):
    with reading(house.engine) as session:
        return simulate(
            session, version_id=version_id, period=period, asks_papers=papers, actor=getattr(house, who), today=today,
            **more,
        )  # fmt: skip


def test_a_draft_against_the_published_version_names_who_gains_and_who_loses(small):
    small.publish(PLAIN)
    small.sell_many(3)
    small.sell(vin="1HGCM82633A004399", dealer_id=small.other_dealer)
    draft = small.draft(PLAIN, first=D(2026, 11, 25), rule={"kind": "customer_cash", "cents": 700_00},
                        eligible={"regions": ["West"]})  # fmt: skip
    found = tried(small, draft)
    assert (found.before.units, found.before.cents) == (4, 2_000_00)
    assert (found.after.units, found.after.cents, found.after.per_unit_cents) == (1, 700_00, 700_00)
    assert [(d.code, d.change_cents) for d in found.gains] == [("04099", 200_00)]
    assert [d.change_cents for d in found.loses] == [-1_500_00]
    assert found.against == (("I07", 3),)
    assert (found.before_number, found.number) == (1, 2)


def test_what_was_published_costs_what_was_earned(small):
    small.publish(STEPS)
    small.sell_many(26)
    with reading(small.engine) as session:
        from sqlalchemy import func, select

        earned = session.scalar(select(func.sum(IncentiveEntry.cents)).where(IncentiveEntry.book == "earned"))
    found = tried(small, 1, period="90", papers=True)
    assert (found.after.units, found.after.cents) == (26, earned)
    assert found.before is None


def test_the_same_days_a_year_earlier_are_used_for_next_years_program(small):
    small.sell_many(2)
    ahead = small.draft(PLAIN | {"code": "NEXT", "program": {"first": "2027-11-01", "last": "2027-11-30"},
                                 "eligible": {"years": [2027]}})  # fmt: skip
    found = tried(small, ahead, period="same", today=NEXT_YEAR)
    assert (found.days.first, found.after.units) == (D(2026, 11, 1), 2)


def test_growth_is_measured_against_the_year_before_of_the_days_tried(small):
    for n in range(2):
        small.sell(vin=f"1HGCM82633A0050{n:02}", contract_on=D(2025, 11, 10), delivered_on=D(2025, 11, 10),
                   stocked_on=D(2025, 10, 1), now=datetime(2025, 11, 12, tzinfo=UTC))  # fmt: skip
    small.sell_many(3)
    rule = {"kind": "growth", "baseline": "year_before", "cents": 100_00}
    draft = small.draft(PLAIN | {"code": "GROW", "rule": rule, "period": "program"})
    same = tried(small, draft, period="same", today=D(2026, 12, 5))
    assert same.after.units == 2  # November 2025, against nothing in 2024
    assert same.after.cents == 0
    ahead = small.draft(PLAIN | {"code": "GROW-27", "rule": rule, "period": "program",
                                 "program": {"first": "2027-11-01", "last": "2027-11-30"}})  # fmt: skip
    grown = tried(small, ahead, period="same", today=NEXT_YEAR)
    assert (grown.after.units, grown.after.cents) == (3, 100_00)
    target = small.draft(PLAIN | {"code": "GOAL", "rule": rule | {"baseline": "target", "targets": {"04099": 1}}})
    assert tried(small, target).after.cents == 0


def test_others_lose_what_the_draft_takes_from_them(small):
    small.publish(PLAIN | {"code": "OLD"}, stack_group="g")
    small.sell()
    draft = small.draft(PLAIN | {"code": "NEW", "rule": {"kind": "dealer_cash", "cents": 900_00}}, stack_group="g")
    found = tried(small, draft)
    assert (found.after.cents, found.after.displaced_cents) == (900_00, 500_00)


def test_only_the_newest_sales_are_tried_and_progress_is_told(small, monkeypatch):
    small.publish(PLAIN)
    small.sell_many(5)
    monkeypatch.setattr(simulation_queries, "MOST", 4)
    monkeypatch.setattr(simulation_queries.books, "AT_ONCE", 2)
    told = []
    found = tried(small, 1, progress=lambda done, whole: told.append((done, whole)))
    assert (found.sales, found.is_capped) == (4, True)
    assert told == [(2, 4), (4, 4)]


def test_nothing_is_written_and_who_may_not_draft_is_refused(small):
    small.publish(PLAIN)
    small.sell()
    before = (small.count(IncentiveEntry), small.count(IncentiveUnit))
    tried(small, 1)
    assert (small.count(IncentiveEntry), small.count(IncentiveUnit)) == before
    with pytest.raises(Refused, match="role"):
        tried(small, 1, who="dora")
    with pytest.raises(NotFound):
        tried(small, 99)
