"""The dealers of the network, and the log of what was taken out."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from components.exports import _actor_of
from db.core.permissions import Role
from db.core.problems import Refused
from db.core.session import engine, reading, run
from db.dealers.tables import Dealer
from db.exports import run_export
from tests.support.again import begun
from tests.support.users import NOW, actor_named, app_as, make_dealer, make_person, open_tab

DEALERS, DEALER, LOG = "pages/network/dealers.py", "pages/network/dealer.py", "pages/admin/exports.py"


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    make_person(engine(), "omar", Role.COORDINATOR)
    make_person(engine(), "mia", Role.MANAGER)
    make_person(engine(), "fin", Role.FINANCE)
    return {
        "lone": make_dealer(engine()), "star": make_dealer(engine(), code="0999", name="North Star", region="West"),
    }  # fmt: skip


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.title)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def names(app: Any) -> list[str]:
    return list(app.dataframe[0].value["Dealer"])


def opened(username: str, dealer: int) -> Any:
    app = app_as(username, page=DEALER)
    app.query_params["dealer"] = str(dealer)
    return app.run()


def test_dealers_are_listed_and_narrowed(desk: dict[str, int]):
    app = app_as("omar", page=DEALERS)
    assert not app.exception
    assert names(app) == ["Lone Pine Motors", "North Star"]
    app.selectbox(key="dealer_region").set_value("West").run()
    assert names(app) == ["North Star"]
    app.button(key="dealer_clear").click().run()
    assert len(names(app)) == 2
    app.multiselect(key="dealer_status").set_value(["Terminated"]).run()
    assert "No dealer matches" in written(app)


def test_a_dealers_person_sees_only_their_own(desk: dict[str, int]):
    make_person(engine(), "dana", Role.DEALER_MANAGER)
    assert names(app_as("dana", page=DEALERS)) == ["Lone Pine Motors"]
    assert "This dealer was not found" in written(opened("dana", desk["star"]))


def test_the_map_can_be_drawn(desk: dict[str, int]):
    app = app_as("omar", page=DEALERS)
    app.segmented_control(key="dealer_shape").set_value("map").run()
    assert not app.exception
    assert "Click a state" in written(app)


def test_a_dealer_is_entered_and_a_refusal_keeps_what_was_typed(desk: dict[str, int]):
    app = app_as("omar", page=DEALERS)
    app.button(key="dealer_new").click().run()
    app.text_input(key="dlr_name").set_value("Elm Street Toyota")
    app.text_input(key="dlr_code").set_value("0999").run()
    app.button(key="dealer_save").click().run()
    assert "The code 0999 belongs to another dealer" in written(app)
    assert "The state is needed" in written(app)
    assert app.text_input(key="dlr_name").value == "Elm Street Toyota"
    app.text_input(key="dlr_code").set_value("0777")
    app.selectbox(key="dlr_state").set_value("NJ").run()
    app.button(key="dealer_save").click().run()
    with reading() as session:
        made = session.execute(select(Dealer.name, Dealer.zone, Dealer.status).where(Dealer.code == "0777")).one()
    assert tuple(made) == ("Elm Street Toyota", "America/New_York", "prospect")


def test_a_dealer_is_suspended_only_with_a_reason(desk: dict[str, int]):
    app = opened("omar", desk["star"])
    app.button(key="dealer_change").click().run()
    app.selectbox(key="dlr_status").set_value("suspended").run()
    app.button(key="dealer_save").click().run()
    assert "A reason is needed" in written(app)
    app.text_input(key="dlr_reason").set_value("Showroom closed after a fire").run()
    app.button(key="dealer_save").click().run()
    with reading() as session:
        assert session.get_one(Dealer, desk["star"]).status == "suspended"
    app.query_params["tab"] = "timeline"
    assert "Showroom closed after a fire" in written(app.run())


def test_who_may_not_change_dealers_sees_no_button(desk: dict[str, int]):
    app = opened("fin", desk["lone"])
    assert not app.exception
    assert not [button for button in app.button if button.key in ("dealer_change", "dealer_new")]


# ------------------------------------------------------------------------------------------------ exports
def test_an_export_is_asked_for_its_purpose_where_it_holds_personal_data(desk: dict[str, int]):
    app = app_as("omar", page="pages/leads/board.py")
    assert not app.exception
    button = next(one for one in app.get("download_button") if one.key == "export_leads_go")
    assert button.disabled
    app.text_input(key="export_leads_purpose").set_value("Monthly review").run()
    assert not next(one for one in app.get("download_button") if one.key == "export_leads_go").disabled


def test_the_click_is_served_for_who_is_signed_in_then(desk: dict[str, int]):
    session_id = open_tab(engine(), "omar")
    assert _actor_of(session_id).username == "omar"
    for gone in (None, session_id + 1):
        with pytest.raises(Refused):
            _actor_of(gone)


def test_each_export_stands_in_the_log_with_its_filters(desk: dict[str, int]):
    run(
        run_export, kind="dealers", file_format="csv", filters={"regions": ["West"]}, purpose="Trip to the West",
        actor=actor_named(engine(), "omar"), now=NOW,
    )  # fmt: skip
    app = app_as("mia", page=LOG)
    assert not app.exception
    assert list(app.dataframe[0].value["Purpose"]) == ["Trip to the West"]
    app.session_state["exports_table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    assert "West" in str(app.table[0].value)
    app.text_input(key="ex_person").set_value("nobody").run()
    assert "No export matches" in written(app)


def test_the_log_is_not_for_everybody(desk: dict[str, int]):
    assert "You have no access to this page" in written(app_as("omar", page=LOG))
