"""Dealer pipelines as a coordinator, a sales leader and a dealer's manager see them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.areas.pipeline_charts import money
from db.core.permissions import Role
from db.core.session import engine
from tests.leads.factories import lead_at, make_network, step
from tests.pages.test_network_pages import written
from tests.support.again import begun
from tests.support.users import app_as, make_dealer, make_person

# The page counts days up to the present, whenever the tests run.
AGO = datetime.now(UTC) - timedelta(days=4)
PAGE = "pages/network/pipeline.py"
STAGES = ("contacted", "contacted", "qualified", "negotiation", "sold", "nurture")


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    """Two dealers, each with leads at several stages, and a person of each kind."""
    network = make_network(engine())
    lone = make_dealer(engine())
    make_person(engine(), "omar", Role.COORDINATOR)
    make_person(engine(), "lena", Role.SALES_LEADER)
    make_person(engine(), "dana", Role.DEALER_MANAGER, dealer_ids=[network.south], scope_kind="dealers")
    make_person(engine(), "devi", Role.DEALER_STAFF)
    made = {"north": network.north, "south": network.south, "lone": lone}
    for stage in STAGES:
        made[stage] = lead_at(engine(), stage, network, now=AGO, name="Rita Roe", value_cents=2_000_000)
    theirs = lead_at(engine(), "contacted", network, now=AGO, name="Sven South", value_cents=None)
    step(engine(), "assign", theirs, actor=network.coordinator, now=AGO, dealer_id=network.south, note="Closer")
    return made | {"theirs": theirs}


def frame(app: Any, column: str) -> Any:
    """The table that has a column."""
    return next(one.value for one in app.dataframe if column in one.value.columns)


def metrics(app: Any) -> dict[str, str]:
    return {m.label: m.value for m in app.metric}


def test_the_tiles_the_bars_and_the_list_say_the_same(desk: dict[str, int]):
    app = app_as("omar", page=PAGE)
    assert not app.exception
    shown = metrics(app)
    assert (shown["Open leads"], shown["Open value"], shown["Sold, not delivered"]) == ("5", "$80k", "1")
    assert shown["Weighted value"] == "–", "nothing is settled that could weigh"
    leads = frame(app, "Lead")
    assert len(leads) == 5
    assert "1–5 of 5" in written(app)
    assert sorted(s[0] for s in leads["Stage"]) == ["Assigned", "Contacted", "Contacted", "Negotiation", "Qualified"]
    assert sum(v == "$20,000" for v in leads["Value"]) == 4
    assert "1 lead without value" in written(app)
    assert "1 nurture" in written(app)


@pytest.mark.parametrize(
    "key, selection, stages",
    [
        ("pipe_bars_count", {"pick": [{"name": "contacted"}]}, ["Contacted", "Contacted"]),
        ("pipe_bars_count", {"pick": [{"name": "sold"}]}, ["Sold"]),
        ("pipe_ages", {"cell": [{"name": "negotiation", "bucket": "d3"}]}, ["Negotiation"]),
        ("pipe_ages", {"cell": [{"name": "negotiation", "bucket": "d0"}]}, []),
    ],
)
def test_a_click_on_a_chart_shows_exactly_what_it_counted(
    desk: dict[str, int], key: str, selection: dict[str, Any], stages: list[str]
):
    app = app_as("omar", page=PAGE)
    app.session_state[key] = {"selection": selection}
    app.run()
    assert not app.exception
    if not stages:
        assert "No open lead matches" in written(app)
        return
    assert [s[0] for s in frame(app, "Lead")["Stage"]] == stages
    assert f"1–{len(stages)} of {len(stages)}" in written(app)
    app.button(key="pipe_all").click().run()
    assert "1–5 of 5" in written(app)


def test_a_dealer_of_the_list_is_opened_with_its_own_leads(desk: dict[str, int]):
    app = app_as("omar", page=PAGE)
    app.segmented_control(key="pipe_view").set_value("dealers").run()
    assert not app.exception
    rows = frame(app, "Converted").set_index("Dealer")
    assert list(rows.index) == ["North Motors", "South Motors"]
    assert rows.loc["North Motors", "contacted"] == "2 · $40k"
    assert (rows.loc["North Motors", "Open"], rows.loc["North Motors", "Value"]) == (4, "$80k")
    assert (rows.loc["South Motors", "Value"], rows.loc["South Motors", "Converted"]) == ("–", "0 of 1")
    assert rows.loc["North Motors", "Converted"] == "1 of 6"
    for sort in ("value", "weighted", "conversion", "median", "stale", "name"):
        app.selectbox(key="pipe_sort").set_value(sort).run()
        assert not app.exception, sort
    app.session_state["pipe_dealer_click"] = None
    app.selectbox(key="pipe_dealer").set_value(str(desk["south"])).run()
    app.segmented_control(key="pipe_view").set_value("network").run()
    assert not app.exception
    assert metrics(app)["Open leads"] == "1"
    assert "Dealer" not in frame(app, "Lead").columns
    app.button(key="pipe_clear").click().run()
    assert metrics(app)["Open leads"] == "5"


def test_a_desk_without_leads_says_so(app_database: str):
    make_network(engine())
    make_person(engine(), "omar", Role.COORDINATOR)
    app = app_as("omar", page=PAGE)
    assert not app.exception
    assert "No lead is open with these filters" in written(app)
    assert "No lead was received in these months" in written(app)
    assert (metrics(app)["Open leads"], metrics(app)["Open value"], metrics(app)["Stale"]) == ("0", "–", "–")
    app.segmented_control(key="pipe_view").set_value("dealers").run()
    assert "No dealer has leads with these filters" in written(app)


def test_cards_stand_by_stage_and_stale_ones_can_be_asked_for(desk: dict[str, int]):
    app = app_as("omar", page=PAGE)
    app.segmented_control(key="pipe_shape").set_value("cards").run()
    assert not app.exception
    assert "**Negotiation** :gray[1]" in written(app)
    app.segmented_control(key="pipe_shape").set_value("list").run()
    assert metrics(app)["Stale"] == "1 of 5"
    app.segmented_control(key="pipe_leads").set_value("stale").run()
    assert [s[0] for s in frame(app, "Lead")["Stage"]] == ["Assigned"], "three days are too long only for new leads"
    assert "1–1 of 1" in written(app)


def test_names_are_hidden_where_they_are_not_needed(desk: dict[str, int]):
    app = app_as("lena", page=PAGE)
    assert not app.exception
    assert set(frame(app, "Lead")["Customer"]) == {"R. R.", "S. S."}
    assert set(frame(app_as("omar", page=PAGE), "Lead")["Customer"]) == {"Rita Roe", "Sven South"}
    app.segmented_control(key="pipe_shape").set_value("cards").run()
    assert "Rita" not in written(app)


def test_a_dealers_manager_sees_their_own_and_no_name_of_another(desk: dict[str, int]):
    app = app_as("dana", page=PAGE)
    assert not app.exception
    assert metrics(app)["Open leads"] == "1"
    assert list(frame(app, "Lead")["Customer"]) == ["Sven South"]
    assert "pipe_view" not in [c.key for c in app.segmented_control]
    assert "North" not in written(app) + str([d.value.to_dict() for d in app.dataframe])
    app = app_as("dana", page=PAGE)
    app.query_params["pipe_dealer"] = str(desk["north"])
    app.run()
    assert metrics(app)["Open leads"] == "1", "another dealer's number in the address changes nothing"


def test_the_strip_of_a_dealer_says_what_the_page_says(desk: dict[str, int], monkeypatch: pytest.MonkeyPatch):
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    # A strip alone has no pages to link to; set back afterwards, or no page of a later test has links.
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)
    script = f"""
from components.areas.pipeline import draw_dealer_pipeline
from db.core.session import engine, reading
from db.dealers.queries import get_dealer
from tests.support.users import actor_named
actor = actor_named(engine(), "omar")
with reading() as session:
    dealer = get_dealer(session, dealer_id={desk["north"]}, scope=actor.scope)
draw_dealer_pipeline(dealer, actor)
"""
    app = AppTest.from_string(script).run()
    assert not app.exception
    assert (metrics(app)["Open leads"], metrics(app)["Open value"]) == ("4", "$80k")
    assert "Contacted 2 · $40k" in written(app)


@pytest.mark.parametrize(
    "cents, long, short",
    [
        (None, "–", "–"), (0, "$0", "$0"), (99_949, "$999", "$999"), (99_950, "$1,000", "$1k"),
        (3_450_050, "$34,501", "$35k"), (99_949_999, "$999,500", "$1.0M"), (123_456_789_00, "$123,456,789", "$123.5M"),
    ],
)  # fmt: skip
def test_money_reads_as_people_write_it(cents: int | None, long: str, short: str):
    assert (money(cents), money(cents, short=True)) == (long, short)
