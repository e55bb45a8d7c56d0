"""Vehicles as warranty data need them: the one a person may change, and the newest odometer reading."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.problems import NotFound
from db.customers import vehicle_record
from db.customers.vehicle_tables import OdometerReading, Purchase, ServiceVisit, Vehicle


def vehicle_of(session: Session, vehicle_id: int, scope: Scope) -> Vehicle:
    """A vehicle this scope has to do with; raises `NotFound`."""
    found = session.scalars(
        select(Vehicle).where(Vehicle.id == vehicle_id, vehicle_record.seen_by(scope))
    ).one_or_none()
    if found is None:
        raise NotFound("This vehicle")
    return found


def newest_reading(session: Session, vehicle_id: int, unit: str) -> tuple[int, date] | None:
    """The highest odometer reading in a unit with its day, whoever read it; None where there is none."""
    readings = union_all(
        select(OdometerReading.value.label("value"), OdometerReading.read_on.label("day")).where(
            OdometerReading.vehicle_id == vehicle_id, OdometerReading.unit == unit
        ),
        select(func.coalesce(ServiceVisit.odometer_out, ServiceVisit.odometer_in), ServiceVisit.opened_on).where(
            ServiceVisit.vehicle_id == vehicle_id, ServiceVisit.unit == unit
        ),
        select(Purchase.odometer, Purchase.bought_on).where(
            Purchase.vehicle_id == vehicle_id, Purchase.unit == unit, Purchase.odometer.is_not(None)
        ),
    ).subquery()
    row = session.execute(
        select(readings.c.value, readings.c.day).order_by(readings.c.value.desc()).limit(1)
    ).one_or_none()  # fmt: skip
    return (row[0], row[1]) if row is not None else None
