"""What of response quality waits for somebody: responses to review, notes to confirm, follow-ups that are due."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import WorkCount, WorkLine
from db.core.permissions import Permission, Role
from db.quality.coaching_queries import PAGE_FILE, NoteRow, count_notes, list_notes
from db.quality.flow import COACHING, FLOW
from db.quality.review_queries import count_reviews, list_reviews


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """Responses this actor may review, their own notes to confirm, and follow-ups that are theirs to make."""
    lines: list[WorkLine] = []
    if actor.can(Permission.QUALITY_REVIEW):
        rows, _ = list_reviews(session, actor=actor, not_own=True, limit=limit)
        state = FLOW.state("drawn")
        lines += [
            WorkLine(
                item_type="quality_review", item_id=r.id, number=r.number,
                title=f"Response of {r.person} to {r.lead_number}", status=state.label, tone=state.tone,
                due_at=r.due_at, why="Second look" if r.round == 2 else "Review", page=PAGE_FILE,
                query={"review": str(r.id)},
                dealer=r.dealer,
            )
            for r in rows
        ]  # fmt: skip
    lines += [_note_line(n, "Read and confirm") for n in _to_confirm(session, actor, now, limit)]
    lines += [_note_line(n, "Follow up") for n in _to_follow_up(session, actor, now, limit)]
    return lines[: 2 * limit]


def _to_confirm(session: Session, actor: Actor, now: datetime, limit: int) -> list[NoteRow]:
    if not actor.role.is_dealer or actor.user_id is None:
        return []
    notes, _ = list_notes(session, actor=actor, now=now, person_id=actor.user_id, limit=limit)
    return [n for n in notes if n.status == "given"]


def _to_follow_up(session: Session, actor: Actor, now: datetime, limit: int) -> list[NoteRow]:
    """The notes one wrote oneself; a dealer manager sees to every note of the house but those about themselves."""
    if not actor.can(Permission.QUALITY_COACH):
        return []
    notes, _ = list_notes(session, actor=actor, now=now, due=True, limit=max(limit, 50))
    every = actor.role is Role.DEALER_MANAGER
    return [
        n for n in notes if n.person_id != actor.user_id and (every or n.submitted_by == actor.username)
    ][:limit]  # fmt: skip


def _note_line(note: NoteRow, why: str) -> WorkLine:
    state = COACHING.state(note.status)
    return WorkLine(
        item_type="coaching_note", item_id=note.id, number=note.number, title=f"Coaching of {note.person}",
        status=state.label, tone=state.tone, due_at=note.due_at, why=why, page=PAGE_FILE, query={"note": str(note.id)},
        dealer=note.dealer,
    )  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """Responses to review, and coaching notes still open, of this actor's dealers."""
    counts = []
    if actor.can(Permission.QUALITY_REVIEW):
        counts.append(
            WorkCount(
                label="Responses to review", count=count_reviews(session, actor=actor, not_own=True),
                overdue=count_reviews(session, actor=actor, due_before=now, not_own=True), page=PAGE_FILE,
                query={"quality_view": "reviews"},
            )
        )  # fmt: skip
    if actor.can(Permission.QUALITY_COACH) or actor.role.is_dealer:
        counts.append(
            WorkCount(
                label="Coaching notes", count=count_notes(session, actor=actor),
                overdue=count_notes(session, actor=actor, due_by=now), page=PAGE_FILE,
                query={"quality_view": "coaching"},
            )
        )  # fmt: skip
    return counts
