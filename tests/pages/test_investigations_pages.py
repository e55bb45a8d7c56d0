"""The page of investigations as the people who use it see it."""

from __future__ import annotations

from typing import Any

import pytest

from db.core.permissions import Role
from db.core.session import engine, run
from db.investigations.commands import open_investigation
from tests.claims.factories import sent
from tests.support.again import begun
from tests.support.users import NOW, actor_named, app_as, make_dealer, make_person

PAGE = "pages/claims/investigations.py"


@pytest.fixture
@begun
def house(app_database: object) -> int:
    dealer = make_dealer(engine())
    make_person(engine(), "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[dealer])
    make_person(engine(), "cora", Role.COORDINATOR)
    return dealer


def written(app: Any) -> str:
    """Everything the page says."""
    kinds = (app.markdown, app.caption, app.error, app.title)
    return " ".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")


def test_nothing_odd(house):
    app = app_as("cora", page=PAGE)
    assert not app.exception
    assert "Nothing looks odd here" in written(app)


def test_a_flag_is_read_and_closed_in_the_drawer(house):
    dora = actor_named(engine(), "dora")
    sent(engine(), dealer_id=house, actor=dora)
    sent(engine(), dealer_id=house, actor=dora, key="f2", vin="1M8GDM9AXKP042788", ro_number="RO-9")
    app = app_as("cora", page=PAGE)
    assert "IN-000001" in str([frame.value for frame in app.dataframe])
    app.session_state["inv_open"] = 1
    app.run()
    assert not app.exception
    assert "Same words as another claim" in written(app)
    assert "word for word those of WC-000001" in written(app)


def test_one_is_opened_by_hand_and_a_reason_is_asked_for(house):
    app = app_as("cora", page=PAGE)
    app.button(key="inv_new").click().run()
    app.selectbox(key="inv_dealer").set_value(house)
    app.button(key="inv_open").click().run()
    assert "The reason is needed" in written(app)
    assert app.selectbox(key="inv_dealer").value == house
    app.text_area(key="inv_because").set_value("Three customers called.")
    app.button(key="inv_open").click().run()
    assert not app.exception
    assert "IN-000001" in str([frame.value for frame in app.dataframe])


def test_a_dealer_does_not_get_in(house):
    run(
        open_investigation, bind=engine(), dealer_id=house, because="Odd.", actor=actor_named(engine(), "cora"),
        now=NOW, form_key="i1",
    )  # fmt: skip
    app = app_as("dora", page=PAGE)
    assert "IN-000001" not in str([frame.value for frame in app.dataframe])
    assert not app.dataframe
