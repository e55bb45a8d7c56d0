"""Another policy tried on kept facts: the same policy decides the same, one threshold moves exactly what it should."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from db.claims import simulation_queries
from db.claims.decide_commands import LineDecision, decide_lines
from db.claims.model import ChargeDraft
from db.claims.policy_rules import DEFAULT
from db.claims.simulation_queries import EXPORT, changed_rows, run_simulation
from db.claims.simulation_rules import cost, drafted
from db.claims.tables import Claim, ClaimAttachment, ClaimRun
from db.core.actor import Actor
from db.core.permissions import Role
from db.core.problems import Refused
from db.core.session import reading, run, writing
from tests.claims.factories import LABOUR, NOW, PART, claim_of, saved, step
from tests.support.again import begun
from tests.support.users import actor_named, make_dealer, make_person
from tests.warranty.factories import add_vehicle, warranty_data

# One VIN a claim, so that no claim is the comeback of another; all check digits hold.
VINS = ("1HGCM82633A004352", "1M8GDM9AXKP042788", "5GZCZ43D13S812715", "11111111111111111")
LATER = NOW + timedelta(hours=2)


@pytest.fixture
@begun
def house(engine: Engine) -> dict[str, int]:
    """Two dealers of two regions; the first has a claim of 720.00 paid and ones of 1,200.00 and 1,440.00 in review."""
    lone = make_dealer(engine)
    west = make_dealer(engine, code="05000", name="West End Cars", region="West")
    warranty_data(engine)
    for vin in VINS[1:]:
        add_vehicle(engine, vin)
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[lone])
    make_person(engine, "wes", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[west])
    make_person(engine, "cora", Role.COORDINATOR, scope_kind="all")
    make_person(engine, "wanda", Role.COORDINATOR, scope_kind="regions", regions=["West"])
    make_person(engine, "mason", Role.MANAGER)
    dora, wes = actor_named(engine, "dora"), actor_named(engine, "wes")
    return {
        "lone": lone,
        "small": with_files(engine, lone, dora, "f1"),
        "middle": with_files(engine, lone, dora, "f2", **claimed(1, "RO-2", 480_00)),
        "large": with_files(engine, lone, dora, "f3", **claimed(2, "RO-3", 720_00)),
        "west": with_files(engine, west, wes, "f4", **claimed(3, "RO-4", 480_00)),
    }


def claimed(vin: int, ro: str, freight: int) -> dict[str, Any]:
    """The sound claim of 720.00 of another vehicle and visit, with freight of so many cents."""
    line = ChargeDraft(position=3, kind="freight", job=1, unit_cents=freight)
    return {"vin": VINS[vin], "ro_number": ro, "charges": (LABOUR, PART, line)}


def with_files(engine: Engine, dealer_id: int, actor: Actor, key: str, **more: Any) -> int:
    """A claim sent with its repair order and an invoice, as an upload leaves them; the bytes do not matter here."""
    claim_id = saved(engine, dealer_id=dealer_id, actor=actor, key=key, **more)
    with writing(engine, keeps_timeline=False) as session:
        session.add_all(
            ClaimAttachment(
                claim_id=claim_id, dealer_id=dealer_id, region="", kind=kind, file_name=f"{kind}.pdf",
                stored_name=f"{kind}-{claim_id}", size=1, sha256=f"{claim_id}{kind}", media_type="application/pdf",
                uploaded_at=NOW, uploaded_by="Test",
            )
            for kind in ("ro_copy", "receipt")
        )  # fmt: skip
    step(engine, "submit", claim_id, actor=actor)
    return claim_id


def outcomes(engine: Engine, house: dict[str, int]) -> dict[str, str]:
    return {name: claim_of(engine, claim_id).outcome for name, claim_id in house.items() if name != "lone"}


def tried(engine: Engine, who: str, **more):
    with reading(engine) as session:
        return run_simulation(session, actor=actor_named(engine, who), now=LATER, **more)


def test_the_present_policy_decides_as_it_did(engine: Engine, house):
    found = tried(engine, "mason")
    assert found.claims == 4
    assert found.changed == []
    assert found.before == found.after
    assert found.fired_before == found.fired_after
    assert found.cost_difference == 0
    assert (found.other_versions, found.unreadable, found.is_capped) == (0, 0, False)


def test_one_threshold_raised_approves_exactly_what_is_under_it(engine: Engine, house):
    assert outcomes(engine, house) == {"small": "pay", "middle": "review", "large": "review", "west": "review"}
    found = tried(engine, "mason", change={"auto_approve_cents": 1_300_00})
    assert sorted(c.claim_id for c in found.changed) == [house["middle"], house["west"]]
    assert {(c.before, c.after, c.before_cents, c.after_cents) for c in found.changed} == {
        ("review", "pay", 1_200_00, 1_200_00)
    }
    assert (found.before.touchless, found.after.touchless) == (1, 3)
    assert found.after.unseen_cents - found.before.unseen_cents == 2 * 1_200_00
    assert found.cost_difference == 0
    assert dict(found.after.outcomes) == {"pay": 3, "review": 1}
    assert found.dealers[house["lone"]].changed == 1
    assert tried(engine, "mason", change={"auto_approve_cents": 1_199_99}).changed == []


def test_a_rule_that_is_made_stricter_stops_what_was_paid(engine: Engine, house):
    found = tried(engine, "mason", change={"rules": {"W09": {"limits": {"characters": 100}}}})
    assert (found.fired_before["W09"], found.fired_after["W09"]) == (0, 4)
    assert dict(found.after.outcomes) == {"returned": 4}
    assert found.cost_difference == -(720_00 + 2 * 1_200_00 + 1_440_00)
    assert {c.why for c in found.changed} == {"W09 now in the way"}


def test_what_a_person_denied_or_reduced_is_counted_as_risk(engine: Engine, house):
    cora, mason = actor_named(engine, "cora"), actor_named(engine, "mason")
    why: dict[str, Any] = {"reason_code": "NOT_COVERED", "note": "No play of the shaft in the pictures."}
    step(engine, "deny", house["middle"], actor=cora, **why)
    lines = [LineDecision(position=1, cents=300_00), LineDecision(position=2, cents=420_00),
             LineDecision(position=3, cents=180_00, **why)]  # fmt: skip
    run(
        decide_lines, bind=engine, item_id=house["west"], seen_version=claim_of(engine, house["west"]).version,
        lines=lines, actor=cora, now=NOW,
    )  # fmt: skip
    step(engine, "approve", house["large"], actor=mason)
    found = tried(engine, "mason", change={"auto_approve_cents": 5_000_00})
    assert (found.at_risk, found.risk_cents) == (2, 1_200_00 + 300_00)
    assert [(c.claim_id, c.by_person, c.risk_cents) for c in found.changed] == [
        (house["middle"], "denied", 1_200_00), (house["west"], "reduced", 300_00), (house["large"], "approved", 0),
    ]  # fmt: skip
    assert tried(engine, "mason").at_risk == 0


def test_a_claim_a_person_sent_back_is_a_risk_too(engine: Engine, house):
    step(
        engine, "send_back", house["large"], actor=actor_named(engine, "cora"), reason_code="NOT_COVERED",
        note="Measure the play.",
    )  # fmt: skip
    found = tried(engine, "mason", change={"auto_approve_cents": 5_000_00})
    assert (found.at_risk, found.risk_cents) == (1, 1_440_00)


def test_a_region_sees_its_own_claims_only(engine: Engine, house):
    found = tried(engine, "wanda", change={"auto_approve_cents": 5_000_00})
    assert found.claims == 1
    assert [c.claim_id for c in found.changed] == [house["west"]]
    assert set(found.dealers) == {claim_of(engine, house["west"]).dealer_id}


def test_a_dealer_is_refused(engine: Engine, house):
    with pytest.raises(Refused) as refused:
        tried(engine, "dora")
    assert refused.value.code == "not_allowed"


def test_the_period_the_newest_run_and_void_claims(engine: Engine, house):
    with writing(engine, keeps_timeline=False) as session:
        old = session.query(ClaimRun).filter(ClaimRun.claim_id == house["large"]).one()
        old.made_at = NOW - timedelta(days=60)
        session.get_one(Claim, house["west"]).status = "void"
        session.get_one(Claim, house["middle"]).run = 2  # its run 1 is not the newest one any more
    assert tried(engine, "mason", days=30).claims == 1
    assert tried(engine, "mason", days=90).claims == 2
    with pytest.raises(Refused, match="Choose 30"):
        tried(engine, "mason", days=7)


def test_a_cap_is_said_and_chunks_leave_nobody_out(engine: Engine, house, monkeypatch):
    monkeypatch.setattr(simulation_queries, "CHUNK", 2)
    found = tried(engine, "mason")
    assert (found.claims, found.is_capped) == (4, False)
    capped = tried(engine, "mason", most=3)
    assert (capped.claims, capped.is_capped) == (3, True)


def test_facts_nobody_can_read_are_said(engine: Engine, house):
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(ClaimRun).where(ClaimRun.claim_id == house["small"]).values(facts={"was": "older"}))
    found = tried(engine, "mason")
    assert (found.claims, found.unreadable) == (3, 1)


def test_the_file_holds_the_claims_that_change(engine: Engine, house):
    with reading(engine) as session:
        mason = actor_named(engine, "mason")
        rows = list(
            changed_rows(
                session, actor=mason, scope=mason.scope, now=LATER,
                filters={"days": 90, "change": json.dumps({"auto_approve_cents": 1_300_00})},
            )
        )  # fmt: skip
        with pytest.raises(Refused, match="cannot be read"):
            list(changed_rows(session, actor=mason, scope=mason.scope, now=LATER, filters={"change": "{"}))
    assert {len(row) for row in rows} == {len(EXPORT.columns)}
    assert sorted(row[0] for row in rows) == ["WC-000002", "WC-000004"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"appeals": 2}, "appeals"),
        ({"auto_approve_cents": -1}, "auto_approve_cents"),
        ({"auto_approve_cents": "1000"}, "auto_approve_cents"),
        ({"window_days": 0}, "window_days"),
        ({"rules": {"W99": {}}}, "rules"),
        ({"rules": {"W15": {"level": "Z"}}}, "rules"),
        ({"rules": {"W18": {"limits": {"days": 731}}}}, "rules"),
        ({"rules": {"W18": {"limits": {"weeks": 1}}}}, "rules"),
    ],
)
def test_a_draft_that_is_none_is_refused(change, field):
    with pytest.raises(Refused) as refused:
        drafted(DEFAULT, change)
    assert refused.value.problems[0].field == field


def test_a_draft_changes_what_it_names_only():
    assert drafted(DEFAULT, {}) == DEFAULT
    made = drafted(DEFAULT, {"window_days": 45, "rules": {"W18": {"enabled": False, "limits": {"days": 30}}}})
    assert made.windows == {**DEFAULT.windows, "": 45}
    assert made.rule("W18") == replace(DEFAULT.rule("W18"), enabled=False, limits={"days": 30, "distance": 6_000})
    assert DEFAULT.rule("W18").limits["days"] == 90
    assert {k: v for k, v in made.rules.items() if k != "W18"} == {k: v for k, v in DEFAULT.rules.items() if k != "W18"}


@pytest.mark.parametrize(
    ("outcome", "kind", "cents"),
    [
        ("pay", "standard", 500), ("pay_changed", "goodwill", 500), ("review", "standard", 500),
        ("denied", "standard", 0), ("returned", "standard", 0), ("rejected", "standard", 0),
        ("pay", "pre_authorization", 0), ("review", "supplier_recovery", 0),
    ],
)  # fmt: skip
def test_what_an_outcome_costs(outcome, kind, cents):
    assert cost(outcome, kind, 500) == cents
