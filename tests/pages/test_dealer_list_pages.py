"""The dealer list as people use it: health and its reasons, groups, gaps, many changed together, people of a dealer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from components.areas import dealer_health
from components.areas.dealer_health import overview
from db.core.actor import Scope
from db.core.area import Signal
from db.core.permissions import Role
from db.core.session import engine, reading, run
from db.dealers.group_commands import add_group
from db.dealers.people_commands import add_contact
from db.dealers.tables import Dealer, DealerContact, DealerGroup
from tests.dealers.examples import ADMIN
from tests.pages.test_network_pages import names, written
from tests.support.core import actor
from tests.support.users import NOW, app_as, make_dealer, make_person

DEALERS = "pages/network/dealers.py"


@pytest.fixture
def desk(app_database: str, only) -> dict[str, int]:
    only("people", "dealers", "leads", "imports")  # who else has something to say is not the list's concern
    dealer_health._overview.clear()
    ids = {
        "lone": make_dealer(engine()),
        "star": make_dealer(engine(), code="0999", name="North Star", region="West"),
        "oak": make_dealer(engine(), code="0500", name="Oak Motors"),
    }
    make_person(engine(), "omar", Role.COORDINATOR)
    make_person(engine(), "fin", Role.FINANCE)
    make_person(engine(), "dana", Role.DEALER_MANAGER, dealer_ids=[ids["lone"]])
    add_person(ids["lone"], "Pat Lee", is_primary=True)
    add_person(ids["oak"], "Kim Ode")
    return ids


def add_person(dealer_id: int, name: str, **other: Any) -> int:
    return run(
        add_contact, bind=engine(), dealer_id=dealer_id, name=name, role="principal", actor=ADMIN, now=NOW, **other
    )


def shown(app: Any) -> dict[str, str]:
    """Health by dealer, as the table shows it."""
    table = app.dataframe[0].value
    return {name: "".join(pill) for name, pill in zip(table["Dealer"], table["Health"], strict=True)}


def values(model: Any, column: Any) -> list[Any]:
    with reading() as session:
        return list(session.scalars(select(column).order_by(model.id)))


# ---------------------------------------------------------------------------------------------------- health
def test_health_is_shown_with_its_reasons_and_narrows_the_list(desk: dict[str, int]):
    app = app_as("omar", page=DEALERS)
    assert not app.exception
    assert shown(app) == {"Lone Pine Motors": "Good", "North Star": "Watch", "Oak Motors": "Good"}
    assert list(app.dataframe[0].value["Why"]) == ["", "Nobody of this dealer is on file", ""]
    assert "1 to watch" in written(app)
    app.selectbox(key="dealer_health").set_value("watch").run()
    assert names(app) == ["North Star"]
    app.selectbox(key="dealer_health").set_value("risk").run()
    assert "No dealer matches" in written(app)
    app.button(key="dealer_clear").click().run()
    app.selectbox(key="dealer_health").set_value("good").run()
    assert names(app) == ["Lone Pine Motors", "Oak Motors"]


def test_a_change_is_seen_at_the_next_click(desk: dict[str, int]):
    app = app_as("omar", page=DEALERS)
    add_person(desk["star"], "Joe Fox")
    app.run()
    assert shown(app)["North Star"] == "Good"


def test_the_overview_is_made_once_and_never_shared_across_scopes_or_roles(
    desk: dict[str, int], monkeypatch: pytest.MonkeyPatch
):
    asked = []

    def signals(session: Any, *, actor: Any, now: datetime) -> dict[int, list[Signal]]:
        asked.append((actor.role, actor.scope))
        seen = desk.values() if actor.scope.is_all else actor.scope.dealer_ids
        return {number: [Signal(level="risk", sentence=f"For {actor.role}")] for number in seen}

    monkeypatch.setattr(dealer_health.catalog, "dealer_signals", signals)
    at = datetime(2026, 11, 22, 15, 0, 10, tzinfo=UTC)
    own = actor(Role.DEALER_MANAGER, scope=Scope("dealers", dealer_ids=frozenset({desk["lone"]})))
    other = actor(Role.DEALER_MANAGER, scope=Scope("dealers", dealer_ids=frozenset({desk["oak"]})))
    everybody = [actor(), own, other, actor(Role.FINANCE)]
    for _ in range(2):
        found = [overview(one, at) for one in everybody]
    assert len(asked) == 4, "the second round was answered by the cache"
    assert [set(one.noticed) for one in found] == [
        set(desk.values()),
        {desk["lone"]},
        {desk["oak"]},
        set(desk.values()),
    ]
    assert found[3].noticed[desk["oak"]].reasons == ("For finance",)
    assert found[1].looked_after == {desk["lone"]}
    overview(own, at + timedelta(seconds=40))
    assert len(asked) == 4
    overview(own, at + timedelta(minutes=1))
    assert len(asked) == 5, "a minute later time may have made a difference"
    add_person(desk["star"], "Joe Fox")
    overview(own, at)
    assert len(asked) == 6, "so may any change"


def test_tier_and_last_contact_come_from_their_areas(desk: dict[str, int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        dealer_health, "tiers_on", lambda session, *, scope, on: {desk["star"]: "Gold", desk["oak"]: "Base"}
    )
    monkeypatch.setattr(
        dealer_health,
        "last_contacts",
        lambda session, *, scope: {desk["oak"]: datetime.now(UTC) - timedelta(days=3)},
    )
    app = app_as("omar", page=DEALERS)
    table = app.dataframe[0].value
    assert list(table["Tier"]) == ["–", "Gold", "Base"]
    assert list(table["Last contact"]) == ["–", "–", "3 d ago"]
    app.selectbox(key="dealer_tier").set_value("Gold").run()
    assert names(app) == ["North Star"]
    app.selectbox(key="dealer_health").set_value("good").run()
    assert "No dealer matches" in written(app)


def test_who_may_not_read_contacts_is_told_none(desk: dict[str, int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dealer_health, "last_contacts", lambda *a, **k: pytest.fail("was asked"))
    app = app_as("dana", page=DEALERS)
    assert not app.exception
    assert names(app) == ["Lone Pine Motors"]
    assert written(app).count("watch") == 0
    keys = {button.key for button in app.button}
    assert not keys & {"dealer_bulk_open", "dealer_new"}


# ---------------------------------------------------------------------------------------------------- gaps and groups
def test_a_doubtful_position_can_be_found_after_its_import(desk: dict[str, int]):
    from db.dealers.commands import change_dealer

    run(
        change_dealer, bind=engine(), dealer_id=desk["star"], seen_version=1, actor=ADMIN, now=NOW,
        changes={"latitude": 25.0, "longitude": -80.0},
    )  # fmt: skip
    app = app_as("omar", page=DEALERS)
    app.selectbox(key="dealer_gap").set_value("position").run()
    assert names(app) == ["North Star"]
    assert "State and position disagree" in app.dataframe[0].value["Why"][0]


def test_groups_are_made_renamed_and_shown(desk: dict[str, int]):
    app = app_as("omar", page=DEALERS)
    app.button(key="dealer_groups_open").click().run()
    app.button(key="grp_save").click().run()
    assert "The name is needed" in written(app)
    app.text_input(key="grp_name").set_value("Hendrick").run()
    app.button(key="grp_save").click().run()
    assert values(DealerGroup, DealerGroup.name) == ["Hendrick"]
    assert not app.exception
    with reading() as session:
        version = session.get_one(Dealer, desk["oak"]).version
    from db.dealers.commands import change_dealer

    run(
        change_dealer, bind=engine(), dealer_id=desk["oak"], seen_version=version, changes={"group": "Hendrick"},
        actor=ADMIN, now=NOW,
    )  # fmt: skip
    app = app_as("omar", page=DEALERS)
    app.selectbox(key="dealer_group").set_value("1").run()
    assert names(app) == ["Oak Motors"]
    assert list(app.dataframe[0].value["Group"]) == ["Hendrick"]
    dana = app_as("dana", page=DEALERS)
    assert "Hendrick" not in written(dana)
    assert not [box for box in dana.selectbox if box.key == "dealer_group"]


# ---------------------------------------------------------------------------------------------------- many at once
def opened(username: str = "omar") -> Any:
    app = app_as(username, page=DEALERS)
    app.button(key="dealer_bulk_open").click().run()
    assert not app.exception
    return app


def preview_of(app: Any) -> Any:
    return next(one.value for one in app.dataframe if "Then" in one.value)


def test_the_whole_list_is_changed_after_it_was_shown_old_to_new(desk: dict[str, int]):
    app = opened()
    app.selectbox(key="bulk_field").set_value("lead_cap").run()
    app.number_input(key="bulk_value_lead_cap").set_value(40).run()
    assert list(preview_of(app)["Then"]) == ["40"] * 3
    app.button(key="bulk_go").click().run()
    assert "A reason is needed" in written(app)
    assert values(Dealer, Dealer.lead_cap) == [0, 0, 0]
    app.text_input(key="bulk_reason").set_value("Season").run()
    app.button(key="bulk_go").click().run()
    assert not app.exception
    assert values(Dealer, Dealer.lead_cap) == [40, 40, 40]
    assert "_dealer_bulk" not in app.session_state


def test_the_chosen_rows_are_changed_and_no_others(desk: dict[str, int]):
    app = app_as("omar", page=DEALERS)
    app.session_state["dealers_table"] = {"selection": {"rows": [0, 2], "columns": [], "cells": []}}
    app.run()
    assert app.button(key="dealer_bulk_open").label == "Change 2 dealers"
    app.button(key="dealer_bulk_open").click().run()
    app.selectbox(key="bulk_field").set_value("takes_leads").run()
    app.segmented_control(key="bulk_value_takes_leads").set_value(False).run()
    assert list(preview_of(app)["Dealer"]) == ["Lone Pine Motors", "Oak Motors"]
    app.text_input(key="bulk_reason").set_value("Closed for a week").run()
    app.button(key="bulk_go").click().run()
    assert not app.exception
    assert values(Dealer, Dealer.takes_leads) == [False, True, False]


def test_pasted_lines_with_a_problem_save_nothing_until_they_are_left_out(desk: dict[str, int]):
    app = opened()
    app.segmented_control(key="bulk_source").set_value("paste").run()
    app.text_area(key="bulk_text").set_value("0999\tSouth\n12345\tSouth\n0500\tEast").run()
    found = preview_of(app)
    assert list(found["Problem"]) == ["There is no dealer with this code.", "", "Already so"]
    assert "1 line cannot be taken" in written(app)
    assert app.button(key="bulk_go").disabled
    app.checkbox(key="bulk_leave_out").check().run()
    app.text_input(key="bulk_reason").set_value("Moved").run()
    app.button(key="bulk_go").click().run()
    assert values(Dealer, Dealer.region) == ["East", "South", "East"]


def test_a_sheet_changes_what_it_names(desk: dict[str, int]):
    run(add_group, bind=engine(), name="Hendrick", actor=ADMIN, now=NOW)
    app = opened()
    app.segmented_control(key="bulk_source").set_value("file").run()
    sheet = b"Code,Group,Takes leads,Colour\n0999,hendrick,no,red\n0500,Hendrick,,\n"
    app.file_uploader[0].upload("owners.csv", sheet).run()
    assert "not imported" in written(app)
    app.text_input(key="bulk_reason").set_value("New owners").run()
    app.button(key="bulk_go").click().run()
    assert values(Dealer, Dealer.group_id) == [None, 1, 1]
    assert values(Dealer, Dealer.takes_leads) == [True, False, True]


def test_what_was_changed_meanwhile_is_not_overwritten(desk: dict[str, int]):
    from db.dealers.commands import change_dealer

    app = opened()
    app.selectbox(key="bulk_field").set_value("lead_cap").run()
    app.number_input(key="bulk_value_lead_cap").set_value(40).run()
    app.text_input(key="bulk_reason").set_value("Season").run()
    run(
        change_dealer, bind=engine(), dealer_id=desk["oak"], seen_version=1, changes={"lead_cap": 7}, actor=ADMIN,
        now=NOW,
    )  # fmt: skip
    app.button(key="bulk_go").click().run()
    assert "Dealer 0500 was changed by Ada" in written(app)
    assert values(Dealer, Dealer.lead_cap) == [0, 0, 7]


# ---------------------------------------------------------------------------------------------------- people
def people_tab(username: str, dealer_id: int) -> Any:
    """The tab alone, as Dealer 360 draws it."""
    from streamlit.testing.v1 import AppTest

    from components import auth
    from tests.support.users import open_tab

    def script() -> None:
        import streamlit as st

        from components.access import guard
        from components.areas.dealer_people import draw_dealer_tab
        from db.core.permissions import Permission
        from db.core.session import reading
        from db.dealers.queries import get_dealer

        actor = guard(Permission.DEALERS_VIEW)
        with reading() as session:
            found = get_dealer(session, dealer_id=st.session_state["which"], scope=actor.scope)
        draw_dealer_tab(found, actor)

    app = AppTest.from_function(script, default_timeout=30)
    app.session_state[auth.SESSION] = open_tab(engine(), username)
    app.session_state["which"] = dealer_id
    return app.run()


def test_a_person_is_entered_changed_and_marked_as_left(desk: dict[str, int]):
    app = people_tab("omar", desk["star"])
    assert not app.exception
    assert "Nobody of this dealer is on file" in written(app)
    app.button(key="dpn_new").click().run()
    app.text_input(key="dpn_name").set_value("Zoe Lee")
    app.text_input(key="dpn_email").set_value("zoe").run()
    app.button(key="dpn_save").click().run()
    assert "The role is one of" in written(app)
    assert "must look like name@example.com" in written(app)
    app.selectbox(key="dpn_role").set_value("general_manager")
    app.text_input(key="dpn_email").set_value("zoe@star.example")
    app.checkbox(key="dpn_is_primary").check().run()
    app.button(key="dpn_save").click().run()
    assert not app.exception
    table = app.dataframe[0].value
    assert (list(table["Name"]), list(table["Role"]), [list(s) for s in table["State"]]) == (
        ["Zoe Lee"], ["General manager"], [["Primary"]],
    )  # fmt: skip
    app.session_state["_dealer_person"] = int(values(DealerContact, DealerContact.id)[-1])
    app.session_state["_dealer_person_seen"] = 1
    app.run()
    app.button(key="dpn_left").click().run()
    assert "The day is needed" in written(app)
    app.date_input(key="dpn_left_on").set_value(datetime.now(UTC).date() - timedelta(days=3)).run()
    app.button(key="dpn_left").click().run()
    assert "Nobody of this dealer is on file" in written(app)
    app.toggle(key="dpn_with_left").set_value(True).run()
    assert [list(s) for s in app.dataframe[0].value["State"]] == [["Left"]]


def test_who_only_reads_sees_people_without_a_drawer(desk: dict[str, int]):
    for username in ("fin", "dana"):
        app = people_tab(username, desk["lone"])
        assert not app.exception
        assert list(app.dataframe[0].value["Name"]) == ["Pat Lee"]
        assert [button for button in app.button if button.key == "dpn_new"] == []


def test_a_link_to_a_person_leads_to_their_dealer(desk: dict[str, int]):
    person = values(DealerContact, DealerContact.id)[0]
    app = app_as("omar", page=DEALERS)
    app.query_params["dealer_contact"] = str(person)
    app.run()
    assert not app.exception
    assert "Lone Pine Motors" in [title.value for title in app.title]
    other = app_as("dana", page=DEALERS)
    other.query_params["dealer_contact"] = str(values(DealerContact, DealerContact.id)[1])
    other.run()
    assert names(other) == ["Lone Pine Motors"], "a person of another dealer leads nowhere"


def test_terms_are_proposed_for_chosen_rows(desk: dict[str, int]):
    app = app_as("omar", page=DEALERS)
    assert "dealer_terms" not in {b.key for b in app.button}
    app.session_state["dealers_table"] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    app.run()
    app.button(key="dealer_terms").click().run()
    assert not app.exception
    assert len(app.session_state["_terms_propose"].dealer_ids) == 2
