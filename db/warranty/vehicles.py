"""Vehicles as warranty data need them: the one a person may change, and the newest odometer reading."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.problems import NotFound
from db.customers import vehicle_record
from db.customers.vehicle_tables import OdometerReading, Vehicle


def vehicle_of(session: Session, vehicle_id: int, scope: Scope) -> Vehicle:
    """A vehicle this scope has to do with; raises `NotFound`."""
    found = session.scalars(
        select(Vehicle).where(Vehicle.id == vehicle_id, vehicle_record.seen_by(scope))
    ).one_or_none()
    if found is None:
        raise NotFound("This vehicle")
    return found


def newest_reading(session: Session, vehicle_id: int, unit: str) -> int | None:
    """The highest odometer reading in a unit; None where there is none."""
    return session.scalar(
        select(OdometerReading.value)
        .where(OdometerReading.vehicle_id == vehicle_id, OdometerReading.unit == unit)
        .order_by(OdometerReading.value.desc())
        .limit(1)
    )
