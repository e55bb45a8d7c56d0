"""Warranty data from files: taken, tried, refused row by row with the reason, found again, taken back, and by whom."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from db.core.permissions import Permission, Role
from db.core.problems import Refused
from db.customers.vehicle_tables import Vehicle
from db.warranty.tables import (
    Campaign,
    CampaignVehicle,
    Component,
    CoveragePlan,
    LabourOperation,
    Part,
    PartPrice,
    Technician,
    TechnicianSkill,
    VehicleCoverage,
)
from tests.support.again import begun
from tests.support.imports import FORMATS, bring, fates, held, table, take_back
from tests.support.users import actor_named, make_dealer, make_person
from tests.warranty.factories import VIN, warranty_data

OTHER_VIN = "1M8GDM9AXKP042788"


@dataclass(frozen=True)
class Case:
    """A kind of import: good rows with what becomes of them, bad rows with the code of their reason."""

    kind: str
    header: tuple[str, ...]
    good: tuple[tuple[tuple[object, ...], str], ...]
    bad: tuple[tuple[tuple[object, ...], str], ...]
    tables: tuple[type, ...]


CASES = (
    Case(
        "warranty_components",
        ("Code", "Name", "System", "Wear item", "Self-authorization"),
        (
            (("str-gear", "Steering gear", "Steering", "no", "assembly"), "created"),
            (("ENG-TURBO", "Turbocharger, new", "Engine", "no", ""), "updated"),
        ),
        (
            (("", "Nameless", "", "", ""), "required"),
            (("X1", "", "", "", ""), "required"),
            (("X" * 21, "Too long", "", "", ""), "too_long"),
            (("X2", "Wear", "", "perhaps", ""), "not_yes_or_no"),
            (("X3", "Class", "", "no", "rocket"), "not_a_choice"),
        ),
        (Component,),
    ),
    Case(
        "warranty_plans",
        ("Code", "Name", "Kind", "Months", "Distance", "Deductible", "Components", "Valid from", "Valid until"),
        (
            (("GOLD", "Gold", "contract", 84, 100_000, "100.00", "ENG-TURBO", "2024-01-01", ""), "created"),
            (("BASIC", "Basic 48/50", "basic", 48, 50_000, "", "", "2026-01-01", ""), "created"),
        ),
        (
            (("P1", "Plan", "basic", 36, 1, "", "", "", ""), "required"),
            (("P2", "Plan", "wooden", 36, 1, "", "", "2024-01-01", ""), "not_a_choice"),
            (("P3", "Plan", "basic", "many", 1, "", "", "2024-01-01", ""), "not_a_number"),
            (("P4", "Plan", "basic", 241, 1, "", "", "2024-01-01", ""), "out_of_range"),
            (("P5", "Plan", "basic", 36, 1, "", "NO-SUCH", "2024-01-01", ""), "unknown_component"),
            (("P6", "Plan", "basic", 36, 1, "", "", "2024-02-01", "2024-01-01"), "before_start"),
        ),
        (CoveragePlan,),
    ),
    Case(
        "warranty_operations",
        ("Code", "Name", "Kind", "Hours", "Component", "Valid from"),
        (
            (("B1100", "Brake pads, replace", "flat", "1.25", "BRK-PAD", "2024-01-01"), "created"),
            (("E1205", "Turbocharger, replace", "flat", "2.75", "ENG-TURBO", "2026-01-01"), "created"),
        ),
        (
            (("O1", "Operation", "flat", "soon", "", "2024-01-01"), "not_a_number"),
            (("O2", "Operation", "flat", "201", "", "2024-01-01"), "out_of_range"),
            (("O3", "Operation", "flat", "-1", "", "2024-01-01"), "out_of_range"),
            (("O4", "Operation", "flat", "1", "NO-SUCH", "2024-01-01"), "unknown_component"),
            (("O5", "Operation", "flat", "1", "", "32.13.2024"), "not_a_date"),
            (("O6", "", "flat", "1", "", "2024-01-01"), "required"),
        ),
        (LabourOperation,),
    ),
    Case(
        "warranty_parts",
        ("Part number", "Name", "Component", "Net price", "Valid from", "Superseded by"),
        (
            (("br-100", "Brake pad", "BRK-PAD", "45.50", "2024-01-01", ""), "created"),
            (("TC-5000", "", "", "312.00", "2026-01-01", ""), "updated"),
        ),
        (
            (("N1", "Part", "", "12.00", "", ""), "required"),
            (("N2", "Part", "", "-1.00", "2024-01-01", ""), "out_of_range"),
            (("N3", "Part", "", "dear", "2024-01-01", ""), "not_a_number"),
            (("N4", "Part", "NO-SUCH", "1.00", "2024-01-01", ""), "unknown_component"),
            (("N5", "Part", "", "", "", "N5"), "itself"),
            (("N" * 41, "Part", "", "", "", ""), "too_long"),
        ),
        (Part, PartPrice),
    ),
    Case(
        "warranty_campaigns",
        ("Campaign", "Title", "Kind", "Starts", "Ends", "Operations", "VIN", "Remedied on"),
        (
            (("R26-01", "Turbo may fail", "recall", "2026-01-01", "", "E1205", VIN, ""), "created"),
            (("R26-01", "", "", "", "", "", OTHER_VIN, "2026-02-01"), "updated"),
        ),
        (
            (("R26-02", "", "recall", "2026-01-01", "", "", VIN, ""), "required"),
            (("R26-03", "No day", "recall", "", "", "", VIN, ""), "required"),
            (("R26-04", "Bad VIN", "recall", "2026-01-01", "", "", "SHORT", ""), "vin_shape"),
            (("R26-05", "Ends first", "recall", "2026-02-01", "2026-01-01", "", VIN, ""), "before_start"),
            (("R26-06", "No kind", "rumour", "2026-01-01", "", "", VIN, ""), "not_a_choice"),
        ),
        (Campaign, CampaignVehicle),
    ),
    Case(
        "technicians",
        ("Dealer code", "Technician", "Name", "Works since", "Left on", "Skill", "Certified on", "Expires on"),
        (
            (("04012", "t-20", "Tina Torque", "2024-01-01", "", "Engine", "2024-03-01", "2027-03-01"), "created"),
            (("04012", "T-07", "", "", "", "brakes", "2024-03-01", ""), "updated"),
        ),
        (
            (("9999", "T1", "Nobody", "2024-01-01", "", "", "", ""), "unknown_dealer"),
            (("04012", "T2", "", "2024-01-01", "", "", "", ""), "required"),
            (("04012", "T3", "No day", "", "", "", "", ""), "required"),
            (("04012", "T4", "Skill", "2024-01-01", "", "engine", "", ""), "required"),
            (("04012", "T5", "Left", "2024-02-01", "2024-01-01", "", "", ""), "before_start"),
            (("04012", "T6", "Expired", "2024-01-01", "", "engine", "2024-02-01", "2024-01-01"), "before_start"),
        ),
        (Technician, TechnicianSkill),
    ),
    Case(
        "warranty_contracts",
        ("VIN", "Plan", "Starts", "Contract number"),
        (((VIN, "basic", "2026-01-01", "SC-1"), "created"),),
        (
            ((OTHER_VIN, "BASIC", "2026-01-01", ""), "unknown_vehicle"),
            ((VIN, "NO-SUCH", "2026-01-01", ""), "unknown_plan"),
            ((VIN, "BASIC", "", ""), "required"),
            ((VIN, "BASIC", "1900-01-01", ""), "implausible"),
        ),
        (VehicleCoverage, Vehicle),
    ),
)
IDS = [case.kind for case in CASES]


@pytest.fixture
@begun
def cora(sqlite_engine):
    make_dealer(sqlite_engine)
    warranty_data(sqlite_engine)
    make_person(sqlite_engine, "cora", Role.COORDINATOR)
    return actor_named(sqlite_engine, "cora")


def goods(case: Case, form: str = "csv"):
    return table(case.header, [row for row, _ in case.good], form=form, name=case.kind)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_tried_taken_found_again_and_taken_back(case, sqlite_engine, cora):
    before = held(sqlite_engine, *case.tables)
    for form in FORMATS:
        tried = bring(sqlite_engine, case.kind, goods(case, form), actor=cora, dry_run=True)
        assert [o.outcome for o in tried.outcomes] == [what for _, what in case.good], (form, tried.rejections)
        assert held(sqlite_engine, *case.tables) == before
    batch = bring(sqlite_engine, case.kind, goods(case), actor=cora)
    assert [o.outcome for o in batch.outcomes] == [what for _, what in case.good]
    after = held(sqlite_engine, *case.tables)
    assert after != before
    again = bring(sqlite_engine, case.kind, goods(case), actor=cora)
    assert {o.outcome for o in again.outcomes} == {"duplicate"}
    assert any("already been imported" in sentence for sentence in again.sentences)
    assert held(sqlite_engine, *case.tables) == after
    assert take_back(sqlite_engine, batch, actor=cora) == len(case.good)
    assert held(sqlite_engine, *case.tables) == before


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_bad_row_is_told_with_its_line_and_leaves_nothing(case, sqlite_engine, cora):
    rows = [case.good[0][0], *(row for row, _ in case.bad)]
    batch = bring(sqlite_engine, case.kind, table(case.header, rows), actor=cora)
    expected = [(2, "created", "")] + [(n, "rejected", code) for n, (_, code) in enumerate(case.bad, 3)]
    assert fates(batch) == expected, [(o.row, o.code, o.message) for o in batch.rejections]
    assert all(o.message for o in batch.rejections)
    alone = held(sqlite_engine, *case.tables)
    take_back(sqlite_engine, batch, actor=cora)
    bring(sqlite_engine, case.kind, table(case.header, [case.good[0][0]]), actor=cora)
    assert {name: len(rows) for name, rows in held(sqlite_engine, *case.tables).items()} == {
        name: len(rows) for name, rows in alone.items()
    }


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_file_without_the_columns_is_refused_whole(case, sqlite_engine, cora):
    batch = bring(sqlite_engine, case.kind, table(("Colour",), [("red",)]), actor=cora)
    assert fates(batch) == [(0, "rejected", "required")]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_only_those_who_may(case, sqlite_engine, cora):
    for role in (Role.FINANCE, Role.DEALER_STAFF):
        make_person(sqlite_engine, role.value, role)
        with pytest.raises(Refused) as refused:
            bring(sqlite_engine, case.kind, goods(case), actor=actor_named(sqlite_engine, role.value))
        assert refused.value.code == "not_allowed"


def test_technicians_only_of_ones_own_dealers(sqlite_engine, cora):
    star = make_dealer(sqlite_engine, code="0999", name="North Star", region="West")
    make_person(sqlite_engine, "stella", Role.DEALER_MANAGER, dealer_ids=[star])
    stella = actor_named(sqlite_engine, "stella")
    assert stella.can(Permission.TECHNICIANS_EDIT)
    rows = [("04012", "T-1", "Not hers", "2024-01-01"), ("0999", "T-1", "Hers", "2024-01-01")]
    batch = bring(
        sqlite_engine, "technicians", table(("Dealer code", "Technician", "Name", "Works since"), rows), actor=stella
    )
    assert fates(batch) == [(2, "rejected", "unknown_dealer"), (3, "created", "")]
    assert "Lone Pine" not in batch.rejections[0].message


def test_a_later_price_ends_nothing_and_an_earlier_period_ends(sqlite_engine, cora):
    """Prices hold from their day until the next one; a plan's former version ends the day before, and undo mends it."""
    plans = held(sqlite_engine, CoveragePlan)
    case = CASES[1]
    batch = bring(sqlite_engine, case.kind, goods(case), actor=cora)
    assert "What held from 2020-01-01 ends on 2025-12-31." in batch.outcomes[1].message
    take_back(sqlite_engine, batch, actor=cora)
    assert held(sqlite_engine, CoveragePlan) == plans


def test_what_is_in_use_is_not_taken_back(sqlite_engine, cora):
    campaigns = CASES[4]
    batch = bring(sqlite_engine, campaigns.kind, goods(campaigns), actor=cora)
    more = [("R26-01", "", "", "", "", "", "1FTEW1E41JFA00001", "")]
    bring(sqlite_engine, campaigns.kind, table(campaigns.header, more), actor=cora)
    with pytest.raises(Refused) as refused:
        take_back(sqlite_engine, batch, actor=cora)
    assert {p.code for p in refused.value.problems} <= {"changed_since", "in_use"}
