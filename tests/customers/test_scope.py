"""A dealer sees what its own customers own and what it serviced, and never learns whose a VIN is elsewhere (P26)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db import catalog
from db.core.actor import Actor, Scope
from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.customers import vehicle_commands, visit_commands
from db.customers.customer_queries import (
    CustomerFilters,
    count_customers,
    customer_choices,
    found_customers,
    get_customer,
    list_customers,
)
from db.customers.duplicate_queries import compare
from db.customers.purge_queries import count_due, list_due
from db.customers.vehicle_queries import (
    find_by_vin,
    found_vehicles,
    get_vehicle,
    list_purchases,
    list_visits,
    odometer_findings,
    odometer_series,
    vehicle_history,
    vehicles_of,
)
from db.exports import run_export
from db.leads.customer_queries import leads_of_customer
from tests.customers.factories import LAST_WEEK, LAST_YEAR, TODAY, VIN, customer, vehicle, visit
from tests.leads.factories import NOW, Network, make_network, receive


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


@pytest.fixture
def car(engine: Engine, network: Network) -> int:
    """Jane of the dealer north owns a car, with a plate, a visit and a complaint."""
    jane = customer(engine, network, name="Jane Quartz", email="quartz@mail.example")
    one = vehicle(engine, network, jane, facts={"plate": "SECRET1"}, actor=network.staff)
    visit(
        engine, network, one, ro="NORTH-RO", odometer=41_000, customer_id=jane, complaint="Quartz heard a rattle",
        actor=network.staff,
    )  # fmt: skip
    return one


SECRETS = ("Quartz", "quartz@", "SECRET1", "NORTH-RO", "North Motors", "rattle")


def asked(engine: Engine, query: Callable[..., Any], **arguments: Any) -> Any:
    with reading(engine) as session:
        return query(session, **arguments)


def test_a_vin_shows_nobody_a_vehicle(engine: Engine, network: Network, car: int):
    south = network.south_staff
    assert asked(engine, find_by_vin, vin=VIN, actor=south) is None
    assert asked(engine, find_by_vin, vin=VIN, actor=network.staff) == car
    for words in (VIN, VIN[-8:], VIN[:6], f"V-{car:06}", "SECRET1", "quartz", "honda"):
        assert asked(engine, catalog.search_everything, typed=words, actor=south) == {}, words
    assert set(asked(engine, catalog.search_everything, typed=VIN, actor=network.staff)) == {"Vehicles"}
    assert asked(engine, found_vehicles, ids=[car], actor=south) == []
    for query in (get_vehicle, vehicle_history):
        with pytest.raises(NotFound, match="This vehicle was not found"):
            asked(engine, query, vehicle_id=car, actor=south)
    for question in (odometer_findings, odometer_series):
        with pytest.raises(NotFound):
            asked(engine, question, vehicle_id=car, scope=south.scope)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (vehicle_commands.change_vehicle, {"seen_version": 1, "changes": {"trim": "x"}}),
        (vehicle_commands.set_owner, {"customer_id": 2, "since": TODAY}),
        (vehicle_commands.add_reading, {"dealer_id": 2, "read_on": TODAY, "value": 5}),
        (visit_commands.enter_visit, {"dealer_id": 2, "ro_number": "S", "opened_on": TODAY, "odometer_in": 5}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_not_seen_is_not_changed(engine: Engine, network: Network, car: int, command, arguments):
    customer(engine, network, dealer_id=network.south, name="Sue Own", phone="212-555-0177")
    for vehicle_id in (car, 999):
        with pytest.raises(NotFound, match="This vehicle was not found"):
            run(command, bind=engine, vehicle_id=vehicle_id, actor=network.south_staff, now=NOW, **arguments)


def south_services(engine: Engine, network: Network) -> int:
    """The dealer south gets the same car into its workshop."""
    return int(
        run(
            visit_commands.receive_vehicle,
            bind=engine,
            vin=VIN,
            dealer_id=network.south,
            ro_number="SOUTH-RO",
            opened_on=TODAY,
            odometer_in=40_000,
            actor=network.south_staff,
            now=NOW,
        )
    )


def test_who_services_it_sees_the_car_and_its_odometer_and_nothing_of_the_owner(
    engine: Engine, network: Network, car: int
):
    assert south_services(engine, network) == car
    page = asked(engine, get_vehicle, vehicle_id=car, actor=network.south_staff)
    assert (page.make, page.plate, [v.ro_number for v in page.visits]) == ("Honda", "", ["SOUTH-RO"])
    assert [(o.customer_id, o.name) for o in page.owners] == [(None, "An owner of another dealer")]
    assert [(f.rule, f.level) for f in page.findings] == [("odometer_falling", "review")]
    assert {r.place for r in page.readings} == {"Another dealer", "Service, South Motors"}
    history = asked(engine, vehicle_history, vehicle_id=car, actor=network.south_staff)
    assert [e.title for e in history] == [f"V-{car:06}: came in for service, SOUTH-RO"]
    for shown in (page, history, page.findings):
        for secret in SECRETS:
            assert secret not in repr(shown), secret
    assert f"customer_id={1}" not in repr(page.owners)


def test_the_dealer_of_the_owner_learns_nothing_of_the_workshop_either(engine: Engine, network: Network, car: int):
    south_services(engine, network)
    page = asked(engine, get_vehicle, vehicle_id=car, actor=network.staff)
    history = asked(engine, vehicle_history, vehicle_id=car, actor=network.staff)
    assert (page.plate, [v.ro_number for v in page.visits], page.owners[0].name) == (
        "SECRET1",
        ["NORTH-RO"],
        "Jane Quartz",
    )
    for secret in ("SOUTH-RO", "South Motors", "Sue"):
        assert secret not in repr(page)
        assert secret not in repr(history)


def test_nobody_ends_the_ownership_of_another_dealers_customer_by_saying_so(engine: Engine, network: Network, car: int):
    sue = customer(engine, network, dealer_id=network.south, name="Sue Own", phone="212-555-0177")
    given: dict[str, Any] = {"bind": engine, "actor": network.south_staff, "now": NOW}
    with pytest.raises(Refused) as refusal:
        run(vehicle_commands.enter_vehicle, vin=VIN, customer_id=sue, since=LAST_WEEK, **given)
    assert refusal.value.code == "overlap"
    for secret in SECRETS:
        assert secret not in str(refusal.value)
    assert asked(engine, find_by_vin, vin=VIN, actor=network.south_staff) is None
    run(
        vehicle_commands.record_purchase, dealer_id=network.south, customer_id=sue, vin=VIN, bought_on=LAST_WEEK,
        condition="used", **given,
    )  # fmt: skip
    page = asked(engine, get_vehicle, vehicle_id=car, actor=network.south_staff)
    assert [(o.name, o.period.until) for o in page.owners] == [
        ("Sue Own", None), ("An owner of another dealer", LAST_WEEK),
    ]  # fmt: skip
    assert (
        asked(engine, get_vehicle, vehicle_id=car, actor=network.staff).owners[0].name == "An owner of another dealer"
    )


def test_the_desk_sees_everything_and_a_region_its_own(engine: Engine, network: Network, car: int):
    south_services(engine, network)
    page = asked(engine, get_vehicle, vehicle_id=car, actor=network.coordinator)
    assert ({v.ro_number for v in page.visits}, page.owners[0].name) == ({"NORTH-RO", "SOUTH-RO"}, "Jane Quartz")
    assert asked(engine, get_vehicle, vehicle_id=car, actor=network.east_coordinator).owners[0].name == "Jane Quartz"
    west = replace(network.east_coordinator, scope=Scope("regions", regions=frozenset({"West"})))
    with pytest.raises(NotFound):
        asked(engine, get_vehicle, vehicle_id=car, actor=west)
    assert len(asked(engine, vehicle_history, vehicle_id=car, actor=network.coordinator)) == 3


def test_a_sales_leader_sees_the_car_masked(engine: Engine, network: Network, car: int):
    page = asked(engine, get_vehicle, vehicle_id=car, actor=network.sales_leader)
    assert (page.vin, page.plate, page.owners[0].name) == ("1HGCM8263••••••••", "", "J. Q.")
    assert {v.complaint for v in page.visits} == {""}
    (hit,) = asked(engine, found_vehicles, ids=[car], actor=network.sales_leader)
    assert "1HGCM8263••••••••" in hit.subtitle
    assert asked(engine, found_customers, ids=[1], actor=network.sales_leader) == []
    with pytest.raises(Refused, match="may not"):
        asked(engine, get_vehicle, vehicle_id=car, actor=network.finance)


# -------------------------------------------------------------------------------------------------------- customers
def test_a_dealer_sees_exactly_its_own_customers(engine: Engine, network: Network):
    ours = customer(engine, network)
    theirs = customer(engine, network, dealer_id=network.south, name="Sue Own", phone="212-555-0177")
    receive(engine, dealer_id=network.south, customer_id=theirs)
    everything = CustomerFilters()

    def names(actor: Actor, filters: CustomerFilters = everything) -> list[str]:
        rows, _ = asked(engine, list_customers, actor=actor, filters=filters)
        return [row.name for row in rows]

    assert names(network.staff) == ["Jane Doe"]
    assert names(network.south_staff) == ["Sue Own"]
    assert names(network.coordinator) == ["Sue Own", "Jane Doe"]
    assert names(network.coordinator, CustomerFilters(dealer_id=network.north)) == ["Jane Doe"]
    assert names(network.staff, CustomerFilters(text="sue")) == []
    assert names(network.staff, CustomerFilters(dealer_id=network.south)) == []
    assert names(network.sales_leader, CustomerFilters(text="sue")) == []
    assert asked(engine, count_customers, actor=network.staff, filters=everything) == 1
    assert asked(engine, customer_choices, actor=network.staff, text="sue") == []
    assert asked(engine, found_customers, ids=[ours, theirs], actor=network.staff)[0].query == {"customer": str(ours)}
    with pytest.raises(NotFound):
        asked(engine, get_customer, customer_id=theirs, actor=network.staff, now=NOW)
    with pytest.raises(NotFound):
        asked(engine, compare, one_id=ours, other_id=theirs, actor=network.staff)
    for query in (vehicles_of, list_visits, list_purchases, leads_of_customer):
        assert asked(engine, query, customer_id=theirs, actor=network.staff) == [], query.__name__
    assert len(asked(engine, leads_of_customer, customer_id=theirs, actor=network.south_staff)) == 1


def test_managers_of_a_region_see_its_due_customers_only(engine: Engine, network: Network):
    later = NOW + timedelta(days=9 * 365)
    customer(engine, network)
    customer(engine, network, dealer_id=network.west, name="Wes Wing", phone="212-555-0166")
    west = replace(network.manager, scope=Scope("regions", regions=frozenset({"West"})))
    rows, _ = asked(engine, list_due, actor=west, now=later)
    assert [row.name for row in rows] == ["Wes Wing"]
    assert asked(engine, count_due, actor=network.manager, now=later) == 2
    with pytest.raises(Refused, match="may not"):
        asked(engine, list_due, actor=network.coordinator, now=later)


def test_lists_are_pages(engine: Engine, network: Network):
    for number in range(7):
        customer(engine, network, name=f"Ann{number} Lee", phone=f"212-555-01{number:02}")
    seen: list[int] = []
    after = None
    while True:
        rows, after = asked(
            engine, list_customers, actor=network.staff, filters=CustomerFilters(), after=after, limit=3
        )
        seen += [row.customer_id for row in rows]
        if after is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 7


def test_the_list_finds_an_owner_by_the_end_of_a_vin(engine: Engine, network: Network, car: int):
    def found(text: str, actor: Actor) -> list[int]:
        rows, _ = asked(engine, list_customers, actor=actor, filters=CustomerFilters(text=text))
        return [row.vehicles for row in rows]

    assert found(VIN[-8:], network.staff) == [1]
    assert found(VIN[-8:], network.south_staff) == []
    assert found(VIN[-8:], network.sales_leader) == []


def test_exports_hold_the_scope_and_the_mask(engine: Engine, network: Network, car: int):
    customer(engine, network, dealer_id=network.south, name="Sue Own", phone="212-555-0177")

    def taken(kind: str, actor: Actor) -> str:
        file = run(
            run_export, bind=engine, kind=kind, file_format="csv", purpose="Review", actor=actor, now=NOW
        )  # fmt: skip
        return str(file.content.decode())

    own = taken("customers", network.dealer_manager)
    assert "Jane Quartz" in own
    assert "quartz@mail.example" in own
    assert "Sue" not in own
    masked = taken("customers", network.sales_leader) + taken("service_visits", network.sales_leader)
    masked += taken("vehicles", network.sales_leader) + taken("ownerships", network.sales_leader)
    for secret in ("Quartz", "quartz@mail", "5550143", VIN, "rattle"):
        assert secret not in masked, secret
    assert VIN in taken("service_visits", network.dealer_manager)
    south = replace(network.dealer_manager, scope=Scope(dealer_ids=frozenset({network.south})))
    assert "NORTH-RO" not in taken("service_visits", south)
    for kind in ("vehicles", "ownerships"):
        assert VIN in taken(kind, network.dealer_manager), kind
        assert VIN not in taken(kind, south), kind


def test_a_customer_with_a_car_stays_with_the_dealer_when_a_lead_moves(engine: Engine, network: Network, car: int):
    from tests.leads.factories import step

    lead = receive(engine, dealer_id=network.north, customer_id=1)
    step(engine, "assign", lead, actor=network.coordinator, now=NOW, dealer_id=network.south, note="Lives there")
    page = asked(engine, get_vehicle, vehicle_id=car, actor=network.staff)
    assert page.owners[0].customer_id == 1
    assert asked(engine, find_by_vin, vin=VIN, actor=network.south_staff) is None
    assert page.owners[0].period.since == LAST_YEAR
