"""The incentive performance page as a sales leader, a manager, a dealer manager and dealer staff see it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from db.core.permissions import Role
from db.core.session import engine as process_engine
from tests.incentives.factories import House
from tests.incentives.figuring import told_at, told_house
from tests.support.clock import hold_clock
from tests.support.users import app_as, make_person

PAGE = "pages/incentives/incentive_figures.py"
CLOCK = datetime(2026, 12, 13, 15, 0, tzinfo=UTC)
OWN = "Lone Pine Motors"
HIDDEN = {"Paid", "Approved, not paid", "Payout per unit", "Approved", "Units paid for"}


@pytest.fixture
def house(app_database, sqlite_templates, tmp_path, monkeypatch):
    hold_clock(monkeypatch, CLOCK)
    told_at(sqlite_templates, tmp_path / "dealer.db")  # the database of this process
    made = told_house(process_engine())
    make_person(made.engine, "drew", Role.DEALER_STAFF, dealer_ids=[made.dealer])
    return made


def opened(who, **state):
    """The page with all of its figures open."""
    app = app_as(who, page=PAGE)
    for name, value in {"incf_more_open": True, **state}.items():
        app.session_state[name] = value
    return app.run()


def said(app):
    return "\n".join(str(e.value) for e in [*app.markdown, *app.caption, *app.error, *app.warning])


def grids(app):
    return "\n".join(frame.value.to_string() for frame in app.dataframe)


def tile(app, label):
    return next(m.value for m in app.metric if m.label == label)


def test_a_sales_leader_and_a_manager_see_the_network(house):
    for who in ("sally", "mason"):
        app = opened(who)
        assert not app.exception
        assert HIDDEN | {"Earned", "Cost per incremental unit", "Dealers taking part"} <= {m.label for m in app.metric}
        assert tile(app, "Paid") == "$2,000"
        assert tile(app, "Dealers taking part") == "2 of 2"
        assert tile(app, "Payout per unit") == "$500"
        assert {"CASH-11", "STEP-11", "GROW-11"} == set(app.dataframe[0].value["Name"])
        assert "Signed buyer" in said(app)
        assert "same days of the year before" in said(app)


def test_a_row_narrows_the_page_and_its_address(house):
    app = opened("mason")
    app.session_state["incf_by"] = "dealer"
    app.run()
    assert "Far Away Cars" in list(app.dataframe[0].value["Name"])
    app.session_state["incf_dealer"] = str(house.other_dealer)
    app.run()
    assert not app.exception
    assert tile(app, "Paid") == "$500"


def test_the_months_of_the_address_count(house):
    app = opened("mason", incf_from="2026-11", incf_until="2026-11")
    assert not app.exception
    assert tile(app, "Paid") == "$0"
    assert app.dataframe


def test_one_program_says_its_baseline(house):
    app = opened("mason", incf_program=str(house.growth))
    assert "Baseline: the target of each dealer" in said(app)
    app = opened("otto", incf_program=str(house.growth))  # one sale against a target of five
    assert "No incremental units: 4 units below the baseline" in said(app)
    assert tile(app, "Cost per incremental unit") == "–"
    app = opened("mason", incf_program=str(house.cash))
    assert "has no baseline" in said(app)
    assert "No volume program earned anything" in said(app)


def test_a_dealer_manager_sees_its_own_and_no_budget(house):
    app = opened("otto")
    assert not app.exception
    assert tile(app, "Paid") == "$500"
    assert "Budgets today" not in said(app)
    assert OWN not in said(app) + grids(app)
    assert "Signed buyer" not in said(app)
    app = opened("otto", incf_dealer=str(house.dealer), incf_by="dealer")
    assert not app.exception
    assert tile(app, "Paid") == "$500"
    assert OWN not in said(app) + grids(app)


def test_dealer_staff_see_no_payments_and_no_prices(house):
    app = opened("drew")
    assert not app.exception
    assert not HIDDEN & {m.label for m in app.metric}
    assert not {"Paid", "Open", "Units", "Per unit"} & set(app.dataframe[0].value.columns)
    app = opened("drew", incf_show="prices")
    assert not app.exception
    assert "Requests" not in {m.label for m in app.metric}


def test_prices_have_their_own_figures(house):
    app = opened("mason", incf_show="prices")
    assert not app.exception
    assert tile(app, "Requests") == "0"
    assert "Nobody asked for a discount then" in said(app)
    assert "No one-time exception came back" in said(app)


def test_without_anything_it_says_so(app_database):
    House(process_engine())
    app = opened("mason")
    assert not app.exception
    assert "Nothing was earned, approved or paid then" in said(app)
    assert "Nothing was returned or denied" in said(app)
