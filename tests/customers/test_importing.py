"""Vehicles and service visits from files: every row accounted for, tried first, taken back whole (U14)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.core.area import SourceFile
from db.core.problems import Refused
from db.core.session import reading, run
from db.customers.checks import owners_are_possible
from db.customers.tables import Customer
from db.customers.vehicle_tables import Ownership, ServiceVisit, Vehicle
from db.imports.commands import BatchResult, dry_run_import, run_import, undo_import
from tests.customers.factories import OTHER_VIN, VIN, customer, vehicle, visit
from tests.leads.factories import NOW, Network, make_network
from tests.support.contents import contents
from tests.support.files import file_of

VISIT = {
    "Dealer code": "00101", "VIN": VIN, "RO number": "R1", "Opened": "2026-06-01", "Closed": "2026-06-02",
    "Odometer": "41000", "Owner": "Jane Doe", "Phone": "212-555-0143",
}  # fmt: skip
CAR = {
    "VIN": VIN, "Make": "Honda", "Dealer": "00101", "Owner": "Jane Doe", "Phone": "212-555-0143",
    "Owned since": "2024-03-04", "In service": "2003-05-01",
}  # fmt: skip


def bring(engine: Engine, network: Network, kind: str, *rows: dict[str, str], **other: Any) -> BatchResult:
    arguments = {"actor": network.coordinator, "now": NOW, "channel": "page", **other}
    return run(run_import, bind=engine, kind=kind, files=[file_of(*rows)], **arguments)


def outcomes(result: BatchResult) -> list[tuple[str, str]]:
    return [(o.outcome, o.code) for o in result.outcomes]


def undo(engine: Engine, network: Network, result: BatchResult) -> None:
    run(undo_import, bind=engine, batch_id=result.batch_id, reason="Wrong file", actor=network.coordinator, now=NOW)


VISITS = [
    ("plain", {}, ("created", "")),
    ("an unknown dealer", {"Dealer code": "999"}, ("rejected", "unknown_dealer")),
    ("no VIN", {"VIN": ""}, ("rejected", "required")),
    ("a VIN that is none", {"VIN": "1HGCM8"}, ("rejected", "bad_vin")),
    ("a VIN that is none, with a reason", {"VIN": "1HGCM8", "Why no regular VIN": "damaged"}, ("created", "")),
    ("a doubtful VIN", {"VIN": "1HGCM82633A004353"}, ("created", "doubt")),
    ("out below in", {"Odometer out": "40000"}, ("rejected", "falls")),
    ("a long test drive", {"Odometer out": "41900"}, ("created", "doubt")),
    ("tomorrow", {"Opened": "2027-01-01", "Closed": ""}, ("rejected", "future")),
    ("no odometer", {"Odometer": ""}, ("rejected", "required")),
    ("kilometres", {"Unit": "km"}, ("created", "")),
    ("without an owner", {"Owner": "", "Phone": ""}, ("created", "")),
]


@pytest.mark.parametrize(("changed", "expected"), [c[1:] for c in VISITS], ids=[c[0] for c in VISITS])
def test_what_becomes_of_a_visit(sqlite_engine: Engine, changed, expected):
    network = make_network(sqlite_engine)
    assert outcomes(bring(sqlite_engine, network, "service_visits", VISIT | changed)) == [expected]
    with reading(sqlite_engine) as session:
        made = session.scalars(select(ServiceVisit.id)).all()
        assert len(made) == len(session.scalars(select(Vehicle.id)).all()) == (expected[0] == "created")


def test_visits_of_one_file_share_vehicle_and_customer(engine: Engine):
    network = make_network(engine)
    result = bring(
        engine, network, "service_visits", VISIT, VISIT | {"RO number": "R2", "Opened": "2026-06-20", "Closed": ""},
        VISIT, VISIT | {"Odometer": "5"},
    )  # fmt: skip
    assert outcomes(result) == [("created", ""), ("created", ""), ("duplicate", "unchanged"), ("rejected", "ro_taken")]
    with reading(engine) as session:
        assert session.execute(select(Customer.name, Customer.dealer_id)).all() == [("Jane Doe", network.north)]
        assert session.scalars(select(Customer.created_at)).one().date() == date(2026, 6, 1)
        assert session.scalars(select(Vehicle.vin)).all() == [VIN]
    assert outcomes(bring(engine, network, "service_visits", VISIT)) == [("duplicate", "unchanged")]


def test_a_dry_run_leaves_nothing_behind_and_undo_gives_everything_back(engine: Engine):
    network = make_network(engine)
    held = vehicle(engine, network, customer(engine, network, name="Ann Lee", phone="212-555-0199"), vin=OTHER_VIN)
    left_out = {
        "timeline_entry",
        "timeline_link",
        "timeline_head",
        "change_counter",
        "import_batch",
        "import_row",
        "import_file",
    }
    before = contents(engine, without=left_out)
    rows = (VISIT, VISIT | {"RO number": "R2", "VIN": OTHER_VIN})
    tried = dry_run_import(
        engine, kind="service_visits", files=[file_of(*rows)], actor=network.coordinator, now=NOW, channel="page"
    )
    assert tried.created == 2
    assert contents(engine, without=left_out) == before
    done = bring(engine, network, "service_visits", *rows)
    assert contents(engine, without=left_out) != before
    undo(engine, network, done)
    after = contents(engine, without=left_out)
    assert {name: after[name] for name in after if name != "search_word"} == {
        name: before[name] for name in before if name != "search_word"
    }
    assert len(after["search_word"]) == len(before["search_word"])
    assert held


def test_an_import_that_was_worked_on_is_not_taken_back(engine: Engine):
    network = make_network(engine)
    done = bring(engine, network, "service_visits", VISIT)
    with reading(engine) as session:
        one = session.scalars(select(ServiceVisit.id)).one()
    from db.customers.visit_commands import change_visit

    run(
        change_visit, bind=engine, visit_id=one, seen_version=1, changes={"complaint": "Rattles"}, actor=network.staff,
        now=NOW + timedelta(hours=1),
    )  # fmt: skip
    with pytest.raises(Refused) as refusal:
        undo(engine, network, done)
    assert refusal.value.code == "changed_since"


CARS = [
    ("plain", {}, ("created", "")),
    ("no owner, by the desk", {"Owner": "", "Phone": "", "Dealer": "", "Owned since": ""}, ("created", "")),
    ("an owner without a dealer", {"Dealer": ""}, ("rejected", "required")),
    ("an owner since never", {"Owned since": ""}, ("rejected", "required")),
    ("an owner nobody can recognise", {"Phone": ""}, ("rejected", "no_key")),
    ("a warranty that starts tomorrow", {"In service": "2027-01-01"}, ("rejected", "future")),
    ("a wrong check digit", {"VIN": "1HGCM82633A004353"}, ("created", "vin_doubt")),
]


@pytest.mark.parametrize(("changed", "expected"), [c[1:] for c in CARS], ids=[c[0] for c in CARS])
def test_what_becomes_of_a_vehicle(sqlite_engine: Engine, changed, expected):
    network = make_network(sqlite_engine)
    assert outcomes(bring(sqlite_engine, network, "vehicles", CAR | changed)) == [expected]


def test_blanks_are_filled_owners_follow_each_other_and_undo_takes_it_back(engine: Engine):
    network = make_network(engine)
    first = bring(engine, network, "vehicles", CAR)
    again = bring(engine, network, "vehicles", CAR, CAR | {"Plate": "ABC 1", "Owner": ""})
    assert outcomes(again) == [("duplicate", "unchanged"), ("updated", "")]
    later = CAR | {"Owner": "Ann Lee", "Phone": "212-555-0199", "Owned since": "2025-05-05"}
    second = bring(engine, network, "vehicles", later)
    assert outcomes(second) == [("updated", "")]
    with reading(engine) as session:
        assert session.execute(select(Ownership.since, Ownership.until).order_by(Ownership.since)).all() == [
            (date(2024, 3, 4), date(2025, 5, 5)), (date(2025, 5, 5), None),
        ]  # fmt: skip
    undo(engine, network, second)
    with reading(engine) as session:
        assert session.execute(select(Ownership.since, Ownership.until)).all() == [(date(2024, 3, 4), None)]
        assert owners_are_possible(session) == []
        assert set(session.scalars(select(Customer.name))) == {"Jane Doe"}
    assert first.created == 1


def test_people_of_a_region_bring_in_their_own(engine: Engine):
    network = make_network(engine)
    east = network.east_coordinator
    result = bring(
        engine, network, "service_visits", VISIT, VISIT | {"Dealer code": "00201", "RO number": "W1"}, actor=east
    )
    assert outcomes(result) == [("created", ""), ("rejected", "unknown_dealer")]
    with pytest.raises(Refused, match="may not"):
        bring(engine, network, "service_visits", VISIT, actor=network.dealer_manager)


def test_an_export_of_visits_comes_in_again_as_nothing_new(engine: Engine):
    from db.exports import run_export

    network = make_network(engine)
    owner = customer(engine, network)
    visit(engine, network, vehicle(engine, network, owner), customer_id=owner, complaint="Rattles")
    file = run(
        run_export, bind=engine, kind="service_visits", file_format="xlsx", purpose="Hand-over",
        actor=network.coordinator, now=NOW,
    )  # fmt: skip
    back = SourceFile(name=file.name, content=file.content)
    result = run(
        run_import, bind=engine, kind="service_visits", files=[back], channel="page", actor=network.coordinator, now=NOW
    )
    assert outcomes(result) == [("duplicate", "unchanged")]
