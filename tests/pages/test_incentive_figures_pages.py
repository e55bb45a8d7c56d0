"""The incentive performance page as a sales leader, a manager, a dealer manager and dealer staff see it."""

from __future__ import annotations

import pytest

from db.core.permissions import Role
from db.core.session import engine as process_engine
from tests.incentives.factories import House
from tests.incentives.figuring import FigureHouse
from tests.support.users import app_as, make_person

PAGE = "pages/incentives/incentive_figures.py"
HIDDEN = {"Paid", "Approved, not paid", "Payout per unit", "Approved", "Units paid for"}


@pytest.fixture
def house(app_database, monkeypatch):
    monkeypatch.setenv("ALLOW_CLOCK", "1")
    monkeypatch.setenv("DEALER_NOW", "2026-12-13T15:00:00+00:00")
    made = FigureHouse(process_engine())
    made.tell()
    make_person(made.engine, "drew", Role.DEALER_STAFF, dealer_ids=[made.dealer])
    return made


def said(app):
    return "\n".join(str(e.value) for e in [*app.markdown, *app.caption, *app.error, *app.warning])


def grids(app):
    return "\n".join(frame.value.to_string() for frame in app.dataframe)


def tile(app, label):
    return next(m.value for m in app.metric if m.label == label)


def test_a_sales_leader_and_a_manager_see_the_network(house):
    for who in ("sally", "mason"):
        app = app_as(who, page=PAGE)
        assert not app.exception
        assert HIDDEN | {"Earned", "Cost per incremental unit", "Dealers taking part"} <= {m.label for m in app.metric}
        assert tile(app, "Paid") == "$2,000"
        assert tile(app, "Dealers taking part") == "2 of 2"
        assert tile(app, "Payout per unit") == "$500"
        assert {"CASH-11", "STEP-11", "GROW-11"} == set(app.dataframe[0].value["Name"])
        assert "Signed buyer" in said(app)
        assert "same days of the year before" in said(app)


def test_a_row_narrows_the_page_and_its_address(house):
    app = app_as("mason", page=PAGE)
    app.session_state["incf_by"] = "dealer"
    app.run()
    names = list(app.dataframe[0].value["Name"])
    assert "Far Away Cars" in names
    app.session_state["incf_open_dealer"] = {"row": names.index("Far Away Cars"), "column": "Name"}
    app.session_state["incf_dealer"] = str(house.other_dealer)
    app.run()
    assert not app.exception
    assert tile(app, "Paid") == "$500"
    assert app.query_params["incf_dealer"]


def test_the_months_of_the_address_count(house):
    app = app_as("mason", page=PAGE, query={"incf_from": "2026-11", "incf_until": "2026-11"})
    assert not app.exception
    assert tile(app, "Paid") == "$0"
    assert app.dataframe


def test_one_program_says_its_baseline(house):
    app = app_as("mason", page=PAGE, query={"incf_program": str(house.growth)})
    assert "Baseline: the target of each dealer" in said(app)
    app = app_as("mason", page=PAGE, query={"incf_program": str(house.cash)})
    assert "has no baseline" in said(app)
    assert "No incremental units" in said(app)


def test_a_dealer_manager_sees_its_own_and_no_budget(house):
    app = app_as("otto", page=PAGE)
    assert not app.exception
    assert tile(app, "Paid") == "$500"
    assert "Budgets today" not in said(app)
    assert house.row_name(house.dealer) not in said(app) + grids(app)
    assert "Signed buyer" not in said(app)
    app = app_as("otto", page=PAGE, query={"incf_dealer": str(house.dealer), "incf_by": "dealer"})
    assert not app.exception
    assert tile(app, "Paid") == "$500"
    assert house.row_name(house.dealer) not in said(app) + grids(app)


def test_dealer_staff_see_no_payments_and_no_prices(house):
    app = app_as("drew", page=PAGE)
    assert not app.exception
    assert not HIDDEN & {m.label for m in app.metric}
    assert not {"Paid", "Open", "Units", "Per unit"} & set(app.dataframe[0].value.columns[: len(app.dataframe[0].value)])
    assert "approved" not in said(app).lower().split("what the dealer read")[0].split("by month")[0]
    app = app_as("drew", page=PAGE, query={"incf_show": "prices"})
    assert not app.exception
    assert "Requests" not in {m.label for m in app.metric}


def test_prices_have_their_own_figures(house):
    app = app_as("mason", page=PAGE, query={"incf_show": "prices"})
    assert not app.exception
    assert tile(app, "Requests") == "0"
    assert "Nobody asked for a discount then" in said(app)
    assert "No one-time exception came back" in said(app)


def test_without_anything_it_says_so(app_database):
    House(process_engine())
    app = app_as("mason", page=PAGE)
    assert not app.exception
    assert "Nothing was earned, approved or paid then" in said(app)
    assert "Nothing was returned or denied" in said(app)
