"""Appointments at a named stage of life, by command; the network and the leads are those of the lead desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from db.appointments.booking_commands import book
from db.appointments.commands import COMMANDS
from db.appointments.tables import Appointment, AppointmentTouch
from db.core.session import reading, run
from db.leads.tables import Lead
from tests.leads.factories import NOW, Network, lead_at

TOMORROW = NOW + timedelta(days=1)  # Tuesday, 10:00 in New York


def booked(engine: Engine, network: Network, *, lead_id: int | None = None, **other: Any) -> int:
    """A sales appointment of a contacted lead of the dealer north, for tomorrow at ten."""
    if lead_id is None and "customer_id" not in other:
        lead_id = lead_at(engine, "contacted", network)
    values: dict[str, Any] = {"kind": "sales", "starts_at": TOMORROW, "lead_id": lead_id}
    values |= {"actor": network.staff, "now": NOW, **other}
    return int(run(book, bind=engine, **values))


def load(engine: Engine, item_id: int) -> Appointment:
    with reading(engine) as session:
        item = session.get_one(Appointment, item_id)
        session.expunge(item)
        return item


def lead_of(engine: Engine, item_id: int) -> Lead:
    with reading(engine) as session:
        lead = session.get_one(Lead, session.get_one(Appointment, item_id).lead_id)
        session.expunge(lead)
        return lead


def touches(engine: Engine, item_id: int) -> dict[str, AppointmentTouch]:
    with reading(engine) as session:
        found = session.scalars(select(AppointmentTouch).where(AppointmentTouch.appointment_id == item_id)).all()
        session.expunge_all()
        return {touch.kind: touch for touch in found}


def take(engine: Engine, name: str, item_id: int, *, now: datetime, actor: Any, **inputs: Any) -> Any:
    """One step from a fresh screen, unless `seen_version` says otherwise."""
    seen = inputs.pop("seen_version", None) or load(engine, item_id).version
    return run(COMMANDS[name], bind=engine, item_id=item_id, seen_version=seen, actor=actor, now=now, **inputs)
