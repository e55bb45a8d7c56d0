"""The page Terms and the tab of one dealer, used by a coordinator, a decider and people of a dealership."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from components import auth
from components.areas.terms import GRID
from components.areas.terms_queue import table_key
from db.core.actor import EVERYTHING, Actor
from db.core.area import SourceFile
from db.core.permissions import Role
from db.core.session import engine, reading, run, writing
from db.dealers.tables import DealerTerritory
from db.dealers.territory_queries import owner_on
from db.imports.commands import run_import
from db.terms.change_queries import ChangeFilters, list_changes
from db.terms.commands import approve
from db.terms.propose_commands import propose_change
from db.terms.queries import term_on
from tests.support.again import begun
from tests.support.users import actor_named, app_as, make_dealer, make_person, open_tab

TERMS = "pages/network/terms.py"
AT = datetime.now(ZoneInfo("America/New_York"))
TODAY = AT.date()
TAB = """
import streamlit as st
from components.access import guard
from components.areas.terms import draw_dealer_tab
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import get_dealer

actor = guard(Permission.TERMS_VIEW)
with reading() as session:
    dealer = get_dealer(session, dealer_id=st.session_state["which"], scope=actor.scope)
draw_dealer_tab(dealer, actor)
"""


def who(name: str) -> Actor:
    return actor_named(engine(), name)


def propose(dealer: int, kind: str, value: Any, *, by: str = "omar", valid_from: date = TODAY, reason: str = "") -> int:
    made: int = run(
        propose_change, dealer_id=dealer, kind=kind, value=value, valid_from=valid_from, reason=reason, actor=who(by),
        now=AT,
    )  # fmt: skip
    return made


def in_force(dealer: int, kind: str, value: Any, *, valid_from: date = TODAY) -> None:
    change = propose(dealer, kind, value, valid_from=valid_from, reason="Terms of the agreement, as signed")
    run(approve, item_id=change, seen_version=1, actor=who("mia"), now=AT)


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    made = {"lone": make_dealer(engine()), "star": make_dealer(engine(), code="0999", name="North Star", region="West")}
    make_person(engine(), "omar", Role.COORDINATOR)
    make_person(engine(), "mia", Role.MANAGER)
    make_person(engine(), "fin", Role.FINANCE)
    make_person(engine(), "dana", Role.DEALER_MANAGER)
    in_force(made["lone"], "labour_rate", 145_00, valid_from=TODAY - timedelta(days=60))
    in_force(made["star"], "tier", "Gold")
    return made


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.title, app.warning, app.info)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def rows(app: Any, column: str, table: int = 0) -> list[Any]:
    return list(app.dataframe[table].value[column])


def waiting() -> list[Any]:
    with reading() as session:
        return list_changes(session, scope=EVERYTHING)[0]


def value(dealer: int, kind: str, on: date = TODAY) -> Any:
    with reading() as session:
        return term_on(session, dealer_id=dealer, kind=kind, on=on, scope=EVERYTHING)


def tick(app: Any, key: str, ids: list[int], *positions: int) -> Any:
    app.session_state[table_key(key, ids)] = {"selection": {"rows": list(positions), "columns": [], "cells": []}}
    return app.run()


# ------------------------------------------------------------------------------------------------------------ the queue
def test_a_change_is_proposed_with_what_it_means_and_approved_in_three_actions(desk: dict[str, int]):
    app = app_as("omar", page=TERMS)
    assert not app.exception
    assert "Nothing waits for a decision" in written(app)
    app.button(key="terms_propose").click().run()
    app.selectbox(key="tp_dealer_id").set_value(desk["lone"]).run()
    app.selectbox(key="tp_kind").set_value("labour_rate").run()
    app.text_input(key="tp_value").set_value("a lot").run()
    app.button(key="tp_send").click().run()
    assert "is no value of labour rate" in written(app)
    app.text_input(key="tp_value").set_value("152").run()
    assert "**145.00 an hour** → **152.00 an hour** · +7.00 an hour (+4.8%)" in written(app)
    app.button(key="tp_send").click().run()
    assert not app.exception
    (change,) = waiting()
    assert (change.value, change.base, change.submitted_by) == (152_00, 145_00, "omar")
    assert rows(app, "Difference") == ["+7.00 an hour (+4.8%)"]

    # The decider: opens the row, reads, approves.
    app = app_as("mia", page=TERMS)
    app.session_state["term_change_open"] = change.id
    app.run()
    facts = str(app.table[0].value)
    for said in ("145.00 an hour", "152.00 an hour", "+4.8%", "Coordinator Omar"):
        assert said in facts.replace("\\", "")
    app.button(key=f"term_change_{change.id}_approve_go").click().run()
    assert not app.exception
    assert value(desk["lone"], "labour_rate", change.valid_from) == 152_00
    assert waiting() == []


def test_a_rejection_asks_for_its_reason_and_keeps_the_drawer_open(desk: dict[str, int]):
    change = propose(desk["lone"], "labour_rate", 160_00)
    app = app_as("fin", page=TERMS)
    app.session_state["term_change_open"] = change
    app.run()
    app.pills(key=f"term_change_step_{change}").set_value("reject").run()
    app.button(key=f"term_change_{change}_reject_go").click().run()
    assert "Why not is needed" in written(app)
    app.text_area(key=f"term_change_{change}_reject_note").set_value("No budget").run()
    app.button(key=f"term_change_{change}_reject_go").click().run()
    app.segmented_control(key="terms_view").set_value("decided").run()
    assert rows(app, "Status")[0] == ["Rejected"]


def test_ones_own_proposal_can_only_be_withdrawn(desk: dict[str, int]):
    change = propose(desk["lone"], "labour_rate", 160_00, by="mia")
    app = app_as("mia", page=TERMS)
    app.session_state["term_change_open"] = change
    app.run()
    assert [b.key for b in app.button if b.key and b.key.endswith("_go")] == [f"term_change_{change}_withdraw_go"]
    app.button(key=f"term_change_{change}_withdraw_go").click().run()
    assert waiting() == []


def test_a_proposal_overtaken_by_another_says_so_and_offers_no_approval_first(desk: dict[str, int]):
    late = propose(desk["lone"], "labour_rate", 160_00, valid_from=TODAY + timedelta(days=20))
    in_force(desk["lone"], "labour_rate", 150_00)
    app = app_as("mia", page=TERMS)
    app.session_state["term_change_open"] = late
    app.run()
    assert "cannot be approved any more" in written(app)
    assert app.pills(key=f"term_change_step_{late}").value == "reject"
    app.pills(key=f"term_change_step_{late}").set_value("approve").run()
    app.button(key=f"term_change_{late}_approve_go").click().run()
    assert "is now 150.00 an hour, approved by Manager Mia" in written(app)


def test_several_are_approved_together_and_the_others_are_named(desk: dict[str, int]):
    ids = [propose(desk["lone"], "auth_tires", 3), propose(desk["star"], "auth_tires", 3, by="mia")]
    ids.append(
        propose(
            desk["star"], "auth_paint", 600_00, valid_from=TODAY - timedelta(days=9), reason="Entered too late, sorry"
        )
    )
    app = tick(app_as("mia", page=TERMS), "terms_open", ids, 0, 1, 2)
    said = written(app)
    assert "**3 proposals chosen**" in said
    assert "1 proposal of your own" in said
    assert "1 of them changes the past" in said
    assert rows(app, "From")[2][0].endswith(", past")
    app.button(key="terms_bulk_go").click().run()
    assert not app.exception
    assert "yourself" in written(app)
    assert [c.id for c in waiting()] == [ids[1]]
    assert (value(desk["lone"], "auth_tires"), value(desk["star"], "auth_paint")) == (3, 600_00)


# ------------------------------------------------------------------------------------------------------------- in force
def test_the_terms_of_a_day_and_the_history_of_a_cell(desk: dict[str, int]):
    app = app_as("omar", page=TERMS)
    app.segmented_control(key="terms_view").set_value("force").run()
    assert [str(v) for v in rows(app, "Labour rate")] == ["145.0", "nan"]  # a missing number is drawn as a dash
    assert ["/".join(v) for v in rows(app, "Tier")] == ["", "Gold"]
    app.date_input(key="terms_on").set_value(TODAY - timedelta(days=61)).run()
    assert ["/".join(v) for v in rows(app, "Tier")] == ["", ""]
    app.date_input(key="terms_on").set_value(TODAY).run()
    app.selectbox(key="terms_tier").set_value("Gold").run()
    assert rows(app, "Dealer") == ["North Star (0999)"]
    app.button(key="terms_force_clear").click().run()
    app.session_state["_terms_history"] = (desk["lone"], "Lone Pine Motors", "labour_rate")
    app.run()
    assert rows(app, "Value", -1) == ["145.00 an hour"]
    assert ["/".join(v) for v in rows(app, "Mark", -1)] == ["Correction"]
    app.button(key="terms_history_propose").click().run()
    assert app.selectbox(key="tp_kind").value == "labour_rate"


def test_one_term_is_proposed_for_several_dealers_as_a_share(desk: dict[str, int]):
    in_force(desk["star"], "labour_rate", 120_00)
    app = app_as("omar", page=TERMS)
    app.segmented_control(key="terms_view").set_value("force").run()
    app = tick(app, GRID, [TODAY.toordinal(), desk["lone"], desk["star"]], 0, 1)
    app.button(key="terms_propose_chosen").click().run()
    app.selectbox(key="tp_kind").set_value("labour_rate").run()
    app.segmented_control(key="tp_way").set_value("raise").run()
    app.text_input(key="tp_value").set_value("3.5").run()
    assert rows(app, "New", -1) == ["150.08 an hour", "124.20 an hour"]
    app.button(key="tp_send").click().run()
    assert not app.exception
    assert sorted(c.value for c in waiting()) == [124_20, 150_08]


# ------------------------------------------------------------------------------------------------------------ territory
def test_who_owns_a_postal_code_and_an_area_is_handed_over(desk: dict[str, int]):
    app = app_as("omar", page=TERMS)
    app.segmented_control(key="terms_view").set_value("territory").run()
    app.button(key="area_give").click().run()
    app.selectbox(key="tt_from_dealer_id").set_value(desk["lone"]).run()
    app.text_area(key="tt_prefixes").set_value("122, 123").run()
    app.date_input(key="tt_valid_from").set_value(TODAY).run()
    app.button(key="tt_save").click().run()
    assert not app.exception
    app.text_input(key="area_code").set_value("12207").run()
    assert "By its area 122" in written(app)
    app.button(key="area_hand_over").click().run()
    app.selectbox(key="tt_from_dealer_id").set_value(desk["lone"]).run()
    app.multiselect(key="tt_prefixes").set_value(["122"]).run()
    app.button(key="tt_save").click().run()
    assert "Choose the dealer that gets the areas" in written(app)
    app.selectbox(key="tt_to_dealer_id").set_value(desk["star"]).run()
    app.button(key="tt_save").click().run()
    assert not app.exception
    with reading() as session:
        owners = [
            owner_on(session, postal_code="12207", on=TODAY + timedelta(days=n), scope=EVERYTHING).owners[0].dealer_id
            for n in (0, 1)
        ]
    assert owners == [desk["lone"], desk["star"]]
    app.run()
    assert sorted(zip(rows(app, "Dealer"), (what for (what,) in rows(app, "What")), strict=True)) == [
        ("Lone Pine Motors (04012)", "Ends"), ("North Star (0999)", "Starts"),
    ]  # fmt: skip


def test_areas_owned_twice_from_before_the_rule_are_shown(desk: dict[str, int]):
    with writing(keeps_timeline=False) as session:
        session.add_all(DealerTerritory(dealer_id=desk[name], postal_prefix="122") for name in ("lone", "star"))
    app = app_as("omar", page=TERMS)
    app.segmented_control(key="terms_view").set_value("territory").run()
    assert "Owned twice" in "\n".join(s.value for s in app.subheader)
    app.text_input(key="area_code").set_value("12207").run()
    assert "leads are shared among them" in written(app)


# ------------------------------------------------------------------------------------------------------- whose business
def test_a_dealer_manager_reads_their_own_terms_and_changes_nothing(desk: dict[str, int]):
    own, other = propose(desk["lone"], "auth_tires", 3), propose(desk["star"], "auth_tires", 3)
    app = app_as("dana", page=TERMS)
    assert not app.exception
    assert rows(app, "Dealer") == ["Lone Pine Motors"]
    assert not [b for b in app.button if b.key in ("terms_propose", "terms_bulk_go")]
    app.query_params["change"] = str(other)
    app.run()
    assert "This proposal was not found" in written(app)
    app.query_params["change"] = str(own)
    app.run()
    assert "there is nothing you can do here" in written(app)
    app = app_as("dana", page=TERMS)
    app.segmented_control(key="terms_view").set_value("force").run()
    assert rows(app, "Dealer") == ["Lone Pine Motors (04012)"]
    app.segmented_control(key="terms_view").set_value("territory").run()
    assert not [b for b in app.button if b.key in ("area_give", "area_hand_over")]


def tab_as(username: str, dealer: int) -> Any:
    app = AppTest.from_string(TAB, default_timeout=30)
    app.session_state[auth.SESSION] = open_tab(engine(), username)
    app.session_state["which"] = dealer
    return app.run()


def test_the_tab_of_one_dealer(desk: dict[str, int]):
    change = propose(desk["lone"], "auth_tires", 3)
    app = tab_as("omar", desk["lone"])
    assert not app.exception
    assert "Waiting for a decision" in written(app)
    assert rows(app, "Proposal") == [f"TC-{change:06}"]
    assert rows(app, "Value", 1)[:3] == ["No value", "145.00 an hour", "No value"]
    assert "No credit limit" in written(app)
    app.button(key="terms_tab_give").click().run()
    app.text_area(key="tt_prefixes").set_value("122").run()
    app.button(key="tt_save").click().run()
    assert not app.exception
    assert rows(app.run(), "Area", 2) == ["122"]
    app.date_input(key=f"terms_on_{desk['lone']}").set_value(TODAY - timedelta(days=61)).run()
    assert rows(app, "Value", 1)[1] == "No value"
    app.button(key="terms_tab_propose").click().run()
    app.selectbox(key="tp_kind").set_value("tier").run()
    app.selectbox(key="tp_value").set_value("Silver").run()
    app.date_input(key="tp_valid_from").set_value(TODAY - timedelta(days=3)).run()
    app.button(key="tp_send").click().run()
    assert "needs a reason of at least 15 characters" in written(app)
    app.text_area(key="tp_reason").set_value("Was agreed by phone last week").run()
    app.button(key="tp_send").click().run()
    assert not app.exception
    assert [c.changes_past for c in waiting()] == [False, True]


def test_the_tab_without_rights_to_change_has_no_buttons(desk: dict[str, int]):
    app = tab_as("dana", desk["lone"])
    assert not app.exception
    assert [b.key for b in app.button] == []
    assert rows(app, "Value")[1] == "145.00 an hour"
    app.session_state["_terms_history"] = (desk["lone"], "Lone Pine Motors", "labour_rate")
    app.run()
    assert [b.key for b in app.button] == []


def test_terms_come_in_from_a_file_on_the_import_page(desk: dict[str, int]):
    content = b"code,term,value,valid from\n04012,Payment terms,45 days," + TODAY.isoformat().encode()
    run(
        run_import, kind="terms", files=[SourceFile(name="terms.csv", content=content)], channel="page",
        actor=who("omar"), now=AT,
    )  # fmt: skip
    app = app_as("fin", page=TERMS)
    assert rows(app, "Asked for") == ["45 days"]
    with reading() as session:
        assert list_changes(session, scope=EVERYTHING, filters=ChangeFilters(kind="payment_terms"))[0]
