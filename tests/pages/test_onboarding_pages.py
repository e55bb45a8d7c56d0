"""Onboarding on screen, as the people who use it: the board, one case with its drawer, and the checklist's versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from db.core.permissions import Role
from db.core.session import engine, reading
from db.onboarding.tables import ChecklistTemplate
from tests.onboarding.factories import (
    at_stage,
    case_of,
    complete,
    dealer_status,
    finish_stage,
    item,
    new_dealer,
    publish,
    start,
)
from tests.support.again import begun
from tests.support.users import actor_named, app_as, make_people, make_person

BOARD, CASE, CHECKLISTS = "pages/network/onboarding.py", "pages/network/onboarding_case.py", "pages/admin/checklists.py"


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    """Two cases that began today, one at a dealer of Dana's."""
    make_people(engine())
    dealers = {name: new_dealer(engine(), code) for name, code in (("pine", "0711"), ("elm", "0722"))}
    make_person(engine(), "dana", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[dealers["pine"]])
    now = datetime.now(UTC)
    cora = actor_named(engine(), "coordinator")
    cases = {name: start(engine(), cora, dealer_id=i, now=now) for name, i in dealers.items()}
    return cases | {f"{name}_dealer": i for name, i in dealers.items()}


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.title, app.warning, app.info)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def opened(username: str, case: int) -> Any:
    app = app_as(username, page=CASE)
    app.query_params["onboarding"] = str(case)
    return app.run()


def click_item(app: Any, case: int, code: str) -> Any:
    app.session_state["_onb_item"] = (case, item(engine(), case, code).id)
    return app.run()


# ------------------------------------------------------------------------------------------------ the board
def test_the_board_has_a_card_for_each_case_and_the_table_a_row(desk: dict[str, int]):
    app = app_as("coordinator", page=BOARD)
    assert not app.exception
    assert "Waits on Business profile" in written(app)
    cards = [b.label for b in app.button if (b.key or "").startswith("onb_card_")]
    assert cards == ["**Dealer 0711**", "**Dealer 0722**"]
    app.segmented_control(key="onb_shape").set_value("table").run()
    assert list(app.dataframe[0].value["Dealer"]) == ["Dealer 0711", "Dealer 0722"]
    app.selectbox(key="onb_stage").set_value("golive").run()
    assert "No onboarding matches" in written(app)
    app.button(key="onb_clear").click().run()
    assert len(app.dataframe[0].value) == 2


def test_a_dealers_manager_sees_only_their_own(desk: dict[str, int]):
    app = app_as("dana", page=BOARD)
    assert [b.label for b in app.button if (b.key or "").startswith("onb_card_")] == ["**Dealer 0711**"]
    assert not [b for b in app.button if b.key == "onb_new"]
    assert "This onboarding was not found" in written(opened("dana", desk["elm"]))
    assert "This onboarding was not found" in written(opened("dealer_manager", desk["pine"]))


@pytest.mark.parametrize("address", ["", "abc", "99999", "9" * 40])
def test_an_address_that_leads_nowhere_says_so(desk: dict[str, int], address: str):
    app = app_as("coordinator", page=CASE)
    app.query_params["onboarding"] = address
    app.run()
    assert not app.exception
    assert "This onboarding was not found" in written(app)


def test_an_onboarding_is_started_in_the_drawer(desk: dict[str, int]):
    dealer_id = new_dealer(engine(), "0733")
    app = app_as("coordinator", page=BOARD)
    app.button(key="onb_new").click().run()
    app.button(key="onb_new_go").click().run()
    assert "Choose a dealer" in written(app)
    app.selectbox(key="onb_new_dealer").set_value(dealer_id).run()
    app.date_input(key="onb_new_target").set_value(datetime.now(UTC).date() - timedelta(days=2)).run()
    app.button(key="onb_new_go").click().run()
    assert "The target day has to lie ahead" in written(app)
    app.date_input(key="onb_new_target").set_value(datetime.now(UTC).date() + timedelta(days=60)).run()
    app.button(key="onb_new_go").click().run()
    assert not app.exception
    assert dealer_status(engine(), dealer_id) == "onboarding"
    assert app.title[0].value.replace("\\", "") == "Dealer 0733"  # the case is open


def test_a_dealer_that_comes_back_confirms_what_has_to_be_true(desk: dict[str, int]):
    dealer_id = new_dealer(engine(), "0744", status="terminated")
    app = app_as("coordinator", page=BOARD)
    app.button(key="onb_new").click().run()
    app.selectbox(key="onb_new_dealer").set_value(dealer_id).run()
    app.checkbox(key="onb_new_debts").check().run()
    app.button(key="onb_new_go").click().run()
    assert "confirm: The last audit was passed" in written(app)
    for name in ("audit", "agreement", "training"):
        app.checkbox(key=f"onb_new_{name}").check()
    app.run()
    app.button(key="onb_new_go").click().run()
    assert dealer_status(engine(), dealer_id) == "onboarding"
    assert "Comes back" in written(app)


def test_without_a_checklist_the_drawer_says_where_one_is_published(app_database: str):
    make_people(engine())
    new_dealer(engine())
    for who, words in (("coordinator", "Ask a manager"), ("manager", "No checklist for onboardings")):
        app = app_as(who, page=BOARD)
        assert "No dealer is on its way" in written(app)
        app.button(key="onb_new").click().run()
        assert words in written(app)
    app.button(key="onb_standard").click().run()
    assert app.selectbox(key="onb_new_dealer").options == ["Dealer 07001 (07001)"]


def test_outcomes_say_what_is_not_measured_yet(desk: dict[str, int]):
    app = app_as("coordinator", page=BOARD)
    app.segmented_control(key="onb_shape").set_value("outcomes").run()
    assert not app.exception
    assert "First clean claim: measured once claims are here" in written(app)
    assert ("Activation rate", "–") in [(m.label, m.value) for m in app.metric]


# ------------------------------------------------------------------------------------------------ one case
def test_an_item_is_done_in_three_actions_and_the_next_one_is_free(desk: dict[str, int]):
    app = opened("coordinator", desk["pine"])
    assert not app.exception
    assert "0% ready" in " ".join(p.text for p in app.get("progress")) or "3 things in the way" in written(app)
    click_item(app, desk["pine"], "business_profile")
    number = item(engine(), desk["pine"], "business_profile").id
    app.button(key=f"onb_item_{number}_go").click().run()
    assert "A note is needed" in written(app)
    app.text_area(key=f"onb_item_{number}_evidence_note").set_value("A family business").run()
    app.button(key=f"onb_item_{number}_go").click().run()
    assert not app.exception
    done = item(engine(), desk["pine"], "business_profile")
    assert (done.status, done.evidence_note, done.done_by) == ("done", "A family business", "coordinator")
    assert "“Business profile” done" in written(app)


def test_a_blocked_item_says_what_it_waits_on_instead_of_a_form(desk: dict[str, int]):
    app = click_item(opened("coordinator", desk["pine"]), desk["pine"], "nda")
    assert "Non-disclosure and data agreement waits on Application review, which waits on Owners named" in written(app)
    number = item(engine(), desk["pine"], "nda").id
    assert not [b for b in app.button if b.key == f"onb_item_{number}_go"]


def test_the_dealers_manager_does_their_part_and_no_other(desk: dict[str, int]):
    app = click_item(opened("dana", desk["pine"]), desk["pine"], "business_profile")
    number = item(engine(), desk["pine"], "business_profile").id
    app.text_area(key=f"onb_item_{number}_evidence_note").set_value("Here we are").run()
    app.button(key=f"onb_item_{number}_go").click().run()
    assert item(engine(), desk["pine"], "business_profile").done_by == "dana"
    app = click_item(opened("dana", desk["pine"]), desk["pine"], "market_review")
    assert "This item is the manufacturer's to do" in written(app)
    assert not [b for b in app.button if b.label in ("Next stage", "Withdraw", "Done")]


def test_a_gate_fails_with_its_reason_and_stops_the_stage(desk: dict[str, int]):
    app = click_item(opened("coordinator", desk["pine"]), desk["pine"], "application_gate")
    gate = item(engine(), desk["pine"], "application_gate")
    app.button(key=f"onb_item_{gate.id}_other").click().run()
    assert "A reason is needed" in written(app)
    app.text_area(key=f"onb_item_{gate.id}_reason").set_value("Bankrupt twice").run()
    app.button(key=f"onb_item_{gate.id}_other").click().run()
    assert item(engine(), desk["pine"], "application_gate").status == "failed"
    assert "Bankrupt twice" in written(app)
    app.button(key=f"onb_{desk['pine']}_advance_go").click().run()
    assert "Gate “Application review” failed: Bankrupt twice" in written(app)
    assert case_of(engine(), desk["pine"]).status == "application"


def test_the_manager_lets_a_dealer_go_live(desk: dict[str, int]):
    cora, now = actor_named(engine(), "coordinator"), datetime.now(UTC)
    dealer_id = new_dealer(engine(), "0755")
    case = at_stage(engine(), "golive", cora, dealer_id=dealer_id, now=now)
    finish_stage(engine(), case, cora, now=now, leave=("golive_gate",))
    complete(engine(), case, "golive_gate", actor_named(engine(), "admin"), now=now)
    app = opened("coordinator", case)
    assert not [b for b in app.button if b.key == f"onb_{case}_activate_go"]
    app = opened("manager", case)
    app.button(key=f"onb_{case}_activate_go").click().run()
    assert not app.exception
    assert (case_of(engine(), case).status, dealer_status(engine(), dealer_id)) == ("active", "active")
    assert "Live since" in str([t.value for t in app.get("table")])


def test_a_case_that_ended_is_shown_as_it_ended(desk: dict[str, int]):
    app = opened("coordinator", desk["pine"])
    app.get("button_group")[0].set_value("withdraw").run()
    app.text_area(key=f"onb_{desk['pine']}_withdraw_note").set_value("They sell the site").run()
    app.button(key=f"onb_{desk['pine']}_withdraw_go").click().run()
    assert not app.exception
    assert "They sell the site" in written(app)
    app = click_item(app, desk["pine"], "business_profile")
    assert "This onboarding has ended" in written(app)


def test_a_tab_of_a_dealer_shows_its_case_and_starts_one(desk: dict[str, int], monkeypatch: pytest.MonkeyPatch):
    from streamlit.testing.v1 import AppTest

    def script() -> None:
        import streamlit as st

        from components.access import current_actor
        from components.areas.onboarding import draw_dealer_tab
        from db.core.session import reading
        from db.dealers.queries import get_dealer

        actor = current_actor()
        with reading() as session:
            dealer = get_dealer(session, dealer_id=st.session_state["shown"], scope=actor.scope)
        draw_dealer_tab(dealer, actor)

    from components import auth
    from tests.support.users import open_tab

    def tab(dealer_id: int, who: str) -> Any:
        app = AppTest.from_function(script, default_timeout=30)
        app.session_state["shown"], app.session_state[auth.SESSION] = dealer_id, open_tab(engine(), who)
        return app.run()

    monkeypatch.setattr("streamlit.page_link", lambda *_args, **_more: None)  # the script knows no other page
    app = tab(desk["pine_dealer"], "coordinator")
    assert not app.exception
    assert "O-000001" in written(app)
    assert not app.button
    prospect = new_dealer(engine(), "0766")
    app = tab(prospect, "coordinator")
    assert [b.key for b in app.button] == ["onb_tab_start"]
    assert not tab(prospect, "finance").button


# ------------------------------------------------------------------------------------------------ versions
def versions() -> list[tuple[int, str]]:
    with reading() as session:
        found = session.execute(
            select(ChecklistTemplate.number, ChecklistTemplate.status).order_by(ChecklistTemplate.id)
        )
        return [(number, status) for number, status in found]


def test_the_standard_list_is_published_with_one_click(app_database: str):
    make_people(engine())
    app = app_as("manager", page=CHECKLISTS)
    assert "There is no checklist for this yet" in written(app)
    app.button(key="checklist_standard").click().run()
    assert not app.exception
    assert versions() == [(1, "published")]


def test_a_version_is_drafted_changed_and_published(app_database: str):
    make_people(engine())
    publish(engine())
    app = app_as("manager", page=CHECKLISTS)
    app.button(key="checklist_new").click().run()
    assert versions() == [(1, "published"), (2, "draft")]
    assert "the same as version 1" in written(app)
    app.session_state["checklist_grid_2_1"] = {
        "edited_rows": {0: {"Due after": 9}, 1: {"Waits on": ["agreement"]}}, "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    app.button(key="checklist_save").click().run()
    assert "in a circle" in written(app)
    app.session_state["checklist_grid_2_1"] = {
        "edited_rows": {0: {"Due after": 9}}, "added_rows": [{"Item": "Photo"}], "deleted_rows": [],
    }  # fmt: skip
    app.button(key="checklist_save").click().run()
    assert "Photo: due days, planned days and weight are needed" in written(app)
    app.session_state["checklist_grid_2_1"] = {
        "edited_rows": {0: {"Due after": 9}}, "added_rows": [], "deleted_rows": [24],
    }  # fmt: skip
    app.button(key="checklist_save").click().run()
    assert "which is no item" in written(app)  # the review waits on the digital profile
    app.session_state["checklist_grid_2_1"] = {
        "edited_rows": {0: {"Due after": 9}},
        "added_rows": [],
        "deleted_rows": [],
    }
    app.button(key="checklist_save").click().run()
    assert "Business profile: due days 5 → 9" in written(app)
    app.button(key="checklist_publish").click().run()
    assert not app.exception
    assert versions() == [(1, "retired"), (2, "published")]
    assert [b.key for b in app.button if b.key == "checklist_save"] == []


def test_the_form_of_a_dealer_does_not_offer_going_live(desk: dict[str, int]):
    for dealer_id, options in (
        (new_dealer(engine(), "0777"), ["Prospect", "Terminated"]),
        (desk["pine_dealer"], ["Onboarding"]),
    ):
        app = app_as("coordinator", page="pages/network/dealer.py")
        app.query_params["dealer"] = str(dealer_id)
        app.run()
        app.button(key="dealer_change").click().run()
        assert app.selectbox(key="dlr_status").options == options
