"""Contacts and messages as people use the pages: written, logged, on one timeline; templates kept by their owners."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from db.core.actor import system_actor
from db.core.outbox import OutboxMail
from db.core.permissions import Role
from db.core.session import engine, reading, run
from db.customers.customer_commands import enter_customer
from db.interactions.tables import Interaction, Message, MessageTemplate
from db.interactions.template_commands import add_template
from db.leads.commands import log_activity
from db.leads.tables import LeadActivity
from tests.leads.factories import load, receive
from tests.support.again import begun
from tests.support.users import NOW, app_as, make_dealer, make_person

CUSTOMER, LEAD, BOARD = "pages/crm/customer.py", "pages/leads/lead.py", "pages/leads/board.py"
TEMPLATES = "pages/crm/templates.py"
SEED = system_actor("seed")
BODY = "Hi {first_name}, thank you for asking about the {vehicle}. See you on {appointment}."


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    """Jane asked Lone Pine for a Camry; Sue belongs to North Star."""
    lone, star = make_dealer(engine()), make_dealer(engine(), code="0999", name="North Star", region="West")
    make_person(engine(), "omar", Role.COORDINATOR)
    make_person(engine(), "leo", Role.SALES_LEADER)
    make_person(engine(), "dana", Role.DEALER_MANAGER, dealer_ids=[lone])
    make_person(engine(), "sid", Role.DEALER_STAFF, dealer_ids=[lone])
    lead = receive(engine(), dealer_id=lone, received_at=NOW)
    sue = run(enter_customer, dealer_id=star, name="Sue Own", phone="212-555-0177", actor=SEED, now=NOW)
    ann = run(
        enter_customer, dealer_id=lone, name="Ann Lee", phone="212-555-0178", email="ann@mail.example", actor=SEED,
        now=NOW,
    )  # fmt: skip
    made = [
        run(
            add_template, dealer_id=dealer, channel="email", name=name, subject="Your {vehicle}", body=BODY.partition(
                " See")[0] if name != "With day" else BODY, actor=SEED, now=NOW,
        )
        for dealer, name in ((None, "Thank you"), (lone, "With day"), (star, "Of the star"))
    ]  # fmt: skip
    return {"lone": lone, "star": star, "lead": lead, "jane": load(engine(), lead).customer_id, "sue": sue,
            "ann": ann, "thanks": made[0], "day": made[1], "other": made[2]}  # fmt: skip


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.title, app.info, app.warning, app.subheader)
    return "\n".join([one.value for kind in kinds for one in kind]).replace("\\", "")


def opened(username: str, page: str, **query: int) -> Any:
    app = app_as(username, page=page)
    for name, value in query.items():
        app.query_params[name] = str(value)
    app.run()
    assert not app.exception, app.exception
    return app


def rows(table: Any) -> list[Any]:
    with reading() as session:
        found = list(session.scalars(select(table).order_by(table.id)))
        session.expunge_all()
        return found


def test_a_template_is_sent_from_the_drawer_in_three_actions(desk: dict[str, int]):
    app = app_as("sid", page=BOARD)
    app.session_state["lead_open"] = desk["lead"]  # 1: the lead
    app.run()
    prefix = f"msg_l{desk['lead']}"
    app.selectbox(key=f"{prefix}_email_template").set_value(desk["thanks"]).run()  # 2: the template
    assert app.text_input(key=f"{prefix}_email_subject").value == "Your 2026 Toyota Camry"
    assert "An unedited template" in written(app)
    app.button(key=f"{prefix}_send").click().run()  # 3: send
    assert not app.exception
    (mail,) = rows(OutboxMail)
    assert mail.body == "Hi Jane, thank you for asking about the 2026 Toyota Camry."
    assert [m.outcome for m in rows(Message)] == ["template"]
    assert load(engine(), desk["lead"]).first_action_at is None
    assert "Waiting to be sent" in written(app)
    assert app.selectbox(key=f"{prefix}_email_template").value is None


def test_an_edited_template_answers_and_a_missing_value_is_shown_first(desk: dict[str, int]):
    app = opened("sid", LEAD, lead=desk["lead"])
    prefix = f"msg_l{desk['lead']}"
    app.selectbox(key=f"{prefix}_email_template").set_value(desk["day"]).run()
    assert "{appointment} has no value here" in written(app)
    app.button(key=f"{prefix}_send").click().run()
    assert rows(OutboxMail) == []
    app.text_area(key=f"{prefix}_email_body").set_value("Hi Jane, yes, it has a sunroof.").run()
    app.checkbox(key=f"{prefix}_email_answers").check().run()
    assert "first action and as quality response" in written(app)
    app.button(key=f"{prefix}_send").click().run()
    assert len(rows(OutboxMail)) == 1
    stored = load(engine(), desk["lead"])
    assert stored.first_quality_at is not None
    assert [a.outcome for a in rows(LeadActivity)] == ["answered"]


def test_a_text_without_consent_leads_to_where_it_is_recorded(desk: dict[str, int]):
    app = opened("sid", LEAD, lead=desk["lead"])
    app.button_group(key=f"msg_l{desk['lead']}_channel").set_value("text").run()
    assert "No consent on record" in written(app)
    assert app.selectbox(key=f"msg_l{desk['lead']}_text_template").disabled
    assert [b.key for b in app.button if b.key == f"msg_l{desk['lead']}_send"] == []


def test_a_call_of_a_service_customer_is_logged_in_two_actions(desk: dict[str, int]):
    app = opened("sid", CUSTOMER, customer=desk["ann"])
    app.button(key="crm_log_go").click().run()
    assert "Choose what came of it" in written(app)
    app.text_area(key="crm_log_note").set_value("Asked for the bill")
    app.button_group(key="crm_log_outcome_call").set_value("inbound").run()
    app.button(key="crm_log_go").click().run()
    (stored,) = rows(Interaction)
    assert (stored.kind, stored.outcome, stored.note) == ("call", "inbound", "Asked for the bill")
    assert "Call: customer called us" in written(app)
    assert app.text_area(key="crm_log_note").value == ""


def test_a_contact_of_somebody_with_a_lead_goes_to_the_lead(desk: dict[str, int]):
    app = opened("sid", CUSTOMER, customer=desk["jane"])
    app.button_group(key="crm_log_outcome_call").set_value("reached").run()
    app.button(key="crm_log_go").click().run()
    assert rows(Interaction) == []
    assert [a.kind for a in rows(LeadActivity)] == ["call"]
    assert "First response" in written(app)
    app.selectbox(key="crm_log_lead").set_value(0).run()
    app.button_group(key="crm_log_outcome_call").set_value("inbound").run()
    app.button(key="crm_log_go").click().run()
    assert len(rows(Interaction)) == 1


def test_the_timeline_has_everything_and_can_be_narrowed(desk: dict[str, int]):
    run(
        log_activity, item_id=desk["lead"], seen_version=1, kind="email", outcome="template", note="Thanks",
        actor=SEED, now=NOW,
    )  # fmt: skip
    app = opened("omar", CUSTOMER, customer=desk["jane"])
    shown = written(app)
    assert "Template or automatic".lower() in shown.lower()
    assert "Automatic" in shown
    assert "from autosite" in shown
    app.button_group(key="crm_lines").set_value("Service").run()
    assert "Nothing of this kind yet" in written(app)
    leader = written(opened("leo", CUSTOMER, customer=desk["jane"]))
    assert "Thanks" not in leader
    assert "Hidden for your role" in leader


def test_templates_are_listed_changed_and_retired_by_who_owns_them(desk: dict[str, int]):
    app = app_as("dana", page=TEMPLATES)
    assert not app.exception
    assert list(app.dataframe[0].value["Template"]) == ["Thank you", "With day"]
    app.session_state["tpl_open"] = desk["thanks"]
    app.run()
    assert [b.key for b in app.button if b.key in ("tpl_edit_go", "tpl_retire_go")] == []
    app.session_state["tpl_open"] = desk["day"]
    app.run()
    app.text_area(key="tpl_edit_body").set_value(BODY + " {price}").run()
    app.button(key="tpl_edit_go").click().run()
    assert "{price} is no placeholder" in written(app)
    app.text_area(key="tpl_edit_body").set_value(BODY + " Bye for now").run()
    app.button(key="tpl_edit_go").click().run()
    assert not app.exception
    app.session_state["tpl_open"] = desk["day"]
    app.run()
    app.button(key="tpl_retire_go").click().run()
    stored = {t.id: t for t in rows(MessageTemplate)}[desk["day"]]
    assert (stored.version, stored.is_active, stored.body.endswith("Bye for now")) == (3, False, True)


def test_a_template_of_another_dealer_is_not_found(desk: dict[str, int]):
    app = app_as("dana", page=TEMPLATES)
    app.session_state["tpl_open"] = desk["other"]
    app.run()
    assert not app.exception
    assert "This template was not found" in written(app)


def test_a_template_is_written_and_a_refusal_keeps_what_was_typed(desk: dict[str, int]):
    app = app_as("dana", page=TEMPLATES)
    app.text_input(key="tpl_new_name").set_value("Ours")
    app.text_area(key="tpl_new_body").set_value("Hello {first_name}, we are open on Sunday.").run()
    app.button(key="tpl_new_go").click().run()
    assert "The subject is needed" in written(app)
    assert app.text_input(key="tpl_new_name").value == "Ours"
    app.text_input(key="tpl_new_subject").set_value("Open on Sunday").run()
    app.button(key="tpl_new_go").click().run()
    made = rows(MessageTemplate)[-1]
    assert (made.name, made.dealer_id) == ("Ours", desk["lone"])
