"""What the sweep does for coaching: remind whoever wrote a note on its follow-up day. Telling twice is a no-op."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, select, true

from db.core.area import Job
from db.core.session import reading, writing
from db.people.tables import Notification
from db.quality import notices
from db.quality.tables import CoachingNote, Person

MOST_A_SWEEP = 500
LOOK_BACK = timedelta(days=30)


def run_follow_ups(bind: Engine, *, now: datetime) -> int:
    """Tell of follow-ups whose day has come at the dealer; gives how many people were told now."""
    with reading(bind) as session:
        rows = session.execute(
            select(CoachingNote.id, CoachingNote.assignee_id, Person.name)
            .join(Person, Person.id == CoachingNote.person_id)
            .where(
                CoachingNote.is_open == true(), CoachingNote.due_at <= now, CoachingNote.due_at > now - LOOK_BACK,
                CoachingNote.assignee_id.is_not(None),
            )
            .order_by(CoachingNote.due_at.desc(), CoachingNote.id)
            .limit(MOST_A_SWEEP)
        ).all()  # fmt: skip
        keys = {f"{notices.due_key(r.id)}:{r.assignee_id}": (r.id, r.name) for r in rows}
        told_before = set(session.scalars(select(Notification.dedupe_key).where(Notification.dedupe_key.in_(keys))))
    fresh = [found for key, found in keys.items() if key not in told_before]
    if not fresh:
        return 0
    told = 0
    with writing(bind, keeps_timeline=False) as session:
        for note_id, person in fresh:
            note = session.get(CoachingNote, note_id)
            if note is not None and note.is_open:
                told += notices.tell_follow_up(session, note, person=person, now=now)
    return told


JOBS = (Job(name="Remind of coaching follow-ups", run=run_follow_ups),)
