"""What people are told: their response was reviewed, a coaching note is for them, a follow-up is due."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from db.people.notifications import notify
from db.quality.tables import CoachingNote, QualityReview


def tell_reviewed(session: Session, review: QualityReview, *, by: int | None, now: datetime) -> int:
    """The person whose response was scored; nobody else."""
    if review.person_id is None or review.person_id == by:
        return 0
    return notify(
        session, person_ids=[review.person_id], kind="response_reviewed", item_type="quality_review",
        item_id=review.id, title=f"Your response was reviewed: {review.score} of 100",
        body=f"{review.number}, reviewed by {review.reviewer_name}", now=now, mail=False,
        dedupe_key=f"quality_review:{review.id}:{review.version}",
    )  # fmt: skip


def tell_coached(session: Session, note: CoachingNote, *, by: str, now: datetime) -> int:
    """The person a note is for; the note itself is read on the page, never in a mail."""
    return notify(
        session, person_ids=[note.person_id], kind="coaching_given", item_type="coaching_note", item_id=note.id,
        title=f"{by} wrote you a coaching note", body=f"{note.number}: open it to read and confirm it", now=now,
        mail=True, dedupe_key=f"coaching:{note.id}:given",
    )  # fmt: skip


def due_key(note_id: int) -> str:
    """What keeps the reminder of a follow-up from being told twice."""
    return f"coaching:{note_id}:due"


def tell_follow_up(session: Session, note: CoachingNote, *, person: str, now: datetime) -> int:
    """Whoever wrote the note: its follow-up day has come."""
    if note.assignee_id is None:
        return 0
    return notify(
        session, person_ids=[note.assignee_id], kind="coaching_due", item_type="coaching_note", item_id=note.id,
        title=f"Follow up with {person} today", body=f"{note.number}: see what the agreed action led to", now=now,
        mail=True, dedupe_key=due_key(note.id),
    )  # fmt: skip
