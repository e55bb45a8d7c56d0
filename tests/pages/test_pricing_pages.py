"""Price requests as people use them: a dealer asks, the desk signs by level, terms change, somebody is away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from components.clock import now
from db.core.permissions import Role
from db.core.session import engine as process_engine
from db.pricing.tables import PriceAway, PriceBudget, PriceRequest
from tests.pricing.factories import LARGE, SMALL, House
from tests.support.again import begun
from tests.support.users import app_as, make_person

PAGE = "pages/incentives/price_requests.py"


@pytest.fixture
@begun
def house(app_database: str) -> House:
    return House(process_engine(), budget=None)


def opened(who: str, **state: Any) -> Any:
    app = app_as(who, page=PAGE)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run() if state else app


def said(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.info, app.title)
    return "\n".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")


def lists(app: Any) -> list[Any]:
    """The tables of requests, the queue first."""
    return [t.value for t in app.dataframe if "Request" in t.value.columns]


def keys(app: Any) -> set[str]:
    return {b.key for b in app.button}


def fill(app: Any, **values: str) -> Any:
    for name, value in values.items():
        app.text_input(key=f"pf_{name}").set_value(value)
    return app.run()


def test_a_dealer_asks_sees_every_bound_before_sending_and_the_desk_approves_in_two_clicks(house: House):
    app = opened("dora")
    assert "No request waits" in said(app)
    app.button(key="price_ask").click().run()
    assert not app.exception
    fill(app, subject="Roadster GT", list_cents="30,000", cost_cents="24,000", discount="40")
    assert "Nobody may approve this" in said(app)
    assert "above 35%, which nobody may approve" in said(app)
    app.button(key="pf_send").click().run()
    assert "A reason is needed." in said(app)
    assert house.count(PriceRequest) == 0
    fill(app, discount="3")
    assert "Signed by coordinator or sales" in said(app)
    assert "3% off the list price: up to 4% is for level 1." in said(app)
    app.text_area(key="pf_reason").set_value("Showroom car").run()
    app.button(key="pf_send").click().run()
    assert not app.exception
    assert [t.value for t in app.toast] == ["The request was sent"]
    assert list(lists(app)[0]["Off"]) == ["3%"]

    desk = opened("cora")
    assert list(lists(desk)[0]["Request"]) == ["PR-000001"]
    desk.session_state["price_open"] = 1
    desk.run()
    assert "level 1, because of percent" not in said(desk)
    assert "level 1, because of discount" in said(desk)
    assert "No earlier exception" in said(desk)
    desk.button(key="price_1_approve_go").click().run()
    assert not desk.exception
    assert house.row(1).status == "approved"


def test_the_decider_reads_what_the_requester_does_not_write(house: House):
    for days in (40, 20):
        house.approved(now=now() - timedelta(days=days))
    item = house.send(now=now())
    desk = opened("cora", price_open=item)
    assert not desk.exception
    text = said(desk)
    assert '"one-time" exception no. 3 of this dealer for Roadster GT within a year' in text
    assert "2 exceptions of this dealer within a year" in text
    assert [list(t["Request"]) for t in lists(desk) if "Approved" in t.columns] == [
        ["PR-000002", "PR-000001"]
    ]  # fmt: skip


def test_whoever_may_not_sign_sees_no_button_and_reads_why(house: House):
    item = house.send(LARGE, now=now())
    finance = opened("finn", price_open=item)
    assert "This level is not yours to sign" in said(finance)
    assert f"price_{item}_approve_go" not in keys(finance)
    house.step("approve", item, "cora", now=now())
    again = opened("cora", price_open=item)
    assert "This level is not yours to sign" in said(again)
    assert "Signatures" in said(again)
    finance = opened("finn", price_open=item)
    finance.button(key=f"price_{item}_approve_go").click().run()
    assert not finance.exception
    manager = opened("mason", price_open=item)
    manager.button(key=f"price_{item}_approve_go").click().run()
    assert house.row(item).status == "approved"


def test_a_rejection_says_what_is_missing_and_the_requester_changes_the_terms(house: House):
    item = house.send(now=now())
    desk = opened("cora", price_open=item)
    desk.session_state[f"price_step_{item}"] = "reject"
    desk.run()
    desk.button(key=f"price_{item}_reject_go").click().run()
    assert "Why not is needed." in said(desk)
    desk.text_area(key=f"price_{item}_reject_note").set_value("Too much").run()
    desk.button(key=f"price_{item}_reject_go").click().run()
    assert house.row(item).status == "rejected"

    dealer = opened("dora", price_open=item)
    assert "Too much" in str(dealer.table[0].value)
    dealer.button(key=f"price_change_{item}").click().run()
    assert not dealer.exception
    assert dealer.text_input(key="pf_list_cents").value == "30000"
    fill(dealer, discount="600")  # the amount a unit: 2 percent
    dealer.button(key="pf_send").click().run()
    assert not dealer.exception
    row = house.row(item)
    assert (row.terms_version, row.discount_cents, row.status) == (2, 600_00, "in_review")


def test_an_absence_and_a_budget(house: House):
    desk = opened("cora")
    desk.button(key="price_aw_save").click().run()
    assert "The end is needed." in said(desk)
    day = desk.date_input(key="price_aw_first").value
    desk.date_input(key="price_aw_last").set_value(day + timedelta(days=2)).run()
    desk.selectbox(key="price_aw_stand_in").set_value(house.ids["finn"]).run()
    desk.button(key="price_aw_save").click().run()
    assert not desk.exception
    assert house.count(PriceAway) == 1
    assert "Finance Finn stands in" in said(desk)
    item = house.send(now=now())
    stand_in = opened("finn", price_open=item)
    assert "You sign for cora, who is away." in said(stand_in)
    stand_in.button(key=f"price_{item}_approve_go").click().run()
    assert house.row(item).status == "approved"
    desk = opened("cora")
    desk.button(key="price_away_end_1").click().run()
    assert not desk.exception
    assert "price_budget_save" not in keys(desk)  # a coordinator reads budgets only

    manager = opened("mason")
    manager.text_input(key="price_budget_amount_East").set_value("250,000").run()
    manager.button(key="price_budget_save").click().run()
    assert not manager.exception
    assert house.count(PriceBudget) == 1


def test_a_manager_changes_a_band_and_everybody_else_reads_it(house: House):
    manager = opened("mason")
    assert manager.text_input(key="price_band_percent_0_nobody").value == "2"
    manager.text_input(key="price_band_percent_0_level_1").set_value("1").run()
    manager.text_input(key="price_band_reason").set_value("Less leeway").run()
    manager.button(key="price_band_save").click().run()
    assert "A higher level has a higher limit, or the same." in said(manager)
    manager.text_input(key="price_band_percent_0_level_1").set_value("3").run()
    manager.button(key="price_band_save").click().run()
    assert not manager.exception
    assert "Version 1 by Manager Mason" in said(manager)
    dealer = opened("dora")
    shown = next(t.value for t in dealer.dataframe if "Signed by" in t.value.columns)
    assert list(shown["Signed by"]) == ["Nobody signs", "Level 1", "Level 2", "Level 3, then stop"]
    assert list(shown["percent"])[:2] == ["2%", "3%"]
    assert "Level 2: manager and finance" in said(dealer)
    assert "price_band_save" not in keys(dealer)


def test_a_dealer_sees_only_its_own(house: House):
    own, other = house.send(now=now()), house.send(SMALL, by="otto", dealer=house.other_dealer, now=now())
    app = opened("dora")
    assert list(lists(app)[0]["Request"]) == ["PR-000001"]
    assert "price_away_menu" not in keys(app)
    app = opened("dora", price_open=other)
    assert "This price request was not found." in said(app)
    app = opened("dora", price_open=own)
    assert f"price_{own}_withdraw_go" in keys(app)
    assert f"price_{own}_approve_go" not in keys(app)


def test_a_wrong_address_and_dealer_staff(house: House):
    make_person(process_engine(), "stan", Role.DEALER_STAFF)
    app = app_as("stan", page=PAGE)
    assert "Price requests" not in [t.value for t in app.title]
    app = app_as("cora", page=PAGE)
    app.query_params["request"] = "99"
    app.run()
    assert not app.exception
    assert "not found" in said(app)
