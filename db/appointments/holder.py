"""What appointments keep of a customer: what was noted, and mails that wait (domain-rules 2.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, true, update
from sqlalchemy.orm import Session

from db.appointments.tables import Appointment
from db.core.area import PersonalData
from db.customers.holders import open_and_newest
from db.people.notifications import forget


def _facts(session: Session, *, customer_ids: Sequence[int]) -> Mapping[int, tuple[int, datetime | None]]:
    return open_and_newest(session, Appointment, Appointment.starts_at, customer_ids=customer_ids)


def _keeps(customer_id: Any, *, cutoff: datetime) -> ColumnElement[bool]:
    return exists().where(
        Appointment.customer_id == customer_id,
        or_(Appointment.is_open == true(), Appointment.starts_at >= cutoff),
    )


def _anonymise(session: Session, *, customer_ids: Sequence[int], now: datetime) -> None:
    """Notes, reasons and mails go; times and states stay, because they are counted."""
    quiet = {"synchronize_session": False}
    ids = list(session.scalars(select(Appointment.id).where(Appointment.customer_id.in_(list(customer_ids)))))
    session.execute(
        update(Appointment)
        .where(Appointment.id.in_(ids))
        .values(note="", reason="", updated_at=now, version=Appointment.version + 1)
        .execution_options(**quiet)
    )
    forget(session, "appointment", ids)


HELD = PersonalData(name="appointments", facts=_facts, keeps=_keeps, anonymise=_anonymise)
