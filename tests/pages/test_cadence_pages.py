"""To do now and Follow-up, used as people use them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from db.cadence.jobs import run_days
from db.cadence.plan_commands import draft_plan
from db.cadence.plan_queries import list_versions
from db.cadence.rules import PlanStep
from db.cadence.tables import CadenceAbsence, CadenceTask
from db.core import events
from db.core.actor import EVERYTHING
from db.core.permissions import Role
from db.core.session import engine, reading, run, writing
from db.leads.tables import LeadActivity
from tests.leads.factories import SYSTEM, load, minutes, receive
from tests.support.again import begun
from tests.support.users import actor_named, app_as, make_dealer, make_person

TODAY, FOLLOW_UP, MY_WORK = "pages/crm/today.py", "pages/crm/follow_up.py", "pages/work/my_work.py"


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    own = make_dealer(engine())
    other = make_dealer(engine(), code="0999", name="North Star", region="West")
    for name, role in (
        ("mason", Role.MANAGER), ("cora", Role.COORDINATOR), ("dana", Role.DEALER_MANAGER), ("drew", Role.DEALER_STAFF),
        ("dora", Role.DEALER_STAFF),
    ):  # fmt: skip
        make_person(engine(), name, role)
    make_person(engine(), "olga", Role.DEALER_MANAGER, dealer_ids=[other])
    at = datetime.now(UTC) - minutes(5)
    lead = arrive(own, at=at, question="Is it still there?")
    return {"own": own, "other": other, "lead": lead}


def arrive(dealer_id: int, *, at: datetime, **facts: Any) -> int:
    lead = receive(engine(), dealer_id=dealer_id, received_at=at, status="assigned", **facts)
    with writing(engine(), keeps_timeline=False) as session:
        event = events.Event(name="leads.arrived", item_type="lead", item_ids=(lead,))
        events.tell(session, event, actor=SYSTEM, now=at)
    return lead


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.title, app.info, app.warning)
    return "\n".join(str(one.value) for kind in kinds for one in kind).replace("\\", "")


def pills(app: Any, key: str) -> Any:
    return next(group for group in app.get("button_group") if group.key == key)


def activities() -> list[Any]:
    with reading() as session:
        return list(session.execute(select(LeadActivity.kind, LeadActivity.outcome)).all())


def test_sales_people_land_on_their_customers_once(desk):
    app = app_as("drew")
    assert "To do now" in app.title[0].value
    assert not app.exception
    app.switch_page(MY_WORK).run()
    assert "My work" in app.title[0].value
    assert "My work" in app_as("dana").title[0].value


def test_the_first_customer_is_logged_in_two_actions(desk):
    app = app_as("drew", page=TODAY)
    lead = load(engine(), desk["lead"])
    assert lead.customer_name in written(app)
    assert "Is it still there?" in written(app)
    assert "nobody has answered" in written(app)
    key = f"today_next_{desk['lead']}"
    app.button(key=f"{key}_log").click().run()
    assert "Choose what came of it" in written(app)
    assert activities() == []
    pills(app, f"{key}_outcome").set_value("call:voicemail").run()
    app.button(key=f"{key}_log").click().run()
    assert not app.exception
    assert activities() == [("call", "voicemail")]
    with reading() as session:
        done = session.scalars(select(CadenceTask).where(CadenceTask.state == "done")).one()
        assert done.kind == "call"
        assert done.day == 0


def test_a_row_opens_its_drawer_and_is_logged_there(desk):
    app = app_as("drew", page=TODAY)
    app.session_state["today_open"] = desk["lead"]
    app.run()
    key = f"today_drawer_{desk['lead']}"
    pills(app, f"{key}_outcome").set_value("call:no_answer").run()
    app.button(key=f"{key}_log").click().run()
    assert not app.exception
    assert activities() == [("call", "no_answer")]
    assert "today_open" not in app.session_state


def test_another_dealer_sees_an_empty_list(desk):
    app = app_as("olga", page=TODAY)
    assert "Nobody waits for you now." in written(app)
    assert not app.exception
    pills(app, "today_view").set_value("all").run()
    assert "Nobody waits for you now." in written(app)


def test_the_adherence_shows_the_steps_behind_it(desk):
    at = datetime.now(UTC)
    arrive(desk["own"], at=at - timedelta(days=8), name="Old", email="old@mail.example", phone="+12125550123")
    run_days(engine(), now=at)
    for name, there in (("cora", True), ("dana", True), ("olga", False)):
        app = app_as(name, page=FOLLOW_UP)
        assert not app.exception
        assert ("No required step was due" in written(app)) is not there
        assert ("The steps behind the numbers" in [s.value for s in app.subheader]) is there
    app = app_as("drew", page=FOLLOW_UP)
    assert "You have no access to this page" in written(app)


def test_a_draft_is_shown_with_what_it_changes_and_put_in_force(desk):
    steps = [PlanStep(day=0, kind="call", minutes=20).stored()]
    mason = actor_named(engine(), "mason")
    version = run(
        draft_plan, bind=engine(), plan="new_lead", steps=steps, reason="Fewer steps", seen_version=1, actor=mason,
        now=datetime.now(UTC),
    )  # fmt: skip
    app = app_as("mason", page=FOLLOW_UP)
    pills(app, "fu_view").set_value("plans").run()
    assert "Fewer steps" in written(app)
    assert "Day 0: Call within 20 min" in written(app)
    app.button(key=f"fu_activate_{version}").click().run()
    assert not app.exception
    with reading() as session:
        newest = list_versions(session, plan="new_lead", scope=EVERYTHING, now=datetime.now(UTC))[0]
    assert (newest.version, newest.state) == (2, "active")
    seen = app_as("dana", page=FOLLOW_UP)
    pills(seen, "fu_view").set_value("plans").run()
    assert not [b for b in seen.button if b.key == "fu_draft"]


def test_an_absence_and_a_hand_over_on_the_page(desk):
    drew, dora = actor_named(engine(), "drew"), actor_named(engine(), "dora")
    app = app_as("dana", page=FOLLOW_UP)
    pills(app, "fu_view").set_value("away").run()
    today = datetime.now(UTC).date()
    app.selectbox(key="fu_aw_who").set_value(drew.user_id).run()
    app.selectbox(key="fu_aw_stand_in").set_value(dora.user_id).run()
    app.date_input(key="fu_aw_first").set_value(today).run()
    app.date_input(key="fu_aw_last").set_value(today).run()
    app.button(key="fu_aw_save").click().run()
    assert not app.exception
    with reading() as session:
        assert session.scalars(select(CadenceAbsence.person_id)).all() == [drew.user_id]
    assert "stands in" in written(app)
    from db.leads.assignment import assign

    run(
        assign, bind=engine(), item_id=desk["lead"], seen_version=load(engine(), desk["lead"]).version,
        dealer_id=desk["own"], assignee_id=drew.user_id, note="x", actor=actor_named(engine(), "dana"),
        now=datetime.now(UTC),
    )  # fmt: skip
    app = app_as("dana", page=FOLLOW_UP)
    pills(app, "fu_view").set_value("away").run()
    app.selectbox(key="fu_ho_from").set_value(drew.user_id).run()
    app.selectbox(key="fu_ho_to").set_value(dora.user_id).run()
    app.text_input(key="fu_ho_note").set_value("Left us").run()
    app.button(key="fu_ho_go").click().run()
    assert not app.exception
    assert load(engine(), desk["lead"]).assignee_id == dora.user_id
