"""Telling people: a line in the app for each person, and a mail through the outbox for those who want one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.core.area import CAP
from db.core.insert import insert_or_ignore
from db.core.outbox import queue_mail
from db.people.tables import Notification, Person


@dataclass(frozen=True, kw_only=True)
class NotificationLine:
    """One notification as the inbox shows it."""

    notification_id: int
    kind: str
    title: str
    body: str
    item_type: str
    item_id: int | None
    created_at: datetime
    is_read: bool


def notify(
    session: Session, *, person_ids: Collection[int], kind: str, title: str, body: str, item_type: str,
    item_id: int | None, dedupe_key: str, now: datetime, mail: bool,
) -> int:  # fmt: skip
    """Tell each person once: the same `dedupe_key` never makes a second line or a second mail; gives how many were new.

    Runs inside the caller's command. People whose account is disabled are left out.
    """
    told = 0
    addresses = dict(
        session.execute(
            select(Person.id, Person.email).where(Person.id.in_(sorted(set(person_ids))), Person.is_active.is_(True))
        ).all()
    )
    for person_id, email in sorted(addresses.items()):
        values = {
            "person_id": person_id, "kind": kind, "title": title[:300], "body": body, "item_type": item_type,
            "item_id": item_id, "dedupe_key": f"{dedupe_key[:100]}:{person_id}", "created_at": now,
        }  # fmt: skip
        if not insert_or_ignore(session, Notification, values):
            continue
        told += 1
        if mail and email:
            queue_mail(session, to=email, subject=title, body=body, now=now, item_type=item_type, item_id=item_id)
    return told


def list_notifications(
    session: Session, *, person_id: int, only_unread: bool = False, before_id: int | None = None, limit: int = 50
) -> list[NotificationLine]:
    """A person's notifications, newest first; `before_id` continues a list that was longer than `limit`."""
    query = select(Notification).where(Notification.person_id == person_id)
    if only_unread:
        query = query.where(Notification.read_at.is_(None))
    if before_id is not None:
        query = query.where(Notification.id < before_id)
    return [
        NotificationLine(
            notification_id=n.id, kind=n.kind, title=n.title, body=n.body, item_type=n.item_type, item_id=n.item_id,
            created_at=n.created_at, is_read=n.read_at is not None,
        )
        for n in session.scalars(query.order_by(Notification.id.desc()).limit(limit))
    ]  # fmt: skip


def count_unread(session: Session, *, person_id: int) -> int:
    """How many a person has not read, counted up to `CAP` + 1."""
    some = (
        select(Notification.id)
        .where(Notification.person_id == person_id, Notification.read_at.is_(None))
        .limit(CAP + 1)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0


def mark_read(session: Session, *, person_id: int, now: datetime, ids: Collection[int] | None = None) -> int:
    """Note that a person has read some notifications, or all of them; housekeeping, no timeline entry.

    Gives how many were unread. Another person's notifications are never touched.
    """
    unread = update(Notification).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    if ids is not None:
        unread = unread.where(Notification.id.in_(sorted(set(ids))))
    done: Any = session.execute(unread.values(read_at=now).execution_options(synchronize_session=False))
    return int(done.rowcount)
