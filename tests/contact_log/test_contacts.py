"""Logging, correcting and voiding contacts: who may, what is refused, and what counts afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from db import catalog
from db.contact_log import queries
from db.contact_log.checks import check_contacts
from db.contact_log.commands import correct_contact, void_contact
from db.contact_log.tables import ContactReport, Promise
from db.core import changes
from db.core.actor import EVERYTHING
from db.core.permissions import GRANTED, Permission, Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.core.timeline import TimelineLink
from tests.contact_log.examples import NOW, TODAY, PromiseDraft, last_entry, log, make_network, report_of
from tests.support.contents import contents
from tests.support.core import at_once


def test_a_call_needs_a_note_and_nothing_else(engine):
    network = make_network(engine)
    report_id = log(engine, network)
    report = report_of(engine, report_id)
    assert (report.number, report.channel, report.direction, report.outcome) == ("C-000001", "call", "out", "reached")
    assert (report.at, report.counts, report.region, report.by_name) == (NOW, True, "East", "Cora Coordinator")
    entry = last_entry(engine)
    assert entry.summary == "C-000001: Call with North Motors, reached"
    with reading(engine) as session:
        assert queries.last_contacts(session, scope=EVERYTHING) == {network.north: NOW}
        links = session.execute(select(TimelineLink.item_type, TimelineLink.dealer_id)).all()
        assert [tuple(link) for link in links] == [("contact_report", network.north)]
        assert dict(changes.token(session)) == {"contact_log": 1}
        assert check_contacts(session) == []


def test_a_contact_and_its_promises_are_one_command(engine):
    network = make_network(engine)
    drafts = [
        PromiseDraft(made_by="us", text="Send the list", due_day=TODAY),
        PromiseDraft(
            made_by="dealer", text="Name a manager", due_day=TODAY + timedelta(days=9),
            assignee_id=network.manager.user_id,
        ),
    ]  # fmt: skip
    report_id = log(
        engine, network, channel="visit", with_name="Owen", topics=["parts", "leads"], promises=drafts, form_key="k"
    )
    assert log(engine, network, promises=drafts, form_key="k") == report_id  # a double click
    assert last_entry(engine).summary == "C-000001: Visit with North Motors, met; 2 promises made"
    with reading(engine) as session:
        rows = queries.promises_of_report(session, report_id=report_id, scope=EVERYTHING, now=NOW)
        assert [(r.number, r.made_by, r.text, r.assignee) for r in rows] == [
            ("PR-000001", "us", "Send the list", "Cora Coordinator"),
            ("PR-000002", "dealer", "Name a manager", "Max Manager"),
        ]
        assert report_of(engine, report_id).topics == ["leads", "parts"]
        types = set(session.scalars(select(TimelineLink.item_type)))
        assert types == {"contact_report", "promise"}


def test_who_nobody_reached_is_logged_but_the_gap_goes_on(engine):
    network = make_network(engine)
    log(engine, network, now=NOW - timedelta(days=40))
    for outcome in ("no_answer", "left_message"):
        log(engine, network, outcome=outcome, summary="")
    with reading(engine) as session:
        assert queries.last_contacts(session, scope=EVERYTHING) == {network.north: NOW - timedelta(days=40)}
        touch = queries.touches(session, scope=EVERYTHING)[network.north]
        assert (touch.last, touch.tried) == (NOW - timedelta(days=40), NOW)
    log(engine, network, now=NOW + timedelta(hours=1))
    with reading(engine) as session:
        assert queries.touches(session, scope=EVERYTHING)[network.north].tried is None


REFUSED = [
    ("nothing was said", {"summary": "  "}, "summary", "required"),
    ("too much was said", {"summary": "x" * 4001}, "summary", "too_long"),
    ("too much, though nobody was reached", {"summary": "x" * 4001, "outcome": "no_answer"}, "summary", "too_long"),
    ("a name that is too long", {"with_name": "x" * 121}, "with_name", "too_long"),
    ("an ending a call does not have", {"outcome": "met"}, "outcome", "impossible_outcome"),
    ("a contact to come", {"at": NOW + timedelta(days=1)}, "at", "in_future"),
    ("an unknown topic", {"topics": ["weather"]}, "topics", "unknown_topic"),
    (
        "a promise without words", {"promises": [PromiseDraft(made_by="us", text="", due_day=TODAY)]}, "us_text",
        "required",
    ),
    (
        "a promise due yesterday",
        {"promises": [PromiseDraft(made_by="dealer", text="Do it", due_day=TODAY - timedelta(days=1))]},
        "dealer_due_day", "past",
    ),
    (
        "a promise of nobody", {"promises": [PromiseDraft(made_by="them", text="Do it", due_day=TODAY)]}, "made_by",
        "unknown_side",
    ),
    (
        "a promise given to somebody of the dealer",
        {"promises": [PromiseDraft(made_by="us", text="Do it", due_day=TODAY, assignee_id=7)]}, "us_assignee_id",
        "unknown_person",
    ),
    (
        "a promise of somebody who was not reached",
        {"outcome": "no_answer", "promises": [PromiseDraft(made_by="us", text="Do it", due_day=TODAY)]}, "outcome",
        "nobody_reached",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "field", "code"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_a_refused_contact_says_where_and_stores_nothing(sqlite_engine, wrong, field, code):
    network = make_network(sqlite_engine)
    assert network.dealer_manager.user_id == 7
    before = contents(sqlite_engine)
    with pytest.raises(Refused) as refusal:
        log(sqlite_engine, network, **wrong)
    assert [(p.field, p.code) for p in refusal.value.problems] == [(field, code)]
    assert contents(sqlite_engine) == before


@pytest.mark.parametrize("role", list(Role))
def test_who_may_log_a_contact(sqlite_engine, role):
    network = make_network(sqlite_engine)
    if Permission.CONTACTS_LOG in GRANTED[role]:
        assert log(sqlite_engine, network, by=network.as_role(role))
        return
    with pytest.raises(Refused) as refusal:
        log(sqlite_engine, network, by=network.as_role(role))
    assert refusal.value.code == "not_allowed"
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(ContactReport)) == 0


def test_a_dealer_out_of_scope_is_not_there(sqlite_engine):
    network = make_network(sqlite_engine)
    for dealer_id in (network.west, 9_999):
        with pytest.raises(NotFound):
            log(sqlite_engine, network, by=network.east_coordinator, dealer_id=dealer_id)
    report_id = log(sqlite_engine, network, dealer_id=network.west)
    commands: list[tuple[Any, dict[str, Any]]] = [(correct_contact, {"summary": "x"}), (void_contact, {"reason": "x"})]
    for command, facts in commands:
        with pytest.raises(NotFound):
            run(
                command, bind=sqlite_engine, report_id=report_id, seen_version=1, actor=network.east_coordinator,
                now=NOW, **facts,
            )  # fmt: skip


def test_of_two_clicks_at_once_one_contact_is_stored(engine):
    network = make_network(engine)

    def attempt(_number):
        try:
            return log(engine, network, form_key="same")
        except Exception as error:
            return type(error).__name__

    answers = at_once(attempt, threads=3)
    with reading(engine) as session:
        (stored,) = session.scalars(select(ContactReport.id))
    assert answers == [stored] * 3


# ---- correcting, voiding
def correct(engine, network, report_id, *, by=None, seen=1, now=NOW + timedelta(hours=2), **facts):
    return run(
        correct_contact, bind=engine, report_id=report_id, seen_version=seen, actor=by or network.coordinator, now=now,
        **facts,
    )  # fmt: skip


def void(engine, network, report_id, *, by=None, seen=1, reason="Wrong dealer", now=NOW + timedelta(days=3)):
    run(
        void_contact, bind=engine, report_id=report_id, seen_version=seen, reason=reason,
        actor=by or network.coordinator, now=now,
    )  # fmt: skip


def test_a_correction_keeps_what_it_said_before(engine):
    network = make_network(engine)
    report_id = log(engine, network)
    assert correct(engine, network, report_id, summary="Talked about parts.", outcome="left_message") == 2
    entry = last_entry(engine)
    assert entry.detail["before"] == {"summary": "Talked about the month.", "outcome": "reached"}
    assert entry.detail["after"] == {"summary": "Talked about parts.", "outcome": "left_message"}
    with reading(engine) as session:
        assert queries.last_contacts(session, scope=EVERYTHING) == {}
        found = catalog.search_everything(session, "parts", actor=network.coordinator)
        assert [r.item_id for r in found["Dealer contacts"]] == [report_id]
    assert correct(engine, network, report_id, seen=2, summary="Talked about parts.") == 2  # nothing changed


def test_only_the_author_corrects_and_only_for_a_day(sqlite_engine):
    network = make_network(sqlite_engine)
    report_id = log(sqlite_engine, network)
    before = contents(sqlite_engine, without=("timeline_entry", "timeline_head"))
    for who, when, code in (
        (network.manager, timedelta(hours=1), "not_yours"), (network.coordinator, timedelta(hours=24), "too_late"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            correct(sqlite_engine, network, report_id, by=who, now=NOW + when, summary="Something else")
        assert refusal.value.code == code
    with pytest.raises(Stale, match="Cora Coordinator"):
        correct(sqlite_engine, network, report_id, seen=7, summary="Something else")
    with pytest.raises(Refused) as refusal:
        correct(sqlite_engine, network, report_id, summary=" ")
    assert refusal.value.problems[0].field == "summary"
    assert contents(sqlite_engine, without=("timeline_entry", "timeline_head")) == before


def test_a_voided_contact_stays_and_counts_for_nothing(engine):
    network = make_network(engine)
    report_id = log(engine, network)
    void(engine, network, report_id, by=network.manager)  # whoever keeps the dealers may, too
    report = report_of(engine, report_id)
    assert (report.counts, report.voided_by, report.void_reason, report.version) == (
        False, "Max Manager", "Wrong dealer", 2,
    )  # fmt: skip
    assert last_entry(engine).reason == "Wrong dealer"
    with reading(engine) as session:
        assert queries.last_contacts(session, scope=EVERYTHING) == {}
        assert queries.touches(session, scope=EVERYTHING) == {}  # not even a try
        assert queries.count_reports(session, scope=EVERYTHING) == 1
        assert check_contacts(session) == []
    with pytest.raises(Refused, match="voided by Max Manager already"):
        void(engine, network, report_id, seen=2)
    with pytest.raises(Refused):
        correct(engine, network, report_id, seen=2, summary="Again")


def test_a_void_needs_a_reason_and_the_right_person(sqlite_engine):
    network = make_network(sqlite_engine)
    report_id = log(sqlite_engine, network)
    for wrong, code in (
        ({"reason": " "}, "required"), ({"by": network.sales_leader}, "not_yours"), ({"seen": 5}, "stale"),
        ({"by": network.finance}, "not_allowed"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            void(sqlite_engine, network, report_id, **wrong)
        assert refusal.value.code == code
    assert report_of(sqlite_engine, report_id).counts is True


def test_reports_move_with_their_dealer_to_another_region(sqlite_engine):
    from db.dealers.commands import change_dealer

    network = make_network(sqlite_engine)
    report_id = log(sqlite_engine, network, promises=[PromiseDraft(made_by="us", text="Do it", due_day=TODAY)])
    run(
        change_dealer, bind=sqlite_engine, dealer_id=network.north, seen_version=1, changes={"region": "West"},
        actor=network.manager, now=NOW,
    )  # fmt: skip
    with reading(sqlite_engine) as session:
        assert session.scalars(select(ContactReport.region)).all() == ["West"]
        assert session.scalars(select(Promise.region)).all() == ["West"]
        assert check_contacts(session) == []
        with pytest.raises(NotFound):
            queries.get_report(session, report_id=report_id, scope=network.east_coordinator.scope)
