"""What the person who sees to a promise is told: handed over, due tomorrow, overdue; each once for each day given."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from db.contact_log.tables import Promise
from db.people.notifications import notify


def tell_handed_over(session: Session, promise: Promise, *, by: int | None, now: datetime) -> int:
    """Somebody was made to see to a promise; whoever did it to themselves is not told."""
    if promise.assignee_id is None or promise.assignee_id == by:
        return 0
    return notify(
        session, person_ids=[promise.assignee_id], kind="promise_given", item_type="promise", item_id=promise.id,
        title=f"{promise.number} is yours, due {promise.due_day:%-d %b}", body=promise.text, now=now, mail=True,
        dedupe_key=f"promise:{promise.id}:given:{promise.version}",
    )  # fmt: skip


def due_key(promise_id: int, due_day: date, *, is_over: bool) -> str:
    """What keeps a reminder from being told twice; each day given has its own."""
    return f"promise:{promise_id}:{'overdue' if is_over else 'tomorrow'}:{due_day}"


def tell_due(session: Session, promise: Promise, *, dealer: str, is_over: bool, now: datetime) -> int:
    """It is due tomorrow, or its day is over; gives how many were told now. A new day may be told of again."""
    if promise.assignee_id is None:
        return 0
    who = "Our promise to" if promise.made_by == "us" else "The promise of"
    when = f"was due {promise.due_day:%-d %b}" if is_over else "is due tomorrow"
    return notify(
        session, person_ids=[promise.assignee_id], kind="promise_overdue" if is_over else "promise_due",
        title=f"{who} {dealer} {when}", body=f"{promise.number}: {promise.text}", item_type="promise",
        item_id=promise.id, now=now, mail=True,
        dedupe_key=due_key(promise.id, promise.due_day, is_over=is_over),
    )  # fmt: skip
