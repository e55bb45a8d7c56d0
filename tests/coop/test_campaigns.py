"""Campaigns: commands, scope, and their leads, sales and costs against a plain recount."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from db.coop.campaign_commands import change_campaign, close_campaign, reopen_campaign, start_campaign
from db.coop.campaign_exports import export_rows
from db.coop.campaign_queries import (
    Filters,
    by_medium,
    count_campaigns,
    get_campaign,
    list_campaigns,
    requests_to_link,
)
from db.coop.campaign_rules import Plan, cost_of_each, counts_until, expected, state_of
from db.coop.campaign_tables import CoopCampaign, CoopCampaignRequest
from db.coop.commands import make_payment
from db.core.actor import EVERYTHING
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, writing
from db.leads.tables import Lead
from tests.coop.factories import DAY, NOW, PRINT, House, of
from tests.leads.factories import receive

FIRST, LAST = date(2026, 5, 10), date(2026, 5, 20)
PLAN = Plan(
    code="spring-26", name="Spring sale", medium="print", goal_kind="leads", goal=40, starts_on=FIRST, ends_on=LAST,
)  # fmt: skip
ARRIVED = NOW + 8 * DAY  # 12 May
LATER = NOW + 20 * DAY


def start(house, plan=PLAN, *, by="dora", **more):
    values = {"dealer_id": house.dealer, **more}
    return house.do(start_campaign, plan=plan, actor=getattr(house, by), **values)


def rows(house, *, scope=EVERYTHING, now=LATER, **filters):
    with reading(house.engine) as session:
        return list_campaigns(session, scope=scope, now=now, filters=Filters(**filters))[0]


def page(house, campaign, *, by="dora", **more):
    with reading(house.engine) as session:
        return get_campaign(session, campaign_id=campaign, actor=getattr(house, by), now=LATER, **more)


def lead(house, source="SPRING-26", *, dealer=0, at=ARRIVED, **more):
    return receive(
        house.engine, dealer_id=dealer or house.dealer, received_at=at, source=source, email="", phone="", **more
    )


def sold(house, item, at=ARRIVED + 5 * DAY):
    with writing(house.engine, keeps_timeline=False) as session:
        session.get_one(Lead, item).sold_at = at


def change(house, campaign, *, by="dora", version=1, plan=PLAN, requests=(), now=NOW):
    house.do(
        change_campaign, campaign_id=campaign, seen_version=version, plan=plan, request_ids=requests,
        actor=getattr(house, by), now=now,
    )  # fmt: skip


# ---- rules -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "is_open, today, found",
    [(True, date(2026, 5, 9), "coming"), (True, date(2026, 5, 10), "running"), (True, date(2026, 5, 20), "running"),
     (True, date(2026, 5, 21), "over"), (False, date(2026, 5, 9), "closed"), (False, date(2026, 6, 1), "closed")],
)  # fmt: skip
def test_where_a_campaign_stands(is_open, today, found):
    assert state_of(is_open=is_open, starts_on=FIRST, ends_on=LAST, today=today) == found


@pytest.mark.parametrize(
    "today, part", [(date(2026, 5, 9), 0), (date(2026, 5, 10), 4), (date(2026, 5, 15), 22), (date(2026, 6, 9), 40)]
)
def test_the_straight_line_to_the_goal(today, part):
    assert expected(40, starts_on=FIRST, ends_on=LAST, today=today) == part


@pytest.mark.parametrize("cents, count, each", [(100, 3, 33), (200, 3, 67), (5, 2, 3), (0, 3, None), (100, 0, None)])
def test_cost_of_each_is_rounded_half_up(cents, count, each):
    assert cost_of_each(cents, count) == each


# ---- commands --------------------------------------------------------------------------------------------------------
WRONG = [
    ({"code": "a"}, "code"), ({"code": "SPRING 26"}, "code"), ({"name": " "}, "name"), ({"medium": "smoke"}, "medium"),
    ({"goal": 0}, "goal"), ({"goal": None}, "goal"), ({"goal_kind": "fame"}, "goal_kind"),
    ({"starts_on": None}, "starts_on"), ({"ends_on": date(2026, 5, 9)}, "ends_on"),
    ({"ends_on": date(2027, 5, 30)}, "ends_on"), ({"note": "x" * 1_001}, "note"),
]  # fmt: skip


@pytest.mark.parametrize("wrong, field", WRONG)
def test_a_plan_that_does_not_hold_says_where(sqlite_engine, wrong, field):
    house = House(sqlite_engine, earned=0)
    with pytest.raises(Refused) as refused:
        start(house, replace(PLAN, **wrong))
    assert [p.field for p in refused.value.problems] == [field]
    assert rows(house) == []


def test_a_campaign_lives(engine):
    house = House(engine)
    request = house.approved()
    campaign = start(house, form_key="k1")
    assert start(house, form_key="k1") == campaign
    with pytest.raises(Refused, match="other content"):
        start(house, replace(PLAN, code="AUTUMN"), form_key="k1")
    with pytest.raises(Refused) as refused:
        start(house)
    assert refused.value.code == "taken"
    change(house, campaign, plan=replace(PLAN, goal=5, goal_kind="sales"), requests=[request])
    with pytest.raises(Stale):
        change(house, campaign, plan=PLAN)
    with pytest.raises(Refused, match="code stays"):
        change(house, campaign, version=2, plan=replace(PLAN, code="OTHER"))
    with pytest.raises(Refused, match="runs until"):
        house.do(close_campaign, campaign_id=campaign, seen_version=2, learned="x", actor=house.dora, now=ARRIVED)
    with pytest.raises(Refused) as refused:
        house.do(close_campaign, campaign_id=campaign, seen_version=2, learned=" ", actor=house.dora, now=LATER)
    assert [p.field for p in refused.value.problems] == ["learned"]
    house.do(
        close_campaign, campaign_id=campaign, seen_version=2, learned="Earlier next year", actor=house.dora, now=LATER
    )
    with pytest.raises(Refused, match="is closed"):
        change(house, campaign, version=3, plan=PLAN)
    assert [r.state for r in rows(house, show="closed")] == ["closed"]
    assert rows(house, show="open") == []
    house.do(reopen_campaign, campaign_id=campaign, seen_version=3, reason="Too soon", actor=house.cora, now=LATER)
    with pytest.raises(Refused, match="is open"):
        house.do(reopen_campaign, campaign_id=campaign, seen_version=4, reason="Again", actor=house.cora, now=LATER)
    (row,) = rows(house)
    assert (row.state, row.version, row.goal, row.facts.requests) == ("over", 4, 5, 1)
    with reading(engine) as session:
        said = session.execute(
            text("SELECT command, COUNT(*) FROM timeline_entry WHERE command LIKE '%campaign' GROUP BY command")
        )
        assert dict(tuple(r) for r in said) == {
            "start_campaign": 1, "change_campaign": 1, "close_campaign": 1, "reopen_campaign": 1,
        }  # fmt: skip
    house.sound()


def test_the_requests_that_pay_are_the_dealers_own(engine):
    house = House(engine)
    other = replace(PRINT, medium="radio")
    first, radio = house.approved(), house.ask(other)
    house.earn(5_000_00, dealer=house.other_dealer)
    foreign = house.ask(dealer=house.other_dealer, by="otto")
    gone = house.ask(of(100_00))
    house.step("withdraw", gone, "dora")
    for wanted, code in ((radio, "medium"), (foreign, "not_found"), (999, "not_found"), (gone, "wrong_state")):
        with pytest.raises(Refused) as refused:
            start(house, request_ids=[wanted])
        assert (refused.value.code, rows(house)) == (code, [])
    start(house, request_ids=[first])
    with pytest.raises(Refused, match="pays for another"):
        start(house, replace(PLAN, code="SECOND"), request_ids=[first])
    second = start(house, replace(PLAN, code="SECOND"))
    with reading(engine) as session:
        may = requests_to_link(session, dealer_id=house.dealer, medium="print", actor=house.dora, campaign_id=second)
        assert may == {}
        assert set(
            requests_to_link(session, dealer_id=house.dealer, medium="print", actor=house.dora, campaign_id=second - 1)
        ) <= {first}
        assert requests_to_link(session, dealer_id=house.dealer, medium="print", actor=house.otto) == {}


def test_a_request_is_taken_back_and_given_to_another(sqlite_engine):
    house = House(sqlite_engine)
    request = house.approved()
    campaign = start(house, request_ids=[request])
    change(house, campaign, requests=[])
    again = start(house, replace(PLAN, code="SECOND"), request_ids=[request])
    with reading(sqlite_engine) as session:
        assert list(session.scalars(select(CoopCampaignRequest.campaign_id))) == [again]


def test_nobody_reaches_the_campaign_of_another_dealer(sqlite_engine):
    house = House(sqlite_engine)
    campaign = start(house)
    lead(house)
    with pytest.raises(NotFound):
        start(house, by="otto")
    for actor in ("otto", "wes"):
        with pytest.raises(NotFound):
            change(house, campaign, by=actor)
        with pytest.raises(NotFound):
            page(house, campaign, by=actor)
        who = getattr(house, actor)
        assert rows(house, scope=who.scope) == []
        with reading(sqlite_engine) as session:
            assert count_campaigns(session, scope=who.scope) == 0
            assert by_medium(session, scope=who.scope) == []
            given = {"dealer": house.dealer}
            assert list(export_rows(session, actor=who, scope=who.scope, filters=given, now=NOW)) == []
    with pytest.raises(NotFound):
        house.do(close_campaign, campaign_id=campaign, seen_version=1, learned="x", actor=house.otto, now=LATER)
    with pytest.raises(Refused, match="may not do this"):
        start(house, replace(PLAN, code="FINN"), by="finn")


# ---- what came of it -------------------------------------------------------------------------------------------------
def test_leads_are_told_by_dealer_code_and_days(engine):
    house = House(engine)
    campaign = start(house)
    own = [lead(house), lead(house, "spring-26"), lead(house, status="bad"), lead(house, at=LATER + 20 * DAY)]
    sold(house, own[1])
    sold(house, own[2])  # a bad lead is no sale
    lead(house, "Website")
    lead(house, dealer=house.other_dealer)
    lead(house, at=NOW + 2 * DAY)  # before the first day
    lead(house, at=NOW + 70 * DAY)  # after the tail
    lead(house, status="held")
    (row,) = rows(house)
    assert (row.facts.received, row.facts.leads, row.facts.sales, row.reached) == (4, 3, 1, 3)
    assert counts_until(LAST) == LAST + timedelta(days=30)
    found = page(house, campaign)
    assert {x.id for x in found.leads} == set(own)
    assert [x.id for x in found.leads if not x.counts] == [own[2]]
    assert {x.customer for x in found.leads} == {"Jane Doe"}
    assert [x.id for x in page(house, campaign, sales_only=True).leads] == [own[1]]
    hidden = page(house, campaign, by="finn")
    assert (hidden.leads, hidden.sees_leads) == ((), False)
    assert hidden.row.facts.leads == 3


def test_the_money_is_that_of_its_requests(engine):
    """Planned while it is only approved, then what was claimed and approved; cost of each to the cent."""
    house = House(engine)
    first, waiting = house.approved(), house.ask(of(900_00))
    campaign = start(house, request_ids=[first, waiting])
    for _ in range(3):
        sold(house, lead(house))
    (row,) = rows(house)
    facts = row.facts
    assert (facts.planned, facts.cost, facts.reserved, facts.approved) == (8_900_00, 8_000_00, 6_000_00, 0)
    assert (facts.per_lead, facts.per_sale) == (2_666_67, 2_666_67)
    claim = house.claim(of(7_000_00), request=first)
    (row,) = rows(house)
    assert row.facts.cost == 8_000_00  # a claim that waits changes nothing
    house.claim_step("approve", claim, "cora")
    (row,) = rows(house)
    assert (row.facts.cost, row.facts.reserved, row.facts.approved, row.facts.paid) == (7_000_00, 0, 5_250_00, 0)
    house.do(make_payment, actor=house.finn, now=LATER, form_key="p1")
    (row,) = rows(house)
    assert row.facts.paid == 5_250_00 == sum(x.paid_cents for x in page(house, campaign).requests)
    start(house, replace(PLAN, code="FREE", medium="digital"))
    lead(house, "FREE")
    with reading(engine) as session:
        lines = by_medium(session, scope=EVERYTHING)
        assert [(x.medium, x.campaigns, x.facts.cost, x.facts.leads) for x in lines] == [
            ("print", 1, 7_000_00, 3), ("digital", 1, 0, 1)
        ]  # fmt: skip
        (first_row, _) = list(export_rows(session, actor=house.cora, scope=EVERYTHING, filters={}, now=LATER))
        assert len(first_row) == 20
        assert session.scalar(select(CoopCampaign.counts_until).limit(1)) == counts_until(LAST)
    house.sound()
