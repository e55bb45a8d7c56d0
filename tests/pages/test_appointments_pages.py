"""The appointments page and the lead's drawer as their users work with them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from db.appointments.booking_commands import book
from db.appointments.commands import COMMANDS
from db.appointments.queries import agenda, appointments_of_lead, get_appointment
from db.core.labels import local_day
from db.core.permissions import Role
from db.core.session import engine as process_engine
from db.core.session import reading, run
from tests.leads.factories import receive, step, version_of
from tests.support.clock import hold_clock
from tests.support.users import actor_named, app_as, make_dealer, make_people, make_person

PAGE = "pages/crm/appointments.py"
NOW = datetime.fromisoformat("2026-11-20T15:00:00+00:00")  # a Friday, 10:00 in New York
TWO = NOW + timedelta(hours=2)


@pytest.fixture
def desk(app_database, monkeypatch):
    """One dealer with a contacted lead, and somebody of another dealer; the clock stands still."""
    hold_clock(monkeypatch, NOW)
    engine = process_engine()
    make_people(engine)
    other = make_dealer(engine, code="07001", name="Far Away Motors", region="West")
    make_person(engine, "stranger", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[other])
    dealer_id = make_dealer(engine)
    lead_id = receive(engine, dealer_id=dealer_id, received_at=NOW - timedelta(hours=1))
    step(engine, "log_activity", lead_id, actor=actor_named(engine, "dealer_staff"), now=NOW, kind="call",
         outcome="reached")  # fmt: skip
    return engine, dealer_id, lead_id


def made(engine, lead_id, **other) -> int:
    values = {"kind": "sales", "starts_at": TWO, "lead_id": lead_id, "actor": actor_named(engine, "dealer_staff")}
    return run(book, bind=engine, now=NOW, **(values | other))


def seen(engine, item_id):
    with reading(engine) as session:
        return get_appointment(session, item_id=item_id, actor=actor_named(engine, "coordinator"), now=NOW)


def words(app) -> str:
    return " ".join(str(e.value) for kind in ("markdown", "caption", "title", "error") for e in app.get(kind))


@pytest.mark.parametrize("username", ["coordinator", "manager", "dealer_manager", "dealer_staff", "sales_leader"])
@pytest.mark.parametrize("view", ["day", "week", "missed", "rate"])
def test_each_view_for_each_role(desk, username, view, monkeypatch):
    engine, _, lead_id = desk
    item_id = made(engine, lead_id)
    if view in ("missed", "rate"):
        run(COMMANDS["miss"], bind=engine, item_id=item_id, seen_version=1, now=TWO, actor=actor_named(engine, "admin"))
        hold_clock(monkeypatch, TWO + timedelta(hours=1))
    app = app_as(username, page=PAGE)
    app.session_state["appt_view"] = view
    app.run()
    assert not app.exception
    shown = words(app) + " ".join(str(f.value.to_dict()) for f in app.dataframe) + str([b.label for b in app.button])
    assert {"day": "A-000001", "week": "12:00", "missed": "A-000001", "rate": "By confirmation"}[view] in shown


def test_people_of_another_dealer_see_none_of_it(desk):
    engine, _, lead_id = desk
    item_id = made(engine, lead_id)
    app = app_as("stranger", page=PAGE)
    assert "Nothing is booked" in words(app)
    app.session_state["appt_open"] = item_id
    app.run()
    assert "was not found" in words(app)


def test_booking_a_time_from_the_page(desk):
    engine, dealer_id, lead_id = desk
    app = app_as("dealer_staff", page=PAGE)
    app.session_state["appt_book_popup"] = True
    app.run()
    app.text_input(key="appt_new_text").set_value("jane").run()
    app.selectbox(key="appt_new_who").set_value(f"lead:{lead_id}").run()
    app.session_state["appt_new_at"] = datetime(2026, 11, 20, 4, 0)  # noqa: DTZ001 - as the widget gives it
    app.run()
    app.button(key="appt_new_go").click().run()
    assert "later than now" in words(app)
    app.session_state["appt_new_at"] = datetime(2026, 11, 20, 13, 0)  # noqa: DTZ001
    app.run()
    app.button(key="appt_new_go").click().run()
    assert not app.exception
    with reading(engine) as session:
        actor = actor_named(engine, "dealer_staff")
        (row,) = agenda(session, first=local_day(NOW, "America/New_York"), days=1, actor=actor, now=NOW)
    assert (row.lead_id, row.dealer_id, row.starts_at) == (lead_id, dealer_id, NOW + timedelta(hours=3))


def test_the_drawer_moves_a_time(desk):
    engine, _, lead_id = desk
    item_id = made(engine, lead_id)
    app = app_as("dealer_staff", page=PAGE)
    app.session_state["appt_open"] = item_id
    app.session_state[f"appt_step_{item_id}"] = "reschedule"
    app.session_state[f"appt_{item_id}_reschedule_starts_at"] = datetime(2026, 11, 20, 15, 0)  # noqa: DTZ001
    app.run()
    app.button(key=f"appt_{item_id}_reschedule_go").click().run()
    assert not app.exception
    page = seen(engine, item_id)
    assert page.status == "rescheduled"
    assert [one.number for one in page.chain] == ["A-000002"]


def test_a_confirmation_is_logged_in_the_drawer(desk):
    engine, _, lead_id = desk
    item_id = made(engine, lead_id)
    app = app_as("dealer_staff", page=PAGE)
    app.session_state["appt_open"] = item_id
    app.run()
    touch = seen(engine, item_id).touches[0]
    app.button(key=f"appt_touch_{touch.id}_confirmed").click().run()
    assert not app.exception
    page = seen(engine, item_id)
    assert (page.status, page.confirmed_touch) == ("confirmed", "At once")


def test_the_leads_own_step_books_a_real_appointment(desk):
    engine, _, lead_id = desk
    app = app_as("dealer_staff", page="pages/leads/board.py")
    app.session_state["lead_open"] = lead_id
    app.session_state[f"lead_step_{lead_id}"] = "set_appointment"
    app.session_state[f"lead_{lead_id}_set_appointment_appointment_at"] = datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001
    app.run()
    app.button(key=f"lead_{lead_id}_set_appointment_go").click().run()
    assert not app.exception
    with reading(engine) as session:
        (row,) = appointments_of_lead(session, lead_id=lead_id, actor=actor_named(engine, "dealer_staff"), now=NOW)
    assert (row.kind, row.starts_at, row.status) == ("sales", TWO, "scheduled")
    assert version_of(engine, lead_id) > 1


def test_settings_are_saved_for_the_dealer(desk):
    app = app_as("dealer_manager", page=PAGE)
    app.session_state["appt_setup_popup"] = True
    app.run()
    key = next(w.key for w in app.number_input if w.key.endswith("grace_minutes"))
    app.number_input(key=key).set_value(20).run()
    app.button(key="appt_set_go").click().run()
    assert not app.exception
    app.session_state["appt_setup_popup"] = True
    app.run()
    assert 20 in [w.value for w in app.number_input]
