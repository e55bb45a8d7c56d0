"""Dealer access as its people see it: asking, granting with the password shown once, ending access, the review."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from components.areas.access import HAND_OVER
from components.areas.access_review import _editor_key
from db.access.queries import list_requests
from db.access.tables import AccessReview
from db.core.actor import EVERYTHING, Actor
from db.core.session import engine, reading
from tests.access import factories
from tests.access.factories import House, account, ask, disable, make_house, open_all, outcomes_of, screen, signed_in
from tests.support.clock import clock_held
from tests.support.users import app_as, make_dealer

PAGE = "pages/network/access.py"

of_that_day = clock_held(factories.NOW)


@pytest.fixture
def house(app_database: str) -> House:
    return make_house(engine())


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.title, app.warning, app.info, app.code, app.toast)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def page_of(username: str, view: str = "", **query: str) -> Any:
    app = app_as(username, page=PAGE)
    for name, value in query.items():
        app.query_params[name] = value
    if view:
        app.session_state["access_view"] = view
    app.run()
    assert not app.exception
    return app


def buttons(app: Any) -> set[str]:
    return {button.key for button in app.button}


def waiting() -> list[Any]:
    with reading() as session:
        return list_requests(session, scope=EVERYTHING)[0]


# ------------------------------------------------------------------------------------------------- requests
def test_a_manager_asks_corrects_what_was_wrong_and_sends(house: House):
    app = page_of("dana")
    assert "No request waits for an answer" in written(app)
    app.button(key="access_new").click().run()
    app.text_input(key="acf_name").set_value("Ana Ortiz").run()
    app.button(key="access_form_send").click().run()
    said = written(app)
    assert "The e-mail is needed" in said
    assert "Choose Dealer manager or Dealer staff" in said
    assert "A reason is needed" in said
    assert app.text_input(key="acf_name").value == "Ana Ortiz"
    app.text_input(key="acf_email").set_value("ana@dealer.test").run()
    app.button_group(key="acf_role").set_value("dealer_staff").run()
    app.text_area(key="acf_reason").set_value("Starts on Monday").run()
    app.button(key="access_form_send").click().run()
    assert not app.exception
    (row,) = waiting()
    assert (row.name, row.role, row.dealer_id, row.submitted_by) == ("Ana Ortiz", "dealer_staff", house.north, "dana")
    app.run()
    assert list(app.dataframe[0].value["Person"]) == ["Ana Ortiz"]


def test_granting_is_two_clicks_and_the_password_is_shown_once(house: House):
    item = ask(engine(), house.dana, dealer_id=house.north)
    app = page_of("cora", request=str(item))
    assert "A new account that sees this dealer only" in written(app)
    app.button(key=f"access_{item}_grant_go").click().run()
    assert not app.exception
    app.run()  # in a browser the drawer asks for this run by itself
    secret = app.session_state[HAND_OVER].one_time_password
    assert secret in written(app)
    assert "ana.ortiz" in written(app)
    app.button(key="person_secret_done").click().run()
    app.run()
    assert secret not in written(app)
    assert HAND_OVER not in app.session_state
    assert waiting() == []


def test_who_asked_cannot_decide_and_reads_why_not(house: House):
    item = ask(engine(), house.dana, dealer_id=house.north)
    app = page_of("dana", request=str(item))
    assert f"access_{item}_grant_go" not in buttons(app)
    assert f"access_{item}_withdraw_go" in buttons(app)
    desk = page_of("cora", request=str(item))
    desk.button_group(key=f"access_step_{item}").set_value("reject").run()
    desk.text_area(key=f"access_{item}_reject_note").set_value("Who is this?").run()
    desk.button(key=f"access_{item}_reject_go").click().run()
    app = page_of("dana", request=str(item))
    assert "Who is this?" in str([table.value for table in app.table])


def test_an_address_that_cannot_be_used_is_explained(house: House):
    item = ask(engine(), house.dana, dealer_id=house.north, email="mason@example.test")
    app = page_of("cora", request=str(item))
    assert "belongs to an account of the manufacturer" in written(app)
    app.button(key=f"access_{item}_grant_go").click().run()
    assert "Account is needed" in written(app)
    own = page_of("dana", request=str(item))
    assert "manufacturer. It cannot" not in written(own)


def test_a_request_of_another_dealer_is_not_found(house: House):
    item = ask(engine(), house.sam, dealer_id=house.south)
    app = page_of("dana", request=str(item))
    assert "This access request was not found" in written(app)
    assert "South Motors" not in written(app)


# ------------------------------------------------------------------------------------------------- people
def choose(app: Any, *positions: int) -> Any:
    app.session_state["acp_table"] = {"selection": {"rows": list(positions), "columns": [], "cells": []}}
    return app.run()


def test_a_manager_ends_the_access_of_one_person(house: House):
    app = page_of("dana", "people")
    assert list(app.dataframe[0].value["User name"]) == ["dana", "both", "drew"]
    assert "South" not in str(list(app.dataframe[0].value["Dealers"]))
    choose(app, 2)
    app.button(key="acp_end_go").click().run()
    assert "A reason is needed" in written(app)
    app.text_input(key="acp_reason").set_value("Left on Friday").run()
    app.button(key="acp_end_go").click().run()
    assert not app.exception
    assert not account(engine(), house.drew).is_active


def test_ones_own_account_is_not_ended(house: House):
    app = choose(page_of("dana", "people"), 0)
    assert "nobody ends their own access" in written(app)
    assert "acp_end_go" not in buttons(app)


def test_the_last_manager_is_warned_about(house: House):
    app = choose(page_of("cora", "people"), 0)
    assert "no manager would be left who can sign in" in written(app)


def test_flagged_people_go_together_and_others_are_left_out(house: House):
    signed_in(engine(), "drew", "sid", at=factories.NOW - timedelta(days=120))
    app = page_of("cora", "people")
    names = list(app.dataframe[0].value["User name"])
    choose(app, names.index("drew"), names.index("sid"), names.index("walt"))
    assert "End access of 2 people" in written(app)
    assert "Dealer staff Walt: nothing speaks against this account" in written(app)
    app.text_input(key="acp_reason").set_value("Not seen for months").run()
    app.button(key="acp_end_go").click().run()
    assert [account(engine(), person).is_active for person in (house.drew, house.sid, house.walt)] == [
        False, False, True,
    ]  # fmt: skip


def test_filters_narrow_the_people(house: House):
    signed_in(engine(), "drew", at=None)
    app = page_of("cora", "people")
    app.selectbox(key="acp_flag").set_value("never").run()
    assert list(app.dataframe[0].value["User name"]) == ["drew"]
    app.selectbox(key="acp_flag").set_value("left").run()
    assert "Nobody matches" in written(app)


# ------------------------------------------------------------------------------------------------- the review
def tick(app: Any, who: Actor, position: int, disable: bool) -> Any:
    """Tick or untick a row of the grid this person sees now."""
    key = _editor_key(screen(engine(), who))
    app.session_state[key] = {"edited_rows": {position: {"Disable": disable}}, "added_rows": [], "deleted_rows": []}
    return app.run()


def test_the_desk_confirms_everything_with_one_click(house: House):
    signed_in(engine(), "drew", at=factories.NOW - timedelta(days=120))
    open_all(engine(), house.cora, now=factories.NOW)
    app = page_of("cora", "review")
    assert "**6 kept, 1 disabled** at 3 dealers" in written(app)
    app.button(key="access_review_confirm").click().run()
    assert not app.exception
    assert "Review confirmed: 6 kept, 1 disabled" in written(app)
    assert not account(engine(), house.drew).is_active
    with reading() as session:
        assert set(session.scalars(select(AccessReview.is_open))) == {False}
    assert "No review waits here" in written(app)


def test_a_manager_unticks_and_their_own_account_waits(house: House):
    signed_in(engine(), "drew", at=factories.NOW - timedelta(days=120))
    open_all(engine(), house.cora, now=factories.NOW)
    app = page_of("dana", "review")
    said = written(app)
    assert "**1 kept, 1 disabled** at 1 dealer" in said
    assert "Your own account (Dealer manager Dana) waits for the manufacturer" in said
    assert "South" not in said
    tick(app, house.dana, 1, False)
    assert "**2 kept, 0 disabled** at 1 dealer" in written(app)
    app.button(key="access_review_confirm").click().run()
    assert outcomes_of(engine(), house.north) == {house.dana.user_id: "", house.both: "keep", house.drew: "keep"}
    assert "You have confirmed everybody else" in written(app)


def test_a_screen_that_is_out_of_date_keeps_what_was_ticked(house: House):
    open_all(engine(), house.cora, now=factories.NOW)
    app = page_of("dana", "review")
    tick(app, house.dana, 0, True)
    disable(engine(), house.drew, house.north, house.cora)
    app.button(key="access_review_confirm").click().run()
    assert "Somebody joined, left or changed" in written(app)
    assert "**0 kept, 1 disabled** at 1 dealer" in written(app)  # the tick is still there, Drew is not
    app.button(key="access_review_confirm").click().run()
    assert outcomes_of(engine(), house.north)[house.both] == "disable"


def test_reviews_are_opened_by_hand_and_what_was_attested_can_be_read(house: House):
    app = page_of("cora", "review")
    app.button(key="access_review_open").click().run()
    assert "3 reviews opened" in written(app)
    app.button(key="access_review_confirm").click().run()
    with reading() as session:
        done = session.scalar(select(AccessReview.id).where(AccessReview.dealer_id == house.north))
    app = page_of("dana", review=str(done))
    said = written(app)
    assert "Kept" in said
    assert "Coordinator Cora" in said
    other = page_of("sam", review=str(done))
    assert "Coordinator Cora" not in written(other)


def test_a_dealer_without_people_has_an_empty_screen(app_database: str):
    make_dealer(engine())
    factories.make_person(engine(), "cora", factories.Role.COORDINATOR)
    assert "No review waits here" in written(page_of("cora", "review"))
    assert "Nobody matches" in written(page_of("cora", "people"))


# ------------------------------------------------------------------------------------------------- the dealer's tab
TAB = """
from components.access import guard
from components.areas.access import draw_dealer_tab
from db.core.session import reading
from db.dealers.queries import get_dealer
actor = guard("dealers.view")
with reading() as session:
    dealer = get_dealer(session, dealer_id={dealer_id}, scope=actor.scope)
draw_dealer_tab(dealer, actor)
"""


@pytest.fixture
def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that is not Home.py knows no pages to link to."""
    monkeypatch.setattr("components.areas.access.st.page_link", lambda *_args, **_options: None)


def tab_of(username: str, dealer_id: int) -> Any:
    from streamlit.testing.v1 import AppTest

    from components import auth
    from tests.support.users import open_tab

    app = AppTest.from_string(TAB.format(dealer_id=dealer_id), default_timeout=30)
    app.session_state[auth.SESSION] = open_tab(engine(), username)
    app.run()
    assert not app.exception
    return app


def test_the_tab_of_a_dealer(house: House, without_links: None):
    ask(engine(), house.dana, dealer_id=house.north)
    open_all(engine(), house.cora, now=factories.NOW)
    app = tab_of("cora", house.north)
    assert [list(frame.value.columns) and len(frame.value) for frame in app.dataframe] == [1, 3]
    assert "0 of 3 accounts confirmed" in written(app)
    app.button(key="access_tab_new").click().run()
    assert app.selectbox(key="acf_dealer_id").value == house.north
    both = tab_of("dana", house.north)
    both.session_state["access_tab_people_table"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    both.run()
    both.text_input(key="access_tab_people_reason").set_value("Works at the other house now").run()
    both.button(key="access_tab_people_end_go").click().run()
    assert account(engine(), house.both).is_active
    assert factories.dealers_of(engine(), house.both) == {house.south}


# ------------------------------------------------------------------------------------------------- an open session
def test_who_was_disabled_sees_the_sign_in_at_the_next_click(house: House):
    app = app_as("drew", page="pages/work/my_work.py")
    app.switch_page("pages/work/my_work.py").run()  # staff land on To do now first
    assert "My work" in written(app)
    disable(engine(), house.drew, house.north, house.dana)
    app.run()
    assert [element.label for element in app.text_input] == ["User name", "Password"]
    assert "My work" not in written(app)


def test_the_new_person_sees_exactly_their_dealer(house: House):
    item = ask(engine(), house.dana, dealer_id=house.north, role="dealer_manager")
    factories.grant(engine(), item, house.cora)
    with engine().begin() as connection:
        connection.execute(text("UPDATE person SET must_change_password = 0 WHERE username = 'ana.ortiz'"))
    app = app_as("ana.ortiz", page="pages/network/dealers.py")
    assert list(app.dataframe[0].value["Dealer"]) == ["North Motors"]
    people = page_of("ana.ortiz", "people")
    assert set(people.dataframe[0].value["User name"]) == {"ana.ortiz", "dana", "both", "drew"}
