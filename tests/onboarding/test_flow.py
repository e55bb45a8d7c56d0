"""An onboarding from its start to a live dealer, by command: what is refused, by whom, and what is stored."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from db.checklist.template_commands import retire
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.core.timeline import TimelineEntry, TimelineLink
from db.dealers.commands import change_dealer
from db.dealers.queries import get_dealer
from db.onboarding.checks import CHECKS as ONBOARDING_CHECKS
from db.onboarding.commands import start_onboarding
from db.onboarding.item_commands import complete_item
from db.onboarding.tables import Checklist, ChecklistItem, ChecklistTemplate, Onboarding, OnboardingStage
from db.people.tables import Notification
from tests.onboarding.factories import (
    NOW,
    SEED,
    TARGET,
    TODAY,
    at_stage,
    case_of,
    complete,
    dealer_status,
    finish_stage,
    item,
    live,
    new_dealer,
    on_item,
    publish,
    start,
    step,
)
from tests.support.again import begun
from tests.support.core import at_once
from tests.support.users import actor_named, make_people, make_person


@pytest.fixture
@begun
def people(engine):
    make_people(engine)
    return {r: actor_named(engine, r.value) for r in Role}


def checks(engine):
    with reading(engine) as session:
        return {check.name: found for check in ONBOARDING_CHECKS if (found := check.run(session))}


def test_from_the_start_to_a_live_dealer(engine, people):
    cora, mason = people[Role.COORDINATOR], people[Role.MANAGER]
    dealer_id = new_dealer(engine)
    case_id = start(engine, cora, dealer_id=dealer_id, form_key="k1")
    assert start(engine, cora, dealer_id=dealer_id, form_key="k1") == case_id  # a double click
    assert dealer_status(engine, dealer_id) == "onboarding"
    case = case_of(engine, case_id)
    assert (case.number, case.status, case.readiness, case.waits_on) == (
        "O-000001",
        "application",
        0,
        "Business profile",
    )
    assert (case.forecast_p50_on, case.critical_on) == (case.critical_on, case.critical_on)
    for stage in ("application", "agreement", "setup", "training"):
        assert case_of(engine, case_id).status == stage
        finish_stage(engine, case_id, cora)
        step(engine, "advance", case_id, cora)
    finish_stage(engine, case_id, cora, leave=("golive_gate",))
    with pytest.raises(Refused, match="put O-000001 forward yourself"):
        complete(engine, case_id, "golive_gate", cora)
    with pytest.raises(Refused, match="Gate “Final review” is open"):
        step(engine, "activate", case_id, mason)
    complete(engine, case_id, "golive_gate", mason)
    with pytest.raises(Refused, match="may not do this"):
        step(engine, "activate", case_id, cora)
    step(engine, "activate", case_id, mason, note="All well")
    case = case_of(engine, case_id)
    assert (case.status, case.is_open, case.open_for, case.readiness, case.activated_on) == (
        "active", False, None, 100, TODAY,
    )  # fmt: skip
    assert dealer_status(engine, dealer_id) == "active"
    assert checks(engine) == {}
    with reading(engine) as session:
        stays = session.execute(
            select(OnboardingStage.stage, OnboardingStage.left_to).order_by(OnboardingStage.id)
        ).all()
        last = session.execute(
            select(TimelineEntry.seq, TimelineEntry.command).order_by(TimelineEntry.seq.desc()).limit(1)
        ).one()
        about = set(session.execute(select(TimelineLink.item_type).where(TimelineLink.seq == last.seq)).scalars())
    assert [tuple(s) for s in stays] == [
        ("application", "agreement"), ("agreement", "setup"), ("setup", "training"), ("training", "golive"),
        ("golive", "active"),
    ]  # fmt: skip
    assert (last.command, about) == ("activate", {"onboarding", "dealer"})


def test_who_put_it_forward_cannot_decide(engine, people):
    mason = people[Role.MANAGER]
    case_id = at_stage(engine, "golive", mason)
    with pytest.raises(Refused, match="submitted this onboarding yourself"):
        step(engine, "activate", case_id, mason)
    assert case_of(engine, case_id).status == "golive"


def test_a_stage_is_left_only_when_its_items_are_done_and_each_is_named(sqlite_engine):
    make_people(sqlite_engine)
    cora = actor_named(sqlite_engine, "coordinator")
    case_id = start(sqlite_engine, cora)
    complete(sqlite_engine, case_id, "business_profile", cora)
    with pytest.raises(Refused) as refusal:
        step(sqlite_engine, "advance", case_id, cora)
    assert [p.message for p in refusal.value.problems] == [
        "Gate “Application review” is open: waits on Owners named, and on 1 more.",
        "“Owners named” is open.",
        "“Market reviewed” is open.",
    ]
    assert case_of(sqlite_engine, case_id).status == "application"


def test_a_failed_gate_stops_activation_and_says_why(engine, people):
    cora, mason = people[Role.COORDINATOR], people[Role.MANAGER]
    case_id = at_stage(engine, "golive", cora)
    finish_stage(engine, case_id, cora, leave=("facility_gate", "golive_gate"))
    on_item(engine, "fail_gate", case_id, "facility_gate", cora, reason="No customer parking")
    with pytest.raises(Refused) as refusal:
        step(engine, "activate", case_id, mason)
    assert [p.message for p in refusal.value.problems] == [
        "Gate “Facility review” failed: No customer parking.",
        "Gate “Final review” is open: waits on Facility review (failed).",
    ]
    case = case_of(engine, case_id)
    assert (case.gates_failed, case.waits_on) == (1, "Facility review")
    on_item(engine, "reopen_item", case_id, "facility_gate", cora, reason="Parking was paved")
    complete(engine, case_id, "facility_gate", cora)
    complete(engine, case_id, "golive_gate", mason)
    step(engine, "activate", case_id, mason)
    assert case_of(engine, case_id).status == "active"
    with reading(engine) as session:
        told = session.scalars(select(Notification.title)).all()
    assert "O-000001: Facility review failed" in told


WRONG_START = [
    ("prospect", {"target_on": None}, "target_on", "is needed"),
    ("prospect", {"target_on": TODAY}, "target_on", "lie ahead"),
    ("prospect", {"target_on": TODAY + timedelta(days=731)}, "target_on", "two years"),
    ("active", {}, "dealer_id", "active already"),
    ("suspended", {}, "dealer_id", "suspended"),
    ("terminated", {}, "prerequisites", "Nothing is owed to us"),
    ("terminated", {"prerequisites": ("debts", "audit", "training")}, "prerequisites", "sign a new agreement"),
]


@pytest.mark.parametrize("status, wrong, field, sentence", WRONG_START)
def test_a_start_that_is_refused_says_where_and_stores_nothing(sqlite_engine, status, wrong, field, sentence):
    make_people(sqlite_engine)
    cora = actor_named(sqlite_engine, "coordinator")
    dealer_id = new_dealer(sqlite_engine, status=status)
    with pytest.raises(Refused, match=sentence) as refusal:
        start(sqlite_engine, cora, dealer_id=dealer_id, **wrong)
    assert [p.field for p in refusal.value.problems] == [field]
    assert dealer_status(sqlite_engine, dealer_id) == status
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(Onboarding)) == 0
        assert session.scalar(select(func.count()).select_from(Checklist)) == 0


def test_without_a_published_checklist_nothing_begins(sqlite_engine):
    make_people(sqlite_engine)
    cora = actor_named(sqlite_engine, "coordinator")
    publish(sqlite_engine)
    run(retire, bind=sqlite_engine, template_id=1, seen_version=1, reason="Old", actor=SEED, now=NOW)
    with pytest.raises(Refused, match="page Checklists"):
        run(
            start_onboarding,
            bind=sqlite_engine,
            dealer_id=new_dealer(sqlite_engine),
            target_on=TARGET,
            actor=cora,
            now=NOW,
        )


def test_two_who_start_at_once_start_one(engine, people):
    publish(engine)
    dealer_id = new_dealer(engine)

    def attempt(number):
        try:
            return start(engine, people[Role.COORDINATOR], dealer_id=dealer_id, form_key=f"k{number}")
        except Refused as refusal:
            return refusal.problems[0].code

    answers = at_once(attempt, threads=3)
    assert sorted(map(str, answers)) == ["1", "is_running", "is_running"]


def test_a_terminated_dealer_comes_back_under_its_id_with_every_gate_anew(engine, people):
    cora, mason = people[Role.COORDINATOR], people[Role.MANAGER]
    dealer_id = new_dealer(engine)
    first = live(engine, cora, mason, dealer_id=dealer_id, now=NOW - timedelta(days=200), days=10)
    with reading(engine) as session:
        version = get_dealer(session, dealer_id=dealer_id, scope=cora.scope).version
    run(
        change_dealer, bind=engine, dealer_id=dealer_id, seen_version=version, changes={"status": "terminated"},
        reason="Closed", actor=cora, now=NOW,
    )  # fmt: skip
    every = ("debts", "audit", "agreement", "training")
    again = start(engine, cora, dealer_id=dealer_id, prerequisites=every)
    case = case_of(engine, again)
    assert again != first
    assert (case.kind, case.dealer_id, case.gates_open, case.readiness) == ("restart", dealer_id, 4, 0)
    step(engine, "withdraw", again, cora, note="Lost interest")
    assert dealer_status(engine, dealer_id) == "terminated"


@pytest.mark.parametrize(
    "name, by, status", [("withdraw", Role.COORDINATOR, "withdrawn"), ("decline", Role.MANAGER, "declined")]
)
def test_a_case_that_ends_gives_the_dealer_back_its_status(engine, people, name, by, status):
    case_id = at_stage(engine, "agreement", people[Role.COORDINATOR])
    dealer_id = case_of(engine, case_id).dealer_id
    with pytest.raises(Refused, match="is needed"):
        step(engine, name, case_id, people[by], note=" ")
    step(engine, name, case_id, people[by], note="No showroom was found")
    assert (case_of(engine, case_id).status, dealer_status(engine, dealer_id)) == (status, "prospect")
    with reading(engine) as session:
        assert session.scalars(select(Checklist.outcome)).all() == ["abandoned"]
        assert session.scalar(select(func.count()).where(ChecklistItem.is_open.is_(True))) == 0
    assert checks(engine) == {}
    with pytest.raises(Refused, match=status):
        complete(engine, case_id, "nda", people[Role.COORDINATOR])
    assert start(engine, people[Role.COORDINATOR], dealer_id=dealer_id) != case_id


def test_sent_back_moved_and_handed_over(sqlite_engine):
    make_people(sqlite_engine)
    other = make_person(sqlite_engine, "colin", Role.COORDINATOR, scope_kind="regions", regions=["East"])
    far = make_person(sqlite_engine, "wes", Role.COORDINATOR, scope_kind="regions", regions=["West"])
    cora = actor_named(sqlite_engine, "coordinator")
    case_id = at_stage(sqlite_engine, "setup", cora)
    step(sqlite_engine, "send_back", case_id, cora, note="The agreement misses a page")
    assert case_of(sqlite_engine, case_id).status == "agreement"
    with pytest.raises(Refused, match="lie ahead"):
        step(sqlite_engine, "change_target", case_id, cora, target_on=TODAY, note="Later")
    step(sqlite_engine, "change_target", case_id, cora, target_on=TODAY + timedelta(days=1), note="A rush")
    case = case_of(sqlite_engine, case_id)
    # The end of the target day in New York is the next day in UTC.
    assert (case.risk, str(case.due_at)[:16]) == ("late", f"{TODAY + timedelta(days=2)} 04:59")
    with pytest.raises(Refused, match="may manage it"):
        step(sqlite_engine, "assign", case_id, cora, assignee_id=far)
    step(sqlite_engine, "assign", case_id, cora, assignee_id=other)
    assert case_of(sqlite_engine, case_id).assignee_id == other
    with reading(sqlite_engine) as session:
        told = session.execute(select(Notification.person_id, Notification.title)).all()
    assert (other, "O-000001 was handed to you") in [tuple(row) for row in told]
    with pytest.raises(Stale, match="Coordinator"):
        step(sqlite_engine, "advance", case_id, cora, seen_version=1)


def test_who_may_not_see_a_dealer_is_told_nothing(sqlite_engine):
    make_people(sqlite_engine)
    make_person(sqlite_engine, "wes", Role.COORDINATOR, scope_kind="regions", regions=["West"])
    wes = actor_named(sqlite_engine, "wes")
    case_id = start(sqlite_engine, actor_named(sqlite_engine, "coordinator"))
    with pytest.raises(NotFound, match="This onboarding was not found"):
        step(sqlite_engine, "withdraw", case_id, wes, note="x")
    with pytest.raises(NotFound, match="This item was not found"):
        complete(sqlite_engine, case_id, "business_profile", wes)
    with pytest.raises(NotFound, match="This dealer was not found"):
        start(sqlite_engine, wes, dealer_id=new_dealer(sqlite_engine, "07002"))
    row = item(sqlite_engine, case_id, "business_profile")
    with pytest.raises(NotFound, match="This item was not found"):
        run(complete_item, bind=sqlite_engine, item_id=row.id + 10_000, seen_version=1, actor=wes, now=NOW)


def test_the_running_checklist_keeps_its_version(sqlite_engine):
    make_people(sqlite_engine)
    cora = actor_named(sqlite_engine, "coordinator")
    case_id = start(sqlite_engine, cora)
    run(retire, bind=sqlite_engine, template_id=1, seen_version=1, reason="New law", actor=SEED, now=NOW)
    complete(sqlite_engine, case_id, "business_profile", cora)
    with reading(sqlite_engine) as session:
        assert session.scalar(select(ChecklistTemplate.status)) == "retired"
    assert case_of(sqlite_engine, case_id).readiness == 2
