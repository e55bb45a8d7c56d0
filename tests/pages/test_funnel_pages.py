"""The Funnel page as people use it: the ladder, won business, costs, spend entered and corrected; and the real sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.core.permissions import Role
from db.core.session import engine, reading, run
from db.marketing.commands import enter_spend
from db.marketing.queries import list_spend
from seed.real import Desk
from tests.leads.factories import lead_at, make_network
from tests.pages.test_network_pages import written
from tests.support.again import begun
from tests.support.paths import SHARED_DATA, shared
from tests.support.users import actor_named, app_as, make_dealer, make_person

AGO = datetime.now(UTC) - timedelta(days=4)
PAGE = "pages/crm/funnel.py"


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    network = make_network(engine())
    make_dealer(engine())
    make_person(engine(), "omar", Role.COORDINATOR)
    make_person(engine(), "dana", Role.DEALER_MANAGER, dealer_ids=[network.south], scope_kind="dealers")
    make_person(engine(), "lena", Role.SALES_LEADER)
    for stage in ("contacted", "appointment_set", "sold"):
        lead_at(engine(), stage, network, now=AGO, name="Rita Roe")
    omar = actor_named(engine(), "omar")
    run(enter_spend, bind=engine(), source="autosite", month=AGO.date(), cents=90_000, actor=omar, now=AGO)
    run(enter_spend, bind=engine(), source="radio", month=AGO.date(), cents=12_300, actor=omar, now=AGO)
    return {"north": network.north, "south": network.south}


def shown(app: Any) -> dict[str, str]:
    return {m.label: m.value for m in app.metric}


def go(app: Any, view: str) -> Any:
    app.segmented_control(key="fun_view").set_value(view).run()
    assert not app.exception
    return app


def test_the_ladder_and_the_leads_behind_it(desk: dict[str, int]):
    app = app_as("omar", page=PAGE)
    assert not app.exception
    assert shown(app)["Close rate"] == "33.3%"
    assert "Cohort: leads received from" in written(app)
    steps = app.dataframe[0].value
    assert list(steps["Leads"]) == [3, 3, 3, 0, 1, 0, 0, 1]
    assert "1–3 of 3" in written(app)
    app.session_state["fun_ladder"] = {"selection": {"pick": [{"name": "sold"}]}}
    app.run()
    assert "1–1 of 1" in written(app)
    for by in ("month", "region", "source", "dealer", "person"):
        app.segmented_control(key="fun_by").set_value(by).run()
        assert not app.exception, by
        assert app.dataframe[1].value["Received"].sum() == 3, by


def test_won_business_costs_and_who_comes_back(desk: dict[str, int]):
    app = go(app_as("lena", page=PAGE), "won")
    found = shown(app)
    assert (found["Won"], found["Won value"], found["Win rate"]) == ("1", "$34,500", "100.0%")
    assert "not the cohort" in written(app)
    for by in ("region", "source", "product", "dealer", "person"):
        app.segmented_control(key="fun_won_by").set_value(by).run()
        assert not app.exception, by
    go(app, "costs")
    found = shown(app)
    assert (found["Marketing spend"], found["Cost per lead"], found["Cost per sale"]) == ("$1,023", "$341", "$1,023")
    assert any("radio" in one.value for one in app.warning), "spend without a lead"
    assert "No purchase is known" in written(go(app, "back"))
    assert not [b for b in go(app, "spend").button if b.key == "spend_save"], "a sales leader enters nothing"


def test_spend_is_entered_and_corrected(desk: dict[str, int]):
    app = go(app_as("omar", page=PAGE), "spend")
    app.button(key="spend_save").click().run()
    assert "The source is needed" in written(app) or "is needed" in written(app)
    app.selectbox(key="spend_source").set_value("autosite")
    app.date_input(key="spend_month").set_value(AGO.date())
    app.text_input(key="spend_cents").set_value("250.50")
    app.button(key="spend_save").click().run()
    assert "already" in written(app), "there is a line for this month"
    app.selectbox(key="spend_place").set_value(f"d:{desk['north']}").run()
    app.button(key="spend_save").click().run()
    assert not app.exception
    with reading() as session:
        lines, _ = list_spend(session, scope=actor_named(engine(), "omar").scope, now=AGO)
    assert sorted(line.cents for line in lines) == [12_300, 25_050, 90_000]
    line = next(one for one in lines if one.cents == 90_000)
    app.session_state["spend_open"] = line.spend_id
    app.run()
    app.text_input(key=f"spend_{line.spend_id}_cents").set_value("800")
    app.button(key=f"spend_{line.spend_id}_save").click().run()
    assert "reason" in written(app).lower()
    app.text_input(key=f"spend_{line.spend_id}_reason").set_value("Credit note")
    app.button(key=f"spend_{line.spend_id}_save").click().run()
    assert not app.exception
    assert "What it said before" in written(app)
    with reading() as session:
        lines, _ = list_spend(session, scope=actor_named(engine(), "omar").scope, now=AGO)
    assert sorted(one.cents for one in lines) == [12_300, 25_050, 80_000]


def test_a_manager_of_another_dealer_sees_nothing_of_it(desk: dict[str, int]):
    app = app_as("dana", page=PAGE)
    assert "No leads were received then" in written(app)
    assert shown(go(app, "won"))["Won"] == "0"
    assert shown(go(app, "costs"))["Marketing spend"] == "–"
    assert "No spend was entered here" in written(go(app, "spend"))


# ------------------------------------------------------------------------------------------------------ the real sets
def real(name: str, *patterns: str) -> Any:
    """The set in the database of this process, and the page over all of its months."""
    shared(name)
    make_person(engine(), "omar", Role.COORDINATOR)
    desk = Desk(engine=engine(), data=SHARED_DATA, now=datetime.now(UTC), answers={}, name=name)
    assert desk.bring_in("leads", desk.files(*patterns), mapping=desk.mapping()).rejected == 0
    app = app_as("omar", page=PAGE)
    app.segmented_control(key="fun_period").set_value("all").run()
    assert not app.exception
    return app


@pytest.mark.slow
def test_the_page_shows_the_published_funnel_of_the_marketplace(app_database: str):
    app = real("olist_funnel", "*.csv")
    steps = app.dataframe[0].value
    counts = dict(zip(steps["Rung"], steps["Leads"], strict=True))
    assert (counts["Received"], counts["Sold"]) == (8_000, 842)
    assert "842 of 8,000" in written(app)
    assert shown(app)["Close rate"] == "10.5%"
    by_source = app.dataframe[1].value.set_index("Source")
    assert by_source.loc["organic_search", ["Received", "Sold"]].tolist() == [2_296, 271]
    assert shown(go(app, "won"))["Won"] == "842"


@pytest.mark.slow
def test_the_page_shows_the_published_sales_of_the_hardware_maker(app_database: str):
    app = go(real("crm_sales", "sales_pipeline.csv", "sales_teams.csv"), "won")
    found = shown(app)
    assert (found["Won"], found["Won value"], found["Win rate"]) == ("4,238", "$10,005,534", "63.2%")
    quarters = app.dataframe[0].value.set_index("Quarter")
    assert quarters.loc["2017Q2", "Value"] == "$3,086,111"
    regions = app.dataframe[1].value.set_index("Region")
    assert regions.loc["West", "Value"] == "$3,568,647"
