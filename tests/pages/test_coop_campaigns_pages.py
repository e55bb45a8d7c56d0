"""The page of campaigns as a dealer manager, a coordinator, finance and another dealer see it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from db.coop.campaign_commands import start_campaign
from db.coop.campaign_queries import Filters, list_campaigns
from db.coop.campaign_rules import Plan
from db.core.actor import EVERYTHING
from db.core.session import engine as process_engine
from db.core.session import reading
from tests.coop.factories import House
from tests.leads.factories import receive
from tests.support.clock import hold_clock
from tests.support.users import app_as

PAGE = "pages/coop/coop_campaigns.py"
CLOCK = datetime(2026, 5, 18, 15, 0, tzinfo=UTC)
PLAN = Plan(
    code="SPRING-26", name="Spring sale", medium="print", goal_kind="leads", goal=4, starts_on=date(2026, 5, 10),
    ends_on=date(2026, 5, 20),
)  # fmt: skip


class Spring(House):
    """A house with an approved request and the campaign it pays."""

    request_id: int
    campaign: int


@pytest.fixture
def house(app_database, monkeypatch):
    hold_clock(monkeypatch, CLOCK)
    made = Spring(process_engine())
    made.request_id = made.approved()
    made.campaign = made.do(
        start_campaign, dealer_id=made.dealer, plan=PLAN, request_ids=[made.request_id], actor=made.dora
    )
    receive(made.engine, dealer_id=made.dealer, received_at=CLOCK, source="spring-26", name="Jane Doe")
    return made


def opened(who, **state):
    app = app_as(who, page=PAGE)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run() if state else app


def said(app):
    return "\n".join(str(e.value) for e in [*app.markdown, *app.caption, *app.error, *app.title])


def grids(app):
    return "\n".join(frame.value.to_string() for frame in app.dataframe)


def rows(house, **filters):
    with reading(house.engine) as session:
        return list_campaigns(session, scope=EVERYTHING, now=CLOCK, filters=Filters(**filters))[0]


def test_a_coordinator_sees_goal_cost_and_leads(house):
    app = opened("cora", campaign_open=house.campaign)
    assert not app.exception
    assert "1 of 4 leads" in grids(app)
    assert "$8,000" in grids(app)
    assert "Jane Doe" in grids(app)
    assert "Paid with" in said(app)


def test_another_dealer_sees_nothing_of_it(house):
    app = opened("otto", campaign_open=house.campaign)
    assert not app.exception
    assert "was not found" in said(app)
    assert "SPRING-26" not in said(app) + grids(app)
    assert "No campaign here" in said(app)


def test_finance_reads_it_and_changes_nothing(house):
    app = opened("finn", campaign_open=house.campaign)
    assert not app.exception
    assert "SPRING-26" in grids(app)
    assert "Jane" not in grids(app) + said(app)
    assert not [b for b in app.button if b.key in ("cmp_new", f"cmpf_{house.campaign}_go")]


def test_a_dealer_enters_one_and_is_told_what_is_wrong(house):
    app = opened("dora")
    app.button(key="cmp_new").click().run()
    app.text_input(key="cmpf_new_code").set_value("x").run()
    app.button(key="cmpf_new_go").click().run()
    assert not app.exception
    assert "3 to 30 letters" in said(app)
    assert "Choose a medium" in said(app)
    app.text_input(key="cmpf_new_code").set_value("summer-26").run()
    app.text_input(key="cmpf_new_name").set_value("Summer").run()
    app.selectbox(key="cmpf_new_medium").set_value("digital").run()
    app.number_input(key="cmpf_new_goal").set_value(5).run()
    app.date_input(key="cmpf_new_starts_on").set_value(date(2026, 6, 1)).run()
    app.date_input(key="cmpf_new_ends_on").set_value(date(2026, 6, 30)).run()
    app.button(key="cmpf_new_go").click().run()
    assert not app.exception
    assert [r.code for r in rows(house)] == ["SUMMER-26", "SPRING-26"]


def test_a_dealer_changes_its_own(house):
    app = opened("dora", campaign_open=house.campaign)
    assert app.multiselect(key=f"cmpf_{house.campaign}_request_ids").value == [house.request_id]
    app.number_input(key=f"cmpf_{house.campaign}_goal").set_value(9).run()
    app.button(key=f"cmpf_{house.campaign}_go").click().run()
    assert not app.exception
    (row,) = rows(house)
    assert (row.goal, row.version, row.facts.requests) == (9, 2, 1)
    app = opened("dora", campaign_open=house.campaign)
    app.text_area(key=f"cmpf_{house.campaign}_learned").set_value("Good").run()
    app.button(key=f"cmpf_{house.campaign}_learned_go").click().run()
    assert "It runs until" in said(app)
    assert len(rows(house)) == 1
