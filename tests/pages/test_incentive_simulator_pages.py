"""The incentive simulator as leadership uses it before publishing."""

from __future__ import annotations

from datetime import date

import pytest

from db.core.session import engine as process_engine
from tests.incentives.factories import CASH, NOW, House
from tests.support.again import begun
from tests.support.clock import clock_held
from tests.support.users import app_as

PAGE = "pages/incentives/simulator.py"
PLAIN = CASH | {"documents": [], "checklist": []}

of_that_day = clock_held(NOW)


@pytest.fixture
@begun
def house(app_database):
    return House(process_engine())


def opened(who, program=None, **state):
    app = app_as(who, page=PAGE)
    for name, value in state.items():
        app.session_state[name] = value
    if program is not None:
        app.query_params["program"] = str(program)
    return app.run()


def said(app):
    kinds = (app.markdown, app.caption, app.error, app.warning)
    return "\n".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")


def metrics(app):
    return {m.label: str(m.value).replace("\\", "") for m in app.metric}


def test_a_draft_is_tried_and_compared_with_what_is_published(house):
    house.publish(PLAIN)
    house.sell_many(3)
    house.draft(PLAIN, first=date(2026, 11, 25), rule={"kind": "customer_cash", "cents": 700_00}, budget_cents=1_000_00)
    app = opened("sally", program=1, ins_period="90")
    assert not app.exception
    assert "What is tried" in said(app)
    app.button(key="ins_go").click().run()
    assert not app.exception
    text = said(app)
    assert "1 dealer gains, 0 lose" in text
    assert "would have been used up on" in text
    dealers = app.dataframe[0].value
    assert list(dealers["Change"]) == ["+$600"]
    assert "$2,100" in str(metrics(app))
    assert [str(m.delta).replace("\\", "") for m in app.metric][:2] == ["+$600", "+$200"]
    app.run()  # the result stays until the next click
    assert "1 dealer gains" in said(app)


def test_what_costs_less_is_shown_as_a_fall(house):
    house.publish(PLAIN)
    house.sell_many(2)
    house.draft(PLAIN, first=date(2026, 11, 25), rule={"kind": "customer_cash", "cents": 200_00})
    app = opened("sally", program=1, ins_period="90")
    app.button(key="ins_go").click().run()
    assert str(app.metric[0].delta).replace("\\", "") == "-$600"  # a tile takes only a hyphen for a fall
    assert "0 dealers gain, 1 loses" in said(app)


def test_other_days_ask_for_another_run(house):
    house.publish(PLAIN)
    house.sell_many(2)
    app = opened("sally", program=1, ins_period="90")
    app.button(key="ins_go").click().run()
    assert app.dataframe
    app.toggle(key="ins_papers").set_value(True).run()
    assert "What is tried" in said(app)


def test_without_a_program_there_is_a_way_on(house):
    assert "Choose a program to try" in said(opened("sally"))


@pytest.mark.parametrize("who", ["dora", "finn"])
def test_who_may_not_draft_has_no_access(house, who):
    house.publish(PLAIN)
    assert "You have no access to this page" in said(opened(who, program=1))
