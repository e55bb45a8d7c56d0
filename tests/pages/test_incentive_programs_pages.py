"""Programs as leadership drafts them, a manager publishes them, and a dealer reads them."""

from __future__ import annotations

from datetime import date

import pytest

from db.core.session import engine as process_engine
from db.core.session import reading
from db.incentives.model import KINDS, program_from_json
from db.incentives.tables import IncentiveProgram, IncentiveVersion
from tests.incentives.cases import RULES
from tests.incentives.factories import CASH, STEPS, House
from tests.support.again import begun
from tests.support.users import app_as

PAGE = "pages/incentives/programs.py"
EDIT = "_inp_edit"


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
    kinds = (app.markdown, app.caption, app.error, app.warning, app.subheader)
    return "\n".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")


def key(app, name):
    return f"inp_{app.session_state[EDIT]['key']}_{name}"


def test_leadership_drafts_a_program_and_a_manager_publishes_it(house):
    app = opened("sally")
    app.button(key="inp_new").click().run()
    assert not app.exception
    assert "Still missing" in said(app)
    app.text_input(key=key(app, "code")).set_value("dec-cash")
    app.text_input(key=key(app, "name")).set_value("December cash")
    app.date_input(key=key(app, "program.first")).set_value(date(2026, 12, 1))
    app.date_input(key=key(app, "program.last")).set_value(date(2026, 12, 31))
    app.text_input(key=key(app, "customer_cash.rule.cents")).set_value("650").run()
    assert "$650 that the dealer gave to the customer" in said(app)
    app.button(key="inp_save").click().run()
    assert not app.exception
    assert [t.value for t in app.toast] == ["The draft was saved; somebody else publishes it"]
    assert "A manager publishes it" in said(app)
    desk = opened("mason", program=1)
    desk.button(key="inp_1_1_publish").click().run()
    assert "The reason is needed" in said(desk)
    desk.text_area(key="inp_1_1_reason").set_value("Agreed").run()
    desk.button(key="inp_1_1_publish").click().run()
    assert not desk.exception
    assert house.row(IncentiveVersion, 1).state == "published"
    assert house.row(IncentiveVersion, 1).body["rule"] == {"kind": "customer_cash", "cents": 650_00}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_form_keeps_a_program_of_every_kind_as_it_is(house, kind):
    documents = [{"label": "Proof", "accepted": ["title", "registration"]}]
    body = CASH | {"rule": {"kind": kind, **RULES[kind]}, "documents": documents, "budget_cents": 9_000_00}
    house.draft(body)
    before = house.row(IncentiveVersion, 1).body
    app = opened("sally", program=1)
    app.button(key="inp_change").click().run()
    app.button(key="inp_save").click().run()
    assert not app.exception
    row = house.row(IncentiveVersion, 1)
    assert row.version == 2
    assert program_from_json(row.body) == program_from_json(before)


def test_tiers_are_edited_in_the_grid_and_shown_against_the_published_ones(house):
    house.publish(STEPS)
    app = opened("sally", program=1)
    app.button(key="inp_change").click().run()
    app.session_state[key(app, "stair_step.rule.tiers")] = {
        "edited_rows": {3: {"Each": 700.0}}, "added_rows": [{"From": 100, "Each": 800.5}], "deleted_rows": [1],
    }  # fmt: skip
    app.run()
    text = said(app)
    assert "What changes" in text
    assert "from 100 units $800.50" in text
    app.date_input(key=key(app, "first")).set_value(date(2026, 11, 25)).run()
    app.button(key="inp_save").click().run()
    assert not app.exception
    tiers = house.row(IncentiveVersion, 2).body["rule"]["tiers"]
    assert tiers == [{"from_units": n, "cents": c} for n, c in ((1, 0), (50, 400_00), (75, 700_00), (100, 800_50))]
    assert house.row(IncentiveVersion, 2).effective_from == date(2026, 11, 25)


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept(house):
    app = opened("sally")
    app.button(key="inp_new").click().run()
    app.text_input(key=key(app, "code")).set_value("X-1")
    app.text_input(key=key(app, "customer_cash.rule.cents")).set_value("a lot").run()
    app.button(key="inp_save").click().run()
    assert "Give a whole number or an amount." in said(app)
    assert app.text_input(key=key(app, "code")).value == "X-1"
    assert house.count(IncentiveProgram) == 0


def test_who_drafted_it_cannot_publish_it(house):
    house.draft(CASH)
    run_as = opened("sally", program=1)
    assert not [b for b in run_as.button if b.key and b.key.endswith("_publish")]
    with reading(house.engine) as session:
        assert session.get_one(IncentiveVersion, 1).username == "sally"
    app = opened("mason", program=1)
    app.button(key="inp_change").click().run()
    app.button(key="inp_save").click().run()
    assert "somebody else publishes it" in said(app)


def test_a_draft_is_thrown_away_with_its_program(house):
    house.draft(CASH)
    app = opened("sally", program=1)
    app.button(key="inp_1_1_discard").click().run()
    assert not app.exception
    assert house.count(IncentiveProgram) == 0
    assert "There is no program yet" in said(app)


def test_a_dealer_reads_what_was_published_and_changes_nothing(house):
    house.publish(STEPS)
    house.draft(CASH)
    app = opened("dora")
    assert list(app.dataframe[0].value["Code"]) == ["STEP-11"]
    assert not [b for b in app.button if b.key in ("inp_new", "inp_change")]
    one = opened("dora", program=1)
    assert "every unit is paid at the tier reached" in said(one)
    assert "$45,000" in list(one.dataframe[0].value["Pays"])
    assert "This program was not found" in said(opened("dora", program=2))
