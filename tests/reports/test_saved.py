"""Kept reports: every command with what refuses it, who finds which, and mails that go out once, to each their own."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select, update

from db.core import outbox
from db.core.outbox import OutboxAttachment, OutboxMail
from db.core.permissions import GRANTED, Permission, Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.core.settings import settings
from db.core.timeline import TimelineEntry
from db.people.tables import ExportLog, Notification, Person
from db.reports import saved_commands as commands
from db.reports.builder_rules import Spec, to_query
from db.reports.saved_checks import CHECKS
from db.reports.saved_jobs import run_reports
from db.reports.saved_queries import (
    PAGE,
    deliveries_of,
    get_report,
    history_of,
    list_reports,
    my_file,
    recipient_choices,
    recipients_of,
)
from db.reports.saved_tables import ReportDelivery, SavedReport
from tests.leads.factories import NOW, make_network, make_person, receive
from tests.support.again import begun
from tests.support.at_once import at_once

SPEC = Spec(metrics=("received", "valid_share"), by=("region",), period="3")
QUERY = to_query(SPEC)


def keep(engine, actor, **other: Any) -> int:
    values = {"name": "Leads", "query": QUERY, "shared": "me", "form_key": None} | other
    return run(commands.keep_report, bind=engine, actor=actor, now=NOW, **values)


def change(engine, command, report_id, actor, *, seen_version=None, now=NOW, **other):
    if seen_version is None:
        with reading(engine) as session:
            seen_version = session.get_one(SavedReport, report_id).version
    run(command, bind=engine, report_id=report_id, seen_version=seen_version, actor=actor, now=now, **other)


def seen(engine, report_id, actor):
    with reading(engine) as session:
        return get_report(session, report_id=report_id, actor=actor)


def names(engine, actor, **other):
    with reading(engine) as session:
        return [line.name for line in list_reports(session, actor=actor, **other)[0]]


def entries(engine):
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(TimelineEntry))


# ---- keeping --------------------------------------------------------------------------------------------------------
def test_a_report_is_kept_once_and_found_as_it_was(engine):
    network = make_network(engine)
    query = to_query(Spec(**{**SPEC.__dict__, "as_of": date(2026, 6, 20)}))
    report_id = keep(engine, network.manager, query=query, form_key="k")
    before = entries(engine)
    assert keep(engine, network.manager, name="Again", form_key="k") == report_id
    assert entries(engine) == before
    line = seen(engine, report_id, network.manager)
    assert to_query(line.spec) == query
    assert line.spec.as_of == date(2026, 6, 20)
    assert (line.name, line.owner, line.is_mine, line.version) == ("Leads", "Max Manager", True, 1)
    with reading(engine) as session:
        (entry,) = history_of(session, report_id=report_id, actor=network.manager)
    assert entry.title == "Kept for only me"


@pytest.mark.parametrize(
    "who, other, problem",
    [
        ("manager", {"name": "  "}, ("name", "required")),
        ("manager", {"name": "x" * 121}, ("name", "too_long")),
        ("manager", {"query": {}}, ("metrics", "required")),
        ("manager", {"shared": "world"}, ("shared", "unknown")),
        ("manager", {"shared": "all", "query": {**QUERY, "rb_dealer": ["00101"]}}, ("shared", "names_dealers")),
        ("dealer_manager", {"shared": "desk"}, ("shared", "not_allowed")),
        ("finance", {}, ("metrics", "unknown")),
        ("staff", {}, ("", "not_allowed")),
    ],
)
def test_what_is_not_kept(sqlite_engine, who, other, problem):
    network = make_network(sqlite_engine)
    with pytest.raises(Refused) as refusal:
        keep(sqlite_engine, getattr(network, who), **other)
    assert (refusal.value.problems[0].field, refusal.value.problems[0].code) == problem
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(SavedReport)) == 0


# ---- changing -------------------------------------------------------------------------------------------------------
CHANGES = [
    (commands.change_report, {"query": {"rb_m": ["received"]}}, lambda r: r.spec == {"rb_m": ["received"]}),
    (commands.rename_report, {"name": "Other"}, lambda r: r.name == "Other"),
    (commands.share_report, {"shared": "desk"}, lambda r: r.shared == "desk"),
    (
        commands.schedule_report, {"rhythm": "weekly", "day": 2, "people": [2]},
        lambda r: (r.rhythm, r.send_day, r.next_on) == ("weekly", 2, date(2026, 6, 30)),
    ),
    (commands.remove_report, {}, lambda r: r.removed_at == NOW),
]  # fmt: skip


@pytest.mark.parametrize("command, other, became", CHANGES, ids=[c.__name__ for c, *_ in CHANGES])
def test_a_change_needs_its_keeper_and_a_fresh_screen(engine, command, other, became):
    network = make_network(engine)
    report_id = keep(engine, network.manager, shared="desk" if command is not commands.share_report else "me")
    with pytest.raises((NotFound, Refused)) as refusal:
        change(engine, command, report_id, network.coordinator, **other)
    assert refusal.value.code == ("not_yours" if command is not commands.share_report else "not_found")
    with pytest.raises(NotFound):
        change(engine, command, report_id, network.dealer_manager, **other)
    with pytest.raises(NotFound):
        change(engine, command, 999, network.manager, seen_version=1, **other)
    with pytest.raises(Refused) as refusal:
        change(engine, command, report_id, network.staff, **other)
    assert refusal.value.code == "not_allowed"
    before = entries(engine)
    change(engine, command, report_id, network.manager, **other)
    assert entries(engine) == before + 1
    with reading(engine) as session:
        report = session.get_one(SavedReport, report_id)
        assert became(report)
        assert (report.version, report.updated_by) == (2, "Max Manager")
    with pytest.raises(NotFound if command is commands.remove_report else Stale):
        change(engine, command, report_id, network.manager, seen_version=1, **other)


NOTHING = [
    (commands.change_report, {"query": QUERY}, ""), (commands.rename_report, {"name": "Leads"}, "name"),
    (commands.share_report, {"shared": "me"}, "shared"),
    (commands.schedule_report, {"rhythm": "", "day": 0, "people": []}, "rhythm"),
]  # fmt: skip


@pytest.mark.parametrize("command, other, field", NOTHING, ids=[c.__name__ for c, *_ in NOTHING])
def test_what_changes_nothing_is_said(sqlite_engine, command, other, field):
    network = make_network(sqlite_engine)
    report_id = keep(sqlite_engine, network.manager)
    with pytest.raises(Refused) as refusal:
        change(sqlite_engine, command, report_id, network.manager, **other)
    assert (refusal.value.problems[0].field, refusal.value.code) == (field, "no_change")


def test_what_dealers_read_never_names_dealers(sqlite_engine):
    network = make_network(sqlite_engine)
    report_id = keep(sqlite_engine, network.manager, shared="all")
    narrowed = {**QUERY, "rb_dealer": ["00102"]}
    with pytest.raises(Refused) as refusal:
        change(sqlite_engine, commands.change_report, report_id, network.manager, query=narrowed)
    assert refusal.value.code == "names_dealers"
    change(sqlite_engine, commands.share_report, report_id, network.manager, shared="desk")
    change(sqlite_engine, commands.change_report, report_id, network.manager, query=narrowed)
    with pytest.raises(Refused):
        change(sqlite_engine, commands.share_report, report_id, network.manager, shared="all")


def test_an_administrator_may_clear_up_what_was_shared_but_not_what_is_private(sqlite_engine):
    network = make_network(sqlite_engine)
    private, shared = keep(sqlite_engine, network.manager), keep(sqlite_engine, network.manager, shared="desk")
    change(sqlite_engine, commands.remove_report, shared, network.admin)
    with pytest.raises(NotFound):
        change(sqlite_engine, commands.remove_report, private, network.admin)


# ---- finding --------------------------------------------------------------------------------------------------------
def test_everybody_finds_their_own_and_what_is_shared_with_them(engine):
    network = make_network(engine)
    keep(engine, network.manager, name="Private 100%")
    keep(engine, network.manager, name="Desk", shared="desk")
    keep(engine, network.manager, name="All", shared="all")
    keep(engine, network.dealer_manager, name="Dan's")
    gone = keep(engine, network.manager, name="Gone", shared="all")
    sent = keep(engine, network.manager, name="Sent to Dan")
    change(engine, commands.remove_report, gone, network.manager)
    change(
        engine, commands.schedule_report, sent, network.manager, rhythm="weekly", day=1,
        people=[network.dealer_manager.user_id],
    )  # fmt: skip
    assert set(names(engine, network.manager)) == {"Private 100%", "Desk", "All", "Sent to Dan"}
    assert set(names(engine, network.coordinator)) == {"Desk", "All"}
    assert set(names(engine, network.dealer_manager)) == {"All", "Dan's", "Sent to Dan"}
    assert names(engine, network.dealer_manager, mine=True) == ["Dan's"]
    assert names(engine, network.manager, text="priv") == ["Private 100%"]
    assert names(engine, network.manager, text="0%") == ["Private 100%"]
    assert names(engine, network.manager, text="_") == []
    assert set(names(engine, network.dealer_manager, text="max man")) == {"All", "Sent to Dan"}
    with pytest.raises(Refused):
        names(engine, network.staff)
    with reading(engine) as session:
        assert recipients_of(session, report_id=sent, actor=network.dealer_manager) == []
        assert deliveries_of(session, report_id=sent, actor=network.dealer_manager) == []
        assert history_of(session, report_id=sent, actor=network.dealer_manager) == []


def test_the_list_has_pages(engine):
    network = make_network(engine)
    with writing(engine, keeps_timeline=False) as session:
        for n in range(PAGE + 3):
            session.add(
                SavedReport(
                    name=f"R{n:03}", spec=QUERY, shared="desk", owner_id=network.manager.user_id, created_at=NOW,
                    updated_at=NOW + timedelta(minutes=n // 2), updated_by="Max", version=1,
                )
            )  # fmt: skip
            session.flush()
    with reading(engine) as session:
        first, following = list_reports(session, actor=network.coordinator)
        rest, end = list_reports(session, actor=network.coordinator, after=following)
    assert [r.name for r in [*first, *rest]] == [f"R{n:03}" for n in reversed(range(PAGE + 3))]
    assert end is None


def test_whom_one_may_send_to(sqlite_engine):
    network = make_network(sqlite_engine)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        west = make_person(
            session, "wes", "Wes West", Role.DEALER_MANAGER, type(network.dealer_manager.scope)(
                dealer_ids=frozenset({network.west})
            ),
        )  # fmt: skip
        session.execute(update(Person).where(Person.username == "fay").values(is_active=False))
    found = {}
    for who in (network.manager, network.east_coordinator, network.dealer_manager):
        with reading(sqlite_engine) as session:
            found[who.username] = {c.label.split()[0] for c in recipient_choices(session, actor=who)}
    assert found == {
        "max": {"Ada", "Max", "Cora", "Eve", "Leo", "Dan", "Wes"}, "eve": {"Ada", "Max", "Cora", "Eve", "Leo", "Dan"},
        "dan": {"Dan"},
    }  # fmt: skip
    report_id = keep(sqlite_engine, network.dealer_manager)
    with pytest.raises(Refused) as refusal:
        change(
            sqlite_engine, commands.schedule_report, report_id, network.dealer_manager, rhythm="weekly", day=1,
            people=[west.user_id],
        )  # fmt: skip
    assert (refusal.value.problems[0].field, refusal.value.code) == ("people", "not_found")


# ---- sending --------------------------------------------------------------------------------------------------------
MONDAY = NOW + timedelta(days=7)


@pytest.fixture
@begun
def sending(engine):
    """A weekly report of leads to the manager, a dealer manager and finance, whose role sees no leads."""
    network = make_network(engine)
    receive(engine, dealer_id=network.north, source="NORTHWEB")
    receive(engine, dealer_id=network.west, source="WESTWEB")
    spec = Spec(metrics=("received",), by=("source",), period="3")
    report_id = keep(engine, network.manager, name="Weekly leads", query=to_query(spec))
    people = [network.manager.user_id, network.dealer_manager.user_id, network.finance.user_id]
    change(engine, commands.schedule_report, report_id, network.manager, rhythm="weekly", day=1, people=people)
    return engine, network, report_id


def mails(engine):
    with reading(engine) as session:
        found = session.execute(
            select(OutboxMail.to_address, OutboxMail.subject, OutboxMail.body).order_by(OutboxMail.id)
        )
        return [tuple(row) for row in found]


def test_each_gets_their_own_once(sending):
    engine, network, report_id = sending
    assert run_reports(engine, now=NOW) == 0, "the first one is next Monday"
    assert run_reports(engine, now=MONDAY) == 2
    assert run_reports(engine, now=MONDAY + timedelta(hours=5)) == 0
    sent = {to: (subject, body) for to, subject, body in mails(engine)}
    assert set(sent) == {"max@desk.example", "dan@desk.example"}
    subject, whole = sent["max@desk.example"]
    assert subject == "Weekly leads: 6 Jul 2026"
    assert "NORTHWEB" in whole
    assert "WESTWEB" in whole
    assert "What you may see: All dealers." in whole
    assert "1 May 2026 to 6 Jul 2026, both included." in whole
    own = sent["dan@desk.example"][1]
    assert "NORTHWEB" in own
    assert "WESTWEB" not in own
    with reading(engine) as session:
        lines = deliveries_of(session, report_id=report_id, actor=network.manager)
        assert {(d.name, d.outcome, d.why) for d in lines} == {
            ("Max Manager", "sent", ""), ("Dan Dealer", "sent", ""),
            ("Fay Finance", "skipped", "These figures are not for your role."),
        }  # fmt: skip
        assert session.get_one(SavedReport, report_id).next_on == date(2026, 7, 13)
        told = session.scalars(select(Notification.person_id)).all()
    assert sorted(told) == sorted([network.manager.user_id, network.dealer_manager.user_id])


@pytest.mark.parametrize(
    "address, ending",
    [
        ("https://desk.example.com", "Open it: https://desk.example.com/report_builder?report={}"),
        ("", "Open it in the desk under Report builder, Kept reports."),
    ],
)
def test_the_mail_says_where_to_open_it(sqlite_engine, monkeypatch, address, ending):
    network = make_network(sqlite_engine)
    report_id = keep(sqlite_engine, network.manager)
    change(
        sqlite_engine, commands.schedule_report, report_id, network.manager, rhythm="weekly", day=1,
        people=[network.manager.user_id],
    )  # fmt: skip
    monkeypatch.setenv("PUBLIC_URL", address)
    settings.cache_clear()
    run_reports(sqlite_engine, now=MONDAY)
    monkeypatch.delenv("PUBLIC_URL")
    settings.cache_clear()
    ((_, _, body),) = mails(sqlite_engine)
    assert body.splitlines()[-1] == ending.format(report_id)


def test_the_workbook_goes_to_who_wants_it_within_their_scope(sending):
    engine, network, report_id = sending
    for who in (network.dealer_manager, network.manager):
        run(commands.attach_file, bind=engine, report_id=report_id, wanted=True, actor=who, now=NOW)
    run(commands.attach_file, bind=engine, report_id=report_id, wanted=False, actor=network.manager, now=NOW)
    with reading(engine) as session:
        wishes = [my_file(session, report_id=report_id, actor=a) for a in (network.manager, network.dealer_manager)]
        assert wishes == [False, True]
        version = session.get_one(SavedReport, report_id).version
    people = [network.dealer_manager.user_id, network.finance.user_id]
    change(engine, commands.schedule_report, report_id, network.manager, rhythm="weekly", day=1, people=people)
    assert version == 2, "the wish of a reader is no change of the report"
    assert run_reports(engine, now=MONDAY) == 1
    with reading(engine) as session:
        ((to, name, content),) = session.execute(
            select(OutboxMail.to_address, OutboxAttachment.name, OutboxAttachment.content).join(
                OutboxAttachment, OutboxAttachment.mail_id == OutboxMail.id
            )
        ).all()
        log = session.scalars(select(ExportLog)).one()
        session.expunge_all()
    assert (to, name) == ("dan@desk.example", "weekly-leads-2026-07-06.xlsx")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        words = "".join(book.read(part).decode() for part in book.namelist() if part.endswith(".xml"))
    assert "NORTHWEB" in words
    assert "WESTWEB" not in words
    assert (log.actor, log.kind, log.file_format, log.row_count, log.purpose) == (
        "dan",
        "report",
        "xlsx",
        1,
        "Sent by mail",
    )
    assert log.sha256 == hashlib.sha256(content).hexdigest()


def test_only_who_gets_a_report_wants_its_workbook(sending):
    engine, network, report_id = sending
    for who in (network.admin, network.south_staff):
        with pytest.raises(Refused):
            run(commands.attach_file, bind=engine, report_id=report_id, wanted=True, actor=who, now=NOW)
    before = entries(engine)
    run(commands.attach_file, bind=engine, report_id=report_id, wanted=True, actor=network.manager, now=NOW)
    run(commands.attach_file, bind=engine, report_id=report_id, wanted=True, actor=network.manager, now=NOW)
    assert entries(engine) == before + 1


@pytest.mark.parametrize("change_of", ["right", "size"])
def test_a_workbook_that_cannot_go_is_said_in_the_mail(sqlite_engine, monkeypatch, change_of):
    network = make_network(sqlite_engine)
    report_id = keep(sqlite_engine, network.manager)
    change(
        sqlite_engine, commands.schedule_report, report_id, network.manager, rhythm="weekly", day=1,
        people=[network.manager.user_id],
    )  # fmt: skip
    run(commands.attach_file, bind=sqlite_engine, report_id=report_id, wanted=True, actor=network.manager, now=NOW)
    if change_of == "right":
        monkeypatch.setitem(GRANTED, Role.MANAGER, GRANTED[Role.MANAGER] - {Permission.EXPORT_RUN})
    else:
        monkeypatch.setattr(outbox, "MOST_ATTACHED", 100)
    assert run_reports(sqlite_engine, now=MONDAY) == 1
    ((_, _, body),) = mails(sqlite_engine)
    words = {"right": "so no workbook goes with this mail.", "size": "The workbook is too large for a mail"}
    assert words[change_of] in body
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(OutboxAttachment)) == 0
        assert session.scalar(select(func.count()).select_from(ExportLog)) == 0


def test_what_was_missed_is_one_mail(sending):
    engine, _, report_id = sending
    assert run_reports(engine, now=MONDAY + timedelta(days=17)) == 2
    assert len(mails(engine)) == 2
    with reading(engine) as session:
        assert session.get_one(SavedReport, report_id).next_on == date(2026, 7, 27)


def test_two_sweeps_send_once(sending):
    engine, *_ = sending
    found = at_once(engine, *(partial(_sweep, now=MONDAY),) * 3)
    assert sum(found) == 2
    assert len(mails(engine)) == 2
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(ReportDelivery)) == 3


def _sweep(engine, *, now):
    return run_reports(engine, now=now)


def test_nothing_is_sent_to_who_left_or_of_what_was_removed(sending):
    engine, network, report_id = sending
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Person).where(Person.username == "dan").values(is_active=False))
        session.execute(update(Person).where(Person.username == "max").values(email=""))
    assert run_reports(engine, now=MONDAY) == 1
    assert mails(engine) == []
    with reading(engine) as session:
        lines = deliveries_of(session, report_id=report_id, actor=network.manager)
    assert {(d.name, d.outcome, d.why) for d in lines} >= {
        ("Dan Dealer", "skipped", "The account is closed"), ("Max Manager", "told", "No e-mail address"),
    }  # fmt: skip
    change(engine, commands.remove_report, report_id, network.manager)
    assert run_reports(engine, now=MONDAY + timedelta(days=7)) == 0


def test_a_report_not_sent_any_more_waits_for_nothing(sending):
    engine, network, report_id = sending
    change(engine, commands.schedule_report, report_id, network.manager, rhythm="", day=0, people=[])
    assert run_reports(engine, now=MONDAY) == 0
    line = seen(engine, report_id, network.manager)
    assert (line.rhythm, line.next_on, line.schedule) == ("", None, "")
    with reading(engine) as session:
        history = history_of(session, report_id=report_id, actor=network.manager)
        assert [h.title for h in history] == ["Not sent any more", "Sent every Monday to 3", "Kept for only me"]
        assert recipients_of(session, report_id=report_id, actor=network.manager) == []


def test_the_check_finds_what_cannot_be_told_or_sent(sending):
    engine, _, report_id = sending
    (check,) = CHECKS
    with reading(engine) as session:
        assert check.run(session) == []
    with writing(engine, keeps_timeline=False) as session:
        report = session.get_one(SavedReport, report_id)
        report.spec, report.next_on = {"rb_m": ["gone"]}, None
        session.flush()
        assert check.run(session) == [
            f'report {report_id} "Weekly leads" names gone, which there is not',
            f'report {report_id} "Weekly leads" is to be sent, but has no day or nobody to get it',
        ]
