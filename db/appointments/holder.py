"""What appointments keep of a customer: what was noted, and mails that wait (domain-rules 2.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, true, update
from sqlalchemy.orm import Session

from db.appointments.tables import Appointment
from db.core.area import PersonalData
from db.core.outbox import OutboxMail
from db.people.tables import Notification


def _facts(session: Session, *, customer_ids: Sequence[int]) -> Mapping[int, tuple[int, datetime | None]]:
    rows = session.execute(
        select(Appointment.customer_id, Appointment.is_open, func.count(), func.max(Appointment.starts_at))
        .where(Appointment.customer_id.in_(list(customer_ids)))
        .group_by(Appointment.customer_id, Appointment.is_open)
    )
    found: dict[int, tuple[int, datetime | None]] = {}
    for customer_id, is_open, count, last in rows:
        before = found.get(customer_id, (0, None))
        newest = max((at for at in (before[1], last) if at is not None), default=None)
        found[customer_id] = (before[0] + (count if is_open else 0), newest)
    return found


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
    for told in (Notification, OutboxMail):
        session.execute(
            delete(told).where(told.item_type == "appointment", told.item_id.in_(ids)).execution_options(**quiet)
        )


HELD = PersonalData(name="appointments", facts=_facts, keeps=_keeps, anonymise=_anonymise)
