"""What a test of commands looks at: contacts, entries, notifications, and everything a refused command might touch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, select

from db.core.actor import Actor
from db.core.changes import token
from db.core.session import reading
from db.core.timeline import TimelineEntry, TimelineLink
from db.customers.tables import Customer
from db.leads.tables import Lead, LeadActivity, LeadContact
from db.people.tables import Notification
from tests.leads.factories import step


def log(engine: Engine, item_id: int, actor: Actor, at: datetime, kind: str, outcome: str, **other: Any) -> None:
    step(engine, "log_activity", item_id, actor=actor, now=at, kind=kind, outcome=outcome, **other)


def activities(engine: Engine, item_id: int) -> list[Any]:
    table = LeadActivity.__table__
    with reading(engine) as session:
        return list(session.execute(select(table).where(table.c.lead_id == item_id).order_by(table.c.id)))


def entries(engine: Engine) -> list[Any]:
    table = TimelineEntry.__table__
    with reading(engine) as session:
        return list(session.execute(select(table).order_by(table.c.seq)))


def inbox(engine: Engine, actor: Actor) -> list[str]:
    with reading(engine) as session:
        query = select(Notification.title).where(Notification.person_id == actor.user_id).order_by(Notification.id)
        return list(session.scalars(query))


def snapshot(engine: Engine, item_id: int) -> tuple[Any, ...]:
    """Everything a refused command might have touched."""
    with reading(engine) as session:
        row = session.execute(select(Lead.__table__).where(Lead.id == item_id)).one()
        numbers = [
            session.scalar(select(func.count()).select_from(table))
            for table in (LeadActivity, TimelineEntry, TimelineLink, Notification, LeadContact, Customer)
        ]
        return (tuple(row), tuple(numbers), token(session))
