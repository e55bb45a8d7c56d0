"""Who gets the weekly report, and its mail: once a week, within scope and role, kept as it was sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update

from db.core.actor import Actor
from db.core.outbox import OutboxMail
from db.core.permissions import Permission
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from db.leads.tables import Lead
from db.people.tables import Notification
from db.reports.weekly_checks import weeks_can_be_read
from db.reports.weekly_commands import (
    send_weekly,
    subscribe_weekly,
    switch_weekly,
    unsubscribe_weekly,
)
from db.reports.weekly_jobs import run_weekly
from db.reports.weekly_queries import (
    delivery_of,
    differences,
    get_weekly,
    sent_weekly,
)
from db.reports.weekly_tables import WeeklyMail, WeeklyReport, WeeklySwitch, WeeklyWish
from db.reports.weekly_work_queries import work_counts
from tests.leads.factories import NOW, Network, make_network, receive, step
from tests.reports.weekly import DAY, LAST, MONDAY, THIS, WEEK, count, stored, verdict
from tests.support.again import begun
from tests.support.at_once import at_once, works


def ask(engine: Engine, query: Any, actor: Actor, **more: Any) -> Any:
    with reading(engine) as session:
        return query(session, actor=actor, **more)


# ---- commands --------------------------------------------------------------------------------------------------------
@pytest.fixture
@begun
def desk(engine: Engine) -> Network:
    made = make_network(engine)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE person SET email = username || '@example.test'"))
    receive(engine, dealer_id=made.north, received_at=NOW - 5 * DAY)
    return made


def do(engine: Engine, command: Any, actor: Actor, *, now: datetime = NOW, **more: Any) -> Any:
    return run(command, bind=engine, actor=actor, now=now, **more)


def last_entry(engine: Engine) -> TimelineEntry:
    return stored_entries(engine)[-1]


def stored_entries(engine: Engine) -> list[TimelineEntry]:
    with reading(engine) as session:
        found = list(session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq)))
        session.expunge_all()
    return found


def test_somebody_asks_for_it_and_stops_it(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.dealer_manager, dealer_id=desk.north)
    (wish,) = stored(engine, WeeklyWish)
    assert (wish.wants, wish.from_week, wish.region) == (True, THIS, "East")
    assert last_entry(engine).command == "subscribe_weekly"
    entries = len(stored_entries(engine))
    do(engine, subscribe_weekly, desk.dealer_manager, dealer_id=desk.north)  # a double click
    assert len(stored_entries(engine)) == entries
    assert ask(engine, delivery_of, desk.dealer_manager, dealer_id=desk.north).gets_it
    do(engine, unsubscribe_weekly, desk.dealer_manager, dealer_id=desk.north)
    assert [w.wants for w in stored(engine, WeeklyWish)] == [False]
    assert not ask(engine, delivery_of, desk.dealer_manager, dealer_id=desk.north).gets_it


def test_a_wish_is_refused(engine: Engine, desk: Network):
    for command in (subscribe_weekly, unsubscribe_weekly):
        with pytest.raises(NotFound):
            do(engine, command, desk.dealer_manager, dealer_id=desk.south)
        with pytest.raises(NotFound):
            do(engine, command, desk.east_coordinator, dealer_id=desk.west)
    assert count(engine, WeeklyWish) == 0


def test_it_is_switched_on_for_a_dealer_and_off(engine: Engine, desk: Network):
    assert do(engine, switch_weekly, desk.coordinator, dealer_id=desk.north, is_on=True, seen_version=0) == 1
    assert ask(engine, delivery_of, desk.dealer_manager, dealer_id=desk.north).gets_it
    assert not ask(engine, delivery_of, desk.manager, dealer_id=desk.north).gets_it
    assert ask(engine, delivery_of, desk.manager, dealer_id=desk.north).readers == 1
    with pytest.raises(Stale, match="Cora Coordinator"):
        do(engine, switch_weekly, desk.manager, dealer_id=desk.north, is_on=True, seen_version=0)
    assert do(engine, switch_weekly, desk.manager, dealer_id=desk.north, is_on=False, seen_version=1) == 2
    with pytest.raises(Stale):
        do(engine, switch_weekly, desk.manager, dealer_id=desk.north, is_on=True, seen_version=1)
    assert [(s.is_on, s.version) for s in stored(engine, WeeklySwitch)] == [(False, 2)]


def test_a_switch_is_refused_and_nothing_is_stored(engine: Engine, desk: Network):
    entries = count(engine, TimelineEntry)
    for actor, dealer_id in (
        (desk.dealer_manager, desk.north), (desk.finance, desk.north), (desk.east_coordinator, desk.west),
    ):  # fmt: skip
        with pytest.raises(Refused):
            do(engine, switch_weekly, actor, dealer_id=dealer_id, is_on=True, seen_version=0)
    assert count(engine, WeeklySwitch) == 0
    assert count(engine, TimelineEntry) <= entries + 2, "no more than that it was denied"


def test_two_switch_at_once_and_one_is_told(engine: Engine, desk: Network):
    actor = desk.coordinator

    def work(bind: Engine) -> int:
        return do(bind, switch_weekly, actor, dealer_id=desk.north, is_on=True, seen_version=0)

    assert sorted(map(str, at_once(engine, *works(work)))) == ["1", "stale"]


# ---- the mail --------------------------------------------------------------------------------------------------------
NEXT = MONDAY + WEEK


def mails(engine: Engine) -> list[tuple[str, str, str]]:
    return [(m.to_address, m.subject, m.body) for m in stored(engine, OutboxMail) if m.item_type == "weekly_report"]


def wanted(engine: Engine, desk: Network) -> None:
    do(engine, switch_weekly, desk.coordinator, dealer_id=desk.north, is_on=True, seen_version=0)
    do(engine, subscribe_weekly, desk.coordinator, dealer_id=desk.north)
    do(engine, subscribe_weekly, desk.coordinator, dealer_id=desk.south)


def test_each_gets_one_mail_a_week_from_the_next_monday_on(engine: Engine, desk: Network):
    wanted(engine, desk)
    assert run_weekly(engine, now=NOW + DAY) == 0, "the week they asked in is not over"
    assert run_weekly(engine, now=NEXT.replace(hour=9, minute=59)) == 0, "it is not six yet"
    assert run_weekly(engine, now=NEXT.replace(hour=10, minute=0)) == 2
    assert run_weekly(engine, now=NEXT + DAY) == 0
    found = mails(engine)
    assert sorted(to for to, _, _ in found) == ["cora@example.test", "dan@example.test"]
    cora, dan = sorted(found)
    assert "North Motors (00101)" in cora[2]
    assert "South Motors (00102)" in cora[2]
    assert "South" not in dan[2]
    assert dan[1] == "Your week 29 Jun to 5 Jul 2026: 2 things to do"
    assert "Rule A01, Leads nobody has answered" in dan[2]
    assert count(engine, WeeklyReport) == 2
    assert {n.kind for n in stored(engine, Notification)} == {"weekly_report"}
    assert run_weekly(engine, now=NEXT + WEEK) == 2
    with reading(engine) as session:
        assert weeks_can_be_read(session) == []


def test_two_processes_mail_each_once(engine: Engine, desk: Network):
    wanted(engine, desk)
    assert sum(at_once(engine, *works(lambda bind: run_weekly(bind, now=NEXT), times=3))) == 2
    assert (len(mails(engine)), count(engine, WeeklyMail), count(engine, WeeklyReport)) == (2, 2, 2)


def test_with_dealers_in_two_zones_it_waits_for_the_last_morning(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.north)
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.west)
    assert run_weekly(engine, now=NEXT.replace(hour=12, minute=59)) == 0
    assert run_weekly(engine, now=NEXT.replace(hour=13, minute=0)) == 1
    ((_, _, body),) = mails(engine)
    assert "North Motors" in body
    assert "West Motors" in body


@pytest.mark.parametrize("change", [
    "UPDATE person_scope SET dealer_id = (SELECT id FROM dealer WHERE code = '00102') WHERE person_id = "
    "(SELECT id FROM person WHERE username = 'dan')",
    "UPDATE person SET is_active = :no WHERE username = 'dan'",
], ids=["moved to another dealer", "left"])  # fmt: skip
def test_who_may_not_see_it_any_more_gets_nothing(engine: Engine, desk: Network, change: str):
    do(engine, subscribe_weekly, desk.dealer_manager, dealer_id=desk.north)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(text(change), {"no": False} if ":no" in change else {})
    assert (run_weekly(engine, now=NEXT), mails(engine)) == (0, [])
    assert run_weekly(engine, now=NEXT) == 0


def test_a_role_that_sees_less_is_told_less(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.finance, dealer_id=desk.north)
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.north)
    assert run_weekly(engine, now=NEXT) == 2
    by_address = {to: body for to, _, body in mails(engine)}
    assert "A01" in by_address["max@example.test"]
    assert "A01" not in by_address["fay@example.test"], "finance sees no leads"


def test_it_waits_in_my_work_of_the_dealers_people_only(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.north)
    assert ask(engine, work_counts, desk.dealer_manager, now=NEXT) == []
    run_weekly(engine, now=NEXT)
    (line,) = ask(engine, work_counts, desk.dealer_manager, now=NEXT)
    assert (line.count, line.overdue, line.page) == (2, 1, "pages/reports/weekly_report.py")
    (less,) = ask(engine, work_counts, desk.staff, now=NEXT)
    assert less.count == 1, "staff see no documents"
    for actor in (desk.south_staff, desk.manager):
        assert ask(engine, work_counts, actor, now=NEXT) == []
    assert ask(engine, work_counts, desk.dealer_manager, now=NEXT + WEEK) == []


def test_without_an_address_it_is_told_in_the_app(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.north)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE person SET email = '' WHERE username = 'max'"))
    assert run_weekly(engine, now=NEXT) == 1
    assert (mails(engine), [m.outcome for m in stored(engine, WeeklyMail)]) == ([], ["told"])


def test_what_was_sent_stays_and_today_stands_beside_it(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.north)
    run_weekly(engine, now=NEXT)
    sent = ask(engine, sent_weekly, desk.dealer_manager, dealer_id=desk.north, week=THIS)
    assert verdict(sent, "A01").state == "fires"
    late = receive(engine, dealer_id=desk.north, received_at=NOW + DAY)
    step(engine, "log_activity", late, actor=desk.coordinator, now=NOW + DAY, kind="call", outcome="voicemail")
    step(
        engine, "log_activity", stored(engine, Lead)[0].id, actor=desk.coordinator, now=NEXT, kind="call",
        outcome="voicemail",
    )  # fmt: skip
    today = ask(engine, get_weekly, desk.dealer_manager, dealer_id=desk.north, week=THIS, now=NEXT + DAY)
    assert ask(engine, sent_weekly, desk.dealer_manager, dealer_id=desk.north, week=THIS) == sent
    changed = {d.title: (d.sent, d.today) for d in differences(sent, today)}
    assert changed["Leads received"] == ("0", "1")
    assert changed["A01 Leads nobody has answered"][1] == "Nothing of the kind"
    assert differences(sent, sent) == ()
    do(engine, subscribe_weekly, desk.coordinator, dealer_id=desk.north, now=NOW)
    assert run_weekly(engine, now=NEXT + DAY) == 1, "somebody whose first week it is, too"
    assert len({body for _, _, body in mails(engine)}) == 1, "and who is mailed later reads what was sent"


def test_only_the_desk_itself_sends(engine: Engine, desk: Network):
    with pytest.raises(Refused):
        do(engine, send_weekly, desk.dealer_manager, person_id=1, week=LAST, reports=[])
    assert not desk.finance.can(Permission.WEEKLY_MANAGE)
    assert count(engine, WeeklyMail) == 0


def test_a_report_that_was_changed_past_the_app_is_found(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.north)
    run_weekly(engine, now=NEXT)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(WeeklyReport).values(dealer_id=desk.south))
    with reading(engine) as session:
        assert len(weeks_can_be_read(session)) == 2
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(WeeklyReport).values(content={"no": "report"}))
    with reading(engine) as session:
        assert any("cannot be read" in words for words in weeks_can_be_read(session))
