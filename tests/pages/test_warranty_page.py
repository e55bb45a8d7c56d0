"""Warranty data as people use the page: lists are everybody's, technicians are those of the own dealers."""

from __future__ import annotations

from typing import Any

import pytest

from db.core.permissions import Role
from db.core.session import engine
from tests.support.again import begun
from tests.support.users import app_as, make_dealer, make_person
from tests.warranty.factories import warranty_data


@pytest.fixture
@begun
def network(app_database: str) -> None:
    make_dealer(engine())
    make_dealer(engine(), code="0999", name="North Star", region="West")
    make_person(engine(), "cora", Role.COORDINATOR)
    make_person(engine(), "dana", Role.DEALER_MANAGER)
    warranty_data(engine())


def opened(username: str, **query: str) -> Any:
    app = app_as(username)
    app.switch_page("pages/claims/warranty.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def drawn(app: Any) -> str:
    tables = " ".join(str(frame.value.to_dict()) for frame in app.dataframe)
    return tables + " ".join(str(one.value) for kind in (app.markdown, app.caption) for one in kind)


@pytest.mark.parametrize(
    ("view", "words"),
    [("plans", "BASIC"), ("operations", "E1205"), ("parts", "TC-5000"), ("technicians", "T-07")],
)
def test_a_dealer_reads_the_lists_and_no_other_dealer(network: None, view: str, words: str):
    app = opened("dana", wty_view=view)
    assert words in drawn(app)
    assert "North Star" not in drawn(app)


def test_the_manufacturer_sees_technicians_of_all_dealers(network: None):
    assert "North Star" in drawn(opened("cora", wty_view="technicians"))


def test_a_search_result_leads_to_its_row(network: None):
    app = opened("dana", wty_view="parts", wty_text="TC-5000")
    assert app.dataframe[0].value.iloc[:, 0].tolist() == ["TC-5000"]
    assert "TC-5000" not in drawn(opened("dana", wty_view="parts", wty_text="ZZ-1"))
