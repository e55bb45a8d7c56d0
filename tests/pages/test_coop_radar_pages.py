"""The fund expiry radar as each side sees it: reminded from the row, in bulk and in the drawer; read by the dealer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from components import auth
from db.coop.remind_tables import CoopReminder
from db.core.labels import local_day
from db.core.session import engine as process_engine
from db.core.session import reading
from db.people.tables import Notification
from tests.coop.factories import BODY, House
from tests.support.again import begun
from tests.support.users import app_as, make_dealer, open_tab

PAGE = "pages/coop/coop_radar.py"
NOW = datetime.now(UTC)
TODAY = local_day(NOW, "America/New_York")


def said(app: Any) -> str:
    parts = [str(e.value) for kind in ("markdown", "caption", "error", "warning", "title", "toast")
             for e in getattr(app, kind)]  # fmt: skip
    return "\n".join(parts).replace("\\", "")


def reminded() -> list[int]:
    with reading() as session:
        return list(session.scalars(select(CoopReminder.dealer_id).order_by(CoopReminder.dealer_id)))


@pytest.fixture
@begun
def house(app_database: Any) -> House:
    """1,240 of Lone Pine and 500 of Far Away, earned today and lost with the end of next month."""
    body = {**BODY, "code": "COOP", "name": "Local advertising", "year": TODAY.year, "lot_months": 1}
    made = House(process_engine(), earned=0, programme=body)
    made.earn(1_240_00, on=TODAY, now=NOW)
    made.earn(500_00, on=TODAY, dealer=made.other_dealer, now=NOW)
    return made


def opened(who: str, **query: str) -> Any:
    app = app_as(None, page=PAGE)  # the address is typed before anything is drawn
    app.query_params["crd_window"] = "90"
    for key, value in query.items():
        app.query_params[key] = value
    app.session_state[auth.SESSION] = open_tab(process_engine(), who)
    return app.run()


def test_a_coordinator_reminds_from_the_row(house):
    app = opened("cora")
    assert not app.exception
    frame = app.dataframe[0].value
    assert list(frame["Dealer"]) == ["Lone Pine Motors", "Far Away Cars"]
    assert list(frame["Reminded"]) == ["Nobody", "Nobody"]
    assert [m.value for m in app.metric][-1] == "$1,740"
    app.session_state["crd_table"] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    app.run()
    app.button(key="crd_bulk").click().run()
    assert not app.exception
    assert reminded() == sorted([house.dealer, house.other_dealer])
    assert "2 dealers reminded" in said(app)
    assert all("now" in r or "Cora" in r for r in app.dataframe[0].value["Reminded"])


def test_who_is_skipped_is_said_with_the_reason(house):
    empty = make_dealer(process_engine(), code="10000", name="Nobody Home", region="East")
    house.earn(2_000_00, on=TODAY, dealer=empty, now=NOW)
    app = opened("cora")
    app.session_state["crd_table"] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    app.run()
    app.button(key="crd_bulk").click().run()
    assert reminded() == [house.dealer]
    assert "Nobody Home: nobody there has an account" in said(app)


def test_the_drawer_shows_every_day_and_reminds_once(house):
    app = opened("cora")
    app.session_state["crd_open"] = house.dealer
    app.run()
    assert not app.exception
    assert "Nobody reminded this dealer yet" in said(app)
    app.button(key="crd_remind_one").click().run()
    assert reminded() == [house.dealer]
    with reading() as session:
        assert session.scalars(select(Notification.person_id).where(Notification.kind == "coop_expiry")).all() == [
            house.ids["dora"]
        ]
    app.session_state["crd_open"] = house.dealer
    app.run()
    assert "within 90 days, reached 1 person" in said(app)
    app.button(key="crd_remind_one").click().run()
    assert "again after 7 days" in said(app)
    assert reminded() == [house.dealer]


@pytest.mark.parametrize(
    ("who", "sees", "never"), [("dora", "$1,240** expire on", "$500"), ("otto", "$500** expire on", "$1,240")]
)
def test_a_dealer_reads_what_is_lost_when_and_never_of_another(house, who, sees, never):
    app = opened(who, crd_dealer=str(house.dealer), crd_region="East")
    assert not app.exception
    assert sees in said(app)
    everything = said(app) + " ".join(str(m.value) for m in app.metric)
    assert never not in everything
    assert "pays" in said(app)  # the suggestion
    assert not app.dataframe


@pytest.mark.parametrize("who", ["finn", "dora"])
def test_who_may_not_remind_has_no_button_and_the_drawer_of_another_stays_shut(house, who):
    app = opened(who)
    app.session_state["crd_open"] = house.other_dealer
    app.run()
    assert not app.exception
    assert not [b for b in app.button if b.key in ("crd_remind_one", "crd_bulk")]
    if who == "dora":
        assert "Far Away" not in said(app)


def test_filters_in_the_address_narrow_the_list(house):
    app = opened("cora", crd_region="West")
    assert list(app.dataframe[0].value["Dealer"]) == ["Far Away Cars"]
    app = opened("cora", crd_dealer=str(house.dealer))
    assert list(app.dataframe[0].value["Dealer"]) == ["Lone Pine Motors"]
    app = opened("wes")
    assert list(app.dataframe[0].value["Dealer"]) == ["Far Away Cars"]


def test_nothing_that_expires_says_so(app_database):
    House(process_engine(), earned=0)
    app = opened("cora")
    assert "Nothing expires within 90 days" in said(app)
