"""Overview and Scorecard as a manager, a coordinator of a region, and dealer managers see them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from db.core.permissions import Role
from db.core.session import engine, reading, run, writing
from db.reports.saved_commands import keep_view
from db.reports.saved_queries import get_report
from tests.leads.factories import Network, lead_at, make_dealer, make_network, receive
from tests.support import users
from tests.support.clock import hold_clock
from tests.support.users import app_as, make_person

CLOCK = datetime(2026, 7, 10, 15, 0, tzinfo=UTC)
OVERVIEW, SCORECARD = "pages/reports/overview.py", "pages/reports/scorecard.py"
BUILDER = "pages/reports/report_builder.py"


@pytest.fixture
def network(app_database, monkeypatch) -> Network:
    """Six dealers in the East with ten leads of June each, North with three more; one in the West with two."""
    hold_clock(monkeypatch, CLOCK)
    made = make_network(engine())
    with writing(engine(), keeps_timeline=False) as session:
        others = [make_dealer(session, f"0090{n}", f"Other {n}").id for n in range(4)]
    for dealer_id in [made.north, made.south, *others]:
        for _ in range(10):
            receive(engine(), dealer_id=dealer_id)
    for _ in range(3):
        lead_at(engine(), "contacted", made)
    receive(engine(), dealer_id=made.west)
    receive(engine(), dealer_id=made.west)
    make_person(engine(), "mason", Role.MANAGER)
    make_person(engine(), "colin", Role.COORDINATOR, scope_kind="regions", regions=["West"])
    make_person(engine(), "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[made.north])
    make_person(engine(), "drew", Role.DEALER_STAFF, scope_kind="dealers", dealer_ids=[made.north])
    return made


def opened(who: str, page: str, **state):
    app = app_as(who, page=page)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run() if state else app


def tile(app, label: str) -> str:
    return next(m.value for m in app.metric if m.label == label)


def said(app) -> str:
    return "\n".join(str(e.value) for e in [*app.markdown, *app.caption])


def grids(app) -> str:
    return "\n".join(frame.value.to_string() for frame in app.dataframe)


def drawn(app) -> str:
    """Everything of the page a person could read, charts too."""
    return said(app) + grids(app) + "\n".join(str(chart.proto) for chart in app.get("vega_lite_chart"))


def test_leadership_sees_the_network_and_narrows_it(network: Network):
    app = opened("mason", OVERVIEW, ovw_period="last")
    assert not app.exception
    assert (tile(app, "Leads"), tile(app, "Conversion")) == ("65", "0.0%")
    assert "**Jun 2026**, beside May 2026 and Jun 2025." in said(app)
    assert {"North Motors (00101)", "West Motors (00201)"} <= set(app.dataframe[0].value["Dealer"])
    app.session_state["ovw_region"] = "West"
    app.run()
    assert not app.exception
    assert tile(app, "Leads") == "2"
    assert tile(app, "Conversion") == "0 of 2"
    assert "Fewer than ten" in said(app)
    assert list(app.dataframe[0].value["Dealer"]) == ["West Motors (00201)"]


def test_a_click_on_a_region_narrows_the_page_and_a_second_one_takes_it_back(network: Network):
    app = opened("mason", OVERVIEW, ovw_period="last")
    app.session_state["ovw_regions_bars_received_0"] = {"selection": {"pick": [{"region": "West"}]}}
    app.run()
    assert not app.exception
    assert (app.session_state["ovw_region"], tile(app, "Leads")) == ("West", "2")
    app.session_state["ovw_regions_bars_received_0"] = {"selection": {"pick": []}}
    app.run()
    assert (app.session_state["ovw_region"], tile(app, "Leads")) == ("", "65")
    app.session_state["ovw_regions_bars_received_0"] = {"selection": {"pick": [{"region": "West"}]}}
    app.run()
    app.button(key="ovw_clear").click().run()
    assert not app.exception
    assert tile(app, "Leads") == "65"
    app.session_state["ovw_regions_bars_received_1"] = {"selection": {"pick": [{"region": "West"}]}}
    app.run()
    assert tile(app, "Leads") == "2", "the same bar can be clicked again"


def click_on(app, shape: str, *regions: str):
    """What the browser sends: every region that is selected in the chart after the click."""
    chosen = [{"region": region} for region in regions]
    app.session_state[f"ovw_regions_{shape}_received_0"] = {"selection": {"pick": chosen}}
    return app.run()


def test_the_region_that_came_or_went_with_the_click_is_what_counts(network: Network):
    app = opened("mason", OVERVIEW, ovw_period="last", ovw_places="map")
    assert "Map: Leads by region" in "".join(str(chart.proto) for chart in app.get("vega_lite_chart"))
    for selected, region in (
        (("West",), "West"), (("West", "East"), "East"), (("East",), "West"), (("East", "West"), ""), ((), ""),
    ):  # fmt: skip
        click_on(app, "map", *selected)
        assert not app.exception
        assert app.session_state["ovw_region"] == region, selected


def test_a_region_of_the_address_is_taken_back_by_a_click_on_it(network: Network):
    app = opened("mason", OVERVIEW, ovw_period="last", ovw_region="West")
    click_on(app, "bars", "West")
    assert (app.session_state["ovw_region"], tile(app, "Leads")) == ("", "65")


def brush(app, *months: str, turn: int = 0):
    app.session_state[f"ovw_trend_received_{turn}"] = {"selection": {"brush": {"key": list(months)}}}
    return app.run()


def test_months_that_are_dragged_over_become_the_period_and_give_way_again(network: Network):
    app = opened("mason", OVERVIEW, ovw_period="12")
    assert tile(app, "Leads") == "65"
    brush(app, "2026-04", "2026-05")
    assert not app.exception
    assert "**Apr to May 2026**, beside Feb to Mar 2026 and Apr to May 2025." in said(app)
    assert (app.session_state["ovw_period"], app.session_state["ovw_from"]) == ("own", "2026-04")
    assert tile(app, "Leads") == "0"
    assert {name: app.query_params[name] for name in ("ovw_from", "ovw_until")} == {
        "ovw_from": "2026-04", "ovw_until": "2026-05",
    }  # fmt: skip
    brush(app, "2026-06")
    assert ("**Jun 2026**" in said(app), tile(app, "Leads")) == (True, "65")
    brush(app)
    assert app.session_state["ovw_period"] == "12", "a brush taken away brings back what was there"
    brush(app, "2026-06")
    app.session_state["ovw_period"] = "month"
    app.run()
    assert app.session_state["_ovw_brush_turn"] == 1, "another period than the brushed one draws the chart anew"
    assert "**1 Jul to 10 Jul 2026**" in said(app)
    brush(app, "2026-05", turn=1)
    assert "**May 2026**" in said(app)


def test_a_view_is_kept_and_opened_by_its_link_and_by_its_name(network: Network):
    app = opened("mason", OVERVIEW, ovw_period="last", ovw_region="West")
    app.session_state["ovw_name"] = "West, as it was"
    app.session_state["ovw_keep_popup"] = True
    app.run()
    app.toggle(key="ovw_fixed").set_value(True)
    app.button(key="ovw_save").click().run()
    assert not app.exception
    assert [one.value for one in app.toast] == ["The view was saved: /overview?view=1"]
    app.session_state["ovw_region"] = ""
    app.session_state["ovw_period"] = "12"
    app.run()
    assert tile(app, "Leads") == "65"
    app.button(key="ovw_view_1").click().run()
    assert (tile(app, "Leads"), app.session_state["ovw_from"]) == ("2", "2026-06")
    other = app_as("mason", page=OVERVIEW)
    other.query_params["view"] = "1"
    other.run()
    assert not other.exception
    assert (tile(other, "Leads"), other.session_state["ovw_region"]) == ("2", "West")
    assert "view" not in other.query_params
    stranger = app_as("colin", page=OVERVIEW)
    stranger.query_params["view"] = "1"
    stranger.run()
    assert [one.value for one in stranger.warning] == [
        "This view is not here any more, or it is not shared with you."
    ]  # fmt: skip


def test_a_view_stands_among_the_kept_reports_and_opens_its_own_page(network: Network):
    view: dict[str, Any] = {"page": "overview", "name": "The West", "query": {"ovw_region": ["West"]}, "shared": "me"}
    leader = users.actor_named(engine(), "mason")
    kept = run(keep_view, bind=engine(), **view, form_key=None, actor=leader, now=CLOCK)
    app = opened("mason", BUILDER, rb_view="kept")
    assert list(app.dataframe[0].value["What"]) == ["Overview, West"]
    with reading() as session:
        app.session_state["_rs_to"] = get_report(session, report_id=kept, actor=leader)
    app.run()
    assert not app.exception
    assert (app.title[0].value, app.session_state["ovw_region"]) == (":material/space_dashboard: Overview", "West")
    app = app_as("mason", page=BUILDER)
    app.query_params["report"] = str(kept)
    app.run()
    assert (app.title[0].value, tile(app, "Leads")) == (":material/space_dashboard: Overview", "2")
    app = opened("mason", BUILDER, rb_view="kept", rs_open=kept)
    assert "Send it by mail" not in said(app)
    assert "Who may open it" in [radio.label for radio in app.radio]


def test_a_view_without_a_name_is_refused_where_it_was_typed(network: Network):
    app = opened("mason", OVERVIEW, ovw_keep_popup=True)
    app.button(key="ovw_save").click().run()
    assert "The name" in said(app)
    assert not app.toast


def test_the_way_to_the_area_takes_the_filters_along(network: Network):
    app = opened("mason", OVERVIEW, ovw_period="last", ovw_region="West", ovw_dealer=str(network.west))
    links = {link.proto.page: link.proto.query_string for link in app.main.get("page_link")}
    assert f"perf_dealer={network.west}" in links["performance"]
    assert "perf_region=West" in links["performance"]
    assert "cof_from=2026-06" in links["coop_figures"]
    assert "incf_until=2026-06" in links["incentive_figures"]


@pytest.mark.parametrize("measure", ["response_sla", "won_value", "csi", "claims_sent", "coop_utilisation"])
def test_every_figure_has_its_charts(network: Network, measure: str):
    app = opened("mason", OVERVIEW, ovw_period="last", ovw_measure=measure)
    assert not app.exception


@pytest.mark.parametrize("page", [OVERVIEW, SCORECARD])
@pytest.mark.parametrize(
    "who, own, others",
    [
        ("dora", "North Motors", ("South Motors", "West Motors", "Other 0", "00102", "00900")),
        ("colin", "West Motors", ("South Motors", "North Motors", "Other 0", "00102", "00900")),
    ],
)
def test_nobody_reads_the_numbers_of_other_dealers(network: Network, page: str, who: str, own: str, others: tuple):
    app = opened(who, page)
    assert not app.exception
    text = drawn(app)
    assert own in text
    assert [name for name in others if name in text] == []


def test_staff_of_a_dealer_have_neither_page(network: Network):
    for page in (OVERVIEW, SCORECARD):
        assert "You have no access to this page" in said(opened("drew", page))


def test_the_scorecard_shows_one_dealer_beside_its_peers(network: Network):
    app = opened("mason", SCORECARD, scd_period="last")
    assert not app.exception
    assert "7 dealers" in said(app)
    app.session_state["scd_grid_0"] = {"selection": {"pick": [{"dealer": "South Motors (00102)"}]}}
    app.run()
    assert "**South Motors**" in said(app)
    contact = app.dataframe[0].value.set_index("Metric").loc["Contact rate"]
    assert (contact["Value"], contact["Median"], contact["Peers"]) == ("0.0%", "0.0%", "Dealers in East")
    assert (contact["Place"], contact["Beside"]) == ("2 of 6", ["Median or better"])


def test_a_dealer_manager_sees_the_median_of_the_others(network: Network):
    app = opened("dora", SCORECARD, scd_period="last")
    assert "**North Motors**" in said(app)
    contact = app.dataframe[0].value.set_index("Metric").loc["Contact rate"]
    assert (contact["Value"], contact["Median"], contact["Peers"]) == ("23.1%", "0.0%", "Dealers in East")
    assert contact["Place"] == "1 of 6"


def test_metrics_and_order_are_chosen(network: Network):
    app = opened("mason", SCORECARD, scd_period="last", scd_metrics=["Contact rate", "CSI"], scd_by="contact_rate")
    assert not app.exception
    assert list(app.dataframe[0].value["Metric"]) == ["Contact rate", "CSI"]
    assert "West Motors" not in said(app), "two leads are too few: the West stands last"
