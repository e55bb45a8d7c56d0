"""What held on a day: the questions the rules ask of warranty data."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.core.session import reading, writing
from db.warranty import queries
from db.warranty.tables import (
    Campaign,
    CampaignVehicle,
    CoveragePlan,
    LabourOperation,
    Part,
    PartPrice,
    Technician,
    TechnicianSkill,
    VehicleBlock,
    VehicleCoverage,
)
from tests.support.again import begun
from tests.support.users import make_dealer
from tests.warranty.factories import IN_SERVICE, MADE, SINCE, VIN, add_vehicle, warranty_data

DAY = date(2026, 11, 16)


@pytest.fixture
@begun
def data(sqlite_engine: Engine) -> Engine:
    make_dealer(sqlite_engine)
    warranty_data(sqlite_engine)
    warranty_data(sqlite_engine)  # a second call adds nothing
    return sqlite_engine


def test_codes_are_found_however_they_are_written(data: Engine):
    with reading(data) as session:
        found = queries.components_by_code(session, ["eng-turbo ", "BRK-PAD", "NONE", ""])
        assert {asked: (c.code, c.is_wear) for asked, c in found.items()} == {
            "eng-turbo ": ("ENG-TURBO", False),
            "BRK-PAD": ("BRK-PAD", True),
        }
        assert queries.parts_on(session, ["tc-5000"], DAY)["tc-5000"].net_cents == 300_00
        assert queries.operations_on(session, ["E1205"], DAY)["E1205"].hours == 2_50
        assert queries.components_by_code(session, []) == {} == queries.operations_on(session, [""], DAY)


@pytest.mark.parametrize(
    ("on", "hours", "net"),
    [
        (SINCE - timedelta(days=1), None, None),
        (SINCE, 2_50, 300_00),
        (date(2026, 6, 30), 2_50, 300_00),
        (date(2026, 7, 1), 2_20, 325_00),
        (date(2027, 1, 1), 2_20, 325_00),
    ],
)
def test_hours_and_prices_are_those_of_the_day(data: Engine, on: date, hours: int | None, net: int | None):
    change = date(2026, 7, 1)
    with writing(data, keeps_timeline=False) as session:
        session.scalars(select(LabourOperation)).one().valid_until = change - timedelta(days=1)
        session.add(LabourOperation(code="E1205", name="Turbocharger", hours=2_20, models=[], valid_from=change))
        part = session.scalars(select(Part)).one()
        session.add(PartPrice(part_id=part.id, valid_from=change, net_cents=325_00))
    with reading(data) as session:
        operation = queries.operations_on(session, ["E1205"], on).get("E1205")
        assert (operation.hours if operation else None) == hours
        assert queries.parts_on(session, ["TC-5000"], on)["TC-5000"].net_cents == net


def _plan(code: str, **more: Any) -> CoveragePlan:
    values: dict[str, Any] = {
        "name": code, "kind": "powertrain", "months": 60, "distance": 60_000, "components": [], "excluded": [],
        "models": [], "valid_from": SINCE, "created_at": MADE, "created_by": "Test", **more,
    }  # fmt: skip
    return CoveragePlan(code=code, **values)


def test_plans_are_those_of_the_model_on_the_day_in_service_and_own_contracts(data: Engine):
    vehicle_id = add_vehicle(data)
    before = IN_SERVICE - timedelta(days=1)
    contract = VehicleCoverage(
        vehicle_id=vehicle_id, plan_code="CARE", starts_on=date(2026, 2, 1), contract_number="K-1", created_at=MADE,
        created_by="Test",
    )  # fmt: skip
    with writing(data, keeps_timeline=False) as session:
        session.add_all([_plan("POWER", models=["ACCORD"]), _plan("PILOT", models=["Pilot"]), contract])
        session.add_all([_plan("OLD", valid_until=before), _plan("CARE", kind="contract")])
    with reading(data) as session:
        ask = queries.plans_of_vehicle
        plans = ask(session, vehicle_id=vehicle_id, model="Accord", in_service_on=IN_SERVICE)
        assert [(p.code, p.starts_on) for p in plans] == [
            ("BASIC", IN_SERVICE), ("POWER", IN_SERVICE), ("CARE", date(2026, 2, 1)),
        ]  # fmt: skip
        assert plans[-1].contract_number == "K-1"
        without = ask(session, vehicle_id=vehicle_id, model="Accord", in_service_on=None)
        assert [p.code for p in without] == ["CARE"]
        assert ask(session, vehicle_id=None, model="Accord", in_service_on=None) == ()


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        (date(2026, 2, 28), None),
        (date(2026, 3, 1), "blocked"),
        (date(2026, 4, 1), "void"),
        (date(2026, 5, 1), "blocked"),
        (date(2026, 6, 1), None),
    ],
)
def test_a_block_counts_from_its_day_until_it_is_lifted_and_void_weighs_more(data: Engine, on: date, kind: str | None):
    vehicle_id = add_vehicle(data)
    with writing(data, keeps_timeline=False) as session:
        for what, since, lifted in (
            ("blocked", date(2026, 3, 1), date(2026, 6, 1)),
            ("void", date(2026, 4, 1), date(2026, 5, 1)),
        ):
            session.add(
                VehicleBlock(
                    vehicle_id=vehicle_id, kind=what, reason=what, since=since, lifted_on=lifted, created_at=MADE,
                    created_by="Test",
                )
            )  # fmt: skip
    with reading(data) as session:
        found = queries.block_of(session, vehicle_id, on)
        assert (found.kind if found else None) == kind


def test_a_campaign_knows_its_vins_and_what_is_remedied(data: Engine):
    with writing(data, keeps_timeline=False) as session:
        for number, ends_on, done_on in (("R1", None, None), ("R2", date(2026, 1, 31), None), ("R3", None, SINCE)):
            campaign = Campaign(
                number=number, title=number, starts_on=SINCE, ends_on=ends_on, operations=["E1205"], parts=[],
                created_at=MADE, created_by="Test",
            )  # fmt: skip
            session.add(campaign)
            session.flush()
            session.add(CampaignVehicle(campaign_id=campaign.id, vin=VIN, done_on=done_on))
    with reading(data) as session:
        open_ones = queries.open_campaigns_for_vin(session, VIN.lower(), DAY)
        assert [c.number for c in open_ones] == ["R1"]
        assert not queries.campaign_for_vin(session, "R9", VIN, DAY).is_known
        other = queries.campaign_for_vin(session, "r1", "5YJ3E1EA7KF317000", DAY)
        assert (other.is_known, other.runs, other.is_listed, other.operations) == (True, True, False, ("E1205",))
        assert not queries.campaign_for_vin(session, "R2", VIN, DAY).runs
        assert queries.campaign_for_vin(session, "R3", VIN, DAY).done_on == SINCE


def test_a_technician_has_the_skills_of_the_day(data: Engine):
    with writing(data, keeps_timeline=False) as session:
        one = session.scalars(select(Technician)).one()
        one.left_on = date(2026, 12, 1)
        session.add(
            TechnicianSkill(
                technician_id=one.id, skill="brakes", certified_on=date(2026, 1, 1), expires_on=date(2026, 6, 30)
            )
        )
        dealer_id = one.dealer_id
    with reading(data) as session:

        def on(day: date, code: str = "t-07", dealer: int = dealer_id) -> tuple[bool, bool, tuple[str, ...]]:
            found = queries.technician_on(session, dealer_id=dealer, code=code, on=day)
            return found.is_known, found.is_active, found.skills

        assert on(date(2026, 6, 30)) == (True, True, ("brakes", "engine"))
        assert on(date(2026, 7, 1)) == (True, True, ("engine",))
        assert on(date(2026, 12, 1)) == (True, False, ("engine",))
        assert on(SINCE - timedelta(days=1)) == (True, False, ())
        assert on(DAY, code="X") == (False, False, ()) == on(DAY, dealer=dealer_id + 1)
