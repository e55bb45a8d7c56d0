"""Customers and vehicles for tests, made through the commands people use."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

import db.catalog  # noqa: F401 - registers who keeps something of customers, and the kinds of import
from db.core.actor import Actor
from db.core.session import reading, run
from db.customers.customer_commands import enter_customer
from db.customers.tables import Customer
from db.customers.vehicle_commands import enter_vehicle
from db.customers.vehicle_tables import Vehicle
from db.customers.visit_commands import enter_visit
from tests.leads.factories import NOW, Network

VIN = "1HGCM82633A004352"
OTHER_VIN = "5YJ3E1EA7KF317000"
TODAY = NOW.date()
LAST_YEAR, LAST_WEEK = TODAY - timedelta(days=400), TODAY - timedelta(days=9)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def customer(
    engine: Engine, network: Network, *, name: str = "Jane Doe", phone: str = "212-555-0143", dealer_id: int = 0,
    actor: Actor | None = None, now: datetime = NOW, **other: Any,
) -> int:  # fmt: skip
    """A customer of the dealer north."""
    return run(
        enter_customer, bind=engine, dealer_id=dealer_id or network.north, name=name, phone=phone,
        actor=actor or network.coordinator, now=now, **other,
    )  # fmt: skip


def vehicle(
    engine: Engine, network: Network, owner: int, *, vin: str = VIN, since: date = LAST_YEAR,
    actor: Actor | None = None, **other: Any,
) -> int:  # fmt: skip
    """A vehicle of a customer."""
    return run(
        enter_vehicle, bind=engine, vin=vin, customer_id=owner, since=since, actor=actor or network.coordinator,
        now=NOW, **other,
    )  # fmt: skip


def visit(
    engine: Engine, network: Network, vehicle_id: int, *, ro: str = "R1", dealer_id: int = 0,
    opened: date = LAST_WEEK, odometer: int = 20_000, actor: Actor | None = None, **other: Any,
) -> int:  # fmt: skip
    """A service visit at the dealer north."""
    made = run(
        enter_visit, bind=engine, vehicle_id=vehicle_id, dealer_id=dealer_id or network.north, ro_number=ro,
        opened_on=opened, odometer_in=odometer, actor=actor or network.coordinator, now=NOW, **other,
    )  # fmt: skip
    return int(made[0])


def load_customer(engine: Engine, customer_id: int) -> Customer:
    with reading(engine) as session:
        found = session.get_one(Customer, customer_id)
        session.expunge(found)
        return found


def load_vehicle(engine: Engine, vehicle_id: int) -> Vehicle:
    with reading(engine) as session:
        found = session.get_one(Vehicle, vehicle_id)
        session.expunge(found)
        return found
