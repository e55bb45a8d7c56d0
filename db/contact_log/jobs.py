"""What the sweep does for promises: remind whoever sees to them. Telling twice is a no-op, whoever runs it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, select, true

from db.contact_log import notices
from db.contact_log.tables import Dealer, Promise
from db.core.area import Job
from db.core.labels import local_day
from db.core.session import reading, writing
from db.people.tables import Notification

MOST_A_SWEEP = 1000
LOOK_BACK = timedelta(days=30)
"""Older ones were told of long ago; a sweep need not try them again every minute."""


def run_reminders(bind: Engine, *, now: datetime) -> int:
    """Tell of promises due tomorrow and of those whose day is over; gives how many people were told now."""
    with reading(bind) as session:
        rows = session.execute(
            select(Promise.id, Promise.due_at, Promise.due_day, Promise.assignee_id, Dealer.zone, Dealer.name)
            .join(Dealer, Dealer.id == Promise.dealer_id)
            .where(
                Promise.is_open == true(), Promise.due_at > now - LOOK_BACK, Promise.due_at < now + timedelta(days=3),
                Promise.assignee_id.is_not(None),
            )
            .order_by(Promise.due_at.desc())
            .limit(MOST_A_SWEEP)
        ).all()  # fmt: skip
        due = {}
        for row in rows:
            is_over = row.due_at <= now
            if is_over or local_day(now, row.zone) + timedelta(days=1) == row.due_day:
                key = notices.due_key(row.id, row.due_day, is_over=is_over)
                due[f"{key}:{row.assignee_id}"] = (row.id, row.name)
        told_before = set(session.scalars(select(Notification.dedupe_key).where(Notification.dedupe_key.in_(due))))
    fresh = [found for key, found in due.items() if key not in told_before]
    if not fresh:
        return 0
    told = 0
    with writing(bind, keeps_timeline=False) as session:
        for promise_id, dealer in fresh:
            promise = session.get(Promise, promise_id)
            if promise is not None and promise.is_open and promise.due_at is not None:
                told += notices.tell_due(session, promise, dealer=dealer, is_over=promise.due_at <= now, now=now)
    return told


JOBS = (Job(name="Remind of promises to and from dealers", run=run_reminders),)
