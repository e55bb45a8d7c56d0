"""Booking and every step of an appointment's life: done, refused, repeated, out of scope; and what the lead does."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from db.appointments.booking_commands import book, book_for_lead
from db.appointments.commands import check_in_lead
from db.appointments.policy_commands import set_policy
from db.appointments.tables import Appointment
from db.appointments.touch_commands import confirm_next, log_touch
from db.core.outbox import OutboxMail
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.core.timeline import TimelineEntry
from db.leads.tables import Lead
from tests.appointments.factories import NOW, TOMORROW, booked, lead_of, load, take, touches
from tests.leads.factories import lead_at, make_network, receive, step
from tests.leads.factories import load as load_lead

HOUR = timedelta(hours=1)


def entries(engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(TimelineEntry)) or 0


# ------------------------------------------------------------------------------------------------------------- booking
def test_a_booking_moves_the_lead_and_leaves_one_entry(sqlite_engine):
    network = make_network(sqlite_engine)
    lead_id = lead_at(sqlite_engine, "contacted", network)
    before = entries(sqlite_engine)
    item_id = booked(sqlite_engine, network, lead_id=lead_id, host_id=network.staff.user_id, form_key="k1")
    assert booked(sqlite_engine, network, lead_id=lead_id, host_id=network.staff.user_id, form_key="k1") == item_id
    item, lead = load(sqlite_engine, item_id), load_lead(sqlite_engine, lead_id)
    assert (item.number, item.status, item.dealer_id) == ("A-000001", "scheduled", network.north)
    assert item.ends_at - item.starts_at == HOUR
    assert (lead.status, lead.due_at) == ("appointment_set", TOMORROW)
    assert entries(sqlite_engine) == before + 1
    with reading(sqlite_engine) as session:
        (mail,) = session.scalars(select(OutboxMail).where(OutboxMail.item_type == "appointment"))
        assert mail.to_address == "jane@mail.example"
        assert "METHOD:REQUEST" in (mail.calendar or "")


WRONG = [
    ({"starts_at": NOW}, "starts_at", "past"),
    ({"starts_at": None}, "starts_at", "required"),
    ({"starts_at": NOW + timedelta(days=366)}, "starts_at", "too_far"),
    ({"starts_at": TOMORROW.replace(hour=3)}, "starts_at", "outside_hours"),
    ({"starts_at": TOMORROW.replace(hour=21, minute=30)}, "starts_at", "outside_hours"),  # ends after closing
    ({"kind": "party"}, "kind", "required"),
    ({"bay": "Lift 9"}, "bay", "unknown"),
    ({"host_id": 10**9}, "host_id", "unknown"),
    ({"minutes": 2}, "minutes", "out_of_range"),
    ({"note": "x" * 4001}, "note", "too_long"),
]


@pytest.mark.parametrize("wrong, field, code", WRONG, ids=[f"{f}-{c}-{i}" for i, (_, f, c) in enumerate(WRONG)])
def test_a_booking_that_is_refused_says_where_and_stores_nothing(sqlite_engine, wrong, field, code):
    network = make_network(sqlite_engine)
    lead_id = lead_at(sqlite_engine, "contacted", network)
    with pytest.raises(Refused) as refusal:
        booked(sqlite_engine, network, lead_id=lead_id, **wrong)
    assert [(p.field, p.code) for p in refusal.value.problems] == [(field, code)]
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(Appointment)) == 0
    assert load_lead(sqlite_engine, lead_id).status == "contacted"


def test_outside_hours_is_booked_once_it_is_confirmed(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network, starts_at=TOMORROW.replace(hour=3), outside_hours=True)
    assert load(sqlite_engine, item_id).outside_hours
    assert not load(sqlite_engine, booked(sqlite_engine, network, outside_hours=True)).outside_hours


def test_people_of_another_dealer_find_nothing(sqlite_engine):
    network = make_network(sqlite_engine)
    lead_id = lead_at(sqlite_engine, "contacted", network)
    with pytest.raises(NotFound):
        booked(sqlite_engine, network, lead_id=lead_id, actor=network.south_staff)
    item_id = booked(sqlite_engine, network, lead_id=lead_id)
    for name, inputs in (
        ("confirm", {}),
        ("cancel", {"reason": "ill"}),
        ("reschedule", {"starts_at": TOMORROW + HOUR}),
    ):
        with pytest.raises(NotFound):
            take(sqlite_engine, name, item_id, now=NOW, actor=network.south_staff, **inputs)
    with pytest.raises(Refused, match="role"):
        take(sqlite_engine, "confirm", item_id, now=NOW, actor=network.finance)
    touch = touches(sqlite_engine, item_id)["immediate"]
    with pytest.raises(NotFound):
        run(log_touch, bind=sqlite_engine, touch_id=touch.id, seen_version=1, outcome="nobody",
            actor=network.south_staff, now=NOW)  # fmt: skip


def test_a_customer_without_a_lead_can_be_booked_for_service(sqlite_engine):
    network = make_network(sqlite_engine)
    customer_id = load_lead(sqlite_engine, receive(sqlite_engine, dealer_id=network.north)).customer_id
    item = load(sqlite_engine, booked(sqlite_engine, network, customer_id=customer_id, kind="service"))
    assert (item.lead_id, item.kind) == (None, "service")
    take(sqlite_engine, "miss", item.id, now=TOMORROW + HOUR, actor=network.staff)
    assert load(sqlite_engine, item.id).status == "no_show"


# ----------------------------------------------------------------------------------------------------- double booking
def test_a_person_and_a_bay_are_booked_once_at_a_time(engine):
    network = make_network(engine)
    run(set_policy, bind=engine, dealer_id=network.north, seen_version=0, grace_minutes=30, far_days=15,
        lengths={"sales": 60, "test_drive": 45, "delivery": 90, "service": 60, "other": 30}, bays=["Lift 1"],
        actor=network.dealer_manager, now=NOW)  # fmt: skip
    host = network.staff.user_id
    booked(engine, network, host_id=host, bay="Lift 1")
    with pytest.raises(Refused, match="10:00–11:00") as refusal:
        booked(engine, network, host_id=host, bay="Lift 1", starts_at=TOMORROW + timedelta(minutes=59))
    assert [p.field for p in refusal.value.problems] == ["host_id", "bay"]
    booked(engine, network, host_id=host, bay="Lift 1", starts_at=TOMORROW + HOUR)  # begins when the other ends
    booked(engine, network, host_id=network.colleague.user_id)


def test_two_bookings_at_the_same_moment_do_not_both_get_the_person(engine):
    network = make_network(engine)
    leads = [lead_at(engine, "contacted", network, email=f"c{i}@mail.example") for i in range(4)]
    outcomes: list[str] = []
    start = threading.Barrier(len(leads))

    def attempt(lead_id: int) -> None:
        start.wait()
        try:
            run(book, bind=engine, kind="sales", starts_at=TOMORROW, lead_id=lead_id, host_id=network.staff.user_id,
                actor=network.staff, now=NOW)  # fmt: skip
            outcomes.append("booked")
        except Refused as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=attempt, args=(lead_id,)) for lead_id in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["booked", *["double_booked"] * 3]


def test_a_lead_has_one_open_appointment(sqlite_engine):
    network = make_network(sqlite_engine)
    lead_id = lead_at(sqlite_engine, "contacted", network)
    booked(sqlite_engine, network, lead_id=lead_id)
    with pytest.raises(Refused, match="A-000001"):
        booked(sqlite_engine, network, lead_id=lead_id, starts_at=TOMORROW + 3 * HOUR)


# --------------------------------------------------------------------------------------------------------------- steps
def test_from_the_booking_to_the_end(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network)
    take(sqlite_engine, "confirm", item_id, now=NOW + HOUR, actor=network.staff)
    lead = lead_of(sqlite_engine, item_id)
    assert (load(sqlite_engine, item_id).status, lead.appointment_confirmed_at) == ("confirmed", NOW + HOUR)
    with pytest.raises(Stale):
        take(sqlite_engine, "check_in", item_id, now=TOMORROW, actor=network.staff, seen_version=1)
    take(sqlite_engine, "check_in", item_id, now=TOMORROW, actor=network.staff)
    assert lead_of(sqlite_engine, item_id).status == "appointment_shown"
    take(sqlite_engine, "complete", item_id, now=TOMORROW + HOUR, actor=network.staff)
    item = load(sqlite_engine, item_id)
    assert (item.status, item.is_open, item.shown_at, item.completed_at) == (
        "completed", False, TOMORROW, TOMORROW + HOUR,
    )  # fmt: skip
    assert all(not t.is_open for t in touches(sqlite_engine, item_id).values())


TOO_EARLY: list[tuple[str, datetime, str]] = [
    ("check_in", NOW, "later day"),
    ("miss", TOMORROW - HOUR, "still to come"),
]


@pytest.mark.parametrize("name, at, words", TOO_EARLY)
def test_nobody_has_come_or_missed_before_the_time(sqlite_engine, name, at, words):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network)
    with pytest.raises(Refused, match=words):
        take(sqlite_engine, name, item_id, now=at, actor=network.staff)
    assert load(sqlite_engine, item_id).status == "scheduled"


def test_a_missed_time_is_a_no_show_and_never_cancelled(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network)
    with pytest.raises(Refused, match="no-show"):
        take(sqlite_engine, "cancel", item_id, now=TOMORROW, actor=network.staff, reason="ill")
    take(sqlite_engine, "miss", item_id, now=TOMORROW + HOUR, actor=network.staff)
    lead = lead_of(sqlite_engine, item_id)
    assert (lead.status, lead.due_at, lead.next_step) == ("contacted", TOMORROW + 2 * HOUR, "Call back: did not come")


def test_a_no_show_is_taken_back_with_a_reason_and_so_is_a_check_in(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network)
    take(sqlite_engine, "miss", item_id, now=TOMORROW + HOUR, actor=network.staff)
    with pytest.raises(Refused) as refusal:
        take(sqlite_engine, "came_late", item_id, now=TOMORROW + HOUR, actor=network.staff, reason=" ")
    assert refusal.value.problems[0].field == "reason"
    take(sqlite_engine, "came_late", item_id, now=TOMORROW + 2 * HOUR, actor=network.staff, reason="Stuck in traffic")
    assert load(sqlite_engine, item_id).missed_at is None
    assert lead_of(sqlite_engine, item_id).status == "appointment_shown"
    take(sqlite_engine, "take_back", item_id, now=TOMORROW + 3 * HOUR, actor=network.staff, reason="Wrong customer")
    item, lead = load(sqlite_engine, item_id), lead_of(sqlite_engine, item_id)
    assert (item.status, item.shown_at, lead.status, lead.appointment_shown_at) == ("no_show", None, "contacted", None)


def test_moving_makes_a_child_with_the_same_invitation(sqlite_engine):
    network = make_network(sqlite_engine)
    first = booked(sqlite_engine, network, host_id=network.staff.user_id, note="Red one")
    later = TOMORROW + timedelta(minutes=30)  # overlaps with itself only
    child_id = take(sqlite_engine, "reschedule", first, now=NOW + HOUR, actor=network.staff, starts_at=later)
    parent, child = load(sqlite_engine, first), load(sqlite_engine, child_id)
    assert (parent.status, parent.rescheduled_at, child.parent_id) == ("rescheduled", NOW + HOUR, first)
    assert (child.uid, child.sequence, child.assignee_id, child.note) == (parent.uid, 1, parent.assignee_id, "Red one")
    assert lead_of(sqlite_engine, child_id).due_at == later


def test_booking_again_ends_the_recovery(sqlite_engine):
    network = make_network(sqlite_engine)
    first = booked(sqlite_engine, network)
    take(sqlite_engine, "miss", first, now=TOMORROW + HOUR, actor=network.staff)
    again = TOMORROW + timedelta(days=1)
    child_id = take(sqlite_engine, "rebook", first, now=TOMORROW + HOUR, actor=network.staff, starts_at=again)
    assert load(sqlite_engine, first).status == "no_show"
    assert load(sqlite_engine, first).recovery_ended_at == TOMORROW + HOUR
    assert load(sqlite_engine, child_id).parent_id == first
    with pytest.raises(Refused, match="won back"):
        take(sqlite_engine, "rebook", first, now=TOMORROW + HOUR, actor=network.staff, starts_at=again + HOUR)


def test_set_in_error_needs_a_reason_and_sends_the_lead_back(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network)
    with pytest.raises(Refused):
        take(sqlite_engine, "set_in_error", item_id, now=NOW, actor=network.staff, reason="")
    take(sqlite_engine, "set_in_error", item_id, now=NOW, actor=network.staff, reason="Other customer")
    assert load(sqlite_engine, item_id).status == "cancelled_in_error"
    assert lead_of(sqlite_engine, item_id).status == "contacted"
    with reading(sqlite_engine) as session:
        calendars = session.scalars(select(OutboxMail.calendar).order_by(OutboxMail.id)).all()
    assert "METHOD:CANCEL" in (calendars[-1] or "")
    assert "SEQUENCE:1" in (calendars[-1] or "")


# -------------------------------------------------------------------------------------------------------- confirmations
def test_what_came_of_a_confirmation(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network, starts_at=NOW + timedelta(days=2))
    planned = touches(sqlite_engine, item_id)
    assert {k: t.channel for k, t in planned.items()} == dict.fromkeys(("immediate", "day", "hours"), "email")
    assert planned["immediate"].sent_at == NOW
    values = {"bind": sqlite_engine, "actor": network.staff, "now": NOW + timedelta(days=1, hours=1)}
    run(log_touch, touch_id=planned["day"].id, seen_version=1, outcome="nobody", **values)
    assert load(sqlite_engine, item_id).status == "scheduled"
    run(log_touch, touch_id=planned["immediate"].id, seen_version=1, outcome="confirmed", **values)
    item = load(sqlite_engine, item_id)
    assert (item.status, item.confirmed_touch) == ("confirmed", "immediate")


def test_one_click_confirms_by_the_touch_that_was_due(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network, starts_at=NOW + timedelta(days=2))
    run(confirm_next, bind=sqlite_engine, item_id=item_id, seen_version=1, actor=network.staff,
        now=NOW + timedelta(days=1, hours=1))  # fmt: skip
    assert load(sqlite_engine, item_id).confirmed_touch == "day"


def test_an_automatic_confirmation_is_no_answer_to_the_lead(sqlite_engine):
    network = make_network(sqlite_engine)
    lead_id = lead_at(sqlite_engine, "contacted", network)
    before = load_lead(sqlite_engine, lead_id)
    booked(sqlite_engine, network, lead_id=lead_id)
    after = load_lead(sqlite_engine, lead_id)
    assert (after.first_action_at, after.attempts) == (before.first_action_at, before.attempts)


# ------------------------------------------------------------------------------------------------- from the lead's side
def test_the_leads_own_buttons_book_and_check_in(sqlite_engine):
    network = make_network(sqlite_engine)
    lead_id = lead_at(sqlite_engine, "contacted", network)
    version = load_lead(sqlite_engine, lead_id).version
    common = {"bind": sqlite_engine, "item_id": lead_id, "actor": network.staff}
    item_id = run(book_for_lead, seen_version=version, appointment_at=TOMORROW, now=NOW, **common)
    assert run(book_for_lead, seen_version=version, appointment_at=TOMORROW, now=NOW, **common) == item_id
    with pytest.raises(Stale):
        run(check_in_lead, seen_version=version, now=TOMORROW, **common)
    run(check_in_lead, seen_version=load_lead(sqlite_engine, lead_id).version, now=TOMORROW, **common)
    assert load(sqlite_engine, item_id).status == "shown"
    assert load_lead(sqlite_engine, lead_id).status == "appointment_shown"


def test_a_wrong_time_is_said_at_the_leads_own_field(sqlite_engine):
    network = make_network(sqlite_engine)
    lead_id = lead_at(sqlite_engine, "contacted", network)
    with pytest.raises(Refused) as refusal:
        run(book_for_lead, bind=sqlite_engine, item_id=lead_id, actor=network.staff, now=NOW, appointment_at=NOW,
            seen_version=load_lead(sqlite_engine, lead_id).version)  # fmt: skip
    assert refusal.value.problems[0].field == "appointment_at"


def test_a_visit_logged_on_the_lead_checks_in(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network)
    lead = lead_of(sqlite_engine, item_id)
    step(sqlite_engine, "log_activity", lead.id, actor=network.staff, now=TOMORROW, kind="visit", outcome="shown")
    item = load(sqlite_engine, item_id)
    assert (item.status, item.shown_at) == ("shown", TOMORROW)


ENDS = [
    ("lose", {"reason": "price"}, NOW, "cancelled", "Lead lost: price"),
    ("lose", {"reason": "price"}, TOMORROW + HOUR / 2, "no_show", "Lead lost: price"),
    ("mark_bad", {"reason": "test", "note": "Says test"}, NOW, "cancelled_in_error", "Lead bad: test"),
]


@pytest.mark.parametrize("name, inputs, at, status, why", ENDS, ids=["lost", "lost-after", "bad"])
def test_a_lead_that_ends_calls_its_appointment_off(sqlite_engine, name, inputs, at, status, why):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network)
    step(sqlite_engine, name, lead_of(sqlite_engine, item_id).id, actor=network.dealer_manager, now=at, **inputs)
    item = load(sqlite_engine, item_id)
    assert (item.status, item.reason, item.recovery_ended_at) == (status, why, at)


def test_a_lead_given_to_another_dealer_loses_its_appointment(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network)
    lead_id = lead_of(sqlite_engine, item_id).id
    step(sqlite_engine, "assign", lead_id, actor=network.coordinator, now=NOW, dealer_id=network.south, note="Closer")
    item = load(sqlite_engine, item_id)
    assert (item.status, item.reason) == ("cancelled", "The lead was given to another dealer")
    assert load_lead(sqlite_engine, lead_id).status == "assigned"


def test_a_merge_takes_appointments_along_and_its_undo_brings_them_back(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network)
    duplicate = lead_of(sqlite_engine, item_id).id
    survivor = lead_at(sqlite_engine, "contacted", network)
    step(sqlite_engine, "merge", duplicate, actor=network.coordinator, now=NOW, into_id=survivor, note="Same person")
    assert load(sqlite_engine, item_id).lead_id == survivor
    step(sqlite_engine, "unmerge", duplicate, actor=network.coordinator, now=NOW, note="Two people")
    item = load(sqlite_engine, item_id)
    assert (item.lead_id, item.status, item.merged_from_id) == (duplicate, "scheduled", None)
    with reading(sqlite_engine) as session:
        assert session.get_one(Lead, duplicate).status == "appointment_set"
