"""The clock of a claim: the last day to decide, warnings once each, approval by silence once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from db.claims import jobs
from db.claims.clock_rules import clock_state, decide_by, level_of, pay_by, warning_due
from db.claims.policy_rules import DEFAULT
from db.claims.tables import Claim, ClaimDecision
from db.core.permissions import Role
from db.core.session import reading, writing
from db.people.tables import Notification
from tests.claims.factories import CLAIM, NOW, claim_of, sent
from tests.support.users import actor_named, make_dealer, make_person

CA = DEFAULT.clock("CA")


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "America/New_York"])
def test_received_on_1_march_is_deemed_approved_on_31_march(zone: str):
    found = decide_by(datetime(2026, 3, 1, 18, tzinfo=UTC), CA, zone=zone)
    assert found.deemed_on == date(2026, 3, 31)
    assert pay_by(date(2026, 3, 31), CA) == date(2026, 4, 30)
    assert decide_by(datetime(2026, 3, 1, 18, tzinfo=UTC), CA, zone=zone, is_appeal=True).deemed_on is None


@pytest.mark.parametrize(
    "percent, level", [(0, "ok"), (49, "ok"), (50, "half"), (79, "half"), (80, "late"), (99, "late"), (100, "over")]
)
def test_levels(percent: int, level: str):
    assert level_of(percent) == level


@pytest.mark.parametrize(
    "percent, warned, due", [(49, 0, None), (50, 0, 50), (50, 50, None), (85, 0, 80), (120, 80, 100)]
)
def test_each_threshold_is_due_once(percent: int, warned: int, due: int | None):
    assert warning_due(percent, warned) == due


def test_the_sentence():
    start = datetime(2026, 3, 1, 18, tzinfo=UTC)
    found = decide_by(start, CA, zone="UTC")
    state = clock_state(start, found.decide_by, start + timedelta(days=20), deemed_on=found.deemed_on, source=CA.source)
    assert state.sentence == "Decide by 31 March (10 days left); silence approves it (CA VC 3065(d))."


def test_silence_approves_once_and_warnings_come_once(sqlite_engine: Engine):
    dealer = make_dealer(sqlite_engine)
    make_person(sqlite_engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[dealer])
    make_person(sqlite_engine, "cora", Role.COORDINATOR)
    big = (CLAIM.charges[0], CLAIM.charges[1].__class__(position=2, kind="parts", job=1, unit_cents=2_000_00))
    claim_id = sent(sqlite_engine, dealer_id=dealer, actor=actor_named(sqlite_engine, "dora"), charges=big)
    claim = claim_of(sqlite_engine, claim_id)
    assert claim.status == "in_review"
    assert claim.decide_by is not None
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.get_one(Claim, claim_id).deemed_on = date(2026, 12, 22)
    middle = NOW + timedelta(days=16)
    assert [jobs.run_warnings(sqlite_engine, now=middle) for _ in range(2)] == [1, 0]
    assert jobs.run_deemed(sqlite_engine, now=middle) == 0
    assert [jobs.run_deemed(sqlite_engine, now=claim.decide_by) for _ in range(2)] == [1, 0]
    done = claim_of(sqlite_engine, claim_id)
    assert (done.status, done.decided_kind, done.approved_cents) == ("approved", "deemed", done.claimed_cents)
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).where(ClaimDecision.kind == "deemed")) == 1
        assert session.scalar(select(func.count()).where(Notification.kind == "claim_clock")) == 2
