"""What is read of appointments, by whom; jobs that run once; metrics; settings; personal data."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from db.appointments import lines_queries, queries
from db.appointments.holder import HELD
from db.appointments.jobs import run_no_shows, run_touches
from db.appointments.policy_commands import set_policy
from db.appointments.policy_queries import get_policy
from db.appointments.rate_queries import METRICS, rates
from db.appointments.rules import LENGTHS
from db.catalog import search_everything
from db.core.events import Follower, _followers, register
from db.core.outbox import OutboxMail
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.people.tables import Notification
from tests.appointments.factories import NOW, TOMORROW, booked, load, take, touches
from tests.leads.factories import lead_at, make_network, receive
from tests.leads.factories import load as load_lead

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TUESDAY = date(2026, 6, 30)


def mails_of(item_id):
    is_its = (OutboxMail.item_type == "appointment", OutboxMail.item_id == item_id)
    return select(func.count()).select_from(OutboxMail).where(*is_its)


def read(engine, query, **arguments):
    with reading(engine) as session:
        return query(session, **arguments)


# ------------------------------------------------------------------------------------------------------------- queries
def test_people_see_the_appointments_of_their_own_dealers(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network)
    take(sqlite_engine, "miss", item_id, now=TOMORROW + HOUR, actor=network.staff)
    lead_id = load(sqlite_engine, item_id).lead_id
    at = TOMORROW + 2 * HOUR

    def answers(actor):
        common = {"actor": actor, "now": at}
        return {
            "agenda": len(read(sqlite_engine, queries.agenda, first=TUESDAY, days=1, **common)),
            "missed": len(read(sqlite_engine, queries.missed, **common)),
            "count": read(sqlite_engine, queries.count_missed, actor=actor),
            "lead": len(read(sqlite_engine, queries.appointments_of_lead, lead_id=lead_id, **common)),
            "rate": read(sqlite_engine, rates, scope=actor.scope, now=at)[0]["due"],
            "search": len(read(sqlite_engine, lines_queries.found_appointments, ids=[item_id], actor=actor)),
            "typed": len(read(sqlite_engine, search_everything, typed="A-000001", actor=actor)),
            "customer": len(read(sqlite_engine, lines_queries.customer_lines, limit=9, actor=actor,
                                 customer_id=load(sqlite_engine, item_id).customer_id)),
            "export": len(list(read(sqlite_engine, lambda s, **a: list(lines_queries.export_rows(s, **a)), actor=actor,
                                    scope=actor.scope, filters={}, now=at))),
        }  # fmt: skip

    assert set(answers(network.staff).values()) == {1}
    assert set(answers(network.coordinator).values()) == {1}
    assert set(answers(network.south_staff).values()) == {0}
    for query in (queries.get_appointment, queries.invitation):
        read(sqlite_engine, query, item_id=item_id, actor=network.staff, now=at)
        with pytest.raises(NotFound):
            read(sqlite_engine, query, item_id=item_id, actor=network.south_staff, now=at)
    with pytest.raises(Refused):
        read(sqlite_engine, queries.agenda, first=TUESDAY, days=1, actor=network.finance, now=at)


def test_a_day_is_the_dealers_own(sqlite_engine):
    network = make_network(sqlite_engine)
    lead_id = lead_at(sqlite_engine, "assigned", network)
    customer = load_lead(sqlite_engine, receive(sqlite_engine, dealer_id=network.west)).customer_id
    assert lead_id
    late = TOMORROW.replace(hour=5) + DAY  # 22:00 on Tuesday in Los Angeles, Wednesday in New York
    booked(sqlite_engine, network, customer_id=customer, starts_at=late, outside_hours=True, actor=network.coordinator)
    common = {"days": 1, "actor": network.coordinator, "now": NOW}
    assert len(read(sqlite_engine, queries.agenda, first=TUESDAY, **common)) == 1
    assert read(sqlite_engine, queries.agenda, first=TUESDAY + DAY, **common) == []


def test_the_most_valuable_no_show_comes_first(sqlite_engine):
    network = make_network(sqlite_engine)
    values = (None, 3_000_000, 5_000_000)
    for value in values:
        lead_id = lead_at(sqlite_engine, "contacted", network, value_cents=value)
        item_id = booked(sqlite_engine, network, lead_id=lead_id)
        take(sqlite_engine, "miss", item_id, now=TOMORROW + HOUR, actor=network.staff)
    rows = read(sqlite_engine, queries.missed, actor=network.staff, now=TOMORROW + HOUR)
    assert [row.value_cents for row in rows] == [5_000_000, 3_000_000, None]


def test_whom_one_can_book_for(sqlite_engine):
    network = make_network(sqlite_engine)
    lead_at(sqlite_engine, "contacted", network, name="Zoe Quinn")
    common = {"text": "zoe", "dealer_id": network.north}
    found = read(sqlite_engine, queries.bookable, actor=network.staff, **common)
    assert [key.partition(":")[0] for key, _ in found] == ["lead", "customer"]
    assert read(sqlite_engine, queries.bookable, actor=network.south_staff, **common) == []


def test_my_work_has_todays_times_and_who_to_call(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network, host_id=network.staff.user_id)
    at = TOMORROW - HOUR

    def work(actor, now):
        return [w.why for w in read(sqlite_engine, lines_queries.work_lines, actor=actor, now=now, limit=9)]

    assert work(network.staff, at) == ["Host"]
    assert work(network.colleague, at) == []
    take(sqlite_engine, "miss", item_id, now=TOMORROW + HOUR, actor=network.staff)
    assert work(network.staff, TOMORROW + HOUR) == ["Call: did not come"]
    assert work(network.dealer_manager, TOMORROW + HOUR) == ["Call: did not come"]


# ---------------------------------------------------------------------------------------------------------------- jobs
def test_a_no_show_is_entered_once_and_tells_host_manager_and_followers(engine):
    network = make_network(engine)
    item_id = booked(engine, network, host_id=network.staff.user_id)
    heard: list[tuple[str, str]] = []
    ear = Follower(name="a test", on=("appointments.moved",), react=lambda session, *, event, actor, now: heard.append(
        (event.facts["before"], event.facts["after"])
    ))  # fmt: skip
    register((ear,))
    try:
        assert run_no_shows(engine, now=TOMORROW + timedelta(minutes=59)) == 0
        assert run_no_shows(engine, now=TOMORROW + HOUR) == 1
        assert run_no_shows(engine, now=TOMORROW + HOUR) == 0
    finally:
        _followers.pop("a test")
    assert heard == [("scheduled", "no_show")]
    assert load(engine, item_id).status == "no_show"
    with reading(engine) as session:
        told = session.scalars(
            select(Notification.person_id).where(Notification.dedupe_key.like("appointment:%:missed%"))
        ).all()
    assert len(told) == 2
    assert set(told) == {network.staff.user_id, network.dealer_manager.user_id}


def test_the_dealers_own_grace_holds(sqlite_engine):
    network = make_network(sqlite_engine)
    booked(sqlite_engine, network)
    values: dict[str, Any] = {"grace_minutes": 10, "far_days": 15, "lengths": LENGTHS, "bays": []}
    common: dict[str, Any] = {"bind": sqlite_engine, "dealer_id": network.north, "now": NOW}
    run(set_policy, seen_version=0, actor=network.dealer_manager, **values, **common)
    assert run_no_shows(sqlite_engine, now=TOMORROW + timedelta(minutes=10)) == 1
    with pytest.raises(Stale):
        run(set_policy, seen_version=0, actor=network.dealer_manager, **values, **common)
    with pytest.raises(Refused, match="role"):
        run(set_policy, seen_version=1, actor=network.staff, **values, **common)
    for dealer_id in (network.south, None):
        with pytest.raises(NotFound):
            run(
                set_policy,
                seen_version=0,
                actor=network.dealer_manager,
                **values,
                **(common | {"dealer_id": dealer_id}),
            )
    with pytest.raises(NotFound):
        read(sqlite_engine, get_policy, dealer_id=network.north, actor=network.south_staff)
    assert read(sqlite_engine, get_policy, dealer_id=network.north, actor=network.staff).policy.grace_minutes == 10


def test_reminders_go_out_once_and_not_to_who_is_settled(engine):
    network = make_network(engine)
    item_id = booked(engine, network, starts_at=NOW + 2 * DAY)
    due = NOW + DAY + HOUR

    def mails():
        with reading(engine) as session:
            return session.scalar(
                select(func.count())
                .select_from(OutboxMail)
                .where(OutboxMail.item_type == "appointment", OutboxMail.item_id == item_id)
            )

    assert (run_touches(engine, now=due), run_touches(engine, now=due), mails()) == (1, 0, 2)
    take(engine, "confirm", item_id, now=due, actor=network.staff)
    assert run_touches(engine, now=NOW + 2 * DAY - HOUR) == 1  # the last reminder goes to who is confirmed, too
    assert touches(engine, item_id)["hours"].sent_at is not None


def test_without_an_address_a_call_is_planned(sqlite_engine):
    network = make_network(sqlite_engine)
    lead_id = lead_at(sqlite_engine, "contacted", network, email="")
    item_id = booked(sqlite_engine, network, lead_id=lead_id)
    assert {t.channel for t in touches(sqlite_engine, item_id).values()} == {"call"}
    (row,) = read(sqlite_engine, queries.agenda, first=TUESDAY, days=1, actor=network.staff, now=NOW)
    assert row.confirm_due
    assert run_touches(sqlite_engine, now=TOMORROW) == 0


# ------------------------------------------------------------------------------------------------------------- numbers
def test_the_numbers_and_their_parts(sqlite_engine):
    network = make_network(sqlite_engine)
    shown, lost, error, moved = (booked(sqlite_engine, network) for _ in range(4))
    take(sqlite_engine, "confirm", shown, now=NOW, actor=network.staff)
    take(sqlite_engine, "check_in", shown, now=TOMORROW, actor=network.staff)
    take(sqlite_engine, "miss", lost, now=TOMORROW + HOUR, actor=network.staff)
    take(sqlite_engine, "set_in_error", error, now=NOW, actor=network.staff, reason="Twice")
    later = take(sqlite_engine, "reschedule", moved, now=NOW, actor=network.staff, starts_at=TOMORROW + 2 * HOUR)
    take(sqlite_engine, "cancel", later, now=NOW, actor=network.staff, reason="ill")
    back = take(sqlite_engine, "rebook", lost, now=TOMORROW + HOUR, actor=network.staff, starts_at=TOMORROW + DAY)
    take(sqlite_engine, "check_in", back, now=TOMORROW + DAY, actor=network.staff)
    at = TOMORROW + 2 * DAY
    got = {}
    for metric in METRICS:
        (row,) = read(sqlite_engine, metric.compute, scope=network.staff.scope, by=(), filters={}, now=at)
        got[metric.definition.name] = (row["numerator"], row["denominator"])
    assert got == {
        "appointments_due": (4, None), "appointment_show_rate": (2, 4), "appointment_no_show_rate": (1, 4),
        "appointment_confirmation_rate": (1, 4), "appointment_recovery_rate": (1, 1),
    }  # fmt: skip


@pytest.mark.parametrize("dim", ["month", "kind", "touch", "host", "dealer", "region"])
def test_every_way_to_split_adds_up(engine, dim):
    network = make_network(engine)
    first = booked(engine, network, host_id=network.staff.user_id)
    take(engine, "check_in", first, now=TOMORROW, actor=network.staff)
    take(engine, "miss", booked(engine, network, kind="test_drive"), now=TOMORROW + HOUR, actor=network.staff)
    rows = read(engine, rates, scope=network.staff.scope, by=(dim,), now=TOMORROW + DAY)
    assert (sum(r["due"] for r in rows), sum(r["shown"] for r in rows)) == (2, 1)
    only = {"from": "2026-07-01", "dealer": network.north}
    assert read(engine, rates, scope=network.staff.scope, by=(dim,), filters=only, now=TOMORROW + DAY) == []


def test_a_purge_takes_words_and_mails_and_keeps_what_is_counted(sqlite_engine):
    network = make_network(sqlite_engine)
    item_id = booked(sqlite_engine, network, note="Brings Aunt May")
    customer = load(sqlite_engine, item_id).customer_id
    assert read(sqlite_engine, HELD.facts, customer_ids=[customer]) == {customer: (1, TOMORROW)}
    with writing(sqlite_engine, keeps_timeline=False) as session:
        HELD.anonymise(session, customer_ids=[customer], now=NOW)
    item = load(sqlite_engine, item_id)
    assert (item.note, item.status, item.starts_at) == ("", "scheduled", TOMORROW)
    with reading(sqlite_engine) as session:
        assert (
            session.scalar(
                select(func.count())
                .select_from(OutboxMail)
                .where(OutboxMail.item_type == "appointment", OutboxMail.item_id == item_id)
            )
            == 0
        )
