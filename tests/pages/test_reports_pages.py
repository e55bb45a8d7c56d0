"""Overview and Scorecard as a manager, a coordinator of a region, and dealer managers see them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from db.core.permissions import Role
from db.core.session import engine, writing
from tests.leads.factories import Network, lead_at, make_dealer, make_network, receive
from tests.support import users
from tests.support.users import app_as, make_person

CLOCK = datetime(2026, 7, 10, 15, 0, tzinfo=UTC)
OVERVIEW, SCORECARD = "pages/reports/overview.py", "pages/reports/scorecard.py"


@pytest.fixture
def network(app_database, monkeypatch) -> Network:
    """Six dealers in the East with ten leads of June each, North with three more; one in the West with two."""
    monkeypatch.setenv("ALLOW_CLOCK", "1")
    monkeypatch.setenv("DEALER_NOW", CLOCK.isoformat())
    monkeypatch.setattr(users, "open_tab", partial(users.open_tab, now=CLOCK))
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
