"""The co-op performance page as a manager, finance and dealer managers see it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from db.core.session import engine as process_engine
from tests.coop.factories import House
from tests.coop.test_figures import tell
from tests.support.clock import hold_clock
from tests.support.users import app_as

PAGE = "pages/coop/coop_figures.py"
CLOCK = datetime(2026, 6, 20, 15, 0, tzinfo=UTC)
OWN = "Lone Pine Motors"


@pytest.fixture
def house(app_database, monkeypatch):
    hold_clock(monkeypatch, CLOCK)
    made = House(process_engine())
    tell(made)
    return made


def opened(who, **state):
    app = app_as(who, page=PAGE)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run() if state else app


def said(app):
    return "\n".join(str(e.value) for e in [*app.markdown, *app.caption, *app.error, *app.warning])


def grids(app):
    return "\n".join(frame.value.to_string() for frame in app.dataframe)


def tile(app, label):
    return next(m.value for m in app.metric if m.label == label)


def test_the_desk_sees_the_network_and_narrows_it(house):
    app = opened("mason")
    assert not app.exception
    assert (tile(app, "Accrued"), tile(app, "Paid"), tile(app, "Used of accrued")) == ("$10,300", "$2,100", "20%")
    assert tile(app, "Claims returned") == "1 of 4"
    assert tile(app, "Expiring in 60 days") == "$300"
    assert {OWN, "Far Away Cars"} <= set(app.dataframe[0].value["Name"])
    assert "Which page" in said(app)
    assert "Finance 9 d" in said(app) or "Finance" in said(app)
    app.session_state["cof_dealer"] = str(house.other_dealer)
    app.run()
    assert not app.exception
    assert (tile(app, "Accrued"), tile(app, "Paid")) == ("$300", "$0")
    assert "Nothing was returned or denied" in said(app)


@pytest.mark.parametrize(
    "state, expected",
    [({"cof_by": "month"}, "May 2026"), ({"cof_by": "medium"}, "Print"), ({"cof_list": "funds"}, "COOP-2026 2026"),
     ({"cof_list": "requests_again"}, "FR-0"), ({"cof_from": "2026-05", "cof_until": "2026-05"}, OWN)],
)  # fmt: skip
def test_what_is_chosen_is_shown(house, state, expected):
    app = opened("finn", **state)
    assert not app.exception
    assert expected in grids(app)


def test_a_dealer_sees_its_own(house):
    app = opened("otto")
    assert not app.exception
    assert (tile(app, "Accrued"), tile(app, "Paid")) == ("$300", "$0")
    assert OWN not in said(app) + grids(app)
    app = opened("otto", cof_dealer=str(house.dealer), cof_list="claims")
    assert not app.exception
    assert tile(app, "Paid") == "$0"
    assert OWN not in said(app) + grids(app)
    app = opened("dora")
    assert tile(app, "Paid") == "$2,100"
    assert "Far Away Cars" not in said(app) + grids(app)


def test_without_anything_it_says_so(app_database):
    House(process_engine(), earned=0)
    app = opened("mason")
    assert not app.exception
    assert "Nothing was accrued, reserved or paid then" in said(app)
    assert "No claim was paid then" in said(app)
