"""The dictionary of metrics as its readers see it: found, opened, shared by its address, taken out."""

from __future__ import annotations

import pytest

from db import catalog
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import engine as process_engine
from db.core.session import reading, run
from db.exports import run_export
from db.reports.catalogue_queries import get_metric, list_metrics, measure
from tests.leads.factories import NOW, lead_at, make_network, receive
from tests.support.users import actor_named, app_as, make_people

PAGE = "pages/reports/metric_catalogue.py"


def names(app):
    return app.session_state["met_names"]


def words_of(app):
    return " ".join(str(part.value) for part in (*app.markdown, *app.caption))


def test_everybody_reads_the_metrics_of_the_pages_they_may_open(app_database):
    make_people(process_engine())
    for who in ("manager", "finance", "dealer_staff"):
        app = app_as(who, page=PAGE)
        assert not app.exception, who
        actor = actor_named(process_engine(), who)
        assert names(app) == [m.definition.name for m in catalog.all_metrics() if actor.can(m.permission)], who
    assert "claim_cost" not in names(app)  # dealer staff
    assert {m.definition.name for m in catalog.all_metrics()} == set(names(app_as("manager", page=PAGE)))


def test_found_by_words_area_and_owner(app_database):
    make_people(process_engine())
    app = app_as("manager", page=PAGE)
    app.text_input(key="met_text").set_value("CLOSE rate sold fell").run()
    assert names(app) == ["close_rate"]
    app.text_input(key="met_text").set_value("nobody ever counted this").run()
    assert "No metric has these words" in words_of(app)
    app.button(key="met_clear").click().run()
    app.selectbox(key="met_area").set_value("coop").run()
    app.selectbox(key="met_owner").set_value("Finance").run()
    assert set(names(app)) == {"coop_accrued", "coop_paid", "coop_expired", "coop_pay_time", "coop_pay_p90"}
    assert not app.exception


def test_an_address_opens_its_metric_with_its_value_and_one_of_another_role_does_not(app_database):
    make_people(process_engine())
    app = app_as("manager", page=PAGE)
    app.query_params["metric"] = "close_rate"
    app.run()
    assert not app.exception
    drawn = " ".join(str(cell) for found in app.table for cell in found.value.to_numpy().ravel())
    for said in ("Sold ÷ valid leads", "Valid leads that were sold", "Sales operations", "close\\_rate"):
        assert said in drawn
    assert app.metric[0].value == "–"  # no lead at all
    app = app_as("dealer_staff", page=PAGE)
    app.query_params["metric"] = "claim_cost"
    app.run()
    assert not app.exception
    assert [e.value for e in app.error] == ["This metric was not found."]
    assert not app.metric


@pytest.fixture
def network(sqlite_engine):
    return make_network(sqlite_engine)


def test_a_value_is_of_the_readers_dealers_and_split_by_region(sqlite_engine, network):
    lead_at(sqlite_engine, "delivered", network)
    receive(sqlite_engine, dealer_id=network.west, name="Wes West")
    with reading(sqlite_engine) as session:
        found = measure(session, name="received", actor=network.manager, now=NOW)
        assert found.whole.value == 2
        assert {part.label: part.value for part in found.parts} == {"East": 1, "West": 1}
        assert (found.split, found.left_out) == ("region", 0)
        own = measure(session, name="received", actor=network.dealer_manager, now=NOW)
        assert (own.whole.value, [part.label for part in own.parts]) == (1, ["East"])
        assert measure(session, name="pipeline_open", actor=network.manager, now=NOW).first is None


def test_every_metric_can_be_measured_on_an_empty_desk(sqlite_engine):
    make_people(sqlite_engine)
    manager = actor_named(sqlite_engine, "manager")
    with reading(sqlite_engine) as session:
        for row in list_metrics(actor=manager):
            found = measure(session, name=row.name, actor=manager, now=NOW)
            assert not found.whole.value, row.name


def test_a_metric_of_another_role_is_not_found(sqlite_engine, network):
    with pytest.raises(NotFound):
        get_metric("claim_cost", actor=network.south_staff)
    with pytest.raises(NotFound), reading(sqlite_engine) as session:
        measure(session, name="no_such", actor=network.manager, now=NOW)
    assert not network.south_staff.can(Permission.CLAIMS_PERFORMANCE)


def test_the_export_holds_what_the_page_shows(sqlite_engine):
    make_people(sqlite_engine)
    manager = actor_named(sqlite_engine, "manager")
    made = run(
        run_export, bind=sqlite_engine, kind="metrics", file_format="csv", actor=manager, now=NOW,
        filters={"area": "surveys", "text": "nps"},
    )  # fmt: skip
    lines = made.content.decode("utf-8-sig").splitlines()
    assert made.row_count == 1
    assert lines[1].startswith("nps,Net promoter score (NPS),")
    assert "Customer experience" in lines[1]
