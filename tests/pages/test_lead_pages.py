"""Typing a lead, changing how leads are routed, and who may post them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, text

from components.areas.routing import sentences
from db.core.permissions import Role
from db.core.session import engine, reading, writing
from db.leads.policy_queries import Policy
from db.leads.routing_queries import active_policy
from db.leads.tables import Lead, LeadProvider
from tests.support.again import begun
from tests.support.users import app_as, make_dealer, make_person

NEW, ROUTING, PROVIDERS = "pages/leads/new.py", "pages/leads/routing.py", "pages/admin/providers.py"


@pytest.fixture
@begun
def desk(app_database: str) -> None:
    make_dealer(engine())
    with writing(engine(), keeps_timeline=False) as session:
        session.execute(text("UPDATE dealer SET latitude = 42.65, longitude = -73.75"))
    make_person(engine(), "omar", Role.COORDINATOR)
    make_person(engine(), "mia", Role.MANAGER)
    make_person(engine(), "ada", Role.ADMIN)


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.warning, app.error, app.code)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def leads() -> list[Any]:
    with reading() as session:
        return list(session.execute(select(Lead.customer_name, Lead.channel, Lead.dealer_id).order_by(Lead.id)))


def typed(username: str) -> Any:
    app = app_as(username, page=NEW)
    app.text_input(key="nl_customer_name").set_value("Ann Otter")
    app.text_input(key="nl_phone").set_value("518 555 0142")
    app.text_input(key="nl_postal_code").set_value("12207")
    return app.run()


# ------------------------------------------------------------------------------------------------ a typed lead
def test_a_typed_lead_goes_to_a_dealer_at_once_and_a_receipt_stands_in_place_of_the_form(desk: None):
    app = typed("omar")
    app.button(key="nl_save").click().run()
    assert not app.exception
    (lead,) = leads()
    assert (lead.customer_name, lead.channel, lead.dealer_id is not None) == ("Ann Otter", "manual", True)
    assert "The lead is in" in written(app)
    assert "nl_phone" not in [box.key for box in app.text_input]


def test_pressing_twice_makes_one_lead(desk: None):
    app = typed("omar")
    key = app.session_state["new_lead_form_key"]
    app.button(key="nl_save").click().run()
    again = typed("omar")
    again.session_state["new_lead_form_key"] = key
    again.button(key="nl_save").click().run()
    assert len(leads()) == 1


def test_a_form_whose_answer_was_lost_is_still_the_same_form(desk: None):
    """The process died after the lead was stored: another one shows the draft, and sent again it is the one lead."""
    app = typed("omar")
    later = app_as("omar", page=NEW)  # what the other process shows
    second = app_as("omar", page=NEW)  # and a second tab, where the next customer is typed over it
    app.button(key="nl_save").click().run()
    later.button(key="nl_save").click().run()
    assert len(leads()) == 1
    assert "The lead is in" in written(later)
    second.text_input(key="nl_customer_name").set_value("Bo Adder")
    second.text_input(key="nl_phone").set_value("518 555 0177").run()
    second.button(key="nl_save").click().run()
    assert [lead.customer_name for lead in leads()] == ["Ann Otter", "Bo Adder"]


def test_a_refusal_stands_at_its_field_and_keeps_everything_typed(desk: None):
    app = typed("omar")
    app.text_input(key="nl_phone").set_value("12").run()
    app.button(key="nl_save").click().run()
    assert "This number cannot be dialled" in written(app)
    assert app.text_input(key="nl_customer_name").value == "Ann Otter"
    assert leads() == []


def test_what_was_typed_is_still_there_after_the_tab_was_closed(desk: None):
    typed("omar")
    later = app_as("omar", page=NEW)
    assert later.text_input(key="nl_customer_name").value == "Ann Otter"
    assert "You had begun this lead" in written(later)
    later.button(key="nl_empty").click().run()
    assert app_as("omar", page=NEW).text_input(key="nl_customer_name").value == ""


def test_a_person_of_a_dealer_enters_leads_for_their_own(desk: None):
    make_person(engine(), "dan", Role.DEALER_STAFF)
    app = typed("dan")
    assert not [box for box in app.selectbox if box.label == "Dealer"]
    app.button(key="nl_save").click().run()
    (lead,) = leads()
    assert lead.dealer_id is not None


def test_finance_enters_no_leads(desk: None):
    make_person(engine(), "fin", Role.FINANCE)
    assert "You have no access to this page" in written(app_as("fin", page=NEW))


# ------------------------------------------------------------------------------------------------ routing
def changing(username: str = "mia") -> Any:
    app = app_as(username, page=ROUTING)
    return app.toggle(key="routing_edit").set_value(True).run()


def test_the_rules_are_read_in_plain_words(desk: None):
    app = app_as("omar", page=ROUTING)
    assert not app.exception
    assert "the nearest within 250 km" in written(app)
    assert not app.toggle, "a coordinator sees the rules and cannot change them"


def test_a_changed_rule_is_tried_on_last_months_leads_before_it_is_saved(desk: None):
    app = typed("omar")
    app.text_input(key="nl_postal_code").set_value("10001").run()
    app.button(key="nl_save").click().run()
    app = changing()
    app.number_input(key="rp_nearest_km").set_value(20).run()
    app.button(key="rp_try").click().run()
    assert not app.exception
    found = {one.label: one.value for one in app.metric}
    assert (found["Leads tried"], found["Would move"], found["Without a dealer then"]) == ("1", "1", "1")
    with reading() as session:
        assert active_policy(session)[0] == 0


def test_rules_come_into_force_with_a_reason_and_keep_what_was_typed_without_one(desk: None):
    app = changing()
    app.number_input(key="rp_nearest_km").set_value(90).run()
    app.button(key="rp_save").click().run()
    assert "A reason is needed" in written(app)
    assert app.number_input(key="rp_nearest_km").value == 90
    app.text_input(key="rp_reason").set_value("Trips of more than 90 km never close").run()
    app.button(key="rp_save").click().run()
    with reading() as session:
        version, policy = active_policy(session)
    assert (version, policy.nearest_km) == (1, 90)


def test_a_setting_out_of_range_is_refused_at_its_field(desk: None):
    app = changing()
    app.number_input(key="rp_first_action_minutes").set_value(0).run()
    app.text_area(key="rp_sources").set_value("AutoTrader").run()
    app.text_input(key="rp_reason").set_value("Faster").run()
    app.button(key="rp_save").click().run()
    assert "Source names are pairs" in written(app)
    app.text_area(key="rp_sources").set_value("AutoTrader.com = AutoTrader").run()
    app.button(key="rp_save").click().run()
    assert "The first-action target must be a whole number" in written(app)


def test_leads_without_a_dealer_are_an_alert(desk: None):
    app = typed("omar")
    app.text_input(key="nl_postal_code").set_value("99501").run()
    app.button(key="nl_save").click().run()
    assert "1 lead waits without a dealer" in written(app_as("omar", page=ROUTING))


def test_every_setting_changes_a_sentence():
    plain = sentences(Policy())
    changed: dict[str, Any] = {
        "nearest_km": 7, "nearest_band_km": 7, "fairness": "least_load", "without_place": "share",
        "named_dealer_beyond_capacity": False, "used_cars_need_brand": True, "stay_with_dealer": False,
        "performance_floor_percent": 70, "duplicate_window_days": 7, "historic_after_days": 70,
        "first_action_minutes": 70, "hot_first_action_minutes": 1, "first_quality_minutes": 70, "wall_clock_hours": 7,
        "breach_action": "reroute",
    }  # fmt: skip
    for name, value in changed.items():
        assert sentences(Policy(**{name: value})) != plain, name


# ------------------------------------------------------------------------------------------------ providers
def test_a_provider_gets_a_token_that_is_shown_once(desk: None):
    app = app_as("ada", page=PROVIDERS)
    app.text_input(key="provider_name").set_value("AutoTrader").run()
    app.button(key="provider_add").click().run()
    assert not app.exception
    token = next(one.value for one in app.code if one.value.startswith("lead_"))
    app.button(key="provider_seen").click().run()
    assert token not in written(app)
    with reading() as session:
        assert session.scalar(select(LeadProvider.token_hash)) not in ("", token)


def test_a_provider_needs_a_name(desk: None):
    app = app_as("ada", page=PROVIDERS)
    app.button(key="provider_add").click().run()
    assert "A name is needed" in written(app)


def test_a_provider_is_stopped_with_a_reason(desk: None):
    app = app_as("ada", page=PROVIDERS)
    app.text_input(key="provider_name").set_value("AutoTrader").run()
    app.button(key="provider_add").click().run()
    app = app_as("ada", page=PROVIDERS)
    app.session_state["providers_table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    with reading() as session:
        number = session.scalar(select(LeadProvider.id))
    app.text_input(key=f"provider_reason_{number}").set_value("Sends test leads").run()
    app.session_state["providers_table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.button(key=f"provider_switch_{number}").click().run()
    with reading() as session:
        assert session.scalar(select(func.count()).where(LeadProvider.is_active.is_(False))) == 1


def test_only_administrators_manage_providers(desk: None):
    assert "You have no access to this page" in written(app_as("mia", page=PROVIDERS))
