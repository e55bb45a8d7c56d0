"""The claim performance page as a manager, a sales leader and a dealer manager see it."""

from __future__ import annotations

from datetime import date

import pytest

from db.claims.metrics_queries import definition
from db.core.permissions import Role
from db.core.session import engine
from tests.claims.factories import NOW
from tests.claims.test_figures import LATER, Network, _network
from tests.pages.test_network_pages import written
from tests.support.again import begun
from tests.support.clock import clock_held
from tests.support.users import app_as, make_person

PAGE = "pages/claims/claim_performance.py"

of_that_day = clock_held(LATER)


@pytest.fixture
@begun
def network(app_database: str) -> Network:
    made = _network(engine())
    make_person(engine(), "lena", Role.SALES_LEADER)
    return made


def test_manager_and_sales_leader_see_the_network(network: Network):
    for username in ("mason", "lena"):
        app = app_as(username, page=PAGE)
        assert not app.exception
        said = written(app)
        assert "Second Motors" in said
        assert {m.label for m in app.metric} >= {"Turnaround", "First-pass yield", "Denied", "Overdue now"}
        lists = [set(frame.value.columns) for frame in app.dataframe]
        assert any("Reason" in columns for columns in lists)


def test_a_bar_narrows_the_list(network: Network):
    app = app_as("mason", page=PAGE)
    app.session_state["cpf_pareto"] = {"selection": {"pick": [{"code": "WEAR_ITEM"}]}}
    app.run()
    assert not app.exception
    assert "Wear item" in written(app)
    assert len(app.dataframe[-1].value) == 1


def test_months_of_ones_own_are_those_of_the_address(network: Network):
    costs = {}
    for month in (f"{NOW:%Y-%m}", "2025-01"):
        app = app_as("mason")
        app.switch_page(PAGE)
        app.query_params["cpf_from"] = app.query_params["cpf_until"] = month
        app.run()
        assert not app.exception
        assert f"**{date.fromisoformat(f'{month}-01'):%b %Y}**" in written(app)
        costs[month] = next(m.value for m in app.metric if m.label == definition("claim_cost").title)
    assert costs["2025-01"] == "$0"
    assert costs[f"{NOW:%Y-%m}"] != "$0"


def test_a_dealer_manager_sees_its_own(network: Network):
    app = app_as("dora", page=PAGE)
    assert not app.exception
    assert "Second Motors" not in written(app)
    assert not any("Second Motors" in frame.value.to_string() for frame in app.dataframe)


def test_without_claims_it_says_so(app_database: str):
    make_person(engine(), "mason", Role.MANAGER)
    app = app_as("mason", page=PAGE)
    assert not app.exception
    assert "No claims were sent or decided then" in written(app)
