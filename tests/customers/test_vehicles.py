"""Vehicles: what is entered, who owns them, what was bought and serviced, and that nothing overlaps, whoever types."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.customers import vehicle_commands as commands
from db.customers import visit_commands
from db.customers.checks import owners_are_possible
from db.customers.vehicle_queries import get_vehicle, odometer_findings
from db.customers.vehicle_tables import OdometerReading, Ownership, Purchase, ServiceVisit, Vehicle
from tests.customers.factories import (
    LAST_WEEK,
    LAST_YEAR,
    OTHER_VIN,
    TODAY,
    VIN,
    customer,
    load_vehicle,
    vehicle,
    visit,
)
from tests.leads.factories import NOW, Network, make_network
from tests.support.core import at_once


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def do(engine: Engine, command: Any, network: Network, **arguments: Any) -> Any:
    return run(command, bind=engine, **{"actor": network.coordinator, "now": NOW, **arguments})


def problems(engine: Engine, command: Any, network: Network, **arguments: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refusal:
        do(engine, command, network, **arguments)
    return [(p.field, p.code) for p in refusal.value.problems]


def periods(engine: Engine, vehicle_id: int) -> list[tuple[int, date, date | None]]:
    with reading(engine) as session:
        rows = session.execute(
            select(Ownership.customer_id, Ownership.since, Ownership.until)
            .where(Ownership.vehicle_id == vehicle_id)
            .order_by(Ownership.since)
        )
        return [(row[0], row[1], row[2]) for row in rows]


# ------------------------------------------------------------------------------------------------------------- enter
def test_a_vehicle_is_entered_with_what_its_vin_says_and_where_that_comes_from(engine: Engine, network: Network):
    jane = customer(engine, network)
    one = vehicle(
        engine, network, jane, vin=" 1hgcm826-33A004352 ", facts={"trim": "EX", "in_service_on": date(2003, 5, 1)}
    )
    row = load_vehicle(engine, one)
    assert (row.vin, row.year, row.make, row.trim, row.is_regular, row.check_ok) == (
        VIN,
        2003,
        "Honda",
        "EX",
        True,
        True,
    )
    assert row.sources["trim"] == row.sources["in_service_on"] == commands.TYPED
    assert row.sources["year"].startswith(("ultravin", "vininfo"))
    assert periods(engine, one) == [(jane, LAST_YEAR, None)]


def test_the_same_vehicle_again_is_the_same_and_what_is_known_stays(engine: Engine, network: Network):
    jane = customer(engine, network)
    one = vehicle(engine, network, jane, facts={"model": "Accord Coupe"})
    assert vehicle(engine, network, jane, facts={"model": "Civic"}) == one
    assert load_vehicle(engine, one).model == "Accord Coupe"
    assert len(periods(engine, one)) == 1


def test_a_number_without_the_form_of_a_vin_needs_a_reason(engine: Engine, network: Network):
    jane = customer(engine, network)
    given = {"vin": "B123456", "customer_id": jane, "since": LAST_YEAR}
    assert problems(engine, commands.enter_vehicle, network, **given) == [("vin", "bad_vin")]
    one = do(engine, commands.enter_vehicle, network, **given, vin_reason="before_1981", facts={"make": "Halden"})
    row = load_vehicle(engine, one)
    assert (row.vin, row.is_regular, row.vin_reason, row.year) == ("B123456", False, "before_1981", None)


def test_people_of_a_dealer_name_the_owner_and_the_desk_need_not(engine: Engine, network: Network):
    assert problems(engine, commands.enter_vehicle, network, vin=VIN, actor=network.staff) == [
        ("customer_id", "required")
    ]
    assert do(engine, commands.enter_vehicle, network, vin=VIN) > 0


def test_facts_are_changed_with_a_version_and_the_warranty_start_only_by_the_desk(engine: Engine, network: Network):
    one = vehicle(engine, network, customer(engine, network))
    start, other = date(2003, 5, 1), date(2003, 6, 1)
    change: dict[str, Any] = {"vehicle_id": one, "actor": network.staff}
    do(engine, commands.change_vehicle, network, seen_version=1, changes={"in_service_on": start}, **change)
    with pytest.raises(Stale, match="Sam Staff"):
        do(engine, commands.change_vehicle, network, seen_version=1, changes={"trim": "LX"}, **change)
    assert problems(
        engine, commands.change_vehicle, network, seen_version=2, changes={"in_service_on": other}, **change
    ) == [("in_service_on", "not_allowed")]
    desk: dict[str, Any] = {"vehicle_id": one, "seen_version": 2, "changes": {"in_service_on": other}}
    assert problems(engine, commands.change_vehicle, network, **desk) == [("reason", "required")]
    do(engine, commands.change_vehicle, network, **desk, reason="Wrong delivery report")
    assert load_vehicle(engine, one).in_service_on == other


# ------------------------------------------------------------------------------------------------------------ owners
def test_a_new_owner_ends_the_period_of_the_one_before(engine: Engine, network: Network):
    jane, ann = customer(engine, network), customer(engine, network, name="Ann Lee", phone="212-555-0199")
    one = vehicle(engine, network, jane)
    do(engine, commands.set_owner, network, vehicle_id=one, customer_id=ann, since=LAST_WEEK)
    assert periods(engine, one) == [(jane, LAST_YEAR, LAST_WEEK), (ann, LAST_WEEK, None)]
    assert problems(
        engine, commands.set_owner, network, vehicle_id=one, customer_id=jane, since=LAST_YEAR + timedelta(days=5),
        until=LAST_WEEK + timedelta(days=1),
    ) == [("since", "overlap")]  # fmt: skip
    with reading(engine) as session:
        assert owners_are_possible(session) == []


def test_an_ownership_is_ended_once(engine: Engine, network: Network):
    one = vehicle(engine, network, customer(engine, network))
    with reading(engine) as session:
        (period,) = session.scalars(select(Ownership.id))
    given: dict[str, Any] = {"ownership_id": period}
    assert problems(engine, commands.end_ownership, network, until=LAST_YEAR, **given) == [("until", "bad_days")]
    with pytest.raises(NotFound):
        do(engine, commands.end_ownership, network, until=TODAY, actor=network.south_staff, **given)
    do(engine, commands.end_ownership, network, until=TODAY, **given)
    assert periods(engine, one)[0][2] == TODAY
    assert problems(engine, commands.end_ownership, network, until=TODAY, **given) == [("", "ended")]


def test_two_people_who_enter_an_owner_at_once_leave_one_owner_a_day(engine: Engine, network: Network):
    people = [customer(engine, network, name=f"Ann{n} Lee", phone=f"212-555-01{n:02}") for n in range(4)]
    one = do(engine, commands.enter_vehicle, network, vin=VIN)

    def enter(number: int) -> str:
        try:
            do(
                engine, commands.set_owner, network, vehicle_id=one, customer_id=people[number],
                since=LAST_YEAR + timedelta(days=number % 2),
            )  # fmt: skip
        except Refused as refusal:
            return refusal.code
        return "ok"

    said = at_once(enter, threads=4)
    held = periods(engine, one)
    assert said.count("ok") == len(held) >= 1
    assert sum(until is None for _, _, until in held) == 1
    with reading(engine) as session:
        assert owners_are_possible(session) == []


def test_the_check_finds_two_owners_on_one_day(engine: Engine, network: Network):
    jane, ann = customer(engine, network), customer(engine, network, name="Ann Lee", phone="212-555-0199")
    one = vehicle(engine, network, jane)
    do(engine, commands.set_owner, network, vehicle_id=one, customer_id=ann, since=LAST_WEEK)
    with engine.begin() as connection:
        connection.execute(
            Ownership.__table__.update().where(Ownership.customer_id == jane).values(until=TODAY)  # type: ignore[attr-defined]
        )
    with reading(engine) as session:
        assert owners_are_possible(session) == [f"vehicle V-{one:06} has two owners on one day"]


# --------------------------------------------------------------------------------------------------------- purchases
def buy(engine: Engine, network: Network, owner: int, **other: Any) -> int:
    given = {
        "dealer_id": network.north, "customer_id": owner, "vin": OTHER_VIN, "bought_on": LAST_WEEK, "condition": "new",
        "price_cents": 3_450_000, "odometer": 12, "reference": "L-000001", "actor": network.staff, **other,
    }  # fmt: skip
    return int(do(engine, commands.record_purchase, network, **given))


def test_a_new_vehicle_starts_its_warranty_on_the_day_it_is_bought(engine: Engine, network: Network):
    jane = customer(engine, network)
    one = buy(engine, network, jane)
    assert load_vehicle(engine, one).in_service_on == LAST_WEEK
    assert periods(engine, one) == [(jane, LAST_WEEK, None)]
    assert buy(engine, network, jane) == one
    with reading(engine) as session:
        assert session.scalars(select(Purchase.price_cents)).all() == [3_450_000]


PURCHASES = [
    ("neither new nor used", {"condition": "mint"}, [("condition", "required")]),
    ("no day", {"bought_on": None}, [("bought_on", "required")]),
    ("tomorrow", {"bought_on": TODAY + timedelta(days=1)}, [("bought_on", "future")]),
    ("an odometer of tenths", {"odometer": -1}, [("odometer", "out_of_range")]),
    ("no VIN", {"vin": ""}, [("vin", "required")]),
    ("a year nobody built in", {"facts": {"year": 1800}}, [("year", "out_of_range")]),
]


@pytest.mark.parametrize(("changed", "expected"), [c[1:] for c in PURCHASES], ids=[c[0] for c in PURCHASES])
def test_a_purchase_is_refused_and_nothing_is_stored(sqlite_engine: Engine, changed, expected):
    network = make_network(sqlite_engine)
    jane = customer(sqlite_engine, network)
    with pytest.raises(Refused) as refusal:
        buy(sqlite_engine, network, jane, **changed)
    assert [(p.field, p.code) for p in refusal.value.problems] == expected
    with reading(sqlite_engine) as session:
        assert session.scalars(select(Vehicle.id)).all() == []


def test_a_customer_of_another_dealer_buys_nothing_here(engine: Engine, network: Network):
    jane = customer(engine, network, dealer_id=network.south)
    with pytest.raises(NotFound):
        buy(engine, network, jane)
    with pytest.raises(Refused, match="no customer of this dealer"):
        buy(engine, network, jane, actor=network.coordinator)


# ------------------------------------------------------------------------------------------------------------ visits
def test_a_visit_is_entered_once_and_completed_later(engine: Engine, network: Network):
    one = vehicle(engine, network, customer(engine, network))
    given: dict[str, Any] = {"form_key": "k1", "actor": network.staff}
    first = visit(engine, network, one, ro="r-77", **given)
    assert visit(engine, network, one, ro="r-77", **given) == first
    version, warnings = do(
        engine, visit_commands.change_visit, network, visit_id=first, seen_version=1, actor=network.staff,
        changes={"closed_on": TODAY, "odometer_out": 20_080},
    )  # fmt: skip
    assert version == 2
    assert "80 mi were driven" in warnings[0]
    with pytest.raises(Stale, match="Sam Staff"):
        do(engine, visit_commands.change_visit, network, visit_id=first, seen_version=1, changes={})
    assert problems(
        engine, visit_commands.change_visit, network, visit_id=first, seen_version=2, changes={"odometer_out": 1}
    ) == [("odometer_out", "falls")]
    with pytest.raises(NotFound):
        do(
            engine, visit_commands.change_visit, network, visit_id=first, seen_version=2, changes={},
            actor=network.south_staff,
        )  # fmt: skip
    with reading(engine) as session:
        stored = session.scalars(select(ServiceVisit)).one()
        assert (stored.ro_number, stored.odometer_out, stored.closed_on) == ("R-77", 20_080, TODAY)


def test_an_order_names_one_vehicle(engine: Engine, network: Network):
    one = vehicle(engine, network, customer(engine, network))
    other = vehicle(engine, network, customer(engine, network, name="Ann Lee", phone="212-555-0199"), vin=OTHER_VIN)
    visit(engine, network, one, ro="R1")
    given = {"dealer_id": network.north, "ro_number": " r1", "opened_on": TODAY, "odometer_in": 5}
    assert problems(engine, visit_commands.enter_visit, network, vehicle_id=other, **given) == [
        ("ro_number", "ro_taken")
    ]
    visit(engine, network, one, ro="R1", dealer_id=network.south)  # another dealer counts for itself


def test_a_vehicle_nobody_knew_comes_in_for_service(engine: Engine, network: Network):
    given = {
        "vin": VIN, "dealer_id": network.north, "ro_number": "R9", "opened_on": TODAY, "odometer_in": 90_100,
        "form_key": "k9", "actor": network.staff,
    }  # fmt: skip
    one = do(engine, visit_commands.receive_vehicle, network, **given)
    assert do(engine, visit_commands.receive_vehicle, network, **given) == one
    with reading(engine) as session:
        page = get_vehicle(session, vehicle_id=one, actor=network.staff)
    assert ([v.ro_number for v in page.visits], page.owners, page.year) == (["R9"], (), 2003)


def test_a_visit_of_another_dealers_customer_is_refused(engine: Engine, network: Network):
    one = vehicle(engine, network, customer(engine, network))
    south = customer(engine, network, dealer_id=network.south)
    given = {"dealer_id": network.north, "ro_number": "R1", "opened_on": TODAY, "odometer_in": 5, "customer_id": south}
    assert problems(engine, visit_commands.enter_visit, network, vehicle_id=one, **given) == [
        ("customer_id", "other_dealer")
    ]


# ----------------------------------------------------------------------------------------------------------- odometer
def rules(engine: Engine, vehicle_id: int, network: Network) -> list[tuple[str, str]]:
    with reading(engine) as session:
        found = odometer_findings(session, vehicle_id=vehicle_id, scope=network.staff.scope)
    return [(f.rule, f.level) for f in found]


def test_the_odometer_is_judged_across_purchases_visits_and_readings(engine: Engine, network: Network):
    jane = customer(engine, network)
    one = buy(engine, network, jane, bought_on=LAST_YEAR, odometer=12)
    visit(engine, network, one, ro="A", opened=LAST_YEAR + timedelta(days=200), odometer=9_000, odometer_out=9_010)
    assert rules(engine, one, network) == []
    visit(engine, network, one, ro="B", opened=LAST_WEEK, odometer=7_500)
    assert rules(engine, one, network) == [("odometer_falling", "review")]
    given = {"vehicle_id": one, "dealer_id": network.north, "read_on": LAST_WEEK - timedelta(days=30), "value": 3}
    assert problems(engine, commands.add_reading, network, **given, starts_anew=True) == [("note", "required")]
    do(engine, commands.add_reading, network, **given, starts_anew=True, note="Cluster replaced at 9,400", form_key="x")
    do(engine, commands.add_reading, network, **given, starts_anew=True, note="Cluster replaced at 9,400", form_key="x")
    assert rules(engine, one, network) == [("odometer_replaced", "note")]
    with reading(engine) as session:
        assert len(session.scalars(select(OdometerReading)).all()) == 1


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"value": None}, [("value", "required")]),
        ({"value": -4}, [("value", "out_of_range")]),
        ({"unit": "leagues"}, [("unit", "unknown_unit")]),
        ({"read_on": TODAY + timedelta(days=2)}, [("read_on", "future")]),
        ({"read_on": None}, [("read_on", "required")]),
    ],
)
def test_a_reading_that_cannot_be_is_refused(sqlite_engine: Engine, changed, expected):
    network = make_network(sqlite_engine)
    one = vehicle(sqlite_engine, network, customer(sqlite_engine, network))
    given = {"vehicle_id": one, "dealer_id": network.north, "read_on": TODAY, "value": 5, **changed}
    assert problems(sqlite_engine, commands.add_reading, network, **given) == expected
