"""Sending a claim: the weightiest reason is told, an open pre-authorization is waited for, the visit is on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from db.claims import submit_commands
from db.claims.model import Result, Verdict
from db.claims.preauth import open_preauth
from db.claims.tables import Claim
from db.core.permissions import Role
from db.core.session import reading, writing
from db.customers.vehicle_tables import ServiceVisit
from tests.claims.factories import JOB, NOW, PART, claim_of, saved, sent, step
from tests.claims.in_review import review
from tests.support.again import begun
from tests.support.users import actor_named, make_dealer, make_person

BIG: dict[str, Any] = {"charges": (replace(PART, position=1, unit_cents=5_000_00),)}
"""Above the amount that is authorized beforehand (W20)."""


@pytest.fixture
@begun
def people(engine: Engine):
    own, other = make_dealer(engine), make_dealer(engine, code="00999")
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[own])
    make_person(engine, "nora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[other])
    make_person(engine, "cora", Role.COORDINATOR)
    return own, other, {name: actor_named(engine, name) for name in ("dora", "nora", "cora")}


# ---- pre-authorization -----------------------------------------------------------------------------------------------
def preauth(engine: Engine, dealer: int, actor: Any) -> int:
    return review(engine, dealer_id=dealer, actor=actor, key="pre", claim_type="pre_authorization", ro_number="", **BIG)


def test_a_claim_waits_for_its_open_preauthorization_and_goes_on_by_itself(engine: Engine, people):
    own, _, who = people
    pre_id = preauth(engine, own, who["dora"])
    number = claim_of(engine, pre_id).number
    claim_id = sent(engine, dealer_id=own, actor=who["dora"], key="c", pre_auth_number=number, **BIG)
    assert claim_of(engine, claim_id).status == "pending_preauth"
    assert claim_of(engine, claim_id).returns == 0
    with writing(engine, keeps_timeline=False) as session:
        # Level 3 would be needed for this amount; what is tested here is that the claim goes on.
        session.execute(update(Claim).where(Claim.id == pre_id).values(level=1))
    step(engine, "deny", pre_id, actor=who["cora"], reason_code="BEYOND_POLICY", note="Not beforehand.")
    after = claim_of(engine, claim_id)
    assert after.status == "in_review"
    assert number in after.reason_note


AWAITED = [  # state of the pre-authorization, the state the claim comes to
    ("in_review", "pending_preauth"),
    ("appealed", "pending_preauth"),
    ("with_engineering", "pending_preauth"),
    ("draft", "returned"),
    ("returned", "returned"),
    ("denied", "returned"),
    ("void", "returned"),
]


@pytest.mark.parametrize("state, comes_to", AWAITED)
def test_only_what_is_still_being_decided_is_waited_for(sqlite_engine: Engine, state, comes_to):
    engine = sqlite_engine
    own = make_dealer(engine)
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[own])
    dora = actor_named(engine, "dora")
    pre_id = preauth(engine, own, dora)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Claim).where(Claim.id == pre_id).values(status=state))
    number = claim_of(engine, pre_id).number
    claim_id = sent(engine, dealer_id=own, actor=dora, key="c", pre_auth_number=number, **BIG)
    assert claim_of(engine, claim_id).status == comes_to


def test_another_dealers_preauthorization_is_none(engine: Engine, people):
    own, other, who = people
    number = claim_of(engine, preauth(engine, other, who["nora"])).number
    claim_id = sent(engine, dealer_id=own, actor=who["dora"], key="c", pre_auth_number=number, **BIG)
    assert claim_of(engine, claim_id).status == "returned"
    with reading(engine) as session:
        assert open_preauth(session, session.get_one(Claim, claim_id)) is None


# ---- the reason that is told -----------------------------------------------------------------------------------------
def result(rule: str, level: Any, code: str) -> Result:
    return Result(rule=rule, passed=False, level=level, sentence=f"{rule} says so.", reason_code=code)


@pytest.mark.parametrize(
    "why, code",
    [
        (("W20 says so.", "W04 says so."), "PREAUTH_MISSING"),
        (("W04 says so.", "W20 says so."), "ODOMETER_CONTRADICTS"),
        (("Nobody's sentence.", "W20 says so."), "PREAUTH_MISSING"),
        ((), "ODOMETER_CONTRADICTS"),
    ],
)
def test_the_first_of_the_reasons_is_told(why, code):
    results = (result("W04", "W", "ODOMETER_CONTRADICTS"), result("W20", "E", "PREAUTH_MISSING"))
    verdict = Verdict(outcome="returned", policy_version=1, results=results, charges=(), why=why)
    told = submit_commands._weightiest(verdict)
    assert told is not None
    assert told.reason_code == code


def test_a_returned_claim_names_what_sent_it_back(sqlite_engine: Engine):
    # W04 only warns of the long test drive; W09 sends it back.
    engine = sqlite_engine
    own = make_dealer(engine)
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[own])
    claim_id = sent(
        engine, dealer_id=own, actor=actor_named(engine, "dora"), odometer_out=21_900, jobs=(replace(JOB, cause="?"),)
    )
    claim = claim_of(engine, claim_id)
    assert claim.status == "returned"
    assert claim.reason_code == "NARRATIVE_INSUFFICIENT"


# ---- the service visit -----------------------------------------------------------------------------------------------
def visits(engine: Engine) -> list[ServiceVisit]:
    with reading(engine) as session:
        found = list(session.scalars(select(ServiceVisit).order_by(ServiceVisit.id)))
        session.expunge_all()
        return found


def test_the_repair_order_of_a_sent_claim_is_one_visit(engine: Engine, people):
    own, _, who = people
    claim_id = sent(engine, dealer_id=own, actor=who["dora"])
    claim = claim_of(engine, claim_id)
    (one,) = visits(engine)
    assert (one.dealer_id, one.vehicle_id, one.ro_number) == (own, claim.vehicle_id, "RO-4711")
    assert (one.opened_on, one.closed_on, one.odometer_in, one.odometer_out) == (
        date(2026, 11, 16), date(2026, 11, 18), 21_400, 21_404,
    )  # fmt: skip
    # A second version of the same order, and a claim of it that was void and entered anew, find the first.
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Claim).where(Claim.id == claim_id).values(status="void"))
    sent(engine, dealer_id=own, actor=who["dora"], key="again")
    assert [v.id for v in visits(engine)] == [one.id]


def test_a_visit_on_record_is_completed_and_never_changed(engine: Engine, people):
    own, _, who = people
    saved(engine, dealer_id=own, actor=who["dora"])
    with writing(engine, keeps_timeline=False) as session:
        claim = session.scalars(select(Claim)).one()
        session.add(
            ServiceVisit(
                dealer_id=own, region=claim.region, vehicle_id=claim.vehicle_id, ro_number="RO-4711",
                opened_on=date(2026, 11, 17), odometer_in=21_390, unit="mi", complaint="", created_at=NOW,
                updated_at=NOW, updated_by="Test",
            )
        )  # fmt: skip
        claim_id = claim.id
    step(engine, "submit", claim_id, actor=who["dora"])
    (one,) = visits(engine)
    assert (one.opened_on, one.odometer_in) == (date(2026, 11, 17), 21_390)
    assert (one.closed_on, one.odometer_out, one.version) == (date(2026, 11, 18), 21_404, 2)


@pytest.mark.parametrize(
    "more",
    [
        {"claim_type": "pre_authorization", "ro_number": ""},
        {"claim_type": "customer_reimbursement"},
        {"odometer_out": 21_000},  # comes back: nothing is on record yet
        {"vin": "1HGCM82633A004353"},
    ],
)
def test_what_is_no_visit_is_not_registered(sqlite_engine: Engine, more):
    engine = sqlite_engine
    own = make_dealer(engine)
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[own])
    sent(engine, dealer_id=own, actor=actor_named(engine, "dora"), **more)
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(ServiceVisit)) == 0
